// The closed sets of permit.capnp against those of the core: equal numbers, checked enumerator by
// enumerator where the schema's compiler gives both names. A value from the wire may lie beyond the
// set that this version knows; it is looked at as a number before it is used as an enumerator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "protocol/permit.capnp.h"
#include "scheduler/outcome.h"
#include "scheduler/types.h"
#include "scheduler/views.h"

namespace permitd::daemon {

/// The core's counterpart of a schema enum, and how many values both have.
template <class WireEnum>
struct EnumPair;

#define PERMIT_ENUM_PAIR(Name, last_of_wire, last_of_core)                                \
  template <>                                                                             \
  struct EnumPair<protocol::Name> {                                                       \
    using Core = scheduler::Name;                                                         \
    static constexpr std::size_t kCount =                                                 \
        static_cast<std::size_t>(protocol::Name::last_of_wire) + 1;                       \
    static_assert(kCount == static_cast<std::size_t>(scheduler::Name::last_of_core) + 1); \
  };
PERMIT_ENUM_PAIR(Skill, CONFIRM, kConfirm)
PERMIT_ENUM_PAIR(PriorityClass, OTHER, kOther)
PERMIT_ENUM_PAIR(Stage, PERMIT_DELIVERY, kPermitDelivery)
PERMIT_ENUM_PAIR(CaseState, REFERRED, kReferred)
PERMIT_ENUM_PAIR(JobState, CANCELLED, kCancelled)
PERMIT_ENUM_PAIR(OfficeState, SURRENDERED, kSurrendered)
PERMIT_ENUM_PAIR(ExpertState, LEFT, kLeft)
PERMIT_ENUM_PAIR(JobKind, CONFIRMATION, kConfirmation)
PERMIT_ENUM_PAIR(Reach, OFFICE, kOffice)
PERMIT_ENUM_PAIR(Confirmer, SECOND_REVIEWER_ABOVE_AREA, kSecondReviewerAboveArea)
PERMIT_ENUM_PAIR(ConfirmerFallback, SUPERVISOR, kSupervisor)
PERMIT_ENUM_PAIR(HalfDay, AFTERNOON, kAfternoon)
PERMIT_ENUM_PAIR(SlaBand, PAUSED, kPaused)
PERMIT_ENUM_PAIR(ActorKind, AUDITOR, kAuditor)
PERMIT_ENUM_PAIR(Reason, SUSPENSION_KEPT, kSuspensionKept)
PERMIT_ENUM_PAIR(Filter, PAIR_REPEAT, kPairRepeat)
PERMIT_ENUM_PAIR(Stuck, OFFER_DUE, kOfferDue)
PERMIT_ENUM_PAIR(ZoningState, SUPERSEDED, kSuperseded)
PERMIT_ENUM_PAIR(ZoningResult, BEYOND, kBeyond)
PERMIT_ENUM_PAIR(ZoningReview, SECOND_REVIEWER, kSecondReviewer)
PERMIT_ENUM_PAIR(HomePolicy, WHEN_INACTIVE, kWhenInactive)
PERMIT_ENUM_PAIR(JobsInHand, FINISHED, kFinished)
PERMIT_ENUM_PAIR(SpanState, OVER, kOver)
PERMIT_ENUM_PAIR(EventKind, CASE_MOVED, kCaseMoved)
PERMIT_ENUM_PAIR(Nationality, OTHER, kOther)
PERMIT_ENUM_PAIR(Degree, DOCTORATE, kDoctorate)
PERMIT_ENUM_PAIR(DegreeField, OTHER, kOther)
PERMIT_ENUM_PAIR(LicenceSubject, MANAGER, kManager)
PERMIT_ENUM_PAIR(LicenceCheck, OWN_VENUE, kOwnVenue)
PERMIT_ENUM_PAIR(CheckResult, NOT_REQUIRED, kNotRequired)
PERMIT_ENUM_PAIR(LicenceState, WITHDRAWN, kWithdrawn)
PERMIT_ENUM_PAIR(RoundState, RANKED, kRanked)
PERMIT_ENUM_PAIR(SelectionRoute, BOARD, kBoard)
PERMIT_ENUM_PAIR(EquipmentItem, ARCHIVE, kArchive)
PERMIT_ENUM_PAIR(EquipmentParty, LICENSEE, kLicensee)
PERMIT_ENUM_PAIR(VenueKind, OWN, kOwn)
PERMIT_ENUM_PAIR(ManagerState, UNCHECKED, kUnchecked)
PERMIT_ENUM_PAIR(ManagerChange, REPLACE, kReplace)
PERMIT_ENUM_PAIR(ResultState, NOT_COMPETENT, kNotCompetent)
#undef PERMIT_ENUM_PAIR

/// Core to wire: always possible.
template <class WireEnum>
constexpr WireEnum to_wire(typename EnumPair<WireEnum>::Core value) {
  return static_cast<WireEnum>(static_cast<std::uint16_t>(value));
}

/// Wire to core: false when the value is not of this version's set.
template <class WireEnum>
[[nodiscard]] constexpr bool to_core(WireEnum value, typename EnumPair<WireEnum>::Core& out) {
  const auto number = static_cast<std::uint16_t>(value);
  if (number >= EnumPair<WireEnum>::kCount) return false;
  out = static_cast<typename EnumPair<WireEnum>::Core>(number);
  return true;
}

// Every enumerator, not only the last: an insertion in the middle of one side must not compile.
#define PERMIT_SAME(Enum, WIRE, kCore)                         \
  static_assert(static_cast<unsigned>(protocol::Enum::WIRE) == \
                static_cast<unsigned>(scheduler::Enum::kCore));
PERMIT_SAME(Skill, FILE, kFile)
PERMIT_SAME(Skill, INSPECT, kInspect)
PERMIT_SAME(Skill, ADMIN, kAdmin)
PERMIT_SAME(Skill, REVIEW, kReview)
PERMIT_SAME(Skill, DELIVER, kDeliver)
PERMIT_SAME(PriorityClass, EXPEDITED, kExpedited)
PERMIT_SAME(PriorityClass, MUNICIPAL, kMunicipal)
PERMIT_SAME(Stage, FILE_FORMATION, kFileFormation)
PERMIT_SAME(Stage, SITE_INSPECTION, kSiteInspection)
PERMIT_SAME(Stage, ADMIN_PROCESSING, kAdminProcessing)
PERMIT_SAME(Stage, PLAN_REVIEW, kPlanReview)
PERMIT_SAME(Stage, MUNICIPAL_DECISION, kMunicipalDecision)
PERMIT_SAME(CaseState, DRAFT, kDraft)
PERMIT_SAME(CaseState, REGISTERED, kRegistered)
PERMIT_SAME(CaseState, IN_PROGRESS, kInProgress)
PERMIT_SAME(CaseState, AWAITING_APPLICANT, kAwaitingApplicant)
PERMIT_SAME(CaseState, AWAITING_AGENCY, kAwaitingAgency)
PERMIT_SAME(CaseState, HELD, kHeld)
PERMIT_SAME(CaseState, AWAITING_DECISION, kAwaitingDecision)
PERMIT_SAME(CaseState, APPROVED, kApproved)
PERMIT_SAME(CaseState, DELIVERED, kDelivered)
PERMIT_SAME(CaseState, CLOSED, kClosed)
PERMIT_SAME(CaseState, REJECTED, kRejected)
PERMIT_SAME(CaseState, WITHDRAWN, kWithdrawn)
PERMIT_SAME(CaseState, LAPSED, kLapsed)
PERMIT_SAME(JobState, BLOCKED, kBlocked)
PERMIT_SAME(JobState, READY, kReady)
PERMIT_SAME(JobState, SCHEDULED, kScheduled)
PERMIT_SAME(JobState, ASSIGNED, kAssigned)
PERMIT_SAME(JobState, STARTED, kStarted)
PERMIT_SAME(JobState, DONE, kDone)
PERMIT_SAME(JobState, CONFIRMED, kConfirmed)
PERMIT_SAME(JobState, RETURNED, kReturned)
PERMIT_SAME(JobState, HELD, kHeld)
PERMIT_SAME(JobState, ESCALATED, kEscalated)
PERMIT_SAME(OfficeState, NONE, kNone)
PERMIT_SAME(OfficeState, EQUIPPING, kEquipping)
PERMIT_SAME(OfficeState, ACTIVE, kActive)
PERMIT_SAME(OfficeState, SUSPENDED, kSuspended)
PERMIT_SAME(OfficeState, EXPIRED, kExpired)
PERMIT_SAME(OfficeState, REVOKED, kRevoked)
PERMIT_SAME(ExpertState, NONE, kNone)
PERMIT_SAME(ExpertState, CANDIDATE, kCandidate)
PERMIT_SAME(ExpertState, IN_TRAINING, kInTraining)
PERMIT_SAME(ExpertState, EXAM_PENDING, kExamPending)
PERMIT_SAME(ExpertState, CERTIFIED, kCertified)
PERMIT_SAME(ExpertState, SUSPENDED, kSuspended)
PERMIT_SAME(ExpertState, EXPIRED, kExpired)
PERMIT_SAME(Confirmer, NOBODY, kNobody)
PERMIT_SAME(Confirmer, OFFICE_HEAD, kOfficeHead)
PERMIT_SAME(ConfirmerFallback, ANY_HEAD, kAnyHead)
PERMIT_SAME(ConfirmerFallback, INTAKE_HEAD, kIntakeHead)
PERMIT_SAME(SlaBand, GREEN, kGreen)
PERMIT_SAME(SlaBand, AMBER, kAmber)
PERMIT_SAME(SlaBand, RED, kRed)
PERMIT_SAME(ActorKind, ENGINE, kEngine)
PERMIT_SAME(ActorKind, OFFICE, kOffice)
PERMIT_SAME(ActorKind, EXPERT, kExpert)
PERMIT_SAME(ActorKind, SUPERVISOR, kSupervisor)
PERMIT_SAME(ActorKind, OPERATOR, kOperator)
PERMIT_SAME(Reason, NONE, kNone)
PERMIT_SAME(Reason, DOCUMENTS_INCOMPLETE, kDocumentsIncomplete)
PERMIT_SAME(Reason, AGENCY_INQUIRY, kAgencyInquiry)
PERMIT_SAME(Reason, DEFECT, kDefect)
PERMIT_SAME(Reason, NO_ACCESS, kNoAccess)
PERMIT_SAME(Reason, CONFLICT_OF_INTEREST, kConflictOfInterest)
PERMIT_SAME(Reason, TOO_FAR, kTooFar)
PERMIT_SAME(Reason, OVERLOAD, kOverload)
PERMIT_SAME(Reason, ILLNESS, kIllness)
PERMIT_SAME(Reason, LEAVE, kLeave)
PERMIT_SAME(Reason, LEASE_EXPIRED, kLeaseExpired)
PERMIT_SAME(Reason, CERTIFICATE_LAPSED, kCertificateLapsed)
PERMIT_SAME(Reason, EXPERT_SUSPENDED, kExpertSuspended)
PERMIT_SAME(Reason, OFFICE_INACTIVE, kOfficeInactive)
PERMIT_SAME(Reason, SUPERVISOR_ORDER, kSupervisorOrder)
PERMIT_SAME(Reason, APPLICANT_REQUEST, kApplicantRequest)
PERMIT_SAME(Reason, APPLICANT_SILENT, kApplicantSilent)
PERMIT_SAME(Reason, VIOLATION, kViolation)
PERMIT_SAME(Reason, NOT_ON_SHIFT, kNotOnShift)
PERMIT_SAME(Reason, OTHER, kOther)
PERMIT_SAME(Reason, SERVICE_NOT_ACTIVE, kServiceNotActive)
PERMIT_SAME(Reason, PLANNED, kPlanned)
PERMIT_SAME(Filter, NONE, kNone)
PERMIT_SAME(Filter, OFFICE, kOffice)
PERMIT_SAME(Filter, SKILL, kSkill)
PERMIT_SAME(Filter, CERTIFICATE, kCertificate)
PERMIT_SAME(Filter, FOUR_EYES, kFourEyes)
PERMIT_SAME(Filter, CONFLICT, kConflict)
PERMIT_SAME(Filter, SHIFT, kShift)
PERMIT_SAME(Filter, ABSENCE, kAbsence)
PERMIT_SAME(Filter, CAPACITY, kCapacity)
PERMIT_SAME(Filter, DISTRICT, kDistrict)
PERMIT_SAME(Filter, HELD_MOST, kHeldMost)
PERMIT_SAME(EventKind, CASE_CHANGED, kCaseChanged)
PERMIT_SAME(EventKind, JOB_CHANGED, kJobChanged)
PERMIT_SAME(EventKind, JOB_CREATED, kJobCreated)
PERMIT_SAME(EventKind, CASE_AMENDED, kCaseAmended)
PERMIT_SAME(EventKind, FEES_RECORDED, kFeesRecorded)
PERMIT_SAME(EventKind, SLA_NOTIFIED, kSlaNotified)
PERMIT_SAME(EventKind, SLA_BREACHED, kSlaBreached)
PERMIT_SAME(EventKind, SLA_ESCALATED, kSlaEscalated)
PERMIT_SAME(EventKind, EXPEDITED, kExpedited)
PERMIT_SAME(EventKind, DEADLINE_MOVED, kDeadlineMoved)
PERMIT_SAME(EventKind, OFFICE_CHANGED, kOfficeChanged)
PERMIT_SAME(EventKind, EXPERT_CHANGED, kExpertChanged)
PERMIT_SAME(EventKind, CERTIFICATE_CHANGED, kCertificateChanged)
PERMIT_SAME(EventKind, ABSENCE_CHANGED, kAbsenceChanged)
PERMIT_SAME(EventKind, REFERENCE_CHANGED, kReferenceChanged)
PERMIT_SAME(EventKind, CAPACITY_OVERRIDDEN, kCapacityOverridden)
PERMIT_SAME(EventKind, JOB_MOVED, kJobMoved)
PERMIT_SAME(EventKind, JOB_PLANNED, kJobPlanned)
PERMIT_SAME(EventKind, PLAN_LOCKED, kPlanLocked)
PERMIT_SAME(EventKind, ZONING_CHANGED, kZoningChanged)
PERMIT_SAME(EventKind, ZONING_CHECKED, kZoningChecked)
PERMIT_SAME(EventKind, CASE_REBASED, kCaseRebased)
PERMIT_SAME(ZoningState, LOADED, kLoaded)
PERMIT_SAME(ZoningState, VALIDATED, kValidated)
PERMIT_SAME(ZoningState, NOTIFIED, kNotified)
PERMIT_SAME(ZoningState, IN_FORCE, kInForce)
PERMIT_SAME(ZoningResult, NO_PLAN, kNoPlan)
PERMIT_SAME(ZoningResult, UNKNOWN_ZONE, kUnknownZone)
PERMIT_SAME(ZoningResult, WITHIN, kWithin)
PERMIT_SAME(EventKind, SHARE_USED, kShareUsed)
PERMIT_SAME(EventKind, PLAN_ENDED, kPlanEnded)
PERMIT_SAME(EventKind, LICENCE_CHANGED, kLicenceChanged)
PERMIT_SAME(EventKind, ROUND_CHANGED, kRoundChanged)
PERMIT_SAME(EventKind, VENUE_CHANGED, kVenueChanged)
PERMIT_SAME(EventKind, LICENCE_CHECKED, kLicenceChecked)
PERMIT_SAME(EventKind, LICENCE_RECORDED, kLicenceRecorded)
PERMIT_SAME(Stuck, NOT_STUCK, kNotStuck)
PERMIT_SAME(Stuck, FINISHED, kFinished)
PERMIT_SAME(Stuck, CASE_DRAFT, kCaseDraft)
PERMIT_SAME(Stuck, HELD, kHeld)
PERMIT_SAME(Stuck, ESCALATED, kEscalated)
PERMIT_SAME(Stuck, AWAITING_APPLICANT, kAwaitingApplicant)
PERMIT_SAME(Stuck, AWAITING_AGENCY, kAwaitingAgency)
PERMIT_SAME(Stuck, CASE_HELD, kCaseHeld)
PERMIT_SAME(Stuck, REFERRED, kReferred)
PERMIT_SAME(Stuck, AWAITING_DECISION, kAwaitingDecision)
PERMIT_SAME(Stuck, FEES_NOT_PAID, kFeesNotPaid)
PERMIT_SAME(Stuck, SERVICE_NOT_ACTIVE, kServiceNotActive)
PERMIT_SAME(Stuck, APPOINTMENT_AHEAD, kAppointmentAhead)
PERMIT_SAME(Stuck, NO_CERTIFIED_EXPERT, kNoCertifiedExpert)
PERMIT_SAME(Stuck, CALENDAR_CLOSED, kCalendarClosed)
PERMIT_SAME(Stuck, NOBODY_FITS, kNobodyFits)
PERMIT_SAME(Stuck, NOBODY_AVAILABLE, kNobodyAvailable)
PERMIT_SAME(Stuck, AWAITING_CONFIRMATION, kAwaitingConfirmation)
PERMIT_SAME(Stuck, RESERVED, kReserved)
PERMIT_SAME(Stuck, MUNICIPAL_FIRST, kMunicipalFirst)
#undef PERMIT_SAME

}  // namespace permitd::daemon
