// An order of places in which those that are near each other mostly stand near each other, so that
// tables indexed by it are read in few cache lines. Needs distances only, no coordinates: strips of
// equal distance from one end of town, each walked by the distance from a side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/travel.h"

namespace permitd::planner {

/// Indexes into `places`, every one once. O(n log n) with 4 n questions to `travel`.
std::vector<std::size_t> locality_order(std::span<const Place> places, const Travel& travel);

}  // namespace permitd::planner
