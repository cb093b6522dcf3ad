#include "planner/review_order.h"

#include <numeric>

namespace permitd::planner {

ReviewOrder::ReviewOrder(const ReviewProblem& problem) : problem_(&problem) {
  for (const ReviewPerson& person : problem.people) {
    const PersonClock& clock = clocks_.emplace_back(problem, person);
    pace_class_.push_back(person.pace_class);
    pace_.push_back(person.pace_permille);
    base_load_.push_back(person.history_minutes + person.held_minutes);
    capacity_.push_back(static_cast<double>(person.history_capacity + clock.capacity()));
    open_.push_back(person.active && clock.capacity() > 0);
  }
  rank_jobs();
}

void ReviewOrder::rank_jobs() {
  const std::vector<ReviewJob>& jobs = problem_->jobs;
  std::vector<std::uint32_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto key = [&](std::uint32_t index) {
    const ReviewJob& job = jobs[index];
    return std::tuple(!job.started, job.priority, job.due, job.number, index);
  };
  std::ranges::sort(order, {}, key);
  std::map<GroupKey, std::uint32_t> known;
  jobs_.reserve(jobs.size());
  for (const std::uint32_t index : order) {
    const ReviewJob& job = jobs[index];
    RankedJob& ranked = jobs_.emplace_back();
    ranked = {.index = index,
              .current = job.current,
              .fixed = job.started,
              .release = job.release,
              .due = job.due,
              .weight = job.weight_permille / 1000.0};
    group_job(ranked, known);
    for (std::size_t pace = 0; pace < kPaceClassCount; ++pace) {
      efforts_.push_back(job.effort[pace] == 0 ? job.effort[0] : job.effort[pace]);
    }
  }
  for (std::uint32_t rank = 0; rank < job_count(); ++rank) {
    RankedJob& ranked = jobs_[rank];
    for (const std::uint32_t person : jobs[ranked.index].excluded) {
      ranked.excludes = ranked.excludes || may_take(person, rank);
    }
    ranked.current_may = ranked.current != kNoPerson && may_take(ranked.current, rank);
    ranked.fixed = ranked.fixed || (jobs[ranked.index].keeps_person && ranked.current_may);
  }
}

void ReviewOrder::group_job(RankedJob& ranked, std::map<GroupKey, std::uint32_t>& known) {
  ReviewJob job = problem_->jobs[ranked.index];
  const GroupKey wanted{job.skill, job.district, job.services, job.office};
  const auto [found, is_new] = known.try_emplace(wanted, static_cast<std::uint32_t>(known.size()));
  ranked.group = found->second;
  if (!is_new) return;
  job.excluded.clear();
  std::vector<std::uint32_t>& group = groups_.emplace_back();
  std::vector<std::uint64_t>& bits = group_bits_.emplace_back(people_count() / 64 + 1);
  for (std::uint32_t person = 0; person < people_count(); ++person) {
    if (review_obstacle(*problem_, person, job) != ReviewObstacle::kNone) continue;
    group.push_back(person);
    bits[person / 64] |= std::uint64_t{1} << person % 64;
  }
}

}  // namespace permitd::planner
