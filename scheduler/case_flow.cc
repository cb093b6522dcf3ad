#include "scheduler/case_flow.h"

#include "scheduler/counters.h"
#include "scheduler/events.h"
#include "scheduler/job_flow.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

// Closed cases forgotten for one submission, and after any other command, at most.
constexpr std::uint32_t kEvictionsPerSubmission = 64;
constexpr std::uint32_t kEvictionsPerCommand = 2;

void retain(Core& core, std::uint32_t slot) {
  core.cases[slot].next = kNoSlot;
  if (core.retained_last == kNoSlot) {
    core.retained_first = slot;
  } else {
    core.cases[core.retained_last].next = slot;
  }
  core.retained_last = slot;
}

bool stage_applies(const CaseRecord& record, const StageSpec& stage) {
  return (stage.flags & kStageOnlyIfBuilt) == 0 || (record.flags & kCaseBuilt) != 0;
}

bool has_delivery(const ServiceVersion& version) {
  for (std::size_t i = 0; i < version.stage_count; ++i) {
    if (version.stages[i].stage == Stage::kPermitDelivery) return true;
  }
  return false;
}

void enter_stage(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  const StageSpec& stage = stage_of(core, record);
  record.current_job = kNoSlot;
  const bool undecided =
      (stage.flags & kStageNeedsDecision) != 0 && (record.flags & kCaseDecided) == 0;
  if (stage_is_external(stage) || undecided)
    set_case_state(core, slot, CaseState::kAwaitingDecision, Reason::kNone);
  if (!stage_is_external(stage)) create_stage_job(core, slot, false);
}

void finish_case(Core& core, std::uint32_t slot) {
  core.cases[slot].current_job = kNoSlot;
  if (has_delivery(service_of(core, core.cases[slot]))) {
    set_case_state(core, slot, CaseState::kDelivered, Reason::kNone);
  } else {
    end_case(core, slot, CaseState::kClosed, Reason::kNone);
  }
}

Refusal lacking(const Core& core) {
  if (core.case_slots.count >= core.limits.cases_max) return Refusal::kCasesFull;
  if (core.limits.jobs_max - core.job_slots.count <= job_reserve(core)) return Refusal::kJobsFull;
  if (core.history.capacity() - core.history.count() <= event_reserve(core))
    return Refusal::kHistoryFull;
  return Refusal::kNone;
}

}  // namespace

bool case_is_terminal(CaseState state) {
  return state == CaseState::kClosed || state == CaseState::kRejected ||
         state == CaseState::kWithdrawn || state == CaseState::kLapsed;
}

bool case_is_running(CaseState state) {
  return state == CaseState::kRegistered || state == CaseState::kInProgress ||
         state == CaseState::kAwaitingDecision || state == CaseState::kApproved;
}

bool stage_is_external(const StageSpec& stage) {
  return (stage.flags & (kStageIsSovereign | kStageNotMechanised)) != 0;
}

void set_case_state(Core& core, std::uint32_t slot, CaseState after, Reason reason) {
  CaseRecord& record = core.cases[slot];
  const CaseState before = record.state;
  --core.totals.cases[raw(before)];
  ++core.totals.cases[raw(after)];
  record.state = after;
  move_municipal_clock(core, slot, before);
  emit_case(core, record, EventKind::kCaseChanged, raw(before), raw(after), reason);
}

void register_case(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  record.registered_at = core.now;
  record.stage_index = 0;
  pin_zoning(core, record, zoning_in_force(core, core.now));
  set_case_state(core, slot, CaseState::kRegistered, Reason::kNone);
  check_zoning(core, record);
  if (stage_applies(record, stage_of(core, record))) {
    enter_stage(core, slot);
  } else {
    advance_case(core, slot);
  }
}

void advance_case(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  const ServiceVersion& version = service_of(core, record);
  do {
    ++record.stage_index;
  } while (record.stage_index < version.stage_count &&
           !stage_applies(record, version.stages[record.stage_index]));
  if (record.stage_index < version.stage_count) {
    enter_stage(core, slot);
  } else {
    record.stage_index = static_cast<std::uint8_t>(version.stage_count - 1);
    finish_case(core, slot);
  }
}

void end_case(Core& core, std::uint32_t slot, CaseState after, Reason reason) {
  CaseRecord& record = core.cases[slot];
  for (std::uint32_t job = record.newest_job; job != kNoSlot; job = core.jobs[job].previous) {
    if (job_is_open(core.jobs[job])) cancel_job(core, job, reason);
  }
  record.current_job = kNoSlot;
  record.closed_at = core.now;
  core.other_timers.clear(case_timer(core, slot));
  --core.offices[record.office].cases_open;
  set_case_state(core, slot, after, reason);
  retain(core, slot);
}

void suspend_case(Core& core, std::uint32_t slot, CaseState after, Reason reason) {
  CaseRecord& record = core.cases[slot];
  record.resume_state = record.state;
  if (record.current_job != kNoSlot) pause_job(core, record.current_job, reason);
  set_case_state(core, slot, after, reason);
  set_case_timer(core, slot, core.now);
}

void resume_case(Core& core, std::uint32_t slot, Reason reason) {
  CaseRecord& record = core.cases[slot];
  core.other_timers.clear(case_timer(core, slot));
  set_case_state(core, slot, record.resume_state, reason);
  record.resume_state = CaseState::kDraft;
  if (record.current_job != kNoSlot) resume_job(core, record.current_job);
}

void set_case_timer(Core& core, std::uint32_t slot, Tick since) {
  const bool waits = core.cases[slot].state == CaseState::kAwaitingApplicant;
  const std::int64_t silent_ms =
      std::int64_t{core.policy.applicant_silent_days} * 24 * 60 * kMsPerMinute;
  core.other_timers.set(case_timer(core, slot), waits ? Tick{since.ms + silent_ms} : kNever);
}

void case_timer_fired(Core& core, std::uint32_t slot) {
  if (core.cases[slot].clock_from != kNever) return pass_municipal_marks(core, slot);
  if (core.cases[slot].state != CaseState::kAwaitingApplicant) return;
  end_case(core, slot, CaseState::kLapsed, Reason::kApplicantSilent);
}

std::uint32_t job_reserve(const Core& core) { return core.limits.jobs_max / 16; }
std::uint32_t event_reserve(const Core& core) { return core.limits.events_max / 8; }

Refusal make_room_for_case(Core& core) {
  Refusal full = lacking(core);
  for (std::uint32_t i = 0;
       full != Refusal::kNone && i < kEvictionsPerSubmission && evict_oldest_case(core); ++i) {
    full = lacking(core);
  }
  return full;
}

void keep_reserves(Core& core) {
  for (std::uint32_t i = 0; i < kEvictionsPerCommand; ++i) {
    const bool low = core.history.capacity() - core.history.count() <= event_reserve(core) ||
                     core.limits.jobs_max - core.job_slots.count <= job_reserve(core);
    if (!low || !evict_oldest_case(core)) return;
  }
}

}  // namespace permitd::scheduler
