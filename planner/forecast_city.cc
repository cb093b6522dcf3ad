#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <tuple>

#include "planner/forecast_run.h"

namespace permitd::planner {

namespace {

bool reaches(std::uint32_t districts, std::uint32_t district) {
  return districts == 0 || (districts >> district & 1) != 0;
}

}  // namespace

ForecastCity::ForecastCity(const ForecastProblem& problem)
    : problem_(&problem), order_(problem.cases.size()) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::stable_sort(
      order_, {}, [&](std::uint32_t index) { return problem.cases[index].due_in_minutes; });
  gather_pools();
  gather_places();
  make_queues();
  share_queues();
}

void ForecastCity::gather_pools() {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Pool> pools;
  for (const ForecastPerson& person : problem_->people) {
    Pool& pool = pools[{person.skills, person.districts}];
    pool.skills = person.skills;
    pool.districts = person.districts;
    pool.day_minutes.resize(problem_->days);
    for (std::uint32_t day = 0; day < problem_->days; ++day) {
      pool.day_minutes[day] += person.day_minutes[day];
    }
    pool.given += person.given_minutes;
    pool.given_other += person.given_other_minutes;
  }
  for (auto& [key, pool] : pools) pools_.push_back(std::move(pool));
  // Specialists are asked first, so that the others stay free for what only they can do.
  std::ranges::stable_sort(pools_, {}, [](const Pool& pool) {
    return std::tuple(std::popcount(pool.skills),
                      pool.districts == 0 ? 32 : std::popcount(pool.districts));
  });
}

void ForecastCity::gather_places() {
  std::map<std::vector<bool>, std::uint32_t> known;
  for (std::uint8_t district = 0; district < 32; ++district) {
    std::vector<bool> served;
    for (const Pool& pool : pools_) served.push_back(reaches(pool.districts, district));
    const auto [at, is_new] = known.try_emplace(std::move(served), place_count_);
    places_[district] = at->second;
    if (!is_new) continue;
    place_district_.push_back(district);
    ++place_count_;
  }
}

std::vector<std::uint32_t> ForecastCity::takers_at(std::uint8_t skill, std::uint32_t place) const {
  std::vector<std::uint32_t> takers;
  for (std::uint32_t pool = 0; pool < pools_.size(); ++pool) {
    if ((pools_[pool].skills >> skill & 1) == 0) continue;
    if (reaches(pools_[pool].districts, place_district_[place])) takers.push_back(pool);
  }
  return takers;
}

void ForecastCity::make_queues() {
  std::map<std::pair<std::uint8_t, std::uint16_t>, std::uint32_t> bases;
  for (const ForecastService& service : problem_->services) {
    std::vector<Step>& steps = steps_.emplace_back();
    for (const ForecastStep& step : service.steps) {
      steps.push_back({step, 0});
      if (step.skill == ForecastStep::kNoSkill) continue;
      const auto [at, is_new] = bases.try_emplace({step.skill, step.term_minutes}, queue_count());
      steps.back().queue_base = at->second;
      for (std::uint32_t c = 0; is_new && c < kForecastClassesMax; ++c) {
        for (std::uint32_t place = 0; place < place_count_; ++place) {
          takers_.push_back(takers_at(step.skill, place));
        }
      }
    }
  }
}

void ForecastCity::share_queues() {
  if (problem_->other_share_percent == 0) return;
  for (std::uint32_t queue = 0; queue < queue_count(); ++queue) {
    if (class_of(queue) + 1 != kForecastClassesMax) continue;
    for (const std::uint32_t pool : takers_[queue]) pools_[pool].shared_queues.push_back(queue);
  }
}

std::uint32_t ForecastCity::day_capacity(std::uint32_t day) const {
  std::uint32_t minutes = 0;
  for (const Pool& pool : pools_) minutes += pool.day_minutes[day];
  return minutes;
}

}  // namespace permitd::planner
