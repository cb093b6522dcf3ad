// Submissions over sockets at a small cost: frames are made once and patched, answers are
// looked at, nothing is kept of them. Cap'n Proto's own client takes as long for a call as the
// daemon does, so that on two cores it could never ask for more than the daemon can give; this one
// takes about a tenth. What goes over the socket is what the client library would send.
//
// Calls leave when they are due and are never held back for want of an answer. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/load_plan.h"

namespace permitd::bench {

struct WirePlan {
  std::uint32_t connections = 50;  // an office each
  std::uint32_t depth = 8;         // closed loop: calls in flight on each
  std::uint32_t batch = 1;         // submissions in a call
  double rate = 0;                 // calls a second, open loop; 0 = closed loop
  double warmup_seconds = 1;
  double seconds = 5;
  std::uint32_t nap_us = 0;  // sleeps so long, or until a call is due, with nothing to do; 0: spins
};

/// Counts are of calls within the measured time; latencies from the moment a call was due.
struct WireResult {
  double seconds = 0;
  std::uint64_t due = 0;
  std::uint64_t accepted = 0;   // answered, each of its submissions durable
  std::uint64_t busy = 0;       // refused as busy, by an exception or for each submission
  std::uint64_t held_back = 0;  // not sent: the socket took nothing and too much waited already
  Samples accepted_latency;
  Samples busy_latency;
  double own_cpu_seconds = 0;
  double server_cpu_seconds = 0;
};

class WireLoad {
 public:
  /// Connects to the path of a unix socket or to HOST:PORT of plain TCP; each connection opens the
  /// session of its bench_office(). Throws kj::Exception.
  WireLoad(const std::string& address, const WirePlan& plan);
  ~WireLoad();
  WireLoad(const WireLoad&) = delete;
  WireLoad& operator=(const WireLoad&) = delete;

  /// Warms up, measures, and waits for the last answer. Throws kj::Exception when a call is refused
  /// for another reason than busy, a connection is lost, or an answer is missing after a minute.
  template <class ServerCpu>
  WireResult measure(const ServerCpu& server_cpu) {
    warm_up();
    const double before = server_cpu();
    run();
    const double used = server_cpu() - before;
    WireResult result = finish();
    result.server_cpu_seconds = used;
    return result;
  }
  /// Becomes a closed loop of `depth`, or an open one of `rate` calls a second, and goes on as that
  /// to settle.
  void begin_phase(double rate, std::uint32_t depth, double settle_seconds);
  /// Goes on and measures: calls accepted a second. Nothing is waited for at the end.
  double measure_phase(double seconds);
  /// Waits for the answers of all phases.
  void end_phases() { finish(); }
  /// Calls accepted since the start, warm-up included.
  std::uint64_t accepted_total() const;

 private:
  void warm_up();
  void run();
  WireResult finish();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace permitd::bench
