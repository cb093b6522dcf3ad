// Storage on a simulated disk with a volatile cache, for tests that pull the plug.
//
// A FaultyDisk is what survives; a FaultyStorage is a process that uses it. A write reaches the
// disk when it completes; crash() applies any subset of the 512-byte sectors of the writes under
// way, as a device may. The frames are the real ones and the real code decides about the tail.
//
// Engine thread, but for reading and snapshots, as with every Storage; the disk has a mutex for
// them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/journal_reader.h"
#include "daemon/journal_scan.h"
#include "daemon/storage.h"

namespace permitd::tests {

inline constexpr std::size_t kSectorSize = 512;

class FaultyDisk {
 public:
  struct Snapshot {
    daemon::SnapshotMark mark;
    std::vector<std::byte> bytes;
    bool damaged = false;
    int read_error = 0;  // errno of reading its header
  };

  std::mutex mutex;
  daemon::JournalFormat format{0, 0};
  std::map<std::uint64_t, std::vector<std::byte>> segments;  // as far as they were written
  std::vector<std::vector<std::byte>> spares;  // trimmed segments, used again with what is in them
  std::map<std::uint64_t, Snapshot> snapshots;
  bool in_use = false;

  void write(std::uint64_t segment, std::uint64_t offset, std::span<const std::byte> bytes);
  /// Makes a segment appear, holding what a spare one held.
  void make_segment(std::uint64_t segment);
  /// Flips one bit of a segment, as a device that forgets.
  void flip_bit(std::uint64_t segment, std::uint64_t offset, unsigned bit);
};

struct FaultyOptions {
  std::uint64_t segment_size = std::uint64_t{4} << 20;
  std::uint32_t batches_in_flight = 2;
  std::uint64_t seed = 1;
  /// Of 1000: how likely poll() completes each write under way. 1000: all of them, in order.
  std::uint32_t complete_permille = 1000;
};

class FaultyStorage final : public daemon::Storage {
 public:
  FaultyStorage(FaultyDisk& disk, const FaultyOptions& options);
  ~FaultyStorage() override;

  // ---- what the test does to it ----
  /// The plug: each sector of each write under way is on the disk or not, as chance has it. The
  /// storage can only be destroyed afterwards.
  void crash();
  /// Completes write number `index` of those under way, 0 = oldest.
  void complete(std::size_t index);
  /// False: poll() completes nothing.
  void set_completing(bool completing) { completing_ = completing; }
  /// From now on there is no room.
  void set_full(bool full) { full_ = full; }
  /// The next write to complete fails with this errno.
  void fail_next(int number) { fail_next_ = number; }
  std::size_t writing_count() const { return writes_.size(); }

  // ---- Storage ----
  [[nodiscard]] daemon::Expected<daemon::Lead> survey() override;
  [[nodiscard]] daemon::Expected<daemon::Lead> lead() override;
  bool can_append() override;
  bool is_full() const override { return full_; }
  std::span<std::byte> begin_batch() override;
  void append(const daemon::BatchHeader& header) override;
  scheduler::Op op_durable() const override { return scheduler::Op{op_durable_}; }
  const daemon::Error* failure() const override { return failure_ ? &*failure_ : nullptr; }
  void poll() override;
  void flush() override;
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::BatchReader>> read(
      scheduler::Op from) override;
  [[nodiscard]] daemon::Expected<daemon::SnapshotList> snapshots() override;
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::SnapshotWriter>> write_snapshot(
      scheduler::Op op) override;
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::SnapshotReader>> read_snapshot(
      scheduler::Op op) override;
  void trim(scheduler::Op op) override;
  daemon::StorageStats stats() const override;

 private:
  struct Write {
    std::uint64_t frame = 0;
    std::uint64_t last_op = 0;
    daemon::FramePosition position;
    std::vector<std::byte> bytes;
  };

  void format_disk();
  daemon::Lead lead_at_tail() const;
  Write make_frame(const daemon::BatchHeader& header, protocol::FrameKind kind);
  void finish(std::size_t index);
  void advance();

  FaultyDisk& disk_;
  FaultyOptions options_;
  std::mt19937_64 random_;
  protocol::FrameHasher hasher_;
  daemon::SegmentHolds holds_;
  std::vector<std::byte> payload_;
  std::vector<Write> writes_;                        // under way, oldest first
  std::map<std::uint64_t, std::uint64_t> finished_;  // frame → last op, behind a gap
  daemon::JournalTail tail_;  // that survey() has found
  std::vector<daemon::SegmentEnd> segments_;
  daemon::ChainEnd end_;
  std::uint64_t epoch_ = 0;
  std::uint64_t frame_durable_ = 0;
  std::uint64_t op_durable_ = 0;
  std::optional<daemon::Error> failure_;
  daemon::StorageStats stats_;
  int fail_next_ = 0;
  bool completing_ = true;
  bool full_ = false;
  bool surveyed_ = false;
  bool crashed_ = false;
};

}  // namespace permitd::tests
