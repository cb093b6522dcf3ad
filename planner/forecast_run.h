// The simulation behind a forecast: a city compiled into pools and queues, and one play of its days
// ahead. The city never changes once made; a run is owned by one thread and used again and again.
//
// Invariants: a pool's minutes never grow beyond a slot's worth; a queue holds jobs of one class,
// step and place in the order of their deadlines but for what was ready at the beginning, which is
// sorted once; a case stands in at most one queue.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "planner/forecast.h"

namespace permitd::planner {

/// Districts that the same people serve are one place; steps of one skill and term share queues.
class ForecastCity {
 public:
  explicit ForecastCity(const ForecastProblem& problem);

  struct Step {
    ForecastStep step;
    std::uint32_t queue_base = 0;  // of class 0, place 0; meaningless without a skill
  };

  const ForecastProblem& problem() const { return *problem_; }
  std::uint32_t place_of(std::uint8_t district) const { return places_[district]; }
  const std::vector<Step>& steps(std::uint32_t service) const { return steps_[service]; }
  std::uint32_t queue_of(const Step& step, std::uint32_t priority, std::uint32_t place) const {
    return step.queue_base + priority * place_count_ + place;
  }
  std::uint32_t queue_count() const { return static_cast<std::uint32_t>(takers_.size()); }
  std::uint32_t class_of(std::uint32_t queue) const {
    return queue / place_count_ % kForecastClassesMax;
  }
  /// Pools that may take jobs of a queue, in the order in which they are asked.
  std::span<const std::uint32_t> pools_of(std::uint32_t queue) const { return takers_[queue]; }
  std::uint32_t pool_count() const { return static_cast<std::uint32_t>(pools_.size()); }
  std::uint32_t pool_minutes(std::uint32_t pool, std::uint32_t day) const {
    return pools_[pool].day_minutes[day];
  }
  std::uint32_t day_capacity(std::uint32_t day) const;
  std::uint32_t slot_minutes() const { return problem_->day_minutes / kForecastSlotsPerDay; }
  std::uint32_t slots_of(std::uint32_t minutes) const {
    return (minutes + slot_minutes() - 1) / slot_minutes();
  }
  /// Cases of the problem in the order of their deadlines.
  std::span<const std::uint32_t> order() const { return order_; }
  const ForecastHistory* history(std::uint32_t stage) const {
    return stage < problem_->history.size() ? &problem_->history[stage] : nullptr;
  }
  /// Equally likely shares of the estimate that a step takes; none: the estimate.
  std::span<const std::uint16_t> efforts(const ForecastStep& step) const {
    if (step.efforts != ForecastStep::kOfStage) return problem_->efforts[step.efforts];
    const ForecastHistory* of_stage = history(step.stage);
    return of_stage == nullptr ? std::span<const std::uint16_t>{} : of_stage->effort_permille;
  }
  /// Queues of the last class that a pool takes from; none without a share for it.
  std::span<const std::uint32_t> shared_queues(std::uint32_t pool) const {
    return pools_[pool].shared_queues;
  }
  /// What a pool was given today before now, and of that what is of the last class.
  std::uint32_t given_minutes(std::uint32_t pool) const { return pools_[pool].given; }
  std::uint32_t given_other_minutes(std::uint32_t pool) const { return pools_[pool].given_other; }

 private:
  struct Pool {
    std::uint32_t skills = 0;
    std::uint32_t districts = 0;
    std::vector<std::uint32_t> day_minutes;
    std::uint32_t given = 0;
    std::uint32_t given_other = 0;
    std::vector<std::uint32_t> shared_queues;
  };

  void gather_pools();
  void gather_places();
  void make_queues();
  void share_queues();
  std::vector<std::uint32_t> takers_at(std::uint8_t skill, std::uint32_t place) const;

  const ForecastProblem* problem_;
  std::vector<Pool> pools_;
  std::array<std::uint32_t, 32> places_{};
  std::vector<std::uint8_t> place_district_;  // one district of each place
  std::uint32_t place_count_ = 0;
  std::vector<std::uint32_t> order_;
  std::vector<std::vector<Step>> steps_;
  std::vector<std::vector<std::uint32_t>> takers_;
};

class ForecastRun {
 public:
  using Counts = std::array<std::array<std::uint32_t, kForecastDistrictsMax>, kForecastStagesMax>;
  struct Day {
    Counts jobs{};     // ready and not begun
    Counts minutes{};  // their estimated effort
    std::uint32_t work_minutes = 0;
    std::uint32_t cases_done = 0;
  };
  using Days = std::vector<Day>;

  ForecastRun(const ForecastCity& city, std::uint64_t seed);

  Days play(std::uint32_t run);
  /// Of the last play, per case of the problem: working day it was done, 1 the first, or kBeyond.
  const std::vector<std::uint16_t>& completions() const { return completions_; }

 private:
  struct Case {
    std::uint64_t key = 0;  // of its luck
    std::uint16_t service = 0;
    std::uint8_t step = 0;
    std::uint8_t attempt = 0;
    std::uint8_t priority = 0;
    std::uint8_t place = 0;
    std::uint8_t district = 0;
    std::uint16_t remaining = 0;
  };
  static constexpr std::uint32_t kNoPool = UINT32_MAX;
  struct Waiting {
    std::uint32_t index = 0;
    std::int32_t due = 0;  // minutes from now
  };
  struct Queue {
    std::vector<Waiting> jobs;
    std::size_t head = 0;
    bool empty() const { return head == jobs.size(); }
    void clear() {
      jobs.clear();
      head = 0;
    }
  };

  void begin();
  void arrive(std::uint32_t day);
  void work_slot(std::uint32_t slot);
  void work_class(std::uint32_t slot, std::uint32_t priority);
  /// The pool that takes the queue's next job in this slot; kNoPool when all are spent.
  std::uint32_t taker_of(std::uint32_t queue);
  void begin_first(std::uint32_t queue, std::uint32_t pool, std::uint32_t slot);
  void begin_shared(std::uint32_t pool, std::uint32_t slot);
  std::uint32_t first_shared(std::uint32_t pool) const;
  void enter(std::uint32_t index, std::uint32_t slot);
  void make_ready(std::uint32_t index, std::uint32_t slot, std::int32_t due);
  void finish(std::uint32_t index, std::uint32_t slot);
  void close_day(std::uint32_t day);
  const ForecastCity::Step& step_of(const Case& one) const {
    return city_.steps(one.service)[one.step];
  }
  std::uint32_t effort_of(const Case& one) const;
  std::uint64_t luck(const Case& one, std::uint64_t purpose) const;

  const ForecastCity& city_;
  std::uint64_t seed_;
  std::uint64_t run_ = 0;
  std::vector<Case> cases_;
  std::vector<std::uint16_t> completions_;
  std::vector<Queue> queues_;
  std::vector<std::uint32_t> next_taker_;  // [queue] first pool that may have minutes left
  std::array<std::vector<std::uint32_t>, kForecastClassesMax> class_queues_;
  std::vector<std::vector<std::uint32_t>> ready_at_;  // [slot] cases whose wait ends
  std::vector<std::vector<std::uint32_t>> ends_at_;   // [slot] cases whose job has ended
  std::vector<std::int32_t> pool_left_;               // minutes of this slot; negative: overdrawn
  struct Given {
    std::uint64_t all = 0;    // estimated effort begun this day
    std::uint64_t other = 0;  // of the last class
  };
  std::vector<Given> given_;                                   // by pool
  std::vector<std::pair<std::int32_t, std::uint32_t>> heads_;  // deadline and queue, a heap
  Day now_;
  Days days_;
};

}  // namespace permitd::planner
