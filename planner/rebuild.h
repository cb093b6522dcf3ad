// Puts trips back one after the other, each where it then fits best, in an order drawn from several
// (Christiaens and Vanden Berghe 2020, section 5.2, "greedy insertion with blinks"). What fits
// nowhere, or costs more than its prize, stays out. Belongs to one thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "planner/insertion.h"

namespace permitd::planner {

class Rebuild {
 public:
  enum class Order : std::uint8_t {
    kRandom,
    kDemand,
    kFar,
    kNear,
    kNarrow,
    kOpensEarly,
    kClosesLate,
    kFewPeople,
  };

  Rebuild(RouteSet& routes, const TravelTable& table, const Neighbourhood& nearby, Random& random);

  /// Overlooks one place in `one_in` from now on.
  void blink(std::uint32_t one_in) { insertion_.blink(random_, one_in); }

  Order draw_order();
  void sort(std::vector<StopId>& trips, Order order);
  /// Gives the first of `trips` a route of its own, if somebody has nothing to do.
  void open_route(std::vector<StopId>& trips);
  /// Inserts `trips` in their order; those that stay out are left in it. Gives up, with false and
  /// the trips as they were, once the routes can no longer end up cheaper than `cost_below`, taking
  /// it that no insertion makes them cheaper; the caller then takes back what was inserted.
  bool insert_all(std::vector<StopId>& trips, Cost cost_below = kNoCost);

 private:
  bool insert(StopId trip, Cost below);
  Cost key(StopId trip, Order order) const;
  void shuffle(std::vector<StopId>& trips);

  RouteSet& routes_;
  const DayModel& model_;
  const TravelTable& table_;
  const Neighbourhood& nearby_;
  Random& random_;
  Insertion insertion_;
  std::vector<bool> placeless_;  // [stop], found none, or too dear, when last tried
  std::vector<StopId> left_out_;
  std::vector<std::pair<Cost, StopId>> keyed_;
};

}  // namespace permitd::planner
