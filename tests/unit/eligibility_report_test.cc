// Goal: every person of the city is either able or removed by the first filter that holds, and what
// is left of a day is counted. Method: people of one office by hand, one thing wrong with each.
#include "daemon/eligibility_report.h"

#include <gtest/gtest.h>

#include <numeric>

#include "daemon/person_day.h"
#include "tests/support/question_city.h"

namespace permitd::daemon {
namespace {

using scheduler::Filter;
using scheduler::Skill;

constexpr std::uint32_t kDistrictOne = 1U << 1;
constexpr EligibilityQuestion kInspectInOne{.skills = 1U << 1, .districts = kDistrictOne};

EligibilityRow only_row(const CitySnapshot& snapshot,
                        const EligibilityQuestion& question = kInspectInOne) {
  const auto rows = report_eligibility(snapshot, question);
  EXPECT_EQ(rows.size(), 1U);
  return rows.at(0);
}

TEST(EligibilityReportTest, EachPersonIsCountedOnceByTheFirstFilter) {
  QuestionCity city;
  city.add_expert(1, Skill::kInspect);
  city.add_expert(2, Skill::kReview);
  city.add_expert(3, Skill::kInspect).state = scheduler::ExpertState::kSuspended;
  city.add_expert(4, Skill::kInspect).certified_until[1] = question_minute(-1);
  auto& absent = city.add_expert(5, Skill::kInspect);
  ASSERT_TRUE(absent.absences.add({question_minute(-60), question_minute(420)}));
  city.add_expert(6, Skill::kInspect).booked_minutes_today = 420;
  city.add_expert(7, Skill::kInspect, 1U << 2);
  city.add_office(303).state = scheduler::OfficeState::kSuspended;
  city.add_expert(8, Skill::kInspect).office = scheduler::OfficeId{303};
  const EligibilityRow row = only_row(city.snapshot);
  EXPECT_EQ(row.able, 1U);
  EXPECT_EQ(row.free_minutes, 420U);
  EXPECT_EQ(row.removed[raw(Filter::kSkill)], 1U);
  EXPECT_EQ(row.removed[raw(Filter::kCertificate)], 2U);
  EXPECT_EQ(row.removed[raw(Filter::kAbsence)], 1U);
  EXPECT_EQ(row.removed[raw(Filter::kCapacity)], 1U);
  EXPECT_EQ(row.removed[raw(Filter::kDistrict)], 1U);
  EXPECT_EQ(row.removed[raw(Filter::kOffice)], 1U);
  EXPECT_EQ(std::accumulate(row.removed.begin(), row.removed.end(), row.able), 8U);
}

TEST(EligibilityReportTest, AClosedDayRemovesEverybodyByTheShift) {
  QuestionCity city;
  city.snapshot.days = {CityDay{.date = kQuestionDate + 6}};
  city.add_expert(1, Skill::kInspect);
  EXPECT_EQ(only_row(city.snapshot).removed[raw(Filter::kShift)], 1U);
}

TEST(EligibilityReportTest, ACertificateThatLapsesTomorrowCountsToday) {
  QuestionCity city(2);
  city.add_expert(1, Skill::kInspect).certified_until[1] = question_minute(0, 1);
  const auto rows = report_eligibility(city.snapshot, kInspectInOne);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].able, 1U);
  EXPECT_EQ(rows[1].able, 0U);
  EXPECT_EQ(rows[1].removed[raw(Filter::kCertificate)], 1U);
}

TEST(EligibilityReportTest, ServicesCountWhereTheyAreAskedFor) {
  QuestionCity city;
  city.snapshot.offices[0].services_active = 1U << 3;
  city.add_expert(1, Skill::kInspect);
  EligibilityQuestion question = kInspectInOne;
  question.service = scheduler::ServiceId{3};
  EXPECT_EQ(only_row(city.snapshot, question).able, 1U);
  question.service = scheduler::ServiceId{4};
  EXPECT_EQ(only_row(city.snapshot, question).removed[raw(Filter::kOffice)], 1U);
}

TEST(EligibilityReportTest, VisitsOfTheDayAreBounded) {
  QuestionCity city(2);
  city.add_expert(1, Skill::kInspect).visits_today = city.snapshot.policy.visits_per_day;
  const auto rows = report_eligibility(city.snapshot, kInspectInOne);
  EXPECT_EQ(rows.at(0).removed[raw(Filter::kCapacity)], 1U);
  EXPECT_EQ(rows.at(1).able, 1U);
}

TEST(EligibilityReportTest, WithoutChoiceAllSkillsAndTheKnownDistrictsAreTold) {
  QuestionCity city;
  city.add_expert(1, Skill::kInspect, 1U << 5);
  city.snapshot.open_districts = 1U << 9 | 1U;
  const auto rows = report_eligibility(city.snapshot, {});
  ASSERT_EQ(rows.size(), scheduler::kSkillCount * 3);  // districts 1, 5 and 9
  EXPECT_EQ(rows[0].district, 1);
  EXPECT_EQ(rows[1].district, 5);
  EXPECT_EQ(rows[2].district, 9);
}

TEST(PersonDayTest, ReservedWorkAndAnAbsenceTakeFromTheirDayAlone) {
  QuestionCity city(2);
  auto& expert = city.add_expert(1, Skill::kInspect);
  city.snapshot.reserved.push_back({expert.expert, kQuestionDate, 120});
  ASSERT_TRUE(expert.absences.add({question_minute(60, 1), question_minute(360, 1)}));
  expert.booked_minutes_today = 30;
  const CityPeople people(city.snapshot);
  EXPECT_EQ(people.free_minutes(expert, city.snapshot.days[0]), 420 - 120 - 30);
  EXPECT_EQ(people.free_minutes(expert, city.snapshot.days[1]), 120);
  EXPECT_EQ(present_minutes(expert, nullptr, city.snapshot.days[0], question_minute(400)), 20);
}

}  // namespace
}  // namespace permitd::daemon
