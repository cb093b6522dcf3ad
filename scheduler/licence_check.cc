#include "scheduler/licence_check.h"

#include <vector>

#include "scheduler/commands.h"
#include "scheduler/jalali_day.h"
#include "scheduler/licence_rules.h"
#include "scheduler/ranges.h"

namespace permitd::scheduler {

namespace {

bool moment(Tick at) { return at == kNever || (at.ms >= -kMomentMax.ms && at <= kMomentMax); }

bool check_rules(const Licences& licences) {
  for (const RulesRecord& record : licences.rules) {
    if (record.rules.version == 0 ? record.round_count != 0 : !licence_rules_in_range(record.rules))
      return false;
  }
  for (std::uint32_t i = 0; i < licences.wanted_count; ++i) {
    if (licences.wanted[i].count > 9999) return false;
    if (i > 0 && licences.wanted[i].effective_from < licences.wanted[i - 1].effective_from)
      return false;
  }
  return true;
}

bool check_rounds(const Licences& licences) {
  std::array<std::uint32_t, kLicenceRulesMax> kept{};
  for (const RoundRecord& round : licences.rounds.span().first(licences.round_count)) {
    if (round.state == RoundState::kNone || !known_value(round.state, RoundState::kRanked) ||
        !known_value(round.route, SelectionRoute::kBoard) || round.rules >= kLicenceRulesMax ||
        licences.rules[round.rules].rules.version == 0 || !text_fits(round.label))
      return false;
    const bool routed = round.route != SelectionRoute::kNone;
    if (routed != (round.state >= RoundState::kExam)) return false;
    if (routed && (round.route == SelectionRoute::kExam) != (round.eligible > round.places))
      return false;
    if (!moment(round.opens) || !moment(round.closes)) return false;
    ++kept[round.rules];
  }
  for (std::size_t place = 0; place < kLicenceRulesMax; ++place) {
    if (kept[place] != licences.rules[place].round_count) return false;
  }
  return true;
}

bool check_person(const LicencePerson& person) {
  return raw(person.person) == 0 ? person == LicencePerson{}
                                 : person_in_range(person, kJalaliLastDay);
}

bool check_subject(const SubjectChecks& checks) {
  for (const CheckRecord& check : checks) {
    if (!known_value(check.result, CheckResult::kNotRequired) || !text_fits(check.evidence))
      return false;
  }
  return true;
}

bool check_parts(const ApplicationRecord& one) {
  for (const SubjectChecks& checks : one.checks) {
    if (!check_subject(checks)) return false;
  }
  for (const EquipmentRecord& item : one.equipment) {
    if (item.done > 1 || !text_fits(item.reference)) return false;
  }
  return text_fits(one.rent.reference) && text_fits(one.result_evidence) &&
         moment(one.rent.until) && check_person(one.licensee) && check_person(one.manager);
}

// An office that a licence has become is its own, in the state that both name.
bool check_office_of(const Core& core, std::uint32_t number, const ApplicationRecord& one) {
  if (raw(one.office) == 0)
    return one.state <= LicenceState::kNotSelected || one.state >= LicenceState::kSurrendered;
  std::uint32_t found = 0;
  for (const OfficeRecord& office : core.offices.span().first(core.office_count)) {
    if (office.id != one.office) continue;
    if (raw(office.application) != number || office.licensee != one.licensee.person) return false;
    ++found;
  }
  return found == 1;
}

bool check_application(const Core& core, std::uint32_t number) {
  const Licences& licences = core.licences;
  const ApplicationRecord& one = licences.applications[number - 1];
  if (!licences.knows(one.round) || one.state == LicenceState::kNone ||
      !known_value(one.state, LicenceState::kWithdrawn) ||
      !known_value(one.result, ResultState::kNotCompetent) || one.district == 0 ||
      one.district >= kDistrictCount || raw(one.licensee.person) == 0 || !check_parts(one))
    return false;
  if (raw(one.own_venue) != 0 && !licences.knows(one.own_venue)) return false;
  if (raw(one.venue) != 0 &&
      (!licences.knows(one.venue) || raw(licences.venues[raw(one.venue)].application) != number))
    return false;
  if (one.queue > licences.queue_last || (one.queue != 0 && raw(one.venue) != 0)) return false;
  const bool judged = one.state != LicenceState::kApplied && one.state != LicenceState::kWithdrawn;
  if (judged && one.points != licence_points(licences.rules_of(one), one)) return false;
  return check_office_of(core, number, one);
}

bool check_venue(const Core& core, std::uint32_t number) {
  const Licences& licences = core.licences;
  const VenueRecord& venue = licences.venues[number];
  if (venue.known > 1 || venue.in_service > 1 || !known_value(venue.kind, VenueKind::kOwn) ||
      !text_fits(venue.label) || !point_in_range(venue.point))
    return false;
  if (venue.known == 0) return raw(venue.application) == 0 && raw(venue.office) == 0;
  if (raw(venue.application) != 0 && raw(venue.office) != 0) return false;
  if (raw(venue.application) != 0)
    return licences.knows(venue.application) &&
           raw(licences.application(venue.application).venue) == number;
  if (raw(venue.office) == 0) return true;
  for (const OfficeRecord& office : core.offices.span().first(core.office_count)) {
    if (office.id == venue.office) return raw(office.venue) == number;
  }
  return false;
}

bool check_office(const Core& core, const OfficeRecord& office) {
  const Licences& licences = core.licences;
  if (!known_value(office.manager_state, ManagerState::kUnchecked) || !moment(office.licence_until))
    return false;
  if (raw(office.venue) != 0 &&
      (!licences.knows(office.venue) || licences.venues[raw(office.venue)].office != office.id))
    return false;
  // Only who came to an office from before the rounds has checks there, and acts when all are
  // passed.
  const bool unchecked = office.manager_state == ManagerState::kUnchecked;
  if (raw(office.application) != 0 || raw(office.technical_manager) == 0) {
    if (office.manager_checks != no_checks()) return false;
  } else if (!check_subject(office.manager_checks) ||
             unchecked == checks_passed(office.manager_checks)) {
    return false;
  }
  return raw(office.application) == 0 ||
         (licences.knows(office.application) &&
          licences.application(office.application).office == office.id && raw(office.venue) == 0);
}

}  // namespace

bool check_licences(const Core& core) {
  const Licences& licences = core.licences;
  if (!check_rules(licences) || !check_rounds(licences)) return false;
  std::vector<std::uint32_t> applied(licences.round_count, 0);
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    if (!check_application(core, number)) return false;
    ++applied[raw(licences.applications[number - 1].round) - 1U];
  }
  for (std::uint32_t round = 0; round < licences.round_count; ++round) {
    if (applied[round] != licences.rounds[round].applied) return false;
  }
  for (std::uint32_t number = 1; number <= licences.venue_last; ++number) {
    if (!check_venue(core, number)) return false;
  }
  for (const OfficeRecord& office : core.offices.span().first(core.office_count)) {
    if (!check_office(core, office)) return false;
  }
  return true;
}

}  // namespace permitd::scheduler
