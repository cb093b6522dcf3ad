// The open cases of an office that is not Active any more move to others, as far as the policy lets
// them. Owned by the engine thread.
#pragma once

#include <cstdint>

#include "scheduler/state.h"

namespace permitd::scheduler {

/// To be called when an office has come to a state, or the policy's `homes` to a value: its cases
/// seek new homes where the policy lets them, and stay where it is Active again. Its timer is the
/// caller's to set.
void seek_homes(Core& core, std::uint32_t office);

/// Moves a few of the office's cases to their new homes; a case that no office can take stays.
/// True when it moved some or has not seen them all: its timer must fire again.
bool move_homeless(Core& core, std::uint32_t office);

}  // namespace permitd::scheduler
