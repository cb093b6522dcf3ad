// The planner of one day: a first plan in milliseconds, improved for as long as the caller likes.
// Holds tables of the size of the day squared, so it is made once per problem. Belongs to one
// thread; several planners may run side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "planner/annealing.h"
#include "planner/day_model.h"
#include "planner/neighbourhood.h"
#include "planner/plan.h"
#include "planner/travel_table.h"

namespace permitd::planner {

class DayPlanner {
 public:
  /// Pre: validate(problem, travel.place_count()). Both must outlive the planner.
  DayPlanner(const DayProblem& problem, const Travel& travel);

  const DayModel& model() const { return model_; }
  const Neighbourhood& neighbourhood() const { return nearby_; }

  /// The best of a few greedy plans, one per order of insertion, after a short search. Frozen
  /// visits stand in it whatever else must stay out.
  Plan first_plan(std::uint64_t seed = 1);

  /// `plan` or something better. What no longer fits in it is left out at first and then looked for
  /// a place like everything else.
  Plan improve(const Plan& plan, const SearchOptions& options);

  /// As improve(), but only what is left out at first, and what lies near it, may move: for a day
  /// that is running. A day that is mostly left out is improved as a whole.
  Plan mend(const Plan& plan, const SearchOptions& options);

  /// The trips that may make room for `visits`: their own and some neighbours of each. For
  /// SearchOptions::movable.
  std::vector<bool> room_for(const std::vector<VisitIndex>& visits) const;

  /// What the last search did.
  const Progress& progress() const { return progress_; }

 private:
  Plan polish(const Plan& plan, std::uint64_t seed);

  DayModel model_;
  TravelTable table_;
  Neighbourhood nearby_;
  Progress progress_;
};

}  // namespace permitd::planner
