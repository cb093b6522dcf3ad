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
  bool prints_hashes = false;  // a line for each seed, to compare builds by (same_bytes.py)
  SimulationOptions run;       // for every seed
};

struct SearchResult {
  std::string failure;
  std::string repeat_line;  // the command line that repeats the failing run
  std::uint64_t seeds = 0;
  SimulationReport total;
};

/// From the arguments of the test: --seed, --seeds, --first, --steps, --faults, --cut, --without,
/// --no-shrink, --print-hashes.
SearchOptions asked_for(const std::vector<std::string>& arguments);
SearchResult search(const SearchOptions& options);
/// A failing run cut down to fewer steps and kinds of faults.
SimulationOptions shrink(SimulationOptions options, SimulationReport& report);
/// The first words of what a run complains of, without its numbers: two runs that complain of the
/// same have the same, whatever the ops and moments.
std::string kind_of_failure(const std::string& failure);
/// The command line that repeats a run; of its options all but the sabotage and what goes with it.
std::string line_of(const SimulationOptions& options);
std::string text_of(const SearchResult& result);

}  // namespace permitd::tests
