// Goal: an id is found in its slot exactly while it is present, whatever was erased around it.
// Method: edges by hand, then random inserts and erases beside a std::map, with ids chosen to
// collide.
#include "scheduler/id_index.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "tests/support/seeded.h"

namespace permitd::scheduler {
namespace {

class IdIndexTest : public testing::Test {
 protected:
  auto id_of() const {
    return [this](std::uint32_t slot) { return ids_[slot]; };
  }
  void insert(std::uint64_t id, std::uint32_t slot) {
    ids_[slot] = id;
    index_.insert(id, slot);
  }

  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(1000);
  IdIndex index_;
};

TEST_F(IdIndexTest, EmptyIndexFindsNothing) {
  EXPECT_EQ(index_.find(1, id_of()), kNoSlot);
  EXPECT_EQ(index_.erase(1, id_of()), kNoSlot);
  index_.reserve(0);
  EXPECT_EQ(index_.find(1, id_of()), kNoSlot);
}

TEST_F(IdIndexTest, SlotZeroAndTheGreatestIdAreOrdinary) {
  index_.reserve(2);
  insert(UINT64_MAX, 0);
  insert(0, 1);
  EXPECT_EQ(index_.find(UINT64_MAX, id_of()), 0U);
  EXPECT_EQ(index_.find(0, id_of()), 1U);
}

TEST_F(IdIndexTest, FullToItsCapacityStillEndsEverySearch) {
  index_.reserve(100);
  for (std::uint32_t slot = 0; slot < 100; ++slot) insert(slot + 1, slot);
  EXPECT_EQ(index_.count(), 100U);
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    EXPECT_EQ(index_.find(slot + 1, id_of()), slot);
  }
  EXPECT_EQ(index_.find(101, id_of()), kNoSlot);
}

TEST_F(IdIndexTest, OneMoreThanTheCapacityIsABug) {
  index_.reserve(1);
  insert(7, 0);
  EXPECT_DEATH(insert(8, 1), "count_ < capacity_");
}

TEST_F(IdIndexTest, ErasingTheFirstOfARunKeepsTheOthersReachable) {
  index_.reserve(4);  // a few places: ids beyond that share homes
  for (std::uint32_t slot = 0; slot < 4; ++slot) insert(1 + slot * 8, slot);
  EXPECT_EQ(index_.erase(1, id_of()), 0U);
  for (std::uint32_t slot = 1; slot < 4; ++slot) {
    EXPECT_EQ(index_.find(1 + slot * 8, id_of()), slot);
  }
  EXPECT_EQ(index_.find(1, id_of()), kNoSlot);
}

TEST_F(IdIndexTest, GrowingKeepsWhatIsThere) {
  index_.reserve(3);
  for (std::uint32_t slot = 0; slot < 3; ++slot) insert(100 + slot, slot);
  index_.reserve(500, id_of());
  EXPECT_EQ(index_.capacity(), 500U);
  for (std::uint32_t slot = 3; slot < 500; ++slot) insert(100 + slot, slot);
  for (std::uint32_t slot = 0; slot < 500; ++slot) {
    EXPECT_EQ(index_.find(100 + slot, id_of()), slot);
  }
}

TEST_F(IdIndexTest, AgreesWithAMapOverRandomOperations) {
  const auto seeds = tests::Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    const std::uint32_t capacity = chance.between(1U, 40U);
    // A small range of ids makes long runs; a wide stride makes wrap-around at the end of the
    // table.
    const std::uint64_t stride = chance.chance(500) ? 1 : chance.next();
    IdIndex index;
    index.reserve(capacity);
    std::map<std::uint64_t, std::uint32_t> model;
    for (int step = 0; step < 4000; ++step) {
      const std::uint64_t id = stride * chance.below(60U);
      if (model.contains(id)) {
        ASSERT_EQ(index.find(id, id_of()), model[id]);
        if (chance.chance(600)) {
          ASSERT_EQ(index.erase(id, id_of()), model[id]);
          model.erase(id);
        }
      } else {
        ASSERT_EQ(index.find(id, id_of()), kNoSlot);
        if (model.size() == capacity) continue;
        const auto slot = static_cast<std::uint32_t>(step % 1000);
        bool taken = false;
        for (const auto& entry : model) taken = taken || entry.second == slot;
        if (taken) continue;
        ids_[slot] = id;
        index.insert(id, slot);
        model[id] = slot;
      }
      ASSERT_EQ(index.count(), model.size());
    }
  }
}

}  // namespace
}  // namespace permitd::scheduler
