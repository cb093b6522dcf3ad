// The planner of one day: a first plan in milliseconds, improved for as long as the caller likes.
// Holds tables of the size of the day squared, so it is made once per problem. Belongs to one
// thread; several planners may run side by side. A search on several threads shares those tables,
// which nobody changes; each thread adds routes of its own, of the size of the day.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "planner/annealing.h"
#include "planner/day_model.h"
#include "planner/neighbourhood.h"
#include "planner/plan.h"
#include "planner/travel_table.h"

namespace permitd::planner {

class DayPlanner {
 public:
  /// Pre: validate(problem, travel.place_count()). Both must outlive the planner.
  DayPlanner(const DayProblem& problem, const Travel& travel);

  const DayModel& model() const { return model_; }
  const Neighbourhood& neighbourhood() const { return nearby_; }

  /// The best of a few greedy plans, one per order of insertion, after a short search. Frozen
  /// visits stand in it whatever else must stay out.
  Plan first_plan(std::uint64_t seed = 1);

  /// `plan` or something better. What no longer fits in it is left out at first and then looked for
  /// a place like everything else. On several threads: the best of what their seeds have found, of
  /// equals that of the first, so that a budget of iterations gives one plan however the threads
  /// take turns; the first has the seed of the options, so that it is never worse than that alone.
  Plan improve(const Plan& plan, const SearchOptions& options);

  /// As improve(), but only what is left out at first, and what lies near it, may move: for a day
  /// that is running. A day that is mostly left out is improved as a whole.
  Plan mend(const Plan& plan, const SearchOptions& options);

  /// The trips that may make room for `visits`: their own and some neighbours of each. For
  /// SearchOptions::movable.
  std::vector<bool> room_for(const std::vector<VisitIndex>& visits) const;

  /// The seed of a search on its thread, the first being `seed` itself: alone on one thread it
  /// finds the same. Far apart for neighbouring seeds, so that the seeds 1 and 2 share no search.
  static constexpr std::uint64_t seed_of(std::uint64_t seed, std::size_t search) {
    return seed + search * 0x9E37'79B9'7F4A'7C15;
  }

  /// What the last search did: the steps of all threads, and the time of the one that took longest.
  const Progress& progress() const { return progress_; }

 private:
  struct Search;

  Plan polish(const Plan& plan, std::uint64_t seed);
  void run(Search& search, const Plan& plan) const;
  void run_side_by_side(std::vector<Search>& searches, const Plan& plan,
                        const std::stop_token& stop) const;

  DayModel model_;
  TravelTable table_;
  Neighbourhood nearby_;
  Progress progress_;
};

}  // namespace permitd::planner
