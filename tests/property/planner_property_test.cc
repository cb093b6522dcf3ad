// Random small days with every kind of rule at once: whatever the solver returns passes the
// checker, the same seed and iterations give the same plan, and a warm start never makes it worse.
// A failing case names its seed; --gtest_filter with that number repeats it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>

#include "planner/absence.h"
#include "planner/day_planner.h"
#include "planner/live_day.h"
#include "planner/plan_check.h"
#include "planner/plan_reasons.h"
#include "planner/random.h"

namespace permitd::planner {
namespace {

using ::testing::IsEmpty;

constexpr Place kPlaces = 60;

/// One in `count` times.
bool seldom(Random& random, std::int32_t count) { return random.below(count) == 0; }

Inspector random_inspector(Random& random) {
  Inspector inspector;
  inspector.start = seldom(random, 5) ? kNowhere : random.below(kPlaces);
  inspector.end = seldom(random, 5) ? kNowhere : random.below(kPlaces);
  inspector.shift.open = random.below(100);
  inspector.shift.close = inspector.shift.open + 200 + random.below(300);
  inspector.skills = random.next() & 0b111;
  if (seldom(random, 3)) inspector.load_max = random.below(20);
  if (seldom(random, 3)) inspector.visits_max = random.below(6);
  if (seldom(random, 4)) inspector.fixed_cost = random.below(60);
  inspector.effort_before = random.below(500);
  inspector.effort_capacity = 300 + random.below(500);
  return inspector;
}

std::vector<TimeWindow> random_windows(Random& random) {
  const Time open = random.below(250);
  const Time close = open + random.below(200);
  if (!seldom(random, 3)) return {{open, close}};
  const Time later = close + 1 + random.below(80);
  return {{open, close}, {later, later + random.below(100)}};
}

Visit random_visit(Random& random, const DayProblem& problem) {
  const auto people = static_cast<std::int32_t>(problem.inspectors.size());
  const auto known = static_cast<VisitIndex>(problem.visits.size());
  Visit visit;
  visit.place = random.below(kPlaces);
  visit.service = random.below(30);
  visit.windows = random_windows(random);
  visit.skills = seldom(random, 2) ? SkillMask{1} << random.below(3) : 0;
  visit.demand = random.below(4);
  if (seldom(random, 2)) visit.prize = random.below(200);
  if (seldom(random, 4)) {
    visit.group = 1 + random.below(4);
    // A group has one place; the first of it says which.
    for (const Visit& other : problem.visits) {
      if (other.group == visit.group) visit.place = other.place;
    }
    if (seldom(random, 2)) visit.service_following = random.below(10);
  }
  if (seldom(random, 5)) visit.excluded.push_back(random.below(people));
  if (seldom(random, 10)) visit.lock.person = random.below(people);
  if (seldom(random, 10)) visit.lock.start = visit.windows.front();
  if (known > 0 && seldom(random, 6)) visit.lock.after = random.below(known);
  if (visit.lock.person != kNobody && visit.lock.start) visit.lock.frozen = true;
  if (seldom(random, 3)) visit.running = random.below(people);
  return visit;
}

DayProblem random_problem(Random& random) {
  DayProblem problem;
  const std::int32_t people = 1 + random.below(6);
  for (std::int32_t i = 0; i < people; ++i) problem.inspectors.push_back(random_inspector(random));
  // Twins, so that a class has more than one person.
  if (seldom(random, 2)) problem.inspectors.push_back(problem.inspectors.front());
  const std::int32_t visits = random.below(40);
  for (std::int32_t i = 0; i < visits; ++i) problem.visits.push_back(random_visit(random, problem));
  if (seldom(random, 2)) problem.weights.balance_permille = random.below(3000);
  if (seldom(random, 2)) problem.weights.move = random.below(40);
  return problem;
}

/// Not symmetric in half of the cases.
MatrixTravel random_travel(Random& random) {
  std::vector<Time> matrix(std::size_t{kPlaces} * kPlaces);
  const bool symmetric = seldom(random, 2);
  for (std::size_t a = 0; a < kPlaces; ++a) {
    for (std::size_t b = 0; b < kPlaces; ++b) {
      const auto there = static_cast<Time>(a < b ? b - a : a - b);
      matrix[a * kPlaces + b] = symmetric || a < b ? there : there + random.below(5);
    }
  }
  return {matrix, kPlaces};
}

class PlannerProperty : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  PlannerProperty()
      : random_(GetParam()), travel_(random_travel(random_)), problem_(random_problem(random_)) {}

  Plan solve(std::uint64_t iterations) {
    DayPlanner planner(problem_, travel_);
    SearchOptions options;
    options.budget.iterations = iterations;
    options.seed = GetParam();
    return planner.improve(planner.first_plan(GetParam()), options);
  }
  void expect_sound(const Plan& plan) {
    EXPECT_THAT(check_plan(problem_, travel_, plan), IsEmpty());
  }

  Random random_;
  MatrixTravel travel_;
  DayProblem problem_;
};

TEST_P(PlannerProperty, EveryPlanKeepsEveryRule) {
  ASSERT_TRUE(validate(problem_, travel_.place_count()));
  DayPlanner planner(problem_, travel_);
  expect_sound(planner.first_plan(GetParam()));
  expect_sound(solve(400));
}

TEST_P(PlannerProperty, SameSeedAndIterationsGiveTheSamePlan) { EXPECT_EQ(solve(200), solve(200)); }

TEST_P(PlannerProperty, AWarmStartIsNeverWorse) {
  const Plan plan = solve(100);
  DayPlanner planner(problem_, travel_);
  SearchOptions options;
  options.budget.iterations = 100;
  options.seed = GetParam() + 1;
  const Plan better = planner.improve(plan, options);
  expect_sound(better);
  EXPECT_LE(better.cost.total(), plan.cost.total());
}

TEST_P(PlannerProperty, AnInsertedVisitTouchesOneRoute) {
  const Plan plan = solve(200);
  LiveDay day(problem_, travel_, plan);
  Visit visit = random_visit(random_, problem_);
  visit.group = kNoGroup;
  const auto offers = day.offers(visit);
  EXPECT_EQ(offers.size(), visit.windows.size());
  const auto placed = day.insert(visit);
  EXPECT_EQ(placed.has_value(), std::ranges::any_of(offers, [](const Offer& offer) {
              return offer.placement.has_value();
            }));
  const Plan after = day.plan();
  EXPECT_THAT(check_plan(day.problem(), travel_, after), IsEmpty());
  for (std::size_t p = 0; p < plan.routes.size(); ++p) {
    const bool chosen = placed && placed->person == static_cast<PersonIndex>(p);
    if (!chosen) {
      EXPECT_EQ(after.routes[p], plan.routes[p]);
    }
  }
}

TEST_P(PlannerProperty, AnAbsenceLeavesASoundPlanWithoutThePerson) {
  const Plan plan = solve(200);
  SearchOptions options;
  options.budget.iterations = 200;
  const Absence absence{random_.below(static_cast<std::int32_t>(plan.routes.size())),
                        random_.below(300)};
  const AbsencePlan result = plan_absence(problem_, travel_, plan, absence, options);
  EXPECT_THAT(check_plan(result.problem, travel_, result.plan), IsEmpty());
  const auto& mine = plan.routes[static_cast<std::size_t>(absence.person)];
  const auto& kept = result.plan.routes[static_cast<std::size_t>(absence.person)];
  EXPECT_EQ(mine.size(), kept.size() + result.taken_over.size() + result.lost.size());
  EXPECT_TRUE(std::ranges::equal(kept, mine | std::views::take(kept.size())));
}

TEST_P(PlannerProperty, ReasonsAgreeWithThePlan) {
  const Plan plan = solve(200);
  PlanReasons reasons(problem_, travel_, plan);
  for (VisitIndex visit : plan.unserved) {
    const UnservedReason reason = reasons.why_unserved(visit);
    EXPECT_GE(reason.skilled, reason.not_excluded);
    EXPECT_GE(reason.not_excluded, reason.on_shift);
    EXPECT_GE(reason.on_shift, reason.with_room);
    const auto& asked = problem_.visits[static_cast<std::size_t>(visit)];
    if (asked.prize == kMustBeServed) {
      EXPECT_NE(reason.cause, UnservedCause::kNotWorthIt);
    }
  }
  for (PersonIndex person = 0; const auto& route : plan.routes) {
    for (const PlannedVisit& planned : route) {
      EXPECT_EQ(reasons.why_assigned(planned.visit).chosen.person, person);
    }
    ++person;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlannerProperty, ::testing::Range<std::uint64_t>(1, 101));

}  // namespace
}  // namespace permitd::planner
