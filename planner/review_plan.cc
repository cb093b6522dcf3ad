#include "planner/review_plan.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "planner/review_search.h"

namespace permitd::planner {

namespace {

constexpr std::size_t kShortlist = 3;

// The people who would be least loaded with the job, least first.
class Shortlist {
 public:
  Shortlist(const ReviewDesks& desks, std::uint32_t rank, std::uint32_t except) {
    const ReviewOrder& order = desks.order();
    for (const std::uint32_t person : order.candidates(rank)) {
      if (person == except || !order.may_take(person, rank)) continue;
      ++eligible_;
      add(person, desks.load(person) + order.effort(person, rank) / order.capacity(person));
    }
  }
  std::span<const std::uint32_t> people() const& { return {people_.data(), count_}; }
  std::span<const std::uint32_t> people() && = delete;  // would outlive the list
  std::uint32_t eligible() const { return eligible_; }

 private:
  void add(std::uint32_t person, double load) {
    if (count_ == kShortlist && load >= loads_[count_ - 1]) return;
    std::size_t at = count_ < kShortlist ? count_++ : count_ - 1;
    for (; at > 0 && load < loads_[at - 1]; --at) {
      people_[at] = people_[at - 1];
      loads_[at] = loads_[at - 1];
    }
    people_[at] = person;
    loads_[at] = load;
  }

  std::array<std::uint32_t, kShortlist> people_{};
  std::array<double, kShortlist> loads_{};
  std::size_t count_ = 0;
  std::uint32_t eligible_ = 0;
};

void insert_best(ReviewDesks& desks, std::uint32_t rank) {
  std::uint32_t best = kNoPerson;
  double least = std::numeric_limits<double>::infinity();
  const Shortlist shortlist(desks, rank, kNoPerson);
  for (const std::uint32_t person : shortlist.people()) {
    const ReviewChange change{person, kNoPerson, rank};
    const double delta = desks.delta({&change, 1}, least);
    if (best != kNoPerson && delta >= least) continue;
    best = person;
    least = delta;
  }
  if (best != kNoPerson) desks.insert(rank, best);
}

// What stays where it is; returns the ranks still to be placed, in rank order: least slack first.
std::vector<std::uint32_t> keep_current(ReviewDesks& desks) {
  std::vector<std::uint32_t> free;
  for (std::uint32_t rank = 0; rank < desks.order().job_count(); ++rank) {
    const RankedJob& job = desks.order().job(rank);
    if (job.fixed || job.current_may) {
      desks.insert(rank, job.current);
    } else {
      free.push_back(rank);
    }
  }
  return free;
}

ReviewDesks first_plan(const ReviewOrder& order, bool& warm) {
  ReviewDesks by_slack(order);
  std::vector<std::uint32_t> free = keep_current(by_slack);
  warm = free.size() * 2 < order.job_count();
  ReviewDesks by_length = by_slack;
  for (const std::uint32_t rank : free) insert_best(by_slack, rank);
  std::ranges::stable_sort(free, std::ranges::greater{}, [&](std::uint32_t rank) {
    return order.problem().jobs[order.job(rank).index].effort[0];
  });
  for (const std::uint32_t rank : free) insert_best(by_length, rank);
  return by_length.cost() < by_slack.cost() ? by_length : by_slack;
}

// Turns desks into what is handed out.
class PlanReport {
 public:
  explicit PlanReport(const ReviewDesks& desks) : desks_(desks), order_(desks.order()) {}

  ReviewPlan make() {
    plan_.figures = desks_.figures();
    plan_.sequences.resize(order_.people_count());
    plan_.lines.resize(order_.job_count());
    for (std::uint32_t person = 0; person < order_.people_count(); ++person) lay_out(person);
    for (std::uint32_t rank = 0; rank < order_.job_count(); ++rank) explain(rank);
    lay_out_before();
    for (std::uint32_t rank = 0; rank < order_.job_count(); ++rank) add_move(rank);
    std::ranges::sort(plan_.moves, {}, &ReviewMove::job);
    return std::move(plan_);
  }

 private:
  static std::int32_t permille(double load) { return static_cast<std::int32_t>(load * 1000); }

  void lay_out(std::uint32_t person) {
    order_.work_off(person, desks_.list(person), [&](std::uint32_t rank, auto start, auto finish) {
      const std::uint32_t index = order_.job(rank).index;
      plan_.sequences[person].push_back(index);
      ReviewLine& line = plan_.lines[index];
      line.person = person;
      line.effort = order_.effort(person, rank);
      line.start = std::min(start, kNeverMinutes);
      line.finish = finish;
      line.load_permille = permille(desks_.load(person));
    });
  }

  void explain(std::uint32_t rank) {
    const RankedJob& job = order_.job(rank);
    ReviewLine& line = plan_.lines[job.index];
    if (line.person == kNoPerson) {
      line.obstacle = review_obstacle_of_all(order_.problem(), order_.problem().jobs[job.index]);
      return;
    }
    const Shortlist others(desks_, rank, line.person);
    const double late_behind = job.fixed ? 0 : find_runner_up(rank, others.people(), line);
    if (order_.problem().jobs[job.index].started) {
      line.reason = ReviewReason::kStarted;
    } else if (job.current == line.person) {
      line.reason = ReviewReason::kKept;
    } else if (others.eligible() == 0) {
      line.reason = ReviewReason::kOnlyOne;
    } else if (late_behind > 0) {
      line.reason = ReviewReason::kEarlier;
    } else {
      line.reason = line.runner_up_load_permille >= line.load_permille ? ReviewReason::kLighterLoad
                                                                       : ReviewReason::kTrade;
    }
  }

  // Fills in the cheapest other person; returns what lateness would grow by with them.
  double find_runner_up(std::uint32_t rank, std::span<const std::uint32_t> others,
                        ReviewLine& line) {
    double least = std::numeric_limits<double>::infinity();
    for (const std::uint32_t other : others) {
      const std::array changes{ReviewChange{line.person, rank, kNoPerson},
                               ReviewChange{other, kNoPerson, rank}};
      const double delta = desks_.delta(changes, least);
      if (line.runner_up != kNoPerson && delta >= least) continue;
      least = delta;
      line.runner_up = other;
    }
    if (line.runner_up == kNoPerson) return 0;
    const std::uint32_t other = line.runner_up;
    const double effort = order_.effort(other, rank);
    line.runner_up_load_permille = permille(desks_.load(other) + effort / order_.capacity(other));
    std::vector<std::uint32_t> ranks(desks_.list(other).begin(), desks_.list(other).end());
    ranks.insert(std::ranges::upper_bound(ranks, rank), rank);
    order_.work_off(other, ranks, [&](std::uint32_t done, auto, auto finish) {
      if (done == rank) line.runner_up_finish = finish;
    });
    return desks_.late_with({other, kNoPerson, rank}) - desks_.late(other) +
           desks_.late_with({line.person, rank, kNoPerson}) - desks_.late(line.person);
  }

  // When each job would have been done, had all stayed with whom they may stay.
  void lay_out_before() {
    std::vector<std::vector<std::uint32_t>> lists(order_.people_count());
    for (std::uint32_t rank = 0; rank < order_.job_count(); ++rank) {
      const RankedJob& job = order_.job(rank);
      if (job.fixed || job.current_may) lists[job.current].push_back(rank);
    }
    for (std::uint32_t person = 0; person < order_.people_count(); ++person) {
      order_.work_off(person, lists[person], [&](std::uint32_t rank, auto, auto finish) {
        plan_.lines[order_.job(rank).index].finish_before = finish;
      });
    }
  }

  void add_move(std::uint32_t rank) {
    const RankedJob& job = order_.job(rank);
    const ReviewLine& line = plan_.lines[job.index];
    if (line.person == kNoPerson || line.person == job.current) return;
    ReviewMove move{.job = job.index, .from = job.current, .to = line.person};
    move.finish_before = line.finish_before;
    move.finish_after = line.finish;
    move.late_before = std::clamp<std::int64_t>(line.finish_before - job.due, 0, kLateMinutesMax);
    move.late_after = std::clamp<std::int64_t>(line.finish - job.due, 0, kLateMinutesMax);
    if (job.current == kNoPerson) {
      move.cause = ReviewMoveCause::kNew;
    } else if (!job.current_may) {
      move.cause = ReviewMoveCause::kObstacle;
      move.obstacle =
          review_obstacle(order_.problem(), job.current, order_.problem().jobs[job.index]);
    } else {
      move.cause = back_is_later(rank, line.person, job.current) ? ReviewMoveCause::kDeadline
                                                                 : ReviewMoveCause::kBalance;
    }
    plan_.moves.push_back(move);
  }

  // Whether the work of both would be later, had the job stayed.
  bool back_is_later(std::uint32_t rank, std::uint32_t now, std::uint32_t before) const {
    return desks_.late_with({now, rank, kNoPerson}) + desks_.late_with({before, kNoPerson, rank}) >
           desks_.late(now) + desks_.late(before);
  }

  const ReviewDesks& desks_;
  const ReviewOrder& order_;
  ReviewPlan plan_;
};

}  // namespace

ReviewPlan plan_reviews(const ReviewProblem& problem, const ReviewBudget& budget) {
  const auto begin = std::chrono::steady_clock::now();
  const ReviewOrder order(problem);
  bool warm = false;
  ReviewDesks desks = first_plan(order, warm);
  const std::uint64_t iterations = improve_reviews(desks, budget, warm, begin);
  ReviewPlan plan = PlanReport(desks).make();
  plan.iterations = iterations;
  return plan;
}

}  // namespace permitd::planner
