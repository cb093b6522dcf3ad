#include "daemon/queries.h"

#include <algorithm>

namespace permitd::daemon {

using scheduler::CaseView;
using scheduler::ExpertId;
using scheduler::JobView;
using scheduler::OfficeId;
using scheduler::Scheduler;

namespace {

bool holds_case(const Scheduler& scheduler, ExpertId expert, scheduler::CaseId id) {
  std::array<JobView, scheduler::kHeldJobsMax> held;
  const std::size_t count = scheduler.list_held(expert, held);
  return std::any_of(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const JobView& job) { return job.case_id == id; });
}

/// List calls take a page as one slice; the page is at most Limits.pageMax rows.
template <class Rows, class List>
void fill_page(Rows& rows, List&& list) {
  const std::size_t count = list(std::span{rows});
  rows.resize(count);  // shrinks: no allocation
}

}  // namespace

bool Scope::covers(const Scheduler& scheduler, const CaseView& view) const {
  switch (kind) {
    case Kind::kCity:
      return true;
    case Kind::kOffice:
      return view.office == office;
    case Kind::kHolder:
      return holds_case(scheduler, expert, view.case_id);
  }
  return false;
}

bool Scope::covers(const Scheduler& scheduler, const JobView& view) const {
  switch (kind) {
    case Kind::kCity:
      return true;
    case Kind::kOffice:
      return view.intake_office == office;
    case Kind::kHolder:
      return holds_case(scheduler, expert, view.case_id);
  }
  return false;
}

CaseQuery::CaseQuery(Scope scope, scheduler::CaseId id)
    : jobs(kCaseJobsMax), scope_(scope), id_(id) {}

bool CaseQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_case(id_, view) && scope_.covers(scheduler, view);
  fill_page(jobs,
            [&](std::span<JobView> out) { return found ? scheduler.list_case_jobs(id_, out) : 0; });
  return true;
}

bool JobQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_job(id_, view) && scope_.covers(scheduler, view);
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
  return true;
}

bool WhyQuery::run(const Scheduler& scheduler) noexcept {
  found = scheduler.find_job(id_, job) && scope_.covers(scheduler, job);
  if (!found) return true;
  has_decision = scheduler.find_decision(id_, decision);
  stuck = scheduler.explain_stuck(id_);
  return true;
}

JobsQuery::JobsQuery(Scope scope, const scheduler::JobFilter& filter, std::uint64_t position,
                     std::uint16_t limit)
    : rows(limit), filter_(filter) {
  cursor.position = position;
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
  return true;
}

HeldQuery::HeldQuery(ExpertId expert) : rows(scheduler::kHeldJobsMax), expert_(expert) {}

bool HeldQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<JobView> out) { return scheduler.list_held(expert_, out); });
  return true;
}

OfficesQuery::OfficesQuery(std::uint64_t position, std::uint16_t limit) : rows(limit) {
  cursor.position = position;
}

bool OfficesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::OfficeView> out) {
    return scheduler.list_offices(cursor, out);
  });
  return true;
}

ExpertsQuery::ExpertsQuery(OfficeId office, std::uint64_t position, std::uint16_t limit)
    : rows(limit), office_(office) {
  cursor.position = position;
}

bool ExpertsQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::ExpertView> out) {
    return scheduler.list_experts(office_, cursor, out);
  });
  return true;
}

OpenCellsQuery::OpenCellsQuery(OfficeId office, std::uint64_t position, std::uint16_t limit)
    : rows(limit), office_(office) {
  cursor.position = position;
}

bool OpenCellsQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rows, [&](std::span<scheduler::OpenCellView> out) {
    return scheduler.list_open_cells(office_, cursor, out);
  });
  return true;
}

bool ZoningQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(versions, [&](std::span<scheduler::ZoningVersionView> out) {
    return scheduler.list_zoning(out);
  });
  return true;
}

bool ZoningRulesQuery::run(const Scheduler& scheduler) noexcept {
  fill_page(rules, [&](std::span<scheduler::ZoningRule> out) {
    return scheduler.list_zoning_rules(version_, 0, out);
  });
  return true;
}

ZoningChangesQuery::ZoningChangesQuery(std::uint16_t version, std::uint64_t position,
                                       std::uint16_t limit)
    : rows(limit), version_(version) {
  cursor.position = position;
}

bool ZoningChangesQuery::run(const Scheduler& scheduler) noexcept {
  std::array<scheduler::ZoningRule, 1> any;
  is_known = scheduler.list_zoning_rules(version_, 0, any) != 0;
  count_ += scheduler.list_zoning_changes(version_, cursor, kQueryScanMax,
                                          std::span{rows}.subspan(count_));
  slices_ += 1;
  if (!cursor.done && count_ < rows.size() && slices_ < kQuerySlicesMax) return false;
  rows.resize(count_);
  return true;
}

bool CalendarQuery::run(const Scheduler& scheduler) noexcept {
  for (std::size_t i = 0; i < days.size(); ++i)
    days[i] = scheduler.calendar_day(first_day_ + static_cast<std::int32_t>(i));
  scheduler.calendar_span(covered_from, covered_days);
  return true;
}

CalendarPreviewQuery::CalendarPreviewQuery(std::vector<scheduler::SetCalendarDays> runs)
    : runs_(std::move(runs)) {
  changed_.reserve();
}

void CalendarPreviewQuery::take_run(const scheduler::SetCalendarDays& days) {
  is_acceptable = changed_.accepts(days);
  if (!is_acceptable) return;
  scheduler::SetCalendarDays one;
  one.count = 1;
  for (std::size_t i = 0; i < days.count; ++i) {
    one.first_day = days.first_day + static_cast<std::int32_t>(i);
    one.open_minute[0] = days.open_minute[i];
    one.length_minutes[0] = days.length_minutes[i];
    if (!changed_.has_days(one)) ++days_changed;
  }
  changed_.set_days(days);
}

bool CalendarPreviewQuery::run(const Scheduler& scheduler) noexcept {
  if (next_ == 0) scheduler.copy_calendar(changed_);
  if (next_ < runs_.size()) {
    take_run(runs_[next_++]);
    return !is_acceptable;
  }
  scheduler.count_shifts(changed_, cursor_, kQueryScanMax, shift);
  return cursor_.done;
}

bool StatsQuery::run(const Scheduler& scheduler) noexcept {
  stats = scheduler.stats();
  return true;
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
