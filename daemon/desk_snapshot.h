// What a plan of the desks is made from: every open job that is not a visit, the people, offices,
// policy and the working days ahead, copied out of the core in bounded slices between commands.
// Afterwards it belongs to whoever asked, and the core may go on: ApplyPlan judges every line anew.
//
// The port's thread makes the query with all its memory; run() happens on the engine's thread and
// never allocates.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/snapshot_rows.h"
#include "daemon/visit_snapshot.h"

namespace permitd::daemon {

/// A country's backlog of a day; further jobs stay out, and the snapshot says so.
inline constexpr std::size_t kSnapshotDesksMax = 65'536;
/// Local days ahead that are looked at, the present one included: three working weeks.
inline constexpr std::size_t kSnapshotDaysMax = 21;

struct SnapshotDesk {
  scheduler::JobView job;
  std::array<scheduler::PersonId, kSnapshotExcludedMax> excluded{};
  std::uint8_t excluded_count = 0;
  bool is_planned = false;  // reserved by a plan
  scheduler::PlanView plan;
  scheduler::ExpertId taken_from{};  // of a preview: who had it
};

struct SnapshotDay {
  std::int32_t day = 0;               // days since 1970-01-01
  std::array<HalfDaySpan, 2> halves;  // morning, afternoon
};

/// Effort that a visit reserved for somebody takes out of a day.
struct ReservedVisit {
  scheduler::ExpertId expert{};
  std::int32_t day = 0;
  std::uint16_t effort_minutes = 0;
};

struct DeskSnapshot {
  scheduler::Op op{};  // as the reading began: what ApplyPlan is told
  scheduler::Tick now;
  std::array<SnapshotDay, kSnapshotDaysMax> days;  // the present working day first
  std::uint32_t window_work_days = 1;              // of the window of loads
  std::vector<SnapshotDesk> desks;
  std::vector<ReservedVisit> visits;
  std::vector<scheduler::ExpertView> experts;
  std::vector<scheduler::OfficeView> offices;
  std::uint32_t left_out = 0;
};

class DeskSnapshotQuery final : public Query {
 public:
  explicit DeskSnapshotQuery(const Scope& scope);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  DeskSnapshot snapshot;

 private:
  enum class Part : std::uint8_t { kBegin, kOffices, kExperts, kJobs, kDone };

  void begin(const scheduler::Scheduler& scheduler);
  bool take_jobs(const scheduler::Scheduler& scheduler);
  void take_job(const scheduler::Scheduler& scheduler, const scheduler::JobView& job);

  const Scope scope_;
  Part part_ = Part::kBegin;
  scheduler::Cursor cursor_;
  CityRows rows_;
  std::array<scheduler::JobView, kRowsPerSlice> jobs_;
};

}  // namespace permitd::daemon
