// Random steps with the zoning plan for the made-up city; see command_generator.h. Mostly legal
// ones, in the order in which a version goes its way. One thread.
#pragma once

#include "scheduler/scheduler.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

scheduler::ZoneCode random_zone(Chance& chance);
/// Kind and body; the actor is the caller's matter. Goes on with a version that is being loaded, or
/// begins the next one.
void make_load_zoning(Chance& chance, const scheduler::Scheduler& scheduler,
                      scheduler::Command& command);
/// The same: validates, notifies or drops.
void make_move_zoning(Chance& chance, const scheduler::Scheduler& scheduler,
                      scheduler::Command& command);

}  // namespace permitd::tests
