// Goal: the forecast says what a hand would work out where there is no chance, keeps capacity,
// class and stage order, repeats itself for a seed, and answers what-if questions in the right
// direction. Method: small cities with round figures; one of a city's size for the directions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/forecast.h"
#include "tests/support/seeded.h"

namespace permitd::planner {
namespace {

constexpr std::uint8_t kFile = 0;
constexpr std::uint8_t kInspect = 1;
constexpr std::uint16_t kBeyond = ForecastCompletion::kBeyond;

ForecastStep work(std::uint8_t skill, std::uint16_t effort) {
  return {.stage = skill, .skill = skill, .effort_minutes = effort, .term_minutes = 420};
}

/// One service of one step, one person with its skill, days of 400 minutes in slots of 100.
ForecastProblem small_city() {
  ForecastProblem problem;
  problem.days = 4;
  problem.day_minutes = 400;
  problem.services.push_back({.steps = {work(kFile, 100)}});
  problem.people.push_back({.skills = 1U << kFile, .day_minutes = {400, 400, 400, 400}});
  return problem;
}

ForecastCase waiting(std::uint64_t number, std::int32_t due = 420) {
  return {.number = number, .due_in_minutes = due};
}

std::vector<std::uint16_t> days_of(const ForecastProblem& problem) {
  EXPECT_EQ(forecast_fault(problem), std::nullopt);
  std::vector<std::uint16_t> days;
  for (const ForecastCompletion& one : forecast(problem, {.runs = 3}).cases) {
    EXPECT_EQ(one.p50, one.p90);  // nothing is left to chance
    days.push_back(one.p50);
  }
  return days;
}

TEST(ForecastTest, OnePersonDoesFourHundredMinutesADayInTheOrderOfDeadlines) {
  ForecastProblem problem = small_city();
  for (std::uint64_t i = 0; i < 9; ++i) {
    problem.cases.push_back(waiting(i, 900 - static_cast<std::int32_t>(i)));
  }
  EXPECT_THAT(days_of(problem), testing::ElementsAre(3, 2, 2, 2, 2, 1, 1, 1, 1));
  const Forecast result = forecast(problem, {.runs = 3});
  EXPECT_EQ(result.backlog[0][kFile].jobs.p50, 5U);
  EXPECT_EQ(result.backlog[0][kFile].minutes.p90, 500U);
  EXPECT_EQ(result.backlog[1][kFile].jobs.p10, 1U);
  EXPECT_EQ(result.backlog[2][kFile].jobs.p90, 0U);
  EXPECT_EQ(result.cases_done[0].p50, 4U);
  EXPECT_THAT(result.capacity_minutes, testing::Each(400U));
}

TEST(ForecastTest, EachDistrictHasItsOwnBacklogAndTheyAddUp) {
  ForecastProblem problem = small_city();
  for (std::uint64_t i = 0; i < 9; ++i) {
    problem.cases.push_back(waiting(i));
    problem.cases.back().district = i < 3 ? 4 : 7;
  }
  const Forecast result = forecast(problem, {.runs = 3});
  ASSERT_EQ(result.cells.size(), 1U);  // the three of district 4 are done on the first day
  EXPECT_EQ(result.cells[0].stage, kFile);
  EXPECT_EQ(result.cells[0].district, 7);
  for (std::size_t day = 0; day < problem.days; ++day) {
    EXPECT_EQ(result.cells[0].days[day].jobs.p50, result.backlog[day][kFile].jobs.p50);
    EXPECT_EQ(result.cells[0].days[day].minutes.p50, result.backlog[day][kFile].minutes.p50);
  }
}

TEST(ForecastTest, WhoeverAsksToStopIsNotKeptWaiting) {
  ForecastProblem problem = small_city();
  problem.cases.push_back(waiting(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(forecast(problem, {.runs = 200, .stop = stop.get_token()}).cases.empty());
}

TEST(ForecastTest, MunicipalWorkIsDoneFirst) {
  ForecastProblem problem = small_city();
  for (std::uint64_t i = 0; i < 6; ++i) {
    problem.cases.push_back(waiting(i, 10));
    problem.cases.back().priority = i < 2 ? 2 : 1;
  }
  EXPECT_THAT(days_of(problem), testing::ElementsAre(2, 2, 1, 1, 1, 1));
}

TEST(ForecastTest, AShareLetsTheLastClassGoFirstAsFarAsItReaches) {
  ForecastProblem problem = small_city();
  for (std::uint64_t i = 0; i < 6; ++i) {
    problem.cases.push_back(waiting(i, 10));
    problem.cases.back().priority = i < 2 ? 2 : 1;
  }
  problem.other_share_percent = 25;  // three of the middle class earn one of the last
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1, 2, 1, 1, 1, 2));
  problem.other_share_percent = 50;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1, 1, 1, 1, 2, 2));
  problem.people[0].given_minutes = problem.people[0].given_other_minutes = 100;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1, 2, 1, 1, 1, 2));
  problem.other_share_percent = 100;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1, 1, 1, 1, 2, 2));
  for (ForecastCase& one : problem.cases) one.priority = one.priority == 1 ? 0 : 2;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(2, 2, 1, 1, 1, 1));  // never before the first
  problem.other_share_percent = 101;
  EXPECT_NE(forecast_fault(problem), std::nullopt);
}

TEST(ForecastTest, AStageBeginsWhenTheOneBeforeHasEnded) {
  ForecastProblem problem = small_city();
  problem.people[0].skills = 1U << kFile | 1U << kInspect;
  problem.services[0].steps = {work(kFile, 100), work(kInspect, 250), work(kFile, 50)};
  problem.cases = {waiting(1)};
  // 100 minutes in slot 1, 250 in slots 2 to 4, 50 on the next day.
  EXPECT_THAT(days_of(problem), testing::ElementsAre(2));
  problem.services[0].steps[1].effort_minutes = 150;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1));
  problem.services[0].steps[1] = {.stage = 4, .wait_minutes = 400};  // a decision takes a day
  EXPECT_THAT(days_of(problem), testing::ElementsAre(2));
}

TEST(ForecastTest, WhatWaitsOrIsUnderWayCountsFromThere) {
  ForecastProblem problem = small_city();
  problem.cases = {waiting(1), waiting(2), waiting(3)};
  problem.cases[0].ready_in_minutes = 450;
  problem.cases[1].due_in_minutes = 800;
  problem.cases[1].remaining_minutes = 400;  // goes first and fills the day
  EXPECT_THAT(days_of(problem), testing::ElementsAre(2, 1, 2));
}

TEST(ForecastTest, AJobIsDoneWhereItsDistrictIsServed) {
  ForecastProblem problem = small_city();
  problem.people[0].districts = 1U << 3;
  problem.cases = {waiting(1), waiting(2)};
  problem.cases[0].district = 3;
  problem.cases[1].district = 4;
  EXPECT_THAT(days_of(problem), testing::ElementsAre(1, kBeyond));
  const ForecastChange help = AddPeople{.skills = 1U << kFile, .districts = 1U << 4};
  EXPECT_THAT(days_of(with_changes(problem, {&help, 1})), testing::ElementsAre(1, 1));
}

TEST(ForecastTest, SpecialistsAreAskedFirst) {
  ForecastProblem problem = small_city();
  problem.services.push_back({.steps = {work(kInspect, 100)}});
  problem.people.insert(problem.people.begin(), problem.people[0]);
  problem.people[0].skills = 1U << kFile | 1U << kInspect;
  for (std::uint64_t i = 0; i < 8; ++i) {
    problem.cases.push_back(waiting(i, static_cast<std::int32_t>(100 + i)));
    problem.cases.back().service = i % 2;
  }
  EXPECT_THAT(days_of(problem), testing::Each(1));
}

TEST(ForecastTest, ReturnedWorkIsDoneAgain) {
  ForecastProblem problem = small_city();
  problem.history = {{.rework_permille = 1000, .rework_wait_minutes = 100}};
  problem.cases = {waiting(1)};
  EXPECT_THAT(days_of(problem), testing::ElementsAre(kBeyond));
  problem.history[0].rework_permille = 500;
  for (std::uint64_t i = 2; i < 400; ++i) problem.cases.push_back(waiting(i));
  problem.people.resize(400, problem.people[0]);
  std::uint32_t first_day = 0;
  // Half are done at once; a quarter more is tried again on the same day.
  for (const auto& one : forecast(problem, {.runs = 1}).cases) first_day += one.p50 == 1 ? 1 : 0;
  EXPECT_NEAR(first_day, 300, 40);
}

TEST(ForecastTest, EffortsTurnOutAsTheyDidBefore) {
  ForecastProblem problem = small_city();
  problem.history = {{.effort_permille = {500, 1500}}};
  for (std::uint64_t i = 0; i < 16; ++i) problem.cases.push_back(waiting(i));
  const Forecast result = forecast(problem, {.runs = 200});
  EXPECT_LE(result.cases_done[0].p10, 4U);
  EXPECT_GE(result.cases_done[0].p90, 5U);
  EXPECT_LT(result.cases[8].p50, result.cases[15].p90);
}

TEST(ForecastTest, AStepTurnsOutAsItsOwnWorkDid) {
  ForecastProblem problem = small_city();
  problem.history = {{.effort_permille = {2000}}};
  for (std::uint64_t i = 0; i < 8; ++i) problem.cases.push_back(waiting(i));
  EXPECT_EQ(forecast(problem, {.runs = 1}).cases_done[0].p50, 2U);
  problem.services[0].steps[0].efforts = 0;
  EXPECT_NE(forecast_fault(problem), std::nullopt);
  problem.efforts = {{500}};
  EXPECT_EQ(forecast_fault(problem), std::nullopt);
  EXPECT_EQ(forecast(problem, {.runs = 1}).cases_done[0].p50, 8U);
}

TEST(ForecastTest, ArrivalsFollowTheWeek) {
  ForecastProblem problem = small_city();
  problem.people[0].day_minutes = {0, 0, 0, 0};
  problem.people.push_back({.skills = 1U << kInspect, .day_minutes = {400, 400, 400, 400}});
  problem.week_days = 2;
  problem.services[0].arrivals = {100, 0};
  problem.services[0].districts = {1};
  const Forecast result = forecast(problem, {.runs = 200});
  EXPECT_NEAR(result.backlog[0][kFile].jobs.p50, 100, 4);
  EXPECT_NEAR(result.backlog[0][kFile].jobs.p90, 113, 5);  // Poisson: 1.28 standard deviations
  EXPECT_EQ(result.backlog[1][kFile].jobs.p50, result.backlog[0][kFile].jobs.p50);
  EXPECT_NEAR(result.backlog[2][kFile].jobs.p50, 200, 6);
}

/// A city of some size: five stages, a decision, districts, other organisations.
ForecastProblem city(std::uint64_t seed) {
  tests::Chance chance(seed);
  ForecastProblem problem;
  for (std::uint32_t kind = 0; kind < 4; ++kind) {
    ForecastService service;
    service.steps = {
        work(0, 30), work(1, 90), work(2, 45), work(3, 120), {.stage = 4, .wait_minutes = 420},
        work(5, 15)};
    service.arrivals.assign(5, 20);
    for (std::uint8_t d = 1; d <= 22; ++d) service.districts.push_back(d);
    service.priority = kind == 3 ? 2 : 1;
    problem.services.push_back(service);
  }
  problem.history.assign(6, {{700, 900, 1000, 1100, 1500}, 60, 420});
  for (std::uint64_t i = 0; i < 1500; ++i) {
    problem.cases.push_back({.number = i,
                             .service = chance.below<std::uint16_t>(4),
                             .step = chance.below<std::uint8_t>(6),
                             .district = static_cast<std::uint8_t>(chance.between(1, 22)),
                             .due_in_minutes = chance.between(-400, 1600)});
    problem.cases.back().priority = problem.cases.back().service == 3 ? 2 : 1;
  }
  for (std::uint32_t i = 0; i < 60; ++i) {
    ForecastPerson person{.skills = 1U << i % 6 | 1U << chance.below(6U), .office = i % 8};
    person.day_minutes.assign(problem.days, 420);
    problem.people.push_back(person);
  }
  return problem;
}

std::uint64_t waiting_at_end(const Forecast& result) {
  std::uint64_t minutes = 0;
  for (const ForecastBacklog& stage : result.backlog.back()) minutes += stage.minutes.p50;
  return minutes;
}

TEST(ForecastTest, ASeedGivesOneForecast) {
  const ForecastProblem problem = city(1);
  const Forecast one = forecast(problem, {.seed = 5, .runs = 10});
  const Forecast two = forecast(problem, {.seed = 5, .runs = 10});
  const Forecast other = forecast(problem, {.seed = 6, .runs = 10});
  EXPECT_EQ(waiting_at_end(one), waiting_at_end(two));
  EXPECT_NE(waiting_at_end(one), waiting_at_end(other));
  for (std::size_t i = 0; i < one.cases.size(); ++i) {
    EXPECT_EQ(one.cases[i].p50, two.cases[i].p50);
    EXPECT_LE(one.cases[i].p50, one.cases[i].p90);
  }
}

TEST(ForecastTest, NobodyWorksMoreThanThereIsTime) {
  const ForecastProblem problem = city(2);
  const Forecast result = forecast(problem, {.runs = 20});
  std::uint64_t worked = 0;
  std::uint64_t there = 0;
  for (std::uint32_t day = 0; day < problem.days; ++day) {
    worked += result.work_minutes[day].p90;
    there += result.capacity_minutes[day];
    // Each pool may overdraw its last slot by one job, never again by the next.
    EXPECT_LE(worked, there + 60 * 180);
  }
}

TEST(ForecastTest, WhatIfQuestionsAreAnsweredInTheRightDirection) {
  const ForecastProblem problem = city(3);
  const auto with = [&](const ForecastChange& change) {
    return forecast(with_changes(problem, {&change, 1}), {.runs = 20});
  };
  const auto done = [](const Forecast& result) {
    std::uint32_t cases = 0;
    for (const ForecastSpread& day : result.cases_done) cases += day.p50;
    return cases;
  };
  const Forecast now = forecast(problem, {.runs = 20});
  EXPECT_GT(done(with(AddPeople{.count = 6, .skills = 1U << 3})), done(now));
  EXPECT_LT(done(with(CloseOffice{.office = 2})), done(now));
  EXPECT_LT(done(with(CloseDay{.day = 2})), done(now));
  EXPECT_GT(waiting_at_end(with(ScaleArrivals{.permille = 1300})), waiting_at_end(now));
  EXPECT_LT(waiting_at_end(with(ScaleArrivals{.permille = 700})), waiting_at_end(now));
  EXPECT_EQ(waiting_at_end(with(ScaleArrivals{.permille = 1000})), waiting_at_end(now));
}

TEST(ForecastTest, OnAClosedDayNothingArrivesAndNothingIsDone) {
  const ForecastProblem problem = city(4);
  const ForecastChange change = CloseDay{.day = 1};
  const Forecast result = forecast(with_changes(problem, {&change, 1}), {.runs = 10});
  EXPECT_EQ(result.work_minutes[1].p90, 0U);
  EXPECT_EQ(result.capacity_minutes[1], 0U);
  EXPECT_GT(result.work_minutes[2].p10, 0U);
}

TEST(ForecastTest, WhatMakesNoSenseIsNamed) {
  ForecastProblem problem = small_city();
  EXPECT_EQ(forecast_fault(problem), std::nullopt);
  problem.people[0].day_minutes.pop_back();
  EXPECT_EQ(forecast_fault(problem), "a person has not one figure for each day");
  problem.cases = {waiting(12)};
  problem.cases[0].service = 1;
  EXPECT_EQ(forecast_fault(problem), "case 12 is of no known service, step, class or place");
  problem.services[0].steps[0].effort_minutes = 0;
  EXPECT_EQ(forecast_fault(problem), "service 0 takes no effort");
}

}  // namespace
}  // namespace permitd::planner
