// What every snapshot for planning reads alike: the offices and the people of the city, slice by
// slice, into vectors whose room was made before. Runs on the engine's thread, inside a query.
//
// Invariant: nothing is allocated while rows are kept; what has no room is counted in the
// snapshot's `left_out`.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "daemon/scope.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

inline constexpr std::size_t kSnapshotExpertsMax = 16'384;
inline constexpr std::size_t kSnapshotOfficesMax = 2'048;
/// See Scheduler::list_met.
inline constexpr std::size_t kMetPerExpertMax = 8;
inline constexpr std::size_t kSnapshotMetMax = kSnapshotExpertsMax * kMetPerExpertMax;
/// Rows read in one slice between two batches.
inline constexpr std::size_t kRowsPerSlice = 256;

/// An owner whom an expert inspected for lately (I14).
struct MetOwner {
  scheduler::ExpertId expert{};
  scheduler::PersonId owner{};
};

/// False, and counted, when `rows` is full.
template <class Snapshot, class Row>
bool keep_row(Snapshot& snapshot, std::vector<Row>& rows, const Row& row) {
  const bool has_room = rows.size() < rows.capacity();
  if (has_room) {
    rows.push_back(row);
  } else {
    snapshot.left_out += 1;
  }
  return has_room;
}

/// Adds whom an expert met lately to a snapshot with room for kSnapshotMetMax.
template <class Snapshot>
void keep_met(const scheduler::Scheduler& scheduler, scheduler::ExpertId expert,
              Snapshot& snapshot) {
  std::array<scheduler::PersonId, kMetPerExpertMax> owners;
  const std::size_t count = scheduler.list_met(expert, owners);
  for (std::size_t i = 0; i < count; ++i)
    keep_row(snapshot, snapshot.met, MetOwner{expert, owners[i]});
}

/// Open work that somebody may plan: ready, promised, given or begun.
inline scheduler::JobFilter open_work() {
  const auto bit = [](scheduler::JobState state) { return 1U << static_cast<unsigned>(state); };
  scheduler::JobFilter filter;
  filter.states = bit(scheduler::JobState::kReady) | bit(scheduler::JobState::kScheduled) |
                  bit(scheduler::JobState::kAssigned) | bit(scheduler::JobState::kStarted);
  return filter;
}
inline scheduler::JobFilter open_visits() {
  scheduler::JobFilter filter = open_work();
  filter.stages = 1U << static_cast<unsigned>(scheduler::Stage::kSiteInspection);
  return filter;
}

/// Offices and people that the scope covers, in this order; each call reads one slice.
class CityRows {
 public:
  explicit CityRows(const Scope& scope) : scope_(scope) {}

  template <class Snapshot>
  static void make_room(Snapshot& snapshot) {
    snapshot.offices.reserve(kSnapshotOfficesMax);
    snapshot.experts.reserve(kSnapshotExpertsMax);
  }

  /// True with the last of them.
  template <class Snapshot>
  bool take_offices(const scheduler::Scheduler& scheduler, Snapshot& snapshot) {
    const std::size_t count = scheduler.list_offices(offices_at_, offices_);
    for (std::size_t i = 0; i < count; ++i) {
      if (scope_.covers(offices_[i])) keep_row(snapshot, snapshot.offices, offices_[i]);
    }
    return offices_at_.done;
  }
  /// True with the last of them. `kept(expert)` is called for each that had room.
  template <class Snapshot, class Kept>
  bool take_experts(const scheduler::Scheduler& scheduler, Snapshot& snapshot, const Kept& kept) {
    const std::size_t count = scheduler.list_experts(scheduler::OfficeId{}, experts_at_, experts_);
    for (std::size_t i = 0; i < count; ++i) {
      if (!scope_.covers(scheduler, experts_[i])) continue;
      if (keep_row(snapshot, snapshot.experts, experts_[i])) kept(experts_[i]);
    }
    return experts_at_.done;
  }
  template <class Snapshot>
  bool take_experts(const scheduler::Scheduler& scheduler, Snapshot& snapshot) {
    return take_experts(scheduler, snapshot, [](const scheduler::ExpertView&) {});
  }

 private:
  const Scope scope_;
  scheduler::Cursor offices_at_;
  scheduler::Cursor experts_at_;
  std::array<scheduler::OfficeView, kRowsPerSlice> offices_;
  std::array<scheduler::ExpertView, kRowsPerSlice> experts_;
};

}  // namespace permitd::daemon
