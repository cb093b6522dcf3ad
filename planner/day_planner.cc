#include "planner/day_planner.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "planner/plan_loading.h"

namespace permitd::planner {
namespace {

/// Measured on 1,000 trips: two iterations a trip take 12 ms and halve what a greedy plan is
/// above the best known cost.
constexpr std::uint64_t kPolishPerTrip = 2;
constexpr double kPolishHeat = 0.05;
/// Neighbours of each homeless visit that may make room for it.
constexpr std::size_t kRoomBesides = 20;
/// A quarter of the heat of a search from scratch: enough to swap visits, not to shuffle the town.
constexpr double kMendHeat = 0.25;

/// Frozen trips by their time, so that each finds those before it in place.
void insert_frozen(RouteSet& routes, const TravelTable& table) {
  const DayModel& model = routes.model();
  std::vector<StopId> frozen;
  for (StopId trip = model.first_trip(); trip < model.stop_count(); ++trip) {
    if (model.rules(trip).frozen && !routes.served(trip)) frozen.push_back(trip);
  }
  std::ranges::stable_sort(frozen, {}, [&](StopId trip) { return model.rules(trip).first.open; });
  const Insertion insertion(routes);
  for (StopId trip : frozen) {
    const Wanted wanted = insertion.wanted(trip, table);
    const Spot spot = insertion.best_anywhere(wanted);
    if (spot.found()) routes.insert(trip, spot.previous, insertion.legs(wanted, spot));
  }
}

std::vector<StopId> trips_out(const RouteSet& routes) {
  std::vector<StopId> out;
  for (StopId trip = routes.model().first_trip(); trip < routes.model().stop_count(); ++trip) {
    if (!routes.served(trip)) out.push_back(trip);
  }
  return out;
}

bool has_budget(const Budget& budget) { return budget.iterations != 0 || budget.time.count() != 0; }

}  // namespace

/// One of those that run side by side, and what it has found.
struct DayPlanner::Search {
  SearchOptions options;
  Plan plan;
  Progress progress;
  std::exception_ptr fault;
};

DayPlanner::DayPlanner(const DayProblem& problem, const Travel& travel)
    : model_(problem, travel), table_(model_, travel), nearby_(model_, table_, {}) {}

Plan DayPlanner::first_plan(std::uint64_t seed) {
  using enum Rebuild::Order;
  Random random(seed);
  Plan best;
  for (Rebuild::Order order : {kFewPeople, kFar, kNarrow, kClosesLate, kOpensEarly}) {
    RouteSet routes(model_);
    Rebuild rebuild(routes, table_, nearby_, random);
    insert_frozen(routes, table_);
    std::vector<StopId> trips = trips_out(routes);
    rebuild.sort(trips, order);
    rebuild.insert_all(trips);
    const bool first = best.routes.empty();
    if (first || routes.cost().total() < best.cost.total()) best = routes.plan();
  }
  return polish(best, seed);
}

/// A short search that hardly accepts anything worse: a few milliseconds per hundred trips.
Plan DayPlanner::polish(const Plan& plan, std::uint64_t seed) {
  SearchOptions options;
  options.budget.iterations = kPolishPerTrip * static_cast<std::uint64_t>(model_.trip_count());
  options.seed = seed;
  options.heat = kPolishHeat;
  return improve(plan, options);
}

std::vector<bool> DayPlanner::room_for(const std::vector<VisitIndex>& visits) const {
  std::vector<bool> movable(static_cast<std::size_t>(model_.stop_count()));
  for (const VisitIndex visit : visits) {
    const auto near = nearby_.adjacent(model_.trip_of(visit));
    for (std::size_t i = 0; i < std::min(near.size(), kRoomBesides + 1); ++i) {
      movable[static_cast<std::size_t>(near[i])] = true;
    }
  }
  return movable;
}

Plan DayPlanner::mend(const Plan& plan, const SearchOptions& options) {
  SearchOptions search = options;
  search.budget = {};
  Plan running = improve(plan, search);
  if (running.unserved.empty()) return running;
  search.budget = options.budget;
  if (running.unserved.size() * 2 < model_.problem().visits.size()) {
    search.movable = room_for(running.unserved);
    search.heat = options.heat * kMendHeat;
  }
  return improve(running, search);
}

Plan DayPlanner::improve(const Plan& plan, const SearchOptions& options) {
  const bool is_single = options.threads <= 1 || !has_budget(options.budget);
  std::vector<Search> searches(is_single ? 1 : options.threads);
  for (std::size_t i = 0; i < searches.size(); ++i) {
    searches[i].options = options;
    searches[i].options.seed = seed_of(options.seed, i);
  }
  if (is_single) {
    run(searches.front(), plan);
  } else {
    run_side_by_side(searches, plan, options.stop);
  }
  // Of equals the first one found, that is, the first seed.
  Search& best = *std::ranges::min_element(
      searches, {}, [](const Search& search) { return search.plan.cost.total(); });
  progress_ = best.progress;
  progress_.iterations = 0;
  for (const Search& search : searches) {
    progress_.iterations += search.progress.iterations;
    progress_.elapsed = std::max(progress_.elapsed, search.progress.elapsed);
  }
  return std::move(best.plan);
}

void DayPlanner::run(Search& search, const Plan& plan) const {
  RouteSet routes(model_);
  const auto leg = [&](StopId from, StopId to) {
    return table_.between(routes.stop(from).column, routes.stop(to).column);
  };
  // Frozen trips first: nothing of an older plan may stand in their way.
  insert_frozen(routes, table_);
  load_plan(routes, plan, leg);
  Annealing annealing(routes, table_, nearby_, search.options);
  search.progress = annealing.run();
  search.plan = routes.plan();
}

/// The first on the calling thread. When one fails, the others end early.
void DayPlanner::run_side_by_side(std::vector<Search>& searches, const Plan& plan,
                                  const std::stop_token& stop) const {
  std::stop_source end;
  const std::stop_callback forward(stop, [&end] { end.request_stop(); });
  const auto run_one = [&](Search& search) {
    try {
      run(search, plan);
    } catch (...) {
      search.fault = std::current_exception();
      end.request_stop();
    }
  };
  for (Search& search : searches) search.options.stop = end.get_token();
  {
    std::vector<std::jthread> threads;  // joined at the end of the block, whatever happens
    threads.reserve(searches.size() - 1);
    try {
      for (std::size_t i = 1; i < searches.size(); ++i)
        threads.emplace_back(run_one, std::ref(searches[i]));
    } catch (...) {
      end.request_stop();
      throw;
    }
    run_one(searches.front());
  }
  for (const Search& search : searches)
    if (search.fault) std::rethrow_exception(search.fault);
}

}  // namespace permitd::planner
