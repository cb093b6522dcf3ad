#include "planner/string_removal.h"

#include <algorithm>

namespace permitd::planner {

StringRemoval::StringRemoval(RouteSet& routes, const TravelTable& table,
                             const Neighbourhood& nearby, Settings settings,
                             const std::vector<bool>& movable)
    : routes_(routes),
      model_(routes.model()),
      table_(table),
      nearby_(nearby),
      settings_(settings),
      movable_(movable) {}

void StringRemoval::remove_around(StopId seed, Random& random, std::vector<StopId>& removed) {
  ruined_.clear();
  // Equations 5 to 7 of the paper: shorter routes lose shorter strings, but more of them.
  const double average = routes_.trips_mean();
  const bool is_long = average > kLongRoute;
  const double string_max = is_long ? settings_.long_string_max : settings_.string_max;
  const double removed_mean = is_long ? settings_.long_removed_mean : settings_.removed_mean;
  const double length_max = std::min(string_max, average);
  const double strings_max = 4 * removed_mean / (1 + length_max) - 1;
  const auto strings = static_cast<std::size_t>(random.unit() * strings_max + 1);
  for (StopId trip : nearby_.adjacent(seed)) {
    if (ruined_.size() >= strings) return;
    const PersonIndex person = routes_.stop(trip).person;
    if (person == kNobody || std::ranges::find(ruined_, person) != ruined_.end()) continue;
    if (!movable_.empty() && !movable_[static_cast<std::size_t>(trip)]) continue;
    ruined_.push_back(person);
    remove_string(trip, length_max, random, removed);
  }
}

StringRemoval::String StringRemoval::draw_string(std::int32_t route_trips, double length_max,
                                                 Random& random) const {
  const double most = std::min(static_cast<double>(route_trips), length_max);
  const std::int32_t taken =
      std::min(route_trips, static_cast<std::int32_t>(random.unit() * most + 1));
  if (taken < 2 || taken == route_trips || random.unit() >= settings_.split_chance) {
    return {taken, 0, taken};
  }
  std::int32_t kept = 1;
  while (taken + kept < route_trips && random.unit() > settings_.split_stop_chance) ++kept;
  return {taken + kept, kept, std::max(1, random.below(taken + 1))};
}

/// The first stop of a string of `length` trips that holds `around`.
StopId StringRemoval::draw_begin(StopId around, std::int32_t length, Random& random) const {
  std::int32_t before = 0;
  for (StopId stop = routes_.stop(around).previous; model_.is_trip(stop) && before < length - 1;
       stop = routes_.stop(stop).previous) {
    ++before;
  }
  std::int32_t behind = 0;
  for (StopId stop = routes_.stop(around).next; model_.is_trip(stop) && behind < length - 1;
       stop = routes_.stop(stop).next) {
    ++behind;
  }
  const std::int32_t least = std::max(0, length - 1 - behind);
  std::int32_t back = least + random.below(before - least + 1);
  StopId begin = around;
  for (; back > 0; --back) begin = routes_.stop(begin).previous;
  return begin;
}

void StringRemoval::remove_string(StopId around, double length_max, Random& random,
                                  std::vector<StopId>& removed) {
  const PersonIndex person = routes_.stop(around).person;
  const String string = draw_string(routes_.route(person).trips, length_max, random);
  StopId trip = draw_begin(around, string.length, random);
  for (std::int32_t i = 0; i < string.length && model_.is_trip(trip); ++i) {
    const StopId next = routes_.stop(trip).next;
    const bool kept = i >= string.kept_from && i < string.kept_from + string.kept;
    if (!kept) remove(trip, removed);
    trip = next;
  }
}

void StringRemoval::remove(StopId trip, std::vector<StopId>& removed) {
  if (model_.rules(trip).frozen) return;
  if (!movable_.empty() && !movable_[static_cast<std::size_t>(trip)]) return;
  const Stop& stop = routes_.stop(trip);
  const Time joined =
      table_.between(routes_.stop(stop.previous).column, routes_.stop(stop.next).column);
  routes_.remove(trip, joined);
  removed.push_back(trip);
}

}  // namespace permitd::planner
