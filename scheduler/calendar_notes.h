// Why the days of the calendar are as they are: the edit that gave each day its hours, or its note
// where they stood already; who gave it, and when. Owned by the engine thread.
//
// Invariants: a day names an edit that was taken, or none; edits beyond kCalendarNotesMax push out
// the oldest, and a day whose edit was pushed out says nothing any more.
#pragma once

#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"
#include "scheduler/working_calendar.h"

namespace permitd::scheduler {

class CalendarNotes {
 public:
  /// Takes the memory for kCalendarDaysMax days. Allocates; a second call does nothing.
  void reserve();

  /// Whether the edit would give a note to any day that has another one. An edit without a note
  /// gives none.
  bool would_note(const SetCalendarDays& days) const;
  /// The edit is about to be made. Pre: `before.accepts(days)`, the note fits and is tidy, and
  /// `before` is the calendar without it.
  void take(const SetCalendarDays& days, const WorkingCalendar& before, const Note& note, Op op,
            Tick now, Actor actor);
  /// The edit that says why a covered date is as it is. False where none does, or it was pushed
  /// out.
  [[nodiscard]] bool find(std::int32_t date, CalendarNoteView& out) const;

  template <class Visit>
  void visit_memory(const Visit& visit) const {
    edit_of_.visit_memory(visit);
    edits_.visit_memory(visit);
  }
  /// Of the dates that `calendar` covers.
  void write_state(StateSink& sink, const WorkingCalendar& calendar) const;
  /// Replaces the notes by those of the dates that `calendar` covers; false when the bytes are
  /// none. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source, const WorkingCalendar& calendar);

 private:
  struct Edit {
    Op op{};
    Tick at;
    std::uint32_t actor = 0;
    ActorKind actor_kind = ActorKind::kEngine;
    std::uint8_t reserved[3]{};
    Note note;
  };

  // A calendar covers at most kCalendarDaysMax dates in a row, so no two of them share a place.
  static std::size_t place_of(std::int32_t date) {
    return static_cast<std::uint32_t>(date) % kCalendarDaysMax;
  }
  const Edit* edit_of(std::int32_t date) const;

  FixedArray<std::uint32_t> edit_of_;  // [place_of(date)] number of the edit, 0: none
  FixedArray<Edit> edits_;             // [number % kCalendarNotesMax]
  std::uint32_t last_ = 0;             // number of the newest edit; the first is 1
};

}  // namespace permitd::scheduler
