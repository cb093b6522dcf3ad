// The vocabulary of the core: identifiers, units and the closed sets of codes.
//
// Everything here is a trivially copyable value with a fixed width, because these types are stored
// in snapshots and hashed into the state digest. Enumerator values are part of the journal format:
// they only grow and are never renumbered.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace permitd::scheduler {

/// A moment: milliseconds since the Unix epoch, UTC. Local time is a matter of the edges.
struct Tick {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Tick, Tick) = default;
};
inline constexpr Tick kNever{INT64_MAX};
inline constexpr std::int64_t kMsPerMinute = 60'000;

/// A span of working time or effort, in minutes.
struct Minutes {
  std::int32_t count = 0;
  friend constexpr auto operator<=>(Minutes, Minutes) = default;
};
/// One unit of capacity is 30 minutes of effort.
inline constexpr std::int32_t kMinutesPerUnit = 30;

/// Journal operation number; 1 is the first, 0 means none.
enum class Op : std::uint64_t {};
/// Sequential number of a case, never reused; 0 means none.
enum class CaseId : std::uint64_t {};
/// Sequential number of a job, never reused; 0 means none.
enum class JobId : std::uint64_t {};
/// Office code as printed on the door: district × 100 + serial, so 101 is "0101". 1 … 9999; 0 means
/// none.
enum class OfficeId : std::uint16_t {};
/// Number of an expert, 1 … Limits::experts_max; 0 means none.
enum class ExpertId : std::uint32_t {};
/// A natural person as the municipality numbers them (owner, designer, licensee, …); 0 means
/// unknown.
enum class PersonId : std::uint64_t {};
/// Owner of a request stream, 1 … 255; 0 is not an organisation.
enum class OrganisationId : std::uint8_t {};
/// Catalogue code of a service, 1 … 63.
enum class ServiceId : std::uint8_t {};
/// District (منطقه) of a parcel, 1 … 31; 0 means none. Tehran has 22.
using District = std::uint8_t;
inline constexpr std::size_t kDistrictCount = 32;
/// Fencing token of a lease: the op that granted it, so a later lease always has a greater token.
enum class LeaseToken : std::uint64_t {};

template <class Id>
requires std::is_enum_v<Id>
constexpr auto raw(Id id) { return static_cast<std::underlying_type_t<Id>>(id); }

enum class Skill : std::uint8_t { kFile, kInspect, kAdmin, kReview, kDeliver, kConfirm };
inline constexpr std::size_t kSkillCount = 6;

/// Lower starts first. A class-2 job never starts on an expert who could take class 0 or 1 (I7).
enum class PriorityClass : std::uint8_t { kExpedited, kMunicipal, kOther };
inline constexpr std::size_t kClassCount = 3;

/// Stage of a service. kMunicipalDecision is recorded, never assigned (I8).
enum class Stage : std::uint8_t {
  kFileFormation,
  kSiteInspection,
  kAdminProcessing,
  kPlanReview,
  kMunicipalDecision,
  kPermitDelivery,
};
inline constexpr std::size_t kStageCount = 6;

enum class CaseState : std::uint8_t {
  kDraft,
  kRegistered,
  kInProgress,
  kAwaitingApplicant,
  kAwaitingAgency,
  kHeld,
  kAwaitingDecision,
  kApproved,
  kDelivered,
  kClosed,     // terminal
  kRejected,   // terminal
  kWithdrawn,  // terminal
  kLapsed,     // terminal
  kReferred,   // to the Article 100 commission
};
inline constexpr std::size_t kCaseStateCount = 14;

enum class JobState : std::uint8_t {
  kBlocked,    // a precondition is missing: activation, decision, fees
  kReady,      // in a ready queue
  kScheduled,  // has an appointment; enters the queue when the half-day begins
  kAssigned,   // bound to a holder by a lease, not begun
  kStarted,
  kDone,  // finished; where a second person must confirm, waits for that
  kConfirmed,
  kReturned,  // defect found: a rework job follows
  kHeld,
  kEscalated,  // too many attempts: on a supervisor's list
  kCancelled,
};
inline constexpr std::size_t kJobStateCount = 11;

enum class OfficeState : std::uint8_t {
  kNone,
  kEquipping,
  kActive,
  kSuspended,
  kExpired,
  kRevoked,
  kSurrendered
};
enum class ExpertState : std::uint8_t {
  kNone,
  kCandidate,
  kInTraining,
  kExamPending,
  kCertified,
  kSuspended,
  kExpired,
  kLeft
};

/// Training and exam come before the certificate (R9); an expired one may be renewed.
constexpr bool may_be_certified(ExpertState state) {
  return state == ExpertState::kCertified || state == ExpertState::kSuspended ||
         state == ExpertState::kExpired;
}

/// Where an interval with a begin and an end stands: of a certificate, or an absence.
enum class SpanState : std::uint8_t {
  kNone,     // there is none
  kAhead,    // begins later
  kInForce,  // has begun, and has not ended
  kOver,
};
/// Of an interval at a moment; `until` 0: there is none.
constexpr SpanState span_state(Tick from, Tick until, Tick at) {
  if (until.ms == 0) return SpanState::kNone;
  if (until <= at) return SpanState::kOver;
  return from <= at ? SpanState::kInForce : SpanState::kAhead;
}

/// What a job asks for. A confirmation is a job of its own, held by a second person.
enum class JobKind : std::uint8_t { kWork, kConfirmation };

/// Who may take a job: any expert whose districts include the parcel's, or only the experts of one
/// office.
enum class Reach : std::uint8_t { kCity, kOffice };

/// Who confirms in place of an office head whose office is not Active (any more).
enum class ConfirmerFallback : std::uint8_t {
  kAnyHead,     // the head of any office
  kIntakeHead,  // the head of the case's own office; the supervisors when that one is closed, too
  kSupervisor,  // escalated; a release lets any head confirm
};

/// When the open cases of an office that has left Active move to other offices by themselves.
enum class HomePolicy : std::uint8_t {
  kPropose,       // never: new homes are proposed, a supervisor moves the cases
  kWhenEnded,     // Expired, Revoked or Surrendered
  kWhenInactive,  // Suspended, too
};

/// What becomes of what its experts hold when an office leaves Active.
enum class JobsInHand : std::uint8_t {
  kReturned,  // it comes back at once
  kFinished,  // it stays with them until the end of the shift under way, and comes back then
};

/// Who must confirm a finished job of a stage.
enum class Confirmer : std::uint8_t { kNobody, kOfficeHead, kSecondReviewerAboveArea };

enum class HalfDay : std::uint8_t { kMorning, kAfternoon };

/// Who issued a command.
enum class ActorKind : std::uint8_t { kEngine, kOffice, kExpert, kSupervisor, kOperator, kAuditor };
struct Actor {
  ActorKind kind = ActorKind::kEngine;
  std::uint32_t id = 0;  // OfficeId, ExpertId or the number of a supervisor or operator
  friend constexpr bool operator==(Actor, Actor) = default;
};

/// Why something happened, where a reason is required or recorded.
enum class Reason : std::uint8_t {
  kNone,
  kDocumentsIncomplete,  // pauses the clock: AwaitingApplicant
  kAgencyInquiry,        // pauses the clock: AwaitingAgency
  kDefect,               // returned, rework follows
  kNoAccess,             // missed visit
  kConflictOfInterest,
  kTooFar,
  kOverload,
  kIllness,
  kLeave,
  kLeaseExpired,
  kCertificateLapsed,
  kExpertSuspended,
  kOfficeInactive,
  kSupervisorOrder,
  kApplicantRequest,
  kApplicantSilent,
  kViolation,
  kNotOnShift,
  kOther,
  kServiceNotActive,  // the service's activation at the holder's office has ended
  kPlanned,           // by a plan
  kPlanOver,          // its planned half-day or day has passed
  kLicenceLapsed,     // the office's licence has run out
  kManagerInactive,   // the office has no technical manager who can act (R3)
  kSuspensionOver,    // the moment until which the expert or office was suspended has come (R9)
  kSuspensionKept,    // it has come, and the office lacks what it needs to be Active
};
inline constexpr std::size_t kReasonCount = 27;

/// What a supervisor has fixed of a planned job, a bit each: a plan may move what is not fixed.
inline constexpr std::uint8_t kLockPerson = 1;  // who does it
inline constexpr std::uint8_t kLockStart = 2;   // its half-day
inline constexpr std::uint8_t kLockOrder = 4;   // its number in the order of that person's day
inline constexpr std::uint8_t kLockAll = kLockPerson | kLockStart | kLockOrder;

/// 128-bit idempotency key chosen by the client, unique per actor. All-zero means no key.
struct IdempotencyKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr bool operator==(const IdempotencyKey&, const IdempotencyKey&) = default;
};

/// Where a version of the zoning plan stands; only forward, but for what is dropped.
enum class ZoningState : std::uint8_t {
  kNone,
  kLoaded,     // its rules are coming in
  kValidated,  // complete and coherent
  kNotified,   // announced: in force from a moment to come
  kInForce,
  kSuperseded,  // kept while cases are judged by it
};

/// What the zoning plan says to what a case asks for. Never a decision: that is the municipality's.
enum class ZoningResult : std::uint8_t {
  kNotChecked,   // the case names no zone
  kNoPlan,       // no version was in force when it was registered
  kUnknownZone,  // the version that judges it has no such zone
  kWithin,
  kBeyond,  // more floors or more coverage than allowed
};

/// Who must look again at a plan review whose case the zoning plan leaves in doubt.
enum class ZoningReview : std::uint8_t { kNobody, kSecondReviewer };

// What a check of the zoning plan found besides its result, a bit each.
inline constexpr std::uint8_t kZoningAreaUnmet = 1;      // smaller than the least area
inline constexpr std::uint8_t kZoningStreetUnmet = 2;    // a street narrower than the least width
inline constexpr std::uint8_t kZoningAreaUnknown = 4;    // asked for, and not stated
inline constexpr std::uint8_t kZoningStreetUnknown = 8;  // the same
inline constexpr std::uint8_t kZoningNotBuildable = 16;  // an unmet condition allows nothing
inline constexpr std::uint8_t kZoningConditions = 31;

/// Whether a finding leaves something that a second reviewer should see: what is beyond the plan,
/// and a zone, area or street that could not be judged because it was left out. Floors and coverage
/// of 0 are within. `has_plan`: a version judges the case.
constexpr bool is_zoning_doubtful(ZoningResult result, std::uint8_t conditions, bool has_plan) {
  switch (result) {
    case ZoningResult::kNotChecked:
      return has_plan;  // names no zone
    case ZoningResult::kNoPlan:
      return false;
    case ZoningResult::kWithin:
      return (conditions & (kZoningAreaUnknown | kZoningStreetUnknown)) != 0;
    case ZoningResult::kBeyond:
    case ZoningResult::kUnknownZone:
      return true;
  }
  return true;
}

/// Fixed-size UTF-8 text, zero-padded; `size` bytes are used. Never cut inside a character at the
/// edge.
template <std::size_t N>
struct Text {
  std::uint8_t size = 0;
  std::array<char, N> bytes{};
  static constexpr std::size_t kCapacity = N;
  friend constexpr bool operator==(const Text&, const Text&) = default;
};
using Label = Text<39>;    // 40 bytes: names of offices, experts, services
using Note = Text<79>;     // 80 bytes: the free-text part of a reason
using ZoneCode = Text<7>;  // "R122": capital letters and digits; empty = none
using Code = Text<23>;     // 24 bytes: renewal code of a parcel, reference of an outside record

/// Point on the map, degrees × 1,000,000. {0, 0} means unknown.
struct Point {
  std::int32_t lat_e6 = 0;
  std::int32_t lon_e6 = 0;
  friend constexpr bool operator==(Point, Point) = default;
};

}  // namespace permitd::scheduler
