// On days of up to seven visits the search must reach the optimum, which is found by trying every
// order and every split among people.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "planner/random.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

/// Cost of a route in this order; -1 if a rule is broken.
Cost route_cost(const DayProblem& problem, const Travel& travel, PersonIndex person,
                std::span<const VisitIndex> order) {
  const Inspector& inspector = problem.inspectors[static_cast<std::size_t>(person)];
  if (order.empty()) return 0;
  Time now = inspector.shift.open;
  Place here = inspector.start;
  Cost cost = 0;
  for (VisitIndex v : order) {
    const Visit& visit = problem.visits[static_cast<std::size_t>(v)];
    if ((visit.skills & ~inspector.skills) != 0) return -1;
    const Time leg = travel.between(here, visit.place);
    const TimeWindow window = visit.windows.front();
    now = std::max(now + leg, window.open);
    if (now > window.close) return -1;
    now += visit.service;
    here = visit.place;
    cost += leg;
  }
  const Time leg = travel.between(here, inspector.end);
  return now + leg > inspector.shift.close ? -1 : cost + leg;
}

/// Two people: every permutation, cut at every place.
Cost optimum(const DayProblem& problem, const Travel& travel) {
  std::vector<VisitIndex> order(problem.visits.size());
  std::iota(order.begin(), order.end(), 0);
  Cost best = INT64_MAX;
  do {
    for (std::size_t cut = 0; cut <= order.size(); ++cut) {
      const std::span all(order);
      const Cost one = route_cost(problem, travel, 0, all.first(cut));
      const Cost two = route_cost(problem, travel, 1, all.subspan(cut));
      if (one >= 0 && two >= 0) best = std::min(best, one + two);
    }
  } while (std::ranges::next_permutation(order).found);
  return best;
}

class PlannerOptimum : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(PlannerOptimum, IsReachedOnSevenVisits) {
  Random random(GetParam());
  std::vector<PlaneTravel::Point> points;
  for (int i = 0; i < 9; ++i) points.push_back({random.unit() * 100, random.unit() * 100});
  const PlaneTravel travel(points, 1);
  DayProblem problem;
  problem.inspectors = {inspector_at(7), inspector_at(8)};
  problem.inspectors[0].skills = 0b01;
  problem.inspectors[1].skills = 0b11;
  for (Place place = 0; place < 7; ++place) {
    const Time open = random.below(500);
    problem.visits.push_back(visit_at(place, 20, {open, open + 250}));
    problem.visits.back().skills = place % 3 == 0 ? 0b10 : 0;
  }
  const Cost best = optimum(problem, travel);
  const Plan plan = solve(problem, travel, 3000);
  if (best == INT64_MAX) {
    EXPECT_FALSE(plan.unserved.empty());
  } else {
    EXPECT_EQ(plan.cost.total(), best);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlannerOptimum, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace permitd::planner::testing
