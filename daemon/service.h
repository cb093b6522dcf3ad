// The daemon put together: each part is built and handed to the next through constructors, in the
// order in which it may fail, so that a start says one sentence and leaves nothing half done.
#pragma once

#include "daemon/config.h"

namespace permitd::daemon {

/// Serves until SIGTERM, SIGINT or an operator's drain. Returns the exit status: 0 after a clean
/// drain, 1 when the start failed (said in the log), 2 when the drain ran out of time.
int serve(const Config& config);

}  // namespace permitd::daemon
