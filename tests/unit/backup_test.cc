// Goal: a copy of a journal, a backup and a restore give the state they name, or say why not and
// leave nothing that looks like a journal. Method: a random city's journal in real directories,
// spoilt in one way at a time; digests are compared.
#include "daemon/backup.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "daemon/journal_archive.h"
#include "daemon/journal_copy.h"
#include "daemon/snapshot_file.h"
#include "tests/support/recorded_city.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/state_bytes.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;
using scheduler::raw;
using testing::HasSubstr;
using tests::open_storage;
using tests::options_in;

constexpr int kDamaged = 5;

/// What a run of make_backup() or restore_backup() said.
struct Said {
  int status = 0;
  std::string output;
  std::string errors;
};

template <class Program>
Said said_by(const Program& program) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = program();
  return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

class Backups : public testing::Test {
 protected:
  Backups() {
    auto storage = open_storage(options_in(data()));
    EXPECT_TRUE(storage->lead().has_value());
    digests_ = tests::record_city(*storage, 150, 9);
    last_ = Op{digests_.rbegin()->first};
  }
  std::string data() const { return scratch_ / "data"; }
  std::string target() const { return scratch_ / "target"; }

  Said back_up(Op to = {}) const {
    return said_by([&] { return make_backup({data(), target(), to}); });
  }
  Said restore(const std::string& backup, const PastMoment& until = {}) const {
    return said_by([&] { return restore_backup({backup, scratch_ / "restored", until}); });
  }
  void expect_gives(const std::string& directory, Op op) const {
    auto archive = JournalArchive::open(directory);
    ASSERT_TRUE(archive.has_value()) << archive.error().text();
    scheduler::Scheduler state;
    auto report = recover_unled(**archive, state);
    ASSERT_TRUE(report.has_value()) << report.error().text();
    EXPECT_EQ(state.op_applied(), op);
    EXPECT_EQ(digest_of_state(state), digests_.at(raw(op)));
  }
  bool is_journal(const std::string& directory) const {
    return std::filesystem::exists(directory + "/FORMAT");
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  static void patch(const std::string& path, std::uint64_t offset, const std::string& bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
  }
  struct Batch {
    std::uint64_t offset = 0;  // in the first segment
    Op last{};
    std::int64_t now_ms = 0;
  };
  /// Those of a journal's first segment, in order.
  static std::vector<Batch> batches_of(const std::string& directory) {
    std::ifstream file(directory + "/journal.000001", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::vector<Batch> batches;
    for (std::size_t at = 0; at + protocol::kBlockSize <= bytes.size();
         at += protocol::kBlockSize) {
      protocol::FrameHeader header;
      std::memcpy(&header, bytes.data() + at, sizeof header);
      if (header.magic == protocol::kFrameMagic && header.op_count != 0)
        batches.push_back({at, Op{header.first_op + header.op_count - 1}, header.now_ms});
    }
    return batches;
  }
  /// Index of a batch about the middle that the next one comes later than.
  static std::size_t middle_of(const std::vector<Batch>& batches) {
    std::size_t index = batches.size() / 2;
    while (index + 1 < batches.size() && batches[index].now_ms == batches[index + 1].now_ms)
      ++index;
    return index;
  }
  /// Puts the state at the end into the directory as a snapshot.
  void add_snapshot(const std::string& directory) const {
    auto archive = JournalArchive::open(directory);
    scheduler::Scheduler state;
    ASSERT_TRUE(recover_unled(**archive, state).has_value());
    auto opened = JournalDirectory::open(directory);
    auto writer = create_snapshot(*opened, state.op_applied());
    ASSERT_TRUE((*writer)->write(tests::state_bytes(state)).has_value());
    ASSERT_TRUE((*writer)->commit().has_value());
  }

  tests::ScratchDirectory scratch_;
  tests::DigestsByOp digests_;
  Op last_{};
};

TEST_F(Backups, ABackupAndWhatIsRestoredFromItAreTheState) {
  add_snapshot(data());
  const Said said = back_up();
  EXPECT_EQ(said.status, 0) << said.errors;
  EXPECT_THAT(said.output, HasSubstr("\"op\":" + std::to_string(raw(last_))));
  expect_gives(target(), last_);
  const Said restored = restore(target());
  EXPECT_EQ(restored.status, 0) << restored.errors;
  expect_gives(scratch_ / "restored", last_);
}

TEST_F(Backups, EveryOpCanBeHadAlsoWithinABatch) {
  ASSERT_EQ(back_up().status, 0);
  for (const std::uint64_t op :
       {std::uint64_t{1}, std::uint64_t{8}, std::uint64_t{9}, std::uint64_t{10}, raw(last_) - 1}) {
    ASSERT_EQ(restore(target(), {.op = Op{op}}).status, 0) << op;
    expect_gives(scratch_ / "restored", Op{op});
    std::filesystem::remove_all(scratch_ / "restored");
  }
  ASSERT_EQ(restore(target(), {.at = scheduler::Tick{INT64_MAX}}).status, 0);
  expect_gives(scratch_ / "restored", last_);
  std::filesystem::remove_all(scratch_ / "restored");
  const Said early = restore(target(), {.at = scheduler::Tick{1}});
  EXPECT_EQ(early.status, 0) << early.errors;
  expect_gives(scratch_ / "restored", Op{0});
}

TEST_F(Backups, AMomentInTheMiddleIsTheLastBatchUntilThen) {
  ASSERT_EQ(back_up().status, 0);
  const std::vector<Batch> batches = batches_of(target());
  const std::size_t middle = middle_of(batches);
  ASSERT_LT(middle + 1, batches.size());
  const auto expect_moment = [&](std::int64_t ms, Op op) {
    const Said said = restore(target(), {.at = scheduler::Tick{ms}});
    ASSERT_EQ(said.status, 0) << said.errors;
    expect_gives(scratch_ / "restored", op);
    std::filesystem::remove_all(scratch_ / "restored");
  };
  const std::int64_t next_ms = batches[middle + 1].now_ms;
  expect_moment(batches[middle].now_ms, batches[middle].last);
  expect_moment(next_ms - 1, batches[middle].last);
  std::size_t last_of_next = middle + 1;
  while (last_of_next + 1 < batches.size() && batches[last_of_next + 1].now_ms == next_ms)
    ++last_of_next;
  expect_moment(next_ms, batches[last_of_next].last);
}

TEST_F(Backups, DamageBehindAWantedMomentIsNoObstacle) {
  const std::vector<Batch> batches = batches_of(data());
  const std::size_t middle = middle_of(batches);
  ASSERT_LT(middle + 3, batches.size());
  const Batch& rotten = batches[batches.size() - 2];  // the one behind it proves that it was there
  patch(data() + "/journal.000001", rotten.offset + 200, "damage");
  const Said said = restore(data(), {.at = scheduler::Tick{batches[middle].now_ms}});
  EXPECT_EQ(said.status, 0) << said.errors;
  expect_gives(scratch_ / "restored", batches[middle].last);
  std::filesystem::remove_all(scratch_ / "restored");
  const Said late = restore(data(), {.at = scheduler::Tick{INT64_MAX}});
  EXPECT_EQ(late.status, kDamaged);
  EXPECT_THAT(late.errors, HasSubstr(fmt::format("journal.000001 at {}", rotten.offset)));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
}

TEST_F(Backups, AnOpThatNeverWasIsNoDamage) {
  const Said said = restore(data(), {.op = Op{raw(last_) + 1}});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.errors, HasSubstr("the last one is " + std::to_string(raw(last_))));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
}

TEST_F(Backups, ARunningDaemonIsAskedForWhatIsDurable) {
  auto storage = open_storage(options_in(data()));
  ASSERT_TRUE(storage->lead().has_value());
  EXPECT_THAT(back_up().errors, HasSubstr("it alone knows what is durable"));
  EXPECT_THAT(restore(data()).errors, HasSubstr("a daemon runs on it"));
  const Said said = back_up(last_);
  EXPECT_EQ(said.status, 0) << said.errors;
  expect_gives(target(), last_);
  std::filesystem::remove_all(target());
  storage.reset();
  EXPECT_THAT(back_up(last_).errors, HasSubstr("no daemon runs on it"));
}

TEST_F(Backups, ADaemonThatPromisesMoreThanThereIsIsNotBelieved) {
  auto storage = open_storage(options_in(data()));
  ASSERT_TRUE(storage->lead().has_value());
  const Said said = back_up(Op{raw(last_) + 1});
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr("was durable and is not there any more"));
  EXPECT_FALSE(is_journal(target()));
}

TEST_F(Backups, WhatIsThereIsNotOverwritten) {
  std::filesystem::create_directory(target());
  write(target() + "/anything", "x");
  EXPECT_THAT(back_up().errors, HasSubstr("not empty"));
  EXPECT_THAT(said_by([&] {
                return restore_backup({data(), target(), {}});
              }).errors,
              HasSubstr("not empty"));
  write(scratch_ / "file", "x");
  EXPECT_THAT(said_by([&] {
                return make_backup({data(), scratch_ / "file", {}});
              }).errors,
              HasSubstr("open the directory"));
}

TEST_F(Backups, WhatIsNoJournalIsSaid) {
  EXPECT_THAT(restore(scratch_ / "nothing").errors, HasSubstr("Name the directory"));
  write(scratch_ / "file", "x");
  EXPECT_THAT(restore(scratch_ / "file").errors, HasSubstr("open "));
  std::filesystem::create_directory(scratch_ / "empty");
  EXPECT_EQ(restore(scratch_ / "empty").status, kDamaged);
  std::filesystem::copy_file(data() + "/FORMAT", scratch_ / "empty/FORMAT");
  EXPECT_THAT(restore(scratch_ / "empty").errors, HasSubstr("there is no segment"));
  auto from = JournalDirectory::open(scratch_ / "empty");
  auto to = open_empty(target());
  EXPECT_EQ(copy_journal(*from, *to, Op{1}, {}).error().code, ErrorCode::kDamaged);
  std::filesystem::remove(scratch_ / "empty/FORMAT");
  EXPECT_EQ(copy_journal(*from, *to, Op{1}, {}).error().code, ErrorCode::kDamaged);
  write(scratch_ / "empty/FORMAT", "permitd journal\nformat 99.0\n");
  EXPECT_EQ(copy_journal(*from, *to, Op{1}, {}).error().code, ErrorCode::kVersion);
}

TEST_F(Backups, ADamagedNoteIsNoNote) {
  ASSERT_EQ(back_up().status, 0);
  const std::string note = target() + "/BACKUP";
  patch(note, 18, "9");
  EXPECT_EQ(restore(target()).status, kDamaged);
  write(note, "something else");
  EXPECT_THAT(restore(target()).errors, HasSubstr("BACKUP: the checksum is wrong"));
}

TEST_F(Backups, AnotherStateThanTheNoteSaysIsRefused) {
  ASSERT_EQ(back_up().status, 0);
  // The note of another journal: the same op, another digest.
  tests::ScratchDirectory other;
  {
    auto storage = open_storage(options_in(other / "data"));
    ASSERT_TRUE(storage->lead().has_value());
    tests::record_city(*storage, 150, 4, false);
  }
  ASSERT_EQ(said_by([&] { return make_backup({other / "data", other / "target", {}}); }).status, 0);
  std::filesystem::copy_file(other / "target/BACKUP", target() + "/BACKUP",
                             std::filesystem::copy_options::overwrite_existing);
  const Said said = restore(target());
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr("BACKUP says"));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
  // Before that op the note says nothing.
  EXPECT_EQ(restore(target(), {.op = Op{5}}).status, 0);
}

TEST_F(Backups, AnotherChainThanTheNoteSaysIsRefused) {
  ASSERT_EQ(back_up().status, 0);
  std::ifstream file(target() + "/BACKUP");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  text.resize(text.find("checksum "));
  char& digit = text.at(text.find("frame ") + 6);
  digit = digit == '0' ? '1' : '0';
  write(target() + "/BACKUP",
        text + fmt::format("checksum {:016x}\n",
                           protocol::checksum_of(std::as_bytes(std::span(text)))));
  const Said said = restore(target());
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr("its last frame"));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
}

TEST_F(Backups, ANoteThatCannotBeReadIsNamed) {
  ASSERT_EQ(back_up().status, 0);
  std::filesystem::remove(target() + "/BACKUP");
  std::filesystem::create_directory(target() + "/BACKUP");
  const Said said = restore(target());
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.errors, HasSubstr("BACKUP"));
}

TEST_F(Backups, DamageBeforeAWantedOpIsDamage) {
  // The third frame is the first batch, and those behind it prove that it was there.
  patch(data() + "/journal.000001", 2 * protocol::kBlockSize + 200, "damage");
  const Said said = restore(data(), {.op = last_});
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr("journal.000001 at 8192"));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
}

TEST_F(Backups, ADamagedSnapshotAtAWantedOpIsDamage) {
  add_snapshot(data());
  const std::string name = fmt::format("snapshot.{:020}", raw(last_));
  patch(data() + "/" + name, 64 + 24 + 100, "damage");
  const Said said = restore(data(), {.op = last_});
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr(name));
  EXPECT_EQ(restore(data(), {.op = Op{raw(last_) - 1}}).status, 0);
}

TEST_F(Backups, ARunningDaemonWithoutSegmentsHasNoJournal) {
  auto storage = open_storage(options_in(data()));
  ASSERT_TRUE(storage->lead().has_value());
  const auto directory = JournalDirectory::open(data());
  const auto numbers = directory->numbers("journal.");
  for (const std::uint64_t number : *numbers)
    std::filesystem::remove(data() + "/" + JournalDirectory::segment_name(number));
  const Said said = back_up(last_);
  EXPECT_EQ(said.status, kDamaged);
  EXPECT_THAT(said.errors, HasSubstr("there is no journal in it"));
}

TEST_F(Backups, ALostEndIsNoticedByTheNote) {
  ASSERT_EQ(back_up().status, 0);
  const std::string journal = target() + "/journal.000001";
  std::ifstream file(journal, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const std::size_t last = bytes.rfind("PERMITJ1");
  patch(journal, last, std::string(protocol::kBlockSize, '\0'));
  EXPECT_THAT(restore(target()).errors, HasSubstr("BACKUP says that it reaches op"));
}

TEST_F(Backups, WhatTheJournalDoesNotReachIsSaid) {
  // As trimmed: the journal begins behind what was asked for, and a snapshot alone reaches back.
  tests::ScratchDirectory other;
  std::filesystem::create_directory(other / "data");
  add_snapshot(data());
  const std::string name = fmt::format("snapshot.{:020}", raw(last_));
  std::filesystem::copy_file(data() + "/" + name, other / ("data/" + name));
  {
    auto storage = open_storage(options_in(other / "data"));
    ASSERT_EQ(storage->lead()->last_op, last_);
  }
  const Said whole = said_by([&] {
    return restore_backup({other / "data", scratch_ / "restored", {}});
  });
  EXPECT_EQ(whole.status, 0) << whole.errors;
  expect_gives(scratch_ / "restored", last_);
  std::filesystem::remove_all(scratch_ / "restored");
  const Said early = said_by([&] {
    return restore_backup({other / "data", scratch_ / "restored", {.op = Op{3}}});
  });
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.errors, HasSubstr(fmt::format("its journal begins at op {}", raw(last_) + 1)));
  // The snapshot was taken later than that.
  const Said before = said_by([&] {
    return restore_backup({other / "data", scratch_ / "restored", {.at = scheduler::Tick{1}}});
  });
  EXPECT_EQ(before.status, 1);
  EXPECT_THAT(before.errors, HasSubstr("does not reach back so far"));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
}

TEST_F(Backups, AJournalThatBeginsLaterNeedsASnapshot) {
  tests::ScratchDirectory other;
  {
    auto storage = open_storage(options_in(other / "data"));
    ASSERT_TRUE(storage->lead().has_value());
    for (std::uint64_t op = 1; op <= 9; ++op) {
      while (!storage->can_append()) std::this_thread::yield();
      tests::append(*storage, op, 1'500'000);  // two fill a segment
      storage->flush();
    }
  }
  std::filesystem::remove(other / "data/journal.000001");
  const Said said = said_by([&] {
    return restore_backup({other / "data", scratch_ / "restored", {.op = Op{5}}});
  });
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.errors, HasSubstr("its journal begins at op 3"));
  EXPECT_FALSE(is_journal(scratch_ / "restored"));
  const Said early = said_by([&] {
    return restore_backup({other / "data", scratch_ / "restored", {.at = scheduler::Tick{0}}});
  });
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.errors, HasSubstr("its journal begins at op 3"));
}

TEST_F(Backups, ADamagedSnapshotIsNamedAndNothingIsLeft) {
  add_snapshot(data());
  const std::string name = fmt::format("snapshot.{:020}", raw(last_));
  patch(data() + "/" + name, 64 + 24 + 100, "damage");
  EXPECT_THAT(back_up().errors, HasSubstr(name + " at "));
  EXPECT_EQ(restore(data()).status, kDamaged);
  EXPECT_FALSE(is_journal(target()));
  EXPECT_TRUE(std::filesystem::is_empty(target()));
}

TEST_F(Backups, ACommandThatNobodyKnowsStopsTheCutWithinItsBatch) {
  tests::ScratchDirectory other;
  {
    auto storage = open_storage(options_in(other / "data"));
    ASSERT_TRUE(storage->lead().has_value());
    std::fill_n(storage->begin_batch().begin(), 300, std::byte{0xEE});
    storage->append({Op{1}, 3, 300, scheduler::Tick{1}, 1});
    storage->flush();
  }
  auto from = JournalDirectory::open(other / "data");
  auto to = open_empty(target());
  auto copied = copy_journal(*from, *to, Op{2}, {});
  ASSERT_FALSE(copied.has_value());
  EXPECT_EQ(copied.error().code, ErrorCode::kVersion);
  EXPECT_THAT(copied.error().act, HasSubstr("op 1 is not a command"));
}

TEST_F(Backups, AnArchiveTakesNothing) {
  auto archive = JournalArchive::open(data());
  ASSERT_TRUE(archive.has_value());
  ASSERT_TRUE((*archive)->survey().has_value());
  EXPECT_FALSE((*archive)->can_append());
  EXPECT_EQ((*archive)->lead().error().code, ErrorCode::kUnsupported);
  EXPECT_EQ((*archive)->write_snapshot(Op{1}).error().code, ErrorCode::kUnsupported);
  (*archive)->trim(last_);
  EXPECT_TRUE((*archive)->read(Op{1}).has_value());
  EXPECT_EQ((*archive)->read_snapshot(Op{1}).error().number, ENOENT);
}

}  // namespace
}  // namespace permitd::daemon
