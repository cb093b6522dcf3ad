// The Cap'n Proto server of one rpc thread: takes connections from the loop, gives each a gateway,
// and hands answers and events of its port to the calls and subscribers that wait for them.
//
// Everything here belongs to the loop's thread; the engine is reached through the port alone. A
// peer that goes away takes nothing with it: commands already pushed go on, their answers are
// discarded.
#pragma once

#include <kj/async.h>

#include <cstdint>

#include "daemon/rpc_connection.h"

namespace permitd::daemon {

class RpcServer final : public RpcLoop::Hook, private kj::TaskSet::ErrorHandler {
 public:
  /// All borrowed for the life of the server; `port` is one of the engine's, for this thread alone.
  /// Adds itself to the loop as a hook and the port's waker to its wakers.
  RpcServer(RpcLoop& loop, Engine& engine, Port& port, Clock& clock, RpcServerOptions options);
  ~RpcServer() noexcept;
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  /// A new connection; this is what RpcLoop's listeners call.
  void accept(kj::Own<capnp::MessageStream> stream, const Peer& peer);
  /// The same as a callback for RpcLoop::listen_….
  RpcLoop::OnConnection on_connection();

  /// No new connections and no new work: the engine is told, subscribers are told, connections are
  /// closed as soon as they are quiet, and after drain_seconds as they are. Loop's thread; more
  /// than once is harmless.
  void drain();
  /// True when draining and the last connection is closed.
  bool is_drained() const { return services_->is_draining && services_->figures.connections == 0; }

  const RpcFigures& figures() const { return services_->figures; }
  std::uint32_t calls_in_flight() const { return services_->calls.open_count(); }

  // RpcLoop::Hook
  bool work() override;
  bool has_work() const override { return !port_.idle_now() || services_->handover.has_work(); }
  std::int64_t sleep_limit_ns() override;

 private:
  class Connection;
  void taskFailed(kj::Exception&& exception) override;
  void tell_engine_to_drain();
  void close_connections();

  Port& port_;
  kj::Own<RpcServices> services_;
  std::int64_t drain_begin_ns_ = 0;
  bool is_engine_told_ = false;
  Connection* connections_ = nullptr;  // list of those open
  kj::TaskSet tasks_;
};

}  // namespace permitd::daemon
