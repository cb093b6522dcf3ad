#include "scheduler/job_clock.h"

#include <algorithm>

#include "scheduler/counters.h"
#include "scheduler/events.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

std::array<SlaMark, 3> marks_of(const Core& core, const JobRecord& job) {
  return sla_marks(core.policy, job.sla_minutes);
}

Tick moment_of(const Core& core, const JobRecord& job, std::int32_t remaining) {
  const std::int32_t after = job.clock_minutes - remaining;
  return after <= 0 ? job.clock_from : core.calendar.add_working_minutes(job.clock_from, after);
}

Tick next_mark(const Core& core, const JobRecord& job) {
  if (job.clock_from == kNever) return kNever;
  for (const SlaMark& mark : marks_of(core, job)) {
    if ((job.marks & mark.bit) != 0) continue;
    return mark.remaining == 0 ? job.deadline : moment_of(core, job, mark.remaining);
  }
  return kNever;
}

std::size_t appointment_cell(std::int32_t key) {
  return static_cast<std::uint32_t>(key) % kAppointmentHorizon;
}

}  // namespace

std::array<SlaMark, 3> sla_marks(const SetPolicy& policy, std::int32_t sla) {
  const std::int32_t share = sla * (100 - policy.sla_notify_percent) / 100;
  const std::int32_t amber = std::max<std::int32_t>(share, policy.sla_amber_minutes);
  const std::int32_t district = -(sla * (policy.sla_district_percent - 100) / 100);
  return {SlaMark{kMarkAmber, EventKind::kSlaNotified, amber},
          SlaMark{kMarkBreached, EventKind::kSlaBreached, 0},
          SlaMark{kMarkDistrict, EventKind::kSlaEscalated, district}};
}

void start_clock(Core& core, std::uint32_t slot, std::int32_t minutes) {
  const RecountedJob recounted(core, slot);
  JobRecord& job = core.jobs[slot];
  job.clock_from = core.now;
  job.clock_minutes = minutes;
  job.deadline = moment_of(core, job, 0);
}

void stop_clock(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  if (job.clock_from == kNever) return;
  const RecountedJob recounted(core, slot);
  job.clock_minutes = remaining_minutes(core, job);
  job.clock_from = kNever;
  job.deadline = kNever;
}

std::int32_t remaining_minutes(const Core& core, const JobRecord& job) {
  if (job.clock_from == kNever) return job.clock_minutes;
  const std::int64_t left =
      job.clock_minutes - core.calendar.working_minutes(job.clock_from, core.now);
  return static_cast<std::int32_t>(std::max<std::int64_t>(left, INT32_MIN / 2));
}

SlaBand band_now(const Core& core, const JobRecord& job) {
  if (!job_is_open(job) || job.clock_from == kNever) return job_band(job);
  const std::int32_t left = remaining_minutes(core, job);
  const std::array<SlaMark, 3> marks = marks_of(core, job);
  if (left <= 0) return SlaBand::kRed;
  return left <= marks[0].remaining ? SlaBand::kAmber : job_band(job);
}

void set_job_timer(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  Tick at = kNever;
  if (job_is_open(job) && job.state != JobState::kDone) {
    at = next_mark(core, job);
    if (job.state == JobState::kScheduled && !job.has(kJobPaused)) {
      // A half-day that an edit of the calendar took away is due at once: it must be booked anew.
      const Tick begin = appointment_begin(core, job);
      at = std::min(at, begin == kNever ? core.now : begin);
    }
    if (job.has(kJobPlanned)) at = std::min(at, plan_of(core, job).until);
  }
  core.job_timers.set(slot, at);
}

void pass_marks(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (job.clock_from == kNever) return;
  const std::int32_t left = remaining_minutes(core, job);
  for (const SlaMark& mark : marks_of(core, job)) {
    if ((job.marks & mark.bit) != 0 || left > mark.remaining) continue;
    {
      const RecountedJob recounted(core, slot);
      core.jobs[slot].marks |= mark.bit;
    }
    emit_job(core, job, mark.event, raw(job.state), raw(job.state), Reason::kNone, job.holder);
  }
}

Tick deadline_by(const WorkingCalendar& calendar, const JobRecord& job) {
  return job.clock_minutes <= 0 ? job.clock_from
                                : calendar.add_working_minutes(job.clock_from, job.clock_minutes);
}

bool recompute_deadline(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  if (job.clock_from == kNever) return false;
  const Tick before = job.deadline;
  job.deadline = moment_of(core, job, 0);
  return job.deadline != before;
}

std::uint32_t appointment_capacity(const Core& core, Skill skill) {
  const std::uint32_t visits = core.certified[raw(skill)] * core.policy.visits_per_day / 2;
  return std::max(visits, 1U);
}

std::uint32_t appointment_count(const Core& core, std::int32_t key) {
  const AppointmentCount& cell = core.appointments[appointment_cell(key)];
  return cell.key == key ? cell.count : 0;
}

bool appointment_in_reach(const Core& core, std::int32_t key) {
  const std::int32_t first = appointment_key(core.day, HalfDay::kMorning);
  return key >= first && key < first + static_cast<std::int32_t>(kAppointmentHorizon);
}

void book_appointment(Core& core, std::uint32_t slot, std::int32_t key) {
  drop_appointment(core, slot);
  AppointmentCount& cell = core.appointments[appointment_cell(key)];
  if (cell.key != key) cell = {key, 0};
  ++cell.count;
  core.jobs[slot].appointment = key;
}

void drop_appointment(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  if (job.appointment == kNoAppointment) return;
  AppointmentCount& cell = core.appointments[appointment_cell(job.appointment)];
  if (cell.key == job.appointment && cell.count > 0) --cell.count;
  job.appointment = kNoAppointment;
}

std::int32_t first_free_half_day(const Core& core, Skill skill) {
  const Tick earliest =
      core.calendar.add_working_minutes(core.now, core.policy.appointment_lead_minutes);
  if (earliest == kNever) return kNoAppointment;
  const std::uint32_t capacity = appointment_capacity(core, skill);
  std::int32_t key = appointment_key(core.calendar.day_of(earliest), HalfDay::kMorning);
  for (; appointment_in_reach(core, key); ++key) {
    const Interval half = core.calendar.half_day(appointment_day(key), appointment_half(key));
    if (half.empty() || half.open < earliest) continue;
    if (appointment_count(core, key) < capacity) return key;
  }
  return kNoAppointment;
}

std::int32_t half_day_of(const Core& core, Tick at) {
  const std::int32_t day = core.calendar.day_of(at);
  const bool morning = core.calendar.half_day(day, HalfDay::kMorning).contains(at);
  return appointment_key(day, morning ? HalfDay::kMorning : HalfDay::kAfternoon);
}

bool appointment_binds(const Core& core, const JobRecord& job) {
  if (job.appointment == kNoAppointment) return false;
  const Interval half =
      core.calendar.half_day(appointment_day(job.appointment), appointment_half(job.appointment));
  return !half.empty() && half.close > core.now;
}

Tick appointment_begin(const Core& core, const JobRecord& job) {
  if (job.appointment == kNoAppointment) return kNever;
  return core.calendar.half_day(appointment_day(job.appointment), appointment_half(job.appointment))
      .open;
}

}  // namespace permitd::scheduler
