// Made-up desks for the balance bench: the same seed gives the same problem on every machine.
#pragma once

#include <cstdint>

#include "planner/review_problem.h"

namespace permitd::bench {

struct ReviewInstanceSize {
  std::uint32_t people = 500;
  std::uint32_t jobs = 5000;
};

/// People with one to three skills, half of them for the whole city and half for four to eight
/// districts, of different pace; jobs of the default catalogue's efforts; one in ten excludes some
/// people. Due moments lie two to ten days ahead, so that lateness is no matter of luck.
planner::ReviewProblem make_review_instance(std::uint64_t seed, const ReviewInstanceSize& size);

}  // namespace permitd::bench
