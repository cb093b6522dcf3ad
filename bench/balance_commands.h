// The subcommands of permitd_balance, each with its options. Every plan that is measured passes the
// checker first; a plan with a fault makes the exit code 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace permitd::bench {

struct VrptwOptions {
  std::vector<std::string> files;
  std::string best_known;
  double seconds = 10;
  std::uint64_t iterations = 0;
  std::uint64_t seed = 1;
  std::string svg;
  bool json = false;
};
int run_vrptw(const VrptwOptions& options);

}  // namespace permitd::bench
