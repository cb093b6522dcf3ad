#include "scheduler/licence_flow.h"

#include <algorithm>

#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_flow.h"
#include "scheduler/new_home.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

void emit_venue(Core& core, VenueId venue, OfficeId office, bool held) {
  emit_licence(core, EventKind::kVenueChanged, raw(venue), office, held ? 0 : 1, held ? 1 : 0,
               Reason::kNone);
}

bool venue_is_free(const VenueRecord& venue) {
  return venue.known != 0 && venue.in_service != 0 && venue.kind == VenueKind::kMunicipal &&
         raw(venue.application) == 0 && raw(venue.office) == 0;
}

// Number of a free municipal venue for the district, 0 when none is free.
std::uint32_t free_venue_for(const Core& core, District district) {
  std::uint32_t any = 0;
  for (std::uint32_t number = 1; number <= core.licences.venue_last; ++number) {
    const VenueRecord& venue = core.licences.venues[number];
    if (!venue_is_free(venue)) continue;
    if (venue.district == district) return number;
    if (any == 0) any = number;
  }
  return any;
}

// Number of the application that has queued for a venue longest, 0 when none does.
std::uint32_t first_in_queue(const Core& core) {
  const Licences& licences = core.licences;
  std::uint32_t first = 0;
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    const std::uint32_t queue = licences.applications[number - 1].queue;
    if (queue != 0 && (first == 0 || queue < licences.applications[first - 1].queue))
      first = number;
  }
  return first;
}

// What the licence held goes back to the pool, or is its owner's affair again.
void release_venue(Core& core, ApplicationId id) {
  ApplicationRecord& application = core.licences.application(id);
  application.queue = 0;
  if (raw(application.venue) == 0) return;
  const VenueId venue = application.venue;
  core.licences.venues[raw(venue)].application = ApplicationId{};
  application.venue = VenueId{};
  application.rent = {};
  emit_venue(core, venue, application.office, false);
}

void select(Core& core, ApplicationId id, Reason reason) {
  core.licences.application(id).selected_at = core.now;
  set_licence_state(core, id, LicenceState::kSelected, reason);
  queue_for_venue(core, id);
}

void move_up(Core& core, RoundId round) {
  const Licences& licences = core.licences;
  std::uint32_t first = 0;
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    const ApplicationRecord& one = licences.applications[number - 1];
    if (one.round != round || one.state != LicenceState::kWaitlisted) continue;
    if (first == 0 || one.rank < licences.applications[first - 1].rank) first = number;
  }
  if (first != 0) select(core, ApplicationId{first}, Reason::kNone);
}

bool had_place(LicenceState state) {
  return state == LicenceState::kSelected || state == LicenceState::kEquipping;
}

void open_or_close(Core& core, RoundId id) {
  RoundRecord& round = core.licences.round(id);
  if (round.state == RoundState::kAnnounced && round.opens <= core.now)
    set_round_state(core, id, RoundState::kOpen);
  if (round.state == RoundState::kOpen && round.closes <= core.now) {
    set_round_state(core, id, RoundState::kChecking);
    choose_route(core, id);
  }
}

}  // namespace

LicenceState licence_state_of(OfficeState state) {
  switch (state) {
    case OfficeState::kNone:
      return LicenceState::kNone;
    case OfficeState::kEquipping:
      return LicenceState::kEquipping;
    case OfficeState::kActive:
      return LicenceState::kActive;
    case OfficeState::kSuspended:
      return LicenceState::kSuspended;
    case OfficeState::kExpired:
      return LicenceState::kExpired;
    case OfficeState::kRevoked:
      return LicenceState::kRevoked;
    case OfficeState::kSurrendered:
      return LicenceState::kSurrendered;
  }
  return LicenceState::kNone;
}

void set_licence_state(Core& core, ApplicationId id, LicenceState state, Reason reason) {
  ApplicationRecord& application = core.licences.application(id);
  const LicenceState before = application.state;
  application.state = state;
  emit_licence(core, EventKind::kLicenceChanged, event_subject(id), application.office, raw(before),
               raw(state), reason);
}

void set_round_state(Core& core, RoundId id, RoundState state) {
  RoundRecord& round = core.licences.round(id);
  const RoundState before = round.state;
  round.state = state;
  emit_licence(core, EventKind::kRoundChanged, raw(id), OfficeId{}, raw(before), raw(state),
               Reason::kNone);
}

void judge_application(Core& core, ApplicationId id) {
  ApplicationRecord& application = core.licences.application(id);
  const SubjectChecks& licensee = application.checks[raw(LicenceSubject::kLicensee)];
  const SubjectChecks& manager = application.checks[raw(LicenceSubject::kManager)];
  if (!checks_complete(licensee) || !checks_complete(manager)) return;
  application.points = licence_points(core.licences.rules_of(application), application);
  const RoundId round = application.round;
  if (checks_passed(licensee) && checks_passed(manager)) {
    if (raw(application.venue) != 0 &&
        licensee[raw(LicenceCheck::kOwnVenue)].result == CheckResult::kFailed)
      release_venue(core, id);
    set_licence_state(core, id, LicenceState::kEligible, Reason::kNone);
  } else {
    end_application(core, id, LicenceState::kIneligible, Reason::kNone);
  }
  choose_route(core, round);
}

void choose_route(Core& core, RoundId id) {
  Licences& licences = core.licences;
  RoundRecord& round = licences.round(id);
  if (round.state != RoundState::kChecking) return;
  std::uint32_t eligible = 0;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count)) {
    if (one.round != id) continue;
    if (one.state == LicenceState::kApplied) return;
    eligible += one.state == LicenceState::kEligible ? 1U : 0U;
  }
  const bool exam = eligible > round.places;  // equal counts go to the board
  round.eligible = eligible;
  round.route = exam ? SelectionRoute::kExam : SelectionRoute::kBoard;
  round.routed_at = core.now;
  set_round_state(core, id, exam ? RoundState::kExam : RoundState::kBoard);
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    const ApplicationRecord& one = licences.applications[number - 1];
    if (one.round != id || one.state != LicenceState::kEligible) continue;
    set_licence_state(core, ApplicationId{number},
                      exam ? LicenceState::kExamPending : LicenceState::kBoardPending,
                      Reason::kNone);
  }
}

void rank_round(Core& core, RoundId id) {
  Licences& licences = core.licences;
  RoundRecord& round = licences.round(id);
  const SetLicenceRules& rules = licences.rules[round.rules].rules;
  std::size_t count = 0;
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    const ApplicationRecord& one = licences.applications[number - 1];
    const bool pending =
        one.state == LicenceState::kExamPending || one.state == LicenceState::kBoardPending;
    if (one.round == id && pending) licences.order[count++] = number;
  }
  const auto ranked = licences.order.span().first(count);
  const auto record = [&](std::uint32_t number) -> ApplicationRecord& {
    return licences.applications[number - 1];
  };
  std::sort(ranked.begin(), ranked.end(), [&](std::uint32_t a, std::uint32_t b) {
    const bool a_passed = passed_selection(rules, record(a));
    const bool b_passed = passed_selection(rules, record(b));
    if (a_passed != b_passed) return a_passed;
    return ranks_before(record(a), a, record(b), b);
  });
  const std::uint32_t waiting = rules.waitlist_max == 0 ? UINT32_MAX : rules.waitlist_max;
  round.ranked_at = core.now;
  set_round_state(core, id, RoundState::kRanked);
  for (std::uint32_t index = 0; index < count; ++index) {
    const ApplicationId one{ranked[index]};
    record(raw(one)).rank = index + 1;
    if (!passed_selection(rules, record(raw(one)))) {
      end_application(core, one, LicenceState::kNotSelected, Reason::kNone);
    } else if (index < round.places) {
      select(core, one, Reason::kNone);
    } else if (index - round.places < waiting) {
      set_licence_state(core, one, LicenceState::kWaitlisted, Reason::kNone);
    } else {
      end_application(core, one, LicenceState::kNotSelected, Reason::kNone);
    }
  }
  give_venues(core);
}

void end_application(Core& core, ApplicationId id, LicenceState state, Reason reason) {
  ApplicationRecord& application = core.licences.application(id);
  const bool place_given_up = had_place(application.state);
  set_licence_state(core, id, state, reason);
  release_venue(core, id);
  if (place_given_up) move_up(core, application.round);
}

void hold_venue(Core& core, ApplicationId id, VenueId venue) {
  ApplicationRecord& application = core.licences.application(id);
  application.venue = venue;
  application.queue = 0;
  core.licences.venues[raw(venue)].application = id;
  emit_venue(core, venue, application.office, true);
}

void queue_for_venue(Core& core, ApplicationId id) {
  ApplicationRecord& application = core.licences.application(id);
  if (raw(application.venue) == 0) application.queue = ++core.licences.queue_last;
}

void give_venues(Core& core) {
  for (;;) {
    const std::uint32_t number = first_in_queue(core);
    if (number == 0) return;
    const std::uint32_t venue =
        free_venue_for(core, core.licences.applications[number - 1].district);
    if (venue == 0) return;
    hold_venue(core, ApplicationId{number}, VenueId{static_cast<std::uint16_t>(venue)});
  }
}

bool manager_engaged(const Core& core, PersonId person, OfficeId office) {
  if (raw(person) == 0) return false;
  for (const OfficeRecord& one : core.offices.span().first(core.office_count)) {
    if (office_lives(one.state) && one.id != office && one.technical_manager == person) return true;
  }
  const Licences& licences = core.licences;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count)) {
    // One with an office lives and ends as the office does; a place given up before is Surrendered.
    const bool lives = raw(one.office) == 0 && one.state != LicenceState::kIneligible &&
                       one.state != LicenceState::kNotSelected &&
                       one.state != LicenceState::kWithdrawn &&
                       one.state != LicenceState::kSurrendered;
    if (lives && one.manager.person == person) return true;
  }
  return false;
}

void change_office_state(Core& core, std::uint32_t index, OfficeState state, Reason reason,
                         Tick suspended_until) {
  OfficeRecord& office = core.offices[index];
  const OfficeState before = office.state;
  if (state == OfficeState::kActive)
    office.in_hand_until = Tick{};
  else if (before == OfficeState::kActive)
    office.in_hand_until = in_hand_until(core, core.now);
  office.state = state;
  office.suspended_from = kNever;
  office.suspended_until = suspended_until;
  office.suspension_reason = Reason::kNone;
  emit_reference(core, EventKind::kOfficeChanged, office.id, ExpertId{}, raw(before), raw(state),
                 reason);
  if (raw(office.application) != 0) {
    const ApplicationId id = office.application;
    if (office_ended(state)) {
      end_application(core, id, licence_state_of(state), reason);
    } else {
      set_licence_state(core, id, licence_state_of(state), reason);
    }
  } else if (office_ended(state) && raw(office.venue) != 0) {
    core.licences.venues[raw(office.venue)].office = OfficeId{};
    emit_venue(core, office.venue, office.id, false);
    office.venue = VenueId{};
  }
  if (office_ended(state)) give_venues(core);
  seek_homes(core, index);
  sweep_office(core, index);
  set_office_timer(core, index);
}

void set_office_suspension(Core& core, std::uint32_t index, Tick from, Tick until, Reason reason) {
  OfficeRecord& office = core.offices[index];
  office.suspended_from = from;
  office.suspended_until = until;
  office.suspension_reason = from == kNever ? Reason::kNone : reason;
  emit_reference(core, EventKind::kOfficeChanged, office.id, ExpertId{}, raw(office.state),
                 raw(office.state), reason);
  sweep_office(core, index);  // leases end where it begins, and what is planned into it
  set_office_timer(core, index);
}

void pass_suspension(Core& core, std::uint32_t index) {
  const OfficeRecord& office = core.offices[index];
  if (office.suspended_from <= core.now) {
    change_office_state(core, index, OfficeState::kSuspended, office.suspension_reason,
                        office.suspended_until);
  } else if (office.state == OfficeState::kSuspended && office.suspended_until <= core.now) {
    const bool is_whole = office.licence_until > core.now && missing_of_office(core, index) == 0;
    if (is_whole)
      change_office_state(core, index, OfficeState::kActive, Reason::kSuspensionOver);
    else
      set_office_suspension(core, index, kNever, kNever, Reason::kSuspensionKept);
  }
}

void suspend_without_manager(Core& core, std::uint32_t office) {
  const OfficeRecord& record = core.offices[office];
  if (record.state != OfficeState::kActive) return;
  if ((missing_of_office(core, office) & kMissingManager) == 0) return;
  change_office_state(core, office, OfficeState::kSuspended, Reason::kManagerInactive);
}

void rounds_timer_fired(Core& core) {
  for (std::uint32_t number = 1; number <= core.licences.round_count; ++number) {
    const RoundRecord& round = core.licences.rounds[number - 1];
    const bool due = (round.state == RoundState::kAnnounced && round.opens <= core.now) ||
                     (round.state == RoundState::kOpen && round.closes <= core.now);
    if (!due) continue;
    open_or_close(core, RoundId{static_cast<std::uint16_t>(number)});
    break;  // the events of one round at a time
  }
  set_rounds_timer(core);
}

Tick rounds_due(const Core& core) {
  Tick at = kNever;
  for (const RoundRecord& round : core.licences.rounds.span().first(core.licences.round_count)) {
    if (round.state == RoundState::kAnnounced) at = std::min(at, round.opens);
    if (round.state == RoundState::kOpen) at = std::min(at, round.closes);
  }
  return at;
}

void set_rounds_timer(Core& core) {
  core.other_timers.set(kCityTimer, std::min(rounds_due(core), zoning_due(core)));
}

void lapse_licence(Core& core, std::uint32_t office) {
  const OfficeState state = core.offices[office].state;
  if (state != OfficeState::kActive && state != OfficeState::kSuspended) return;
  change_office_state(core, office, OfficeState::kExpired, Reason::kLicenceLapsed);
}

}  // namespace permitd::scheduler
