// What experts do: ask for work, begin, renew, finish, send back.
#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"

namespace permitd::scheduler {

namespace {

void report_job(const Core& core, std::uint32_t slot, Outcome& outcome) {
  const JobRecord& job = core.jobs[slot];
  outcome.job = job.id;
  outcome.case_id = core.cases[job.case_slot].id;
  outcome.state = raw(job.state);
}

void report_lease(const Core& core, std::uint32_t slot, Outcome& outcome) {
  report_job(core, slot, outcome);
  const HeldJob& held = held_entry(core, slot);
  outcome.token = held.token;
  outcome.until = held.lease_until;
  outcome.expert = core.jobs[slot].holder;
}

// The job that the actor holds under this very lease, or kNoSlot with the refusal. A lease that has
// run out is stale from that moment on, whether or not the tick that takes it away has come; so is
// that of a case which has come to concern its holder (I6).
std::uint32_t leased_job(const Core& core, const Command& command, JobId id, LeaseToken token,
                         Outcome& outcome) {
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot) {
    refuse(outcome, Refusal::kUnknownJob, Field::kJob);
    return kNoSlot;
  }
  const JobRecord& job = core.jobs[slot];
  outcome.state = raw(job.state);
  if (job.state != JobState::kAssigned && job.state != JobState::kStarted) {
    const bool ended = !job_is_open(job) || job.state == JobState::kDone;
    refuse(outcome, ended ? Refusal::kWrongState : Refusal::kStaleLease,
           ended ? Field::kState : Field::kToken);
    return kNoSlot;
  }
  if (job.holder != ExpertId{command.actor.id}) {
    refuse(outcome, Refusal::kNotHolder, Field::kExpert);
    return kNoSlot;
  }
  const HeldJob& held = held_entry(core, slot);
  if (held.token != token || held.lease_until <= core.now || concerns_holder(core, job)) {
    refuse(outcome, Refusal::kStaleLease, Field::kToken);
    return kNoSlot;
  }
  return slot;
}

// A plan review of what the zoning plan does not allow, or could not judge, is read by a second
// reviewer.
bool zoning_asks(const Core& core, const JobRecord& job) {
  const CaseRecord& record = core.cases[job.case_slot];
  return job.stage == Stage::kPlanReview &&
         core.policy.zoning_review == ZoningReview::kSecondReviewer &&
         is_zoning_doubtful(record.zoning_result, record.zoning_conditions,
                            record.zoning_slot != 0);
}

// Whether and by whom a finished job must be confirmed.
bool needs_confirmation(const Core& core, const JobRecord& job, Skill& skill) {
  if (job.kind != JobKind::kWork) return false;
  const CaseRecord& record = core.cases[job.case_slot];
  switch (stage_of(core, record).confirmer) {
    case Confirmer::kNobody:
      skill = Skill::kReview;
      return zoning_asks(core, job);
    case Confirmer::kOfficeHead:
      skill = Skill::kConfirm;
      return true;
    case Confirmer::kSecondReviewerAboveArea:
      skill = Skill::kReview;
      return record.area_m2 > core.policy.second_review_area_m2 || zoning_asks(core, job);
  }
  return false;
}

void complete_work(Core& core, std::uint32_t slot) {
  Skill skill = Skill::kConfirm;
  const bool confirming = needs_confirmation(core, core.jobs[slot], skill);
  const std::uint32_t case_slot = core.jobs[slot].case_slot;
  finish_job(core, slot, confirming);
  if (confirming) {
    create_confirmation(core, slot, skill);
  } else {
    advance_case(core, case_slot);
  }
}

void complete_confirmation(Core& core, std::uint32_t slot) {
  const std::uint32_t work = core.jobs[slot].origin;
  const std::uint32_t case_slot = core.jobs[slot].case_slot;
  finish_job(core, slot, false);
  conclude_job(core, work, JobState::kConfirmed, Reason::kNone);
  advance_case(core, case_slot);
}

// Where a job may be returned for this reason; everything else is out of range.
bool returnable(const JobRecord& job, Reason reason) {
  const bool work = job.kind == JobKind::kWork;
  if (reason == Reason::kDefect) return !work || job.skill == Skill::kReview;
  if (reason == Reason::kNoAccess) return work && job.has(kJobVisit);
  return work && (reason == Reason::kDocumentsIncomplete || reason == Reason::kAgencyInquiry ||
                  reason == Reason::kViolation);
}

void return_defect(Core& core, std::uint32_t slot) {
  const std::uint32_t case_slot = core.jobs[slot].case_slot;
  const std::uint32_t work = core.jobs[slot].origin;
  if (core.jobs[slot].kind == JobKind::kConfirmation) {
    finish_job(core, slot, false);
    conclude_job(core, work, JobState::kReturned, Reason::kDefect);
  } else {
    conclude_job(core, slot, JobState::kReturned, Reason::kDefect);
  }
  create_stage_job(core, case_slot, true);
}

CaseState waiting_state(Reason reason) {
  if (reason == Reason::kDocumentsIncomplete) return CaseState::kAwaitingApplicant;
  return reason == Reason::kAgencyInquiry ? CaseState::kAwaitingAgency : CaseState::kReferred;
}

std::uint32_t first_assigned(const Core& core, const ExpertRecord& expert) {
  for (std::size_t i = 0; i < expert.held_count; ++i) {
    if (core.jobs[expert.held[i].slot].state == JobState::kAssigned) return expert.held[i].slot;
  }
  return kNoSlot;
}

}  // namespace

void apply_claim(Core& core, const Command& command, Outcome& outcome) {
  const Claim& claim = command.body.claim;
  if (claim.wanted == 0 || claim.wanted > kHeldJobsMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  if (claim.further > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  const ExpertId expert{command.actor.id};
  ExpertRecord& record = core.experts[raw(expert)];
  outcome.expert = expert;
  const Filter filter = claim_filter(core, expert);
  if (filter != Filter::kNone) {
    outcome.filter = filter;
    return refuse(outcome, Refusal::kNotEligible, Field::kExpert);
  }
  if (claim.further == 0)
    record.wanted = claim.wanted;
  else if (record.claim_until <= core.now)
    record.wanted = 0;  // what was wanted has lapsed, its timer only has not come yet
  record.claim_until = {core.now.ms + core.policy.claim_wait_minutes * kMsPerMinute};
  if (const Interval shift = core.calendar.interval_of(core.now);
      !shift.empty() && !core.calendar.always_open()) {
    record.claim_until = std::min(record.claim_until, shift.close);
  }
  const std::uint32_t slot = record.wanted == 0 ? kNoSlot : assign_best_job(core, expert);
  if (slot == kNoSlot) return refresh_available(core, expert);
  report_lease(core, slot, outcome);
}

void apply_unclaim(Core& core, const Command& command, Outcome& outcome) {
  const ExpertId expert{command.actor.id};
  ExpertRecord& record = core.experts[raw(expert)];
  outcome.expert = expert;
  if (!claim_stands(core, record) && first_assigned(core, record) == kNoSlot)
    return refuse(outcome, Refusal::kNothingToDo);
  record.wanted = 0;
  refresh_available(core, expert);
  for (std::uint32_t slot = first_assigned(core, record); slot != kNoSlot;
       slot = first_assigned(core, record)) {
    give_back(core, slot, Reason::kOther);
  }
}

void apply_start(Core& core, const Command& command, Outcome& outcome) {
  const Start& start = command.body.start;
  const std::uint32_t slot = leased_job(core, command, start.job, start.token, outcome);
  if (slot == kNoSlot) return;
  const JobRecord& job = core.jobs[slot];
  if (job.state != JobState::kAssigned) return refuse_state(outcome, job.state);
  JobSearch municipal;
  const bool first =
      job.priority == PriorityClass::kOther && municipal_waits(core, job.holder, municipal);
  const bool by_share = first && share_allows(core, job.holder, job, municipal);
  if (first && !by_share) {
    // Municipal first also between assignment and start (I7): claim again, that job comes before.
    if (municipal.slot != kNoSlot) outcome.job = core.jobs[municipal.slot].id;
    return refuse(outcome, Refusal::kNotEligible, Field::kPriority);
  }
  const std::uint32_t case_slot = job.case_slot;
  if (core.cases[case_slot].state == CaseState::kRegistered) {
    set_case_state(core, case_slot, CaseState::kInProgress, Reason::kNone);
  }
  start_job(core, slot, by_share);
  if (by_share) {
    ++core.totals.reserved_share_starts;
    emit_job(core, job, EventKind::kShareUsed, raw(JobState::kAssigned), raw(JobState::kStarted),
             Reason::kNone, job.holder);
  }
  report_lease(core, slot, outcome);
}

void apply_renew(Core& core, const Command& command, Outcome& outcome) {
  const Renew& renew = command.body.renew;
  const std::uint32_t slot = leased_job(core, command, renew.job, renew.token, outcome);
  if (slot == kNoSlot) return;
  HeldJob& held = held_entry(core, slot);
  const JobRecord& job = core.jobs[slot];
  // Never shortened by asking: what was promised under a longer policy stays promised.
  held.lease_until =
      std::max(held.lease_until, lease_end(core, core.experts[raw(job.holder)], job));
  refresh_available(core, job.holder);
  report_lease(core, slot, outcome);
}

void apply_complete(Core& core, const Command& command, Outcome& outcome) {
  const Complete& complete = command.body.complete;
  const std::uint32_t slot = leased_job(core, command, complete.job, complete.token, outcome);
  if (slot == kNoSlot) return;
  const JobRecord& job = core.jobs[slot];
  if (job.state != JobState::kStarted) return refuse_state(outcome, job.state);
  if (!check_note(complete.note, false, outcome)) return;
  if (!job_room(core, job.case_slot)) return refuse(outcome, Refusal::kJobsFull);
  core.note = &complete.note;
  outcome.expert = job.holder;
  if (job.kind == JobKind::kConfirmation) {
    complete_confirmation(core, slot);
  } else {
    complete_work(core, slot);
  }
  report_job(core, slot, outcome);
}

void apply_return(Core& core, const Command& command, Outcome& outcome) {
  const Return& back = command.body.return_;
  const std::uint32_t slot = leased_job(core, command, back.job, back.token, outcome);
  if (slot == kNoSlot) return;
  const JobRecord& job = core.jobs[slot];
  // Who stands before a closed door has not begun: a missed visit comes back from Assigned, too.
  const bool missed = back.reason == Reason::kNoAccess && job.has(kJobVisit);
  if (job.state != JobState::kStarted && !missed) return refuse_state(outcome, job.state);
  if (!check_reason(back.reason, true, outcome) || !check_note(back.note, false, outcome)) return;
  if (!returnable(job, back.reason)) return refuse(outcome, Refusal::kOutOfRange, Field::kReason);
  if (back.reason == Reason::kDefect && !job_room(core, job.case_slot))
    return refuse(outcome, Refusal::kJobsFull);
  core.note = &back.note;
  outcome.expert = job.holder;
  if (back.reason == Reason::kDefect) {
    return_defect(core, slot);
  } else if (back.reason == Reason::kNoAccess) {
    miss_visit(core, slot);
  } else {
    suspend_case(core, job.case_slot, waiting_state(back.reason), back.reason);
  }
  report_job(core, slot, outcome);
}

void apply_decline(Core& core, const Command& command, Outcome& outcome) {
  const Decline& decline = command.body.decline;
  const std::uint32_t slot = leased_job(core, command, decline.job, decline.token, outcome);
  if (slot == kNoSlot) return;
  JobRecord& job = core.jobs[slot];
  if (job.state != JobState::kAssigned) return refuse_state(outcome, job.state);
  if (!check_reason(decline.reason, true, outcome) || !check_note(decline.note, false, outcome))
    return;
  core.note = &decline.note;
  const ExpertId expert = job.holder;
  outcome.expert = expert;
  ++core.totals.declined;
  job.flags |= kJobDeclined;
  give_back(core, slot, decline.reason);
  report_job(core, slot, outcome);
  offer_to_expert(core, expert);
}

}  // namespace permitd::scheduler
