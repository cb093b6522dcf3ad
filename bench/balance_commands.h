// The subcommands of permitd_balance, each with its options. Every plan that is measured passes the
// checker first; a plan with a fault makes the exit code 1, input that cannot be read or a picture
// that cannot be written 2. What was measured is printed all the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/balance_measure.h"

namespace permitd::bench {

struct VrptwOptions {
  std::vector<std::string> files;
  std::string best_known;
  /// Budgets, one column of gaps each.
  std::vector<double> seconds{1, 10};
  SearchChoice search;
};
int run_vrptw(const VrptwOptions& options);

struct CityOptions {
  std::int32_t inspectors = 500;
  std::int32_t visits = 2500;
  planner::Cost balance_permille = 0;
  std::int32_t offices = 0;
  /// Real locations instead of generated ones: CSV, may be gzipped, with columns lat and lon.
  std::string records;
  SearchChoice search;
};
int run_city(const CityOptions& options);

struct TechnicianOptions {
  std::string directory;
  SearchChoice search;
};
int run_technician(const TechnicianOptions& options);

}  // namespace permitd::bench
