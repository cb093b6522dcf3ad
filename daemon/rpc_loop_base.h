// What both loops have in common: the order of a turn, the sleep protocol, listening, deadlines. A
// loop is this plus a kernel interface. The loop's thread only.
//
// turn() is what KJ calls its event port for. Whoever waits for a promise in the loop's WaitScope
// therefore keeps hooks, connections and deadlines going just as run() does.
#pragma once

#include <kj/timer.h>

#include <memory>
#include <vector>

#include "daemon/rpc_listener.h"
#include "daemon/rpc_loop.h"
#include "daemon/rpc_stream.h"

namespace permitd::daemon {

class RpcLoopBase : public RpcLoop {
 public:
  void add_hook(Hook& hook) override { hooks_.push_back(&hook); }
  Expected<void> listen_tcp(const std::string& address, OnConnection on_connection) override;
  Expected<void> listen_unix(const std::string& path, std::uint32_t mode,
                             OnConnection on_connection) override;
  Expected<void> listen_file(int file, OnConnection on_connection, Security security) override;
  void set_credentials(std::shared_ptr<const protocol::TlsCredentials> credentials) override;
  kj::Promise<void> after_ms(std::int64_t ms) override;
  void run(const std::function<bool()>& stop) override;
  const LoopStats& stats() const override;

  /// One look at everything that is not KJ's; sleeps when `is_idle` and there was nothing to do.
  void turn(bool is_idle);

 protected:
  /// What becomes of the connections of one listener.
  struct Welcome {
    OnConnection on_connection;
    Security security = Security::kPlain;
  };

  explicit RpcLoopBase(const Options& options);

  virtual kj::EventLoop& event_loop() = 0;
  virtual kj::EventPort& event_port() = 0;
  virtual kj::Timer& timer() = 0;
  /// Sends what is prepared and takes what has happened. True when something has.
  virtual bool poll_kernel() = 0;
  /// The same, but sleeps for at most so long (−1: no limit) when nothing has happened.
  virtual void sleep_kernel(std::int64_t limit_ns) = 0;
  virtual void start_listening(ListeningSocket socket, Welcome welcome) = 0;
  virtual std::unique_ptr<RpcStream> make_connection(int socket, Peer peer) = 0;
  /// Puts the kernel interface's figures into `stats`.
  virtual void fill(LoopStats& stats) const = 0;

  void watch(Waker& waker) { wakers_.push_back(&waker); }
  /// Takes a connected socket in, or turns it away.
  void accepted(int socket, const Welcome& welcome);
  RpcStreams& streams() { return streams_; }

 private:
  bool run_hooks();
  /// The last look before a sleep: a hook with work, or the end of run().
  bool must_stay_awake() const;
  bool spin(std::int64_t limit_ns);
  void sleep();
  std::int64_t sleep_limit_ns() const;
  void note_time();

  std::int64_t spin_ns_;
  RpcStreams streams_;
  std::vector<Hook*> hooks_;
  std::vector<Waker*> wakers_;
  std::int64_t swept_ms_;
  const std::function<bool()>* stop_ = nullptr;  // while run() turns
  mutable LoopStats stats_;
};

/// Nanoseconds of the monotonic clock.
std::int64_t monotonic_now_ns();

}  // namespace permitd::daemon
