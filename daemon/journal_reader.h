// Reads durable batches back from the files of a journal, also while it is being written.
//
// A reader may live on any one thread. SegmentHolds keeps the segments it is in from being used
// again.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "daemon/journal_files.h"
#include "daemon/journal_scan.h"
#include "daemon/storage.h"

namespace permitd::daemon {

/// Which segments are kept for whom. Any thread; the lock is taken per segment, never per batch.
class SegmentHolds {
 public:
  /// Registers a reader that needs everything kept so far. Returns its place.
  std::size_t enter();
  void leave(std::size_t place);
  /// The reader needs nothing before `segment` any more.
  void move_on(std::size_t place, std::uint64_t segment);
  /// Oldest segment that is kept.
  std::uint64_t first_kept() const;
  /// Lets go of what is older than `segment`, as far as readers permit; returns the oldest kept
  /// one.
  std::uint64_t let_go(std::uint64_t segment);

 private:
  static constexpr std::uint64_t kFree = UINT64_MAX;
  mutable std::mutex mutex_;
  std::uint64_t first_kept_ = 0;
  std::vector<std::uint64_t> needed_;  // by place; kFree when nobody has the place
};

/// The segments of a directory as bytes.
class FileSegments final : public SegmentSource {
 public:
  explicit FileSegments(const JournalDirectory& directory, bool direct)
      : directory_(directory), direct_(direct) {}
  [[nodiscard]] Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                                    std::span<std::byte> bytes) override;
  std::string name_of(std::uint64_t segment) const override;

 private:
  const JournalDirectory& directory_;
  bool direct_;
  std::uint64_t open_segment_ = 0;
  File file_;
};

class JournalReader final : public BatchReader {
 public:
  JournalReader(std::unique_ptr<SegmentSource> source, const JournalFormat& format,
                SegmentHolds& holds);
  ~JournalReader() override;
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  /// Goes to the batch that holds `from`, in or behind `first_segment`.
  [[nodiscard]] Expected<void> seek(std::uint64_t first_segment, scheduler::Op from);
  [[nodiscard]] Expected<bool> next(scheduler::Op last, BatchHeader& header,
                                    std::span<const std::byte>& payload) override;

 private:
  [[nodiscard]] Expected<std::uint64_t> segment_of(std::uint64_t first_segment, scheduler::Op from);

  std::unique_ptr<SegmentSource> source_;
  JournalFormat format_;
  SegmentHolds& holds_;
  std::size_t place_;
  FrameWalk walk_;
  std::uint64_t next_op_ = 0;  // of the frame that is looked for next
  bool has_frame_ = false;     // walk_ stands on a batch that was not handed out yet
};

}  // namespace permitd::daemon
