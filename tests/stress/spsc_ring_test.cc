// Two threads, one ring, and the sleep protocol between them: nothing is lost, doubled or out of
// order, and nobody sleeps through a publication.
#include "daemon/spsc_ring.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cstdint>
#include <thread>

#include "daemon/waker.h"

namespace permitd::daemon {
namespace {

constexpr std::uint64_t kValueCount = 200'000;

/// Large enough that a torn read would show: every word says the same.
struct Value {
  std::array<std::uint64_t, 8> words{};
};

Value value_of(std::uint64_t number) {
  Value value;
  value.words.fill(number);
  return value;
}

void wait_for(const Waker& waker) {
  pollfd wanted{waker.file(), POLLIN, 0};
  // A lost wake-up fails here instead of hanging the test for ever.
  ASSERT_EQ(poll(&wanted, 1, 60'000), 1) << "a publication did not wake the sleeper";
}

class SpscRingStress : public testing::TestWithParam<std::size_t> {};

TEST_P(SpscRingStress, KeepsOrderAndWholenessWhileBothSidesSleep) {
  SpscRing<Value> ring(GetParam());
  Waker consumer_waker;
  Waker producer_waker;
  std::thread producer([&] {
    for (std::uint64_t number = 0; number < kValueCount;) {
      if (ring.try_push(value_of(number))) {
        ++number;
        consumer_waker.wake();
        continue;
      }
      producer_waker.announce_sleep();
      if (ring.room() == 0) wait_for(producer_waker);
      producer_waker.awake();
    }
  });
  for (std::uint64_t expected = 0; expected < kValueCount && !testing::Test::HasFatalFailure();) {
    if (Value* value = ring.front()) {
      for (const std::uint64_t word : value->words) ASSERT_EQ(word, expected);
      ring.pop();
      ++expected;
      producer_waker.wake();
      continue;
    }
    consumer_waker.announce_sleep();
    if (ring.empty_now()) wait_for(consumer_waker);
    consumer_waker.awake();
  }
  producer.join();
  EXPECT_EQ(ring.front(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Capacities, SpscRingStress, testing::Values(1, 2, 64, 4096));

TEST(SpscRing, RefusesWhenFullAndRoundsItsCapacityUp) {
  SpscRing<int> ring(3);
  ASSERT_EQ(ring.capacity(), 4U);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(i));
  EXPECT_FALSE(ring.try_push(4));
  EXPECT_EQ(*ring.front(), 0);
  ring.pop();
  EXPECT_TRUE(ring.try_push(4));
}

}  // namespace
}  // namespace permitd::daemon
