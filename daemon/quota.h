// A token bucket per office, so that one office cannot take the share of all others. It bounds the
// cases filed, which is what makes work for everybody else. Integers only; time is handed in, in
// nanoseconds of a monotonic clock. All network threads share one, so that an office that spreads
// its connections gains nothing; take() may be called from any of them. A bucket is one number and
// stands alone, so relaxed order does.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "scheduler/types.h"

namespace permitd::daemon {

class OfficeQuota {
 public:
  /// `rate` submissions a second, up to `burst` at once after a silence; rate 0 = no quota.
  OfficeQuota(std::uint32_t rate, std::uint32_t burst)
      : interval_ns_(rate == 0 ? 0 : std::max<std::int64_t>(1, kNsPerSecond / rate)),
        depth_ns_(interval_ns_ * std::max<std::int64_t>(1, burst)),
        spent_until_ns_(rate == 0 ? nullptr : std::make_unique<Bucket[]>(kOfficeCount)) {}

  /// Takes `count` submissions at once or none. A call of more than `burst` can never pass.
  bool take(scheduler::OfficeId office, std::uint32_t count, std::int64_t now_ns) {
    if (interval_ns_ == 0) return true;
    // The bucket is kept as the moment until which everything it ever held is spent: what is in it
    // now is the distance from there to now, at most its depth.
    Bucket& spent_until = spent_until_ns_[scheduler::raw(office) % kOfficeCount];
    std::int64_t before = spent_until.load(std::memory_order_relaxed);
    std::int64_t end = 0;
    do {
      end = std::max(before, now_ns - depth_ns_) + interval_ns_ * count;
      if (end > now_ns) return false;
    } while (!spent_until.compare_exchange_weak(before, end, std::memory_order_relaxed));
    return true;
  }

 private:
  using Bucket = std::atomic<std::int64_t>;
  static constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  static constexpr std::size_t kOfficeCount = 10'000;  // codes are 1 … 9999
  std::int64_t interval_ns_;
  std::int64_t depth_ns_;
  std::unique_ptr<Bucket[]> spent_until_ns_;  // [office]
};

}  // namespace permitd::daemon
