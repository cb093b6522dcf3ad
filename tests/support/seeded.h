// Chance for tests: a small generator with a fixed algorithm, so that a seed means the same on
// every machine, and the seed to begin with. PERMITD_SEED=N, or --seed=N where a program takes it,
// repeats a run; PERMITD_ROUNDS=N makes it longer.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace permitd::tests {

/// splitmix64 (S. Vigna): every seed gives a full-period sequence of good quality. One draw in an
/// argument list: compilers do not agree on the order of two.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
  }

  /// A number in [0, bound). Pre: bound > 0. The slight bias of the modulus does not matter here.
  template <class T>
  T below(T bound) {
    return static_cast<T>(next() % static_cast<std::uint64_t>(bound));
  }
  /// A number in [low, high].
  template <class T>
  T between(T low, T high) {
    const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    return static_cast<T>(static_cast<std::uint64_t>(low) + next() % span);
  }
  /// True in `per_thousand` of 1000 cases.
  bool chance(std::uint32_t per_thousand) { return below(1000U) < per_thousand; }

 private:
  std::uint64_t state_;
};

inline std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 0);
}

/// First seed and number of rounds of a random test.
struct Seeds {
  std::uint64_t first;
  std::uint64_t count;

  /// `rounds` is for a plain build; one with a sanitizer is ten times slower and does a tenth.
  static Seeds of(std::uint64_t rounds) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    rounds = rounds / 10 + 1;
#endif
    const bool repeated = std::getenv("PERMITD_SEED") != nullptr;
    return {environment_number("PERMITD_SEED", 1),
            environment_number("PERMITD_ROUNDS", repeated ? 1 : rounds)};
  }
};

}  // namespace permitd::tests
