// One problem, planned and measured: the same solver and the same checker for every subcommand.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "planner/day_planner.h"

namespace permitd::bench {

/// Options that all subcommands share.
struct SearchChoice {
  double seconds = 10;
  /// Instead of time, if not 0.
  std::uint64_t iterations = 0;
  std::uint64_t seed = 1;
  /// Searches side by side, each with the whole budget and a seed of its own.
  std::uint32_t threads = 1;
  /// A picture of the routes and of cost over time, written beside the table; of instances one
  /// each, see svg_of_instance().
  std::string svg;
  bool json = false;
};

struct CurvePoint {
  double seconds;
  planner::Cost cost;
};

struct Measured {
  /// Processor time. Preparing builds the tables; the first plan follows it.
  double prepare_ms = 0;
  double first_ms = 0;
  double search_s = 0;
  std::uint64_t iterations = 0;
  planner::Plan first;
  planner::Plan plan;
  std::vector<CurvePoint> curve;
  /// What the checker found in either plan.
  std::vector<std::string> faults;

  double iterations_per_second() const {
    return search_s > 0 ? static_cast<double>(iterations) / search_s : 0;
  }
  std::size_t routes_used() const;
};

Measured measure(const planner::DayProblem& problem, const planner::Travel& travel,
                 const SearchChoice& choice);

/// Processor time that `work` takes, in milliseconds.
template <class Work>
double time_ms(const Work& work) {
  const auto begun = planner::thread_time();
  work();
  return static_cast<double>((planner::thread_time() - begun).count()) / 1000;
}

/// The part of the JSON output that all subcommands share.
boost::json::object to_json(const Measured& measured);

/// Prints the faults, if any, and returns how many there are.
int print_faults(const Measured& measured);

}  // namespace permitd::bench
