// When something is due: at most one moment per subject, a 4-ary heap ordered by (moment, subject)
// with the position of every subject, so that a timer is moved or cleared in O(log n). Subjects are
// small dense numbers that the caller maps from jobs, experts and cases. Owned by the engine
// thread.
//
// Invariants: ties fire in order of subject; a subject without a timer has the moment kNever.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

class TimerHeap {
 public:
  /// Makes room for subjects 0 … subject_count − 1, keeping the timers set. Allocates 20 bytes
  /// each.
  void reserve(std::uint32_t subject_count);

  /// Sets or moves the timer of a subject; kNever clears it. O(log n).
  void set(std::uint32_t subject, Tick at);
  void clear(std::uint32_t subject) { set(subject, kNever); }
  /// Moment of a subject, kNever when it has no timer.
  Tick at(std::uint32_t subject) const;

  /// The earliest moment, kNever when no timer is set. O(1).
  Tick next() const { return count_ == 0 ? kNever : heap_[0].at; }
  /// Takes the first timer with a moment ≤ now and returns its subject; kNoSlot when none is due.
  std::uint32_t pop_due(Tick now);

  std::uint32_t count() const { return count_; }
  std::uint32_t subject_count() const { return static_cast<std::uint32_t>(positions_.size()); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    heap_.visit_memory(visit);
    positions_.visit_memory(visit);
  }

  /// Timers in ascending order of subject: the bytes do not depend on how the heap came about.
  void write_state(StateSink& sink) const;
  /// Replaces the timers; none is set when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);
  /// Clears every timer, keeping the memory.
  void clear_all();

 private:
  struct Timer {
    Tick at;
    std::uint64_t subject = 0;
    friend constexpr auto operator<=>(const Timer&, const Timer&) = default;
  };

  void place(std::uint32_t position, Timer timer);
  void rise(std::uint32_t position, Timer timer);
  void sink_down(std::uint32_t position, Timer timer);
  void remove_at(std::uint32_t position);

  FixedArray<Timer> heap_;
  FixedArray<std::uint32_t> positions_;  // [subject] position in heap_ + 1, 0 = no timer
  std::uint32_t count_ = 0;
};

}  // namespace permitd::scheduler
