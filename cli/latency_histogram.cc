#include "cli/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace permitd::cli {

LatencyHistogram::LatencyHistogram() : counts_(kBucketCount) {}

std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  if (value < kSubCount) return static_cast<std::size_t>(value);
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
  return (std::size_t{exponent} + 1) * kSubCount +
         static_cast<std::size_t>((value >> exponent) - kSubCount);
}

std::uint64_t LatencyHistogram::bucket_last(std::size_t bucket) {
  if (bucket < kSubCount) return bucket;
  const auto exponent = static_cast<unsigned>(bucket / kSubCount - 1);
  const std::uint64_t first = std::uint64_t{bucket % kSubCount + kSubCount} << exponent;
  return first + ((std::uint64_t{1} << exponent) - 1);
}

void LatencyHistogram::record(std::uint64_t value, std::uint64_t times) {
  if (times == 0) return;
  counts_[bucket_of(value)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t bucket = 0; bucket < kBucketCount; ++bucket)
    counts_[bucket] += other.counts_[bucket];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

std::uint64_t LatencyHistogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  if (percent <= 0) return min_;
  // The tolerance absorbs binary rounding: 99.9 % of 1,000 values is rank 999, not 1,000.
  const double wanted =
      std::ceil(percent / 100.0 * static_cast<double>(count_) - 1e-9 * static_cast<double>(count_));
  const auto rank =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(wanted, 1.0)), 1, count_);
  if (rank == count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBucketCount; ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::clamp(bucket_last(bucket), min_, max_);
  }
  return max_;
}

}  // namespace permitd::cli
