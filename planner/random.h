// The planner's source of chance: SplitMix64 (Steele, Lea, Flood 2014), seeded by the caller, so
// that the same seed gives the same plan. One generator per solver, one thread.
#pragma once

#include <cstdint>

namespace permitd::planner {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
  }
  /// 0 … 2³² - 1.
  std::uint32_t word() { return static_cast<std::uint32_t>(next() >> 32); }
  /// 0 … count - 1. Pre: count > 0.
  std::int32_t below(std::int32_t count) {
    const std::uint64_t wide = std::uint64_t{word()} * static_cast<std::uint32_t>(count);
    return static_cast<std::int32_t>(wide >> 32);
  }
  /// 0 ≤ unit < 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace permitd::planner
