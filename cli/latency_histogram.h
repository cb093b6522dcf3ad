// Counts of values in log-linear buckets: percentiles over nine decades in a fixed few kilobytes.
//
// Within each power of two the buckets are equal, 128 of them, so a percentile is at most 1/128
// (0.8 %) above the true value and never below it; minimum, maximum and count are exact. The bucket
// layout is that of the HDR histogram (G. Tene); there is no correction for coordinated omission:
// an open-loop load measures from the intended send time itself. A value without owner rules: one
// thread at a time, merge afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace permitd::cli {

class LatencyHistogram {
 public:
  LatencyHistogram();

  /// Any unit; nanoseconds and minutes alike. O(1), no allocation.
  void record(std::uint64_t value, std::uint64_t times = 1);
  void merge(const LatencyHistogram& other);

  /// The smallest bucket end that at least `percent` % of the values do not exceed, never above
  /// max(). 0 gives min(), 100 gives max(); 0 when nothing was recorded. Pre: 0 ≤ percent ≤ 100.
  std::uint64_t percentile(double percent) const;

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr std::size_t kSubCount = std::size_t{1} << kSubBits;
  // Values below kSubCount have a bucket each; each further power of two adds kSubCount buckets.
  static constexpr std::size_t kBucketCount = (64 - kSubBits + 1) * kSubCount;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t bucket_last(std::size_t bucket);

  std::vector<std::uint64_t> counts_;  // [kBucketCount]
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace permitd::cli
