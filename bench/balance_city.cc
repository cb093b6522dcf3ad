#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "bench/balance_city_day.h"
#include "bench/balance_commands.h"
#include "bench/balance_svg.h"
#include "planner/absence.h"
#include "planner/live_day.h"
#include "planner/plan_check.h"
#include "planner/plan_reasons.h"
#include "planner/random.h"

namespace permitd::bench {
namespace {

using planner::Plan;

struct Fairness {
  /// Jain's index over effort relative to capacity: 1 if all are alike, 1/n if one does everything.
  double jain = 0;
  std::size_t idle = 0;
  double load_min = 0;
  double load_max = 0;
};

double load_of(const planner::DayProblem& problem, const planner::Travel& travel, const Plan& plan,
               std::size_t person) {
  const planner::Inspector& inspector = problem.inspectors[person];
  planner::Place here = inspector.start;
  double effort = static_cast<double>(inspector.effort_before);
  std::int32_t group = planner::kNoGroup;
  for (const planner::PlannedVisit& planned : plan.routes[person]) {
    const planner::Visit& visit = problem.visits[static_cast<std::size_t>(planned.visit)];
    const bool follows = group != planner::kNoGroup && visit.group == group;
    effort += follows ? visit.service_following.value_or(visit.service) : visit.service;
    effort += travel.between(here, visit.place);
    here = visit.place;
    group = visit.group;
  }
  if (!plan.routes[person].empty()) effort += travel.between(here, inspector.end);
  return effort / static_cast<double>(inspector.effort_capacity);
}

Fairness fairness_of(const planner::DayProblem& problem, const planner::Travel& travel,
                     const Plan& plan) {
  Fairness fairness{0, 0, 1e9, 0};
  double sum = 0;
  double squares = 0;
  for (std::size_t p = 0; p < plan.routes.size(); ++p) {
    const double load = load_of(problem, travel, plan, p);
    sum += load;
    squares += load * load;
    fairness.load_min = std::min(fairness.load_min, load);
    fairness.load_max = std::max(fairness.load_max, load);
    if (plan.routes[p].empty()) ++fairness.idle;
  }
  fairness.jain = squares > 0 ? sum * sum / (static_cast<double>(plan.routes.size()) * squares) : 0;
  return fairness;
}

double minutes_per_visit(const planner::DayProblem& problem, const Plan& plan) {
  const auto served = static_cast<double>(problem.visits.size() - plan.unserved.size());
  return static_cast<double>(plan.cost.travel) / 60 / std::max(1.0, served);
}

/// What the running day is asked in between: offers, an absence, reasons.
struct Questions {
  double offer_ms = 0;
  double open_day_ms = 0;
  double absence_ms = 0;
  double absence_moved_percent = 0;
  std::size_t absence_taken_over = 0;
  std::size_t absence_lost = 0;
  double reason_ms = 0;
  std::size_t faults = 0;
};

Questions ask(const CityDay& day, const Plan& plan, std::uint64_t seed) {
  Questions questions;
  planner::Random random(seed);
  constexpr int kOffers = 100;
  std::unique_ptr<planner::LiveDay> live;
  questions.open_day_ms =
      time_ms([&] { live = std::make_unique<planner::LiveDay>(day.problem, *day.travel, plan); });
  questions.offer_ms = time_ms([&] {
                         for (int i = 0; i < kOffers; ++i) {
                           planner::Visit visit = day.problem.visits[static_cast<std::size_t>(
                               random.below(static_cast<std::int32_t>(day.problem.visits.size())))];
                           visit.group = planner::kNoGroup;
                           live->offers(visit);
                         }
                       }) /
                       kOffers;
  const auto busiest =
      std::ranges::max_element(plan.routes, {}, [](const auto& route) { return route.size(); });
  planner::SearchOptions options;
  options.budget.time = std::chrono::milliseconds(300);
  const planner::Absence absence{static_cast<planner::PersonIndex>(busiest - plan.routes.begin()),
                                 0};
  planner::DayProblem problem = day.problem;
  problem.weights.move = 600;  // ten minutes of travel
  planner::AbsencePlan result;
  questions.absence_ms = time_ms(
      [&] { result = planner::plan_absence(problem, *day.travel, plan, absence, options); });
  questions.absence_moved_percent =
      100 * static_cast<double>(result.moved.size()) / static_cast<double>(problem.visits.size());
  questions.absence_taken_over = result.taken_over.size();
  questions.absence_lost = result.lost.size();
  questions.faults = planner::check_plan(result.problem, *day.travel, result.plan).size();
  questions.reason_ms = time_ms([&] {
    planner::PlanReasons reasons(day.problem, *day.travel, plan);
    for (const auto& route : plan.routes) {
      for (const auto& planned : route) reasons.why_assigned(planned.visit);
    }
  });
  return questions;
}

void print_day(const CityDay& day, const Measured& measured, const Questions& questions) {
  const Fairness first = fairness_of(day.problem, *day.travel, measured.first);
  const Fairness last = fairness_of(day.problem, *day.travel, measured.plan);
  fmt::print("{} inspectors, {} visits\n", day.problem.inspectors.size(),
             day.problem.visits.size());
  fmt::print("{:<12}{:>10}{:>12}{:>9}{:>7}{:>10}{:>10}{:>10}\n", "plan", "s", "min/visit", "Jain",
             "idle", "least", "most", "unserved");
  const auto row = [&](const char* name, double seconds, const Plan& plan, const Fairness& fair) {
    fmt::print("{:<12}{:>10.3f}{:>12.2f}{:>9.4f}{:>7}{:>10.2f}{:>10.2f}{:>10}\n", name, seconds,
               minutes_per_visit(day.problem, plan), fair.jain, fair.idle, fair.load_min,
               fair.load_max, plan.unserved.size());
  };
  row("first", (measured.prepare_ms + measured.first_ms) / 1000, measured.first, first);
  row("improved", measured.search_s, measured.plan, last);
  fmt::print("{:.0f} iterations/s; {} faults\n", measured.iterations_per_second(),
             measured.faults.size() + questions.faults);
  fmt::print("offers for a visit {:.3f} ms (the day opened in {:.1f} ms); ", questions.offer_ms,
             questions.open_day_ms);
  fmt::print("reasons for all visits {:.0f} ms\n", questions.reason_ms);
  fmt::print(
      "absence re-planned in {:.0f} ms: {} taken over, {} lost, {:.2f} % of the others moved\n",
      questions.absence_ms, questions.absence_taken_over, questions.absence_lost,
      questions.absence_moved_percent);
}

void print_json(const CityDay& day, const Measured& measured, const Questions& questions) {
  const Fairness fair = fairness_of(day.problem, *day.travel, measured.plan);
  boost::json::object row = to_json(measured);
  row["inspectors"] = day.problem.inspectors.size();
  row["visits"] = day.problem.visits.size();
  row["travelMinutesPerVisit"] = minutes_per_visit(day.problem, measured.plan);
  row["jain"] = fair.jain;
  row["idle"] = fair.idle;
  row["offerMs"] = questions.offer_ms;
  row["absenceMs"] = questions.absence_ms;
  row["absenceMovedPercent"] = questions.absence_moved_percent;
  row["reasonsMs"] = questions.reason_ms;
  fmt::print("{}\n", boost::json::serialize(row));
}

/// Degrees as kilometres east and north, near enough for a picture.
std::vector<planner::PlaneTravel::Point> flat(const std::vector<planner::GeoPoint>& points) {
  std::vector<planner::PlaneTravel::Point> flat;
  const double shrink = std::cos(points.front().latitude * std::numbers::pi / 180);
  for (const auto& point : points) {
    flat.push_back({point.longitude * 111.3 * shrink, point.latitude * 110.9});
  }
  return flat;
}

}  // namespace

int run_city(const CityOptions& options) {
  const CityDayChoice choice{options.inspectors, options.visits, options.search.seed,
                             options.balance_permille, options.offices};
  CityDay day;
  if (options.records.empty()) {
    day = make_city_day(choice);
  } else {
    const auto points = read_points(options.records);
    if (!points) {
      fmt::print(stderr, "{}\n", points.error());
      return 2;
    }
    day = make_city_day(choice, *points);
  }
  if (const auto valid = validate(day.problem, day.travel->place_count()); !valid) {
    fmt::print(stderr, "{}: {}\n", valid.error().index, valid.error().text);
    return 2;
  }
  const Measured measured = measure(day.problem, *day.travel, options.search);
  const Questions questions = ask(day, measured.plan, options.search.seed);
  print_faults(measured);
  options.search.json ? print_json(day, measured, questions) : print_day(day, measured, questions);
  if (!options.search.svg.empty()) {
    const auto written =
        write_svg(options.search.svg, {"a city's day", flat(day.points), day.problem, measured});
    if (!written) {
      fmt::print(stderr, "{}\n", written.error());
      return 2;
    }
  }
  return measured.faults.empty() && questions.faults == 0 ? 0 : 1;
}

}  // namespace permitd::bench
