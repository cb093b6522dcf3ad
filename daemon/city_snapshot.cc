#include "daemon/city_snapshot.h"

#include <algorithm>
#include <span>

namespace permitd::daemon {

using scheduler::CaseState;
using scheduler::CaseView;
using scheduler::HalfDay;
using scheduler::raw;
using scheduler::Scheduler;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;
// Dates looked at for the working days wanted: a calendar with fewer has too few of them.
constexpr std::int32_t kDatesLookedAtMax = 400;

/// Registered, and neither ended nor waiting for its office alone to close it.
bool is_under_way(CaseState state) {
  switch (state) {
    case CaseState::kRegistered:
    case CaseState::kInProgress:
    case CaseState::kAwaitingApplicant:
    case CaseState::kAwaitingAgency:
    case CaseState::kHeld:
    case CaseState::kAwaitingDecision:
    case CaseState::kApproved:
    case CaseState::kReferred:
      return true;
    case CaseState::kDraft:
    case CaseState::kDelivered:
    case CaseState::kClosed:
    case CaseState::kRejected:
    case CaseState::kWithdrawn:
    case CaseState::kLapsed:
      return false;
  }
  return false;
}

CityDay day_of(const Scheduler& scheduler, std::int32_t date) {
  CityDay day;
  day.date = date;
  for (const HalfDay half : {HalfDay::kMorning, HalfDay::kAfternoon}) {
    HalfDaySpan span;
    if (!scheduler.half_day(date, half, span.open, span.close)) continue;
    day.halves[raw(half)] = span;
    const Tick from = std::max(span.open, scheduler.now());
    if (from < span.close)
      day.minutes_left +=
          static_cast<std::int32_t>((span.close.ms - from.ms) / scheduler::kMsPerMinute);
  }
  return day;
}

bool is_move_to(const scheduler::Event& event, scheduler::JobState state) {
  return event.kind == scheduler::EventKind::kJobChanged && event.after == raw(state);
}

bool needs_second_review(const CaseView& view, const scheduler::SetPolicy& policy) {
  const bool is_doubtful = scheduler::is_zoning_doubtful(view.zoning.result, view.zoning.conditions,
                                                         view.zoning_version != 0);
  return view.area_m2 > policy.second_review_area_m2 ||
         (is_doubtful && policy.zoning_review == scheduler::ZoningReview::kSecondReviewer);
}

}  // namespace

CitySnapshotQuery::CitySnapshotQuery(const Scope& scope, const CitySnapshotOptions& options)
    : scope_(scope), options_(options), rows_(scope) {
  snapshot.days.reserve(options.days);
  CityRows::make_room(snapshot);
  snapshot.reserved.reserve(kCityReservedMax);
  if (!options.with_cases) return;
  snapshot.services.reserve(kSnapshotServicesMax);
  snapshot.cases.reserve(kSnapshotCasesMax);
  snapshot.arrivals.reserve(kSnapshotCasesMax);
  snapshot.finished.reserve(kSnapshotFinishedMax);
}

void CitySnapshotQuery::proceed(bool ended, Part next) {
  if (!ended) return;
  part_ = next;
  cursor_ = {};
}

bool CitySnapshotQuery::run(const Scheduler& scheduler) noexcept {
  switch (part_) {
    case Part::kBegin:
      begin(scheduler);
      proceed(true, options_.with_cases ? Part::kServices : Part::kOffices);
      return false;
    case Part::kServices:
      proceed(take_services(scheduler), Part::kOffices);
      return false;
    case Part::kOffices:
      proceed(rows_.take_offices(scheduler, snapshot), Part::kExperts);
      return false;
    case Part::kExperts:
      proceed(take_experts(scheduler), Part::kOpenCells);
      return false;
    case Part::kOpenCells:
      proceed(take_open_cells(scheduler), options_.with_cases ? Part::kCases : Part::kDone);
      return part_ == Part::kDone;
    case Part::kCases:
      proceed(take_cases(scheduler), Part::kFinished);
      return false;
    case Part::kFinished:
      proceed(take_finished(scheduler), Part::kDone);
      return part_ == Part::kDone;
    case Part::kDone:
      break;
  }
  return true;
}

void CitySnapshotQuery::begin(const Scheduler& scheduler) {
  snapshot.op = scheduler.op_applied();
  snapshot.now = scheduler.now();
  snapshot.policy = scheduler.policy();
  if (scope_.sees_city()) {
    snapshot.stats = scheduler.stats();
  } else {
    snapshot.stats.capacity_overrides = scheduler.count_overrides({scope_.district_set(), {}, {}});
  }
  snapshot.present_date = scheduler.working_day(scheduler.now());
  arrivals_from_ = {snapshot.now.ms - kArrivalDays * kMsPerDay};
  take_days(scheduler);
}

void CitySnapshotQuery::take_days(const Scheduler& scheduler) {
  const bool is_present = options_.first_date == CitySnapshotOptions::kPresent;
  std::int32_t date = is_present ? snapshot.present_date : options_.first_date;
  for (std::int32_t looked = 0; looked < kDatesLookedAtMax; ++looked, ++date) {
    if (snapshot.days.size() >= options_.days) return;
    const CityDay day = day_of(scheduler, date);
    if (options_.counts_closed || day.minutes_left > 0) snapshot.days.push_back(day);
  }
}

bool CitySnapshotQuery::take_services(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_services(cursor_, services_);
  for (std::size_t i = 0; i < count; ++i) keep_row(snapshot, snapshot.services, services_[i]);
  return cursor_.done;
}

bool CitySnapshotQuery::take_experts(const Scheduler& scheduler) {
  return rows_.take_experts(scheduler, snapshot, [&](const scheduler::ExpertView& expert) {
    if (expert.planned != 0) take_reserved(scheduler, expert);
  });
}

void CitySnapshotQuery::take_reserved(const Scheduler& scheduler,
                                      const scheduler::ExpertView& expert) {
  const std::size_t count = scheduler.list_planned(expert.expert, plans_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t date = scheduler.working_day(plans_[i].start);
    auto& rows = snapshot.reserved;
    const bool is_same =
        !rows.empty() && rows.back().expert == expert.expert && rows.back().date == date;
    if (is_same) {
      rows.back().minutes += plans_[i].effort_minutes;
    } else {
      keep_row(snapshot, rows, ReservedDay{expert.expert, date, plans_[i].effort_minutes});
    }
  }
}

bool CitySnapshotQuery::take_open_cells(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_open_cells(scheduler::OfficeId{}, cursor_, cells_);
  for (std::size_t i = 0; i < count; ++i) {
    if (scope_.covers_district(cells_[i].district))
      snapshot.open_districts |= 1U << cells_[i].district;
  }
  return cursor_.done;
}

bool CitySnapshotQuery::take_cases(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_cases(cursor_, kQueryScanMax, cases_);
  for (std::size_t i = 0; i < count; ++i) {
    if (!scope_.covers(scheduler, cases_[i])) continue;
    if (is_under_way(cases_[i].state)) take_case(scheduler, cases_[i]);
    const bool is_registered = cases_[i].state != CaseState::kDraft;
    if (is_registered && cases_[i].registered_at >= arrivals_from_) take_arrival(cases_[i]);
  }
  if (!cursor_.done) return false;
  if (first_arrival_ != scheduler::kNever)
    snapshot.arrival_minutes = scheduler.working_minutes(first_arrival_, snapshot.now);
  return true;
}

void CitySnapshotQuery::take_case(const Scheduler& scheduler, const CaseView& view) {
  SnapshotCase one;
  one.case_id = view.case_id;
  one.service_version = view.service_version;
  one.service = view.service;
  one.state = view.state;
  one.priority = view.priority;
  one.district = view.district;
  one.stage_index = view.stage_index;
  one.is_built = view.built;
  one.is_complex = view.floors > snapshot.policy.complex_floors;
  one.needs_second_review = needs_second_review(view, snapshot.policy);
  scheduler::JobView job;
  if (raw(view.current_job) != 0 && scheduler.find_job(view.current_job, job)) {
    one.effort_minutes = job.effort_minutes;
    one.remaining_minutes = job.remaining_minutes;
    one.job_state = job.state;
    one.job_kind = job.kind;
    one.holder = job.holder;
    const bool is_ahead = job.appointment != scheduler::kNever && job.appointment > snapshot.now;
    if (is_ahead)
      one.appointment_minutes = scheduler.working_minutes(snapshot.now, job.appointment);
  }
  keep_row(snapshot, snapshot.cases, one);
}

void CitySnapshotQuery::take_arrival(const CaseView& view) {
  first_arrival_ = std::min(first_arrival_, view.registered_at);
  keep_row(snapshot, snapshot.arrivals,
           Arrival{view.service, view.priority, view.district, view.built,
                   view.floors > snapshot.policy.complex_floors,
                   needs_second_review(view, snapshot.policy), view.service_version});
}

/// True when all histories are read, or there is no room for more.
bool CitySnapshotQuery::take_finished(const Scheduler& scheduler) {
  const auto rows = std::span(cases_).first(kHistoriesPerSlice);
  const std::size_t count = scheduler.list_cases(cursor_, kQueryScanMax, rows);
  for (std::size_t i = 0; i < count; ++i) {
    const bool has_ended_before = rows[i].closed_at < arrivals_from_;
    if (!has_ended_before && scope_.covers(scheduler, rows[i])) take_finished(scheduler, rows[i]);
  }
  return cursor_.done || snapshot.finished.size() == snapshot.finished.capacity();
}

/// Each end of a job with the start before it. What was begun and given back counts from when it
/// was begun again.
void CitySnapshotQuery::take_finished(const Scheduler& scheduler, const CaseView& view) {
  const std::size_t count = scheduler.list_history(view.case_id, 0, history_);
  for (std::size_t end = 0; end < count; ++end) {
    const scheduler::Event& done = history_[end].event;
    if (!is_move_to(done, scheduler::JobState::kDone) || done.at < arrivals_from_) continue;
    for (std::size_t begin = end; begin-- > 0;) {
      const scheduler::Event& started = history_[begin].event;
      if (started.job != done.job || !is_move_to(started, scheduler::JobState::kStarted)) continue;
      take_ended(scheduler, view.service, started, done);
      break;
    }
  }
}

void CitySnapshotQuery::take_ended(const Scheduler& scheduler, scheduler::ServiceId service,
                                   const scheduler::Event& started, const scheduler::Event& done) {
  // Who says start and end in one breath, or forgets the end, does not say how long it took.
  constexpr std::int64_t kShareMin = 50;
  constexpr std::int64_t kShareMax = 10'000;
  scheduler::JobView job;
  if (!scheduler.find_job(done.job, job) || job.effort_minutes == 0) return;
  const std::int64_t minutes = scheduler.working_minutes(started.at, done.at);
  const std::int64_t share = minutes * 1'000 / job.effort_minutes;
  if (share < kShareMin || share > kShareMax) return;
  if (snapshot.finished.size() == snapshot.finished.capacity()) return;
  snapshot.finished.push_back({service, job.stage, job.kind, static_cast<std::uint16_t>(share)});
}

}  // namespace permitd::daemon
