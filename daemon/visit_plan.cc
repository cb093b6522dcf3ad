#include "daemon/visit_plan.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>

#include "daemon/place_numbers.h"
#include "daemon/visit_travel.h"
#include "planner/day_planner.h"

namespace permitd::daemon {

using planner::kNobody;
using planner::PersonIndex;
using planner::Place;
using planner::VisitIndex;
using scheduler::JobState;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::int64_t kSecondsPerUnit = 30 * 60;
constexpr int kWallFactor = 2;

constexpr std::size_t at(auto index) { return static_cast<std::size_t>(index); }

/// The plan that is running: who has which visit, in the order it was planned in.
planner::Plan running_plan(const VisitSnapshot& snapshot, const VisitProblem& day) {
  planner::Plan plan;
  plan.routes.resize(day.problem.inspectors.size());
  for (std::size_t i = 0; i < day.problem.visits.size(); ++i) {
    const PersonIndex person = day.problem.visits[i].running;
    if (person == kNobody) {
      plan.unserved.push_back(static_cast<VisitIndex>(i));
    } else {
      plan.routes[at(person)].push_back({static_cast<VisitIndex>(i), 0});
    }
  }
  const auto order = [&](const planner::PlannedVisit& visit) {
    const SnapshotVisit& from = snapshot.visits[day.visit_rows[at(visit.visit)]];
    return std::pair{from.is_planned ? from.plan.sequence : std::uint16_t{0}, visit.visit};
  };
  for (auto& route : plan.routes) std::ranges::sort(route, {}, order);
  return plan;
}

/// On a busy machine processor time is long in coming: the clock on the wall ends the search, too.
planner::SearchOptions search_options(const VisitPlanOptions& options, std::stop_source stop) {
  planner::SearchOptions search;
  search.budget.time = std::chrono::milliseconds(options.milliseconds);
  search.budget.iterations = options.iterations;
  search.seed = options.seed;
  search.stop = stop.get_token();
  search.threads = options.threads;
  if (options.milliseconds == 0) return search;
  const auto end = std::chrono::steady_clock::now() + kWallFactor * search.budget.time;
  search.report_every = std::chrono::milliseconds(20);
  search.report = [end, stop = std::move(stop)](const planner::Progress&) mutable {
    if (std::chrono::steady_clock::now() >= end) stop.request_stop();
  };
  return search;
}

bool has_somebody(const planner::DayProblem& problem, const planner::Visit& visit) {
  for (std::size_t i = 0; i < problem.inspectors.size(); ++i) {
    const bool is_able = (visit.skills & ~problem.inspectors[i].skills) == 0;
    if (is_able &&
        std::ranges::find(visit.excluded, static_cast<PersonIndex>(i)) == visit.excluded.end())
      return true;
  }
  return false;
}

/// A trip that fits nowhere as a whole may fit visit by visit; and one that takes visits along
/// which are worth less than the others may have taken the time of one that was left out and is
/// worth more than those. False when there is none.
bool split_trips(planner::DayProblem& problem, const planner::Plan& plan) {
  struct Worth {
    planner::Cost least = INT64_MAX;
    planner::Cost most = 0;
    bool is_out = false;
  };
  std::map<std::int32_t, Worth> groups;
  for (const planner::Visit& visit : problem.visits) {
    if (visit.group == planner::kNoGroup) continue;
    Worth& worth = groups[visit.group];
    worth.least = std::min(worth.least, visit.prize);
    worth.most = std::max(worth.most, visit.prize);
  }
  planner::Cost missed = 0;
  for (const VisitIndex index : plan.unserved) {
    const planner::Visit& visit = problem.visits[at(index)];
    if (visit.group != planner::kNoGroup) groups[visit.group].is_out = true;
    if (visit.prize > missed && has_somebody(problem, visit)) missed = visit.prize;
  }
  bool any = false;
  for (planner::Visit& visit : problem.visits) {
    if (visit.group == planner::kNoGroup) continue;
    const Worth& worth = groups[visit.group];
    if (!worth.is_out && (worth.least == worth.most || worth.least >= missed)) continue;
    visit.group = planner::kNoGroup;
    any = true;
  }
  return any;
}

class Teller {
 public:
  Teller(const VisitSnapshot& snapshot, const VisitProblem& day, const planner::Travel& travel,
         const planner::Plan& plan, VisitPlan& out)
      : snapshot_(snapshot),
        day_(day),
        travel_(travel),
        plan_(plan),
        out_(out),
        reasons_(day.problem, travel, plan) {}

  void tell() {
    for (std::size_t person = 0; person < plan_.routes.size(); ++person) tell_route(person);
    for (const VisitIndex visit : plan_.unserved)
      tell_unplanned(row_of(visit), reasons_.why_unserved(visit));
    out_.jain_permille = jain_permille(loads_);
    out_.window_jain_permille = jain_permille(window_loads_);
  }

 private:
  const SnapshotVisit& row_of(VisitIndex visit) const {
    return snapshot_.visits[day_.visit_rows[at(visit)]];
  }
  scheduler::ExpertId expert_of(PersonIndex person) const {
    return person == kNobody ? scheduler::ExpertId{}
                             : snapshot_.experts[day_.expert_rows[at(person)]].expert;
  }

  void tell_route(std::size_t person) {
    const planner::Inspector& inspector = day_.problem.inspectors[person];
    // Who has no time is there only for the visits that they have.
    if (inspector.shift.open >= inspector.shift.close) return;
    out_.inspectors += 1;
    Place from = inspector.start;
    std::int64_t travel = 0;
    std::int64_t service = 0;
    std::vector<PlaceNumber> numbers;
    for (const planner::PlannedVisit& planned : plan_.routes[person])
      numbers.push_back(number_before(row_of(planned.visit), static_cast<PersonIndex>(person)));
    number_places(numbers);
    std::size_t place = 0;
    for (const planner::PlannedVisit& planned : plan_.routes[person]) {
      const planner::Visit& visit = day_.problem.visits[at(planned.visit)];
      travel += planner::travel_between(travel_, from, visit.place);
      service += visit.service;
      from = visit.place;
      tell_planned(static_cast<PersonIndex>(person), planned, numbers[place++].number);
    }
    if (place == 0) {
      out_.idle += 1;
    } else {
      travel += planner::travel_between(travel_, from, inspector.end);
    }
    out_.travel_s += travel;
    const auto units = snapshot_.experts[day_.expert_rows[person]].units_per_day;
    const auto capacity = static_cast<double>(std::max<std::int64_t>(1, units * kSecondsPerUnit));
    loads_.push_back(static_cast<double>(travel + service) / capacity);
    window_loads_.push_back(static_cast<double>(inspector.effort_before + travel + service) /
                            static_cast<double>(inspector.effort_capacity));
  }

  PlaceNumber number_before(const SnapshotVisit& row, PersonIndex person) const {
    if (!row.is_planned || row.plan.expert != expert_of(person)) return {};
    return {row.plan.sequence, (row.plan.locks & scheduler::kLockOrder) != 0};
  }

  static scheduler::ExpertId before_of(const SnapshotVisit& row) {
    if (raw(row.taken_from) != 0) return row.taken_from;
    return row.is_planned ? row.plan.expert : row.job.holder;
  }

  static Tick start_before(const SnapshotVisit& row) {
    if (row.start_before.ms != 0) return row.start_before;
    if (row.is_planned) return row.plan.start;
    return row.job.appointment == scheduler::kNever ? Tick{} : row.job.appointment;
  }

  void tell_planned(PersonIndex person, const planner::PlannedVisit& planned,
                    std::uint16_t sequence) {
    const SnapshotVisit& row = row_of(planned.visit);
    const planner::AssignmentReason reason = reasons_.why_assigned(planned.visit);
    PlannedVisitLine line;
    line.job = row.job.job;
    line.case_id = row.job.case_id;
    line.expert = expert_of(person);
    line.before = before_of(row);
    line.is_displaced = raw(row.taken_from) != 0;
    line.moves_appointment = row.lost_half_day;
    line.start_before = start_before(row);
    line.deadline = row.job.deadline;
    line.locks = row.is_planned ? row.plan.locks : std::uint8_t{0};
    line.start = {day_.begin.ms + std::int64_t{planned.start} * kMsPerSecond};
    line.extra_travel_s = reason.chosen.extra_travel;
    if (reason.second) {
      line.second = expert_of(reason.second->person);
      line.second_travel_s = reason.second->extra_travel;
    }
    line.sequence = sequence;
    line.is_renumbered =
        row.is_planned && row.plan.expert == line.expert && row.plan.sequence != sequence;
    line.attempts = row.job.attempts;
    line.state = row.job.state;
    line.district = row.job.district;
    if (line.before == line.expert) {
      line.change = PlanChange::kKept;
    } else if (raw(line.before) != 0) {
      line.change = PlanChange::kMoved;
      out_.moved += 1;
    }
    out_.lines.push_back(line);
  }

  void tell_unplanned(const SnapshotVisit& row, const planner::UnservedReason& reason) {
    out_.unplanned.push_back(
        {row.job.job, row.job.case_id, row.job.district, before_of(row), reason});
  }

  /// Jain, Chiu and Hawe 1984: (Σx)² / (n Σx²).
  static std::uint32_t jain_permille(const std::vector<double>& loads) {
    double sum = 0;
    double squares = 0;
    for (const double load : loads) {
      sum += load;
      squares += load * load;
    }
    if (squares == 0) return 1'000;
    return static_cast<std::uint32_t>(
        1'000 * sum * sum / (static_cast<double>(loads.size()) * squares) + 0.5);
  }

  const VisitSnapshot& snapshot_;
  const VisitProblem& day_;
  const planner::Travel& travel_;
  const planner::Plan& plan_;
  VisitPlan& out_;
  planner::PlanReasons reasons_;
  std::vector<double> loads_;         // of the day, by inspector
  std::vector<double> window_loads_;  // of the window with this day
};

/// Visits that no problem could be made of: their hours are over, or nobody knows where they are.
void tell_impossible(const VisitSnapshot& snapshot, const VisitProblem& day, VisitPlan& out) {
  std::size_t next = 0;
  for (std::size_t row = 0; row < snapshot.visits.size(); ++row) {
    if (next < day.visit_rows.size() && day.visit_rows[next] == row) {
      ++next;
      continue;
    }
    const scheduler::JobView& job = snapshot.visits[row].job;
    if (job.state == JobState::kStarted) continue;
    planner::UnservedReason reason;
    reason.cause = planner::UnservedCause::kNoWindow;
    out.unplanned.push_back(
        {job.job, job.case_id, job.district, snapshot.visits[row].taken_from, reason});
  }
}

/// Those of a closed day that this one has no half-day for.
void tell_roomless(const VisitSnapshot& snapshot, VisitPlan& out) {
  planner::UnservedReason reason;
  reason.cause = planner::UnservedCause::kNoHalfDay;
  for (const SnapshotVisit& visit : snapshot.roomless)
    out.unplanned.push_back(
        {visit.job.job, visit.job.case_id, visit.job.district, visit.taken_from, reason});
}

void note_progress(const planner::Progress& progress, VisitPlan& out) {
  out.iterations += progress.iterations;
  out.milliseconds += static_cast<std::uint32_t>(progress.elapsed.count() / 1'000);
}

}  // namespace

VisitPlanOptions visit_options(const PlannerSettings& settings) {
  VisitPlanOptions options;
  options.milliseconds = settings.milliseconds_max;
  options.iterations = settings.iterations;
  options.balance_permille = settings.balance_permille;
  options.move_minutes = settings.move_minutes;
  options.road_percent = settings.road_percent;
  options.speed_kmh = settings.speed_kmh;
  options.prize_minutes = settings.prize_minutes;
  options.class_factor = settings.class_factor;
  options.threads = settings.threads;
  options.minutes_between = settings.minutes_between.get();
  options.mends = true;
  return options;
}

VisitPlan plan_visits(const VisitSnapshot& snapshot, const VisitPlanOptions& options,
                      std::stop_source stop) {
  VisitPlan out;
  out.op = snapshot.op;
  out.day = snapshot.day;
  out.left_out = snapshot.left_out;
  VisitProblem day = make_visit_problem(snapshot, options);
  tell_impossible(snapshot, day, out);
  tell_roomless(snapshot, out);
  if (day.problem.visits.empty()) {
    out.inspectors = out.idle = static_cast<std::uint32_t>(day.problem.inspectors.size());
    return out;
  }
  const auto way = make_travel(
      day.points, place_districts(day.points, snapshot.visits, snapshot.offices, options), options);
  const planner::Travel& travel = *way;
  const auto checked = planner::validate(day.problem, travel.place_count());
  if (!checked) throw std::logic_error("no problem for the planner: " + checked.error().text);
  const planner::SearchOptions search = search_options(options, std::move(stop));
  planner::Plan plan = running_plan(snapshot, day);
  const bool is_running = plan.unserved.size() < day.problem.visits.size();
  const auto go_on = [&](planner::DayPlanner& planner) {
    return is_running && options.mends ? planner.mend(plan, search) : planner.improve(plan, search);
  };
  {
    planner::DayPlanner planner(day.problem, travel);
    if (!is_running) plan = planner.first_plan(options.seed);
    plan = go_on(planner);
    note_progress(planner.progress(), out);
  }
  if (split_trips(day.problem, plan)) {
    planner::DayPlanner planner(day.problem, travel);
    plan = go_on(planner);
    note_progress(planner.progress(), out);
  }
  Teller(snapshot, day, travel, plan, out).tell();
  return out;
}

}  // namespace permitd::daemon
