#include "daemon/visit_snapshot.h"

#include <span>

namespace permitd::daemon {

using scheduler::HalfDay;
using scheduler::JobState;
using scheduler::JobView;
using scheduler::Scheduler;
using scheduler::Tick;

namespace {

constexpr std::uint32_t bit(auto value) { return 1U << static_cast<unsigned>(value); }

scheduler::JobFilter open_visits() {
  scheduler::JobFilter filter;
  filter.stages = bit(scheduler::Stage::kSiteInspection);
  filter.states = bit(JobState::kReady) | bit(JobState::kScheduled) | bit(JobState::kAssigned) |
                  bit(JobState::kStarted);
  return filter;
}

}  // namespace

VisitSnapshotQuery::VisitSnapshotQuery(std::int32_t day) {
  snapshot.day = day;
  snapshot.visits.reserve(kSnapshotVisitsMax);
  snapshot.experts.reserve(kSnapshotExpertsMax);
  snapshot.offices.reserve(kSnapshotOfficesMax);
}

template <class Row>
void VisitSnapshotQuery::keep(std::vector<Row>& rows, const Row& row) {
  if (rows.size() < rows.capacity()) {
    rows.push_back(row);
  } else {
    snapshot.left_out += 1;
  }
}

bool VisitSnapshotQuery::run(const Scheduler& scheduler) noexcept {
  switch (part_) {
    case Part::kBegin:
      begin(scheduler);
      part_ = Part::kOffices;
      return false;
    case Part::kOffices:
      if (take_offices(scheduler)) part_ = Part::kExperts;
      return false;
    case Part::kExperts:
      if (take_experts(scheduler)) part_ = Part::kVisits;
      return false;
    case Part::kVisits:
      if (take_visits(scheduler)) part_ = Part::kDone;
      return part_ == Part::kDone;
    case Part::kDone:
      break;
  }
  return true;
}

void VisitSnapshotQuery::begin(const Scheduler& scheduler) {
  snapshot.op = scheduler.op_applied();
  snapshot.now = scheduler.now();
  snapshot.is_today = scheduler.working_day(scheduler.now()) == snapshot.day;
  snapshot.policy = scheduler.policy();
  for (const HalfDay half : {HalfDay::kMorning, HalfDay::kAfternoon}) {
    HalfDaySpan span;
    if (scheduler.half_day(snapshot.day, half, span.open, span.close))
      snapshot.halves[static_cast<std::size_t>(half)] = span;
  }
}

bool VisitSnapshotQuery::take_offices(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_offices(cursor_, offices_);
  for (std::size_t i = 0; i < count; ++i) keep(snapshot.offices, offices_[i]);
  if (!cursor_.done) return false;
  cursor_ = {};
  return true;
}

bool VisitSnapshotQuery::take_experts(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_experts(scheduler::OfficeId{}, cursor_, experts_);
  for (std::size_t i = 0; i < count; ++i) keep(snapshot.experts, experts_[i]);
  if (!cursor_.done) return false;
  cursor_ = {};
  return true;
}

bool VisitSnapshotQuery::take_visits(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_jobs(open_visits(), cursor_, kQueryScanMax, jobs_);
  for (std::size_t i = 0; i < count; ++i) take_visit(scheduler, jobs_[i]);
  return cursor_.done;
}

void VisitSnapshotQuery::take_visit(const Scheduler& scheduler, const JobView& job) {
  if (job.kind != scheduler::JobKind::kWork || job.skill != scheduler::Skill::kInspect) return;
  SnapshotVisit visit;
  visit.job = job;
  if (!concerns_day(scheduler, visit)) return;
  scheduler::CaseView owner;
  if (scheduler.find_case(job.case_id, owner)) visit.point = owner.point;
  visit.excluded_count =
      static_cast<std::uint8_t>(scheduler.list_excluded(job.job, std::span{visit.excluded}));
  keep(snapshot.visits, visit);
}

/// Visits promised for the day, and, on the present day, those that wait for nobody in particular
/// or are under way.
bool VisitSnapshotQuery::concerns_day(const Scheduler& scheduler, SnapshotVisit& visit) const {
  const JobView& job = visit.job;
  if (job.band == scheduler::SlaBand::kPaused) return false;  // its case waits for somebody
  if (scheduler.find_plan(job.job, visit.plan)) {
    visit.is_planned = scheduler.working_day(visit.plan.start) == snapshot.day;
    return visit.is_planned;
  }
  if (job.state == JobState::kAssigned || job.state == JobState::kStarted) return snapshot.is_today;
  const bool is_promised = job.appointment != scheduler::kNever && job.appointment >= snapshot.now;
  if (is_promised) return scheduler.working_day(job.appointment) == snapshot.day;
  return snapshot.is_today;
}

}  // namespace permitd::daemon
