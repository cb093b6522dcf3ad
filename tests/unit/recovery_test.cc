// Goal: a state found again is the state that was, from any mixture of snapshots and journal, or
// the start is refused with the cause. Method: a random city on the simulated disk; digests are
// compared.
#include "daemon/recovery.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <thread>

#include "daemon/command_walk.h"
#include "daemon/snapshotter.h"
#include "protocol/command_codec.h"
#include "tests/support/command_generator.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/led_recovery.h"
#include "tests/support/state_bytes.h"

namespace permitd::tests {
namespace {

using daemon::BatchHeader;
using daemon::ErrorCode;
using daemon::StateDigest;
using scheduler::Command;
using scheduler::Op;
using scheduler::raw;
using scheduler::Scheduler;

constexpr FaultyOptions kOptions{.segment_size = 64 * 1024};

/// Lives a city: makes commands, keeps them in the storage and applies them, as the engine does.
class City {
 public:
  /// `luck` changes what is drawn in choices and nothing else.
  City(std::uint64_t seed, std::size_t count, std::uint64_t luck = 0)
      : luck_(luck), steps_(steps_of(seed, count)), chance_(seed) {}

  bool is_over() const { return next_ == steps_.size(); }
  void live(FaultyStorage& storage, std::size_t batches) {
    for (; batches != 0 && !is_over(); --batches) {
      while (!storage.can_append()) storage.poll();
      one_batch(storage);
    }
  }
  Scheduler& scheduler() { return scheduler_; }
  /// Digests after each batch, by op.
  const std::map<std::uint64_t, StateDigest>& digests() const { return digests_; }

 private:
  void one_batch(FaultyStorage& storage) {
    BatchHeader header;
    header.first_op = Op{raw(scheduler_.op_applied()) + 1};
    header.seed = chance_.next() ^ luck_;
    const std::span<std::byte> payload = storage.begin_batch();
    std::size_t size = 0;
    const std::size_t count = chance_.between(1U, 12U);
    for (std::size_t index = 0; index < count && !is_over(); ++index) {
      Command command = generator_.make(steps_[next_++], scheduler_);
      if (protocol::encoded_size(command.kind) == 0) continue;  // the edges keep such away
      if (header.op_count == 0) header.now = command.now;
      command.now = header.now;
      command.seed = protocol::seed_of(header.seed, command.op);
      size += protocol::encode_command(command, payload.subspan(size));
      scheduler_.apply(command);
      header.op_count += 1;
    }
    if (header.op_count == 0) return;
    header.payload_size = static_cast<std::uint32_t>(size);
    storage.append(header);
    digests_[raw(scheduler_.op_applied())] = daemon::digest_of_state(scheduler_);
  }

  std::uint64_t luck_;
  std::vector<Step> steps_;
  std::size_t next_ = 0;
  Chance chance_;
  CommandGenerator generator_;
  Scheduler scheduler_;
  std::map<std::uint64_t, StateDigest> digests_;
};

void snapshot(daemon::Storage& storage, const Scheduler& scheduler) {
  auto writer = storage.write_snapshot(scheduler.op_applied());
  ASSERT_TRUE(writer.has_value());
  const Bytes bytes = state_bytes(scheduler);
  ASSERT_TRUE((*writer)->write(bytes).has_value());
  ASSERT_TRUE((*writer)->commit().has_value());
}

class Recovery : public testing::Test {
 protected:
  void start() {
    storage_ = std::make_unique<FaultyStorage>(disk_, kOptions);
    ASSERT_TRUE(storage_->lead().has_value());
  }
  void live(std::size_t batches) {
    city_.live(*storage_, batches);
    storage_->flush();
  }
  daemon::Expected<daemon::RecoveryReport> recover_into(Scheduler& scheduler) {
    storage_.reset();
    storage_ = std::make_unique<FaultyStorage>(disk_, kOptions);
    return tests::recover(*storage_, scheduler);
  }
  StateDigest digest() { return daemon::digest_of_state(city_.scheduler()); }
  Op op() { return city_.scheduler().op_applied(); }

  FaultyDisk disk_;
  City city_{7, 3000};
  std::unique_ptr<FaultyStorage> storage_;
};

TEST_F(Recovery, OfNothingIsNothing) {
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(found.op_applied(), Op{0});
  EXPECT_EQ(report->replay.op_count, 0U);
}

TEST_F(Recovery, OfTheJournalAloneGivesTheState) {
  start();
  live(200);
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_EQ(found.op_applied(), op());
  EXPECT_EQ(report->replay.op_count, raw(op()));
  EXPECT_GT(report->replay.batch_count, 190U);
  EXPECT_EQ(report->snapshot_op, Op{0});
  EXPECT_EQ(daemon::digest_of_state(found), digest());
}

TEST_F(Recovery, OfASnapshotReplaysOnlyWhatCameAfter) {
  start();
  live(100);
  snapshot(*storage_, city_.scheduler());
  const Op at = op();
  live(50);
  storage_->trim(at);
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_EQ(report->snapshot_op, at);
  EXPECT_EQ(report->replay.op_count, raw(op()) - raw(at));
  EXPECT_EQ(daemon::digest_of_state(found), digest());
}

TEST_F(Recovery, FallsBackToTheOlderSnapshotWithANote) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op older = op();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op newer = op();
  live(10);
  storage_->trim(older);
  disk_.snapshots.at(raw(newer)).damaged = true;
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_EQ(report->snapshot_op, older);
  EXPECT_EQ(report->notes.size(), 1U);
  EXPECT_EQ(daemon::digest_of_state(found), digest());
}

TEST_F(Recovery, FallsBackWhenTheBytesAreWholeButNoState) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op older = op();
  live(60);
  snapshot(*storage_, city_.scheduler());
  Bytes& bytes = disk_.snapshots.at(raw(op())).bytes;
  bytes.push_back(std::byte{0});
  disk_.snapshots.at(raw(op())).mark.size += 1;
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_EQ(report->snapshot_op, older);
  EXPECT_EQ(daemon::digest_of_state(found), digest());
}

TEST_F(Recovery, RefusesWhenNothingReachesFarEnough) {
  start();
  live(100);
  snapshot(*storage_, city_.scheduler());
  const Op at = op();
  live(50);
  storage_->trim(at);
  ASSERT_GT(disk_.segments.begin()->first, 1U);
  {
    FaultyDisk::Snapshot& only = disk_.snapshots.at(raw(at));
    only.damaged = true;
    Scheduler found;
    auto report = recover_into(found);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::kDamaged);
    EXPECT_FALSE(report.error().remedy.empty());
  }
  disk_.snapshots.clear();
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kDamaged);
  EXPECT_NE(report.error().act.find("op 1 is needed"), std::string::npos) << report.error().text();
}

// The tail that the crash has left is not cut, and no mark is written.
TEST_F(Recovery, AStartThatIsRefusedLeavesTheDiskAsItWas) {
  start();
  live(100);
  snapshot(*storage_, city_.scheduler());
  const Op at = op();
  live(50);
  storage_->trim(at);
  storage_->set_completing(false);
  city_.live(*storage_, 2);
  storage_->complete(1);  // behind one that is not whole
  storage_->crash();
  const auto segments = disk_.segments;
  disk_.snapshots.at(raw(at)).damaged = true;
  for (int attempt = 0; attempt < 2; ++attempt) {
    Scheduler found;
    ASSERT_FALSE(recover_into(found).has_value());
    EXPECT_EQ(disk_.segments, segments);
  }
  disk_.snapshots.at(raw(at)).damaged = false;
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_NE(report->lead.torn_size, 0U) << "nothing was there to be cut";
  EXPECT_NE(disk_.segments, segments);
}

// It was passed over, and then the journal was said not to reach back far enough.
TEST_F(Recovery, ASnapshotThatCannotBeReadIsNamedWhereNothingElseReaches) {
  start();
  live(100);
  snapshot(*storage_, city_.scheduler());
  const Op older = op();
  live(50);
  snapshot(*storage_, city_.scheduler());
  const Op newer = op();
  live(50);
  const auto is_named = [](const daemon::Error& error) {
    return error.code == ErrorCode::kSystem && error.number == EINTR &&
           error.act.find("read a simulated snapshot") != std::string::npos &&
           error.act.find("op 1 is needed") != std::string::npos;
  };
  for (const bool trimmed : {false, true}) {
    if (trimmed) storage_->trim(older);
    disk_.snapshots.at(raw(older)).read_error = EINTR;
    auto verified = daemon::verify_snapshot(*storage_, newer);
    ASSERT_EQ(verified.has_value(), !trimmed);
    EXPECT_TRUE(!trimmed || is_named(verified.error())) << verified.error().text();

    disk_.snapshots.at(raw(newer)).read_error = EINTR;
    daemon::Waker waker;
    daemon::Snapshotter snapshotter(*storage_);
    snapshotter.attach(waker);
    snapshotter.request(op());
    EXPECT_TRUE(snapshotter.work());
    const daemon::Snapshotter::Result made = snapshotter.collect();
    ASSERT_EQ(made.ok, !trimmed);
    EXPECT_TRUE(!trimmed || is_named(*made.error)) << made.error->text();
    disk_.snapshots.erase(raw(op()));

    auto scheduler = std::make_unique<Scheduler>();
    std::vector<std::string> notes;
    daemon::Lead lead;
    lead.last_op = op();
    auto replayed = daemon::replay_to(*storage_, lead, {.op = op()}, scheduler, notes);
    ASSERT_EQ(replayed.has_value(), !trimmed);
    EXPECT_TRUE(!trimmed || is_named(replayed.error())) << replayed.error().text();

    Scheduler found;
    auto report = recover_into(found);
    ASSERT_EQ(report.has_value(), !trimmed);
    if (trimmed) {
      EXPECT_TRUE(is_named(report.error())) << report.error().text();
    } else {
      EXPECT_EQ(report->notes, notes);
      EXPECT_EQ(notes.size(), 2U);
      EXPECT_EQ(daemon::digest_of_state(found), digest());
    }
    disk_.snapshots.at(raw(older)).read_error = 0;
    disk_.snapshots.at(raw(newer)).read_error = 0;
  }
  Scheduler found;
  EXPECT_TRUE(recover_into(found).has_value());
}

// It is skipped, but not without a word.
TEST_F(Recovery, ASnapshotBehindTheEndThatCannotBeReadHasANote) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op at = op();
  live(20);
  const std::uint64_t behind = raw(op()) + 100;
  FaultyDisk::Snapshot& newer = disk_.snapshots[behind] = disk_.snapshots.at(raw(at));
  newer.mark.op = Op{behind};
  newer.read_error = EIO;
  {
    Scheduler found;
    auto report = recover_into(found);
    ASSERT_TRUE(report.has_value()) << report.error().text();
    EXPECT_EQ(report->snapshot_op, at);
    EXPECT_EQ(daemon::digest_of_state(found), digest());
    ASSERT_EQ(report->notes.size(), 1U);
    const std::string& note = report->notes.front();
    EXPECT_NE(note.find("read a simulated snapshot"), std::string::npos) << note;
    EXPECT_NE(note.find("ends before that snapshot, at op " + std::to_string(raw(op()))),
              std::string::npos)
        << note;
    EXPECT_NE(note.find("errno 5"), std::string::npos) << note;
  }
  // The control: one that can be read proves that the journal has lost its end.
  disk_.snapshots.at(behind).read_error = 0;
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kDamaged);
}

TEST_F(Recovery, TheOnlySnapshotIsRemovedWhereTheJournalGivesTheStateAndNowhereElse) {
  start();
  live(100);
  snapshot(*storage_, city_.scheduler());
  const Op at = op();
  live(50);
  for (const bool trimmed : {false, true}) {
    if (trimmed) {
      Scheduler found;
      ASSERT_TRUE(recover_into(found).has_value());
      storage_->trim(at);
    }
    ASSERT_EQ(disk_.segments.begin()->first > 1, trimmed);
    disk_.snapshots.at(raw(at)).damaged = true;
    Scheduler found;
    auto report = recover_into(found);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().remedy.find("Remove") != std::string::npos, !trimmed);
    EXPECT_EQ(report.error().remedy.find("last backup") != std::string::npos, trimmed);
    disk_.snapshots.at(raw(at)).damaged = false;
  }
}

TEST(Unread, WhatMightHaveReachedIsSaidWithTheRemedyThatHelps) {
  const daemon::Error damage{ErrorCode::kDamaged, 0, "it begins with op 9", "Restore it."};
  const daemon::Error device{ErrorCode::kSystem, EIO, "read x", ""};
  const daemon::Error rotten{ErrorCode::kDamaged, 0, "read y", "Remove the file."};
  EXPECT_EQ(daemon::with_unread(device, Op{0}, {{Op{8}, rotten}}).act, "read x");
  EXPECT_EQ(daemon::with_unread(damage, Op{8}, {{Op{8}, device}}).act, "it begins with op 9");
  const daemon::Error unread = daemon::with_unread(damage, Op{7}, {{Op{8}, device}});
  EXPECT_EQ(unread.code, ErrorCode::kSystem);
  EXPECT_EQ(unread.number, EIO);
  EXPECT_NE(unread.act.find("read x"), std::string::npos);
  EXPECT_EQ(unread.remedy, "");
  const daemon::Error twice = daemon::with_unread(damage, Op{7}, {{Op{8}, rotten}});
  EXPECT_EQ(twice.code, ErrorCode::kDamaged);
  EXPECT_NE(twice.act.find("read y"), std::string::npos);
  EXPECT_EQ(twice.remedy, "Restore it.");
}

TEST_F(Recovery, ASnapshotThatIsNoStateOrAnotherOnesIsPassedOver) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const FaultyDisk::Snapshot right = disk_.snapshots.at(raw(op()));
  disk_.snapshots.clear();
  FaultyDisk::Snapshot& no_state = disk_.snapshots[raw(op())] = right;
  std::fill_n(no_state.bytes.begin(), 64, std::byte{0xFF});
  FaultyDisk::Snapshot& other = disk_.snapshots[raw(op()) - 1] = right;
  other.mark.op = Op{raw(op()) - 1};
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().act.find("whole but not a state"), std::string::npos)
      << report.error().text();
  disk_.snapshots.clear();
  Scheduler again;
  EXPECT_TRUE(recover_into(again).has_value());
}

/// A storage that breaks its word: its reader leaves out one batch, or everything from it on.
class ForgetfulStorage final : public daemon::Storage {
 public:
  ForgetfulStorage(daemon::Storage& real, std::uint64_t batch, bool ends_there)
      : real_(real), batch_(batch), ends_there_(ends_there) {}
  daemon::Expected<std::unique_ptr<daemon::BatchReader>> read(Op from) override {
    auto reader = real_.read(from);
    if (!reader) return reader;
    return std::make_unique<Reader>(std::move(*reader), batch_, ends_there_);
  }
  daemon::Expected<daemon::Lead> survey() override { return real_.survey(); }
  daemon::Expected<daemon::Lead> lead() override { return real_.lead(); }
  bool can_append() override { return false; }
  bool is_full() const override { return false; }
  std::span<std::byte> begin_batch() override { return {}; }
  void append(const BatchHeader&) override {}
  Op op_durable() const override { return real_.op_durable(); }
  const daemon::Error* failure() const override { return nullptr; }
  void poll() override {}
  void flush() override {}
  [[nodiscard]] daemon::Expected<daemon::SnapshotList> snapshots() override {
    return real_.snapshots();
  }
  daemon::Expected<std::unique_ptr<daemon::SnapshotWriter>> write_snapshot(Op op) override {
    return real_.write_snapshot(op);
  }
  daemon::Expected<std::unique_ptr<daemon::SnapshotReader>> read_snapshot(Op op) override {
    return real_.read_snapshot(op);
  }
  void trim(Op) override {}
  daemon::StorageStats stats() const override { return {}; }

 private:
  class Reader final : public daemon::BatchReader {
   public:
    Reader(std::unique_ptr<daemon::BatchReader> real, std::uint64_t batch, bool ends_there)
        : real_(std::move(real)), left_(batch), ends_there_(ends_there) {}
    daemon::Expected<bool> next(Op last, BatchHeader& header,
                                std::span<const std::byte>& payload) override {
      if (left_-- == 0) {
        if (ends_there_) return false;
        auto passed_over = real_->next(last, header, payload);
        if (!passed_over || !*passed_over) return passed_over;
      }
      return real_->next(last, header, payload);
    }

   private:
    std::unique_ptr<daemon::BatchReader> real_;
    std::uint64_t left_;
    bool ends_there_;
  };

  daemon::Storage& real_;
  std::uint64_t batch_;
  bool ends_there_;
};

TEST_F(Recovery, AStorageThatLeavesSomethingOutIsNotBelieved) {
  start();
  live(20);
  for (const bool ends_there : {false, true}) {
    storage_ = std::make_unique<FaultyStorage>(disk_, kOptions);
    ForgetfulStorage forgetful(*storage_, 10, ends_there);
    Scheduler found;
    auto report = tests::recover(forgetful, found);
    ASSERT_FALSE(report.has_value()) << ends_there;
    EXPECT_EQ(report.error().code, ErrorCode::kDamaged);
    const std::string wanted = ends_there ? "it ends at op" : "it goes on at op";
    EXPECT_NE(report.error().act.find(wanted), std::string::npos) << report.error().text();
    storage_.reset();
  }
}

TEST_F(Recovery, WhatIsNotReplayedToItsEndIsNotVerified) {
  start();
  live(20);
  snapshot(*storage_, city_.scheduler());
  ForgetfulStorage forgetful(*storage_, 10, true);
  auto verified = daemon::verify_snapshot(forgetful, op());
  ASSERT_TRUE(verified.has_value()) << verified.error().text();
  EXPECT_FALSE(verified->replayed);
}

TEST_F(Recovery, ABatchThatHoldsFewerCommandsThanItSaysIsNamed) {
  start();
  live(3);
  const std::uint64_t first = raw(op()) + 1;
  Command tick;
  tick.kind = scheduler::CommandKind::kTick;
  const std::size_t size = protocol::encode_command(tick, storage_->begin_batch());
  storage_->append({Op{first}, 2, static_cast<std::uint32_t>(size), city_.scheduler().now(), 1});
  storage_->flush();
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kVersion);
  EXPECT_NE(report.error().act.find("op " + std::to_string(first + 1)), std::string::npos);
}

TEST_F(Recovery, ACommandOfANewerProgramIsNamed) {
  start();
  live(3);
  const std::uint64_t first = raw(op()) + 1;
  const std::span<std::byte> payload = storage_->begin_batch();
  std::fill_n(payload.begin(), 32, std::byte{0xEE});
  storage_->append({Op{first}, 1, 32, city_.scheduler().now(), 1});
  storage_->flush();
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kVersion);
  EXPECT_NE(report.error().act.find("op " + std::to_string(first)), std::string::npos);
}

TEST_F(Recovery, AfterEveryCrashTheStateIsOneThatWas) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FaultyDisk disk;
    FaultyOptions options = kOptions;
    options.seed = seed;
    options.complete_permille = 300;
    options.batches_in_flight = 1 + static_cast<std::uint32_t>(seed % 4);
    FaultyStorage storage(disk, options);
    ASSERT_TRUE(storage.lead().has_value());
    City city(seed, 600);
    city.live(storage, 20 + seed * 3);
    const Op acknowledged = storage.op_durable();
    storage.crash();
    FaultyStorage again(disk, options);
    Scheduler found;
    auto report = tests::recover(again, found);
    ASSERT_TRUE(report.has_value()) << report.error().text();
    EXPECT_GE(found.op_applied(), acknowledged);
    if (found.op_applied() == Op{0}) continue;
    EXPECT_EQ(daemon::digest_of_state(found), city.digests().at(raw(found.op_applied())));
  }
}

TEST_F(Recovery, VerificationReplaysFromTheSnapshotBefore) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op first = op();
  live(60);
  snapshot(*storage_, city_.scheduler());
  auto verified = daemon::verify_snapshot(*storage_, op());
  ASSERT_TRUE(verified.has_value()) << verified.error().text();
  EXPECT_TRUE(verified->replayed);
  EXPECT_EQ(verified->base_op, first);
  EXPECT_EQ(verified->mark.digest, digest());
  auto from_the_beginning = daemon::verify_snapshot(*storage_, first);
  ASSERT_TRUE(from_the_beginning.has_value());
  EXPECT_TRUE(from_the_beginning->replayed);
  EXPECT_EQ(from_the_beginning->base_op, Op{0});
  live(30);
  storage_->trim(first);
  auto unreachable = daemon::verify_snapshot(*storage_, first);
  ASSERT_TRUE(unreachable.has_value());
  EXPECT_FALSE(unreachable->replayed);
}

TEST_F(Recovery, VerificationNoticesAStateThatIsWrittenOtherwiseThanItWasRead) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  disk_.snapshots.at(raw(op())).mark.digest.low ^= 1;
  auto verified = daemon::verify_snapshot(*storage_, op());
  ASSERT_FALSE(verified.has_value());
  EXPECT_NE(verified.error().act.find("writing it again changes it"), std::string::npos);
}

TEST_F(Recovery, VerificationNoticesAStateThatTheJournalDoesNotGive) {
  start();
  live(200);
  // The same life with another luck: a whole and valid state at the same op, but not this one.
  FaultyDisk other_disk;
  FaultyStorage other(other_disk, kOptions);
  ASSERT_TRUE(other.lead().has_value());
  City stranger(7, 3000, 1);
  stranger.live(other, 200);
  ASSERT_EQ(op(), stranger.scheduler().op_applied());
  ASSERT_NE(digest(), daemon::digest_of_state(stranger.scheduler()));
  snapshot(*storage_, stranger.scheduler());
  auto verified = daemon::verify_snapshot(*storage_, op());
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().code, ErrorCode::kDamaged);
}

/// Waits for the next result on a waker, as the engine's loop does.
daemon::Snapshotter::Result await_result(daemon::Snapshotter& snapshotter) {
  while (true) {
    const daemon::Snapshotter::Result result = snapshotter.collect();
    if (result.finished) return result;
    std::this_thread::yield();
  }
}

TEST_F(Recovery, TheSnapshotterMakesTheStateThatTheEngineHad) {
  start();
  daemon::Waker waker;
  daemon::Snapshotter snapshotter(*storage_);
  snapshotter.start(waker);
  EXPECT_FALSE(snapshotter.collect().finished);
  Op before{};
  for (int round = 0; round < 5; ++round) {
    live(40);
    const Op at = storage_->op_durable();
    const StateDigest expected = digest();
    snapshotter.request(at);
    live(10);  // the engine does not stop
    const auto result = await_result(snapshotter);
    ASSERT_TRUE(result.ok) << result.error->text();
    EXPECT_EQ(result.mark.op, at);
    EXPECT_EQ(result.mark.digest, expected);
    EXPECT_EQ(result.trim_op, before);
    storage_->trim(result.trim_op);
    before = at;
  }
  // Asked again for what is there, it gives what is there.
  snapshotter.request(before);
  const auto again = await_result(snapshotter);
  EXPECT_TRUE(again.ok);
  EXPECT_EQ(again.mark.op, before);
  EXPECT_EQ(storage_->snapshots()->marks.size(), 2U);
}

TEST_F(Recovery, TheSnapshotThatServedIsKeptAndNotARottenOneThatIsNewer) {
  start();
  live(60);
  snapshot(*storage_, city_.scheduler());
  const Op good = op();
  live(60);
  snapshot(*storage_, city_.scheduler());
  disk_.snapshots.at(raw(op())).damaged = true;  // a chunk; header and footer are whole
  live(60);
  daemon::Waker waker;
  daemon::Snapshotter snapshotter(*storage_);
  snapshotter.attach(waker);
  for (const bool is_first : {true, false}) {  // asked again, it gives what is there
    testing::internal::CaptureStderr();
    snapshotter.request(op());
    EXPECT_TRUE(snapshotter.work());
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_EQ(told.find("read a simulated snapshot") != std::string::npos, is_first) << told;
    const daemon::Snapshotter::Result made = snapshotter.collect();
    ASSERT_TRUE(made.ok) << made.error->text();
    EXPECT_EQ(made.mark.op, op());
    EXPECT_EQ(made.trim_op, good);
    storage_->trim(made.trim_op);
  }
  disk_.snapshots.at(raw(op())).damaged = true;
  Scheduler found;
  auto report = recover_into(found);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_EQ(report->snapshot_op, good);
  EXPECT_EQ(daemon::digest_of_state(found), digest());
}

TEST_F(Recovery, OfNothingThereIsNoSnapshot) {
  start();
  daemon::Waker waker;
  daemon::Snapshotter snapshotter(*storage_);
  snapshotter.attach(waker);
  EXPECT_FALSE(snapshotter.work());
  snapshotter.request(Op{0});
  EXPECT_TRUE(snapshotter.work());
  const auto result = snapshotter.collect();
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.mark.op, Op{0});
  EXPECT_TRUE(storage_->snapshots()->marks.empty());
}

TEST_F(Recovery, TheSnapshotterSaysWhatWentWrong) {
  start();
  live(40);
  daemon::Waker waker;
  daemon::Snapshotter snapshotter(*storage_);
  snapshotter.start(waker);
  disk_.flip_bit(1, 3 * protocol::kBlockSize + 200, 1);
  snapshotter.request(storage_->op_durable());
  const auto result = await_result(snapshotter);
  EXPECT_FALSE(result.ok);
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->code, ErrorCode::kDamaged);
  storage_->crash();
}

}  // namespace
}  // namespace permitd::tests
