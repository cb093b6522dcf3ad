// Goal: a snapshot's file that was cut at any byte, or has a flipped bit, never leads to another
// state: an older snapshot or the journal gives the same one, or, where neither reaches back, the
// start is refused and names the file. Method: storage, snapshotter and recovery as they ship, over
// the simulated disk, one start for each cut or bit. By default each byte of header, chunk record
// and footer, and the state in steps; PERMITD_EVERY_BYTE=1 takes each byte of the state as well,
// and each bit of the records.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log.h"
#include "protocol/snapshot_format.h"
#include "tests/sim/journal_process.h"
#include "tests/sim/simulated_calls.h"
#include "tests/support/seeded.h"

namespace permitd::tests {
namespace {

using protocol::kBlockSize;
using scheduler::Op;
using scheduler::raw;

constexpr std::size_t kFirstState =
    sizeof(protocol::SnapshotHeader) + sizeof(protocol::SnapshotChunk);
constexpr std::size_t kStatePlaces = 48;             // of the state, by default
constexpr std::size_t kBehindSize = 4 * kBlockSize;  // a start writes no more than that
constexpr char kFirstSegment[] = "journal.000001";

bool takes_every_byte() { return environment_number("PERMITD_EVERY_BYTE", 0) != 0; }

std::string name_of_snapshot(Op op) { return fmt::format("snapshot.{:020}", raw(op)); }

/// What a start made of the directory.
struct Start {
  std::string refusal;  // empty: it was none
  Op last_op{};
  daemon::StateDigest digest;
};

/// What must come of a start beside a damaged snapshot.
enum class Wanted : std::uint8_t {
  kState,           // the right state
  kStateOrRefusal,  // or a refusal that names the snapshot
  kRefusal,         // nothing but that
};

class SnapshotCut : public testing::Test {
 protected:
  SnapshotCut() { daemon::set_log_level(daemon::LogLevel::kCritical); }  // each damage is a warning

  /// Lives a daemon's life, ended by kill -9: 'a' appends the next batch of `kinds`, 'S' makes a
  /// snapshot. The newest snapshot is the one that is damaged.
  void record(std::string_view kinds, std::string_view life) {
    record_.emplace(kinds);
    auto process = begin();
    ASSERT_TRUE(process->start());
    for (const char each : life) {
      if (each == 'a') {
        ASSERT_TRUE(process->append());
        last_op_ = process->durable();
      } else {
        ASSERT_TRUE(process->make_snapshot());
        snapshot_op_ = process->durable();
      }
    }
    end(std::move(process));
    ASSERT_LT(snapshot_op_, last_op_) << "work behind it";
    file_ = disk_.find(name_of_snapshot(snapshot_op_));
    ASSERT_NE(file_, nullptr);
    bytes_.resize(file_->size());
    file_->read(0, bytes_);
    ASSERT_GT(bytes_.size(), kFirstState + sizeof(protocol::SnapshotFooter));
    footer_ = bytes_.size() - sizeof(protocol::SnapshotFooter);
    ASSERT_LE(footer_ - kFirstState, protocol::kSnapshotChunkSize) << "one chunk";
    const FrameNote& last = disk_.frames().rbegin()->second;
    segment_ = last.file;
    end_ = last.offset + last.size;
    ASSERT_NO_FATAL_FAILURE(expect_right());
  }

  std::unique_ptr<JournalProcess> begin() {
    return std::make_unique<JournalProcess>(*record_, std::make_unique<daemon::SyscallWriter>());
  }
  void end(std::unique_ptr<JournalProcess> process) {
    disk_.kill();
    process.reset();
    disk_.restart();
  }

  /// One start, after which the segment is as it was recorded: the marks of thousands of starts
  /// would fill it.
  Start start() {
    Start start;
    const std::uint64_t changes = disk_.changes_beside_lock();
    auto process = begin();
    if (process->start()) {
      start.last_op = process->lead().last_op;
      start.digest = daemon::digest_of_state(process->state());
    } else {
      start.refusal = process->error()->text();
      EXPECT_EQ(disk_.changes_beside_lock(), changes) << start.refusal;
    }
    end(std::move(process));
    segment_->write(end_, std::vector<std::byte>(kBehindSize), true);
    return start;
  }
  void expect_state(const Start& found) {
    ASSERT_EQ(found.refusal, "");
    ASSERT_EQ(found.last_op, last_op_);
    ASSERT_EQ(found.digest, record_->digest_at(last_op_));
  }
  void expect_right() { expect_state(start()); }

  void expect(Wanted wanted) {
    const Start found = start();
    if (wanted == Wanted::kState || (wanted == Wanted::kStateOrRefusal && found.refusal.empty())) {
      ASSERT_NO_FATAL_FAILURE(expect_state(found));
      ++served_;
      return;
    }
    ASSERT_NE(found.refusal, "") << "nothing but the snapshot reaches back";
    ASSERT_NE(found.refusal.find(name_of_snapshot(snapshot_op_)), std::string::npos)
        << found.refusal;
    ++refused_;
  }

  bool is_state(std::size_t byte) const { return byte >= kFirstState && byte < footer_; }
  /// The next place behind `byte`: the next byte of a record, a step further within the state.
  std::size_t behind(std::size_t byte) const {
    if (!is_state(byte)) return byte + 1;
    const std::size_t step =
        takes_every_byte() ? 1 : std::max<std::size_t>((footer_ - kFirstState) / kStatePlaces, 1);
    return std::min(byte + step, footer_);
  }

  void cut_everywhere(Wanted wanted) {
    std::size_t cuts = 0;
    served_ = refused_ = 0;
    for (std::size_t kept = 0; kept < bytes_.size(); kept = behind(kept), ++cuts) {
      SCOPED_TRACE(fmt::format("{} bytes of {} kept", kept, bytes_.size()));
      file_->resize(kept);
      ASSERT_NO_FATAL_FAILURE(expect(wanted));
      file_->write(0, bytes_, true);
    }
    fmt::print("{} cuts of a snapshot of {} bytes: {} starts right, {} refused\n", cuts,
               bytes_.size(), served_, refused_);
    EXPECT_GE(cuts, kFirstState + sizeof(protocol::SnapshotFooter));
    ASSERT_NO_FATAL_FAILURE(expect_right());
  }

  /// `of_chunk`: what is wanted when header and footer are whole, and the chunk is not.
  void flip_everywhere(Wanted wanted, Wanted of_chunk) {
    std::size_t flips = 0;
    served_ = refused_ = 0;
    for (std::size_t byte = 0; byte < bytes_.size(); byte = behind(byte)) {
      const bool all = takes_every_byte() && !is_state(byte);
      const auto first = static_cast<unsigned>(byte * 5 % 8);
      const bool in_chunk = byte >= sizeof(protocol::SnapshotHeader) && byte < footer_;
      for (unsigned bit = all ? 0 : first; bit <= (all ? 7 : first); ++bit, ++flips) {
        SCOPED_TRACE(fmt::format("bit {} of byte {} of {}", bit, byte, bytes_.size()));
        file_->flip_bit(byte, bit);
        ASSERT_NO_FATAL_FAILURE(expect(in_chunk ? of_chunk : wanted));
        file_->heal();
      }
    }
    fmt::print("{} flipped bits of a snapshot of {} bytes: {} starts right, {} refused\n", flips,
               bytes_.size(), served_, refused_);
    EXPECT_GE(flips, kFirstState + sizeof(protocol::SnapshotFooter));
    ASSERT_NO_FATAL_FAILURE(expect_right());
  }

  void remove(const std::string& name) {
    ASSERT_EQ(disk_.unlink(std::string(kSimulatedPath) + "/" + name), 0);
  }

  FaultCounts counts_;
  SimulatedDisk disk_{counts_};
  MountedDisk mount_{disk_, 1};
  std::optional<JournalRecord> record_;
  Op last_op_{};
  Op snapshot_op_{};
  std::shared_ptr<SimulatedFile> file_;
  std::vector<std::byte> bytes_;  // of the snapshot's file
  std::size_t footer_ = 0;        // where it begins
  std::shared_ptr<SimulatedFile> segment_;
  std::uint64_t end_ = 0;  // offset behind the last frame in it
  std::size_t served_ = 0;
  std::size_t refused_ = 0;
};

// A snapshot that listing finds damaged is passed over. One whose chunk turns out to be is read as
// far as that: the start may ask for its removal, and is right afterwards.
TEST_F(SnapshotCut, BesideAWholeJournalTheStateIsReplayed) {
  ASSERT_NO_FATAL_FAILURE(record("sssssss", "aaaaSaaa"));
  ASSERT_NO_FATAL_FAILURE(cut_everywhere(Wanted::kState));
  ASSERT_NO_FATAL_FAILURE(flip_everywhere(Wanted::kState, Wanted::kStateOrRefusal));
  ASSERT_NO_FATAL_FAILURE(remove(name_of_snapshot(snapshot_op_)));
  ASSERT_NO_FATAL_FAILURE(expect_right());
}

TEST_F(SnapshotCut, AnOlderSnapshotServes) {
  ASSERT_NO_FATAL_FAILURE(record("sssssss", "aaSaaaSaa"));
  ASSERT_NO_FATAL_FAILURE(cut_everywhere(Wanted::kState));
  ASSERT_NO_FATAL_FAILURE(flip_everywhere(Wanted::kState, Wanted::kState));
}

TEST_F(SnapshotCut, WhereTheJournalIsTrimmedTheStartIsRefusedByName) {
  // Two snapshots, as trimming wants them; the first segment goes, then the older of the two.
  ASSERT_NO_FATAL_FAILURE(record("sBBBssss", "aaaaSaaSaa"));
  ASSERT_EQ(disk_.find(kFirstSegment), nullptr) << "the journal still begins at op 1";
  for (const std::string& name : disk_.names_at(kSimulatedPath)) {
    if (!name.starts_with("snapshot.") || name == name_of_snapshot(snapshot_op_)) continue;
    ASSERT_NO_FATAL_FAILURE(remove(name));
  }
  ASSERT_NO_FATAL_FAILURE(cut_everywhere(Wanted::kRefusal));
  ASSERT_NO_FATAL_FAILURE(flip_everywhere(Wanted::kRefusal, Wanted::kRefusal));
}

}  // namespace
}  // namespace permitd::tests
