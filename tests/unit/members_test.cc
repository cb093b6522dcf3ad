// Goal: a policy, a limit, licensing rules, a stage, a day of the calendar or a person out of range
// is refused by naming the one value that is, with its range, also when the answer comes from
// memory, and changes nothing.
// Method: each member a step beyond each of its bounds, which are written here once more; the state
// is compared with that of a twin that was given a command with nothing to do under the same key.
#include "scheduler/members.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string>
#include <type_traits>

#include "protocol/permit.capnp.h"
#include "protocol/words.h"
#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr std::int64_t kDayMs = 1440 * kMsPerMinute;
constexpr std::uint64_t kMark = 0x5EED'0F0F'A11C'E000;

template <auto Path, class Body>
void put(Body& body, std::uint32_t value) {
  body.*Path = static_cast<std::remove_reference_t<decltype(body.*Path)>>(value);
}

struct PolicyBounds {
  const char* name;
  void (*set)(SetPolicy&, std::uint32_t);
  std::uint32_t least;
  std::uint32_t most;
  const char* rule;
};

using P = SetPolicy;
constexpr PolicyBounds kPolicy[] = {
    {"attemptsMax", put<&P::attempts_max>, 1, 100, "1 to 100"},
    {"leaseMinutes", put<&P::lease_minutes>, 1, 1440, "1 to 1440"},
    {"claimWaitMinutes", put<&P::claim_wait_minutes>, 1, 1440, "1 to 1440"},
    {"nearEqualCount", put<&P::near_equal_count>, 1, 8, "1 to 8"},
    {"nearEqualPermille", put<&P::near_equal_permille>, 0, 1000, "0 to 1000"},
    {"capacityUnitsPerDay", put<&P::capacity_units_per_day>, 1, 48, "1 to 48"},
    {"visitsPerDay", put<&P::visits_per_day>, 1, 48, "1 to 48"},
    {"appointmentLeadMinutes", put<&P::appointment_lead_minutes>, 0, 10'000, "0 to 10,000"},
    {"slaNotifyPercent", put<&P::sla_notify_percent>, 1, 100, "1 to 100"},
    {"slaAmberMinutes", put<&P::sla_amber_minutes>, 0, 10'000, "0 to 10,000"},
    {"slaDistrictPercent", put<&P::sla_district_percent>, 100, 1000, "100 to 1000"},
    {"applicantSilentDays", put<&P::applicant_silent_days>, 1, 3650, "1 to 3650"},
    {"secondReviewAreaM2", put<&P::second_review_area_m2>, 0, 10'000'000, "0 to 10,000,000"},
    {"keyRetentionMinutes", put<&P::key_retention_minutes>, 1, 525'600, "1 to 525,600"},
    {"complexFloors", put<&P::complex_floors>, 0, 200, "0 to 200"},
    {"pairRepeatVisits", put<&P::pair_repeat_visits>, 0, 100, "0 to 100"},
    {"pairRepeatDays", put<&P::pair_repeat_days>, 0, 3650, "0 to 3650"},
    {"confirmationEffortPercent", put<&P::confirmation_effort_percent>, 1, 100, "1 to 100"},
    {"confirmerFallback", put<&P::confirmer_fallback>, 0, 2, "0 to 2"},
    {"nearVisits", put<&P::near_visits>, 0, 16, "0 to 16"},
    {"nearSlackMinutes", put<&P::near_slack_minutes>, 0, 10'000, "0 to 10,000"},
    {"comparedCount", put<&P::compared_count>, 0, 32, "0 to 32"},
    {"loadWeight", put<&P::load_weight>, 0, 1000, "0 to 1000"},
    {"travelWeight", put<&P::travel_weight>, 0, 1000, "0 to 1000"},
    {"shareWeight", put<&P::share_weight>, 0, 1000, "0 to 1000"},
    {"zoningReview", put<&P::zoning_review>, 0, 1, "0 to 1"},
    {"reservedSharePercent", put<&P::reserved_share_percent>, 0, 100, "0 to 100"},
    {"homes", put<&P::homes>, 0, 2, "0 to 2"},
    {"waitingAlarmMinutes", put<&P::waiting_alarm_minutes>, 0, 60'000, "0 to 60,000"},
    {"lapseWarningDays", put<&P::lapse_warning_days>, 0, 3650, "0 to 3650"},
    {"expertDegree", put<&P::expert_degree>, 0, 4, "0 to 4"},
    {"drawMinutes", put<&P::draw_minutes>, 0, 10'000, "0 to 10,000"},
    {"jobsInHand", put<&P::jobs_in_hand>, 0, 1, "0 to 1"},
};

struct LimitBound {
  const char* name;
  std::uint32_t Limits::*limit;
  std::uint32_t most;
  const char* rule;
};

using M = Limits;
constexpr LimitBound kLimits[] = {
    {"casesMax", &M::cases_max, 134'217'728, "1 to 134,217,728"},
    {"jobsMax", &M::jobs_max, 134'217'728, "1 to 134,217,728"},
    {"eventsMax", &M::events_max, 268'435'456, "1 to 268,435,456"},
    {"decisionsMax", &M::decisions_max, 134'217'728, "1 to 134,217,728"},
    {"notesMax", &M::notes_max, 4'194'304, "1 to 4,194,304"},
    {"keysMax", &M::keys_max, 67'108'864, "1 to 67,108,864"},
    {"expertsMax", &M::experts_max, 1'048'576, "1 to 1,048,576"},
    {"officesMax", &M::offices_max, 9999, "1 to 9999"},
    {"applicationsMax", &M::applications_max, 4096, "1 to 4096"},
    {"venuesMax", &M::venues_max, 9999, "1 to 9999"},
    {"meetingsMax", &M::meetings_max, 67'108'864, "1 to 67,108,864"},
};
static_assert(std::size(kLimits) * sizeof(std::uint32_t) == sizeof(Limits));

/// What a sentence must say of a value.
struct Said {
  Field field;
  std::uint16_t row;
  std::string member;
  std::string rule;
};

class MembersTest : public SmallCity {
 protected:
  // The state without what is remembered under the key.
  static Bytes rest_of(const Scheduler& scheduler, const IdempotencyKey& key, std::size_t size) {
    Bytes bytes = state_bytes(scheduler);
    std::array<std::byte, 16> words{};
    std::memcpy(words.data(), &key.high, 8);
    std::memcpy(words.data() + 8, &key.low, 8);
    const auto at = std::ranges::search(bytes, words).begin();
    EXPECT_NE(at, bytes.end()) << "nothing is remembered";
    if (at != bytes.end()) bytes.erase(at, at + static_cast<std::ptrdiff_t>(size));
    return bytes;
  }

  template <class Body>
  void expect_refused(CommandKind kind, const Body& body, const Said& said) {
    SCOPED_TRACE(said.member);
    Command bad = make(kind, body, supervisor());
    bad.key.high = kMark;
    Command idle = make(CommandKind::kSetPolicy, scheduler_.policy(), supervisor());
    idle.key = bad.key;
    const Bytes before = state_bytes(scheduler_);
    Scheduler twin;
    ASSERT_TRUE(read_bytes(twin, before));
    const Outcome outcome = scheduler_.apply(bad);
    EXPECT_TRUE(scheduler_.events().empty());
    ASSERT_EQ(twin.apply(idle).refusal, Refusal::kNothingToDo);
    const std::size_t entry = state_bytes(twin).size() - before.size();
    EXPECT_EQ(rest_of(scheduler_, bad.key, entry), rest_of(twin, bad.key, entry));

    expect_said(kind, outcome, said);
    bad.op = Op{raw(bad.op) + 1};
    Outcome again = scheduler_.apply(bad);
    EXPECT_EQ(again.repeated, 1);
    again.repeated = 0;
    EXPECT_EQ(again, outcome);
  }

  static void expect_said(CommandKind kind, const Outcome& outcome, const Said& said) {
    ASSERT_EQ(outcome.refusal, Refusal::kOutOfRange);
    EXPECT_EQ(outcome.field, said.field);
    EXPECT_EQ(outcome.row, said.row);
    const MemberRange* range = member_range(outcome.field, outcome.member);
    ASSERT_NE(range, nullptr);
    EXPECT_EQ(range->name, said.member);
    const std::string field(protocol::name_of(said.field));
    const std::string row = said.row != 0 ? ", number " + std::to_string(said.row) + "," : "";
    const std::string sentence = protocol::refusal_sentence(outcome, kind);
    // A number is counted of a command, not of a field.
    const std::string of = said.field == Field::kCount ? "" : " of " + field;
    const std::string begin = said.member + of + row + " is outside its range: " + said.rule;
    EXPECT_TRUE(sentence.starts_with(begin)) << sentence;
    const std::string persian =
        protocol::refusal_sentence(outcome, kind, protocol::Language::kPersian);
    for (const std::string& name : {said.member, of.empty() ? said.member : field})
      EXPECT_NE(persian.find("\u2066" + name + "\u2069"), std::string::npos) << persian;
    EXPECT_NE(persian.find("قاعده: "), std::string::npos) << persian;
  }

  void expect_meets(const SetCalendarDays& days, std::uint16_t row) {
    SCOPED_TRACE(days.first_day);
    Command bad = make(CommandKind::kSetCalendarDays, days, supervisor());
    const Outcome outcome = scheduler_.apply(bad);
    ASSERT_EQ(outcome.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(outcome.field, Field::kDay);
    EXPECT_EQ(outcome.row, row);
    EXPECT_EQ(outcome.member, 0);
    const std::string begin = row == 0
                                  ? "The calendar covers 14,610 days at most"
                                  : "day, number " + std::to_string(row) + ", meets another day: ";
    EXPECT_TRUE(protocol::refusal_sentence(outcome, bad.kind).starts_with(begin));
    EXPECT_TRUE(protocol::refusal_sentence(outcome, bad.kind, protocol::Language::kPersian)
                    .starts_with(row == 0 ? "تقویم حداکثر ۱۴٬۶۱۰ روز" : "روز شمارهٔ "));
    bad.op = Op{raw(bad.op) + 1};
    Outcome again = scheduler_.apply(bad);
    EXPECT_EQ(again.repeated, 1);
    again.repeated = 0;
    EXPECT_EQ(again, outcome);
  }

  // Open for seven hours from 4:00 UTC on.
  static SetCalendarDays days(std::int32_t first, std::uint16_t count) {
    SetCalendarDays days;
    days.first_day = first;
    days.count = count;
    for (std::uint16_t i = 0; i < std::min<std::size_t>(count, kCalendarDaysPerCommand); ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>(first + i) * 1440 + 240;
      days.length_minutes[i] = 420;
    }
    return days;
  }

  static SetLicenceRules rules() {
    SetLicenceRules rules;
    rules.version = 1;
    rules.effective_from = kStart;
    rules.licensee.fields = 0x1E;
    rules.manager.fields = 0x1E;
    return rules;
  }
  static LicencePerson person(std::uint64_t number) {
    LicencePerson one;
    one.person = PersonId{number};
    one.birth_day = kToday - 40 * 366;
    one.nationality = Nationality::kIranian;
    one.degree = Degree::kBachelor;
    one.field = DegreeField::kUrbanPlanning;
    return one;
  }
  static constexpr std::int32_t kToday = static_cast<std::int32_t>(kStart.ms / kDayMs);
};

// "licensee.ageMin" from the struct on.
bool is_in_schema(capnp::StructSchema schema, std::string_view path) {
  const std::size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  KJ_IF_MAYBE (field, schema.findFieldByName(name.c_str())) {
    if (dot == std::string_view::npos) return true;
    return is_in_schema(field->getType().asStruct(), path.substr(dot + 1));
  }
  return false;
}

TEST_F(MembersTest, EveryMemberIsCalledAsTheSchemaCallsIt) {
  const auto fields = capnp::Schema::from<protocol::Policy>().getFields();
  ASSERT_EQ(std::size(kPolicy), fields.size());
  for (unsigned i = 0; i < fields.size(); ++i) {
    const MemberRange* range = member_range(Field::kPolicy, static_cast<std::uint8_t>(i + 1));
    ASSERT_NE(range, nullptr);
    EXPECT_EQ(range->name, fields[i].getProto().getName().cStr());
    EXPECT_EQ(range->name, kPolicy[i].name);
  }
  EXPECT_EQ(member_range(Field::kPolicy, static_cast<std::uint8_t>(fields.size() + 1)), nullptr);
  EXPECT_EQ(member_range(Field::kArea, 1), nullptr);
  const auto expect_known = [](Field field, capnp::StructSchema schema, std::uint8_t count) {
    std::uint8_t member = 1;
    while (const MemberRange* range = member_range(field, member)) {
      EXPECT_TRUE(is_in_schema(schema, range->name)) << range->name;
      EXPECT_EQ(member_named(field, range->name), member);
      ++member;
    }
    EXPECT_EQ(member, count + 1);
  };
  expect_known(Field::kRules, capnp::Schema::from<protocol::LicenceRules>(), 20);
  expect_known(Field::kStages, capnp::Schema::from<protocol::StageSpec>(), 7);
  expect_known(Field::kLicensee, capnp::Schema::from<protocol::LicencePerson>(), 5);
}

TEST_F(MembersTest, APolicyIsRefusedByTheMemberThatIsOutOfRange) {
  for (const PolicyBounds& bounds : kPolicy) {
    SetPolicy policy = scheduler_.policy();
    for (const std::uint32_t edge : {bounds.least, bounds.most}) {
      bounds.set(policy, edge);
      EXPECT_EQ(policy_fault(policy), 0) << bounds.name << " of " << edge;
    }
    const Said said{Field::kPolicy, 0, bounds.name, bounds.rule};
    bounds.set(policy, bounds.most + 1);
    expect_refused(CommandKind::kSetPolicy, policy, said);
    if (bounds.least == 0) continue;
    bounds.set(policy, bounds.least - 1);
    expect_refused(CommandKind::kSetPolicy, policy, said);
  }
}

TEST_F(MembersTest, ALimitIsRefusedByNameWhereItIsOutOfRangeOrWouldShrink) {
  for (const LimitBound& bound : kLimits) {
    SCOPED_TRACE(bound.name);
    SetLimits body{scheduler_.limits()};
    for (const std::uint32_t edge : {1U, bound.most}) {
      body.limits.*bound.limit = edge;
      EXPECT_EQ(limits_fault(body.limits), 0);
    }
    for (const std::uint32_t beyond : {0U, bound.most + 1}) {
      body.limits.*bound.limit = beyond;
      expect_said(CommandKind::kSetLimits, apply(CommandKind::kSetLimits, body, engine()),
                  {Field::kLimits, 0, bound.name, bound.rule});
    }
    body.limits.*bound.limit = scheduler_.limits().*bound.limit - 1;
    const Outcome shrunk = apply(CommandKind::kSetLimits, body, engine());
    EXPECT_EQ(shrunk.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(shrunk.field, Field::kLimits);
    ASSERT_NE(member_range(shrunk.field, shrunk.member), nullptr);
    EXPECT_EQ(member_range(shrunk.field, shrunk.member)->name, bound.name);
    const std::string name = bound.name;
    EXPECT_TRUE(protocol::refusal_sentence(shrunk, CommandKind::kSetLimits)
                    .starts_with(name + " of limits does not fit what is in force: "));
    EXPECT_NE(
        protocol::refusal_sentence(shrunk, CommandKind::kSetLimits, protocol::Language::kPersian)
            .find("\u2066" + name + "\u2069"),
        std::string::npos);
  }
}

TEST_F(MembersTest, ADayOfTheCalendarIsRefusedByItsNumberAndWhatIsWrongWithIt) {
  constexpr auto kKind = CommandKind::kSetCalendarDays;
  const char* opening = "0 to 4,294,967,295 minutes since 1970-01-01 UTC; from opening to closing";
  for (const std::uint16_t row : {std::uint16_t{1}, std::uint16_t{3}}) {
    const std::size_t at = row - 1U;
    SetCalendarDays body = days(kToday, 3);
    body.length_minutes[at] = 1441;
    expect_refused(kKind, body, {Field::kDay, row, "lengthMinutes", "0 to 1440"});
    body = days(kToday, 3);
    body.open_minute[at] -= 1440 + 241;
    expect_refused(kKind, body, {Field::kDay, row, "openMinute", opening});
    body = days(kToday, 3);
    body.open_minute[at] += 1440 + 781;
    expect_refused(kKind, body, {Field::kDay, row, "openMinute", opening});
  }
  SetCalendarDays early = days(kToday, 3);
  early.first_day = -1;
  expect_refused(kKind, early, {Field::kDay, 0, "firstDay", "0 to 2,982,614 days since"});
  for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{19}})
    expect_refused(kKind, days(kToday, count), {Field::kCount, 0, "days", "1 to 18"});
}

TEST_F(MembersTest, ADayThatMeetsAnotherIsRefusedByItsNumber) {
  SetCalendarDays twice = days(kToday, 3);
  twice.open_minute[2] = twice.open_minute[1] + 419;
  expect_meets(twice, 3);
  ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days(kToday, 3), supervisor()).refusal,
            Refusal::kNone);
  SetCalendarDays before = days(kToday - 2, 2);
  before.length_minutes[1] = 1440;
  before.open_minute[1] += 1;
  expect_meets(before, 2);
  SetCalendarDays behind = days(kToday + 3, 2);
  behind.open_minute[0] -= 1440 - 419;
  expect_meets(behind, 1);
  expect_meets(days(kToday + 14'610, 1), 0);
  ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days(kToday - 2, 2), supervisor()).refusal,
            Refusal::kNone);
}

TEST_F(MembersTest, ANumberOfACommandIsRefusedWithItsOwnRange) {
  DefineExpert expert;
  expert.expert = ExpertId{9};
  expert.office = kOffice;
  expert.person = PersonId{4711};
  expert.state = ExpertState::kCandidate;
  expert.units_per_day = 49;
  expect_refused(CommandKind::kDefineExpert, expert, {Field::kCount, 0, "unitsPerDay", "0 to 48"});
  SetOfficesWanted wanted;
  wanted.count = 10'000;
  expect_refused(CommandKind::kSetOfficesWanted, wanted, {Field::kCount, 0, "count", "0 to 9999"});
  ASSERT_EQ(apply(CommandKind::kSetLicenceRules, rules(), supervisor()).refusal, Refusal::kNone);
  OpenRound round;
  round.opens = now_;
  round.closes = Tick{now_.ms + kDayMs};
  expect_refused(CommandKind::kOpenRound, round, {Field::kCount, 0, "places", "1 to 65,535"});
  const ApplyPlan plan;
  expect_refused(CommandKind::kApplyPlan, plan, {Field::kCount, 0, "lines", "1 to 7"});
}

TEST_F(MembersTest, LicensingRulesAreRefusedByTheMemberThatIsOutOfRange) {
  using L = SetLicenceRules;
  struct Wrong {
    const char* name;
    const char* rule;
    void (*set)(L&);
  };
  const Wrong wrongs[] = {
      {"validityDays", "1 to 36,500", [](L& r) { r.validity_days = 0; }},
      {"validityDays", "1 to 36,500", [](L& r) { r.validity_days = 36'501; }},
      {"pointsMaster", "0 to 1000", [](L& r) { r.points_master = 1001; }},
      {"pointsExperience", "0 to 1000", [](L& r) { r.points_experience = 1001; }},
      {"pointsVenue", "0 to 1000", [](L& r) { r.points_venue = 1001; }},
      {"experienceYears", "1 to 60", [](L& r) { r.experience_years = 0; }},
      {"experienceYears", "1 to 60", [](L& r) { r.experience_years = 61; }},
      {"examMax", "1 to 10,000", [](L& r) { r.exam_max = 0; }},
      {"examMax", "1 to 10,000", [](L& r) { r.exam_max = 10'001; }},
      {"examPass", "0 to 10,000, and no more than examMax", [](L& r) { r.exam_pass = 1001; }},
      {"licensee.ageMin", "18 to 99", [](L& r) { r.licensee.age_min = 17; }},
      {"licensee.ageMin", "18 to 99", [](L& r) { r.licensee.age_min = 100; }},
      {"licensee.ageMax", "18 to 99", [](L& r) { r.licensee.age_max = 100; }},
      {"licensee.ageMax", "18 to 99, and no less than licensee.ageMin",
       [](L& r) { r.licensee.age_max = 26; }},
      {"licensee.degreeMin", "0 to 4", [](L& r) { r.licensee.degree_min = Degree{5}; }},
      {"licensee.iranianOnly", "0 to 1", [](L& r) { r.licensee.iranian_only = 2; }},
      {"licensee.fields", "a sum of the bits of 2046, one at least",
       [](L& r) { r.licensee.fields = 0; }},
      {"licensee.fields", "a sum of the bits of 2046", [](L& r) { r.licensee.fields = 3; }},
      {"licensee.fields", "a sum of the bits of 2046", [](L& r) { r.licensee.fields = 1 << 11; }},
      {"licensee.checks", "a sum of the bits of ", [](L& r) { r.licensee.checks = 1; }},
      {"manager.ageMin", "18 to 99", [](L& r) { r.manager.age_min = 17; }},
      {"manager.ageMin", "18 to 99", [](L& r) { r.manager.age_min = 100; }},
      {"manager.ageMax", "18 to 99", [](L& r) { r.manager.age_max = 100; }},
      {"manager.ageMax", "18 to 99, and no less than manager.ageMin",
       [](L& r) { r.manager.age_max = 24; }},
      {"manager.degreeMin", "0 to 4", [](L& r) { r.manager.degree_min = Degree{5}; }},
      {"manager.iranianOnly", "0 to 1", [](L& r) { r.manager.iranian_only = 2; }},
      {"manager.fields", "a sum of the bits of 2046", [](L& r) { r.manager.fields = 0; }},
      {"manager.checks", "a sum of the bits of ", [](L& r) { r.manager.checks = 1; }},
      {"equipment", "0 to 2", [](L& r) { r.equipment[3] = EquipmentParty{3}; }},
  };
  EXPECT_EQ(licence_rules_fault(rules()), 0);
  for (const Wrong& wrong : wrongs) {
    SetLicenceRules body = rules();
    wrong.set(body);
    expect_refused(CommandKind::kSetLicenceRules, body, {Field::kRules, 0, wrong.name, wrong.rule});
  }
}

TEST_F(MembersTest, AServiceIsRefusedByTheNumberOfItsStageAndWhatIsWrongWithIt) {
  struct Wrong {
    const char* name;
    const char* rule;
    void (*set)(StageSpec&);
  };
  using S = StageSpec;
  const Wrong wrongs[] = {
      {"stage", "0 to 5", [](S& s) { s.stage = Stage{6}; }},
      {"stage", "0 to 5, as the schema numbers them, each once",
       [](S& s) { s.stage = Stage::kFileFormation; }},
      {"skill", "0 to 5", [](S& s) { s.skill = Skill{6}; }},
      {"confirmer", "0 to 2", [](S& s) { s.confirmer = Confirmer{3}; }},
      {"reach", "0 to 1", [](S& s) { s.reach = Reach{2}; }},
      {"effortMinutes", "1 to 1440", [](S& s) { s.effort_minutes = 0; }},
      {"effortMinutes", "1 to 1440", [](S& s) { s.effort_minutes = 1441; }},
      {"effortComplexMinutes", "0 to 1440", [](S& s) { s.effort_complex_minutes = 1441; }},
      {"slaMinutes", "1 to 60,000", [](S& s) { s.sla_minutes = 0; }},
      {"slaMinutes", "1 to 60,000", [](S& s) { s.sla_minutes = 60'001; }},
  };
  DefineService service;
  service.service = ServiceId{9};
  service.version = 1;
  service.stage_count = 3;
  for (std::uint8_t i = 0; i < 3; ++i) {
    service.stages[i].stage = Stage{i};
    service.stages[i].effort_minutes = 30;
    service.stages[i].sla_minutes = 420;
  }
  for (const std::uint8_t row : {std::uint8_t{2}, std::uint8_t{3}}) {
    for (const Wrong& wrong : wrongs) {
      DefineService body = service;
      wrong.set(body.stages[row - 1U]);
      expect_refused(CommandKind::kDefineService, body,
                     {Field::kStages, row, wrong.name, wrong.rule});
    }
  }
  // What the municipality does itself needs neither effort nor term.
  service.stages[1].flags = kStageIsSovereign;
  service.stages[1].effort_minutes = service.stages[1].sla_minutes = 0;
  EXPECT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
}

TEST_F(MembersTest, AnApplicationIsRefusedByWhatIsWrongWithWhom) {
  struct Wrong {
    const char* name;
    const char* rule;
    void (*set)(LicencePerson&);
  };
  using Q = LicencePerson;
  const Wrong wrongs[] = {
      {"birthDay", "-50,690 to 92,119 days since 1970-01-01, and no more than day",
       [](Q& p) { p.birth_day = -50'691; }},
      {"birthDay", "-50,690 to 92,119", [](Q& p) { p.birth_day = kToday + 1; }},
      {"nationality", "0 to 2", [](Q& p) { p.nationality = Nationality{3}; }},
      {"degree", "0 to 4", [](Q& p) { p.degree = Degree{5}; }},
      {"field", "0 to 10", [](Q& p) { p.field = DegreeField{11}; }},
      {"experienceYears", "0 to 60", [](Q& p) { p.experience_years = 61; }},
  };
  ASSERT_EQ(apply(CommandKind::kSetLicenceRules, rules(), supervisor()).refusal, Refusal::kNone);
  SetOfficesWanted wanted;
  wanted.count = 4;
  wanted.effective_from = kStart;
  ASSERT_EQ(apply(CommandKind::kSetOfficesWanted, wanted, supervisor()).refusal, Refusal::kNone);
  OpenRound round;
  round.places = 1;
  round.opens = now_;
  round.closes = Tick{now_.ms + 10 * kDayMs};
  ASSERT_EQ(apply(CommandKind::kOpenRound, round, supervisor()).refusal, Refusal::kNone);
  for (const Wrong& wrong : wrongs) {
    for (const Field who : {Field::kLicensee, Field::kManager}) {
      ApplyForLicence body;
      body.round = RoundId{1};
      body.district = 5;
      body.day = kToday;
      body.licensee = person(101);
      body.manager = person(201);
      wrong.set(who == Field::kLicensee ? body.licensee : body.manager);
      expect_refused(CommandKind::kApplyForLicence, body, {who, 0, wrong.name, wrong.rule});
    }
    SetTechnicalManager change;
    change.office = kOffice;
    change.change = ManagerChange::kReplace;
    change.day = kToday;
    change.person = person(301);
    wrong.set(change.person);
    expect_refused(CommandKind::kSetTechnicalManager, change,
                   {Field::kManager, 0, wrong.name, wrong.rule});
  }
}

}  // namespace
}  // namespace permitd::tests
