// Goal: secrets are committed to before they are used, opened once their day is over, found again
// after a restart, and seeds are those that docs/AUDIT.md describes. Method: the small city of the
// core's own tests; hashes were computed by Python's hashlib and hmac.
#include "daemon/lottery.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/scratch_directory.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

constexpr std::int64_t kDay = 24 * 60 * kMsPerMinute;

Hash key_of(std::uint8_t byte) {
  Hash key;
  key.fill(byte);
  return key;
}

class LotteryTest : public tests::SmallCity {
 protected:
  TurnLottery turn(Lottery& lottery) {
    const TurnLottery turn = lottery.turn(scheduler_, scheduler_.now());
    EXPECT_EQ(apply(CommandKind::kTurnLottery, turn, engine()).refusal, Refusal::kNone);
    return turn;
  }
  bool is_due(Lottery& lottery, std::int64_t in_ms = 0) {
    return lottery.is_due(scheduler_, Tick{scheduler_.now().ms + in_ms});
  }
  std::uint64_t seed(Lottery& lottery, std::uint64_t op) {
    return lottery.seed_of_batch(scheduler_.lottery(), Op{op});
  }
};

TEST_F(LotteryTest, ItTurnsAtFirstAndThenWithTheWorkingDay) {
  Lottery lottery(key_of(1));
  EXPECT_TRUE(is_due(lottery));
  turn(lottery);
  EXPECT_FALSE(is_due(lottery));
  EXPECT_TRUE(is_due(lottery, 7 * kDay));
}

TEST_F(LotteryTest, WithoutAKeyNothingIsCommittedToAndNoTwoSeedsAreAlike) {
  Lottery lottery({});
  EXPECT_FALSE(is_due(lottery));
  EXPECT_NE(seed(lottery, 5), seed(lottery, 5));
}

TEST_F(LotteryTest, WhatIsOpenedIsWhatWasCommittedTo) {
  Lottery lottery(key_of(1));
  const TurnLottery first = turn(lottery);
  EXPECT_EQ(first.opened, Hash{});
  EXPECT_EQ(first.is_lost, 0);
  EXPECT_EQ(scheduler_.lottery().commitment, first.commitment);
  const TurnLottery second = turn(lottery);
  EXPECT_NE(second.opened, Hash{});
  EXPECT_NE(second.commitment, first.commitment);
  EXPECT_EQ(scheduler_.lottery().opened, second.opened);
  EXPECT_EQ(scheduler_.lottery().opened_commitment, first.commitment);
}

TEST_F(LotteryTest, ARestartWithTheKeyDrawsTheSame) {
  Lottery before(key_of(1));
  turn(before);
  Lottery after(key_of(1));
  EXPECT_FALSE(is_due(after));
  EXPECT_EQ(seed(after, 77), seed(before, 77));
  EXPECT_NE(seed(after, 77), seed(after, 78));
}

TEST_F(LotteryTest, AnotherKeyTellsTheSecretAsLostAtOnce) {
  Lottery before(key_of(1));
  turn(before);
  Lottery after(key_of(2));
  EXPECT_TRUE(is_due(after));
  const TurnLottery lost = turn(after);
  EXPECT_EQ(lost.is_lost, 1);
  EXPECT_EQ(lost.opened, Hash{});
  EXPECT_FALSE(is_due(after));
}

// key = 32 × 01, salt = 16 × 02.
TEST_F(LotteryTest, SeedsAreThoseOfTheDescription) {
  TurnLottery known;
  known.day = scheduler_.working_day(scheduler_.now());
  known.salt.fill(2);
  known.commitment = {0x18, 0xfa, 0xb3, 0xaf, 0xe2, 0x2f, 0xd3, 0x23, 0xc5, 0x06, 0x2f,
                      0xa8, 0xa8, 0x56, 0xb3, 0x7c, 0x48, 0x50, 0x6d, 0x99, 0xcd, 0x35,
                      0xbe, 0x29, 0x53, 0xff, 0x0d, 0x64, 0x20, 0x69, 0x1c, 0xc0};
  ASSERT_EQ(apply(CommandKind::kTurnLottery, known, engine()).refusal, Refusal::kNone);
  Lottery lottery(key_of(1));
  EXPECT_FALSE(is_due(lottery));
  EXPECT_EQ(seed(lottery, 4711), 0x96a703fdbe3fe65bU);
}

TEST_F(LotteryTest, TheCoreRefusesATurnThatOpensNothingOrCommitsToNothing) {
  Lottery lottery(key_of(1));
  const auto refusal = [&](auto change) {
    TurnLottery turn = lottery.turn(scheduler_, scheduler_.now());
    change(turn);
    const Outcome outcome = apply(CommandKind::kTurnLottery, turn, engine());
    return std::pair(outcome.refusal, outcome.field);
  };
  using Told = std::pair<Refusal, Field>;
  const Told out_of_range{Refusal::kOutOfRange, Field::kCommand};
  const Told wrong_state{Refusal::kWrongState, Field::kCommand};
  EXPECT_EQ(refusal([](auto& turn) { turn.opened[0] = 1; }), wrong_state);  // nothing to open yet
  turn(lottery);
  EXPECT_EQ(refusal([](auto& turn) { turn.day += 1; }), Told(Refusal::kOutOfRange, Field::kDay));
  EXPECT_EQ(refusal([](auto& turn) { turn.commitment = {}; }), out_of_range);
  EXPECT_EQ(refusal([](auto& turn) { turn.is_lost = 2; }), out_of_range);
  EXPECT_EQ(refusal([](auto& turn) { turn.opened = {}; }), wrong_state);
  EXPECT_EQ(refusal([](auto& turn) { turn.is_lost = 1; }), wrong_state);  // opened and lost
  const Hash standing = scheduler_.lottery().commitment;
  EXPECT_EQ(refusal([&](auto& turn) { turn.commitment = standing; }), out_of_range);
  EXPECT_EQ(scheduler_.lottery().turns, 1U);
  EXPECT_EQ(
      apply(CommandKind::kTurnLottery, lottery.turn(scheduler_, scheduler_.now()), supervisor())
          .refusal,
      Refusal::kNotAllowed);
}

TEST(LotteryKeyTest, TheFirstStartMakesItAndTheNextOneFindsIt) {
  const tests::ScratchDirectory directory;
  const std::string file = directory / "lottery.key";
  const auto made = open_lottery_key(file);
  ASSERT_TRUE(made) << made.error().text();
  struct stat state {};
  ASSERT_EQ(stat(file.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600U);
  EXPECT_EQ(open_lottery_key(file).value(), *made);
  EXPECT_NE(open_lottery_key(file + ".other").value(), *made);
}

TEST(LotteryKeyTest, WhatIsNoKeyIsRefused) {
  const tests::ScratchDirectory directory;
  const std::string file = directory / "lottery.key";
  for (const std::string& text : std::vector<std::string>{"", "00\n", std::string(64, '0')}) {
    std::ofstream(file) << text;
    chmod(file.c_str(), 0600);
    EXPECT_FALSE(open_lottery_key(file)) << text;
  }
  std::ofstream(file) << std::string(63, '0') + "x\n";
  EXPECT_FALSE(open_lottery_key(file));
  EXPECT_FALSE(open_lottery_key(directory / "missing/lottery.key"));
}

}  // namespace
}  // namespace permitd::daemon
