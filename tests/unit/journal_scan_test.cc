// Goal: each condition on a frame's place in the chain stands for itself, and what lies inside a
// payload is never taken for a frame. Method: segments in memory, made frame by frame, with one
// field of one frame wrong and everything else, checksums included, right.
#include "daemon/journal_scan.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

namespace permitd::daemon {
namespace {

using protocol::FrameHeader;
using protocol::kBlockSize;

constexpr std::size_t kSegmentSize = 16 * kBlockSize;
constexpr JournalFormat kFormat{7, kSegmentSize};

/// Segments in memory, with a writer that chains frames.
class MadeSegments final : public SegmentSource {
 public:
  explicit MadeSegments(std::uint64_t segment_size = kSegmentSize) : segment_size_(segment_size) {}
  Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                      std::span<std::byte> bytes) override {
    const auto found = segments_.find(segment);
    if (found == segments_.end()) return false;
    std::memcpy(bytes.data(), found->second.data() + offset, bytes.size());
    return true;
  }
  std::string name_of(std::uint64_t segment) const override {
    return "made." + std::to_string(segment);
  }

  std::vector<std::byte>& bytes_of(std::uint64_t segment) {
    std::vector<std::byte>& bytes = segments_[segment];
    bytes.resize(segment_size_);
    return bytes;
  }
  /// The frame that belongs next, at the end of what was written.
  FrameHeader next_frame(std::uint32_t op_count) const {
    FrameHeader header;
    header.journal_id = kFormat.journal_id;
    header.segment = static_cast<std::uint32_t>(position_.segment);
    header.block = static_cast<std::uint32_t>(position_.offset / kBlockSize);
    header.epoch = last_.epoch == 0 ? 3 : last_.epoch;
    header.frame = last_.frame + 1;
    header.first_op = last_.frame == 0 ? 1 : last_.first_op + last_.op_count;
    header.op_count = op_count;
    header.now_ms = last_.frame == 0 ? 1000 : last_.now_ms;
    header.previous = last_.hash;
    return header;
  }
  void put(FrameHeader header, std::span<const std::byte> payload = {}) {
    header.payload_size = static_cast<std::uint32_t>(payload.size());
    seal(header, payload, hasher_);
    std::byte* place = bytes_of(position_.segment).data() + position_.offset;
    std::memcpy(place, &header, sizeof header);
    if (!payload.empty()) std::memcpy(place + sizeof header, payload.data(), payload.size());
    position_.offset += protocol::frame_size(payload.size());
    last_ = header;
  }
  const FramePosition& position() const { return position_; }

  void go_to(const FramePosition& position) { position_ = position; }

 private:
  std::uint64_t segment_size_;
  std::map<std::uint64_t, std::vector<std::byte>> segments_;
  protocol::FrameHasher hasher_;
  FramePosition position_{1, 0};
  FrameHeader last_;
};

/// Three frames, the last of them spoilt; tells how many the journal has then.
std::uint64_t frames_with(const std::function<void(FrameHeader&)>& spoil) {
  MadeSegments segments;
  for (int frame = 0; frame < 2; ++frame) segments.put(segments.next_frame(1));
  FrameHeader third = segments.next_frame(1);
  spoil(third);
  segments.put(third);
  auto tail = find_tail(segments, kFormat, 1, 0);
  EXPECT_TRUE(tail.has_value());
  EXPECT_EQ(tail->cut_frames.size(), tail->end.frame == 3 ? 0U : 1U);
  return tail->end.frame;
}

TEST(JournalScan, AFrameThatContinuesTheChainIsTaken) {
  EXPECT_EQ(frames_with([](FrameHeader&) {}), 3U);
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.epoch += 1; }), 3U);
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.now_ms += 1; }), 3U);
}

TEST(JournalScan, AFrameWithAnotherNumberIsNot) {
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.frame += 1; }), 2U);
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.frame -= 1; }), 2U);
}

TEST(JournalScan, AFrameBehindAnotherHistoryIsNot) {
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.previous[31] ^= 1; }), 2U);
}

TEST(JournalScan, AFrameBehindAGapOfOpsIsNot) {
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.first_op += 1; }), 2U);
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.first_op -= 1; }), 2U);
}

TEST(JournalScan, AFrameOfAnEarlierLeadIsNot) {
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.epoch -= 1; }), 2U);
}

TEST(JournalScan, AFrameFromAnEarlierMomentIsNot) {
  EXPECT_EQ(frames_with([](FrameHeader& frame) { frame.now_ms -= 1; }), 2U);
}

TEST(JournalScan, TheChainGoesOnInTheNextSegmentAndNowhereElse) {
  for (const std::uint32_t segment : {2U, 3U}) {
    MadeSegments segments;
    segments.put(segments.next_frame(1));
    FrameHeader elsewhere = segments.next_frame(1);
    elsewhere.segment = segment;
    elsewhere.block = 0;
    protocol::FrameHasher hasher;
    seal(elsewhere, {}, hasher);
    segments.bytes_of(2);
    std::memcpy(segments.bytes_of(segment).data(), &elsewhere, sizeof elsewhere);
    auto tail = find_tail(segments, kFormat, 1, 0);
    ASSERT_TRUE(tail.has_value());
    EXPECT_EQ(tail->end.frame, segment == 2 ? 2U : 1U);
  }
}

// A client fills the payload of a frame. Were it looked at block by block, bytes that are made to
// look like a header would be taken for a proof of damage, and the daemon would not start any more.
TEST(JournalScan, BytesInsideAPayloadAreNoFrame) {
  MadeSegments segments;
  segments.put(segments.next_frame(1));
  const FramePosition begin = segments.position();
  FrameHeader forged = segments.next_frame(1);
  forged.block = static_cast<std::uint32_t>(begin.offset / kBlockSize) + 1;
  forged.frame_durable = 100;
  protocol::FrameHasher hasher;
  seal(forged, {}, hasher);
  std::vector<std::byte> payload(2 * kBlockSize);
  std::memcpy(payload.data() + kBlockSize - sizeof(FrameHeader), &forged, sizeof forged);
  FrameHeader lost = segments.next_frame(1);
  lost.previous[0] ^= 1;  // whole, and not of this chain
  segments.put(lost, payload);
  auto tail = find_tail(segments, kFormat, 1, 0);
  ASSERT_TRUE(tail.has_value()) << tail.error().text();
  EXPECT_EQ(tail->end.frame, 1U);
  ASSERT_EQ(tail->cut_frames.size(), 1U);
  EXPECT_EQ(tail->cut_frames[0], begin);
  EXPECT_EQ(tail->torn_size, protocol::frame_size(payload.size()));
}

TEST(JournalScan, AFrameBehindTheEndIsProofOnlyOfWhatItSaysWasDurable) {
  for (const std::uint64_t durable : {1U, 2U}) {
    MadeSegments segments;
    segments.put(segments.next_frame(1));
    segments.put(segments.next_frame(1));
    FrameHeader third = segments.next_frame(1);
    third.frame_durable = durable;
    segments.put(third);
    segments.bytes_of(1)[kBlockSize] ^= std::byte{1};  // the second frame
    auto tail = find_tail(segments, kFormat, 1, 0);
    ASSERT_EQ(tail.has_value(), durable == 1);
    if (!tail) {
      EXPECT_NE(tail.error().act.find("made.1 at 4096: frame 2 (op 2)"), std::string::npos)
          << tail.error().act;
    }
  }
}

/// Fails or finds nothing the n-th time it is read, and from then on.
class FailingSegments final : public SegmentSource {
 public:
  FailingSegments(SegmentSource& real, int reads, bool fails)
      : real_(real), left_(reads), fails_(fails) {}
  Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                      std::span<std::byte> bytes) override {
    if (left_ > 0 && left_-- > 0) return real_.read(segment, offset, bytes);
    reached_ = true;
    if (!fails_) return false;
    return std::unexpected(Error{ErrorCode::kSystem, EIO, "read " + name_of(segment), ""});
  }
  std::string name_of(std::uint64_t segment) const override { return real_.name_of(segment); }
  bool was_reached() const { return reached_; }

 private:
  SegmentSource& real_;
  int left_;
  bool fails_;
  bool reached_ = false;
};

// Segments are larger than what is read at once, so that frames lie across its end.
TEST(JournalScan, WhicheverReadFailsNothingIsMadeUp) {
  constexpr JournalFormat kLarge{7, std::uint64_t{8} << 20};
  MadeSegments segments(kLarge.segment_size);
  const std::vector<std::byte> payload(1'500'000, std::byte{1});
  for (int frame = 0; frame < 5; ++frame) segments.put(segments.next_frame(1), payload);
  segments.go_to({2, 0});
  for (int frame = 0; frame < 3; ++frame) segments.put(segments.next_frame(1), payload);
  FrameHeader torn = segments.next_frame(1);
  torn.previous[0] ^= 1;
  segments.put(torn, payload);
  ASSERT_EQ(find_tail(segments, kLarge, 1, 0)->end.frame, 8U);
  for (const bool fails : {true, false}) {
    int reads = 0;
    for (bool reached = true; reached; ++reads) {
      FailingSegments failing(segments, reads, fails);
      auto tail = find_tail(failing, kLarge, 1, 0);
      reached = failing.was_reached();
      if (!tail) {
        EXPECT_EQ(tail.error().code, fails ? ErrorCode::kSystem : ErrorCode::kDamaged) << reads;
        EXPECT_NE(tail.error().act.find("made."), std::string::npos) << tail.error().text();
      }
      EXPECT_EQ(tail.has_value() && fails, !reached && fails) << reads;
      EXPECT_LE(tail.has_value() ? tail->end.frame : 0, 8U);
    }
    EXPECT_GT(reads, 6);
  }
}

// A walk reads ahead: what lies behind its last frame may have been written since.
TEST(JournalScan, AWalkSeesWhatIsWrittenBehindItsEnd) {
  MadeSegments segments;
  segments.put(segments.next_frame(1));
  FrameWalk walk(segments, kFormat);
  walk.start(1);
  ASSERT_TRUE(*walk.next());
  segments.put(segments.next_frame(1));
  EXPECT_TRUE(*walk.next());
  EXPECT_EQ(walk.header().frame, 2U);
  EXPECT_FALSE(*walk.next());
}

}  // namespace
}  // namespace permitd::daemon
