// The queues of ready jobs: one per class × skill × place, all over one pool with a node per job
// slot. A queue is ordered by deadline, ties by job id. Owned by the engine thread.
//
// A place is where a job may be taken: 0 … 31 the district of the parcel (any expert who serves
// it), from 32 the offices by index (only their own experts). Queue numbers stay the same when
// offices are added.
//
// Invariants: a job slot is in one queue at most; its key changes only through update().
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "scheduler/ordered_pool.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// Number of a queue, from ReadyQueue::number().
enum class QueueNumber : std::uint32_t {};

/// A queue by what it is for.
struct QueuePlace {
  PriorityClass priority{};
  Skill skill{};
  std::uint32_t place = 0;
};

struct ReadyKey {
  Tick deadline;
  JobId job{};
  friend constexpr auto operator<=>(const ReadyKey&, const ReadyKey&) = default;
};

class ReadyQueue {
 public:
  static constexpr std::uint32_t kOfficePlace = kDistrictCount;

  static constexpr std::uint32_t district_place(District district) { return district; }
  static constexpr std::uint32_t office_place(std::uint32_t office_index) {
    return kOfficePlace + office_index;
  }
  static constexpr QueueNumber number(PriorityClass priority, Skill skill, std::uint32_t place) {
    constexpr std::uint32_t classes = kClassCount;
    constexpr std::uint32_t skills = kSkillCount;
    return QueueNumber{(place * classes + raw(priority)) * skills + raw(skill)};
  }
  static constexpr QueueNumber number(const QueuePlace& queue) {
    return number(queue.priority, queue.skill, queue.place);
  }

  /// Makes room, keeping what is queued. Allocates: 24 bytes a job slot, 144 a place.
  void reserve(std::uint32_t jobs_max, std::uint32_t offices_max) {
    pool_.reserve(jobs_max, std::size_t{kOfficePlace + offices_max} * kClassCount * kSkillCount);
  }

  /// Pre: the slot is in no queue; the job id is not 0. O(log n).
  void insert(QueueNumber queue, std::uint32_t slot, ReadyKey key) {
    pool_.insert(raw(queue), slot, {key.deadline.ms, raw(key.job)});
  }
  /// Pre: the slot is in this queue. O(log n).
  void remove(QueueNumber queue, std::uint32_t slot) { pool_.remove(raw(queue), slot); }
  /// Moves a queued job to its new place in the order. Pre: the slot is in this queue. O(log n).
  void update(QueueNumber queue, std::uint32_t slot, ReadyKey key) {
    remove(queue, slot);
    insert(queue, slot, key);
  }

  bool contains(std::uint32_t slot) const { return pool_.contains(slot); }
  /// Pre: contains(slot).
  ReadyKey key(std::uint32_t slot) const {
    const OrderKey key = pool_.key(slot);
    return {Tick{key.rank}, JobId{key.id}};
  }
  /// Slots of the first two jobs, or kNoSlot.
  std::pair<std::uint32_t, std::uint32_t> best_two(QueueNumber queue) const {
    return pool_.first_two(raw(queue));
  }
  std::uint32_t count(QueueNumber queue) const { return pool_.count(raw(queue)); }
  std::uint32_t queue_count() const { return static_cast<std::uint32_t>(pool_.set_count()); }

  /// Calls visit(slot) in key order until it returns true or `max` jobs were visited. Returns
  /// whether the bound cut it, that is, whether an unvisited job may fit. The queue must not change
  /// meanwhile.
  template <class Visit>
  bool visit(QueueNumber queue, std::uint32_t max, const Visit& visit_slot) const {
    return pool_.visit(raw(queue), max, visit_slot);
  }

  void clear() { pool_.clear(); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    pool_.visit_memory(visit);
  }
  void write_state(StateSink& sink) const { pool_.write_state(sink); }
  /// Pre: reserved with the limits of the state. The caller checks that slots and keys are those of
  /// its jobs.
  [[nodiscard]] bool read_state(StateSource& source) { return pool_.read_state(source); }

 private:
  OrderedPool pool_;
};

}  // namespace permitd::scheduler
