// A token bucket per office, so that one office cannot take the share of all others. It bounds the
// cases filed, which is what makes work for everybody else. Integers only; time is handed in, in
// nanoseconds of a monotonic clock. Each rpc thread has its own: with n threads an office that
// spreads its connections can reach n times the rate.
#pragma once

#include <algorithm>
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
        spent_until_ns_(rate == 0 ? nullptr : std::make_unique<std::int64_t[]>(kOfficeCount)) {}

  /// Takes `count` submissions at once or none. A call of more than `burst` can never pass.
  bool take(scheduler::OfficeId office, std::uint32_t count, std::int64_t now_ns) {
    if (interval_ns_ == 0) return true;
    // The bucket is kept as the moment until which everything it ever held is spent: what is in it
    // now is the distance from there to now, at most its depth.
    std::int64_t& spent_until = spent_until_ns_[scheduler::raw(office) % kOfficeCount];
    const std::int64_t begin = std::max(spent_until, now_ns - depth_ns_);
    const std::int64_t end = begin + interval_ns_ * count;
    if (end > now_ns) return false;
    spent_until = end;
    return true;
  }

 private:
  static constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  static constexpr std::size_t kOfficeCount = 10'000;  // codes are 1 … 9999
  std::int64_t interval_ns_;
  std::int64_t depth_ns_;
  std::unique_ptr<std::int64_t[]> spent_until_ns_;  // [office]
};

}  // namespace permitd::daemon
