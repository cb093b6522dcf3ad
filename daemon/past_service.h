// A daemon of the past: the state at an op or a moment, served like the present one to whoever
// asks, and changed by nothing. It reads a directory that is not in use and writes nowhere.
#pragma once

#include "daemon/command_walk.h"
#include "daemon/config.h"

namespace permitd::daemon {

/// Serves on the configured socket until it is told to stop. The exit status.
int serve_past(const Config& config, const PastMoment& moment);

}  // namespace permitd::daemon
