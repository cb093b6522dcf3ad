// Pictures of a plan: the routes on a map and how the cost fell over time, as one SVG file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/balance_measure.h"
#include "planner/travel.h"

namespace permitd::bench {

struct Picture {
  std::string title;
  /// Positions by place: east and north in any unit.
  std::vector<planner::PlaneTravel::Point> points;
  const planner::DayProblem& problem;
  const Measured& measured;
  /// 0 if there is none: then the curve shows costs instead of gaps.
  double best_known = 0;
};

/// Returns whether the file could be written.
bool write_svg(const std::filesystem::path& file, const Picture& picture);

}  // namespace permitd::bench
