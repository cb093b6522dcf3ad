// Day plans on a trace: each morning the visits that wait are planned as the daemon plans them, and
// the core is told; where it is asked for, once more at noon. What comes in between, and everything
// else, is dispatched as ever.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/dispatch_trace_play.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {

/// A plan of what is left of the present day's visits as commands. Its search ends by steps, so
/// that the same core gives the same plan.
std::vector<scheduler::ApplyPlan> plan_present_day(const scheduler::Scheduler& core);

enum class TracePlans : std::uint8_t { kMornings, kMorningsAndNoons };

/// The core as in core_policy, told such plans (dispatch_trace_core.cc).
std::unique_ptr<DispatchPolicy> planned_policy(const DispatchTrace& trace, std::string_view name,
                                               const scheduler::SetPolicy& policy,
                                               TracePlans plans);

}  // namespace permitd::bench
