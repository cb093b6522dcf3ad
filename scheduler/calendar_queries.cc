// The reads of Scheduler about the calendar.
#include "scheduler/counters.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/scheduler_state.h"

namespace permitd::scheduler {

void Scheduler::calendar_span(std::int32_t& first_day, std::uint32_t& count) const {
  first_day = state_->core.calendar.first_day();
  count = state_->core.calendar.day_count();
}

CalendarDay Scheduler::calendar_day(std::int32_t date) const {
  const WorkingCalendar& calendar = state_->core.calendar;
  const Interval hours = calendar.always_open() ? Interval{} : calendar.day(date);
  if (hours.empty()) return {};
  return {static_cast<std::uint32_t>(hours.open.ms / kMsPerMinute),
          static_cast<std::uint16_t>((hours.close.ms - hours.open.ms) / kMsPerMinute)};
}

bool Scheduler::find_calendar_note(std::int32_t date, CalendarNoteView& out) const {
  const Core& core = state_->core;
  const std::int64_t index = std::int64_t{date} - core.calendar.first_day();
  const bool is_covered = index >= 0 && index < core.calendar.day_count();
  return is_covered && core.calendar_notes.find(date, out);
}

void Scheduler::copy_calendar(WorkingCalendar& out) const { out.copy_from(state_->core.calendar); }

std::size_t Scheduler::list_deadline_moves(const WorkingCalendar& changed, Cursor& cursor,
                                           std::size_t scan_max,
                                           std::span<DeadlineMove> out) const {
  constexpr std::uint64_t kCases = std::uint64_t{1} << 32;  // behind every slot of a job
  const Core& core = state_->core;
  std::size_t looked = 0;
  std::size_t count = 0;
  const auto goes_on = [&] { return looked < scan_max && count < out.size(); };
  for (; cursor.position < core.job_slots.used && goes_on(); ++cursor.position, ++looked) {
    const JobRecord& job = core.jobs[cursor.position];
    if (raw(job.id) == 0 || !job_is_open(job) || job.state == JobState::kDone ||
        job.clock_from == kNever)
      continue;
    const Tick deadline = deadline_by(changed, job);
    if (deadline != job.deadline)
      out[count++] = {job.id, core.cases[job.case_slot].id, job.deadline, deadline};
  }
  // What the municipality does comes behind the jobs, which may become more between two slices.
  if (cursor.position < kCases && cursor.position >= core.job_slots.used) cursor.position = kCases;
  const std::uint64_t end = kCases + core.case_slots.used;
  for (; cursor.position >= kCases && cursor.position < end && goes_on();
       ++cursor.position, ++looked) {
    const CaseRecord& record = core.cases[cursor.position - kCases];
    if (raw(record.id) == 0 || record.clock_from == kNever) continue;
    const Tick due = municipal_due_by(changed, record);
    if (due != record.due) out[count++] = {JobId{}, record.id, record.due, due};
  }
  cursor.done = cursor.position >= end;
  return count;
}

}  // namespace permitd::scheduler
