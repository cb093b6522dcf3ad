#include "planner/locality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace permitd::planner {
namespace {

std::vector<Time> distances_from(Place from, std::span<const Place> places, const Travel& travel) {
  std::vector<Time> distances;
  distances.reserve(places.size());
  for (Place place : places) distances.push_back(travel.between(from, place));
  return distances;
}

std::size_t index_of_max(const std::vector<Time>& distances) {
  return static_cast<std::size_t>(std::ranges::max_element(distances) - distances.begin());
}

}  // namespace

std::vector<std::size_t> locality_order(std::span<const Place> places, const Travel& travel) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  if (places.empty()) return order;
  const auto distances = [&](std::size_t from) {
    return distances_from(places[from], places, travel);
  };
  // Two places at the ends of town, and one far from both: seen from the end opposite, both halves
  // of a strip would look the same.
  const std::vector<Time> from_one = distances(index_of_max(distances(0)));
  std::vector<Time> from_both = distances(index_of_max(from_one));
  for (std::size_t i = 0; i < places.size(); ++i) from_both[i] += from_one[i];
  const std::vector<Time> from_side = distances(index_of_max(from_both));
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return from_one[i]; });
  // Strips as wide as a strip's places stand apart, each walked against the one before.
  const auto strip =
      static_cast<std::size_t>(std::sqrt(2.0 * static_cast<double>(order.size()))) + 1;
  bool forward = true;
  for (std::size_t begin = 0; begin < order.size(); begin += strip) {
    const std::span walked(order.data() + begin, std::min(strip, order.size() - begin));
    std::ranges::stable_sort(walked, {},
                             [&](std::size_t i) { return forward ? from_side[i] : -from_side[i]; });
    forward = !forward;
  }
  return order;
}

}  // namespace permitd::planner
