// Goal: timers fire in the order of (moment, subject), move and clear at any time, and survive a
// state. Method: edges by hand, then random operations beside std::set.
#include "scheduler/timer_heap.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

class TimerHeapTest : public testing::Test {
 protected:
  TimerHeapTest() { timers_.reserve(50); }
  TimerHeap timers_;
};

TEST_F(TimerHeapTest, AnEmptyHeapIsNeverDue) {
  EXPECT_EQ(timers_.next(), kNever);
  EXPECT_EQ(timers_.pop_due(kNever), kNoSlot);
  timers_.clear(3);
  EXPECT_EQ(timers_.at(3), kNever);
}

TEST_F(TimerHeapTest, DueMeansAtOrBeforeNow) {
  timers_.set(7, Tick{100});
  EXPECT_EQ(timers_.pop_due(Tick{99}), kNoSlot);
  EXPECT_EQ(timers_.pop_due(Tick{100}), 7U);
  EXPECT_EQ(timers_.count(), 0U);
}

TEST_F(TimerHeapTest, TiesFireInOrderOfSubject) {
  for (const std::uint32_t subject : {9U, 3U, 49U, 0U}) timers_.set(subject, Tick{5});
  EXPECT_EQ(timers_.pop_due(Tick{5}), 0U);
  EXPECT_EQ(timers_.pop_due(Tick{5}), 3U);
  EXPECT_EQ(timers_.pop_due(Tick{5}), 9U);
  EXPECT_EQ(timers_.pop_due(Tick{5}), 49U);
}

TEST_F(TimerHeapTest, SettingAgainMovesAndNeverClears) {
  timers_.set(1, Tick{10});
  timers_.set(2, Tick{20});
  timers_.set(1, Tick{30});
  EXPECT_EQ(timers_.next(), Tick{20});
  timers_.set(2, kNever);
  EXPECT_EQ(timers_.next(), Tick{30});
  EXPECT_EQ(timers_.count(), 1U);
}

TEST_F(TimerHeapTest, ASubjectBeyondTheRoomIsABug) {
  EXPECT_DEATH(timers_.set(50, Tick{1}), "assertion failed");
}

TEST_F(TimerHeapTest, GrowingKeepsTheTimers) {
  timers_.set(49, Tick{2});
  timers_.reserve(1000);
  timers_.set(999, Tick{1});
  EXPECT_EQ(timers_.pop_due(Tick{2}), 999U);
  EXPECT_EQ(timers_.pop_due(Tick{2}), 49U);
}

TEST_F(TimerHeapTest, AgreesWithAnOrderedSetOverRandomOperations) {
  const auto seeds = tests::Seeds::of(30);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    timers_.clear_all();
    std::map<std::uint32_t, std::int64_t> model;
    std::set<std::pair<std::int64_t, std::uint32_t>> order;
    for (int step = 0; step < 3000; ++step) {
      const std::uint32_t subject = chance.below(50U);
      const std::int64_t moment = chance.below(40);
      if (chance.chance(300)) {
        const std::uint32_t popped = timers_.pop_due(Tick{moment});
        const bool due = !order.empty() && order.begin()->first <= moment;
        ASSERT_EQ(popped, due ? order.begin()->second : kNoSlot);
        if (due) {
          model.erase(popped);
          order.erase(order.begin());
        }
        continue;
      }
      if (model.contains(subject)) order.erase({model[subject], subject});
      model.erase(subject);
      if (chance.chance(200)) {
        timers_.clear(subject);
      } else {
        timers_.set(subject, Tick{moment});
        model[subject] = moment;
        order.insert({moment, subject});
      }
      ASSERT_EQ(timers_.count(), model.size());
      ASSERT_EQ(timers_.next(), order.empty() ? kNever : Tick{order.begin()->first});
      ASSERT_EQ(timers_.at(subject), model.contains(subject) ? Tick{model[subject]} : kNever);
    }
    const tests::Bytes bytes = tests::state_bytes(timers_);
    TimerHeap read;
    read.reserve(50);
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    ASSERT_EQ(tests::state_bytes(read), bytes);
    for (const auto& [moment, subject] : order) ASSERT_EQ(read.pop_due(Tick{moment}), subject);
  }
}

TEST_F(TimerHeapTest, DamagedStateIsRefusedOrStillConsistent) {
  for (std::uint32_t subject = 0; subject < 6; ++subject) timers_.set(subject * 3, Tick{subject});
  EXPECT_EQ(tests::damage_not_met(timers_, tests::state_bytes(timers_)), "");
}

}  // namespace
}  // namespace permitd::scheduler
