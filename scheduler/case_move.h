// A case gets another home: the office that answers for it and whose own people do what only they
// may. Owned by the engine thread.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Moves the case with everything that is open of it; what somebody holds stays in their hands.
/// Pre: `office` is another one than the case's, and has its service activated.
void move_case(Core& core, std::uint32_t case_slot, std::uint16_t office, Reason reason);

}  // namespace permitd::scheduler
