// What may be asked of the core. A command is a fixed-size value: it travels through rings, is
// written to the journal as it is, and is the only thing that changes state.
//
// The engine stamps `op`, `now` and `seed`; the core has no other source of time or chance.
// Body structs have no implicit padding, so that their bytes are the same on every machine
// (command.cc asserts sizes). Kinds only grow; the number of a retired kind is never used again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/licence_types.h"
#include "scheduler/limits.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

enum class CommandKind : std::uint8_t {
  kNone = 0,
  // The machine.
  kSetLimits = 1,
  kTick = 2,
  // Reference data: what the city is.
  kSetPolicy = 10,
  kSetCalendarDays = 11,
  kDefineService = 12,
  kDefineOrganisation = 13,
  kDefineOffice = 14,
  kSetOfficeState = 15,
  kActivateService = 16,
  kDefineExpert = 17,
  kSetExpertState = 18,
  kSetCertificate = 19,
  kSetAbsence = 20,
  // Cases.
  kSubmitCase = 30,
  kRegisterCase = 31,
  kAmendCase = 32,
  kWithdrawCase = 33,
  kAnswerCase = 34,
  kRecordFees = 35,
  kRecordDecision = 36,
  kReferCase = 37,
  kCloseCase = 38,
  kMoveCase = 39,
  // Work.
  kClaim = 50,
  kUnclaim = 51,
  kStart = 52,
  kRenew = 53,
  kComplete = 54,
  kReturn = 55,
  kDecline = 56,
  kSchedule = 57,
  // Steering.
  kHold = 70,
  kRelease = 71,
  kExpedite = 72,
  kReassign = 73,
  kCancel = 74,
  kApplyPlan = 75,
  kLockPlan = 76,
  // The zoning plan.
  kLoadZoning = 110,
  kValidateZoning = 111,
  kNotifyZoning = 112,
  kDropZoning = 113,
  kRebaseCase = 114,
  // Licences of offices; bodies in licence_types.h.
  kSetLicenceRules = 90,
  kSetOfficesWanted = 91,
  kOpenRound = 92,
  kCloseRound = 93,
  kApplyForLicence = 94,
  kRecordLicenceCheck = 95,
  kWithdrawApplication = 96,
  kRecordExamResult = 97,
  kRecordBoardFinding = 98,
  kRankRound = 99,
  kDefineVenue = 100,
  kRecordRent = 101,
  kRecordEquipment = 102,
  kEquipOffice = 103,
  kRenewLicence = 104,
  kSetTechnicalManager = 105,
  // The lottery.
  kTurnLottery = 120,
};

/// Capacities of the core; always the first command of a journal. Later ones may only grow the
/// limits.
struct SetLimits {
  Limits limits;
};

/// Time passes: fires due timers, at most kTimersPerTickMax of them. `now` is the stamped time.
struct TickBody {
  std::uint64_t reserved = 0;
};

/// Tunables of the scheduler; the defaults are the city's. Ranges are checked; a policy replaces
/// the one before.
struct SetPolicy {
  std::uint16_t attempts_max = 5;    // 1–100; then Escalated
  std::uint16_t lease_minutes = 30;  // 1–1440, renewable; office work
  std::uint16_t claim_wait_minutes =
      30;  // 1–1440: how long a claim keeps an expert available for new jobs
  std::uint16_t near_equal_count = 3;  // 1–8: k, the best candidates the lottery picks among
  std::uint16_t near_equal_permille =
      50;  // 0–1000: a load or score this much above the least still counts as near-equal
  std::uint16_t capacity_units_per_day = 14;  // 1–48, where an expert has no own value
  std::uint16_t visits_per_day = 8;           // 1–48, inspections per expert and day
  std::uint16_t appointment_lead_minutes =
      60;  // 0–10000 working minutes between Ready and the earliest half-day
  std::uint16_t sla_notify_percent = 75;  // 1–100: amber
  std::uint16_t sla_amber_minutes =
      240;  // 0–10000: also amber below this much remaining working time
  std::uint16_t sla_district_percent = 125;  // 100–1000: escalated to the district
  std::uint16_t applicant_silent_days =
      90;  // 1–3650 calendar days in AwaitingApplicant, then Lapsed
  std::uint32_t second_review_area_m2 =
      2000;  // 0–10,000,000: kSecondReviewerAboveArea applies above this
  std::uint32_t key_retention_minutes =
      1440;  // 1–525,600: idempotency keys are remembered at least so long, room allowing
  std::uint16_t complex_floors = 5;  // 0–200: above this a stage's effort_complex applies
  std::uint16_t pair_repeat_visits =
      3;  // 0–100: an inspector is not repeated for one owner within so many visits …
  std::uint16_t pair_repeat_days = 180;  // 0–3650: … or so many days, if another is eligible
  std::uint16_t confirmation_effort_percent =
      25;  // 1–100 of the work's own effort, at least five minutes
  // 0–16: so many visits of each district are looked at for the one nearest to where the expert is,
  // as long as the first by deadline can wait; 0: strictly by deadline
  std::uint16_t near_visits = 0;
  std::uint16_t near_slack_minutes =
      420;  // 0–10,000: can wait: more working time is left than this
  // 0–10,000: when the first by deadline has more working time left than this, a claim is drawn
  // among the first jobs due no more than so many minutes after it, by the clock; 0: strictly by
  // deadline
  std::uint16_t draw_minutes = 60;
  // 0–32: when a job looks for an expert, so many of the least loaded who may take it are compared
  // by the weights below; 0: by load alone
  std::uint16_t compared_count = 0;
  // 0–1000 each: how much counts a hundredth of load, a kilometre on the way to a visit, and a
  // hundredth of load of the whole office
  std::uint16_t load_weight = 1000;
  std::uint16_t travel_weight = 0;
  std::uint16_t share_weight = 0;
  ConfirmerFallback confirmer_fallback = ConfirmerFallback::kAnyHead;
  ZoningReview zoning_review = ZoningReview::kSecondReviewer;
  // 0–100: how much of the effort that an expert is given in a day may be of other organisations
  // although municipal work waits (R17); 0: none
  std::uint8_t reserved_share_percent = 0;
  HomePolicy homes = HomePolicy::kPropose;  // what becomes of the cases of an office that leaves
  // 0–60,000: working time after which the oldest ready job of a class and skill is an alarm (I19);
  // 0: none is. The default is two days of seven hours.
  std::uint16_t waiting_alarm_minutes = 840;
  std::uint16_t lapse_warning_days = 60;  // 0–3650: certificates that end so soon are warned of
  Degree expert_degree = Degree::kAssociate;        // the least with which the training begins (R9)
  JobsInHand jobs_in_hand = JobsInHand::kReturned;  // of an office that leaves
  friend bool operator==(const SetPolicy&, const SetPolicy&) = default;
};

/// Working intervals of consecutive local days as UTC moments; the edge derives them from tzdata,
/// hours and holidays. An interval may not overlap the next day's. Editing days recomputes every
/// open deadline (I12). A day keeps the note of the edit that changed its hours; an edit that says
/// why of hours that stand already gives them its note.
struct CalendarDay {
  std::uint32_t open_minute = 0;  // minutes since the Unix epoch, UTC; meaningless when length is 0
  std::uint16_t length_minutes = 0;  // 0 = closed, at most 1440
};
struct SetCalendarDays {
  std::int32_t first_day = 0;  // days since 1970-01-01 of the local date
  std::uint16_t count = 0;     // 1 … kCalendarDaysPerCommand
  std::uint16_t reserved = 0;
  std::array<std::uint32_t, kCalendarDaysPerCommand> open_minute{};
  std::array<std::uint16_t, kCalendarDaysPerCommand> length_minutes{};
  Note note;  // why these days are as they are; kept with each of them
};

/// Flags of a stage.
inline constexpr std::uint8_t kStageNeedsAppointment = 1;  // SITE_INSPECTION
inline constexpr std::uint8_t kStageIsSovereign =
    2;  // never assigned; recorded with RecordDecision
inline constexpr std::uint8_t kStageNeedsDecision =
    4;  // PERMIT_DELIVERY: Blocked until decided and paid
inline constexpr std::uint8_t kStageFieldLease = 8;  // lease to the end of the shift
inline constexpr std::uint8_t kStageNotMechanised =
    16;  // not delegable: submitting it is refused (R10)
inline constexpr std::uint8_t kStageOnlyIfBuilt = 32;  // skipped unless kSubmitBuilt

struct StageSpec {
  Stage stage = Stage::kFileFormation;
  Skill skill = Skill::kFile;
  Confirmer confirmer = Confirmer::kNobody;
  Reach reach = Reach::kCity;
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;
  std::uint16_t effort_minutes = 0;          // 1–1440 (0 only when sovereign)
  std::uint16_t effort_complex_minutes = 0;  // above policy.complex_floors; 0 = the same
  std::uint16_t sla_minutes = 0;             // working time, 1–60,000
};
static_assert(sizeof(StageSpec) == 12);

/// A version of a service. Cases keep the version in force when they were registered.
struct DefineService {
  ServiceId service{};
  std::uint8_t stage_count = 0;        // 1 … kServiceStagesMax
  std::uint16_t version = 0;           // greater than the last
  std::uint32_t effective_minute = 0;  // in force from then on: minutes since the Unix epoch, UTC
  std::array<StageSpec, kServiceStagesMax> stages{};
  Label label;

  constexpr Tick effective_from() const { return Tick{effective_minute * kMsPerMinute}; }
};

struct DefineOrganisation {
  OrganisationId organisation{};
  PriorityClass priority = PriorityClass::kOther;  // kExpedited is refused
  std::uint8_t enabled = 0;                        // the onboarding gate
  std::uint8_t reserved[5]{};
  Label label;
};

/// Adds an office or changes its description; the state changes by SetOfficeState only, the
/// technical manager of an office that is known by SetTechnicalManager only.
struct DefineOffice {
  OfficeId office{};
  District district = 0;
  OfficeState state = OfficeState::kNone;  // of a new office; ignored for an existing one
  std::uint32_t reserved = 0;
  PersonId licensee{};
  PersonId technical_manager{};  // 0: the office cannot be Active (R3)
  Point point;
  Label label;
};

/// A suspension with `from` begins by itself then, one with `until` ends by itself: the office is
/// Active again if nothing is missing. One can be ahead; any other state, or the present one said
/// again, replaces it or takes it back.
struct SetOfficeState {
  OfficeId office{};
  OfficeState state = OfficeState::kNone;
  Reason reason = Reason::kNone;
  std::uint32_t reserved = 0;
  Tick from = kNever;   // of kSuspended alone, ahead; kNever: at once
  Tick until = kNever;  // of kSuspended alone, after its begin; kNever: until another command
  Note note;
};

/// A service goes over to an office at a moment (R18). `until` kNever = open end; equal to `from` =
/// never.
struct ActivateService {
  OfficeId office{};
  ServiceId service{};
  std::uint8_t reserved[5]{};
  Tick from;
  Tick until;
};

/// Adds an expert or changes who is there; the state changes by SetExpertState only. Who is in
/// training or before the exam has at least the degree that the policy asks for (R9); who is
/// certified already when the record begins was judged before.
struct DefineExpert {
  ExpertId expert{};
  OfficeId office{};
  ExpertState state = ExpertState::kNone;
  Degree degree = Degree::kNone;
  PersonId person{};                // required, for four eyes and conflicts of interest
  std::uint32_t districts = 0;      // bit d set: takes jobs of district d; 0 = all
  std::uint16_t units_per_day = 0;  // 0 = policy
  std::uint16_t reserved2 = 0;
  Point home;
  Label label;
  std::array<PersonId, kRelativesMax> relatives{};  // whom the expert declares (I6); 0: free place
};

/// A suspension with `from` begins by itself then, one with `until` ends by itself: the expert is
/// certified again, as far as the certificates go. Another suspension of who is suspended gives it
/// another end. One can be ahead; any other state, or the present one said again, replaces it or
/// takes it back.
struct SetExpertState {
  ExpertId expert{};
  ExpertState state = ExpertState::kNone;
  Reason reason = Reason::kNone;
  std::uint16_t reserved = 0;
  Tick from = kNever;   // of kSuspended alone, ahead; kNever: at once
  Tick until = kNever;  // of kSuspended alone, after its begin; kNever: until another command
  Note note;
};

/// Grants, renews or revokes (valid_until <= valid_from) a certificate; lapses by tick at
/// valid_until. Granted and renewed only to who is certified, suspended or expired (R9).
struct SetCertificate {
  ExpertId expert{};
  Skill skill = Skill::kFile;
  std::uint8_t reserved[3]{};
  Tick valid_from;
  Tick valid_until;
};

/// Up to kAbsencesMax that are not over are known of an expert; what overlaps or touches is one,
/// for the newest reason. from == until: the one that covers this moment ends there, one that
/// begins there is taken away. Held jobs return when one begins.
struct SetAbsence {
  ExpertId expert{};
  Reason reason = Reason::kLeave;
  std::uint8_t reserved[3]{};
  Tick from;
  Tick until;
  Note note;
};

inline constexpr std::uint8_t kSubmitDraft = 1;  // wait in Draft for RegisterCase
inline constexpr std::uint8_t kSubmitBuilt = 2;  // a building stands there already

/// A request on one parcel for one service, filed by the office that issues the command.
struct SubmitCase {
  ServiceId service{};
  District district = 0;
  OrganisationId organisation{};
  std::uint8_t flags = 0;
  std::uint16_t floors = 0;             // 0–200
  std::uint16_t coverage_permille = 0;  // of the parcel, 0–1000; 0: not stated
  std::uint32_t area_m2 = 0;            // 0–10,000,000
  std::uint16_t street_width_dm = 0;    // decimetres, 0–10,000; 0: not stated
  std::uint16_t reserved = 0;
  Point point;
  PersonId owner{};
  PersonId relative{};  // a declared relative of the owner among the experts
  PersonId designer{};
  PersonId supervising_engineer{};
  Code parcel;     // renewal code, required
  Code reference;  // number of the record at its source, may be empty
  ZoneCode zone;   // empty: the zoning plan is not asked
};

struct RegisterCase {
  CaseId id{};
};

/// Replaces what the applicant may correct before the plan review has begun.
struct AmendCase {
  CaseId id{};
  std::uint32_t area_m2 = 0;
  std::uint16_t floors = 0;
  std::uint16_t coverage_permille = 0;
  PersonId designer{};
  PersonId supervising_engineer{};
  Note note;
  ZoneCode zone;
  std::uint16_t street_width_dm = 0;
  std::uint16_t reserved[3]{};
};

struct WithdrawCase {
  CaseId id{};
  Reason reason = Reason::kApplicantRequest;
  std::uint8_t reserved[7]{};
  Note note;
};

/// The applicant or agency has answered: AwaitingApplicant | AwaitingAgency → InProgress with the
/// time that remained (I16).
struct AnswerCase {
  CaseId id{};
};

/// The fees are paid, once for all. The amount is kept with the case.
struct RecordFees {
  CaseId id{};
  std::uint64_t amount_rial = 0;  // 1 … 10^15
};

struct RecordDecision {
  CaseId id{};
  std::uint8_t approved = 0;
  Reason reason = Reason::kNone;
  std::uint8_t reserved[6]{};
  Note note;
};

/// To the Article 100 commission and (refer = 0) back to InProgress.
struct ReferCase {
  CaseId id{};
  std::uint8_t refer = 1;
  std::uint8_t reserved[7]{};
  Note note;
};

struct CloseCase {
  CaseId id{};
};

/// Another office answers for the case from now on: its own has left Active, or a supervisor's
/// order. What is open moves along; what somebody holds stays in their hands.
struct MoveCase {
  CaseId id{};
  OfficeId office{};  // Active, with the case's service activated
  Reason reason = Reason::kOfficeInactive;
  std::uint8_t reserved[5]{};
  Note note;
};

/// "I am free for `wanted` more jobs": assigns the best ready job the expert may take, if there is
/// one, and keeps the expert available for policy.claim_wait_minutes for the rest, so that the next
/// fitting jobs find them. Sets the number wanted, does not add to it; every assignment takes one
/// off. A claim of n jobs is n commands, the first of which sets the number: the others are
/// `further` ones, so that n stays wanted where nothing is ready.
struct Claim {
  std::uint16_t wanted = 1;   // 1 … kHeldJobsMax
  std::uint16_t further = 0;  // 1: one more job of what is wanted already
  std::uint16_t reserved[2]{};
};
/// No longer available; assigned, not started jobs go back to Ready.
struct Unclaim {
  std::uint64_t reserved = 0;
};

/// The holder's calls. A token that is not the job's present lease is refused (staleLease).
struct Start {
  JobId job{};
  LeaseToken token{};
};
struct Renew {
  JobId job{};
  LeaseToken token{};
};
struct Complete {
  JobId job{};
  LeaseToken token{};
  Note note;
};
/// Work cannot be finished: kDocumentsIncomplete and kAgencyInquiry pause the case; kDefect
/// (review, or a confirmer's rejection) makes rework; kNoAccess sends a missed visit back for a new
/// appointment; kViolation refers the case.
struct Return {
  JobId job{};
  LeaseToken token{};
  Reason reason = Reason::kDefect;
  std::uint8_t reserved[7]{};
  Note note;
};
/// Refuses an assigned, not started job; it goes to somebody else.
struct Decline {
  JobId job{};
  LeaseToken token{};
  Reason reason = Reason::kOther;
  std::uint8_t reserved[7]{};
  Note note;
};

/// Books or moves the appointment of an inspection (Ready | Scheduled). day: days since 1970-01-01,
/// local.
struct Schedule {
  JobId job{};
  std::int32_t day = 0;
  HalfDay half = HalfDay::kMorning;
  std::uint8_t reserved[3]{};
};

struct Hold {
  JobId job{};
  Reason reason = Reason::kSupervisorOrder;
  std::uint8_t pauses_clock = 0;
  std::uint8_t reserved[6]{};
  Note note;
};
struct Release {
  JobId job{};
  Note note;
};
/// Class 0; municipal cases only. Supervisors only; the note is required.
struct Expedite {
  CaseId id{};
  Note note;
};
/// Binds a job to a named expert. Filters apply; override_capacity lifts capacity alone, and needs
/// the note.
struct Reassign {
  JobId job{};
  ExpertId expert{};
  std::uint8_t override_capacity = 0;
  std::uint8_t reserved[3]{};
  Note note;
};
/// Cancels one job that is not part of the chain any more (a Blocked, Escalated or Held one) and
/// rejects its case.
struct Cancel {
  JobId job{};
  Note note;
};

/// Flags of a line: the appointment moves to the planned half-day. Needs a reason.
inline constexpr std::uint8_t kPlanMovesAppointment = 1;

/// One job of a plan: to whom, when, in which order, and how the plan knew it. A line whose job has
/// changed since is dropped.
struct PlanLine {
  JobId job{};
  ExpertId expert{};                  // 0: takes back what an earlier line reserved
  std::uint32_t start_minute = 0;     // minutes since the epoch, UTC: when it begins
  std::uint16_t sequence = 0;         // place among the expert's jobs of that day
  std::uint8_t attempts = 0;          // as JobView.attempts in the snapshot
  JobState state = JobState::kReady;  // as JobView.state in the snapshot
  Reason reason = Reason::kNone;
  std::uint8_t flags = 0;
  std::uint16_t reserved = 0;
};
/// A part of a plan that was made on a snapshot. Each line is judged against the present state and
/// applied or dropped by itself; Outcome tells which, see plan_line_result(). An applied line
/// reserves its job for the expert until its half-day (a visit) or day is over.
struct ApplyPlan {
  Op snapshot_op{};         // what the plan has seen; leases and plans behind it are not touched
  std::uint16_t count = 0;  // 1 … kPlanLinesPerCommand
  std::uint16_t reserved[3]{};
  std::array<PlanLine, kPlanLinesPerCommand> lines{};
};

/// Fixes parts of a planned job, or frees them again; the other parts stay as they are. Locks bind
/// plans alone: what a supervisor orders, and the end of the reservation, take them off.
struct LockPlan {
  JobId job{};
  std::uint8_t locks = 0;      // kLock… bits, at least one
  std::uint8_t is_locked = 1;  // 0: frees them
  std::uint8_t reserved[6]{};
  Note note;
};

/// Effect of an unmet condition: nothing may be built. Any other value: so many floors are lost.
inline constexpr std::uint8_t kZoningRefuses = 255;

/// What may be built in one zone.
struct ZoningRule {
  ZoneCode zone;
  std::uint32_t area_min_m2 = 0;        // 0: no condition; at most 10,000,000
  std::uint16_t coverage_permille = 0;  // of the parcel, 0–1000
  std::uint16_t street_min_dm = 0;      // decimetres, at most 10,000; 0: no condition
  std::uint16_t floors = 0;             // 0–200
  std::uint8_t area_effect = 0;         // floors lost, or kZoningRefuses, on a smaller parcel
  std::uint8_t street_effect = 0;       // the same in a narrower street
  std::uint8_t reserved[4]{};
  friend bool operator==(const ZoningRule&, const ZoningRule&) = default;
};
static_assert(sizeof(ZoningRule) == 24);

/// Rules of a version of the zoning plan; the first such command begins the version. Rules may come
/// in any order and in as many commands as it takes.
struct LoadZoning {
  std::uint16_t version = 0;  // a new one is greater than all that are kept
  std::uint16_t count = 0;    // 1 … kZoningRulesPerCommand
  std::uint16_t total = 0;    // rules of the whole version, 1 … kZoningRulesMax
  std::uint16_t reserved = 0;
  std::array<ZoningRule, kZoningRulesPerCommand> rules{};
};
/// Loaded → Validated, when all rules are there, no zone twice, every condition with an effect.
struct ValidateZoning {
  std::uint16_t version = 0;
  std::uint8_t reserved[6]{};
};
/// Validated → Notified: in force from `effective_from`, by tick, in place of the one before.
struct NotifyZoning {
  std::uint16_t version = 0;
  std::uint8_t reserved[6]{};
  Tick effective_from;  // not before now, and after that of every other one
  Note note;
};
/// Takes back a version that judges no case: not yet in force, or no more.
struct DropZoning {
  std::uint16_t version = 0;
  std::uint8_t reserved[6]{};
  Note note;  // required when it was notified
};
/// Has an open case judged by the version in force now (I17). The note is required.
struct RebaseCase {
  CaseId id{};
  Note note;
};

/// A SHA-256 hash, or a secret of that size.
using Hash = std::array<std::uint8_t, 32>;
/// Goes into a secret, so that none is ever made twice.
using Salt = std::array<std::uint8_t, 16>;

/// The lottery turns to the next day: the secret that the draws came from is opened, and the next
/// one is committed to before anything is drawn from it. The engine's own; the core keeps what it
/// is told, and who reads the audit trail checks it, see docs/AUDIT.md.
struct TurnLottery {
  std::int32_t day = 0;      // that the next secret serves, as Scheduler::working_day() has it
  std::uint8_t is_lost = 0;  // 1: the secret before cannot be opened, its key is gone
  std::uint8_t reserved[3]{};
  Hash opened{};      // the secret before; all zero where there is none, or it is lost
  Hash commitment{};  // SHA-256 of the next secret, not all zero
  Salt salt{};        // of the next secret
};

/// Where a command says why behind its own body, see has_note_behind().
struct NotedBody {
  std::array<std::byte, 120> body{};
  Note note;
};

union CommandBody {
  std::array<std::byte, 200> bytes;
  NotedBody noted;
  SetLimits set_limits;
  TickBody tick;
  SetPolicy set_policy;
  SetCalendarDays set_calendar_days;
  DefineService define_service;
  DefineOrganisation define_organisation;
  DefineOffice define_office;
  SetOfficeState set_office_state;
  ActivateService activate_service;
  DefineExpert define_expert;
  SetExpertState set_expert_state;
  SetCertificate set_certificate;
  SetAbsence set_absence;
  SubmitCase submit_case;
  RegisterCase register_case;
  AmendCase amend_case;
  WithdrawCase withdraw_case;
  AnswerCase answer_case;
  RecordFees record_fees;
  RecordDecision record_decision;
  ReferCase refer_case;
  CloseCase close_case;
  MoveCase move_case;
  Claim claim;
  Unclaim unclaim;
  Start start;
  Renew renew;
  Complete complete;
  Return return_;
  Decline decline;
  Schedule schedule;
  Hold hold;
  Release release;
  Expedite expedite;
  Reassign reassign;
  Cancel cancel;
  ApplyPlan apply_plan;
  LockPlan lock_plan;
  LoadZoning load_zoning;
  ValidateZoning validate_zoning;
  NotifyZoning notify_zoning;
  DropZoning drop_zoning;
  RebaseCase rebase_case;
  SetLicenceRules set_licence_rules;
  SetOfficesWanted set_offices_wanted;
  OpenRound open_round;
  CloseRound close_round;
  ApplyForLicence apply_for_licence;
  RecordLicenceCheck record_licence_check;
  WithdrawApplication withdraw_application;
  RecordExamResult record_exam_result;
  RecordBoardFinding record_board_finding;
  RankRound rank_round;
  DefineVenue define_venue;
  RecordRent record_rent;
  RecordEquipment record_equipment;
  EquipOffice equip_office;
  RenewLicence renew_licence;
  SetTechnicalManager set_technical_manager;
  TurnLottery turn_lottery;

  CommandBody() : bytes{} {}
};

/// A command as the edges build it. `now`, `op` and `seed` are zero until the engine stamps them.
struct Command {
  Op op{};
  Tick now;
  std::uint64_t seed = 0;  // drawn by the engine; the only source of chance in the core
  IdempotencyKey key;      // all-zero only for kTick, kSetLimits, kTurnLottery
  Actor actor;
  CommandKind kind = CommandKind::kNone;
  std::uint8_t reserved[7]{};
  CommandBody body;
};
static_assert(sizeof(Command) == 256);
static_assert(std::is_trivially_copyable_v<Command>);

/// Whether CommandBody::noted holds the note of such a command: its own body has none, and leaves
/// the room.
constexpr bool has_note_behind(CommandKind kind) {
  using enum CommandKind;
  return kind == kSetPolicy || kind == kDefineService || kind == kDefineOrganisation ||
         kind == kDefineOffice || kind == kActivateService || kind == kDefineExpert ||
         kind == kSetCertificate || kind == kRecordFees || kind == kLoadZoning ||
         kind == kValidateZoning || kind == kSetLicenceRules || kind == kOpenRound ||
         kind == kApplyForLicence || kind == kRecordExamResult || kind == kDefineVenue ||
         kind == kRecordRent || kind == kRecordEquipment || kind == kEquipOffice;
}

/// Size of the body of `kind` in bytes, with the note behind it; 0 for a kind that does not exist.
std::size_t body_size(CommandKind kind);

}  // namespace permitd::scheduler
