// The checker must notice each broken rule: a sound plan is broken in one way at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/plan_check.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PlannerCheck : public ::testing::Test {
 protected:
  PlannerCheck() {
    problem_.inspectors = {inspector_at(0), inspector_at(100)};
    problem_.visits = {visit_at(10), visit_at(20), visit_at(90)};
    plan_.routes = {{{0, 10}, {1, 30}}, {{2, 10}}};
    plan_.cost.travel = 40 + 20;
  }
  void expect_complaint(const char* text) {
    EXPECT_THAT(check_plan(problem_, travel_, plan_), Contains(HasSubstr(text)));
  }

  LineTravel travel_;
  DayProblem problem_;
  Plan plan_;
};

TEST_F(PlannerCheck, ASoundPlanPasses) {
  EXPECT_THAT(check_plan(problem_, travel_, plan_), IsEmpty());
}

TEST_F(PlannerCheck, EarlyStart) {
  plan_.routes[0][1].start = 29;
  expect_complaint("starts before arrival");
}

TEST_F(PlannerCheck, OutsideTheWindow) {
  problem_.visits[1].windows = {{0, 29}};
  expect_complaint("no window");
}

TEST_F(PlannerCheck, LateHome) {
  problem_.inspectors[0].shift.close = 59;
  expect_complaint("after the shift");
}

TEST_F(PlannerCheck, MissingAndDoubleVisits) {
  plan_.routes[1][0].visit = 1;
  expect_complaint("is made twice");
  expect_complaint("neither in nor out");
}

TEST_F(PlannerCheck, SkillExclusionLoadAndNumber) {
  problem_.visits[0].skills = 1;
  problem_.visits[1].excluded = {0};
  problem_.visits[1].demand = 3;
  problem_.inspectors[0].load_max = 2;
  problem_.inspectors[0].visits_max = 1;
  expect_complaint("lacks a skill");
  expect_complaint("is excluded");
  expect_complaint("carries too much");
  expect_complaint("too many visits");
}

TEST_F(PlannerCheck, Locks) {
  problem_.visits[0].lock = {1, TimeWindow{11, 12}, 1, false};
  expect_complaint("locked to somebody else");
  expect_complaint("leaves its locked start");
  expect_complaint("comes before its lock");
}

TEST_F(PlannerCheck, TornGroup) {
  problem_.visits[0].group = problem_.visits[2].group = 4;
  expect_complaint("torn apart");
}

TEST_F(PlannerCheck, WaitInsideAGroup) {
  problem_.visits[0].group = problem_.visits[1].group = 4;
  problem_.visits[1].place = 10;
  expect_complaint("waits in its group");
}

TEST_F(PlannerCheck, WrongFigures) {
  plan_.cost.travel = 59;
  plan_.cost.balance = 1;
  expect_complaint("travel costs 60, not 59");
  expect_complaint("balance costs 0, not 1");
}

}  // namespace
}  // namespace permitd::planner::testing
