// What the half-days that can be offered for one visit are computed from: that visit, what the core
// says of each half-day, and everybody's visits of those days. Copied out of the core in bounded
// slices, like visit_snapshot.h; afterwards it belongs to whoever asked.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/city_snapshot.h"
#include "daemon/queries.h"
#include "daemon/snapshot_rows.h"
#include "daemon/visit_snapshot.h"

namespace permitd::daemon {

inline constexpr std::uint32_t kOfferDaysMax = 15;

/// A visit and the working day that it stands on.
struct DatedVisit {
  std::int32_t date = 0;
  SnapshotVisit visit;
};

struct OfferHalf {
  std::int32_t date = 0;
  scheduler::HalfDay half{};
  HalfDaySpan span;
  scheduler::Outcome verdict;  // of Schedule for this half-day
};

struct OfferSnapshot {
  scheduler::Op op{};
  scheduler::Tick now;
  std::int32_t present_date = 0;
  scheduler::SetPolicy policy;
  std::uint32_t window_work_days = 1;  // of the window of loads
  bool is_found = false;               // within the scope of who asks
  SnapshotVisit asked;
  std::vector<OfferHalf> halves;   // by time
  std::vector<DatedVisit> visits;  // of others
  std::vector<scheduler::ExpertView> experts;
  std::vector<scheduler::OfficeView> offices;
  std::vector<MetOwner> met;           // of the owners of `asked` and `visits`
  std::vector<ReservedWork> reserved;  // on the days of `halves`
  std::uint32_t left_out = 0;
};

class OfferSnapshotQuery final : public Query {
 public:
  /// What the days are prepared from before anybody asks: no visit asked about, nothing judged.
  explicit OfferSnapshotQuery(std::uint32_t days);
  /// `job` 0: the present job of the case.
  OfferSnapshotQuery(Scope scope, scheduler::JobId job, scheduler::CaseId case_id,
                     std::uint32_t days);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  OfferSnapshot snapshot;

 private:
  enum class Part : std::uint8_t { kBegin, kOffices, kExperts, kVisits, kBegun, kDone };

  OfferSnapshotQuery(bool is_asked, Scope scope, scheduler::JobId job, scheduler::CaseId case_id,
                     std::uint32_t days);
  bool begin(const scheduler::Scheduler& scheduler);
  bool take_asked(const scheduler::Scheduler& scheduler);
  scheduler::Outcome verdict_of(const scheduler::Scheduler& scheduler, const OfferHalf& half) const;
  void take_halves(const scheduler::Scheduler& scheduler);
  void take_visit(const scheduler::Scheduler& scheduler, const scheduler::JobView& job);
  bool take_experts(const scheduler::Scheduler& scheduler);
  bool take_visits(const scheduler::Scheduler& scheduler);

  const bool is_asked_;
  const Scope scope_;
  const scheduler::JobId job_;
  const scheduler::CaseId case_id_;
  const std::uint32_t days_;
  std::int32_t last_date_ = 0;
  Part part_ = Part::kBegin;
  scheduler::Cursor cursor_;
  // Anybody of the city may come; the answer tells no more of them than that.
  CityRows rows_{Scope{}};
  OwnersSeen seen_;
  BegunVisits begun_;
  std::array<scheduler::JobView, kRowsPerSlice> jobs_;
};

}  // namespace permitd::daemon
