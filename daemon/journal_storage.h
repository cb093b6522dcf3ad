// Storage in local files: batches as frames in preallocated segments, each made durable by one
// write.
//
// Engine thread, but for read() and the snapshot calls, which any thread may make. Up to
// `batches_in_flight` writes are under way at once and may finish in any order; op_durable()
// follows the contiguous prefix. protocol/FORMAT.md describes the bytes, journal_scan.h the
// decision about a tail.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/journal_files.h"
#include "daemon/journal_keeper.h"
#include "daemon/journal_reader.h"
#include "daemon/journal_writer.h"
#include "daemon/storage.h"
#include "daemon/waker.h"

namespace permitd::daemon {

struct JournalOptions {
  std::string directory;
  std::uint64_t segment_size = std::uint64_t{64}
                               << 20;   // of a new journal; 4 MiB … 4 GiB, whole 4 KiB blocks
  std::uint32_t batches_in_flight = 2;  // 1 … 8
  std::uint32_t segments_ahead = 2;     // 1 … 16, prepared and waiting
  std::uint64_t segments_max = 0;       // files, spares included; 0 = as many as fit the device
  bool direct = true;                   // O_DIRECT where the file system has it
  /// poll() runs the ring's completion handlers. False where a loop of its own does.
  bool runs_completions = true;
  /// The keeper has a thread. False where one thread drives everything, through keep_house().
  bool keeper_thread = true;
};

class JournalStorage final : public Storage {
 public:
  /// `ring` null: plain system calls. It is borrowed, belongs to the engine's thread and outlives
  /// the storage. Errors: kConfiguration, kSystem.
  [[nodiscard]] static Expected<std::unique_ptr<JournalStorage>> open(const JournalOptions& options,
                                                                      Ring* ring);
  /// The same with another way of writing, e.g. one that a test delays.
  [[nodiscard]] static Expected<std::unique_ptr<JournalStorage>> open(
      const JournalOptions& options, std::unique_ptr<DurableWriter> writer);
  /// Ends orderly: waits for what is in flight and marks the journal as closed.
  ~JournalStorage() override;

  /// Woken when can_append() may have become true because a segment is ready. Before lead().
  void set_waker(Waker* waker) { waker_ = waker; }
  /// Things the operator should know once, e.g. that the file system has no direct I/O.
  const std::vector<std::string>& notes() const { return notes_; }
  const JournalFormat& format() const { return format_; }
  /// Without keeper_thread: one turn of the keeper's work. Pre: lead() has succeeded.
  void keep_house() { keeper_->work(); }

  [[nodiscard]] Expected<Lead> survey() override;
  [[nodiscard]] Expected<Lead> lead() override;
  bool can_append() override;
  bool is_full() const override;
  std::span<std::byte> begin_batch() override;
  void append(const BatchHeader& header) override;
  scheduler::Op op_durable() const override { return scheduler::Op{op_durable_}; }
  const Error* failure() const override { return failure_ ? &*failure_ : nullptr; }
  void poll() override;
  void flush() override;
  [[nodiscard]] Expected<std::unique_ptr<BatchReader>> read(scheduler::Op from) override;
  [[nodiscard]] Expected<SnapshotList> snapshots() override;
  [[nodiscard]] Expected<std::unique_ptr<SnapshotWriter>> write_snapshot(scheduler::Op op) override;
  [[nodiscard]] Expected<std::unique_ptr<SnapshotReader>> read_snapshot(scheduler::Op op) override;
  void trim(scheduler::Op op) override;
  StorageStats stats() const override;

 private:
  /// One frame being written.
  struct Slot {
    explicit Slot(std::size_t buffer_size) : buffer(buffer_size) {}
    AlignedBuffer buffer;
    std::uint64_t last_op = 0;
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
    bool busy = false;  // begun and not yet part of the durable prefix
    bool done = false;
  };

  /// Full, and kept open while writes to it are under way.
  struct LeftSegment {
    File file;
    std::uint64_t last_frame = 0;
  };

  JournalStorage(const JournalOptions& options, JournalDirectory directory,
                 std::unique_ptr<DurableWriter> writer);

  /// What survey() has found, for lead().
  struct Survey {
    Lead lead;
    bool is_new = false;  // there is no FORMAT: the rest says nothing
    JournalTail tail;
    std::uint64_t last_segment = 0;
  };

  [[nodiscard]] Expected<Survey> look_around();
  [[nodiscard]] Expected<Survey> survey_beginning();
  [[nodiscard]] Expected<Survey> survey_chain();
  [[nodiscard]] Expected<void> create(scheduler::Op begin);
  [[nodiscard]] Expected<std::vector<std::uint64_t>> unfinished_creation();
  [[nodiscard]] Expected<scheduler::Op> first_op_of_creation();
  [[nodiscard]] Expected<void> take_over(const Survey& survey);
  [[nodiscard]] Expected<std::vector<std::uint64_t>> segments_there();
  [[nodiscard]] Expected<void> cut(const JournalTail& tail);
  [[nodiscard]] Expected<void> open_tail(const JournalTail& tail, std::uint64_t last_segment);
  [[nodiscard]] Expected<File> open_segment(std::uint64_t number);
  [[nodiscard]] Expected<void> write_mark(protocol::FrameKind kind);
  void start_keeper(std::uint64_t segment_count, std::uint64_t next_number);
  Slot& slot_of(std::uint64_t frame) { return slots_[frame % slots_.size()]; }
  std::span<const std::byte> seal_frame(Slot& slot, const BatchHeader& header,
                                        protocol::FrameKind kind);
  void begin_segment(PreparedSegment prepared);
  void collect_results();
  void note_result(const WriteResult& result);
  bool is_writing() const;
  std::uint64_t room_here() const { return format_.segment_size - end_.position.offset; }

  JournalOptions options_;
  JournalDirectory directory_;
  JournalFormat format_;
  std::vector<std::string> notes_;
  Waker* waker_ = nullptr;
  std::vector<Slot> slots_;
  std::unique_ptr<DurableWriter> writer_;
  std::unique_ptr<JournalKeeper> keeper_;
  mutable SegmentHolds holds_;
  protocol::FrameHasher hasher_;

  std::optional<Survey> survey_;     // until it is led
  ChainEnd end_;                     // of what was begun
  std::uint64_t frame_durable_ = 0;  // contiguous
  std::uint64_t op_durable_ = 0;
  std::uint32_t in_flight_ = 0;
  std::uint64_t epoch_ = 0;
  File segment_;                            // being appended to
  std::vector<LeftSegment> left_segments_;  // oldest first
  std::vector<SegmentEnd> segments_;        // that hold frames, oldest first
  std::optional<Error> failure_;
  StorageStats stats_;
  bool leads_ = false;
};

}  // namespace permitd::daemon
