// Which answers commands on cases and jobs may get, in the model; see naive_judge.cc.
#include <algorithm>

#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

bool outside(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value < least || value > most;
}

bool point_outside(Point point) {
  return point.lat_e6 < -90'000'000 || point.lat_e6 > 90'000'000 || point.lon_e6 < -180'000'000 ||
         point.lon_e6 > 180'000'000;
}

template <std::size_t N>
bool too_long(const Text<N>& text) {
  return text.size > N;
}

// R10: the office can begin, and what is not the municipality's own is mechanised.
bool delegable(const DefineService& service) {
  bool good = (service.stages[0].flags & kStageIsSovereign) == 0;
  for (std::size_t i = 0; i < service.stage_count; ++i) {
    const auto flags = service.stages[i].flags;
    if ((flags & kStageIsSovereign) == 0) good = good && (flags & kStageNotMechanised) == 0;
  }
  return good;
}

bool has_ended(const ModelJob& job) { return !job.open() || job.state == JobState::kDone; }

}  // namespace

ModelCase* NaiveModel::judge_case_id(const Command& command, CaseId id) {
  ModelCase* found = find_case(id);
  if (found == nullptr) {
    judgement_.fault(true, Refusal::kUnknownCase);
    return nullptr;
  }
  if (command.actor.kind == ActorKind::kOffice && raw(found->office) != command.actor.id) {
    judgement_.fault(true, Refusal::kNotAllowed);
    judgement_.fault(true, Refusal::kUnknownCase);
    return nullptr;
  }
  return found;
}

void NaiveModel::judge_acceptance(OfficeId office, ServiceId service, OrganisationId organisation) {
  judgement_.fault(!office_active(office), Refusal::kOfficeNotActive);
  const DefineService* version = in_force(service);
  judgement_.fault(version == nullptr, Refusal::kUnknownService);
  const auto asking = organisations_.find(raw(organisation));
  judgement_.fault(asking == organisations_.end(), Refusal::kUnknownOrganisation);
  judgement_.fault(asking != organisations_.end() && asking->second.enabled == 0,
                   Refusal::kOrganisationNotEnabled);
  judgement_.fault(version != nullptr && !delegable(*version), Refusal::kNotDelegable);
  judgement_.fault(!service_active(office, service), Refusal::kServiceNotActive);
}

bool NaiveModel::amendable(const ModelCase& c, bool& unclear) const {
  const bool in_time = c.state == CaseState::kDraft || c.state == CaseState::kRegistered ||
                       c.state == CaseState::kInProgress ||
                       c.state == CaseState::kAwaitingApplicant ||
                       c.state == CaseState::kAwaitingAgency;
  if (!in_time) return false;
  if (c.review_passed) return false;
  // A review that the catalogue skips, or that is done elsewhere, is behind the case all the same.
  for (std::size_t stage = 0; stage < c.stage; ++stage) {
    if (c.service.stages[stage].stage == Stage::kPlanReview) return false;
  }
  for (const JobId id : c.jobs) {
    const ModelJob& job = jobs_.at(raw(id));
    if (job.spec.stage == Stage::kPlanReview && job.state == JobState::kStarted) return false;
  }
  // Begun by somebody who lost it again: the domain does not say.
  unclear = c.review_begun;
  return true;
}

// A new case finds room unless open cases alone fill the memory; the core keeps a part of jobs and
// history free for those.
void NaiveModel::judge_room() {
  const auto ended = [](const auto& entry) { return entry.second.terminal(); };
  if (std::any_of(cases_.begin(), cases_.end(), ended)) return;
  judgement_.fault(cases_.size() >= limits_.cases_max, Refusal::kCasesFull);
  if (jobs_.size() >= limits_.jobs_max / 4 * 3) judgement_.allowed.insert(Refusal::kJobsFull);
  if (stats_before_.events_in_memory >= limits_.events_max / 4 * 3) {
    judgement_.allowed.insert(Refusal::kHistoryFull);
  }
}

// A case in progress finds room while there is any.
void NaiveModel::judge_job_room() {
  if (jobs_.size() >= limits_.jobs_max) judgement_.allowed.insert(Refusal::kJobsFull);
}

void NaiveModel::judge_case(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSubmitCase) {
    const SubmitCase& submit = body.submit_case;
    judgement_.fault(
        outside(submit.district, 1, 31) || submit.floors > 200 || submit.area_m2 > 10'000'000 ||
            point_outside(submit.point) ||
            zoning_values_wrong(submit.zone, submit.coverage_permille, submit.street_width_dm) ||
            too_long(submit.parcel) || too_long(submit.reference) || submit.flags > 3,
        Refusal::kOutOfRange);
    judgement_.fault(submit.parcel.size == 0, Refusal::kMissing);
    judge_acceptance(OfficeId{static_cast<std::uint16_t>(command.actor.id)}, submit.service,
                     submit.organisation);
    return judge_room();
  }
  // Every other body begins with the number of the case.
  ModelCase* found = judge_case_id(command, body.register_case.id);
  if (found == nullptr) return;
  const ModelCase& c = *found;
  const CaseState state = c.state;
  if (command.kind == CommandKind::kRegisterCase) {
    judgement_.fault(state != CaseState::kDraft, Refusal::kWrongState);
    judge_acceptance(c.office, c.filed.service, c.filed.organisation);
    judge_job_room();
  } else if (command.kind == CommandKind::kAmendCase) {
    bool unclear = false;
    const AmendCase& amend = body.amend_case;
    judgement_.fault(
        amend.area_m2 > 10'000'000 || amend.floors > 200 ||
            zoning_values_wrong(amend.zone, amend.coverage_permille, amend.street_width_dm),
        Refusal::kOutOfRange);
    judge_note(body.amend_case.note, false);
    judgement_.fault(!amendable(c, unclear), Refusal::kWrongState);
    if (unclear) judgement_.allowed.insert(Refusal::kWrongState);
  } else if (command.kind == CommandKind::kWithdrawCase) {
    judge_reason(body.withdraw_case.reason, true);
    judge_note(body.withdraw_case.note, false);
    judgement_.fault(c.terminal() || state == CaseState::kDelivered, Refusal::kWrongState);
  } else if (command.kind == CommandKind::kAnswerCase) {
    judgement_.fault(state != CaseState::kAwaitingApplicant && state != CaseState::kAwaitingAgency,
                     Refusal::kWrongState);
  } else if (command.kind == CommandKind::kRecordFees) {
    judgement_.fault(
        body.record_fees.amount_rial == 0 || body.record_fees.amount_rial > 1'000'000'000'000'000,
        Refusal::kOutOfRange);
    judgement_.fault(c.terminal(), Refusal::kWrongState);
    judgement_.fault(c.fees_paid != 0, Refusal::kNothingToDo);
  } else if (command.kind == CommandKind::kRecordDecision) {
    judgement_.fault(body.record_decision.approved > 1, Refusal::kOutOfRange);
    judge_reason(body.record_decision.reason, false);
    judge_note(body.record_decision.note, false);
    judgement_.fault(state != CaseState::kAwaitingDecision, Refusal::kWrongState);
    judge_job_room();
  } else if (command.kind == CommandKind::kReferCase) {
    judgement_.fault(body.refer_case.refer > 1, Refusal::kOutOfRange);
    judge_note(body.refer_case.note, false);
    const bool runs = state == CaseState::kRegistered || state == CaseState::kInProgress ||
                      state == CaseState::kAwaitingDecision || state == CaseState::kApproved;
    const bool legal = body.refer_case.refer != 0 ? runs : state == CaseState::kReferred;
    judgement_.fault(!legal, Refusal::kWrongState);
  } else if (command.kind == CommandKind::kMoveCase) {
    const OfficeId office = body.move_case.office;
    judge_reason(body.move_case.reason, true);
    judge_note(body.move_case.note, false);
    judgement_.fault(c.terminal(), Refusal::kWrongState);
    judgement_.fault(!offices_.contains(raw(office)), Refusal::kUnknownOffice);
    judgement_.fault(office == c.office, Refusal::kNothingToDo);
    judgement_.fault(!office_active(office), Refusal::kOfficeNotActive);
    judgement_.fault(!service_active(office, c.filed.service), Refusal::kServiceNotActive);
  } else {
    judgement_.fault(state != CaseState::kDelivered, Refusal::kWrongState);
  }
}

// ---- work ----

ModelJob* NaiveModel::judge_job_id(const Command& command, JobId id) {
  ModelJob* job = find_job(id);
  if (job == nullptr) {
    judgement_.faults = {Refusal::kUnknownJob};
    return nullptr;
  }
  if (command.actor.kind == ActorKind::kOffice &&
      raw(cases_.at(raw(job->case_id)).office) != command.actor.id) {
    judgement_.faults = {Refusal::kNotAllowed, Refusal::kUnknownJob};
    return nullptr;
  }
  return job;
}

void NaiveModel::judge_lease(const Command& command, JobId id, LeaseToken token) {
  const ModelJob* job = find_job(id);
  judgement_.fault(job == nullptr, Refusal::kUnknownJob);
  if (job == nullptr) return;
  if (!job->in_hand()) {
    judgement_.fault(true, has_ended(*job) ? Refusal::kWrongState : Refusal::kStaleLease);
    return;
  }
  judgement_.fault(raw(job->holder) != command.actor.id, Refusal::kNotHolder);
  judgement_.fault(job->token != token || job->lease_until.ms <= now_ || concerns_holder(*job),
                   Refusal::kStaleLease);
}

void NaiveModel::judge_claim(const Command& command) {
  judgement_.fault(outside(command.body.claim.wanted, 1, kHeldJobsMax), Refusal::kOutOfRange);
  judgement_.fault(command.body.claim.further > 1, Refusal::kOutOfRange);
  judgement_.filter = claim_filter(ExpertId{command.actor.id});
  judgement_.fault(judgement_.filter != Filter::kNone, Refusal::kNotEligible);
  if (bookings_unclear()) judgement_.allowed.insert(Refusal::kNotEligible);
}

void NaiveModel::judge_work(const Command& command) {
  const CommandBody& body = command.body;
  const ExpertId expert{command.actor.id};
  if (command.kind == CommandKind::kClaim) return judge_claim(command);
  if (command.kind == CommandKind::kUnclaim) {
    bool assigned = false;
    for (const auto& [id, job] : jobs_) {
      assigned = assigned || (job.state == JobState::kAssigned && job.holder == expert);
    }
    judgement_.fault(!claim_stands(experts_.at(raw(expert))) && !assigned, Refusal::kNothingToDo);
    return;
  }
  // Every other body begins with job and token.
  judge_lease(command, body.start.job, body.start.token);
  const ModelJob* job = find_job(body.start.job);
  if (job == nullptr) return;
  const JobState state = job->state;
  if (command.kind == CommandKind::kStart) {
    judgement_.fault(state == JobState::kStarted, Refusal::kWrongState);
    // Whether something municipal waits for the holder; the core may also be careful in doubt.
    if (job->priority == PriorityClass::kOther && !judgement_.only_faults()) {
      judgement_.fault(!may_go_first(job->holder, *job), Refusal::kNotEligible);
      if (bookings_unclear()) judgement_.allowed.insert(Refusal::kNotEligible);
    }
  } else if (command.kind == CommandKind::kComplete) {
    judgement_.fault(state == JobState::kAssigned, Refusal::kWrongState);
    judge_note(body.complete.note, false);
    judge_job_room();
  } else if (command.kind == CommandKind::kReturn) {
    const Reason reason = body.return_.reason;
    const bool work = job->kind == JobKind::kWork;
    // An inspector who stands before a closed door need not have begun.
    const bool missed = reason == Reason::kNoAccess;
    judgement_.fault(state == JobState::kAssigned && !(missed && job->visit()),
                     Refusal::kWrongState);
    judge_reason(reason, true);
    judge_note(body.return_.note, false);
    const bool fits =
        reason == Reason::kDefect ? !work || job->skill == Skill::kReview
        : missed                  ? job->visit()
                                  : work && (reason == Reason::kDocumentsIncomplete ||
                            reason == Reason::kAgencyInquiry || reason == Reason::kViolation);
    judgement_.fault(!fits, Refusal::kOutOfRange);
    if (reason == Reason::kDefect) judge_job_room();
  } else if (command.kind == CommandKind::kDecline) {
    judgement_.fault(state == JobState::kStarted, Refusal::kWrongState);
    judge_reason(body.decline.reason, true);
    judge_note(body.decline.note, false);
  }
}

// ---- steering ----

void NaiveModel::judge_schedule(const Schedule& schedule) {
  const ModelJob& job = *find_job(schedule.job);
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled;
  judgement_.fault(!movable || cases_.at(raw(job.case_id)).waiting(), Refusal::kWrongState);
  judgement_.fault(!job.visit() || raw(schedule.half) > 1, Refusal::kOutOfRange);
  if (schedule.day < -1'000'000 || schedule.day > 1'000'000) {
    judgement_.fault(true, Refusal::kOutOfRange);
    return;
  }
  const std::int32_t key = schedule.day * 2 + raw(schedule.half);
  const NaiveCalendar::Hours hours = half_day(key);
  judgement_.fault(hours.open == hours.close, Refusal::kOutsideCalendar);
  const std::int64_t ahead = std::int64_t{key} - today_ * 2;
  judgement_.fault(hours.open <= now_ || ahead >= kAppointmentHorizon || ahead < 0,
                   Refusal::kOutOfRange);
  judgement_.fault(job.state == JobState::kScheduled && job.half_day == key, Refusal::kNothingToDo);
  const auto booked = visits_booked_.find(key);
  const bool full =
      booked != visits_booked_.end() && booked->second >= visits_per_half_day(job.skill);
  if (late_) {
    judgement_.allowed.insert(Refusal::kNotEligible);
  } else {
    judgement_.fault(full, Refusal::kNotEligible);
  }
}

void NaiveModel::judge_reassign(const Reassign& reassign) {
  const ModelJob& job = *find_job(reassign.job);
  judgement_.fault(!known_expert(reassign.expert), Refusal::kUnknownExpert);
  judgement_.fault(reassign.override_capacity > 1, Refusal::kOutOfRange);
  judge_note(reassign.note, reassign.override_capacity != 0);
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled ||
                       job.state == JobState::kAssigned || job.state == JobState::kEscalated;
  judgement_.fault(!movable || cases_.at(raw(job.case_id)).waiting(), Refusal::kWrongState);
  judgement_.fault(job.state == JobState::kAssigned && job.holder == reassign.expert,
                   Refusal::kNothingToDo);
  if (!known_expert(reassign.expert)) return;
  bool unclear = false;
  judgement_.filter =
      first_filter(reassign.expert, job, reassign.override_capacity != 0, true, unclear);
  judgement_.fault(judgement_.filter != Filter::kNone && !unclear, Refusal::kNotEligible);
  if (!unclear) return;
  judgement_.allowed.insert(Refusal::kNotEligible);
  judgement_.filter = Filter::kNone;  // what is unclear may be named before what is wrong
}

void NaiveModel::judge_lock(const LockPlan& lock) {
  judge_note(lock.note, false);
  judgement_.fault(outside(lock.locks, 1, kLockAll) || lock.is_locked > 1, Refusal::kOutOfRange);
  const ModelPlan* plan = plan_of(lock.job);
  judgement_.fault(plan == nullptr, Refusal::kNotPlanned);
  if (plan == nullptr) return;
  const int locks = lock.is_locked == 1 ? plan->locks | lock.locks : plan->locks & ~lock.locks;
  judgement_.fault(locks == plan->locks, Refusal::kNothingToDo);
}

void NaiveModel::judge_steering(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kApplyPlan) {
    judgement_.fault(outside(body.apply_plan.count, 1, kPlanLinesPerCommand), Refusal::kOutOfRange);
    judgement_.fault(raw(body.apply_plan.snapshot_op) >= op_, Refusal::kOutOfRange);
    return;
  }
  if (command.kind == CommandKind::kExpedite) {
    const ModelCase* c = judge_case_id(command, body.expedite.id);
    if (c == nullptr) return;
    judge_note(body.expedite.note, true);
    judgement_.fault(c->terminal(), Refusal::kWrongState);
    judgement_.fault(c->priority == PriorityClass::kOther, Refusal::kNotMunicipal);
    judgement_.fault(c->priority == PriorityClass::kExpedited, Refusal::kNothingToDo);
    return;
  }
  // Every other body begins with the number of the job.
  const ModelJob* job = judge_job_id(command, body.hold.job);
  if (job == nullptr) return;
  const bool waits = cases_.at(raw(job->case_id)).waiting();
  if (command.kind == CommandKind::kSchedule) {
    judge_schedule(body.schedule);
  } else if (command.kind == CommandKind::kHold) {
    judgement_.fault(body.hold.pauses_clock > 1, Refusal::kOutOfRange);
    judge_reason(body.hold.reason, true);
    judge_note(body.hold.note, false);
    const bool holdable = job->state == JobState::kReady || job->state == JobState::kScheduled ||
                          job->state == JobState::kAssigned;
    judgement_.fault(!holdable || waits, Refusal::kWrongState);
  } else if (command.kind == CommandKind::kRelease) {
    judge_note(body.release.note, false);
    const bool held = job->state == JobState::kHeld || job->state == JobState::kEscalated;
    judgement_.fault(!held || waits, Refusal::kWrongState);
  } else if (command.kind == CommandKind::kReassign) {
    judge_reassign(body.reassign);
  } else if (command.kind == CommandKind::kLockPlan) {
    judge_lock(body.lock_plan);
  } else {
    judge_note(body.cancel.note, false);
    judgement_.fault(job->state != JobState::kBlocked && job->state != JobState::kEscalated &&
                         job->state != JobState::kHeld,
                     Refusal::kWrongState);
  }
}

}  // namespace permitd::tests
