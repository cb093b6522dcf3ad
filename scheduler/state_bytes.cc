// The state as bytes: tables as they lie in memory, up to the last slot ever used, then the
// containers in their own canonical forms. What is derived is left out and rebuilt; see state.h.
#include <algorithm>

#include "scheduler/counters.h"
#include "scheduler/ranges.h"
#include "scheduler/scheduler_state.h"
#include "scheduler/state_check.h"
#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

constexpr std::uint64_t kMagic = 0x3130'4554'4154'5350ULL;  // "PSTATE01"
// Cases are copied in blocks of this many, without the places of their histories in the pool.
constexpr std::size_t kCaseBlock = 64;

struct Header {
  std::uint64_t magic = kMagic;
  Limits limits;
  std::uint32_t reserved = 0;
  std::uint64_t limits_check =
      0;  // damaged limits would ask for absurd memory, so they are checked first
};

std::uint64_t check_of(const Limits& limits) {
  std::uint64_t check = kMagic;
  for (const std::uint32_t limit :
       {limits.cases_max, limits.jobs_max, limits.events_max, limits.decisions_max,
        limits.notes_max, limits.keys_max, limits.experts_max, limits.offices_max,
        limits.applications_max, limits.venues_max, limits.meetings_max}) {
    check = (check ^ limit) * 0x9E3779B97F4A7C15ULL;
    check ^= check >> 32;
  }
  return check;
}

// The single values, in one block.
struct Scalars {
  Op op{};
  Tick now;
  std::uint64_t cases_created = 0;
  std::uint64_t jobs_created = 0;
  std::uint64_t decision_count = 0;
  std::uint64_t hash_seed = 0;
  SlotList case_slots;
  SlotList job_slots;
  SlotList plan_slots;
  std::uint32_t retained_first = kNoSlot;
  std::uint32_t retained_last = kNoSlot;
  std::uint32_t office_count = 0;
  std::uint32_t expert_last = 0;
  std::int32_t day = 0;
  std::uint32_t reserved = 0;
};

Scalars scalars_of(const Core& core) {
  return {core.op,
          core.now,
          core.cases_created,
          core.jobs_created,
          core.decision_count,
          core.hash_seed,
          core.case_slots,
          core.job_slots,
          core.plan_slots,
          core.retained_first,
          core.retained_last,
          core.office_count,
          core.expert_last,
          core.day,
          0};
}

bool take_scalars(Core& core, const Scalars& scalars) {
  core.op = scalars.op;
  core.now = scalars.now;
  core.cases_created = scalars.cases_created;
  core.jobs_created = scalars.jobs_created;
  core.decision_count = scalars.decision_count;
  core.hash_seed = scalars.hash_seed;
  core.case_slots = scalars.case_slots;
  core.job_slots = scalars.job_slots;
  core.plan_slots = scalars.plan_slots;
  core.retained_first = scalars.retained_first;
  core.retained_last = scalars.retained_last;
  core.office_count = scalars.office_count;
  core.expert_last = scalars.expert_last;
  core.day = scalars.day;
  return core.case_slots.used <= core.limits.cases_max &&
         core.job_slots.used <= core.limits.jobs_max &&
         core.plan_slots.used <= plans_max(core.limits) &&
         core.office_count <= core.limits.offices_max &&
         core.expert_last <= core.limits.experts_max && scalars.reserved == 0;
}

std::size_t decisions_used(const Core& core) {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(core.decision_count, core.limits.decisions_max));
}

void write_cases(const Core& core, StateSink& sink) {
  std::array<CaseRecord, kCaseBlock> block;
  for (std::size_t from = 0; from < core.case_slots.used; from += kCaseBlock) {
    const std::size_t count = std::min<std::size_t>(kCaseBlock, core.case_slots.used - from);
    for (std::size_t i = 0; i < count; ++i) {
      block[i] = core.cases[from + i];
      block[i].history = {};
    }
    put_state_array<CaseRecord>(sink, std::span(block).first(count));
  }
  for (std::size_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (raw(core.cases[slot].id) != 0) core.history.write_chain(sink, core.cases[slot].history);
  }
  core.history.write_notes(sink);
}

bool read_cases(Core& core, StateSource& source) {
  const std::span<CaseRecord> cases = core.cases.span().first(core.case_slots.used);
  if (!get_state_array(source, cases)) return false;
  for (CaseRecord& record : cases) {
    // Where a history lies in the pool is no part of the state: it was written as nothing.
    if (record.history != HistoryChain{}) return false;
    if (raw(record.id) != 0 && !core.history.read_chain(source, record.history)) return false;
  }
  return core.history.read_notes(source);
}

template <class Record>
void write_table(StateSink& sink, const FixedArray<Record>& table, std::size_t from,
                 std::size_t count) {
  if (count != 0) put_state_array(sink, table.span().subspan(from, count));
}

template <class Record>
bool read_table(StateSource& source, FixedArray<Record>& table, std::size_t from,
                std::size_t count) {
  return count == 0 || get_state_array(source, table.span().subspan(from, count));
}

void write_tables(const Core& core, StateSink& sink) {
  put_state_array<OrganisationRecord>(sink, core.organisations);
  put_state_array<AppointmentCount>(sink, core.appointments);
  put_state_array<ZoningVersion>(sink, core.zoning);
  for (std::size_t slot = 0; slot < kZoningVersionsMax; ++slot)
    write_table(sink, core.zoning_rules, slot * kZoningRulesMax, core.zoning[slot].rule_count);
  write_table(sink, core.services, 0, core.services.size());
  write_table(sink, core.offices, 0, core.office_count);
  write_table(sink, core.flow_cells, 0, flow_cell_of(core.office_count, Stage{0}));
  write_table(sink, core.experts, 1, core.expert_last);
  write_table(sink, core.jobs, 0, core.job_slots.used);
  write_table(sink, core.decisions, 0, decisions_used(core));
  write_table(sink, core.plans, 0, core.plan_slots.used);
  write_cases(core, sink);
}

bool read_zoning(Core& core, StateSource& source) {
  if (!get_state_array<ZoningVersion>(source, core.zoning)) return false;
  for (std::size_t slot = 0; slot < kZoningVersionsMax; ++slot) {
    const std::size_t count = core.zoning[slot].rule_count;
    if (count > kZoningRulesMax ||
        !read_table(source, core.zoning_rules, slot * kZoningRulesMax, count))
      return false;
  }
  return true;
}

bool read_tables(Core& core, StateSource& source) {
  return get_state_array<OrganisationRecord>(source, core.organisations) &&
         get_state_array<AppointmentCount>(source, core.appointments) &&
         read_zoning(core, source) && read_table(source, core.services, 0, core.services.size()) &&
         read_table(source, core.offices, 0, core.office_count) &&
         read_table(source, core.flow_cells, 0, flow_cell_of(core.office_count, Stage{0})) &&
         read_table(source, core.experts, 1, core.expert_last) &&
         read_table(source, core.jobs, 0, core.job_slots.used) &&
         read_table(source, core.decisions, 0, decisions_used(core)) &&
         read_table(source, core.plans, 0, core.plan_slots.used) && read_cases(core, source);
}

void write_containers(const Core& core, StateSink& sink) {
  core.ready.write_state(sink);
  core.ages.write_state(sink);
  core.job_timers.write_state(sink);
  core.other_timers.write_state(sink);
  core.available.write_state(sink);
  core.calendar.write_state(sink);
  core.calendar_notes.write_state(sink, core.calendar);
  core.overrides.write_state(sink);
  core.keys.write_state(sink);
  core.meetings.write_state(sink);
  core.licences.write_state(sink);
}

bool read_containers(Core& core, StateSource& source) {
  return core.ready.read_state(source) && core.ages.read_state(source) &&
         core.job_timers.read_state(source) && core.other_timers.read_state(source) &&
         core.available.read_state(source) && core.calendar.read_state(source) &&
         core.calendar_notes.read_state(source, core.calendar) &&
         core.overrides.read_state(source) && core.keys.read_state(source) &&
         core.meetings.read_state(source) && core.licences.read_state(source, core.limits);
}

bool read_core(Core& core, StateSource& source) {
  Header header;
  if (!get_state(source, header) || header.magic != kMagic || header.reserved != 0 ||
      header.limits_check != check_of(header.limits))
    return false;
  if (!limits_in_range(header.limits)) return false;
  Scalars scalars;
  if (!get_state(source, core.policy) || !get_state(source, scalars) ||
      !get_state(source, core.lottery) || !get_state(source, core.totals))
    return false;
  core.hash_seed = scalars.hash_seed;
  grow_tables(core, header.limits);
  std::uint64_t end = 0;
  return policy_in_range(core.policy) && take_scalars(core, scalars) && read_tables(core, source) &&
         read_containers(core, source) && get_state(source, end) && end == kMagic &&
         adopt_state(core);
}

}  // namespace

void Scheduler::write_state(StateSink& sink) const {
  const Core& core = state_->core;
  Header header;
  header.limits = core.limits;
  header.limits_check = check_of(core.limits);
  put_state(sink, header);
  put_state(sink, core.policy);
  put_state(sink, scalars_of(core));
  put_state(sink, core.lottery);
  put_state(sink, core.totals);
  write_tables(core, sink);
  write_containers(core, sink);
  put_state(sink, kMagic);
}

bool Scheduler::read_state(StateSource& source) {
  TableMemory* memory = state_->core.memory;
  state_ = std::make_unique<State>();
  state_->core.memory = memory;
  return read_core(state_->core, source);
}

}  // namespace permitd::scheduler
