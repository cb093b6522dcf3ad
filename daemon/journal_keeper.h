// The journal's housekeeping, on a thread of its own so that the appender never waits for it:
// segments are zero-written ahead of use, taken back when they are no longer needed, and old
// snapshots removed.
//
// A file that is written once with zeros costs half as much per durable write as one that still has
// to grow or to convert its extents. The engine's thread talks to it through two rings; no lock is
// shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "daemon/journal_files.h"
#include "daemon/spsc_ring.h"
#include "daemon/waker.h"

namespace permitd::daemon {

/// A segment that can be written to: whole, zeroed or holding stale frames only.
struct PreparedSegment {
  std::uint64_t number = 0;
  int file = -1;  // owned by whoever took it
};

struct KeeperOptions {
  std::uint64_t segment_size = 0;
  std::uint32_t segments_ahead = 2;  // prepared and waiting
  std::uint64_t segments_max = 0;    // all files together, 0 = as many as the device holds
  bool direct = true;
};

class JournalKeeper {
 public:
  JournalKeeper(const JournalDirectory& directory, const KeeperOptions& options);
  ~JournalKeeper();
  JournalKeeper(const JournalKeeper&) = delete;
  JournalKeeper& operator=(const JournalKeeper&) = delete;

  // Before start(), on the caller's thread.
  /// Tells what is there: files of segments in use or prepared, and the first number not yet used.
  void set_up(std::uint64_t segment_count, std::uint64_t next_number);
  /// A segment that was prepared by an earlier process.
  void adopt(PreparedSegment segment);
  /// Prepares the next segment now.
  [[nodiscard]] Expected<PreparedSegment> prepare_now();
  void start();
  /// Instead of start(): one turn of the keeper's thread, on the caller's. Does what was asked for
  /// and prepares what is missing.
  void work();

  // Engine's thread.
  /// The next segment, null when none is prepared yet.
  PreparedSegment* front() { return ready_.front(); }
  void pop();
  std::uint32_t ready_count() const { return ready_count_.load(std::memory_order_relaxed); }
  /// True while the last attempt to prepare a segment has failed; it is tried again by itself.
  bool is_stuck() const { return stuck_.load(std::memory_order_acquire); }
  /// Segments first … last are no longer needed. False when the keeper is too far behind: ask again
  /// later.
  [[nodiscard]] bool retire(std::uint64_t first, std::uint64_t last);
  [[nodiscard]] bool remove_snapshots_before(std::uint64_t op);
  std::uint64_t recycled_count() const { return recycled_.load(std::memory_order_relaxed); }
  /// Woken when a segment is there again after front() gave null. Before start().
  void set_waker(Waker* waker) { waker_.store(waker, std::memory_order_release); }

 private:
  struct Task {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t snapshot_op = 0;  // when not 0: remove snapshots before it
  };

  void run();
  void wake();
  void sleep(int timeout_ms);
  void do_task(const Task& task);
  /// False when it is still there.
  [[nodiscard]] bool retire_segment(std::uint64_t number);
  void fill_ready();
  /// Where no spare is fit, a new one: then `is_recycled` stays as it was.
  [[nodiscard]] Expected<File> reuse_spare(const std::string& name, bool& is_recycled);
  [[nodiscard]] Expected<File> make_segment(const std::string& name);
  [[nodiscard]] Expected<void> write_zeros(const File& file, const std::string& name);

  const JournalDirectory& directory_;
  KeeperOptions options_;
  SpscRing<PreparedSegment> ready_;
  SpscRing<Task> tasks_;
  std::vector<std::uint64_t> spares_;  // keeper's thread, ascending
  std::uint64_t segment_count_ = 0;    // files there are, spares included
  std::uint64_t next_number_ = 1;
  std::uint64_t retire_next_ = 0;  // oldest segment not yet retired; 0 = none was asked for
  std::atomic<std::uint32_t> ready_count_{0};
  std::atomic<std::uint64_t> recycled_{0};
  std::atomic<bool> stuck_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<Waker*> waker_{nullptr};
  int event_;  // eventfd
  std::thread thread_;
};

}  // namespace permitd::daemon
