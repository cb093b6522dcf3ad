// permitd_review_bench: how evenly desks are planned, and what whole policies of dispatch make of a
// trace of real filings. Prints tables; --json FILE keeps the figures.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <numeric>

#include "bench/dispatch_trace_bench.h"
#include "bench/dispatch_trace_forecast.h"
#include "bench/review_bound.h"
#include "bench/review_instance.h"
#include "planner/review_check.h"
#include "planner/review_plan.h"

namespace permitd::bench {
namespace {

using planner::ReviewObstacle;
using planner::ReviewPlan;
using planner::ReviewProblem;
using Milliseconds = std::chrono::milliseconds;

/// Greatest load when each job goes, in the given order, to whoever has the least then, before it
/// (`after` false) or with it.
double greedy_peak(const ReviewProblem& problem, std::vector<std::uint32_t> order, bool after) {
  std::vector<double> load(problem.people.size());
  for (const std::uint32_t index : order) {
    std::uint32_t best = planner::kNoPerson;
    double least = 0;
    for (std::uint32_t person = 0; person < load.size(); ++person) {
      const auto& job = problem.jobs[index];
      if (review_obstacle(problem, person, job) != ReviewObstacle::kNone) continue;
      const double value = load[person] + (after ? review_effort(problem.people[person], job) : 0);
      if (best != planner::kNoPerson && value >= least) continue;
      best = person;
      least = value;
    }
    if (best != planner::kNoPerson) {
      load[best] += review_effort(problem.people[best], problem.jobs[index]);
    }
  }
  double peak = 0;
  for (std::uint32_t person = 0; person < load.size(); ++person) {
    const auto& days = problem.people[person].day_minutes;
    peak = std::max(peak, load[person] / std::accumulate(days.begin(), days.end(), 0));
  }
  return peak;
}

/// Greatest loads over the bound.
struct DeskRow {
  std::string name;
  std::string expected;
  std::vector<double> ratios;  // by instance
};

void add_plan(DeskRow& row, const ReviewProblem& problem, double bound, Milliseconds time) {
  const ReviewPlan plan = plan_reviews(problem, {.seed = 1, .time = time});
  const auto broken = check_review_plan(problem, plan);
  if (!broken.empty()) {
    fmt::print(stderr, "a plan breaks a rule: {}\n", broken[0]);
    std::exit(1);
  }
  row.ratios.push_back(plan.figures.peak / bound);
}

boost::json::array bench_desks(const ReviewInstanceSize& size, std::uint64_t first,
                               std::uint32_t instances) {
  std::vector<DeskRow> rows{{"least loaded", "1.22-1.28", {}}, {"longest first", "1.08-1.19", {}},
                            {"ours, first plan", "-", {}},     {"ours, 100 ms", "<= 1.09", {}},
                            {"ours, 1 s", "<= 1.06", {}},      {"split jobs (LP)", "1.000", {}}};
  for (std::uint64_t seed = first; seed < first + instances; ++seed) {
    const ReviewProblem problem = make_review_instance(seed, size);
    const ReviewBound bound = bound_review_load(problem);
    std::vector<std::uint32_t> order(problem.jobs.size());
    std::iota(order.begin(), order.end(), 0U);
    rows[0].ratios.push_back(greedy_peak(problem, order, false) / bound.load);
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](auto job) { return problem.jobs[job].effort[0]; });
    rows[1].ratios.push_back(greedy_peak(problem, order, true) / bound.load);
    add_plan(rows[2], problem, bound.load, Milliseconds(0));
    add_plan(rows[3], problem, bound.load, Milliseconds(100));
    add_plan(rows[4], problem, bound.load, Milliseconds(1000));
    rows[5].ratios.push_back(bound.fractional / bound.load);
  }
  fmt::print("{} people, {} jobs, {} instances: greatest load over the bound\n", size.people,
             size.jobs, instances);
  fmt::print("{:<18} {:>10} {:>8} {:>8} {:>8}\n", "", "expected", "least", "median", "most");
  boost::json::array out;
  for (DeskRow& row : rows) {
    std::ranges::sort(row.ratios);
    fmt::print("{:<18} {:>10} {:>8.3f} {:>8.3f} {:>8.3f}\n", row.name, row.expected,
               row.ratios.front(), row.ratios[row.ratios.size() / 2], row.ratios.back());
    out.push_back({{"name", row.name},
                   {"expected", row.expected},
                   {"ratios", boost::json::value_from(row.ratios)}});
  }
  return out;
}

int run(int argc, char** argv) {
  CLI::App app{"How evenly desks are planned and jobs are dispatched."};
  app.require_subcommand(1);
  std::string json;
  app.add_option("--json", json, "keep the figures in this file");
  ReviewInstanceSize size;
  std::uint64_t first = 101;  // the search was tuned on 1 to 3
  std::uint32_t instances = 5;
  CLI::App* desks = app.add_subcommand("desks", "greatest load of plans over a lower bound");
  desks->add_option("--people", size.people)->check(CLI::PositiveNumber);
  desks->add_option("--jobs", size.jobs)->check(CLI::PositiveNumber);
  desks->add_option("--instances", instances)->check(CLI::PositiveNumber);
  desks->add_option("--first-seed", first);
  TraceBench trace_bench;
  CLI::App* trace = app.add_subcommand("trace", "policies of dispatch on one trace of filings");
  add_trace_options(*trace, trace_bench);
  TraceBench forecast_bench;
  CLI::App* forecast =
      app.add_subcommand("forecast", "how well the forecast foretells when cases of a trace end");
  add_trace_options(*forecast, forecast_bench);
  CLI11_PARSE(app, argc, argv);
  const boost::json::array figures = *desks      ? bench_desks(size, first, instances)
                                     : *forecast ? bench_forecast(forecast_bench)
                                                 : bench_trace(trace_bench);
  if (!json.empty()) std::ofstream(json) << boost::json::serialize(figures) << '\n';
  return 0;
}

}  // namespace
}  // namespace permitd::bench

int main(int argc, char** argv) { return permitd::bench::run(argc, argv); }
