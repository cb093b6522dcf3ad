#include "planner/live_day.h"

#include <utility>

#include "planner/plan_loading.h"
#include "planner/travel_table.h"

namespace permitd::planner {
namespace {

/// Closes before it opens if there is nothing in common.
TimeWindow common(const TimeWindow& a, const TimeWindow& b) {
  return {std::max(a.open, b.open), std::min(a.close, b.close)};
}

}  // namespace

LiveDay::LiveDay(DayProblem problem, const Travel& travel, const Plan& plan)
    : problem_(std::move(problem)), travel_(travel), model_(problem_, travel), routes_(model_) {
  load_plan(routes_, plan, travel_);
}

Wanted LiveDay::wanted(const StopRules& rules, StopId trip) const {
  return {trip, rules, model_.allowed_row(trip), {legs_from_.data(), legs_to_.data()}};
}

Spot LiveDay::best_spot(const StopRules& rules, StopId trip) {
  if (model_.allowed_count(trip) == 0) return {};
  fill_leg_rows(model_, travel_, rules.place, legs_from_, legs_to_);
  return Insertion(routes_).best_anywhere(wanted(rules, trip));
}

Placement LiveDay::placement(const StopRules& rules, const Spot& spot) const {
  const Stop& before = routes_.stop(spot.previous);
  const Stop& after = routes_.stop(before.next);
  const auto leg_to = Time{legs_to_[static_cast<std::size_t>(before.column)]};
  const auto leg_on = Time{legs_from_[static_cast<std::size_t>(after.column)]};
  return {before.person, first_start(rules, before.departure + leg_to),
          leg_to + leg_on - after.leg_before, spot.cost};
}

std::vector<Offer> LiveDay::offers(const Visit& visit) {
  problem_.visits.push_back(visit);
  const StopId trip = model_.append();
  std::vector<Offer> offers;
  // What the model knows of the visit holds its start lock as well.
  const StopRules known = model_.rules(trip);
  for (const TimeWindow& window : visit.windows) {
    StopRules rules = known;
    const TimeWindow cut = common(known.first, window);
    rules.first = cut.open <= cut.close ? cut : common(known.second, window);
    rules.second = {kNever, kTooEarly};
    const Spot spot = best_spot(rules, trip);
    offers.push_back({window, std::nullopt});
    if (spot.found()) offers.back().placement = placement(rules, spot);
  }
  model_.retract();
  problem_.visits.pop_back();
  return offers;
}

std::optional<Placement> LiveDay::insert(const Visit& visit) {
  problem_.visits.push_back(visit);
  const std::optional<Placement> placed = put(model_.append());
  if (!placed) {
    model_.retract();
    problem_.visits.pop_back();
  }
  return placed;
}

std::optional<Placement> LiveDay::place(VisitIndex visit) { return put(model_.trip_of(visit)); }

std::optional<Placement> LiveDay::put(StopId trip) {
  const StopRules& rules = model_.rules(trip);
  const Spot spot = best_spot(rules, trip);
  if (!spot.found()) return std::nullopt;
  const Placement placed = placement(rules, spot);
  routes_.grow();
  const Wanted looked_for = wanted(rules, trip);
  routes_.insert(trip, spot.previous, Insertion(routes_).legs(looked_for, spot));
  return placed;
}

}  // namespace permitd::planner
