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

Place farthest(std::span<const Place> places, const std::vector<Time>& distances) {
  return places[static_cast<std::size_t>(std::ranges::max_element(distances) - distances.begin())];
}

}  // namespace

std::vector<std::size_t> locality_order(std::span<const Place> places, const Travel& travel) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  if (places.empty()) return order;
  const Place one = farthest(places, distances_from(places.front(), places, travel));
  const std::vector<Time> from_one = distances_from(one, places, travel);
  const std::vector<Time> from_other = distances_from(farthest(places, from_one), places, travel);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return from_one[i]; });
  // Strips as wide as a strip's places stand apart, each walked against the one before.
  const auto strip =
      static_cast<std::size_t>(std::sqrt(2.0 * static_cast<double>(order.size()))) + 1;
  bool forward = true;
  for (std::size_t begin = 0; begin < order.size(); begin += strip) {
    const std::span walked(order.data() + begin, std::min(strip, order.size() - begin));
    std::ranges::stable_sort(
        walked, {}, [&](std::size_t i) { return forward ? from_other[i] : -from_other[i]; });
    forward = !forward;
  }
  return order;
}

}  // namespace permitd::planner
