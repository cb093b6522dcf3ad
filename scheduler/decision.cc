#include "scheduler/decision.h"

#include "scheduler/assert.h"

namespace permitd::scheduler {

namespace {

// The finaliser of splitmix64 (G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom
// Number Generators, 2014): every bit of the input reaches every bit of the output.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t decision_seed(std::uint64_t command_seed, JobId job) {
  return mix(command_seed ^ mix(raw(job)));
}

std::uint64_t decision_seed(std::uint64_t command_seed, std::span<const JobId> drawn) {
  for (const JobId job : drawn) command_seed = decision_seed(command_seed, job);
  return command_seed;
}

// The high half of the mixed seed scaled to the count: no candidate is favoured by more than 2^-29.
std::size_t choose_near_equal(std::uint64_t seed, std::size_t count) {
  PERMIT_ASSERT(count > 0, seed);
  const std::uint64_t high = mix(seed) >> 32;
  return static_cast<std::size_t>((high * count) >> 32);
}

}  // namespace permitd::scheduler
