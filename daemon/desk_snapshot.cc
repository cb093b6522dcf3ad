#include "daemon/desk_snapshot.h"

#include <span>

namespace permitd::daemon {

using scheduler::HalfDay;
using scheduler::JobState;
using scheduler::JobView;
using scheduler::Scheduler;

namespace {

bool is_visit(const JobView& job) {
  return job.kind == scheduler::JobKind::kWork && job.skill == scheduler::Skill::kInspect;
}

}  // namespace

DeskSnapshotQuery::DeskSnapshotQuery(const Scope& scope) : scope_(scope), rows_(scope) {
  snapshot.desks.reserve(kSnapshotDesksMax);
  snapshot.visits.reserve(kSnapshotVisitsMax);
  CityRows::make_room(snapshot);
}

bool DeskSnapshotQuery::run(const Scheduler& scheduler) noexcept {
  switch (part_) {
    case Part::kBegin:
      begin(scheduler);
      part_ = Part::kOffices;
      return false;
    case Part::kOffices:
      if (rows_.take_offices(scheduler, snapshot)) part_ = Part::kExperts;
      return false;
    case Part::kExperts:
      if (rows_.take_experts(scheduler, snapshot)) part_ = Part::kJobs;
      return false;
    case Part::kJobs:
      if (take_jobs(scheduler)) part_ = Part::kDone;
      return part_ == Part::kDone;
    case Part::kDone:
      break;
  }
  return true;
}

void DeskSnapshotQuery::begin(const Scheduler& scheduler) {
  snapshot.op = scheduler.op_applied();
  snapshot.now = scheduler.now();
  snapshot.window_work_days = window_work_days(scheduler);
  std::int32_t date = scheduler.working_day(scheduler.now());
  for (SnapshotDay& day : snapshot.days) {
    day.day = date;
    for (const HalfDay half : {HalfDay::kMorning, HalfDay::kAfternoon})
      day.halves[static_cast<std::size_t>(half)] = half_day_span(scheduler, date, half);
    ++date;
  }
}

bool DeskSnapshotQuery::take_jobs(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_jobs(open_work(), cursor_, kQueryScanMax, jobs_);
  for (std::size_t i = 0; i < count; ++i) take_job(scheduler, jobs_[i]);
  return cursor_.done;
}

void DeskSnapshotQuery::take_job(const Scheduler& scheduler, const JobView& job) {
  SnapshotDesk desk;
  desk.job = job;
  desk.is_planned = scheduler.find_plan(job.job, desk.plan);
  if (is_visit(job)) {
    // What it takes out of somebody's day counts wherever it is.
    if (!desk.is_planned || !scope_.covers(scheduler, desk.plan.expert)) return;
    keep_row(snapshot, snapshot.visits,
             {desk.plan.expert, scheduler.working_day(desk.plan.start), desk.plan.effort_minutes});
    return;
  }
  if (!scope_.covers(scheduler, job)) return;
  if (job.band == scheduler::SlaBand::kPaused || job.state == JobState::kScheduled) return;
  desk.excluded_count =
      static_cast<std::uint8_t>(scheduler.list_excluded(job.job, std::span{desk.excluded}));
  keep_row(snapshot, snapshot.desks, desk);
}

}  // namespace permitd::daemon
