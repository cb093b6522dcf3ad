// Goal: the core says where all its tables lie whenever it has taken them, each of their pages is
// in memory once it was waited for, and nothing is touched where there is too little memory.
// Method: the kernel is asked which pages are there (mincore).
#include "daemon/touched_tables.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "daemon/process_memory.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/state_bytes.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

Outcome set_limits(Scheduler& scheduler, const Limits& limits) {
  Command command;
  command.kind = CommandKind::kSetLimits;
  command.actor = {ActorKind::kEngine, 0};
  command.op = Op{raw(scheduler.op_applied()) + 1};
  command.now = Tick{1};
  command.body.set_limits.limits = limits;
  return scheduler.apply(command);
}

using Table = std::span<const std::byte>;

/// Remembers what was told, and passes it on to a TableMemory behind it where there is one.
class Told final : public TableMemory {
 public:
  explicit Told(TableMemory* behind = nullptr) : behind_(behind) {}
  void taken(std::span<const Table> taken) noexcept override {
    tables.assign(taken.begin(), taken.end());
    times += 1;
    if (behind_ != nullptr) behind_->taken(taken);
  }
  std::uint64_t size() const {
    std::uint64_t size = 0;
    for (const Table table : tables) size += table.size();
    return size;
  }

  std::vector<Table> tables;
  int times = 0;

 private:
  TableMemory* behind_;
};

struct Pages {
  std::size_t count = 0;
  std::size_t present = 0;
};

Pages pages_of(const std::vector<Table>& tables) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  Pages pages;
  for (const Table table : tables) {
    const auto begin = reinterpret_cast<std::uintptr_t>(table.data()) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(table.data() + table.size());
    std::vector<unsigned char> present((end - begin + page - 1) / page);
    EXPECT_EQ(mincore(reinterpret_cast<void*>(begin), end - begin, present.data()), 0);
    pages.count += present.size();
    for (const unsigned char bits : present) pages.present += bits & 1;
  }
  return pages;
}

TEST(TableMemory, EveryTableIsToldWheneverMemoryIsTaken) {
  Told told;
  Scheduler scheduler(&told);
  Limits limits;
  ASSERT_EQ(set_limits(scheduler, limits).refusal, Refusal::kNone);
  EXPECT_EQ(told.times, 1);
  const std::uint64_t beside = scheduler.stats().memory_bytes - told.size();  // no table
  EXPECT_LT(beside, 64U << 10);

  limits.jobs_max *= 2;
  limits.keys_max *= 2;
  ASSERT_EQ(set_limits(scheduler, limits).refusal, Refusal::kNone);
  EXPECT_EQ(told.times, 2);
  EXPECT_EQ(scheduler.stats().memory_bytes - told.size(), beside);

  Told told_again;
  Scheduler again(&told_again);
  ASSERT_TRUE(tests::read_bytes(again, tests::state_bytes(scheduler)));
  EXPECT_EQ(told_again.times, 1);
  EXPECT_EQ(told_again.size(), told.size());
}

TEST(TouchedTables, EveryPageIsThereOnceItWasWaitedFor) {
  TouchedTables touched(kPlenty);
  Told told(&touched);
  Scheduler scheduler(&told);
  ASSERT_EQ(set_limits(scheduler, Limits{}).refusal, Refusal::kNone);
  touched.wait();
  const Pages pages = pages_of(told.tables);
  EXPECT_GT(pages.count, 20'000U);
  EXPECT_EQ(pages.present, pages.count);
}

TEST(TouchedTables, TheStateIsWhatItIsWithoutThem) {
  TouchedTables touched(kPlenty);
  Scheduler ahead(&touched);
  Scheduler plain;
  ASSERT_EQ(set_limits(ahead, Limits{}).refusal, Refusal::kNone);
  ASSERT_EQ(set_limits(plain, Limits{}).refusal, Refusal::kNone);
  touched.wait();
  EXPECT_EQ(tests::state_bytes(ahead), tests::state_bytes(plain));
}

// The pages are asked for while the tables move: no page of the new ones may be missed.
TEST(TouchedTables, TablesThatMoveMeanwhileAreThereInTheirNewPlace) {
  TouchedTables touched(kPlenty);
  Told told(&touched);
  Scheduler scheduler(&told);
  Limits limits;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(set_limits(scheduler, limits).refusal, Refusal::kNone);
    limits.decisions_max += limits.decisions_max / 2;
    limits.cases_max += 1000;
  }
  touched.wait();
  const Pages pages = pages_of(told.tables);
  EXPECT_EQ(pages.present, pages.count);
}

TEST(TouchedTables, TablesThatDoNotFitStayAsTheyAre) {
  TouchedTables touched(64U << 20);
  Told told(&touched);
  Scheduler scheduler(&told);
  testing::internal::CaptureStderr();
  ASSERT_EQ(set_limits(scheduler, Limits{}).refusal, Refusal::kNone);
  touched.wait();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("and 64 MiB are free"), std::string::npos) << said;
  EXPECT_NE(said.find("MemoryMax"), std::string::npos) << said;
  const Pages pages = pages_of(told.tables);
  EXPECT_LT(pages.present, pages.count);
}

class MemoryLeft : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::string whole = root_.path() + path;
    std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
    std::ofstream(whole) << text;
  }
  std::uint64_t left() const { return memory_left(root_.path()); }

  tests::ScratchDirectory root_;
};

TEST_F(MemoryLeft, IsWhatTheMachineHasAvailable) {
  write("/proc/meminfo", "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:   4000 kB\n");
  EXPECT_EQ(left(), 4000U * 1024);
}

TEST_F(MemoryLeft, IsLessWhereAGroupAboveHasALimit) {
  write("/proc/meminfo", "MemAvailable: 4000 kB\n");
  write("/proc/self/cgroup", "0::/system.slice/permitd.service\n");
  const std::string groups = "/sys/fs/cgroup";
  write(groups + "/system.slice/permitd.service/memory.max", "max\n");
  write(groups + "/system.slice/permitd.service/memory.current", "1000000\n");
  EXPECT_EQ(left(), 4000U * 1024);
  write(groups + "/system.slice/memory.max", "3000000\n");
  write(groups + "/system.slice/memory.current", "2500000\n");
  EXPECT_EQ(left(), 500'000U);
  write(groups + "/system.slice/permitd.service/memory.max", "1200000\n");
  EXPECT_EQ(left(), 200'000U);
  write(groups + "/memory.max", "1000\n");
  write(groups + "/memory.current", "2000\n");
  EXPECT_EQ(left(), 0U);
}

TEST_F(MemoryLeft, IsAllOfTheMachineWhereNothingTellsMore) { EXPECT_GT(left(), 64U << 20); }

}  // namespace
}  // namespace permitd::daemon
