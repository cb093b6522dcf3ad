// Which commands a supervisor of districts may give, kind by kind: a kind that is not named here
// does not compile.
#include "daemon/scope.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;
using scheduler::Scheduler;

namespace {

constexpr scheduler::JobId kNoJob{};
constexpr scheduler::ExpertId kNoExpert{UINT32_MAX};

/// The first thing that a command names and the scope does not cover, kNone when there is none.
class Judge {
 public:
  Judge(const Scheduler& scheduler, const Scope& scope) : scheduler_(scheduler), scope_(scope) {}

  Field of_case(scheduler::CaseId id) const { return covered(id) ? Field::kNone : Field::kCase; }
  Field of_job(scheduler::JobId id) const { return covered(id) ? Field::kNone : Field::kJob; }
  Field of_office(scheduler::OfficeId id) const {
    return covered(id) ? Field::kNone : Field::kOffice;
  }
  Field of_expert(scheduler::ExpertId id) const {
    return covered(id) ? Field::kNone : Field::kExpert;
  }
  Field of_application(scheduler::ApplicationId id) const {
    return covered(id) ? Field::kNone : Field::kApplication;
  }
  /// Of an office from before the rounds, or of an application; who names both, of both.
  Field of_check(const scheduler::RecordLicenceCheck& check) const {
    if (raw(check.office) != 0 && !covered(check.office)) return Field::kOffice;
    const bool of_office = raw(check.office) != 0 && raw(check.application) == 0;
    return of_office ? Field::kNone : of_application(check.application);
  }
  /// What is changed stays in the scope. Nothing new: whether a number is free is the city's to
  /// know.
  Field of_definition(const scheduler::DefineOffice& office) const {
    if (!covered(office.office)) return Field::kOffice;
    return scope_.covers_district(office.district) ? Field::kNone : Field::kDistrict;
  }
  Field of_definition(const scheduler::DefineExpert& expert) const {
    return covered(expert.expert) ? of_office(expert.office) : Field::kExpert;
  }
  /// A number of the own choice may be taken.
  Field of_equipping(const scheduler::EquipOffice& equip) const {
    if (!covered(equip.application)) return Field::kApplication;
    return raw(equip.office) == 0 ? Field::kNone : Field::kDistrict;
  }
  void take_off(scheduler::ApplyPlan& plan) const {
    for (scheduler::PlanLine& line : plan.lines) {
      if (!covered(line.job)) line.job = kNoJob;
      if (raw(line.expert) != 0 && !covered(line.expert)) line.expert = kNoExpert;
    }
  }

 private:
  template <class Id>
  bool covered(Id id) const {
    return scope_.covers(scheduler_, id);
  }
  const Scheduler& scheduler_;
  const Scope& scope_;
};

Field first_of(Field first, Field second) { return first != Field::kNone ? first : second; }

Field judge(const Judge& of, CommandKind kind, CommandBody& body) {
  switch (kind) {
    // A case.
    case CommandKind::kRegisterCase:
      return of.of_case(body.register_case.id);
    case CommandKind::kAmendCase:
      return of.of_case(body.amend_case.id);
    case CommandKind::kWithdrawCase:
      return of.of_case(body.withdraw_case.id);
    case CommandKind::kAnswerCase:
      return of.of_case(body.answer_case.id);
    case CommandKind::kRecordFees:
      return of.of_case(body.record_fees.id);
    case CommandKind::kRecordDecision:
      return of.of_case(body.record_decision.id);
    case CommandKind::kReferCase:
      return of.of_case(body.refer_case.id);
    case CommandKind::kCloseCase:
      return of.of_case(body.close_case.id);
    case CommandKind::kMoveCase:
      return first_of(of.of_case(body.move_case.id), of.of_office(body.move_case.office));
    case CommandKind::kExpedite:
      return of.of_case(body.expedite.id);
    case CommandKind::kRebaseCase:
      return of.of_case(body.rebase_case.id);
    // A job.
    case CommandKind::kSchedule:
      return of.of_job(body.schedule.job);
    case CommandKind::kHold:
      return of.of_job(body.hold.job);
    case CommandKind::kRelease:
      return of.of_job(body.release.job);
    case CommandKind::kReassign:
      return first_of(of.of_job(body.reassign.job), of.of_expert(body.reassign.expert));
    case CommandKind::kCancel:
      return of.of_job(body.cancel.job);
    case CommandKind::kLockPlan:
      return of.of_job(body.lock_plan.job);
    case CommandKind::kApplyPlan:
      of.take_off(body.apply_plan);
      return Field::kNone;
    // An office, its people, its licence.
    case CommandKind::kDefineOffice:
      return of.of_definition(body.define_office);
    case CommandKind::kSetOfficeState:
      return of.of_office(body.set_office_state.office);
    case CommandKind::kActivateService:
      return of.of_office(body.activate_service.office);
    case CommandKind::kDefineExpert:
      return of.of_definition(body.define_expert);
    case CommandKind::kSetExpertState:
      return of.of_expert(body.set_expert_state.expert);
    case CommandKind::kSetCertificate:
      return of.of_expert(body.set_certificate.expert);
    case CommandKind::kSetAbsence:
      return of.of_expert(body.set_absence.expert);
    case CommandKind::kRenewLicence:
      return of.of_office(body.renew_licence.office);
    case CommandKind::kSetTechnicalManager:
      return of.of_office(body.set_technical_manager.office);
    case CommandKind::kRecordLicenceCheck:
      return of.of_check(body.record_licence_check);
    case CommandKind::kWithdrawApplication:
      return of.of_application(body.withdraw_application.application);
    case CommandKind::kRecordRent:
      return of.of_application(body.record_rent.application);
    case CommandKind::kRecordEquipment:
      return of.of_application(body.record_equipment.application);
    case CommandKind::kEquipOffice:
      return of.of_equipping(body.equip_office);
    // The whole city: its rules, its calendar, its rounds, in which all districts compete.
    case CommandKind::kSetPolicy:
    case CommandKind::kSetCalendarDays:
    case CommandKind::kDefineService:
    case CommandKind::kDefineOrganisation:
    case CommandKind::kLoadZoning:
    case CommandKind::kValidateZoning:
    case CommandKind::kNotifyZoning:
    case CommandKind::kDropZoning:
    case CommandKind::kSetLicenceRules:
    case CommandKind::kSetOfficesWanted:
    case CommandKind::kOpenRound:
    case CommandKind::kCloseRound:
    case CommandKind::kApplyForLicence:
    case CommandKind::kRecordExamResult:
    case CommandKind::kRecordBoardFinding:
    case CommandKind::kRankRound:
    case CommandKind::kDefineVenue:
      return Field::kDistrict;
    // No supervisor's at all.
    case CommandKind::kNone:
    case CommandKind::kSetLimits:
    case CommandKind::kTick:
    case CommandKind::kSubmitCase:
    case CommandKind::kClaim:
    case CommandKind::kUnclaim:
    case CommandKind::kStart:
    case CommandKind::kRenew:
    case CommandKind::kComplete:
    case CommandKind::kReturn:
    case CommandKind::kDecline:
    case CommandKind::kTurnLottery:
      return Field::kActor;
  }
  return Field::kActor;
}

}  // namespace

Outcome judge_command(const Scheduler& scheduler, protocol::DistrictSet districts,
                      Command& command) {
  const Scope scope = Scope::of_districts(districts);
  Outcome outcome;
  outcome.field = judge(Judge(scheduler, scope), command.kind, command.body);
  if (outcome.field != Field::kNone) outcome.refusal = Refusal::kNotAllowed;
  return outcome;
}

}  // namespace permitd::daemon
