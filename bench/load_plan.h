// What a load run does and what it found: plain values between the parts of permitbench. One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace permitd::bench {

enum class Mix : std::uint8_t {
  kSubmit,  // calls of `batch` submissions
  kCycle,   // submit, claim, start, complete, one job after another
};

struct LoadPlan {
  Mix mix = Mix::kSubmit;
  std::uint32_t connections = 8;
  std::uint32_t depth = 1;  // calls (kSubmit) or jobs (kCycle) in flight on each connection
  std::uint32_t batch = 1;  // submissions in one call, kSubmit only
  double rate = 0;          // jobs a second, open loop; 0 = closed loop
  double warmup_seconds = 1;
  double seconds = 5;
  std::uint64_t backlog = 0;  // waiting jobs filed before the clock starts
  bool tls = false;           // each connection with its office's certificate
};

/// Latencies of one run in nanoseconds, kept whole: percentiles are exact.
class Samples {
 public:
  void add(std::int64_t ns) { ns_.push_back(ns); }
  void add(const Samples& more) { ns_.insert(ns_.end(), more.ns_.begin(), more.ns_.end()); }
  void clear() { ns_.clear(); }
  std::size_t count() const { return ns_.size(); }
  /// Nearest rank; `permille` 0 … 1000 (999.9 needs ten-thousandths, so the unit is 1/10,000). 0
  /// when empty.
  std::int64_t at(std::uint32_t ten_thousandths);
  double mean() const;

 private:
  std::vector<std::int64_t> ns_;
  bool sorted_ = false;
};

struct LoadResult {
  std::uint64_t jobs = 0;     // submitted (kSubmit) or completed (kCycle) within the measured time
  std::uint64_t calls = 0;    // the same in calls
  std::uint64_t refused = 0;  // answers that were refusals, `busy` included
  std::uint64_t late = 0;     // open loop: calls that left a millisecond or more after their moment
  double seconds = 0;
  double server_cpu_seconds = 0;
  std::uint64_t batches = 0;  // durable writes of the daemon
  Samples latency;            // of a call or a cycle; open loop: from the intended moment
  double jobs_per_second() const { return static_cast<double>(jobs) / seconds; }
};

struct HandshakeResult {
  std::uint64_t count = 0;  // connections that were made, said hello and were closed again
  double seconds = 0;
  double server_cpu_seconds = 0;
  Samples latency;  // from connect to the answer to hello
};

struct RecoveryResult {
  std::uint64_t jobs = 0;
  std::uint64_t ops = 0;
  double replay_seconds = 0;          // from exec to the first answer, whole journal
  double snapshot_seconds = 0;        // the same from a snapshot at the last op
  double snapshot_taken_seconds = 0;  // asked for until durable
  double resident_per_job = 0;        // bytes: growth of resident memory over the open jobs
  std::uint64_t resident_bytes = 0;
  std::uint64_t journal_bytes = 0;
};

}  // namespace permitd::bench
