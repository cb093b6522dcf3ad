// Goal: no bytes in a segment crash the search for the end of a journal, and what it accepts is a
// chain whose frames read back. Method: random bytes, mostly with checksums made right so that they
// get past them, and small changes to what was accepted. PERMITD_SEED and PERMITD_ROUNDS repeat and
// lengthen a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "daemon/journal_scan.h"
#include "protocol/journal_format.h"

namespace permitd {
namespace {

constexpr std::size_t kSegmentSize = 8 * protocol::kBlockSize;
constexpr daemon::JournalFormat kFormat{7, kSegmentSize};

/// Two small segments.
class InputSegments final : public daemon::SegmentSource {
 public:
  InputSegments() : bytes_(2 * kSegmentSize) {}
  std::vector<std::byte>& bytes() { return bytes_; }
  daemon::Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                              std::span<std::byte> out) override {
    if (segment < 1 || segment > 2) return false;
    EXPECT_LE(offset + out.size(), kSegmentSize);
    std::memcpy(out.data(), bytes_.data() + (segment - 1) * kSegmentSize + offset, out.size());
    return true;
  }
  std::string name_of(std::uint64_t) const override { return "input"; }

  /// Makes each block that could be a header one that belongs where it stands.
  void make_right() {
    protocol::FrameHasher hasher;
    protocol::Sha256 previous{};
    for (std::size_t offset = 0; offset < bytes_.size(); offset += protocol::kBlockSize) {
      protocol::FrameHeader header;
      std::memcpy(&header, bytes_.data() + offset, sizeof header);
      header.magic = protocol::kFrameMagic;
      header.journal_id = kFormat.journal_id;
      header.segment = static_cast<std::uint32_t>(1 + offset / kSegmentSize);
      header.block = static_cast<std::uint32_t>(offset % kSegmentSize / protocol::kBlockSize);
      header.payload_size =
          static_cast<std::uint32_t>(header.payload_size % (3 * protocol::kBlockSize));
      const std::size_t room = bytes_.size() - offset - sizeof header;
      if (header.payload_size > room) continue;
      if (header.seed % 2 == 0) header.previous = previous;
      const auto payload =
          std::span<const std::byte>(bytes_).subspan(offset + sizeof header, header.payload_size);
      protocol::seal(header, payload, hasher);
      previous = header.hash;
      std::memcpy(bytes_.data() + offset, &header, sizeof header);
    }
  }

 private:
  std::vector<std::byte> bytes_;
};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Sparse random bytes: zeros with a few small numbers where header fields are.
void fill(InputSegments& segments, std::mt19937_64& random) {
  for (std::size_t block = 0; block < 2 * kSegmentSize; block += protocol::kBlockSize) {
    if (random() % 4 == 0) continue;
    const std::size_t size =
        random() % 8 == 0 ? protocol::kBlockSize : sizeof(protocol::FrameHeader);
    for (std::size_t byte = 24; byte < size; ++byte) {
      if (random() % 3 == 0)
        segments.bytes()[block + byte] = static_cast<std::byte>(random() % (random() % 256 + 1));
    }
  }
}

/// Numbers the frames so that they may continue each other.
void number_frames(InputSegments& segments, std::mt19937_64& random) {
  std::uint64_t frame = 1;
  std::uint64_t op = 1;
  for (std::size_t block = 0; block < 2 * kSegmentSize; block += protocol::kBlockSize) {
    protocol::FrameHeader header;
    std::memcpy(&header, segments.bytes().data() + block, sizeof header);
    header.frame = frame++;
    header.frame_durable = random() % 10 == 0 ? frame : random() % frame;
    header.first_op = op;
    header.op_count = static_cast<std::uint32_t>(random() % 3);
    header.payload_size = static_cast<std::uint32_t>(random() % 3000);
    header.epoch = 1;
    header.now_ms = 0;
    header.seed = random() % 20 == 0 ? 1 : 0;
    op += header.op_count;
    std::memcpy(segments.bytes().data() + block, &header, sizeof header);
    if (random() % 12 == 0) break;
  }
}

TEST(JournalHostile, WhateverTheBytesAreTheSearchEndsAndItsChainReadsBack) {
  const std::uint64_t seed = number_from("PERMITD_SEED", std::random_device{}());
  SCOPED_TRACE("PERMITD_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t round = number_from("PERMITD_ROUNDS", 4000); round != 0; --round) {
    InputSegments segments;
    fill(segments, random);
    const bool numbered = random() % 2 == 0;
    if (numbered) number_frames(segments, random);
    if (random() % 8 != 0) segments.make_right();
    if (random() % 3 == 0) segments.bytes()[random() % segments.bytes().size()] ^= std::byte{1};
    const auto tail =
        daemon::find_tail(segments, kFormat, 1, random() % 4 == 0 ? random() % 40 : 0);
    if (!tail) {
      ASSERT_EQ(tail.error().code, daemon::ErrorCode::kDamaged);
      ++refused;
      continue;
    }
    ++accepted;
    daemon::FrameWalk walk(segments, kFormat);
    walk.start(1);
    std::uint64_t frames = 0;
    for (auto taken = walk.next(); taken && *taken; taken = walk.next()) ++frames;
    ASSERT_GT(frames, 0U);
    ASSERT_EQ(walk.end().position, tail->end.position);
    ASSERT_EQ(walk.end().hash, tail->end.hash);
  }
  EXPECT_GT(accepted, 50U);
  EXPECT_GT(refused, 50U);
}

}  // namespace
}  // namespace permitd
