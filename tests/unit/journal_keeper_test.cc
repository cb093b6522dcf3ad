// Goal: what is given up is what nobody needs, in an order that leaves no gap, and what is used
// again is fit for use. Method: real directories; the keeper works when the test says so, and the
// test orders the completions of writes.
#include "daemon/journal_keeper.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/journal_in_files.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;
using tests::append;
using tests::kSegmentSize;
using tests::lead_of;
using tests::open_storage;
using tests::options_in;
using tests::OrderedWriter;

// As left by a copy that was cut short.
TEST(JournalKeeper, ASpareOfAnotherSizeIsNotUsed) {
  tests::ScratchDirectory directory;
  ASSERT_TRUE(lead_of(options_in(directory.path())).has_value());
  std::ofstream(directory / "spare.000007") << "short";
  JournalOptions more = options_in(directory.path());
  more.segments_ahead = 5;
  more.keeper_thread = false;
  auto storage = open_storage(more);
  ASSERT_TRUE(storage->lead().has_value());
  storage->keep_house();
  EXPECT_FALSE(std::filesystem::exists(directory / "spare.000007"));
  EXPECT_EQ(storage->stats().segments_recycled, 0U);
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename().string().starts_with("journal.")) {
      EXPECT_EQ(entry.file_size(), kSegmentSize) << entry.path();
    }
  }
}

/// A journal whose keeper works when the test says so.
class TrimmedJournal : public testing::Test {
 protected:
  TrimmedJournal() {
    options_ = options_in(directory_.path());
    options_.keeper_thread = false;
    auto writer = std::make_unique<OrderedWriter>();
    writer_ = writer.get();
    storage_ = std::move(*JournalStorage::open(options_, std::move(writer)));
    EXPECT_TRUE(storage_->lead().has_value());
  }
  /// Two batches fill a segment.
  void append_half() {
    storage_->keep_house();
    ASSERT_TRUE(storage_->can_append());
    append(*storage_, ++op_, 1'900'000);
  }
  void append_durable_halves(int count) {
    for (; count != 0; --count) {
      append_half();
      storage_->flush();
    }
  }
  bool has_segment(std::uint64_t number) const {
    return std::filesystem::exists(directory_ / JournalDirectory::segment_name(number));
  }
  bool has_spare(std::uint64_t number) const {
    return std::filesystem::exists(directory_ / JournalDirectory::spare_name(number));
  }
  void trim(std::uint64_t op) {
    storage_->trim(Op{op});
    storage_->keep_house();
  }

  tests::ScratchDirectory directory_;
  JournalOptions options_;
  std::unique_ptr<JournalStorage> storage_;
  OrderedWriter* writer_ = nullptr;
  std::uint64_t op_ = 0;
};

TEST_F(TrimmedJournal, ASegmentGoesOnlyWithItsLastOp) {
  append_durable_halves(5);
  trim(1);
  EXPECT_TRUE(has_segment(1));
  EXPECT_TRUE(storage_->read(Op{2}).has_value());
  trim(2);
  EXPECT_FALSE(has_segment(1));
  trim(3);
  EXPECT_TRUE(has_segment(2));
  // The same of segments that an earlier life has filled.
  storage_.reset();
  storage_ = open_storage(options_);
  ASSERT_EQ(storage_->lead()->first_op, Op{3});
  trim(3);
  EXPECT_TRUE(has_segment(2));
  trim(4);
  EXPECT_FALSE(has_segment(2));
  EXPECT_TRUE(has_segment(3));
}

TEST_F(TrimmedJournal, NothingGoesWithoutAnOpOrUnderAReader) {
  append_durable_halves(5);
  trim(0);
  EXPECT_TRUE(has_segment(1));
  {
    auto reader = storage_->read(Op{1});
    ASSERT_TRUE(reader.has_value());
    trim(4);
    EXPECT_TRUE(has_segment(1));
  }
  trim(4);
  EXPECT_FALSE(has_segment(1));
  EXPECT_FALSE(has_segment(2));
}

TEST_F(TrimmedJournal, NoRoomYetIsNotFull) {
  for (int half = 0; half < 2; ++half) {
    ASSERT_TRUE(storage_->can_append());
    append(*storage_, ++op_, 1'900'000);
    storage_->flush();
  }
  EXPECT_FALSE(storage_->can_append());
  EXPECT_FALSE(storage_->is_full());
  storage_->keep_house();
  EXPECT_TRUE(storage_->can_append());
}

TEST(JournalKeeper, WhoWaitsForASegmentIsWokenAlsoWhenThereIsNone) {
  tests::ScratchDirectory scratch;
  const auto directory = JournalDirectory::open(scratch.path());
  JournalKeeper keeper(*directory, {kSegmentSize, 2, 1, false});
  Waker waker;
  keeper.set_waker(&waker);
  keeper.set_up(0, 1);
  waker.announce_sleep();
  keeper.work();
  EXPECT_EQ(keeper.ready_count(), 1U);
  EXPECT_TRUE(keeper.is_stuck());
  pollfd wanted{waker.file(), POLLIN, 0};
  EXPECT_EQ(poll(&wanted, 1, 0), 1);
}

TEST_F(TrimmedJournal, TheSegmentThatTheChainNeedsStays) {
  append_durable_halves(2);
  append_half();
  trim(2);  // the frame behind op 2 is not durable yet
  EXPECT_TRUE(has_segment(1));
  storage_->flush();
  trim(2);
  EXPECT_FALSE(has_segment(1));
}

// One segment could not be given up and those behind it were: the next start found a gap and was
// refused.
TEST_F(TrimmedJournal, ASegmentThatStaysKeepsThoseBehindIt) {
  append_durable_halves(9);
  std::filesystem::create_directory(directory_ / "spare.000002");  // no file can take its name
  trim(6);
  EXPECT_FALSE(has_segment(1));
  EXPECT_TRUE(has_segment(2));
  EXPECT_TRUE(has_segment(3));
  std::filesystem::remove(directory_ / "spare.000002");
  trim(8);
  EXPECT_FALSE(has_segment(2));
  EXPECT_FALSE(has_segment(4));
  storage_.reset();
  auto lead = lead_of(options_);
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{9});
}

// As an attempt leaves it that gave a spare its new name and could not make that durable.
TEST_F(TrimmedJournal, ASpareThatHasItsNewNameAlreadyIsMadeAnew) {
  append_durable_halves(13);
  trim(12);
  std::uint64_t spare = 1;
  while (spare < 6 && !has_spare(spare)) ++spare;
  ASSERT_TRUE(has_spare(spare) && has_spare(spare + 1)) << "one to lose its name, and another";
  std::uint64_t next = 7;
  while (has_segment(next)) ++next;
  std::filesystem::rename(directory_ / JournalDirectory::spare_name(spare),
                          directory_ / JournalDirectory::segment_name(next));
  const std::uint64_t recycled = storage_->stats().segments_recycled;
  append_durable_halves(8);
  EXPECT_GT(storage_->stats().segments_recycled, recycled);
  storage_.reset();
  auto lead = lead_of(options_);
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{op_});
}

// The same of a segment that was given up.
TEST_F(TrimmedJournal, ASegmentThatIsASpareAlreadyKeepsNoneBehindIt) {
  append_durable_halves(9);
  std::filesystem::rename(directory_ / JournalDirectory::segment_name(1),
                          directory_ / JournalDirectory::spare_name(1));
  trim(8);
  for (std::uint64_t number = 1; number <= 4; ++number) EXPECT_FALSE(has_segment(number));
  append_durable_halves(8);
  EXPECT_GT(storage_->stats().segments_recycled, 0U);
  storage_.reset();
  auto lead = lead_of(options_);
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{op_});
}

TEST_F(TrimmedJournal, MoreSparesThanAreUsedAreRemoved) {
  constexpr std::uint64_t kSparesMax = 8;
  append_durable_halves(2 * kSparesMax + 6);
  trim(2 * kSparesMax + 4);
  for (std::uint64_t number = 1; number <= kSparesMax + 2; ++number) {
    EXPECT_FALSE(has_segment(number)) << number;
    EXPECT_EQ(has_spare(number), number <= kSparesMax) << number;
  }
  EXPECT_TRUE(has_segment(kSparesMax + 3));
  storage_.reset();
  EXPECT_EQ(lead_of(options_)->last_op, Op{op_});
}

TEST_F(TrimmedJournal, AKeeperThatIsFarBehindIsAskedAgainLater) {
  append_durable_halves(5);
  // More than its ring of tasks holds.
  for (int count = 0; count < 100; ++count) storage_->trim(Op{1});
  trim(2);
  EXPECT_TRUE(has_segment(1));
  trim(2);
  EXPECT_FALSE(has_segment(1));
}

// The second of two frames under way is on the disk, the first is not. Its header goes, so that no
// later start has to judge it again.
TEST_F(TrimmedJournal, AFrameThatWasCutIsGone) {
  append(*storage_, ++op_, 100);
  storage_->flush();
  append(*storage_, ++op_, 100);
  append(*storage_, ++op_, 100);
  const std::uint64_t offset = writer_->held.at(1).offset;
  writer_->complete(1);
  tests::ScratchDirectory crashed;
  std::filesystem::copy(directory_.path(), crashed.path(),
                        std::filesystem::copy_options::recursive);
  JournalOptions options = options_;
  options.directory = crashed.path();
  auto next_life = open_storage(options);
  auto lead = next_life->lead();
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{1});
  EXPECT_EQ(lead->torn_size, protocol::kBlockSize);
  std::ifstream file(crashed / "journal.000001", std::ios::binary);
  std::vector<char> block(protocol::kBlockSize, 'x');
  file.seekg(static_cast<std::streamoff>(offset));
  ASSERT_TRUE(file.read(block.data(), static_cast<std::streamsize>(block.size())));
  EXPECT_EQ(block, std::vector<char>(protocol::kBlockSize));
}

}  // namespace
}  // namespace permitd::daemon
