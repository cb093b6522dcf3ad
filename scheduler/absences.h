// The absences of an expert that are not over: intervals that were told, of the present and of days
// to come.
//
// They are sorted by begin and lie apart: what overlaps or touches is one absence. At most
// kAbsencesMax are kept, free places are all zero. Pure functions, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/limits.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

struct Absence {
  Tick from;
  Tick until;
  Reason reason = Reason::kNone;
  std::uint8_t reserved[7]{};
  bool covers(Tick at) const { return from <= at && at < until; }
  friend bool operator==(const Absence&, const Absence&) = default;
};
static_assert(sizeof(Absence) == 24);

struct Absences {
  std::array<Absence, kAbsencesMax> list{};  // [count]
  std::uint8_t count = 0;
  std::uint8_t reserved[7]{};

  std::span<const Absence> all() const { return std::span(list).first(count); }
  /// The one that covers the moment; nullptr when none does.
  const Absence* at(Tick moment) const;
  /// When the first begins that has not begun at the moment; kNever when none does.
  Tick next_begin(Tick moment) const;
  /// When the next begins or ends after the moment; kNever when none does.
  Tick next_change(Tick moment) const;
  /// Where they stand at a moment: one is in force, else one is ahead, else all are over, or there
  /// are none.
  SpanState state(Tick moment) const;

  /// Forgets those that are over at the moment.
  void forget(Tick now);
  /// Adds one; what it overlaps or touches becomes one with it, for its reason. False, and nothing
  /// has changed, when there is no room. Pre: it is not empty.
  [[nodiscard]] bool add(const Absence& fresh);
  /// The one that covers the moment ends there; one that begins there is taken away. False when
  /// none covers it.
  bool end(Tick moment);

  friend bool operator==(const Absences&, const Absences&) = default;
};
static_assert(std::has_unique_object_representations_v<Absences>);

/// Whether they are sorted, apart, not empty, and free places are zero: of what comes from a file.
bool absences_whole(const Absences& absences);

}  // namespace permitd::scheduler
