// Goal: percentiles stay within the promised 1/128 of the exact ones, over the whole range of
// values. Method: the same values in a sorted vector; edges of buckets and powers of two by hand.
#include "cli/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace permitd::cli {
namespace {

std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double percent) {
  auto rank = static_cast<std::size_t>(
      std::ceil(percent / 100.0 * static_cast<double>(sorted.size()) - 1e-6));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

TEST(LatencyHistogram, EmptyGivesZeros) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0U);
  EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(LatencyHistogram, OneValueIsEveryPercentile) {
  for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127},
                              std::uint64_t{128}, std::uint64_t{123'456'789}, UINT64_MAX}) {
    LatencyHistogram histogram;
    histogram.record(value);
    for (double percent : {0.0, 50.0, 99.9, 100.0}) EXPECT_EQ(histogram.percentile(percent), value);
  }
}

TEST(LatencyHistogram, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(1), 1U);
  EXPECT_EQ(histogram.percentile(50), 50U);
  EXPECT_EQ(histogram.percentile(99), 99U);
  EXPECT_EQ(histogram.percentile(99.1), 100U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(LatencyHistogram, RankIsNotPushedUpByBinaryRounding) {
  LatencyHistogram histogram;
  histogram.record(5, 999);
  histogram.record(90);
  EXPECT_EQ(histogram.percentile(99.9), 5U);
  EXPECT_EQ(histogram.percentile(99.95), 90U);
}

TEST(LatencyHistogram, NeverBelowAndAtMostOnePart128AboveTheExactValue) {
  std::mt19937_64 random(20);
  std::vector<std::uint64_t> values;
  LatencyHistogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    auto value = random() >> (random() % 64);
    values.push_back(value);
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (double percent : {0.1, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto want = exact(values, percent);
    const auto got = histogram.percentile(percent);
    EXPECT_GE(got, want) << percent;
    EXPECT_LE(got - want, want / 128) << percent;
  }
}

TEST(LatencyHistogram, EveryPowerOfTwoAndItsNeighboursKeepThePrecision) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (int offset = -1; offset <= 1; ++offset) {
      const std::uint64_t value = (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(offset);
      LatencyHistogram histogram;
      histogram.record(value);
      histogram.record(UINT64_MAX);
      const auto got = histogram.percentile(50);
      EXPECT_GE(got, value);
      EXPECT_LE(got - value, value / 128);
    }
  }
}

TEST(LatencyHistogram, MergeEqualsRecordingEverythingInOne) {
  std::mt19937_64 random(21);
  LatencyHistogram left;
  LatencyHistogram right;
  LatencyHistogram both;
  for (int i = 0; i < 3'000; ++i) {
    const auto value = random() % 1'000'000;
    (i % 3 == 0 ? left : right).record(value);
    both.record(value);
  }
  left.merge(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.min(), both.min());
  EXPECT_EQ(left.max(), both.max());
  for (double percent = 0; percent <= 100; percent += 0.5) {
    EXPECT_EQ(left.percentile(percent), both.percentile(percent)) << percent;
  }
}

TEST(LatencyHistogram, MergingAnEmptyOneChangesNothing) {
  LatencyHistogram histogram;
  histogram.record(7);
  histogram.merge(LatencyHistogram());
  EXPECT_EQ(histogram.min(), 7U);
  EXPECT_EQ(histogram.max(), 7U);
  EXPECT_EQ(histogram.count(), 1U);
}

}  // namespace
}  // namespace permitd::cli
