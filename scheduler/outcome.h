// What the core answers. Refusals are values: closed sets, each counted and tested, never
// exceptions.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "scheduler/types.h"

namespace permitd::scheduler {

enum class Refusal : std::uint8_t {
  kNone = 0,  // accepted
  kUnknownCase,
  kUnknownJob,
  kUnknownOffice,
  kUnknownExpert,
  kUnknownService,
  kUnknownOrganisation,
  kWrongState,  // `state` is the present one
  kStaleLease,  // the token is not the job's present lease
  kNotHolder,
  kNotAllowed,  // this kind of actor, or this office, may not do this
  kOfficeNotActive,
  kServiceNotActive,  // not gone over to this office at this moment (R18)
  kNotDelegable,      // sovereign or not mechanised (R10); `field` says which, `state` the stage
  kOrganisationNotEnabled,
  kOutOfRange,  // `field`
  kMissing,     // `field`
  kKeyMissing,
  kKeyReused,    // the same key came with a different body (I3)
  kNotEligible,  // `filter` names the first filter that removed the expert
  kNotMunicipal,
  kFeesNotPaid,
  kOutsideCalendar,  // no calendar is set for that moment
  kNothingToDo,      // already so; nothing changed
  kCasesFull,
  kJobsFull,
  kHistoryFull,
  kNotCompatible,  // e.g. limits may only grow
  kNotPlanned,     // no plan reserves the job: there is nothing to lock
  kUnknownZoning,  // no such version of the zoning plan
  kUnknownRound,
  kUnknownApplication,
  kUnknownVenue,
  kNotEnoughPlaces,     // the city does not want so many offices more (R1)
  kRoundNotOpen,        // takes no applications now; `state` is the round's
  kAlreadyApplied,      // `field` names who has, in this round
  kVenueTaken,          // one venue holds one office (R5)
  kConditionNotMet,     // a person is not what the rules ask for; `field` says in what (R2, R3)
  kRequirementMissing,  // the office cannot be Active; `field` names the first of what is missing
  kApplicationsFull,
  kAbsencesFull,  // so many absences of the expert are known already, and not over
  // Given by the daemon, never by the core.
  kBusy = 64,  // ring full: try again
  kQuotaExceeded,
  kTooLarge,
  kDiskFull,
  kDraining,
  kUnauthenticated,
  kUnsupported,
};

/// Which part of the request a refusal is about.
enum class Field : std::uint8_t {
  kNone,
  kCase,
  kJob,
  kToken,
  kOffice,
  kExpert,
  kPerson,
  kService,
  kOrganisation,
  kDistrict,
  kParcel,
  kReference,
  kFloors,
  kArea,
  kPoint,
  kReason,
  kNote,
  kState,
  kSkill,
  kValidity,
  kVersion,
  kStages,
  kPolicy,
  kDay,
  kHalfDay,
  kLimits,
  kKey,
  kLabel,
  kActor,
  kAmount,
  kCount,
  kOwner,
  kSovereign,
  kMechanised,
  kPriority,
  kCommand,
  kLocks,
  kMilliseconds,
  kIterations,
  kBalance,
  kMoveCost,
  kRoad,
  kSpeed,
  kZone,
  kCoverage,
  kStreetWidth,
  kEffect,
  kRules,
  kRound,
  kApplication,
  kVenue,
  kLicensee,
  kManager,
  kAge,
  kDegree,
  kNationality,
  kCheck,
  kEvidence,
  kScore,
  kRent,
  kEquipment,
};

/// The filters of an assignment in the order they are applied. The first that fails is the one
/// recorded.
enum class Filter : std::uint8_t {
  kNone,
  kOffice,  // the expert's office is not Active, or has the service not activated (I4)
  kSkill,
  kCertificate,  // none, not yet valid, lapsed, or the person suspended (I4)
  kFourEyes,     // did another of the protected roles of this case (I5)
  kConflict,     // owner, relative, designer, engineer, or own licensee or technical manager (I6)
  kShift,
  kAbsence,
  kCapacity,  // I9
  kDistrict,
  kHeldMost,    // already holds kHeldJobsMax jobs
  kPairRepeat,  // inspected for this owner lately, and another is eligible (I14)
};
inline constexpr std::size_t kFilterCount = 12;

/// What became of one line of a plan.
enum class PlanLineResult : std::uint8_t {
  kNone,  // there was no such line
  kApplied,
  kUnknownJob,
  kUnknownExpert,
  kOutOfRange,        // an unknown code, or a start that is over or beyond the horizon
  kBegun,             // started or at its end: never moved
  kNotMovable,        // in a state that no plan touches, or its case waits
  kChanged,           // not as the snapshot had it any more
  kHalfDay,           // not the half-day of its appointment, and the line does not move that
  kReasonMissing,     // moves an appointment without a reason
  kHalfDayFull,       // no room in the half-day that the appointment would move to
  kPlanFull,          // kPlannedPerExpertMax jobs are reserved for the expert
  kNothingToDo,       // already so
  kLocked,            // a supervisor has fixed what the line would change
  kNotEligible = 32,  // + the Filter that keeps the expert from the job at that time
};
constexpr PlanLineResult plan_line_of(Filter filter) {
  return static_cast<PlanLineResult>(raw(PlanLineResult::kNotEligible) + raw(filter));
}

/// The answer to one command. 64 bytes; fields that a kind does not use are zero.
struct Outcome {
  Op op{};             // 0: refused without being journaled
  CaseId case_id{};    // licensing: number of the application or round
  JobId job{};         // submit: first job; claim: the job given, 0 when none fits now
  LeaseToken token{};  // claim, start, renew
  Tick until;  // claim, start, renew: end of the lease; submit: deadline; schedule: begin of the
               // half-day; applyPlan: results of the lines, see plan_line_result(); loadZoning,
               // validateZoning: when refused for a rule, its number in the version, from 1;
               // setCalendarDays: when refused for a day that meets another, its number, from 1
  ExpertId expert{};
  Refusal refusal = Refusal::kNone;
  Field field = Field::kNone;
  Filter filter = Filter::kNone;
  std::uint8_t state = 0;  // CaseState, JobState, OfficeState, ExpertState, ZoningState,
                           // LicenceState or RoundState after it; applyPlan: how many lines were
                           // applied; when refused as kNotDelegable, the Stage
  std::uint8_t repeated =
      0;  // 1: answered from memory of the idempotency key, nothing was done again
  // Which of the values that make up the field is refused, see members.h: which member, and of
  // which row of a list, from 1. 0: not about one. Found anew for an answer from memory.
  std::uint8_t member = 0;
  std::uint16_t row = 0;
  std::uint8_t reserved[12]{};
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
static_assert(sizeof(Outcome) == 64);

/// The results of up to seven lines lie in `until`, a byte each from the lowest on, so that they
/// are remembered with the key like any other answer. Pre: the outcome of an accepted ApplyPlan.
constexpr PlanLineResult plan_line_result(const Outcome& outcome, std::size_t line) {
  return static_cast<PlanLineResult>(static_cast<std::uint64_t>(outcome.until.ms) >> (8 * line) &
                                     0xFF);
}
constexpr void set_plan_line_result(Outcome& outcome, std::size_t line, PlanLineResult result) {
  outcome.until.ms |= static_cast<std::int64_t>(std::uint64_t{raw(result)} << (8 * line));
}
static_assert(std::is_trivially_copyable_v<Outcome>);

enum class EventKind : std::uint8_t {
  kCaseChanged,  // before/after are CaseState
  kJobChanged,   // before/after are JobState; expert is the holder concerned
  kJobCreated,   // after is JobState
  kCaseAmended,
  kFeesRecorded,
  kSlaNotified,   // 75 %
  kSlaBreached,   // 100 %: to the office head
  kSlaEscalated,  // 125 %: to the district
  kExpedited,
  kDeadlineMoved,       // the calendar was edited (I12)
  kOfficeChanged,       // before/after are OfficeState
  kExpertChanged,       // before/after are ExpertState
  kCertificateChanged,  // of `skill`, by a command or by time; before/after are SpanState
  kAbsenceChanged,      // by a command or by time; before/after are SpanState
  kReferenceChanged,    // catalogue, policy, calendar, organisation, activation, limits
  kCapacityOverridden,
  kJobMoved,         // a confirmation goes to another office's head; before/after are the JobState
  kJobPlanned,       // reserved for `expert` by a plan; before/after are the JobState
  kPlanEnded,        // not reserved for `expert` any more; before/after are the JobState
  kPlanLocked,       // its reservation is fixed or freed; before/after are the locks
  kZoningChanged,    // `version` of the zoning plan; before/after are ZoningState: the same where
                     // more rules came in
  kZoningChecked,    // a case by `version`; before/after are ZoningResult
  kCaseRebased,      // judged by `version` from now on; before/after are ZoningResult
  kShareUsed,        // started out of the reserved share while municipal work waited
  kLicenceChanged,   // `subject` is the application; before/after are LicenceState
  kRoundChanged,     // `subject` is the round; before/after are RoundState
  kVenueChanged,     // `subject` is the venue; after: 1 it is held, 0 it is free
  kLicenceChecked,   // `subject` is the application, 0: the manager of `office`, from before the
                     // rounds; before: the LicenceCheck, + 16 for the manager; after: the
                     // CheckResult
  kLicenceRecorded,  // `subject` is the application; before: the CommandKind; after: what was
                     // recorded, as the command had it
  kCaseMoved,        // `office` answers for it from now on; before/after are its CaseState
};
/// Events that name a version of the zoning plan, and neither job nor expert.
constexpr bool names_version(EventKind kind) {
  return kind == EventKind::kZoningChanged || kind == EventKind::kZoningChecked ||
         kind == EventKind::kCaseRebased;
}

/// One state change: who, when, what, before, after, why (I15). Emitted by apply in order; the part
/// that concerns a case is also kept as its history.
struct Event {
  Op op{};
  Tick at;
  CaseId case_id{};  // 0 for events that concern no case
  JobId job{};
  Actor actor;
  ExpertId expert{};
  OfficeId office{};
  EventKind kind = EventKind::kCaseChanged;
  Stage stage = Stage::kFileFormation;
  std::uint8_t before = 0;
  std::uint8_t after = 0;
  Reason reason = Reason::kNone;
  Skill skill = Skill::kFile;  // of kCertificateChanged
  std::uint16_t version = 0;   // of the zoning plan, see names_version()
  std::uint16_t subject = 0;   // of events about licensing, see EventKind
  friend bool operator==(const Event&, const Event&) = default;
};
static_assert(sizeof(Event) == 56 && std::is_trivially_copyable_v<Event>);

}  // namespace permitd::scheduler
