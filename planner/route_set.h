// The plan while it is being changed: routes as linked stops with the earliest end of service and
// the latest arrival at each, so that whether a trip fits between two stops is one comparison.
// Knows rules and costs, not distances: who changes a route brings the legs. Belongs to one thread.
//
// Invariants: departure of a stop is that of the earliest schedule; whoever arrives at a stop no
// later than its `arrive_max` keeps the rest of the route feasible; the cost is exact.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "planner/day_model.h"
#include "planner/plan.h"

namespace permitd::planner {

/// Routes of more trips than this, on average, are long ones: a technician's week rather than an
/// inspector's day. The search ruins and cools them otherwise.
inline constexpr double kLongRoute = 20;

/// One cache line holds two.
struct alignas(32) Stop {
  StopId previous = kNoStop;
  StopId next = kNoStop;
  /// kNobody while the trip is in no route.
  PersonIndex person = kNobody;
  /// Earliest end of service; of the start of a route when its person leaves.
  Time departure = 0;
  Time arrive_max = 0;
  /// Travel from `previous`; 0 between the two ends of an empty route, where nobody travels.
  Time leg_before = 0;
  Column column = 0;
};

struct Route {
  std::int32_t trips = 0;
  std::int32_t visits = 0;
  std::int32_t demand = 0;
  Time travel = 0;
  Time service = 0;
};

class RouteSet {
 public:
  explicit RouteSet(const DayModel& model);

  const DayModel& model() const { return model_; }
  const Stop& stop(StopId stop) const { return stops_[static_cast<std::size_t>(stop)]; }
  const Route& route(PersonIndex person) const { return routes_[static_cast<std::size_t>(person)]; }
  bool served(StopId trip) const { return stop(trip).person != kNobody; }
  const PlanCost& cost() const { return cost_; }
  std::int32_t used_count() const { return used_count_; }
  /// Trips of the model for each route in use.
  double trips_mean() const {
    return static_cast<double>(model_.trip_count()) / std::max(1, used_count_);
  }
  /// Effort of the rolling window, today's plan included.
  Cost load(PersonIndex person) const;
  /// Somebody of the class with an empty route; kNobody if there is none.
  PersonIndex idle_of(std::int32_t person_class) const {
    const auto& idle = idle_[static_cast<std::size_t>(person_class)];
    return idle.empty() ? kNobody : idle.back();
  }

  struct Legs {
    Time before = 0;
    Time after = 0;
  };
  /// Whether `trip`, which is in no route, may stand behind `previous` by every rule.
  bool fits(StopId trip, StopId previous, Legs legs) const;
  /// Whether order locks let `trip` stand behind `previous`. O(length of the route).
  bool keeps_order(StopId trip, StopId previous) const;
  /// Puts `trip` behind `previous`. Pre: in no route, and it fits. O(length of the route).
  void insert(StopId trip, StopId previous, Legs legs);
  /// Takes `trip` out; `joined` is the leg between its neighbours. O(length of the route).
  void remove(StopId trip, Time joined);

  /// From here on changes are noted, until the next checkpoint.
  void checkpoint();
  /// Back to the last checkpoint. O(length of the routes touched since).
  void rollback();
  /// People whose routes have changed since the last checkpoint.
  const std::vector<PersonIndex>& touched() const { return touched_; }

  /// Makes room for a trip appended to the model.
  void grow();

  Plan plan() const;

 private:
  struct SavedStop {
    StopId stop;
    Time departure;
    Time arrive_max;
    Time leg_before;
  };
  struct SavedRoute {
    PersonIndex person;
    Route route;
    std::size_t begin;
  };

  Stop& at(StopId stop) { return stops_[static_cast<std::size_t>(stop)]; }
  void touch(PersonIndex person);
  void delay_from(StopId stop, bool always);
  void tighten_from(StopId stop, bool always);
  void account(PersonIndex person, const Route& changed);
  void account_trip(StopId trip, PersonIndex person, Cost sign);
  void set_idle(PersonIndex person, bool idle);

  const DayModel& model_;
  std::vector<Stop> stops_;    // [stop]
  std::vector<Route> routes_;  // [person]
  PlanCost cost_;
  std::int32_t used_count_ = 0;
  std::vector<std::vector<PersonIndex>> idle_;  // [class], a stack
  std::vector<std::size_t> idle_at_;            // [person], where it stands in its stack

  std::vector<std::uint32_t> touched_at_;  // [person], number of the checkpoint
  std::uint32_t checkpoint_ = 1;
  std::vector<PersonIndex> touched_;
  std::vector<SavedRoute> saved_routes_;
  std::vector<SavedStop> saved_stops_;
  PlanCost saved_cost_;
};

}  // namespace permitd::planner
