// Day plans on a trace: each morning the visits that wait are planned as the daemon plans them, and
// the core is told; what comes during the day, and everything else, is dispatched as ever.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bench/dispatch_trace_play.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {

/// A plan of the present day's visits as commands. Its search ends by steps, so that the same core
/// gives the same plan.
std::vector<scheduler::ApplyPlan> plan_morning(const scheduler::Scheduler& core);

/// The core as in core_policy, told such a plan every morning (dispatch_trace_core.cc).
std::unique_ptr<DispatchPolicy> planned_policy(const DispatchTrace& trace, std::string_view name,
                                               const scheduler::SetPolicy& policy);

}  // namespace permitd::bench
