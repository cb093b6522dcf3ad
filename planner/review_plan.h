// Who reviews what, in which order, by when: a plan of the desks, made from a frozen problem.
//
// Method: jobs that have a person who may still have them stay; the others are inserted, longest
// first and least slack first, whichever comes out cheaper (Graham 1969). Then a local search with
// moves, swaps and chains of two moves from the loaded and the late to the idle, under simulated
// annealing, down to a plain descent at the end of the budget. Everything but `time` is repeatable:
// the same problem, seed and number of iterations give the same plan. Never dearer than the plan it
// began with. Runs on the caller's thread, without shared state.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "planner/review_problem.h"

namespace permitd::planner {

/// The search ends at the first of these. Without iterations and time nothing is improved.
struct ReviewBudget {
  std::uint64_t seed = 1;
  std::uint64_t iterations = 0;
  std::chrono::microseconds time{0};
  std::stop_token stop;
};

/// Why a job is with its person.
enum class ReviewReason : std::uint8_t {
  kUnserved,  // nobody: see the obstacle
  kStarted,
  kKept,         // stays with the person it was with
  kOnlyOne,      // nobody else may take it
  kEarlier,      // the runner-up would finish it later than its deadline, or later still
  kLighterLoad,  // the runner-up would be more loaded
  kTrade,        // the runner-up looks better alone; together with other jobs this is cheaper
};

/// What became of one job. Moments are working minutes from now.
struct ReviewLine {
  std::uint32_t person = kNoPerson;
  std::int32_t effort = 0;
  std::int64_t start = kNeverMinutes;
  std::int64_t finish = kNeverMinutes;
  /// Had everything stayed where it was; kNeverMinutes of a job that nobody had, or may keep.
  std::int64_t finish_before = kNeverMinutes;
  ReviewReason reason = ReviewReason::kUnserved;
  ReviewObstacle obstacle = ReviewObstacle::kNone;  // unserved: the first true cause
  std::uint32_t runner_up = kNoPerson;              // the cheapest other person
  std::int64_t runner_up_finish = kNeverMinutes;
  std::int32_t load_permille = 0;            // of the person, with everything planned
  std::int32_t runner_up_load_permille = 0;  // of the runner-up, had they taken it
};

/// Why a job changes hands.
enum class ReviewMoveCause : std::uint8_t {
  kNew,       // was with nobody
  kObstacle,  // the person may not have it any more: `obstacle`
  kDeadline,  // with the job back, this or other work of the two would be later
  kBalance,
};
struct ReviewMove {
  std::uint32_t job = 0;
  std::uint32_t from = kNoPerson;
  std::uint32_t to = kNoPerson;
  ReviewMoveCause cause = ReviewMoveCause::kNew;
  ReviewObstacle obstacle = ReviewObstacle::kNone;
  std::int64_t finish_before = kNeverMinutes;  // as of its line
  std::int64_t finish_after = kNeverMinutes;
  std::int64_t late_before = 0;  // minutes behind the deadline
  std::int64_t late_after = 0;
};

/// What a plan comes to. Loads are effort held, planned and in the history, over the capacity of
/// the calendar and the history; `peak` is the greatest, `mean` that of all together.
struct ReviewFigures {
  std::uint32_t jobs_late = 0;
  std::uint32_t unserved = 0;
  std::uint32_t moves = 0;  // of jobs that were with somebody
  double late_minutes = 0;  // weighted
  double peak = 0;
  double mean = 0;
  double uneven = 0;  // minutes, see ReviewWeights
  double cost = 0;
};

struct ReviewPlan {
  std::vector<std::vector<std::uint32_t>> sequences;  // per person, jobs in the order of work
  std::vector<ReviewLine> lines;                      // per job
  std::vector<ReviewMove> moves;                      // by job
  ReviewFigures figures;
  std::uint64_t iterations = 0;
};

/// Pre: review_problem_fault(problem) finds nothing.
ReviewPlan plan_reviews(const ReviewProblem& problem, const ReviewBudget& budget);

}  // namespace permitd::planner
