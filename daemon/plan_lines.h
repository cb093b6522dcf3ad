// Lines of plans as the core is told them.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/planner_settings.h"
#include "daemon/visit_plan.h"
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

/// Those that the daemon applies by itself. What stays need not be said, unless its number had to
/// make room: the new line before it would come behind it.
template <class Lines>
std::vector<scheduler::PlanLine> lines_to_apply(const Lines& lines, PlanApply apply) {
  std::vector<scheduler::PlanLine> chosen;
  for (const auto& line : lines) {
    const bool is_wanted = line.change == PlanChange::kNew || line.is_renumbered ||
                           (apply == PlanApply::kAll && line.change == PlanChange::kMoved);
    if (is_wanted) chosen.push_back(core_line(line));
  }
  return chosen;
}

}  // namespace permitd::daemon
