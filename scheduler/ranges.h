// Ranges of what is set from outside and read back from files: limits, policy, stages of a service.
#pragma once

#include "scheduler/command.h"

namespace permitd::scheduler {

/// Moments that a command names lie before this one (the year 37,000), so that nothing overflows.
inline constexpr Tick kMomentMax{std::int64_t{1} << 50};

/// Of money: what a building costs many times over, and far from overflow.
inline constexpr std::uint64_t kAmountRialMax = 1'000'000'000'000'000;

bool limits_in_range(const Limits& limits);
bool policy_in_range(const SetPolicy& policy);
/// A stage as it is kept, its flags completed.
bool stage_in_range(const StageSpec& stage);

}  // namespace permitd::scheduler
