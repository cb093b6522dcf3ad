// Goal: whatever the desks look like, a plan breaks no rule, locked work stays, a search never
// makes the plan it began with dearer, and it repeats itself. Method: random problems with
// absences, closed days, releases, exclusions, work under way and plans already running, each
// judged by the independent checker. PERMITD_SEED=N repeats one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/review_check.h"
#include "planner/review_plan.h"
#include "tests/support/seeded.h"

namespace permitd::planner {
namespace {

using tests::Chance;

ReviewPerson random_person(Chance& chance, std::uint32_t number, std::size_t days) {
  ReviewPerson person;
  person.number = number;
  person.skills = chance.below(8U);
  person.districts = chance.chance(300) ? chance.below(16U) : 0;
  person.active = chance.chance(900);
  person.pace_class = static_cast<std::uint8_t>(chance.below(kPaceClassCount));
  person.pace_permille = static_cast<std::uint16_t>(chance.between(1U, 2000U));
  for (std::size_t day = 0; day < days; ++day) {
    person.day_minutes.push_back(chance.chance(200) ? 0 : chance.between(1, 500));
  }
  person.usual_minutes = chance.chance(200) ? 0 : chance.between(1, 500);
  person.held_minutes = chance.chance(300) ? chance.between(0, 500) : 0;
  if (chance.chance(500)) {
    person.history_minutes = chance.between(0, 5000);
    person.history_capacity = chance.between(0, 8000);
  }
  return person;
}

ReviewJob random_job(Chance& chance, std::uint64_t number, std::uint32_t people) {
  ReviewJob job;
  job.number = number;
  job.skill = static_cast<std::uint8_t>(chance.below(3U));
  job.district = static_cast<std::uint8_t>(chance.below(4U));
  job.priority = static_cast<std::uint8_t>(chance.below(3U));
  job.effort = {chance.between(1, 300), chance.between(0, 300), 0, chance.between(0, 9)};
  job.release = chance.chance(100) ? chance.between(-100, 900) : 0;
  job.due = chance.between(-500, 3000);
  job.weight_permille = chance.between(0, 3000);
  if (chance.chance(500)) job.current = chance.below(people);
  job.started = job.current != kNoPerson && chance.chance(200);
  if (job.started) job.release = 0;
  while (chance.chance(250)) job.excluded.push_back(chance.below(people));
  return job;
}

ReviewProblem random_problem(Chance& chance) {
  ReviewProblem problem;
  const std::size_t days = chance.below(6U);
  for (std::size_t day = 0; day < days; ++day) {
    problem.city_minutes.push_back(chance.chance(200) ? 0 : chance.between(1, 500));
  }
  problem.usual_city_minutes = chance.between(1, 500);
  const std::uint32_t people = chance.between(1U, 12U);
  for (std::uint32_t i = 1; i <= people; ++i) {
    problem.people.push_back(random_person(chance, i, days));
  }
  const std::uint64_t jobs = chance.below(60U);
  for (std::uint64_t i = 1; i <= jobs; ++i) problem.jobs.push_back(random_job(chance, i, people));
  problem.weights = {chance.below(3U) * 0.5, chance.below(3U) * 0.5, chance.below(3U) * 0.1,
                     chance.below(3U) * 20.0};
  return problem;
}

TEST(ReviewPlanPropertyTest, NoPlanBreaksARule) {
  const tests::Seeds seeds = tests::Seeds::of(400);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    Chance chance(seed);
    const ReviewProblem problem = random_problem(chance);
    ASSERT_EQ(review_problem_fault(problem), std::nullopt) << "PERMITD_SEED=" << seed;
    const ReviewPlan first = plan_reviews(problem, {});
    ASSERT_THAT(check_review_plan(problem, first), testing::IsEmpty()) << "PERMITD_SEED=" << seed;
    const ReviewPlan plan = plan_reviews(problem, {.seed = seed, .iterations = 4000});
    ASSERT_THAT(check_review_plan(problem, plan), testing::IsEmpty()) << "PERMITD_SEED=" << seed;
    ASSERT_LE(plan.figures.cost, first.figures.cost) << "PERMITD_SEED=" << seed;
    const ReviewPlan again = plan_reviews(problem, {.seed = seed, .iterations = 4000});
    ASSERT_EQ(plan.sequences, again.sequences) << "PERMITD_SEED=" << seed;
  }
}

}  // namespace
}  // namespace permitd::planner
