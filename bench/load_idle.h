// Many connections that have said hello and say nothing more: what each costs, what a working
// client notices of them, and whether they are all still served and given back in the end. One
// thread.
#pragma once

#include <string>

#include "bench/load_daemon.h"
#include "bench/load_report.h"

namespace permitd::bench {

struct IdlePlan {
  std::uint32_t connections = 10'000;
  double seconds = 5;   // of the working client, before and beside them
  double rate = 1'000;  // its submissions a second
};

/// Over a unix socket, TCP and TLS in turn, each on a fresh daemon. Prints a Markdown table; `json`
/// gets the same, one object a line. False when a connection was lost, a call was not answered, or
/// files or memory were not given back.
bool measure_idle(const DaemonOptions& daemon, const IdlePlan& plan, const Conditions& conditions,
                  std::string& json);

}  // namespace permitd::bench
