// Whether a command got the answer and had the effect that it must.
#include <algorithm>
#include <cstring>

#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

void NaiveModel::check_answer(const Command& command, const Outcome& outcome) {
  const Refusal given = outcome.refusal;
  expect(outcome.op == command.op && outcome.repeated == 0, "the answer names op {}",
         raw(outcome.op));
  if (judgement_.only_faults()) {
    std::string names;
    for (const Refusal fault : judgement_.faults) names += fmt::format(" {}", raw(fault));
    const bool named = judgement_.faults.contains(given) ||
                       (given != Refusal::kNone && judgement_.allowed.contains(given));
    expect(named, "answered {} (field {}, filter {}), but what is wrong is:{}", raw(given),
           raw(outcome.field), raw(outcome.filter), names);
  } else if (given != Refusal::kNone) {
    expect(judgement_.allowed.contains(given), "refused as {} (field {}, filter {}), though legal",
           raw(given), raw(outcome.field), raw(outcome.filter));
  }
  expect(judgement_.field_fits(outcome), "answered {} with field {}, which is not wrong",
         raw(given), raw(outcome.field));
  expect(judgement_.culprit_fits(outcome), "answered {} with field {}: row {}, member {} is right",
         raw(given), raw(outcome.field), outcome.row, outcome.member);
  if (given == Refusal::kNotEligible && judgement_.filter != Filter::kNone) {
    expect(outcome.filter == judgement_.filter, "filter {} named, the first that fails is {}",
           raw(outcome.filter), raw(judgement_.filter));
  }
}

void NaiveModel::follow_refusal(const Command& command, const Outcome& outcome,
                                const Scheduler& after) {
  const StatsView now = after.stats();
  const StatsView& before = stats_before_;
  expect(after.events().empty(), "refused command {} has events", raw(command.kind));
  expect(now.cases == before.cases && now.jobs == before.jobs, "refused as {}, yet counts changed",
         raw(outcome.refusal));
  expect(now.cases_in_memory == before.cases_in_memory &&
             now.jobs_in_memory == before.jobs_in_memory &&
             now.events_in_memory == before.events_in_memory,
         "refused as {}, yet cases were forgotten", raw(outcome.refusal));
  expect(std::memcmp(&now.flow, &before.flow, sizeof(now.flow)) == 0,
         "refused as {}, yet the flow changed", raw(outcome.refusal));
}

void NaiveModel::check_outcome(const Command& command, const Outcome& outcome) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSubmitCase) {
    const ModelCase& c = *find_case(CaseId{stats_before_.cases_submitted + 1});
    expect(outcome.case_id == c.id, "the answer names case {}", raw(outcome.case_id));
    const bool draft = (body.submit_case.flags & kSubmitDraft) != 0;
    expect(draft == (c.state == CaseState::kDraft), "case {} is in state {}", raw(c.id),
           raw(c.state));
    expect(draft || c.registered_at.ms == now_, "case {} was not registered", raw(c.id));
    expect(raw(outcome.job) == (c.jobs.empty() ? 0 : raw(c.jobs[0])), "the answer names job {}",
           raw(outcome.job));
    if (!c.jobs.empty()) {
      expect(outcome.until == deadline(jobs_.at(raw(c.jobs[0]))), "another deadline of case {}",
             raw(c.id));
    }
  } else if (command.kind == CommandKind::kClaim && raw(outcome.job) != 0) {
    const ModelJob& job = *find_job(outcome.job);
    expect(job.state == JobState::kAssigned && raw(job.holder) == command.actor.id &&
               job.token == outcome.token && job.lease_until == outcome.until,
           "the claim of expert {} gave job {}", command.actor.id, raw(job.id));
    expect(raw(job.token) == op_, "the claim gave job {} without a new token", raw(job.id));
  } else if (command.kind == CommandKind::kStart || command.kind == CommandKind::kRenew) {
    const ModelJob& job = *find_job(body.start.job);
    expect(outcome.token == job.token && outcome.until == job.lease_until,
           "another lease of job {}", raw(job.id));
    expect(command.kind == CommandKind::kRenew || job.state == JobState::kStarted,
           "job {} was not started", raw(job.id));
    expect(!share_due_, "job {} went before municipal work, and nothing says so", raw(job.id));
  }
  if (command.kind == CommandKind::kLockPlan) {
    const std::uint8_t locks = plans_.at(raw(body.lock_plan.job)).locks;
    expect(outcome.state == locks, "job {} is locked as {}", raw(body.lock_plan.job), locks);
    expect((locks & body.lock_plan.locks) ==
               (body.lock_plan.is_locked == 1 ? body.lock_plan.locks : 0),
           "job {} is not locked as asked", raw(body.lock_plan.job));
  }
  check_effect(command);
}

// Events carry the note that their command was given.
void NaiveModel::check_note(const Command& command, const Scheduler& after) {
  const CommandBody& body = command.body;
  Note given;
  if (has_note_behind(command.kind)) given = body.noted.note;
  if (command.kind == CommandKind::kSetCalendarDays) given = body.set_calendar_days.note;
  if (command.kind == CommandKind::kSetOfficeState) given = body.set_office_state.note;
  if (command.kind == CommandKind::kSetExpertState) given = body.set_expert_state.note;
  if (command.kind == CommandKind::kSetAbsence) given = body.set_absence.note;
  if (command.kind == CommandKind::kAmendCase) given = body.amend_case.note;
  if (command.kind == CommandKind::kWithdrawCase) given = body.withdraw_case.note;
  if (command.kind == CommandKind::kRecordDecision) given = body.record_decision.note;
  if (command.kind == CommandKind::kReferCase) given = body.refer_case.note;
  if (command.kind == CommandKind::kComplete) given = body.complete.note;
  if (command.kind == CommandKind::kReturn) given = body.return_.note;
  if (command.kind == CommandKind::kDecline) given = body.decline.note;
  if (command.kind == CommandKind::kHold) given = body.hold.note;
  if (command.kind == CommandKind::kRelease) given = body.release.note;
  if (command.kind == CommandKind::kExpedite) given = body.expedite.note;
  if (command.kind == CommandKind::kMoveCase) given = body.move_case.note;
  if (command.kind == CommandKind::kReassign) given = body.reassign.note;
  if (command.kind == CommandKind::kCancel) given = body.cancel.note;
  if (command.kind == CommandKind::kLockPlan) given = body.lock_plan.note;
  if (command.kind == CommandKind::kNotifyZoning) given = body.notify_zoning.note;
  if (command.kind == CommandKind::kDropZoning) given = body.drop_zoning.note;
  if (command.kind == CommandKind::kRebaseCase) given = body.rebase_case.note;
  if (command.kind == CommandKind::kSetOfficesWanted) given = body.set_offices_wanted.note;
  if (command.kind == CommandKind::kCloseRound) given = body.close_round.note;
  if (command.kind == CommandKind::kRecordLicenceCheck) given = body.record_licence_check.note;
  if (command.kind == CommandKind::kWithdrawApplication) given = body.withdraw_application.note;
  if (command.kind == CommandKind::kRecordBoardFinding) given = body.record_board_finding.note;
  if (command.kind == CommandKind::kRankRound) given = body.rank_round.note;
  if (command.kind == CommandKind::kRenewLicence) given = body.renew_licence.note;
  if (command.kind == CommandKind::kSetTechnicalManager) given = body.set_technical_manager.note;
  const Note& told = after.event_note();
  expect(told.size == given.size &&
             std::equal(told.bytes.begin(), told.bytes.begin() + told.size, given.bytes.begin()),
         "another note than the one given with command {}", raw(command.kind));
}

// The state that the command is there to bring about.
void NaiveModel::check_effect(const Command& command) {
  const CommandBody& body = command.body;
  const auto case_is = [&](CaseId id, CaseState state) {
    const ModelCase& c = *find_case(id);
    expect(c.state == state, "case {} is in state {} after command {}", raw(id), raw(c.state),
           raw(command.kind));
  };
  const auto job_is = [&](JobId id, auto... states) {
    const ModelJob& job = *find_job(id);
    expect(((job.state == states) || ...), "job {} is in state {} after command {}", raw(id),
           raw(job.state), raw(command.kind));
  };
  using enum JobState;
  switch (command.kind) {
    case CommandKind::kWithdrawCase:
      return case_is(body.withdraw_case.id, CaseState::kWithdrawn);
    case CommandKind::kCloseCase:
      return case_is(body.close_case.id, CaseState::kClosed);
    case CommandKind::kRecordDecision:
      if (body.record_decision.approved == 0)
        case_is(body.record_decision.id, CaseState::kRejected);
      return;
    case CommandKind::kReferCase:
      if (body.refer_case.refer == 1) case_is(body.refer_case.id, CaseState::kReferred);
      return;
    case CommandKind::kCancel:
      case_is(find_job(body.cancel.job)->case_id, CaseState::kRejected);
      return job_is(body.cancel.job, kCancelled);
    case CommandKind::kComplete:
      return job_is(body.complete.job, kDone);
    case CommandKind::kReturn:
      return check_returned(command);
    case CommandKind::kDecline:
      job_is(body.decline.job, kReady, kAssigned, kEscalated);
      expect(!find_job(body.decline.job)->in_hand() ||
                 raw(find_job(body.decline.job)->holder) != command.actor.id,
             "job {} went back to the one who refused it", raw(body.decline.job));
      return;
    case CommandKind::kSchedule:
      return job_is(body.schedule.job, kScheduled);
    case CommandKind::kHold:
      case_is(find_job(body.hold.job)->case_id, CaseState::kHeld);
      return job_is(body.hold.job, kHeld);
    case CommandKind::kRelease:
      return job_is(body.release.job, kReady, kScheduled, kAssigned);
    case CommandKind::kReassign:
      expect(find_job(body.reassign.job)->holder == body.reassign.expert, "job {} went elsewhere",
             raw(body.reassign.job));
      return job_is(body.reassign.job, kAssigned);
    case CommandKind::kExpedite:
      expect(find_case(body.expedite.id)->priority == PriorityClass::kExpedited,
             "case {} was not expedited", raw(body.expedite.id));
      return;
    case CommandKind::kMoveCase:
      expect(find_case(body.move_case.id)->office == body.move_case.office, "case {} did not move",
             raw(body.move_case.id));
      return;
    case CommandKind::kAnswerCase:
      expect(!find_case(body.answer_case.id)->waiting(), "case {} still waits",
             raw(body.answer_case.id));
      return;
    case CommandKind::kUnclaim:
      for (const auto& [id, job] : jobs_) {
        expect(job.state != kAssigned || raw(job.holder) != command.actor.id,
               "job {} was not given back", id);
      }
      return;
    case CommandKind::kAmendCase:
      for (const JobId id : find_case(body.amend_case.id)->jobs) {
        const ModelJob& job = *find_job(id);
        expect(!job.in_hand() || !concerns_holder(job), "job {} stays with whom it concerns (I6)",
               raw(id));
      }
      return;
    case CommandKind::kDefineExpert:
      for (const auto& [id, job] : jobs_) {
        if (!job.in_hand() || job.holder != body.define_expert.expert) continue;
        expect(!concerns_holder(job), "job {} stays with whom it concerns (I6)", id);
      }
      return;
    case CommandKind::kNone:
    case CommandKind::kSetLimits:
    case CommandKind::kTick:
    case CommandKind::kSetPolicy:
    case CommandKind::kSetCalendarDays:
    case CommandKind::kDefineService:
    case CommandKind::kDefineOrganisation:
    case CommandKind::kDefineOffice:
    case CommandKind::kSetOfficeState:
    case CommandKind::kActivateService:
    case CommandKind::kSetExpertState:
    case CommandKind::kSetCertificate:
    case CommandKind::kSetAbsence:
    case CommandKind::kSubmitCase:
    case CommandKind::kRegisterCase:
    case CommandKind::kRecordFees:
    case CommandKind::kClaim:
    case CommandKind::kStart:
    case CommandKind::kRenew:
    case CommandKind::kApplyPlan:
    case CommandKind::kLockPlan:
    case CommandKind::kSetLicenceRules:
    case CommandKind::kSetOfficesWanted:
    case CommandKind::kOpenRound:
    case CommandKind::kCloseRound:
    case CommandKind::kApplyForLicence:
    case CommandKind::kRecordLicenceCheck:
    case CommandKind::kWithdrawApplication:
    case CommandKind::kRecordExamResult:
    case CommandKind::kRecordBoardFinding:
    case CommandKind::kRankRound:
    case CommandKind::kDefineVenue:
    case CommandKind::kRecordRent:
    case CommandKind::kRecordEquipment:
    case CommandKind::kEquipOffice:
    case CommandKind::kRenewLicence:
    case CommandKind::kSetTechnicalManager:
    case CommandKind::kTurnLottery:
    case CommandKind::kLoadZoning:
    case CommandKind::kRebaseCase:
      return;
    case CommandKind::kValidateZoning:
      expect(zoning_.at(body.validate_zoning.version).state == ZoningState::kValidated,
             "version {} was not validated", body.validate_zoning.version);
      return;
    case CommandKind::kNotifyZoning:
      expect(zoning_.at(body.notify_zoning.version).state == ZoningState::kNotified,
             "version {} was not notified", body.notify_zoning.version);
      return;
    case CommandKind::kDropZoning:
      expect(!zoning_.contains(body.drop_zoning.version), "version {} was not dropped",
             body.drop_zoning.version);
      return;
  }
}

void NaiveModel::check_returned(const Command& command) {
  const Return& back = command.body.return_;
  const ModelJob& job = *find_job(back.job);
  const CaseState state = cases_.at(raw(job.case_id)).state;
  switch (back.reason) {
    case Reason::kDocumentsIncomplete:
      return expect(state == CaseState::kAwaitingApplicant, "the applicant was not asked");
    case Reason::kAgencyInquiry:
      return expect(state == CaseState::kAwaitingAgency, "the agency was not asked");
    case Reason::kViolation:
      return expect(state == CaseState::kReferred, "the violation was not referred");
    case Reason::kDefect: {
      const ModelJob& judged = job.kind == JobKind::kConfirmation ? *find_job(job.origin) : job;
      expect(judged.state == JobState::kReturned, "job {} was not returned", raw(judged.id));
      return;
    }
    case Reason::kNoAccess:
      return expect(job.state != JobState::kStarted, "the visit of job {} goes on", raw(job.id));
    case Reason::kNone:
    case Reason::kConflictOfInterest:
    case Reason::kTooFar:
    case Reason::kOverload:
    case Reason::kIllness:
    case Reason::kLeave:
    case Reason::kLeaseExpired:
    case Reason::kCertificateLapsed:
    case Reason::kExpertSuspended:
    case Reason::kOfficeInactive:
    case Reason::kSupervisorOrder:
    case Reason::kApplicantRequest:
    case Reason::kApplicantSilent:
    case Reason::kNotOnShift:
    case Reason::kServiceNotActive:
    case Reason::kPlanned:
    case Reason::kPlanOver:
    case Reason::kLicenceLapsed:
    case Reason::kManagerInactive:
    case Reason::kSuspensionOver:
    case Reason::kSuspensionKept:
    case Reason::kOther:
      complain("a return for reason {} was accepted", raw(back.reason));
  }
}

}  // namespace permitd::tests
