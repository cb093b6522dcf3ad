// When the cases of an office move to others, and which office is the better home for one. What is
// proposed to a supervisor and what the policy lets happen by itself are the same choice, made
// here. Pure.
#pragma once

#include <cstdint>

#include "scheduler/types.h"

namespace permitd::scheduler {

/// An office as a home for one more case.
struct Home {
  OfficeId office{};
  District district = 0;
  Point point;
  std::uint64_t cases_open = 0;
  std::uint32_t capacity_units = 0;  // a day, of its certified experts
};

/// Whether the open cases of an office that has come to that state move without a supervisor.
constexpr bool cases_move_by_themselves(HomePolicy policy, OfficeState state) {
  switch (state) {
    case OfficeState::kNone:
    case OfficeState::kEquipping:
    case OfficeState::kActive:
      return false;
    case OfficeState::kSuspended:
      return policy == HomePolicy::kWhenInactive;
    case OfficeState::kExpired:
    case OfficeState::kRevoked:
    case OfficeState::kSurrendered:
      return policy != HomePolicy::kPropose;
  }
  return false;
}

/// Whether `one` comes before `other` for a parcel: an office of its district first; then the one
/// with fewer open cases for its capacity; then the nearer one, then the lower number.
bool is_better_home(const Home& one, const Home& other, District district, Point parcel);

}  // namespace permitd::scheduler
