// Goal: what only the files have: locks, versions, missing and short files, a full device, reuse of
// segments, failing and late writes. Method: real directories, and a writer whose completions the
// test orders.
#include "daemon/journal_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "daemon/snapshot_file.h"
#include "daemon/uring.h"
#include "tests/support/journal_in_files.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;
using scheduler::raw;
using tests::append;
using tests::kSegmentSize;
using tests::lead_of;
using tests::open_storage;
using tests::options_in;
using tests::OrderedWriter;

/// Looks until it is so; a minute is never needed and bounds a broken test.
bool wait_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

TEST(JournalStorage, ASecondDaemonIsToldWhoLeads) {
  tests::ScratchDirectory directory;
  auto storage = open_storage(options_in(directory.path()));
  ASSERT_TRUE(storage->lead().has_value());
  auto second = lead_of(options_in(directory.path()));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kFenced);
  EXPECT_NE(second.error().act.find("process " + std::to_string(getpid())), std::string::npos)
      << second.error().text();
  storage.reset();
  EXPECT_TRUE(lead_of(options_in(directory.path())).has_value());
}

// What one start has found, another must not change before the first one leads.
TEST(JournalStorage, WhoSurveysIsAloneAlready) {
  tests::ScratchDirectory directory;
  for (const bool is_new : {true, false}) {
    auto storage = open_storage(options_in(directory.path()));
    ASSERT_TRUE(storage->survey().has_value());
    auto second = open_storage(options_in(directory.path()));
    auto found = second->survey();
    ASSERT_FALSE(found.has_value()) << is_new;
    EXPECT_EQ(found.error().code, ErrorCode::kFenced);
    second.reset();
    EXPECT_EQ(lead_of(options_in(directory.path())).error().code, ErrorCode::kFenced);
    EXPECT_TRUE(storage->lead().has_value());
  }
}

TEST(JournalStorage, ASegmentSomebodyStillWritesIsNotJudged) {
  tests::ScratchDirectory directory;
  ASSERT_TRUE(lead_of(options_in(directory.path())).has_value());
  // A killed process whose last write is under way holds the lock of the segment until it has
  // ended.
  const int file = open((directory / "journal.000001").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(file, LOCK_EX), 0);
  write_text(directory / "LOCK", "");
  std::atomic<bool> leads{false};
  std::thread leading([&] {
    EXPECT_TRUE(lead_of(options_in(directory.path())).has_value());
    leads.store(true);
  });
  // The newcomer takes LOCK first and says so in it. It has not judged anything as long as the
  // segment is locked.
  const std::string lock = directory / "LOCK";
  EXPECT_TRUE(wait_until([&] { return read_text(lock) == std::to_string(getpid()) + "\n"; }));
  EXPECT_FALSE(leads.load());
  close(file);
  leading.join();
  EXPECT_TRUE(leads.load());
}

TEST(JournalStorage, WrongSettingsAreRefused) {
  tests::ScratchDirectory directory;
  const JournalOptions right = options_in(directory.path());
  for (const auto& spoil : std::initializer_list<void (*)(JournalOptions&)>{
           [](JournalOptions& each) { each.segment_size = 1 << 20; },
           [](JournalOptions& each) { each.segment_size += 512; },
           [](JournalOptions& each) { each.segment_size = std::uint64_t{8} << 30; },
           [](JournalOptions& each) { each.batches_in_flight = 0; },
           [](JournalOptions& each) { each.batches_in_flight = 9; },
           [](JournalOptions& each) { each.segments_ahead = 0; },
           [](JournalOptions& each) { each.segments_ahead = 17; }}) {
    JournalOptions options = right;
    spoil(options);
    auto storage = JournalStorage::open(options, nullptr);
    ASSERT_FALSE(storage.has_value());
    EXPECT_EQ(storage.error().code, ErrorCode::kConfiguration);
  }
  JournalOptions options = right;
  options.directory = directory / "missing/below";
  EXPECT_EQ(JournalStorage::open(options, nullptr).error().code, ErrorCode::kSystem);
}

TEST(JournalStorage, EachLeadHasAnEpochOfItsOwn) {
  tests::ScratchDirectory directory;
  std::uint64_t before = 0;
  for (int start = 0; start < 3; ++start) {
    auto lead = lead_of(options_in(directory.path()));
    ASSERT_TRUE(lead.has_value());
    EXPECT_GT(lead->epoch, before);
    before = lead->epoch;
  }
}

/// No file grows beyond `size` meanwhile: a write across it is short, one behind it fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uint64_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit wanted{size, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &wanted), 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_;
};

TEST(JournalStorage, AMarkThatIsWrittenInPartIsNotWritten) {
  tests::ScratchDirectory scratch;
  auto directory = JournalDirectory::open(scratch.path());
  auto file = directory->open_file("file", O_RDWR | O_CREAT, false);
  ASSERT_TRUE(file.has_value());
  const AlignedBuffer block(protocol::kBlockSize);
  {
    const FileSizeLimit limit(1000);
    auto done = write_durable_now(*file, "file", 0, block.bytes());
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().number, EIO);
  }
  EXPECT_EQ(*size_of(*file, "file"), 1000U);
  EXPECT_TRUE(write_durable_now(*file, "file", 0, block.bytes()).has_value());
}

class JournalFiles : public testing::Test {
 protected:
  /// Three batches, ended orderly.
  JournalFiles() {
    auto storage = open_storage(options());
    EXPECT_TRUE(storage->lead().has_value());
    for (std::uint64_t op = 1; op <= 3; ++op) {
      EXPECT_TRUE(storage->can_append());
      append(*storage, op, 1000 * op);
      storage->flush();
    }
  }
  JournalOptions options() const { return options_in(directory_.path()); }
  void expect_refused(ErrorCode code, const std::string& named) const {
    auto lead = lead_of(options());
    ASSERT_FALSE(lead.has_value());
    EXPECT_EQ(lead.error().code, code) << lead.error().text();
    EXPECT_NE(lead.error().act.find(named), std::string::npos) << lead.error().text();
    EXPECT_FALSE(lead.error().remedy.empty());
  }
  void patch(const std::string& name, std::uint64_t offset, const std::string& bytes) const {
    const int file = open((directory_ / name).c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes.size()));
    close(file);
  }

  tests::ScratchDirectory directory_;
};

TEST_F(JournalFiles, AnotherMajorVersionIsRefusedClearly) {
  const std::string text = read_text(directory_ / "FORMAT");
  for (const std::string other : {"format 1.0", "format 3.0"}) {
    std::string changed = text;
    changed.replace(changed.find("format 2.0"), 10, other);
    write_text(directory_ / "FORMAT", changed);
    expect_refused(ErrorCode::kVersion, other);
  }
}

TEST_F(JournalFiles, AnyChangeOfFormatIsNoticed) {
  const std::string text = read_text(directory_ / "FORMAT");
  for (std::size_t index = 0; index < text.size(); ++index) {
    std::string changed = text;
    changed[index] = changed[index] == '7' ? '8' : '7';
    write_text(directory_ / "FORMAT", changed);
    auto lead = lead_of(options());
    ASSERT_FALSE(lead.has_value()) << index;
    EXPECT_TRUE(lead.error().code == ErrorCode::kDamaged ||
                lead.error().code == ErrorCode::kVersion)
        << index;
  }
}

// With the right checksum: a size that no journal has.
TEST_F(JournalFiles, AFormatOfImpossibleSegmentsIsRefused) {
  for (const std::uint64_t size : {kSegmentSize / 4, kSegmentSize + 1}) {
    auto opened = JournalDirectory::open(directory_.path());
    ASSERT_TRUE(opened->write_format({7, size}).has_value());
    expect_refused(ErrorCode::kDamaged, "FORMAT");
  }
}

TEST_F(JournalFiles, AJournalWithoutSegmentsIsRefused) {
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (entry.path().filename().string().starts_with("journal."))
      std::filesystem::rename(entry.path(),
                              directory_ / ("not-" + entry.path().filename().string()));
  }
  expect_refused(ErrorCode::kDamaged, "there is no segment");
}

TEST_F(JournalFiles, NamesThatAreNoNumbersAreNoSegments) {
  for (const char* const name : {"journal.", "journal.x", "journal.1x", "spare.-1"})
    write_text(directory_ / name, "x");
  EXPECT_EQ(lead_of(options())->last_op, Op{3});
}

TEST_F(JournalFiles, ALeaderThatSaysNoNumberIsUnknown) {
  auto storage = open_storage(options());
  ASSERT_TRUE(storage->lead().has_value());
  write_text(directory_ / "LOCK", "");
  expect_refused(ErrorCode::kFenced, "process unknown leads");
}

TEST_F(JournalFiles, WithoutFormatTheSegmentsAreNotOverwritten) {
  std::filesystem::remove(directory_ / "FORMAT");
  expect_refused(ErrorCode::kDamaged, "FORMAT");
}

TEST_F(JournalFiles, AnUnfinishedCreationIsDoneAgain) {
  tests::ScratchDirectory fresh;
  ASSERT_TRUE(lead_of(options_in(fresh.path())).has_value());
  // As after a cut before FORMAT: a segment with nothing but the first mark.
  std::filesystem::remove(fresh / "FORMAT");
  const int file = open((fresh / "journal.000001").c_str(), O_WRONLY | O_CLOEXEC);
  const std::vector<char> zeros(kSegmentSize - protocol::kBlockSize);
  ASSERT_EQ(pwrite(file, zeros.data(), zeros.size(), protocol::kBlockSize),
            static_cast<ssize_t>(zeros.size()));
  close(file);
  std::filesystem::remove(fresh / "journal.000002");
  std::filesystem::remove(fresh / "journal.000003");
  auto lead = lead_of(options_in(fresh.path()));
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{0});
}

// Only what a creation leaves behind that was cut short may be thrown away.
TEST(JournalStorage, WhatIsNoUnfinishedCreationIsNotOverwritten) {
  const auto make_first = [](protocol::FrameHeader& header) { header.frame = 1; };
  const auto of_later_frame = [](protocol::FrameHeader& header) { header.frame = 2; };
  const auto with_a_command = [](protocol::FrameHeader& header) { header.op_count = 1; };
  struct Case {
    const char* name;
    std::function<void(protocol::FrameHeader&)> spoil;
    bool is_thrown_away;
  };
  for (const Case& each :
       {Case{"journal.000001", make_first, true}, Case{"journal.000002", make_first, false},
        Case{"journal.000001", of_later_frame, false},
        Case{"journal.000001", with_a_command, false}}) {
    tests::ScratchDirectory directory;
    protocol::FrameHeader header;
    header.segment = header.block = 0;
    header.frame = 1;
    each.spoil(header);
    std::string bytes(kSegmentSize, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    write_text(directory / each.name, bytes);
    auto lead = lead_of(options_in(directory.path()));
    ASSERT_EQ(lead.has_value(), each.is_thrown_away);
    if (lead) continue;
    EXPECT_EQ(lead.error().code, ErrorCode::kDamaged);
    EXPECT_EQ(read_text(directory / each.name), bytes);
  }
}

// A loop that owns the ring runs its completions; the journal only looks what has come.
TEST(JournalStorage, WhoOwnsTheRingRunsItsCompletions) {
  tests::ScratchDirectory directory;
  auto ring = Ring::create({.entries = 64});
  ASSERT_TRUE(ring.has_value());
  JournalOptions options = options_in(directory.path());
  options.runs_completions = false;
  auto storage = JournalStorage::open(options, ring->get());
  ASSERT_TRUE(storage.has_value());
  EXPECT_EQ((*storage)->stats().room, 0U);
  ASSERT_TRUE((*storage)->lead().has_value());
  append(**storage, 1, 10);
  EXPECT_TRUE(wait_until([&] {
    (*storage)->poll();
    EXPECT_EQ((*storage)->op_durable(), Op{0});
    return (*ring)->has_completions();
  }));
  (*ring)->run_completions();
  (*storage)->poll();
  EXPECT_EQ((*storage)->op_durable(), Op{1});
}

// It would begin at op 1, and be refused for ever once the snapshot can be read again.
TEST(JournalStorage, ASnapshotThatCannotBeReadIsNoBeginning) {
  tests::ScratchDirectory directory;
  const std::string snapshot = directory / "snapshot.00000000000000001000";
  write_text(snapshot, "damaged");
  auto lead = lead_of(options_in(directory.path()));
  ASSERT_FALSE(lead.has_value());
  EXPECT_EQ(lead.error().code, ErrorCode::kDamaged);
  EXPECT_NE(lead.error().act.find(snapshot), std::string::npos) << lead.error().text();
  EXPECT_NE(lead.error().remedy.find("with nothing"), std::string::npos) << lead.error().text();
  std::filesystem::remove(snapshot);
  lead = lead_of(options_in(directory.path()));
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{0});
}

// Not only where none can be read: the newest says where the journal begins. The system's word on
// it, here about a name that leads to itself, and what to do are in the sentence.
TEST(JournalStorage, ANewerSnapshotThatCannotBeReadIsNoBeginningEither) {
  tests::ScratchDirectory scratch;
  auto directory = JournalDirectory::open(scratch.path());
  for (const std::uint64_t op : {5, 9}) {
    auto writer = create_snapshot(*directory, Op{op});
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->commit().has_value());
  }
  const std::string older = scratch / "snapshot.00000000000000000005";
  const std::string newer = scratch / "snapshot.00000000000000000009";
  std::filesystem::rename(newer, scratch / "kept");
  std::filesystem::create_symlink(newer, newer);
  auto storage = open_storage(options_in(scratch.path()));
  auto found = storage->survey();
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kSystem);
  EXPECT_EQ(found.error().number, ELOOP);
  EXPECT_NE(found.error().act.find(newer), std::string::npos) << found.error().text();
  EXPECT_NE(found.error().remedy.find("See that the file can be read"), std::string::npos);
  storage.reset();
  EXPECT_FALSE(std::filesystem::exists(scratch / "FORMAT"));
  std::filesystem::remove(newer);
  std::filesystem::rename(scratch / "kept", newer);
  // An older one is passed over: the newest says all.
  std::filesystem::remove(older);
  std::filesystem::create_symlink(older, older);
  auto lead = lead_of(options_in(scratch.path()));
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{9});
}

TEST_F(JournalFiles, AShortSegmentIsRefused) {
  std::filesystem::resize_file(directory_ / "journal.000001", kSegmentSize - 1);
  expect_refused(ErrorCode::kDamaged, "journal.000001");
}

TEST_F(JournalFiles, AMissingSegmentIsRefused) {
  {
    auto storage = open_storage(options());
    ASSERT_TRUE(storage->lead().has_value());
    for (std::uint64_t op = 4; op <= 16; ++op) {
      ASSERT_TRUE(wait_until([&] { return storage->can_append(); }));
      append(*storage, op, 1'500'000);
      storage->flush();
    }
  }
  std::filesystem::rename(directory_ / "journal.000002", directory_ / "elsewhere");
  expect_refused(ErrorCode::kDamaged, "journal.000002");
  std::filesystem::rename(directory_ / "elsewhere", directory_ / "journal.000002");
  std::filesystem::rename(directory_ / "journal.000001", directory_ / "elsewhere");
  // Without the oldest it looks like a trimmed journal; that no snapshot reaches so far is for
  // recovery to see.
  auto lead = lead_of(options());
  ASSERT_TRUE(lead.has_value());
  EXPECT_GT(lead->first_op, Op{1});
}

TEST_F(JournalFiles, TheOrderlyEndProvesTheLastBatch) {
  // Frames: mark of creation, mark of the lead, three batches (one block each), the closing mark.
  patch("journal.000001", 4 * protocol::kBlockSize + 200, "damage");
  expect_refused(ErrorCode::kDamaged, "journal.000001 at 16384");
}

TEST_F(JournalFiles, AFrameOfAnotherJournalIsNoFrame) {
  tests::ScratchDirectory other;
  ASSERT_TRUE(lead_of(options_in(other.path())).has_value());
  std::filesystem::copy_file(other / "journal.000001", directory_ / "journal.000001",
                             std::filesystem::copy_options::overwrite_existing);
  expect_refused(ErrorCode::kDamaged, "journal.000001 at 0");
}

TEST_F(JournalFiles, UnfinishedFilesAreSweptAway) {
  write_text(directory_ / "segment.tmp", "x");
  write_text(directory_ / "snapshot.00000000000000000009.tmp", "x");
  ASSERT_TRUE(lead_of(options()).has_value());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "segment.tmp"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "snapshot.00000000000000000009.tmp"));
}

TEST_F(JournalFiles, SettingsMayChangeBetweenStarts) {
  JournalOptions other = options();
  other.segment_size = 2 * kSegmentSize;
  other.batches_in_flight = 8;
  other.segments_ahead = 5;
  {
    auto storage = open_storage(other);
    auto lead = storage->lead();
    ASSERT_TRUE(lead.has_value()) << lead.error().text();
    EXPECT_EQ(lead->last_op, Op{3});
    EXPECT_EQ(storage->format().segment_size, kSegmentSize);
    EXPECT_EQ(storage->notes().size(), 1U);
    ASSERT_TRUE(wait_until([&] { return storage->stats().room > 5 * kSegmentSize; }));
  }
  auto lead = lead_of(options());  // finds more prepared segments than it would make
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->last_op, Op{3});
}

TEST(JournalStorage, WithoutDirectWritingItWorksTheSame) {
  tests::ScratchDirectory directory;
  JournalOptions options = options_in(directory.path());
  options.direct = false;
  {
    auto storage = open_storage(options);
    ASSERT_TRUE(storage->lead().has_value());
    append(*storage, 1, 5000);
    storage->flush();
    EXPECT_EQ(storage->op_durable(), Op{1});
  }
  EXPECT_EQ(lead_of(options)->last_op, Op{1});
}

// With one block left the mark of the lead took it, and the limits that an engine journals first
// found no segment prepared: the start ended in a failed assertion.
TEST(JournalStorage, ALeadLeavesRoomForAFirstSmallBatch) {
  // Two leads, two such batches and the end leave one block of 1024, or not even room for the end.
  for (const std::size_t blocks : {std::size_t{510}, std::size_t{511}}) {
    for (const bool is_prepared : {false, true}) {
      SCOPED_TRACE(std::to_string(blocks) + (is_prepared ? ", the next is prepared" : ""));
      tests::ScratchDirectory directory;
      JournalOptions options = options_in(directory.path());
      options.keeper_thread = false;  // prepares nothing by itself
      const std::size_t payload = blocks * protocol::kBlockSize - sizeof(protocol::FrameHeader);
      {
        auto storage = open_storage(options);
        ASSERT_TRUE(storage->lead().has_value());
        append(*storage, 1, payload);
        append(*storage, 2, payload);
        storage->flush();
        ASSERT_EQ(storage->stats().room, (1022 - 2 * blocks) * protocol::kBlockSize);
        if (is_prepared) storage->keep_house();
      }
      auto storage = open_storage(options);
      ASSERT_EQ(storage->lead()->last_op, Op{2});
      append(*storage, 3, 100);
      storage->flush();
      EXPECT_EQ(storage->op_durable(), Op{3});
    }
  }
}

// The oldest format that is read, byte for byte as its specification shows it.
TEST(JournalStorage, TheExampleOfTheSpecificationOpens) {
  tests::ScratchDirectory directory;
  std::vector<std::byte> segment(kSegmentSize);
  std::istringstream document(read_text(PERMITD_SOURCE_DIR "/protocol/FORMAT.md"));
  std::size_t lines = 0;
  for (std::string line; std::getline(document, line);) {
    // "00010  01 00 …": an offset of five digits and sixteen bytes.
    if (line.size() != 54 || line.substr(5, 2) != "  ") continue;
    std::istringstream numbers(line);
    std::size_t offset = 0;
    numbers >> std::hex >> offset;
    for (unsigned byte = 0; numbers >> byte;) segment.at(offset++) = static_cast<std::byte>(byte);
    ++lines;
  }
  ASSERT_GT(lines, 15U);
  std::ofstream(directory / "journal.000001", std::ios::binary)
      .write(reinterpret_cast<const char*>(segment.data()),
             static_cast<std::streamsize>(segment.size()));
  auto opened = JournalDirectory::open(directory.path());
  ASSERT_TRUE(opened->write_format({0x1122334455667788, kSegmentSize}).has_value());
  ASSERT_NE(read_text(directory / "FORMAT").find("format 2.0"), std::string::npos);
  auto lead = lead_of(options_in(directory.path()));
  ASSERT_TRUE(lead.has_value()) << lead.error().text();
  EXPECT_EQ(lead->first_op, Op{1});
  EXPECT_EQ(lead->last_op, Op{2});
  EXPECT_EQ(lead->torn_size, 0U);
}

TEST(JournalStorage, FullOfSegmentsIsFullUntilTrimmed) {
  tests::ScratchDirectory directory;
  JournalOptions options = options_in(directory.path());
  options.segments_max = 4;
  auto storage = open_storage(options);
  ASSERT_TRUE(storage->lead().has_value());
  std::uint64_t op = 0;
  while (wait_until([&] { return storage->can_append() || storage->is_full(); }) &&
         storage->can_append()) {
    append(*storage, ++op, kBatchSizeMax);
    storage->flush();
    ASSERT_LT(op, 10U);
  }
  EXPECT_EQ(op, 4U);  // one of the largest batches in each segment
  EXPECT_TRUE(storage->is_full());
  EXPECT_EQ(storage->failure(), nullptr);
  storage->trim(Op{2});
  ASSERT_TRUE(wait_until([&] { return storage->can_append(); }));
  EXPECT_FALSE(storage->is_full());
  append(*storage, ++op, kBatchSizeMax);
  storage->flush();
  EXPECT_EQ(storage->op_durable(), Op{5});
  EXPECT_GE(storage->stats().segments_recycled, 1U);
  storage.reset();
  EXPECT_EQ(lead_of(options)->last_op, Op{5});
}

// Batches are durable whole or not at all: a reader that is to stop within one stops before it.
TEST(JournalStorage, ABatchIsReadWholeOrNotYet) {
  tests::ScratchDirectory directory;
  auto storage = open_storage(options_in(directory.path()));
  ASSERT_TRUE(storage->lead().has_value());
  append(*storage, 1, 10);
  storage->flush();
  std::fill_n(storage->begin_batch().begin(), 30, std::byte{2});
  storage->append({Op{2}, 3, 30, scheduler::Tick{1}, 1});
  storage->flush();
  auto reader = storage->read(Op{1});
  ASSERT_TRUE(reader.has_value());
  BatchHeader header;
  std::span<const std::byte> payload;
  EXPECT_TRUE(*(*reader)->next(Op{3}, header, payload));
  EXPECT_FALSE(*(*reader)->next(Op{3}, header, payload));
  ASSERT_TRUE(*(*reader)->next(Op{4}, header, payload));
  EXPECT_EQ(header.first_op, Op{2});
  EXPECT_EQ(payload.size(), 30U);
}

class TinyDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=14m") != 0) {
      GTEST_SKIP() << "needs the right to mount; the limit of segments stands in for it elsewhere";
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  tests::ScratchDirectory directory_;
  bool mounted_ = false;
};

TEST_F(TinyDevice, FullDeviceRefusesAndRecoversWhenSpaceReturns) {
  JournalOptions options = options_in(directory_.path());
  write_text(directory_ / "ballast", std::string(3 << 20, 'x'));  // room for two segments of 4 MiB
  std::uint64_t op = 0;
  {
    auto storage = open_storage(options);
    auto lead = storage->lead();
    ASSERT_TRUE(lead.has_value()) << lead.error().text();
    while (wait_until([&] { return storage->can_append() || storage->is_full(); }) &&
           storage->can_append()) {
      append(*storage, ++op, kBatchSizeMax);
      storage->flush();
      ASSERT_LT(op, 10U);
    }
    EXPECT_EQ(op, 2U);
    EXPECT_TRUE(storage->is_full());
    // What was taken is given back, each time the keeper has tried again in vain.
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(directory_ / "segment.tmp"); }));
    std::filesystem::remove(directory_ / "ballast");
    ASSERT_TRUE(wait_until([&] { return storage->can_append(); }));
    append(*storage, ++op, kBatchSizeMax);
    storage->flush();
    EXPECT_EQ(storage->failure(), nullptr);
  }
  EXPECT_EQ(lead_of(options)->last_op, Op{3});
}

TEST_F(TinyDevice, NoRoomForTheFirstSegmentIsSaidAtTheStart) {
  write_text(directory_ / "ballast", std::string(12 << 20, 'x'));
  auto lead = lead_of(options_in(directory_.path()));
  ASSERT_FALSE(lead.has_value());
  EXPECT_EQ(lead.error().code, ErrorCode::kFull);
  std::filesystem::remove(directory_ / "ballast");
  EXPECT_TRUE(lead_of(options_in(directory_.path())).has_value());
}

// Where space cannot be reserved ahead, only the write itself tells that there is none.
TEST(JournalStorage, ASegmentThatCannotBeFilledIsNotUsed) {
  tests::ScratchDirectory directory;
  if (mount("ramfs", directory.path().c_str(), "ramfs", 0, nullptr) != 0) {
    GTEST_SKIP() << "needs the right to mount a file system without reservations";
  }
  {
    const FileSizeLimit limit(kSegmentSize - 100);
    auto lead = lead_of(options_in(directory.path()));
    ASSERT_FALSE(lead.has_value());
    EXPECT_EQ(lead.error().code, ErrorCode::kFull) << lead.error().text();
    EXPECT_FALSE(std::filesystem::exists(directory / "journal.000001"));
    EXPECT_FALSE(std::filesystem::exists(directory / "segment.tmp"));
  }
  EXPECT_TRUE(lead_of(options_in(directory.path())).has_value());
  umount2(directory.path().c_str(), MNT_DETACH);
}

class OrderedJournal : public testing::Test {
 protected:
  void start(std::uint32_t in_flight, std::uint64_t segments_max = 0) {
    JournalOptions options = options_in(directory_.path());
    options.batches_in_flight = in_flight;
    options.segments_max = segments_max;
    auto writer = std::make_unique<OrderedWriter>();
    writer_ = writer.get();
    auto storage = JournalStorage::open(options, std::move(writer));
    ASSERT_TRUE(storage.has_value());
    storage_ = std::move(*storage);
    ASSERT_TRUE(storage_->lead().has_value());
  }
  std::uint64_t durable() {
    storage_->poll();
    return raw(storage_->op_durable());
  }
  tests::ScratchDirectory directory_;
  std::unique_ptr<JournalStorage> storage_;
  OrderedWriter* writer_ = nullptr;
};

TEST_F(OrderedJournal, AcknowledgementFollowsTheContiguousPrefix) {
  start(3);
  for (std::uint64_t op = 1; op <= 3; ++op) {
    ASSERT_TRUE(storage_->can_append());
    append(*storage_, op, 10);
  }
  EXPECT_FALSE(storage_->can_append());
  EXPECT_FALSE(storage_->is_full());
  writer_->complete(2);
  EXPECT_EQ(durable(), 0U);
  writer_->complete(1);
  EXPECT_EQ(durable(), 0U);
  EXPECT_FALSE(storage_->can_append());
  writer_->complete(0);
  EXPECT_EQ(durable(), 3U);
  EXPECT_TRUE(storage_->can_append());
  for (std::uint64_t op = 4; op <= 50; ++op) {
    append(*storage_, op, 10);
    if (op % 3 == 0) {
      writer_->complete(op % 2);
      EXPECT_LT(durable(), op);
      writer_->complete(0);
      writer_->complete(0);
      EXPECT_EQ(durable(), op);
    }
  }
  storage_->flush();
  EXPECT_EQ(durable(), 50U);
}

TEST_F(OrderedJournal, AFailedWriteIsForEver) {
  start(2);
  append(*storage_, 1, 10);
  append(*storage_, 2, 10);
  writer_->complete(1, -EIO);
  writer_->complete(0, -ENOSPC);
  EXPECT_EQ(durable(), 0U);
  ASSERT_NE(storage_->failure(), nullptr);
  EXPECT_EQ(storage_->failure()->number, EIO);  // the first that was told
  EXPECT_NE(storage_->failure()->act.find("journal.000001 at "), std::string::npos);
  EXPECT_FALSE(storage_->can_append());
  storage_->flush();
  EXPECT_EQ(durable(), 0U);
}

TEST_F(OrderedJournal, AShortWriteIsAFailedWrite) {
  start(2);
  append(*storage_, 1, 10);
  writer_->complete(0, 512);
  EXPECT_EQ(durable(), 0U);
  ASSERT_NE(storage_->failure(), nullptr);
  EXPECT_EQ(storage_->failure()->number, EIO);
}

TEST_F(OrderedJournal, WritesUnderWayKeepTheirSegmentOpen) {
  start(2);
  append(*storage_, 1, kBatchSizeMax);
  ASSERT_TRUE(wait_until([&] { return storage_->can_append(); }));
  append(*storage_, 2,
         kBatchSizeMax);  // goes to the next segment while the first is still being written
  EXPECT_NE(writer_->held[0].file, writer_->held[1].file);
  writer_->complete(1);
  EXPECT_EQ(durable(), 0U);
  writer_->complete(0);
  EXPECT_EQ(durable(), 2U);
}

// Segments that were left stayed open, and so locked, until nothing at all was in flight. Under an
// unbroken load that never came, and the keeper could not use them again.
TEST_F(OrderedJournal, SegmentsAreUsedAgainWhileSomethingIsAlwaysInFlight) {
  start(2, 4);
  append(*storage_, 1, kBatchSizeMax);
  for (std::uint64_t op = 2; storage_->stats().segments_recycled < 3; ++op) {
    ASSERT_LT(op, 20U);
    ASSERT_TRUE(wait_until([&] { return storage_->can_append(); }));
    append(*storage_, op, kBatchSizeMax);
    writer_->complete(0);
    ASSERT_EQ(durable(), op - 1);
    storage_->trim(Op{op - 1});
  }
}

}  // namespace
}  // namespace permitd::daemon
