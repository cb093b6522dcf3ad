// An inspector drops out: the day without them, their visits given to others, and as few of the
// other visits moved as possible. Made for a preview; nothing is applied here.
#pragma once

#include <cstdint>
#include <vector>

#include "planner/annealing.h"
#include "planner/day_problem.h"
#include "planner/plan.h"
#include "planner/travel.h"

namespace permitd::planner {

struct Absence {
  PersonIndex person = kNobody;
  /// Visits of this person that start before then are still made.
  Time from = 0;
};

struct AbsencePlan {
  /// The day as it is now: who runs what, what the absent person may still do.
  DayProblem problem;
  Plan plan;
  /// Visits of the absent person that others make now.
  std::vector<VisitIndex> taken_over;
  /// Visits of the absent person that nobody can make: they need another appointment.
  std::vector<VisitIndex> lost;
  /// Visits of others that changed their inspector.
  std::vector<VisitIndex> moved;
};

/// Only what the absent person had, and what lies near it, may move. Start locks of those visits
/// stay, so that a promised half-day is kept; locks to the absent person fall.
/// Pre: validate(problem) holds and `plan` keeps its rules.
AbsencePlan plan_absence(const DayProblem& problem, const Travel& travel, const Plan& plan,
                         const Absence& absence, const SearchOptions& options);

}  // namespace permitd::planner
