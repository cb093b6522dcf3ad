// Goal: the least loaded come first in every skill, ties by number, and one load serves all skills.
// Method: edges by hand, then random operations beside std::set.
#include "scheduler/load_index.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

using Entry = std::pair<std::uint32_t, std::uint32_t>;  // load, expert

std::vector<Entry> entries_of(const LoadIndex& index, Skill skill, std::uint32_t max = 1000) {
  std::vector<Entry> entries;
  index.visit(skill, max, [&](ExpertId expert, std::uint32_t load) {
    entries.emplace_back(load, raw(expert));
    return false;
  });
  return entries;
}

class LoadIndexTest : public testing::Test {
 protected:
  LoadIndexTest() { index_.reserve(30); }
  LoadIndex index_;
};

TEST_F(LoadIndexTest, LeastLoadedFirstAndTiesByNumber) {
  index_.insert(Skill::kReview, ExpertId{30}, 500);
  index_.insert(Skill::kReview, ExpertId{1}, 500);
  index_.insert(Skill::kReview, ExpertId{7}, 0);
  index_.insert(Skill::kReview, ExpertId{8}, UINT32_MAX);
  EXPECT_EQ(entries_of(index_, Skill::kReview),
            (std::vector<Entry>{{0, 7}, {500, 1}, {500, 30}, {UINT32_MAX, 8}}));
  EXPECT_EQ(entries_of(index_, Skill::kReview, 2), (std::vector<Entry>{{0, 7}, {500, 1}}));
  EXPECT_EQ(index_.count(Skill::kReview), 4U);
  EXPECT_EQ(index_.count(Skill::kFile), 0U);
}

TEST_F(LoadIndexTest, UpdateReachesEverySkillAndNoOther) {
  index_.insert(Skill::kFile, ExpertId{5}, 10);
  index_.insert(Skill::kConfirm, ExpertId{5}, 10);
  index_.update(ExpertId{5}, 99);
  EXPECT_EQ(index_.load(Skill::kFile, ExpertId{5}), 99U);
  EXPECT_EQ(index_.load(Skill::kConfirm, ExpertId{5}), 99U);
  EXPECT_FALSE(index_.contains(Skill::kReview, ExpertId{5}));
  index_.update(ExpertId{6}, 1);  // stands nowhere: nothing happens
  index_.remove_all(ExpertId{5});
  EXPECT_FALSE(index_.contains(Skill::kFile, ExpertId{5}));
  EXPECT_FALSE(index_.contains(Skill::kConfirm, ExpertId{5}));
}

TEST_F(LoadIndexTest, AgreesWithOrderedSetsOverRandomOperations) {
  const auto seeds = tests::Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    index_.clear();
    std::array<std::uint32_t, 31> load{};
    std::array<std::set<Entry>, kSkillCount> model;
    for (int step = 0; step < 2000; ++step) {
      const std::uint32_t number = chance.between(1U, 30U);
      const ExpertId expert{number};
      const std::uint8_t s = chance.below(std::uint8_t{kSkillCount});
      if (chance.chance(400)) {
        const std::uint32_t changed = chance.below(8U);
        for (auto& entries : model) {
          if (entries.erase({load[number], number}) > 0) entries.insert({changed, number});
        }
        load[number] = changed;
        index_.update(expert, changed);
      } else if (model[s].contains({load[number], number})) {
        model[s].erase({load[number], number});
        index_.remove(Skill{s}, expert);
      } else {
        model[s].insert({load[number], number});
        index_.insert(Skill{s}, expert, load[number]);
      }
      for (std::uint8_t other = 0; other < kSkillCount; ++other) {
        ASSERT_EQ(entries_of(index_, Skill{other}),
                  std::vector<Entry>(model[other].begin(), model[other].end()));
      }
    }
    const tests::Bytes bytes = tests::state_bytes(index_);
    LoadIndex read;
    read.reserve(30);
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    ASSERT_EQ(tests::state_bytes(read), bytes);
  }
}

TEST_F(LoadIndexTest, DamagedStateIsRefusedOrStillConsistent) {
  for (std::uint32_t number = 1; number < 6; ++number) {
    index_.insert(Skill::kInspect, ExpertId{number}, number * 10);
    index_.insert(Skill::kReview, ExpertId{number}, number * 10);
  }
  EXPECT_EQ(tests::damage_not_met(index_, tests::state_bytes(index_)), "");
}

TEST_F(LoadIndexTest, RoomForMoreExpertsKeepsAllAndTheirBytes) {
  for (std::uint32_t number = 1; number <= 30; ++number) {
    index_.insert(Skill::kInspect, ExpertId{number}, number % 3);
    if (number % 2 == 0) index_.insert(Skill::kConfirm, ExpertId{number}, number % 3);
  }
  const tests::Bytes bytes = tests::state_bytes(index_);
  const std::vector<Entry> inspectors = entries_of(index_, Skill::kInspect);
  const std::vector<Entry> heads = entries_of(index_, Skill::kConfirm);
  index_.reserve(1000);
  EXPECT_EQ(entries_of(index_, Skill::kInspect), inspectors);
  EXPECT_EQ(entries_of(index_, Skill::kConfirm), heads);
  EXPECT_EQ(tests::state_bytes(index_), bytes);
  index_.insert(Skill::kInspect, ExpertId{1000}, 0);
  EXPECT_EQ(entries_of(index_, Skill::kInspect).size(), 31U);
  LoadIndex smaller;
  smaller.reserve(30);
  EXPECT_FALSE(tests::read_bytes(smaller, tests::state_bytes(index_)));
  EXPECT_TRUE(tests::read_bytes(smaller, bytes));
}

TEST_F(LoadIndexTest, BytesNumberAnEntryByExpertThenSkill) {
  index_.insert(Skill::kReview, ExpertId{7}, 500);
  struct [[gnu::packed]] Whole {
    std::uint32_t occupied = 1;
    std::uint32_t skill = raw(Skill::kReview);
    std::uint32_t count = 1;
    std::uint32_t number = 7 * std::uint32_t{kSkillCount} + raw(Skill::kReview);
    std::int64_t load = 500;
    std::uint64_t expert = 7;
  } const whole;
  const auto wanted = std::as_bytes(std::span(&whole, 1));
  EXPECT_EQ(tests::state_bytes(index_), tests::Bytes(wanted.begin(), wanted.end()));
}

TEST_F(LoadIndexTest, StateThatNamesAnotherExpertThanItsEntryIsRefused) {
  index_.insert(Skill::kInspect, ExpertId{3}, 10);
  const tests::Bytes whole = tests::state_bytes(index_);
  // The last eight bytes are the id of the only entry; its low byte is 3.
  tests::Bytes other = whole;
  other[whole.size() - 8] = std::byte{4};
  EXPECT_FALSE(tests::read_bytes(index_, other));
  EXPECT_FALSE(index_.contains(Skill::kInspect, ExpertId{3}));
  EXPECT_TRUE(tests::read_bytes(index_, whole));
}

}  // namespace
}  // namespace permitd::scheduler
