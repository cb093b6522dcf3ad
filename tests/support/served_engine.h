// A real loop, server and engine over a simulated disk, in a thread of their own, and a socket to
// them: what a test of the RPC surface needs without a daemon process. Time is rehearsed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/rpc_server.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/scratch_directory.h"

namespace permitd::tests {

class ServedEngine {
 public:
  struct Options {
    daemon::IoKind io = daemon::IoKind::kUring;
    daemon::RpcServerOptions server;
    scheduler::Limits limits;
    std::size_t request_capacity = 4096;
    scheduler::Tick now;
    std::shared_ptr<const protocol::TlsCredentials> tls;  // null: no TLS listener
    std::uint32_t handshakes_max = 256;
    bool has_planners = false;  // threads that plan and answer questions, and a plan that stands
  };
  /// What lives in the loop's thread.
  struct Parts {
    daemon::RpcLoop& loop;
    daemon::RpcServer& server;
    daemon::Engine& engine;
    FaultyStorage& storage;
  };

  explicit ServedEngine(Options options);
  ~ServedEngine();
  ServedEngine(const ServedEngine&) = delete;
  ServedEngine& operator=(const ServedEngine&) = delete;

  const std::string& socket_path() const { return socket_path_; }
  /// Of a TCP listener on the loopback.
  std::uint16_t tcp_port() const { return tcp_port_; }
  /// Of the TLS listener on the loopback.
  std::uint16_t tls_port() const { return tls_port_; }
  std::uint64_t dropped(daemon::DropReason reason);
  bool eventually_dropped(daemon::DropReason reason, std::uint64_t count = 1);
  /// Runs `work` in the loop's thread between two turns, and waits for it.
  void run_in_loop(const std::function<void(Parts&)>& work);
  /// True as soon as `condition` holds in the loop's thread; false when it does not within ten
  /// seconds.
  bool eventually(const std::function<bool(Parts&)>& condition);

 private:
  void serve();
  void run_loop(Parts& parts);
  bool run_one(Parts& parts);

  Options options_;
  ScratchDirectory directory_;
  std::string socket_path_;
  std::uint16_t tcp_port_ = 0;
  std::uint16_t tls_port_ = 0;
  daemon::Waker waker_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(Parts&)>* work_ = nullptr;  // guarded by mutex_
  bool is_ready_ = false;                              // guarded by mutex_
  std::thread thread_;
};

}  // namespace permitd::tests
