#include "scheduler/licence_rules.h"

#include "scheduler/commands.h"
#include "scheduler/jalali_day.h"
#include "scheduler/licence_flow.h"
#include "scheduler/members.h"

namespace permitd::scheduler {

namespace {

constexpr std::int64_t kDayMs = std::int64_t{1440} * kMsPerMinute;

bool age_met(const PersonRules& rules, std::int32_t age) {
  return age >= rules.age_min && age <= rules.age_max;
}
bool nationality_met(const PersonRules& rules, const LicencePerson& person) {
  return rules.iranian_only == 0 || person.nationality == Nationality::kIranian;
}
bool degree_met(const PersonRules& rules, const LicencePerson& person) {
  return person.degree >= rules.degree_min;
}
bool degree_field_met(const PersonRules& rules, const LicencePerson& person) {
  return (rules.fields & field_bit(person.field)) != 0;
}

CheckRecord found(const Core& core, const SetLicenceRules& rules, bool passed,
                  std::uint32_t value) {
  CheckRecord record;
  record.at = core.now;
  record.value = value;
  record.rules_version = rules.version;
  record.result = passed ? CheckResult::kPassed : CheckResult::kFailed;
  return record;
}

}  // namespace

bool licence_rules_in_range(const SetLicenceRules& rules) {
  for (const std::uint8_t byte : rules.reserved) {
    if (byte != 0) return false;
  }
  return licence_rules_fault(rules) == 0;
}

bool person_in_range(const LicencePerson& person, std::int32_t day) {
  return person_fault(person, day) == 0;
}

bool local_day_plausible(const Core& core, std::int32_t day) {
  if (day < kJalaliFirstDay || day > kJalaliLastDay) return false;
  const std::int64_t today = core.now.ms / kDayMs;
  return day >= today - 1 && day <= today + 1;
}

const PersonRules& rules_for(const SetLicenceRules& rules, LicenceSubject subject) {
  return subject == LicenceSubject::kLicensee ? rules.licensee : rules.manager;
}

SubjectChecks first_checks(const Core& core, const SetLicenceRules& rules, LicenceSubject subject,
                           const LicencePerson& person, std::int32_t day) {
  const PersonRules& asked = rules_for(rules, subject);
  const std::int32_t age = jalali_age(person.birth_day, day);
  SubjectChecks checks;
  const auto at = [&](LicenceCheck check) -> CheckRecord& { return checks[raw(check)]; };
  at(LicenceCheck::kNationality) =
      found(core, rules, nationality_met(asked, person), raw(person.nationality));
  at(LicenceCheck::kAge) = found(core, rules, age_met(asked, age), static_cast<std::uint32_t>(age));
  at(LicenceCheck::kDegreeLevel) =
      found(core, rules, degree_met(asked, person), raw(person.degree));
  at(LicenceCheck::kDegreeField) =
      found(core, rules, degree_field_met(asked, person), raw(person.field));
  for (std::size_t check = kComputedCheckCount; check < kLicenceCheckCount; ++check) {
    checks[check].rules_version = rules.version;
    if ((asked.checks >> check & 1) == 0) checks[check].result = CheckResult::kNotRequired;
  }
  return checks;
}

Field first_unmet(const PersonRules& rules, const LicencePerson& person, std::int32_t day) {
  if (!nationality_met(rules, person)) return Field::kNationality;
  if (!age_met(rules, jalali_age(person.birth_day, day))) return Field::kAge;
  if (!degree_met(rules, person) || !degree_field_met(rules, person)) return Field::kDegree;
  return Field::kNone;
}

const SubjectChecks& manager_checks(const Core& core, const OfficeRecord& office) {
  if (raw(office.application) == 0) return office.manager_checks;
  return core.licences.application(office.application).checks[raw(LicenceSubject::kManager)];
}

SubjectChecks& manager_checks(Core& core, OfficeRecord& office) {
  if (raw(office.application) == 0) return office.manager_checks;
  return core.licences.application(office.application).checks[raw(LicenceSubject::kManager)];
}

bool checks_complete(const SubjectChecks& checks) {
  for (const CheckRecord& check : checks) {
    if (check.result == CheckResult::kPending) return false;
  }
  return true;
}

bool checks_passed(const SubjectChecks& checks) {
  for (std::size_t check = 0; check < kLicenceCheckCount; ++check) {
    if (check == raw(LicenceCheck::kOwnVenue)) continue;
    if (checks[check].result == CheckResult::kFailed ||
        checks[check].result == CheckResult::kPending)
      return false;
  }
  return true;
}

std::uint16_t licence_points(const SetLicenceRules& rules, const ApplicationRecord& application) {
  const CheckRecord& venue =
      application.checks[raw(LicenceSubject::kLicensee)][raw(LicenceCheck::kOwnVenue)];
  std::uint32_t points = 0;
  if (application.licensee.degree >= Degree::kMaster) points += rules.points_master;
  if (application.licensee.experience_years >= rules.experience_years)
    points += rules.points_experience;
  if (venue.result == CheckResult::kPassed) points += rules.points_venue;
  return static_cast<std::uint16_t>(points);
}

bool ranks_before(const ApplicationRecord& a, std::uint32_t a_number, const ApplicationRecord& b,
                  std::uint32_t b_number) {
  const std::uint32_t a_sum = std::uint32_t{a.exam_score} + a.points;
  const std::uint32_t b_sum = std::uint32_t{b.exam_score} + b.points;
  if (a_sum != b_sum) return a_sum > b_sum;
  if (a.points != b.points) return a.points > b.points;
  return a_number < b_number;
}

bool passed_selection(const SetLicenceRules& rules, const ApplicationRecord& application) {
  switch (application.result) {
    case ResultState::kPresent:
      return application.exam_score >= rules.exam_pass;
    case ResultState::kCompetent:
      return true;
    case ResultState::kNone:
    case ResultState::kAbsent:
    case ResultState::kNotCompetent:
      return false;
  }
  return false;
}

std::uint32_t missing_of(const Core& core, const ApplicationRecord& application) {
  std::uint32_t missing = 0;
  const std::uint32_t office = find_office_index(core, application.office);
  const SubjectChecks& manager = application.checks[raw(LicenceSubject::kManager)];
  if (office == kNoSlot) missing |= kMissingOffice;
  const bool can_act =
      office == kNoSlot || core.offices[office].manager_state == ManagerState::kActive;
  if (raw(application.manager.person) == 0 || !can_act || !checks_passed(manager))
    missing |= kMissingManager;
  const bool has_venue = raw(application.venue) != 0;
  if (!has_venue) missing |= kMissingVenue;
  const bool rents =
      !has_venue || core.licences.venues[raw(application.venue)].kind == VenueKind::kMunicipal;
  const RentRecord& rent = application.rent;
  const bool rented = rent.amount_rial != 0 && rent.from <= core.now && core.now < rent.until;
  if (rents && !rented) missing |= kMissingRent;
  const SetLicenceRules& rules = core.licences.rules_of(application);
  for (std::size_t item = 0; item < kEquipmentItemCount; ++item) {
    if (rules.equipment[item] != EquipmentParty::kNone && application.equipment[item].done == 0)
      missing |= kMissingItems << item;
  }
  return missing;
}

std::uint32_t missing_of_office(const Core& core, std::uint32_t office) {
  const OfficeRecord& record = core.offices[office];
  if (raw(record.application) != 0)
    return missing_of(core, core.licences.application(record.application));
  const bool can_act = raw(record.technical_manager) != 0 &&
                       record.manager_state == ManagerState::kActive &&
                       checks_passed(record.manager_checks);
  return can_act ? 0 : kMissingManager;
}

Field missing_field(std::uint32_t missing) {
  PERMIT_ASSERT(missing != 0);
  if ((missing & kMissingOffice) != 0) return Field::kOffice;
  if ((missing & kMissingManager) != 0) return Field::kManager;
  if ((missing & kMissingVenue) != 0) return Field::kVenue;
  if ((missing & kMissingRent) != 0) return Field::kRent;
  return Field::kEquipment;
}

std::uint32_t places_taken(const Core& core) {
  std::uint32_t taken = 0;
  for (const OfficeRecord& office : core.offices.span().first(core.office_count)) {
    taken += office_lives(office.state) ? 1U : 0U;
  }
  const Licences& licences = core.licences;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count))
    taken += one.state == LicenceState::kSelected ? 1U : 0U;
  for (const RoundRecord& round : licences.rounds.span().first(licences.round_count))
    taken += round.state != RoundState::kRanked ? round.places : 0U;
  return taken;
}

}  // namespace permitd::scheduler
