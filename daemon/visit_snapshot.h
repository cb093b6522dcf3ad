// What a plan of one day's site visits is made from: the visits of that day, the people, offices
// and policy, copied out of the core in bounded slices between commands. Afterwards it belongs to
// whoever asked, and the core may go on: ApplyPlan judges every line anew.
//
// The port's thread makes the query with all its memory; run() happens on the engine's thread and
// never allocates.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "daemon/queries.h"
#include "daemon/snapshot_rows.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// Ten times the visits of a large city's day. Further ones stay out, and the snapshot says so.
inline constexpr std::size_t kSnapshotVisitsMax = 32'768;
/// Reserved jobs of all kinds, of a whole country's days that are looked at.
inline constexpr std::size_t kSnapshotReservedMax = 131'072;
/// Histories read in one slice for when a visit was begun, see CitySnapshotQuery.
inline constexpr std::size_t kBegunPerSlice = 16;
/// Likewise people and offices, of a whole country.
inline constexpr std::size_t kSnapshotExcludedMax = 11;  // see Scheduler::list_excluded

struct SnapshotVisit {
  scheduler::JobView job;
  scheduler::Point point;
  scheduler::PersonId owner{};
  scheduler::Tick begun;  // Started: when, 0 when nobody knows any more
  std::array<scheduler::PersonId, kSnapshotExcludedMax> excluded{};
  std::uint8_t excluded_count = 0;
  bool is_planned = false;  // reserved by a plan for the day asked for
  scheduler::PlanView plan;
  // Of a preview: it has been taken from whoever had it, and its half-day may have gone.
  scheduler::ExpertId taken_from{};
  scheduler::Tick start_before;  // as it was planned or promised then; 0: neither
  bool lost_half_day = false;
};

/// Any job that a plan keeps free of somebody's day.
struct ReservedWork {
  scheduler::JobId job{};
  scheduler::ExpertId expert{};
  std::int32_t date = 0;  // working day of `start`
  scheduler::Tick start;
  std::uint16_t effort_minutes = 0;
};

struct HalfDaySpan {
  scheduler::Tick open = scheduler::kNever;  // kNever: closed
  scheduler::Tick close = scheduler::kNever;
  bool is_closed() const { return open >= close; }
};

/// Which day is meant: a date, or a number of working days behind the present one.
struct VisitDay {
  std::int32_t date = 0;    // days since 1970-01-01
  bool is_ahead = false;    // `ahead` counts
  std::uint32_t ahead = 0;  // 0: the working day that is under way or comes next
  bool has_closed = false;  // as if `closed` were a holiday: its visits come to the next
  std::int32_t closed = 0;  // working day, which is the one meant when `date` is `closed`
};

/// Working days before the day that loads are measured against; see kLoadWindowDays.
std::uint32_t window_work_days(const scheduler::Scheduler& scheduler);
HalfDaySpan half_day_span(const scheduler::Scheduler& scheduler, std::int32_t day,
                          scheduler::HalfDay half);

struct VisitSnapshot {
  scheduler::Op op{};                 // as the reading began: what ApplyPlan is told
  scheduler::Tick now;                // of the core
  std::int32_t day = 0;               // planned for, days since 1970-01-01
  bool is_today = false;              // the working day that is under way or comes next
  std::array<HalfDaySpan, 2> halves;  // morning, afternoon
  scheduler::SetPolicy policy;
  std::vector<SnapshotVisit> visits;
  std::vector<SnapshotVisit> roomless;  // of a preview: what comes later than this day
  std::vector<scheduler::ExpertView> experts;
  std::vector<scheduler::OfficeView> offices;
  std::vector<MetOwner> met;           // of the owners of `visits`
  std::vector<ReservedWork> reserved;  // on this day
  std::uint32_t window_work_days = 1;  // of the window of loads
  std::uint32_t left_out = 0;          // visits, people and offices beyond the limits above
};

/// When a visit that is under way was begun; the moment it was given where its history has lost
/// that, and 0 where that is lost, too.
scheduler::Tick begun_at(const scheduler::Scheduler& scheduler, const scheduler::JobView& job);

/// Reads when visits that are under way were begun, some in each slice: histories are long.
class BegunVisits {
 public:
  /// `visit_at(i)` is one of `count` visits. True with the last of them.
  template <class VisitAt>
  bool take(const scheduler::Scheduler& scheduler, std::size_t count, const VisitAt& visit_at) {
    std::size_t read = 0;
    const std::size_t end = std::min(count, next_ + kQueryScanMax);
    for (; next_ < end && read < kBegunPerSlice; ++next_) {
      SnapshotVisit& visit = visit_at(next_);
      if (visit.job.state != scheduler::JobState::kStarted) continue;
      visit.begun = begun_at(scheduler, visit.job);
      read += 1;
    }
    return next_ == count;
  }

 private:
  std::size_t next_ = 0;
};

/// Adds what plans keep of an expert's days, these two included, to a snapshot with room for
/// kSnapshotReservedMax.
template <class Snapshot>
void keep_reserved(const scheduler::Scheduler& scheduler, const scheduler::ExpertView& expert,
                   std::int32_t first_date, std::int32_t last_date, Snapshot& snapshot) {
  if (expert.planned == 0) return;
  std::array<scheduler::PlanView, scheduler::kPlannedPerExpertMax> plans;
  const std::size_t count = scheduler.list_planned(expert.expert, plans);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t date = scheduler.working_day(plans[i].start);
    if (date < first_date || date > last_date) continue;
    keep_row(
        snapshot, snapshot.reserved,
        ReservedWork{plans[i].job, expert.expert, date, plans[i].start, plans[i].effort_minutes});
  }
}

class VisitSnapshotQuery final : public Query {
 public:
  VisitSnapshotQuery(const Scope& scope, const VisitDay& day);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  VisitSnapshot snapshot;

 private:
  enum class Part : std::uint8_t { kBegin, kOffices, kExperts, kVisits, kBegun, kDone };

  void begin(const scheduler::Scheduler& scheduler);
  bool take_experts(const scheduler::Scheduler& scheduler);
  bool take_visits(const scheduler::Scheduler& scheduler);
  void take_visit(const scheduler::Scheduler& scheduler, const scheduler::JobView& job);
  bool concerns_day(const scheduler::Scheduler& scheduler, SnapshotVisit& visit) const;
  void choose_day(const scheduler::Scheduler& scheduler);

  const Scope scope_;
  VisitDay wanted_;
  Part part_ = Part::kBegin;
  scheduler::Cursor cursor_;
  CityRows rows_;
  OwnersSeen seen_;
  BegunVisits begun_;
  std::array<scheduler::JobView, kRowsPerSlice> jobs_;
};

}  // namespace permitd::daemon
