// The first two of each ready queue, and for each class and skill its districts in the order of
// their first jobs: a search begins with the first job of all and mostly ends there. Owned by the
// engine thread.
//
// Derived from the queues: whoever puts a job into one or takes one out says so here.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/ready_queue.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

struct QueueHead {
  ReadyKey key;     // job 0: the queue is empty
  ReadyKey behind;  // the second; job 0: there is none
  std::uint32_t slot = 0;
  std::uint32_t reserved = 0;

  bool is_empty() const { return raw(key.job) == 0; }
  bool has_behind() const { return raw(behind.job) != 0; }
};

class QueueHeads {
 public:
  /// Makes room, keeping what is there. Allocates: 720 bytes a place.
  void reserve(std::uint32_t offices_max);

  const QueueHead& of(const QueuePlace& queue) const { return heads_[index_of(queue)]; }
  /// Bits of the districts where such jobs wait.
  std::uint32_t waiting(PriorityClass priority, Skill skill) const {
    return lanes_[lane_of(priority, skill)].waiting;
  }
  /// Calls visit(district, head) for those of the districts where such jobs wait, in the order of
  /// their first jobs, until it returns true.
  template <class Visit>
  void visit(PriorityClass priority, Skill skill, std::uint32_t districts,
             const Visit& visit_head) const {
    const std::size_t at = lane_of(priority, skill);
    const Lane& lane = lanes_[at];
    const std::uint32_t served = lane.waiting & districts;
    for (std::uint32_t i = 0, left = served; left != 0; ++i) {
      PERMIT_ASSERT(i < kDistrictCount, left);
      const std::uint32_t district = lane.order[i];
      if ((served >> district & 1) == 0) continue;
      if (visit_head(district, heads_[at * kDistrictCount + district])) return;
      left &= ~(1U << district);
    }
  }

  /// A job has joined the queue.
  void join(const QueuePlace& queue, std::uint32_t slot, const ReadyKey& key);
  /// The one with this key has left it.
  void leave(const QueuePlace& queue, const ReadyKey& key, const ReadyQueue& ready);
  /// Reads the queue anew.
  void look(const QueuePlace& queue, const ReadyQueue& ready);

  template <class Visitor>
  void visit_memory(const Visitor& visitor) const {
    heads_.visit_memory(visitor);
  }

 private:
  static constexpr std::size_t kLanes = std::size_t{kClassCount} * kSkillCount;

  // The districts of one class and skill.
  struct Lane {
    std::uint32_t waiting = 0;                         // bits of those with a first job
    std::array<std::uint8_t, kDistrictCount> order{};  // those, by it
  };

  static constexpr std::size_t lane_of(PriorityClass priority, Skill skill) {
    return std::size_t{raw(priority)} * kSkillCount + raw(skill);
  }
  // The districts of a lane lie side by side.
  static constexpr std::size_t index_of(const QueuePlace& queue) {
    const std::size_t lane = lane_of(queue.priority, queue.skill);
    return queue.place < kDistrictCount ? lane * kDistrictCount + queue.place
                                        : std::size_t{queue.place} * kLanes + lane;
  }
  void set(const QueuePlace& queue, const QueueHead& head);
  void place_in_order(const QueuePlace& queue, bool was_waiting);

  FixedArray<QueueHead> heads_;  // by index_of()
  std::array<Lane, kLanes> lanes_{};
};

}  // namespace permitd::scheduler
