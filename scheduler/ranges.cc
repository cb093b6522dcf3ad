// Ranges of what is set from outside: limits, policy, stages of a service.
#include "scheduler/ranges.h"

#include "scheduler/members.h"

namespace permitd::scheduler {

bool limits_in_range(const Limits& limits) { return limits_fault(limits) == 0; }

bool policy_in_range(const SetPolicy& policy) { return policy_fault(policy) == 0; }

bool stage_in_range(const StageSpec& stage) {
  constexpr std::uint8_t kFlags = kStageNeedsAppointment | kStageIsSovereign | kStageNeedsDecision |
                                  kStageFieldLease | kStageNotMechanised | kStageOnlyIfBuilt;
  return (stage.flags & ~kFlags) == 0 && stage_fault(stage) == 0;
}

}  // namespace permitd::scheduler
