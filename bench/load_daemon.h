// A daemon of the benchmark's own: started on an empty directory, measured, ended. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "protocol/tls_channel.h"

namespace permitd::bench {

struct DaemonOptions {
  std::string program;    // path of permitd
  std::string directory;  // parent of the data directory; must be on a real disk
  std::string io = "uring";
  std::uint32_t rpc_threads = 0;
  std::uint32_t spin_us = 30;
  std::uint64_t jobs_max = 1U << 20;  // limits are made large enough for so many
  std::uint64_t experts_max = 1U << 14;
  // Bounds of the queues as large as can be: a benchmark of speed sends more at once than an office
  // may. False: the product's own.
  bool has_wide_bounds = true;
  bool has_tcp = false;               // on the loopback, where anybody may be anybody
  bool has_tls = false;               // on the loopback, with an authority of its own
  std::vector<std::string> settings;  // further KEY=VALUE
};

class BenchDaemon {
 public:
  /// Makes a fresh data directory. Throws std::runtime_error when the program cannot be started.
  explicit BenchDaemon(DaemonOptions options);
  /// Kills what runs and removes the directory.
  ~BenchDaemon();
  BenchDaemon(const BenchDaemon&) = delete;
  BenchDaemon& operator=(const BenchDaemon&) = delete;

  /// A further KEY=VALUE for the next start.
  void set(std::string setting) { options_.settings.push_back(std::move(setting)); }
  void start();
  /// SIGKILL, the machine's way to end a program.
  void kill_hard();
  const std::string& socket_path() const { return socket_path_; }
  /// "127.0.0.1:PORT"; empty without.
  const std::string& tcp_address() const { return tcp_address_; }
  const std::string& tls_address() const { return tls_address_; }
  /// Makes a certificate of that name, "office-101"; what a client shows and trusts.
  protocol::TlsFiles issue(const std::string& name) const;

  // Figures of the running process, from /proc.
  double cpu_seconds() const;
  std::uint64_t resident_bytes() const;
  std::size_t open_file_count() const;
  /// Bytes allocated on the disk below the data directory.
  std::uint64_t disk_bytes() const;

 private:
  DaemonOptions options_;
  std::string root_;
  std::string socket_path_;
  std::string tcp_address_;
  std::string tls_address_;
  pid_t pid_ = -1;
};

}  // namespace permitd::bench
