#include "daemon/clock.h"

#include <ctime>

namespace permitd::daemon {

scheduler::Tick SystemClock::now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec * 1000 + now.tv_nsec / 1'000'000};
}

}  // namespace permitd::daemon
