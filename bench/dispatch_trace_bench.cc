#include "bench/dispatch_trace_bench.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <numeric>
#include <ranges>
#include <span>

#include "bench/dispatch_trace_planned.h"

namespace permitd::bench {

namespace {

// Figures of one policy, by seed.
struct PolicyRow {
  std::string name;
  std::vector<TraceFigures> runs;
  std::vector<std::uint64_t> bound;   // clairvoyant, on the ready times of each run
  std::vector<std::uint64_t> pooled;  // yardsticks, the same
  std::vector<std::uint64_t> rested;
};

struct Column {
  const char* title;
  int decimals;
  double (*value)(const TraceFigures&);
};
constexpr std::array<Column, 11> kColumns{{
    {"late", 0, [](const TraceFigures& f) { return static_cast<double>(f.late); }},
    {"late munic", 0, [](const TraceFigures& f) { return static_cast<double>(f.late_municipal); }},
    {"mean late", 0, [](const TraceFigures& f) { return f.late_minutes_mean; }},
    {"wait p50", 0, [](const TraceFigures& f) { return static_cast<double>(f.wait_p50); }},
    {"wait p99", 0, [](const TraceFigures& f) { return static_cast<double>(f.wait_p99); }},
    {"J office", 4, [](const TraceFigures& f) { return f.jain_offices; }},
    {"J people", 4, [](const TraceFigures& f) { return f.jain_people; }},
    {"peak", 3, [](const TraceFigures& f) { return f.peak_over_mean; }},
    {"travel", 1, [](const TraceFigures& f) { return f.travel_per_visit; }},
    {"passed", 0,
     [](const TraceFigures& f) { return static_cast<double>(f.municipal_passed_over); }},
    {"late visits", 0,
     [](const TraceFigures& f) { return static_cast<double>(f.late_by_stage[1]); }},
}};

// Of policies that plan a day more than once. What is counted: see TraceReplans.
double per_plan(std::uint64_t visits, const TraceReplans& replans) {
  return replans.plans == 0 ? 0 : static_cast<double>(visits) / static_cast<double>(replans.plans);
}
constexpr std::array<Column, 4> kReplanColumns{{
    {"re-plans", 0, [](const TraceFigures& f) { return static_cast<double>(f.replans.plans); }},
    {"had before", 1,
     [](const TraceFigures& f) { return per_plan(f.replans.planned_before, f.replans); }},
    {"moved", 1, [](const TraceFigures& f) { return per_plan(f.replans.moved, f.replans); }},
    {"run out", 1, [](const TraceFigures& f) { return per_plan(f.replans.run_out, f.replans); }},
}};

std::string spread(std::vector<double> values, int decimals) {
  std::ranges::sort(values);
  const double middle = values[values.size() / 2];
  if (values.front() == values.back()) return fmt::format("{:.{}f}", middle, decimals);
  return fmt::format("{:.{}f} ({:.{}f}-{:.{}f})", middle, decimals, values.front(), decimals,
                     values.back(), decimals);
}

std::string spread(const std::vector<std::uint64_t>& values) {
  return spread(std::vector<double>(values.begin(), values.end()), 0);
}

void print_trace(const DispatchTrace& trace) {
  std::array<std::uint32_t, kTraceTradeCount> count{};
  for (const TracePerson& person : trace.people) ++count[static_cast<std::size_t>(person.trade)];
  const auto other = std::ranges::count(trace.cases, false, &TraceCase::municipal);
  fmt::print(
      "{} cases ({} of other organisations), {} jobs on {} working days; clerks {} at {:.0f} %, "
      "inspectors {} at {:.0f} %, reviewers {} at {:.0f} %\n",
      trace.cases.size(), other, trace.jobs.size(), trace.days, count[0], 100 * trace.load[0],
      count[1], 100 * trace.load[1], count[2], 100 * trace.load[2]);
}

bool is_planned_again(const PolicyRow& row) {
  return std::ranges::any_of(row.runs, [](const auto& run) { return run.replans.plans > 0; });
}

void print_columns(const PolicyRow& row, std::span<const Column> columns) {
  for (const Column& column : columns) {
    std::vector<double> values;
    for (const TraceFigures& run : row.runs) values.push_back(column.value(run));
    fmt::print("  {:<12}{}\n", column.title, spread(values, column.decimals));
  }
}

void print_row(const PolicyRow& row) {
  fmt::print("{}\n", row.name);
  print_columns(row, kColumns);
  if (is_planned_again(row)) print_columns(row, kReplanColumns);
  fmt::print("  {:<12}{}\n  {:<12}{}\n  {:<12}{}\n", "bound", spread(row.bound), "pooled",
             spread(row.pooled), "  and rests", spread(row.rested));
}

boost::json::object json_of(const PolicyRow& row) {
  boost::json::object out{{"policy", row.name},
                          {"bound", boost::json::value_from(row.bound)},
                          {"pooled", boost::json::value_from(row.pooled)},
                          {"pooled, rests", boost::json::value_from(row.rested)}};
  const auto add = [&](std::span<const Column> columns) {
    for (const Column& column : columns) {
      boost::json::array values;
      for (const TraceFigures& run : row.runs) values.push_back(column.value(run));
      out[column.title] = values;
    }
  };
  add(kColumns);
  if (is_planned_again(row)) add(kReplanColumns);
  return out;
}

scheduler::SetPolicy tried_policy(const DispatchTrace& trace, const TraceBench& bench) {
  scheduler::SetPolicy policy = trace.policy;
  const auto set = [](std::uint16_t& field, const std::optional<std::uint16_t>& value) {
    field = value.value_or(field);
  };
  set(policy.near_visits, bench.near_visits);
  set(policy.near_slack_minutes, bench.near_slack_minutes);
  set(policy.near_equal_count, bench.near_equal_count);
  set(policy.near_equal_permille, bench.near_equal_permille);
  set(policy.compared_count, bench.compared_count);
  set(policy.load_weight, bench.load_weight);
  set(policy.travel_weight, bench.travel_weight);
  set(policy.share_weight, bench.share_weight);
  return policy;
}

std::vector<std::unique_ptr<DispatchPolicy>> all_policies(const DispatchTrace& trace,
                                                          const TraceBench& bench) {
  std::vector<std::unique_ptr<DispatchPolicy>> policies;
  if (!bench.core_only) {
    policies = baseline_policies(trace, trace.seed);
    scheduler::SetPolicy blind = trace.policy;
    blind.near_visits = blind.compared_count = blind.draw_minutes = 0;
    policies.push_back(core_policy(trace, "permitd, places not looked at", blind));
  }
  policies.push_back(core_policy(trace, "permitd", tried_policy(trace, bench)));
  policies.push_back(planned_policy(trace, "permitd, planned mornings", tried_policy(trace, bench),
                                    TracePlans::kMornings));
  policies.push_back(planned_policy(trace, "permitd, planned mornings and noons",
                                    tried_policy(trace, bench), TracePlans::kMorningsAndNoons));
  return policies;
}

}  // namespace

void add_trace_options(CLI::App& app, TraceBench& bench) {
  app.add_option("records", bench.trace.records, "permit records; default: the sample");
  app.add_option("--city", bench.trace.city, "offices, calendar and policy");
  app.add_option("--load", bench.trace.load_permille, "of the people, of 1,000");
  app.add_option("--cases", bench.trace.cases_max, "the first so many");
  app.add_option("--last-call", bench.trace.last_call,
                 "clerks, inspectors, reviewers begin nothing in the last so many minutes of a day")
      ->delimiter(',')
      ->check(CLI::Range(1, 419));
  app.add_flag("--one-class", bench.trace.one_class, "as if every case were municipal");
  app.add_option("--seed", bench.trace.seed, "the first seed");
  app.add_option("--seeds", bench.seeds, "so many")->check(CLI::PositiveNumber);
  app.add_flag("--core-only", bench.core_only, "without baselines");
  const std::string group = "Instead of the city's policy";
  const auto tried = [&](const char* name, std::optional<std::uint16_t>& field) {
    app.add_option(name, field)->group(group);
  };
  tried("--near-visits", bench.near_visits);
  tried("--near-slack", bench.near_slack_minutes);
  tried("--near-equal-count", bench.near_equal_count);
  tried("--near-equal-permille", bench.near_equal_permille);
  tried("--compared", bench.compared_count);
  tried("--load-weight", bench.load_weight);
  tried("--travel-weight", bench.travel_weight);
  tried("--share-weight", bench.share_weight);
}

DispatchTrace trace_of(const TraceBench& bench, std::uint64_t seed) {
  TraceOptions options = bench.trace;
  options.seed = seed;
  auto trace = make_dispatch_trace(options);
  if (!trace) {
    fmt::print(stderr, "{}\n", trace.error());
    std::exit(1);
  }
  return std::move(*trace);
}

boost::json::array bench_trace(const TraceBench& bench) {
  std::vector<PolicyRow> rows;
  for (std::uint64_t seed = bench.trace.seed; seed < bench.trace.seed + bench.seeds; ++seed) {
    const DispatchTrace trace = trace_of(bench, seed);
    if (seed == bench.trace.seed) print_trace(trace);
    std::size_t at = 0;
    for (const auto& policy : all_policies(trace, bench)) {
      if (rows.size() == at) rows.push_back({std::string(policy->name()), {}, {}, {}, {}});
      PolicyRow& row = rows[at++];
      const TraceRun run = play_dispatch_trace(trace, *policy);
      const auto bound = clairvoyant_late(trace, run.ready);
      row.bound.push_back(std::accumulate(bound.begin(), bound.end(), std::uint64_t{0}));
      row.pooled.push_back(pooled_late(trace, run, false));
      row.rested.push_back(pooled_late(trace, run, true));
      row.runs.push_back(run.figures);
    }
  }
  fmt::print(
      "median (least-most) of {} seeds; per re-plan: visits that a plan of that day had before, "
      "moved of them\n"
      "to another person or half-day, and of those moved: their reservation had run out by then\n",
      bench.seeds);
  boost::json::array out;
  for (const PolicyRow& row : rows) {
    print_row(row);
    out.push_back(json_of(row));
  }
  return out;
}

}  // namespace permitd::bench
