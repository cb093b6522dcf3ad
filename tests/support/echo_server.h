// An RPC loop with the Echo interface in a thread of its own, and raw sockets to it: what transport
// tests and the transport benchmark need. The test's thread owns it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "daemon/rpc_loop.h"

namespace permitd::tests {

class EchoServer {
 public:
  struct Options {
    daemon::RpcLoop::Options loop;
    daemon::RpcLoop::Hook* hook = nullptr;  // used in the loop's thread
  };

  explicit EchoServer(const Options& options);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  /// Of the TCP listener on the loopback.
  std::uint16_t port() const { return port_; }
  const std::string& unix_path() const { return unix_path_; }
  /// As of a turn after this call.
  daemon::LoopStats stats();
  std::uint64_t dropped(daemon::DropReason reason) {
    return stats().dropped[static_cast<std::size_t>(reason)];
  }
  /// True as soon as `condition` holds; false when it does not within ten seconds.
  bool eventually(const std::function<bool(const daemon::LoopStats&)>& condition);
  bool eventually_dropped(daemon::DropReason reason, std::uint64_t count = 1);
  /// Runs `work` in the loop's thread, between two turns.
  void run_in_loop(std::function<void(daemon::RpcLoop&)> work);
  std::size_t clients() const { return client_count_.load(); }

 private:
  void serve(const Options& options, int listening);

  std::uint16_t port_ = 0;
  std::string directory_;
  std::string unix_path_;
  daemon::Waker waker_;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> client_count_{0};
  std::mutex mutex_;
  std::condition_variable done_;
  std::function<void(daemon::RpcLoop&)> work_;  // guarded by mutex_
  bool is_ready_ = false;                       // guarded by mutex_
  std::atomic<bool> has_work_{false};
  std::thread thread_;
};

/// A blocking socket that says what a test wants it to say.
class RawSocket {
 public:
  static RawSocket tcp(std::uint16_t port, int receive_buffer_size = 0);
  static RawSocket unix_path(const std::string& path);
  RawSocket(RawSocket&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  RawSocket(const RawSocket&) = delete;
  ~RawSocket() { close(); }

  bool is_connected() const { return file_ >= 0; }
  int file() const { return file_; }
  /// All of it; false when the peer has closed.
  bool send(std::span<const std::byte> bytes);
  /// Like send(), but gives up when nothing can be sent for `patience_ms`. Returns what was sent.
  std::size_t send_some(std::span<const std::byte> bytes, int patience_ms);
  /// At least one byte, at most the span; 0 at the end, or when nothing comes within ten seconds.
  std::size_t receive(std::span<std::byte> bytes);
  /// Reads until the peer closes; false when it does not within ten seconds.
  bool is_closed_by_peer();
  void shut_down_write();
  /// Closes with a reset instead of a farewell.
  void reset();
  void close();

 private:
  explicit RawSocket(int file) : file_(file) {}
  int file_;
};

}  // namespace permitd::tests
