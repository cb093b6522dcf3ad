// Whether a state that was read is one: every number within its table, every chain whole, every
// container in agreement with the records. Input from a file is never trusted; what passes can't
// make the core abort.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Checks the tables and containers, and rebuilds what is derived. False when anything does not
/// fit.
bool adopt_state(Core& core);

}  // namespace permitd::scheduler
