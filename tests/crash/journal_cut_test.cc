// Goal: what journal_torn_test shows on a stand-in holds for the program that ships: a journal that
// was cut at any byte starts at the end of the batch before, with the state of that op, and goes
// on; a flipped bit is refused, names the file and changes nothing. Method: JournalStorage and
// recovery over the simulated disk, one start for each cut or bit. By default each byte of each
// header, one bit of each of them, and payloads in steps; PERMITD_EVERY_BYTE=1 leaves nothing out.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "daemon/journal_storage.h"
#include "daemon/log.h"
#include "daemon/recovery.h"
#include "tests/sim/simulated_calls.h"
#include "tests/sim/simulated_disk.h"
#include "tests/support/journal_in_files.h"
#include "tests/support/led_recovery.h"
#include "tests/support/recorded_city.h"

namespace permitd::tests {
namespace {

using daemon::ErrorCode;
using protocol::FrameHeader;
using protocol::kBlockSize;
using scheduler::raw;
using scheduler::Scheduler;

constexpr std::size_t kCommands = 72;
constexpr std::uint32_t kCommandsPerBatch = 12;
// Primes: no edge of a field or sector is met each time, and each is met some time.
constexpr std::size_t kPayloadStep = 31;
constexpr std::size_t kFlipStep = 61;
constexpr std::size_t kBehindSize = 4 * kBlockSize;  // a start and a tick write no more than that
constexpr std::size_t kGoesOnEvery = 16;  // cuts between two starts that are followed by a second

bool takes_every_byte() { return environment_number("PERMITD_EVERY_BYTE", 0) != 0; }

struct Frame {
  FrameHeader header;
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;  // whole blocks
  std::size_t used() const { return sizeof(FrameHeader) + header.payload_size; }
  std::uint64_t ops_before() const { return header.first_op - 1; }
};

/// What a start made of the directory.
struct Start {
  bool is_refused = false;
  daemon::Error error;
  std::uint64_t last_op = 0;
  daemon::StateDigest digest;
};

/// A journal in one segment, each batch durable before the next, ended by kill -9.
class JournalCut : public testing::Test {
 protected:
  JournalCut() {
    daemon::set_log_level(daemon::LogLevel::kCritical);  // each cut is a warning
    options_ = options_in(kSimulatedPath);
    options_.keeper_thread = false;
    options_.segments_ahead = 1;
    auto storage = open_storage(options_);
    EXPECT_TRUE(storage->lead().has_value());
    digests_ = record_city(*storage, kCommands, kCommandsPerBatch);
    end_process(std::move(storage));
    for (const auto& [number, note] : disk_.frames()) {
      Frame frame{note.header, note.offset, std::vector<std::byte>(note.size)};
      note.file->read(note.offset, frame.bytes);
      file_ = note.file;
      frames_.push_back(std::move(frame));
    }
    end_ = frames_.back().offset + frames_.back().bytes.size();
    recorded_ = content();
    names_ = disk_.names_at(kSimulatedPath);
  }

  void SetUp() override {
    ASSERT_GE(frames_.size(), 5U);
    ASSERT_EQ(frames_.front().header.frame, 1U);
    for (std::size_t index = 1; index < frames_.size(); ++index) {
      const Frame& before = frames_[index - 1];
      ASSERT_EQ(frames_[index].offset, before.offset + before.bytes.size()) << "one segment";
    }
  }

  void end_process(std::unique_ptr<daemon::JournalStorage> storage) {
    disk_.kill();
    storage.reset();
    disk_.restart();
  }

  /// As far as any start of this test writes.
  std::vector<std::byte> content() const {
    std::vector<std::byte> bytes(end_ + kBehindSize);
    file_->read(0, bytes);
    return bytes;
  }

  /// The segment as if it had never been written behind `byte` of the frame.
  void cut(const Frame& frame, std::size_t byte) {
    std::vector<std::byte> bytes(end_ - frame.offset + kBehindSize);
    std::copy_n(frame.bytes.begin(), byte, bytes.begin());
    file_->write(frame.offset, bytes, true);
  }
  /// The segment as it was recorded.
  void mend() {
    file_->heal();
    cut(frames_.back(), frames_.back().bytes.size());
  }

  Start start(bool appends = false) {
    Start start;
    auto storage = open_storage(options_);
    Scheduler scheduler;
    const auto report = tests::recover(*storage, scheduler);
    start.is_refused = !report;
    if (report) {
      start.last_op = raw(report->lead.last_op);
      start.digest = daemon::digest_of_state(scheduler);
    } else {
      start.error = report.error();
    }
    if (report && appends) {
      // A tick: it may follow anything.
      scheduler::Command tick;
      tick.kind = scheduler::CommandKind::kTick;
      daemon::BatchHeader header;
      header.first_op = scheduler::Op{start.last_op + 1};
      header.op_count = 1;
      header.now = scheduler.now();
      header.payload_size =
          static_cast<std::uint32_t>(protocol::encode_command(tick, storage->begin_batch()));
      storage->append(header);
      storage->flush();
    }
    end_process(std::move(storage));
    return start;
  }

  void expect_start_at(std::uint64_t op, bool appends = false) {
    const Start found = start(appends);
    ASSERT_FALSE(found.is_refused) << found.error.text();
    ASSERT_EQ(found.last_op, op);
    ASSERT_EQ(found.digest, digests_.at(op));
  }

  FaultCounts counts_;
  SimulatedDisk disk_{counts_};
  MountedDisk mount_{disk_, 1};
  daemon::JournalOptions options_;
  DigestsByOp digests_;
  std::vector<Frame> frames_;
  std::shared_ptr<SimulatedFile> file_;
  std::uint64_t end_ = 0;  // offset behind the last frame
  std::vector<std::byte> recorded_;
  std::vector<std::string> names_;
};

TEST_F(JournalCut, AtEveryByteTheShippedStartLeavesThePrefix) {
  const std::size_t step = takes_every_byte() ? 1 : kPayloadStep;
  std::size_t cuts = 0;
  // From the end on: each start writes over what lies behind the cut, and over nothing before it.
  for (std::size_t index = frames_.size(); index-- > 1;) {
    const Frame& frame = frames_[index];
    std::size_t changed = frame.used();  // bytes up to here are zero from some byte before on
    while (changed > 0 && frame.bytes[changed - 1] == std::byte{0}) --changed;
    for (std::size_t kept = 0; kept < changed; kept += kept < sizeof(FrameHeader) ? 1 : step) {
      SCOPED_TRACE(fmt::format("frame {}, {} bytes of it kept", frame.header.frame, kept));
      // Before the first op there are no limits to work under.
      const bool appends = ++cuts % kGoesOnEvery == 0 && frame.ops_before() != 0;
      cut(frame, kept);
      ASSERT_NO_FATAL_FAILURE(expect_start_at(frame.ops_before(), appends));
      if (!appends) continue;
      const Start again = start();
      ASSERT_FALSE(again.is_refused) << again.error.text();
      ASSERT_EQ(again.last_op, frame.ops_before() + 1) << "what came behind the cut is lost";
    }
    cut(frame, 0);
  }
  fmt::print("{} cuts of {} frames\n", cuts, frames_.size());
  EXPECT_GT(cuts, (frames_.size() - 1) * sizeof(FrameHeader) / 2);
}

TEST_F(JournalCut, AJournalWithoutItsFirstFrameIsRefused) {
  for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, sizeof(FrameHeader) / 2}) {
    cut(frames_[0], kept);
    const Start found = start();
    ASSERT_TRUE(found.is_refused) << kept;
    EXPECT_EQ(found.error.code, ErrorCode::kDamaged);
  }
}

TEST_F(JournalCut, AFlippedBitIsRefusedAndChangesNothing) {
  const bool all = takes_every_byte();
  std::size_t refused = 0;
  std::size_t cut_off = 0;
  for (std::size_t index = 0; index < frames_.size(); ++index) {
    const Frame& frame = frames_[index];
    const bool is_last = index + 1 == frames_.size();
    for (std::size_t byte = 0; byte < frame.used();
         byte += all || byte < sizeof(FrameHeader) ? 1 : kFlipStep) {
      const auto first = static_cast<unsigned>((byte * 5 + index) % 8);
      for (unsigned bit = all ? 0 : first; bit <= (all ? 7 : first); ++bit) {
        SCOPED_TRACE(fmt::format("bit {} of byte {} of frame {}", bit, byte, frame.header.frame));
        file_->flip_bit(frame.offset + byte, bit);
        if (is_last) {  // nothing proves that it was ever durable
          ASSERT_NO_FATAL_FAILURE(expect_start_at(frame.ops_before()));
          ++cut_off;
        } else {
          const Start found = start();
          ASSERT_TRUE(found.is_refused);
          ASSERT_EQ(found.error.code, ErrorCode::kDamaged) << found.error.text();
          ASSERT_NE(found.error.text().find("journal."), std::string::npos) << found.error.text();
          file_->heal();
          ASSERT_TRUE(content() == recorded_) << "a refused start wrote something";
          ASSERT_EQ(disk_.names_at(kSimulatedPath), names_);
          ++refused;
        }
        mend();
      }
    }
  }
  fmt::print("{} flipped bits refused, {} cut off at the end\n", refused, cut_off);
  EXPECT_GT(refused, (frames_.size() - 1) * sizeof(FrameHeader));
  EXPECT_GE(cut_off, sizeof(FrameHeader));
  ASSERT_NO_FATAL_FAILURE(expect_start_at(digests_.rbegin()->first));
}

}  // namespace
}  // namespace permitd::tests
