// Numbers for the jobs of one person's day, in the order of a plan. What a supervisor has fixed
// keeps its number, of the rest whatever can, so that little is reserved anew; new ones leave room
// between, and where there is none what stands next to them is numbered anew. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace permitd::daemon {

struct PlaceNumber {
  std::uint16_t number = 0;  // 0: none yet
  bool is_fixed = false;
};

/// Fills in the numbers: ascending, equal only where no room is left between two fixed ones.
void number_places(std::vector<PlaceNumber>& places);

}  // namespace permitd::daemon
