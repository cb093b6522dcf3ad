// Goal: every queue gives its jobs in the exact order of (deadline, job), visits stop where they
// must, and damaged state bytes are refused. Method: edges by hand, then random operations beside
// std::set.
#include "scheduler/ready_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

ReadyKey key(std::int64_t deadline, std::uint64_t job) { return {Tick{deadline}, JobId{job}}; }

QueueNumber queue_of(std::uint32_t place) {
  return ReadyQueue::number(PriorityClass::kMunicipal, Skill::kInspect, place);
}

std::vector<std::uint32_t> slots_of(const ReadyQueue& queue, QueueNumber number,
                                    std::uint32_t max = 1000) {
  std::vector<std::uint32_t> slots;
  queue.visit(number, max, [&](std::uint32_t slot) {
    slots.push_back(slot);
    return false;
  });
  return slots;
}

class ReadyQueueTest : public testing::Test {
 protected:
  ReadyQueueTest() { queue_.reserve(64, 4); }

  const QueueNumber first_ = queue_of(0);
  const QueueNumber last_ =
      ReadyQueue::number(PriorityClass::kOther, Skill::kConfirm, ReadyQueue::office_place(3));
  ReadyQueue queue_;
};

TEST_F(ReadyQueueTest, NumbersAreDenseAndDistinct) {
  std::set<std::uint32_t> numbers;
  for (std::uint32_t place = 0; place < ReadyQueue::office_place(4); ++place) {
    for (std::uint8_t c = 0; c < kClassCount; ++c) {
      for (std::uint8_t s = 0; s < kSkillCount; ++s) {
        numbers.insert(raw(ReadyQueue::number(PriorityClass{c}, Skill{s}, place)));
      }
    }
  }
  EXPECT_EQ(numbers.size(), queue_.queue_count());
  EXPECT_EQ(*numbers.rbegin(), queue_.queue_count() - 1);
  EXPECT_EQ(raw(last_), queue_.queue_count() - 1);
}

TEST_F(ReadyQueueTest, AnEmptyQueueHasNoBest) {
  EXPECT_EQ(queue_.best_two(first_).first, kNoSlot);
  EXPECT_EQ(queue_.count(first_), 0U);
  EXPECT_FALSE(queue_.visit(first_, 10, [](std::uint32_t) { return false; }));
  EXPECT_FALSE(queue_.visit(first_, 0, [](std::uint32_t) { return false; }));
}

TEST_F(ReadyQueueTest, TheEarliestDeadlineComesFirstAndTiesGoByJob) {
  queue_.insert(first_, 5, key(200, 1));
  queue_.insert(first_, 63, key(100, 9));
  queue_.insert(first_, 0, key(100, 7));
  queue_.insert(first_, 2, key(kNever.ms, 3));
  EXPECT_EQ(slots_of(queue_, first_), (std::vector<std::uint32_t>{0, 63, 5, 2}));
  EXPECT_EQ(queue_.best_two(first_).first, 0U);
  queue_.remove(first_, 0);
  EXPECT_EQ(queue_.best_two(first_).first, 63U);
  EXPECT_FALSE(queue_.contains(0));
}

TEST_F(ReadyQueueTest, QueuesDoNotMix) {
  queue_.insert(first_, 1, key(10, 1));
  queue_.insert(last_, 2, key(5, 2));
  EXPECT_EQ(slots_of(queue_, first_), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(slots_of(queue_, last_), (std::vector<std::uint32_t>{2}));
}

TEST_F(ReadyQueueTest, AVisitSaysWhetherItsBoundCutIt) {
  for (std::uint32_t slot = 0; slot < 5; ++slot) queue_.insert(first_, slot, key(slot, slot + 1));
  const auto go_on = [](std::uint32_t) { return false; };
  EXPECT_TRUE(queue_.visit(first_, 0, go_on));
  EXPECT_TRUE(queue_.visit(first_, 4, go_on));
  EXPECT_FALSE(queue_.visit(first_, 5, go_on)) << "all were visited: nothing was cut off";
  EXPECT_FALSE(queue_.visit(first_, 3, [](std::uint32_t slot) { return slot == 2; }))
      << "the visitor stopped it, not the bound";
}

TEST_F(ReadyQueueTest, UpdateMovesAJobBothWays) {
  for (std::uint32_t slot = 0; slot < 5; ++slot) {
    queue_.insert(first_, slot, key(slot * 10, slot + 1));
  }
  queue_.update(first_, 4, key(-1, 5));
  queue_.update(first_, 1, key(99, 2));
  EXPECT_EQ(slots_of(queue_, first_), (std::vector<std::uint32_t>{4, 0, 2, 3, 1}));
  EXPECT_EQ(queue_.key(1), key(99, 2));
}

TEST_F(ReadyQueueTest, MisuseIsABug) {
  queue_.insert(first_, 1, key(1, 1));
  EXPECT_DEATH(queue_.insert(first_, 1, key(2, 2)), "assertion failed");
  EXPECT_DEATH(queue_.insert(first_, 2, key(2, 0)), "assertion failed");
  EXPECT_DEATH(queue_.remove(first_, 2), "assertion failed");
  EXPECT_DEATH(queue_.remove(last_, 1), "assertion failed");
  EXPECT_DEATH(queue_.insert(first_, 64, key(1, 9)), "assertion failed");
}

TEST_F(ReadyQueueTest, GrowingKeepsQueuesAndTheirNumbers) {
  queue_.insert(first_, 1, key(1, 1));
  queue_.insert(last_, 2, key(2, 2));
  queue_.reserve(1000, 50);
  EXPECT_EQ(queue_.best_two(first_).first, 1U);
  EXPECT_EQ(queue_.best_two(last_).first, 2U);
  queue_.insert(last_, 999, key(1, 3));
  EXPECT_EQ(queue_.best_two(last_).first, 999U);
}

TEST_F(ReadyQueueTest, AQueuedJobCostsTwentyFourBytes) {
  ReadyQueue large;
  large.reserve(1'000'000, 4);
  const std::size_t queues = large.queue_count() * std::size_t{8};
  EXPECT_EQ(memory_bytes(large) - queues, 24'000'000U);
}

// The deepest path must stay near 1.39 log2 n, or a crafted order could make visits slow.
TEST_F(ReadyQueueTest, OrderedInsertionsOfAMillionStayQuick) {
  ReadyQueue large;
  large.reserve(1U << 20, 0);
  for (std::uint32_t slot = 0; slot < 1U << 20; ++slot) {
    large.insert(first_, slot, key(slot, slot + 1));
  }
  std::uint32_t expected = 0;
  EXPECT_FALSE(
      large.visit(first_, 1U << 20, [&](std::uint32_t slot) { return slot != expected++; }));
  EXPECT_EQ(expected, 1U << 20);
}

struct Model {
  std::map<std::uint32_t, std::set<std::pair<ReadyKey, std::uint32_t>>> queues;
  std::map<std::uint32_t, std::pair<std::uint32_t, ReadyKey>> where;
};

void expect_same(const ReadyQueue& queue, Model& model, std::uint32_t number) {
  std::vector<std::uint32_t> expected;
  for (const auto& entry : model.queues[number]) expected.push_back(entry.second);
  ASSERT_EQ(slots_of(queue, QueueNumber{number}), expected);
  ASSERT_EQ(queue.count(QueueNumber{number}), expected.size());
  const auto [first, second] = queue.best_two(QueueNumber{number});
  ASSERT_EQ(first, expected.empty() ? kNoSlot : expected[0]);
  ASSERT_EQ(second, expected.size() < 2 ? kNoSlot : expected[1]);
}

TEST_F(ReadyQueueTest, AgreesWithOrderedSetsOverRandomOperations) {
  const auto seeds = tests::Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    ReadyQueue queue;
    queue.reserve(64, 1);
    Model model;
    for (std::uint64_t step = 1; step < 2000; ++step) {
      const std::uint32_t slot = chance.below(64U);
      const ReadyKey fresh = key(chance.below(20), step);
      if (const auto found = model.where.find(slot); found == model.where.end()) {
        const std::uint32_t number = chance.below(4U) * 5;
        queue.insert(QueueNumber{number}, slot, fresh);
        model.queues[number].insert({fresh, slot});
        model.where[slot] = {number, fresh};
      } else if (const auto [number, old] = found->second; chance.chance(500)) {
        queue.remove(QueueNumber{number}, slot);
        model.queues[number].erase({old, slot});
        model.where.erase(found);
      } else {
        queue.update(QueueNumber{number}, slot, fresh);
        model.queues[number].erase({old, slot});
        model.queues[number].insert({fresh, slot});
        found->second.second = fresh;
      }
      for (std::uint32_t number = 0; number < 20; number += 5) expect_same(queue, model, number);
      if (HasFatalFailure()) return;
    }
    const tests::Bytes bytes = tests::state_bytes(queue);
    ReadyQueue read;
    read.reserve(64, 1);
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    EXPECT_EQ(tests::state_bytes(read), bytes);
    for (std::uint32_t number = 0; number < 20; number += 5) expect_same(read, model, number);
  }
}

TEST_F(ReadyQueueTest, StateBytesDependOnContentAlone) {
  ReadyQueue other;
  other.reserve(64, 4);
  for (std::uint32_t slot = 0; slot < 20; ++slot) queue_.insert(first_, slot, key(slot, slot + 1));
  for (std::uint32_t slot = 25; slot-- > 0;) other.insert(first_, slot, key(slot, slot + 1));
  for (std::uint32_t slot = 20; slot < 25; ++slot) other.remove(first_, slot);
  EXPECT_EQ(tests::state_bytes(queue_), tests::state_bytes(other));
}

TEST_F(ReadyQueueTest, DamagedStateIsRefusedOrStillConsistent) {
  for (std::uint32_t slot = 0; slot < 8; ++slot) {
    queue_.insert(slot % 2 == 0 ? first_ : last_, slot, key(slot, slot + 1));
  }
  EXPECT_EQ(tests::damage_not_met(queue_, tests::state_bytes(queue_)), "");
}

}  // namespace
}  // namespace permitd::scheduler
