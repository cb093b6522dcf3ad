// The planner's thread leaves nobody waiting: what it took is done or ends early, what it did not
// take is told at once.
#include "daemon/planner_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <stop_token>
#include <vector>

namespace permitd::daemon {
namespace {

TEST(PlannerThread, DoesWhatItTookInOrder) {
  std::vector<int> order;
  std::binary_semaphore done(0);
  PlannerThread thread;
  ASSERT_TRUE(thread.try_post([&](std::stop_token) { order.push_back(1); }));
  ASSERT_TRUE(thread.try_post([&](std::stop_token) {
    order.push_back(2);
    done.release();
  }));
  done.acquire();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(PlannerThread, RefusesWhenItsQueueIsFull) {
  std::binary_semaphore begun(0);
  std::binary_semaphore go_on(0);
  PlannerThread thread;
  ASSERT_TRUE(thread.try_post([&](std::stop_token) {
    begun.release();
    go_on.acquire();
  }));
  begun.acquire();
  for (std::size_t i = 0; i < PlannerThread::kQueueMax; ++i) {
    EXPECT_TRUE(thread.try_post([](std::stop_token) {}));
  }
  EXPECT_FALSE(thread.try_post([](std::stop_token) {}));
  go_on.release();
}

TEST(PlannerThread, StoppingLeavesNobodyWaiting) {
  std::binary_semaphore begun(0);
  std::atomic<int> told = 0;
  PlannerThread thread;
  ASSERT_TRUE(thread.try_post([&](const std::stop_token& stop) {
    std::binary_semaphore stopped(0);
    const std::stop_callback wake(stop, [&] { stopped.release(); });
    begun.release();
    stopped.acquire();
    ++told;
  }));
  begun.acquire();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(thread.try_post(
        [&](const std::stop_token& stop) { told += stop.stop_requested() ? 1 : 0; }));
  }
  thread.stop();
  EXPECT_EQ(told, 4);
  EXPECT_FALSE(thread.try_post([](std::stop_token) {}));
}

}  // namespace
}  // namespace permitd::daemon
