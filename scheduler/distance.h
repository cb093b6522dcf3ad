// How far two points are from each other, for choosing: integers, so that every machine finds the
// same one nearest. Pure functions.
#pragma once

#include <bit>
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

/// The greatest integer whose square is not above the value. Newton's method from above: it falls
/// until it is there. Pre: value < 2^62.
constexpr std::uint64_t square_root(std::uint64_t value) {
  if (value == 0) return 0;
  std::uint64_t root = std::uint64_t{1} << ((std::bit_width(value) + 1) / 2);
  for (;;) {
    const std::uint64_t next = (root + value / root) / 2;
    if (next >= root) return root;
    root = next;
  }
}

/// The distance in metres, as on a flat map around `from`: a degree of latitude has 111.2 km.
constexpr std::uint32_t metres(Point from, Point to) {
  const auto square = static_cast<std::uint64_t>(distance_square(from, to));
  return static_cast<std::uint32_t>(square_root(square) * 1112 / 10'000);
}

}  // namespace permitd::scheduler
