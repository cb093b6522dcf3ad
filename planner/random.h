// The planner's source of chance: SplitMix64 (Steele, Lea, Flood 2014), seeded by the caller, so
// that the same seed gives the same plan. One generator per solver, one thread.
#pragma once

#include <concepts>
#include <cstdint>

namespace permitd::planner {

/// The finishing steps of SplitMix64: a well mixed function of one number.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    const std::uint64_t value = mixed(state_);
    state_ += 0x9E3779B97F4A7C15ULL;
    return value;
  }
  /// 0 … 2³² - 1.
  std::uint32_t word() { return static_cast<std::uint32_t>(next() >> 32); }
  /// 0 … count - 1. Pre: 0 < count < 2³².
  template <std::integral Count>
  Count below(Count count) {
    return static_cast<Count>(std::uint64_t{word()} * static_cast<std::uint32_t>(count) >> 32);
  }
  /// 0 ≤ unit < 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// 0 < positive_unit ≤ 1.
  double positive_unit() { return static_cast<double>((next() >> 11) + 1) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace permitd::planner
