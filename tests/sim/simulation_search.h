// Many seeds in a row, what they add up to, and the shortest run that still fails when one does.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/simulation.h"

namespace permitd::tests {

struct SearchOptions {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  bool shrinks = true;
  SimulationOptions run;  // for every seed
};

struct SearchResult {
  std::string failure;
  std::string repeat_line;  // the command line that repeats the failing run
  std::uint64_t seeds = 0;
  SimulationReport total;
};

/// From the arguments of the test: --seed, --seeds, --steps, --faults, --without, --no-shrink.
SearchOptions asked_for(const std::vector<std::string>& arguments);
SearchResult search(const SearchOptions& options);
/// A failing run cut down to fewer steps and kinds of faults.
SimulationOptions shrink(SimulationOptions options, SimulationReport& report);
std::string line_of(const SimulationOptions& options);
std::string text_of(const SearchResult& result);

}  // namespace permitd::tests
