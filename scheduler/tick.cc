// Time passes: due timers fire, at most kTimersPerTickMax of them per command.
#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_flow.h"
#include "scheduler/licence_flow.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

void fire_other(Core& core, std::uint32_t subject) {
  if (subject >= case_timer(core, 0)) {
    case_timer_fired(core, subject - case_timer(core, 0));
  } else if (subject >= office_timer(core, 0)) {
    office_timer_fired(core, subject - office_timer(core, 0));
  } else if (subject == kCityTimer) {
    zoning_timer_fired(core);
    rounds_timer_fired(core);
  } else {
    sweep_expert(core, ExpertId{subject});
  }
}

// Experts first where both are due at one moment: an expert who must stop is gone before a job
// looks.
bool fire_next(Core& core) {
  const Tick job_at = core.job_timers.next();
  const Tick other_at = core.other_timers.next();
  if (other_at <= core.now && other_at <= job_at) {
    // A round moves all who applied: it begins a tick, so that there is room for its events.
    if (core.other_timers.at(kCityTimer) == other_at && core.event_count > 0) return false;
    fire_other(core, core.other_timers.pop_due(core.now));
    return true;
  }
  if (job_at > core.now) return false;
  job_timer_fired(core, core.job_timers.pop_due(core.now));
  return true;
}

}  // namespace

void apply_tick(Core& core, const Command&, Outcome&) {
  std::uint32_t fired = 0;
  while (fired < kTimersPerTickMax && events_left(core) && fire_next(core)) ++fired;
}

}  // namespace permitd::scheduler
