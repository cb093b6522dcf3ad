#include "bench/balance_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>

#include "planner/plan_check.h"

namespace permitd::bench {

std::size_t Measured::routes_used() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(plan.routes, [](const auto& route) { return !route.empty(); }));
}

Measured measure(const planner::DayProblem& problem, const planner::Travel& travel,
                 const SearchChoice& choice) {
  Measured measured;
  std::unique_ptr<planner::DayPlanner> planner;
  measured.prepare_ms =
      time_ms([&] { planner = std::make_unique<planner::DayPlanner>(problem, travel); });
  measured.first_ms = time_ms([&] { measured.first = planner->first_plan(choice.seed); });
  planner::SearchOptions search;
  search.seed = choice.seed;
  search.threads = choice.threads;
  search.budget.iterations = choice.iterations;
  search.budget.time = std::chrono::milliseconds(static_cast<long>(choice.seconds * 1000));
  // The curve of several searches would be drawn by all of them at once.
  if (choice.threads == 1) {
    search.report = [&](const planner::Progress& progress) {
      measured.curve.push_back(
          {static_cast<double>(progress.elapsed.count()) / 1'000'000, progress.best});
    };
  }
  measured.plan = planner->improve(measured.first, search);
  measured.search_s = static_cast<double>(planner->progress().elapsed.count()) / 1'000'000;
  measured.iterations = planner->progress().iterations;
  measured.curve.push_back({measured.search_s, measured.plan.cost.total()});
  measured.faults = planner::check_plan(problem, travel, measured.first);
  std::ranges::copy(planner::check_plan(problem, travel, measured.plan),
                    std::back_inserter(measured.faults));
  return measured;
}

boost::json::object to_json(const Measured& measured) {
  boost::json::array curve;
  for (const CurvePoint& point : measured.curve) {
    curve.push_back(boost::json::array{point.seconds, point.cost});
  }
  return {{"prepareMs", measured.prepare_ms},
          {"firstPlanMs", measured.first_ms},
          {"searchSeconds", measured.search_s},
          {"iterations", measured.iterations},
          {"firstCost", measured.first.cost.total()},
          {"cost", measured.plan.cost.total()},
          {"travel", measured.plan.cost.travel},
          {"unserved", measured.plan.unserved.size()},
          {"routes", measured.routes_used()},
          {"faults", measured.faults.size()},
          {"curve", std::move(curve)}};
}

int print_faults(const Measured& measured) {
  for (const std::string& fault : measured.faults) fmt::print(stderr, "  fault: {}\n", fault);
  return static_cast<int>(measured.faults.size());
}

}  // namespace permitd::bench
