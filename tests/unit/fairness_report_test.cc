// Goal: shares add up, and the indexes are those of the literature. Method: offices by hand.
#include "daemon/fairness_report.h"

#include <gtest/gtest.h>

#include "tests/support/question_city.h"

namespace permitd::daemon {
namespace {

TEST(FairnessReportTest, SharesOfWorkAndCapacityAreOfTheCity) {
  QuestionCity city;
  city.snapshot.offices[0].capacity_units_per_day = 30;
  city.snapshot.offices[0].window_minutes = 100;
  auto& other = city.add_office(202);
  other.capacity_units_per_day = 10;
  other.window_minutes = 100;
  city.add_office(303);  // neither capacity nor work
  const FairnessReport report = report_fairness(city.snapshot);
  ASSERT_EQ(report.offices.size(), 2U);
  EXPECT_EQ(report.offices[0].capacity_ppm, 750'000U);
  EXPECT_EQ(report.offices[0].work_ppm, 500'000U);
  EXPECT_EQ(report.work_minutes, 200U);
  EXPECT_EQ(report.capacity_units, 40U);
  // Loads 10/3 and 10: (40/3)² / (2 × 1000/9) = 0.8; Gini 0.25.
  EXPECT_EQ(report.jain_offices_ppm, 800'000U);
  EXPECT_EQ(report.gini_offices_ppm, 250'000U);
}

TEST(FairnessReportTest, AnOfficeThatClosedKeepsItsWorkInTheSum) {
  QuestionCity city;
  city.snapshot.offices[0].window_minutes = 60;
  const FairnessReport report = report_fairness(city.snapshot);
  ASSERT_EQ(report.offices.size(), 1U);
  EXPECT_EQ(report.offices[0].work_ppm, 1'000'000U);
  EXPECT_EQ(report.offices[0].capacity_ppm, 0U);
}

TEST(FairnessReportTest, PeopleCountByTheirOwnCapacity) {
  QuestionCity city;
  auto& one = city.add_expert(1, scheduler::Skill::kFile);
  one.window_minutes = 140;
  auto& half = city.add_expert(2, scheduler::Skill::kFile);
  half.window_minutes = 70;
  half.units_per_day = 7;
  city.add_expert(3, scheduler::Skill::kFile).state = scheduler::ExpertState::kLeft;
  const FairnessReport report = report_fairness(city.snapshot);
  EXPECT_EQ(report.experts, 2U);
  EXPECT_EQ(report.jain_experts_ppm, 1'000'000U);
}

TEST(FairnessReportTest, IndexesOfNothingAreThoseOfEquals) {
  EXPECT_EQ(jain_index({}), 1);
  EXPECT_EQ(jain_index({0, 0}), 1);
  EXPECT_EQ(gini_index({}), 0);
  EXPECT_EQ(gini_index({5, 5, 5}), 0);
  EXPECT_DOUBLE_EQ(gini_index({0, 0, 0, 8}), 0.75);
  EXPECT_DOUBLE_EQ(jain_index({0, 0, 0, 8}), 0.25);
}

}  // namespace
}  // namespace permitd::daemon
