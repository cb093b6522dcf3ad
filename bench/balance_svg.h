// Pictures of a plan: the routes on a map and how the cost fell over time, as one SVG file.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/balance_measure.h"
#include "planner/travel.h"

namespace permitd::bench {

struct Picture {
  std::string title;
  /// Positions by place: east and north in any unit, the same for both.
  std::vector<planner::PlaneTravel::Point> points;
  const planner::DayProblem& problem;
  const Measured& measured;
  /// 0 if there is none: then the curve shows costs instead of gaps.
  double best_known = 0;
};

/// The map keeps its aspect. An error names the file and says why it could not be written.
std::expected<void, std::string> write_svg(const std::filesystem::path& file,
                                           const Picture& picture);

/// The file of one instance among several: its name comes before the extension.
std::filesystem::path svg_of_instance(const std::filesystem::path& file, std::string_view instance);

}  // namespace permitd::bench
