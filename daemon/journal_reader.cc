#include "daemon/journal_reader.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::Op;
using scheduler::raw;

std::size_t SegmentHolds::enter() {
  const std::lock_guard lock(mutex_);
  const auto free = std::find(needed_.begin(), needed_.end(), kFree);
  if (free != needed_.end()) {
    *free = first_kept_;
    return static_cast<std::size_t>(free - needed_.begin());
  }
  needed_.push_back(first_kept_);
  return needed_.size() - 1;
}

void SegmentHolds::leave(std::size_t place) {
  const std::lock_guard lock(mutex_);
  needed_.at(place) = kFree;
}

void SegmentHolds::move_on(std::size_t place, std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  PERMIT_ASSERT(needed_.at(place) <= segment, segment);
  needed_.at(place) = segment;
}

std::uint64_t SegmentHolds::first_kept() const {
  const std::lock_guard lock(mutex_);
  return first_kept_;
}

std::uint64_t SegmentHolds::let_go(std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t needed : needed_) segment = std::min(segment, needed);
  first_kept_ = std::max(first_kept_, segment);
  return first_kept_;
}

Expected<bool> FileSegments::read(std::uint64_t segment, std::uint64_t offset,
                                  std::span<std::byte> bytes) {
  if (open_segment_ != segment || !file_.is_open()) {
    file_.reset();
    auto file = directory_.open_file(JournalDirectory::segment_name(segment), O_RDONLY, direct_);
    if (!file && file.error().number == ENOENT) return false;
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
    open_segment_ = segment;
  }
  if (auto done = read_or_zero(file_, name_of(segment), offset, bytes); !done)
    return std::unexpected(done.error());
  return true;
}

std::string FileSegments::name_of(std::uint64_t segment) const {
  return directory_.path_of(JournalDirectory::segment_name(segment));
}

JournalReader::JournalReader(std::unique_ptr<SegmentSource> source, const JournalFormat& format,
                             SegmentHolds& holds)
    : source_(std::move(source)),
      format_(format),
      holds_(holds),
      place_(holds.enter()),
      walk_(*source_, format) {}

JournalReader::~JournalReader() { holds_.leave(place_); }

// The newest segment that begins at or before `from`. A segment without a first frame is not begun.
Expected<std::uint64_t> JournalReader::segment_of(std::uint64_t first_segment, Op from) {
  AlignedBuffer block(protocol::kBlockSize);
  std::uint64_t best = first_segment;
  for (std::uint64_t segment = first_segment;; ++segment) {
    auto read = source_->read(segment, 0, block.bytes());
    if (!read) return std::unexpected(read.error());
    protocol::FrameHeader header;
    const protocol::FramePlace place{format_.journal_id, segment, format_.segment_size};
    if (!*read || !read_header(block.bytes(), place, header)) return best;
    if (header.first_op > raw(from)) return best;
    best = segment;
  }
}

Expected<void> JournalReader::seek(std::uint64_t first_segment, Op from) {
  auto segment = segment_of(std::max(first_segment, holds_.first_kept()), from);
  if (!segment) return std::unexpected(segment.error());
  holds_.move_on(place_, *segment);
  walk_.start(*segment);
  next_op_ = raw(from);
  // Batches that end before `from` are passed over; the first one is only known to exist when it is
  // there.
  do {
    auto taken = walk_.next();
    if (!taken) return std::unexpected(taken.error());
    has_frame_ = *taken;
  } while (has_frame_ && (walk_.header().op_count == 0 || walk_.end().next_op <= raw(from)));
  if (!has_frame_) return {};
  if (walk_.header().first_op > raw(from)) {
    // Another frame lies where the first one was: what came before it is gone.
    const FramePosition& place = walk_.position();
    return std::unexpected(
        Error{ErrorCode::kDamaged, 0,
              fmt::format("read {} at {}: it begins with op {} where op {} is needed",
                          source_->name_of(place.segment), place.offset, walk_.header().first_op,
                          raw(from)),
              "Restore the directory from its last backup; 'permitctl restore --verify' tells "
              "whether one is whole."});
  }
  next_op_ = walk_.header().first_op;
  return {};
}

Expected<bool> JournalReader::next(Op last, BatchHeader& header,
                                   std::span<const std::byte>& payload) {
  while (!has_frame_) {
    if (next_op_ > raw(last)) return false;
    const std::uint64_t segment = walk_.end().position.segment;
    auto taken = walk_.next();
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) {
      const FramePosition& place = walk_.end().position;
      return std::unexpected(
          Error{ErrorCode::kDamaged, 0,
                fmt::format("read {} at {}: op {} was durable and is not there any more",
                            source_->name_of(place.segment), place.offset, next_op_),
                "Restore the directory from its last backup; 'permitctl restore --verify' tells "
                "whether one is whole."});
    }
    if (walk_.position().segment != segment) holds_.move_on(place_, walk_.position().segment);
    has_frame_ = walk_.header().op_count != 0;
  }
  const protocol::FrameHeader& frame = walk_.header();
  if (frame.first_op + frame.op_count - 1 > raw(last)) return false;
  header.first_op = Op{frame.first_op};
  header.op_count = frame.op_count;
  header.payload_size = frame.payload_size;
  header.now = scheduler::Tick{frame.now_ms};
  header.seed = frame.seed;
  payload = walk_.payload();
  next_op_ = frame.first_op + frame.op_count;
  has_frame_ = false;
  return true;
}

}  // namespace permitd::daemon
