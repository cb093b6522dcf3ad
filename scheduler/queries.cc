// The reads of Scheduler: finding, listing with a cursor, and the city's figures.
#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/eligibility.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/municipal_first.h"
#include "scheduler/plan_flow.h"
#include "scheduler/scheduler_state.h"
#include "scheduler/view_build.h"

namespace permitd::scheduler {

namespace {

// Expedited jobs looked at for the oldest: they enter their list when they are expedited, not by
// age.
constexpr std::uint32_t kExpeditedLookedAtMax = 1024;

bool bit_set(std::uint32_t mask, std::uint32_t index) {
  return index >= 32 || (mask >> index & 1) != 0;
}

bool matches(const Core& core, const JobFilter& filter, const JobRecord& job) {
  const CaseRecord& record = core.cases[job.case_slot];
  if (!bit_set(filter.stages, raw(job.stage)) || !bit_set(filter.states, raw(job.state)) ||
      !bit_set(filter.classes, raw(job.priority)) || !bit_set(filter.districts, job.district)) {
    return false;
  }
  if (raw(filter.office) != 0 && core.offices[record.office].id != filter.office) return false;
  if (raw(filter.holder) != 0 && job.holder != filter.holder) return false;
  if (raw(filter.case_id) != 0 && record.id != filter.case_id) return false;
  if (raw(filter.service) != 0 && record.service != filter.service) return false;
  return filter.bands == ~0U ||
         bit_set(filter.bands, static_cast<std::uint32_t>(band_now(core, job)));
}

Tick oldest_ready(const Core& core, PriorityClass priority, Skill skill) {
  std::uint32_t slot = core.ages.front(age_list_of(priority, skill));
  if (slot == kNoSlot) return kNever;
  Tick oldest = core.jobs[slot].ready_since;
  if (priority != PriorityClass::kExpedited) return oldest;
  for (std::uint32_t i = 0; slot != kNoSlot && i < kExpeditedLookedAtMax;
       ++i, slot = core.ages.next(slot)) {
    oldest = std::min(oldest, core.jobs[slot].ready_since);
  }
  return oldest;
}

}  // namespace

StatsView collect_stats(const Core& core) {
  const Totals& totals = core.totals;
  StatsView view;
  view.op_applied = core.op;
  view.now = core.now;
  view.cases_submitted = totals.cases_submitted;
  view.cases = totals.cases;
  view.jobs = totals.jobs;
  view.waiting_alarm_minutes = core.policy.waiting_alarm_minutes;
  view.lapse_warning_days = core.policy.lapse_warning_days;
  view.flow = totals.flow;
  view.bands = totals.bands;
  for (std::uint8_t c = 0; c < kClassCount; ++c) {
    for (std::uint8_t s = 0; s < kSkillCount; ++s) {
      if (core.ages.list_count() == 0) {
        view.oldest_ready[c][s] = kNever;
        continue;
      }
      view.oldest_ready[c][s] = oldest_ready(core, PriorityClass{c}, Skill{s});
      view.ready[c][s] = core.ages.count(age_list_of(PriorityClass{c}, Skill{s}));
      if (view.oldest_ready[c][s] == kNever) continue;
      view.waiting_minutes[c][s] = static_cast<std::uint32_t>(
          core.calendar.working_minutes(view.oldest_ready[c][s], core.now));
    }
  }
  view.leases_expired = totals.leases_expired;
  view.declined = totals.declined;
  view.reassigned = totals.reassigned;
  view.escalated = totals.escalated;
  view.capacity_overrides = totals.capacity_overrides;
  view.decisions_in_time = totals.decisions_in_time;
  view.decisions_late = totals.decisions_late;
  view.municipal_first_violations = totals.municipal_first_violations;
  view.cases_rebased = totals.cases_rebased;
  view.reserved_share_starts = totals.reserved_share_starts;
  view.history_dropped = totals.history_dropped;
  view.plan_lines_applied = totals.plan_lines_applied;
  view.plan_lines_dropped = totals.plan_lines_dropped;
  view.plans_ended = totals.plans_ended;
  view.planned = core.plan_slots.count;
  view.keys_forgotten_early = core.keys.forgotten_early();
  view.meetings_forgotten_early = core.meetings.forgotten_early();
  view.cases_in_memory = core.case_slots.count;
  view.jobs_in_memory = core.job_slots.count;
  view.events_in_memory = core.history.count();
  view.keys_in_memory = core.keys.count();
  view.meetings_in_memory = core.meetings.count();
  view.memory_bytes = sizeof(Core) + memory_bytes(core);
  return view;
}

Scheduler::Scheduler(TableMemory* memory) : state_(std::make_unique<State>()) {
  state_->core.memory = memory;
}
Scheduler::~Scheduler() = default;

const Note& Scheduler::event_note() const { return state_->core.given_note; }

Note Scheduler::find_note(Op op) const { return state_->core.history.find_note(raw(op)); }

std::span<const Event> Scheduler::events() const {
  return state_->core.events.span().first(state_->core.event_count);
}

Tick Scheduler::next_due() const {
  return std::min(state_->core.job_timers.next(), state_->core.other_timers.next());
}

Op Scheduler::op_applied() const { return state_->core.op; }
Tick Scheduler::now() const { return state_->core.now; }
const Limits& Scheduler::limits() const { return state_->core.limits; }
const SetPolicy& Scheduler::policy() const { return state_->core.policy; }
const LotteryView& Scheduler::lottery() const { return state_->core.lottery; }

bool Scheduler::find_case(CaseId id, CaseView& out) const {
  const std::uint32_t slot = find_case_slot(state_->core, id);
  if (slot == kNoSlot) return false;
  out = view_case(state_->core, slot);
  return true;
}

bool Scheduler::find_job(JobId id, JobView& out) const {
  const std::uint32_t slot = find_job_slot(state_->core, id);
  if (slot == kNoSlot) return false;
  out = view_job(state_->core, slot);
  return true;
}

bool Scheduler::find_office(OfficeId id, OfficeView& out) const {
  const std::uint32_t index = find_office_index(state_->core, id);
  if (index == kNoSlot) return false;
  out = view_office(state_->core, index);
  return true;
}

bool Scheduler::find_expert(ExpertId id, ExpertView& out) const {
  if (!expert_known(state_->core, id)) return false;
  out = view_expert(state_->core, id);
  return true;
}

bool Scheduler::find_decision(JobId id, DecisionView& out) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot || core.jobs[slot].decision == 0) return false;
  const DecisionRecord& record = core.decisions[core.jobs[slot].decision - 1];
  if (record.job != id) return false;
  out = view_decision(record);
  return true;
}

StuckView Scheduler::explain_stuck(JobId id) const {
  const std::uint32_t slot = find_job_slot(state_->core, id);
  if (slot != kNoSlot) return explain_job(state_->core, slot);
  StuckView finished;
  finished.cause = Stuck::kFinished;
  finished.until = kNever;
  return finished;
}

MunicipalLook Scheduler::look_for_municipal(ExpertId expert) const {
  if (!expert_known(state_->core, expert)) return {};
  return scheduler::look_for_municipal(state_->core, expert);
}

StatsView Scheduler::stats() const { return collect_stats(state_->core); }

std::size_t Scheduler::list_jobs(const JobFilter& filter, Cursor& cursor, std::size_t scan_max,
                                 std::span<JobView> out) const {
  const Core& core = state_->core;
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < core.job_slots.used && looked < scan_max && found < out.size();
       ++cursor.position, ++looked) {
    const auto slot = static_cast<std::uint32_t>(cursor.position);
    if (raw(core.jobs[slot].id) == 0 || !matches(core, filter, core.jobs[slot])) continue;
    out[found++] = view_job(core, slot);
  }
  cursor.done = cursor.position >= core.job_slots.used;
  return found;
}

std::size_t Scheduler::list_held(ExpertId expert, std::span<JobView> out) const {
  const Core& core = state_->core;
  if (!expert_known(core, expert)) return 0;
  const ExpertRecord& record = core.experts[raw(expert)];
  const std::size_t count = std::min<std::size_t>(record.held_count, out.size());
  for (std::size_t i = 0; i < count; ++i) out[i] = view_job(core, record.held[i].slot);
  return count;
}

std::size_t Scheduler::list_case_jobs(CaseId id, std::span<JobView> out) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_case_slot(core, id);
  if (slot == kNoSlot) return 0;
  std::size_t count = 0;
  for (std::uint32_t job = core.cases[slot].newest_job; job != kNoSlot && count < out.size();
       job = core.jobs[job].previous) {
    out[count++] = view_job(core, job);
  }
  std::reverse(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

std::size_t Scheduler::list_history(CaseId id, std::size_t from, std::span<HistoryView> out) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_case_slot(core, id);
  if (slot == kNoSlot) return 0;
  return core.history.list(core.cases[slot].history, id, from, out);
}

std::size_t Scheduler::list_offices(Cursor& cursor, std::span<OfficeView> out) const {
  const Core& core = state_->core;
  std::size_t found = 0;
  for (; cursor.position < core.office_count && found < out.size(); ++cursor.position) {
    out[found++] = view_office(core, static_cast<std::uint32_t>(cursor.position));
  }
  cursor.done = cursor.position >= core.office_count;
  return found;
}

std::size_t Scheduler::list_experts(OfficeId office, Cursor& cursor,
                                    std::span<ExpertView> out) const {
  constexpr std::size_t kScanMax = 4096;
  const Core& core = state_->core;
  const std::uint32_t index = find_office_index(core, office);
  if (raw(office) != 0 && index == kNoSlot) {
    cursor.done = true;
    return 0;
  }
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < core.expert_last && found < out.size() && looked < kScanMax;
       ++cursor.position, ++looked) {
    const ExpertId id{static_cast<std::uint32_t>(cursor.position + 1)};
    if (!expert_known(core, id) || (raw(office) != 0 && core.experts[raw(id)].office != index))
      continue;
    out[found++] = view_expert(core, id);
  }
  cursor.done = cursor.position >= core.expert_last;
  return found;
}

std::size_t Scheduler::list_open_cells(OfficeId office, Cursor& cursor,
                                       std::span<OpenCellView> out) const {
  const Core& core = state_->core;
  std::size_t first = 0;
  std::size_t last = open_cell_of(core.office_count, Stage{0}, 0, PriorityClass{0});
  if (raw(office) != 0) {
    const std::uint32_t index = find_office_index(core, office);
    first = index == kNoSlot ? last : open_cell_of(index, Stage{0}, 0, PriorityClass{0});
    last = index == kNoSlot ? last : open_cell_of(index + 1, Stage{0}, 0, PriorityClass{0});
  }
  std::size_t found = 0;
  std::size_t at = std::max<std::size_t>(first, cursor.position);
  for (; at < last && found < out.size(); ++at) {
    const OpenCell& cell = core.open_cells[at];
    if (cell.open() == 0) continue;
    OpenCellView& view = out[found++];
    view.priority = PriorityClass{static_cast<std::uint8_t>(at % kClassCount)};
    view.district = static_cast<District>(at / kClassCount % kDistrictCount);
    view.stage =
        Stage{static_cast<std::uint8_t>(at / (kClassCount * kDistrictCount) % kStageCount)};
    view.office = core.offices[at / (kClassCount * kDistrictCount * kStageCount)].id;
    view.cell = cell;
  }
  cursor.position = at;
  cursor.done = at >= last;
  return found;
}

std::size_t Scheduler::list_cases(Cursor& cursor, std::size_t scan_max,
                                  std::span<CaseView> out) const {
  const Core& core = state_->core;
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < core.case_slots.used && looked < scan_max && found < out.size();
       ++cursor.position, ++looked) {
    const auto slot = static_cast<std::uint32_t>(cursor.position);
    if (raw(core.cases[slot].id) != 0) out[found++] = view_case(core, slot);
  }
  cursor.done = cursor.position >= core.case_slots.used;
  return found;
}

std::size_t Scheduler::list_services(Cursor& cursor, std::span<ServiceView> out) const {
  const Core& core = state_->core;
  constexpr std::uint64_t kEnd = std::uint64_t{kServicesMax} * kServiceVersionsMax;
  std::size_t found = 0;
  const bool has_catalogue = core.limits.cases_max != 0;
  for (; has_catalogue && cursor.position < kEnd && found < out.size(); ++cursor.position) {
    const ServiceVersion& version = core.services[cursor.position];
    if (version.version == 0) continue;
    out[found++] = {ServiceId{static_cast<std::uint8_t>(cursor.position / kServiceVersionsMax)},
                    version.version,
                    version.stage_count,
                    version.effective_from,
                    version.stages,
                    version.label};
  }
  cursor.done = !has_catalogue || cursor.position >= kEnd;
  return found;
}

std::size_t Scheduler::list_organisations(Cursor& cursor, std::span<OrganisationView> out) const {
  const Core& core = state_->core;
  std::size_t found = 0;
  for (; cursor.position < core.organisations.size() && found < out.size(); ++cursor.position) {
    const OrganisationRecord& record = core.organisations[cursor.position];
    if (record.known == 0) continue;
    out[found++] = {OrganisationId{static_cast<std::uint8_t>(cursor.position)}, record.priority,
                    record.enabled != 0, record.label};
  }
  cursor.done = cursor.position >= core.organisations.size();
  return found;
}

std::size_t Scheduler::list_activations(Cursor& cursor, std::size_t scan_max,
                                        std::span<ActivationView> out) const {
  const Core& core = state_->core;
  const std::uint64_t end = std::uint64_t{core.office_count} * kServicesMax;
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < end && looked < scan_max && found < out.size();
       ++cursor.position, ++looked) {
    const OfficeRecord& office = core.offices[cursor.position / kServicesMax];
    const auto service = static_cast<std::uint8_t>(cursor.position % kServicesMax);
    const Activation& activation = office.activations[service];
    if (activation.from == Tick{} && activation.until == Tick{}) continue;
    out[found++] = {office.id, ServiceId{service}, activation.from, activation.until};
  }
  cursor.done = cursor.position >= end;
  return found;
}

std::size_t Scheduler::list_overrides(const OverrideFilter& filter, Cursor& cursor,
                                      std::span<CapacityOverride> out) const {
  return state_->core.overrides.list(filter, cursor, out);
}

std::uint64_t Scheduler::count_overrides(const OverrideFilter& filter) const {
  return state_->core.overrides.count(filter);
}

Outcome Scheduler::judge_schedule(const Schedule& schedule) const {
  Outcome outcome;
  const std::uint32_t slot = find_job_slot(state_->core, schedule.job);
  if (slot == kNoSlot) {
    refuse(outcome, Refusal::kUnknownJob, Field::kJob);
  } else {
    check_schedule(state_->core, state_->core.jobs[slot], schedule, outcome);
  }
  return outcome;
}

bool Scheduler::find_plan(JobId id, PlanView& out) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot || !core.jobs[slot].has(kJobPlanned)) return false;
  out = view_plan(plan_of(core, core.jobs[slot]));
  return true;
}

std::size_t Scheduler::list_planned(ExpertId expert, std::span<PlanView> out) const {
  const Core& core = state_->core;
  if (!expert_known(core, expert)) return 0;
  std::size_t count = 0;
  visit_planned(core, expert, [&](std::uint32_t, const PlannedJob& plan) {
    if (count == out.size()) return true;
    out[count++] = view_plan(plan);
    return false;
  });
  return count;
}

Filter Scheduler::plan_filter_of(JobId id, ExpertId expert, Tick start) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot || !expert_known(core, expert)) return Filter::kSkill;
  const Tick at = std::max(start, core.now);
  return plan_filter(core, expert, core.jobs[slot], at, core.calendar.day_of(start));
}

std::size_t Scheduler::list_excluded(JobId id, std::span<PersonId> out) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot) return 0;
  const JobRecord& job = core.jobs[slot];
  const CaseRecord& record = core.cases[job.case_slot];
  std::size_t count = 0;
  const auto add = [&](PersonId person) {
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(count);
    if (raw(person) != 0 && count < out.size() && std::find(out.begin(), end, person) == end)
      out[count++] = person;
  };
  for (const PersonId person :
       {record.owner, record.relative, record.designer, record.supervising_engineer})
    add(person);
  const Role role = role_of(job);
  for (const RoleEntry entry : record.roles) {
    if (entry.role() != Role::kNone && role != Role::kNone && entry.role() != role)
      add(core.experts[raw(entry.expert())].person);
  }
  if (job.has(kJobDeclined)) add(core.experts[raw(job.holder)].person);
  return count;
}

std::size_t Scheduler::list_met(PersonId owner, std::span<ExpertId> out) const {
  const Core& core = state_->core;
  std::size_t count = 0;
  core.meetings.visit(owner, [&](const Meeting& met) {
    if (count < out.size() && is_lately(core, met)) out[count++] = met.expert;
  });
  return count;
}

std::int32_t Scheduler::working_day(Tick at) const { return state_->core.calendar.day_of(at); }

bool Scheduler::half_day(std::int32_t day, HalfDay half, Tick& open, Tick& close) const {
  if (day < -1'000'000 || day > 1'000'000) return false;
  const Interval interval = state_->core.calendar.half_day(day, half);
  open = interval.open;
  close = interval.close;
  return !interval.empty();
}

FlowCell Scheduler::flow(Stage stage, OfficeId office) const {
  const Core& core = state_->core;
  if (raw(office) == 0) return core.totals.flow[raw(stage)];
  const std::uint32_t index = find_office_index(core, office);
  return index == kNoSlot ? FlowCell{} : core.flow_cells[flow_cell_of(index, stage)];
}

bool Scheduler::is_working(Tick at) const { return state_->core.calendar.is_open(at); }

std::int64_t Scheduler::working_minutes(Tick from, Tick to) const {
  return state_->core.calendar.working_minutes(from, to);
}

}  // namespace permitd::scheduler
