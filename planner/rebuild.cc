#include "planner/rebuild.h"

#include <algorithm>

namespace permitd::planner {
namespace {

/// A trip that found no place is looked for one anywhere, at the cost of a walk through all routes,
/// only so often.
constexpr std::int32_t kPlacelessOneIn = 16;

}  // namespace

Rebuild::Rebuild(RouteSet& routes, const TravelTable& table, const Neighbourhood& nearby,
                 Random& random)
    : routes_(routes),
      model_(routes.model()),
      table_(table),
      nearby_(nearby),
      random_(random),
      insertion_(routes),
      placeless_(static_cast<std::size_t>(model_.stop_count())) {}

Rebuild::Order Rebuild::draw_order() {
  // The paper's weights (random 4, demand 4, far 2, near 1) with those for windows added as its
  // section 6.2 does; few people only matters where skills and exclusions differ.
  struct Weight {
    Order order;
    std::int32_t weight;
  };
  static constexpr Weight kWeights[] = {
      {Order::kRandom, 4}, {Order::kDemand, 4},     {Order::kFar, 2},        {Order::kNear, 1},
      {Order::kNarrow, 2}, {Order::kOpensEarly, 2}, {Order::kClosesLate, 2}, {Order::kFewPeople, 3},
  };
  static constexpr std::int32_t kPlainSum = 17;
  static constexpr std::int32_t kSum = 20;
  std::int32_t drawn = random_.below(model_.plain() ? kPlainSum : kSum);
  for (const Weight& weight : kWeights) {
    if (drawn < weight.weight) return weight.order;
    drawn -= weight.weight;
  }
  return Order::kRandom;
}

/// Least first.
Cost Rebuild::key(StopId trip, Order order) const {
  const StopRules& rules = model_.rules(trip);
  const Time close = std::max(rules.first.close, rules.second.close);
  const auto from_home = [&]() -> Cost {
    const auto classes = nearby_.classes(trip);
    if (classes.empty()) return 0;
    const auto& nearest = model_.classes()[static_cast<std::size_t>(classes.front())];
    return table_.between(nearest.start, rules.column);
  };
  switch (order) {
    case Order::kRandom:
      return 0;
    case Order::kDemand:
      return model_.plain() ? -rules.demand : -Cost{rules.service};
    case Order::kFar:
      return -from_home();
    case Order::kNear:
      return from_home();
    case Order::kNarrow:
      return close - rules.first.open;
    case Order::kOpensEarly:
      return rules.first.open;
    case Order::kClosesLate:
      return -Cost{close};
    case Order::kFewPeople:
      return model_.allowed_count(trip);
  }
  return 0;
}

void Rebuild::shuffle(std::vector<StopId>& trips) {
  for (std::size_t i = trips.size(); i > 1; --i) {
    const auto other = static_cast<std::size_t>(random_.below(static_cast<std::int32_t>(i)));
    std::swap(trips[i - 1], trips[other]);
  }
}

void Rebuild::sort(std::vector<StopId>& trips, Order order) {
  if (order == Order::kRandom) return shuffle(trips);
  keyed_.clear();
  for (StopId trip : trips) keyed_.emplace_back(key(trip, order), trip);
  std::ranges::sort(keyed_);
  for (std::size_t i = 0; i < trips.size(); ++i) trips[i] = keyed_[i].second;
}

/// Whether there was a place that costs less than `below`, and no more than the trip's prize.
bool Rebuild::insert(StopId trip, Cost below) {
  if (model_.allowed_count(trip) == 0) return false;
  const auto at = static_cast<std::size_t>(trip);
  const Wanted wanted = insertion_.wanted(trip, table_);
  Spot spot = insertion_.best_nearby(wanted, nearby_, below);
  // Where it may not stay out, a place further off would hardly cost less than those nearby.
  const bool may_stay_out = wanted.rules.prize < below;
  if (!spot.found() && may_stay_out && (!placeless_[at] || random_.below(kPlacelessOneIn) == 0)) {
    spot = insertion_.best_anywhere(wanted, below);
  }
  placeless_[at] = !spot.found();
  if (!spot.found() || spot.cost > wanted.rules.prize) return false;
  routes_.insert(trip, spot.previous, insertion_.legs(wanted, spot));
  return true;
}

void Rebuild::open_route(std::vector<StopId>& trips) {
  if (trips.empty() || model_.allowed_count(trips.front()) == 0) return;
  const Wanted wanted = insertion_.wanted(trips.front(), table_);
  const Spot spot = insertion_.best_alone(wanted, nearby_);
  if (!spot.found() || spot.cost > wanted.rules.prize) return;
  routes_.insert(wanted.trip, spot.previous, insertion_.legs(wanted, spot));
  trips.erase(trips.begin());
}

bool Rebuild::insert_all(std::vector<StopId>& trips, Cost cost_below) {
  // What the routes cost if all that are still to be inserted were served for nothing.
  const auto prize = [&](StopId trip) { return model_.rules(trip).prize; };
  Cost waiting = 0;
  for (StopId trip : trips) waiting += prize(trip);
  left_out_.clear();
  for (StopId trip : trips) {
    const Cost below = cost_below - (routes_.cost().total() - waiting);
    if (below <= 0) return false;
    if (!insert(trip, below)) {
      if (prize(trip) >= below) return false;
      left_out_.push_back(trip);
    }
    waiting -= prize(trip);
  }
  trips.swap(left_out_);
  return true;
}

}  // namespace permitd::planner
