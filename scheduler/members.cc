#include "scheduler/members.h"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>

#include "scheduler/case_flow.h"
#include "scheduler/expert_score.h"
#include "scheduler/jalali_day.h"
#include "scheduler/ranges.h"
#include "scheduler/records.h"
#include "scheduler/working_calendar.h"

namespace permitd::scheduler {

namespace {

using enum MemberKind;

template <class Body>
struct Member {
  MemberRange range;
  std::int64_t (*value)(const Body&);
  std::int64_t (*bound)(const Body&) = nullptr;  // the range's floor or ceiling
};

template <class Body>
bool is_within(const Member<Body>& member, const Body& body) {
  const MemberRange& range = member.range;
  const std::int64_t value = member.value(body);
  if (value < range.least) return false;
  if (range.kind == kBits ? (value & ~range.most) != 0 : value > range.most) return false;
  if (!range.floor.empty()) return value >= member.bound(body);
  return range.ceiling.empty() || value <= member.bound(body);
}

template <class Body, std::size_t N>
std::uint8_t first_fault(const std::array<Member<Body>, N>& members, const Body& body) {
  for (std::size_t i = 0; i < N; ++i) {
    if (!is_within(members[i], body)) return static_cast<std::uint8_t>(i + 1);
  }
  return 0;
}

/// What the path of pointers to members leads to.
template <auto First, auto... Rest>
constexpr std::int64_t value_at(const auto& body) {
  if constexpr (sizeof...(Rest) == 0)
    return static_cast<std::int64_t>(body.*First);
  else
    return value_at<Rest...>(body.*First);
}

template <class Enum>
constexpr std::int64_t last(Enum value) {
  return raw(value);
}

template <auto Path>
constexpr Member<SetPolicy> policy(std::string_view name, std::int64_t least, std::int64_t most,
                                   MemberKind kind = kNumber) {
  return {{name, least, most, kind}, [](const SetPolicy& body) { return value_at<Path>(body); }};
}

using P = SetPolicy;
constexpr auto kPolicyMembers = std::to_array<Member<SetPolicy>>({
    policy<&P::attempts_max>("attemptsMax", 1, 100),
    policy<&P::lease_minutes>("leaseMinutes", 1, 1440),
    policy<&P::claim_wait_minutes>("claimWaitMinutes", 1, 1440),
    policy<&P::near_equal_count>("nearEqualCount", 1, 8),
    policy<&P::near_equal_permille>("nearEqualPermille", 0, 1000),
    policy<&P::capacity_units_per_day>("capacityUnitsPerDay", 1, 48),
    policy<&P::visits_per_day>("visitsPerDay", 1, 48),
    policy<&P::appointment_lead_minutes>("appointmentLeadMinutes", 0, 10'000),
    policy<&P::sla_notify_percent>("slaNotifyPercent", 1, 100),
    policy<&P::sla_amber_minutes>("slaAmberMinutes", 0, 10'000),
    policy<&P::sla_district_percent>("slaDistrictPercent", 100, 1000),
    policy<&P::applicant_silent_days>("applicantSilentDays", 1, 3650),
    policy<&P::second_review_area_m2>("secondReviewAreaM2", 0, 10'000'000),
    policy<&P::key_retention_minutes>("keyRetentionMinutes", 1, 525'600),
    policy<&P::complex_floors>("complexFloors", 0, 200),
    policy<&P::pair_repeat_visits>("pairRepeatVisits", 0, kPairRepeatVisitsMax),
    policy<&P::pair_repeat_days>("pairRepeatDays", 0, 3650),
    policy<&P::confirmation_effort_percent>("confirmationEffortPercent", 1, 100),
    policy<&P::confirmer_fallback>("confirmerFallback", 0, last(ConfirmerFallback::kSupervisor),
                                   kEnumerator),
    policy<&P::near_visits>("nearVisits", 0, kNearVisitsMax),
    policy<&P::near_slack_minutes>("nearSlackMinutes", 0, 10'000),
    policy<&P::compared_count>("comparedCount", 0, kComparedMax),
    policy<&P::load_weight>("loadWeight", 0, 1000),
    policy<&P::travel_weight>("travelWeight", 0, 1000),
    policy<&P::share_weight>("shareWeight", 0, 1000),
    policy<&P::zoning_review>("zoningReview", 0, last(ZoningReview::kSecondReviewer), kEnumerator),
    policy<&P::reserved_share_percent>("reservedSharePercent", 0, 100),
    policy<&P::homes>("homes", 0, last(HomePolicy::kWhenInactive), kEnumerator),
    policy<&P::waiting_alarm_minutes>("waitingAlarmMinutes", 0, 60'000),
    policy<&P::lapse_warning_days>("lapseWarningDays", 0, 3650),
    policy<&P::expert_degree>("expertDegree", 0, last(Degree::kDoctorate), kEnumerator),
    policy<&P::draw_minutes>("drawMinutes", 0, 10'000),
    policy<&P::jobs_in_hand>("jobsInHand", 0, last(JobsInHand::kFinished), kEnumerator),
});

template <auto Limit>
constexpr Member<Limits> limit(std::string_view name) {
  return {{name, 1, kLimitsMax.*Limit}, [](const Limits& body) { return value_at<Limit>(body); }};
}

using M = Limits;
constexpr auto kLimitMembers = std::to_array<Member<Limits>>({
    limit<&M::cases_max>("casesMax"),
    limit<&M::jobs_max>("jobsMax"),
    limit<&M::events_max>("eventsMax"),
    limit<&M::decisions_max>("decisionsMax"),
    limit<&M::notes_max>("notesMax"),
    limit<&M::keys_max>("keysMax"),
    limit<&M::experts_max>("expertsMax"),
    limit<&M::offices_max>("officesMax"),
    limit<&M::applications_max>("applicationsMax"),
    limit<&M::venues_max>("venuesMax"),
    limit<&M::meetings_max>("meetingsMax"),
});
static_assert(sizeof(Limits) == kLimitMembers.size() * sizeof(std::uint32_t));

// The calendar judges its days itself; here they are only told of.
constexpr auto kDayMembers = std::to_array<MemberRange>({
    {"firstDay", 0, kCalendarLastDay, kDay},
    {"lengthMinutes", 0, 1440},
    {"openMinute", 0, UINT32_MAX, kOpening},
});

std::uint8_t day_member(DaysFault fault) {
  switch (fault) {
    case DaysFault::kFirstDay:
      return 1;
    case DaysFault::kLength:
      return 2;
    case DaysFault::kOpening:
      return 3;
    case DaysFault::kNone:
    case DaysFault::kCount:
    case DaysFault::kOverlap:
    case DaysFault::kSpan:
      break;
  }
  return 0;
}

// One number of a command each, so that the field says what may be counted, and the member which.
struct Counted {
  CommandKind kind;
  MemberRange range;
};
constexpr auto kCounted = std::to_array<Counted>({
    {CommandKind::kSetCalendarDays, {"days", 1, kCalendarDaysPerCommand}},
    {CommandKind::kDefineExpert, {"unitsPerDay", 0, 48}},
    {CommandKind::kClaim, {"wanted", 1, kHeldJobsMax}},
    {CommandKind::kApplyPlan, {"lines", 1, kPlanLinesPerCommand}},
    {CommandKind::kSetOfficesWanted, {"count", 0, 9999}},
    {CommandKind::kOpenRound, {"places", 1, UINT16_MAX}},
});

std::uint8_t member_counted(CommandKind kind) {
  const auto* at = std::ranges::find(kCounted, kind, &Counted::kind);
  return at == kCounted.end() ? 0 : static_cast<std::uint8_t>(at - kCounted.begin() + 1);
}

constexpr std::int64_t kExperienceYearsMax = 60;
constexpr std::int64_t kPointsMax = 1000;
constexpr std::int64_t kExamMax = 10'000;
constexpr std::int64_t kAllFields =
    (std::int64_t{1} << kDegreeFieldCount) - 1 - field_bit(DegreeField::kNone);
constexpr std::int64_t kEvidenceChecks =
    kGeneralConditions | check_bit(LicenceCheck::kOtherConditions);

template <auto... Path>
constexpr Member<SetLicenceRules> rule(std::string_view name, std::int64_t least, std::int64_t most,
                                       MemberKind kind = kNumber) {
  return {{name, least, most, kind},
          [](const SetLicenceRules& body) { return value_at<Path...>(body); }};
}

template <auto Who>
constexpr std::int64_t age_min(const SetLicenceRules& rules) {
  return value_at<Who, &PersonRules::age_min>(rules);
}
template <auto Who>
constexpr std::int64_t age_max(const SetLicenceRules& rules) {
  return value_at<Who, &PersonRules::age_max>(rules);
}

using L = SetLicenceRules;
using R = PersonRules;
constexpr auto kRulesMembers = std::to_array<Member<SetLicenceRules>>({
    rule<&L::validity_days>("validityDays", 1, 36'500),
    rule<&L::points_master>("pointsMaster", 0, kPointsMax),
    rule<&L::points_experience>("pointsExperience", 0, kPointsMax),
    rule<&L::points_venue>("pointsVenue", 0, kPointsMax),
    rule<&L::experience_years>("experienceYears", 1, kExperienceYearsMax),
    rule<&L::exam_max>("examMax", 1, kExamMax),
    {{.name = "examPass", .least = 0, .most = kExamMax, .ceiling = "examMax"},
     [](const L& body) { return value_at<&L::exam_pass>(body); },
     [](const L& body) { return value_at<&L::exam_max>(body); }},
    rule<&L::licensee, &R::age_min>("licensee.ageMin", 18, 99),
    {{.name = "licensee.ageMax", .least = 18, .most = 99, .floor = "licensee.ageMin"},
     age_max<&L::licensee>,
     age_min<&L::licensee>},
    rule<&L::licensee, &R::degree_min>("licensee.degreeMin", 0, last(Degree::kDoctorate),
                                       kEnumerator),
    rule<&L::licensee, &R::iranian_only>("licensee.iranianOnly", 0, 1),
    rule<&L::licensee, &R::fields>("licensee.fields", 1, kAllFields, kBits),
    rule<&L::licensee, &R::checks>("licensee.checks", 0, kEvidenceChecks, kBits),
    rule<&L::manager, &R::age_min>("manager.ageMin", 18, 99),
    {{.name = "manager.ageMax", .least = 18, .most = 99, .floor = "manager.ageMin"},
     age_max<&L::manager>,
     age_min<&L::manager>},
    rule<&L::manager, &R::degree_min>("manager.degreeMin", 0, last(Degree::kDoctorate),
                                      kEnumerator),
    rule<&L::manager, &R::iranian_only>("manager.iranianOnly", 0, 1),
    rule<&L::manager, &R::fields>("manager.fields", 1, kAllFields, kBits),
    rule<&L::manager, &R::checks>("manager.checks", 0, kEvidenceChecks, kBits),
    {{"equipment", 0, last(EquipmentParty::kLicensee), kEnumerator},
     [](const L& body) { return last(*std::ranges::max_element(body.equipment)); }},
});

// What the municipality does itself may lack effort and term, and is not asked for a complex one.
std::int64_t own_minutes(const StageSpec& stage, std::uint16_t minutes) {
  return minutes == 0 && stage_is_external(stage) ? 1 : minutes;
}

template <auto Path>
constexpr Member<StageSpec> chosen(std::string_view name, std::int64_t most,
                                   MemberKind kind = kEnumerator) {
  return {{name, 0, most, kind}, [](const StageSpec& body) { return value_at<Path>(body); }};
}

using S = StageSpec;
constexpr auto kStageMembers = std::to_array<Member<StageSpec>>({
    chosen<&S::stage>("stage", last(Stage::kPermitDelivery), kUnique),
    chosen<&S::skill>("skill", last(Skill::kConfirm)),
    chosen<&S::confirmer>("confirmer", last(Confirmer::kSecondReviewerAboveArea)),
    chosen<&S::reach>("reach", last(Reach::kOffice)),
    {{"effortMinutes", 1, 1440},
     [](const S& stage) { return own_minutes(stage, stage.effort_minutes); }},
    {{"effortComplexMinutes", 0, 1440},
     [](const S& stage) {
       return stage_is_external(stage) ? 0 : value_at<&S::effort_complex_minutes>(stage);
     }},
    {{"slaMinutes", 1, 60'000},
     [](const S& stage) { return own_minutes(stage, stage.sla_minutes); }},
});

struct PersonToldOf {
  LicencePerson person;
  std::int32_t day = 0;
};

template <auto Path>
constexpr Member<PersonToldOf> person(std::string_view name, std::int64_t most, MemberKind kind) {
  return {{name, 0, most, kind},
          [](const PersonToldOf& body) { return value_at<&PersonToldOf::person, Path>(body); }};
}

using Q = LicencePerson;
constexpr auto kPersonMembers = std::to_array<Member<PersonToldOf>>({
    {{"birthDay", kJalaliFirstDay, kJalaliLastDay, kDay, {}, "day"},
     [](const PersonToldOf& body) { return std::int64_t{body.person.birth_day}; },
     [](const PersonToldOf& body) { return std::int64_t{body.day}; }},
    person<&Q::nationality>("nationality", last(Nationality::kOther), kEnumerator),
    person<&Q::degree>("degree", last(Degree::kDoctorate), kEnumerator),
    person<&Q::field>("field", last(DegreeField::kOther), kEnumerator),
    person<&Q::experience_years>("experienceYears", kExperienceYearsMax, kNumber),
});

template <class Row, std::size_t N>
const MemberRange* range_at(const std::array<Row, N>& members, std::uint8_t number) {
  if (number == 0 || number > N) return nullptr;
  if constexpr (std::is_same_v<Row, MemberRange>)
    return &members[number - 1U];
  else
    return &members[number - 1U].range;
}

}  // namespace

Field owner_of_members(Field field) {
  if (field == Field::kSkill) return Field::kStages;
  return field == Field::kEquipment ? Field::kRules : field;
}

const MemberRange* member_range(Field field, std::uint8_t member) {
  const Field owner = owner_of_members(field);
  if (owner == Field::kPolicy) return range_at(kPolicyMembers, member);
  if (owner == Field::kLimits) return range_at(kLimitMembers, member);
  if (owner == Field::kDay) return range_at(kDayMembers, member);
  if (owner == Field::kCount) return range_at(kCounted, member);
  if (owner == Field::kRules) return range_at(kRulesMembers, member);
  if (owner == Field::kStages) return range_at(kStageMembers, member);
  if (owner == Field::kLicensee || owner == Field::kManager)
    return range_at(kPersonMembers, member);
  return nullptr;
}

std::uint8_t member_named(Field field, std::string_view name) {
  std::uint8_t member = 1;
  while (const MemberRange* range = member_range(field, member)) {
    if (range->name == name) return member;
    ++member;
  }
  return 0;
}

std::uint8_t policy_fault(const SetPolicy& policy) { return first_fault(kPolicyMembers, policy); }
std::uint8_t limits_fault(const Limits& limits) { return first_fault(kLimitMembers, limits); }
std::uint8_t limit_that_shrinks(const Limits& limits, const Limits& least) {
  for (std::size_t i = 0; i < kLimitMembers.size(); ++i) {
    if (kLimitMembers[i].value(limits) < kLimitMembers[i].value(least))
      return static_cast<std::uint8_t>(i + 1);
  }
  return 0;
}
std::uint8_t licence_rules_fault(const SetLicenceRules& rules) {
  return first_fault(kRulesMembers, rules);
}
std::uint8_t stage_fault(const StageSpec& stage) { return first_fault(kStageMembers, stage); }
std::uint8_t person_fault(const LicencePerson& person, std::int32_t day) {
  return first_fault(kPersonMembers, PersonToldOf{person, day});
}

StageSpec completed_stage(StageSpec stage) {
  if (stage.stage == Stage::kMunicipalDecision) stage.flags |= kStageIsSovereign;
  if (stage.stage == Stage::kPermitDelivery) stage.flags |= kStageNeedsDecision;
  stage.reserved = 0;
  return stage;
}

std::uint8_t stage_at_fault(const DefineService& service) {
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < service.stage_count; ++i) {
    const StageSpec stage = completed_stage(service.stages[i]);
    if (!stage_in_range(stage) || (seen >> raw(stage.stage) & 1) != 0)
      return static_cast<std::uint8_t>(i + 1);
    seen |= 1U << raw(stage.stage);
  }
  return 0;
}

namespace {

void name_stage(const DefineService& service, Outcome& outcome) {
  if (service.stage_count > kServiceStagesMax) return;
  outcome.row = stage_at_fault(service);
  if (outcome.row == 0) return;
  const StageSpec stage = completed_stage(service.stages[outcome.row - 1U]);
  const bool is_alone = !stage_in_range(stage);
  outcome.member = is_alone ? stage_fault(stage) : member_named(Field::kStages, "stage");
}

std::uint8_t fault_of_either(const LicencePerson& licensee, const LicencePerson& manager,
                             std::int32_t day, Field who) {
  return person_fault(who == Field::kLicensee ? licensee : manager, day);
}

}  // namespace

void refuse_days(const CalendarFault& found, Outcome& outcome) {
  const bool meets = found.fault == DaysFault::kOverlap || found.fault == DaysFault::kSpan;
  const bool is_count = found.fault == DaysFault::kCount;
  outcome.refusal = meets ? Refusal::kNotCompatible : Refusal::kOutOfRange;
  outcome.field = is_count ? Field::kCount : Field::kDay;
  outcome.row = found.day;
  outcome.member =
      is_count ? member_counted(CommandKind::kSetCalendarDays) : day_member(found.fault);
  if (meets) outcome.until = Tick{found.day};
}

void name_member(const Command& command, Outcome& outcome) {
  const CommandBody& body = command.body;
  const Field field = outcome.field;
  const bool is_of_days = command.kind == CommandKind::kSetCalendarDays && field == Field::kDay;
  if (is_of_days && outcome.refusal == Refusal::kNotCompatible)
    outcome.row = static_cast<std::uint16_t>(outcome.until.ms);
  if (outcome.refusal != Refusal::kOutOfRange) return;
  if (is_of_days) refuse_days(WorkingCalendar::fault_of(body.set_calendar_days), outcome);
  if (field == Field::kCount) outcome.member = member_counted(command.kind);
  if (command.kind == CommandKind::kSetLimits)
    outcome.member = limits_fault(body.set_limits.limits);
  if (field == Field::kPolicy) outcome.member = policy_fault(body.set_policy);
  if (field == Field::kRules) outcome.member = licence_rules_fault(body.set_licence_rules);
  if (field == Field::kStages) name_stage(body.define_service, outcome);
  if (field != Field::kLicensee && field != Field::kManager) return;
  const ApplyForLicence& apply = body.apply_for_licence;
  const RenewLicence& renew = body.renew_licence;
  const SetTechnicalManager& change = body.set_technical_manager;
  if (command.kind == CommandKind::kApplyForLicence)
    outcome.member = fault_of_either(apply.licensee, apply.manager, apply.day, field);
  else if (command.kind == CommandKind::kRenewLicence)
    outcome.member = fault_of_either(renew.licensee, renew.manager, renew.day, field);
  else if (command.kind == CommandKind::kSetTechnicalManager)
    outcome.member = person_fault(change.person, change.day);
}

}  // namespace permitd::scheduler
