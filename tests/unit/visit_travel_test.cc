// How far people go on a day of visits, by a table of minutes between districts and without one,
// and how many threads look for the plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "daemon/district_minutes.h"
#include "daemon/visit_plan.h"
#include "tests/support/small_visit_day.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertId;
using testing::SizeIs;
using tests::at_minute;
using tests::kRepeatable;
using tests::VisitPlanTest;

/// An office of district 1 in the north and one of district 2 in the south, with an inspector each
/// who begins there; one visit in district 3, nearer to the north.
class VisitTravelTest : public VisitPlanTest {
 protected:
  VisitTravelTest() {
    snapshot.offices[0].point = north;
    snapshot.offices[0].district = 1;
    scheduler::OfficeView other = snapshot.offices[0];
    other.office = scheduler::OfficeId{102};
    other.point = south;
    other.district = 2;
    snapshot.offices.push_back(other);
    add_inspector(1, {});
    add_inspector(2, {}).office = scheduler::OfficeId{102};
    add_visit(11, {35'740'000, 51'400'000}).job.district = 3;
  }

  VisitPlan plan_by(const std::string& lines) const {
    const auto table =
        parse_district_minutes("district_from,district_to,minutes\n" + lines, "ways.csv");
    EXPECT_TRUE(table) << table.error().text();
    VisitPlanOptions options = kRepeatable;
    options.minutes_between = &*table;
    return plan_visits(snapshot, options, std::stop_source{});
  }
};

TEST_F(VisitTravelTest, ATableDecidesWhoIsNear) {
  EXPECT_EQ(expert_of(plan(), 11), ExpertId{1});
  const VisitPlan day = plan_by("1,3,90\n2,3,10\n3,2,30\n");
  EXPECT_EQ(expert_of(day, 11), ExpertId{2});
  EXPECT_EQ(day.travel_s, 40 * 60);
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].extra_travel_s, 40 * 60);
  EXPECT_EQ(day.lines[0].second, ExpertId{1});
  EXPECT_EQ(day.lines[0].second_travel_s, 2 * 90 * 60);
}

TEST_F(VisitTravelTest, WhatItDoesNotSayIsTheStraightLine) {
  const VisitPlan before = plan();
  const VisitPlan day = plan_by("1,2,90\n");
  EXPECT_EQ(expert_of(day, 11), ExpertId{1});
  EXPECT_EQ(day.travel_s, before.travel_s);
}

TEST_F(VisitTravelTest, WithinADistrictAndFromAHomeItIsTheStraightLine) {
  snapshot.visits[0].job.district = 1;
  EXPECT_EQ(plan_by("1,2,90\n").travel_s, plan().travel_s) << "from an office of the district";
  snapshot.visits[0].job.district = 3;
  snapshot.experts[0].home = {35'790'000, 51'400'000};
  EXPECT_EQ(plan_by("1,3,90\n2,3,90\n").travel_s, plan().travel_s) << "from a home";
}

TEST_F(VisitTravelTest, AVisitWithoutAPointStandsAtItsOffice) {
  snapshot.visits[0].point = {};
  snapshot.visits[0].job.intake_office = scheduler::OfficeId{102};
  const VisitPlan day = plan_by("1,2,20\n2,3,90\n");
  EXPECT_EQ(expert_of(day, 11), ExpertId{2});
  EXPECT_EQ(day.travel_s, 0);
}

TEST_F(VisitTravelTest, TheOptionsOfTheOperatorCarryTableAndThreads) {
  PlannerSettings settings;
  EXPECT_EQ(visit_options(settings).minutes_between, nullptr);
  EXPECT_EQ(visit_options(settings).threads, 1U);
  settings.minutes_between = std::make_shared<const DistrictMinutes>();
  settings.threads = 6;
  EXPECT_EQ(visit_options(settings).minutes_between, settings.minutes_between.get());
  EXPECT_EQ(visit_options(settings).threads, 6U);
}

class VisitThreadsTest : public VisitPlanTest {};

TEST_F(VisitThreadsTest, StepsAndThreadsGiveOnePlan) {
  for (std::uint32_t i = 1; i <= 6; ++i)
    add_inspector(i, {35'700'000 + static_cast<std::int32_t>(i) * 7'919, 51'400'000});
  for (std::uint64_t i = 1; i <= 30; ++i)
    add_visit(i, {35'690'000 + static_cast<std::int32_t>(i * i % 37) * 2'003,
                  51'390'000 + static_cast<std::int32_t>(i * 17 % 41) * 1'009})
        .job.appointment = at_minute(i % 2 == 0 ? 0 : 210);
  VisitPlanOptions options = kRepeatable;
  options.threads = 3;
  const VisitPlan first = plan_visits(snapshot, options, std::stop_source{});
  EXPECT_GE(first.iterations, 3 * kRepeatable.iterations);
  for (int again = 0; again < 3; ++again) {
    const VisitPlan second = plan_visits(snapshot, options, std::stop_source{});
    ASSERT_EQ(first.lines.size(), second.lines.size());
    for (std::size_t i = 0; i < first.lines.size(); ++i) {
      EXPECT_EQ(first.lines[i].job, second.lines[i].job);
      EXPECT_EQ(first.lines[i].expert, second.lines[i].expert);
      EXPECT_EQ(first.lines[i].start, second.lines[i].start);
    }
  }
}

TEST_F(VisitThreadsTest, WhoAsksToStopStopsAllThreads) {
  add_inspector(1, north);
  add_visit(11, south);
  VisitPlanOptions options;
  options.milliseconds = 60'000;
  options.threads = 4;
  std::stop_source stop;
  stop.request_stop();
  const VisitPlan day = plan_visits(snapshot, options, stop);  // not after a minute
  EXPECT_EQ(day.iterations, 0U);
  EXPECT_THAT(day.lines, SizeIs(1));
}

}  // namespace
}  // namespace permitd::daemon
