#include "daemon/queries.h"

#include <algorithm>
#include <utility>

#include "scheduler/members.h"

namespace permitd::daemon {

using scheduler::CaseView;
using scheduler::DecisionView;
using scheduler::ExpertId;
using scheduler::JobView;
using scheduler::OfficeId;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

// Records of a slice where each is looked at.
constexpr std::size_t kCountedPerSlice = 256;

/// List calls take a page as one slice; the page is at most Limits.pageMax rows.
template <class Rows, class List>
void fill_page(Rows& rows, List&& list) {
  const std::size_t count = list(std::span{rows});
  rows.resize(count);  // shrinks: no allocation
}

/// Not at its end: what has been done and waits for its confirmation counts as ended here.
bool is_open(scheduler::JobState state) {
  switch (state) {
    case scheduler::JobState::kBlocked:
    case scheduler::JobState::kReady:
    case scheduler::JobState::kScheduled:
    case scheduler::JobState::kAssigned:
    case scheduler::JobState::kStarted:
    case scheduler::JobState::kHeld:
    case scheduler::JobState::kEscalated:
      return true;
    case scheduler::JobState::kDone:
    case scheduler::JobState::kConfirmed:
    case scheduler::JobState::kReturned:
    case scheduler::JobState::kCancelled:
      return false;
  }
  return false;
}

/// Nobody has the job yet: who will is not everybody's to know.
bool is_unassigned(scheduler::JobState state) {
  return is_open(state) && state != scheduler::JobState::kAssigned &&
         state != scheduler::JobState::kStarted;
}

void hide_reservation(const Scope& scope, JobView& job) {
  if (is_unassigned(job.state) && !scope.sees_reservation(job.planned_for))
    job.planned_for = ExpertId{};
}

/// Of two deadlines, the one that an edit of the calendar moves further. Never is furthest of all.
bool moves_further(const scheduler::DeadlineMove& a, const scheduler::DeadlineMove& b) {
  const auto distance = [](const scheduler::DeadlineMove& move) {
    const auto [from, to] = std::minmax(move.before.ms, move.after.ms);
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  const std::uint64_t of_a = distance(a);
  const std::uint64_t of_b = distance(b);
  if (of_a != of_b) return of_a > of_b;
  return std::pair(raw(a.case_id), raw(a.job)) < std::pair(raw(b.case_id), raw(b.job));
}

/// Keeps the first `count` rows that the scope covers, from `from` on; how many there are then.
template <class Rows, class Covers>
std::size_t keep_covered(Rows& rows, std::size_t from, std::size_t count, Covers&& covers) {
  const auto first = rows.begin() + static_cast<std::ptrdiff_t>(from);
  const auto last = rows.begin() + static_cast<std::ptrdiff_t>(count);
  const auto kept = std::remove_if(first, last, [&](const auto& row) { return !covers(row); });
  return static_cast<std::size_t>(kept - rows.begin());
}

}  // namespace

CaseQuery::CaseQuery(Scope scope, scheduler::CaseId id)
    : jobs(kCaseJobsMax), scope_(scope), id_(id) {}

bool CaseQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_case(id_, view) && scope_.covers(scheduler, view);
  fill_page(jobs,
            [&](std::span<JobView> out) { return found ? scheduler.list_case_jobs(id_, out) : 0; });
  for (JobView& job : jobs) hide_reservation(scope_, job);
  return true;
}

bool JobQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_job(id_, view) && scope_.covers(scheduler, view);
  hide_reservation(scope_, view);
  return true;
}

HistoryQuery::HistoryQuery(Scope scope, scheduler::CaseId id, std::uint32_t from,
                           std::uint16_t limit)
    : events(limit), scope_(scope), id_(id), from_(from) {}

bool HistoryQuery::run(const Scheduler& scheduler) noexcept {
  CaseView view;
  found = scheduler.find_case(id_, view) && scope_.covers(scheduler, view);
  fill_page(events, [&](std::span<scheduler::HistoryView> out) {
    return found ? scheduler.list_history(id_, from_, out) : 0;
  });
  // Of a job that somebody has got the history is told in full.
  for (scheduler::HistoryView& told : events) {
    if (!tells_reservation(told.event.kind) || scope_.sees_reservation(told.event.expert)) continue;
    JobView job;
    if (scheduler.find_job(told.event.job, job) && is_unassigned(job.state))
      hide_reservation(scope_, told.event);
  }
  return true;
}

namespace {

// What was drawn among may be of other cases, outside the scope: neither said nor counted, nor
// whether there was any. Jobs about as urgent are always several, so nothing is told of them.
void hide_drawn(const Scope& scope, const Scheduler& scheduler, DecisionView& decision) {
  if (scope.sees_city() || !decision.by_claim || decision.by_plan) return;
  std::uint8_t seen = 0;
  if (std::exchange(decision.by_deadline, false)) decision.drawn_count = 0;
  for (std::size_t i = 0; i < decision.drawn_count; ++i) {
    if (scope.covers(scheduler, decision.drawn[i].job)) decision.drawn[seen++] = decision.drawn[i];
  }
  std::fill(decision.drawn.begin() + seen, decision.drawn.end(), scheduler::DrawnView{});
  decision.drawn_count = seen;
  decision.drawn_hidden = true;
  decision.compared = 0;
}

}  // namespace

bool WhyQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_job(id_, job) && scope_.covers(scheduler, job);
  if (!found) return true;
  has_decision = scheduler.find_decision(id_, decision);
  if (has_decision) hide_drawn(scope_, scheduler, decision);
  // The job that was passed over may be of another case, outside the scope.
  if (has_decision && raw(decision.passed_over) != 0 &&
      !scope_.covers(scheduler, decision.passed_over)) {
    decision.passed_over = {};
    decision.passed_over_metres = 0;
  }
  stuck = scheduler.explain_stuck(id_);
  hide_reservation(scope_, job);
  if (!scope_.sees_reservation(stuck.reserved_for)) stuck.reserved_for = ExpertId{};
  return true;
}

JobsQuery::JobsQuery(Scope scope, const scheduler::JobFilter& filter, std::uint64_t position,
                     std::uint16_t limit)
    : rows(limit), scope_(scope), filter_(filter) {
  cursor.position = position;
  if (scope.kind == Scope::Kind::kDistricts) {
    filter_.districts &= scope.districts;
    is_outside_ = filter_.districts == 0;
  }
  if (scope.kind == Scope::Kind::kOffice) {
    is_outside_ = filter.office != OfficeId{} && filter.office != scope.office;
    filter_.office = scope.office;
  }
  if (scope.kind == Scope::Kind::kHolder) {
    is_outside_ = filter.holder != ExpertId{} && filter.holder != scope.expert;
    filter_.holder = scope.expert;
  }
}

bool JobsQuery::run(const Scheduler& scheduler) noexcept {
  if (is_outside_) {
    cursor.done = true;
    rows.clear();
    return true;
  }
  count_ += scheduler.list_jobs(filter_, cursor, kQueryScanMax, std::span{rows}.subspan(count_));
  slices_ += 1;
  if (!cursor.done && count_ < rows.size() && slices_ < kQuerySlicesMax) return false;
  rows.resize(count_);
  for (JobView& job : rows) hide_reservation(scope_, job);
  hide_end(scope_);
  return true;
}

HeldQuery::HeldQuery(ExpertId expert) : rows(scheduler::kHeldJobsMax), expert_(expert) {}

bool HeldQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<JobView> out) { return scheduler.list_held(expert_, out); });
  return true;
}

OfficesQuery::OfficesQuery(Scope scope, std::uint64_t position, std::uint16_t limit)
    : rows(limit), scope_(scope) {
  cursor.position = position;
}

/// Rows that the scope does not cover leave the page short: it goes on with the cursor.
bool OfficesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::OfficeView> out) {
    return scheduler.list_offices(cursor, out);
  });
  rows.resize(keep_covered(rows, 0, rows.size(), [&](const scheduler::OfficeView& office) {
    return scope_.covers(office);
  }));
  hide_end(scope_);
  return true;
}

ExpertsQuery::ExpertsQuery(Scope scope, OfficeId office, std::uint64_t position,
                           std::uint16_t limit)
    : rows(limit), scope_(scope), office_(office) {
  cursor.position = position;
}

bool ExpertsQuery::run(const Scheduler& scheduler) noexcept {
  const bool is_outside = raw(office_) != 0 && !scope_.covers(scheduler, office_);
  cursor.done = is_outside;
  fill_page(rows, [&](std::span<scheduler::ExpertView> out) {
    return is_outside ? 0 : scheduler.list_experts(office_, cursor, out);
  });
  rows.resize(keep_covered(rows, 0, rows.size(), [&](const scheduler::ExpertView& expert) {
    return scope_.covers(scheduler, expert);
  }));
  hide_end(scope_);
  return true;
}

OpenCellsQuery::OpenCellsQuery(Scope scope, OfficeId office, std::uint64_t position,
                               std::uint16_t limit)
    : rows(limit), scope_(scope), office_(office) {
  cursor.position = position;
}

bool OpenCellsQuery::run(const Scheduler& scheduler) noexcept {
  // Of one office all few hundred are read for who sees districts: a page that ends with nothing in
  // it would tell that the office is there, and has work elsewhere.
  const bool reads_on = raw(office_) != 0 && !scope_.sees_city();
  std::size_t count = 0;
  do {
    const std::size_t found =
        scheduler.list_open_cells(office_, cursor, std::span(rows).subspan(count));
    count = keep_covered(rows, count, count + found, [&](const scheduler::OpenCellView& cell) {
      return scope_.covers_district(cell.district);
    });
  } while (reads_on && !cursor.done && count < rows.size());
  rows.resize(count);
  hide_end(scope_);
  return true;
}

ZoningQuery::ZoningQuery(Scope scope)
    : versions(scheduler::kZoningVersionsMax),
      scope_(scope),
      page_(scope.sees_city() ? 0 : kCountedPerSlice) {}

bool ZoningQuery::run(const Scheduler& scheduler) noexcept {
  if (!has_versions_) {
    fill_page(versions, [&](std::span<scheduler::ZoningVersionView> out) {
      return scheduler.list_zoning(out);
    });
    has_versions_ = true;
    if (scope_.sees_city()) return true;
    for (scheduler::ZoningVersionView& version : versions) version.case_count = 0;
  }
  const std::size_t count = scheduler.list_cases(cursor_, kQueryScanMax, page_);
  count_cases(std::span{page_}.first(count));
  return cursor_.done;
}

void ZoningQuery::count_cases(std::span<const CaseView> cases) {
  for (const CaseView& one : cases) {
    if (!scope_.covers_district(one.district)) continue;
    for (scheduler::ZoningVersionView& version : versions)
      version.case_count += version.version == one.zoning_version ? 1 : 0;
  }
}

bool ZoningRulesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rules, [&](std::span<scheduler::ZoningRule> out) {
    return scheduler.list_zoning_rules(version_, 0, out);
  });
  return true;
}

ZoningChangesQuery::ZoningChangesQuery(Scope scope, std::uint16_t version, std::uint64_t position,
                                       std::uint16_t limit)
    : rows(limit), scope_(scope), version_(version) {
  cursor.position = position;
}

bool ZoningChangesQuery::run(const Scheduler& scheduler) noexcept {
  std::array<scheduler::ZoningRule, 1> any;
  is_known = scheduler.list_zoning_rules(version_, 0, any) != 0;
  const std::size_t before = count_;
  count_ += scheduler.list_zoning_changes(version_, cursor, kQueryScanMax,
                                          std::span{rows}.subspan(count_));
  count_ = keep_covered(rows, before, count_, [&](const scheduler::ZoningChangeView& change) {
    return scope_.covers_district(change.district);
  });
  slices_ += 1;
  if (!cursor.done && count_ < rows.size() && slices_ < kQuerySlicesMax) return false;
  rows.resize(count_);
  hide_end(scope_);
  return true;
}

bool AwaitingDecisionsQuery::run(const Scheduler& scheduler) noexcept {
  const std::size_t before = count_;
  count_ += scheduler.list_cases(cursor, kQueryScanMax, std::span{rows}.subspan(count_));
  count_ = keep_covered(rows, before, count_, [&](const CaseView& one) {
    return one.state == scheduler::CaseState::kAwaitingDecision && scope_.covers(scheduler, one);
  });
  slices_ += 1;
  if (!cursor.done && count_ < rows.size() && slices_ < kQuerySlicesMax) return false;
  rows.resize(count_);
  hide_end(scope_);
  return true;
}

OverridesQuery::OverridesQuery(Scope scope, scheduler::OverrideFilter filter,
                               std::uint64_t position, std::uint16_t limit)
    : rows(limit), scope_(scope), filter_(filter) {
  filter_.districts = scope.district_set();
  cursor.position = position;
}

/// The core leaves out what the scope does not cover, so that neither a page nor its cursor tells
/// of it.
bool OverridesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::CapacityOverride> out) {
    return scheduler.list_overrides(filter_, cursor, out);
  });
  hide_end(scope_);
  return true;
}

bool ServicesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::ServiceView> out) {
    return scheduler.list_services(cursor, out);
  });
  return true;
}

bool OrganisationsQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::OrganisationView> out) {
    return scheduler.list_organisations(cursor, out);
  });
  return true;
}

bool ActivationsQuery::run(const Scheduler& scheduler) noexcept {
  count_ += scheduler.list_activations(cursor, kQueryScanMax, std::span{rows}.subspan(count_));
  slices_ += 1;
  if (!cursor.done && count_ < rows.size() && slices_ < kQuerySlicesMax) return false;
  rows.resize(keep_covered(rows, 0, count_, [&](const scheduler::ActivationView& activation) {
    return scope_.covers(scheduler, activation.office);
  }));
  hide_end(scope_);
  return true;
}

bool CalendarQuery::run(const Scheduler& scheduler) noexcept {
  for (std::size_t i = 0; i < days.size(); ++i)
    days[i] = scheduler.calendar_day(first_day_ + static_cast<std::int32_t>(i));
  for (std::size_t i = 0; i < days.size(); ++i) {
    scheduler::CalendarNoteView note;
    if (scheduler.find_calendar_note(first_day_ + static_cast<std::int32_t>(i), note))
      notes.push_back(note);  // reserved
  }
  scheduler.calendar_span(covered_from, covered_days);
  return true;
}

CalendarPreviewQuery::CalendarPreviewQuery(std::vector<scheduler::SetCalendarDays> runs,
                                           std::size_t kept)
    : runs_(std::move(runs)), found_(kQueryScanMax), kept_(kept) {
  changed_.reserve();
  moves.reserve(kept);
}

void CalendarPreviewQuery::take_run(const Scheduler& scheduler,
                                    const scheduler::SetCalendarDays& days) {
  const scheduler::CalendarFault found = changed_.fault_with(days);
  if (found.fault != scheduler::DaysFault::kNone) {
    scheduler::refuse_days(found, refused);
    if (refused.row != 0) refused.row = static_cast<std::uint16_t>(refused.row + days_taken_);
    return;
  }
  days_taken_ = static_cast<std::uint16_t>(days_taken_ + days.count);
  scheduler::SetCalendarDays one;
  one.count = 1;
  for (std::size_t i = 0; i < days.count; ++i) {
    one.first_day = days.first_day + static_cast<std::int32_t>(i);
    one.open_minute[0] = days.open_minute[i];
    one.length_minutes[0] = days.length_minutes[i];
    scheduler::CalendarNoteView present;
    const bool has_note =
        days.note.size == 0 ||
        (scheduler.find_calendar_note(one.first_day, present) && present.note == days.note);
    if (!changed_.has_days(one))
      ++days_changed;
    else if (!has_note)
      ++notes_changed;
  }
  changed_.set_days(days);
}

bool CalendarPreviewQuery::run(const Scheduler& scheduler) noexcept {
  if (next_ == 0) scheduler.copy_calendar(changed_);
  if (next_ < runs_.size()) {
    take_run(scheduler, runs_[next_++]);
    return refused.refusal != scheduler::Refusal::kNone;
  }
  const std::size_t count = scheduler.list_deadline_moves(changed_, cursor_, kQueryScanMax, found_);
  for (std::size_t i = 0; i < count; ++i) take_move(found_[i]);
  if (cursor_.done) std::sort_heap(moves.begin(), moves.end(), moves_further);
  return cursor_.done;
}

// The one that moves least lies on top of the heap, to make way.
void CalendarPreviewQuery::take_move(const scheduler::DeadlineMove& move) {
  ++(move.after > move.before ? shift.later : shift.earlier);
  const bool is_full = moves.size() == kept_;
  if (kept_ == 0 || (is_full && !moves_further(move, moves.front()))) return;
  if (is_full) {
    std::pop_heap(moves.begin(), moves.end(), moves_further);
    moves.pop_back();
  }
  moves.push_back(move);  // reserved
  std::push_heap(moves.begin(), moves.end(), moves_further);
}

StatsQuery::StatsQuery(Scope scope)
    : scope_(scope),
      lapses_(scope),
      cases_(scope.sees_city() ? 0 : kCountedPerSlice),
      jobs_(scope.sees_city() ? 0 : kCountedPerSlice) {
  for (auto& of_class : stats.oldest_ready) of_class.fill(scheduler::kNever);
}

bool StatsQuery::run(const Scheduler& scheduler) noexcept {
  if (!has_lapses_) {
    has_lapses_ = lapses_.run(scheduler);
    return false;
  }
  if (scope_.sees_city()) {
    stats = scheduler.stats();
    stats.certificates_lapsing = lapses_.lapsing;
    return true;
  }
  if (!has_cases_) {
    has_cases_ = count_cases(scheduler);
    if (has_cases_) cursor_ = {};
    return false;
  }
  if (!count_jobs(scheduler)) return false;
  stats.op_applied = scheduler.op_applied();
  stats.now = scheduler.now();
  stats.capacity_overrides = scheduler.count_overrides({scope_.district_set(), {}, {}});
  stats.certificates_lapsing = lapses_.lapsing;
  stats.lapse_warning_days = scheduler.policy().lapse_warning_days;
  stats.waiting_alarm_minutes = scheduler.policy().waiting_alarm_minutes;
  judge_waiting(scheduler);
  return true;
}

void StatsQuery::judge_waiting(const Scheduler& scheduler) {
  for (std::size_t c = 0; c < stats.oldest_ready.size(); ++c) {
    for (std::size_t s = 0; s < stats.oldest_ready[c].size(); ++s) {
      const scheduler::Tick since = stats.oldest_ready[c][s];
      if (since == scheduler::kNever) continue;
      stats.waiting_minutes[c][s] =
          static_cast<std::uint32_t>(scheduler.working_minutes(since, stats.now));
    }
  }
}

bool StatsQuery::count_cases(const Scheduler& scheduler) {
  const std::size_t found = scheduler.list_cases(cursor_, kQueryScanMax, cases_);
  for (std::size_t i = 0; i < found; ++i) {
    if (scope_.covers(scheduler, cases_[i])) count(cases_[i]);
  }
  return cursor_.done;
}

bool StatsQuery::count_jobs(const Scheduler& scheduler) {
  scheduler::JobFilter filter;
  filter.districts = scope_.district_set();
  const std::size_t found = scheduler.list_jobs(filter, cursor_, kQueryScanMax, jobs_);
  for (std::size_t i = 0; i < found; ++i) count(jobs_[i]);
  return cursor_.done;
}

void StatsQuery::count(const CaseView& view) {
  stats.cases_submitted += 1;
  stats.cases[raw(view.state)] += 1;
  if (view.decision_band != scheduler::SlaBand::kPaused) {
    const scheduler::Stage stage = view.stages[view.stage_index];
    stats.bands[raw(stage)][static_cast<std::size_t>(view.decision_band)] += 1;
  }
}

void StatsQuery::count(const JobView& view) {
  stats.jobs[raw(view.state)] += 1;
  scheduler::FlowCell& flow = stats.flow[raw(view.stage)];
  flow.created += 1;
  flow.rework += view.rework ? 1 : 0;
  flow.cancelled += view.state == scheduler::JobState::kCancelled ? 1 : 0;
  flow.returned += view.state == scheduler::JobState::kReturned ? 1 : 0;
  if (!is_open(view.state) && view.state != scheduler::JobState::kCancelled) flow.done += 1;
  if (is_open(view.state)) stats.bands[raw(view.stage)][static_cast<std::size_t>(view.band)] += 1;
  if (view.state != scheduler::JobState::kReady) return;
  stats.ready[raw(view.priority)][raw(view.skill)] += 1;
  auto& oldest = stats.oldest_ready[raw(view.priority)][raw(view.skill)];
  oldest = std::min(oldest, view.ready_since);
}

bool PolicyQuery::run(const Scheduler& scheduler) noexcept {
  policy = scheduler.policy();
  return true;
}

bool LotteryQuery::run(const Scheduler& scheduler) noexcept {
  lottery = scheduler.lottery();
  return true;
}

bool EngineQuery::run(const Scheduler& scheduler) noexcept {
  engine_stats = engine_.stats();
  storage_stats = engine_.storage().stats();
  now = std::max(clock_.now(), scheduler.now());
  return true;
}

bool ClockQuery::run(const Scheduler& scheduler) noexcept {
  now = std::max(clock_.now(), scheduler.now());
  return true;
}

}  // namespace permitd::daemon
