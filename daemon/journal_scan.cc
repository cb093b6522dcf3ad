#include "daemon/journal_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler/assert.h"

namespace permitd::daemon {

using protocol::FrameHeader;
using protocol::kBlockSize;

namespace {

// Holds the largest frame; large enough that reading runs at the speed of the device.
constexpr std::size_t kWindowSize = std::size_t{4} << 20;
static_assert(kWindowSize >= protocol::kFrameSizeMax);

constexpr char kDamageRemedy[] =
    "Nothing was changed. Restore the directory from its last backup; 'permitctl restore --verify' "
    "tells whether "
    "one is whole.";

protocol::FramePlace place_of(const JournalFormat& format, const FramePosition& position) {
  return {format.journal_id, position.segment, format.segment_size - position.offset,
          position.offset};
}

}  // namespace

FrameWalk::FrameWalk(SegmentSource& source, const JournalFormat& format)
    : source_(source),
      format_(format),
      window_(std::min<std::size_t>(kWindowSize, format.segment_size)) {}

void FrameWalk::start(std::uint64_t segment) {
  end_ = {};
  end_.position = {segment, 0};
  window_size_ = 0;
  started_anew_ = true;
}

bool FrameWalk::covers(const FramePosition& position, std::size_t size) const {
  return window_size_ != 0 && position.segment == window_begin_.segment &&
         position.offset >= window_begin_.offset &&
         position.offset + size <= window_begin_.offset + window_size_;
}

std::span<const std::byte> FrameWalk::window_at(const FramePosition& position,
                                                std::size_t size) const {
  PERMIT_ASSERT(covers(position, size), position.offset, size);
  return window_.bytes().subspan(position.offset - window_begin_.offset, size);
}

Expected<bool> FrameWalk::fill(const FramePosition& position) {
  window_size_ = 0;
  const std::size_t size =
      std::min<std::size_t>(window_.size(), format_.segment_size - position.offset);
  auto done = source_.read(position.segment, position.offset, window_.bytes().first(size));
  if (!done || !*done) return done;
  window_begin_ = position;
  window_size_ = size;
  return true;
}

Expected<FrameWalk::Look> FrameWalk::look(const FramePosition& position, bool afresh) {
  if (afresh || !covers(position, kBlockSize)) {
    auto filled = fill(position);
    if (!filled) return std::unexpected(filled.error());
    if (!*filled) return Look::kNothing;
  }
  if (!read_header(window_at(position, kBlockSize), place_of(format_, position), header_))
    return Look::kNothing;
  const std::size_t size = protocol::frame_size(header_.payload_size);
  if (!covers(position, size)) {
    auto filled = fill(position);
    if (!filled) return std::unexpected(filled.error());
    if (!*filled) return Look::kNothing;
  }
  payload_ = window_at(position, size).subspan(sizeof(FrameHeader), header_.payload_size);
  return is_whole(header_, payload_, hasher_) ? Look::kWhole : Look::kTorn;
}

// What the window holds may be older than what the device holds by now, so a place without a whole
// frame is read once more.
Expected<FrameWalk::Look> FrameWalk::examine(const FramePosition& position) {
  const bool was_read_before = covers(position, kBlockSize);
  auto found = look(position, false);
  if (found && *found != Look::kWhole && was_read_before) found = look(position, true);
  return found;
}

bool FrameWalk::continues() const {
  if (started_anew_) return true;
  return header_.frame == end_.frame + 1 && header_.previous == end_.hash &&
         header_.first_op == end_.next_op && header_.epoch >= end_.epoch &&
         header_.now_ms >= end_.now_ms;
}

Expected<bool> FrameWalk::take_if_next(const FramePosition& position) {
  auto found = examine(position);
  if (!found) return std::unexpected(found.error());
  if (*found != Look::kWhole || !continues()) return false;
  position_ = position;
  end_.position = {position.segment, position.offset + protocol::frame_size(header_.payload_size)};
  end_.frame = header_.frame;
  end_.epoch = header_.epoch;
  end_.next_op = header_.first_op + header_.op_count;
  end_.now_ms = header_.now_ms;
  end_.hash = header_.hash;
  started_anew_ = false;
  return true;
}

Expected<bool> FrameWalk::next() {
  const FramePosition here = end_.position;
  if (here.offset + kBlockSize <= format_.segment_size) {
    auto taken = take_if_next(here);
    if (!taken || *taken) return taken;
  }
  // A frame that did not fit went to the next segment; its chain says that none is missing between.
  if (here.offset == 0) return false;
  return take_if_next({here.segment + 1, 0});
}

namespace {

// The search behind the end of the chain: frames that were begun there, and proofs of damage.
class AfterEnd {
 public:
  AfterEnd(SegmentSource& source, const JournalFormat& format, JournalTail& tail)
      : source_(source),
        format_(format),
        tail_(tail),
        window_(std::min<std::size_t>(kWindowSize, format.segment_size)) {}

  Expected<void> search() {
    FramePosition position = tail_.end.position;
    for (bool more = true; more; position = {position.segment + 1, 0}) {
      auto found = search_segment(position);
      if (!found) return std::unexpected(found.error());
      more = *found;
    }
    return {};
  }

 private:
  Expected<bool> search_segment(FramePosition position) {
    while (position.offset + kBlockSize <= format_.segment_size) {
      const std::size_t size =
          std::min<std::size_t>(window_.size(), format_.segment_size - position.offset);
      auto filled = source_.read(position.segment, position.offset, window_.bytes().first(size));
      if (!filled || !*filled) return filled;
      std::size_t offset = 0;
      while (offset + kBlockSize <= size) {
        FrameHeader header;
        const FramePosition here{position.segment, position.offset + offset};
        const bool found = read_header(window_.bytes().subspan(offset, kBlockSize),
                                       place_of(format_, here), header);
        if (found) {
          if (auto judged = judge(here, header); !judged) return std::unexpected(judged.error());
        }
        offset += found ? protocol::frame_size(header.payload_size) : kBlockSize;
      }
      position.offset += offset;
    }
    // A segment that was just searched exists, even when the chain ended at its very end.
    auto exists = source_.read(position.segment, 0, window_.bytes().first(kBlockSize));
    return exists;
  }

  Expected<void> judge(const FramePosition& position, const FrameHeader& header) {
    if (header.frame_durable > tail_.end.frame) {
      return std::unexpected(
          Error{ErrorCode::kDamaged, 0,
                fmt::format("read {} at {}: frame {} (op {}) was durable and is not there any "
                            "more; frame {} in {} at {} proves it",
                            source_.name_of(tail_.end.position.segment), tail_.end.position.offset,
                            tail_.end.frame + 1, tail_.end.next_op, header.frame,
                            source_.name_of(position.segment), position.offset),
                kDamageRemedy});
    }
    tail_.cut_frames.push_back(position);
    tail_.torn_size += protocol::frame_size(header.payload_size);
    return {};
  }

  SegmentSource& source_;
  const JournalFormat& format_;
  JournalTail& tail_;
  AlignedBuffer window_;
};

Error first_frame_damaged(const SegmentSource& source, std::uint64_t segment) {
  return Error{ErrorCode::kDamaged, 0,
               fmt::format("read {} at 0: the first frame of the journal is not there",
                           source.name_of(segment)),
               kDamageRemedy};
}

void note_frame(const FrameWalk& walk, JournalTail& tail) {
  const FrameHeader& header = walk.header();
  const std::uint64_t segment = walk.position().segment;
  if (tail.segments.empty() || tail.segments.back().segment != segment) {
    tail.segments.push_back({segment, 0, header.frame});
  }
  tail.segments.back().last_op = header.first_op + header.op_count - 1;
  if (tail.first_op == 0 && header.op_count != 0) tail.first_op = header.first_op;
}

}  // namespace

Expected<JournalTail> find_tail(SegmentSource& source, const JournalFormat& format,
                                std::uint64_t first_segment, std::uint64_t snapshot_op) {
  JournalTail tail;
  FrameWalk walk(source, format);
  walk.start(first_segment);
  auto taken = walk.next();
  for (; taken && *taken; taken = walk.next()) note_frame(walk, tail);
  if (!taken) return std::unexpected(taken.error());
  if (tail.segments.empty()) return std::unexpected(first_frame_damaged(source, first_segment));
  tail.end = walk.end();
  AfterEnd after(source, format, tail);
  if (auto searched = after.search(); !searched) return std::unexpected(searched.error());
  const FramePosition& end = tail.end.position;
  if (snapshot_op >= tail.end.next_op) {
    return std::unexpected(Error{
        ErrorCode::kDamaged, 0,
        fmt::format("read {} at {}: op {} was durable and is not there any more; the snapshot at "
                    "op {} proves it",
                    source.name_of(end.segment), end.offset, tail.end.next_op, snapshot_op),
        kDamageRemedy});
  }
  if (!tail.cut_frames.empty()) {
    tail.torn_note = fmt::format(
        "{} at {}: {} frame(s) of {} bytes were begun and never acknowledged; a start cuts them",
        source.name_of(end.segment), end.offset, tail.cut_frames.size(), tail.torn_size);
  }
  return tail;
}

}  // namespace permitd::daemon
