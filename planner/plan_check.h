// Judges a plan from nothing but the problem and the map: every rule and every figure is worked out
// anew, with none of the solver's code, so that a fault of the solver cannot hide itself. O(n).
#pragma once

#include <string>
#include <vector>

#include "planner/day_problem.h"
#include "planner/plan.h"
#include "planner/travel.h"

namespace permitd::planner {

/// Everything that is wrong with `plan`, in words; empty if nothing is.
std::vector<std::string> check_plan(const DayProblem& problem, const Travel& travel,
                                    const Plan& plan);

}  // namespace permitd::planner
