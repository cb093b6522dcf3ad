// Goal: whatever a power cut leaves of the writes under way, everything acknowledged is there
// afterwards, nothing unacknowledged is half there, and damage elsewhere is refused, never passed
// over. Method: the simulated disk, cut at every byte, with every header bit flipped, and in
// thousands of random crashes. The inside of payloads is taken in small steps by default;
// PERMITD_EVERY_BYTE=1 takes every byte of them, and every bit. journal_cut_test does the same to
// the storage that ships.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "protocol/journal_format.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/seeded.h"

namespace permitd::tests {
namespace {

using daemon::BatchHeader;
using daemon::ErrorCode;
using scheduler::Op;
using scheduler::raw;
using scheduler::Tick;

constexpr std::uint64_t kSegmentSize = 64 * 1024;  // small: the test batches are

// Primes: they meet each place of a field or sector some time.
constexpr std::uint64_t kCutStep = 7;
constexpr std::uint64_t kFlipStep = 83;

bool takes_every_byte() { return environment_number("PERMITD_EVERY_BYTE", 0) != 0; }

struct Batch {
  BatchHeader header;
  std::vector<std::byte> payload;
};

std::uint64_t last_op(const Batch& batch) {
  return raw(batch.header.first_op) + batch.header.op_count - 1;
}

void append(FaultyStorage& storage, std::vector<Batch>& written, std::mt19937_64& random,
            std::uint64_t first, std::size_t size) {
  Batch batch;
  const std::int64_t before = written.empty() ? 0 : written.back().header.now.ms;
  batch.header = {Op{first}, static_cast<std::uint32_t>(1 + random() % 5),
                  static_cast<std::uint32_t>(size),
                  Tick{before + static_cast<std::int64_t>(random() % 3)}, random()};
  batch.payload.resize(size);
  for (std::byte& each : batch.payload) each = static_cast<std::byte>(random());
  std::copy(batch.payload.begin(), batch.payload.end(), storage.begin_batch().begin());
  storage.append(batch.header);
  written.push_back(std::move(batch));
}

/// What reads back from the first kept batch on must be `written`, up to the newest durable op.
void expect_content(FaultyStorage& storage, const std::vector<Batch>& written, std::uint64_t from) {
  auto reader = storage.read(Op{from});
  ASSERT_TRUE(reader.has_value()) << reader.error().text();
  BatchHeader header;
  std::span<const std::byte> payload;
  std::uint64_t reached = from - 1;
  while (true) {
    auto taken = (*reader)->next(storage.op_durable(), header, payload);
    ASSERT_TRUE(taken.has_value()) << taken.error().text();
    if (!*taken) break;
    const auto batch = std::find_if(written.begin(), written.end(), [&](const Batch& each) {
      return each.header.first_op == header.first_op;
    });
    ASSERT_NE(batch, written.end());
    ASSERT_EQ(header.op_count, batch->header.op_count);
    ASSERT_EQ(header.seed, batch->header.seed);
    ASSERT_TRUE(
        std::equal(payload.begin(), payload.end(), batch->payload.begin(), batch->payload.end()));
    reached = last_op(*batch);
  }
  ASSERT_EQ(reached, raw(storage.op_durable()));
}

void copy_disk(const FaultyDisk& from, FaultyDisk& to) {
  to.format = from.format;
  to.segments = from.segments;
}

/// A small journal of `count` batches over more than one segment, each written with its predecessor
/// but one durable; no orderly end.
class Recorded : public testing::Test {
 protected:
  static constexpr int kBatches = 14;

  Recorded() {
    std::mt19937_64 random(5);
    FaultyStorage storage(disk_, {.segment_size = kSegmentSize});
    auto lead = storage.lead();
    EXPECT_TRUE(lead.has_value());
    for (int index = 0; index < kBatches; ++index) {
      append(storage, written_, random, written_.empty() ? 1 : last_op(written_.back()) + 1,
             200 + 1200 * static_cast<std::size_t>(index));
      storage.poll();
    }
    storage.crash();  // nothing is under way: the end is only not orderly
    find_frames();
  }

  struct Frame {
    daemon::FramePosition position;
    std::uint64_t used = 0;  // header and payload
    std::uint64_t size = 0;
    protocol::FrameHeader header;
  };

  void find_frames() {
    for (const auto& [number, bytes] : disk_.segments) {
      for (std::size_t offset = 0; offset + protocol::kBlockSize <= bytes.size();) {
        protocol::FrameHeader header;
        const bool found =
            read_header(std::span(bytes).subspan(offset),
                        {disk_.format.journal_id, number, kSegmentSize - offset, offset}, header);
        if (found) {
          const std::size_t size = protocol::frame_size(header.payload_size);
          frames_.push_back({{number, offset}, sizeof header + header.payload_size, size, header});
          offset += size;
        } else {
          offset += protocol::kBlockSize;
        }
      }
    }
    ASSERT_EQ(frames_.size(),
              static_cast<std::size_t>(kBatches) + 2);  // two leads: at creation and after
    ASSERT_GE(disk_.segments.size(), 3U);
  }

  std::uint64_t ops_before(const Frame& frame) const { return frame.header.first_op - 1; }

  FaultyDisk disk_;
  std::vector<Batch> written_;
  std::vector<Frame> frames_;
};

TEST_F(Recorded, CutAtEveryByteLeavesThePrefix) {
  // Zeros from some byte on is what a journal looks like that was never written further.
  const std::uint64_t step = takes_every_byte() ? 1 : kCutStep;
  for (std::size_t cut_index = 1; cut_index < frames_.size(); ++cut_index) {
    const Frame& cut = frames_[cut_index];
    // Every byte of the header and the edges of the payload; its inside in steps.
    for (std::uint64_t byte = 0; byte < cut.used;
         byte += byte < 200 || byte + 64 > cut.used ? 1 : step) {
      FaultyDisk copy;
      copy_disk(disk_, copy);
      auto& bytes = copy.segments[cut.position.segment];
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(cut.position.offset + byte),
                bytes.end(), std::byte{0});
      for (auto& [number, later] : copy.segments) {
        if (number > cut.position.segment) std::fill(later.begin(), later.end(), std::byte{0});
      }
      FaultyStorage storage(copy, {.segment_size = kSegmentSize});
      auto lead = storage.lead();
      ASSERT_TRUE(lead.has_value()) << byte << " " << lead.error().text();
      ASSERT_EQ(raw(lead->last_op), ops_before(cut)) << "frame " << cut_index << " byte " << byte;
      if (byte % 16 == 0) expect_content(storage, written_, 1);
    }
  }
}

TEST_F(Recorded, ACutFirstFrameIsDamageBecauseAJournalIsMadeWithIt) {
  FaultyDisk copy;
  copy_disk(disk_, copy);
  for (auto& [number, bytes] : copy.segments) std::fill(bytes.begin(), bytes.end(), std::byte{0});
  FaultyStorage storage(copy, {.segment_size = kSegmentSize});
  EXPECT_EQ(storage.lead().error().code, ErrorCode::kDamaged);
}

TEST_F(Recorded, AFlippedBitAnywhereIsRefusedOrIsTheUnprovenEnd) {
  const bool all = takes_every_byte();
  int refused = 0;
  int cut = 0;
  for (std::size_t index = 0; index < frames_.size(); ++index) {
    const Frame& frame = frames_[index];
    for (std::uint64_t byte = 0; byte < frame.size;
         byte += all || byte < sizeof(protocol::FrameHeader) ? 1 : kFlipStep) {
      // Every bit of a header, one of each other byte.
      const bool all_bits = all || byte < sizeof(protocol::FrameHeader);
      const auto one = static_cast<unsigned>((byte * 5 + index) % 8);
      for (unsigned bit = all_bits ? 0 : one; bit <= (all_bits ? 7 : one); ++bit) {
        FaultyDisk copy;
        copy_disk(disk_, copy);
        copy.flip_bit(frame.position.segment, frame.position.offset + byte, bit);
        FaultyStorage storage(copy, {.segment_size = kSegmentSize});
        auto lead = storage.lead();
        if (byte >= frame.used) {  // padding carries no meaning
          ASSERT_TRUE(lead.has_value());
          ASSERT_EQ(raw(lead->last_op), last_op(written_.back()));
        } else if (index + 1 == frames_.size()) {
          ASSERT_TRUE(lead.has_value()) << lead.error().text();
          ASSERT_EQ(raw(lead->last_op), ops_before(frame));
          ++cut;
        } else {
          ASSERT_FALSE(lead.has_value()) << "frame " << index << " byte " << byte << " bit " << bit;
          ASSERT_EQ(lead.error().code, ErrorCode::kDamaged);
          ASSERT_NE(lead.error().text().find("disk."), std::string::npos);
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 15'000);
  EXPECT_GT(cut, 1300);
}

TEST_F(Recorded, ASnapshotProvesTheEndToo) {
  const Frame& last = frames_.back();
  for (const std::uint64_t op :
       {ops_before(last), ops_before(last) + 1, last_op(written_.back())}) {
    FaultyDisk copy;
    copy_disk(disk_, copy);
    copy.snapshots[op].mark.op = Op{op};
    copy.flip_bit(last.position.segment, last.position.offset + 180, 3);
    FaultyStorage storage(copy, {.segment_size = kSegmentSize});
    auto lead = storage.lead();
    EXPECT_EQ(lead.has_value(), op <= ops_before(last)) << op;
    if (!lead) {
      EXPECT_NE(lead.error().act.find("snapshot"), std::string::npos);
    }
  }
}

TEST_F(Recorded, AMissingSegmentIsRefused) {
  const std::uint64_t first = disk_.segments.begin()->first;
  for (const std::uint64_t missing : {first, first + 1}) {
    FaultyDisk copy;
    copy_disk(disk_, copy);
    auto& bytes = copy.segments[missing];
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    FaultyStorage storage(copy, {.segment_size = kSegmentSize});
    EXPECT_EQ(storage.lead().error().code, ErrorCode::kDamaged);
  }
}

TEST(JournalTorn, TwoInFlightOutOfOrder) {
  // The second write is whole on the disk and the first is not: neither was acknowledged, both are
  // cut, and the second never comes back, though its bytes fit the place after the first one is
  // written anew.
  FaultyDisk disk;
  std::vector<Batch> written;
  std::mt19937_64 random(1);
  {
    FaultyStorage storage(disk, {.segment_size = kSegmentSize});
    ASSERT_TRUE(storage.lead().has_value());
    append(storage, written, random, 1, 100);
    storage.poll();
    storage.set_completing(false);
    append(storage, written, random, last_op(written.back()) + 1, 100);
    append(storage, written, random, last_op(written.back()) + 1, 100);
    EXPECT_FALSE(storage.can_append());
    storage.complete(1);
    EXPECT_EQ(raw(storage.op_durable()), last_op(written[0]));
    // The plug is pulled with nothing of the first write on the disk: it is not in writes under way
    // any more when the storage is simply dropped.
    FaultyDisk snapshot_of_disk;
    copy_disk(disk, snapshot_of_disk);
    storage.crash();
    disk.segments = snapshot_of_disk.segments;
  }
  for (int start = 0; start < 3; ++start) {
    FaultyStorage storage(disk, {.segment_size = kSegmentSize});
    auto lead = storage.lead();
    ASSERT_TRUE(lead.has_value()) << lead.error().text();
    EXPECT_EQ(raw(lead->last_op), last_op(written[0]));
    if (start == 0) {
      EXPECT_EQ(lead->torn_size, protocol::kBlockSize);
      EXPECT_NE(lead->torn_note.find("1 frame"), std::string::npos);
    }
    storage.crash();
  }
  written.resize(1);
  FaultyStorage storage(disk, {.segment_size = kSegmentSize});
  ASSERT_TRUE(storage.lead().has_value());
  append(storage, written, random, last_op(written.back()) + 1, 100);
  storage.flush();
  expect_content(storage, written, 1);
}

TEST(JournalTorn, ThousandsOfCrashesLoseNothingAcknowledged) {
  constexpr std::uint64_t kSeeds = 150;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    FaultyDisk disk;
    std::vector<Batch> written;
    std::uint64_t kept_from = 1;
    const auto in_flight = static_cast<std::uint32_t>(1 + random() % 8);
    for (int life = 0; life < 20; ++life) {
      FaultyStorage storage(disk, {.segment_size = kSegmentSize,
                                   .batches_in_flight = in_flight,
                                   .seed = random(),
                                   .complete_permille = 400});
      const std::uint64_t next = written.empty() ? 1 : last_op(written.back()) + 1;
      auto lead = storage.lead();
      ASSERT_TRUE(lead.has_value()) << lead.error().text();
      ASSERT_EQ(raw(lead->last_op), next - 1);
      ASSERT_NO_FATAL_FAILURE(expect_content(storage, written, kept_from));
      const auto steps = random() % 40;
      std::uint64_t at = next;
      for (std::uint64_t step = 0; step < steps; ++step) {
        if (storage.can_append()) {
          append(storage, written, random, at,
                 random() % 3 == 0 ? random() % 20'000 : random() % 600);
          at = last_op(written.back()) + 1;
        }
        if (random() % 2 == 0) storage.poll();
        if (random() % 40 == 0 && raw(storage.op_durable()) > kept_from) {
          // Trimming, as after a snapshot at the newest durable op.
          kept_from = raw(storage.op_durable()) + 1;
          disk.snapshots[kept_from - 1].mark.op = Op{kept_from - 1};
          storage.trim(Op{kept_from - 1});
        }
      }
      const std::uint64_t acknowledged = raw(storage.op_durable());
      if (random() % 5 == 0) {
        storage.flush();
      }
      const std::uint64_t acknowledged_at_last = raw(storage.op_durable());
      storage.crash();
      ASSERT_GE(acknowledged_at_last, acknowledged);
      // What the next life finds may be more than was acknowledged, but whole batches of it, in
      // order.
      FaultyDisk copy;
      copy_disk(disk, copy);
      copy.snapshots = disk.snapshots;
      FaultyStorage probe(copy, {.segment_size = kSegmentSize});
      auto found = probe.lead();
      ASSERT_TRUE(found.has_value()) << found.error().text();
      ASSERT_GE(raw(found->last_op), acknowledged_at_last);
      while (!written.empty() && last_op(written.back()) > raw(found->last_op)) written.pop_back();
      ASSERT_EQ(written.empty() ? 0 : last_op(written.back()), raw(found->last_op));
    }
  }
}

}  // namespace
}  // namespace permitd::tests
