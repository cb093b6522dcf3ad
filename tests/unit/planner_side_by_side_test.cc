// A search on several threads: the same plan however they take turns, none worse than that of one
// thread, and all of them end when they are told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stop_token>
#include <vector>

#include "planner/day_planner.h"
#include "planner/plan_check.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

using ::testing::IsEmpty;

constexpr std::uint64_t kSteps = 300;
constexpr VisitIndex kVisits = 40;

/// More visits than eight people can make at once, so that short searches from different seeds end
/// in different plans.
DayProblem crowded_day() {
  DayProblem day;
  for (Place home = 0; home < 8; ++home)
    day.inspectors.push_back(inspector_at(home * 113, {0, 700}));
  for (Place i = 0; i < kVisits; ++i) {
    const Time open = i % 2 * 300;
    day.visits.push_back(visit_at(i * i * 37 % 991, 20, {open, open + 280}));
  }
  return day;
}

class PlannerSideBySide : public ::testing::Test {
 protected:
  PlannerSideBySide() : planner_(day_, travel_), nothing_(empty_plan()) {}

  Plan improved(std::uint64_t seed, std::uint32_t threads) {
    SearchOptions options;
    options.budget.iterations = kSteps;
    options.seed = seed;
    options.threads = threads;
    return planner_.improve(nothing_, options);
  }

  Plan empty_plan() const {
    Plan plan;
    plan.routes.resize(day_.inspectors.size());
    for (VisitIndex visit = 0; visit < kVisits; ++visit) plan.unserved.push_back(visit);
    return plan;
  }

  const LineTravel travel_;
  const DayProblem day_ = crowded_day();
  DayPlanner planner_;
  const Plan nothing_;
};

TEST_F(PlannerSideBySide, ThePlanIsTheBestThatOneOfTheSeedsFindsAlone) {
  constexpr std::uint32_t kThreads = 4;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::vector<Plan> alone;
    for (std::size_t search = 0; search < kThreads; ++search)
      alone.push_back(improved(DayPlanner::seed_of(seed, search), 1));
    const auto cost = [](const Plan& plan) { return plan.cost.total(); };
    const Plan together = improved(seed, kThreads);
    EXPECT_EQ(together, *std::ranges::min_element(alone, {}, cost)) << "seed " << seed;
    EXPECT_EQ(planner_.progress().iterations, kThreads * kSteps);
    EXPECT_LE(cost(together), cost(improved(seed, 1)));
    EXPECT_THAT(check_plan(day_, travel_, together), IsEmpty());
  }
}

TEST_F(PlannerSideBySide, StepsGiveOnePlanHoweverTheThreadsTakeTurns) {
  const Plan first = improved(7, 8);
  for (int again = 0; again < 10; ++again) EXPECT_EQ(improved(7, 8), first);
}

TEST_F(PlannerSideBySide, OneThreadAndNoneAreTheSameSearch) {
  EXPECT_EQ(improved(3, 0), improved(3, 1));
  EXPECT_EQ(DayPlanner::seed_of(3, 0), 3U);
}

TEST_F(PlannerSideBySide, AMendedDayIsSearchedByAll) {
  Plan running = improved(1, 1);
  for (auto& route : running.routes) {
    if (route.empty()) continue;
    running.unserved.push_back(route.back().visit);
    route.pop_back();
    break;
  }
  std::ranges::sort(running.unserved);
  SearchOptions options;
  options.budget.iterations = kSteps;
  const Plan alone = planner_.mend(running, options);
  options.threads = 3;
  const Plan together = planner_.mend(running, options);
  EXPECT_EQ(planner_.progress().iterations, 3 * kSteps);
  EXPECT_EQ(planner_.mend(running, options), together);
  EXPECT_LE(together.cost.total(), alone.cost.total());
  EXPECT_THAT(check_plan(day_, travel_, together), IsEmpty());
}

TEST_F(PlannerSideBySide, ARequestToStopEndsAllSearches) {
  std::stop_source source;
  SearchOptions options;
  options.budget.iterations = UINT64_MAX;
  options.threads = 4;
  options.stop = source.get_token();
  options.report_every = std::chrono::milliseconds(0);
  options.report = [&source](const Progress&) { source.request_stop(); };
  const Plan plan = planner_.improve(nothing_, options);  // or it would never come back
  EXPECT_THAT(check_plan(day_, travel_, plan), IsEmpty());
}

TEST_F(PlannerSideBySide, WhatWasStoppedBeforeDoesNothing) {
  std::stop_source source;
  source.request_stop();
  SearchOptions options;
  options.budget.iterations = UINT64_MAX;
  options.threads = 4;
  options.stop = source.get_token();
  EXPECT_EQ(planner_.improve(nothing_, options).unserved.size(), std::size_t{kVisits});
  EXPECT_EQ(planner_.progress().iterations, 0U);
}

}  // namespace
}  // namespace permitd::planner::testing
