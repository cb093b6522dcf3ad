// Which assignments went beyond the capacity of somebody's day by order of a supervisor or operator
// (I9): who ordered it, why, and how full the day was. Owned by the engine thread.
//
// Invariants: the newest kCapacityOverridesMax are kept, by op; beyond them the oldest is forgotten
// and no longer listed, but still counted.
#pragma once

#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"

namespace permitd::scheduler {

class CapacityOverrides {
 public:
  /// Takes the memory for kCapacityOverridesMax of them. Allocates; a second call does nothing.
  void reserve() { kept_.reserve(kCapacityOverridesMax); }

  /// Pre: of a later op than those before.
  void take(const CapacityOverride& one) {
    kept_[count_ % kCapacityOverridesMax] = one;
    ++count_;
  }
  /// How many there ever were.
  std::uint64_t count() const { return count_; }

  /// See Scheduler::list_overrides. Looks at every one that is kept, at most.
  std::size_t list(const OverrideFilter& filter, Cursor& cursor,
                   std::span<CapacityOverride> out) const;
  /// How many of those that are kept the filter selects.
  std::uint64_t count(const OverrideFilter& filter) const;

  /// Calls visit(one) with each that is kept, oldest first.
  template <class Visit>
  void visit(const Visit& visit) const {
    for (std::uint64_t number = oldest(); number < count_; ++number) visit(at(number));
  }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    kept_.visit_memory(visit);
  }
  void write_state(StateSink& sink) const;
  /// Replaces all; false when the bytes are none. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);

 private:
  // Numbers from 0, by op.
  std::uint64_t oldest() const {
    return count_ < kCapacityOverridesMax ? 0 : count_ - kCapacityOverridesMax;
  }
  const CapacityOverride& at(std::uint64_t number) const {
    return kept_[number % kCapacityOverridesMax];
  }
  std::uint64_t end_before(Op op) const;

  FixedArray<CapacityOverride> kept_;  // [number % kCapacityOverridesMax]
  std::uint64_t count_ = 0;
};

}  // namespace permitd::scheduler
