// The load itself: connections, calls in flight, and when each call was meant to leave.
//
// Closed loop: a slot sends its next call when the last was answered. Open loop: calls are due at
// moments fixed in advance (exponential gaps from a fixed seed), whatever the daemon does; latency
// counts from the due moment, so a stall is seen by everybody who would have met it. The thread
// spins on its event loop rather than sleep, since timers of a sleeping loop are a millisecond
// late. One thread.
#pragma once

#include <kj/async-io.h>

#include <functional>
#include <string>

#include "bench/load_plan.h"
#include "cli/client.h"

namespace permitd::bench {

/// Where connection `index` goes, and with which certificate.
using AddressOf = std::function<cli::Address(std::uint32_t index)>;

class LoadRun {
 public:
  LoadRun(kj::AsyncIoContext& io, const AddressOf& address_of, const LoadPlan& plan);
  ~LoadRun() noexcept(false);

  /// Files the backlog, 64 jobs a call; jobs a second.
  double fill_backlog();
  /// Warms up, then measures. `server_cpu` is asked at both ends of the measured time.
  LoadResult measure(const std::function<double()>& server_cpu);

 private:
  struct Impl;
  kj::Own<Impl> impl_;
};

}  // namespace permitd::bench
