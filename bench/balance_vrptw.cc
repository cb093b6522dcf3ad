#include <fmt/format.h>

#include "bench/balance_commands.h"
#include "bench/balance_instances.h"
#include "bench/balance_svg.h"

namespace permitd::bench {
namespace {

double distance_of(planner::Cost cost) {
  return static_cast<double>(cost) / static_cast<double>(kInstanceScale);
}

/// Above the best known cost, in per cent; "-" if none is known.
std::string gap_text(planner::Cost cost, double best_known) {
  return best_known > 0 ? fmt::format("{:.2f}", 100 * (distance_of(cost) / best_known - 1)) : "-";
}

void print_row(const Instance& instance, const Measured& measured, double best_known) {
  fmt::print("{:<12}{:>9.1f}{:>9.1f}{:>10}{:>10.1f}{:>8}{:>9.0f}{:>8.2f}{:>8}{:>8}\n",
             instance.name, measured.prepare_ms, measured.first_ms,
             gap_text(measured.first.cost.total(), best_known),
             distance_of(measured.plan.cost.total()), measured.routes_used(),
             measured.iterations_per_second(), measured.search_s,
             gap_text(measured.plan.cost.total(), best_known), measured.faults.size());
}

/// Gaps of the instances with a best known cost, for the mean at the end of a budget.
struct Mean {
  double sum = 0;
  int count = 0;
  void add(planner::Cost cost, double best_known) {
    if (best_known <= 0) return;
    sum += 100 * (distance_of(cost) / best_known - 1);
    ++count;
  }
};

}  // namespace

int run_vrptw(const VrptwOptions& options) {
  const auto best_known = read_best_known(options.best_known);
  int faults = 0;
  bool is_drawn = true;
  boost::json::array rows;
  if (!options.search.json) {
    fmt::print("{:<12}{:>9}{:>9}{:>10}{:>10}{:>8}{:>9}{:>8}{:>8}{:>8}\n", "instance", "prep ms",
               "first ms", "first %", "distance", "routes", "it/s", "s", "gap %", "faults");
  }
  for (double seconds : options.seconds) {
    Mean mean;
    for (const std::string& file : options.files) {
      const auto instance = read_vrptw(file);
      if (!instance) {
        fmt::print(stderr, "{}\n", instance.error());
        return 2;
      }
      const auto known = best_known.find(instance->name);
      const double best = known == best_known.end() ? 0 : known->second;
      SearchChoice search = options.search;
      search.seconds = seconds;
      const Measured measured = measure(instance->problem, *instance->travel, search);
      faults += print_faults(measured);
      mean.add(measured.plan.cost.total(), best);
      if (options.search.json) {
        boost::json::object row = to_json(measured);
        row["instance"] = instance->name;
        row["bestKnown"] = best;
        rows.push_back(std::move(row));
      } else {
        print_row(*instance, measured, best);
      }
      if (!options.search.svg.empty()) {
        const auto written = write_svg(svg_of_instance(options.search.svg, instance->name),
                                       {instance->name, instance->points, instance->problem,
                                        measured, best * static_cast<double>(kInstanceScale)});
        if (!written) fmt::print(stderr, "{}\n", written.error());
        is_drawn &= written.has_value();
      }
    }
    if (!options.search.json && mean.count > 0) {
      fmt::print("mean of {} at {} s: {:.2f} %\n", mean.count, seconds, mean.sum / mean.count);
    }
  }
  if (options.search.json) fmt::print("{}\n", boost::json::serialize(rows));
  if (!is_drawn) return 2;
  return faults == 0 ? 0 : 1;
}

}  // namespace permitd::bench
