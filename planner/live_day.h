// The running plan of one day while appointments are still being made: which half-days can be
// offered for a visit and at what detour, answered from the routes as they stand, without the
// tables that a search needs. Inserting touches one route and moves nobody. Belongs to one thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "planner/insertion.h"
#include "planner/plan.h"
#include "planner/travel.h"

namespace permitd::planner {

/// Where a visit would go, or has gone.
struct Placement {
  PersonIndex person = kNobody;
  Time start = 0;
  Time extra_travel = 0;
  /// Travel, balance and moves together.
  Cost extra_cost = 0;
};

struct Offer {
  TimeWindow window;
  /// Empty if nobody can come then.
  std::optional<Placement> placement;
};

class LiveDay {
 public:
  /// Pre: validate(problem) holds and `plan` keeps its rules. `travel` must outlive the day.
  LiveDay(DayProblem problem, const Travel& travel, const Plan& plan);
  // The model points into the problem beside it.
  LiveDay(const LiveDay&) = delete;
  LiveDay& operator=(const LiveDay&) = delete;

  /// One offer per window of `visit`, in their order; the visit need not be known to the day, and
  /// is not afterwards. O(visits + inspectors) each: tens of microseconds for a city.
  std::vector<Offer> offers(const Visit& visit);
  /// Takes the visit into the day, and into the route where it costs least; no other visit changes
  /// route or order. Returns nothing if it fits nowhere: then the day does not know it.
  std::optional<Placement> insert(const Visit& visit);
  /// The same for a visit that the day knows and that is in no route, as the constructor leaves
  /// what its plan does not have or what did not fit there. Pre: its group is its own.
  std::optional<Placement> place(VisitIndex visit);
  bool is_placed(VisitIndex visit) const { return routes_.served(model_.trip_of(visit)); }

  const DayProblem& problem() const { return problem_; }
  Plan plan() const { return routes_.plan(); }

 private:
  Spot best_spot(const StopRules& rules, StopId trip);
  Placement placement(const StopRules& rules, const Spot& spot) const;
  Wanted wanted(const StopRules& rules, StopId trip) const;
  std::optional<Placement> put(StopId trip);

  DayProblem problem_;
  const Travel& travel_;
  DayModel model_;
  RouteSet routes_;
  std::vector<Leg> legs_from_;
  std::vector<Leg> legs_to_;
};

}  // namespace permitd::planner
