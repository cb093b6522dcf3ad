// A mixed load at a fixed rate for as long as one likes: cases from filing to their end, reads,
// watchers and connections that come and go, over the unix socket and TLS. Runs against a daemon
// that somebody else started and observes; prints one JSON object a line for each stretch of time.
// One thread.
#pragma once

#include <cstdint>
#include <string>

#include "cli/client.h"

namespace permitd::bench {

/// What is not given back on purpose, so that whoever judges the run can be judged.
enum class SoakLeak : std::uint8_t { kNone, kConnections, kSubscriptions };

struct SoakPlan {
  cli::Address local;   // unix socket; the caller may be anybody there
  cli::Address remote;  // TLS, as office 0101; not is_tls(): come-and-go connections are all local
  double rate = 1'000;  // cases a second, open loop
  double seconds = 60;
  double stretch_seconds = 5;
  double comings = 20;  // connections a second that come, ask something and go
  std::uint32_t offices = 16;
  std::uint32_t workers = 128;  // cases under way at once at the most
  std::uint32_t watchers = 8;   // subscriptions at once, each for a second or two
  SoakLeak leak = SoakLeak::kNone;
};

/// Defines the bench city and runs. Throws kj::Exception when the city is refused.
void run_soak(const SoakPlan& plan);

}  // namespace permitd::bench
