// When somebody cannot work whatever the calendar says, as far as is known: absences, and
// suspensions of the person or of the office, those that are ahead and those that end by themselves
// included. What plans, forecasts and previews reckon with. Pure functions of a snapshot; any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "scheduler/views.h"

namespace permitd::daemon {

struct AwaySpan {
  scheduler::Tick from;
  scheduler::Tick until;  // kNever: nobody knows
};

/// Sorted by begin, apart from each other.
class AwaySpans {
 public:
  /// `office` null: its suspensions are not looked at.
  AwaySpans(const scheduler::ExpertView& expert, const scheduler::OfficeView* office);

  std::span<const AwaySpan> all() const& { return std::span(list_).first(count_); }
  void all() && = delete;  // what a loop goes over must outlive it

 private:
  template <class Holder>
  void add_suspension(const Holder& holder);

  std::array<AwaySpan, scheduler::kAbsencesMax + 2> list_;
  std::size_t count_ = 0;
};

/// The first moment within [at, close) at which neither the expert nor the office is suspended;
/// `at` where there is none, or neither is then. `office` null: it is not looked at.
scheduler::Tick suspended_until(const scheduler::ExpertView& expert,
                                const scheduler::OfficeView* office, scheduler::Tick at,
                                scheduler::Tick close);

}  // namespace permitd::daemon
