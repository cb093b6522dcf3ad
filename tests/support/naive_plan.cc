// Plans in the model: what each line of one must come to, what a reservation keeps, and when it
// ends.
#include <algorithm>
#include <tuple>

#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr int kNoRole = -1;

}  // namespace

const ModelPlan* NaiveModel::plan_of(JobId job) const {
  const auto found = plans_.find(raw(job));
  return found == plans_.end() ? nullptr : &found->second;
}

bool NaiveModel::open_to(ExpertId expert, const ModelJob& job) const {
  const ModelPlan* plan = plan_of(job.id);
  return plan == nullptr || plan->expert == expert;
}

// Minutes and visits reserved on a day.
std::pair<std::uint32_t, std::uint32_t> NaiveModel::planned_on(ExpertId expert, std::int32_t day,
                                                               JobId except) const {
  std::pair<std::uint32_t, std::uint32_t> sum{};
  for (const auto& [id, plan] : plans_) {
    if (plan.expert != expert || plan.job == except || plan.day != day) continue;
    sum.first += plan.effort;
    sum.second += plan.visit ? 1U : 0U;
  }
  return sum;
}

std::int32_t NaiveModel::half_day_key(std::int64_t at) const {
  const std::int32_t day = calendar_.day_of(at);
  const NaiveCalendar::Hours morning = half_day(day * 2);
  const bool early = morning.open <= at && at < morning.close;
  return day * 2 + (early ? 0 : 1);
}

// An appointment that was told and is not over.
bool NaiveModel::promised(const ModelJob& job) const {
  if (job.half_day == kNoHalfDay) return false;
  const NaiveCalendar::Hours hours = half_day(job.half_day);
  return hours.open != hours.close && hours.close > now_;
}

bool NaiveModel::moves_appointment(const PlanLine& line) const {
  const ModelJob& job = jobs_.at(raw(line.job));
  return job.visit() && promised(job) &&
         half_day_key(line.start_minute * kMsPerMinute) != job.half_day;
}

ModelPlan NaiveModel::plan_from(const PlanLine& line) const {
  const ModelJob& job = jobs_.at(raw(line.job));
  ModelPlan plan;
  plan.job = line.job;
  plan.expert = line.expert;
  plan.op = Op{op_};
  plan.start = line.start_minute * kMsPerMinute;
  plan.day = calendar_.day_of(plan.start);
  plan.sequence = line.sequence;
  plan.effort = job.effort;
  plan.visit = job.visit();
  plan.reason = line.reason == Reason::kNone ? Reason::kPlanned : line.reason;
  const NaiveCalendar::Hours hours =
      job.visit() ? half_day(half_day_key(plan.start)) : calendar_.hours(plan.day);
  plan.until = hours.open == hours.close ? kNever.ms : hours.close;
  return plan;
}

Filter NaiveModel::own_plan_filter(ExpertId id, const ModelJob& job, const ModelPlan& plan,
                                   bool& unclear) const {
  const ModelExpert& expert = experts_.at(raw(id));
  const ModelCase& c = cases_.at(raw(job.case_id));
  const OfficeId office = expert.defined.office;
  const std::int64_t at = std::max(plan.start, now_);
  const auto& active = offices_.at(raw(office)).active;
  const auto span = active.find(raw(c.filed.service));
  if (!office_works(office, at) || span == active.end() || span->second.first > at ||
      at >= span->second.second)
    return Filter::kOffice;
  const ModelCertificate& certificate = expert.certificates[raw(job.skill)];
  if (!certificate.ever) return Filter::kSkill;
  if (!works(expert, at) || at < certificate.from || at >= certificate.until)
    return Filter::kCertificate;
  if (four_eyes(c, job, id, unclear)) return Filter::kFourEyes;
  if (concerns(c, expert) || job.declined_by == id) return Filter::kConflict;
  const ModelOffice& own = offices_.at(raw(office));
  if (role_of(job) != kNoRole &&
      (concerns(c, own.defined.licensee) || concerns(c, own.defined.technical_manager)))
    return Filter::kConflict;
  if (!calendar_.is_open(at)) return Filter::kShift;
  if (absent_at(expert, at)) return Filter::kAbsence;
  auto [minutes, visits] = planned_on(id, plan.day, job.id);
  if (plan.day <= today_) {
    if (bookings_unclear()) unclear = true;
    minutes += booked_today(expert);
    visits += visits_today(expert);
  }
  if (minutes + job.effort > capacity(expert)) return Filter::kCapacity;
  if (job.visit() && visits >= policy_.visits_per_day) return Filter::kCapacity;
  if (job.office_reach) {
    if (office != job.office) return Filter::kDistrict;
  } else if (expert.defined.districts != 0 &&
             (expert.defined.districts >> c.filed.district & 1U) == 0) {
    return Filter::kDistrict;
  }
  return Filter::kNone;
}

Filter NaiveModel::plan_filter(ExpertId id, const ModelJob& job, const ModelPlan& plan,
                               bool& unclear) const {
  const Filter own = own_plan_filter(id, job, plan, unclear);
  if (own != Filter::kNone || !met_lately(id, job)) return own;
  for (const auto& [number, expert] : experts_) {
    const ExpertId other{number};
    if (other == id || met_lately(other, job)) continue;
    if (own_plan_filter(other, job, plan, unclear) == Filter::kNone) return Filter::kPairRepeat;
  }
  return Filter::kNone;
}

// What a line comes to as far as its job is concerned; kApplied when nothing is against it.
PlanLineResult NaiveModel::job_result(const ApplyPlan& plan, const PlanLine& line) const {
  using enum PlanLineResult;
  const auto found = jobs_.find(raw(line.job));
  if (found == jobs_.end()) return kUnknownJob;
  const ModelJob& job = found->second;
  if (!job.open() || job.state == JobState::kDone || job.state == JobState::kStarted) return kBegun;
  const bool movable = job.state == JobState::kReady || job.state == JobState::kScheduled ||
                       job.state == JobState::kAssigned;
  if (!movable || cases_.at(raw(job.case_id)).waiting()) return kNotMovable;
  if (job.state != line.state || job.failures != line.attempts) return kChanged;
  if (job.state == JobState::kAssigned && raw(job.token) > raw(plan.snapshot_op)) return kChanged;
  const ModelPlan* present = plan_of(job.id);
  if (present != nullptr && raw(present->op) > raw(plan.snapshot_op)) return kChanged;
  return kApplied;
}

std::set<PlanLineResult> NaiveModel::plan_results(const ApplyPlan& plan,
                                                  const PlanLine& line) const {
  using enum PlanLineResult;
  if (raw(line.state) >= kJobStateCount || raw(line.reason) >= kReasonCount || line.flags > 1)
    return {kOutOfRange};
  const PlanLineResult found = job_result(plan, line);
  if (found != kApplied) return {found};
  const ModelJob& job = jobs_.at(raw(line.job));
  const ModelPlan* present = plan_of(job.id);
  if (raw(line.expert) == 0) {
    if (present == nullptr) return {kNothingToDo};
    return {present->locks != 0 ? kLocked : kApplied};
  }
  if (!known_expert(line.expert)) return {kUnknownExpert};
  const ModelPlan wanted = plan_from(line);
  if (job.state == JobState::kAssigned && job.holder == line.expert) return {kNothingToDo};
  if (present != nullptr && present->expert == line.expert && present->start == wanted.start &&
      present->sequence == line.sequence)
    return {kNothingToDo};
  if (is_locked(line, wanted)) return {kLocked};
  const std::int32_t key = half_day_key(wanted.start);
  const std::int32_t ahead = key - today_ * 2;
  if (wanted.until <= now_ || ahead < 0 || ahead >= static_cast<std::int32_t>(kAppointmentHorizon))
    return {kOutOfRange};
  std::set<PlanLineResult> results;
  if (moves_appointment(line)) {
    if ((line.flags & kPlanMovesAppointment) == 0) return {kHalfDay};
    if (line.reason == Reason::kNone) return {kReasonMissing};
    const NaiveCalendar::Hours hours = half_day(key);
    if (hours.open == hours.close || hours.open <= now_) return {kOutOfRange};
    const auto booked = visits_booked_.find(key);
    const bool full =
        booked != visits_booked_.end() && booked->second >= visits_per_half_day(job.skill);
    if (full && !late_) return {kHalfDayFull};
    if (late_) results.insert(kHalfDayFull);
  }
  bool unclear = false;
  const Filter filter = plan_filter(line.expert, job, wanted, unclear);
  if (filter != Filter::kNone) results.insert(plan_line_of(filter));
  std::size_t others = 0;
  for (const auto& [id, kept] : plans_)
    others += kept.expert == line.expert && kept.job != job.id ? 1U : 0U;
  const bool full = others >= kPlannedPerExpertMax;
  if (filter == Filter::kNone || unclear) results.insert(full ? kPlanFull : kApplied);
  if (unclear) {
    for (std::uint8_t f = 1; f < kFilterCount; ++f) results.insert(plan_line_of(Filter{f}));
  }
  return results;
}

// The line would change what a supervisor has fixed.
bool NaiveModel::is_locked(const PlanLine& line, const ModelPlan& wanted) const {
  const ModelPlan* present = plan_of(line.job);
  if (present == nullptr) return false;
  if ((present->locks & kLockPerson) != 0 && present->expert != line.expert) return true;
  if ((present->locks & kLockStart) != 0 &&
      half_day_key(present->start) != half_day_key(wanted.start))
    return true;
  return (present->locks & kLockOrder) != 0 && present->expert == line.expert &&
         present->day == wanted.day && present->sequence != line.sequence;
}

std::uint8_t NaiveModel::locks_after(const PlanLine& line) const {
  const ModelPlan* present = plan_of(line.job);
  if (present == nullptr) return 0;
  const bool moves = present->expert != line.expert ||
                     present->day != calendar_.day_of(line.start_minute * kMsPerMinute);
  return static_cast<std::uint8_t>(moves ? present->locks & ~kLockOrder : present->locks);
}

void NaiveModel::follow_plan_locked(const Command& command, const Event& event) {
  const auto found = plans_.find(raw(event.job));
  expect(command.kind == CommandKind::kLockPlan && found != plans_.end(),
         "job {} was locked by command {}", raw(event.job), raw(command.kind));
  if (!complaints_.empty()) return;
  ModelPlan& plan = found->second;
  const LockPlan& lock = command.body.lock_plan;
  const int after = lock.is_locked == 1 ? plan.locks | lock.locks : plan.locks & ~lock.locks;
  expect(event.job == lock.job && event.expert == plan.expert && event.before == plan.locks &&
             event.after == after,
         "the locks of job {} went from {} to {}", raw(event.job), event.before, event.after);
  plan.locks = event.after;
}

// Line by line: the result is one that is true, and the events of an applied line bring it about.
void NaiveModel::follow_plan(const Command& command, const Outcome& outcome,
                             const Scheduler& after) {
  const ApplyPlan& plan = command.body.apply_plan;
  const auto events = after.events();
  std::size_t at = 0;
  std::uint32_t applied = 0;
  const auto next = [&] {
    expect(at < events.size(), "an applied line has too few events");
    if (complaints_.empty()) follow_event(command, events[at++], after);
    return complaints_.empty();
  };
  for (std::size_t i = 0; i < plan.count; ++i) {
    line_ = plan.lines[i];
    line_locks_ = locks_after(line_);
    const PlanLineResult result = plan_line_result(outcome, i);
    const std::set<PlanLineResult> expected = plan_results(plan, line_);
    expect(expected.contains(result), "line {} on job {} came to {}, not {}", i, raw(line_.job),
           raw(result), raw(*expected.begin()));
    if (!complaints_.empty()) return;
    if (result != PlanLineResult::kApplied) {
      ++lines_dropped_;
      continue;
    }
    ++applied;
    ++lines_applied_;
    if (raw(line_.expert) != 0) {
      do {
        expect(at < events.size() && events[at].job == line_.job, "line {} did something else", i);
      } while (complaints_.empty() && next() && events[at - 1].kind != EventKind::kJobPlanned);
    } else if (next()) {
      // Taken back, it may go to somebody who waits for it.
      const bool given = at < events.size() && events[at].job == line_.job &&
                         events[at].kind == EventKind::kJobChanged &&
                         events[at].after == raw(JobState::kAssigned);
      if (given) next();
    }
    if (!complaints_.empty()) return;
  }
  for (std::size_t i = plan.count; i < kPlanLinesPerCommand; ++i) {
    expect(plan_line_result(outcome, i) == PlanLineResult::kNone, "line {} was never given", i);
  }
  expect(at == events.size(), "a plan did {} things more than its lines say", events.size() - at);
  expect(outcome.state == applied, "{} lines were applied, not {}", applied, outcome.state);
}

// A reservation ends with certificate, activation and shift, and when an absence begins.
void NaiveModel::bound_plan(ModelPlan& plan) const {
  const ModelExpert& expert = experts_.at(raw(plan.expert));
  const ModelJob& job = jobs_.at(raw(plan.job));
  plan.until = std::min(plan.until, expert.certificates[raw(job.skill)].until);
  const std::uint8_t service = raw(cases_.at(raw(job.case_id)).filed.service);
  plan.until =
      std::min(plan.until, offices_.at(raw(expert.defined.office)).active.at(service).second);
  const std::int64_t at = std::max(plan.start, now_);
  const auto absence = expert.absences.upper_bound(at);
  if (absence != expert.absences.end()) plan.until = std::min(plan.until, absence->first);
  for (const std::int64_t suspended :
       {expert.suspended_from, offices_.at(raw(expert.defined.office)).suspended_from}) {
    if (suspended > at) plan.until = std::min(plan.until, suspended);
  }
  if (calendar_.is_open(at)) plan.until = std::min(plan.until, calendar_.closing(at));
}

void NaiveModel::follow_planned(const Event& event) {
  if (!complaints_.empty()) return;
  const ModelJob& job = jobs_.at(raw(event.job));
  expect(event.job == line_.job && event.expert == line_.expert, "job {} was planned for expert {}",
         raw(event.job), raw(event.expert));
  expect(job.state == JobState::kReady || job.state == JobState::kScheduled,
         "job {} was planned in state {}", raw(event.job), raw(job.state));
  expect(plan_of(job.id) == nullptr, "job {} was planned twice", raw(event.job));
  if (!complaints_.empty()) return;
  ModelPlan plan = plan_from(line_);
  plan.locks = line_locks_;
  bound_plan(plan);
  expect(event.reason == plan.reason, "job {} was planned for reason {}", raw(event.job),
         raw(event.reason));
  offer_due_.insert(raw(plan.expert));
  plans_[raw(event.job)] = plan;
}

// Whether the expert may do what is reserved when it is planned for, or now where that has passed.
// Capacity is kept free for it.
bool NaiveModel::may_keep(const ModelPlan& plan) const {
  const ModelExpert& expert = experts_.at(raw(plan.expert));
  const ModelJob& job = jobs_.at(raw(plan.job));
  const ModelCase& c = cases_.at(raw(job.case_id));
  const OfficeId office = expert.defined.office;
  if (promised(job) && half_day_key(plan.start) != job.half_day) return false;
  const std::int64_t at = std::max(plan.start, now_);
  const auto span = offices_.at(raw(office)).active.at(raw(c.filed.service));
  const ModelCertificate& certificate = expert.certificates[raw(job.skill)];
  bool unclear = false;
  if (!office_works(office, at) || at < span.first || at >= span.second || !works(expert, at) ||
      at < certificate.from || at >= certificate.until || four_eyes(c, job, plan.expert, unclear) ||
      concerns(c, expert) || !calendar_.is_open(at) || absent_at(expert, at))
    return false;
  const ModelOffice& own = offices_.at(raw(office));
  if (role_of(job) != kNoRole &&
      (concerns(c, own.defined.licensee) || concerns(c, own.defined.technical_manager)))
    return false;
  if (job.office_reach) return office == job.office;
  return expert.defined.districts == 0 || (expert.defined.districts >> c.filed.district & 1U) != 0;
}

void NaiveModel::follow_plan_ended(const Command& command, const Event& event) {
  const ModelPlan* plan = plan_of(event.job);
  expect(plan != nullptr && plan->expert == event.expert, "job {} was not reserved for expert {}",
         raw(event.job), raw(event.expert));
  if (!complaints_.empty()) return;
  const CommandKind kind = command.kind;
  const bool steered = kind >= CommandKind::kSubmitCase && kind != CommandKind::kAmendCase;
  const bool moved_half_day = jobs_.at(raw(event.job)).state == JobState::kScheduled;
  if (!steered && event.reason == Reason::kPlanOver) {
    expect(plan->until <= now_, "the reservation of job {} was not over", raw(event.job));
  } else if (!steered) {
    expect(!may_keep(*plan) || moved_half_day, "the reservation of job {} ended for reason {}",
           raw(event.job), raw(event.reason));
  }
  ++plans_ended_;
  offer_due_.insert(raw(event.expert));
  plans_.erase(raw(event.job));
}

void NaiveModel::audit_plans(const Scheduler& scheduler) {
  std::map<std::uint32_t, std::vector<const ModelPlan*>> by_expert;
  for (const auto& [id, plan] : plans_) {
    const ModelJob& job = jobs_.at(id);
    PlanView view;
    JobView seen;
    if (!scheduler.find_plan(plan.job, view) || !scheduler.find_job(plan.job, seen)) {
      complain("job {} is not reserved any more", id);
      return;
    }
    expect(view.job == plan.job && view.expert == plan.expert && view.op == plan.op &&
               view.start.ms == plan.start && view.until.ms == plan.until &&
               view.sequence == plan.sequence && view.reason == plan.reason &&
               view.locks == plan.locks && seen.plan_locks == plan.locks &&
               seen.planned_start.ms == plan.start && seen.planned_for == plan.expert,
           "job {} is reserved for expert {} until {}, not {} until {}", id, raw(view.expert),
           view.until.ms, raw(plan.expert), plan.until);
    expect(job.state == JobState::kReady || job.state == JobState::kScheduled,
           "job {} is reserved in state {}", id, raw(job.state));
    expect(!cases_.at(raw(job.case_id)).waiting(), "job {} is reserved, and its case waits", id);
    expect(plan.until > now_, "the reservation of job {} is over", id);
    expect(may_keep(plan), "job {} is reserved for expert {} from {}, who may not do it", id,
           raw(plan.expert), plan.start);
    if (job.state == JobState::kReady) {
      const StuckView stuck = scheduler.explain_stuck(plan.job);
      expect(stuck.cause == Stuck::kReserved && stuck.reserved_for == plan.expert,
             "job {} waits for another cause: {}", id, raw(stuck.cause));
    }
    by_expert[raw(plan.expert)].push_back(&plan);
  }
  for (const auto& [number, expert] : experts_) {
    std::vector<const ModelPlan*>& plans = by_expert[number];
    std::sort(plans.begin(), plans.end(), [](const ModelPlan* a, const ModelPlan* b) {
      return std::tuple(a->day, a->sequence, raw(a->job)) <
             std::tuple(b->day, b->sequence, raw(b->job));
    });
    std::array<PlanView, kPlannedPerExpertMax> views;
    const std::size_t count = scheduler.list_planned(ExpertId{number}, views);
    expect(count == plans.size(), "expert {} has {} reserved jobs, not {}", number, count,
           plans.size());
    for (std::size_t i = 0; i < std::min(count, plans.size()); ++i) {
      expect(views[i].job == plans[i]->job, "the plan of expert {} has another order", number);
    }
  }
  const StatsView stats = scheduler.stats();
  expect(stats.planned == plans_.size() && stats.plan_lines_applied == lines_applied_ &&
             stats.plan_lines_dropped == lines_dropped_ && stats.plans_ended == plans_ended_,
         "{} jobs are reserved, not {}; {} lines were applied, not {}", stats.planned,
         plans_.size(), stats.plan_lines_applied, lines_applied_);
}

}  // namespace permitd::tests
