// The loop on KJ's own epoll port, for hosts without io_uring and for comparison. Same streams,
// limits and turns as on the ring; only how bytes move differs. One thread; the port's wake() alone
// may be called by others.
#pragma once

#include <kj/async-unix.h>
#include <kj/async.h>
#include <kj/io.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/rpc_loop_base.h"
#include "daemon/rpc_stream.h"

namespace permitd::daemon {

/// KJ's port with a turn of the loop before each look at the kernel.
class EpollPort final : public kj::UnixEventPort {
 public:
  explicit EpollPort(RpcLoopBase& loop) : loop_(loop) {}

  bool wait() override;
  bool poll() override;
  void look() { is_woken_ = kj::UnixEventPort::poll() || is_woken_; }
  void sleep() { is_woken_ = kj::UnixEventPort::wait() || is_woken_; }
  bool is_woken() const { return is_woken_; }

 private:
  RpcLoopBase& loop_;
  bool is_woken_ = false;  // until wait() or poll() has said so
};

class EpollStream final : public RpcStream {
 public:
  /// `scratch` is the loop's: what is received goes through it within one call.
  EpollStream(RpcStreams& streams, kj::UnixEventPort& port, std::span<std::byte> scratch,
              int socket, Peer peer);

 protected:
  void transmit(std::span<const std::byte> bytes) override;
  void set_receiving(bool wanted) override;
  void close() override { closed(); }

 private:
  class Faults final : public kj::TaskSet::ErrorHandler {
   public:
    explicit Faults(EpollStream& stream) : stream_(stream) {}
    void taskFailed(kj::Exception&& exception) override;

   private:
    EpollStream& stream_;
  };

  void receive();
  bool receive_once();
  void receive_later();
  void await_readable();
  void fail(int number);

  std::span<std::byte> scratch_;
  std::span<const std::byte> unsent_;
  bool is_armed_ = false;  // a receive is waiting, due or running
  kj::UnixEventPort::FdObserver observer_;
  Faults faults_{*this};
  kj::TaskSet tasks_{faults_};
};

class RpcEpollLoop final : public RpcLoopBase {
 public:
  explicit RpcEpollLoop(const Options& options);
  ~RpcEpollLoop() noexcept override;

  Ring* ring() override { return nullptr; }
  kj::WaitScope& wait_scope() override { return wait_scope_; }
  void add_waker(Waker& waker) override;
  void stop_listening() override;

 protected:
  kj::EventLoop& event_loop() override { return event_loop_; }
  kj::EventPort& event_port() override { return port_; }
  kj::Timer& timer() override { return port_.getTimer(); }
  bool poll_kernel() override;
  void sleep_kernel(std::int64_t limit_ns) override;
  void start_listening(ListeningSocket socket, Welcome welcome) override;
  std::unique_ptr<RpcStream> make_connection(int socket, Peer peer) override;
  void fill(LoopStats&) const override {}

 private:
  // A waker's eventfd among the port's files interrupts its sleep; nobody waits for its promise.
  // Under a descriptor of its own, as the waker may be gone before the loop.
  struct Watch {
    Watch(kj::UnixEventPort& port, const Waker& waker);
    kj::AutoCloseFd file;
    kj::UnixEventPort::FdObserver observer;
  };

  class Accept final : public kj::TaskSet::ErrorHandler {
   public:
    Accept(RpcEpollLoop& loop, ListeningSocket socket, Welcome welcome);
    ~Accept() noexcept;
    void stop();
    void taskFailed(kj::Exception&& exception) override;

   private:
    void await();
    void accept_some();

    RpcEpollLoop& loop_;
    ListeningSocket socket_;
    Welcome welcome_;
    bool is_stopped_ = false;
    std::optional<kj::UnixEventPort::FdObserver> observer_;
    kj::TaskSet tasks_{*this};
  };

  EpollPort port_;
  kj::EventLoop event_loop_;
  kj::WaitScope wait_scope_;
  std::vector<std::byte> scratch_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Accept>> accepts_;
  kj::Promise<void> limit_ = nullptr;  // bounds the present sleep
};

Expected<std::unique_ptr<RpcLoop>> create_epoll_loop(const RpcLoop::Options& options);

}  // namespace permitd::daemon
