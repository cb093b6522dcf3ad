// The table of dispatch policies on a trace: every policy on the same traces, one per seed; medians
// and spread.
#pragma once

#include <CLI/App.hpp>
#include <boost/json/array.hpp>
#include <optional>

#include "bench/dispatch_trace.h"

namespace permitd::bench {

struct TraceBench {
  TraceOptions trace{.records = "city/records/chicago-2019-05-18.csv.gz",
                     .city = "city/tehran.toml",
                     .seed = 101};  // the city's policy was tuned on 1 to 5
  std::uint32_t seeds = 5;          // from trace.seed on
  bool core_only = false;
  // What is tried instead of the city's policy.
  std::optional<std::uint16_t> near_visits, near_slack_minutes, near_equal_count,
      near_equal_permille, compared_count, load_weight, travel_weight, share_weight;
};
void add_trace_options(CLI::App& app, TraceBench& bench);

/// The trace of a seed. Ends the program when it cannot be made.
DispatchTrace trace_of(const TraceBench& bench, std::uint64_t seed);
/// Prints the table and gives its figures. Ends the program when the trace cannot be made.
boost::json::array bench_trace(const TraceBench& bench);

}  // namespace permitd::bench
