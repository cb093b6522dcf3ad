#include "bench/dispatch_trace_planned.h"

#include <algorithm>
#include <span>

#include "daemon/plan_lines.h"
#include "daemon/visit_plan.h"

namespace permitd::bench {

namespace {

// Streets and speed of trace_travel_minutes; steps as the daemon's default.
daemon::VisitPlanOptions day_options() {
  daemon::VisitPlanOptions options = daemon::visit_options(daemon::PlannerSettings{});
  options.milliseconds = 0;
  options.road_percent = 130;
  return options;
}

}  // namespace

std::vector<scheduler::ApplyPlan> plan_present_day(const scheduler::Scheduler& core) {
  daemon::VisitSnapshotQuery query(daemon::Scope{}, {.is_ahead = true});
  while (!query.run(core)) continue;
  // Others' visits wait for whoever has no municipal one: nothing is reserved for them.
  std::erase_if(query.snapshot.visits, [](const daemon::SnapshotVisit& visit) {
    return visit.job.priority == scheduler::PriorityClass::kOther &&
           visit.job.state == scheduler::JobState::kReady;
  });
  const daemon::VisitPlan plan =
      daemon::plan_visits(query.snapshot, day_options(), std::stop_source{});
  std::vector<scheduler::ApplyPlan> commands;
  for (std::size_t from = 0; from < plan.lines.size(); from += scheduler::kPlanLinesPerCommand) {
    const auto lines = std::span(plan.lines).subspan(from);
    scheduler::ApplyPlan& command = commands.emplace_back();
    command.snapshot_op = plan.op;
    command.count = static_cast<std::uint16_t>(
        std::min<std::size_t>(scheduler::kPlanLinesPerCommand, lines.size()));
    std::ranges::transform(lines.first(command.count), command.lines.begin(),
                           daemon::core_line<daemon::PlannedVisitLine>);
  }
  return commands;
}

}  // namespace permitd::bench
