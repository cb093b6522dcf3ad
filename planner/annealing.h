// The search itself: ruin a part of town, rebuild it, keep the change if it is better or chance
// likes it, and cool down over the budget. Any-time: the best plan so far is kept apart and is what
// the routes hold at the end. With a budget of iterations the run is a function of its inputs;
// with one of time it depends on the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "planner/rebuild.h"
#include "planner/string_removal.h"

namespace permitd::planner {

/// Ends at whichever comes first; 0 means without that bound. Without any there is no search.
struct Budget {
  /// Processor time of the calling thread.
  std::chrono::milliseconds time{0};
  std::uint64_t iterations = 0;
};

struct Progress {
  std::chrono::microseconds elapsed{0};
  std::uint64_t iterations = 0;
  Cost best = 0;
};

struct SearchOptions {
  Budget budget;
  std::uint64_t seed = 1;
  /// Asked every few iterations.
  std::stop_token stop;
  /// Called about every `report_every` of processor time, from the thread that searches: where
  /// there are several, by each of them with a copy of its own.
  std::function<void(const Progress&)> report;
  std::chrono::milliseconds report_every{100};
  /// Multiplies the temperatures: below 1 the search stays closer to the plan that it began with.
  double heat = 1;
  /// Trips that may be moved, by stop; empty means all.
  std::vector<bool> movable;
  /// Searches of DayPlanner side by side, each with the whole budget and a seed of its own.
  std::uint32_t threads = 1;
};

class Annealing {
 public:
  Annealing(RouteSet& routes, const TravelTable& table, const Neighbourhood& nearby,
            const SearchOptions& options);

  /// Runs until the budget is spent. Returns what was reached.
  Progress run();

 private:
  void iterate();
  StopId draw_seed();
  void gather_waiting(StopId seed);
  void note_accepted();
  void keep_best();
  void return_to_best();
  bool budget_spent();
  void cool(double spent);
  double leg_mean() const;

  RouteSet& routes_;
  const DayModel& model_;
  const TravelTable& table_;
  const Neighbourhood& nearby_;
  const SearchOptions& options_;
  Random random_;
  StringRemoval ruin_;
  Rebuild rebuild_;

  double temperature_first_ = 0;
  double temperature_last_ = 0;
  double temperature_ = 0;
  Progress progress_;
  std::chrono::microseconds begun_{0};
  std::chrono::microseconds reported_{0};
  std::vector<StopId> seeds_;
  std::vector<StopId> out_;                       // trips in no route that might be in one
  bool out_changes_ = false;                      // whether one of them was tried in this iteration
  std::vector<StopId> loose_;                     // trips of this iteration that look for a place
  std::vector<PersonIndex> changed_;              // since the best plan was kept
  std::vector<bool> is_changed_;                  // [person]
  std::vector<std::vector<StopId>> best_routes_;  // [person]
};

/// Processor time of the calling thread.
std::chrono::microseconds thread_time();

}  // namespace permitd::planner
