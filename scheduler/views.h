// What can be read from the core: plain values, copied out. All reads run on the engine thread
// between commands; lists are paged with a cursor and look at a bounded number of records per call.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "scheduler/absences.h"
#include "scheduler/command.h"
#include "scheduler/licence_records.h"
#include "scheduler/limits.h"
#include "scheduler/outcome.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// SLA band of a job: green; amber at 75 % used or under 4 working hours left; red breached; grey
/// paused.
enum class SlaBand : std::uint8_t { kGreen, kAmber, kRed, kPaused };
inline constexpr std::size_t kSlaBandCount = 4;

struct JobView {
  JobId job{};
  CaseId case_id{};
  LeaseToken token{};
  Tick ready_since;  // when it last became Ready; kNever while it never was
  Tick deadline;     // kNever while paused
  Tick lease_until;
  Tick appointment;   // begin of the half-day, kNever when none
  ExpertId holder{};  // Assigned, Started, Done: who
  OfficeId intake_office{};
  OfficeId reach_office{};  // whose experts alone may take it; 0: any office's
  std::uint16_t effort_minutes = 0;
  ServiceId service{};
  Stage stage{};
  JobKind kind{};
  JobState state{};
  Skill skill{};
  PriorityClass priority{};
  District district = 0;
  std::uint8_t attempts = 0;
  SlaBand band{};
  bool rework = false;
  Reason reason = Reason::kNone;       // of the last decline, return, hold or expiry
  ExpertId planned_for{};              // reserved for by a plan; 0: for nobody
  Tick planned_start = kNever;         // by that plan
  std::uint8_t plan_locks = 0;         // of the reservation, kLock… bits
  std::int32_t remaining_minutes = 0;  // working time to the deadline; negative when breached
};

/// What a version of the zoning plan says to a case. Floors and coverage are 0 when nothing is
/// allowed, or no rule was found.
struct ZoningFinding {
  ZoningResult result = ZoningResult::kNotChecked;
  std::uint8_t conditions = 0;   // kZoning… bits
  std::uint8_t area_cost = 0;    // floors lost for the area
  std::uint8_t street_cost = 0;  // floors lost for the width of the street
  std::uint16_t allowed_floors = 0;
  std::uint16_t allowed_coverage_permille = 0;
  friend bool operator==(const ZoningFinding&, const ZoningFinding&) = default;
};

/// A version of the zoning plan.
struct ZoningVersionView {
  std::uint16_t version = 0;
  ZoningState state = ZoningState::kNone;
  std::uint16_t rule_count = 0;
  std::uint16_t rules_total = 0;
  std::uint32_t case_count = 0;  // cases in memory that it judges
  Tick effective_from = kNever;  // kNever until it is notified
};

/// An open case to which another version of the zoning plan would say something else.
struct ZoningChangeView {
  CaseId case_id{};
  OfficeId office{};
  District district = 0;
  Stage stage{};
  CaseState state{};
  ZoneCode zone;
  std::uint16_t version = 0;  // that judges it now, 0: none
  std::uint16_t floors = 0;   // asked for
  std::uint16_t coverage_permille = 0;
  ZoningFinding present;  // as the version that judges it has it
  ZoningFinding changed;  // as the other one would
};

struct CaseView {
  CaseId case_id{};
  Tick registered_at;
  Tick closed_at;  // kNever while open
  PersonId owner{};
  PersonId designer{};
  PersonId supervising_engineer{};
  Code parcel;
  Code reference;
  Point point;
  std::uint32_t area_m2 = 0;
  std::uint16_t floors = 0;
  std::uint16_t service_version = 0;
  OfficeId office{};
  ServiceId service{};
  OrganisationId organisation{};
  CaseState state{};
  PriorityClass priority{};
  District district = 0;
  std::uint8_t stage_index = 0;  // into `stages`, the current one
  std::uint8_t stage_count = 0;
  std::array<Stage, kServiceStagesMax> stages{};
  bool decided = false;
  bool fees_paid = false;
  std::uint64_t fees_rial = 0;  // 0 while they are not paid
  bool built = false;
  JobId current_job{};
  ZoneCode zone;
  std::uint16_t coverage_permille = 0;  // asked for
  std::uint16_t street_width_dm = 0;
  std::uint16_t zoning_version = 0;  // that judges it, 0: none
  Tick zoning_checked_at = kNever;   // kNever: it names no zone
  ZoningFinding zoning;              // as of that moment
  // Of the stage that the municipality does: when it is due, kNever also behind the calendar;
  // working time that is left, negative when it is late.
  Tick decision_due = kNever;
  std::int32_t decision_remaining_minutes = 0;
  SlaBand decision_band = SlaBand::kPaused;
};

/// One version of a service in the catalogue.
struct ServiceView {
  ServiceId service{};
  std::uint16_t version = 0;
  std::uint8_t stage_count = 0;
  Tick effective_from;
  std::array<StageSpec, kServiceStagesMax> stages{};
  Label label;
};

struct OrganisationView {
  OrganisationId organisation{};
  PriorityClass priority{};
  bool enabled = false;
  Label label;
};

/// A service at an office, from when until when; `until` not after `from`: it was taken back.
struct ActivationView {
  OfficeId office{};
  ServiceId service{};
  Tick from;
  Tick until;
};

/// Why a day of the calendar is as it is: the edit that set it last.
struct CalendarNoteView {
  std::int32_t day = 0;  // days since 1970-01-01
  Op op{};
  Tick at;
  Actor actor;
  Note note;  // empty: the edit gave none
};

/// A job that a plan reserves for an expert.
struct PlanView {
  JobId job{};
  ExpertId expert{};
  Op op{};     // of the ApplyPlan command
  Tick start;  // as planned
  Tick until;  // when others may take it
  std::uint16_t sequence = 0;
  std::uint16_t effort_minutes = 0;
  Reason reason = Reason::kNone;
  std::uint8_t locks = 0;  // kLock… bits
};

struct HistoryView {
  Event event;
  Note note;
};

struct ExpertView {
  ExpertId expert{};
  PersonId person{};
  OfficeId office{};
  ExpertState state{};
  bool on_shift = false;
  bool absent = false;
  bool available = false;  // has claimed and waits for work
  std::uint16_t units_per_day = 0;
  std::uint16_t booked_minutes_today = 0;
  std::uint16_t other_minutes_today = 0;  // of those, for other organisations
  std::uint16_t visits_today = 0;
  std::uint16_t assigned = 0;
  std::uint16_t started = 0;
  std::uint32_t window_minutes = 0;  // effort over the rolling window
  std::uint64_t done_total = 0;
  std::array<Tick, kSkillCount> certified_from{};
  std::array<Tick, kSkillCount> certified_until{};  // 0 = never certified
  std::uint16_t planned = 0;                        // jobs reserved for it by plans
  std::uint16_t planned_minutes_today = 0;          // of those, effort kept free today
  Degree degree = Degree::kNone;
  Point home;
  Point place;  // of the visit it was given last on this working day; zero: it was given none
  std::uint32_t districts = 0;
  Tick suspended_from = kNever;                     // kNever: no suspension is ahead
  Tick suspended_until = kNever;                    // kNever: not, or until another command
  Absences absences;                                // that are not over
  std::array<PersonId, kRelativesMax> relatives{};  // declared; 0: free place
  Label label;
};

/// Whether what concerns the person concerns the expert: it is the expert, or a declared relative.
inline bool is_near(const ExpertView& expert, PersonId person) {
  return person == expert.person || std::find(expert.relatives.begin(), expert.relatives.end(),
                                              person) != expert.relatives.end();
}

struct OfficeView {
  OfficeId office{};
  District district = 0;
  OfficeState state{};
  std::uint16_t experts_certified = 0;
  std::uint32_t capacity_units_per_day = 0;  // of certified experts
  std::uint64_t services_active = 0;         // bit s: service s is active now
  std::uint64_t cases_submitted = 0;
  std::uint64_t cases_open = 0;
  std::uint64_t done_minutes = 0;    // effort its experts finished, rework not counted
  std::uint64_t window_minutes = 0;  // the same over the rolling window
  std::uint64_t sla_met = 0;
  std::uint64_t sla_missed = 0;
  PersonId licensee{};
  PersonId technical_manager{};
  Point point;
  Label label;
  Tick licence_until = kNever;    // kNever: no term was set
  Tick suspended_from = kNever;   // kNever: no suspension is ahead
  Tick suspended_until = kNever;  // kNever: not, or until another command
  ApplicationId application{};    // 0: licensed before the rounds
  VenueId venue{};
  ManagerState manager_state = ManagerState::kActive;
  SubjectChecks manager_checks = no_checks();  // of a manager who came later to an office that was
                                               // licensed before the rounds
};

/// One candidate of a decision. Loads are effort relative to capacity over the rolling window, in
/// parts per million: what the expert is booked for, what the experts of the office finished.
struct CandidateView {
  ExpertId expert{};
  std::uint32_t load_ppm = 0;
  std::uint32_t metres = 0;      // to the parcel, where it was weighed
  std::uint32_t office_ppm = 0;  // where it was weighed
  friend bool operator==(const CandidateView&, const CandidateView&) = default;
};
/// What counted how much in a decision, 0–1000 each; see SetPolicy. All 0: only the load did.
struct ChoiceWeights {
  std::uint16_t load = 0;
  std::uint16_t travel = 0;
  std::uint16_t share = 0;
  friend bool operator==(const ChoiceWeights&, const ChoiceWeights&) = default;
};
struct RejectedView {
  ExpertId expert{};  // by a claim 0,
  JobId job{};        // else 0
  Filter filter{};
};
struct DrawnView {
  JobId job{};
  std::uint32_t metres = 0;   // a visit's way from where the expert was; 0 when drawn by deadline
  std::uint32_t minutes = 0;  // so much later than the first it is due, by the clock; 0 by nearness
  friend bool operator==(const DrawnView&, const DrawnView&) = default;
};
/// The stored record of one assignment (I13). `seed` and the candidates reproduce `chosen` by
/// choose_near_equal() in decision.h, by a claim `seed` and what was drawn among reproduce `job`.
struct DecisionView {
  JobId job{};
  Op op{};
  Tick at;
  std::uint64_t seed = 0;
  ExpertId chosen{};
  bool by_claim =
      false;  // the expert asked and got the best job; else the job looked for an expert
  bool by_supervisor = false;  // reassign
  bool by_share = false;       // out of the reserved share, while municipal work waited
  bool by_plan = false;        // reserved for the expert by a plan, and given when asked for
  Op plan{};                   // the ApplyPlan command
  Reason plan_reason = Reason::kNone;
  JobId passed_over{};  // was first by deadline and can wait, when another visit was drawn
  std::uint32_t passed_over_metres = 0;
  std::uint16_t compared = 0;  // candidates whose scores, or visits whose ways were compared
  // By a claim, where the first by deadline could wait: the visits about as near, nearest first, or
  // the jobs about as urgent, most urgent first; `job` is one of them. Empty: the first in order
  // was given, and nothing was drawn.
  bool by_deadline = false;
  std::uint8_t drawn_count = 0;
  std::array<DrawnView, kDrawnMax> drawn{};
  bool drawn_hidden = false;  // who reads this sees a part of the city; the core hides nothing
  ChoiceWeights weights;
  std::uint16_t considered = 0;
  std::array<std::uint16_t, kFilterCount> removed{};  // by filter: experts, by a claim jobs
  std::uint16_t municipal_first = 0;  // experts passed over, as municipal work waits for them
  std::uint8_t near_equal_count = 0;
  std::array<CandidateView, 8> near_equal{};
  // The first removed, more may be counted in `removed`; by a claim jobs before the one given.
  std::uint8_t rejected_count = 0;
  std::array<RejectedView, 8> rejected{};
};

/// Municipal jobs that lie ready for an expert: in the queues that the expert's certificates and
/// districts reach, and reserved for the expert by a plan. By class where there are two numbers:
/// expedited, municipal.
struct MunicipalLook {
  std::array<std::uint32_t, 2> waiting{};
  std::array<std::uint32_t, 2> fitting{};             // of them, that the expert may take now
  std::array<std::uint32_t, kFilterCount> removed{};  // the others, by their first filter
  bool cut = false;                                   // the bound left jobs of a queue out
};

/// The lottery's standing commitment, and the last secret that was opened. Before the first turn
/// all of it is zero.
struct LotteryView {
  std::uint64_t turns = 0;
  Op turned{};           // by which command the standing secret was committed to
  std::int32_t day = 0;  // that the standing secret serves
  std::int32_t opened_day = 0;
  Hash commitment{};
  Hash opened{};             // all zero: lost, or none was opened yet
  Hash opened_commitment{};  // what `opened` was committed to as
  Salt salt{};
};
static_assert(std::has_unique_object_representations_v<LotteryView>);

/// Why a job does not move: the first true cause.
enum class Stuck : std::uint8_t {
  kNotStuck,  // being worked on
  kFinished,
  kCaseDraft,
  kHeld,
  kEscalated,
  kAwaitingApplicant,
  kAwaitingAgency,
  kCaseHeld,
  kReferred,
  kAwaitingDecision,
  kFeesNotPaid,
  kServiceNotActive,
  kAppointmentAhead,
  kNoCertifiedExpert,
  kCalendarClosed,
  kNobodyFits,       // a filter keeps every certified expert from it: `removed` says which
  kNobodyAvailable,  // certified experts may take it, none has claimed
  kAwaitingConfirmation,
  kReserved,        // ready, and planned for one expert
  kMunicipalFirst,  // of another organisation, and those who may take it have municipal work first
  kOfferDue,        // somebody who may take it waits for work, and is not offered it yet
};
inline constexpr std::size_t kStuckCount = 21;

/// What a case itself waits for, whatever its jobs do; kNotStuck when nothing.
constexpr Stuck cause_of(CaseState state) {
  switch (state) {
    case CaseState::kDraft:
      return Stuck::kCaseDraft;
    case CaseState::kAwaitingApplicant:
      return Stuck::kAwaitingApplicant;
    case CaseState::kAwaitingAgency:
      return Stuck::kAwaitingAgency;
    case CaseState::kHeld:
      return Stuck::kCaseHeld;
    case CaseState::kReferred:
      return Stuck::kReferred;
    case CaseState::kAwaitingDecision:
      return Stuck::kAwaitingDecision;
    case CaseState::kRegistered:
    case CaseState::kInProgress:
    case CaseState::kApproved:
    case CaseState::kDelivered:
    case CaseState::kClosed:
    case CaseState::kRejected:
    case CaseState::kWithdrawn:
    case CaseState::kLapsed:
      return Stuck::kNotStuck;
  }
  return Stuck::kNotStuck;
}

struct StuckView {
  Stuck cause = Stuck::kNotStuck;
  std::uint32_t certified = 0;      // experts with the skill certified now
  std::uint32_t with_capacity = 0;  // of them no filter keeps from it
  std::uint32_t waiting = 0;        // of these have claimed and wait
  // Of those asked who may take it, municipal work waits for so many; asked are up to 32, and only
  // for a job of another organisation.
  std::uint32_t municipal_asked = 0;
  std::uint32_t municipal_first = 0;
  std::array<std::uint32_t, kFilterCount> removed{};  // certified, by the first filter
  std::uint32_t ahead = 0;  // jobs of the same queue with an earlier deadline; counted up to 1000
  ExpertId reserved_for{};  // by a plan; others get it after `until`
  Tick
      until;  // appointment, reopening of the calendar or end of a reservation, kNever when unknown
};

/// One cell of the open-work cube stage × office (intake) × district × class.
struct OpenCell {
  std::uint32_t blocked = 0;
  std::uint32_t ready = 0;
  std::uint32_t scheduled = 0;
  std::uint32_t assigned = 0;
  std::uint32_t started = 0;
  std::uint32_t held = 0;        // Held and Escalated
  std::uint32_t confirming = 0;  // Done, waiting for the confirmer
  std::uint32_t effort_minutes = 0;
  constexpr std::uint32_t open() const {
    return blocked + ready + scheduled + assigned + started + held + confirming;
  }
};
struct OpenCellView {
  Stage stage{};
  OfficeId office{};
  District district = 0;
  PriorityClass priority{};
  OpenCell cell;
};

/// Conservation (I11): created = done + cancelled + open, per stage and office.
struct FlowCell {
  std::uint64_t created = 0;
  std::uint64_t done = 0;  // Done and Confirmed and Returned: the job came to its end
  std::uint64_t cancelled = 0;
  std::uint64_t returned = 0;  // of `done`: with a defect
  std::uint64_t rework = 0;    // of `created`
  std::uint64_t sla_met = 0;
  std::uint64_t sla_missed = 0;
};

/// City-wide figures; reading them is O(1) in jobs.
struct StatsView {
  Op op_applied{};
  Tick now;
  std::uint64_t cases_submitted = 0;
  std::array<std::uint64_t, kCaseStateCount>
      cases{};                                       // by state; terminal ones are totals for ever
  std::array<std::uint64_t, kJobStateCount> jobs{};  // by state; finished ones are totals for ever
  std::array<FlowCell, kStageCount> flow{};
  std::array<std::array<std::uint64_t, kSlaBandCount>, kStageCount>
      bands{};  // open jobs by last SLA mark passed; of the municipality's stages cases that wait
  std::array<std::array<Tick, kSkillCount>, kClassCount>
      oldest_ready{};  // kNever when the queue is empty (I19)
  std::array<std::array<std::uint32_t, kSkillCount>, kClassCount> ready{};
  std::array<std::array<std::uint32_t, kSkillCount>, kClassCount>
      waiting_minutes{};                    // working time since oldest_ready; 0 when it is empty
  std::uint16_t waiting_alarm_minutes = 0;  // as the policy has it
  /// The oldest ready job of the class and skill has waited too long (I19).
  constexpr bool waiting_alarm(std::size_t priority, std::size_t skill) const {
    return waiting_alarm_minutes != 0 && waiting_minutes[priority][skill] >= waiting_alarm_minutes;
  }
  std::uint16_t lapse_warning_days = 0;  // as the policy has it
  // By skill: that end within so many days. Left 0 here, as it takes a look at every expert: who
  // shows it counts.
  std::array<std::uint32_t, kSkillCount> certificates_lapsing{};
  std::uint64_t leases_expired = 0;
  std::uint64_t declined = 0;
  std::uint64_t reassigned = 0;
  std::uint64_t escalated = 0;
  std::uint64_t capacity_overrides = 0;
  // Of the municipality, of stages that have a term (R10): recorded by its end, and after it.
  std::uint64_t decisions_in_time = 0;
  std::uint64_t decisions_late = 0;
  std::uint64_t municipal_first_violations =
      0;  // class-2 starts while class 0/1 could be taken, the share apart: must be 0 (I7)
  std::uint64_t history_dropped =
      0;                            // events that found no room in memory; they are in the journal
  std::uint64_t cases_rebased = 0;  // to another version of the zoning plan
  std::uint64_t reserved_share_starts = 0;  // class-2 starts that the reserved share allowed
  std::uint64_t plan_lines_applied = 0;
  std::uint64_t plan_lines_dropped = 0;
  std::uint64_t plans_ended = 0;  // reservations that ended without their expert getting the job
  std::uint32_t planned = 0;      // jobs reserved now
  std::uint64_t keys_forgotten_early = 0;      // idempotency keys pushed out before their retention
  std::uint64_t meetings_forgotten_early = 0;  // pushed out while the policy could use them (I14)
  std::uint32_t cases_in_memory = 0;
  std::uint32_t jobs_in_memory = 0;
  std::uint32_t events_in_memory = 0;
  std::uint32_t keys_in_memory = 0;
  std::uint32_t meetings_in_memory = 0;
  std::uint64_t memory_bytes = 0;  // allocated for tables, used or not
};

/// A job that went to somebody whose day was full, by order of a supervisor or operator (I9).
/// Plain bytes: the state keeps it as it is.
struct CapacityOverride {
  Op op{};
  Tick at;
  JobId job{};
  CaseId case_id{};
  ExpertId expert{};
  std::uint32_t actor = 0;             // number of who ordered it
  std::uint32_t minutes_before = 0;    // of the expert's day: booked, or kept by a plan for others
  std::uint32_t capacity_minutes = 0;  // of that day
  std::uint32_t visits_before = 0;     // likewise
  std::uint16_t visits_max = 0;        // of a day; 0: the job is no visit, and none were counted
  std::uint16_t effort_minutes = 0;    // of the job
  ActorKind actor_kind = ActorKind::kSupervisor;
  Filter filter = Filter::kNone;  // that was lifted: kCapacity
  Stage stage{};
  District district = 0;  // of the parcel
  std::uint8_t reserved[4]{};
  Note note;  // why
  friend bool operator==(const CapacityOverride&, const CapacityOverride&) = default;
};
static_assert(std::has_unique_object_representations_v<CapacityOverride>);

/// Selects overrides; a zero id, or the first moment, does not filter.
struct OverrideFilter {
  std::uint32_t districts = ~0U;  // bit per district
  ExpertId expert{};
  Tick since;
};

/// An open deadline that another calendar would move.
struct DeadlineMove {
  JobId job{};  // 0: what the municipality does for the case
  CaseId case_id{};
  Tick before;
  Tick after;  // kNever: not reached any more
};

/// Selects jobs; a zero id or an all-ones mask bit does not filter.
struct JobFilter {
  std::uint32_t stages = ~0U;     // bit per Stage
  std::uint32_t states = ~0U;     // bit per JobState
  std::uint32_t classes = ~0U;    // bit per PriorityClass
  std::uint32_t districts = ~0U;  // bit per district
  std::uint32_t bands = ~0U;      // bit per SlaBand
  OfficeId office{};              // intake office
  ExpertId holder{};
  CaseId case_id{};
  ServiceId service{};
};

/// A version of the licensing rules.
struct LicenceRulesView {
  SetLicenceRules rules;
  std::uint32_t rounds = 0;  // that keep it
  bool in_force = false;     // a round opened now would keep it
};
struct RoundView {
  RoundId id{};
  std::uint16_t rules_version = 0;
  RoundRecord record;
};
/// An application, or the licence that it has become, with everything that was found and recorded.
struct ApplicationView {
  ApplicationId id{};
  std::uint16_t rules_version = 0;
  std::uint32_t missing = 0;      // kMissing… bits: what it needs to be Active
  std::uint32_t queue_ahead = 0;  // while it waits for a venue: so many before it
  Tick licence_until = kNever;
  ManagerState manager_state = ManagerState::kActive;
  std::array<EquipmentParty, kEquipmentItemCount> parties{};
  ApplicationRecord record;
};
struct VenueView {
  VenueId id{};
  VenueRecord record;
};
/// Licensing at a glance.
struct LicensingView {
  std::uint32_t wanted = 0;  // offices, now
  std::uint32_t taken = 0;   // of them: licensed, selected, or offered by a round under way
  std::uint32_t applications = 0;
  std::uint32_t rounds = 0;
  std::uint32_t venues_municipal = 0;
  std::uint32_t venues_free = 0;  // municipal, in service, held by nobody
  std::uint32_t venue_queue = 0;  // licences that wait for one
  std::uint32_t history_count = 0;
  std::array<WantedRecord, kOfficesWantedMax> history{};  // [history_count], oldest first
};
/// Selects applications; zero does not filter.
struct ApplicationFilter {
  std::uint32_t states = ~0U;  // bit per LicenceState
  RoundId round{};
  District district = 0;
};

/// Where a list goes on; start with {} and hand back what came out. `done` when there is no more.
struct Cursor {
  std::uint64_t position = 0;
  bool done = false;
};

}  // namespace permitd::scheduler
