// Lines of plans as the core is told them.
#pragma once

#include <cstdint>

#include "scheduler/command.h"

namespace permitd::daemon {

/// A line of a plan of visits or of the desks: reserves its job for its expert.
template <class Line>
scheduler::PlanLine core_line(const Line& from) {
  scheduler::PlanLine line;
  line.job = from.job;
  line.expert = from.expert;
  line.start_minute = static_cast<std::uint32_t>(from.start.ms / scheduler::kMsPerMinute);
  line.sequence = from.sequence;
  line.attempts = from.attempts;
  line.state = from.state;
  line.reason = scheduler::Reason::kPlanned;
  return line;
}

}  // namespace permitd::daemon
