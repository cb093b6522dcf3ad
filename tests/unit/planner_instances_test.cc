// The readers of published formats, on instances of three customers made for this test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bench/balance_city_day.h"
#include "bench/balance_instances.h"
#include "planner/day_planner.h"
#include "planner/plan_check.h"

namespace permitd::bench {
namespace {

constexpr const char* kSolomon = R"(TINY

VEHICLE
NUMBER     CAPACITY
  2         20

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0       100          0
    1      3          4         10          0        90         5
    2      6          8         10         10        90         5
    3      0          2         10          0        90         5
)";

constexpr const char* kVrp = R"(NAME : TINY
TYPE : VRPTW
DIMENSION : 4
VEHICLES : 2
CAPACITY : 20
SERVICE_TIME : 5
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 2
DEMAND_SECTION
1 0
2 10
3 10
4 10
TIME_WINDOW_SECTION
1 0 100
2 0 90
3 10 90
4 0 90
DEPOT_SECTION
1
-1
EOF
)";

class PlannerInstances : public ::testing::Test {
 protected:
  PlannerInstances() { std::filesystem::create_directories(directory_); }
  ~PlannerInstances() override { std::filesystem::remove_all(directory_); }

  std::string write(const char* name, const char* text) {
    const auto file = directory_ / name;
    std::ofstream(file) << text;
    return file.string();
  }
  /// Two vehicles of 20: one makes 1 and 2 (5 + 5 + 10), the other 3 (2 + 2).
  void expect_tiny(const char* name, const char* text) {
    const auto instance = read_vrptw(write(name, text));
    ASSERT_TRUE(instance) << instance.error();
    EXPECT_EQ(instance->name, "tiny");
    EXPECT_EQ(instance->problem.inspectors.size(), 2U);
    ASSERT_EQ(instance->problem.visits.size(), 3U);
    EXPECT_EQ(instance->problem.visits[1].windows[0], (planner::TimeWindow{100, 900}));
    EXPECT_EQ(instance->problem.visits[1].service, 50);
    planner::DayPlanner planner(instance->problem, *instance->travel);
    planner::SearchOptions options;
    options.budget.iterations = 500;
    const planner::Plan plan = planner.improve(planner.first_plan(), options);
    EXPECT_EQ(plan.cost.total(), 240);
    EXPECT_TRUE(check_plan(instance->problem, *instance->travel, plan).empty());
  }

  // The support library's scratch directory would link the daemon.
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("permitd-instances-" + std::to_string(getpid()));
};

TEST_F(PlannerInstances, SolomonText) { expect_tiny("tiny.txt", kSolomon); }

TEST_F(PlannerInstances, VrpWithTimeWindows) { expect_tiny("tiny.vrp", kVrp); }

TEST_F(PlannerInstances, WhatIsNoInstanceIsSaid) {
  EXPECT_FALSE(read_vrptw(write("empty.txt", "nothing here\n")));
  EXPECT_FALSE(read_vrptw((directory_ / "missing.txt").string()));
}

TEST_F(PlannerInstances, BestKnownCostsSkipWhatIsUnknown) {
  const auto costs = read_best_known(write("best.csv", "instance,cost,source\nA,12.5,x\nB,,y\n"));
  EXPECT_EQ(costs.size(), 1U);
  EXPECT_EQ(costs.at("A"), 12.5);
}

TEST_F(PlannerInstances, PointsAreFoundByTheNamesOfTheirColumns) {
  const auto points =
      read_points(write("points.csv", "id,Note,Latitude,Longitude\n1,\"a, b\",35.5,51.25\n2,,,\n"));
  ASSERT_TRUE(points);
  ASSERT_EQ(points->size(), 1U);
  EXPECT_EQ(points->front().longitude, 51.25);
  EXPECT_FALSE(read_points(write("other.csv", "id,name\n1,x\n")));
}

TEST_F(PlannerInstances, ACityDayIsAFunctionOfItsSeedAndCanBePlanned) {
  const CityDayChoice choice{20, 80, 7, 300, 4};
  const CityDay day = make_city_day(choice);
  const CityDay again = make_city_day(choice);
  ASSERT_TRUE(validate(day.problem, day.travel->place_count()));
  planner::DayPlanner planner(day.problem, *day.travel);
  planner::DayPlanner other(again.problem, *again.travel);
  const planner::Plan plan = planner.first_plan();
  EXPECT_EQ(plan, other.first_plan());
  EXPECT_TRUE(check_plan(day.problem, *day.travel, plan).empty());
}

}  // namespace
}  // namespace permitd::bench
