#include "planner/insertion.h"

namespace permitd::planner {
namespace {

constexpr int kSlopeBits = 30;

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

}  // namespace

Insertion::Insertion(const RouteSet& routes) : routes_(routes), model_(routes.model()) {
  const Cost permille = model_.problem().weights.balance_permille;
  for (const Inspector& inspector : model_.problem().inspectors) {
    balance_slope_.push_back((permille << kSlopeBits) / (1000 * inspector.effort_capacity));
  }
}

void Insertion::blink(Random& random, std::uint32_t one_in) {
  random_ = &random;
  blink_below_ = UINT32_MAX / one_in;
}

Wanted Insertion::wanted(StopId trip, const TravelTable& table) const {
  const StopRules& rules = model_.rules(trip);
  return {trip, rules, model_.allowed_row(trip), table.rows(rules.column)};
}

template <bool plain>
bool Insertion::may_take(const Wanted& wanted, PersonIndex person) const {
  const Route& route = routes_.route(person);
  const Inspector& inspector = model_.problem().inspectors[index(person)];
  if (route.demand + wanted.rules.demand > inspector.load_max) return false;
  if constexpr (plain) return true;
  if ((wanted.allowed[person / 64] >> (person % 64) & 1) == 0) return false;
  return route.visits + wanted.rules.visits <= inspector.visits_max;
}

/// What a detour costs besides the travel. The slope stands for a division; it is exact to 2⁻³⁰,
/// and the routes keep the exact cost.
Cost Insertion::beside_travel(const Wanted& wanted, PersonIndex person, Cost detour) const {
  const Cost effort = detour + wanted.rules.service;
  Cost cost = 0;
  if (const Cost slope = balance_slope_[index(person)]; slope != 0) {
    cost += (effort * (2 * routes_.load(person) + effort) * slope) >> kSlopeBits;
  }
  cost += model_.moved_by(wanted.trip, person) * model_.problem().weights.move;
  if (routes_.route(person).trips == 0) {
    cost += model_.problem().inspectors[index(person)].fixed_cost;
  }
  return cost;
}

/// Inlined by force: called for every place that is looked at, and 5 % faster so (1,000 trips). The
/// cost is asked first and the person last, even where a caller has asked already: of 85 places 13
/// cost little enough (R1_10_1), and that most do not is what the processor foresees. The other way
/// round, short routes take a third longer.
template <bool plain>
[[gnu::always_inline]] inline void Insertion::try_between(const Wanted& wanted, StopId previous,
                                                          StopId next, Spot& best) const {
  const Stop& before = routes_.stop(previous);
  const Stop& after = routes_.stop(next);
  const Time leg_to = wanted.legs.to[before.column];
  const Time leg_on = wanted.legs.from[after.column];
  Cost cost = leg_to + leg_on - after.leg_before;
  if (cost >= best.cost) return;
  const Time start = first_start(wanted.rules, before.departure + leg_to);
  if (start + wanted.rules.service + leg_on > after.arrive_max) return;
  if constexpr (!plain) {
    cost += beside_travel(wanted, before.person, cost);
    if (cost >= best.cost) return;
    if (wanted.rules.ordered && !routes_.keeps_order(wanted.trip, previous)) return;
  }
  if (!may_take<plain>(wanted, before.person)) return;
  if (random_ && random_->word() < blink_below_) return;
  best = {cost, previous};
}

template <bool plain>
void Insertion::try_route(const Wanted& wanted, PersonIndex person, Spot& best) const {
  if (!may_take<plain>(wanted, person)) return;
  StopId previous = DayModel::start_of(person);
  const Time close = std::max(wanted.rules.first.close, wanted.rules.second.close);
  while (true) {
    const StopId next = routes_.stop(previous).next;
    if (next == kNoStop) return;
    try_between<plain>(wanted, previous, next, best);
    if (routes_.stop(next).departure > close) return;
    previous = next;
  }
}

/// Somebody of the class who has nothing yet; or, if it is a class of one, before and behind all
/// that this person has, which no trip that it fits with might offer.
template <bool plain>
void Insertion::try_home(const Wanted& wanted, std::int32_t person_class, Spot& best) const {
  if (const PersonIndex idle = routes_.idle_of(person_class); idle != kNobody) {
    return try_between<plain>(wanted, DayModel::start_of(idle), DayModel::end_of(idle), best);
  }
  const auto& people = model_.classes()[index(person_class)].people;
  if (people.size() != 1) return;
  const StopId start = DayModel::start_of(people.front());
  const StopId end = DayModel::end_of(people.front());
  try_between<plain>(wanted, start, routes_.stop(start).next, best);
  try_between<plain>(wanted, routes_.stop(end).previous, end, best);
}

template <bool plain>
Spot Insertion::search_nearby(const Wanted& wanted, const Neighbourhood& nearby, Cost below) const {
  Spot best{below};
  for (StopId other : nearby.behind(wanted.trip)) {
    const Stop& stop = routes_.stop(other);
    if (stop.person == kNobody) continue;
    try_between<plain>(wanted, other, stop.next, best);
  }
  for (StopId other : nearby.ahead(wanted.trip)) {
    const Stop& stop = routes_.stop(other);
    if (stop.person == kNobody) continue;
    try_between<plain>(wanted, stop.previous, other, best);
  }
  // Alone on the road is the dearest way to make a trip, but often the only one nearby: where that
  // is so, routes further off are asked too, or the number of routes would creep up.
  if (plain && !best.found()) {
    for (PersonIndex p = 0; p < model_.people_count(); ++p) {
      if (routes_.route(p).trips != 0) try_route<plain>(wanted, p, best);
    }
  }
  for (std::int32_t person_class : nearby.classes(wanted.trip)) {
    try_home<plain>(wanted, person_class, best);
  }
  return best;
}

Spot Insertion::best_nearby(const Wanted& wanted, const Neighbourhood& nearby, Cost below) const {
  return model_.plain() ? search_nearby<true>(wanted, nearby, below)
                        : search_nearby<false>(wanted, nearby, below);
}

Spot Insertion::best_alone(const Wanted& wanted, const Neighbourhood& nearby) const {
  Spot best;
  for (std::int32_t person_class : nearby.classes(wanted.trip)) {
    const PersonIndex idle = routes_.idle_of(person_class);
    if (idle == kNobody) continue;
    try_between<false>(wanted, DayModel::start_of(idle), DayModel::end_of(idle), best);
  }
  return best;
}

Spot Insertion::best_anywhere(const Wanted& wanted, Cost below) const {
  Spot best{below};
  for (PersonIndex p = 0; p < model_.people_count(); ++p) {
    // Of people who are alike and idle, one will do.
    if (routes_.route(p).trips == 0 && routes_.idle_of(model_.class_of(p)) != p) continue;
    try_route<false>(wanted, p, best);
  }
  return best;
}

Spot Insertion::best_with(const Wanted& wanted, PersonIndex person) const {
  Spot best;
  try_route<false>(wanted, person, best);
  return best;
}

RouteSet::Legs Insertion::legs(const Wanted& wanted, const Spot& spot) const {
  const Stop& before = routes_.stop(spot.previous);
  const Stop& after = routes_.stop(before.next);
  return {wanted.legs.to[before.column], wanted.legs.from[after.column]};
}

}  // namespace permitd::planner
