// Where a trip fits best: the cheapest place in any route, judged by travel, balance and moves at
// once. Reads a RouteSet and changes nothing. Belongs to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "planner/neighbourhood.h"
#include "planner/random.h"
#include "planner/route_set.h"
#include "planner/travel_table.h"

namespace permitd::planner {

inline constexpr Cost kNoCost = INT64_MAX;

/// A place for a trip: directly behind `previous`, which may be the start of an empty route.
struct Spot {
  Cost cost = kNoCost;
  StopId previous = kNoStop;

  bool found() const { return previous != kNoStop; }
};

/// A trip that looks for a place.
struct Wanted {
  StopId trip;
  /// The trip's own, or narrower ones.
  const StopRules& rules;
  /// A bit per person.
  const std::uint64_t* allowed;
  LegRows legs;
};

class Insertion {
 public:
  explicit Insertion(const RouteSet& routes);

  /// Overlooks places at random, one in `one_in` (Christiaens and Vanden Berghe 2020, "blinks").
  void blink(Random& random, std::uint32_t one_in);

  Wanted wanted(StopId trip, const TravelTable& table) const;
  /// The best place beside trips that it fits with, or with somebody who lives near, as far as it
  /// costs less than `below`.
  Spot best_nearby(const Wanted& wanted, const Neighbourhood& nearby, Cost below) const;
  /// A route of its own, with somebody near who has nothing yet.
  Spot best_alone(const Wanted& wanted, const Neighbourhood& nearby) const;
  /// The best place anywhere that costs less than `below`.
  Spot best_anywhere(const Wanted& wanted, Cost below = kNoCost) const;
  /// The best place in the route of `person`.
  Spot best_with(const Wanted& wanted, PersonIndex person) const;

  /// Legs to and from a trip at `spot`.
  RouteSet::Legs legs(const Wanted& wanted, const Spot& spot) const;

 private:
  template <bool plain>
  Spot search_nearby(const Wanted& wanted, const Neighbourhood& nearby, Cost below) const;
  template <bool plain>
  void try_home(const Wanted& wanted, std::int32_t person_class, Spot& best) const;
  template <bool plain>
  void try_route(const Wanted& wanted, PersonIndex person, Spot& best) const;
  template <bool plain>
  void try_between(const Wanted& wanted, StopId previous, StopId next, Spot& best) const;
  template <bool plain>
  bool may_take(const Wanted& wanted, PersonIndex person) const;
  Cost beside_travel(const Wanted& wanted, PersonIndex person, Cost detour) const;

  const RouteSet& routes_;
  const DayModel& model_;
  Random* random_ = nullptr;
  std::uint32_t blink_below_ = 0;
  /// balance_permille / (1000 × effort_capacity) in 2⁻³⁰, per person.
  std::vector<Cost> balance_slope_;
};

}  // namespace permitd::planner
