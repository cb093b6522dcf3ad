// Memory of the core's tables: growth, slots, lookups, and what is derived from the tables.
#include <array>
#include <bit>
#include <memory>
#include <span>
#include <vector>

#include "scheduler/nearest_visit.h"
#include "scheduler/state.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

// Some fifty are there.
constexpr std::size_t kTablesMax = 64;

std::uint64_t case_id_at(const Core& core, std::uint32_t slot) { return raw(core.cases[slot].id); }
std::uint64_t job_id_at(const Core& core, std::uint32_t slot) { return raw(core.jobs[slot].id); }

// The numbers of office and case timers depend on the limits, so growth sets them anew.
void grow_other_timers(Core& core, const Limits& grown) {
  struct Moved {
    std::uint32_t subject;
    Tick at;
  };
  std::vector<Moved> moved;
  const std::uint32_t offices_from = core.limits.experts_max + 1;
  const std::uint32_t cases_from = offices_from + core.limits.offices_max;
  const std::uint32_t grown_cases_from = grown.experts_max + 1 + grown.offices_max;
  for (std::uint32_t subject = 0; subject < core.other_timers.subject_count(); ++subject) {
    const Tick at = core.other_timers.at(subject);
    if (at == kNever) continue;
    std::uint32_t to = subject;
    if (subject >= cases_from) {
      to = grown_cases_from + (subject - cases_from);
    } else if (subject >= offices_from) {
      to = grown.experts_max + 1 + (subject - offices_from);
    }
    moved.push_back({to, at});
  }
  core.other_timers.clear_all();
  core.other_timers.reserve(grown_cases_from + grown.cases_max);
  for (const Moved& timer : moved) core.other_timers.set(timer.subject, timer.at);
}

template <class Record>
std::uint32_t take_slot(FixedArray<Record>& table, SlotList& list, std::uint32_t Record::*link) {
  std::uint32_t slot = list.free;
  if (slot != kNoSlot) {
    list.free = table[slot].*link;
  } else {
    slot = list.used++;
  }
  ++list.count;
  table[slot] = Record{};
  return slot;
}

template <class Record>
void free_slot(FixedArray<Record>& table, SlotList& list, std::uint32_t Record::*link,
               std::uint32_t slot) {
  std::memset(static_cast<void*>(&table[slot]), 0, sizeof(Record));
  table[slot].*link = list.free;
  list.free = slot;
  --list.count;
}

void rebuild_queue_heads(Core& core) {
  const auto places =
      static_cast<std::uint32_t>(ReadyQueue::kOfficePlace + core.limits.offices_max);
  for (std::uint32_t place = 0; place < places; ++place) {
    for (std::uint8_t c = 0; c < kClassCount; ++c) {
      for (std::uint8_t s = 0; s < kSkillCount; ++s)
        core.heads.look({PriorityClass{c}, Skill{s}, place}, core.ready);
    }
  }
}

void tell_memory(const Core& core) {
  if (core.memory == nullptr) return;
  std::array<std::span<const std::byte>, kTablesMax> tables;
  std::size_t count = 0;
  core.visit_memory([&](std::span<const std::byte> table) {
    PERMIT_ASSERT(count < kTablesMax, count);
    tables[count++] = table;
  });
  core.memory->taken(std::span(tables).first(count));
}

}  // namespace

std::uint32_t ExpertSet::next(std::uint32_t from) const {
  for (std::size_t word = from / 64; word < words_.size(); ++word) {
    std::uint64_t bits = words_[word];
    if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits != 0)
      return static_cast<std::uint32_t>(word * 64) +
             static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  return 0;
}

void grow_tables(Core& core, const Limits& grown) {
  grow_other_timers(core, grown);
  core.cases.reserve(grown.cases_max);
  core.jobs.reserve(grown.jobs_max);
  core.experts.reserve(grown.experts_max + 1);
  core.offices.reserve(grown.offices_max);
  core.office_index.reserve(10'000);
  core.services.reserve(kServicesMax * kServiceVersionsMax);
  core.zoning_rules.reserve(kZoningVersionsMax * kZoningRulesMax);
  core.decisions.reserve(grown.decisions_max);
  core.plans.reserve(plans_max(grown));
  core.plan_order.reserve(plans_max(grown), grown.experts_max + 1);
  core.open_cells.reserve(open_cell_of(grown.offices_max, Stage{0}, 0, PriorityClass{0}));
  core.flow_cells.reserve(flow_cell_of(grown.offices_max, Stage{0}));
  core.case_index.reserve(grown.cases_max,
                          [&](std::uint32_t slot) { return case_id_at(core, slot); });
  core.job_index.reserve(grown.jobs_max, [&](std::uint32_t slot) { return job_id_at(core, slot); });
  core.ready.reserve(grown.jobs_max, grown.offices_max);
  core.heads.reserve(grown.offices_max);
  core.fronts.reserve(grown.offices_max);
  core.ages.reserve(grown.jobs_max, blocked_list_of(grown.offices_max));
  core.job_timers.reserve(grown.jobs_max);
  core.available.reserve(grown.experts_max);
  for (ExpertSet& set : core.certified_experts) set.reserve(grown.experts_max);
  core.calendar.reserve();
  core.calendar_notes.reserve();
  core.overrides.reserve();
  core.history.reserve(grown.events_max, grown.notes_max);
  core.keys.reserve(grown.keys_max, core.hash_seed);
  core.meetings.reserve(grown.meetings_max, core.hash_seed);
  core.licences.reserve(grown);
  core.events.reserve(kEventsPerCommandMax);
  core.limits = grown;
  tell_memory(core);
}

std::uint32_t find_case_slot(const Core& core, CaseId id) {
  return core.case_index.find(raw(id), [&](std::uint32_t slot) { return case_id_at(core, slot); });
}

std::uint32_t find_job_slot(const Core& core, JobId id) {
  return core.job_index.find(raw(id), [&](std::uint32_t slot) { return job_id_at(core, slot); });
}

std::uint32_t find_office_index(const Core& core, OfficeId id) {
  if (raw(id) >= core.office_index.size() || core.office_index[raw(id)] == 0) return kNoSlot;
  return core.office_index[raw(id)] - 1U;
}

bool expert_known(const Core& core, ExpertId id) {
  return raw(id) != 0 && raw(id) <= core.expert_last &&
         core.experts[raw(id)].state != ExpertState::kNone;
}

ServiceVersion& service_version(Core& core, ServiceId service, std::size_t slot) {
  return core.services[raw(service) * kServiceVersionsMax + slot];
}

const ServiceVersion& service_version(const Core& core, ServiceId service, std::size_t slot) {
  return core.services[raw(service) * kServiceVersionsMax + slot];
}

const ServiceVersion& service_of(const Core& core, const CaseRecord& record) {
  return service_version(core, record.service, record.version_slot);
}

const StageSpec& stage_of(const Core& core, const CaseRecord& record) {
  const ServiceVersion& version = service_of(core, record);
  PERMIT_ASSERT(record.stage_index < version.stage_count, record.id, record.stage_index);
  return version.stages[record.stage_index];
}

std::size_t version_in_force(const Core& core, ServiceId service, Tick at) {
  std::size_t best = kServiceVersionsMax;
  for (std::size_t slot = 0; slot < kServiceVersionsMax; ++slot) {
    const ServiceVersion& version = service_version(core, service, slot);
    if (version.version == 0 || version.effective_from > at) continue;
    if (best == kServiceVersionsMax ||
        version.version > service_version(core, service, best).version)
      best = slot;
  }
  return best;
}

std::uint32_t take_case_slot(Core& core) {
  PERMIT_ASSERT(core.case_slots.count < core.limits.cases_max, core.case_slots.count);
  return take_slot(core.cases, core.case_slots, &CaseRecord::next);
}

std::uint32_t take_job_slot(Core& core) {
  PERMIT_ASSERT(core.job_slots.count < core.limits.jobs_max, core.job_slots.count);
  return take_slot(core.jobs, core.job_slots, &JobRecord::previous);
}

void free_job_slot(Core& core, std::uint32_t slot) {
  core.job_index.erase(raw(core.jobs[slot].id),
                       [&](std::uint32_t at) { return job_id_at(core, at); });
  free_slot(core.jobs, core.job_slots, &JobRecord::previous, slot);
}

namespace {

// Closed cases lie far from what is worked on, so each is fetched in steps, one per eviction: its
// record, then its newest job, then its places in the indexes and its history.
void expect_eviction(const Core& core) {
  if (core.retained_first == kNoSlot) return;
  const CaseRecord& first = core.cases[core.retained_first];
  core.case_index.expect(raw(first.id));
  core.history.expect(first.history);
  if (first.newest_job != kNoSlot) core.job_index.expect(raw(core.jobs[first.newest_job].id));
  if (first.next == kNoSlot) return;
  const CaseRecord& second = core.cases[first.next];
  core.jobs.expect(second.newest_job);
  core.cases.expect(second.next);
}

}  // namespace

bool evict_oldest_case(Core& core) {
  const std::uint32_t slot = core.retained_first;
  if (slot == kNoSlot) return false;
  CaseRecord& record = core.cases[slot];
  core.retained_first = record.next;
  if (core.retained_first == kNoSlot) core.retained_last = kNoSlot;
  for (std::uint32_t job = record.newest_job; job != kNoSlot;) {
    const std::uint32_t older = core.jobs[job].previous;
    free_job_slot(core, job);
    job = older;
  }
  core.history.free(record.history);
  --service_version(core, record.service, record.version_slot).case_count;
  pin_zoning(core, record, 0);
  core.case_index.erase(raw(record.id), [&](std::uint32_t at) { return case_id_at(core, at); });
  free_slot(core.cases, core.case_slots, &CaseRecord::next, slot);
  expect_eviction(core);
  return true;
}

void rebuild_derived(Core& core) {
  for (std::uint16_t& entry : core.office_index.span()) entry = 0;
  for (std::uint32_t office = 0; office < core.office_count; ++office) {
    core.office_index[raw(core.offices[office].id)] = static_cast<std::uint16_t>(office + 1);
  }
  core.case_index.clear();
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (raw(core.cases[slot].id) != 0) core.case_index.insert(raw(core.cases[slot].id), slot);
  }
  core.job_index.clear();
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (raw(core.jobs[slot].id) != 0) core.job_index.insert(raw(core.jobs[slot].id), slot);
  }
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    for (std::size_t skill = 0; skill < kSkillCount; ++skill) {
      core.certified_experts[skill].set(ExpertId{number},
                                        (core.experts[number].counted >> skill & 1) != 0);
    }
  }
  core.plan_order.clear();
  for (std::uint32_t place = 0; place < core.plan_slots.used; ++place) {
    const PlannedJob& plan = core.plans[place];
    if (raw(plan.id) != 0) core.plan_order.insert(raw(plan.expert), place, order_of(plan));
  }
  rebuild_queue_heads(core);
  rebuild_fronts(core);
}

}  // namespace permitd::scheduler
