#include "planner/forecast_run.h"

#include <algorithm>
#include <cmath>

#include "planner/random.h"

namespace permitd::planner {

namespace {

// What a draw is for; the rest of its key is seed, run, case, step and attempt.
constexpr std::uint64_t kLuckEffort = 1;
constexpr std::uint64_t kLuckRework = 2;
constexpr std::uint64_t kLuckDistrict = 3;
constexpr std::uint64_t kLuckSlot = 4;

// The class that the last one may go before, within its share.
constexpr std::uint32_t kSharingClass = kForecastClassesMax - 2;

// Poisson by inversion, so that a greater rate never gives fewer with the same luck. The rate is
// cut into pieces whose chance of nothing is still a normal number.
std::uint32_t arrivals_of(double rate, std::uint64_t luck) {
  constexpr double kPiece = 500;
  std::uint32_t count = 0;
  for (std::uint64_t piece = 0; rate > 0; rate -= kPiece, ++piece) {
    const double mean = std::min(rate, kPiece);
    const double drawn = static_cast<double>(mixed(luck + piece) >> 11) * 0x1p-53;
    double chance = std::exp(-mean);
    double sum = chance;
    for (std::uint32_t k = 1; sum < drawn && k < 2000; ++k, ++count) {
      chance *= mean / k;
      sum += chance;
    }
  }
  return count;
}

}  // namespace

ForecastRun::ForecastRun(const ForecastCity& city, std::uint64_t seed)
    : city_(city),
      seed_(seed),
      queues_(city.queue_count()),
      next_taker_(city.queue_count()),
      ready_at_(std::size_t{city.problem().days} * kForecastSlotsPerDay + 1),
      ends_at_(ready_at_.size()) {
  for (std::uint32_t queue = 0; queue < city.queue_count(); ++queue) {
    class_queues_[city.class_of(queue)].push_back(queue);
  }
}

std::uint64_t ForecastRun::luck(const Case& one, std::uint64_t purpose) const {
  return mixed(one.key ^ mixed(seed_ * 1'000'003 + run_) ^
               (purpose << 32 | std::uint64_t{one.step} << 16 | one.attempt));
}

ForecastRun::Days ForecastRun::play(std::uint32_t run) {
  run_ = run;
  begin();
  const std::uint32_t days = city_.problem().days;
  for (std::uint32_t day = 0; day < days; ++day) {
    arrive(day);
    for (std::uint32_t s = 0; s < kForecastSlotsPerDay; ++s) {
      work_slot(day * kForecastSlotsPerDay + s);
    }
    close_day(day);
  }
  return std::move(days_);
}

void ForecastRun::begin() {
  cases_.clear();
  days_.clear();
  now_ = {};
  pool_left_.assign(city_.pool_count(), 0);
  given_.clear();
  for (std::uint32_t pool = 0; pool < city_.pool_count(); ++pool)
    given_.push_back({city_.given_minutes(pool), city_.given_other_minutes(pool)});
  for (Queue& queue : queues_) queue.clear();
  for (auto& slot : ready_at_) slot.clear();
  for (auto& slot : ends_at_) slot.clear();
  const std::vector<ForecastCase>& open = city_.problem().cases;
  completions_.assign(open.size(), ForecastCompletion::kBeyond);
  for (std::uint32_t index = 0; index < open.size(); ++index) {
    const ForecastCase& one = open[index];
    cases_.push_back({.key = mixed(one.number),
                      .service = one.service,
                      .step = one.step,
                      .priority = one.priority,
                      .place = static_cast<std::uint8_t>(city_.place_of(one.district)),
                      .district = one.district,
                      .remaining = one.remaining_minutes});
  }
  // Work under way goes on before anything else of its class.
  for (const std::uint32_t index : city_.order()) {
    if (open[index].remaining_minutes > 0) make_ready(index, 0, INT32_MIN);
  }
  for (const std::uint32_t index : city_.order()) {
    const ForecastCase& one = open[index];
    if (one.remaining_minutes > 0) continue;
    const auto wait = static_cast<std::uint32_t>(std::max(0, one.ready_in_minutes));
    const std::uint32_t slot = city_.slots_of(wait);
    if (slot == 0) make_ready(index, 0, one.due_in_minutes);
    if (slot > 0 && slot < ready_at_.size()) ready_at_[slot].push_back(index);
  }
}

void ForecastRun::arrive(std::uint32_t day) {
  if (city_.day_capacity(day) == 0) return;  // closed
  const ForecastProblem& problem = city_.problem();
  const std::uint32_t weekday = (problem.first_weekday + day) % problem.week_days;
  for (std::uint16_t service = 0; service < problem.services.size(); ++service) {
    const ForecastService& what = problem.services[service];
    if (what.arrivals.empty()) continue;
    Case one{.key = mixed(~(std::uint64_t{service} << 40 | day)), .service = service};
    const std::uint32_t count = arrivals_of(what.arrivals[weekday], luck(one, 0));
    for (std::uint32_t k = 0; k < count; ++k) {
      one.key = mixed(~(std::uint64_t{service} << 40 | std::uint64_t{k} << 8 | day) + 1);
      one.priority = what.priority;
      one.district = what.districts[luck(one, kLuckDistrict) % what.districts.size()];
      one.place = static_cast<std::uint8_t>(city_.place_of(one.district));
      const auto slot = day * kForecastSlotsPerDay +
                        static_cast<std::uint32_t>(luck(one, kLuckSlot) % kForecastSlotsPerDay);
      ready_at_[slot].push_back(static_cast<std::uint32_t>(cases_.size()));
      cases_.push_back(one);
    }
  }
}

void ForecastRun::work_slot(std::uint32_t slot) {
  const std::uint32_t day = slot / kForecastSlotsPerDay;
  for (std::uint32_t pool = 0; pool < pool_left_.size(); ++pool) {
    const auto minutes = city_.pool_minutes(pool, day) / kForecastSlotsPerDay;
    pool_left_[pool] = std::min(pool_left_[pool], 0) + static_cast<std::int32_t>(minutes);
  }
  for (const std::uint32_t index : ends_at_[slot]) finish(index, slot);
  for (std::size_t i = 0; i < ready_at_[slot].size(); ++i) {
    const std::uint32_t index = ready_at_[slot][i];
    const auto now = static_cast<std::int32_t>(slot * city_.slot_minutes());
    make_ready(index, slot, now + step_of(cases_[index]).step.term_minutes);
  }
  std::ranges::fill(next_taker_, 0U);
  for (std::uint32_t priority = 0; priority < kForecastClassesMax; ++priority) {
    work_class(slot, priority);
  }
}

void ForecastRun::work_class(std::uint32_t slot, std::uint32_t priority) {
  heads_.clear();
  for (const std::uint32_t queue : class_queues_[priority]) {
    const Queue& jobs = queues_[queue];
    if (!jobs.empty()) heads_.emplace_back(jobs.jobs[jobs.head].due, queue);
  }
  std::ranges::make_heap(heads_, std::ranges::greater{});
  while (!heads_.empty()) {
    std::ranges::pop_heap(heads_, std::ranges::greater{});
    const std::uint32_t queue = heads_.back().second;
    heads_.pop_back();
    Queue& jobs = queues_[queue];
    const std::int32_t until = heads_.empty() ? INT32_MAX : heads_.front().first;
    std::uint32_t pool = taker_of(queue);
    while (pool != kNoPool) {
      if (priority == kSharingClass) begin_shared(pool, slot);
      if (pool_left_[pool] > 0) {
        begin_first(queue, pool, slot);
        if (jobs.empty() || jobs.jobs[jobs.head].due >= until) break;
      }
      pool = taker_of(queue);
    }
    if (pool == kNoPool || jobs.empty()) continue;  // what is left waits for the next slot
    heads_.emplace_back(jobs.jobs[jobs.head].due, queue);
    std::ranges::push_heap(heads_, std::ranges::greater{});
  }
}

std::uint32_t ForecastRun::taker_of(std::uint32_t queue) {
  const std::span<const std::uint32_t> pools = city_.pools_of(queue);
  std::uint32_t& at = next_taker_[queue];
  while (at < pools.size() && pool_left_[pools[at]] <= 0) ++at;
  return at < pools.size() ? pools[at] : kNoPool;
}

/// The queue of the last class whose first job is the first that the pool may take; kNoPool: none.
std::uint32_t ForecastRun::first_shared(std::uint32_t pool) const {
  std::uint32_t first = kNoPool;
  std::int32_t due = INT32_MAX;
  for (const std::uint32_t queue : city_.shared_queues(pool)) {
    const Queue& jobs = queues_[queue];
    if (jobs.empty() || jobs.jobs[jobs.head].due >= due) continue;
    first = queue;
    due = jobs.jobs[jobs.head].due;
  }
  return first;
}

/// Before the pool takes a job of the middle class: what of the last class the share lets go first.
void ForecastRun::begin_shared(std::uint32_t pool, std::uint32_t slot) {
  constexpr std::uint64_t kAll = 100;
  const std::uint64_t share = city_.problem().other_share_percent;
  while (pool_left_[pool] > 0) {
    const std::uint32_t queue = first_shared(pool);
    if (queue == kNoPool) return;
    const Queue& jobs = queues_[queue];
    const std::uint64_t effort = step_of(cases_[jobs.jobs[jobs.head].index]).step.effort_minutes;
    const Given& given = given_[pool];
    if ((given.other + effort) * kAll > share * (given.all + effort)) return;
    begin_first(queue, pool, slot);
  }
}

std::uint32_t ForecastRun::effort_of(const Case& one) const {
  if (one.remaining > 0) return one.remaining;
  const ForecastStep& step = step_of(one).step;
  const std::span<const std::uint16_t> shares = city_.efforts(step);
  if (shares.empty()) return step.effort_minutes;
  const std::uint32_t share = shares[luck(one, kLuckEffort) % shares.size()];
  return std::max(1U, step.effort_minutes * share / 1000);
}

void ForecastRun::begin_first(std::uint32_t queue, std::uint32_t pool, std::uint32_t slot) {
  Queue& jobs = queues_[queue];
  const std::uint32_t index = jobs.jobs[jobs.head++].index;
  if (jobs.empty()) jobs.clear();
  Case& one = cases_[index];
  const ForecastStep& step = step_of(one).step;
  --now_.jobs[step.stage][one.district];
  now_.minutes[step.stage][one.district] -= step.effort_minutes;
  const std::uint32_t effort = effort_of(one);
  one.remaining = 0;
  pool_left_[pool] -= static_cast<std::int32_t>(effort);
  given_[pool].all += step.effort_minutes;
  if (one.priority + 1 == kForecastClassesMax) given_[pool].other += step.effort_minutes;
  now_.work_minutes += effort;
  const std::size_t end = slot + city_.slots_of(effort);
  if (end < ends_at_.size()) ends_at_[end].push_back(index);
}

void ForecastRun::enter(std::uint32_t index, std::uint32_t slot) {
  const ForecastStep& step = step_of(cases_[index]).step;
  const std::size_t ready = slot + city_.slots_of(step.wait_minutes);
  if (ready == slot) {
    const auto now = static_cast<std::int32_t>(slot * city_.slot_minutes());
    make_ready(index, slot, now + step.term_minutes);
  } else if (ready < ready_at_.size()) {
    ready_at_[ready].push_back(index);
  }
}

void ForecastRun::make_ready(std::uint32_t index, std::uint32_t slot, std::int32_t due) {
  const Case& one = cases_[index];
  const ForecastCity::Step& step = step_of(one);
  if (step.step.skill == ForecastStep::kNoSkill) return finish(index, slot);
  Queue& queue = queues_[city_.queue_of(step, one.priority, one.place)];
  auto at = queue.jobs.end();
  const auto head = queue.jobs.begin() + static_cast<std::ptrdiff_t>(queue.head);
  while (at != head && (at - 1)->due > due) --at;
  queue.jobs.insert(at, {index, due});
  ++now_.jobs[step.step.stage][one.district];
  now_.minutes[step.step.stage][one.district] += step.step.effort_minutes;
}

void ForecastRun::finish(std::uint32_t index, std::uint32_t slot) {
  Case& one = cases_[index];
  const ForecastCity::Step& step = step_of(one);
  const ForecastHistory* history = city_.history(step.step.stage);
  const bool work = step.step.skill != ForecastStep::kNoSkill;
  if (work && history != nullptr && luck(one, kLuckRework) % 1000 < history->rework_permille) {
    ++one.attempt;
    const std::size_t ready = slot + std::max(1U, city_.slots_of(history->rework_wait_minutes));
    if (ready < ready_at_.size()) ready_at_[ready].push_back(index);
    return;
  }
  one.attempt = 0;
  if (++one.step < city_.steps(one.service).size()) return enter(index, slot);
  ++now_.cases_done;
  if (index >= completions_.size()) return;
  // What ends with a slot is seen at the beginning of the next.
  const std::uint32_t last = slot == 0 ? 0 : slot - 1;
  completions_[index] = static_cast<std::uint16_t>(last / kForecastSlotsPerDay + 1);
}

void ForecastRun::close_day(std::uint32_t day) {
  // Work of the day's last slot has ended with the day.
  const std::uint32_t slot = (day + 1) * kForecastSlotsPerDay;
  const std::vector<std::uint32_t> ended = std::move(ends_at_[slot]);
  ends_at_[slot].clear();
  for (const std::uint32_t index : ended) finish(index, slot);
  days_.push_back(now_);
  now_.work_minutes = 0;
  now_.cases_done = 0;
  std::ranges::fill(given_, Given{});
}

}  // namespace permitd::planner
