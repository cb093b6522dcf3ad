// The reads that sessions offer, as bounded queries over the scheduler's views. Plain C++: the
// port's thread makes one, with all its memory, lends it to the engine, and reads the answer out of
// it afterwards. run() never allocates and looks at a bounded number of records per slice.
//
// What lies outside a session's scope (scope.h) is never copied out, so that it cannot be told
// apart from what does not exist (I18). A query without a scope reads what everybody may know:
// rules, calendar, policy, the lottery.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/engine.h"
#include "daemon/lapse_count.h"
#include "daemon/scope.h"
#include "scheduler/scheduler.h"
#include "scheduler/working_calendar.h"

namespace permitd::daemon {

/// Jobs of one case that an answer names: chain, confirmations and five attempts of rework stay
/// below.
inline constexpr std::size_t kCaseJobsMax = 64;
/// Records that one slice looks at, about 0.2 ms of work; and one call, after which the caller goes
/// on with the cursor.
inline constexpr std::size_t kQueryScanMax = 2048;
inline constexpr std::uint32_t kQuerySlicesMax = 256;

class CaseQuery final : public Query {
 public:
  CaseQuery(Scope scope, scheduler::CaseId id);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool found = false;
  scheduler::CaseView view;
  std::vector<scheduler::JobView> jobs;

 private:
  Scope scope_;
  scheduler::CaseId id_;
};

class JobQuery final : public Query {
 public:
  JobQuery(Scope scope, scheduler::JobId id) : scope_(scope), id_(id) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool found = false;
  scheduler::JobView view;

 private:
  Scope scope_;
  scheduler::JobId id_;
};

class HistoryQuery final : public Query {
 public:
  HistoryQuery(Scope scope, scheduler::CaseId id, std::uint32_t from, std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool found = false;
  std::vector<scheduler::HistoryView> events;

 private:
  Scope scope_;
  scheduler::CaseId id_;
  std::uint32_t from_;
};

class WhyQuery final : public Query {
 public:
  WhyQuery(Scope scope, scheduler::JobId id) : scope_(scope), id_(id) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool found = false;
  bool has_decision = false;
  scheduler::JobView job;
  scheduler::DecisionView decision;
  scheduler::StuckView stuck;

 private:
  Scope scope_;
  scheduler::JobId id_;
};

/// A page of a list: where it went on from and goes on to.
struct PageQuery : Query {
  scheduler::Cursor cursor;

 protected:
  /// Where a list ends says how long it is: only those who see the city are told.
  void hide_end(const Scope& scope) {
    if (cursor.done && !scope.sees_city()) cursor.position = 0;
  }
};

class JobsQuery final : public PageQuery {
 public:
  JobsQuery(Scope scope, const scheduler::JobFilter& filter, std::uint64_t position,
            std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::JobView> rows;

 private:
  Scope scope_;
  scheduler::JobFilter filter_;
  std::size_t count_ = 0;
  std::uint32_t slices_ = 0;
  bool is_outside_ = false;  // the filter asks for what the scope does not cover at all
};

/// What an expert holds.
class HeldQuery final : public Query {
 public:
  explicit HeldQuery(scheduler::ExpertId expert);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::JobView> rows;

 private:
  scheduler::ExpertId expert_;
};

class OfficesQuery final : public PageQuery {
 public:
  OfficesQuery(Scope scope, std::uint64_t position, std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::OfficeView> rows;

 private:
  Scope scope_;
};

class ExpertsQuery final : public PageQuery {
 public:
  ExpertsQuery(Scope scope, scheduler::OfficeId office, std::uint64_t position,
               std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::ExpertView> rows;

 private:
  Scope scope_;
  scheduler::OfficeId office_;
};

class OpenCellsQuery final : public PageQuery {
 public:
  OpenCellsQuery(Scope scope, scheduler::OfficeId office, std::uint64_t position,
                 std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::OpenCellView> rows;

 private:
  Scope scope_;
  scheduler::OfficeId office_;
};

/// All versions of the zoning plan that are kept, oldest first. Of districts their cases are
/// counted one by one, in slices.
class ZoningQuery final : public Query {
 public:
  explicit ZoningQuery(Scope scope);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::ZoningVersionView> versions;

 private:
  void count_cases(std::span<const scheduler::CaseView> cases);

  Scope scope_;
  bool has_versions_ = false;
  scheduler::Cursor cursor_;
  std::vector<scheduler::CaseView> page_;
};

/// The rules of one version; none when it is not kept.
class ZoningRulesQuery final : public Query {
 public:
  explicit ZoningRulesQuery(std::uint16_t version)
      : rules(scheduler::kZoningRulesMax), version_(version) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::ZoningRule> rules;

 private:
  std::uint16_t version_;
};

/// Open cases to which a version would say something else.
class ZoningChangesQuery final : public PageQuery {
 public:
  ZoningChangesQuery(Scope scope, std::uint16_t version, std::uint64_t position,
                     std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool is_known = false;
  std::vector<scheduler::ZoningChangeView> rows;

 private:
  Scope scope_;
  std::uint16_t version_;
  std::size_t count_ = 0;
  std::uint32_t slices_ = 0;
};

/// Cases that wait for the municipality.
class AwaitingDecisionsQuery final : public PageQuery {
 public:
  AwaitingDecisionsQuery(Scope scope, std::uint64_t position, std::uint16_t limit)
      : rows(limit), scope_(scope) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::CaseView> rows;

 private:
  Scope scope_;
  std::size_t count_ = 0;
  std::uint32_t slices_ = 0;
};

/// Overrides of capacity (I9) of jobs whose parcel the scope covers, newest first.
class OverridesQuery final : public PageQuery {
 public:
  OverridesQuery(Scope scope, scheduler::OverrideFilter filter, std::uint64_t position,
                 std::uint16_t limit);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::CapacityOverride> rows;

 private:
  Scope scope_;
  scheduler::OverrideFilter filter_;
};

/// The catalogue: every version that is kept, by service.
class ServicesQuery final : public PageQuery {
 public:
  ServicesQuery(std::uint64_t position, std::uint16_t limit) : rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::ServiceView> rows;
};

class OrganisationsQuery final : public PageQuery {
 public:
  OrganisationsQuery(std::uint64_t position, std::uint16_t limit) : rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::OrganisationView> rows;
};

/// Which services were ever handed over to which office, of the offices that the scope covers.
class ActivationsQuery final : public PageQuery {
 public:
  ActivationsQuery(Scope scope, std::uint64_t position, std::uint16_t limit)
      : rows(limit), scope_(scope) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::ActivationView> rows;

 private:
  Scope scope_;
  std::size_t count_ = 0;
  std::uint32_t slices_ = 0;
};

/// Hours of some days, why they are so, and which days are covered.
class CalendarQuery final : public Query {
 public:
  CalendarQuery(std::int32_t first_day, std::size_t count) : days(count), first_day_(first_day) {
    notes.reserve(count);
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  std::vector<scheduler::CalendarDay> days;
  std::vector<scheduler::CalendarNoteView> notes;  // by day, where one is remembered
  std::int32_t covered_from = 0;
  std::uint32_t covered_days = 0;

 private:
  std::int32_t first_day_;
};

/// Open deadlines that would move, by direction.
struct DeadlineShift {
  std::uint64_t later = 0;  // never reached any more counts as later
  std::uint64_t earlier = 0;
};

/// What an edit of the calendar would change: one run of days a slice, then the jobs. Of the
/// deadlines that would move it keeps the `kept` that move furthest.
class CalendarPreviewQuery final : public Query {
 public:
  explicit CalendarPreviewQuery(std::vector<scheduler::SetCalendarDays> runs, std::size_t kept = 0);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  // Why the runs cannot be set, its row counted over the days of all of them; none when they can.
  scheduler::Outcome refused;
  std::uint32_t days_changed = 0;
  std::uint32_t notes_changed = 0;  // of days that keep their hours
  DeadlineShift shift;
  std::vector<scheduler::DeadlineMove> moves;  // the furthest first, equal ones by case and job

 private:
  void take_run(const scheduler::Scheduler& scheduler, const scheduler::SetCalendarDays& days);
  void take_move(const scheduler::DeadlineMove& move);

  std::vector<scheduler::SetCalendarDays> runs_;
  std::size_t next_ = 0;
  std::uint16_t days_taken_ = 0;  // of the runs before
  scheduler::WorkingCalendar changed_;
  scheduler::Cursor cursor_;
  std::vector<scheduler::DeadlineMove> found_;  // in one slice
  std::size_t kept_;
};

/// The city's figures in one step. Of districts the cases and jobs in memory are counted one by
/// one, in slices, and the overrides that are listed; what was forgotten since, deadlines that were
/// met, other single events and memory are figures of the city alone, and zero.
class StatsQuery final : public Query {
 public:
  explicit StatsQuery(Scope scope);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  scheduler::StatsView stats;

 private:
  void count(const scheduler::CaseView& view);
  void count(const scheduler::JobView& view);
  bool count_cases(const scheduler::Scheduler& scheduler);
  bool count_jobs(const scheduler::Scheduler& scheduler);
  void judge_waiting(const scheduler::Scheduler& scheduler);

  Scope scope_;
  bool has_lapses_ = false;
  bool has_cases_ = false;
  LapseCount lapses_;
  scheduler::Cursor cursor_;
  std::vector<scheduler::CaseView> cases_;
  std::vector<scheduler::JobView> jobs_;
};

class PolicyQuery final : public Query {
 public:
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  scheduler::SetPolicy policy;
};

class LotteryQuery final : public Query {
 public:
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  scheduler::LotteryView lottery;
};

/// The engine's own figures and the clock, which only its thread may read.
class EngineQuery final : public Query {
 public:
  EngineQuery(Engine& engine, Clock& clock) : engine_(engine), clock_(clock) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  EngineStats engine_stats;
  StorageStats storage_stats;
  scheduler::Tick now;

 private:
  Engine& engine_;
  Clock& clock_;
};

/// The clock alone.
class ClockQuery final : public Query {
 public:
  explicit ClockQuery(Clock& clock) : clock_(clock) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  scheduler::Tick now;

 private:
  Clock& clock_;
};

}  // namespace permitd::daemon
