// Cases: filed, registered, corrected, answered, decided, ended.
#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_flow.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/ranges.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

bool check_submission(const SubmitCase& submit, Outcome& outcome) {
  if (submit.district == 0 || submit.district >= kDistrictCount)
    refuse(outcome, Refusal::kOutOfRange, Field::kDistrict);
  else if (submit.floors > kFloorsMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kFloors);
  else if (submit.area_m2 > kAreaMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kArea);
  else if (!zone_fits(submit.zone, true))
    refuse(outcome, Refusal::kOutOfRange, Field::kZone);
  else if (submit.coverage_permille > kCoverageMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kCoverage);
  else if (submit.street_width_dm > kStreetWidthMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kStreetWidth);
  else if (!point_in_range(submit.point))
    refuse(outcome, Refusal::kOutOfRange, Field::kPoint);
  else if (!text_fits(submit.parcel))
    refuse(outcome, Refusal::kOutOfRange, Field::kParcel);
  else if (submit.parcel.size == 0)
    refuse(outcome, Refusal::kMissing, Field::kParcel);
  else if (!text_fits(submit.reference))
    refuse(outcome, Refusal::kOutOfRange, Field::kReference);
  else if ((submit.flags & ~(kSubmitDraft | kSubmitBuilt)) != 0)
    refuse(outcome, Refusal::kOutOfRange, Field::kState);
  return outcome.refusal == Refusal::kNone;
}

// The first stage that keeps a service from being delegated (R10): a sovereign one where it begins,
// later ones wait for the municipality; one that is not mechanised anywhere. Null when none does.
const StageSpec* undelegable_stage(const ServiceVersion& version) {
  for (std::size_t i = 0; i < version.stage_count; ++i) {
    const StageSpec& stage = version.stages[i];
    const bool sovereign = (stage.flags & kStageIsSovereign) != 0;
    if (sovereign ? i == 0 : stage_is_external(stage)) return &stage;
  }
  return nullptr;
}

// Whether the office may take a case of the service now: office, organisation, catalogue,
// activation, in the order in which a person would explain it. On success `version` is the one in
// force.
bool check_acceptance(const Core& core, std::uint32_t office, ServiceId service,
                      OrganisationId organisation, std::size_t& version, Outcome& outcome) {
  const OfficeRecord& record = core.offices[office];
  if (!office_active(core, office)) {
    refuse(outcome, Refusal::kOfficeNotActive, Field::kOffice);
    outcome.state = raw(record.state);
    return false;
  }
  version = kServiceVersionsMax;
  if (raw(service) != 0 && raw(service) < kServicesMax)
    version = version_in_force(core, service, core.now);
  if (version == kServiceVersionsMax) {
    refuse(outcome, Refusal::kUnknownService, Field::kService);
    return false;
  }
  const OrganisationRecord& asking = core.organisations[raw(organisation)];
  if (asking.known == 0) {
    refuse(outcome, Refusal::kUnknownOrganisation, Field::kOrganisation);
  } else if (asking.enabled == 0) {
    refuse(outcome, Refusal::kOrganisationNotEnabled, Field::kOrganisation);
  } else if (const StageSpec* stage = undelegable_stage(service_version(core, service, version));
             stage != nullptr) {
    refuse(outcome, Refusal::kNotDelegable,
           (stage->flags & kStageIsSovereign) != 0 ? Field::kSovereign : Field::kMechanised);
    outcome.state = raw(stage->stage);
  } else if (!record.activations[raw(service)].covers(core.now)) {
    refuse(outcome, Refusal::kServiceNotActive, Field::kService);
  }
  return outcome.refusal == Refusal::kNone;
}

std::uint32_t add_case(Core& core, const SubmitCase& submit, std::uint32_t office,
                       std::size_t version) {
  const std::uint32_t slot = take_case_slot(core);
  CaseRecord& record = core.cases[slot];
  record.id = CaseId{++core.cases_created};
  record.owner = submit.owner;
  record.relative = submit.relative;
  record.designer = submit.designer;
  record.supervising_engineer = submit.supervising_engineer;
  record.parcel = tidy_text(submit.parcel);
  record.reference = tidy_text(submit.reference);
  record.point = submit.point;
  record.area_m2 = submit.area_m2;
  record.floors = submit.floors;
  record.zone = tidy_text(submit.zone);
  record.coverage_permille = submit.coverage_permille;
  record.street_width_dm = submit.street_width_dm;
  record.office = static_cast<std::uint16_t>(office);
  record.service = submit.service;
  record.version_slot = static_cast<std::uint8_t>(version);
  record.district = submit.district;
  record.organisation = submit.organisation;
  record.priority = core.organisations[raw(submit.organisation)].priority;
  if ((submit.flags & kSubmitBuilt) != 0) record.flags |= kCaseBuilt;
  ++service_version(core, submit.service, version).case_count;
  core.case_index.insert(raw(record.id), slot);
  core.case_index.expect(raw(record.id) + kIdsAhead);
  ++core.totals.cases_submitted;
  ++core.totals.cases[raw(CaseState::kDraft)];
  ++core.offices[office].cases_submitted;
  ++core.offices[office].cases_open;
  return slot;
}

void report_case(const Core& core, std::uint32_t slot, Outcome& outcome) {
  const CaseRecord& record = core.cases[slot];
  outcome.case_id = record.id;
  outcome.state = raw(record.state);
  if (record.current_job == kNoSlot) return;
  outcome.job = core.jobs[record.current_job].id;
}

// The plan review has begun, or there is none to come before the decision.
bool review_has_begun(const Core& core, const CaseRecord& record) {
  const ServiceVersion& version = service_of(core, record);
  for (std::size_t i = 0; i < record.stage_index; ++i) {
    if (version.stages[i].stage == Stage::kPlanReview) return true;
  }
  if (version.stages[record.stage_index].stage != Stage::kPlanReview ||
      record.current_job == kNoSlot)
    return false;
  const JobRecord& job = core.jobs[record.current_job];
  return job.kind == JobKind::kConfirmation || job.has(kJobRework) ||
         job.state == JobState::kStarted;
}

// Floors decide the effort of work that nobody has in hand yet.
void recompute_effort(Core& core, const CaseRecord& record) {
  const std::uint32_t slot = record.current_job;
  if (slot == kNoSlot) return;
  const JobState state = core.jobs[slot].state;
  if (core.jobs[slot].kind != JobKind::kWork || state == JobState::kAssigned ||
      state == JobState::kStarted)
    return;
  const RecountedJob recounted(core, slot);
  core.jobs[slot].effort_minutes = stage_effort(core, stage_of(core, record), record.floors);
}

// Nobody goes on with a case that concerns them, started or not (I6).
void take_from_concerned(Core& core, std::uint32_t slot) {
  if (slot == kNoSlot) return;
  const JobRecord& job = core.jobs[slot];
  if (job.state != JobState::kAssigned && job.state != JobState::kStarted) return;
  if (concerns_holder(core, job)) give_back(core, slot, Reason::kConflictOfInterest);
}

bool amendable(const Core& core, const CaseRecord& record) {
  switch (record.state) {
    case CaseState::kDraft:
    case CaseState::kRegistered:
    case CaseState::kInProgress:
    case CaseState::kAwaitingApplicant:
    case CaseState::kAwaitingAgency:
      return !review_has_begun(core, record);
    case CaseState::kHeld:
    case CaseState::kAwaitingDecision:
    case CaseState::kApproved:
    case CaseState::kDelivered:
    case CaseState::kClosed:
    case CaseState::kRejected:
    case CaseState::kWithdrawn:
    case CaseState::kLapsed:
    case CaseState::kReferred:
      return false;
  }
  return false;
}

}  // namespace

void apply_submit_case(Core& core, const Command& command, Outcome& outcome) {
  const SubmitCase& submit = command.body.submit_case;
  if (!check_submission(submit, outcome)) return;
  const std::uint32_t office =
      find_office_index(core, OfficeId{static_cast<std::uint16_t>(command.actor.id)});
  std::size_t version = 0;
  if (!check_acceptance(core, office, submit.service, submit.organisation, version, outcome))
    return;
  const Refusal full = make_room_for_case(core);
  if (full != Refusal::kNone) return refuse(outcome, full);
  const std::uint32_t slot = add_case(core, submit, office, version);
  if ((submit.flags & kSubmitDraft) != 0) {
    emit_case(core, core.cases[slot], EventKind::kCaseChanged, raw(CaseState::kDraft),
              raw(CaseState::kDraft), Reason::kNone);
  } else {
    register_case(core, slot);
  }
  report_case(core, slot, outcome);
  if (raw(outcome.job) != 0) outcome.until = core.jobs[core.cases[slot].current_job].deadline;
}

void apply_register_case(Core& core, const Command& command, Outcome& outcome) {
  const std::uint32_t slot = case_for(core, command, command.body.register_case.id, outcome);
  if (slot == kNoSlot) return;
  CaseRecord& record = core.cases[slot];
  if (record.state != CaseState::kDraft) return refuse_state(outcome, record.state);
  std::size_t version = 0;
  if (!check_acceptance(core, record.office, record.service, record.organisation, version, outcome))
    return;
  if (!job_room(core, slot)) return refuse(outcome, Refusal::kJobsFull);
  // A case is judged by what is in force when it is registered, not when it was drafted (I17).
  --service_version(core, record.service, record.version_slot).case_count;
  ++service_version(core, record.service, version).case_count;
  record.version_slot = static_cast<std::uint8_t>(version);
  if (record.priority != PriorityClass::kExpedited) {
    record.priority = core.organisations[raw(record.organisation)].priority;
  }
  register_case(core, slot);
  report_case(core, slot, outcome);
  if (raw(outcome.job) != 0) outcome.until = core.jobs[record.current_job].deadline;
}

void apply_amend_case(Core& core, const Command& command, Outcome& outcome) {
  const AmendCase& amend = command.body.amend_case;
  const std::uint32_t slot = case_for(core, command, amend.id, outcome);
  if (slot == kNoSlot) return;
  if (amend.area_m2 > kAreaMax) return refuse(outcome, Refusal::kOutOfRange, Field::kArea);
  if (amend.floors > kFloorsMax) return refuse(outcome, Refusal::kOutOfRange, Field::kFloors);
  if (!zone_fits(amend.zone, true)) return refuse(outcome, Refusal::kOutOfRange, Field::kZone);
  if (amend.coverage_permille > kCoverageMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kCoverage);
  if (amend.street_width_dm > kStreetWidthMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kStreetWidth);
  if (!check_note(amend.note, false, outcome)) return;
  CaseRecord& record = core.cases[slot];
  if (!amendable(core, record)) return refuse_state(outcome, record.state);
  core.note = &amend.note;
  record.area_m2 = amend.area_m2;
  record.floors = amend.floors;
  record.zone = tidy_text(amend.zone);
  record.coverage_permille = amend.coverage_permille;
  record.street_width_dm = amend.street_width_dm;
  record.designer = amend.designer;
  record.supervising_engineer = amend.supervising_engineer;
  recompute_effort(core, record);
  emit_case(core, record, EventKind::kCaseAmended, raw(record.state), raw(record.state),
            Reason::kApplicantRequest);
  if (record.state != CaseState::kDraft) check_zoning(core, record);
  take_from_concerned(core, record.current_job);
  offer_again(core, slot);  // less effort or other persons: somebody who waits may fit now
  report_case(core, slot, outcome);
}

void apply_withdraw_case(Core& core, const Command& command, Outcome& outcome) {
  const WithdrawCase& withdraw = command.body.withdraw_case;
  const std::uint32_t slot = case_for(core, command, withdraw.id, outcome);
  if (slot == kNoSlot) return;
  if (!check_reason(withdraw.reason, true, outcome) || !check_note(withdraw.note, false, outcome))
    return;
  const CaseState state = core.cases[slot].state;
  if (case_is_terminal(state) || state == CaseState::kDelivered)
    return refuse_state(outcome, state);
  core.note = &withdraw.note;
  end_case(core, slot, CaseState::kWithdrawn, withdraw.reason);
  report_case(core, slot, outcome);
}

void apply_answer_case(Core& core, const Command& command, Outcome& outcome) {
  const std::uint32_t slot = case_for(core, command, command.body.answer_case.id, outcome);
  if (slot == kNoSlot) return;
  const CaseState state = core.cases[slot].state;
  if (state != CaseState::kAwaitingApplicant && state != CaseState::kAwaitingAgency)
    return refuse_state(outcome, state);
  resume_case(core, slot, Reason::kNone);
  report_case(core, slot, outcome);
}

void apply_record_fees(Core& core, const Command& command, Outcome& outcome) {
  const std::uint32_t slot = case_for(core, command, command.body.record_fees.id, outcome);
  if (slot == kNoSlot) return;
  const std::uint64_t amount = command.body.record_fees.amount_rial;
  if (amount == 0 || amount > kAmountRialMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kAmount);
  CaseRecord& record = core.cases[slot];
  if (case_is_terminal(record.state)) return refuse_state(outcome, record.state);
  if ((record.flags & kCaseFeesPaid) != 0)
    return refuse(outcome, Refusal::kNothingToDo, Field::kAmount);
  record.flags |= kCaseFeesPaid;
  record.fees_rial = amount;
  emit_case(core, record, EventKind::kFeesRecorded, raw(record.state), raw(record.state),
            Reason::kNone);
  if (record.current_job != kNoSlot) unblock_job(core, record.current_job);
  report_case(core, slot, outcome);
}

void apply_record_decision(Core& core, const Command& command, Outcome& outcome) {
  const RecordDecision& decision = command.body.record_decision;
  const std::uint32_t slot = case_for(core, command, decision.id, outcome);
  if (slot == kNoSlot) return;
  if (decision.approved > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!check_reason(decision.reason, false, outcome) || !check_note(decision.note, false, outcome))
    return;
  CaseRecord& record = core.cases[slot];
  if (record.state != CaseState::kAwaitingDecision) return refuse_state(outcome, record.state);
  if (decision.approved != 0 && !job_room(core, slot)) return refuse(outcome, Refusal::kJobsFull);
  core.note = &decision.note;
  count_decision(core, record);
  if (decision.approved == 0) {
    end_case(core, slot, CaseState::kRejected, decision.reason);
    return report_case(core, slot, outcome);
  }
  const StageSpec& stage = stage_of(core, record);
  const bool decides = (stage.flags & (kStageIsSovereign | kStageNeedsDecision)) != 0;
  if (decides) record.flags |= kCaseDecided;
  set_case_state(core, slot, decides ? CaseState::kApproved : CaseState::kInProgress,
                 decision.reason);
  if (record.current_job == kNoSlot) {
    advance_case(core, slot);
  } else {
    unblock_job(core, record.current_job);
  }
  report_case(core, slot, outcome);
}

void apply_refer_case(Core& core, const Command& command, Outcome& outcome) {
  const ReferCase& refer = command.body.refer_case;
  const std::uint32_t slot = case_for(core, command, refer.id, outcome);
  if (slot == kNoSlot) return;
  if (refer.refer > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!check_note(refer.note, false, outcome)) return;
  const CaseState state = core.cases[slot].state;
  const bool legal = refer.refer != 0 ? case_is_running(state) : state == CaseState::kReferred;
  if (!legal) return refuse_state(outcome, state);
  core.note = &refer.note;
  if (refer.refer != 0) {
    suspend_case(core, slot, CaseState::kReferred, Reason::kViolation);
  } else {
    resume_case(core, slot, Reason::kSupervisorOrder);
  }
  report_case(core, slot, outcome);
}

void apply_close_case(Core& core, const Command& command, Outcome& outcome) {
  const std::uint32_t slot = case_for(core, command, command.body.close_case.id, outcome);
  if (slot == kNoSlot) return;
  const CaseState state = core.cases[slot].state;
  if (state != CaseState::kDelivered) return refuse_state(outcome, state);
  end_case(core, slot, CaseState::kClosed, Reason::kNone);
  report_case(core, slot, outcome);
}

}  // namespace permitd::scheduler
