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
/// Who met the owners of a snapshot's visits: some two each, up to kMeetingsPerOwnerMax.
inline constexpr std::size_t kSnapshotMetMax = 131'072;
/// Rows read in one slice between two batches.
inline constexpr std::size_t kRowsPerSlice = 256;

/// An owner whom an expert inspected for lately (I14), see Scheduler::list_met.
struct MetOwner {
  scheduler::ExpertId expert{};
  scheduler::PersonId owner{};
};

/// Owners whose meetings a snapshot has already, so that one with many visits takes room once.
/// Where several crowd the same places one may be taken anew: its rows are then there twice.
class OwnersSeen {
 public:
  OwnersSeen() : places_(kPlaces) {}

  /// False when the owner was seen before.
  bool add(scheduler::PersonId owner) {
    const std::size_t home =
        static_cast<std::size_t>((raw(owner) * 0x9E37'79B9'7F4A'7C15ULL) >> kShift);
    for (std::size_t tried = 0; tried < kTriedMax; ++tried) {
      scheduler::PersonId& place = places_[(home + tried) % kPlaces];
      if (place == owner) return false;
      if (raw(place) != 0) continue;
      place = owner;
      return true;
    }
    return true;
  }

 private:
  static constexpr unsigned kShift = 64 - 16;
  static constexpr std::size_t kPlaces = std::size_t{1} << 16;  // twice the visits of a snapshot
  static constexpr std::size_t kTriedMax = 8;

  std::vector<scheduler::PersonId> places_;
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

/// Adds who met the owner of a visit lately to a snapshot with room for kSnapshotMetMax; nobody for
/// an owner who is not known.
template <class Snapshot>
void keep_met(const scheduler::Scheduler& scheduler, scheduler::PersonId owner, OwnersSeen& seen,
              Snapshot& snapshot) {
  if (raw(owner) == 0 || !seen.add(owner)) return;
  std::array<scheduler::ExpertId, scheduler::kMeetingsPerOwnerMax> experts;
  const std::size_t count = scheduler.list_met(owner, experts);
  for (std::size_t i = 0; i < count; ++i)
    keep_row(snapshot, snapshot.met, MetOwner{experts[i], owner});
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
