// The network of one thread: loop, server and the engine's port, made together and torn down in
// order.
#pragma once

#include <memory>

#include "daemon/config.h"
#include "daemon/engine.h"
#include "daemon/error.h"
#include "daemon/pulse.h"
#include "daemon/rpc_loop.h"
#include "daemon/rpc_server.h"
#include "daemon/tls_keeper.h"

namespace permitd::daemon {

/// Who works beside the engine; they outlive the network.
struct PlannerThreads {
  PlannerThread* plans = nullptr;       // seconds: plans, forecasts
  PlannerThread* questions = nullptr;   // milliseconds
  OfferMemory* offers = nullptr;        // belongs to the thread of the questions
  StandingPlanner* standing = nullptr;  // null: no plan stands
};

class RpcNetwork {
 public:
  /// The calling thread becomes the loop's. `server` settings come from the configuration.
  /// `figures` outlives the network.
  static Expected<std::unique_ptr<RpcNetwork>> create(const Config& config,
                                                      NetworkFigures& figures);

  RpcLoop& loop() { return *loop_; }
  /// Once, when the engine and this thread's port are there.
  void serve(Engine& engine, Port& port, Clock& clock, const PlannerThreads& planners,
             const Config& config, std::function<void()> on_drain);
  /// What offices may file is counted in `quota`, which outlives the network. Before serve().
  void share(OfficeQuota& quota) { quota_ = &quota; }
  /// Before a TLS listener: the mailbox, which holds credentials already, brings them and each
  /// later set. Outlives the network.
  void secure(TlsMailbox& mailbox);
  /// Each turn of the loop answers the pulse, whose waker is one of the loop's and which outlives
  /// the network.
  void show(Pulse& pulse);
  /// Takes connections from `file`, which stays the caller's; every network may be given the same
  /// one.
  Expected<void> listen(int file, RpcLoop::Security security = RpcLoop::Security::kPlain);
  void drain() { server_->drain(); }
  bool is_drained() const { return server_->is_drained(); }
  /// Ends every connection; the loop stays until the network goes.
  void stop_serving() { server_.reset(); }

 private:
  class Refresh;
  class Beat;
  NetworkFigures* figures_ = nullptr;
  OfficeQuota* quota_ = nullptr;
  std::unique_ptr<RpcLoop::Hook> refresh_;  // outlives the loop
  std::unique_ptr<RpcLoop::Hook> beat_;     // likewise
  std::unique_ptr<RpcLoop> loop_;
  std::unique_ptr<RpcServer> server_;  // gone before the loop
};

}  // namespace permitd::daemon
