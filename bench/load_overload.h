// How much is still done when more is asked for than can be done: in rounds, an open loop at
// multiples of what a closed one can do, each on a fresh daemon with the product's own bounds. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "bench/load_daemon.h"
#include "bench/load_report.h"

namespace permitd::bench {

struct OverloadPlan {
  std::uint32_t connections = 50;
  std::uint32_t batch = 1;
  std::vector<double> multiples = {0.5, 0.8, 1, 1.5, 2, 3};
  double warmup_seconds = 2;
  double seconds = 5;
  std::uint32_t runs = 3;
  std::uint32_t nap_us = 0;  // of the generator, see WirePlan
  bool by_turns = false;
  double peak = 0;  // calls a second, taken for the peak; 0: closed loops before and after each run
                    // measure it
};

/// Measures, prints a Markdown table, and says whether what is done at twice the peak is at least
/// nine tenths of it, each run by the closed loops before and after it. The table also has what
/// each open run did of the most that one of its round did. `json`: the same figures, one object a
/// line.
bool measure_overload(const DaemonOptions& daemon, const OverloadPlan& plan,
                      const Conditions& conditions, std::string& json);

/// For a machine whose speed changes from one second to the next: on one daemon closed loops of
/// each depth and an open one at twice the peak take turns of `plan.seconds`, each after half of
/// that to settle, `plan.runs` times. The peak is the mean of the best closed loop over all its
/// turns. Prints each turn and the open mean by the peak with its standard error, and judges that.
bool measure_overload_by_turns(const DaemonOptions& daemon, const OverloadPlan& plan);

}  // namespace permitd::bench
