#include "planner/review_search.h"

#include <array>
#include <cmath>

namespace permitd::planner {

using Clock = std::chrono::steady_clock;

namespace {

// Shares of the budget, and temperatures in units of what a step that is for the worse costs before
// the search. Found by trial on 500 people × 5,000 jobs.
constexpr double kColdStart = 0.01;
constexpr double kWarmStart = 0.001;
constexpr double kCoolest = 0.0001;
constexpr double kSmallStart = 2;
// Small problems are annealed several times over: one descent may end beside the best.
constexpr double kJobsPerCycle = 200;
constexpr double kCyclesMax = 16;
constexpr double kDescentShare = 0.15;
constexpr std::uint64_t kStepsPerLook = 64;  // at the clock

// Steps of the search: a person who should give, a job of theirs, a person who should take.
class ReviewSearch {
 public:
  ReviewSearch(ReviewDesks& desks, const ReviewBudget& budget, bool warm)
      : desks_(desks),
        order_(desks.order()),
        best_(desks),
        budget_(budget),
        chance_(budget.seed),
        warm_(warm) {
    for (std::uint32_t person = 0; person < order_.people_count(); ++person) {
      if (order_.open(person)) people_.push_back(person);
    }
  }

  std::uint64_t run(Clock::time_point begin) {
    if (people_.size() < 2 || order_.job_count() == 0) return 0;
    const double unit = step_unit();
    hottest_ = unit * (warm_                                ? kWarmStart
                       : order_.job_count() < kJobsPerCycle ? kSmallStart
                                                            : kColdStart);
    coolest_ = unit * kCoolest;
    std::uint64_t steps = 0;
    const double cycles = std::clamp(kJobsPerCycle / order_.job_count(), 1.0, kCyclesMax);
    double cycle = 0;
    while (true) {
      const double used = cycles * used_share(steps, begin);
      if (used >= cycle + 1) keep_best();
      if (used >= cycles || budget_.stop.stop_requested()) break;
      cycle = std::floor(used);
      const double cooling = (used - cycle) / (1 - kDescentShare);
      temperature_ = cooling >= 1 ? 0 : hottest_ * std::pow(coolest_ / hottest_, cooling);
      for (std::uint64_t i = 0; i < kStepsPerLook; ++i) step();
      steps += kStepsPerLook;
    }
    keep_best();
    desks_ = best_;
    return steps;
  }

 private:
  // What a step that makes things worse costs here, by trying some.
  double step_unit() {
    constexpr int kSamples = 256;
    measuring_ = true;
    for (int i = 0; i < kSamples; ++i) step();
    measuring_ = false;
    if (worse_.empty()) return 1;
    const auto middle = worse_.begin() + static_cast<std::ptrdiff_t>(worse_.size() / 2);
    std::ranges::nth_element(worse_, middle);
    return *middle;
  }

  void keep_best() {
    if (desks_.cost() < best_.cost()) best_ = desks_;
  }

  // The greater of the shares of iterations and time that are gone.
  double used_share(std::uint64_t steps, Clock::time_point begin) const {
    double used = budget_.iterations == 0 && budget_.time.count() == 0 ? 1 : 0;
    if (budget_.iterations > 0) {
      used = static_cast<double>(steps) / static_cast<double>(budget_.iterations);
    }
    if (budget_.time.count() > 0) {
      const std::chrono::duration<double> gone = Clock::now() - begin;
      used = std::max(used, gone / std::chrono::duration<double>(budget_.time));
    }
    return used;
  }

  void step() {
    const std::uint32_t from = giver();
    const auto list = desks_.list(from);
    if (list.empty()) return;
    const std::uint32_t rank = list[chance_.below(list.size())];
    if (order_.job(rank).fixed) return;
    switch (chance_.below(4)) {
      case 0:
        return move(from, rank);
      case 1:
        return chain(from, rank);
      default:
        return swap(from, rank);
    }
  }

  // Somebody loaded, somebody late, or the most loaded of all.
  std::uint32_t giver() {
    const std::uint32_t kind = chance_.below(8U);
    if (kind == 0) {
      const auto peaks = desks_.peaks();
      return peaks[chance_.below(std::min<std::size_t>(2, peaks.size()))];
    }
    std::uint32_t best = people_[chance_.below(people_.size())];
    for (int draw = 0; draw < 3; ++draw) {
      const std::uint32_t other = people_[chance_.below(people_.size())];
      const bool greater = kind < 3 ? desks_.late(other) > desks_.late(best)
                                    : desks_.load(other) > desks_.load(best);
      if (greater) best = other;
    }
    return best;
  }

  // The least loaded of a few who may take the job; kNoPerson when the draw hit none.
  std::uint32_t taker(std::uint32_t rank, std::uint32_t from, int draws) {
    const auto candidates = order_.candidates(rank);
    std::uint32_t best = kNoPerson;
    for (int draw = 0; draw < draws && !candidates.empty(); ++draw) {
      const std::uint32_t person = candidates[chance_.below(candidates.size())];
      if (person == from || (order_.job(rank).excludes && order_.excluded(person, rank))) continue;
      if (best == kNoPerson || desks_.load(person) < desks_.load(best)) best = person;
    }
    return best;
  }

  void move(std::uint32_t from, std::uint32_t rank) {
    const std::uint32_t to = taker(rank, from, 4);
    if (to == kNoPerson) return;
    try_changes(std::array{ReviewChange{from, rank, kNoPerson}, ReviewChange{to, kNoPerson, rank}});
  }

  void swap(std::uint32_t from, std::uint32_t rank) {
    const std::uint32_t to = taker(rank, from, 2);
    if (to == kNoPerson || desks_.list(to).empty()) return;
    const std::uint32_t back = desks_.list(to)[chance_.below(desks_.list(to).size())];
    if (order_.job(back).fixed || !order_.may_take(from, back)) return;
    try_changes(std::array{ReviewChange{from, rank, back}, ReviewChange{to, back, rank}});
  }

  // The job goes to somebody who hands one of theirs on to a third.
  void chain(std::uint32_t from, std::uint32_t rank) {
    const std::uint32_t via = taker(rank, from, 1);
    if (via == kNoPerson || desks_.list(via).empty()) return;
    const std::uint32_t handed = desks_.list(via)[chance_.below(desks_.list(via).size())];
    if (order_.job(handed).fixed) return;
    const std::uint32_t to = taker(handed, via, 4);
    if (to == kNoPerson || to == from) return;
    try_changes(std::array{ReviewChange{from, rank, kNoPerson}, ReviewChange{via, handed, rank},
                           ReviewChange{to, kNoPerson, handed}});
  }

  template <std::size_t N>
  void try_changes(const std::array<ReviewChange, N>& changes) {
    if (measuring_) {
      const double delta = desks_.delta(changes, std::numeric_limits<double>::infinity());
      if (delta > 1e-6) worse_.push_back(delta);
      return;
    }
    // Metropolis, drawn first: a step may cost so much and no more.
    const double limit =
        temperature_ > 0 ? -temperature_ * std::log(chance_.positive_unit()) : -1e-9;
    if (desks_.delta(changes, limit) < limit) desks_.apply(changes);
  }

  ReviewDesks& desks_;
  const ReviewOrder& order_;
  ReviewDesks best_;
  const ReviewBudget& budget_;
  Random chance_;
  bool warm_;
  std::vector<std::uint32_t> people_;
  std::vector<double> worse_;  // costs of sampled steps
  bool measuring_ = false;
  double hottest_ = 0;
  double coolest_ = 0;
  double temperature_ = 0;
};

}  // namespace

std::uint64_t improve_reviews(ReviewDesks& desks, const ReviewBudget& budget, bool warm,
                              Clock::time_point begin) {
  return ReviewSearch(desks, budget, warm).run(begin);
}

}  // namespace permitd::planner
