// Offers, single insertions, absences and reasons, on days that can be worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/absence.h"
#include "planner/live_day.h"
#include "planner/plan_reasons.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PlannerLiveDay : public ::testing::Test {
 protected:
  PlannerLiveDay() {
    problem_.inspectors = {inspector_at(0, {0, 400}), inspector_at(100, {0, 200})};
    problem_.visits = {visit_at(20, 50, {0, 150}), visit_at(90, 50, {0, 150})};
    plan_ = solve(problem_, travel_);
  }

  LineTravel travel_;
  DayProblem problem_;
  Plan plan_;
};

TEST_F(PlannerLiveDay, OffersNameDetourAndPersonPerHalfDay) {
  LiveDay day(problem_, travel_, plan_);
  Visit visit = visit_at(30, 50, {0, 150});
  visit.windows.push_back({250, 350});
  const auto offers = day.offers(visit);
  ASSERT_EQ(offers.size(), 2U);
  ASSERT_TRUE(offers[0].placement);
  EXPECT_EQ(offers[0].placement->person, 0);
  EXPECT_EQ(offers[0].placement->extra_travel, 20);
  ASSERT_TRUE(offers[1].placement);
  EXPECT_EQ(offers[1].placement->person, 0);
  EXPECT_EQ(offers[1].placement->start, 250);
}

TEST_F(PlannerLiveDay, AnImpossibleHalfDayIsNotOffered) {
  LiveDay day(problem_, travel_, plan_);
  Visit visit = visit_at(30, 50, {0, 150});
  visit.windows.push_back({360, 390});
  EXPECT_FALSE(day.offers(visit)[1].placement);
}

TEST_F(PlannerLiveDay, OffersLeaveTheDayAsItWas) {
  LiveDay day(problem_, travel_, plan_);
  day.offers(visit_at(30));
  EXPECT_EQ(day.plan(), plan_);
  EXPECT_EQ(day.problem().visits.size(), 2U);
}

TEST_F(PlannerLiveDay, InsertingTouchesOneRoute) {
  LiveDay day(problem_, travel_, plan_);
  const auto placed = day.insert(visit_at(30, 50, {0, 150}));
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->person, 0);
  const Plan after = day.plan();
  EXPECT_THAT(check_plan(day.problem(), travel_, after), IsEmpty());
  EXPECT_EQ(after.routes[1], plan_.routes[1]);
  EXPECT_EQ(after.cost.travel, plan_.cost.travel + placed->extra_travel);
}

TEST_F(PlannerLiveDay, WhatFitsNowhereStaysUnknown) {
  LiveDay day(problem_, travel_, plan_);
  EXPECT_FALSE(day.insert(visit_at(30, 500)));
  EXPECT_EQ(day.problem().visits.size(), 2U);
  EXPECT_TRUE(day.insert(visit_at(31, 10)));
  EXPECT_THAT(check_plan(day.problem(), travel_, day.plan()), IsEmpty());
}

TEST_F(PlannerLiveDay, WhatIsInNoRouteCanBePlaced) {
  plan_.routes[0].clear();  // whoever made the plan knew nothing of the first visit
  LiveDay day(problem_, travel_, plan_);
  EXPECT_FALSE(day.is_placed(0));
  ASSERT_TRUE(day.is_placed(1));
  const auto placed = day.place(0);
  ASSERT_TRUE(placed);
  EXPECT_TRUE(day.is_placed(0));
  const Plan after = day.plan();
  EXPECT_THAT(check_plan(day.problem(), travel_, after), IsEmpty());
  EXPECT_THAT(after.unserved, IsEmpty());
  problem_.visits[0].service = 500;
  LiveDay full(problem_, travel_, plan_);
  EXPECT_FALSE(full.place(0));
  EXPECT_EQ(full.plan().unserved, std::vector<VisitIndex>{0});
}

TEST_F(PlannerLiveDay, AnAbsenceHandsOverWhatOthersCanMake) {
  problem_.visits[0].lock = {0, TimeWindow{20, 150}, kNoVisit, true};
  plan_ = solve(problem_, travel_);
  SearchOptions options;
  options.budget.iterations = 500;
  const AbsencePlan absence = plan_absence(problem_, travel_, plan_, {0, 0}, options);
  EXPECT_THAT(check_plan(absence.problem, travel_, absence.plan), IsEmpty());
  EXPECT_EQ(absence.plan.routes[0].size(), 0U);
  EXPECT_EQ(absence.taken_over.size() + absence.lost.size(), plan_.routes[0].size());
  EXPECT_THAT(absence.moved, IsEmpty());
}

TEST_F(PlannerLiveDay, WhatHasBegunBeforeAnAbsenceIsFinished) {
  problem_.visits.push_back(visit_at(10, 50, {200, 300}));
  plan_ = solve(problem_, travel_);
  ASSERT_EQ(person_of(plan_, 0), 0);
  ASSERT_EQ(person_of(plan_, 2), 0);
  SearchOptions options;
  options.budget.iterations = 500;
  const AbsencePlan absence = plan_absence(problem_, travel_, plan_, {0, 100}, options);
  EXPECT_EQ(person_of(absence.plan, 0), 0);
  EXPECT_THAT(absence.lost, ElementsAre(2));  // the other person goes home at 200
}

class PlannerReasons : public PlannerLiveDay {
 protected:
  UnservedReason why_not(Visit visit) {
    problem_.visits.push_back(visit);
    plan_ = solve(problem_, travel_);
    EXPECT_THAT(plan_.unserved, ElementsAre(2));
    return PlanReasons(problem_, travel_, plan_).why_unserved(2);
  }
};

TEST_F(PlannerReasons, NobodyHasTheSkill) {
  Visit visit = visit_at(50);
  visit.skills = 1;
  EXPECT_EQ(why_not(visit).cause, UnservedCause::kNobodyHasTheSkill);
}

TEST_F(PlannerReasons, AllAreExcluded) {
  Visit visit = visit_at(50);
  visit.excluded = {0, 1};
  const UnservedReason reason = why_not(visit);
  EXPECT_EQ(reason.cause, UnservedCause::kAllExcluded);
  EXPECT_EQ(reason.skilled, 2);
  EXPECT_EQ(reason.not_excluded, 0);
}

TEST_F(PlannerReasons, NobodyIsOnShift) {
  EXPECT_EQ(why_not(visit_at(50, 10, {401, 500})).cause, UnservedCause::kNobodyOnShift);
}

TEST_F(PlannerReasons, AllAreFull) {
  for (Inspector& inspector : problem_.inspectors) inspector.visits_max = 1;
  Visit visit = visit_at(95, 10);
  visit.prize = 1;
  EXPECT_EQ(why_not(visit).cause, UnservedCause::kAllFull);
}

TEST_F(PlannerReasons, NoGapIsLongEnough) {
  Visit visit = visit_at(50, 300);
  visit.prize = 1;
  EXPECT_EQ(why_not(visit).cause, UnservedCause::kNoTime);
}

TEST_F(PlannerReasons, ThePrizeIsTooSmall) {
  Visit visit = visit_at(60, 10);
  visit.prize = 1;
  EXPECT_EQ(why_not(visit).cause, UnservedCause::kNotWorthIt);
}

TEST_F(PlannerReasons, AnAssignmentNamesTheSecondBest) {
  problem_.inspectors[1].shift.close = 300;
  PlanReasons reasons(problem_, travel_, plan_);
  const AssignmentReason reason = reasons.why_assigned(0);
  EXPECT_EQ(reason.chosen.person, 0);
  EXPECT_EQ(reason.chosen.extra_travel, 40);
  ASSERT_TRUE(reason.second);
  EXPECT_EQ(reason.second->person, 1);
  EXPECT_EQ(reason.second->extra_travel, 140);  // on from 90 to 20 and back
  // Asking changes nothing.
  EXPECT_EQ(reasons.why_assigned(1).chosen.extra_travel, 20);
  EXPECT_EQ(reasons.why_assigned(0).chosen.extra_travel, 40);
}

}  // namespace
}  // namespace permitd::planner::testing
