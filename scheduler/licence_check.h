// Whether what was read about licences can have come about, for state_check. Reads only; engine
// thread.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Numbers, enumerators and links are in range, who holds what agrees from both sides, and points
/// come out as the rules give them. Pre: the offices have been checked.
bool check_licences(const Core& core);

}  // namespace permitd::scheduler
