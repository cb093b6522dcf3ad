// A waker costs a system call only when the owner sleeps, and no item is slept through: the
// protocol of waker.h step by step, then with two threads that meet at every stage of it.
#include "daemon/waker.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <cstdint>
#include <thread>

namespace permitd::daemon {
namespace {

bool is_readable(const Waker& waker, int timeout_ms = 0) {
  pollfd wait{waker.file(), POLLIN, 0};
  return poll(&wait, 1, timeout_ms) == 1;
}

TEST(Waker, NothingIsWrittenForAnOwnerWhoIsAwake) {
  Waker waker;
  waker.wake();
  EXPECT_FALSE(is_readable(waker));
}

TEST(Waker, WakesOncePerSleep) {
  Waker waker;
  waker.announce_sleep();
  EXPECT_FALSE(is_readable(waker));
  waker.wake();
  waker.wake();
  EXPECT_TRUE(is_readable(waker));
  waker.awake();
  EXPECT_FALSE(is_readable(waker));
  waker.wake();
  EXPECT_FALSE(is_readable(waker));
}

TEST(Waker, SleepWithoutAWakeUpLeavesNothing) {
  Waker waker;
  waker.announce_sleep();
  waker.awake();
  waker.wake();
  EXPECT_FALSE(is_readable(waker));
  waker.announce_sleep();
  waker.wake();
  EXPECT_TRUE(is_readable(waker));
}

TEST(Waker, NoItemIsSleptThrough) {
  constexpr std::uint64_t kItems = 100'000;
  Waker waker;
  std::atomic<std::uint64_t> published{0};
  std::thread producer([&]() {
    for (std::uint64_t item = 1; item <= kItems; ++item) {
      published.store(item, std::memory_order_release);
      waker.wake();
    }
  });
  std::uint64_t seen = 0;
  bool is_lost = false;
  while (seen < kItems && !is_lost) {
    const std::uint64_t before = seen;
    seen = published.load(std::memory_order_acquire);
    if (seen != before) continue;
    waker.announce_sleep();
    if (published.load(std::memory_order_acquire) == seen) {
      // Ten seconds without a wake-up although more is to come: it was lost.
      is_lost = !is_readable(waker, 10'000);
    }
    waker.awake();
  }
  producer.join();
  EXPECT_FALSE(is_lost);
  EXPECT_EQ(seen, kItems);
}

}  // namespace
}  // namespace permitd::daemon
