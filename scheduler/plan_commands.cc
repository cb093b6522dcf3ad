// Plans: what was computed on a snapshot, line by line, against the state as it is now.
#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/eligibility.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

using Result = PlanLineResult;

// When a line wants its job done.
struct PlannedTime {
  Tick start;
  Tick at;     // when it can begin: `start`, or now where that has passed
  Tick until;  // end of its half-day (a visit) or day
  std::int32_t day = 0;
  std::int32_t key = kNoAppointment;  // of its half-day
};

PlannedTime time_of(const Core& core, const PlanLine& line, const JobRecord& job) {
  PlannedTime time;
  time.start = Tick{line.start_minute * kMsPerMinute};
  time.at = std::max(time.start, core.now);
  time.day = core.calendar.day_of(time.start);
  time.key = half_day_of(core, time.start);
  time.until = job.has(kJobVisit)
                   ? core.calendar.half_day(time.day, appointment_half(time.key)).close
                   : core.calendar.day(time.day).close;
  return time;
}

bool over_or_too_far(const Core& core, const PlannedTime& time) {
  return time.until <= core.now || !appointment_in_reach(core, time.key);
}

bool known_codes(const PlanLine& line) {
  return known_value(line.state, JobState::kCancelled) && raw(line.reason) < kReasonCount &&
         (line.flags & ~kPlanMovesAppointment) == 0;
}

// Whether a plan may touch the job at all, and the job is as the plan knew it.
Result judge_job(const Core& core, const ApplyPlan& plan, const PlanLine& line,
                 std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  const bool ended = !job_is_open(job) || job.state == JobState::kDone;
  if (ended || job.state == JobState::kStarted) return Result::kBegun;
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled ||
                       job.state == JobState::kAssigned;
  if (!movable || job.has(kJobPaused)) return Result::kNotMovable;
  if (job.state != line.state || job.attempts != line.attempts) return Result::kChanged;
  const bool leased_since =
      job.state == JobState::kAssigned && raw(held_entry(core, slot).token) > raw(plan.snapshot_op);
  const bool planned_since =
      job.has(kJobPlanned) && raw(plan_of(core, job).op) > raw(plan.snapshot_op);
  return leased_since || planned_since ? Result::kChanged : Result::kApplied;
}

// A promised half-day that is not over binds the plan, unless the line says that it moves, and why.
Result judge_half_day(const Core& core, const PlanLine& line, const JobRecord& job,
                      const PlannedTime& time, bool& moves) {
  moves = false;
  if (!appointment_binds(core, job) || job.appointment == time.key) return Result::kApplied;
  if ((line.flags & kPlanMovesAppointment) == 0) return Result::kHalfDay;
  if (line.reason == Reason::kNone) return Result::kReasonMissing;
  const Interval half =
      core.calendar.half_day(appointment_day(time.key), appointment_half(time.key));
  if (half.empty() || half.open <= core.now) return Result::kOutOfRange;
  if (appointment_count(core, time.key) >= appointment_capacity(core, job.skill))
    return Result::kHalfDayFull;
  moves = true;
  return Result::kApplied;
}

bool is_so_already(const Core& core, const PlanLine& line, const JobRecord& job, Tick start) {
  if (job.state == JobState::kAssigned) return job.holder == line.expert;
  if (!planned_for(core, job, line.expert)) return false;
  const PlannedJob& present = plan_of(core, job);
  return present.start == start && present.sequence == line.sequence;
}

// What a supervisor has fixed of the reservation stays as it is.
Result judge_locks(const Core& core, const PlanLine& line, const JobRecord& job,
                   const PlannedTime& time) {
  if (!job.has(kJobPlanned)) return Result::kApplied;
  const PlannedJob& plan = plan_of(core, job);
  const auto has = [&](std::uint8_t lock) { return (plan.locks & lock) != 0; };
  if (has(kLockPerson) && line.expert != plan.expert) return Result::kLocked;
  if (has(kLockStart) && time.key != half_day_of(core, plan.start)) return Result::kLocked;
  const bool is_same_day = line.expert == plan.expert && time.day == plan.day;
  return has(kLockOrder) && is_same_day && line.sequence != plan.sequence ? Result::kLocked
                                                                          : Result::kApplied;
}

// A number in the order of one person's day says nothing in another's.
std::uint8_t locks_kept(const Core& core, const PlanLine& line, const JobRecord& job,
                        std::int32_t day) {
  if (!job.has(kJobPlanned)) return 0;
  const PlannedJob& plan = plan_of(core, job);
  const bool is_same_day = line.expert == plan.expert && day == plan.day;
  return is_same_day ? plan.locks : static_cast<std::uint8_t>(plan.locks & ~kLockOrder);
}

Result take_back(Core& core, std::uint32_t slot, Reason reason) {
  if (!core.jobs[slot].has(kJobPlanned)) return Result::kNothingToDo;
  if (plan_of(core, core.jobs[slot]).locks != 0) return Result::kLocked;
  end_plan(core, slot, reason == Reason::kNone ? Reason::kPlanned : reason);
  return Result::kApplied;
}

void reserve(Core& core, std::uint32_t slot, const PlanLine& line, const PlannedTime& time,
             bool moves) {
  const JobRecord& job = core.jobs[slot];
  const Reason reason = line.reason == Reason::kNone ? Reason::kPlanned : line.reason;
  const std::uint8_t locks = locks_kept(core, line, job, time.day);
  drop_plan(core, slot, reason);
  if (job.state == JobState::kAssigned) recall_job(core, slot, reason);
  if (moves) schedule_job(core, slot, time.key, reason);
  PlannedJob plan;
  plan.id = job.id;
  plan.op = core.op;
  plan.start = time.start;
  plan.until = time.until;
  plan.expert = line.expert;
  plan.day = time.day;
  plan.sequence = line.sequence;
  plan.reason = reason;
  plan.locks = locks;
  reserve_job(core, slot, plan);
  offer_soon(core, line.expert);
}

Result apply_line(Core& core, const ApplyPlan& plan, const PlanLine& line) {
  if (!known_codes(line)) return Result::kOutOfRange;
  const std::uint32_t slot = find_job_slot(core, line.job);
  if (slot == kNoSlot) return Result::kUnknownJob;
  const Result found = judge_job(core, plan, line, slot);
  if (found != Result::kApplied) return found;
  if (raw(line.expert) == 0) return take_back(core, slot, line.reason);
  if (!expert_known(core, line.expert)) return Result::kUnknownExpert;
  const JobRecord& job = core.jobs[slot];
  const PlannedTime time = time_of(core, line, job);
  if (is_so_already(core, line, job, time.start)) return Result::kNothingToDo;
  const Result locked = judge_locks(core, line, job, time);
  if (locked != Result::kApplied) return locked;
  if (over_or_too_far(core, time)) return Result::kOutOfRange;
  bool moves = false;
  const Result half = judge_half_day(core, line, job, time, moves);
  if (half != Result::kApplied) return half;
  const Filter filter = plan_filter(core, line.expert, job, time.at, time.day);
  if (filter != Filter::kNone) return plan_line_of(filter);
  const bool more = !planned_for(core, job, line.expert);
  if (more && core.experts[raw(line.expert)].planned_count >= kPlannedPerExpertMax)
    return Result::kPlanFull;
  reserve(core, slot, line, time, moves);
  return Result::kApplied;
}

}  // namespace

void apply_lock_plan(Core& core, const Command& command, Outcome& outcome) {
  const LockPlan& lock = command.body.lock_plan;
  const std::uint32_t slot = job_for(core, command, lock.job, outcome);
  if (slot == kNoSlot) return;
  if (lock.locks == 0 || lock.locks > kLockAll)
    return refuse(outcome, Refusal::kOutOfRange, Field::kLocks);
  if (lock.is_locked > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!check_note(lock.note, false, outcome)) return;
  const JobRecord& job = core.jobs[slot];
  if (!job.has(kJobPlanned)) return refuse(outcome, Refusal::kNotPlanned, Field::kJob);
  const PlannedJob& plan = plan_of(core, job);
  const auto locks = static_cast<std::uint8_t>(lock.is_locked == 1 ? plan.locks | lock.locks
                                                                   : plan.locks & ~lock.locks);
  if (locks == plan.locks) return refuse(outcome, Refusal::kNothingToDo, Field::kLocks);
  core.note = &lock.note;
  lock_plan(core, slot, locks);
  outcome.job = job.id;
  outcome.case_id = core.cases[job.case_slot].id;
  outcome.expert = plan.expert;
  outcome.state = locks;
}

void apply_apply_plan(Core& core, const Command& command, Outcome& outcome) {
  const ApplyPlan& plan = command.body.apply_plan;
  if (plan.count == 0 || plan.count > kPlanLinesPerCommand)
    return refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  if (raw(plan.snapshot_op) >= raw(core.op))
    return refuse(outcome, Refusal::kOutOfRange, Field::kVersion);
  for (std::size_t i = 0; i < plan.count; ++i) {
    const Result result = apply_line(core, plan, plan.lines[i]);
    set_plan_line_result(outcome, i, result);
    if (result == Result::kApplied) {
      ++outcome.state;
      ++core.totals.plan_lines_applied;
    } else {
      ++core.totals.plan_lines_dropped;
    }
  }
}

}  // namespace permitd::scheduler
