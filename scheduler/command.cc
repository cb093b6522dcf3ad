#include "scheduler/command.h"

#include <type_traits>

namespace permitd::scheduler {

namespace {

// A body that has no padding has the same bytes on every machine.
template <class Body>
constexpr std::size_t checked_size() {
  static_assert(std::has_unique_object_representations_v<Body>);
  static_assert(sizeof(Body) <= sizeof(CommandBody::bytes));
  return sizeof(Body);
}

// A body that leaves room for the note behind it.
template <class Body>
constexpr std::size_t noted_size() {
  static_assert(checked_size<Body>() <= sizeof(NotedBody::body));
  return checked_size<NotedBody>();
}

}  // namespace

std::size_t body_size(CommandKind kind) {
  switch (kind) {
    case CommandKind::kNone:
      return 0;
    case CommandKind::kSetLimits:
      return checked_size<SetLimits>();
    case CommandKind::kTick:
      return checked_size<TickBody>();
    case CommandKind::kSetPolicy:
      return noted_size<SetPolicy>();
    case CommandKind::kSetCalendarDays:
      return checked_size<SetCalendarDays>();
    case CommandKind::kDefineService:
      return noted_size<DefineService>();
    case CommandKind::kDefineOrganisation:
      return noted_size<DefineOrganisation>();
    case CommandKind::kDefineOffice:
      return noted_size<DefineOffice>();
    case CommandKind::kSetOfficeState:
      return checked_size<SetOfficeState>();
    case CommandKind::kActivateService:
      return noted_size<ActivateService>();
    case CommandKind::kDefineExpert:
      return noted_size<DefineExpert>();
    case CommandKind::kSetExpertState:
      return checked_size<SetExpertState>();
    case CommandKind::kSetCertificate:
      return noted_size<SetCertificate>();
    case CommandKind::kSetAbsence:
      return checked_size<SetAbsence>();
    case CommandKind::kSubmitCase:
      return checked_size<SubmitCase>();
    case CommandKind::kRegisterCase:
      return checked_size<RegisterCase>();
    case CommandKind::kAmendCase:
      return checked_size<AmendCase>();
    case CommandKind::kWithdrawCase:
      return checked_size<WithdrawCase>();
    case CommandKind::kAnswerCase:
      return checked_size<AnswerCase>();
    case CommandKind::kRecordFees:
      return noted_size<RecordFees>();
    case CommandKind::kRecordDecision:
      return checked_size<RecordDecision>();
    case CommandKind::kReferCase:
      return checked_size<ReferCase>();
    case CommandKind::kCloseCase:
      return checked_size<CloseCase>();
    case CommandKind::kMoveCase:
      return checked_size<MoveCase>();
    case CommandKind::kClaim:
      return checked_size<Claim>();
    case CommandKind::kUnclaim:
      return checked_size<Unclaim>();
    case CommandKind::kStart:
      return checked_size<Start>();
    case CommandKind::kRenew:
      return checked_size<Renew>();
    case CommandKind::kComplete:
      return checked_size<Complete>();
    case CommandKind::kReturn:
      return checked_size<Return>();
    case CommandKind::kDecline:
      return checked_size<Decline>();
    case CommandKind::kSchedule:
      return checked_size<Schedule>();
    case CommandKind::kHold:
      return checked_size<Hold>();
    case CommandKind::kRelease:
      return checked_size<Release>();
    case CommandKind::kExpedite:
      return checked_size<Expedite>();
    case CommandKind::kReassign:
      return checked_size<Reassign>();
    case CommandKind::kCancel:
      return checked_size<Cancel>();
    case CommandKind::kApplyPlan:
      return checked_size<ApplyPlan>();
    case CommandKind::kLockPlan:
      return checked_size<LockPlan>();
    case CommandKind::kLoadZoning:
      return noted_size<LoadZoning>();
    case CommandKind::kValidateZoning:
      return noted_size<ValidateZoning>();
    case CommandKind::kNotifyZoning:
      return checked_size<NotifyZoning>();
    case CommandKind::kDropZoning:
      return checked_size<DropZoning>();
    case CommandKind::kRebaseCase:
      return checked_size<RebaseCase>();
    case CommandKind::kSetLicenceRules:
      return noted_size<SetLicenceRules>();
    case CommandKind::kSetOfficesWanted:
      return checked_size<SetOfficesWanted>();
    case CommandKind::kOpenRound:
      return noted_size<OpenRound>();
    case CommandKind::kCloseRound:
      return checked_size<CloseRound>();
    case CommandKind::kApplyForLicence:
      return noted_size<ApplyForLicence>();
    case CommandKind::kRecordLicenceCheck:
      return checked_size<RecordLicenceCheck>();
    case CommandKind::kWithdrawApplication:
      return checked_size<WithdrawApplication>();
    case CommandKind::kRecordExamResult:
      return noted_size<RecordExamResult>();
    case CommandKind::kRecordBoardFinding:
      return checked_size<RecordBoardFinding>();
    case CommandKind::kRankRound:
      return checked_size<RankRound>();
    case CommandKind::kDefineVenue:
      return noted_size<DefineVenue>();
    case CommandKind::kRecordRent:
      return noted_size<RecordRent>();
    case CommandKind::kRecordEquipment:
      return noted_size<RecordEquipment>();
    case CommandKind::kEquipOffice:
      return noted_size<EquipOffice>();
    case CommandKind::kRenewLicence:
      return checked_size<RenewLicence>();
    case CommandKind::kSetTechnicalManager:
      return checked_size<SetTechnicalManager>();
    case CommandKind::kTurnLottery:
      return checked_size<TurnLottery>();
  }
  return 0;
}

}  // namespace permitd::scheduler
