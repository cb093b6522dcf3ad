#include "scheduler/state_check.h"

#include <algorithm>
#include <vector>

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/job_clock.h"
#include "scheduler/licence_check.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/plan_flow.h"
#include "scheduler/ranges.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

// Moments beyond these (the year 37,000) are no moments; arithmetic on what is within can't
// overflow.
bool moment(Tick at) {
  return at == kNever || (at.ms >= -(std::int64_t{1} << 50) && at.ms <= std::int64_t{1} << 50);
}

// Numbers that grow by one per command stay far below what the containers can keep (2^44).
bool number(std::uint64_t value) { return value <= std::uint64_t{1} << 43; }

// Likewise the visits of one expert, below 2^32.
constexpr std::uint32_t kVisitsDoneMax = 1U << 31;

bool live_case(const Core& core, std::uint32_t slot) {
  return slot < core.case_slots.used && raw(core.cases[slot].id) != 0;
}
bool live_job(const Core& core, std::uint32_t slot) {
  return slot < core.job_slots.used && raw(core.jobs[slot].id) != 0;
}

bool window_whole(const LoadWindow& load) {
  std::uint64_t sum = 0;
  for (const std::uint32_t bucket : load.buckets) sum += bucket;
  return sum == load.sum;
}

bool check_catalogue(const Core& core) {
  for (const OrganisationRecord& organisation : core.organisations) {
    const bool known_class = organisation.priority == PriorityClass::kMunicipal ||
                             organisation.priority == PriorityClass::kOther;
    if (!known_class || organisation.enabled > 1 || organisation.known > 1 ||
        !text_fits(organisation.label))
      return false;
  }
  for (const ServiceVersion& version : core.services.span()) {
    if (version.version == 0) {
      if (version.stage_count != 0) return false;
      continue;
    }
    if (version.stage_count == 0 || version.stage_count > kServiceStagesMax ||
        !text_fits(version.label))
      return false;
    for (std::size_t i = 0; i < version.stage_count; ++i) {
      if (!stage_in_range(version.stages[i])) return false;
    }
  }
  return true;
}

bool check_zoning_version(const Core& core, std::size_t place) {
  const ZoningVersion& version = core.zoning[place];
  if (version.version == 0) return version == ZoningVersion{};
  const bool is_public = version.state > ZoningState::kValidated;
  if (!known_value(version.state, ZoningState::kSuperseded) ||
      version.state == ZoningState::kNone || version.rules_total == 0 ||
      version.rules_total > kZoningRulesMax || version.rule_count > version.rules_total ||
      find_zoning(core, version.version) != place || !moment(version.effective_from) ||
      (version.effective_from == kNever) == is_public)
    return false;
  const std::span<const ZoningRule> rules = rules_of(core, place);
  const bool sorted = std::is_sorted(
      rules.begin(), rules.end(),
      [](const ZoningRule& a, const ZoningRule& b) { return a.zone.bytes < b.zone.bytes; });
  return sorted && std::all_of(rules.begin(), rules.end(), [](const ZoningRule& rule) {
           return zone_fits(rule.zone, false) && rule.floors <= kFloorsMax &&
                  rule.coverage_permille <= kCoverageMax;
         });
}

bool check_zoning_plan(const Core& core) {
  for (std::size_t place = 0; place < kZoningVersionsMax; ++place) {
    if (!check_zoning_version(core, place)) return false;
  }
  return true;
}

// One is ahead where the state allows it, or has begun; only then it has an end.
template <class Record>
bool suspension_whole(const Record& record, bool may_wait) {
  using State = decltype(record.state);
  const bool is_ahead = record.suspended_from != kNever;
  if (raw(record.suspension_reason) >= kReasonCount ||
      (!is_ahead && record.suspension_reason != Reason::kNone))
    return false;
  if (is_ahead) return may_wait && record.suspended_from < record.suspended_until;
  return record.suspended_until == kNever || record.state == State::kSuspended;
}

bool check_offices(const Core& core) {
  std::vector<bool> seen(10'000, false);
  for (const OfficeRecord& office : core.offices.span().first(core.office_count)) {
    const std::size_t id = raw(office.id);
    if (id == 0 || id >= seen.size() || seen[id]) return false;
    seen[id] = true;
    if (!known_value(office.state, OfficeState::kSurrendered) || office.state == OfficeState::kNone)
      return false;
    if (office.district == 0 || office.district >= kDistrictCount || !text_fits(office.label))
      return false;
    if (!window_whole(office.load) || !point_in_range(office.point) ||
        office.pass_left > core.limits.jobs_max || office.home_search > core.limits.cases_max)
      return false;
    const bool is_active = office.state == OfficeState::kActive;
    if (!suspension_whole(office, is_active) || !moment(office.in_hand_until) ||
        (is_active && office.in_hand_until != Tick{}))
      return false;
  }
  return true;
}

bool check_expert(const Core& core, const ExpertRecord& expert) {
  if (expert.office >= core.office_count || !known_value(expert.state, ExpertState::kLeft) ||
      !known_value(expert.degree, Degree::kDoctorate))
    return false;
  if (expert.held_count > kHeldJobsMax || expert.wanted > kHeldJobsMax || expert.units_per_day > 48)
    return false;
  if ((expert.told >> 2 * (kSkillCount + 1)) != 0) return false;
  if ((expert.counted >> kSkillCount) != 0 || (expert.listed & ~expert.counted) != 0) return false;
  if (!absences_whole(expert.absences) || !text_fits(expert.label) || !window_whole(expert.load))
    return false;
  if (!moment(expert.claim_until) || expert.visits_done > kVisitsDoneMax) return false;
  const bool may_wait =
      expert.state == ExpertState::kCertified || expert.state == ExpertState::kExpired;
  if (!suspension_whole(expert, may_wait)) return false;
  if (!point_in_range(expert.home) || !point_in_range(expert.place)) return false;
  for (std::size_t s = 0; s < kSkillCount; ++s) {
    if (core.available.contains(
            Skill{static_cast<std::uint8_t>(s)},
            ExpertId{static_cast<std::uint32_t>(&expert - core.experts.span().data())}) !=
        ((expert.listed >> s & 1) != 0)) {
      return false;
    }
  }
  return true;
}

// The jobs in an expert's hands are the expert's, each once: a slot held twice would not be its
// holder's entry.
bool check_held(const Core& core, std::uint32_t number, std::vector<bool>& held_jobs) {
  const ExpertRecord& expert = core.experts[number];
  std::size_t started = 0;
  for (std::size_t i = 0; i < expert.held_count; ++i) {
    const HeldJob& held = expert.held[i];
    if (!live_job(core, held.slot) || held_jobs[held.slot] || !moment(held.lease_until) ||
        held.token > LeaseToken{raw(core.op)})
      return false;
    held_jobs[held.slot] = true;
    const JobRecord& job = core.jobs[held.slot];
    if (job.holder != ExpertId{number} ||
        (job.state != JobState::kAssigned && job.state != JobState::kStarted))
      return false;
    if (job.state == JobState::kStarted) ++started;
  }
  return started == expert.started_count;
}

bool check_experts(Core& core, std::vector<bool>& held_jobs) {
  std::size_t known = 0;
  core.certified = {};
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    const ExpertRecord& expert = core.experts[number];
    if (expert.state == ExpertState::kNone) {
      if (expert.held_count != 0 || expert.counted != 0 || expert.listed != 0) return false;
      continue;
    }
    ++known;
    if (!check_expert(core, expert) || !check_held(core, number, held_jobs)) return false;
    for (std::size_t s = 0; s < kSkillCount; ++s) core.certified[s] += expert.counted >> s & 1U;
  }
  std::size_t chained = 0;
  for (std::uint32_t office = 0; office < core.office_count; ++office) {
    std::uint32_t before = 0;
    std::uint64_t by_policy = 0;
    std::uint64_t own_units = 0;
    for (std::uint32_t number = core.offices[office].first_expert; number != 0;
         number = core.experts[number].next_in_office) {
      if (!expert_known(core, ExpertId{number}) || core.experts[number].office != office)
        return false;
      if (core.experts[number].previous_in_office != before || ++chained > known) return false;
      before = number;
      if (core.experts[number].counted == 0) continue;
      const std::uint16_t units = core.experts[number].units_per_day;
      by_policy += units == 0 ? 1U : 0U;
      own_units += units;
    }
    if (core.offices[office].certified_by_policy != by_policy ||
        core.offices[office].certified_own_units != own_units)
      return false;
  }
  return chained == known;
}

template <class Record>
bool check_free_chain(const FixedArray<Record>& table, const SlotList& list,
                      std::uint32_t Record::*link) {
  if (list.count > list.used || list.reserved != 0) return false;
  std::uint32_t live = 0;
  for (std::uint32_t slot = 0; slot < list.used; ++slot) live += raw(table[slot].id) != 0 ? 1U : 0U;
  std::uint32_t free = 0;
  for (std::uint32_t slot = list.free; slot != kNoSlot; slot = table[slot].*link) {
    if (slot >= list.used || raw(table[slot].id) != 0 || ++free > list.used) return false;
  }
  return live == list.count && live + free == list.used;
}

// A case is due when its clock says so.
bool check_municipal_clock(const Core& core, const CaseRecord& record) {
  if (record.marks > (kMarkAmber | kMarkBreached | kMarkDistrict)) return false;
  if (record.clock_minutes < -(1 << 30) || record.clock_minutes > 1 << 30) return false;
  if (record.clock_from == kNever) return record.due == kNever;
  const StageSpec& stage = stage_of(core, record);
  return record.state == CaseState::kAwaitingDecision && stage_is_external(stage) &&
         stage.sla_minutes != 0 && record.clock_from.ms >= 0 && record.clock_from <= core.now &&
         municipal_due_by(core.calendar, record) == record.due;
}

bool check_case(const Core& core, const CaseRecord& record) {
  if (raw(record.id) > core.cases_created || !known_value(record.state, CaseState::kReferred) ||
      !known_value(record.resume_state, CaseState::kReferred)) {
    return false;
  }
  if (raw(record.service) == 0 || raw(record.service) >= kServicesMax ||
      record.version_slot >= kServiceVersionsMax)
    return false;
  const ServiceVersion& version = service_of(core, record);
  if (version.version == 0 || record.stage_index >= version.stage_count) return false;
  if (record.office >= core.office_count || record.district == 0 ||
      record.district >= kDistrictCount)
    return false;
  if (!point_in_range(record.point)) return false;
  if (!zone_fits(record.zone, true) || record.zoning_slot > kZoningVersionsMax ||
      (record.zoning_slot != 0 && core.zoning[record.zoning_slot - 1U].version == 0) ||
      !known_value(record.zoning_result, ZoningResult::kBeyond) ||
      record.zoning_conditions > kZoningConditions || !moment(record.zoning_checked_at))
    return false;
  if (!known_value(record.priority, PriorityClass::kOther) || !text_fits(record.parcel) ||
      !text_fits(record.reference))
    return false;
  for (const RoleEntry entry : record.roles) {
    if (entry.role() == Role::kNone
            ? entry.packed != 0
            : entry.role() > Role::kConfirmer || !expert_known(core, entry.expert())) {
      return false;
    }
  }
  const bool paid = (record.flags & kCaseFeesPaid) != 0;
  if (paid != (record.fees_rial != 0) || record.fees_rial > kAmountRialMax) return false;
  return moment(record.registered_at) && moment(record.closed_at) &&
         check_municipal_clock(core, record);
}

bool check_job(const Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (raw(job.id) > core.jobs_created || !live_case(core, job.case_slot)) return false;
  const CaseRecord& record = core.cases[job.case_slot];
  if (!known_value(job.state, JobState::kCancelled) ||
      !known_value(job.kind, JobKind::kConfirmation) ||
      !known_value(job.stage, Stage::kPermitDelivery) || !known_value(job.skill, Skill::kConfirm) ||
      raw(job.reason) >= kReasonCount) {
    return false;
  }
  if (job.priority != record.priority || job.district != record.district ||
      job.office >= core.office_count)
    return false;
  if (raw(job.holder) != 0 && !expert_known(core, job.holder)) return false;
  const bool was_held = job.state == JobState::kAssigned || job.state == JobState::kStarted ||
                        job.state == JobState::kDone;
  if ((was_held || job.has(kJobDeclined)) && raw(job.holder) == 0) return false;
  if (job.has(kJobConfirming) && job.state != JobState::kDone) return false;
  if (job.decision > core.limits.decisions_max || job.sla_minutes > 60'000 ||
      job.effort_minutes > 1440)
    return false;
  if (!moment(job.deadline) || !moment(job.ready_since) || !moment(job.clock_from)) return false;
  if (job.clock_minutes < -(1 << 30) || job.clock_minutes > 1 << 30) return false;
  const bool dated = job.appointment != kNoAppointment;
  if (dated && (job.appointment < -4'000'000 || job.appointment > 4'000'000)) return false;
  if (job.kind == JobKind::kConfirmation && job_is_open(job)) {
    return live_job(core, job.origin) && core.jobs[job.origin].case_slot == job.case_slot &&
           core.jobs[job.origin].has(kJobConfirming);
  }
  return true;
}

// A deadline that its clock does not lead to would stay due for ever.
bool check_clock(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (!job_is_open(job) || job.state == JobState::kDone) return true;
  if (job.clock_from == kNever) return job.deadline == kNever;
  return job.clock_from.ms >= 0 && job.clock_from <= core.now && !recompute_deadline(core, slot);
}

// Every job hangs in the chain of its case, once; a case has at most one job to be worked next, and
// only that one, and the one it confirms, are open.
bool check_chains(const Core& core) {
  std::uint32_t chained = 0;
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (!live_case(core, slot)) continue;
    const CaseRecord& record = core.cases[slot];
    std::uint32_t open = 0;
    bool current = record.current_job == kNoSlot;
    for (std::uint32_t job = record.newest_job; job != kNoSlot; job = core.jobs[job].previous) {
      if (!live_job(core, job) || core.jobs[job].case_slot != slot ||
          ++chained > core.job_slots.count)
        return false;
      if (job == record.current_job)
        current = job_is_open(core.jobs[job]) && core.jobs[job].state != JobState::kDone;
      else if (job_is_open(core.jobs[job]) && core.jobs[job].state != JobState::kDone)
        return false;
      if (job_is_open(core.jobs[job])) ++open;
    }
    if (!current || open > 2 || (record.current_job == kNoSlot && open != 0)) return false;
  }
  return chained == core.job_slots.count;
}

bool check_retained(const Core& core) {
  std::uint32_t terminal = 0;
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (!live_case(core, slot)) continue;
    if (case_is_terminal(core.cases[slot].state))
      ++terminal;
    else if (core.cases[slot].next != kNoSlot)
      return false;
  }
  std::uint32_t chained = 0;
  std::uint32_t last = kNoSlot;
  for (std::uint32_t slot = core.retained_first; slot != kNoSlot; slot = core.cases[slot].next) {
    if (!live_case(core, slot) || !case_is_terminal(core.cases[slot].state) || ++chained > terminal)
      return false;
    last = slot;
  }
  return chained == terminal && last == core.retained_last;
}

bool queued(const JobRecord& job) { return job.state == JobState::kReady && !job.has(kJobPaused); }

// The queues hold exactly the jobs that are Ready and not reserved, each in its own and under its
// own key.
bool check_queues(const Core& core) {
  const auto open = [](const JobRecord& job) { return queued(job) && !job.has(kJobPlanned); };
  std::uint32_t waiting = 0;
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (live_job(core, slot) && open(core.jobs[slot])) ++waiting;
  }
  std::uint32_t found = 0;
  bool whole = true;
  for (std::uint32_t queue = 0; queue < core.ready.queue_count(); ++queue) {
    core.ready.visit(QueueNumber{queue}, UINT32_MAX, [&](std::uint32_t slot) {
      ++found;
      whole = live_job(core, slot) && open(core.jobs[slot]) &&
              queue_of(core.jobs[slot]) == QueueNumber{queue} &&
              core.ready.key(slot) == ReadyKey{core.jobs[slot].deadline, core.jobs[slot].id};
      return !whole;
    });
    if (!whole) return false;
  }
  return found == waiting;
}

bool check_ages(const Core& core) {
  std::uint32_t waiting = 0;
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (live_job(core, slot) && queued(core.jobs[slot])) ++waiting;
  }
  std::uint32_t found = 0;
  for (std::uint32_t list = 0; list < core.ages.list_count(); ++list) {
    for (std::uint32_t slot = core.ages.front(list); slot != kNoSlot; slot = core.ages.next(slot)) {
      if (!live_job(core, slot)) return false;
      const JobRecord& job = core.jobs[slot];
      if (list >= blocked_list_of(0)) {
        if (job.state != JobState::kBlocked ||
            list != blocked_list_of(core.cases[job.case_slot].office))
          return false;
        continue;
      }
      if (!queued(job) || list != age_list_of(job.priority, job.skill)) return false;
      ++found;
    }
  }
  return found == waiting;
}

bool check_timers(const Core& core) {
  for (std::uint32_t slot = 0; slot < core.job_timers.subject_count(); ++slot) {
    const Tick at = core.job_timers.at(slot);
    if (at == kNever) continue;
    if (!live_job(core, slot) || !job_is_open(core.jobs[slot])) return false;
  }
  for (std::uint32_t subject = 0; subject < core.other_timers.subject_count(); ++subject) {
    const Tick at = core.other_timers.at(subject);
    if (at == kNever) continue;
    bool known = false;
    if (subject == kCityTimer)
      known = true;
    else if (subject >= case_timer(core, 0))
      known = live_case(core, subject - case_timer(core, 0));
    else if (subject >= office_timer(core, 0))
      known = subject - office_timer(core, 0) < core.office_count;
    else
      known = expert_known(core, ExpertId{subject});
    if (!known) return false;
  }
  return true;
}

bool check_available(const Core& core) {
  std::size_t listed = 0;
  std::size_t found = 0;
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    for (std::size_t s = 0; s < kSkillCount; ++s) listed += core.experts[number].listed >> s & 1U;
  }
  for (std::uint8_t s = 0; s < kSkillCount; ++s) found += core.available.count(Skill{s});
  return listed == found;
}

// Far beyond any year that a calendar knows, and far from where arithmetic would overflow.
bool date(std::int32_t day) { return day > -2'000'000 && day < 2'000'000; }

// Every reservation is one of a job that may have one, for somebody who is known.
bool check_plan(const Core& core, std::uint32_t place) {
  const PlannedJob& plan = core.plans[place];
  if (!live_job(core, plan.slot) || !expert_known(core, plan.expert)) return false;
  const JobRecord& job = core.jobs[plan.slot];
  const bool may = job.state == JobState::kReady || job.state == JobState::kScheduled;
  return job.id == plan.id && may && !job.has(kJobPaused) && job.has(kJobPlanned) &&
         job.booked_day == place && moment(plan.start) && moment(plan.until) &&
         raw(plan.op) <= raw(core.op) && raw(plan.reason) < kReasonCount && plan.visit <= 1 &&
         plan.locks <= kLockAll && plan.effort_minutes <= 1440 && date(plan.day);
}

bool check_plans(const Core& core) {
  if (!check_free_chain(core.plans, core.plan_slots, &PlannedJob::slot)) return false;
  std::vector<std::uint32_t> counts(core.expert_last + 1, 0);
  for (std::uint32_t place = 0; place < core.plan_slots.used; ++place) {
    if (raw(core.plans[place].id) == 0) continue;
    if (!check_plan(core, place)) return false;
    ++counts[raw(core.plans[place].expert)];
  }
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    if (counts[number] > kPlannedPerExpertMax ||
        counts[number] != core.experts[number].planned_count)
      return false;
  }
  std::uint32_t reserved = 0;
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (live_job(core, slot) && core.jobs[slot].has(kJobPlanned)) ++reserved;
  }
  return reserved == core.plan_slots.count;
}

// The sums over the plans come out as they were written. Pre: the order of the plans is there.
bool recount_plans(Core& core) {
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    const ExpertRecord written = core.experts[number];
    if (written.state == ExpertState::kNone) continue;
    recount_planned(core, ExpertId{number});
    if (core.experts[number].planned_minutes != written.planned_minutes ||
        core.experts[number].planned_visits != written.planned_visits)
      return false;
  }
  return true;
}

bool check_decisions(const Core& core) {
  const auto used = static_cast<std::size_t>(
      std::min<std::uint64_t>(core.decision_count, core.limits.decisions_max));
  for (const DecisionRecord& decision : core.decisions.span().first(used)) {
    if (decision.near_count > 8 || decision.rejected_count > 8 ||
        decision.drawn_count > kDrawnMax || decision.by_deadline > 1 ||
        (decision.by_deadline != 0 && decision.drawn_count < 2))
      return false;
    for (const std::uint8_t filter : decision.rejected_filter) {
      if (filter >= kFilterCount) return false;
    }
  }
  return true;
}

// Every meeting is of somebody known, in the order of that expert's own visits.
bool check_meetings(const Core& core) {
  std::vector<std::uint32_t> visits(core.expert_last + 1, 0);
  bool whole = true;
  core.meetings.visit_all([&](const Meeting& met) {
    whole = whole && expert_known(core, met.expert) && met.at <= core.now &&
            met.visit > visits[raw(met.expert)] &&
            met.visit <= core.experts[raw(met.expert)].visits_done;
    if (whole) visits[raw(met.expert)] = met.visit;
  });
  return whole;
}

// Each was ordered by a command of its own, in their order, and each is counted.
bool check_overrides(const Core& core) {
  Op last{};
  Tick before;
  bool whole =
      core.overrides.count() == core.totals.capacity_overrides && number(core.overrides.count());
  core.overrides.visit([&](const CapacityOverride& one) {
    whole = whole && raw(last) < raw(one.op) && raw(one.op) <= raw(core.op) && before <= one.at &&
            one.at <= core.now && raw(one.job) <= core.jobs_created &&
            raw(one.case_id) <= core.cases_created && expert_known(core, one.expert) &&
            one.effort_minutes <= 1440;
    last = one.op;
    before = one.at;
  });
  return whole;
}

bool ids_are_unique(const Core& core) {
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (live_case(core, slot) && find_case_slot(core, core.cases[slot].id) != slot) return false;
  }
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (live_job(core, slot) && find_job_slot(core, core.jobs[slot].id) != slot) return false;
  }
  return true;
}

// The counters that can be counted again must come out as they were written.
bool recount(Core& core) {
  const Totals written = core.totals;
  core.totals.bands = {};
  core.totals.jobs = {};
  std::array<std::uint64_t, kCaseStateCount> open_cases{};
  std::vector<std::uint64_t> office_open(core.office_count, 0);
  std::vector<std::uint32_t> keeping(core.services.size(), 0);
  std::array<std::uint32_t, kZoningVersionsMax + 1> judged{};
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (live_job(core, slot)) count_job(core, core.jobs[slot], 1);
  }
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (!live_case(core, slot)) continue;
    const CaseRecord& record = core.cases[slot];
    ++judged[record.zoning_slot];
    ++keeping[raw(record.service) * kServiceVersionsMax + record.version_slot];
    count_municipal(core, record, 1);
    if (case_is_terminal(record.state)) continue;
    ++open_cases[raw(record.state)];
    ++office_open[record.office];
  }
  const std::array<std::uint64_t, kJobStateCount> counted = core.totals.jobs;
  const bool bands = core.totals.bands == written.bands;
  core.totals = written;
  for (const JobState state :
       {JobState::kBlocked, JobState::kReady, JobState::kScheduled, JobState::kAssigned,
        JobState::kStarted, JobState::kHeld, JobState::kEscalated}) {
    if (counted[raw(state)] != written.jobs[raw(state)]) return false;
  }
  for (std::uint8_t state = 0; state < kCaseStateCount; ++state) {
    if (!case_is_terminal(CaseState{state}) && open_cases[state] != written.cases[state])
      return false;
  }
  for (std::size_t office = 0; office < core.office_count; ++office) {
    if (office_open[office] != core.offices[office].cases_open) return false;
  }
  for (std::size_t i = 0; i < keeping.size(); ++i) {
    if (keeping[i] != core.services[i].case_count) return false;
  }
  for (std::size_t place = 0; place < kZoningVersionsMax; ++place) {
    if (judged[place + 1] != core.zoning[place].case_count) return false;
  }
  return bands;
}

bool check_records(Core& core) {
  if (!number(raw(core.op)) || !number(core.cases_created) || !number(core.jobs_created))
    return false;
  if (core.now.ms < 0 || !number(static_cast<std::uint64_t>(core.now.ms)) || !date(core.day))
    return false;
  if (!check_catalogue(core) || !check_zoning_plan(core) || !check_offices(core) ||
      !check_licences(core))
    return false;
  if (!check_free_chain(core.cases, core.case_slots, &CaseRecord::next)) return false;
  if (!check_free_chain(core.jobs, core.job_slots, &JobRecord::previous)) return false;
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    if (live_case(core, slot) && !check_case(core, core.cases[slot])) return false;
  }
  std::size_t in_hand = 0;
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    if (!live_job(core, slot)) continue;
    if (!check_job(core, slot) || !check_clock(core, slot)) return false;
    const JobState state = core.jobs[slot].state;
    if (state == JobState::kAssigned || state == JobState::kStarted) ++in_hand;
  }
  std::vector<bool> held_jobs(core.job_slots.used, false);
  if (!check_experts(core, held_jobs)) return false;
  return in_hand == static_cast<std::size_t>(std::count(held_jobs.begin(), held_jobs.end(), true));
}

}  // namespace

bool adopt_state(Core& core) {
  if (!check_records(core) || !check_chains(core) || !check_retained(core) ||
      !check_decisions(core) || !check_plans(core) || !check_meetings(core) ||
      !check_overrides(core))
    return false;
  if (!check_queues(core) || !check_ages(core) || !check_timers(core) || !check_available(core))
    return false;
  rebuild_derived(core);
  return ids_are_unique(core) && recount(core) && recount_plans(core);
}

}  // namespace permitd::scheduler
