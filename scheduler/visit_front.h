// The front of each queue of visits: the first of them in order of deadline, with their places,
// side by side in memory. Who asks for work is compared with the first visits of every district;
// out of the queues themselves each would be a step through a tree and two records far apart.
// Owned by the engine thread.
//
// Derived from the queues and the cases: a front holds the first entries of its queue, all of them
// or at least kNearVisitsMax. nearest_visit.h keeps it so; here are the arrays.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "scheduler/distance.h"
#include "scheduler/fixed_array.h"
#include "scheduler/limits.h"
#include "scheduler/ready_queue.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// Number of a front, from VisitFronts::number(): the districts of one class lie side by side.
enum class FrontNumber : std::uint32_t {};

class VisitFronts {
 public:
  /// Twice of what is compared, so that a queue is read again only at each sixteenth departure.
  static constexpr std::uint32_t kKept = 2 * kNearVisitsMax;
  static constexpr unsigned kPlaceBits = std::bit_width(kNearVisitsMax - 1);
  /// Squares of distances of the visits that may be compared, in millionths of a degree, each with
  /// its place in the front as the lowest bits: of equals the first is the least.
  using Squares = std::array<std::uint64_t, kNearVisitsMax>;
  /// Of a visit without a known place, or where none is.
  static constexpr std::uint64_t kNowhere = UINT64_MAX;

  struct Visit {
    ReadyKey key;
    std::uint32_t slot = kNoSlot;
    std::uint32_t case_slot = kNoSlot;
    Point point;  // not known: it is never the nearest
    friend bool operator==(const Visit&, const Visit&) = default;
  };

  static constexpr FrontNumber number(PriorityClass priority, std::uint32_t place) {
    constexpr std::uint32_t classes = kClassCount;
    const std::uint32_t first =
        place < kDistrictCount ? raw(priority) * kDistrictCount : place * classes + raw(priority);
    return FrontNumber{place < kDistrictCount ? first + place : first};
  }

  /// Makes room, keeping what is there. Allocates: 1,052 bytes a class and place.
  void reserve(std::uint32_t offices_max);

  std::uint32_t count(FrontNumber front) const { return entries_[raw(front)].count; }
  /// Pre: at < count().
  Visit at(FrontNumber front, std::uint32_t at) const;
  const ReadyKey& key(FrontNumber front, std::uint32_t at) const {
    return entries_[raw(front)].keys[at];
  }
  std::uint32_t slot(FrontNumber front, std::uint32_t at) const {
    return entries_[raw(front)].slots[at];
  }
  std::uint32_t case_slot(FrontNumber front, std::uint32_t at) const {
    return entries_[raw(front)].case_slots[at];
  }

  /// A visit has joined the queue. It is left out when it comes behind the front and the queue goes
  /// on there, or the front is full. `is_whole`: the front held all of the queue before.
  void insert(FrontNumber front, const Visit& visit, bool is_whole);
  /// A visit has left the queue; nothing where it came behind the front.
  void remove(FrontNumber front, const ReadyKey& key);
  /// The next of the queue behind the front. Pre: the front is not full.
  void append(FrontNumber front, const Visit& visit);

  /// What is known of a front without a look into it.
  struct Bound {
    std::uint64_t square = 0;  // no visit that may be compared is nearer
    std::uint32_t placed = 0;  // bits of those that may be compared and have a known place
  };
  Bound bound(FrontNumber front, Point from, std::uint32_t cosine) const {
    const std::size_t at = raw(front);
    return {box_square(from, cosine, {low_lat_[at], low_lon_[at]}, {high_lat_[at], high_lon_[at]}),
            placed_[at]};
  }
  /// The same of all districts of a class.
  struct Bounds {
    std::array<std::uint64_t, kDistrictCount> square;
    std::array<std::uint32_t, kDistrictCount> placed;
  };
  void bounds(PriorityClass priority, Point from, std::uint32_t cosine, Bounds& out) const;
  /// The squares of the distances of the first `most`, kNowhere for the others. `cosine` is that of
  /// `from`. Pre: most ≤ kNearVisitsMax.
  void squares(FrontNumber front, Point from, std::uint32_t cosine, std::uint32_t most,
               Squares& out) const;

  void clear();
  template <class Visitor>
  void visit_memory(const Visitor& visitor) const {
    for (const auto* side : {&low_lat_, &low_lon_, &high_lat_, &high_lon_})
      side->visit_memory(visitor);
    placed_.visit_memory(visitor);
    places_.visit_memory(visitor);
    entries_.visit_memory(visitor);
  }

 private:
  // What is read of a front that may hold one of the nearest; zero where no visit is.
  struct Places {
    std::array<std::int32_t, kKept> lat{};
    std::array<std::int32_t, kKept> lon{};
  };
  // What is read of the nearest alone.
  struct Entries {
    std::array<ReadyKey, kKept> keys{};
    std::array<std::uint32_t, kKept> slots{};
    std::array<std::uint32_t, kKept> case_slots{};
    std::uint32_t count = 0;
    std::uint32_t reserved = 0;
  };

  void put(FrontNumber front, std::uint32_t at, const Visit& visit);
  void surround(FrontNumber front);

  // The box around those that may be compared and have a place; zero where there are none.
  FixedArray<std::int32_t> low_lat_;
  FixedArray<std::int32_t> low_lon_;
  FixedArray<std::int32_t> high_lat_;
  FixedArray<std::int32_t> high_lon_;
  FixedArray<std::uint32_t> placed_;  // bits of those
  FixedArray<Places> places_;
  FixedArray<Entries> entries_;
};

}  // namespace permitd::scheduler
