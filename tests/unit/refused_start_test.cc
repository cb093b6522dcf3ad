// Goal: a start that is refused leaves every file as it was, byte for byte, but for the process
// number in LOCK; once the cause is mended the state is there. Method: a recovery over real
// directories that are spoilt in one place each.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "daemon/journal_storage.h"
#include "daemon/snapshotter.h"
#include "protocol/journal_format.h"
#include "tests/support/journal_in_files.h"
#include "tests/support/led_recovery.h"
#include "tests/support/recorded_city.h"
#include "tests/support/scratch_directory.h"

namespace permitd::tests {
namespace {

using daemon::ErrorCode;
using protocol::kBlockSize;
using scheduler::Op;
using scheduler::raw;

using Files = std::map<std::string, std::string>;  // content by name

Files files_of(const std::string& directory) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name == "LOCK") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[name].assign(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

class RefusedStart : public testing::Test {
 protected:
  /// A city's journal with a snapshot in it; more work is behind it.
  RefusedStart() {
    options_.keeper_thread = false;
    auto storage = open_storage(options_);
    EXPECT_TRUE(storage->lead().has_value());
    op_ = record_city(*storage, 120, 12, false).rbegin()->first;
    daemon::Waker waker;
    daemon::Snapshotter snapshotter(*storage);
    snapshotter.attach(waker);
    snapshotter.request(Op{op_});
    (void)snapshotter.work();
    EXPECT_TRUE(snapshotter.collect().ok);
    for (const auto& [name, content] : files_of(directory_.path())) {
      if (name.starts_with("snapshot.")) snapshot_ = name;
    }
    EXPECT_NE(snapshot_, "");
  }

  void flip(const std::string& name, std::uint64_t offset) {
    std::fstream file(directory_ / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    ASSERT_NE(byte, EOF);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 4));
  }
  std::uint64_t size_of(const std::string& name) const {
    return std::filesystem::file_size(directory_ / name);
  }

  daemon::Expected<daemon::RecoveryReport> start(scheduler::Scheduler& scheduler) {
    auto storage = open_storage(options_);
    return tests::recover(*storage, scheduler);
  }
  void expect_refused(ErrorCode code, const std::string& words) {
    const Files before = files_of(directory_.path());
    scheduler::Scheduler scheduler;
    const auto report = start(scheduler);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, code) << report.error().text();
    EXPECT_NE(report.error().text().find(words), std::string::npos) << report.error().text();
    EXPECT_TRUE(files_of(directory_.path()) == before) << "a refused start has changed something";
  }
  void expect_right() {
    const Files before = files_of(directory_.path());
    scheduler::Scheduler scheduler;
    const auto report = start(scheduler);
    ASSERT_TRUE(report.has_value()) << report.error().text();
    EXPECT_EQ(raw(scheduler.op_applied()), op_);
    EXPECT_FALSE(files_of(directory_.path()) == before) << "the comparison sees no lead";
  }

  ScratchDirectory directory_;
  daemon::JournalOptions options_ = options_in(directory_.path());
  std::uint64_t op_ = 0;
  std::string snapshot_;
};

TEST_F(RefusedStart, ForARottenSnapshot) {
  const std::uint64_t middle = size_of(snapshot_) / 2;
  flip(snapshot_, middle);
  // What an earlier process has left unfinished is removed by one that leads.
  std::ofstream(directory_ / "snapshot.tmp") << "half";
  expect_refused(ErrorCode::kDamaged, snapshot_);
  flip(snapshot_, middle);
  expect_right();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "snapshot.tmp"));
}

TEST_F(RefusedStart, ForADamagedHeaderOfABatch) {
  // Behind the marks of the creation and of the first lead.
  const std::uint64_t offset = 2 * kBlockSize + offsetof(protocol::FrameHeader, op_count);
  flip("journal.000001", offset);
  expect_refused(ErrorCode::kDamaged, "journal.000001 at");
  flip("journal.000001", offset);
  expect_right();
}

TEST_F(RefusedStart, ForAnUnknownVersion) {
  const std::string format = files_of(directory_.path()).at("FORMAT");
  std::ofstream(directory_ / "FORMAT", std::ios::trunc) << "permitd journal\nformat 99.0\n";
  expect_refused(ErrorCode::kVersion, "format 99.0");
  std::ofstream(directory_ / "FORMAT", std::ios::trunc) << format;
  expect_right();
}

TEST_F(RefusedStart, ForACommandOfANewerProgram) {
  {
    auto storage = open_storage(options_);
    ASSERT_TRUE(storage->lead().has_value());
    const std::span<std::byte> payload = storage->begin_batch();
    std::fill_n(payload.begin(), 32, std::byte{0xEE});
    storage->append({Op{op_ + 1}, 1, 32, scheduler::Tick{INT64_MAX}, 1});
    storage->flush();
  }
  expect_refused(ErrorCode::kVersion, "op " + std::to_string(op_ + 1));
}

TEST_F(RefusedStart, InANewDirectoryWhoseOnlySnapshotIsRotten) {
  const std::uint64_t middle = size_of(snapshot_) / 2;
  flip(snapshot_, middle);
  for (const auto& [name, content] : files_of(directory_.path())) {
    if (name != snapshot_) std::filesystem::remove(directory_ / name);
  }
  expect_refused(ErrorCode::kDamaged, snapshot_);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "FORMAT"));
  flip(snapshot_, middle);
  expect_right();
  EXPECT_TRUE(std::filesystem::exists(directory_ / "FORMAT"));
}

}  // namespace
}  // namespace permitd::tests
