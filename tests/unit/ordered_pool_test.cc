// Goal: the pool under queues and load index keeps sets apart, is quick from any order of
// insertion, and never lets a damaged state in. Method: edges by hand; the ordering itself is
// tested in ready_queue_test.
#include "scheduler/ordered_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

std::vector<std::uint32_t> nodes_of(const OrderedPool& pool, std::uint32_t set) {
  std::vector<std::uint32_t> nodes;
  pool.visit(set, UINT32_MAX, [&](std::uint32_t node) {
    nodes.push_back(node);
    return false;
  });
  return nodes;
}

TEST(OrderedPoolTest, RanksMayBeNegativeAndExtreme) {
  OrderedPool pool;
  pool.reserve(4, 1);
  pool.insert(0, 0, {INT64_MAX, 1});
  pool.insert(0, 1, {INT64_MIN, UINT64_MAX});
  pool.insert(0, 2, {0, 1});
  pool.insert(0, 3, {INT64_MIN, 1});
  EXPECT_EQ(nodes_of(pool, 0), (std::vector<std::uint32_t>{3, 1, 2, 0}));
}

TEST(OrderedPoolTest, ClearingEmptiesEverySetAndKeepsTheRoom) {
  OrderedPool pool;
  pool.reserve(10, 3);
  for (std::uint32_t node = 0; node < 10; ++node) pool.insert(node % 3, node, {node, node + 1U});
  pool.clear();
  for (std::uint32_t set = 0; set < 3; ++set) {
    EXPECT_EQ(pool.count(set), 0U);
    EXPECT_EQ(pool.first_two(set), std::pair(kNoSlot, kNoSlot));
  }
  for (std::uint32_t node = 0; node < 10; ++node) EXPECT_FALSE(pool.contains(node));
  pool.insert(2, 9, {1, 1});
  EXPECT_EQ(pool.first_two(2), std::pair(9U, kNoSlot));
}

TEST(OrderedPoolTest, AVisitMayEndAtTheLastNode) {
  OrderedPool pool;
  pool.reserve(3, 1);
  for (std::uint32_t node = 0; node < 3; ++node) pool.insert(0, node, {node, 1U});
  EXPECT_FALSE(pool.visit(0, 3, [](std::uint32_t node) { return node == 2; }));
}

// Each order once made some tree degenerate: ascending, descending, alternating ends, random.
TEST(OrderedPoolTest, NoOrderOfInsertionMakesItDegenerate) {
  constexpr std::uint32_t kCount = 200'000;
  tests::Chance chance(1);
  std::vector<std::int64_t> ascending(kCount);
  for (std::uint32_t index = 0; index < kCount; ++index) ascending[index] = index;
  std::vector<std::vector<std::int64_t>> orders(4, ascending);
  std::reverse(orders[1].begin(), orders[1].end());
  for (std::uint32_t index = 0; index < kCount; ++index) {
    const auto half = static_cast<std::int64_t>(index / 2);
    orders[2][index] = index % 2 == 0 ? half : kCount - half;
    std::swap(orders[3][index], orders[3][chance.below(index + 1)]);
  }
  for (const auto& order : orders) {
    OrderedPool pool;
    pool.reserve(kCount, 1);
    for (std::uint32_t node = 0; node < kCount; ++node) {
      pool.insert(0, node, {order[node], node + std::uint64_t{1}});
    }
    const auto nodes = nodes_of(pool, 0);
    ASSERT_EQ(nodes.size(), kCount);
    ASSERT_TRUE(std::is_sorted(nodes.begin(), nodes.end(), [&](std::uint32_t a, std::uint32_t b) {
      return order[a] < order[b];
    }));
    for (std::uint32_t node = 0; node < kCount; ++node) pool.remove(0, node);
    ASSERT_EQ(pool.count(0), 0U);
  }
}

TEST(OrderedPoolTest, DamagedStateIsRefusedOrStillConsistent) {
  OrderedPool pool;
  pool.reserve(8, 3);
  for (std::uint32_t node = 0; node < 6; ++node) {
    pool.insert(node % 3, node, {std::int64_t{node} - 3, node + 1U});
  }
  EXPECT_EQ(tests::damage_not_met(pool, tests::state_bytes(pool)), "");
}

}  // namespace
}  // namespace permitd::scheduler
