// Connections that come, say hello and go, as many at once as asked for: what a handshake costs.
// One thread.
#pragma once

#include <kj/async-io.h>

#include <functional>

#include "bench/load_plan.h"
#include "cli/client.h"

namespace permitd::bench {

/// Throws kj::Exception when a connection cannot be made.
HandshakeResult measure_handshakes(kj::AsyncIoContext& io, const cli::Address& address,
                                   std::uint32_t at_once, double seconds,
                                   const std::function<double()>& server_cpu);

}  // namespace permitd::bench
