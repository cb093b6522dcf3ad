// What stands behind Scheduler: the core, out of sight of those who use it.
#pragma once

#include "scheduler/scheduler.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

struct Scheduler::State {
  Core core;
};

}  // namespace permitd::scheduler
