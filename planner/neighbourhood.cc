#include "planner/neighbourhood.h"

#include <algorithm>
#include <utility>

namespace permitd::planner {
namespace {

using Ranked = Neighbourhood::Ranked;

/// Travel, a fifth of the wait that cannot be avoided, and the lateness that cannot (the weights of
/// Vidal et al. 2013, section 4.5). With two windows the whole span counts.
Time unfitness(const StopRules& a, const StopRules& b, Time leg) {
  const Time b_close = std::max(b.first.close, b.second.close);
  const Time a_close = std::max(a.first.close, a.second.close);
  const Time wait = std::max(0, b.first.open - a.service - leg - a_close);
  const Time late = std::max(0, a.first.open + a.service + leg - b_close);
  return leg + wait / 5 + late;
}

void rank_adjacent(const DayModel& model, StopId trip, LegRows legs, std::vector<Ranked>& ranked) {
  ranked.clear();
  for (StopId other = model.first_trip(); other < model.stop_count(); ++other) {
    // It comes first itself, even if others share its place.
    ranked.emplace_back(other == trip ? -1 : legs.from[model.rules(other).column], other);
  }
}

void rank_classes(const DayModel& model, StopId trip, LegRows legs, std::vector<Ranked>& ranked) {
  ranked.clear();
  for (std::int32_t number = 0; const PersonClass& people : model.classes()) {
    const bool may = std::ranges::any_of(
        people.people, [&](PersonIndex person) { return model.allowed(trip, person); });
    if (may) ranked.emplace_back(legs.to[people.start] + legs.from[people.end], number);
    ++number;
  }
}

/// Leaves the `count` least of `ranked`, in order.
void keep_least(std::vector<Ranked>& ranked, std::int32_t count) {
  const auto kept = std::min(ranked.size(), static_cast<std::size_t>(count));
  const auto middle = ranked.begin() + static_cast<std::ptrdiff_t>(kept);
  if (middle != ranked.end()) std::nth_element(ranked.begin(), middle, ranked.end());
  ranked.erase(middle, ranked.end());
  std::ranges::sort(ranked);
}

}  // namespace

/// Takes over the `count` least of `ranked`, in order.
void Neighbourhood::add_row(std::vector<Ranked>& ranked, std::int32_t count, Rows& rows) {
  keep_least(ranked, count);
  for (const auto& [cost, number] : ranked) rows.entries.push_back(number);
  rows.begin.push_back(rows.entries.size());
}

/// The `count` fittest of all places beside another trip. Both sides of each trip are ranked alike:
/// where windows are narrow, most others fit on one side only. No more than `count` trips have a
/// place among them, so only as many are looked at twice.
void Neighbourhood::add_places(const DayModel& model, StopId trip, LegRows legs,
                               std::vector<Ranked>& ranked, std::int32_t count) {
  const StopRules& mine = model.rules(trip);
  const auto behind = [&](StopId other) {
    const StopRules& theirs = model.rules(other);
    return unfitness(theirs, mine, legs.to[theirs.column]);
  };
  const auto ahead = [&](StopId other) {
    const StopRules& theirs = model.rules(other);
    return unfitness(mine, theirs, legs.from[theirs.column]);
  };
  ranked.clear();
  for (StopId other = first_trip_; other < model.stop_count(); ++other) {
    if (other == trip) continue;
    ranked.emplace_back(std::min(behind(other), ahead(other)), other);
  }
  keep_least(ranked, count);
  const std::vector<Ranked> fittest = ranked;
  ranked.clear();
  for (const auto& [cost, other] : fittest) {
    ranked.emplace_back(behind(other), 2 * other);
    ranked.emplace_back(ahead(other), 2 * other + 1);
  }
  keep_least(ranked, count);
  for (const auto& [cost, place] : ranked) {
    (place % 2 == 0 ? behind_ : ahead_).entries.push_back(place / 2);
  }
  behind_.begin.push_back(behind_.entries.size());
  ahead_.begin.push_back(ahead_.entries.size());
}

Neighbourhood::Neighbourhood(const DayModel& model, const TravelTable& table, Size size)
    : first_trip_(model.first_trip()) {
  std::vector<Ranked> ranked;
  for (StopId trip = first_trip_; trip < model.stop_count(); ++trip) {
    const LegRows legs = table.rows(model.rules(trip).column);
    add_places(model, trip, legs, ranked, size.places);
    rank_adjacent(model, trip, legs, ranked);
    add_row(ranked, size.adjacent, adjacent_);
    rank_classes(model, trip, legs, ranked);
    add_row(ranked, size.classes, classes_);
  }
}

}  // namespace permitd::planner
