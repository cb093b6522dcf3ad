// Everything the model believes against everything the core shows, and the invariants that must
// hold between commands, when nothing is due any more.
#include <algorithm>
#include <array>

#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

void NaiveModel::audit(const Scheduler& scheduler) {
  audit_jobs(scheduler);
  audit_cases(scheduler);
  audit_stages();
  audit_holders();
  audit_waiting();
  audit_plans(scheduler);
  audit_persons();
  audit_experts(scheduler);
  audit_told();
  audit_offices(scheduler);
  licences_.audit(scheduler, world(), [&](const std::string& what) { complain("{}", what); });
  audit_totals(scheduler);
  audit_overrides(scheduler);
  audit_conservation(scheduler);
  audit_lists(scheduler);
  audit_zoning(scheduler);
  audit_lottery(scheduler);
}

void NaiveModel::audit_lottery(const Scheduler& scheduler) {
  const LotteryView& view = scheduler.lottery();
  const std::size_t turns = lottery_.size();
  const TurnLottery last = turns > 0 ? lottery_[turns - 1] : TurnLottery{};
  const TurnLottery before = turns > 1 ? lottery_[turns - 2] : TurnLottery{};
  expect(view.turns == turns, "the lottery turned {} times", turns);
  expect(view.turned == lottery_turned_, "the lottery turned with op {}", raw(lottery_turned_));
  expect(view.day == last.day && view.commitment == last.commitment && view.salt == last.salt,
         "what the lottery stands on is not what it turned to");
  expect(view.opened == last.opened && view.opened_day == before.day &&
             view.opened_commitment == before.commitment,
         "what the lottery opened is not what it was told");
}

void NaiveModel::audit_jobs(const Scheduler& scheduler) {
  for (const auto& [id, job] : jobs_) {
    JobView view;
    if (!scheduler.find_job(job.id, view)) {
      complain("job {} in state {} is not found", id, raw(job.state));
      return;
    }
    audit_job(job, view);
  }
}

void NaiveModel::audit_job(const ModelJob& job, const JobView& view) {
  const std::uint64_t id = raw(job.id);
  expect(view.state == job.state, "job {} is in state {}, not {}", id, raw(view.state),
         raw(job.state));
  expect(view.case_id == job.case_id && view.kind == job.kind && view.skill == job.skill &&
             view.stage == job.spec.stage && view.rework == job.rework,
         "job {} became another one", id);
  expect(view.effort_minutes == job.effort, "job {} takes {} minutes, not {}", id,
         view.effort_minutes, job.effort);
  if (job.in_hand()) {
    expect(
        view.holder == job.holder && view.token == job.token && view.lease_until == job.lease_until,
        "job {} has another lease: expert {} until {}, not {} until {} (I1)", id, raw(view.holder),
        view.lease_until.ms, raw(job.holder), job.lease_until.ms);
  } else {
    expect(raw(view.token) == 0 && view.lease_until == kNever, "job {} has a lease in state {}", id,
           raw(job.state));
  }
  if (!job.open() || job.state == JobState::kDone) return;
  expect(view.priority == job.priority, "job {} is of class {}", id, raw(view.priority));
  expect(view.attempts == job.failures, "job {} failed {} times, not {}", id, view.attempts,
         job.failures);
  expect(view.deadline == deadline(job), "job {} is due at {}, not at {} (I12, I16)", id,
         view.deadline.ms, deadline(job).ms);
  expect(view.remaining_minutes == remaining(job), "job {} has {} minutes left, not {}", id,
         view.remaining_minutes, remaining(job));
  expect((view.band == SlaBand::kPaused) == !job.clock.runs, "job {} is in band {}", id,
         raw(view.band));
  expect(raw(view.reach_office) == (job.office_reach ? raw(job.office) : 0),
         "job {} is for office {}", id, raw(view.reach_office));
  if (waits(job)) {
    // It is moved by the tick that says that the office is closed, but for one that a plan keeps
    // for when it is back.
    const bool is_closed = offices_.at(raw(job.office)).state != OfficeState::kActive;
    expect(job.kind != JobKind::kConfirmation || !job.office_reach || !is_closed ||
               plan_of(job.id) != nullptr,
           "job {} waits for the head of a closed office", id);
    expect(view.ready_since == job.ready_since, "job {} is ready since {}, not {}", id,
           view.ready_since.ms, job.ready_since.ms);
  }
  const bool waiting_case = cases_.at(raw(job.case_id)).waiting();
  if (job.state == JobState::kScheduled && !waiting_case) {
    expect(view.appointment != kNever && view.appointment.ms > now_,
           "the half-day of job {} has begun", id);
  }
  const bool booked = job.half_day != kNoHalfDay;
  const NaiveCalendar::Hours hours = booked ? half_day(job.half_day) : NaiveCalendar::Hours{};
  const Tick begin = hours.open == hours.close ? kNever : Tick{hours.open};
  expect(view.appointment == begin, "job {} has an appointment at {}, not {}", id,
         view.appointment.ms, begin.ms);
  if (job.state == JobState::kBlocked && !waiting_case) {
    expect(precondition_missing(job), "nothing blocks job {}", id);
  }
}

void NaiveModel::audit_cases(const Scheduler& scheduler) {
  for (const auto& [id, c] : cases_) {
    CaseView view;
    if (!scheduler.find_case(c.id, view)) {
      complain("case {} in state {} is not found", id, raw(c.state));
      return;
    }
    audit_case(c, view);
    audit_history(c, scheduler);
  }
}

void NaiveModel::audit_case(const ModelCase& c, const CaseView& view) {
  const std::uint64_t id = raw(c.id);
  expect(view.state == c.state, "case {} is in state {}, not {}", id, raw(view.state),
         raw(c.state));
  expect(view.registered_at == c.registered_at, "case {} was registered at {}, not {}", id,
         view.registered_at.ms, c.registered_at.ms);
  expect((view.closed_at == kNever) == !c.terminal(), "case {} was closed at {}", id,
         view.closed_at.ms);
  expect(view.office == c.office && view.owner == c.filed.owner &&
             view.designer == c.filed.designer && view.floors == c.filed.floors &&
             view.area_m2 == c.filed.area_m2 && view.district == c.filed.district &&
             view.organisation == c.filed.organisation && view.service == c.filed.service,
         "case {} is not as it was filed", id);
  expect(view.service_version == c.service.version, "case {} is judged by version {}, not {} (I17)",
         id, view.service_version, c.service.version);
  expect(view.priority == c.priority, "case {} is of class {}", id, raw(view.priority));
  expect(view.decided == c.decided, "case {} is decided: {}", id, view.decided);
  expect(view.fees_paid == (c.fees_paid != 0) && view.fees_rial == c.fees_paid,
         "case {} has paid {} rial, not {}", id, view.fees_rial, c.fees_paid);
  if (!c.terminal() && c.state != CaseState::kDraft && c.stage < c.service.stage_count) {
    expect(view.stage_index == c.stage, "case {} is in stage {}, not {} (I10)", id,
           view.stage_index, c.stage);
  }
  audit_case_zoning(c, view);
  audit_municipal_clock(c, view);
  if (c.state == CaseState::kAwaitingApplicant) {
    expect(c.silent_until.ms > now_, "the applicant of case {} was silent too long", id);
  }
}

// What the municipality does is due in working time, and its marks are told (R10, I12).
void NaiveModel::audit_municipal_clock(const ModelCase& c, const CaseView& view) {
  const std::uint64_t id = raw(c.id);
  const std::int64_t left = remaining(c.clock);
  expect(view.decision_due == deadline(c.clock), "the decision of case {} is due at {}, not {}", id,
         view.decision_due.ms, deadline(c.clock).ms);
  expect(view.decision_remaining_minutes == left, "{} minutes are left for case {}, not {}",
         view.decision_remaining_minutes, id, left);
  expect((view.decision_band == SlaBand::kPaused) == !c.clock.runs, "case {} is in band {}", id,
         raw(view.decision_band));
  if (!c.clock.runs) return;
  expect((view.decision_band == SlaBand::kRed) == (left <= 0), "case {} is in band {}", id,
         raw(view.decision_band));
  const std::int64_t sla = c.service.stages[c.stage].sla_minutes;
  for (const EventKind kind :
       {EventKind::kSlaNotified, EventKind::kSlaBreached, EventKind::kSlaEscalated}) {
    expect(left > mark_due(sla, kind) || (c.marks >> raw(kind) & 1U) != 0,
           "mark {} of case {} is due, and not told", raw(kind), id);
  }
}

// No state change without an event, and none that did not happen (I15).
void NaiveModel::audit_history(const ModelCase& c, const Scheduler& scheduler) {
  if (scheduler.stats().history_dropped > 0) return;
  std::vector<HistoryView> views(c.history.size() + 1);
  const std::size_t count = scheduler.list_history(c.id, 0, views);
  expect(count == c.history.size(), "case {} has {} events, not {}", raw(c.id), count,
         c.history.size());
  for (std::size_t index = 0; index < std::min(count, c.history.size()); ++index) {
    expect(views[index].event == c.history[index], "event {} of case {} is another one", index,
           raw(c.id));
  }
}

// One job at a time, in the order of the stages, and none where nobody may work (I8, I10).
void NaiveModel::audit_stages() {
  for (const auto& [id, c] : cases_) {
    std::size_t open = 0;
    std::size_t confirming = 0;
    for (const JobId job_id : c.jobs) {
      const ModelJob& job = jobs_.at(raw(job_id));
      open += job.open() && !job.confirming ? 1U : 0U;
      confirming += job.confirming ? 1U : 0U;
      const bool active =
          job.state == JobState::kReady || job.state == JobState::kScheduled || job.in_hand();
      if (active && job.kind == JobKind::kWork && (job.spec.flags & kStageNeedsDecision) != 0) {
        expect(c.decided, "job {} delivers what was not decided (I8)", raw(job_id));
      }
    }
    const bool idle =
        c.terminal() || c.state == CaseState::kDraft || c.state == CaseState::kDelivered ||
        (c.stage < c.service.stage_count &&
         (c.service.stages[c.stage].flags & (kStageIsSovereign | kStageNotMechanised)) != 0);
    expect(open == (idle ? 0U : 1U) && confirming <= 1, "case {} in state {} has {} open jobs", id,
           raw(c.state), open);
    if (c.state == CaseState::kRegistered) expect(!c.begun, "case {} was begun", id);
    if (c.state == CaseState::kInProgress) expect(!c.decided, "case {} was decided", id);
    if (c.state == CaseState::kDelivered || c.state == CaseState::kClosed) {
      expect(c.stage >= c.service.stage_count, "case {} ended in stage {}", id, c.stage);
    }
  }
}

// A holder may hold (I4), and is in no conflict with the case (I6): shift and activation are asked
// when a job is given, the rest always.
void NaiveModel::audit_holders() {
  for (const auto& [id, job] : jobs_) {
    if (!job.in_hand()) continue;
    const ModelExpert& expert = experts_.at(raw(job.holder));
    expect(certified(expert, job.skill), "the holder of job {} is not certified (I4)", id);
    expect(!absent(expert), "the holder of job {} is absent (I4)", id);
    const ModelOffice& office = offices_.at(raw(expert.defined.office));
    expect(office_active(expert.defined.office) || now_ < office.in_hand_until,
           "the office of job {}'s holder is closed (I4)", id);
    expect(!concerns_holder(job), "the case of job {} concerns its holder (I6)", id);
    expect(job.lease_until.ms > now_, "the lease of job {} ran out and it is still held", id);
    expect(job.lease_until <= holding_end(job), "the lease of job {} ends after its holder's right",
           id);
  }
}

// Inspector, reviewer and confirmer of a case are different persons (I5).
void NaiveModel::audit_persons() {
  for (const auto& [id, c] : cases_) {
    for (std::size_t role = 0; role < c.roles.size(); ++role) {
      for (std::size_t other = role + 1; other < c.roles.size(); ++other) {
        for (const std::uint64_t person : c.roles[role]) {
          expect(!c.roles[other].contains(person), "person {} had two roles on case {} (I5)",
                 person, id);
        }
      }
    }
  }
}

void NaiveModel::audit_experts(const Scheduler& scheduler) {
  for (const auto& [number, expert] : experts_) {
    ExpertView view;
    if (!scheduler.find_expert(ExpertId{number}, view)) {
      complain("expert {} is not found", number);
      return;
    }
    std::size_t assigned = 0;
    std::size_t started = 0;
    for (const auto& [id, job] : jobs_) {
      if (job.holder != ExpertId{number}) continue;
      assigned += job.state == JobState::kAssigned ? 1U : 0U;
      started += job.state == JobState::kStarted ? 1U : 0U;
    }
    expect(view.state == expert.state && view.absent == absent(expert), "expert {} is in state {}",
           number, raw(view.state));
    expect(view.suspended_until.ms == expert.suspended_until, "expert {} is suspended until {}",
           number, view.suspended_until.ms);
    expect(view.suspended_from.ms == expert.suspended_from, "expert {} is suspended from {}",
           number, view.suspended_from.ms);
    std::map<std::int64_t, std::int64_t> absences = expert.absences;
    std::erase_if(absences, [this](const auto& one) { return one.second <= now_; });
    const auto is_same = [](const auto& one, const Absence& known) {
      return one.first == known.from.ms && one.second == known.until.ms;
    };
    expect(std::ranges::equal(absences, view.absences.all(), is_same),
           "expert {} has {} absences, {} are known", number, absences.size(), view.absences.count);
    expect(view.relatives == expert.defined.relatives, "expert {} has other relatives (I6)",
           number);
    expect(view.degree == expert.defined.degree, "expert {} has degree {} (R9)", number,
           raw(view.degree));
    expect(view.assigned == assigned && view.started == started, "expert {} holds {} + {}", number,
           view.assigned, view.started);
    if (!bookings_unclear()) {
      expect(view.booked_minutes_today == booked_today(expert),
             "expert {} is booked for {}, not {}", number, view.booked_minutes_today,
             booked_today(expert));
      const std::uint32_t other = today_ > expert.booked_day ? 0 : expert.other;
      expect(view.other_minutes_today == other, "expert {} is booked for {} of others, not {}",
             number, view.other_minutes_today, other);
      expect(view.visits_today == visits_today(expert), "expert {} has {} visits, not {}", number,
             view.visits_today, visits_today(expert));
    }
    if (!loads_unclear()) {
      expect(view.window_minutes == window_minutes(expert), "expert {} has a window of {}, not {}",
             number, view.window_minutes, window_minutes(expert));
    }
    expect(view.done_total == expert.done_total, "expert {} has done {}", number, view.done_total);
    bool may_work = false;
    for (std::uint8_t s = 0; s < kSkillCount; ++s) {
      may_work = may_work || certified(expert, Skill{s});
    }
    expect(view.available == (available(ExpertId{number}) && may_work),
           "expert {} is available: {}", number, view.available);
    std::array<JobView, kHeldJobsMax> held;
    expect(scheduler.list_held(ExpertId{number}, held) == assigned + started,
           "the list of expert {} is another one", number);
  }
}

void NaiveModel::audit_offices(const Scheduler& scheduler) {
  for (const auto& [number, office] : offices_) {
    OfficeView view;
    if (!scheduler.find_office(OfficeId{number}, view)) {
      complain("office {} is not found", number);
      return;
    }
    std::uint64_t open = 0;
    for (const auto& [id, c] : cases_)
      open += c.office == OfficeId{number} && !c.terminal() ? 1U : 0U;
    std::uint64_t services = 0;
    for (std::uint8_t service = 0; service < kServicesMax; ++service) {
      if (service_active(OfficeId{number}, ServiceId{service}))
        services |= std::uint64_t{1} << service;
    }
    expect(view.state == office.state, "office {} is in state {}", number, raw(view.state));
    expect(view.suspended_from.ms == office.suspended_from &&
               view.suspended_until.ms == office.suspended_until,
           "office {} is suspended from {} until {}", number, view.suspended_from.ms,
           view.suspended_until.ms);
    expect(office.suspended_from > now_, "office {} works on in its suspension", number);
    expect(office.suspended_until > now_, "office {} is suspended beyond the end of it", number);
    expect(view.cases_open == open && view.cases_submitted == office.submitted,
           "office {} has {} open cases, not {}", number, view.cases_open, open);
    expect(view.services_active == services, "office {} has services {:x}", number,
           view.services_active);
    std::uint32_t experts = 0;
    for (const auto& [expert_number, expert] : experts_) {
      bool any = false;
      for (std::uint8_t s = 0; s < kSkillCount; ++s) any = any || certified(expert, Skill{s});
      experts += any && expert.defined.office == OfficeId{number} ? 1U : 0U;
    }
    expect(view.experts_certified == experts, "office {} has {} experts, not {}", number,
           view.experts_certified, experts);
  }
}

void NaiveModel::audit_totals(const Scheduler& scheduler) {
  const StatsView stats = scheduler.stats();
  std::array<std::uint64_t, kCaseStateCount> cases{};
  std::array<std::uint64_t, kJobStateCount> jobs{};
  std::array<std::array<Tick, kSkillCount>, kClassCount> oldest;
  std::array<std::array<std::uint32_t, kSkillCount>, kClassCount> ready{};
  for (auto& row : oldest) row.fill(kNever);
  for (const auto& [id, c] : cases_) ++cases[raw(c.state)];
  for (const auto& [id, job] : jobs_) {
    ++jobs[raw(job.state)];
    if (!waits(job)) continue;
    Tick& first = oldest[raw(job.priority)][raw(job.skill)];
    first = std::min(first, job.ready_since);
    ++ready[raw(job.priority)][raw(job.skill)];
  }
  for (std::size_t state = 0; state < kCaseStateCount; ++state) {
    // Terminal ones are totals for ever; those in memory are a part of them.
    const bool ended = state >= raw(CaseState::kClosed) && state <= raw(CaseState::kLapsed);
    expect(ended ? stats.cases[state] >= cases[state] : stats.cases[state] == cases[state],
           "{} cases in state {}, not {}", stats.cases[state], state, cases[state]);
  }
  for (std::size_t state = 0; state < kJobStateCount; ++state) {
    const auto named = static_cast<JobState>(state);
    const bool ended = named == JobState::kDone || named == JobState::kConfirmed ||
                       named == JobState::kReturned || named == JobState::kCancelled;
    expect(ended ? stats.jobs[state] >= jobs[state] : stats.jobs[state] == jobs[state],
           "{} jobs in state {}, not {}", stats.jobs[state], state, jobs[state]);
  }
  expect(stats.oldest_ready == oldest, "another job is the oldest ready one (I19)");
  expect(stats.ready == ready, "another number of jobs is ready");
  for (std::size_t c = 0; c < kClassCount; ++c) {
    for (std::size_t s = 0; s < kSkillCount; ++s) {
      const std::int64_t minutes =
          oldest[c][s] == kNever
              ? 0
              : calendar_.working_ms(oldest[c][s].ms, stats.now.ms) / kMsPerMinute;
      const bool alarm =
          policy_.waiting_alarm_minutes > 0 && minutes >= policy_.waiting_alarm_minutes;
      expect(stats.waiting_minutes[c][s] == minutes && stats.waiting_alarm(c, s) == alarm,
             "class {} and skill {} has waited {} minutes, not {} (I19)", c, s,
             stats.waiting_minutes[c][s], minutes);
    }
  }
  expect(stats.municipal_first_violations == 0, "municipal first was violated (I7)");
  expect(stats.decisions_in_time == decided_in_time_ && stats.decisions_late == decided_late_,
         "{} decisions in time and {} late, not {} and {} (R10)", stats.decisions_in_time,
         stats.decisions_late, decided_in_time_, decided_late_);
  expect(stats.cases_in_memory == cases_.size() && stats.jobs_in_memory == jobs_.size(),
         "{} cases and {} jobs in memory", stats.cases_in_memory, stats.jobs_in_memory);
  expect(stats.keys_in_memory == keys_.size() && stats.keys_forgotten_early == keys_early_,
         "{} keys in memory, not {}; {} forgotten early, not {}", stats.keys_in_memory,
         keys_.size(), stats.keys_forgotten_early, keys_early_);
  expect(stats.meetings_in_memory == meetings_.size() &&
             stats.meetings_forgotten_early == meetings_early_,
         "{} meetings in memory, not {}; {} forgotten early, not {} (I14)",
         stats.meetings_in_memory, meetings_.size(), stats.meetings_forgotten_early,
         meetings_early_);
}

// Each override is told, newest first, as it was ordered; also those of one expert and district
// alone (I9).
void NaiveModel::audit_overrides(const Scheduler& scheduler) {
  const std::uint64_t count = scheduler.stats().capacity_overrides;
  expect(count == overrides_.size(), "{} overrides, not {} (I9)", count, overrides_.size());
  audit_overrides(scheduler, {});
  if (overrides_.empty()) return;
  const CapacityOverride& first = overrides_[0].told;
  audit_overrides(scheduler, {1U << first.district, first.expert, first.at});
}

void NaiveModel::audit_overrides(const Scheduler& scheduler, const OverrideFilter& filter) {
  std::vector<CapacityOverride> listed;
  std::array<CapacityOverride, 3> page;
  for (Cursor cursor; !cursor.done;) {
    const std::size_t found = scheduler.list_overrides(filter, cursor, page);
    listed.insert(listed.end(), page.begin(), page.begin() + static_cast<long>(found));
  }
  std::vector<ModelOverride> expected;
  const std::size_t kept = std::min<std::size_t>(overrides_.size(), kCapacityOverridesMax);
  for (std::size_t back = 1; back <= kept; ++back) {
    const ModelOverride& one = overrides_[overrides_.size() - back];
    const bool is_asked = (filter.districts >> one.told.district & 1U) != 0 &&
                          (raw(filter.expert) == 0 || filter.expert == one.told.expert) &&
                          one.told.at >= filter.since;
    if (is_asked) expected.push_back(one);
  }
  expect(listed.size() == expected.size() && scheduler.count_overrides(filter) == listed.size(),
         "{} overrides are listed, not {} (I9)", listed.size(), expected.size());
  for (std::size_t row = 0; row < std::min(listed.size(), expected.size()); ++row) {
    CapacityOverride known = expected[row].told;
    if (expected[row].is_day_unclear) {
      known.minutes_before = listed[row].minutes_before;
      known.visits_before = listed[row].visits_before;
    }
    expect(listed[row] == known, "the override of op {} is told as another one, of op {} (I9)",
           raw(known.op), raw(listed[row].op));
  }
}

// created = done + cancelled + open, per stage, per office and in the whole city (I11).
void NaiveModel::audit_conservation(const Scheduler& scheduler) {
  std::array<FlowCell, kStageCount> city{};
  std::map<std::pair<std::uint16_t, std::uint8_t>, std::uint64_t> open;
  for (const auto& [id, job] : jobs_) {
    if (job.open()) ++open[{raw(cases_.at(raw(job.case_id)).office), raw(job.spec.stage)}];
  }
  const auto same = [](const FlowCell& a, const FlowCell& b) {
    return a.created == b.created && a.done == b.done && a.cancelled == b.cancelled &&
           a.returned == b.returned && a.rework == b.rework;
  };
  for (const auto& [key, flow] : flow_) {
    const auto& [office, stage] = key;
    expect(same(flow, scheduler.flow(Stage{stage}, OfficeId{office})),
           "the flow of stage {} at office {} is another one", stage, office);
    expect(flow.created == flow.done + flow.cancelled + open[key],
           "stage {} at office {}: {} created, {} done, {} cancelled, {} open (I11)", stage, office,
           flow.created, flow.done, flow.cancelled, open[key]);
    city[stage].created += flow.created;
    city[stage].done += flow.done;
    city[stage].cancelled += flow.cancelled;
    city[stage].returned += flow.returned;
    city[stage].rework += flow.rework;
  }
  for (std::uint8_t stage = 0; stage < kStageCount; ++stage) {
    expect(same(city[stage], scheduler.flow(Stage{stage}, OfficeId{})),
           "the flow of stage {} in the city is another one", stage);
  }
}

// The open-work cube and the paged list show every open job once.
void NaiveModel::audit_lists(const Scheduler& scheduler) {
  std::uint64_t open = 0;
  std::uint64_t effort = 0;
  for (const auto& [id, job] : jobs_) {
    if (!job.open()) continue;
    ++open;
    effort += job.effort;
  }
  std::uint64_t in_cells = 0;
  std::uint64_t effort_in_cells = 0;
  std::array<OpenCellView, 32> cells;
  for (Cursor cursor; !cursor.done;) {
    const std::size_t count = scheduler.list_open_cells(OfficeId{}, cursor, cells);
    for (std::size_t index = 0; index < count; ++index) {
      in_cells += cells[index].cell.open();
      effort_in_cells += cells[index].cell.effort_minutes;
    }
  }
  expect(in_cells == open && effort_in_cells == effort,
         "the cube has {} jobs of {} minutes, not {}"
         " of {}",
         in_cells, effort_in_cells, open, effort);
  std::set<std::uint64_t> listed;
  std::array<JobView, 16> page;
  std::size_t rows = 0;
  for (Cursor cursor; !cursor.done;) {
    const std::size_t count = scheduler.list_jobs({}, cursor, 24, page);
    rows += count;
    for (std::size_t index = 0; index < count; ++index) listed.insert(raw(page[index].job));
  }
  expect(rows == jobs_.size() && listed.size() == rows, "{} jobs are listed, {} of them different",
         rows, listed.size());
}

}  // namespace permitd::tests
