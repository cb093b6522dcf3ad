// The scheduler core as a policy: filings, claims, starts and completions become commands at the
// trace's time; what the core assigns is what people begin.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include "bench/dispatch_trace_forecast.h"
#include "bench/dispatch_trace_planned.h"
#include "cli/office_client.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {

namespace {

using scheduler::ActorKind;
using scheduler::Command;
using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Outcome;
using scheduler::Refusal;
using scheduler::Tick;

class CorePolicy : public DispatchPolicy {
 public:
  CorePolicy(const DispatchTrace& trace, std::string_view name, const scheduler::SetPolicy& policy)
      : trace_(trace), name_(name), now_(tick_of(0)), leases_(trace.jobs.size()) {
    Command command = command_of(CommandKind::kSetLimits, ActorKind::kEngine, 0);
    command.body.set_limits.limits = scheduler::Limits{};
    require(apply(command));
    define_city(policy);
  }

  std::string_view name() const override { return name_; }

  void filed(std::uint32_t case_index, std::int64_t now, std::vector<TraceBegin>& out) override {
    advance(now, out);
    const TraceCase& one = trace_.cases[case_index];
    Command command = command_of(CommandKind::kSubmitCase, ActorKind::kOffice, 101 + one.office);
    scheduler::SubmitCase& body = command.body.submit_case;
    body = {};
    body.service = scheduler::ServiceId{one.stages};
    body.district = one.district;
    body.organisation = scheduler::OrganisationId{static_cast<std::uint8_t>(one.municipal ? 1 : 2)};
    body.floors = 3;
    body.area_m2 = 400;
    body.point = one.point;
    body.owner = scheduler::PersonId{1'000'000'000ULL + case_index};
    body.parcel = cli::fixed_text<23>(fmt::format("{:012}", case_index));
    // Whom the core gives the job to is told by events of this very command.
    next_case_ = case_index;
    require(apply(command));
    begin(out);
  }

  void completed(std::uint32_t person, std::uint32_t job, std::int64_t now,
                 std::vector<TraceBegin>& out) override {
    // What ends with the day ends just before the city closes.
    if (now % kTraceDayMinutes == 0)
      advance_to({tick_of(now - 1).ms + scheduler::kMsPerMinute - 1}, out);
    else
      advance(now, out);
    Command command = command_of(CommandKind::kComplete, ActorKind::kExpert, person + 1);
    command.body.complete = {leases_[job].job, leases_[job].token, {}};
    require(apply(command));
    begin(out);
  }

  void wants(std::uint32_t person, std::int64_t now, std::vector<TraceBegin>& out) override {
    advance(now, out);
    Command command = command_of(CommandKind::kClaim, ActorKind::kExpert, person + 1);
    command.body.claim = {};
    require(apply(command));
    begin(out);
  }

  // At the close everything went back to the queues. Supervisors give it to whoever was at it;
  // other work that may not start before municipal work goes back again.
  void opens(std::int64_t now, const std::vector<TraceBegin>& carried,
             std::vector<TraceBegin>& out) override {
    std::vector<TraceBegin> none;
    advance(now, none);
    require_nothing(none);
    for (const bool municipal : {true, false}) {
      for (const TraceBegin& one : carried) {
        if (trace_.cases[trace_.jobs[one.job].case_index].municipal == municipal) resume(one, out);
      }
    }
  }

  void rests(std::uint32_t person, std::int64_t now) override {
    std::vector<TraceBegin> none;
    advance(now, none);
    require_nothing(none);
    Command command = command_of(CommandKind::kUnclaim, ActorKind::kExpert, person + 1);
    apply(command);  // refused when the claim has run out: the same to us
  }

 protected:
  const scheduler::Scheduler& core() const { return core_; }
  bool is_last(std::uint32_t job) const { return trace_.jobs[job].last; }
  scheduler::JobId core_job(std::uint32_t job) const { return leases_[job].job; }

  static Command command_of(CommandKind kind, ActorKind actor, std::uint32_t id) {
    Command command;
    command.kind = kind;
    command.actor = {actor, id};
    return command;
  }

  static void require(const Outcome& outcome) {
    if (outcome.refusal == Refusal::kNone) return;
    fmt::print(stderr, "the core refused: {} field {} filter {}\n",
               static_cast<int>(outcome.refusal), static_cast<int>(outcome.field),
               static_cast<int>(outcome.filter));
    std::abort();
  }

  Outcome apply(Command& command) {
    command.op = scheduler::Op{++op_};
    command.now = now_;
    command.seed = op_ * 0x9E37'79B9'7F4A'7C15ULL;
    const bool keyed =
        command.kind != CommandKind::kSetLimits && command.kind != CommandKind::kTick;
    command.key = {keyed ? 1U : 0U, keyed ? op_ : 0U};
    const Outcome outcome = core_.apply(command);
    for (const scheduler::Event& event : core_.events()) follow(event);
    return outcome;
  }

  // Time's own work first, as the engine does.
  void advance(std::int64_t minutes, std::vector<TraceBegin>& out) {
    advance_to(tick_of(minutes), out);
  }

  // People begin at once what they are given.
  void begin(std::vector<TraceBegin>& out) {
    while (!assigned_.empty()) {
      const scheduler::Event event = assigned_.front();
      assigned_.erase(assigned_.begin());
      scheduler::JobView view;
      if (!core_.find_job(event.job, view) || view.state != scheduler::JobState::kAssigned)
        continue;
      const std::uint32_t job = job_of(event.case_id, view.stage);
      leases_[job] = {event.job, view.token};
      Command command = command_of(CommandKind::kStart, ActorKind::kExpert, raw(event.expert));
      command.body.start = {event.job, view.token};
      require(apply(command));
      out.push_back({raw(event.expert) - 1, job});
    }
  }

  Tick tick_of(std::int64_t minutes) const {
    const auto day = static_cast<std::size_t>(minutes / kTraceDayMinutes);
    if (day >= trace_.mornings.size()) {
      fmt::print(stderr, "the calendar ends before the work does\n");
      std::exit(1);
    }
    return {(std::int64_t{trace_.mornings[day]} + minutes % kTraceDayMinutes) *
            scheduler::kMsPerMinute};
  }

 private:
  struct Lease {
    scheduler::JobId job{};
    scheduler::LeaseToken token{};
  };

  void resume(const TraceBegin& one, std::vector<TraceBegin>& out) {
    Command command = command_of(CommandKind::kReassign, ActorKind::kSupervisor, 1);
    command.body.reassign = {};
    command.body.reassign.job = leases_[one.job].job;
    command.body.reassign.expert = scheduler::ExpertId{one.person + 1};
    const Outcome given = apply(command);
    require(given);
    assigned_.clear();
    leases_[one.job].token = given.token;
    command = command_of(CommandKind::kStart, ActorKind::kExpert, one.person + 1);
    command.body.start = {leases_[one.job].job, given.token};
    if (apply(command).refusal == Refusal::kNone) {
      out.push_back(one);
      return;
    }
    command = command_of(CommandKind::kUnclaim, ActorKind::kExpert, one.person + 1);
    require(apply(command));
  }

  static void require_nothing(const std::vector<TraceBegin>& out) {
    if (!out.empty()) std::abort();
  }

  void advance_to(Tick to, std::vector<TraceBegin>& out) {
    while (core_.next_due() <= to) {
      now_ = std::max(now_, core_.next_due());
      Command command = command_of(CommandKind::kTick, ActorKind::kEngine, 0);
      apply(command);
    }
    now_ = std::max(now_, to);
    begin(out);
  }

  void follow(const scheduler::Event& event) {
    if (event.kind == scheduler::EventKind::kCaseChanged && raw(event.case_id) != 0) {
      cases_.try_emplace(raw(event.case_id), next_case_);
    }
    if (event.kind != scheduler::EventKind::kJobChanged ||
        event.after != raw(scheduler::JobState::kAssigned)) {
      return;
    }
    assigned_.push_back(event);
  }

  std::uint32_t job_of(scheduler::CaseId id, scheduler::Stage stage) const {
    std::uint32_t job = trace_.cases[cases_.at(raw(id))].first_job;
    while (kTraceStages[trace_.jobs[job].stage].stage != stage) ++job;
    return job;
  }

  template <class Body>
  void define(CommandKind kind, Body CommandBody::*slot, const Body& body) {
    Command command = command_of(kind, ActorKind::kSupervisor, 1);
    command.body.*slot = body;
    require(apply(command));
  }

  void define_calendar() {
    for (std::size_t at = 0; at < trace_.calendar.size();
         at += scheduler::kCalendarDaysPerCommand) {
      scheduler::SetCalendarDays days;
      days.first_day = trace_.first_date + static_cast<std::int32_t>(at);
      days.count = static_cast<std::uint16_t>(
          std::min<std::size_t>(scheduler::kCalendarDaysPerCommand, trace_.calendar.size() - at));
      for (std::size_t i = 0; i < days.count; ++i) {
        days.open_minute[i] = trace_.calendar[at + i].open_minute;
        days.length_minutes[i] = trace_.calendar[at + i].length_minutes;
      }
      define(CommandKind::kSetCalendarDays, &CommandBody::set_calendar_days, days);
    }
  }

  void define_city(scheduler::SetPolicy policy) {
    define_calendar();
    policy.lease_minutes = 1440;  // nobody here loses a job for want of a renewal
    policy.claim_wait_minutes = 1440;
    policy.attempts_max = 100;  // going over a night is no failed attempt
    // The hours of the day are the capacity: work that takes less than estimated, or that went over
    // the night and is booked on both days, may exceed fourteen units.
    policy.capacity_units_per_day = 48;
    policy.visits_per_day = 48;
    define(CommandKind::kSetPolicy, &CommandBody::set_policy, policy);
    for (std::uint8_t number = 1; number <= 2; ++number) {
      define(CommandKind::kDefineOrganisation, &CommandBody::define_organisation,
             {scheduler::OrganisationId{number},
              number == 1 ? scheduler::PriorityClass::kMunicipal : scheduler::PriorityClass::kOther,
              1,
              {},
              {}});
    }
    for (std::uint8_t stages = 1; stages < 16; ++stages) define_service(stages);
    for (std::uint32_t i = 0; i < trace_.offices.size(); ++i) define_office(i);
    for (std::uint32_t i = 0; i < trace_.people.size(); ++i) define_expert(i);
  }

  void define_service(std::uint8_t stages) {
    scheduler::DefineService service;
    service.service = scheduler::ServiceId{stages};
    service.version = 1;
    for (std::uint8_t at = 0; at < kTraceStages.size(); ++at) {
      if ((stages >> at & 1) == 0) continue;
      scheduler::StageSpec& spec = service.stages[service.stage_count++];
      spec.stage = kTraceStages[at].stage;
      spec.skill = kTraceStages[at].skill;
      spec.effort_minutes = static_cast<std::uint16_t>(kTraceStages[at].effort);
      spec.sla_minutes = static_cast<std::uint16_t>(kTraceStages[at].term);
    }
    define(CommandKind::kDefineService, &CommandBody::define_service, service);
  }

  void define_office(std::uint32_t index) {
    scheduler::DefineOffice office;
    office.office = scheduler::OfficeId{static_cast<std::uint16_t>(101 + index)};
    office.district = trace_.offices[index].district;
    office.state = scheduler::OfficeState::kActive;
    office.licensee = scheduler::PersonId{900'000'000 + 2 * index};
    office.technical_manager = scheduler::PersonId{900'000'001 + 2 * index};
    office.point = trace_.offices[index].point;
    define(CommandKind::kDefineOffice, &CommandBody::define_office, office);
    for (std::uint8_t stages = 1; stages < 16; ++stages) {
      define(CommandKind::kActivateService, &CommandBody::activate_service,
             {office.office, scheduler::ServiceId{stages}, {}, {}, scheduler::kNever});
    }
  }

  void define_expert(std::uint32_t index) {
    const TracePerson& person = trace_.people[index];
    scheduler::DefineExpert expert;
    expert.expert = scheduler::ExpertId{index + 1};
    expert.office = scheduler::OfficeId{static_cast<std::uint16_t>(101 + person.office)};
    expert.state = scheduler::ExpertState::kCertified;
    expert.person = scheduler::PersonId{800'000'000 + index};
    expert.home = trace_.offices[person.office].point;
    define(CommandKind::kDefineExpert, &CommandBody::define_expert, expert);
    for (const TraceStage& stage : kTraceStages) {
      if (stage.trade != person.trade) continue;
      define(CommandKind::kSetCertificate, &CommandBody::set_certificate,
             {expert.expert, stage.skill, {}, {}, scheduler::kNever});
    }
  }

  const DispatchTrace& trace_;
  std::string_view name_;
  scheduler::Scheduler core_;
  std::uint64_t op_ = 0;
  Tick now_;
  std::vector<Lease> leases_;                               // by job
  std::unordered_map<std::uint64_t, std::uint32_t> cases_;  // the core's number → ours
  std::uint32_t next_case_ = 0;
  std::vector<scheduler::Event> assigned_;
};

class PlannedPolicy final : public CorePolicy {
 public:
  PlannedPolicy(const DispatchTrace& trace, std::string_view name,
                const scheduler::SetPolicy& policy, TracePlans plans)
      : CorePolicy(trace, name, policy), plans_(plans) {}

  void opens(std::int64_t now, const std::vector<TraceBegin>& carried,
             std::vector<TraceBegin>& out) override {
    CorePolicy::opens(now, carried, out);
    // What was planned for the day before ended with it.
    planned_.clear();
    plan(now);
  }

  void noon(std::int64_t now, std::vector<TraceBegin>& out) override {
    if (plans_ == TracePlans::kMornings) return;
    advance(now, out);
    forget_begun();
    if (!planned_.empty()) ++replans_.plans;
    replans_.planned_before += planned_.size();
    plan(now);
    // Who waits for work may have been given what was reserved for them.
    begin(out);
  }

  TraceReplans replans() const override { return replans_; }

 private:
  struct Planned {
    scheduler::ExpertId expert{};
    bool is_morning = false;
  };

  void plan(std::int64_t now) {
    const Tick middle = tick_of(now - now % kTraceDayMinutes + kTraceDayMinutes / 2);
    for (const scheduler::ApplyPlan& part : plan_present_day(core())) {
      Command command = command_of(CommandKind::kApplyPlan, ActorKind::kSupervisor, 1);
      command.body.apply_plan = part;
      std::array<bool, scheduler::kPlanLinesPerCommand> reserved{};
      for (std::size_t i = 0; i < part.count; ++i) reserved[i] = is_reserved(part.lines[i].job);
      const Outcome outcome = apply(command);
      require(outcome);
      for (std::size_t i = 0; i < part.count; ++i) {
        if (plan_line_result(outcome, i) == scheduler::PlanLineResult::kApplied)
          keep(part.lines[i], middle, reserved[i]);
      }
    }
  }

  void keep(const scheduler::PlanLine& line, Tick middle, bool was_reserved) {
    const Tick start{std::int64_t{line.start_minute} * scheduler::kMsPerMinute};
    const Planned planned{line.expert, start < middle};
    const auto [before, is_new] = planned_.try_emplace(line.job, planned);
    if (is_new) return;
    if (before->second.expert != planned.expert ||
        before->second.is_morning != planned.is_morning) {
      ++replans_.moved;
      if (!was_reserved) ++replans_.run_out;
    }
    before->second = planned;
  }

  bool is_reserved(scheduler::JobId job) const {
    scheduler::PlanView standing;
    return core().find_plan(job, standing);
  }

  void forget_begun() {
    std::erase_if(planned_, [&](const auto& entry) {
      scheduler::JobView job;
      return !core().find_job(entry.first, job) || job.state != scheduler::JobState::kReady;
    });
  }

  const TracePlans plans_;
  std::map<scheduler::JobId, Planned> planned_;  // of the present day, by the plans so far
  TraceReplans replans_;
};

class WatchedPolicy final : public CorePolicy {
 public:
  WatchedPolicy(const DispatchTrace& trace, const scheduler::SetPolicy& policy,
                TraceWatcher& watcher)
      : CorePolicy(trace, "permitd", policy), watcher_(watcher) {}

  void opens(std::int64_t now, const std::vector<TraceBegin>& carried,
             std::vector<TraceBegin>& out) override {
    CorePolicy::opens(now, carried, out);
    watcher_.opens(core(), now / kTraceDayMinutes);
  }

  void completed(std::uint32_t person, std::uint32_t job, std::int64_t now,
                 std::vector<TraceBegin>& out) override {
    scheduler::JobView view;
    const bool ends_case = is_last(job) && core().find_job(core_job(job), view);
    CorePolicy::completed(person, job, now, out);
    // What ends with the day ends on it.
    if (ends_case) watcher_.ends(view.case_id, (now - 1) / kTraceDayMinutes);
  }

 private:
  TraceWatcher& watcher_;
};

}  // namespace

std::unique_ptr<DispatchPolicy> watched_policy(const DispatchTrace& trace,
                                               const scheduler::SetPolicy& policy,
                                               TraceWatcher& watcher) {
  return std::make_unique<WatchedPolicy>(trace, policy, watcher);
}

std::unique_ptr<DispatchPolicy> planned_policy(const DispatchTrace& trace, std::string_view name,
                                               const scheduler::SetPolicy& policy,
                                               TracePlans plans) {
  return std::make_unique<PlannedPolicy>(trace, name, policy, plans);
}

std::unique_ptr<DispatchPolicy> core_policy(const DispatchTrace& trace, std::string_view name,
                                            const scheduler::SetPolicy& policy) {
  return std::make_unique<CorePolicy>(trace, name, policy);
}

}  // namespace permitd::bench
