// The desks as the search counts: jobs renumbered in the order in which any one person would take
// them, so that a sorted list of ranks is a sequence; people with their clocks; who may take what.
// Immutable once made; read by one search or by many.
//
// Invariant: rank a < rank b means a person with both, both free to begin, begins a first: started
// work, then class, then deadline, then number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "planner/review_problem.h"

namespace permitd::planner {

/// Lateness of one job is counted up to this; also of one that is never finished.
inline constexpr std::int64_t kLateMinutesMax = 1'000'000;

struct RankedJob {
  std::uint32_t index = 0;  // into ReviewProblem::jobs
  std::uint32_t group = 0;  // of candidates
  std::uint32_t current = kNoPerson;
  bool fixed = false;        // started, or fixed by somebody: stays with `current`
  bool excludes = false;     // some candidates of the group may not take it
  bool current_may = false;  // `current` may still have it
  std::int64_t release = 0;
  std::int64_t due = 0;
  double weight = 1;
};

class ReviewOrder {
 public:
  explicit ReviewOrder(const ReviewProblem& problem);

  const ReviewProblem& problem() const { return *problem_; }
  std::uint32_t job_count() const { return static_cast<std::uint32_t>(jobs_.size()); }
  std::uint32_t people_count() const { return static_cast<std::uint32_t>(clocks_.size()); }
  const RankedJob& job(std::uint32_t rank) const { return jobs_[rank]; }
  const PersonClock& clock(std::uint32_t person) const { return clocks_[person]; }

  /// People with the skill, at work, who reach the district; those a job excludes are among them.
  std::span<const std::uint32_t> candidates(std::uint32_t rank) const {
    return groups_[jobs_[rank].group];
  }
  bool may_take(std::uint32_t person, std::uint32_t rank) const {
    return (group_bits_[jobs_[rank].group][person / 64] >> person % 64 & 1) != 0 &&
           !(jobs_[rank].excludes && excluded(person, rank));
  }
  bool excluded(std::uint32_t person, std::uint32_t rank) const {
    const auto& list = problem_->jobs[jobs_[rank].index].excluded;
    return std::ranges::find(list, person) != list.end();
  }
  std::int32_t effort(std::uint32_t person, std::uint32_t rank) const {
    const std::int64_t minutes =
        efforts_[rank * kPaceClassCount + pace_class_[person]] * std::int64_t{pace_[person]};
    return minutes < 2000 ? 1 : static_cast<std::int32_t>(minutes / 1000);
  }
  /// Effort that is a person's before anything is planned, and what it is measured by.
  std::int64_t base_load(std::uint32_t person) const { return base_load_[person]; }
  double capacity(std::uint32_t person) const { return capacity_[person]; }
  /// Counts in fairness: may take work at all.
  bool open(std::uint32_t person) const { return open_[person]; }

  /// Calls done(rank, start, finish) for each job of a sequence as the person would work it.
  template <class Done>
  void work_off(std::uint32_t person, std::span<const std::uint32_t> ranks, const Done& done) const;

 private:
  void rank_jobs();
  /// What decides on the people who may take a job, but for those it excludes: skill, district,
  /// services and office.
  using GroupKey = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::uint32_t>;
  void group_job(RankedJob& ranked, std::map<GroupKey, std::uint32_t>& known);

  const ReviewProblem* problem_;
  std::vector<RankedJob> jobs_;
  std::vector<PersonClock> clocks_;
  std::vector<std::vector<std::uint32_t>> groups_;
  std::vector<std::vector<std::uint64_t>> group_bits_;  // [group][person / 64]
  std::vector<std::int32_t> efforts_;                   // [rank][pace class]
  std::vector<std::uint8_t> pace_class_;
  std::vector<std::uint16_t> pace_;
  std::vector<std::int64_t> base_load_;
  std::vector<double> capacity_;
  std::vector<bool> open_;
};

template <class Done>
void ReviewOrder::work_off(std::uint32_t person, std::span<const std::uint32_t> ranks,
                           const Done& done) const {
  const PersonClock& clock = clocks_[person];
  std::int64_t at = problem_->people[person].held_minutes;
  std::vector<std::uint32_t> waiting(ranks.begin(), ranks.end());
  while (!waiting.empty()) {
    const auto earliest =
        std::ranges::min(waiting, {}, [&](std::uint32_t rank) { return jobs_[rank].release; });
    at = std::max(at, clock.effort_by(jobs_[earliest].release));
    const std::int64_t now = std::max(jobs_[earliest].release, clock.moment(at));
    const auto next = std::ranges::find_if(
        waiting, [&](std::uint32_t rank) { return jobs_[rank].release <= now; });
    const std::uint32_t rank = *next;
    waiting.erase(next);
    at += effort(person, rank);
    done(rank, now, clock.moment(at));
  }
}

}  // namespace permitd::planner
