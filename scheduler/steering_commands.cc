// Steering by supervisors and operators, and the appointments of inspections.
#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"

namespace permitd::scheduler {

namespace {

void report_steered(const Core& core, std::uint32_t slot, Outcome& outcome) {
  const JobRecord& job = core.jobs[slot];
  outcome.job = job.id;
  outcome.case_id = core.cases[job.case_slot].id;
  outcome.state = raw(job.state);
}

void check_half_day(const Core& core, const JobRecord& job, const Schedule& schedule,
                    Outcome& outcome) {
  if (!known_value(schedule.half, HalfDay::kAfternoon))
    return refuse(outcome, Refusal::kOutOfRange, Field::kHalfDay);
  // Days that no calendar reaches would overflow the key of a half-day.
  if (schedule.day < -1'000'000 || schedule.day > 1'000'000)
    return refuse(outcome, Refusal::kOutOfRange, Field::kDay);
  const Interval half = core.calendar.half_day(schedule.day, schedule.half);
  const std::int32_t key = appointment_key(schedule.day, schedule.half);
  if (half.empty()) {
    refuse(outcome, Refusal::kOutsideCalendar, Field::kDay);
  } else if (half.open <= core.now || !appointment_in_reach(core, key)) {
    refuse(outcome, Refusal::kOutOfRange, Field::kDay);
  } else if (job.appointment == key && job.state == JobState::kScheduled) {
    refuse(outcome, Refusal::kNothingToDo, Field::kHalfDay);
  } else if (appointment_count(core, key) >= appointment_capacity(core, job.skill)) {
    outcome.filter = Filter::kCapacity;
    refuse(outcome, Refusal::kNotEligible, Field::kHalfDay);
  }
}

bool reassignable(const JobRecord& job) {
  if (job.has(kJobPaused)) return false;
  return job.state == JobState::kReady || job.state == JobState::kScheduled ||
         job.state == JobState::kAssigned || job.state == JobState::kEscalated;
}

// The filters hold for a supervisor's choice too, but for a refusal by the expert, which is
// overruled, the reach of an office that is not Active any more, and, with a note, the capacity.
std::uint8_t overruled_flags(const Core& core, const JobRecord& job) {
  std::uint8_t flags = kJobDeclined;
  if (!office_active(core, job.office)) flags |= kJobOfficeReach;
  return flags;
}

CapacityOverride override_of(const Core& core, const JobRecord& job, ExpertId expert,
                             const Note& note) {
  const DayTaken taken = day_taken(core, expert, job);
  CapacityOverride one;
  one.op = core.op;
  one.at = core.now;
  one.job = job.id;
  one.case_id = core.cases[job.case_slot].id;
  one.expert = expert;
  one.actor = core.actor.id;
  one.minutes_before = taken.minutes;
  one.capacity_minutes = capacity_minutes(core, core.experts[raw(expert)]);
  one.visits_before = job.has(kJobVisit) ? taken.visits : 0;
  one.visits_max = job.has(kJobVisit) ? core.policy.visits_per_day : std::uint16_t{0};
  one.effort_minutes = job.effort_minutes;
  one.actor_kind = core.actor.kind;
  one.filter = Filter::kCapacity;
  one.stage = job.stage;
  one.district = job.district;
  one.note = tidy_text(note);
  return one;
}

JobRecord without_overruled(const Core& core, const JobRecord& job) {
  JobRecord asked = job;
  asked.flags &= static_cast<std::uint8_t>(~overruled_flags(core, job));
  return asked;
}

bool check_reassign(const Core& core, const JobRecord& job, const Reassign& reassign,
                    Outcome& outcome) {
  const Filter filter = first_filter(core, reassign.expert, without_overruled(core, job),
                                     reassign.override_capacity != 0);
  if (filter == Filter::kNone) return true;
  outcome.filter = filter;
  refuse(outcome, Refusal::kNotEligible, Field::kExpert);
  return false;
}

}  // namespace

void check_schedule(const Core& core, const JobRecord& job, const Schedule& schedule,
                    Outcome& outcome) {
  const bool legal = job.state == JobState::kReady || job.state == JobState::kScheduled;
  if (!legal || job.has(kJobPaused)) return refuse_state(outcome, job.state);
  if (!job.has(kJobVisit)) return refuse(outcome, Refusal::kOutOfRange, Field::kJob);
  check_half_day(core, job, schedule, outcome);
}

void apply_schedule(Core& core, const Command& command, Outcome& outcome) {
  const Schedule& schedule = command.body.schedule;
  const std::uint32_t slot = job_for(core, command, schedule.job, outcome);
  if (slot == kNoSlot) return;
  const JobRecord& job = core.jobs[slot];
  check_schedule(core, job, schedule, outcome);
  if (outcome.refusal != Refusal::kNone) return;
  schedule_job(core, slot, appointment_key(schedule.day, schedule.half), Reason::kNone);
  report_steered(core, slot, outcome);
  outcome.until = appointment_begin(core, job);
}

void apply_hold(Core& core, const Command& command, Outcome& outcome) {
  const Hold& hold = command.body.hold;
  const std::uint32_t slot = job_for(core, command, hold.job, outcome);
  if (slot == kNoSlot) return;
  if (hold.pauses_clock > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!check_reason(hold.reason, true, outcome) || !check_note(hold.note, false, outcome)) return;
  const JobRecord& job = core.jobs[slot];
  const bool legal = job.state == JobState::kReady || job.state == JobState::kScheduled ||
                     job.state == JobState::kAssigned;
  if (!legal || job.has(kJobPaused)) return refuse_state(outcome, job.state);
  core.note = &hold.note;
  CaseRecord& record = core.cases[job.case_slot];
  record.resume_state = record.state;
  hold_back_job(core, slot, hold.reason, hold.pauses_clock != 0);
  set_case_state(core, job.case_slot, CaseState::kHeld, hold.reason);
  report_steered(core, slot, outcome);
}

void apply_release(Core& core, const Command& command, Outcome& outcome) {
  const Release& release = command.body.release;
  const std::uint32_t slot = job_for(core, command, release.job, outcome);
  if (slot == kNoSlot) return;
  if (!check_note(release.note, false, outcome)) return;
  const JobRecord& job = core.jobs[slot];
  const bool legal = job.state == JobState::kHeld || job.state == JobState::kEscalated;
  if (!legal || job.has(kJobPaused)) return refuse_state(outcome, job.state);
  core.note = &release.note;
  if (job.state == JobState::kHeld) {
    CaseRecord& record = core.cases[job.case_slot];
    set_case_state(core, job.case_slot, record.resume_state, Reason::kSupervisorOrder);
    record.resume_state = CaseState::kDraft;
  }
  release_job(core, slot);
  report_steered(core, slot, outcome);
}

void apply_expedite(Core& core, const Command& command, Outcome& outcome) {
  const Expedite& expedite = command.body.expedite;
  const std::uint32_t slot = case_for(core, command, expedite.id, outcome);
  if (slot == kNoSlot) return;
  if (!check_note(expedite.note, true, outcome)) return;
  CaseRecord& record = core.cases[slot];
  outcome.case_id = record.id;
  if (case_is_terminal(record.state)) return refuse_state(outcome, record.state);
  if (record.priority == PriorityClass::kOther)
    return refuse(outcome, Refusal::kNotMunicipal, Field::kPriority);
  if (record.priority == PriorityClass::kExpedited)
    return refuse(outcome, Refusal::kNothingToDo, Field::kPriority);
  core.note = &expedite.note;
  record.priority = PriorityClass::kExpedited;
  emit_case(core, record, EventKind::kExpedited, raw(PriorityClass::kMunicipal),
            raw(PriorityClass::kExpedited), Reason::kSupervisorOrder);
  reclass_jobs(core, slot, PriorityClass::kExpedited);
  outcome.state = raw(record.state);
  if (record.current_job != kNoSlot) outcome.job = core.jobs[record.current_job].id;
}

void apply_reassign(Core& core, const Command& command, Outcome& outcome) {
  const Reassign& reassign = command.body.reassign;
  const std::uint32_t slot = job_for(core, command, reassign.job, outcome);
  if (slot == kNoSlot) return;
  if (!expert_known(core, reassign.expert))
    return refuse(outcome, Refusal::kUnknownExpert, Field::kExpert);
  if (reassign.override_capacity > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!check_note(reassign.note, reassign.override_capacity != 0, outcome)) return;
  JobRecord& job = core.jobs[slot];
  if (!reassignable(job)) return refuse_state(outcome, job.state);
  if (job.state == JobState::kAssigned && job.holder == reassign.expert) {
    return refuse(outcome, Refusal::kNothingToDo, Field::kExpert);
  }
  if (!check_reassign(core, job, reassign, outcome)) return;
  core.note = &reassign.note;
  const bool overrides =
      first_filter(core, reassign.expert, without_overruled(core, job), false) == Filter::kCapacity;
  CapacityOverride overriding;
  if (overrides) overriding = override_of(core, job, reassign.expert, reassign.note);
  reassign_job(core, slot, reassign.expert, overruled_flags(core, job));
  ++core.totals.reassigned;
  if (overrides) {
    ++core.totals.capacity_overrides;
    core.overrides.take(overriding);
    emit_job(core, job, EventKind::kCapacityOverridden, raw(job.state), raw(job.state),
             Reason::kSupervisorOrder, reassign.expert);
  }
  report_steered(core, slot, outcome);
  outcome.expert = reassign.expert;
  outcome.token = held_entry(core, slot).token;
  outcome.until = held_entry(core, slot).lease_until;
}

void apply_cancel(Core& core, const Command& command, Outcome& outcome) {
  const Cancel& cancel = command.body.cancel;
  const std::uint32_t slot = job_for(core, command, cancel.job, outcome);
  if (slot == kNoSlot) return;
  if (!check_note(cancel.note, false, outcome)) return;
  const JobRecord& job = core.jobs[slot];
  const bool legal = job.state == JobState::kBlocked || job.state == JobState::kEscalated ||
                     job.state == JobState::kHeld;
  if (!legal) return refuse_state(outcome, job.state);
  core.note = &cancel.note;
  end_case(core, job.case_slot, CaseState::kRejected, Reason::kSupervisorOrder);
  report_steered(core, slot, outcome);
}

}  // namespace permitd::scheduler
