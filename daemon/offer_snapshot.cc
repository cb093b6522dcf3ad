#include "daemon/offer_snapshot.h"

#include <algorithm>
#include <span>

namespace permitd::daemon {

using scheduler::HalfDay;
using scheduler::JobState;
using scheduler::JobView;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

// Dates looked at for the working days wanted.
constexpr std::int32_t kDatesLookedAtMax = 60;

SnapshotVisit visit_of(const Scheduler& scheduler, const JobView& job) {
  SnapshotVisit visit;
  visit.job = job;
  scheduler::CaseView owner;
  if (scheduler.find_case(job.case_id, owner)) {
    visit.point = owner.point;
    visit.owner = owner.owner;
  }
  visit.excluded_count =
      static_cast<std::uint8_t>(scheduler.list_excluded(job.job, std::span{visit.excluded}));
  visit.is_planned = scheduler.find_plan(job.job, visit.plan);
  return visit;
}

}  // namespace

OfferSnapshotQuery::OfferSnapshotQuery(std::uint32_t days)
    : OfferSnapshotQuery(false, Scope{}, {}, {}, days) {}

OfferSnapshotQuery::OfferSnapshotQuery(Scope scope, scheduler::JobId job, scheduler::CaseId case_id,
                                       std::uint32_t days)
    : OfferSnapshotQuery(true, scope, job, case_id, days) {}

OfferSnapshotQuery::OfferSnapshotQuery(bool is_asked, Scope scope, scheduler::JobId job,
                                       scheduler::CaseId case_id, std::uint32_t days)
    : is_asked_(is_asked), scope_(scope), job_(job), case_id_(case_id), days_(days) {
  snapshot.halves.reserve(std::size_t{days} * 2);
  snapshot.visits.reserve(kSnapshotVisitsMax);
  snapshot.met.reserve(kSnapshotMetMax);
  snapshot.reserved.reserve(kSnapshotReservedMax);
  CityRows::make_room(snapshot);
}

bool OfferSnapshotQuery::run(const Scheduler& scheduler) noexcept {
  switch (part_) {
    case Part::kBegin:
      part_ = begin(scheduler) ? Part::kOffices : Part::kDone;
      return part_ == Part::kDone;
    case Part::kOffices:
      if (rows_.take_offices(scheduler, snapshot)) part_ = Part::kExperts;
      return false;
    case Part::kExperts:
      if (take_experts(scheduler)) part_ = Part::kVisits;
      return false;
    case Part::kVisits:
      if (take_visits(scheduler)) part_ = Part::kBegun;
      return false;
    case Part::kBegun: {
      const auto visit_at = [&](std::size_t i) -> SnapshotVisit& {
        return snapshot.visits[i].visit;
      };
      if (begun_.take(scheduler, snapshot.visits.size(), visit_at)) part_ = Part::kDone;
      return part_ == Part::kDone;
    }
    case Part::kDone:
      break;
  }
  return true;
}

/// False when there is nothing to ask about.
bool OfferSnapshotQuery::begin(const Scheduler& scheduler) {
  snapshot.op = scheduler.op_applied();
  snapshot.now = scheduler.now();
  snapshot.present_date = scheduler.working_day(scheduler.now());
  snapshot.policy = scheduler.policy();
  snapshot.window_work_days = window_work_days(scheduler);
  if (is_asked_ && !take_asked(scheduler)) return false;
  take_halves(scheduler);
  return !snapshot.halves.empty();
}

bool OfferSnapshotQuery::take_asked(const Scheduler& scheduler) {
  scheduler::JobId id = job_;
  scheduler::CaseView owner;
  if (raw(id) == 0 && scheduler.find_case(case_id_, owner)) id = owner.current_job;
  JobView job;
  if (!scheduler.find_job(id, job) || !scope_.covers(scheduler, job)) return false;
  snapshot.is_found = true;
  snapshot.asked = visit_of(scheduler, job);
  keep_met(scheduler, snapshot.asked.owner, seen_, snapshot);
  return true;
}

scheduler::Outcome OfferSnapshotQuery::verdict_of(const Scheduler& scheduler,
                                                  const OfferHalf& half) const {
  scheduler::Schedule schedule;
  schedule.job = snapshot.asked.job.job;
  schedule.day = half.date;
  schedule.half = half.half;
  return scheduler.judge_schedule(schedule);
}

void OfferSnapshotQuery::take_halves(const Scheduler& scheduler) {
  std::uint32_t days = 0;
  last_date_ = snapshot.present_date;
  std::int32_t date = snapshot.present_date;
  for (std::int32_t looked = 0; looked < kDatesLookedAtMax && days < days_; ++looked, ++date) {
    const std::size_t before = snapshot.halves.size();
    for (const HalfDay half : {HalfDay::kMorning, HalfDay::kAfternoon}) {
      OfferHalf one{date, half, {}, {}};
      if (!scheduler.half_day(date, half, one.span.open, one.span.close)) continue;
      if (is_asked_) one.verdict = verdict_of(scheduler, one);
      keep_row(snapshot, snapshot.halves, one);
    }
    if (snapshot.halves.size() == before) continue;
    days += 1;
    last_date_ = date;
  }
}

bool OfferSnapshotQuery::take_experts(const Scheduler& scheduler) {
  return rows_.take_experts(scheduler, snapshot, [&](const scheduler::ExpertView& expert) {
    keep_reserved(scheduler, expert, snapshot.present_date, last_date_, snapshot);
  });
}

bool OfferSnapshotQuery::take_visits(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_jobs(open_visits(), cursor_, kQueryScanMax, jobs_);
  for (std::size_t i = 0; i < count; ++i) take_visit(scheduler, jobs_[i]);
  return cursor_.done;
}

/// Planned and promised visits stand on their day, everything else on the present one.
void OfferSnapshotQuery::take_visit(const Scheduler& scheduler, const JobView& job) {
  const bool is_visit =
      job.kind == scheduler::JobKind::kWork && job.skill == scheduler::Skill::kInspect;
  if (!is_visit || job.job == snapshot.asked.job.job) return;
  if (job.band == scheduler::SlaBand::kPaused) return;
  DatedVisit dated{snapshot.present_date, visit_of(scheduler, job)};
  const bool is_in_hand = job.state == JobState::kAssigned || job.state == JobState::kStarted;
  const bool is_promised = job.appointment != scheduler::kNever && job.appointment >= snapshot.now;
  if (dated.visit.is_planned) {
    dated.date = scheduler.working_day(dated.visit.plan.start);
  } else if (is_promised && !is_in_hand) {
    dated.date = scheduler.working_day(job.appointment);
  }
  if (dated.date <= last_date_ && keep_row(snapshot, snapshot.visits, dated))
    keep_met(scheduler, dated.visit.owner, seen_, snapshot);
}

}  // namespace permitd::daemon
