#include "scheduler/job_flow.h"

#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/licence_flow.h"
#include "scheduler/municipal_first.h"
#include "scheduler/new_home.h"
#include "scheduler/plan_flow.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

// Jobs of one office let go per firing of its timer: each may be assigned at once, and 256 timers
// fire.
constexpr std::uint32_t kUnblockedPerTimer = 24;
constexpr std::uint32_t kBlockedLookedAtMax = 256;
// A confirmer reads what another has done, which takes a share of the effort (policy) and this much
// at least, in minutes.
constexpr std::uint32_t kConfirmationEffortMin = 5;

void set_flag(Core& core, std::uint32_t slot, std::uint8_t flag, bool on) {
  std::uint8_t& flags = core.jobs[slot].flags;
  flags = static_cast<std::uint8_t>(on ? flags | flag : flags & ~flag);
}

bool in_hand(const JobRecord& job) {
  return job.state == JobState::kAssigned || job.state == JobState::kStarted;
}

bool activation_missing(const Core& core, const CaseRecord& record) {
  return !core.offices[record.office].activations[raw(record.service)].covers(core.now);
}

bool decision_missing(const Core& core, const CaseRecord& record, const JobRecord& job) {
  if (job.kind != JobKind::kWork || (stage_of(core, record).flags & kStageNeedsDecision) == 0)
    return false;
  return (record.flags & kCaseDecided) == 0 || (record.flags & kCaseFeesPaid) == 0;
}

std::uint32_t new_job(Core& core, std::uint32_t case_slot) {
  const std::uint32_t slot = take_job_slot(core);
  CaseRecord& record = core.cases[case_slot];
  JobRecord& job = core.jobs[slot];
  job.id = JobId{++core.jobs_created};
  job.case_slot = case_slot;
  job.previous = record.newest_job;
  job.priority = record.priority;
  job.district = record.district;
  record.newest_job = slot;
  record.current_job = slot;
  core.job_index.insert(raw(job.id), slot);
  core.job_index.expect(raw(job.id) + kIdsAhead);
  return slot;
}

// Takes a job out of queues, lists, hands and its timer, whatever its state.
void detach(Core& core, std::uint32_t slot, bool unbook) {
  JobRecord& job = core.jobs[slot];
  if (core.ages.contains(slot)) {
    if (job.state == JobState::kBlocked)
      core.ages.remove(blocked_list_of(core.cases[job.case_slot].office), slot);
    else
      dequeue_job(core, slot);
  }
  if (in_hand(job)) {
    drop_job(core, slot, unbook);
    refresh_available(core, job.holder);
  }
}

// The confirmation belongs to the head of an office that is not Active any more.
bool head_is_gone(const Core& core, const JobRecord& job) {
  return job.kind == JobKind::kConfirmation && job.has(kJobOfficeReach) &&
         !office_active(core, job.office);
}

void tell_moved(Core& core, std::uint32_t slot, Reason reason) {
  const JobRecord& job = core.jobs[slot];
  emit_job(core, job, EventKind::kJobMoved, raw(job.state), raw(job.state), reason, ExpertId{});
}

void escalate(Core& core, std::uint32_t slot, Reason reason) {
  ++core.totals.escalated;
  set_job_state(core, slot, JobState::kEscalated, reason);
}

// Gives a confirmation whose head is gone to whom the policy names. False when that is the
// supervisors.
bool find_confirmer(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  const std::uint16_t home = core.cases[job.case_slot].office;
  switch (core.policy.confirmer_fallback) {
    case ConfirmerFallback::kAnyHead:
      set_flag(core, slot, kJobOfficeReach, false);
      tell_moved(core, slot, Reason::kOfficeInactive);
      return true;
    case ConfirmerFallback::kIntakeHead:
      if (!office_active(core, home)) break;
      job.office = home;
      tell_moved(core, slot, Reason::kOfficeInactive);
      return true;
    case ConfirmerFallback::kSupervisor:
      break;
  }
  escalate(core, slot, Reason::kOfficeInactive);
  set_job_timer(core, slot);
  return false;
}

// Ready, in the queue, and offered; the state itself was set by the caller.
void enter_queue(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  job.ready_since = core.now;
  if (head_is_gone(core, job) && !find_confirmer(core, slot)) return;
  enqueue_job(core, slot);
  offer_job(core, slot);
}

}  // namespace

void requeue_job(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (head_is_gone(core, job) && !find_confirmer(core, slot)) {
    core.ages.remove(age_list_of(job.priority, job.skill), slot);
    return;
  }
  join_queue(core, slot);
  offer_job(core, slot);
}

namespace {

// The first confirmation that waits for the head of an office, kNoSlot when there is none.
std::uint32_t first_for_head(const Core& core, std::uint32_t office) {
  std::uint32_t found = kNoSlot;
  for (std::uint8_t c = 0; c < kClassCount && found == kNoSlot; ++c) {
    const QueueNumber queue =
        ReadyQueue::number(PriorityClass{c}, Skill::kConfirm, ReadyQueue::office_place(office));
    core.ready.visit(queue, kBlockedLookedAtMax, [&](std::uint32_t slot) {
      if (core.jobs[slot].kind != JobKind::kConfirmation) return false;
      found = slot;
      return true;
    });
  }
  return found;
}

// Confirmations that wait for a head who is gone, a bounded number at a time. True when more wait.
bool move_confirmations(Core& core, std::uint32_t office) {
  if (office_active(core, office)) return false;
  for (std::uint32_t moved = 0; moved < kUnblockedPerTimer; ++moved) {
    const std::uint32_t slot = first_for_head(core, office);
    if (slot == kNoSlot) return false;
    leave_queue(core, slot);
    requeue_job(core, slot);
  }
  return first_for_head(core, office) != kNoSlot;
}

// The first state of a job that nothing blocks.
JobState open_state(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  if (!job.has(kJobVisit)) return JobState::kReady;
  const std::int32_t key = first_free_half_day(core, job.skill);
  if (key == kNoAppointment) return JobState::kReady;
  book_appointment(core, slot, key);
  return JobState::kScheduled;
}

// Sets the first state and announces the new job in one event.
void announce(Core& core, std::uint32_t slot, bool blocked) {
  JobRecord& job = core.jobs[slot];
  job.state = blocked ? JobState::kBlocked : open_state(core, slot);
  count_job(core, job, 1);
  count_flow(core, job, [&](FlowCell& cell) {
    ++cell.created;
    if (job.has(kJobRework)) ++cell.rework;
  });
  if (!blocked) start_clock(core, slot, job.sla_minutes);
  emit_job(core, job, EventKind::kJobCreated, 0, raw(job.state), Reason::kNone, ExpertId{});
  set_job_timer(core, slot);
  if (job.state == JobState::kReady) enter_queue(core, slot);
}

void wait_for_activation(Core& core, std::uint32_t slot) {
  const std::uint32_t office = core.cases[core.jobs[slot].case_slot].office;
  core.ages.push_back(blocked_list_of(office), slot);
  set_office_timer(core, office);
}

// The zoning plan is asked again when the plan review can begin, as the case stands by then.
void check_zoning_for_review(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  CaseRecord& record = core.cases[job.case_slot];
  if (job.stage == Stage::kPlanReview && record.zoning_checked_at < core.now)
    check_zoning(core, record);
}

void give_back_ended_jobs(Core& core, std::uint32_t case_slot) {
  CaseRecord& record = core.cases[case_slot];
  for (std::uint32_t* link = &record.newest_job; *link != kNoSlot;) {
    const std::uint32_t slot = *link;
    if (slot == record.current_job || job_is_open(core.jobs[slot])) {
      link = &core.jobs[slot].previous;
      continue;
    }
    *link = core.jobs[slot].previous;
    free_job_slot(core, slot);
  }
}

void count_end(Core& core, std::uint32_t slot) {
  core.job_timers.clear(slot);
  const JobRecord& job = core.jobs[slot];
  count_flow(core, job, [&](FlowCell& cell) {
    if (job.state == JobState::kCancelled) {
      ++cell.cancelled;
      return;
    }
    ++cell.done;
    if (job.state == JobState::kReturned) ++cell.returned;
  });
}

void count_finished_work(Core& core, const JobRecord& job) {
  ExpertRecord& expert = core.experts[raw(job.holder)];
  OfficeRecord& office = core.offices[expert.office];
  const bool met = core.now <= job.deadline;
  ++expert.done_total;
  ++(met ? office.sla_met : office.sla_missed);
  if (!job.has(kJobRework)) {
    office.done_minutes += job.effort_minutes;
    add_load(core, office.load, job.effort_minutes);
  }
  count_flow(core, job, [&](FlowCell& cell) { ++(met ? cell.sla_met : cell.sla_missed); });
}

}  // namespace

void set_job_state(Core& core, std::uint32_t slot, JobState after, Reason reason) {
  JobRecord& job = core.jobs[slot];
  const JobState before = job.state;
  {
    const RecountedJob recounted(core, slot);
    job.state = after;
    job.reason = reason;
  }
  const bool held = after == JobState::kAssigned || after == JobState::kStarted ||
                    after == JobState::kDone || before == JobState::kAssigned ||
                    before == JobState::kStarted;
  emit_job(core, job, EventKind::kJobChanged, raw(before), raw(after), reason,
           held ? job.holder : ExpertId{});
}

bool job_room(Core& core, std::uint32_t case_slot) {
  const auto low = [&] { return core.limits.jobs_max - core.job_slots.count <= job_reserve(core); };
  if (low()) evict_oldest_case(core);
  if (low()) give_back_ended_jobs(core, case_slot);
  return core.job_slots.count < core.limits.jobs_max;
}

std::uint16_t stage_effort(const Core& core, const StageSpec& stage, std::uint16_t floors) {
  const bool complex = floors > core.policy.complex_floors && stage.effort_complex_minutes != 0;
  return complex ? stage.effort_complex_minutes : stage.effort_minutes;
}

void create_stage_job(Core& core, std::uint32_t case_slot, bool rework) {
  const std::uint32_t slot = new_job(core, case_slot);
  const CaseRecord& record = core.cases[case_slot];
  const StageSpec& stage = stage_of(core, record);
  JobRecord& job = core.jobs[slot];
  job.kind = JobKind::kWork;
  job.stage = stage.stage;
  job.skill = stage.skill;
  job.effort_minutes = stage_effort(core, stage, record.floors);
  job.sla_minutes = stage.sla_minutes;
  job.office = record.office;
  if (rework) job.flags |= kJobRework;
  if (stage.reach == Reach::kOffice) job.flags |= kJobOfficeReach;
  if ((stage.flags & kStageFieldLease) != 0) job.flags |= kJobFieldLease;
  if ((stage.flags & kStageNeedsAppointment) != 0) job.flags |= kJobVisit;
  job.clock_minutes = job.sla_minutes;
  const bool inactive = activation_missing(core, record);
  const bool blocked = inactive || decision_missing(core, record, job);
  if (!blocked) check_zoning_for_review(core, slot);
  announce(core, slot, blocked);
  if (inactive) wait_for_activation(core, slot);
}

namespace {

std::uint16_t confirmation_effort(const Core& core, const JobRecord& work) {
  const std::uint32_t share =
      std::uint32_t{work.effort_minutes} * core.policy.confirmation_effort_percent / 100;
  return static_cast<std::uint16_t>(std::max(share, kConfirmationEffortMin));
}

}  // namespace

void create_confirmation(Core& core, std::uint32_t work, Skill skill) {
  const std::uint32_t slot = new_job(core, core.jobs[work].case_slot);
  const JobRecord& done = core.jobs[work];
  JobRecord& job = core.jobs[slot];
  job.kind = JobKind::kConfirmation;
  job.stage = done.stage;
  job.skill = skill;
  job.effort_minutes = confirmation_effort(core, done);
  job.sla_minutes = done.sla_minutes;
  job.clock_minutes = job.sla_minutes;
  job.origin = work;
  job.office = core.experts[raw(done.holder)].office;
  if (skill == Skill::kConfirm) job.flags |= kJobOfficeReach;
  announce(core, slot, false);
}

void make_ready(Core& core, std::uint32_t slot, Reason reason) {
  set_job_state(core, slot, JobState::kReady, reason);
  if (core.jobs[slot].clock_from == kNever) start_clock(core, slot, core.jobs[slot].clock_minutes);
  set_job_timer(core, slot);
  enter_queue(core, slot);
}

void unblock_job(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  const CaseRecord& record = core.cases[job.case_slot];
  if (job.state != JobState::kBlocked || job.has(kJobPaused)) return;
  if (activation_missing(core, record)) {
    if (!core.ages.contains(slot)) wait_for_activation(core, slot);
    return;
  }
  if (decision_missing(core, record, job)) return;
  check_zoning_for_review(core, slot);
  detach(core, slot, false);
  const JobState state = open_state(core, slot);
  if (state == JobState::kReady) {
    make_ready(core, slot, Reason::kNone);
    return;
  }
  set_job_state(core, slot, state, Reason::kNone);
  start_clock(core, slot, job.clock_minutes);
  set_job_timer(core, slot);
}

void give_back(Core& core, std::uint32_t slot, Reason reason) {
  detach(core, slot, true);
  JobRecord& job = core.jobs[slot];
  if (job.attempts < UINT8_MAX) ++job.attempts;
  if (job.attempts > core.policy.attempts_max) return escalate(core, slot, reason);
  make_ready(core, slot, reason);
}

void miss_visit(Core& core, std::uint32_t slot) {
  detach(core, slot, false);
  JobRecord& job = core.jobs[slot];
  if (job.attempts < UINT8_MAX) ++job.attempts;
  job.appointment = kNoAppointment;  // the visit was made: its place in the half-day is spent
  if (job.attempts > core.policy.attempts_max) return escalate(core, slot, Reason::kNoAccess);
  if (open_state(core, slot) == JobState::kReady) {
    make_ready(core, slot, Reason::kNoAccess);
    return;
  }
  set_job_state(core, slot, JobState::kScheduled, Reason::kNoAccess);
  set_job_timer(core, slot);
}

void schedule_job(Core& core, std::uint32_t slot, std::int32_t key, Reason reason) {
  drop_plan(core, slot, reason);
  detach(core, slot, false);
  book_appointment(core, slot, key);
  set_job_state(core, slot, JobState::kScheduled, reason);
  set_job_timer(core, slot);
}

void recall_job(Core& core, std::uint32_t slot, Reason reason) {
  detach(core, slot, true);
  set_job_state(core, slot, JobState::kReady, reason);
  JobRecord& job = core.jobs[slot];
  job.ready_since = core.now;
  core.ages.push_back(age_list_of(job.priority, job.skill), slot);
  set_job_timer(core, slot);
}

void reassign_job(Core& core, std::uint32_t slot, ExpertId expert, std::uint8_t overruled) {
  JobRecord& job = core.jobs[slot];
  drop_plan(core, slot, Reason::kSupervisorOrder);
  detach(core, slot, true);
  set_flag(core, slot, overruled, false);
  if (job.state == JobState::kAssigned)
    set_job_state(core, slot, JobState::kReady, Reason::kSupervisorOrder);
  if (job.state == JobState::kEscalated) job.attempts = 0;
  assign_by_supervisor(core, slot, expert);
  set_job_timer(core, slot);
}

void start_job(Core& core, std::uint32_t slot, bool by_share) {
  if (passes_municipal(core, core.jobs[slot], by_share)) ++core.totals.municipal_first_violations;
  set_job_state(core, slot, JobState::kStarted, Reason::kNone);
  ++core.experts[raw(core.jobs[slot].holder)].started_count;
}

void finish_job(Core& core, std::uint32_t slot, bool confirming) {
  JobRecord& job = core.jobs[slot];
  count_finished_work(core, job);
  remember_work(core, job);
  detach(core, slot, false);
  {
    const RecountedJob recounted(core, slot);
    if (confirming) job.flags |= kJobConfirming;
  }
  set_job_state(core, slot, JobState::kDone, Reason::kNone);
  core.job_timers.clear(slot);
  if (!confirming) count_end(core, slot);
}

void conclude_job(Core& core, std::uint32_t slot, JobState after, Reason reason) {
  if (core.jobs[slot].state == JobState::kStarted) {
    remember_work(core, core.jobs[slot]);
    detach(core, slot, false);
  }
  set_job_state(core, slot, after, reason);
  set_flag(core, slot, kJobConfirming, false);
  count_end(core, slot);
}

void cancel_job(Core& core, std::uint32_t slot, Reason reason) {
  drop_plan(core, slot, reason);
  detach(core, slot, true);
  drop_appointment(core, slot);
  set_job_state(core, slot, JobState::kCancelled, reason);
  set_flag(core, slot, kJobConfirming, false);
  count_end(core, slot);
}

void hold_back_job(Core& core, std::uint32_t slot, Reason reason, bool pauses_clock) {
  drop_plan(core, slot, reason);
  detach(core, slot, true);
  set_job_state(core, slot, JobState::kHeld, reason);
  if (pauses_clock) stop_clock(core, slot);
  set_job_timer(core, slot);
}

void release_job(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  if (job.state == JobState::kEscalated) job.attempts = 0;
  if (head_is_gone(core, job)) {
    // Released by a supervisor's word: the head of any office may confirm.
    set_flag(core, slot, kJobOfficeReach, false);
    tell_moved(core, slot, Reason::kSupervisorOrder);
  }
  const Tick begin = appointment_begin(core, job);
  if (begin == kNever || begin <= core.now) {
    make_ready(core, slot, Reason::kNone);
    return;
  }
  set_job_state(core, slot, JobState::kScheduled, Reason::kNone);
  if (job.clock_from == kNever) start_clock(core, slot, job.clock_minutes);
  set_job_timer(core, slot);
}

void pause_job(Core& core, std::uint32_t slot, Reason reason) {
  JobRecord& job = core.jobs[slot];
  drop_plan(core, slot, reason);
  const bool blocked_in_list = job.state == JobState::kBlocked && core.ages.contains(slot);
  if (!blocked_in_list) detach(core, slot, job.state == JobState::kAssigned);
  if (in_hand(job)) set_job_state(core, slot, JobState::kReady, reason);
  stop_clock(core, slot);
  set_flag(core, slot, kJobPaused, true);
  set_job_timer(core, slot);
}

void resume_job(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  set_flag(core, slot, kJobPaused, false);
  if (job.state == JobState::kBlocked) {
    unblock_job(core, slot);
    return;
  }
  start_clock(core, slot, job.clock_minutes);
  set_job_timer(core, slot);
  if (job.state == JobState::kReady) enter_queue(core, slot);
}

void reclass_jobs(Core& core, std::uint32_t case_slot, PriorityClass priority) {
  for (std::uint32_t slot = core.cases[case_slot].newest_job; slot != kNoSlot;
       slot = core.jobs[slot].previous) {
    const bool queued = core.jobs[slot].state == JobState::kReady && core.ages.contains(slot);
    if (queued) dequeue_job(core, slot);
    {
      const RecountedJob recounted(core, slot);
      core.jobs[slot].priority = priority;
    }
    if (!queued) continue;
    enqueue_job(core, slot);
    offer_job(core, slot);
  }
}

void job_timer_fired(Core& core, std::uint32_t slot) {
  pass_marks(core, slot);
  const JobRecord& job = core.jobs[slot];
  if (job.has(kJobPlanned) && plan_of(core, job).until <= core.now)
    end_plan(core, slot, Reason::kPlanOver);
  if (job.state == JobState::kScheduled && !job.has(kJobPaused)) {
    const Tick begin = appointment_begin(core, job);
    if (begin == kNever) {
      drop_appointment(core, slot);
      const std::int32_t key = first_free_half_day(core, job.skill);
      if (key != kNoAppointment) {
        schedule_job(core, slot, key, Reason::kNone);
        return;
      }
    }
    if (begin == kNever || begin <= core.now) {
      make_ready(core, slot, Reason::kNone);
      return;
    }
  }
  set_job_timer(core, slot);
}

void offer_again(Core& core, std::uint32_t case_slot) {
  const std::uint32_t slot = core.cases[case_slot].current_job;
  if (slot == kNoSlot) return;
  end_plan_if_lapsed(core, slot);
  if (core.ready.contains(slot)) offer_job(core, slot);
}

void set_office_timer(Core& core, std::uint32_t office) {
  Tick at = kNever;
  for (const Activation& activation : core.offices[office].activations) {
    if (activation.from > core.now && activation.from < activation.until)
      at = std::min(at, activation.from);
  }
  if (!office_active(core, office) && first_for_head(core, office) != kNoSlot) at = core.now;
  if (core.offices[office].home_search != 0) at = core.now;
  const OfficeState state = core.offices[office].state;
  if (state == OfficeState::kActive || state == OfficeState::kSuspended)
    at = std::min(at, core.offices[office].licence_until);
  at = std::min(at, core.offices[office].suspended_from);
  if (state == OfficeState::kSuspended) at = std::min(at, core.offices[office].suspended_until);
  core.other_timers.set(office_timer(core, office), at);
}

// One pass looks at every blocked job of the office once, over as many firings as it takes: those
// that must go on waiting are moved to the back.
void office_timer_fired(Core& core, std::uint32_t office) {
  if (core.offices[office].licence_until <= core.now) lapse_licence(core, office);
  pass_suspension(core, office);
  if (move_homeless(core, office)) {
    core.other_timers.set(office_timer(core, office), core.now);
    return;
  }
  const bool more_moves = move_confirmations(core, office);
  const std::uint32_t list = blocked_list_of(office);
  std::uint32_t& left = core.offices[office].pass_left;
  if (left == 0) {
    left = core.ages.count(list);
    offer_to_office_soon(core, office);
  }
  left = std::min(left, core.ages.count(list));
  std::uint32_t unblocked = 0;
  for (std::uint32_t looked = 0;
       left > 0 && looked < kBlockedLookedAtMax && unblocked < kUnblockedPerTimer; ++looked) {
    const std::uint32_t slot = core.ages.front(list);
    --left;
    core.ages.remove(list, slot);
    if (activation_missing(core, core.cases[core.jobs[slot].case_slot])) {
      core.ages.push_back(list, slot);
      continue;
    }
    ++unblocked;
    unblock_job(core, slot);
  }
  if (left > 0 || more_moves) {
    core.other_timers.set(office_timer(core, office), core.now);
  } else {
    set_office_timer(core, office);
  }
}

}  // namespace permitd::scheduler
