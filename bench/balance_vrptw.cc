#include <fmt/format.h>

#include <chrono>

#include "bench/balance_commands.h"
#include "bench/balance_instances.h"
#include "planner/day_planner.h"
#include "planner/plan_check.h"

namespace permitd::bench {
namespace {

using planner::Plan;
using std::chrono::microseconds;

struct Point {
  double seconds;
  double distance;
};

struct Measured {
  double prepare_ms = 0;
  double first_ms = 0;
  double first_distance = 0;
  double distance = 0;
  std::uint64_t iterations = 0;
  double seconds = 0;
  std::size_t routes = 0;
  std::vector<Point> curve;
  std::vector<std::string> faults;
};

double ms(microseconds span) { return static_cast<double>(span.count()) / 1000; }
double distance_of(planner::Cost cost) {
  return static_cast<double>(cost) / static_cast<double>(kInstanceScale);
}

Measured measure(const Instance& instance, const VrptwOptions& options) {
  Measured measured;
  const microseconds begun = planner::thread_time();
  planner::DayPlanner planner(instance.problem, *instance.travel);
  measured.prepare_ms = ms(planner::thread_time() - begun);
  const Plan first = planner.first_plan(options.seed);
  measured.first_ms = ms(planner::thread_time() - begun);
  measured.first_distance = distance_of(first.cost.total());
  planner::SearchOptions search;
  search.seed = options.seed;
  search.budget.iterations = options.iterations;
  search.budget.time = std::chrono::milliseconds(static_cast<long>(options.seconds * 1000));
  search.report = [&](const planner::Progress& progress) {
    measured.curve.push_back({ms(progress.elapsed) / 1000, distance_of(progress.best)});
  };
  const Plan plan = planner.improve(first, search);
  measured.iterations = planner.progress().iterations;
  measured.seconds = ms(planner.progress().elapsed) / 1000;
  measured.distance = distance_of(plan.cost.total());
  for (const auto& route : plan.routes) measured.routes += route.empty() ? 0 : 1;
  measured.faults = check_plan(instance.problem, *instance.travel, plan);
  return measured;
}

}  // namespace

int run_vrptw(const VrptwOptions& options) {
  const auto best_known = read_best_known(options.best_known);
  int faults = 0;
  fmt::print("{:<12}{:>9}{:>9}{:>10}{:>10}{:>8}{:>9}{:>8}{:>8}{:>9}\n", "instance", "prep ms",
             "first ms", "first", "distance", "routes", "it/s", "s", "gap %", "faults");
  for (const std::string& file : options.files) {
    auto instance = read_vrptw(file);
    if (!instance) {
      fmt::print(stderr, "{}\n", instance.error());
      return 2;
    }
    const Measured m = measure(*instance, options);
    const auto known = best_known.find(instance->name);
    const std::string gap = known == best_known.end()
                                ? "-"
                                : fmt::format("{:.2f}", 100 * (m.distance / known->second - 1));
    fmt::print("{:<12}{:>9.1f}{:>9.1f}{:>10.1f}{:>10.1f}{:>8}{:>9.0f}{:>8.2f}{:>8}{:>9}\n",
               instance->name, m.prepare_ms, m.first_ms, m.first_distance, m.distance, m.routes,
               static_cast<double>(m.iterations) / m.seconds, m.seconds, gap, m.faults.size());
    for (const std::string& fault : m.faults) fmt::print("  {}\n", fault);
    faults += static_cast<int>(m.faults.size());
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace permitd::bench
