// Small days for the planner's tests: people and visits on a line, where a place is its own
// coordinate and a unit of way takes a unit of time, so that every figure can be worked out by
// hand.
#pragma once

#include <cstdlib>
#include <vector>

#include "planner/day_planner.h"
#include "planner/plan_check.h"

namespace permitd::planner::testing {

class LineTravel final : public Travel {
 public:
  Place place_count() const override { return 1000; }
  Time between(Place from, Place to) const override { return std::abs(from - to); }
};

inline Inspector inspector_at(Place home, TimeWindow shift = {0, 1000}) {
  Inspector inspector;
  inspector.start = inspector.end = home;
  inspector.shift = shift;
  inspector.effort_capacity = 1000;
  return inspector;
}

inline Visit visit_at(Place place, Time service = 10, TimeWindow window = {0, 1000}) {
  Visit visit;
  visit.place = place;
  visit.service = service;
  visit.windows = {window};
  return visit;
}

/// First plan and a short search; the result has passed the checker.
inline Plan solve(const DayProblem& problem, const Travel& travel, std::uint64_t iterations = 2000,
                  std::uint64_t seed = 1) {
  DayPlanner planner(problem, travel);
  SearchOptions options;
  options.budget.iterations = iterations;
  options.seed = seed;
  return planner.improve(planner.first_plan(seed), options);
}

inline PersonIndex person_of(const Plan& plan, VisitIndex visit) {
  for (PersonIndex person = 0; const auto& route : plan.routes) {
    for (const PlannedVisit& planned : route) {
      if (planned.visit == visit) return person;
    }
    ++person;
  }
  return kNobody;
}

/// -1 if nobody makes it.
inline Time start_of(const Plan& plan, VisitIndex visit) {
  for (const auto& route : plan.routes) {
    for (const PlannedVisit& planned : route) {
      if (planned.visit == visit) return planned.start;
    }
  }
  return -1;
}

}  // namespace permitd::planner::testing
