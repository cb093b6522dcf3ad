// The whole state of the core: tables, indexes and counters, and the command being applied.
// Everything that decides lives in the files around it, one noun each; this one only holds and
// finds. Owned by the engine thread.
//
// Invariants: tables change size only with the limits; counters are kept up by job_flow and
// case_flow alone; whatever is marked "derived" is rebuilt after reading a state and not part of
// its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "scheduler/age_list.h"
#include "scheduler/calendar_notes.h"
#include "scheduler/capacity_overrides.h"
#include "scheduler/fixed_array.h"
#include "scheduler/history_pool.h"
#include "scheduler/id_index.h"
#include "scheduler/key_memory.h"
#include "scheduler/licence_table.h"
#include "scheduler/load_index.h"
#include "scheduler/meeting_memory.h"
#include "scheduler/queue_heads.h"
#include "scheduler/ready_queue.h"
#include "scheduler/records.h"
#include "scheduler/scheduler.h"
#include "scheduler/timer_heap.h"
#include "scheduler/visit_front.h"
#include "scheduler/working_calendar.h"

namespace permitd::scheduler {

/// Which slots of a table are in use: fresh ones from the front, given back ones in a chain.
struct SlotList {
  std::uint32_t used = 0;  // slots ever taken
  std::uint32_t free = kNoSlot;
  std::uint32_t count = 0;  // taken now
  std::uint32_t reserved = 0;
};

/// City-wide sums, incremental; see StatsView for the meaning of each.
struct Totals {
  std::uint64_t cases_submitted = 0;
  std::array<std::uint64_t, kCaseStateCount> cases{};
  std::array<std::uint64_t, kJobStateCount> jobs{};
  std::array<std::array<std::uint64_t, kSlaBandCount>, kStageCount> bands{};
  std::array<FlowCell, kStageCount> flow{};
  std::uint64_t leases_expired = 0;
  std::uint64_t declined = 0;
  std::uint64_t reassigned = 0;
  std::uint64_t escalated = 0;
  std::uint64_t capacity_overrides = 0;
  std::uint64_t decisions_in_time = 0;
  std::uint64_t decisions_late = 0;
  std::uint64_t municipal_first_violations = 0;
  std::uint64_t history_dropped = 0;
  std::uint64_t plan_lines_applied = 0;
  std::uint64_t plan_lines_dropped = 0;
  std::uint64_t plans_ended = 0;
  std::uint64_t cases_rebased = 0;
  std::uint64_t reserved_share_starts = 0;
};

/// Bits of experts by number. Derived.
class ExpertSet {
 public:
  void reserve(std::uint32_t experts_max) { words_.reserve(experts_max / 64 + 1); }
  void set(ExpertId expert, bool in) {
    std::uint64_t& word = words_[raw(expert) / 64];
    const std::uint64_t bit = std::uint64_t{1} << (raw(expert) % 64);
    word = in ? word | bit : word & ~bit;
  }
  /// The first member with a number ≥ from, 0 when there is none.
  std::uint32_t next(std::uint32_t from) const;
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    words_.visit_memory(visit);
  }

 private:
  FixedArray<std::uint64_t> words_;
};

struct Core {
  TableMemory* memory = nullptr;  // told where tables lie; may be null
  Limits limits{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  SetPolicy policy;
  Op op{};
  Tick now;
  std::int32_t day = 0;  // working_calendar's day of `now`
  std::uint64_t cases_created = 0;
  std::uint64_t jobs_created = 0;
  std::uint64_t decision_count = 0;
  std::uint64_t hash_seed = 0;
  LotteryView lottery;
  Totals totals;

  FixedArray<CaseRecord> cases;
  FixedArray<JobRecord> jobs;
  SlotList case_slots;
  SlotList job_slots;
  SlotList plan_slots;
  std::uint32_t retained_first = kNoSlot;  // closed cases, the one closed first in front
  std::uint32_t retained_last = kNoSlot;
  std::uint32_t office_count = 0;
  std::uint32_t expert_last = 0;                       // greatest number defined
  std::array<std::uint32_t, kSkillCount> certified{};  // experts who may hold such jobs now
  FixedArray<ExpertRecord> experts;                    // by number
  FixedArray<OfficeRecord> offices;                    // by index, in order of definition
  FixedArray<std::uint16_t> office_index;  // by OfficeId: index + 1, 0 = unknown. Derived.
  FixedArray<ServiceVersion> services;     // [kServicesMax][kServiceVersionsMax]
  std::array<OrganisationRecord, 256> organisations{};
  std::array<AppointmentCount, kAppointmentHorizon> appointments{};
  std::array<ZoningVersion, kZoningVersionsMax> zoning{};
  FixedArray<ZoningRule> zoning_rules;   // [kZoningVersionsMax][kZoningRulesMax]
  FixedArray<DecisionRecord> decisions;  // ring
  FixedArray<PlannedJob> plans;          // jobs reserved by a plan
  OrderedPool plan_order;                // [expert] places of its plans, in order. Derived.
  FixedArray<OpenCell> open_cells;       // [office][stage][district][class]. Derived.
  FixedArray<FlowCell> flow_cells;       // [office][stage]

  IdIndex case_index;  // derived
  IdIndex job_index;   // derived
  ReadyQueue ready;
  QueueHeads heads;        // the first two of each queue. Derived.
  VisitFronts fronts;      // the first visits of each queue. Derived.
  AgeList ages;            // ready jobs by class × skill, then blocked jobs by office
  TimerHeap job_timers;    // by job slot: begin of an appointment, marks of the SLA
  TimerHeap other_timers;  // 0: zoning plan and rounds; experts by number, offices by index, then
                           // cases by slot
  LoadIndex available;
  std::array<ExpertSet, kSkillCount> certified_experts;  // derived
  WorkingCalendar calendar;
  CalendarNotes calendar_notes;
  CapacityOverrides overrides;
  HistoryPool history;
  KeyMemory keys;
  MeetingMemory meetings;
  Licences licences;

  // Of the command being applied.
  FixedArray<Event> events;
  std::uint32_t event_count = 0;
  Actor actor;
  const Note* note = nullptr;
  Note given_note;  // a copy that outlives the command
  std::uint64_t seed = 0;

  template <class Visit>
  void visit_memory(const Visit& visit) const;
};

template <class Visit>
void Core::visit_memory(const Visit& visit) const {
  const auto all = [&](const auto&... tables) { (tables.visit_memory(visit), ...); };
  all(cases, jobs, experts, offices, office_index, services, zoning_rules, decisions, plans,
      plan_order, open_cells, flow_cells, case_index, job_index, ready, heads, fronts, ages,
      job_timers, other_timers, available, calendar, calendar_notes, overrides, history, keys,
      meetings, licences, events);
  for (const ExpertSet& set : certified_experts) set.visit_memory(visit);
}

// Numbering.
inline constexpr std::uint32_t age_list_of(PriorityClass priority, Skill skill) {
  return static_cast<std::uint32_t>(raw(priority) * kSkillCount + raw(skill));
}
inline constexpr std::uint32_t blocked_list_of(std::uint32_t office) {
  return static_cast<std::uint32_t>(kClassCount * kSkillCount) + office;
}
/// Subjects of other_timers. Growing limits renumber them; see tables.cc.
inline constexpr std::uint32_t kCityTimer = 0;  // zoning plan and rounds; no expert has it
inline std::uint32_t expert_timer(ExpertId expert) { return raw(expert); }
inline std::uint32_t office_timer(const Core& core, std::uint32_t office) {
  return core.limits.experts_max + 1 + office;
}
inline std::uint32_t case_timer(const Core& core, std::uint32_t slot) {
  return core.limits.experts_max + 1 + core.limits.offices_max + slot;
}
inline std::size_t open_cell_of(std::size_t office, Stage stage, District district,
                                PriorityClass priority) {
  return ((office * kStageCount + raw(stage)) * kDistrictCount + district) * kClassCount +
         raw(priority);
}
inline std::size_t flow_cell_of(std::size_t office, Stage stage) {
  return office * kStageCount + raw(stage);
}

/// Ids are given out in order, so the places of the next ones in an index are known: far enough
/// ahead to be there in time, and few enough to be there still.
inline constexpr std::uint64_t kIdsAhead = 4;

// Finding. kNoSlot or 0 when there is none.
std::uint32_t find_case_slot(const Core& core, CaseId id);
std::uint32_t find_job_slot(const Core& core, JobId id);
/// Index of an office, kNoSlot when unknown.
std::uint32_t find_office_index(const Core& core, OfficeId id);
bool expert_known(const Core& core, ExpertId id);

/// The version of the catalogue that a case keeps.
const ServiceVersion& service_of(const Core& core, const CaseRecord& record);
ServiceVersion& service_version(Core& core, ServiceId service, std::size_t slot);
const ServiceVersion& service_version(const Core& core, ServiceId service, std::size_t slot);
/// Slot of the version in force at `at`, kServiceVersionsMax when there is none.
std::size_t version_in_force(const Core& core, ServiceId service, Tick at);
/// The stage a case is in. Pre: it is in one.
const StageSpec& stage_of(const Core& core, const CaseRecord& record);

// Tables (tables.cc).
/// Order of an expert's plan: by day, then by the plan's own numbers. Ties go by job.
inline OrderKey order_of(const PlannedJob& plan) {
  return {std::int64_t{plan.day} * (UINT16_MAX + 1) + plan.sequence, raw(plan.id)};
}
/// Jobs that may be reserved by plans at a time.
constexpr std::uint32_t plans_max(const Limits& limits) {
  const std::uint64_t all = std::uint64_t{limits.experts_max} * kPlannedPerExpertMax;
  return all < limits.jobs_max ? static_cast<std::uint32_t>(all) : limits.jobs_max;
}
/// Takes or grows the memory to core.limits' successor, and tells core.memory. Allocates. Pre:
/// every limit is ≥ the present one.
void grow_tables(Core& core, const Limits& limits);
/// Free slots. Pre of take: one is free.
std::uint32_t take_case_slot(Core& core);
std::uint32_t take_job_slot(Core& core);
/// Gives back a job that has ended: out of the index, its case's chain is the caller's matter.
void free_job_slot(Core& core, std::uint32_t slot);
/// Forgets the case that was closed first, with its jobs and history. False when none is retained.
bool evict_oldest_case(Core& core);
/// Rebuilds what is marked derived from the tables.
void rebuild_derived(Core& core);

}  // namespace permitd::scheduler
