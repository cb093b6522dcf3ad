// The seam between the engine and whatever keeps its commands: local io_uring files, the
// simulator's faulty disk, or a replicated log. Nothing here is file-shaped, has a clock or starts
// a thread.
//
// A batch is the unit of durability: it becomes durable whole or not at all, in order. Batches
// carry their own time and seed and are the same bytes in every engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/error.h"
#include "scheduler/types.h"

namespace permitd::daemon {

/// What every command of a batch shares.
struct BatchHeader {
  scheduler::Op first_op{};
  std::uint32_t op_count = 0;
  std::uint32_t payload_size = 0;  // bytes of encoded commands, see protocol/command_codec.h
  scheduler::Tick now;
  std::uint64_t seed = 0;  // the seed of a command is protocol::seed_of(seed, op)
};

/// Largest payload of one batch: 8,192 commands of at most 224 encoded bytes fit.
inline constexpr std::size_t kBatchSizeMax = std::size_t{2} << 20;

/// XXH3-128 of the state bytes at an op.
struct StateDigest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const StateDigest&, const StateDigest&) = default;
};

struct SnapshotMark {
  scheduler::Op op{};
  StateDigest digest;
  std::uint64_t size = 0;  // bytes of state
};

/// A snapshot that is there by name and could not be read, or is damaged.
struct UnreadSnapshot {
  scheduler::Op op{};
  Error error;
};

/// Both newest first.
struct SnapshotList {
  std::vector<SnapshotMark> marks;  // of those whose header and footer are whole
  std::vector<UnreadSnapshot> unread;
};

/// Op of the newest snapshot that can be read, 0 when there is none.
inline std::uint64_t newest_op(const SnapshotList& list) {
  return list.marks.empty() ? 0 : scheduler::raw(list.marks.front().op);
}

/// Reads durable batches in order. May live on another thread than the Storage it came from, which
/// must outlive it; never reads past the op it is given.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  /// The next batch whose last op is at most `last`; false when there is none (yet). `payload` is
  /// valid until the next call. Errors: kDamaged names file, offset and remedy.
  [[nodiscard]] virtual Expected<bool> next(scheduler::Op last, BatchHeader& header,
                                            std::span<const std::byte>& payload) = 0;
};

/// Writes a snapshot beside the older ones; only commit() makes it count.
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  [[nodiscard]] virtual Expected<void> write(std::span<const std::byte> bytes) = 0;
  /// Makes everything written durable under its final name.
  [[nodiscard]] virtual Expected<SnapshotMark> commit() = 0;
};

class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const SnapshotMark& mark() const = 0;
  /// Fills `bytes` whole or fails with kDamaged; checksums are verified before bytes are handed
  /// out.
  [[nodiscard]] virtual Expected<void> read(std::span<std::byte> bytes) = 0;
};

/// What is there to be led, as a survey found it.
struct Lead {
  std::uint64_t epoch = 0;      // of whoever takes the lead: grows by one each time
  scheduler::Op first_op{};     // oldest op still kept, 0 when the journal is empty
  scheduler::Op last_op{};      // newest durable op, 0 when empty
  std::uint64_t torn_size = 0;  // bytes of a torn tail that lead() cuts
  std::string torn_note;        // where, for the log; empty when none
};

struct StorageStats {
  std::uint64_t appended_batches = 0;
  std::uint64_t appended_size = 0;  // bytes including frames and padding
  std::uint64_t segments_recycled = 0;
  std::uint64_t room = 0;  // bytes that can be appended now
  std::uint32_t in_flight_count = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;

  /// Takes exclusive ownership, finds the end of what is durable, refuses damage; changes nothing.
  /// From then on snapshots and batches can be read. Called once, before everything else. Errors:
  /// kFenced (another process leads), kDamaged, kVersion, kUnsupported, kSystem.
  [[nodiscard]] virtual Expected<Lead> survey() = 0;
  /// Cuts a torn tail and writes down that somebody leads; from then on batches can be appended.
  /// Surveys first where nobody has. Errors: those of survey(), kFull.
  [[nodiscard]] virtual Expected<Lead> lead() = 0;

  /// True when a batch of kBatchSizeMax would be accepted now: there is room and fewer than the
  /// permitted batches are in flight. Tries to make room first; cheap when there is.
  virtual bool can_append() = 0;
  /// True when the reason that can_append() is false is a full device.
  virtual bool is_full() const = 0;

  /// Buffer for the payload of the next batch, kBatchSizeMax bytes. Pre: can_append().
  virtual std::span<std::byte> begin_batch() = 0;
  /// Starts the one durable write of the batch begun. Does not block.
  virtual void append(const BatchHeader& header) = 0;

  /// Newest op up to which everything is durable. Moves when completions have been collected.
  virtual scheduler::Op op_durable() const = 0;
  /// A failed write or sync. The memory of the process is ahead of the disk: the caller aborts.
  virtual const Error* failure() const = 0;
  /// Collects completions without blocking.
  virtual void poll() = 0;
  /// Blocks until nothing is in flight (drain, tests).
  virtual void flush() = 0;

  /// Reader that starts at the batch holding `from`. Any thread.
  [[nodiscard]] virtual Expected<std::unique_ptr<BatchReader>> read(scheduler::Op from) = 0;

  /// The snapshots that are there. Any thread. Errors: kSystem when they cannot be listed.
  [[nodiscard]] virtual Expected<SnapshotList> snapshots() = 0;
  [[nodiscard]] virtual Expected<std::unique_ptr<SnapshotWriter>> write_snapshot(
      scheduler::Op op) = 0;
  [[nodiscard]] virtual Expected<std::unique_ptr<SnapshotReader>> read_snapshot(
      scheduler::Op op) = 0;

  /// Batches that end at or before `op` and snapshots older than it are no longer needed. Engine
  /// thread.
  virtual void trim(scheduler::Op op) = 0;

  virtual StorageStats stats() const = 0;
};

}  // namespace permitd::daemon
