// "Which half-days can I offer this citizen": the whole call, on days of a city that are full. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load_daemon.h"
#include "bench/load_report.h"

namespace permitd::bench {

struct OffersPlan {
  std::uint32_t inspectors = 500;
  std::uint32_t visits_per_day = 2'500;  // promised on each of two days
  std::uint32_t desk_jobs = 10'000;      // that wait elsewhere, and are read past
};

/// Runs a daemon of its own for every run; prints a table and returns the JSON of all runs. Throws
/// kj::Exception when the daemon refuses what is asked.
std::string measure_offers(const DaemonOptions& daemon, const OffersPlan& plan,
                           const Conditions& conditions, std::uint32_t runs);

}  // namespace permitd::bench
