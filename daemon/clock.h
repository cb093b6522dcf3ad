// The seam to time. The engine asks once per batch; nothing else in the daemon asks for business
// time.
#pragma once

#include "scheduler/types.h"

namespace permitd::daemon {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual scheduler::Tick now() = 0;
};

/// Wall time of the machine, CLOCK_REALTIME.
class SystemClock final : public Clock {
 public:
  scheduler::Tick now() override;
};

/// Time of a rehearsal: stands still until somebody advances it. Engine thread only.
class RehearsalClock final : public Clock {
 public:
  scheduler::Tick now() override { return now_; }
  /// Never goes back.
  void advance(scheduler::Tick to) {
    if (to > now_) now_ = to;
  }

 private:
  scheduler::Tick now_;
};

}  // namespace permitd::daemon
