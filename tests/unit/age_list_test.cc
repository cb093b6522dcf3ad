// Goal: every list gives its slots in the order they were pushed, whatever leaves from the middle.
// Method: edges by hand, then random operations beside std::list.
#include "scheduler/age_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

std::vector<std::uint32_t> slots_of(const AgeList& lists, std::uint32_t list) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = lists.front(list); slot != kNoSlot; slot = lists.next(slot)) {
    slots.push_back(slot);
  }
  return slots;
}

class AgeListTest : public testing::Test {
 protected:
  AgeListTest() { lists_.reserve(20, 3); }
  AgeList lists_;
};

TEST_F(AgeListTest, AnEmptyListHasNoFront) {
  EXPECT_EQ(lists_.front(0), kNoSlot);
  EXPECT_EQ(lists_.count(0), 0U);
  EXPECT_FALSE(lists_.contains(0));
}

TEST_F(AgeListTest, ASingleEntryLeavesTheListEmpty) {
  lists_.push_back(1, 0);
  EXPECT_TRUE(lists_.contains(0));
  EXPECT_EQ(lists_.front(1), 0U);
  lists_.remove(1, 0);
  EXPECT_FALSE(lists_.contains(0));
  EXPECT_EQ(lists_.front(1), kNoSlot);
  lists_.push_back(2, 0);
  EXPECT_EQ(lists_.front(2), 0U);
  EXPECT_EQ(lists_.front(1), kNoSlot);
}

TEST_F(AgeListTest, FrontMiddleAndBackLeave) {
  for (const std::uint32_t slot : {4U, 2U, 9U, 7U, 1U}) lists_.push_back(0, slot);
  lists_.remove(0, 9);
  lists_.remove(0, 4);
  lists_.remove(0, 1);
  EXPECT_EQ(slots_of(lists_, 0), (std::vector<std::uint32_t>{2, 7}));
}

TEST_F(AgeListTest, MisuseIsABug) {
  lists_.push_back(0, 3);
  EXPECT_DEATH(lists_.push_back(1, 3), "assertion failed");
  EXPECT_DEATH(lists_.remove(1, 3), "assertion failed");
  EXPECT_DEATH(lists_.remove(0, 4), "assertion failed");
}

TEST_F(AgeListTest, AgreesWithVectorsOverRandomOperations) {
  const auto seeds = tests::Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    lists_.clear();
    std::array<std::vector<std::uint32_t>, 3> model;
    for (int step = 0; step < 2000; ++step) {
      const std::uint32_t slot = chance.below(20U);
      const std::uint32_t list = chance.below(3U);
      if (!lists_.contains(slot)) {
        lists_.push_back(list, slot);
        model[list].push_back(slot);
      } else {
        for (std::uint32_t other = 0; other < 3; ++other) {
          if (std::erase(model[other], slot) > 0) lists_.remove(other, slot);
        }
      }
      for (std::uint32_t other = 0; other < 3; ++other) {
        ASSERT_EQ(slots_of(lists_, other), model[other]);
        ASSERT_EQ(lists_.count(other), model[other].size());
      }
    }
    const tests::Bytes bytes = tests::state_bytes(lists_);
    AgeList read;
    read.reserve(20, 3);
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    ASSERT_EQ(tests::state_bytes(read), bytes);
    for (std::uint32_t other = 0; other < 3; ++other) {
      ASSERT_EQ(slots_of(read, other), model[other]);
    }
  }
}

TEST_F(AgeListTest, DamagedStateIsRefusedOrStillConsistent) {
  for (const std::uint32_t slot : {4U, 2U, 9U}) lists_.push_back(slot % 3, slot);
  EXPECT_EQ(tests::damage_not_met(lists_, tests::state_bytes(lists_)), "");
}

}  // namespace
}  // namespace permitd::scheduler
