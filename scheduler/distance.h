// How far two points are from each other, for choosing: integers, so that every machine finds the
// same one nearest. Pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "scheduler/assert.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

constexpr bool is_known(Point point) { return point != Point{}; }

inline constexpr unsigned kCosineBits = 20;

/// Of each hundredth of a degree from the equator to a pole the cosine times 2^20, by Bhaskara's
/// formula (7th century): at most 0.2 % off.
inline constexpr auto kCosines = [] {
  constexpr std::int64_t kWhole = 324'000'000;  // (180 degrees)²
  std::array<std::uint32_t, 9001> cosines{};
  for (std::int64_t x = 0; x <= 9000; ++x) {
    const std::int64_t square = x * x;
    cosines[static_cast<std::size_t>(x)] =
        static_cast<std::uint32_t>(((kWhole - 4 * square) << kCosineBits) / (kWhole + square));
  }
  return cosines;
}();

/// The cosine of a latitude times 2^20. Pre: it is one, from -90 to 90 degrees.
constexpr std::uint32_t scaled_cosine(std::int32_t lat_e6) {
  const auto hundredths = static_cast<std::size_t>((lat_e6 < 0 ? -lat_e6 : lat_e6) / 10'000);
  PERMIT_ASSERT(hundredths < kCosines.size(), hundredths);
  return kCosines[hundredths];
}

/// How far it is round to the east or west at the latitude with this cosine, in millionths of a
/// degree of latitude. Pre: at most 180 degrees.
constexpr std::uint32_t way_east(std::uint32_t round, std::uint32_t cosine) {
  return static_cast<std::uint32_t>(std::uint64_t{round} * cosine >> kCosineBits);
}

/// The square of a way, in millionths of a degree of latitude. 180 degrees squared is 3 · 10^16,
/// so that nothing overflows.
constexpr std::uint64_t flat_square(std::uint32_t north, std::uint32_t east) {
  return std::uint64_t{north} * north + std::uint64_t{east} * east;
}

inline constexpr std::int32_t kTurn = 360'000'000;

constexpr std::int32_t distance_of(std::int32_t a, std::int32_t b) { return a < b ? b - a : a - b; }

/// The shorter way round between two longitudes, each from -180 to 180 degrees.
constexpr std::uint32_t way_round(std::int32_t a, std::int32_t b) {
  const std::int32_t way = distance_of(a, b);
  return static_cast<std::uint32_t>(way < kTurn - way ? way : kTurn - way);
}

/// The square of the distance as on a flat map around `from`. Pre: both points are in range.
constexpr std::int64_t distance_square(Point from, Point to) {
  return static_cast<std::int64_t>(
      flat_square(static_cast<std::uint32_t>(distance_of(from.lat_e6, to.lat_e6)),
                  way_east(way_round(from.lon_e6, to.lon_e6), scaled_cosine(from.lat_e6))));
}

/// How far it is from a value to the nearest from `least` to `most`, and the same round the globe
/// for longitudes. Pre: least is not above most.
constexpr std::uint32_t gap_between(std::int32_t at, std::int32_t least, std::int32_t most) {
  return static_cast<std::uint32_t>(std::max(0, std::max(least - at, at - most)));
}
constexpr std::uint32_t gap_round(std::int32_t at, std::int32_t least, std::int32_t most) {
  const auto farthest = static_cast<std::uint32_t>(kTurn - std::max(most - at, at - least));
  return std::min(gap_between(at, least, most), farthest);
}

/// No point of the box from `low` to `high` has a distance_square() from `from` below this. Pre:
/// low is not above high.
constexpr std::uint64_t box_square(Point from, std::uint32_t cosine, Point low, Point high) {
  return flat_square(gap_between(from.lat_e6, low.lat_e6, high.lat_e6),
                     way_east(gap_round(from.lon_e6, low.lon_e6, high.lon_e6), cosine));
}

/// Of each number from 64 to 255 the root of the middle of what it stands for, times 16.
inline constexpr auto kFirstRoots = [] {
  std::array<std::uint8_t, 192> roots{};
  std::uint32_t root = 128;
  for (std::uint32_t at = 0; at < roots.size(); ++at) {
    const std::uint32_t middle = 256 * (at + 64) + 128;
    while (root < 255 && root * root + root < middle) ++root;
    roots[at] = static_cast<std::uint8_t>(root);
  }
  return roots;
}();

/// The greatest integer whose square is not above the value. Two steps of Newton's method from a
/// root of eight bits, which is at most one too much then: M. Dickinson's way, proven for CPython's
/// math.isqrt. Pre: value < 2^62.
constexpr std::uint64_t square_root(std::uint64_t value) {
  if (value == 0) return 0;
  const int shift = std::countl_zero(value) / 2;
  value <<= 2 * shift;
  const std::uint32_t first = kFirstRoots[(value >> 56) - 64];
  const std::uint32_t second = (first << 7) + static_cast<std::uint32_t>(value >> 41) / first;
  const std::uint64_t root = (std::uint64_t{second} << 15) + (value >> 17) / second;
  return (root - (root * root > value ? 1 : 0)) >> shift;
}

/// What distance_square() is in metres: a degree of latitude has 111.2 km.
constexpr std::uint32_t metres_of(std::uint64_t square) {
  return static_cast<std::uint32_t>(square_root(square) * 1112 / 10'000);
}

/// The distance in metres, as on a flat map around `from`.
constexpr std::uint32_t metres(Point from, Point to) {
  return metres_of(static_cast<std::uint64_t>(distance_square(from, to)));
}

/// The greatest square that is so many metres or fewer. Pre: metres < 2^26, which is more than the
/// globe has.
constexpr std::uint64_t square_within(std::uint64_t metres) {
  const std::uint64_t root = ((metres + 1) * 10'000 + 1111) / 1112;  // of the first that is more
  return root * root - 1;
}

}  // namespace permitd::scheduler
