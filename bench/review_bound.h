// What no plan of the desks can be better than: a lower bound of the greatest load, from the dual
// of the fractional assignment problem.
//
// For any prices y >= 0 of people with sum(y * capacity) = 1, the greatest load is at least
// sum(y * base) plus, over the jobs, the least y * effort among those who may take it (weak
// duality). Prices are the slopes of the p-norm of the loads at a plan that may split jobs, which
// coordinate descent brings to its minimum while p doubles; every sweep gives a true bound, the
// best is kept. Exclusions are left out: that only lowers it.
#pragma once

#include <cstdint>

#include "planner/review_problem.h"

namespace permitd::bench {

struct ReviewBound {
  double load = 0;        // no plan's greatest load is less
  double fractional = 0;  // a plan that may split jobs reaches this; the bound lies below the best
};
ReviewBound bound_review_load(const planner::ReviewProblem& problem);

}  // namespace permitd::bench
