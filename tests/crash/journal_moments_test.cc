// Goal: what happens at rare moments of a journal's life ends rightly or with a clear error: a call
// that fails while there is no room behind the end, trimming and loss while a backup is made.
// Method: the simulated disk, whose calls tell the test when the moment has come.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/backup.h"
#include "tests/sim/journal_process.h"
#include "tests/sim/simulated_calls.h"

namespace permitd::tests {
namespace {

using scheduler::Op;

constexpr char kBackup[] = "/simulated/backup";
// The first three of the big ones fill more than a segment.
constexpr std::string_view kBatches = "sBBBsBsB";

// ---- a start where nothing fits behind the end ----

/// Fills the first segment but for a block or all of it, and ends.
void fill_first_segment(std::size_t blocks, bool prepares_next) {
  auto storage = daemon::JournalStorage::open(options_of_simulated(),
                                              std::make_unique<daemon::SyscallWriter>());
  ASSERT_TRUE((*storage)->lead().has_value());
  const auto size =
      static_cast<std::uint32_t>(blocks * protocol::kBlockSize - sizeof(protocol::FrameHeader));
  for (std::uint64_t op = 1; op <= 2; ++op) {
    std::fill_n((*storage)->begin_batch().begin(), size, std::byte{1});
    (*storage)->append({Op{op}, 1, size, scheduler::Tick{1}, op});
    (*storage)->flush();
  }
  if (prepares_next) (*storage)->keep_house();
}

TEST(JournalEnd, AStartAtTheEndOfASegmentFailsClearlyOrNotAtAll) {
  // Two marks of leads and two such batches leave two blocks of 1024, or none.
  for (const auto& [blocks, prepares_next] :
       {std::pair(std::size_t{510}, false), std::pair(std::size_t{510}, true),
        std::pair(std::size_t{511}, false), std::pair(std::size_t{511}, true)}) {
    std::uint64_t refused = 0;
    bool failed = true;
    for (std::uint64_t call = 1; failed; ++call) {
      FaultCounts counts;
      SimulatedDisk disk(counts);
      const MountedDisk mount(disk, 1);
      fill_first_segment(blocks, prepares_next);
      FailingCalls calls({call, EIO, Lasting::kOnce});
      disk.failing = &calls;
      {
        auto storage = daemon::JournalStorage::open(options_of_simulated(),
                                                    std::make_unique<daemon::SyscallWriter>());
        auto lead = storage ? (*storage)->lead() : std::unexpected(storage.error());
        if (lead) {
          EXPECT_EQ(lead->last_op, Op{2}) << call;
        } else {
          EXPECT_TRUE(names_file(lead.error())) << lead.error().text();
          refused += 1;
        }
      }
      failed = calls.failed_count() != 0;
      disk.failing = nullptr;
      disk.kill();
      disk.calm_down();
      disk.restart();
      auto again = daemon::JournalStorage::open(options_of_simulated(),
                                                std::make_unique<daemon::SyscallWriter>());
      auto lead = (*again)->lead();
      ASSERT_TRUE(lead.has_value()) << call << ": " << lead.error().text();
      EXPECT_EQ(lead->last_op, Op{2}) << call;
    }
    EXPECT_GT(refused, 10U);
  }
}

// ---- backups while something else happens ----

/// A process with so many batches, and what the disk's calls were.
class Running {
 public:
  explicit Running(int batches) {
    disk_.failing = &calls_;
    EXPECT_TRUE(process_.start());
    for (; batches != 0; --batches) EXPECT_TRUE(process_.append());
  }
  ~Running() {
    disk_.failing = nullptr;
    disk_.between_calls = nullptr;
  }

  /// `happens` is called with the path before a file is opened.
  void before_open(std::function<void(const std::string&)> happens) {
    disk_.between_calls = [this, happens = std::move(happens)] {
      const CallNote& now = calls_.notes().back();
      if (std::string_view(now.name) == "open") happens(std::string(now.file));
    };
  }
  int back_up(std::string& errors) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = daemon::make_backup({kSimulatedPath, kBackup, process_.durable()});
    (void)testing::internal::GetCapturedStdout();
    errors = testing::internal::GetCapturedStderr();
    return status;
  }
  SimulatedDisk& disk() { return disk_; }
  JournalProcess& process() { return process_; }

 private:
  const JournalRecord record_{kBatches};
  FaultCounts counts_;
  SimulatedDisk disk_{counts_};
  MountedDisk mount_{disk_, 1};
  FailingCalls calls_;
  JournalProcess process_{record_, std::make_unique<daemon::SyscallWriter>()};
};

std::string segment_path(std::uint64_t number) {
  return std::string(kSimulatedPath) + "/" + daemon::JournalDirectory::segment_name(number);
}

TEST(JournalOvertaken, ABackupThatIsOvertakenByTrimmingBeginsAgain) {
  Running running(5);
  ASSERT_TRUE(running.process().make_snapshot());
  ASSERT_TRUE(running.process().append());
  int opened = 0;
  running.before_open([&](const std::string& path) {
    if (path == segment_path(1) && opened++ == 0) running.process().make_snapshot();
  });
  std::string errors;
  EXPECT_EQ(running.back_up(errors), 0) << errors;
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(running.disk().find("journal.000001"), nullptr);
  EXPECT_EQ(running.disk().find("backup/journal.000001"), nullptr);
  EXPECT_NE(running.disk().find("backup/journal.000002"), nullptr);
}

TEST(JournalOvertaken, ABackupThatIsOvertakenEachTimeGivesUp) {
  Running running(1);
  const daemon::JournalDirectory directory = *daemon::JournalDirectory::open(kSimulatedPath);
  for (std::uint64_t number = 2; number <= 9; ++number) {
    (void)directory.open_file(daemon::JournalDirectory::segment_name(number), O_WRONLY | O_CREAT,
                              false);
  }
  std::uint64_t first = 1;
  running.before_open([&](const std::string& path) {
    if (path != segment_path(first)) return;
    EXPECT_TRUE(directory.remove_file(daemon::JournalDirectory::segment_name(first++)));
  });
  std::string errors;
  EXPECT_EQ(running.back_up(errors), 5);
  EXPECT_EQ(first, 6U);  // five times
  EXPECT_NE(errors.find(segment_path(5)), std::string::npos) << errors;
  EXPECT_EQ(running.disk().find("backup/FORMAT"), nullptr);
}

TEST(JournalOvertaken, ACopyWhoseEndTheDeviceLosesIsNoBackup) {
  Running running(2);
  const auto lose_the_last_frame = [&] {
    const auto file = running.disk().find("backup/journal.000001");
    ASSERT_NE(file, nullptr);
    std::vector<std::byte> block(protocol::kBlockSize);
    std::uint64_t magic = 0;
    std::uint64_t offset = file->size();
    while (magic != protocol::kFrameMagic) {
      ASSERT_GT(offset, 0U);
      offset -= block.size();
      file->read(offset, block);
      std::memcpy(&magic, block.data(), sizeof magic);
    }
    file->write(offset, std::vector<std::byte>(block.size()), true);
  };
  running.before_open([&](const std::string& path) {
    if (path == std::string(kBackup) + "/FORMAT") lose_the_last_frame();
  });
  std::string errors;
  EXPECT_EQ(running.back_up(errors), 5);
  EXPECT_NE(errors.find("was written"), std::string::npos) << errors;
  EXPECT_EQ(running.disk().find("backup/FORMAT"), nullptr);
}

}  // namespace
}  // namespace permitd::tests
