// Makes snapshots without stopping the engine: a shadow scheduler is loaded from the newest
// snapshot, brought forward by replaying durable batches, and written out. So every snapshot is
// also a replay test of the one before it.
//
// request() and collect() belong to the engine's thread; the work is done on a thread of its own,
// at low priority. The two meet in an atomic and a ring. Needs the memory of a second scheduler
// while it works.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>

#include "daemon/spsc_ring.h"
#include "daemon/storage.h"
#include "daemon/waker.h"

namespace permitd::daemon {

class Snapshotter {
 public:
  struct Result {
    bool finished = false;  // false: nothing has ended since the last look
    bool ok = false;
    SnapshotMark mark;  // of the newest snapshot
    // Of the older one that the newest was made from, which was read whole: the journal before it
    // is needed no more; 0 = none.
    scheduler::Op trim_op{};
    std::optional<Error> error;
  };

  /// `storage` outlives the snapshotter. Nothing happens before start().
  explicit Snapshotter(Storage& storage);
  ~Snapshotter();
  Snapshotter(const Snapshotter&) = delete;
  Snapshotter& operator=(const Snapshotter&) = delete;

  /// `waker` is woken whenever collect() has something new. Once, before request().
  void start(Waker& waker);
  /// Instead of start(), where one thread drives everything: no thread, the caller calls work().
  void attach(Waker& waker) { engine_waker_ = &waker; }
  /// Makes the snapshot that was asked for last. False when there is nothing new to do.
  bool work();

  /// Wants a snapshot at `op`, which is durable and ends a batch. A later request replaces an
  /// earlier one that has not begun. Does not block.
  void request(scheduler::Op op);
  /// What ended since the last call. Cheap when nothing has.
  Result collect();

 private:
  void run();
  Result make(scheduler::Op op);
  [[nodiscard]] Expected<SnapshotMark> write(scheduler::Op op);

  Storage& storage_;
  Waker* engine_waker_ = nullptr;
  Waker work_waker_;  // of the snapshotter's thread
  SpscRing<Result> results_;
  std::atomic<std::uint64_t> requested_{0};  // number of the newest request, to see repeated ones
  std::atomic<std::uint64_t> requested_op_{0};
  // Snapshotter's thread.
  std::uint64_t done_ = 0;   // number of the newest request that was begun
  scheduler::Op kept_op_{};  // of the snapshot that the last one written was made from
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace permitd::daemon
