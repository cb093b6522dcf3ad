#include "planner/annealing.h"

#include <time.h>

#include <algorithm>
#include <cmath>

namespace permitd::planner {
namespace {

/// The paper overlooks one place in a hundred.
constexpr std::uint32_t kBlinkOneIn = 100;
/// Looking at the clock costs as much as a twentieth of an iteration.
constexpr std::uint64_t kClockEvery = 64;
/// Trips without a place that are tried again in one iteration.
constexpr std::size_t kWaitingMax = 8;
/// One rebuilding in so many begins with a new route. A trip alone on the road is never the best
/// place for it, although several trips along that road may be: where the best plans have more
/// routes than the first one, long routes gain by it (R2 of 1,000 trips 4.9 to 3.6 % above the best
/// known in a million iterations), and short ones lose nothing.
constexpr std::int32_t kOpenOneIn = 20;
/// Temperatures in mean legs of the plan that the search begins with. Of 0.5 to 2.0 and 0.03 to
/// 0.06 these came out best on 1,000 trips in 5 s; long routes pay for less heat.
constexpr double kHeatFirst = 1.0;
constexpr double kHeatFirstLong = 2.0;
constexpr double kHeatLast = 0.03;

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

}  // namespace

std::chrono::microseconds thread_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1000);
}

Annealing::Annealing(RouteSet& routes, const TravelTable& table, const Neighbourhood& nearby,
                     const SearchOptions& options)
    : routes_(routes),
      model_(routes.model()),
      table_(table),
      nearby_(nearby),
      options_(options),
      random_(options.seed),
      ruin_(routes, table, nearby, {}, options.movable),
      rebuild_(routes, table, nearby, random_),
      is_changed_(index(model_.people_count())),
      best_routes_(index(model_.people_count())) {
  rebuild_.blink(kBlinkOneIn);
  for (StopId trip = model_.first_trip(); trip < model_.stop_count(); ++trip) {
    const bool may_move = options.movable.empty() || options.movable[index(trip)];
    if (model_.allowed_count(trip) == 0 || !may_move) continue;
    seeds_.push_back(trip);
    if (!routes_.served(trip)) out_.push_back(trip);
  }
  for (PersonIndex p = 0; p < model_.people_count(); ++p) {
    changed_.push_back(p);
    is_changed_[index(p)] = true;
  }
}

double Annealing::leg_mean() const {
  const double legs = static_cast<double>(model_.trip_count() + routes_.used_count());
  return std::max(1.0, static_cast<double>(routes_.cost().travel) / std::max(1.0, legs));
}

Progress Annealing::run() {
  begun_ = thread_time();
  const double heat_first = routes_.trips_mean() > kLongRoute ? kHeatFirstLong : kHeatFirst;
  temperature_first_ = heat_first * leg_mean() * options_.heat;
  temperature_last_ = kHeatLast * leg_mean() * options_.heat;
  keep_best();
  if (seeds_.empty()) return progress_;
  while (!budget_spent()) iterate();
  return_to_best();
  progress_.elapsed = thread_time() - begun_;
  return progress_;
}

void Annealing::cool(double spent) {
  temperature_ = temperature_first_ * std::pow(temperature_last_ / temperature_first_, spent);
}

bool Annealing::budget_spent() {
  const Budget& budget = options_.budget;
  if (budget.iterations != 0 && progress_.iterations >= budget.iterations) return true;
  if (budget.iterations == 0 && budget.time.count() == 0) return true;
  if (progress_.iterations % kClockEvery != 0) return false;
  if (options_.stop.stop_requested()) return true;
  progress_.elapsed = thread_time() - begun_;
  if (budget.time.count() != 0 && progress_.elapsed >= budget.time) return true;
  const double spent =
      budget.iterations != 0
          ? static_cast<double>(progress_.iterations) / static_cast<double>(budget.iterations)
          : static_cast<double>(progress_.elapsed.count()) /
                (1000.0 * static_cast<double>(budget.time.count()));
  cool(spent);
  if (options_.report && progress_.elapsed - reported_ >= options_.report_every) {
    reported_ = progress_.elapsed;
    options_.report(progress_);
  }
  return false;
}

/// Half of the searches begin where something was left out.
StopId Annealing::draw_seed() {
  if (!out_.empty() && random_.below(2) == 0) {
    return out_[index(random_.below(static_cast<std::int32_t>(out_.size())))];
  }
  return seeds_[index(random_.below(static_cast<std::int32_t>(seeds_.size())))];
}

/// Some of what waits around `seed` gets its chance along with what is removed there. All of it
/// would make an overloaded day slow: hundreds of trips wait then, and most in vain.
void Annealing::gather_waiting(StopId seed) {
  if (out_.empty()) return;
  if (!routes_.served(seed)) loose_.push_back(seed);
  for (StopId trip : nearby_.adjacent(seed)) {
    if (loose_.size() >= kWaitingMax) return;
    if (routes_.served(trip) || trip == seed || model_.allowed_count(trip) == 0) continue;
    const bool may_move = options_.movable.empty() || options_.movable[index(trip)];
    if (may_move && random_.below(2) == 0) loose_.push_back(trip);
  }
}

void Annealing::iterate() {
  ++progress_.iterations;
  routes_.checkpoint();
  const Cost before = routes_.cost().total();
  loose_.clear();
  const StopId seed = draw_seed();
  gather_waiting(seed);
  out_changes_ = !loose_.empty();
  ruin_.remove_around(seed, random_, loose_);
  rebuild_.sort(loose_, rebuild_.draw_order());
  if (random_.below(kOpenOneIn) == 0) rebuild_.open_route(loose_);
  // What chance will accept is drawn first, so that a hopeless rebuilding ends where that shows.
  const double luck = -temperature_ * std::log(random_.unit() + 0x1p-54);
  const Cost accepted_below = before + static_cast<Cost>(std::ceil(luck));
  if (!rebuild_.insert_all(loose_, accepted_below)) return routes_.rollback();
  const Cost after = routes_.cost().total();
  if (after >= accepted_below) return routes_.rollback();
  note_accepted();
  if (after < progress_.best) keep_best();
}

void Annealing::note_accepted() {
  if (out_changes_ || !loose_.empty()) {
    std::erase_if(out_, [&](StopId trip) { return routes_.served(trip); });
    for (StopId trip : loose_) {
      if (std::ranges::find(out_, trip) == out_.end()) out_.push_back(trip);
    }
  }
  for (PersonIndex person : routes_.touched()) {
    if (is_changed_[index(person)]) continue;
    is_changed_[index(person)] = true;
    changed_.push_back(person);
  }
}

void Annealing::keep_best() {
  progress_.best = routes_.cost().total();
  for (PersonIndex person : changed_) {
    is_changed_[index(person)] = false;
    auto& route = best_routes_[index(person)];
    route.clear();
    StopId trip = routes_.stop(DayModel::start_of(person)).next;
    for (; model_.is_trip(trip); trip = routes_.stop(trip).next) route.push_back(trip);
  }
  changed_.clear();
}

/// Routes that differ from the best are emptied, then filled in the best one's order.
void Annealing::return_to_best() {
  const auto leg = [&](StopId from, StopId to) {
    return table_.between(routes_.stop(from).column, routes_.stop(to).column);
  };
  for (PersonIndex person : changed_) {
    const StopId start = DayModel::start_of(person);
    while (model_.is_trip(routes_.stop(start).next)) {
      const StopId trip = routes_.stop(start).next;
      routes_.remove(trip, leg(start, routes_.stop(trip).next));
    }
  }
  for (PersonIndex person : changed_) {
    const StopId end = DayModel::end_of(person);
    for (StopId trip : best_routes_[index(person)]) {
      const StopId last = routes_.stop(end).previous;
      routes_.insert(trip, last, {leg(last, trip), leg(trip, end)});
    }
  }
}

}  // namespace permitd::planner
