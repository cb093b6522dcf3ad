// What questions about the whole city are answered from: people, offices, catalogue, days and,
// where wanted, the open cases, copied out of the core in bounded slices between commands.
// Afterwards it belongs to whoever asked.
//
// The port's thread makes the query with all its memory; run() happens on the engine's thread and
// never allocates.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/queries.h"
#include "daemon/snapshot_rows.h"
#include "daemon/visit_snapshot.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// Ten times the open cases of a large city. Further ones stay out, and the snapshot says so.
inline constexpr std::size_t kSnapshotCasesMax = 262'144;
inline constexpr std::size_t kSnapshotServicesMax =
    std::size_t{scheduler::kServicesMax} * scheduler::kServiceVersionsMax;
inline constexpr std::size_t kCityDaysMax = 60;
/// Days with reserved work, over all people.
inline constexpr std::size_t kCityReservedMax = 65'536;
/// Days back that arrivals are counted over: four weeks, so that no weekday counts for more.
inline constexpr std::int64_t kArrivalDays = 28;
/// More would make no forecast any better.
inline constexpr std::size_t kSnapshotFinishedMax = 16'384;
/// A case's history up to its delivery is shorter, unless it went in circles.
inline constexpr std::size_t kHistoryReadMax = 128;
/// Histories read in one slice between two batches: 2,000 events, as many as rows of other slices.
inline constexpr std::size_t kHistoriesPerSlice = 16;

struct CityDay {
  std::int32_t date = 0;              // days since 1970-01-01
  std::array<HalfDaySpan, 2> halves;  // morning, afternoon
  std::int32_t minutes_left = 0;      // of working time, from `now` on
  bool is_closed() const { return halves[0].is_closed() && halves[1].is_closed(); }
  scheduler::Tick open() const { return halves[0].is_closed() ? halves[1].open : halves[0].open; }
  scheduler::Tick close() const {
    return halves[1].is_closed() ? halves[0].close : halves[1].close;
  }
};

/// What plans keep free of one person's day.
struct ReservedDay {
  scheduler::ExpertId expert{};
  std::int32_t date = 0;
  std::uint32_t minutes = 0;
};

/// A case that is under way, with the job that must be done next.
struct SnapshotCase {
  scheduler::CaseId case_id{};
  std::int64_t appointment_minutes = 0;  // working time until its appointment; 0: none ahead
  std::int32_t remaining_minutes = 0;    // working time to the job's deadline
  std::uint16_t service_version = 0;
  std::uint16_t effort_minutes = 0;  // of the job; 0: there is none
  scheduler::ServiceId service{};
  scheduler::CaseState state{};
  scheduler::PriorityClass priority{};
  scheduler::District district = 0;
  std::uint8_t stage_index = 0;
  scheduler::JobState job_state{};
  scheduler::JobKind job_kind{};
  scheduler::ExpertId holder{};
  bool is_built = false;
  bool is_complex = false;           // more floors than the policy's
  bool needs_second_review = false;  // a larger area than the policy's
};

/// A case that was registered lately, open or not: what arrives.
struct Arrival {
  scheduler::ServiceId service{};
  scheduler::PriorityClass priority{};
  scheduler::District district = 0;
  bool is_built = false;
  bool is_complex = false;
  bool needs_second_review = false;
  std::uint16_t service_version = 0;
};

/// Work that was finished within the days that arrivals are counted over, and how long it took.
struct FinishedWork {
  scheduler::ServiceId service{};
  scheduler::Stage stage{};
  scheduler::JobKind kind{};
  std::uint16_t effort_permille = 1'000;  // working time from start to end, against the estimate
};

struct CitySnapshot {
  scheduler::Op op{};  // as the reading began
  scheduler::Tick now;
  scheduler::SetPolicy policy;
  scheduler::StatsView stats;     // of the whole city; all zero in a snapshot of districts
  std::int32_t present_date = 0;  // the working day that is under way or comes next
  std::vector<CityDay> days;
  std::vector<scheduler::ServiceView> services;
  std::vector<scheduler::OfficeView> offices;
  std::vector<scheduler::ExpertView> experts;
  std::vector<ReservedDay> reserved;  // by expert
  std::uint32_t open_districts = 0;   // bits of those with open work
  std::vector<SnapshotCase> cases;
  std::vector<Arrival> arrivals;
  std::int64_t arrival_minutes = 0;    // working time that the arrivals came in
  std::vector<FinishedWork> finished;  // the first kSnapshotFinishedMax, by case
  std::uint32_t left_out = 0;          // rows beyond the limits above
};

struct CitySnapshotOptions {
  static constexpr std::int32_t kPresent = INT32_MIN;
  std::int32_t first_date = kPresent;
  std::uint32_t days = 1;      // 1 … kCityDaysMax; 0: none
  bool counts_closed = false;  // every date is a day; otherwise those with working time
  bool with_cases = false;     // cases, arrivals, catalogue
};

class CitySnapshotQuery final : public Query {
 public:
  CitySnapshotQuery(const Scope& scope, const CitySnapshotOptions& options);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  CitySnapshot snapshot;

 private:
  enum class Part : std::uint8_t {
    kBegin,
    kServices,
    kOffices,
    kExperts,
    kOpenCells,
    kCases,
    kFinished,
    kDone
  };

  void begin(const scheduler::Scheduler& scheduler);
  void take_days(const scheduler::Scheduler& scheduler);
  bool take_services(const scheduler::Scheduler& scheduler);
  bool take_experts(const scheduler::Scheduler& scheduler);
  void take_reserved(const scheduler::Scheduler& scheduler, const scheduler::ExpertView& expert);
  bool take_open_cells(const scheduler::Scheduler& scheduler);
  bool take_cases(const scheduler::Scheduler& scheduler);
  void take_case(const scheduler::Scheduler& scheduler, const scheduler::CaseView& view);
  void take_arrival(const scheduler::CaseView& view);
  bool take_finished(const scheduler::Scheduler& scheduler);
  void take_finished(const scheduler::Scheduler& scheduler, const scheduler::CaseView& view);
  void take_ended(const scheduler::Scheduler& scheduler, scheduler::ServiceId service,
                  const scheduler::Event& started, const scheduler::Event& done);
  /// Goes on with `next` and a fresh cursor when the list has ended.
  void proceed(bool ended, Part next);

  const Scope scope_;
  const CitySnapshotOptions options_;
  Part part_ = Part::kBegin;
  scheduler::Cursor cursor_;
  CityRows rows_;
  scheduler::Tick arrivals_from_;
  scheduler::Tick first_arrival_ = scheduler::kNever;
  std::array<scheduler::CaseView, kRowsPerSlice> cases_;
  std::array<scheduler::OpenCellView, kRowsPerSlice> cells_;
  std::array<scheduler::ServiceView, kSnapshotServicesMax> services_;
  std::array<scheduler::PlanView, scheduler::kPlannedPerExpertMax> plans_;
  std::array<scheduler::HistoryView, kHistoryReadMax> history_;
};

}  // namespace permitd::daemon
