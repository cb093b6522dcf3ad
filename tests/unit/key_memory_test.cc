// Goal: a key gives its first answer again and refuses another body; memory is bounded and honest
// about what it forgot. Method: edges by hand, every outcome field at its greatest, then a list as
// the model.
#include "scheduler/key_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

constexpr std::int64_t kRetention = 1000;

Command command_of(std::uint64_t key, std::int64_t now, std::uint32_t office = 101) {
  Command command;
  command.kind = CommandKind::kRegisterCase;
  command.key = {key, key * 7};
  command.actor = {ActorKind::kOffice, office};
  command.now = Tick{now};
  command.body.register_case.id = CaseId{key};
  return command;
}

Outcome outcome_of(std::uint64_t op) {
  Outcome outcome;
  outcome.op = Op{op};
  outcome.case_id = CaseId{op * 3};
  return outcome;
}

class KeyMemoryTest : public testing::Test {
 protected:
  KeyMemoryTest() { keys_.reserve(4, 0x1234); }

  KeyMatch find(const Command& command, Outcome& out) {
    return keys_.find(command.actor, command.key, body_digest(command), out);
  }
  KeyMatch find(const Command& command) {
    Outcome out;
    return find(command, out);
  }
  void remember(const Command& command, std::uint64_t op) {
    keys_.remember(command, body_digest(command), outcome_of(op), kRetention);
  }

  KeyMemory keys_;
};

TEST_F(KeyMemoryTest, TheDigestCoversKindAndBodyAndNothingElse) {
  const Command command = command_of(1, 0);
  Command same = command;
  same.op = Op{9};
  same.now = Tick{99};
  same.seed = 5;
  same.key = {1, 1};
  same.actor.id = 3;
  same.body.bytes.back() = std::byte{1};  // beyond the body of this kind
  EXPECT_EQ(body_digest(command), body_digest(same));
  Command other = command;
  other.kind = CommandKind::kAnswerCase;
  EXPECT_NE(body_digest(command), body_digest(other)) << "same bytes, another kind";
  for (std::size_t at = 0; at < body_size(command.kind); ++at) {
    other = command;
    other.body.bytes[at] ^= std::byte{1};
    EXPECT_NE(body_digest(command), body_digest(other)) << at;
  }
}

TEST_F(KeyMemoryTest, SwappedWordsGiveAnotherDigest) {
  Command command;
  command.kind = CommandKind::kStart;
  command.body.start = {JobId{1}, LeaseToken{2}};
  Command swapped = command;
  swapped.body.start = {JobId{2}, LeaseToken{1}};
  EXPECT_NE(body_digest(command), body_digest(swapped));
}

TEST_F(KeyMemoryTest, ARepeatGetsTheFirstAnswer) {
  EXPECT_EQ(find(command_of(1, 0)), KeyMatch::kNew);
  remember(command_of(1, 0), 5);
  Outcome out;
  ASSERT_EQ(find(command_of(1, 50), out), KeyMatch::kRepeat);
  EXPECT_EQ(out.repeated, 1);
  out.repeated = 0;
  EXPECT_EQ(out, outcome_of(5));
}

TEST_F(KeyMemoryTest, AnotherBodyIsAConflictAndAnotherActorIsNot) {
  remember(command_of(1, 0), 5);
  Command changed = command_of(1, 0);
  changed.body.register_case.id = CaseId{99};
  EXPECT_EQ(find(changed), KeyMatch::kConflict);
  EXPECT_EQ(find(command_of(1, 0, 102)), KeyMatch::kNew);
  Command expert = command_of(1, 0);
  expert.actor.kind = ActorKind::kExpert;
  EXPECT_EQ(find(expert), KeyMatch::kNew) << "office 101 and expert 101 are different actors";
}

TEST_F(KeyMemoryTest, EveryOutcomeFieldSurvivesAtItsGreatest) {
  Outcome outcome;
  outcome.op = Op{(std::uint64_t{1} << 44) - 1};
  outcome.case_id = CaseId{(std::uint64_t{1} << 56) - 1};
  outcome.job = JobId{(std::uint64_t{1} << 44) - 1};
  outcome.token = LeaseToken{(std::uint64_t{1} << 44) - 1};
  outcome.until = kNever;
  outcome.expert = ExpertId{UINT32_MAX};
  outcome.refusal = Refusal::kNotCompatible;
  outcome.field = Field::kSpeed;
  outcome.filter = Filter::kPairRepeat;
  outcome.state = kCaseStateCount - 1;
  Command command = command_of(1, INT64_MAX);
  command.actor = {ActorKind::kAuditor, UINT32_MAX};
  command.key = {UINT64_MAX, UINT64_MAX};
  keys_.remember(command, body_digest(command), outcome, kRetention);
  Outcome out;
  ASSERT_EQ(find(command, out), KeyMatch::kRepeat);
  outcome.repeated = 1;
  EXPECT_EQ(out, outcome);
}

TEST_F(KeyMemoryTest, MixedCaseNumbersComeBackWhole) {
  for (const std::uint64_t id :
       {0x00ABCDEF12345678ULL, 0x0000010000000000ULL, 0x0000000000100000ULL}) {
    Outcome outcome;
    outcome.case_id = CaseId{id};
    const Command command = command_of(id, 0);
    keys_.remember(command, body_digest(command), outcome, kRetention);
    Outcome out;
    ASSERT_EQ(find(command, out), KeyMatch::kRepeat);
    EXPECT_EQ(raw(out.case_id), id);
  }
}

TEST_F(KeyMemoryTest, WithoutRoomTheOldestYoungKeyIsForgottenAndCounted) {
  for (std::uint64_t key = 1; key <= 4; ++key) remember(command_of(key, 10), key);
  EXPECT_EQ(keys_.forgotten_early(), 0U);
  remember(command_of(5, 10), 5);
  EXPECT_EQ(keys_.forgotten_early(), 1U);
  EXPECT_EQ(keys_.count(), 4U);
  EXPECT_EQ(find(command_of(1, 10)), KeyMatch::kNew);
  EXPECT_EQ(find(command_of(2, 10)), KeyMatch::kRepeat);
}

TEST_F(KeyMemoryTest, PastItsRetentionAKeyGoesWithoutBeingCounted) {
  remember(command_of(1, 0), 1);
  remember(command_of(2, kRetention), 2);
  EXPECT_EQ(find(command_of(1, 0)), KeyMatch::kRepeat) << "as old as the retention is still kept";
  remember(command_of(3, kRetention + 1), 3);
  EXPECT_EQ(find(command_of(1, 0)), KeyMatch::kNew);
  EXPECT_EQ(find(command_of(2, 0)), KeyMatch::kRepeat);
  EXPECT_EQ(keys_.forgotten_early(), 0U);
}

TEST_F(KeyMemoryTest, NoRoomAtAllRemembersNothing) {
  KeyMemory none;
  Outcome out;
  const Command command = command_of(1, 0);
  none.remember(command, body_digest(command), outcome_of(1), kRetention);
  EXPECT_EQ(none.find(command.actor, command.key, body_digest(command), out), KeyMatch::kNew);
}

TEST_F(KeyMemoryTest, GrowingKeepsTheKeysAndTheirAge) {
  for (std::uint64_t key = 1; key <= 6; ++key) remember(command_of(key, 10), key);
  keys_.reserve(6, 0x9999);
  for (std::uint64_t key = 3; key <= 6; ++key)
    EXPECT_EQ(find(command_of(key, 0)), KeyMatch::kRepeat);
  for (std::uint64_t key = 7; key <= 9; ++key) remember(command_of(key, 10), key);
  EXPECT_EQ(find(command_of(3, 0)), KeyMatch::kNew);
  EXPECT_EQ(find(command_of(4, 0)), KeyMatch::kRepeat);
}

TEST_F(KeyMemoryTest, AKeyCostsEightyEightBytes) {
  KeyMemory large;
  large.reserve(1U << 17, 1);
  EXPECT_LE(memory_bytes(large), (std::size_t{1} << 17) * 88);
}

TEST_F(KeyMemoryTest, AgreesWithAListOverRandomCommands) {
  const auto seeds = tests::Seeds::of(30);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    const std::uint32_t capacity = chance.between(1U, 40U);
    KeyMemory keys;
    keys.reserve(capacity, seed);
    std::deque<std::pair<Command, std::uint64_t>> model;  // with the op of the answer
    std::uint64_t early = 0;
    std::int64_t now = 0;
    for (std::uint64_t op = 1; op < 2000; ++op) {
      now += chance.below(80);
      const Command command = command_of(chance.between<std::uint64_t>(1, 60), now);
      const auto known = std::find_if(model.begin(), model.end(), [&](const auto& entry) {
        return entry.first.key == command.key;
      });
      Outcome out;
      const KeyMatch match = keys.find(command.actor, command.key, body_digest(command), out);
      ASSERT_EQ(match, known == model.end() ? KeyMatch::kNew : KeyMatch::kRepeat);
      if (match == KeyMatch::kRepeat) {
        ASSERT_EQ(out.op, Op{known->second});
        continue;
      }
      const auto oldest_age = [&] { return now - model.front().first.now.ms; };
      for (int drop = 0; drop < 2 && !model.empty() && oldest_age() > kRetention; ++drop) {
        model.pop_front();
      }
      if (model.size() == capacity) {
        if (oldest_age() <= kRetention) ++early;
        model.pop_front();
      }
      model.emplace_back(command, op);
      keys.remember(command, body_digest(command), outcome_of(op), kRetention);
      ASSERT_EQ(keys.count(), model.size());
      ASSERT_EQ(keys.forgotten_early(), early);
    }
    const tests::Bytes bytes = tests::state_bytes(keys);
    KeyMemory read;
    read.reserve(capacity, 77);
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    ASSERT_EQ(tests::state_bytes(read), bytes);
  }
}

TEST_F(KeyMemoryTest, DamagedStateIsRefusedOrStillConsistent) {
  for (std::uint64_t key = 1; key <= 3; ++key) {
    remember(command_of(key, static_cast<std::int64_t>(key)), key);
  }
  EXPECT_EQ(tests::damage_not_met(keys_, tests::state_bytes(keys_)), "");
}

}  // namespace
}  // namespace permitd::scheduler
