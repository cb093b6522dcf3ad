// Goal: an office gets its rate and its burst, not more, and costs no other office anything.
#include "daemon/quota.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace permitd::daemon {
namespace {

constexpr scheduler::OfficeId kOffice{101};
constexpr scheduler::OfficeId kOther{202};
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kBegin = 1000 * kSecond;

TEST(QuotaTest, WithoutARateEverythingPasses) {
  OfficeQuota quota(0, 0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(quota.take(kOffice, 1000, 0));
}

TEST(QuotaTest, ABurstPassesAtOnceAndThenTheRate) {
  OfficeQuota quota(10, 50);
  EXPECT_TRUE(quota.take(kOffice, 50, kBegin));
  EXPECT_FALSE(quota.take(kOffice, 1, kBegin));
  EXPECT_FALSE(quota.take(kOffice, 1, kBegin + kSecond / 10 - 1));
  EXPECT_TRUE(quota.take(kOffice, 1, kBegin + kSecond / 10));
  EXPECT_FALSE(quota.take(kOffice, 1, kBegin + kSecond / 10));
}

TEST(QuotaTest, ACallIsTakenWholeOrNotAtAll) {
  OfficeQuota quota(10, 50);
  EXPECT_FALSE(quota.take(kOffice, 51, kBegin));
  EXPECT_TRUE(quota.take(kOffice, 50, kBegin));
}

TEST(QuotaTest, ALongSilenceSavesNoMoreThanTheBurst) {
  OfficeQuota quota(10, 50);
  EXPECT_TRUE(quota.take(kOffice, 50, kBegin));
  EXPECT_TRUE(quota.take(kOffice, 50, kBegin + 3600 * kSecond));
  EXPECT_FALSE(quota.take(kOffice, 1, kBegin + 3600 * kSecond));
}

TEST(QuotaTest, OfficesDoNotShare) {
  OfficeQuota quota(1, 1);
  EXPECT_TRUE(quota.take(kOffice, 1, kBegin));
  EXPECT_TRUE(quota.take(kOther, 1, kBegin));
  EXPECT_FALSE(quota.take(kOffice, 1, kBegin));
}

TEST(QuotaTest, ThreadsShareTheRate) {
  OfficeQuota quota(1'000, 10'000);
  constexpr int kTries = 20'000;
  std::array<int, 2> passed{};
  const auto file_on = [&](std::size_t thread) {
    // Each has its own look at the clock: a minute of it, three milliseconds at a time.
    for (int i = 0; i < kTries; ++i)
      passed[thread] += quota.take(kOffice, 3, kBegin + i * kSecond / 333) ? 3 : 0;
  };
  {
    const std::jthread one([&] { file_on(0); });
    const std::jthread two([&] { file_on(1); });
  }
  // Each alone would have had nearly as much.
  constexpr int kShared = 10'000 + kTries / 333 * 1'000;
  EXPECT_LE(passed[0] + passed[1], kShared + 1'000);
  EXPECT_GE(passed[0] + passed[1], kShared / 2) << "an older look at the clock finds less";
}

TEST(QuotaTest, NothingIsCountedTwiceAtOneMoment) {
  for (int round = 0; round < 200; ++round) {
    OfficeQuota quota(10, 1'000);
    std::array<int, 2> passed{};
    {
      const auto file_on = [&](std::size_t thread) {
        for (int i = 0; i < 1'000; ++i) passed[thread] += quota.take(kOffice, 1, kBegin) ? 1 : 0;
      };
      const std::jthread one([&] { file_on(0); });
      const std::jthread two([&] { file_on(1); });
    }
    ASSERT_EQ(passed[0] + passed[1], 1'000);
  }
}

TEST(QuotaTest, OverAMinuteTheRateIsKept) {
  OfficeQuota quota(100, 10);
  int passed = 0;
  for (std::int64_t now = kBegin; now < kBegin + 60 * kSecond; now += kSecond / 1000) {
    passed += quota.take(kOffice, 1, now) ? 1 : 0;
  }
  EXPECT_GE(passed, 6000);
  EXPECT_LE(passed, 6010);
}

}  // namespace
}  // namespace permitd::daemon
