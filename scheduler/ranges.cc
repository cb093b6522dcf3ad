// Ranges of what is set from outside: limits, policy, stages of a service.
#include "scheduler/ranges.h"

#include "scheduler/limits.h"
#include "scheduler/members.h"

namespace permitd::scheduler {

namespace {

template <class Check>
bool each_limit(const Limits& a, const Limits& b, const Check& check) {
  return check(a.cases_max, b.cases_max) && check(a.jobs_max, b.jobs_max) &&
         check(a.events_max, b.events_max) && check(a.decisions_max, b.decisions_max) &&
         check(a.notes_max, b.notes_max) && check(a.keys_max, b.keys_max) &&
         check(a.experts_max, b.experts_max) && check(a.offices_max, b.offices_max) &&
         check(a.applications_max, b.applications_max) && check(a.venues_max, b.venues_max) &&
         check(a.meetings_max, b.meetings_max);
}

}  // namespace

bool limits_in_range(const Limits& limits) {
  return each_limit(limits, kLimitsMax,
                    [](auto value, auto most) { return value >= 1 && value <= most; });
}

bool limits_reach(const Limits& limits, const Limits& least) {
  return each_limit(limits, least, [](auto value, auto present) { return value >= present; });
}

bool policy_in_range(const SetPolicy& policy) { return policy_fault(policy) == 0; }

bool stage_in_range(const StageSpec& stage) {
  constexpr std::uint8_t kFlags = kStageNeedsAppointment | kStageIsSovereign | kStageNeedsDecision |
                                  kStageFieldLease | kStageNotMechanised | kStageOnlyIfBuilt;
  return (stage.flags & ~kFlags) == 0 && stage_fault(stage) == 0;
}

}  // namespace permitd::scheduler
