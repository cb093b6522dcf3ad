// How far two points are from each other, for comparing only: integers, so that every machine finds
// the same one nearest. Pure functions.
#pragma once

#include <cstdint>

#include "scheduler/types.h"

namespace permitd::scheduler {

constexpr bool is_known(Point point) { return point != Point{}; }

/// The cosine of a latitude in parts per million, by Bhaskara's formula (7th century): at most 0.2
/// % off. Works in hundredths of a degree.
constexpr std::int64_t cosine_ppm(std::int32_t lat_e6) {
  const std::int64_t x = lat_e6 / 10'000;
  const std::int64_t square = x * x;
  constexpr std::int64_t kWhole = 324'000'000;  // (180 degrees)²
  return (kWhole - 4 * square) * 1'000'000 / (kWhole + square);
}

/// The square of the distance as on a flat map around `from`, in millionths of a degree of
/// latitude. Pre: both points are in range. 180 degrees squared is 3 · 10^16, so that nothing
/// overflows.
constexpr std::int64_t distance_square(Point from, Point to) {
  const std::int64_t north = std::int64_t{to.lat_e6} - from.lat_e6;
  std::int64_t east = std::int64_t{to.lon_e6} - from.lon_e6;
  if (east > 180'000'000) east -= 360'000'000;
  if (east < -180'000'000) east += 360'000'000;
  east = east * cosine_ppm(from.lat_e6) / 1'000'000;
  return north * north + east * east;
}

}  // namespace permitd::scheduler
