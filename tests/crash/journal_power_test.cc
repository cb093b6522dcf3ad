// Goal: the power may go inside any call that changes the disk, also while a snapshot is written, a
// segment left for the next, trimmed and used again: what was acknowledged is there at the next
// start. Method: the life of a data directory on the simulated disk, once whole and once for each
// of its changing calls; PERMITD_EVERY_CALL=1 lets chance decide four times what survives a cut.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "tests/sim/journal_process.h"
#include "tests/sim/simulated_calls.h"

namespace permitd::tests {
namespace {

using scheduler::Op;

// The first three of the big ones fill more than a segment.
constexpr std::string_view kBatches = "sBBBsBsBsssssss";
// What a process does with them: a batch, a snapshot.
constexpr std::string_view kFirst = "bbbb*bbb*bbb";
constexpr std::string_view kSecond = "bb";

class Life {
 public:
  Life(const JournalRecord& record, std::uint64_t cut, std::uint64_t luck)
      : record_(record), mount_(disk_, 1) {
    disk_.chance = Chance(1000 * luck + cut);
    disk_.cut_after_calls = cut;
  }

  /// Two processes with an orderly end each, or as far as the power lasts.
  void live() {
    if (!work(kFirst)) return;
    disk_.kill();
    const std::uint64_t cut = disk_.cut_after_calls;
    disk_.restart();
    disk_.cut_after_calls = cut;
    (void)work(kSecond);
  }

  /// A start afterwards finds everything that was acknowledged, in its state, and goes on.
  void check_start() {
    disk_.kill();
    disk_.calm_down();
    disk_.restart();
    JournalProcess process(record_, std::make_unique<daemon::SyscallWriter>());
    ASSERT_TRUE(process.start()) << process.error()->text();
    const Op last = process.lead().last_op;
    EXPECT_GE(last, acknowledged_);
    ASSERT_TRUE(record_.ends_a_batch(last)) << raw(last);
    EXPECT_EQ(daemon::digest_of_state(process.state()), record_.digest_at(last)) << raw(last);
    EXPECT_TRUE(process.append());
  }

  std::uint64_t changing_calls() const { return disk_.changing_calls(); }
  std::uint64_t cuts() const { return counts_.of(Fault::kCutInCall); }
  std::uint64_t snapshots() const { return snapshots_; }
  std::uint64_t recycled() const { return recycled_; }
  std::uint64_t segments_begun() const { return disk_.frames().rbegin()->second.header.segment; }

 private:
  /// False where the power has gone.
  bool work(std::string_view what) {
    JournalProcess process(record_, std::make_unique<daemon::SyscallWriter>());
    if (!process.start()) return false;
    for (const char each : what) {
      if (each == '*') {
        snapshots_ += process.make_snapshot() ? 1 : 0;
      } else if (process.append()) {
        acknowledged_ = process.durable();
      }
      if (disk_.is_dead()) return false;
    }
    recycled_ += process.recycled_count();
    return true;
  }

  const JournalRecord& record_;
  FaultCounts counts_;
  SimulatedDisk disk_{counts_};
  MountedDisk mount_;
  Op acknowledged_{};
  std::uint64_t snapshots_ = 0;
  std::uint64_t recycled_ = 0;
};

TEST(JournalPower, ACutInsideAnyCallLosesNothingAcknowledged) {
  const JournalRecord record(kBatches);
  std::uint64_t calls = 0;
  {
    Life whole(record, 0, 0);
    whole.live();
    calls = whole.changing_calls();
    // Or the cuts would say nothing of these.
    ASSERT_EQ(whole.snapshots(), 2U);
    ASSERT_GT(whole.segments_begun(), 1U);
    ASSERT_GT(whole.recycled(), 0U);
    ASSERT_NO_FATAL_FAILURE(whole.check_start());
  }
  const std::uint64_t rounds = environment_number("PERMITD_EVERY_CALL", 0) != 0 ? 4 : 1;
  for (std::uint64_t luck = 0; luck < rounds; ++luck) {
    for (std::uint64_t call = 1; call <= calls; ++call) {
      Life life(record, call, luck);
      life.live();
      ASSERT_EQ(life.cuts(), 1U) << call;
      ASSERT_NO_FATAL_FAILURE(life.check_start()) << "call " << call << ", luck " << luck;
    }
  }
  fmt::print("{} power cuts of a journal, one in each call\n", rounds * calls);
}

}  // namespace
}  // namespace permitd::tests
