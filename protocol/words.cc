#include "protocol/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

namespace permitd::protocol {

namespace {

using namespace std::string_view_literals;

constexpr std::array kSkillNames{"file"sv,   "inspect"sv, "admin"sv,
                                 "review"sv, "deliver"sv, "confirm"sv};
static_assert(kSkillNames.size() == scheduler::kSkillCount);

constexpr std::array kPriorityClassNames{"expedited"sv, "municipal"sv, "other"sv};
static_assert(kPriorityClassNames.size() == scheduler::kClassCount);

constexpr std::array kStageNames{"fileFormation"sv, "siteInspection"sv,    "adminProcessing"sv,
                                 "planReview"sv,    "municipalDecision"sv, "permitDelivery"sv};
static_assert(kStageNames.size() == scheduler::kStageCount);

constexpr std::array kCaseStateNames{
    "draft"sv,    "registered"sv,       "inProgress"sv, "awaitingApplicant"sv, "awaitingAgency"sv,
    "held"sv,     "awaitingDecision"sv, "approved"sv,   "delivered"sv,         "closed"sv,
    "rejected"sv, "withdrawn"sv,        "lapsed"sv,     "referred"sv};
static_assert(kCaseStateNames.size() == scheduler::kCaseStateCount);

constexpr std::array kJobStateNames{"blocked"sv, "ready"sv,     "scheduled"sv, "assigned"sv,
                                    "started"sv, "done"sv,      "confirmed"sv, "returned"sv,
                                    "held"sv,    "escalated"sv, "cancelled"sv};
static_assert(kJobStateNames.size() == scheduler::kJobStateCount);

constexpr std::array kOfficeStateNames{"none"sv,    "equipping"sv, "active"sv,     "suspended"sv,
                                       "expired"sv, "revoked"sv,   "surrendered"sv};
constexpr std::array kExpertStateNames{"none"sv,        "candidate"sv, "inTraining"sv,
                                       "examPending"sv, "certified"sv, "suspended"sv,
                                       "expired"sv,     "left"sv};
constexpr std::array kJobKindNames{"work"sv, "confirmation"sv};
constexpr std::array kReachNames{"city"sv, "office"sv};
constexpr std::array kConfirmerFallbackNames{"anyHead"sv, "intakeHead"sv, "supervisor"sv};
constexpr std::array kConfirmerNames{"nobody"sv, "officeHead"sv, "secondReviewerAboveArea"sv};
constexpr std::array kHalfDayNames{"morning"sv, "afternoon"sv};

constexpr std::array kSlaBandNames{"green"sv, "amber"sv, "red"sv, "paused"sv};
static_assert(kSlaBandNames.size() == scheduler::kSlaBandCount);

constexpr std::array kActorKindNames{"engine"sv,     "office"sv,   "expert"sv,
                                     "supervisor"sv, "operator"sv, "auditor"sv};

constexpr std::array kReasonNames{"none"sv,
                                  "documentsIncomplete"sv,
                                  "agencyInquiry"sv,
                                  "defect"sv,
                                  "noAccess"sv,
                                  "conflictOfInterest"sv,
                                  "tooFar"sv,
                                  "overload"sv,
                                  "illness"sv,
                                  "leave"sv,
                                  "leaseExpired"sv,
                                  "certificateLapsed"sv,
                                  "expertSuspended"sv,
                                  "officeInactive"sv,
                                  "supervisorOrder"sv,
                                  "applicantRequest"sv,
                                  "applicantSilent"sv,
                                  "violation"sv,
                                  "notOnShift"sv,
                                  "other"sv,
                                  "serviceNotActive"sv,
                                  "planned"sv,
                                  "planOver"sv,
                                  "licenceLapsed"sv,
                                  "managerInactive"sv,
                                  "suspensionOver"sv,
                                  "suspensionKept"sv};
static_assert(kReasonNames.size() == scheduler::kReasonCount);

constexpr std::array kFilterNames{"none"sv,     "office"sv,   "skill"sv,    "certificate"sv,
                                  "fourEyes"sv, "conflict"sv, "shift"sv,    "absence"sv,
                                  "capacity"sv, "district"sv, "heldMost"sv, "pairRepeat"sv};
static_assert(kFilterNames.size() == scheduler::kFilterCount);

constexpr std::array kEventKindNames{
    "caseChanged"sv,        "jobChanged"sv,     "jobCreated"sv,       "caseAmended"sv,
    "feesRecorded"sv,       "slaNotified"sv,    "slaBreached"sv,      "slaEscalated"sv,
    "expedited"sv,          "deadlineMoved"sv,  "officeChanged"sv,    "expertChanged"sv,
    "certificateChanged"sv, "absenceChanged"sv, "referenceChanged"sv, "capacityOverridden"sv,
    "jobMoved"sv,           "jobPlanned"sv,     "planEnded"sv,        "planLocked"sv,
    "zoningChanged"sv,      "zoningChecked"sv,  "caseRebased"sv,      "shareUsed"sv,
    "licenceChanged"sv,     "roundChanged"sv,   "venueChanged"sv,     "licenceChecked"sv,
    "licenceRecorded"sv,    "caseMoved"sv};
static_assert(kEventKindNames.size() ==
              static_cast<std::size_t>(scheduler::EventKind::kCaseMoved) + 1);

constexpr std::array kStuckNames{"notStuck"sv,         "finished"sv,
                                 "caseDraft"sv,        "held"sv,
                                 "escalated"sv,        "awaitingApplicant"sv,
                                 "awaitingAgency"sv,   "caseHeld"sv,
                                 "referred"sv,         "awaitingDecision"sv,
                                 "feesNotPaid"sv,      "serviceNotActive"sv,
                                 "appointmentAhead"sv, "noCertifiedExpert"sv,
                                 "calendarClosed"sv,   "nobodyFits"sv,
                                 "nobodyAvailable"sv,  "awaitingConfirmation"sv,
                                 "reserved"sv,         "municipalFirst"sv,
                                 "offerDue"sv};
static_assert(kStuckNames.size() == scheduler::kStuckCount);

constexpr std::array kFieldNames{""sv,
                                 "case"sv,
                                 "job"sv,
                                 "token"sv,
                                 "office"sv,
                                 "expert"sv,
                                 "person"sv,
                                 "service"sv,
                                 "organisation"sv,
                                 "district"sv,
                                 "parcel"sv,
                                 "reference"sv,
                                 "floors"sv,
                                 "areaM2"sv,
                                 "point"sv,
                                 "reason"sv,
                                 "note"sv,
                                 "state"sv,
                                 "skill"sv,
                                 "validity"sv,
                                 "version"sv,
                                 "stages"sv,
                                 "policy"sv,
                                 "day"sv,
                                 "half"sv,
                                 "limits"sv,
                                 "key"sv,
                                 "label"sv,
                                 "actor"sv,
                                 "amountRial"sv,
                                 "count"sv,
                                 "owner"sv,
                                 "sovereign"sv,
                                 "mechanised"sv,
                                 "priority"sv,
                                 "command"sv,
                                 "locks"sv,
                                 "milliseconds"sv,
                                 "iterations"sv,
                                 "balancePermille"sv,
                                 "moveMinutes"sv,
                                 "roadPercent"sv,
                                 "speedKmh"sv,
                                 "zone"sv,
                                 "coveragePermille"sv,
                                 "streetWidthDm"sv,
                                 "effect"sv,
                                 "rules"sv,
                                 "round"sv,
                                 "application"sv,
                                 "venue"sv,
                                 "licensee"sv,
                                 "manager"sv,
                                 "age"sv,
                                 "degree"sv,
                                 "nationality"sv,
                                 "check"sv,
                                 "evidence"sv,
                                 "score"sv,
                                 "rent"sv,
                                 "equipment"sv};
static_assert(kFieldNames.size() == static_cast<std::size_t>(scheduler::Field::kEquipment) + 1);

constexpr std::array kZoningStateNames{"none"sv,     "loaded"sv,  "validated"sv,
                                       "notified"sv, "inForce"sv, "superseded"sv};
constexpr std::array kZoningResultNames{"notChecked"sv, "noPlan"sv, "unknownZone"sv, "within"sv,
                                        "beyond"sv};
constexpr std::array kZoningReviewNames{"nobody"sv, "secondReviewer"sv};
constexpr std::array kHomePolicyNames{"propose"sv, "whenEnded"sv, "whenInactive"sv};
constexpr std::array kJobsInHandNames{"returned"sv, "finished"sv};
constexpr std::array kSpanStateNames{"none"sv, "ahead"sv, "inForce"sv, "over"sv};

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_skipped(char c) { return c == '-' || c == '_'; }

/// Length of the UTF-8 sequence that begins at `at`, 0 when it is not a valid one. Overlong forms,
/// surrogates and values above U+10FFFF are not valid (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const auto in = [](unsigned value, unsigned low, unsigned high) {
    return value >= low && value <= high;
  };
  const unsigned lead = byte(0);
  if (in(lead, 0xC2, 0xDF)) return in(byte(1), 0x80, 0xBF) ? 2 : 0;
  if (in(lead, 0xE0, 0xEF)) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (in(lead, 0xF0, 0xF4)) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) && in(byte(3), 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

#define PERMIT_NAMES(Enum)                                        \
  template <>                                                     \
  std::span<const std::string_view> names_of<scheduler::Enum>() { \
    return k##Enum##Names;                                        \
  }
PERMIT_NAMES(Skill)
PERMIT_NAMES(PriorityClass)
PERMIT_NAMES(Stage)
PERMIT_NAMES(CaseState)
PERMIT_NAMES(JobState)
PERMIT_NAMES(OfficeState)
PERMIT_NAMES(ExpertState)
PERMIT_NAMES(JobKind)
PERMIT_NAMES(Reach)
PERMIT_NAMES(Confirmer)
PERMIT_NAMES(ConfirmerFallback)
PERMIT_NAMES(HalfDay)
PERMIT_NAMES(SlaBand)
PERMIT_NAMES(ActorKind)
PERMIT_NAMES(Reason)
PERMIT_NAMES(Filter)
PERMIT_NAMES(EventKind)
PERMIT_NAMES(Stuck)
PERMIT_NAMES(Field)
PERMIT_NAMES(ZoningState)
PERMIT_NAMES(ZoningResult)
PERMIT_NAMES(ZoningReview)
PERMIT_NAMES(HomePolicy)
PERMIT_NAMES(JobsInHand)
PERMIT_NAMES(SpanState)
#undef PERMIT_NAMES

std::string_view name_of(scheduler::Refusal value) {
  using enum scheduler::Refusal;
  switch (value) {
    case kNone:
      return "none";
    case kUnknownCase:
      return "unknownCase";
    case kUnknownJob:
      return "unknownJob";
    case kUnknownOffice:
      return "unknownOffice";
    case kUnknownExpert:
      return "unknownExpert";
    case kUnknownService:
      return "unknownService";
    case kUnknownOrganisation:
      return "unknownOrganisation";
    case kWrongState:
      return "wrongState";
    case kStaleLease:
      return "staleLease";
    case kNotHolder:
      return "notHolder";
    case kNotAllowed:
      return "notAllowed";
    case kOfficeNotActive:
      return "officeNotActive";
    case kServiceNotActive:
      return "serviceNotActive";
    case kNotDelegable:
      return "notDelegable";
    case kOrganisationNotEnabled:
      return "organisationNotEnabled";
    case kOutOfRange:
      return "outOfRange";
    case kMissing:
      return "missing";
    case kKeyMissing:
      return "keyMissing";
    case kKeyReused:
      return "keyReused";
    case kNotEligible:
      return "notEligible";
    case kNotMunicipal:
      return "notMunicipal";
    case kFeesNotPaid:
      return "feesNotPaid";
    case kOutsideCalendar:
      return "outsideCalendar";
    case kNothingToDo:
      return "nothingToDo";
    case kCasesFull:
      return "casesFull";
    case kJobsFull:
      return "jobsFull";
    case kHistoryFull:
      return "historyFull";
    case kNotCompatible:
      return "notCompatible";
    case kNotPlanned:
      return "notPlanned";
    case kUnknownZoning:
      return "unknownZoning";
    case kUnknownRound:
      return "unknownRound";
    case kUnknownApplication:
      return "unknownApplication";
    case kUnknownVenue:
      return "unknownVenue";
    case kNotEnoughPlaces:
      return "notEnoughPlaces";
    case kRoundNotOpen:
      return "roundNotOpen";
    case kAlreadyApplied:
      return "alreadyApplied";
    case kVenueTaken:
      return "venueTaken";
    case kConditionNotMet:
      return "conditionNotMet";
    case kRequirementMissing:
      return "requirementMissing";
    case kApplicationsFull:
      return "applicationsFull";
    case kAbsencesFull:
      return "absencesFull";
    case kBusy:
      return "busy";
    case kQuotaExceeded:
      return "quotaExceeded";
    case kTooLarge:
      return "tooLarge";
    case kDiskFull:
      return "diskFull";
    case kDraining:
      return "draining";
    case kUnauthenticated:
      return "unauthenticated";
    case kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

std::string_view name_of(scheduler::CommandKind value) {
  using enum scheduler::CommandKind;
  switch (value) {
    case kNone:
      return "none";
    case kSetLimits:
      return "setLimits";
    case kTick:
      return "tick";
    case kSetPolicy:
      return "setPolicy";
    case kSetCalendarDays:
      return "setCalendarDays";
    case kDefineService:
      return "defineService";
    case kDefineOrganisation:
      return "defineOrganisation";
    case kDefineOffice:
      return "defineOffice";
    case kSetOfficeState:
      return "setOfficeState";
    case kActivateService:
      return "activateService";
    case kDefineExpert:
      return "defineExpert";
    case kSetExpertState:
      return "setExpertState";
    case kSetCertificate:
      return "setCertificate";
    case kSetAbsence:
      return "setAbsence";
    case kSubmitCase:
      return "submit";
    case kRegisterCase:
      return "register";
    case kAmendCase:
      return "amend";
    case kWithdrawCase:
      return "withdraw";
    case kAnswerCase:
      return "answer";
    case kRecordFees:
      return "recordFees";
    case kRecordDecision:
      return "recordDecision";
    case kReferCase:
      return "refer";
    case kCloseCase:
      return "close";
    case kMoveCase:
      return "moveCase";
    case kClaim:
      return "claim";
    case kUnclaim:
      return "unclaim";
    case kStart:
      return "start";
    case kRenew:
      return "renew";
    case kComplete:
      return "complete";
    case kReturn:
      return "return";
    case kDecline:
      return "decline";
    case kSchedule:
      return "schedule";
    case kHold:
      return "hold";
    case kRelease:
      return "release";
    case kExpedite:
      return "expedite";
    case kReassign:
      return "reassign";
    case kCancel:
      return "cancel";
    case kApplyPlan:
      return "applyPlan";
    case kLockPlan:
      return "lockPlan";
    case kLoadZoning:
      return "loadZoning";
    case kValidateZoning:
      return "validateZoning";
    case kNotifyZoning:
      return "notifyZoning";
    case kDropZoning:
      return "dropZoning";
    case kRebaseCase:
      return "rebase";
    case kSetLicenceRules:
      return "setLicenceRules";
    case kSetOfficesWanted:
      return "setOfficesWanted";
    case kOpenRound:
      return "openRound";
    case kCloseRound:
      return "closeRound";
    case kApplyForLicence:
      return "applyForLicence";
    case kRecordLicenceCheck:
      return "recordLicenceCheck";
    case kWithdrawApplication:
      return "withdrawApplication";
    case kRecordExamResult:
      return "recordExamResult";
    case kRecordBoardFinding:
      return "recordBoardFinding";
    case kRankRound:
      return "rankRound";
    case kDefineVenue:
      return "defineVenue";
    case kRecordRent:
      return "recordRent";
    case kRecordEquipment:
      return "recordEquipment";
    case kEquipOffice:
      return "equipOffice";
    case kRenewLicence:
      return "renewLicence";
    case kSetTechnicalManager:
      return "setTechnicalManager";
    case kTurnLottery:
      return "turnLottery";
  }
  return "unknown";
}

bool is_same_name(std::string_view left, std::string_view right) {
  std::size_t l = 0;
  std::size_t r = 0;
  while (true) {
    while (l < left.size() && is_skipped(left[l])) ++l;
    while (r < right.size() && is_skipped(right[r])) ++r;
    if (l == left.size() || r == right.size()) return l == left.size() && r == right.size();
    if (folded(left[l++]) != folded(right[r++])) return false;
  }
}

bool is_valid_text(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      if (byte < 0x20 || byte == 0x7F) return false;
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string moment_text(scheduler::Tick at) {
  if (at == scheduler::kNever) return "never";
  // Year 9999 is the last the format can show in four digits.
  constexpr std::int64_t kSecondsMax = 253'402'300'799;
  const std::int64_t seconds = at.ms / 1000;
  if (at.ms < 0 || seconds > kSecondsMax) return fmt::format("{} ms since 1970", at.ms);
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace permitd::protocol
