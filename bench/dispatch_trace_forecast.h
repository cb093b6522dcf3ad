// How well the forecast foretells a trace: on some mornings of a run the daemon's forecast is made
// of the core as it stands, and held against the day on which each case really ended.
#pragma once

#include <boost/json/array.hpp>
#include <memory>
#include <string_view>

#include "bench/dispatch_trace_bench.h"
#include "bench/dispatch_trace_play.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {

/// Looks at a run without changing it. Days are working days from the first of the trace.
class TraceWatcher {
 public:
  virtual ~TraceWatcher() = default;
  virtual void opens(const scheduler::Scheduler& core, std::int64_t day) = 0;
  virtual void ends(scheduler::CaseId id, std::int64_t day) = 0;
};

/// The core as in core_policy, watched (dispatch_trace_core.cc). The watcher outlives it.
std::unique_ptr<DispatchPolicy> watched_policy(const DispatchTrace& trace,
                                               const scheduler::SetPolicy& policy,
                                               TraceWatcher& watcher);

/// Prints the table and gives its figures. Ends the program when the trace cannot be made.
boost::json::array bench_forecast(const TraceBench& bench);

}  // namespace permitd::bench
