// Goal: every Storage keeps the same contract. Method: one suite over the journal on io_uring, on
// plain system calls and on the simulated disk below them, and over the storage of tests that pull
// the plug; payloads are raw bytes, no scheduler takes part.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "daemon/journal_storage.h"
#include "daemon/storage.h"
#include "daemon/uring.h"
#include "tests/sim/simulated_calls.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/simulated_writer.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;
using scheduler::raw;
using scheduler::Tick;

constexpr std::uint64_t kSegmentSize = std::uint64_t{4} << 20;

/// Something that outlives a storage: a directory or a simulated disk.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Storage> open() = 0;
  /// What a storage without threads has to be given time for.
  virtual void keep_house(Storage&) {}
};

class JournalPlace final : public Place {
 public:
  explicit JournalPlace(bool with_ring) {
    if (!with_ring) return;
    auto ring = Ring::create({.entries = 64});
    EXPECT_TRUE(ring.has_value());
    ring_ = std::move(*ring);
  }
  std::unique_ptr<Storage> open() override {
    JournalOptions options;
    options.directory = directory_.path();
    options.segment_size = kSegmentSize;
    auto storage = JournalStorage::open(options, ring_.get());
    EXPECT_TRUE(storage.has_value());
    return std::move(*storage);
  }

 private:
  tests::ScratchDirectory directory_;
  std::unique_ptr<Ring> ring_;
};

class SimulatedPlace final : public Place {
 public:
  std::unique_ptr<Storage> open() override {
    JournalOptions options;
    options.directory = tests::kSimulatedPath;
    options.segment_size = kSegmentSize;
    options.keeper_thread = false;
    auto storage = JournalStorage::open(options, std::make_unique<tests::SimulatedWriter>(disk_));
    EXPECT_TRUE(storage.has_value());
    return std::move(*storage);
  }
  void keep_house(Storage& storage) override {
    dynamic_cast<JournalStorage&>(storage).keep_house();
  }

 private:
  tests::FaultCounts counts_;
  tests::SimulatedDisk disk_{counts_};
  tests::MountedDisk mount_{disk_, 1};
};

class FaultyPlace final : public Place {
 public:
  std::unique_ptr<Storage> open() override {
    return std::make_unique<tests::FaultyStorage>(
        disk_, tests::FaultyOptions{.segment_size = kSegmentSize});
  }

 private:
  tests::FaultyDisk disk_;
};

struct Batch {
  BatchHeader header;
  std::vector<std::byte> payload;
};

class StorageConformance : public testing::TestWithParam<std::string> {
 protected:
  StorageConformance() {
    if (GetParam() == "faulty") {
      place_ = std::make_unique<FaultyPlace>();
    } else if (GetParam() == "simulated") {
      place_ = std::make_unique<SimulatedPlace>();
    } else {
      place_ = std::make_unique<JournalPlace>(GetParam() == "uring");
    }
  }

  void open() {
    storage_ = place_->open();
    auto lead = storage_->lead();
    ASSERT_TRUE(lead.has_value()) << lead.error().text();
    lead_ = *lead;
  }
  void reopen() {
    place_->keep_house(*storage_);
    storage_.reset();
    open();
  }

  void wait_for_room() {
    for (int turn = 0; !storage_->can_append(); ++turn) {
      ASSERT_LT(turn, 1'000'000);
      storage_->poll();
      place_->keep_house(*storage_);
      std::this_thread::yield();
    }
  }

  void append(std::uint32_t op_count, std::size_t size) {
    wait_for_room();
    Batch batch;
    const std::uint64_t first =
        written_.empty() ? raw(storage_->op_durable()) + 1
                         : raw(written_.back().header.first_op) + written_.back().header.op_count;
    batch.header = {Op{first}, op_count, static_cast<std::uint32_t>(size),
                    Tick{1000 + static_cast<std::int64_t>(written_.size())}, random_()};
    batch.payload.resize(size);
    for (std::byte& each : batch.payload) each = static_cast<std::byte>(random_());
    const std::span<std::byte> buffer = storage_->begin_batch();
    ASSERT_EQ(buffer.size(), kBatchSizeMax);
    std::copy(batch.payload.begin(), batch.payload.end(), buffer.begin());
    storage_->append(batch.header);
    written_.push_back(std::move(batch));
  }

  Op last_written() const {
    return Op{raw(written_.back().header.first_op) + written_.back().header.op_count - 1};
  }

  /// Everything from batch `index` on reads back as it was written, up to the newest durable op.
  void expect_reads_from(std::size_t index, Op from) {
    auto reader = storage_->read(from);
    ASSERT_TRUE(reader.has_value()) << reader.error().text();
    BatchHeader header;
    std::span<const std::byte> payload;
    for (; index < written_.size(); ++index) {
      auto taken = (*reader)->next(storage_->op_durable(), header, payload);
      ASSERT_TRUE(taken.has_value()) << taken.error().text();
      ASSERT_TRUE(*taken) << index;
      const Batch& batch = written_[index];
      ASSERT_EQ(raw(header.first_op), raw(batch.header.first_op));
      ASSERT_EQ(header.op_count, batch.header.op_count);
      ASSERT_EQ(header.now, batch.header.now);
      ASSERT_EQ(header.seed, batch.header.seed);
      ASSERT_TRUE(
          std::equal(payload.begin(), payload.end(), batch.payload.begin(), batch.payload.end()));
    }
    auto taken = (*reader)->next(storage_->op_durable(), header, payload);
    ASSERT_TRUE(taken.has_value());
    EXPECT_FALSE(*taken);
  }

  void write_snapshot(Op op, std::size_t size) {
    auto writer = storage_->write_snapshot(op);
    ASSERT_TRUE(writer.has_value()) << writer.error().text();
    const std::vector<std::byte> state(size, std::byte{7});
    ASSERT_TRUE((*writer)->write(std::span(state).first(size / 3)).has_value());
    ASSERT_TRUE((*writer)->write(std::span(state).subspan(size / 3)).has_value());
    auto mark = (*writer)->commit();
    ASSERT_TRUE(mark.has_value());
    EXPECT_EQ(mark->op, op);
    EXPECT_EQ(mark->size, size);
  }

  std::mt19937_64 random_{42};
  std::unique_ptr<Place> place_;
  std::unique_ptr<Storage> storage_;
  Lead lead_;
  std::vector<Batch> written_;
};

TEST_P(StorageConformance, EmptyAtFirstAndTheEpochGrowsWithEveryLead) {
  open();
  const std::uint64_t epoch = lead_.epoch;
  EXPECT_GE(epoch, 1U);
  EXPECT_EQ(lead_.first_op, Op{0});
  EXPECT_EQ(lead_.last_op, Op{0});
  EXPECT_EQ(storage_->op_durable(), Op{0});
  EXPECT_TRUE(storage_->snapshots()->marks.empty());
  for (std::uint64_t round = 1; round <= 3; ++round) {
    reopen();
    EXPECT_EQ(lead_.epoch, epoch + round);
    EXPECT_EQ(lead_.last_op, Op{0});
    EXPECT_EQ(lead_.torn_size, 0U);
  }
}

TEST_P(StorageConformance, WhatIsDurableIsThereAfterAnyNumberOfStarts) {
  open();
  for (std::uint32_t round = 0; round < 4; ++round) {
    for (std::uint32_t index = 0; index < 10; ++index) append(1 + index, 17 * index + 1);
    storage_->flush();
    EXPECT_EQ(storage_->op_durable(), last_written());
    expect_reads_from(0, Op{1});
    reopen();
    EXPECT_EQ(lead_.first_op, Op{1});
    EXPECT_EQ(lead_.last_op, last_written());
    EXPECT_EQ(lead_.torn_size, 0U);
    expect_reads_from(0, Op{1});
  }
}

TEST_P(StorageConformance, DurabilityMovesByWholeBatchesInOrder) {
  open();
  std::uint64_t durable_before = 0;
  for (int index = 0; index < 100; ++index) {
    append(3, 100);
    storage_->poll();
    const std::uint64_t durable = raw(storage_->op_durable());
    EXPECT_EQ(durable % 3, 0U);
    EXPECT_GE(durable, durable_before);
    EXPECT_LE(storage_->stats().in_flight_count, 2U);
    durable_before = durable;
  }
  storage_->flush();
  EXPECT_EQ(storage_->op_durable(), last_written());
  EXPECT_EQ(storage_->stats().in_flight_count, 0U);
  EXPECT_EQ(storage_->stats().appended_batches, 100U);
}

TEST_P(StorageConformance, LargestBatchesCrossSegments) {
  open();
  for (int index = 0; index < 12; ++index) append(8192, index % 3 == 0 ? kBatchSizeMax : 700'000);
  storage_->flush();
  expect_reads_from(0, Op{1});
  reopen();
  EXPECT_EQ(lead_.last_op, last_written());
  expect_reads_from(0, Op{1});
  append(1, 1);
  storage_->flush();
  expect_reads_from(0, Op{1});
}

TEST_P(StorageConformance, ReadingMayBeginAnywhere) {
  open();
  for (int index = 0; index < 30; ++index) append(5, 400'000);
  storage_->flush();
  for (const std::uint64_t op : {1U, 5U, 6U, 33U, 75U, 76U, 150U})
    expect_reads_from((op - 1) / 5, Op{op});
}

TEST_P(StorageConformance, AReaderFollowsTheWriterAndNeverPassesTheOpItIsGiven) {
  open();
  auto reader = storage_->read(Op{1});
  ASSERT_TRUE(reader.has_value());
  BatchHeader header;
  std::span<const std::byte> payload;
  for (std::size_t index = 0; index < 200; ++index) {
    auto early = (*reader)->next(storage_->op_durable(), header, payload);
    ASSERT_TRUE(early.has_value() && !*early);
    append(4, 50'000);
    storage_->flush();
    auto inside = (*reader)->next(Op{raw(last_written()) - 1}, header, payload);
    ASSERT_TRUE(inside.has_value()) << inside.error().text();
    ASSERT_FALSE(*inside);
    auto taken = (*reader)->next(last_written(), header, payload);
    ASSERT_TRUE(taken.has_value()) << taken.error().text();
    ASSERT_TRUE(*taken);
    const Batch& batch = written_[index];
    ASSERT_TRUE(
        std::equal(payload.begin(), payload.end(), batch.payload.begin(), batch.payload.end()));
  }
}

TEST_P(StorageConformance, SnapshotsCountOnlyWhenCommitted) {
  open();
  append(10, 10);
  storage_->flush();
  write_snapshot(Op{3}, 5'000'000);
  write_snapshot(Op{7}, 10);
  {
    auto abandoned = storage_->write_snapshot(Op{9});
    ASSERT_TRUE(abandoned.has_value());
    const std::byte byte{1};
    ASSERT_TRUE((*abandoned)->write({&byte, 1}).has_value());
  }
  reopen();
  const auto marks = storage_->snapshots()->marks;
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_EQ(marks[0].op, Op{7});
  EXPECT_EQ(marks[1].op, Op{3});
  auto reader = storage_->read_snapshot(Op{3});
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*reader)->mark().digest, marks[1].digest);
  std::vector<std::byte> state(marks[1].size);
  ASSERT_TRUE((*reader)->read(std::span(state).first(100)).has_value());
  ASSERT_TRUE((*reader)->read(std::span(state).subspan(100)).has_value());
  EXPECT_EQ(state, std::vector<std::byte>(5'000'000, std::byte{7}));
  std::byte beyond{};
  EXPECT_EQ((*reader)->read({&beyond, 1}).error().code, ErrorCode::kDamaged);
  EXPECT_FALSE(storage_->read_snapshot(Op{5}).has_value());
}

TEST_P(StorageConformance, TrimmingKeepsWhatComesAfter) {
  open();
  for (int index = 0; index < 40; ++index) append(10, 500'000);
  storage_->flush();
  write_snapshot(Op{100}, 10);
  write_snapshot(Op{200}, 10);
  storage_->trim(Op{200});
  expect_reads_from(20, Op{201});
  reopen();
  EXPECT_GT(lead_.first_op, Op{1});
  EXPECT_LE(lead_.first_op, Op{201});
  EXPECT_EQ(lead_.last_op, Op{400});
  expect_reads_from(20, Op{201});
  const auto marks = storage_->snapshots()->marks;
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_EQ(marks[0].op, Op{200});
  // Segments that were trimmed are used again, and what is stale in them is never read.
  for (int index = 0; index < 40; ++index) append(10, 400'000);
  storage_->flush();
  expect_reads_from(20, Op{201});
  reopen();
  EXPECT_EQ(lead_.last_op, last_written());
  expect_reads_from(40, Op{401});
}

TEST_P(StorageConformance, AReaderHoldsWhatItStillNeeds) {
  open();
  for (int index = 0; index < 30; ++index) append(1, 1'000'000);
  storage_->flush();
  write_snapshot(Op{20}, 10);
  auto reader = storage_->read(Op{5});
  ASSERT_TRUE(reader.has_value());
  storage_->trim(Op{20});
  for (int index = 0; index < 30; ++index) append(1, 1'000'000);
  storage_->flush();
  BatchHeader header;
  std::span<const std::byte> payload;
  for (std::uint64_t op = 5; op <= 60; ++op) {
    auto taken = (*reader)->next(storage_->op_durable(), header, payload);
    ASSERT_TRUE(taken.has_value()) << taken.error().text();
    ASSERT_TRUE(*taken);
    ASSERT_EQ(header.first_op, Op{op});
    ASSERT_TRUE(std::equal(payload.begin(), payload.end(), written_[op - 1].payload.begin()));
  }
}

TEST_P(StorageConformance, OnlyOneLeads) {
  open();
  auto second = place_->open();
  auto lead = second->lead();
  ASSERT_FALSE(lead.has_value());
  EXPECT_EQ(lead.error().code, ErrorCode::kFenced);
  append(1, 1);
  storage_->flush();
  EXPECT_EQ(storage_->op_durable(), Op{1});
}

TEST_P(StorageConformance, WhoSurveysKeepsOthersOut) {
  open();
  storage_.reset();
  storage_ = place_->open();
  ASSERT_TRUE(storage_->survey().has_value());
  auto second = place_->open();
  auto survey = second->survey();
  ASSERT_FALSE(survey.has_value());
  EXPECT_EQ(survey.error().code, ErrorCode::kFenced);
  auto third = place_->open();
  auto lead = third->lead();
  ASSERT_FALSE(lead.has_value());
  EXPECT_EQ(lead.error().code, ErrorCode::kFenced);
  EXPECT_TRUE(storage_->lead().has_value());
}

TEST_P(StorageConformance, ASnapshotAloneIsABeginning) {
  // A backup may be a snapshot in an otherwise empty place.
  storage_ = place_->open();
  write_snapshot(Op{1000}, 10);
  open();
  EXPECT_EQ(lead_.first_op, Op{0});
  EXPECT_EQ(lead_.last_op, Op{1000});
  append(2, 2);
  storage_->flush();
  EXPECT_EQ(storage_->op_durable(), Op{1002});
  reopen();
  EXPECT_EQ(lead_.first_op, Op{1001});
  EXPECT_EQ(lead_.last_op, Op{1002});
}

INSTANTIATE_TEST_SUITE_P(Storages, StorageConformance,
                         testing::Values("uring", "syscall", "simulated", "faulty"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace permitd::daemon
