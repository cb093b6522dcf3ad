// Subscribers to the feed of events. Each has a bounded queue and one call in flight; who is too
// slow loses events, is told how many, and after a while is told to go. Rpc thread only.
//
// Only what is durable comes through the port's feed, so a subscriber never sees what a crash could
// undo.
#pragma once

#include <kj/async.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/fifo.h"
#include "daemon/log.h"
#include "daemon/queries.h"
#include "protocol/permit.capnp.h"

namespace permitd::daemon {

/// Events that wait for one subscriber, 28 KiB; and those that go with one call.
inline constexpr std::size_t kWatchQueueMax = 512;
inline constexpr std::size_t kWatchCallMax = 64;
/// A call that takes longer has lost its subscriber.
inline constexpr std::int64_t kWatchPatienceMs = 30'000;
/// Over all connections of a loop: 4,096 × 28 KiB = 115 MiB at the most.
inline constexpr std::size_t kWatchersMax = 4'096;

class RpcConnection;
class Watcher;

class WatchHub {
 public:
  explicit WatchHub(Port& port) : port_(&port) {}
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  /// Throws OVERLOADED when the connection, or the loop, has as many as it may, or when the server
  /// drains.
  protocol::Subscription::Client subscribe(kj::Own<RpcConnection> connection, const Scope& scope,
                                           protocol::Subscriber::Client subscriber);
  /// Takes events from the port, a bounded number. True when there were any.
  bool deliver();
  /// Tells every subscriber that there will be no more.
  void end_all(kj::StringPtr reason);
  std::size_t watcher_count() const { return watchers_.size(); }

  /// The port is about to go; watchers may outlive it.
  void leave_port() { port_ = nullptr; }

 private:
  friend class Watcher;
  void remove(Watcher& watcher);

  Port* port_;
  std::vector<Watcher*> watchers_;
  LogSite too_slow_;
};

}  // namespace permitd::daemon
