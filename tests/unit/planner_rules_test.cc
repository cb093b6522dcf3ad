// Each rule of a day plan on a day small enough to be checked by hand. Every plan also passes the
// checker, which shares no code with the solver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/day_planner.h"
#include "planner/plan_check.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

using ::testing::IsEmpty;

class PlannerRules : public ::testing::Test {
 protected:
  Plan solved() {
    EXPECT_TRUE(validate(problem_, travel_.place_count()));
    Plan plan = solve(problem_, travel_);
    EXPECT_THAT(check_plan(problem_, travel_, plan), IsEmpty());
    return plan;
  }

  LineTravel travel_;
  DayProblem problem_;
};

TEST_F(PlannerRules, RouteRunsOutAndBackOnce) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(30), visit_at(10), visit_at(20)};
  EXPECT_EQ(solved().cost.travel, 60);
}

TEST_F(PlannerRules, WithoutAnEndTheWayHomeIsFree) {
  problem_.inspectors = {inspector_at(0)};
  problem_.inspectors[0].end = kNowhere;
  problem_.visits = {visit_at(30), visit_at(10)};
  EXPECT_EQ(solved().cost.travel, 30);
}

TEST_F(PlannerRules, EachVisitGoesToTheNearestHome) {
  problem_.inspectors = {inspector_at(0), inspector_at(900)};
  problem_.visits = {visit_at(10), visit_at(890)};
  const Plan plan = solved();
  EXPECT_EQ(person_of(plan, 0), 0);
  EXPECT_EQ(person_of(plan, 1), 1);
}

TEST_F(PlannerRules, SkillOutweighsDistance) {
  problem_.inspectors = {inspector_at(0), inspector_at(200)};
  problem_.inspectors[1].skills = 0b10;
  problem_.visits = {visit_at(10)};
  problem_.visits[0].skills = 0b10;
  EXPECT_EQ(person_of(solved(), 0), 1);
}

TEST_F(PlannerRules, AnExcludedPersonStaysAway) {
  problem_.inspectors = {inspector_at(0), inspector_at(200)};
  problem_.visits = {visit_at(10)};
  problem_.visits[0].excluded = {0};
  EXPECT_EQ(person_of(solved(), 0), 1);
}

TEST_F(PlannerRules, SecondWindowIsTakenWhereTheFirstIsImpossible) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(50, 10, {0, 40})};
  problem_.visits[0].windows.push_back({500, 600});
  EXPECT_EQ(start_of(solved(), 0), 500);
}

TEST_F(PlannerRules, NobodyStartsBetweenTwoWindows) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(0, 100, {0, 0}), visit_at(0, 10, {0, 50})};
  problem_.visits[1].windows.push_back({300, 400});
  // Visit 0 must start at once and keeps the person until 100, when the first window is over.
  EXPECT_EQ(start_of(solved(), 1), 300);
}

TEST_F(PlannerRules, ShiftEndsAtHome) {
  problem_.inspectors = {inspector_at(0, {0, 100})};
  problem_.visits = {visit_at(45), visit_at(46)};  // 45 + 10 + 45 = 100; 46 takes 102
  const Plan plan = solved();
  EXPECT_EQ(person_of(plan, 0), 0);
  EXPECT_EQ(plan.unserved, std::vector<VisitIndex>{1});
}

TEST_F(PlannerRules, LoadAndNumberOfVisitsAreBounded) {
  problem_.inspectors = {inspector_at(0), inspector_at(0)};
  problem_.inspectors[0].load_max = 5;
  problem_.inspectors[1].visits_max = 1;
  problem_.visits = {visit_at(1), visit_at(2), visit_at(3)};
  for (Visit& visit : problem_.visits) visit.demand = 3;
  EXPECT_EQ(solved().unserved.size(), 1U);
}

TEST_F(PlannerRules, ACheapPrizeIsLeftOut) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(10), visit_at(300)};
  problem_.visits[1].prize = 100;
  const Plan plan = solved();
  EXPECT_EQ(plan.unserved, std::vector<VisitIndex>{1});
  EXPECT_EQ(plan.cost.unserved, 100);
}

TEST_F(PlannerRules, TheGreaterPrizeIsServed) {
  problem_.inspectors = {inspector_at(0)};
  problem_.inspectors[0].visits_max = 1;
  problem_.visits = {visit_at(10), visit_at(10), visit_at(10)};
  problem_.visits[0].prize = 500;
  problem_.visits[1].prize = 900;
  problem_.visits[2].prize = 700;
  EXPECT_EQ(person_of(solved(), 1), 0);
}

TEST_F(PlannerRules, FixedCostKeepsTheSecondPersonAtHome) {
  problem_.inspectors = {inspector_at(0), inspector_at(30)};
  problem_.visits = {visit_at(10), visit_at(30)};
  problem_.inspectors[1].fixed_cost = 100;
  const Plan plan = solved();
  EXPECT_EQ(person_of(plan, 1), 0);
  EXPECT_EQ(plan.cost.fixed, 0);
}

TEST_F(PlannerRules, AGroupIsOneTripWithReducedService) {
  problem_.inspectors = {inspector_at(0), inspector_at(0)};
  problem_.visits = {visit_at(20, 30), visit_at(5), visit_at(20, 30), visit_at(20, 30)};
  for (VisitIndex v : {0, 2, 3}) {
    Visit& visit = problem_.visits[static_cast<std::size_t>(v)];
    visit.group = 7;
    visit.service_following = 12;
  }
  const Plan plan = solved();
  EXPECT_EQ(start_of(plan, 2), start_of(plan, 0) + 30);
  EXPECT_EQ(start_of(plan, 3), start_of(plan, 0) + 42);
  EXPECT_EQ(plan.cost.travel, 40);
}

TEST_F(PlannerRules, AGroupStartsWhenAllItsWindowsAllow) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(20, 30, {0, 1000}), visit_at(20, 30, {200, 1000})};
  problem_.visits[0].group = problem_.visits[1].group = 1;
  EXPECT_EQ(start_of(solved(), 0), 170);
}

TEST_F(PlannerRules, AGroupNeedsAllItsSkillsInOnePerson) {
  problem_.inspectors = {inspector_at(0), inspector_at(500)};
  problem_.inspectors[0].skills = 0b01;
  problem_.inspectors[1].skills = 0b11;
  problem_.visits = {visit_at(20), visit_at(20)};
  problem_.visits[0].group = problem_.visits[1].group = 1;
  problem_.visits[0].skills = 0b01;
  problem_.visits[1].skills = 0b10;
  EXPECT_EQ(person_of(solved(), 0), 1);
}

TEST_F(PlannerRules, PersonLockHolds) {
  problem_.inspectors = {inspector_at(0), inspector_at(500)};
  problem_.visits = {visit_at(10)};
  problem_.visits[0].lock.person = 1;
  EXPECT_EQ(person_of(solved(), 0), 1);
}

TEST_F(PlannerRules, StartLockHoldsAloneAndFreesThePerson) {
  problem_.inspectors = {inspector_at(0), inspector_at(500)};
  problem_.visits = {visit_at(490)};
  problem_.visits[0].lock.start = TimeWindow{333, 333};
  const Plan plan = solved();
  EXPECT_EQ(start_of(plan, 0), 333);
  EXPECT_EQ(person_of(plan, 0), 1);
}

TEST_F(PlannerRules, OrderLockHoldsWhereBothAreInOneRoute) {
  problem_.inspectors = {inspector_at(0)};
  problem_.inspectors[0].end = kNowhere;
  problem_.visits = {visit_at(10), visit_at(20)};
  problem_.visits[0].lock.after = 1;
  const Plan plan = solved();
  EXPECT_LT(start_of(plan, 1), start_of(plan, 0));
  EXPECT_EQ(plan.cost.travel, 30);
}

TEST_F(PlannerRules, OrderLockSaysNothingAboutTwoRoutes) {
  problem_.inspectors = {inspector_at(0), inspector_at(500)};
  problem_.visits = {visit_at(10, 10, {10, 10}), visit_at(490, 10, {100, 200})};
  problem_.visits[0].lock.after = 1;
  EXPECT_THAT(solved().unserved, IsEmpty());
}

TEST_F(PlannerRules, AFrozenVisitKeepsPersonAndStartAgainstAllCosts) {
  problem_.inspectors = {inspector_at(0), inspector_at(900)};
  problem_.visits = {visit_at(890), visit_at(885), visit_at(10)};
  problem_.visits[0].lock = {0, TimeWindow{950, 950}, kNoVisit, true};
  problem_.inspectors[0].end = kNowhere;
  const Plan plan = solved();
  EXPECT_EQ(person_of(plan, 0), 0);
  EXPECT_EQ(start_of(plan, 0), 950);
}

TEST_F(PlannerRules, AMoveAgainstTheRunningPlanMustPay) {
  problem_.inspectors = {inspector_at(0), inspector_at(100)};
  problem_.visits = {visit_at(60)};
  problem_.visits[0].running = 0;  // 120 there, 80 from the other home
  problem_.weights.move = 50;
  EXPECT_EQ(person_of(solved(), 0), 0);
  problem_.weights.move = 30;
  const Plan plan = solved();
  EXPECT_EQ(person_of(plan, 0), 1);
  EXPECT_EQ(plan.cost.moves, 30);
}

TEST_F(PlannerRules, BalanceSharesWorkThatTravelAloneWouldNot) {
  problem_.inspectors = {inspector_at(0), inspector_at(20)};
  for (int i = 0; i < 6; ++i) problem_.visits.push_back(visit_at(1, 100));
  EXPECT_EQ(solved().routes[1].size(), 0U);
  problem_.weights.balance_permille = 1000;
  EXPECT_EQ(solved().routes[1].size(), 3U);
}

TEST_F(PlannerRules, BalanceMindsWhatWasDoneBefore) {
  problem_.inspectors = {inspector_at(0), inspector_at(0)};
  problem_.inspectors[0].effort_before = 400;
  for (int i = 0; i < 4; ++i) problem_.visits.push_back(visit_at(1, 100));
  problem_.weights.balance_permille = 1000;
  EXPECT_EQ(solved().routes[0].size(), 0U);
}

TEST_F(PlannerRules, WarmStartKeepsWhatIsBetterAlready) {
  problem_.inspectors = {inspector_at(0), inspector_at(900)};
  for (Place place : {10, 40, 300, 500, 700, 880}) problem_.visits.push_back(visit_at(place));
  const Plan good = solved();
  DayPlanner planner(problem_, travel_);
  SearchOptions options;
  options.budget.iterations = 1;
  EXPECT_EQ(planner.improve(good, options).cost.total(), good.cost.total());
}

TEST_F(PlannerRules, AStopRequestEndsTheSearch) {
  problem_.inspectors = {inspector_at(0)};
  problem_.visits = {visit_at(10)};
  DayPlanner planner(problem_, travel_);
  std::stop_source source;
  SearchOptions options;
  options.budget.iterations = UINT64_MAX;
  options.stop = source.get_token();
  options.report_every = std::chrono::milliseconds(0);
  options.report = [&](const Progress&) { source.request_stop(); };
  const Plan plan = planner.improve(planner.first_plan(), options);
  EXPECT_EQ(plan.cost.travel, 20);
}

TEST_F(PlannerRules, WhatCannotBeAPlanIsRefusedInWords) {
  problem_.inspectors = {inspector_at(0)};
  const auto refused = [&](Visit visit) {
    problem_.visits = {visit};
    const auto valid = validate(problem_, travel_.place_count());
    return valid ? std::string() : valid.error().text;
  };
  Visit visit = visit_at(10);
  EXPECT_EQ(refused(visit), "");
  visit.place = 1000;
  EXPECT_EQ(refused(visit), "unknown place of a visit");
  visit = visit_at(10, 10, {5, 4});
  EXPECT_EQ(refused(visit), "window closes before it opens");
  visit = visit_at(10);
  visit.lock.frozen = true;
  EXPECT_EQ(refused(visit), "frozen without person and start");
  visit = visit_at(10);
  visit.excluded = {1};
  EXPECT_EQ(refused(visit), "excludes nobody known");
}

}  // namespace
}  // namespace permitd::planner::testing
