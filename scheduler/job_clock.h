// The clock of a job: its deadline in working time, the marks on the way to it, and its
// appointment. A clock that was stopped goes on with the minutes that were left, never with a fresh
// term (I16).
#pragma once

#include <array>

#include "scheduler/state.h"

namespace permitd::scheduler {

/// A mark on the way to a deadline and beyond.
struct SlaMark {
  std::uint8_t bit;        // kMark…
  EventKind event;
  std::int32_t remaining;  // due when no more working minutes than this are left
};
/// The marks of a term of so many working minutes, in the order in which they are passed.
std::array<SlaMark, 3> sla_marks(const SetPolicy& policy, std::int32_t sla);

/// Starts or restarts the clock with `minutes` of working time left (negative when breached
/// already).
void start_clock(Core& core, std::uint32_t slot, std::int32_t minutes);
/// Stops it and keeps what is left. Nothing when it stands.
void stop_clock(Core& core, std::uint32_t slot);
/// Working minutes to the deadline at core.now; negative when breached.
std::int32_t remaining_minutes(const Core& core, const JobRecord& job);
/// The band at core.now, marks that a tick has yet to set included.
SlaBand band_now(const Core& core, const JobRecord& job);

/// Sets the job's one timer to what comes next: its appointment or its next mark.
void set_job_timer(Core& core, std::uint32_t slot);
/// Sets the marks that are due, with their events.
void pass_marks(Core& core, std::uint32_t slot);
/// After an edit of the calendar: the deadline it has now. True when it moved.
/// Where the deadline of a job whose clock runs would be by another calendar.
Tick deadline_by(const WorkingCalendar& calendar, const JobRecord& job);
bool recompute_deadline(Core& core, std::uint32_t slot);

/// Visits that may be booked for one half-day.
std::uint32_t appointment_capacity(const Core& core, Skill skill);
std::uint32_t appointment_count(const Core& core, std::int32_t key);
/// Whether the half-day lies within the horizon of bookings.
bool appointment_in_reach(const Core& core, std::int32_t key);
/// Books a half-day; gives the booking before back.
void book_appointment(Core& core, std::uint32_t slot, std::int32_t key);
/// Gives a booking back. Nothing when there is none.
void drop_appointment(Core& core, std::uint32_t slot);
/// The first free half-day far enough ahead, kNoAppointment when the calendar has none.
std::int32_t first_free_half_day(const Core& core, Skill skill);
/// The half-day that a moment lies in, the afternoon outside of working time.
std::int32_t half_day_of(const Core& core, Tick at);
/// A half-day was promised and is not over.
bool appointment_binds(const Core& core, const JobRecord& job);
/// Begin of the appointment, kNever without one.
Tick appointment_begin(const Core& core, const JobRecord& job);

}  // namespace permitd::scheduler
