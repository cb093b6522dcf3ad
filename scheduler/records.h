// The records of the core's tables: packed values without padding, linked by slot numbers, never by
// pointers, so that a table is written to a snapshot as it lies in memory. Owned by the engine
// thread.
//
// Invariants: the bytes of a free slot are zero but for the link of its free list; times that are
// not set are kNever; slots that are not set are kNoSlot.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "scheduler/absences.h"
#include "scheduler/command.h"
#include "scheduler/fixed_array.h"
#include "scheduler/history_pool.h"
#include "scheduler/licence_records.h"
#include "scheduler/limits.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

// Case flags.
inline constexpr std::uint8_t kCaseDecided = 1;
inline constexpr std::uint8_t kCaseFeesPaid = 2;
inline constexpr std::uint8_t kCaseBuilt = 4;

/// What a person did on a case, as far as four eyes are concerned (I5).
enum class Role : std::uint8_t { kNone, kInspector, kReviewer, kConfirmer };

/// A protected role of a case and who had it; the expert's number takes 24 bits, the role the 8
/// above.
struct RoleEntry {
  std::uint32_t packed = 0;
  constexpr RoleEntry() = default;
  constexpr RoleEntry(Role role, ExpertId expert)
      : packed((static_cast<std::uint32_t>(role) << 24) | raw(expert)) {}
  constexpr Role role() const { return static_cast<Role>(packed >> 24); }
  constexpr ExpertId expert() const { return ExpertId{packed & 0xFF'FFFF}; }
  friend constexpr bool operator==(RoleEntry, RoleEntry) = default;
};
static_assert(kLimitsMax.experts_max < (1U << 24));

/// Persons remembered per case for four eyes: two rounds of inspector, reviewer and confirmer. When
/// they are used up only somebody listed for the role may take a further round.
inline constexpr std::size_t kRolesPerCase = 6;

struct CaseRecord {
  CaseId id{};  // 0 = free slot
  Tick registered_at = kNever;
  Tick closed_at = kNever;
  PersonId owner{};
  PersonId relative{};
  PersonId designer{};
  PersonId supervising_engineer{};
  Code parcel;
  Code reference;
  Point point;
  std::uint32_t area_m2 = 0;
  HistoryChain history;
  std::array<RoleEntry, kRolesPerCase> roles{};
  std::uint32_t newest_job = kNoSlot;   // chain of the case's jobs in memory, newest first
  std::uint32_t current_job = kNoSlot;  // the one that must be worked next, a confirmation included
  std::uint32_t next = kNoSlot;         // retained: next older-closed case; free: next free slot
  std::uint16_t floors = 0;
  std::uint16_t office = 0;  // index
  ServiceId service{};
  std::uint8_t version_slot = 0;
  District district = 0;
  OrganisationId organisation{};
  CaseState state = CaseState::kDraft;
  CaseState resume_state =
      CaseState::kDraft;  // where a waiting, held or referred case goes back to
  PriorityClass priority = PriorityClass::kOther;
  std::uint8_t stage_index = 0;
  std::uint8_t flags = 0;
  std::uint8_t zoning_slot =
      0;  // 1 + slot of the version of the zoning plan that judges it, 0: none
  ZoningResult zoning_result = ZoningResult::kNotChecked;
  std::uint8_t zoning_conditions = 0;  // kZoning… bits
  Tick zoning_checked_at = kNever;
  ZoneCode zone;
  std::uint16_t coverage_permille = 0;
  std::uint16_t street_width_dm = 0;
  std::uint16_t allowed_floors = 0;  // as of the last check
  std::uint16_t allowed_coverage_permille = 0;
  std::uint64_t fees_rial = 0;  // with kCaseFeesPaid, 0 without
  // The clock of a stage that the municipality does, as that of a job; see municipal_clock.h.
  Tick due = kNever;
  Tick clock_from = kNever;
  std::int32_t clock_minutes = 0;
  std::uint8_t marks = 0;
  std::uint8_t reserved[3]{};
};
static_assert(sizeof(CaseRecord) == 232);
static_assert(std::has_unique_object_representations_v<CaseRecord>);

// Job flags.
inline constexpr std::uint8_t kJobRework = 1;
inline constexpr std::uint8_t kJobPaused =
    2;  // its case waits: out of the queues although Ready or Scheduled
inline constexpr std::uint8_t kJobDeclined =
    4;  // Ready: `holder` refused it last and is passed over
inline constexpr std::uint8_t kJobOfficeReach = 8;
inline constexpr std::uint8_t kJobConfirming = 16;  // Done, and a confirmation of it is open
inline constexpr std::uint8_t kJobFieldLease = 32;
inline constexpr std::uint8_t kJobVisit = 64;     // needs an appointment
inline constexpr std::uint8_t kJobPlanned = 128;  // reserved for one expert, see plan_flow.h
// Marks of the SLA that were passed.
inline constexpr std::uint8_t kMarkAmber = 1;
inline constexpr std::uint8_t kMarkBreached = 2;
inline constexpr std::uint8_t kMarkDistrict = 4;

inline constexpr std::int32_t kNoAppointment = INT32_MIN;
/// Key of a half-day: ascending in time.
constexpr std::int32_t appointment_key(std::int32_t day, HalfDay half) {
  return day * 2 + static_cast<std::int32_t>(half);
}
constexpr std::int32_t appointment_day(std::int32_t key) { return key >> 1; }
constexpr HalfDay appointment_half(std::int32_t key) { return static_cast<HalfDay>(key & 1); }

struct JobRecord {
  JobId id{};                 // 0 = free slot
  Tick deadline = kNever;     // kNever while the clock stands
  Tick ready_since = kNever;  // when it last became Ready
  Tick clock_from = kNever;   // when the clock last began to run; kNever while it stands
  std::int32_t clock_minutes =
      0;  // working time that was left at clock_from, or is left while it stands
  std::int32_t appointment = kNoAppointment;
  std::uint32_t case_slot = kNoSlot;
  std::uint32_t previous = kNoSlot;  // next older job of the case; free: next free slot
  ExpertId holder{};                 // the present or last one
  std::uint32_t decision = 0;      // 1 + index into the decisions; stale when that has another job
  std::uint32_t origin = kNoSlot;  // a confirmation: the job it confirms
  std::uint32_t booked_day = 0;    // in hand: low bits of the day the holder's capacity was booked
                                   // on; reserved by a plan: its place in the table of plans
  std::uint16_t effort_minutes = 0;
  std::uint16_t sla_minutes = 0;
  std::uint16_t office = 0;  // index; whose experts alone may take it, with kJobOfficeReach
  std::uint8_t attempts = 0;
  std::uint8_t marks = 0;
  JobState state = JobState::kBlocked;
  JobKind kind = JobKind::kWork;
  Stage stage = Stage::kFileFormation;
  Skill skill = Skill::kFile;
  PriorityClass priority = PriorityClass::kOther;  // of the case
  District district = 0;                           // of the case
  Reason reason = Reason::kNone;
  std::uint8_t flags = 0;
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};
static_assert(sizeof(JobRecord) == 80);
static_assert(std::has_unique_object_representations_v<JobRecord>);

/// Work that is done at the parcel, with or without an appointment.
inline bool goes_out(const JobRecord& job) {
  return job.kind == JobKind::kWork && job.skill == Skill::kInspect;
}

/// A job in the hands of an expert, with its lease.
struct HeldJob {
  Tick lease_until = kNever;
  LeaseToken token{};
  std::uint32_t slot = kNoSlot;
  std::uint32_t reserved = 0;
};

/// A job reserved for an expert by a plan.
struct PlannedJob {
  JobId id{};                    // 0 = free place
  Op op{};                       // of the command that planned it
  Tick start;                    // as planned
  Tick until;                    // the reservation ends by itself
  std::uint32_t slot = kNoSlot;  // of the job; free: next free place
  ExpertId expert{};
  std::int32_t day = 0;  // working day of `start`
  std::uint16_t sequence = 0;
  std::uint16_t effort_minutes = 0;
  Reason reason = Reason::kNone;
  std::uint8_t visit = 0;  // 1: counts as one
  std::uint8_t locks = 0;  // kLock… bits
  std::uint8_t reserved[5]{};
};
static_assert(sizeof(PlannedJob) == 56);
static_assert(std::has_unique_object_representations_v<PlannedJob>);

/// Effort per day over the rolling window; `day` is the newest of the days, which lies at day %
/// window.
struct LoadWindow {
  std::array<std::uint32_t, kLoadWindowDays> buckets{};
  std::int32_t day = 0;
  std::uint32_t sum = 0;
};

struct ExpertRecord {
  PersonId person{};                                // 0 = not defined
  std::array<PersonId, kRelativesMax> relatives{};  // declared; 0: free place
  Tick claim_until = kNever;
  Tick suspended_from = kNever;   // kNever unless a suspension is ahead, see suspension.h
  Tick suspended_until = kNever;  // kNever unless it, or the one in force, ends by itself
  std::uint64_t done_total = 0;
  std::array<Tick, kSkillCount> valid_from{};
  std::array<Tick, kSkillCount> valid_until{};  // 0 = never certified
  std::array<HeldJob, kHeldJobsMax> held{};     // [held_count], by token
  Absences absences;
  LoadWindow load;
  Point home;
  Point place;                      // of the visit it was given last
  std::int32_t place_day = 0;       // on which working day
  std::uint16_t other_minutes = 0;  // of booked_minutes: for other organisations
  std::uint16_t told = 0;  // SpanState of each certificate and of the absences, two bits each
                           // by skill and then, as the last event about it said
  Label label;
  std::uint32_t visits_done = 0;  // finished inspections, see Meeting
  std::uint32_t districts = 0;
  std::uint32_t next_in_office = 0;  // expert number
  std::uint32_t previous_in_office = 0;
  std::uint16_t units_per_day = 0;
  std::uint16_t booked_minutes = 0;  // of load.day
  std::uint16_t visits = 0;          // of load.day
  std::uint16_t wanted = 0;          // > 0: available
  std::uint16_t held_count = 0;
  std::uint16_t started_count = 0;
  std::uint16_t office = 0;           // index
  std::uint16_t planned_count = 0;    // jobs reserved for it
  std::uint16_t planned_minutes = 0;  // of those, effort of the present day
  ExpertState state = ExpertState::kNone;
  std::uint8_t counted =
      0;  // bit per skill certified, as of the last look; what Core::certified counts
  std::uint8_t listed = 0;          // bit per skill for which it stands among the available experts
  std::uint8_t sweep_due = 0;       // 1: the next tick sweeps it, see sweep_soon()
  std::uint8_t planned_visits = 0;  // as planned_minutes
  Degree degree = Degree::kNone;
  Reason suspension_reason = Reason::kNone;  // of the suspension ahead
  std::uint8_t reserved[7]{};
};
static_assert(std::has_unique_object_representations_v<ExpertRecord>);

struct Activation {
  Tick from;
  Tick until;
  bool covers(Tick at) const { return from <= at && at < until; }
};

struct OfficeRecord {
  PersonId licensee{};
  PersonId technical_manager{};
  std::uint64_t cases_submitted = 0;
  std::uint64_t cases_open = 0;
  std::uint64_t done_minutes = 0;
  std::uint64_t sla_met = 0;
  std::uint64_t sla_missed = 0;
  std::array<Activation, kServicesMax> activations{};
  LoadWindow load;
  Point point;
  Label label;
  std::uint32_t first_expert = 0;  // chain of its experts by number, newest first
  std::uint32_t pass_left = 0;     // blocked jobs yet to be looked at since an activation began
  std::uint32_t certified_by_policy = 0;  // experts certified for something, with its capacity
  std::uint32_t certified_own_units = 0;  // units a day of the others who are certified
  Tick licence_until = kNever;
  Tick suspended_from = kNever;  // as those of an expert
  Tick suspended_until = kNever;
  Tick in_hand_until;  // of one that has left Active: until then its experts keep what they hold
  OfficeId id{};
  District district = 0;
  OfficeState state = OfficeState::kNone;
  ApplicationId application{};    // 0: licensed before the rounds
  std::uint32_t home_search = 0;  // 1 + the case slot that is looked at next for a case of this
                                  // office that seeks a new home; 0: none does
  VenueId venue{};                // of those, its place in the pool
  ManagerState manager_state = ManagerState::kActive;
  Reason suspension_reason = Reason::kNone;    // of the suspension ahead
  SubjectChecks manager_checks = no_checks();  // of an office licensed before the rounds: of who
                                               // came by SetTechnicalManager
};
static_assert(std::has_unique_object_representations_v<OfficeRecord>);

struct ServiceVersion {
  Tick effective_from;
  std::uint32_t case_count = 0;  // cases in memory that keep this version
  std::uint16_t version = 0;     // 0 = unused
  std::uint8_t stage_count = 0;
  std::uint8_t reserved = 0;
  std::array<StageSpec, kServiceStagesMax> stages{};
  Label label;
};
static_assert(std::has_unique_object_representations_v<ServiceVersion>);

/// A version of the zoning plan; its rules lie in a table beside it, sorted by zone.
struct ZoningVersion {
  Tick effective_from = kNever;   // kNever until it is notified
  std::uint32_t case_count = 0;   // cases in memory that it judges
  std::uint16_t version = 0;      // 0 = free place
  std::uint16_t rule_count = 0;   // loaded
  std::uint16_t rules_total = 0;  // announced
  ZoningState state = ZoningState::kNone;
  std::uint8_t reserved[5]{};
  friend bool operator==(const ZoningVersion&, const ZoningVersion&) = default;
};
static_assert(sizeof(ZoningVersion) == 24);
static_assert(std::has_unique_object_representations_v<ZoningVersion>);

struct OrganisationRecord {
  PriorityClass priority = PriorityClass::kOther;
  std::uint8_t enabled = 0;
  std::uint8_t known = 0;
  std::uint8_t reserved = 0;
  Label label;
  friend bool operator==(const OrganisationRecord&, const OrganisationRecord&) = default;
};

/// Booked visits of one half-day.
struct AppointmentCount {
  std::int32_t key = kNoAppointment;
  std::uint32_t count = 0;
};

/// One assignment as it is remembered; see DecisionView.
struct DecisionRecord {
  JobId job{};
  Op op{};
  Tick at;
  std::uint64_t seed = 0;
  std::array<std::uint32_t, 8> near_expert{};
  std::array<std::uint32_t, 8> near_load{};
  std::array<std::uint32_t, 8> near_metres{};
  std::array<std::uint32_t, 8> near_office_load{};
  std::array<std::uint64_t, 8> rejected{};  // numbers of experts, by_claim of jobs
  std::array<JobId, kDrawnMax> drawn{};     // by_claim: visits, their ways in near_metres …
  std::array<std::uint16_t, kDrawnMax>
      drawn_later_minutes{};  // … or, by_deadline, jobs due so much later than the first
  std::array<std::uint16_t, kFilterCount> removed{};
  std::array<std::uint8_t, 8> rejected_filter{};
  ExpertId chosen{};
  std::uint16_t considered = 0;
  std::uint8_t near_count = 0;
  std::uint8_t rejected_count = 0;
  std::uint8_t by_claim = 0;
  std::uint8_t by_supervisor = 0;
  std::uint8_t by_plan = 0;
  Reason plan_reason = Reason::kNone;
  std::uint16_t compared = 0;
  std::uint16_t load_weight = 0;  // as SetPolicy had them; 0 where only loads were compared
  std::uint16_t travel_weight = 0;
  std::uint16_t share_weight = 0;
  std::uint32_t passed_over_metres = 0;
  Op plan{};                  // the command that planned it
  JobId passed_over{};        // the first by deadline, when a nearer visit was chosen
  std::uint8_t by_share = 0;  // out of the reserved share, while municipal work waited
  std::uint8_t drawn_count = 0;
  std::uint16_t municipal_first = 0;  // experts passed over, as municipal work waits for them
  std::uint8_t by_deadline = 0;       // drawn among jobs about as urgent as the first
  std::uint8_t reserved_last[3]{};
};
static_assert(std::has_unique_object_representations_v<DecisionRecord>);

}  // namespace permitd::scheduler
