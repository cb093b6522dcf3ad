// Goal: names, errors and FORMAT are read as they are meant, and what is not meant is refused.
// Method: tables of texts in real directories; only one thing is wrong in each.
#include "daemon/journal_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>
#include <utility>

#include "protocol/journal_format.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

class JournalDirectoryTest : public testing::Test {
 protected:
  JournalDirectoryTest() : directory_(std::move(*JournalDirectory::open(scratch_.path()))) {}
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(scratch_ / name, std::ios::trunc) << text;
  }

  tests::ScratchDirectory scratch_;
  JournalDirectory directory_;
};

TEST_F(JournalDirectoryTest, NumbersAreThoseOfWholeNamesAscending) {
  for (const char* const name :
       {"journal.000010", "journal.000002", "journal.18446744073709551615", "journal.",
        "journal.x1", "journal.1x", "journal.-1", "journal.18446744073709551616", "spare.000004"})
    write(name, "");
  EXPECT_EQ(*directory_.numbers("journal."), (std::vector<std::uint64_t>{2, 10, UINT64_MAX}));
  EXPECT_EQ(*directory_.numbers("spare."), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(directory_.names()->size(), 9U);
}

TEST_F(JournalDirectoryTest, FormatIsReadOnlyAsItIsWritten) {
  constexpr std::uint64_t kSize = std::uint64_t{4} << 20;
  const auto checked = [](const std::string& text) {
    return text +
           fmt::format("checksum {:016x}\n", protocol::checksum_of(std::as_bytes(std::span(text))));
  };
  const auto format = [](std::uint64_t size) {
    return fmt::format("permitd journal\nformat {}.0\nid 0000000000000007\nsegment-size {}\n",
                       protocol::kJournalVersionMajor, size);
  };
  JournalFormat found;
  EXPECT_FALSE(*directory_.read_format(found));
  write("FORMAT", checked(format(kSize)));
  ASSERT_TRUE(*directory_.read_format(found));
  EXPECT_EQ(found.journal_id, 7U);
  EXPECT_EQ(found.segment_size, kSize);
  const std::string head = format(kSize);
  for (const std::string& text :
       {std::string(), std::string("something else\n"), checked("permitd journal\n"),
        checked(head.substr(0, head.find("id "))), checked(head.substr(0, head.find("segment"))),
        head, head + "checksum \n", head + "checksum 0000000000000001\n",
        checked(format(protocol::kFrameSizeMax - protocol::kBlockSize)),
        checked(format(kSize + 1))}) {
    write("FORMAT", text);
    auto known = directory_.read_format(found);
    ASSERT_FALSE(known.has_value()) << text;
    EXPECT_EQ(known.error().code, ErrorCode::kDamaged) << text;
    EXPECT_NE(known.error().act.find("FORMAT"), std::string::npos) << text;
  }
  for (const std::uint32_t major :
       {protocol::kJournalVersionMajor - 1U, protocol::kJournalVersionMajor + 1U}) {
    write("FORMAT", fmt::format("permitd journal\nformat {}.0\n", major));
    EXPECT_EQ(directory_.read_format(found).error().code, ErrorCode::kVersion);
  }
}

TEST_F(JournalDirectoryTest, WhoHasTheLockIsNamedAsFarAsItSays) {
  EXPECT_FALSE(*directory_.is_led());
  write("LOCK", "");
  EXPECT_FALSE(*directory_.is_led());
  const int other = open((scratch_ / "LOCK").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_TRUE(*directory_.is_led());
  for (const auto& [said, named] :
       {std::pair("", "process unknown"), std::pair("\n", "process unknown"),
        std::pair("17\n", "process 17 leads"), std::pair("17", "process 17 leads")}) {
    write("LOCK", said);
    auto locked = directory_.lock();
    ASSERT_FALSE(locked.has_value());
    EXPECT_EQ(locked.error().code, ErrorCode::kFenced);
    EXPECT_NE(locked.error().act.find(named), std::string::npos) << locked.error().text();
  }
  close(other);
  EXPECT_TRUE(directory_.lock().has_value());
}

TEST_F(JournalDirectoryTest, WhoOnlyLooksKeepsNobodyFromTheLead) {
  constexpr int kStarts = 50;
  write("LOCK", "17\n");
  std::atomic<bool> is_over{false};
  std::thread looking([&] {
    while (!is_over) EXPECT_TRUE(directory_.is_led().has_value());
  });
  for (int start = 0; start < kStarts; ++start) {
    auto other = JournalDirectory::open(scratch_.path());
    auto locked = other->lock();
    EXPECT_TRUE(locked.has_value()) << locked.error().text();
  }
  is_over = true;
  looking.join();
}

TEST_F(JournalDirectoryTest, WhoLooksAndDoesNotLetGoIsNoLeader) {
  write("LOCK", "17\n");
  const int looking = open((scratch_ / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(flock(looking, LOCK_SH), 0);
  EXPECT_FALSE(*directory_.is_led());
  auto locked = directory_.lock();
  ASSERT_FALSE(locked.has_value());
  EXPECT_EQ(locked.error().code, ErrorCode::kFenced);
  EXPECT_EQ(locked.error().act.find("17"), std::string::npos) << locked.error().text();
  EXPECT_NE(locked.error().act.find("nobody leads"), std::string::npos) << locked.error().text();
  close(looking);
  EXPECT_TRUE(directory_.lock().has_value());
}

TEST_F(JournalDirectoryTest, ADirectoryInTheWayIsNamed) {
  std::filesystem::create_directory(scratch_ / "LOCK");
  EXPECT_EQ(directory_.lock().error().number, EISDIR);
  std::filesystem::create_directory(scratch_ / "FORMAT");
  JournalFormat format;
  auto known = directory_.read_format(format);
  ASSERT_FALSE(known.has_value());
  EXPECT_EQ(known.error().number, EISDIR);
  EXPECT_NE(known.error().act.find("FORMAT"), std::string::npos);
  write("file", "");
  EXPECT_EQ(JournalDirectory::open(scratch_ / "file").error().number, ENOTDIR);
  EXPECT_EQ(JournalDirectory::open(scratch_ / "missing/below").error().number, ENOENT);
}

TEST(JournalFiles, WhatHasNoRoomIsFullAndSaysWhatToDo) {
  for (const auto& [number, code] :
       {std::pair(ENOSPC, ErrorCode::kFull), std::pair(EDQUOT, ErrorCode::kFull),
        std::pair(EIO, ErrorCode::kSystem)}) {
    for (const char* const remedy : {"", "Do this."}) {
      errno = number;
      const Error error = system_error("write x", remedy);
      EXPECT_EQ(error.code, code);
      EXPECT_EQ(error.number, number);
      const bool says_own = *remedy == '\0' && code == ErrorCode::kFull;
      EXPECT_EQ(error.remedy, says_own ? "Make room on the device." : remedy);
    }
  }
}

// So a start without room for its buffers ends with the sentence for that, not with an assertion.
TEST(JournalFiles, ABufferThatDoesNotFitIntoMemoryIsAnAllocationThatFails) {
  EXPECT_THROW(AlignedBuffer(std::size_t{1} << 62), std::bad_alloc);
}

TEST(JournalFiles, WhatIsMovedHasOneOwner) {
  AlignedBuffer first(10);
  EXPECT_EQ(first.size(), protocol::kBlockSize);
  std::byte* const data = first.data();
  const AlignedBuffer second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(second.size(), protocol::kBlockSize);

  const int number = open("/dev/null", O_RDONLY | O_CLOEXEC);
  File file(number);
  File& same = file;
  file = std::move(same);
  EXPECT_EQ(file.number(), number);
  EXPECT_EQ(fcntl(number, F_GETFD), FD_CLOEXEC);
  file = File();
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace permitd::daemon
