// The text of /metrics and /healthz.
#pragma once

#include <string>

#include "daemon/ops_thread.h"
#include "daemon/process_memory.h"

namespace permitd::daemon {

/// Prometheus text exposition format 0.0.4.
std::string metrics_text(const OpsFigures& figures, const MemoryFigures& memory);
/// One JSON object; `ok` is false while draining or full.
std::string health_text(const OpsFigures& figures);

}  // namespace permitd::daemon
