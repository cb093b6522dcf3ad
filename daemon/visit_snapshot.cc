#include "daemon/visit_snapshot.h"

#include <algorithm>
#include <span>

namespace permitd::daemon {

using scheduler::HalfDay;
using scheduler::JobState;
using scheduler::JobView;
using scheduler::Scheduler;
using scheduler::Tick;

namespace {

// A closure beyond that has no day to plan for.
constexpr std::int32_t kDaysLookedAtMax = 60;
// Of a history; most are no longer.
constexpr std::size_t kEventsPerRead = 64;

}  // namespace

std::uint32_t window_work_days(const Scheduler& scheduler) {
  const std::int32_t today = scheduler.working_day(scheduler.now());
  std::uint32_t count = 0;
  for (std::int32_t back = 0; back < static_cast<std::int32_t>(scheduler::kLoadWindowDays);
       ++back) {
    const bool is_open = !half_day_span(scheduler, today - back, HalfDay::kMorning).is_closed() ||
                         !half_day_span(scheduler, today - back, HalfDay::kAfternoon).is_closed();
    count += is_open ? 1 : 0;
  }
  return std::max(count, 1U);
}

HalfDaySpan half_day_span(const Scheduler& scheduler, std::int32_t day, HalfDay half) {
  HalfDaySpan span;
  if (!scheduler.half_day(day, half, span.open, span.close)) return {};
  return span;
}

Tick begun_at(const Scheduler& scheduler, const JobView& job) {
  std::array<scheduler::HistoryView, kEventsPerRead> events;
  Tick begun;
  std::size_t from = 0;
  std::size_t count = events.size();
  while (count == events.size()) {
    count = scheduler.list_history(job.case_id, from, events);
    for (std::size_t i = 0; i < count; ++i) {
      const scheduler::Event& event = events[i].event;
      const bool is_begin = event.job == job.job &&
                            event.kind == scheduler::EventKind::kJobChanged &&
                            event.after == raw(JobState::kStarted);
      if (is_begin) begun = event.at;
    }
    from += count;
  }
  scheduler::DecisionView given;
  if (begun.ms == 0 && scheduler.find_decision(job.job, given)) begun = given.at;
  return begun;
}

VisitSnapshotQuery::VisitSnapshotQuery(const Scope& scope, const VisitDay& day)
    : scope_(scope), wanted_(day), rows_(scope) {
  snapshot.visits.reserve(kSnapshotVisitsMax);
  snapshot.met.reserve(kSnapshotMetMax);
  snapshot.reserved.reserve(kSnapshotReservedMax);
  CityRows::make_room(snapshot);
}

bool VisitSnapshotQuery::run(const Scheduler& scheduler) noexcept {
  switch (part_) {
    case Part::kBegin:
      begin(scheduler);
      part_ = Part::kOffices;
      return false;
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
      const auto visit_at = [&](std::size_t i) -> SnapshotVisit& { return snapshot.visits[i]; };
      if (begun_.take(scheduler, snapshot.visits.size(), visit_at)) part_ = Part::kDone;
      return part_ == Part::kDone;
    }
    case Part::kDone:
      break;
  }
  return true;
}

void VisitSnapshotQuery::begin(const Scheduler& scheduler) {
  snapshot.op = scheduler.op_applied();
  snapshot.now = scheduler.now();
  choose_day(scheduler);
  snapshot.policy = scheduler.policy();
  snapshot.window_work_days = window_work_days(scheduler);
  for (const HalfDay half : {HalfDay::kMorning, HalfDay::kAfternoon})
    snapshot.halves[static_cast<std::size_t>(half)] = half_day_span(scheduler, snapshot.day, half);
}

void VisitSnapshotQuery::choose_day(const Scheduler& scheduler) {
  const auto is_open = [&](std::int32_t day) {
    const bool is_closed = wanted_.has_closed && day == wanted_.closed;
    return !is_closed && (!half_day_span(scheduler, day, HalfDay::kMorning).is_closed() ||
                          !half_day_span(scheduler, day, HalfDay::kAfternoon).is_closed());
  };
  const auto next_open = [&](std::int32_t day) {
    for (std::int32_t ahead = 0; ahead < kDaysLookedAtMax; ++ahead)
      if (is_open(day + ahead)) return day + ahead;
    return day;
  };
  const std::int32_t present = scheduler.working_day(scheduler.now());
  std::int32_t day = wanted_.date;
  if (wanted_.is_ahead) {
    day = next_open(present);
    for (std::uint32_t i = 0; i < wanted_.ahead; ++i) day = next_open(day + 1);
  } else if (wanted_.has_closed && wanted_.closed == day) {
    day = next_open(day + 1);
  }
  snapshot.day = day;
  snapshot.is_today = next_open(present) == day;
}

bool VisitSnapshotQuery::take_experts(const Scheduler& scheduler) {
  return rows_.take_experts(scheduler, snapshot, [&](const scheduler::ExpertView& expert) {
    keep_reserved(scheduler, expert, snapshot.day, snapshot.day, snapshot);
  });
}

bool VisitSnapshotQuery::take_visits(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_jobs(open_visits(), cursor_, kQueryScanMax, jobs_);
  for (std::size_t i = 0; i < count; ++i) take_visit(scheduler, jobs_[i]);
  return cursor_.done;
}

void VisitSnapshotQuery::take_visit(const Scheduler& scheduler, const JobView& job) {
  if (job.kind != scheduler::JobKind::kWork || job.skill != scheduler::Skill::kInspect) return;
  if (!scope_.covers(scheduler, job)) return;
  SnapshotVisit visit;
  visit.job = job;
  if (!concerns_day(scheduler, visit)) return;
  scheduler::CaseView owner;
  if (scheduler.find_case(job.case_id, owner)) {
    visit.point = owner.point;
    visit.owner = owner.owner;
  }
  visit.excluded_count =
      static_cast<std::uint8_t>(scheduler.list_excluded(job.job, std::span{visit.excluded}));
  if (keep_row(snapshot, snapshot.visits, visit)) keep_met(scheduler, visit.owner, seen_, snapshot);
}

/// Visits promised for the day, and, on the present day, those that wait for nobody in particular
/// or are under way; of a preview those of the day that is taken as closed, too.
bool VisitSnapshotQuery::concerns_day(const Scheduler& scheduler, SnapshotVisit& visit) const {
  const JobView& job = visit.job;
  if (job.band == scheduler::SlaBand::kPaused) return false;  // its case waits for somebody
  if (scheduler.find_plan(job.job, visit.plan)) {
    const std::int32_t day = scheduler.working_day(visit.plan.start);
    visit.is_planned = day == snapshot.day;
    return visit.is_planned || (wanted_.has_closed && day == wanted_.closed);
  }
  if (job.state == JobState::kAssigned || job.state == JobState::kStarted) return snapshot.is_today;
  const bool is_promised = job.appointment != scheduler::kNever && job.appointment >= snapshot.now;
  if (is_promised) {
    const std::int32_t day = scheduler.working_day(job.appointment);
    return day == snapshot.day || (wanted_.has_closed && day == wanted_.closed);
  }
  return snapshot.is_today;
}

}  // namespace permitd::daemon
