// Judges a plan of the desks by recomputing it from the problem alone, with code that the planner
// does not share: who may have what, the order and moments of work, every figure. Any thread.
#pragma once

#include <string>
#include <vector>

#include "planner/review_plan.h"

namespace permitd::planner {

/// One sentence per broken rule; empty when the plan is sound.
std::vector<std::string> check_review_plan(const ReviewProblem& problem, const ReviewPlan& plan);

}  // namespace permitd::planner
