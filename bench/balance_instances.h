// Published routing instances as day problems: Solomon and Homberger text, .vrp files with time
// windows. Times and distances are multiplied by 10 and each leg is cut to an integer, which is the
// convention of the best known distances for 1,000 customers.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "planner/day_problem.h"
#include "planner/travel.h"

namespace permitd::bench {

struct Instance {
  std::string name;
  planner::DayProblem problem;
  std::unique_ptr<planner::Travel> travel;
  /// Positions in the instance's own units, by place; for pictures.
  std::vector<planner::PlaneTravel::Point> points;
};

/// Units of cost per unit of distance.
inline constexpr planner::Cost kInstanceScale = 10;

std::expected<Instance, std::string> read_vrptw(const std::filesystem::path& file);

/// Best known costs by instance name, out of a CSV whose first two columns are those.
std::map<std::string, double> read_best_known(const std::filesystem::path& file);

}  // namespace permitd::bench
