// The loop of an engine that has its thread to itself (the network runs on others): step until
// there is nothing to do, then sleep until a port publishes, the journal completes, or a timer is
// due.
#pragma once

#include <cstdint>
#include <functional>

#include "daemon/engine.h"
#include "daemon/uring.h"

namespace permitd::daemon {

/// Runs on the engine's thread until `stop` says so, checked before each sleep. `ring` is the
/// journal's, or null when the journal uses plain system calls. `spin_ns` bounds how long
/// completions are polled for before the thread sleeps.
void run_engine_loop(Engine& engine, Ring* ring, std::int64_t spin_ns,
                     const std::function<bool()>& stop);

}  // namespace permitd::daemon
