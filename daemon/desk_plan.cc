#include "daemon/desk_plan.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "daemon/place_numbers.h"
#include "planner/review_order.h"

namespace permitd::daemon {

using planner::kNoPerson;
using scheduler::ExpertId;
using scheduler::JobState;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr double kPermille = 1'000;

/// Working minutes from now as moments, over the days of a snapshot.
class DeskClock {
 public:
  explicit DeskClock(const DeskSnapshot& snapshot) {
    for (const SnapshotDay& day : snapshot.days) {
      for (const HalfDaySpan& half : day.halves) {
        const Tick open = std::max(half.open, snapshot.now);
        if (half.is_closed() || open >= half.close) continue;
        spans_.push_back({length_, open, half.close});
        length_ += (half.close.ms - open.ms) / kMsPerMinute;
        if (first_day_ == INT32_MIN) first_day_ = day.day;
        if (day.day == first_day_) first_day_minutes_ = length_;
      }
    }
  }

  /// The day that jobs are reserved for, and its working minutes that are left.
  std::int32_t first_day() const { return first_day_; }
  std::int64_t first_day_minutes() const { return first_day_minutes_; }

  /// When work that begins after so many minutes begins; kNever behind the last day.
  Tick begin(std::int64_t minutes) const {
    for (const Span& span : spans_)
      if (minutes < span.from + minutes_of(span)) return at(span, minutes);
    return scheduler::kNever;
  }
  Tick end(std::int64_t minutes) const {
    for (const Span& span : spans_)
      if (minutes <= span.from + minutes_of(span)) return at(span, minutes);
    return scheduler::kNever;
  }
  /// Which of the half-days that have begun or are to come; −1: none of them.
  int half_of(Tick moment) const {
    for (std::size_t i = 0; i < spans_.size(); ++i)
      if (spans_[i].open <= moment && moment < spans_[i].close) return static_cast<int>(i);
    return -1;
  }

 private:
  struct Span {
    std::int64_t from;  // minutes
    Tick open;
    Tick close;
  };
  static std::int64_t minutes_of(const Span& span) {
    return (span.close.ms - span.open.ms) / kMsPerMinute;
  }
  static Tick at(const Span& span, std::int64_t minutes) {
    return {span.open.ms + (minutes - span.from) * kMsPerMinute};
  }

  std::vector<Span> spans_;
  std::int64_t length_ = 0;
  std::int64_t first_day_minutes_ = 0;
  std::int32_t first_day_ = INT32_MIN;
};

class Teller {
 public:
  Teller(const DeskSnapshot& snapshot, const DeskProblem& desks, const planner::ReviewPlan& plan,
         DeskPlan& out)
      : snapshot_(snapshot), desks_(desks), plan_(plan), out_(out), clock_(snapshot) {
    moves_.resize(desks.problem.jobs.size(), nullptr);
    for (const planner::ReviewMove& move : plan.moves) moves_[move.job] = &move;
  }

  void tell() {
    out_.day = clock_.first_day();
    for (const auto& sequence : plan_.sequences) tell_person(sequence);
    for (std::uint32_t job = 0; job < plan_.lines.size(); ++job)
      if (plan_.lines[job].person == kNoPerson) tell_unplanned(job);
    out_.people = static_cast<std::uint32_t>(
        std::ranges::count_if(desks_.problem.people, &planner::ReviewPerson::active));
    out_.jobs_late = plan_.figures.jobs_late;
    out_.late_minutes = static_cast<std::uint64_t>(plan_.figures.late_minutes);
    out_.peak_permille = static_cast<std::uint32_t>(plan_.figures.peak * kPermille);
    out_.mean_permille = static_cast<std::uint32_t>(plan_.figures.mean * kPermille);
    out_.iterations = plan_.iterations;
  }

 private:
  const SnapshotDesk& row_of(std::uint32_t job) const {
    return snapshot_.desks[desks_.desk_rows[job]];
  }
  ExpertId expert_of(std::uint32_t person) const {
    return person == kNoPerson ? ExpertId{} : snapshot_.experts[desks_.expert_rows[person]].expert;
  }
  static ExpertId before_of(const SnapshotDesk& row) {
    if (raw(row.taken_from) != 0) return row.taken_from;
    return row.is_planned ? row.plan.expert : row.job.holder;
  }

  /// What is begun and ended on the first day; started work goes on as it is.
  bool is_for_first_day(std::uint32_t job) const {
    return plan_.lines[job].finish <= clock_.first_day_minutes();
  }

  void tell_person(const std::vector<std::uint32_t>& sequence) {
    std::vector<std::uint32_t> jobs;
    std::vector<PlaceNumber> numbers;
    for (const std::uint32_t job : sequence) {
      if (desks_.problem.jobs[job].started) continue;
      if (!is_for_first_day(job)) {
        out_.later += 1;
        continue;
      }
      jobs.push_back(job);
      const SnapshotDesk& row = row_of(job);
      const bool is_theirs =
          row.is_planned && row.plan.expert == expert_of(plan_.lines[job].person);
      numbers.push_back(
          is_theirs ? PlaceNumber{row.plan.sequence, (row.plan.locks & scheduler::kLockOrder) != 0}
                    : PlaceNumber{});
    }
    number_places(numbers);
    for (std::size_t i = 0; i < jobs.size(); ++i) tell_planned(jobs[i], numbers[i].number);
  }

  void tell_planned(std::uint32_t job, std::uint16_t sequence) {
    const planner::ReviewLine& planned = plan_.lines[job];
    const SnapshotDesk& row = row_of(job);
    PlannedDeskLine line;
    line.job = row.job.job;
    line.case_id = row.job.case_id;
    line.expert = expert_of(planned.person);
    line.before = before_of(row);
    line.second = expert_of(planned.runner_up);
    line.start = clock_.begin(planned.start);
    line.finish = clock_.end(planned.finish);
    line.deadline = row.job.deadline;
    line.effort_minutes = static_cast<std::uint16_t>(planned.effort);
    line.sequence = sequence;
    line.is_renumbered =
        row.is_planned && row.plan.expert == line.expert && row.plan.sequence != sequence;
    line.attempts = row.job.attempts;
    line.state = row.job.state;
    line.stage = row.job.stage;
    line.kind = row.job.kind;
    line.district = row.job.district;
    line.locks = row.is_planned ? row.plan.locks : std::uint8_t{0};
    line.reason = planned.reason;
    tell_change(job, row, line);
    if (line.change == PlanChange::kMoved) out_.moved += 1;
    out_.lines.push_back(line);
  }

  void tell_change(std::uint32_t job, const SnapshotDesk& row, PlannedDeskLine& line) const {
    const auto late = [&](std::int64_t finish) {
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
          finish - desks_.problem.jobs[job].due, 0, planner::kLateMinutesMax));
    };
    line.late_before = late(plan_.lines[job].finish_before);
    line.late_after = late(plan_.lines[job].finish);
    line.change = line.before == line.expert ? PlanChange::kKept
                  : raw(line.before) == 0    ? PlanChange::kNew
                                             : PlanChange::kMoved;
    if (const planner::ReviewMove* move = moves_[job]) {
      line.cause = raw(row.taken_from) != 0 ? planner::ReviewMoveCause::kObstacle : move->cause;
      line.obstacle =
          raw(row.taken_from) != 0 ? planner::ReviewObstacle::kInactive : move->obstacle;
    }
    // A half-day that is fixed is kept although work would come round to the job in another.
    const bool is_fixed = row.is_planned && (row.plan.locks & scheduler::kLockStart) != 0;
    if (is_fixed && clock_.half_of(row.plan.start) != clock_.half_of(line.start))
      line.start = row.plan.start;
  }

  void tell_unplanned(std::uint32_t job) {
    const SnapshotDesk& row = row_of(job);
    out_.unplanned.push_back({row.job.job, row.job.case_id, row.job.stage, row.job.district,
                              before_of(row), plan_.lines[job].obstacle});
  }

  const DeskSnapshot& snapshot_;
  const DeskProblem& desks_;
  const planner::ReviewPlan& plan_;
  DeskPlan& out_;
  DeskClock clock_;
  std::vector<const planner::ReviewMove*> moves_;  // [job], null: stays
};

}  // namespace

DeskPlanOptions desk_options(const PlannerSettings& settings) {
  DeskPlanOptions options;
  options.milliseconds = settings.milliseconds_max;
  options.iterations = settings.iterations;
  options.weights.uneven = settings.desk_uneven_permille / kPermille;
  options.weights.peak = settings.desk_peak_permille / kPermille;
  options.weights.move = settings.desk_move_minutes;
  return options;
}

DeskPlan plan_desks(const DeskSnapshot& snapshot, const DeskPlanOptions& options,
                    std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  DeskPlan out;
  out.op = snapshot.op;
  out.left_out = snapshot.left_out;
  const DeskProblem desks = make_desk_problem(snapshot, options);
  if (const auto fault = planner::review_problem_fault(desks.problem))
    throw std::logic_error("no problem for the planner of the desks: " + *fault);
  planner::ReviewBudget budget;
  budget.seed = options.seed;
  budget.iterations = options.iterations;
  budget.time = std::chrono::milliseconds(options.milliseconds);
  budget.stop = std::move(stop);
  const planner::ReviewPlan plan = planner::plan_reviews(desks.problem, budget);
  Teller(snapshot, desks, plan, out).tell();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  out.milliseconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
  return out;
}

}  // namespace permitd::daemon
