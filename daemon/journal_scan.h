// Reading frames in the order of their chain, and the decision where a journal ends.
//
// The first place that does not hold the next frame of the chain ends the journal. What was there
// is a torn tail, never acknowledged, unless something says that the missing frame had been
// durable: a later frame that was written with that knowledge, or a snapshot. Then bytes that were
// durable are gone, and nobody but the operator may decide how to go on.
//
// The bytes come through SegmentSource, so that the same code judges files and a simulated disk.
// Each object belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daemon/error.h"
#include "daemon/journal_files.h"
#include "protocol/journal_format.h"

namespace permitd::daemon {

class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  /// Fills `bytes` (whole aligned blocks inside the segment). False when there is no such segment.
  [[nodiscard]] virtual Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                                            std::span<std::byte> bytes) = 0;
  /// For messages.
  virtual std::string name_of(std::uint64_t segment) const = 0;
};

struct FramePosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const FramePosition&, const FramePosition&) = default;
};

/// Where a chain of frames stands: what the next frame must continue.
struct ChainEnd {
  FramePosition position;   // directly behind the last frame
  std::uint64_t frame = 0;  // number of the last frame, 0 = none yet
  std::uint64_t epoch = 0;
  std::uint64_t next_op = 0;
  std::int64_t now_ms = INT64_MIN;
  protocol::Sha256 hash{};
};

/// Walks from frame to frame and verifies every byte of them.
class FrameWalk {
 public:
  FrameWalk(SegmentSource& source, const JournalFormat& format);

  /// Goes on at the first frame of `segment`, whatever it continues.
  void start(std::uint64_t segment);
  /// Takes the next frame. False when there is none that continues the chain; asking again looks
  /// afresh.
  [[nodiscard]] Expected<bool> next();

  // The frame taken; valid until the next call.
  const protocol::FrameHeader& header() const { return header_; }
  std::span<const std::byte> payload() const { return payload_; }
  const FramePosition& position() const { return position_; }

  const ChainEnd& end() const { return end_; }

 private:
  enum class Look : std::uint8_t { kNothing, kTorn, kWhole };
  [[nodiscard]] Expected<Look> examine(const FramePosition& position);
  [[nodiscard]] Expected<Look> look(const FramePosition& position, bool afresh);
  [[nodiscard]] Expected<bool> take_if_next(const FramePosition& position);
  [[nodiscard]] Expected<bool> fill(const FramePosition& position);
  bool covers(const FramePosition& position, std::size_t size) const;
  std::span<const std::byte> window_at(const FramePosition& position, std::size_t size) const;
  bool continues() const;

  SegmentSource& source_;
  JournalFormat format_;
  protocol::FrameHasher hasher_;
  AlignedBuffer window_;
  FramePosition window_begin_;
  std::size_t window_size_ = 0;  // bytes read
  protocol::FrameHeader header_;
  std::span<const std::byte> payload_;
  FramePosition position_;
  ChainEnd end_;
  bool started_anew_ = true;  // the next frame is taken whatever it continues
};

/// The last op in each segment that holds frames, for trimming.
struct SegmentEnd {
  std::uint64_t segment = 0;
  std::uint64_t last_op = 0;      // newest op in or before it
  std::uint64_t first_frame = 0;  // number of its first frame
};

struct JournalTail {
  ChainEnd end;
  std::uint64_t first_op = 0;        // of the oldest batch, 0 = none
  std::vector<SegmentEnd> segments;  // oldest first, the last is where the chain ends
  std::vector<FramePosition>
      cut_frames;  // begun, never acknowledged: their headers must be overwritten
  std::uint64_t torn_size = 0;
  std::string torn_note;
};

/// Verifies the journal that begins at `first_segment` and finds its end. `snapshot_op` is the op
/// of the newest snapshot, 0 = none. Errors: kDamaged with file, offset, proof and remedy; kSystem.
[[nodiscard]] Expected<JournalTail> find_tail(SegmentSource& source, const JournalFormat& format,
                                              std::uint64_t first_segment,
                                              std::uint64_t snapshot_op);

}  // namespace permitd::daemon
