// KJ on a ring: the event port, and the loop that is made of it. One thread; wake() alone may be
// called by others (KJ's cross-thread promises).
#pragma once

#include <kj/async.h>
#include <kj/timer.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/rpc_loop_base.h"
#include "daemon/rpc_uring_stream.h"
#include "daemon/uring.h"
#include "daemon/waker.h"

namespace permitd::daemon {

class RpcUringLoop;

/// What KJ's event loop sees of the ring. Its own Waker is among those that the loop sleeps with.
class UringPort final : public kj::EventPort {
 public:
  explicit UringPort(RpcLoopBase& loop)
      : loop_(loop), timer_(kj::systemPreciseMonotonicClock().now()) {}

  bool wait() override;
  bool poll() override;
  void wake() const override;

  kj::Timer& timer() { return timer_; }
  Waker& waker() { return waker_; }
  bool is_woken() const { return is_woken_.load(std::memory_order_acquire); }
  /// `limit_ns`, or less where a timer is due earlier; −1 = no limit.
  std::int64_t limit_by_timers(std::int64_t limit_ns);
  /// Fires the timers that are due.
  void advance_timers();

 private:
  RpcLoopBase& loop_;
  kj::TimerImpl timer_;
  mutable std::atomic<bool> is_woken_{false};  // by wake(), until wait() or poll() has said so
  mutable Waker waker_;
};

class RpcUringLoop final : public RpcLoopBase {
 public:
  RpcUringLoop(const Options& options, std::unique_ptr<Ring> ring);
  ~RpcUringLoop() noexcept override;

  Ring* ring() override { return ring_.get(); }
  kj::WaitScope& wait_scope() override { return wait_scope_; }
  void add_waker(Waker& waker) override;
  void stop_listening() override;

 protected:
  kj::EventLoop& event_loop() override { return event_loop_; }
  kj::EventPort& event_port() override { return port_; }
  kj::Timer& timer() override { return port_.timer(); }
  bool poll_kernel() override;
  void sleep_kernel(std::int64_t limit_ns) override;
  void start_listening(ListeningSocket socket, Welcome welcome) override;
  std::unique_ptr<RpcStream> make_connection(int socket, Peer peer) override;
  void fill(LoopStats& stats) const override;

 private:
  // Keeps an eventfd among what the ring waits for; the Waker itself takes its tokens.
  class Watch final : public Operation {
   public:
    Watch(Ring& ring, int file) : ring_(ring), file_(file) {
      ring_.poll_multishot(*this, file_, kReadable);
    }
    void complete(const Completion& completion) noexcept override;

   private:
    static constexpr std::uint32_t kReadable = 0x0001;  // POLLIN
    Ring& ring_;
    int file_;
  };

  class Accept final : public Operation {
   public:
    Accept(RpcUringLoop& loop, ListeningSocket socket, Welcome welcome);
    ~Accept() noexcept override;
    void complete(const Completion& completion) noexcept override;
    void stop();

   private:
    void arm();
    void pause();

    RpcUringLoop& loop_;
    ListeningSocket socket_;
    Welcome welcome_;
    kj::Promise<void> pause_ = nullptr;  // until the next try after a shortage
    bool is_stopped_ = false;
  };

  UringPort port_;
  kj::EventLoop event_loop_;
  kj::WaitScope wait_scope_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Accept>> accepts_;
  std::uint64_t exhausted_count_ = 0;
  std::unique_ptr<Ring> ring_;
};

Expected<std::unique_ptr<RpcLoop>> create_uring_loop(const RpcLoop::Options& options);

}  // namespace permitd::daemon
