// Goal: the review planner keeps every rule a hand can check, finds the best plan of small
// problems, repeats itself for a seed, and moves no more than a changed input asks for. Method:
// desks of a few people; a search through all assignments beside it; the independent checker over
// every plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/review_instance.h"
#include "planner/review_check.h"
#include "planner/review_plan.h"
#include "tests/support/seeded.h"

namespace permitd::planner {
namespace {

constexpr std::uint8_t kReview = 3;

ReviewPerson reviewer(std::uint32_t number, std::vector<std::int32_t> days = {420, 420}) {
  ReviewPerson person;
  person.number = number;
  person.skills = 1U << kReview;
  person.day_minutes = std::move(days);
  person.usual_minutes = 420;
  return person;
}

ReviewJob review(std::uint64_t number, std::int32_t effort, std::int64_t due = 10'000) {
  ReviewJob job;
  job.number = number;
  job.skill = kReview;
  job.priority = 1;
  job.effort[0] = effort;
  job.due = due;
  return job;
}

ReviewProblem desks(std::size_t people) {
  ReviewProblem problem;
  problem.city_minutes = {420, 420};
  for (std::size_t i = 1; i <= people; ++i) {
    problem.people.push_back(reviewer(static_cast<std::uint32_t>(i)));
  }
  return problem;
}

ReviewPlan planned(const ReviewProblem& problem, std::uint64_t iterations = 20'000) {
  EXPECT_EQ(review_problem_fault(problem), std::nullopt);
  ReviewPlan plan = plan_reviews(problem, {.seed = 7, .iterations = iterations});
  EXPECT_THAT(check_review_plan(problem, plan), testing::IsEmpty());
  return plan;
}

/// A plan that puts the jobs where `people` says, with the planner's own figures.
ReviewFigures figures_of(ReviewProblem problem, const std::vector<std::uint32_t>& people) {
  for (std::size_t job = 0; job < people.size(); ++job) problem.jobs[job].current = people[job];
  ReviewPlan plan = plan_reviews(problem, {});
  return plan.figures;
}

TEST(PersonClockTest, EffortIsLaidOutOverTheDaysThatAPersonWorks) {
  ReviewProblem problem = desks(1);
  problem.city_minutes = {100, 420, 420};
  problem.people[0].day_minutes = {50, 0, 210};
  const PersonClock clock(problem, problem.people[0]);
  EXPECT_EQ(clock.moment(0), 0);
  EXPECT_EQ(clock.moment(50), 100);        // half the pace through the rest of today
  EXPECT_EQ(clock.moment(51), 522);        // absent tomorrow
  EXPECT_EQ(clock.moment(260), 940);       // the calendar's end
  EXPECT_EQ(clock.moment(260 + 42), 982);  // a usual day is worked in full
  EXPECT_EQ(clock.effort_by(100), 50);
  EXPECT_EQ(clock.effort_by(500), 50);
  EXPECT_EQ(clock.effort_by(522), 51);
  EXPECT_EQ(clock.capacity(), 260);
}

TEST(ReviewPlanTest, ServicesAndOfficesDecideWhoMayHaveAJob) {
  ReviewProblem problem = desks(3);
  problem.people[0].services = 0b01;
  problem.people[1].services = 0b10;
  problem.people[2].office = 7;
  problem.jobs = {review(1, 60), review(2, 60), review(3, 60)};
  problem.jobs[0].services = 0b10;
  problem.jobs[0].excluded = {2};
  problem.jobs[1].office = 7;
  problem.jobs[2].office = 8;
  const ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.lines[0].person, 1U);
  EXPECT_EQ(plan.lines[1].person, 2U);
  EXPECT_EQ(plan.lines[2].person, kNoPerson);
  EXPECT_EQ(plan.lines[2].obstacle, ReviewObstacle::kDistrict);
}

TEST(ReviewPlanTest, WhatIsFixedToAPersonStaysWhileThatPersonMayHaveIt) {
  ReviewProblem problem = desks(2);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    problem.jobs.push_back(review(i, 100));
    problem.jobs.back().current = 0;
    problem.jobs.back().keeps_person = true;
  }
  problem.weights.move = 0;
  ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.figures.moves, 0U);
  EXPECT_EQ(plan.lines[0].reason, ReviewReason::kKept);
  problem.people[0].active = false;
  plan = planned(problem);
  EXPECT_EQ(plan.sequences[1].size(), 4U);
}

TEST(ReviewPlanTest, EqualPeopleShareEqualWork) {
  ReviewProblem problem = desks(3);
  for (std::uint64_t i = 1; i <= 9; ++i) problem.jobs.push_back(review(i, 60));
  const ReviewPlan plan = planned(problem);
  for (const auto& sequence : plan.sequences) EXPECT_EQ(sequence.size(), 3U);
  EXPECT_DOUBLE_EQ(plan.figures.peak, 180.0 / 840);
}

TEST(ReviewPlanTest, CapacityAndHistoryCountInFairness) {
  ReviewProblem problem = desks(2);
  problem.people[0].history_minutes = 600;  // did more of late
  problem.people[0].history_capacity = problem.people[1].history_capacity = 1000;
  problem.people[1].history_minutes = 300;
  for (std::uint64_t i = 1; i <= 9; ++i) problem.jobs.push_back(review(i, 100));
  const ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.sequences[0].size(), 3U);  // 600 + 300 = 300 + 600
  EXPECT_EQ(plan.sequences[1].size(), 6U);
}

TEST(ReviewPlanTest, TheQuickerClassGetsWhatItIsQuickerAt) {
  ReviewProblem problem = desks(2);
  problem.people[1].pace_class = 1;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    problem.jobs.push_back(review(i, 100));
    problem.jobs.back().effort = i <= 2 ? std::array{100, 200, 0, 0} : std::array{200, 100, 0, 0};
  }
  const ReviewPlan plan = planned(problem);
  EXPECT_THAT(plan.sequences[0], testing::UnorderedElementsAre(0, 1));
  EXPECT_THAT(plan.sequences[1], testing::UnorderedElementsAre(2, 3));
}

TEST(ReviewPlanTest, MunicipalWorkComesFirstWhateverItsDeadline) {
  ReviewProblem problem = desks(1);
  problem.jobs = {review(1, 60, 100), review(2, 60, 900), review(3, 60, 500)};
  problem.jobs[0].priority = 2;
  const ReviewPlan plan = planned(problem);
  EXPECT_THAT(plan.sequences[0], testing::ElementsAre(2, 1, 0));
  EXPECT_EQ(plan.lines[0].finish, 180);
  EXPECT_EQ(plan.figures.jobs_late, 1U);
  EXPECT_DOUBLE_EQ(plan.figures.late_minutes, 80);
}

TEST(ReviewPlanTest, NothingBeginsBeforeItsReleaseAndNobodyWaitsForOneWithWorkAtHand) {
  ReviewProblem problem = desks(1);
  problem.jobs = {review(1, 60, 300), review(2, 30, 900)};
  problem.jobs[0].release = 20;
  problem.jobs[1].priority = 2;
  const ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.lines[1].start, 0);  // the other organisation's is all there is at first
  EXPECT_EQ(plan.lines[0].start, 30);
  problem.jobs[0].release = 200;
  EXPECT_EQ(planned(problem).lines[0].start, 200);
}

TEST(ReviewPlanTest, AnUrgentJobGoesToWhoeverIsFree) {
  ReviewProblem problem = desks(2);
  problem.people[0].held_minutes = 400;
  problem.jobs = {review(1, 100, 120), review(2, 100, 240)};
  const ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.lines[0].person, 1U);
  EXPECT_EQ(plan.lines[1].person, 1U);
  EXPECT_EQ(plan.figures.jobs_late, 0U);
  EXPECT_EQ(plan.lines[0].runner_up, 0U);
  EXPECT_EQ(plan.lines[0].reason, ReviewReason::kEarlier);
  EXPECT_EQ(plan.lines[0].runner_up_finish, 500);
}

TEST(ReviewPlanTest, TheFirstTrueCauseIsGivenForWhatNobodyMayTake) {
  ReviewProblem problem = desks(2);
  problem.people[0].districts = 1U << 5;
  problem.people[1].active = false;
  problem.jobs = {review(1, 60), review(2, 60), review(3, 60)};
  problem.jobs[0].skill = 1;
  problem.jobs[1].district = 6;
  problem.jobs[2].district = 5;
  problem.jobs[2].excluded = {0};
  ReviewPlan plan = planned(problem);
  EXPECT_EQ(plan.lines[0].obstacle, ReviewObstacle::kSkill);
  EXPECT_EQ(plan.lines[1].obstacle, ReviewObstacle::kDistrict);
  EXPECT_EQ(plan.lines[2].obstacle, ReviewObstacle::kExcluded);
  EXPECT_EQ(plan.figures.unserved, 3U);
  problem.jobs[2].excluded.clear();
  problem.people[0].day_minutes = {0, 0};
  plan = planned(problem);
  EXPECT_EQ(plan.lines[2].obstacle, ReviewObstacle::kNoCapacity);
  problem.people[0].active = false;
  EXPECT_EQ(planned(problem).lines[2].obstacle, ReviewObstacle::kInactive);
}

TEST(ReviewPlanTest, StartedWorkStaysEvenWithSomebodyWhoMayNotHaveItAnyMore) {
  ReviewProblem problem = desks(3);
  problem.people[0].active = false;
  for (std::uint64_t i = 1; i <= 6; ++i) problem.jobs.push_back(review(i, 60));
  for (const std::uint32_t job : {0U, 1U, 2U, 3U}) problem.jobs[job].current = 0;
  problem.jobs[0].started = problem.jobs[1].started = true;
  const ReviewPlan plan = planned(problem);
  EXPECT_THAT(plan.sequences[0], testing::ElementsAre(0, 1));
  EXPECT_EQ(plan.figures.moves, 2U);
  ASSERT_EQ(plan.moves.size(), 4U);
  EXPECT_EQ(plan.moves[0].cause, ReviewMoveCause::kObstacle);
  EXPECT_EQ(plan.moves[0].obstacle, ReviewObstacle::kInactive);
  EXPECT_EQ(plan.moves[0].finish_before, kNeverMinutes);
  EXPECT_EQ(plan.moves[2].cause, ReviewMoveCause::kNew);
}

TEST(ReviewPlanTest, AMoveIsMadeOnlyWhenItIsWorthItsCost) {
  ReviewProblem problem = desks(2);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    problem.jobs.push_back(review(i, 60));
    problem.jobs.back().current = i == 4 ? 1 : 0;
  }
  problem.weights.move = 1000;
  EXPECT_EQ(planned(problem).figures.moves, 0U);
  problem.weights.move = 1;
  EXPECT_EQ(planned(problem).figures.moves, 1U);
  problem.weights.move = 1000;
  for (ReviewJob& job : problem.jobs) job.due = 130;
  problem.jobs[0].weight_permille = 100'000;  // 50 minutes late weigh 5,000
  problem.jobs[1].weight_permille = problem.jobs[2].weight_permille = 100'000;
  const ReviewPlan plan = planned(problem);
  ASSERT_EQ(plan.moves.size(), 1U);
  EXPECT_EQ(plan.moves[0].cause, ReviewMoveCause::kDeadline);
  EXPECT_EQ(plan.figures.jobs_late, 0U);
}

TEST(ReviewPlanTest, SmallProblemsAreSolvedToTheBest) {
  tests::Chance chance(11);
  for (int round = 0; round < 20; ++round) {
    ReviewProblem problem = desks(3);
    for (auto& person : problem.people) {
      person.pace_permille = static_cast<std::uint16_t>(chance.between(700U, 1400U));
    }
    for (std::uint64_t i = 1; i <= 6; ++i) {
      problem.jobs.push_back(review(i, chance.between(20, 240), chance.between(60, 600)));
      if (chance.chance(300)) problem.jobs.back().excluded = {chance.below(3U)};
    }
    const double found = planned(problem, 30'000).figures.cost;
    problem.weights.move = 0;
    double best = std::numeric_limits<double>::infinity();
    for (int code = 0; code < 729; ++code) {  // 3^6 assignments
      std::vector<std::uint32_t> people;
      for (int job = 0, rest = code; job < 6; ++job, rest /= 3) {
        people.push_back(static_cast<std::uint32_t>(rest % 3));
      }
      const bool allowed = std::ranges::all_of(std::array{0U, 1U, 2U, 3U, 4U, 5U}, [&](auto job) {
        return review_obstacle(problem, people[job], problem.jobs[job]) == ReviewObstacle::kNone;
      });
      if (allowed) best = std::min(best, figures_of(problem, people).cost);
    }
    EXPECT_NEAR(found, best, 1e-6) << "round " << round;
  }
}

TEST(ReviewPlanTest, ASeedAndItsIterationsGiveOnePlan) {
  const ReviewProblem problem = bench::make_review_instance(3, {60, 500});
  const ReviewPlan one = planned(problem, 50'000);
  const ReviewPlan two = planned(problem, 50'000);
  EXPECT_EQ(one.sequences, two.sequences);
  EXPECT_EQ(one.figures.cost, two.figures.cost);
  const ReviewPlan other = plan_reviews(problem, {.seed = 8, .iterations = 50'000});
  EXPECT_NE(one.sequences, other.sequences);
}

TEST(ReviewPlanTest, MoreIterationsNeverGiveLessThanTheFirstPlan) {
  const ReviewProblem problem = bench::make_review_instance(4, {60, 500});
  const double first = planned(problem, 0).figures.cost;
  const double better = planned(problem, 100'000).figures.cost;
  EXPECT_LT(better, first * 0.9);
}

TEST(ReviewPlanTest, ARequestToStopEndsTheSearch) {
  std::stop_source source;
  source.request_stop();
  const ReviewProblem problem = bench::make_review_instance(5, {20, 100});
  const ReviewPlan plan =
      plan_reviews(problem, {.iterations = 1U << 30, .stop = source.get_token()});
  EXPECT_EQ(plan.iterations, 0U);
  EXPECT_THAT(check_review_plan(problem, plan), testing::IsEmpty());
}

TEST(ReviewPlanTest, OneAbsenceMovesThatPersonsWorkAndLittleElse) {
  ReviewProblem problem = bench::make_review_instance(6, {200, 2000});
  const ReviewPlan before = planned(problem, 300'000);
  for (std::uint32_t job = 0; job < 2000; ++job)
    problem.jobs[job].current = before.lines[job].person;
  const ReviewPlan same = planned(problem, 100'000);
  EXPECT_LT(same.figures.moves, 20U);
  problem.people[10].day_minutes.assign(10, 0);
  problem.people[10].active = false;
  const ReviewPlan after = planned(problem, 100'000);
  const auto theirs = static_cast<std::uint32_t>(before.sequences[10].size());
  EXPECT_GE(after.figures.moves, theirs);
  EXPECT_LT(after.figures.moves - theirs, 2000U / 20);
}

TEST(ReviewCheckTest, ABrokenPlanIsNoticed) {
  ReviewProblem problem = desks(2);
  problem.jobs = {review(1, 60, 100), review(2, 60, 200), review(3, 60, 300)};
  problem.jobs[2].excluded = {1};
  const ReviewPlan sound = planned(problem);
  const auto faults = [&](const auto& breaking) {
    ReviewPlan plan = sound;
    breaking(plan);
    return check_review_plan(problem, plan).size();
  };
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.lines[0].finish -= 1; }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.lines[0].start -= 1; }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.lines[2].person = 1; }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.sequences[0].clear(); }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.moves.pop_back(); }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.figures.peak *= 2; }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) { plan.figures.jobs_late += 1; }), 0U);
  EXPECT_GT(faults([](ReviewPlan& plan) {
              std::ranges::reverse(plan.sequences[0]);
              std::ranges::reverse(plan.sequences[1]);
            }),
            0U);
}

TEST(ReviewProblemTest, WhatMakesNoSenseIsNamed) {
  ReviewProblem problem = desks(1);
  problem.jobs = {review(4, 60)};
  EXPECT_EQ(review_problem_fault(problem), std::nullopt);
  problem.jobs[0].started = true;
  EXPECT_EQ(review_problem_fault(problem), "job 4 is started by nobody");
  problem.jobs[0].current = 3;
  EXPECT_EQ(review_problem_fault(problem), "job 4 is with somebody unknown");
  problem.people[0].day_minutes = {1};
  EXPECT_EQ(review_problem_fault(problem),
            "person 1 has not one figure for each day of the calendar");
}

}  // namespace
}  // namespace permitd::planner
