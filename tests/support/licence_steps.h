// Random commands about office licences for the command generator: what the scheduler shows is
// carried on through round, checks, exam, venue and equipment, and some of it is wrong on purpose.
#pragma once

#include "scheduler/command.h"
#include "scheduler/scheduler.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

/// Fills kind and body; the actor is the caller's matter. Pre: command.now is set.
void make_licence_step(Chance& chance, const scheduler::Scheduler& scheduler,
                       scheduler::Command& command);

}  // namespace permitd::tests
