// The thread beside the engine: signals, the service manager's watchdog, warnings in the log, and a
// small HTTP server for health and metrics. It never touches live state: it asks the engine through
// a port of its own, so what it shows is durable like everything else.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/engine.h"
#include "daemon/error.h"
#include "daemon/network_figures.h"
#include "daemon/pulse.h"

namespace permitd::daemon {

struct OpsOptions {
  int http_file = -1;  // of open_http_listener(), which the thread takes over; −1: no HTTP
  const NetworkFigures* network = nullptr;  // for the metrics; outlives the thread
  std::vector<Pulse*> pulses;  // of the threads that the watchdog looks at beside the engine's
  // On the ops thread; may read files. Empty: nothing to do.
  std::function<void()> on_hangup;  // SIGHUP
  std::function<void()> on_look;    // every kLookIntervalMs
};
/// Half a second, so that a change of a watched file is noticed within one.
inline constexpr std::int64_t kLookIntervalMs = 500;
/// How often the figures are looked at for what must be warned of, asked for or not.
inline constexpr std::int64_t kWarningIntervalMs = 10'000;

/// What the metrics show beside the scheduler's own figures; filled on the engine's thread.
struct OpsFigures {
  scheduler::StatsView stats;
  EngineStats engine;
  StorageStats storage;
  std::int32_t day = 0;  // working day of stats.now
  const NetworkFigures* network = nullptr;  // null: left out
};

class OpsThread {
 public:
  /// `port` is one of the engine's, for this thread alone. `on_stop` is called once, on the ops
  /// thread, when SIGTERM or SIGINT arrives. Errors: kSystem.
  static Expected<std::unique_ptr<OpsThread>> start(const OpsOptions& options, Engine& engine,
                                                    Port& port, std::function<void()> on_stop);
  /// Stops and joins.
  virtual ~OpsThread() = default;
};

/// Blocks SIGTERM, SIGINT, SIGHUP and SIGPIPE for the calling thread and those it starts. Before
/// any thread exists.
void block_signals();

}  // namespace permitd::daemon
