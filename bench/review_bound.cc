#include "bench/review_bound.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

namespace permitd::bench {

namespace {

using planner::ReviewJob;
using planner::ReviewObstacle;
using planner::ReviewPerson;
using planner::ReviewProblem;

// Jobs of one skill, district and effort are the same to the bound.
struct JobKind {
  double count = 0;
  std::vector<std::uint32_t> people;
  std::vector<double> effort;  // by people
  std::vector<double> weight;  // effort to the power of the present norm's 1 / (p - 1)
  std::vector<double> mass;    // jobs, whole or in parts, by people
};

std::vector<JobKind> kinds_of(const ReviewProblem& problem) {
  using Key = std::tuple<std::uint8_t, std::uint8_t, decltype(ReviewJob::effort)>;
  std::map<Key, JobKind> kinds;
  for (ReviewJob job : problem.jobs) {
    JobKind& kind = kinds[{job.skill, job.district, job.effort}];
    if (kind.count++ > 0) continue;
    job.excluded.clear();
    for (std::uint32_t person = 0; person < problem.people.size(); ++person) {
      if (review_obstacle(problem, person, job) != ReviewObstacle::kNone) continue;
      kind.people.push_back(person);
      kind.effort.push_back(review_effort(problem.people[person], job));
    }
  }
  std::vector<JobKind> out;
  for (auto& [key, kind] : kinds) {
    if (!kind.people.empty()) out.push_back(std::move(kind));
  }
  return out;
}

// A fractional plan, evened out kind by kind.
class FractionalDesks {
 public:
  explicit FractionalDesks(const ReviewProblem& problem) : kinds_(kinds_of(problem)) {
    for (const ReviewPerson& person : problem.people) {
      std::int64_t capacity = 0;
      for (const std::int32_t minutes : person.day_minutes) capacity += minutes;
      const bool open = person.active && capacity > 0;
      capacity_.push_back(open ? static_cast<double>(capacity + person.history_capacity) : 0);
      base_.push_back(open ? static_cast<double>(person.held_minutes + person.history_minutes) : 0);
    }
    load_ = base_;
    price_.assign(capacity_.size(), 0);
    for (JobKind& kind : kinds_) {
      kind.mass.assign(kind.people.size(), kind.count / static_cast<double>(kind.people.size()));
      for (std::size_t at = 0; at < kind.people.size(); ++at) {
        load_[kind.people[at]] += kind.mass[at] * kind.effort[at];
      }
    }
  }

  ReviewBound bound() {
    constexpr int kSweeps = 50;
    constexpr double kGreatestNorm = 4096;
    ReviewBound bound{0, peak()};
    for (double norm = 2; norm <= kGreatestNorm; norm *= 2) {
      for (JobKind& kind : kinds_) {
        kind.weight = kind.effort;
        for (double& weight : kind.weight) weight = std::pow(weight, 1 / (norm - 1));
      }
      for (int sweep = 0; sweep < kSweeps; ++sweep) {
        for (JobKind& kind : kinds_) even_out(kind);
        bound.fractional = std::min(bound.fractional, peak());
        if (sweep % 10 == 9) bound.load = std::max(bound.load, dual(norm));
      }
    }
    return bound;
  }

 private:
  double relative(std::uint32_t person) const { return load_[person] / capacity_[person]; }

  double peak() const {
    double peak = 0;
    for (std::uint32_t i = 0; i < load_.size(); ++i) {
      if (capacity_[i] > 0) peak = std::max(peak, relative(i));
    }
    return peak;
  }

  // Moves jobs from the person where they weigh most to the one where they weigh least until both
  // weigh the same, a few times.
  void even_out(JobKind& kind) {
    constexpr int kPairs = 3;
    for (int pair = 0; pair < kPairs; ++pair) {
      std::size_t most = kind.people.size();
      std::size_t least = 0;
      double most_weight = 0;
      double least_weight = 0;
      for (std::size_t at = 0; at < kind.people.size(); ++at) {
        const double weight = relative(kind.people[at]) * kind.weight[at];
        if (at == 0 || weight < least_weight) least = at, least_weight = weight;
        if (kind.mass[at] > 0 && weight > most_weight) most = at, most_weight = weight;
      }
      if (most == kind.people.size() || most_weight <= least_weight) return;
      shift(kind, most, least, most_weight - least_weight);
    }
  }

  void shift(JobKind& kind, std::size_t from, std::size_t to, double gap) {
    const double per_job = kind.effort[from] * kind.weight[from] / capacity_[kind.people[from]] +
                           kind.effort[to] * kind.weight[to] / capacity_[kind.people[to]];
    const double jobs = std::min(kind.mass[from], gap / per_job);
    kind.mass[from] -= jobs;
    kind.mass[to] += jobs;
    load_[kind.people[from]] -= jobs * kind.effort[from];
    load_[kind.people[to]] += jobs * kind.effort[to];
  }

  double dual(double norm) {
    const double most = peak();
    double sum = 0;
    for (std::uint32_t i = 0; i < load_.size(); ++i) {
      price_[i] = capacity_[i] > 0 ? std::pow(relative(i) / most, norm - 1) : 0;
      sum += price_[i] * capacity_[i];
    }
    double value = 0;
    for (std::uint32_t i = 0; i < load_.size(); ++i) value += price_[i] * base_[i];
    for (const JobKind& kind : kinds_) {
      double cheapest = price_[kind.people[0]] * kind.effort[0];
      for (std::size_t at = 1; at < kind.people.size(); ++at) {
        cheapest = std::min(cheapest, price_[kind.people[at]] * kind.effort[at]);
      }
      value += kind.count * cheapest;
    }
    return value / sum;
  }

  std::vector<JobKind> kinds_;
  std::vector<double> capacity_;  // 0: takes nothing
  std::vector<double> base_;
  std::vector<double> load_;
  std::vector<double> price_;
};

}  // namespace

ReviewBound bound_review_load(const ReviewProblem& problem) {
  return FractionalDesks(problem).bound();
}

}  // namespace permitd::bench
