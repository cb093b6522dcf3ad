// What is printed and written of the runs: the table for the reader, the JSON for bench/results/. A
// figure without its conditions is worthless, so every record carries machine, kernel, build and
// durability.
#pragma once

#include <string>
#include <vector>

#include "bench/load_plan.h"

namespace permitd::bench {

/// The conditions of a measurement.
struct Conditions {
  std::string label;
  std::string commit;
  std::string io;
  std::uint32_t rpc_threads = 0;
  std::uint32_t spin_us = 0;
  std::string directory;  // of the journal; its file system is reported
};

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
/// Pre: `values` is not empty.
Spread spread_of(std::vector<double> values);

/// One line for the table; print_load_heading() first.
void print_load_heading();
void print_load(const LoadPlan& plan, const Conditions& conditions, std::vector<LoadResult>& runs);
void print_handshakes(const Conditions& conditions, std::vector<HandshakeResult>& runs);
void print_recovery(const std::vector<RecoveryResult>& runs);

/// JSON objects; the caller writes the file.
std::string conditions_json(const Conditions& conditions);
std::string load_json(const LoadPlan& plan, const Conditions& conditions,
                      std::vector<LoadResult>& runs);
std::string handshake_json(const Conditions& conditions, std::vector<HandshakeResult>& runs);
std::string recovery_json(const Conditions& conditions, const std::vector<RecoveryResult>& runs);

}  // namespace permitd::bench
