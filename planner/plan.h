// A finished plan: who makes which visits in which order and when, what is left out, and what it
// costs. A value without ties to the solver that made it.
#pragma once

#include <cstdint>
#include <vector>

#include "planner/day_problem.h"

namespace permitd::planner {

struct PlannedVisit {
  VisitIndex visit = kNoVisit;
  /// When service starts.
  Time start = 0;
  friend bool operator==(const PlannedVisit&, const PlannedVisit&) = default;
};

struct PlanCost {
  Cost travel = 0;
  /// Fixed costs of the people who go out.
  Cost fixed = 0;
  /// Prizes of the visits left out.
  Cost unserved = 0;
  Cost balance = 0;
  Cost moves = 0;

  Cost total() const { return travel + fixed + unserved + balance + moves; }
  friend bool operator==(const PlanCost&, const PlanCost&) = default;
};

struct Plan {
  /// One route per inspector, in the order of DayProblem::inspectors.
  std::vector<std::vector<PlannedVisit>> routes;
  /// In the order of their indexes.
  std::vector<VisitIndex> unserved;
  PlanCost cost;
  friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace permitd::planner
