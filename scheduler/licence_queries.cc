// The reads of Scheduler that are about office licences.
#include "scheduler/licence_rules.h"
#include "scheduler/scheduler_state.h"

namespace permitd::scheduler {

namespace {

RoundView view_round(const Licences& licences, std::uint32_t number) {
  RoundView view;
  view.id = RoundId{static_cast<std::uint16_t>(number)};
  view.record = licences.rounds[number - 1];
  view.rules_version = licences.rules[view.record.rules].rules.version;
  return view;
}

std::uint32_t ahead_in_queue(const Licences& licences, std::uint32_t queue) {
  std::uint32_t ahead = 0;
  if (queue == 0) return 0;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count))
    ahead += one.queue != 0 && one.queue < queue ? 1U : 0U;
  return ahead;
}

bool leads_to_office(LicenceState state) {
  return state == LicenceState::kSelected || state == LicenceState::kEquipping ||
         state == LicenceState::kActive || state == LicenceState::kSuspended;
}

ApplicationView view_application(const Core& core, std::uint32_t number) {
  const Licences& licences = core.licences;
  ApplicationView view;
  view.id = ApplicationId{number};
  view.record = licences.applications[number - 1];
  const SetLicenceRules& rules = licences.rules_of(view.record);
  view.rules_version = rules.version;
  view.parties = rules.equipment;
  if (leads_to_office(view.record.state)) view.missing = missing_of(core, view.record);
  view.queue_ahead = ahead_in_queue(licences, view.record.queue);
  const std::uint32_t office = find_office_index(core, view.record.office);
  if (office == kNoSlot) return view;
  view.licence_until = core.offices[office].licence_until;
  view.manager_state = core.offices[office].manager_state;
  return view;
}

}  // namespace

bool Scheduler::find_application(ApplicationId id, ApplicationView& out) const {
  if (!state_->core.licences.knows(id)) return false;
  out = view_application(state_->core, raw(id));
  return true;
}

bool Scheduler::find_round(RoundId id, RoundView& out) const {
  if (!state_->core.licences.knows(id)) return false;
  out = view_round(state_->core.licences, raw(id));
  return true;
}

std::size_t Scheduler::list_applications(const ApplicationFilter& filter, Cursor& cursor,
                                         std::size_t scan_max,
                                         std::span<ApplicationView> out) const {
  const Licences& licences = state_->core.licences;
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < licences.application_count && looked < scan_max && found < out.size();
       ++cursor.position, ++looked) {
    const ApplicationRecord& one = licences.applications[cursor.position];
    if ((filter.states >> raw(one.state) & 1) == 0) continue;
    if (raw(filter.round) != 0 && one.round != filter.round) continue;
    if (filter.district != 0 && one.district != filter.district) continue;
    out[found++] = view_application(state_->core, static_cast<std::uint32_t>(cursor.position) + 1);
  }
  cursor.done = cursor.position >= licences.application_count;
  return found;
}

std::size_t Scheduler::list_rounds(Cursor& cursor, std::span<RoundView> out) const {
  const Licences& licences = state_->core.licences;
  std::size_t found = 0;
  for (; cursor.position < licences.round_count && found < out.size(); ++cursor.position)
    out[found++] = view_round(licences, static_cast<std::uint32_t>(cursor.position) + 1);
  cursor.done = cursor.position >= licences.round_count;
  return found;
}

std::size_t Scheduler::list_venues(Cursor& cursor, std::span<VenueView> out) const {
  const Licences& licences = state_->core.licences;
  std::size_t found = 0;
  for (; cursor.position < licences.venue_last && found < out.size(); ++cursor.position) {
    const auto number = static_cast<std::uint16_t>(cursor.position + 1);
    if (licences.venues[number].known == 0) continue;
    out[found++] = VenueView{VenueId{number}, licences.venues[number]};
  }
  cursor.done = cursor.position >= licences.venue_last;
  return found;
}

std::size_t Scheduler::list_licence_rules(Cursor& cursor, std::span<LicenceRulesView> out) const {
  const Core& core = state_->core;
  const std::size_t in_force = rules_in_force(core.licences, core.now);
  std::size_t found = 0;
  for (; cursor.position < kLicenceRulesMax && found < out.size(); ++cursor.position) {
    const RulesRecord& record = core.licences.rules[cursor.position];
    if (record.rules.version == 0) continue;
    out[found++] = {record.rules, record.round_count, cursor.position == in_force};
  }
  cursor.done = cursor.position >= kLicenceRulesMax;
  return found;
}

LicensingView Scheduler::licensing() const {
  const Core& core = state_->core;
  const Licences& licences = core.licences;
  LicensingView view;
  view.wanted = offices_wanted(licences, core.now);
  view.taken = places_taken(core);
  view.applications = licences.application_count;
  view.rounds = licences.round_count;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count))
    view.venue_queue += one.queue != 0 ? 1U : 0U;
  for (std::uint32_t number = 1; number <= licences.venue_last; ++number) {
    const VenueRecord& venue = licences.venues[number];
    if (venue.known == 0 || venue.kind != VenueKind::kMunicipal) continue;
    ++view.venues_municipal;
    const bool held = raw(venue.application) != 0 || raw(venue.office) != 0;
    view.venues_free += venue.in_service != 0 && !held ? 1U : 0U;
  }
  view.history_count = licences.wanted_count;
  view.history = licences.wanted;
  return view;
}

}  // namespace permitd::scheduler
