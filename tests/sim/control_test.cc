// Goal: each check of the simulation notices what it is there for. Method: runs in which the
// process, the disk or the comparison is broken on purpose; each must fail, and with the complaint
// that belongs to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/simulation_search.h"

namespace permitd::tests {
namespace {

using testing::HasSubstr;

constexpr FaultMask kCuts = bit_of(Fault::kPowerCut) | bit_of(Fault::kSlowDisk);

/// The complaint of the first of a few seeds that has one.
std::string first_complaint(SimulationOptions options) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    options.seed = seed;
    const SimulationReport report = simulate(options);
    if (!report.failure.empty()) return report.failure;
  }
  return {};
}

TEST(Control, ADiskThatLiesAboutItsSyncIsNoticedAtOnce) {
  SimulationOptions options;
  options.sabotage = Sabotage::kLyingDisk;
  EXPECT_THAT(first_complaint(options), HasSubstr("counts as durable, the disk has op"));
}

TEST(Control, ADiskThatLiesAboutItsSyncIsNoticedByWhatIsMissingAfterACut) {
  SimulationOptions options;
  options.sabotage = Sabotage::kLyingDisk;
  options.compares_disk = false;
  options.faults = kCuts;
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("was acknowledged, the journal ends at"),
                             HasSubstr("a start was refused without a cause")));
}

TEST(Control, AnAnswerBeforeItsWriteIsNoticedAtOnce) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  EXPECT_THAT(first_complaint(options), HasSubstr("counts as durable, the disk has op"));
}

TEST(Control, AnAnswerBeforeItsWriteIsNoticedByWhatIsMissingAfterACut) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  options.compares_disk = false;
  options.faults = kCuts;
  EXPECT_THAT(first_complaint(options), HasSubstr("was acknowledged, the journal ends at"));
}

TEST(Control, AStateThatIsNotThatOfTheJournalIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherKey;
  EXPECT_THAT(first_complaint(options), HasSubstr("went to somebody else"));
}

TEST(Control, AReplayOfOtherBatchesIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherReplay;
  EXPECT_THAT(first_complaint(options), HasSubstr("is another one"));
}

TEST(Control, ASnapshotOfAnotherStateIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherSnapshot;
  options.faults = bit_of(Fault::kKill) | bit_of(Fault::kOrderlyStop);
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("is another one"), HasSubstr("does not verify")));
}

TEST(Control, ADecisionByAnotherSeedThanTheWrittenOneIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherSeed;
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("was answered otherwise"), HasSubstr("is another one")));
}

TEST(Control, EventsThatNobodyIsToldAreNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kNoEvents;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("was never told"));
}

TEST(Control, ARunThatFailsIsCutDownAndItsLineRepeatsIt) {
  SimulationOptions options;
  options.seed = 3;
  options.sabotage = Sabotage::kEarlyAnswers;
  SimulationReport report = simulate(options);
  ASSERT_NE(report.failure, "");
  const SimulationOptions fewer = shrink(options, report);
  EXPECT_LT(fewer.steps, steps_of_seed(options.seed));
  EXPECT_EQ(simulate(fewer).failure, report.failure);
  const std::string line = line_of(fewer);
  SearchOptions again = asked_for({line.substr(0, line.find(' ')), "--seed=3"});
  EXPECT_EQ(again.first, 3U);
  EXPECT_EQ(again.count, 1U);
}

}  // namespace
}  // namespace permitd::tests
