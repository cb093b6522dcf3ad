#include "scheduler/calendar_notes.h"

#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/state_io.h"

namespace permitd::scheduler {

void CalendarNotes::reserve() {
  edit_of_.reserve(kCalendarDaysMax);
  edits_.reserve(kCalendarNotesMax);
}

const CalendarNotes::Edit* CalendarNotes::edit_of(std::int32_t date) const {
  const std::uint32_t number = edit_of_[place_of(date)];
  const bool is_kept = number != 0 && last_ - number < kCalendarNotesMax;
  return is_kept ? &edits_[number % kCalendarNotesMax] : nullptr;
}

bool CalendarNotes::would_note(const SetCalendarDays& days) const {
  if (days.note.size == 0) return false;
  const Note note = tidy_text(days.note);
  for (std::int32_t index = 0; index < days.count; ++index) {
    const Edit* edit = edit_of(days.first_day + index);
    if (edit == nullptr || edit->note != note) return true;
  }
  return false;
}

void CalendarNotes::take(const SetCalendarDays& days, const WorkingCalendar& before,
                         const Note& note, Op op, Tick now, Actor actor) {
  PERMIT_ASSERT(last_ < UINT32_MAX, last_);
  last_ += 1;
  Edit& edit = edits_[last_ % kCalendarNotesMax];
  edit = {};
  edit.op = op;
  edit.at = now;
  edit.actor = actor.id;
  edit.actor_kind = actor.kind;
  edit.note = note;
  SetCalendarDays one;
  one.count = 1;
  for (std::size_t index = 0; index < days.count; ++index) {
    one.first_day = days.first_day + static_cast<std::int32_t>(index);
    one.open_minute[0] = days.open_minute[index];
    one.length_minutes[0] = days.length_minutes[index];
    if (note.size != 0 || !before.has_days(one)) edit_of_[place_of(one.first_day)] = last_;
  }
}

bool CalendarNotes::find(std::int32_t date, CalendarNoteView& out) const {
  if (date < 0) return false;
  const Edit* edit = edit_of(date);
  if (edit == nullptr) return false;
  out = {date, edit->op, edit->at, {edit->actor_kind, edit->actor}, edit->note};
  return true;
}

void CalendarNotes::write_state(StateSink& sink, const WorkingCalendar& calendar) const {
  put_state(sink, last_);
  const std::uint32_t first = last_ < kCalendarNotesMax ? 1 : last_ - kCalendarNotesMax + 1;
  for (std::uint32_t number = first; number != 0 && number <= last_; ++number)
    put_state(sink, edits_[number % kCalendarNotesMax]);
  for (std::uint32_t index = 0; index < calendar.day_count(); ++index)
    put_state(sink, edit_of_[place_of(calendar.first_day() + static_cast<std::int32_t>(index))]);
}

bool CalendarNotes::read_state(StateSource& source, const WorkingCalendar& calendar) {
  std::fill_n(edit_of_.span().begin(), edit_of_.size(), 0U);
  last_ = 0;
  std::uint32_t last = 0;
  if (!get_state(source, last) || last == UINT32_MAX) return false;
  const std::uint32_t first = last < kCalendarNotesMax ? 1 : last - kCalendarNotesMax + 1;
  for (std::uint32_t number = first; number <= last; ++number) {
    Edit& edit = edits_[number % kCalendarNotesMax];
    if (!get_state(source, edit) || !text_fits(edit.note) || edit.note != tidy_text(edit.note) ||
        !known_value(edit.actor_kind, ActorKind::kAuditor) ||
        !std::ranges::all_of(edit.reserved, [](std::uint8_t byte) { return byte == 0; }))
      return false;
  }
  for (std::uint32_t index = 0; index < calendar.day_count(); ++index) {
    std::uint32_t& number =
        edit_of_[place_of(calendar.first_day() + static_cast<std::int32_t>(index))];
    if (!get_state(source, number) || number > last) return false;
  }
  last_ = last;
  return true;
}

}  // namespace permitd::scheduler
