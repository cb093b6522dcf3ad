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

// R10: the office cannot begin, or something that is not the municipality's own is not mechanised.
bool begins_sovereign(const DefineService& service) {
  return (service.stages[0].flags & kStageIsSovereign) != 0;
}

bool partly_by_hand(const DefineService& service) {
  bool by_hand = false;
  for (std::size_t i = 0; i < service.stage_count; ++i) {
    const auto flags = service.stages[i].flags;
    by_hand = by_hand || (flags & (kStageIsSovereign | kStageNotMechanised)) == kStageNotMechanised;
  }
  return by_hand;
}

bool has_ended(const ModelJob& job) { return !job.open() || job.state == JobState::kDone; }

}  // namespace

ModelCase* NaiveModel::judge_case_id(const Command& command, CaseId id) {
  ModelCase* found = find_case(id);
  if (found == nullptr) {
    judgement_.fault(true, Refusal::kUnknownCase, Field::kCase);
    return nullptr;
  }
  if (command.actor.kind == ActorKind::kOffice && raw(found->office) != command.actor.id) {
    judgement_.fault(true, Refusal::kNotAllowed, Field::kOffice);
    judgement_.fault(true, Refusal::kUnknownCase, Field::kCase);
    return nullptr;
  }
  return found;
}

void NaiveModel::judge_acceptance(OfficeId office, ServiceId service, OrganisationId organisation) {
  judgement_.fault(!office_active(office), Refusal::kOfficeNotActive, Field::kOffice);
  const DefineService* version = in_force(service);
  judgement_.fault(version == nullptr, Refusal::kUnknownService, Field::kService);
  const auto asking = organisations_.find(raw(organisation));
  judgement_.fault(asking == organisations_.end(), Refusal::kUnknownOrganisation,
                   Field::kOrganisation);
  judgement_.fault(asking != organisations_.end() && asking->second.enabled == 0,
                   Refusal::kOrganisationNotEnabled, Field::kOrganisation);
  // Where both keep it back, no rule says which one is named.
  judgement_.fault(version != nullptr && begins_sovereign(*version), Refusal::kNotDelegable,
                   Field::kSovereign);
  judgement_.fault(version != nullptr && partly_by_hand(*version), Refusal::kNotDelegable,
                   Field::kMechanised);
  judgement_.fault(!service_active(office, service), Refusal::kServiceNotActive, Field::kService);
}

// What a case states of its building, filed or amended.
void NaiveModel::judge_building(std::uint32_t area_m2, std::uint16_t floors, const ZoneCode& zone,
                                std::uint16_t coverage, std::uint16_t street) {
  const auto outside_of = [&](bool wrong, Field field) {
    judgement_.fault(wrong, Refusal::kOutOfRange, field);
  };
  outside_of(area_m2 > 10'000'000, Field::kArea);
  outside_of(floors > 200, Field::kFloors);
  outside_of(zoning_values_wrong(zone, 0, 0), Field::kZone);
  outside_of(zoning_values_wrong({}, coverage, 0), Field::kCoverage);
  outside_of(zoning_values_wrong({}, 0, street), Field::kStreetWidth);
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
// history free for those. Whatever is full, nothing of the request is wrong: no field is named.
void NaiveModel::judge_room() {
  const auto ended = [](const auto& entry) { return entry.second.terminal(); };
  if (std::any_of(cases_.begin(), cases_.end(), ended)) return;
  judgement_.fault(cases_.size() >= limits_.cases_max, Refusal::kCasesFull, Field::kNone);
  if (jobs_.size() >= limits_.jobs_max / 4 * 3) judgement_.allow(Refusal::kJobsFull, Field::kNone);
  if (stats_before_.events_in_memory >= limits_.events_max / 4 * 3)
    judgement_.allow(Refusal::kHistoryFull, Field::kNone);
}

// A case in progress finds room while there is any.
void NaiveModel::judge_job_room() {
  if (jobs_.size() >= limits_.jobs_max) judgement_.allow(Refusal::kJobsFull, Field::kNone);
}

void NaiveModel::judge_case(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSubmitCase) {
    const SubmitCase& submit = body.submit_case;
    const auto outside_of = [&](bool wrong, Field field) {
      judgement_.fault(wrong, Refusal::kOutOfRange, field);
    };
    outside_of(outside(submit.district, 1, 31), Field::kDistrict);
    judge_building(submit.area_m2, submit.floors, submit.zone, submit.coverage_permille,
                   submit.street_width_dm);
    outside_of(point_outside(submit.point), Field::kPoint);
    outside_of(too_long(submit.parcel), Field::kParcel);
    outside_of(too_long(submit.reference), Field::kReference);
    outside_of(submit.flags > 3, Field::kState);
    judgement_.fault(submit.parcel.size == 0, Refusal::kMissing, Field::kParcel);
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
    judgement_.fault(state != CaseState::kDraft, Refusal::kWrongState, Field::kState);
    judge_acceptance(c.office, c.filed.service, c.filed.organisation);
    judge_job_room();
  } else if (command.kind == CommandKind::kAmendCase) {
    bool unclear = false;
    const AmendCase& amend = body.amend_case;
    judge_building(amend.area_m2, amend.floors, amend.zone, amend.coverage_permille,
                   amend.street_width_dm);
    judge_note(amend.note, false);
    judgement_.fault(!amendable(c, unclear), Refusal::kWrongState, Field::kState);
    if (unclear) judgement_.allow(Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kWithdrawCase) {
    judge_reason(body.withdraw_case.reason, true);
    judge_note(body.withdraw_case.note, false);
    judgement_.fault(c.terminal() || state == CaseState::kDelivered, Refusal::kWrongState,
                     Field::kState);
  } else if (command.kind == CommandKind::kAnswerCase) {
    judgement_.fault(state != CaseState::kAwaitingApplicant && state != CaseState::kAwaitingAgency,
                     Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kRecordFees) {
    judgement_.fault(
        body.record_fees.amount_rial == 0 || body.record_fees.amount_rial > 1'000'000'000'000'000,
        Refusal::kOutOfRange, Field::kAmount);
    judgement_.fault(c.terminal(), Refusal::kWrongState, Field::kState);
    judgement_.fault(c.fees_paid != 0, Refusal::kNothingToDo, Field::kAmount);
  } else if (command.kind == CommandKind::kRecordDecision) {
    judgement_.fault(body.record_decision.approved > 1, Refusal::kOutOfRange, Field::kState);
    judge_reason(body.record_decision.reason, false);
    judge_note(body.record_decision.note, false);
    judgement_.fault(state != CaseState::kAwaitingDecision, Refusal::kWrongState, Field::kState);
    judge_job_room();
  } else if (command.kind == CommandKind::kReferCase) {
    judgement_.fault(body.refer_case.refer > 1, Refusal::kOutOfRange, Field::kState);
    judge_note(body.refer_case.note, false);
    const bool runs = state == CaseState::kRegistered || state == CaseState::kInProgress ||
                      state == CaseState::kAwaitingDecision || state == CaseState::kApproved;
    const bool legal = body.refer_case.refer != 0 ? runs : state == CaseState::kReferred;
    judgement_.fault(!legal, Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kMoveCase) {
    const OfficeId office = body.move_case.office;
    judge_reason(body.move_case.reason, true);
    judge_note(body.move_case.note, false);
    judgement_.fault(c.terminal(), Refusal::kWrongState, Field::kState);
    judgement_.fault(!offices_.contains(raw(office)), Refusal::kUnknownOffice, Field::kOffice);
    judgement_.fault(office == c.office, Refusal::kNothingToDo, Field::kOffice);
    judgement_.fault(!office_active(office), Refusal::kOfficeNotActive, Field::kOffice);
    judgement_.fault(!service_active(office, c.filed.service), Refusal::kServiceNotActive,
                     Field::kService);
  } else {
    judgement_.fault(state != CaseState::kDelivered, Refusal::kWrongState, Field::kState);
  }
}

// ---- work ----

ModelJob* NaiveModel::judge_job_id(const Command& command, JobId id) {
  ModelJob* job = find_job(id);
  if (job == nullptr) {
    judgement_.fault(true, Refusal::kUnknownJob, Field::kJob);
    return nullptr;
  }
  if (command.actor.kind == ActorKind::kOffice &&
      raw(cases_.at(raw(job->case_id)).office) != command.actor.id) {
    judgement_.fault(true, Refusal::kNotAllowed, Field::kOffice);
    judgement_.fault(true, Refusal::kUnknownJob, Field::kJob);
    return nullptr;
  }
  return job;
}

void NaiveModel::judge_lease(const Command& command, JobId id, LeaseToken token) {
  const ModelJob* job = find_job(id);
  judgement_.fault(job == nullptr, Refusal::kUnknownJob, Field::kJob);
  if (job == nullptr) return;
  if (!job->in_hand()) {
    const bool ended = has_ended(*job);
    judgement_.fault(ended, Refusal::kWrongState, Field::kState);
    judgement_.fault(!ended, Refusal::kStaleLease, Field::kToken);
    return;
  }
  judgement_.fault(raw(job->holder) != command.actor.id, Refusal::kNotHolder, Field::kExpert);
  judgement_.fault(job->token != token || job->lease_until.ms <= now_ || concerns_holder(*job),
                   Refusal::kStaleLease, Field::kToken);
}

void NaiveModel::judge_claim(const Command& command) {
  const Claim& claim = command.body.claim;
  judgement_.fault(outside(claim.wanted, 1, kHeldJobsMax),
                   {Refusal::kOutOfRange, Field::kCount, 0, "wanted"});
  judgement_.fault(claim.further > 1, Refusal::kOutOfRange, Field::kState);
  judgement_.filter = claim_filter(ExpertId{command.actor.id});
  judgement_.fault(judgement_.filter != Filter::kNone, Refusal::kNotEligible, Field::kExpert);
  if (bookings_unclear()) judgement_.allow(Refusal::kNotEligible, Field::kExpert);
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
    // The request names nothing that could be wrong.
    judgement_.fault(!claim_stands(experts_.at(raw(expert))) && !assigned, Refusal::kNothingToDo,
                     Field::kNone);
    return;
  }
  // Every other body begins with job and token.
  judge_lease(command, body.start.job, body.start.token);
  const ModelJob* job = find_job(body.start.job);
  if (job == nullptr) return;
  const JobState state = job->state;
  if (command.kind == CommandKind::kStart) {
    judgement_.fault(state == JobState::kStarted, Refusal::kWrongState, Field::kState);
    // Whether something municipal waits for the holder; the core may also be careful in doubt.
    if (job->priority == PriorityClass::kOther && !judgement_.only_faults()) {
      judgement_.fault(!may_go_first(job->holder, *job), Refusal::kNotEligible, Field::kPriority);
      if (bookings_unclear()) judgement_.allow(Refusal::kNotEligible, Field::kPriority);
    }
  } else if (command.kind == CommandKind::kComplete) {
    judgement_.fault(state == JobState::kAssigned, Refusal::kWrongState, Field::kState);
    judge_note(body.complete.note, false);
    judge_job_room();
  } else if (command.kind == CommandKind::kReturn) {
    const Reason reason = body.return_.reason;
    const bool work = job->kind == JobKind::kWork;
    // An inspector who stands before a closed door need not have begun.
    const bool missed = reason == Reason::kNoAccess;
    judgement_.fault(state == JobState::kAssigned && !(missed && job->visit()),
                     Refusal::kWrongState, Field::kState);
    judge_reason(reason, true);
    judge_note(body.return_.note, false);
    const bool fits =
        reason == Reason::kDefect ? !work || job->skill == Skill::kReview
        : missed                  ? job->visit()
                                  : work && (reason == Reason::kDocumentsIncomplete ||
                            reason == Reason::kAgencyInquiry || reason == Reason::kViolation);
    judgement_.fault(!fits, Refusal::kOutOfRange, Field::kReason);
    if (reason == Reason::kDefect) judge_job_room();
  } else if (command.kind == CommandKind::kDecline) {
    judgement_.fault(state == JobState::kStarted, Refusal::kWrongState, Field::kState);
    judge_reason(body.decline.reason, true);
    judge_note(body.decline.note, false);
  }
}

// ---- steering ----

void NaiveModel::judge_schedule(const Schedule& schedule) {
  const ModelJob& job = *find_job(schedule.job);
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled;
  judgement_.fault(!movable || cases_.at(raw(job.case_id)).waiting(), Refusal::kWrongState,
                   Field::kState);
  judgement_.fault(!job.visit(), Refusal::kOutOfRange, Field::kJob);
  const bool no_half = raw(schedule.half) > 1;
  const bool no_day = schedule.day < -1'000'000 || schedule.day > 1'000'000;
  judgement_.fault(no_half, Refusal::kOutOfRange, Field::kHalfDay);
  judgement_.fault(no_day, Refusal::kOutOfRange, Field::kDay);
  if (no_half || no_day) return;
  const std::int32_t key = schedule.day * 2 + raw(schedule.half);
  const NaiveCalendar::Hours hours = half_day(key);
  judgement_.fault(hours.open == hours.close, Refusal::kOutsideCalendar, Field::kDay);
  const std::int64_t ahead = std::int64_t{key} - today_ * 2;
  judgement_.fault(hours.open <= now_ || ahead >= kAppointmentHorizon || ahead < 0,
                   Refusal::kOutOfRange, Field::kDay);
  judgement_.fault(job.state == JobState::kScheduled && job.half_day == key, Refusal::kNothingToDo,
                   Field::kHalfDay);
  const auto booked = visits_booked_.find(key);
  const bool full =
      booked != visits_booked_.end() && booked->second >= visits_per_half_day(job.skill);
  judgement_.filter = Filter::kCapacity;
  if (late_) {
    judgement_.allow(Refusal::kNotEligible, Field::kHalfDay);
  } else {
    judgement_.fault(full, Refusal::kNotEligible, Field::kHalfDay);
  }
}

void NaiveModel::judge_reassign(const Reassign& reassign) {
  const ModelJob& job = *find_job(reassign.job);
  judgement_.fault(!known_expert(reassign.expert), Refusal::kUnknownExpert, Field::kExpert);
  judgement_.fault(reassign.override_capacity > 1, Refusal::kOutOfRange, Field::kState);
  judge_note(reassign.note, reassign.override_capacity != 0);
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled ||
                       job.state == JobState::kAssigned || job.state == JobState::kEscalated;
  judgement_.fault(!movable || cases_.at(raw(job.case_id)).waiting(), Refusal::kWrongState,
                   Field::kState);
  judgement_.fault(job.state == JobState::kAssigned && job.holder == reassign.expert,
                   Refusal::kNothingToDo, Field::kExpert);
  if (!known_expert(reassign.expert)) return;
  bool unclear = false;
  judgement_.filter =
      first_filter(reassign.expert, job, reassign.override_capacity != 0, true, unclear);
  judgement_.fault(judgement_.filter != Filter::kNone && !unclear, Refusal::kNotEligible,
                   Field::kExpert);
  if (!unclear) return;
  judgement_.allow(Refusal::kNotEligible, Field::kExpert);
  judgement_.filter = Filter::kNone;  // what is unclear may be named before what is wrong
}

void NaiveModel::judge_lock(const LockPlan& lock) {
  judge_note(lock.note, false);
  judgement_.fault(outside(lock.locks, 1, kLockAll), Refusal::kOutOfRange, Field::kLocks);
  judgement_.fault(lock.is_locked > 1, Refusal::kOutOfRange, Field::kState);
  const ModelPlan* plan = plan_of(lock.job);
  judgement_.fault(plan == nullptr, Refusal::kNotPlanned, Field::kJob);
  if (plan == nullptr) return;
  const int locks = lock.is_locked == 1 ? plan->locks | lock.locks : plan->locks & ~lock.locks;
  judgement_.fault(locks == plan->locks, Refusal::kNothingToDo, Field::kLocks);
}

void NaiveModel::judge_steering(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kApplyPlan) {
    judgement_.fault(outside(body.apply_plan.count, 1, kPlanLinesPerCommand), Refusal::kOutOfRange,
                     Field::kCount);
    judgement_.fault(raw(body.apply_plan.snapshot_op) >= op_, Refusal::kOutOfRange,
                     Field::kVersion);
    return;
  }
  if (command.kind == CommandKind::kExpedite) {
    const ModelCase* c = judge_case_id(command, body.expedite.id);
    if (c == nullptr) return;
    judge_note(body.expedite.note, true);
    judgement_.fault(c->terminal(), Refusal::kWrongState, Field::kState);
    judgement_.fault(c->priority == PriorityClass::kOther, Refusal::kNotMunicipal,
                     Field::kPriority);
    judgement_.fault(c->priority == PriorityClass::kExpedited, Refusal::kNothingToDo,
                     Field::kPriority);
    return;
  }
  // Every other body begins with the number of the job.
  const ModelJob* job = judge_job_id(command, body.hold.job);
  if (job == nullptr) return;
  const bool waits = cases_.at(raw(job->case_id)).waiting();
  if (command.kind == CommandKind::kSchedule) {
    judge_schedule(body.schedule);
  } else if (command.kind == CommandKind::kHold) {
    judgement_.fault(body.hold.pauses_clock > 1, Refusal::kOutOfRange, Field::kState);
    judge_reason(body.hold.reason, true);
    judge_note(body.hold.note, false);
    const bool holdable = job->state == JobState::kReady || job->state == JobState::kScheduled ||
                          job->state == JobState::kAssigned;
    judgement_.fault(!holdable || waits, Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kRelease) {
    judge_note(body.release.note, false);
    const bool held = job->state == JobState::kHeld || job->state == JobState::kEscalated;
    judgement_.fault(!held || waits, Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kReassign) {
    judge_reassign(body.reassign);
  } else if (command.kind == CommandKind::kLockPlan) {
    judge_lock(body.lock_plan);
  } else {
    judge_note(body.cancel.note, false);
    judgement_.fault(job->state != JobState::kBlocked && job->state != JobState::kEscalated &&
                         job->state != JobState::kHeld,
                     Refusal::kWrongState, Field::kState);
  }
}

}  // namespace permitd::tests
