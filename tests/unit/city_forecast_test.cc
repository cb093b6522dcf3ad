// Goal: the city's catalogue, cases and people come out as the forecaster needs them, and its
// answer names the right day. Method: one office by hand, no luck where a figure is expected.
#include "daemon/city_forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/question_city.h"

namespace permitd::daemon {
namespace {

using scheduler::CaseState;
using scheduler::Confirmer;
using scheduler::JobState;
using scheduler::Skill;
using scheduler::Stage;
using testing::SizeIs;

constexpr ForecastQuestion kCertain{.runs = 3, .use_permille = 1'000, .spread_permille = 0};

class CityForecastTest : public testing::Test {
 protected:
  CityForecastTest() : city(5) {
    scheduler::ServiceView service;
    service.service = scheduler::ServiceId{1};
    service.version = 1;
    add_stage(service, Stage::kSiteInspection, Skill::kInspect, 60);
    service.stages[0].flags = scheduler::kStageOnlyIfBuilt;
    add_stage(service, Stage::kPlanReview, Skill::kReview, 120);
    service.stages[1].effort_complex_minutes = 240;
    service.stages[1].confirmer = Confirmer::kOfficeHead;
    add_stage(service, Stage::kMunicipalDecision, Skill::kFile, 0);
    service.stages[2].flags = scheduler::kStageIsSovereign;
    city.snapshot.services.push_back(service);
    city.add_expert(1, Skill::kReview);
    city.add_expert(2, Skill::kInspect);
    city.add_expert(3, Skill::kConfirm);
  }

  static void add_stage(scheduler::ServiceView& service, Stage stage, Skill skill,
                        std::uint16_t effort) {
    scheduler::StageSpec& spec = service.stages[service.stage_count++];
    spec.stage = stage;
    spec.skill = skill;
    spec.effort_minutes = effort;
    spec.sla_minutes = 420;
  }

  SnapshotCase& add_case(std::uint64_t number, std::uint8_t stage_index) {
    SnapshotCase one;
    one.case_id = scheduler::CaseId{number};
    one.service = scheduler::ServiceId{1};
    one.service_version = 1;
    one.state = CaseState::kInProgress;
    one.priority = scheduler::PriorityClass::kMunicipal;
    one.district = 1;
    one.stage_index = stage_index;
    one.job_state = JobState::kReady;
    one.remaining_minutes = 420;
    one.effort_minutes = 120;
    city.snapshot.cases.push_back(one);
    return city.snapshot.cases.back();
  }

  planner::ForecastProblem problem() const {
    return make_forecast_problem(city.snapshot, kCertain);
  }
  CityForecast forecast(const ForecastQuestion& question = kCertain) const {
    return forecast_city(city.snapshot, question, {});
  }
  std::uint16_t done(std::size_t row) const { return forecast().plain.cases.at(row).p50; }

  QuestionCity city;
};

TEST_F(CityForecastTest, AChainHasItsConfirmationsAndSkipsWhatDoesNotApply) {
  add_case(1, 1);
  add_case(2, 0).is_built = true;
  const planner::ForecastProblem made = problem();
  ASSERT_THAT(made.services, SizeIs(2));
  ASSERT_THAT(made.services[0].steps, SizeIs(3));  // review, its confirmation, the decision
  EXPECT_EQ(made.services[0].steps[1].skill, raw(Skill::kConfirm));
  EXPECT_EQ(made.services[0].steps[1].effort_minutes, 30);
  EXPECT_EQ(made.services[0].steps[2].skill, planner::ForecastStep::kNoSkill);
  EXPECT_EQ(made.cases[0].step, 0);
  ASSERT_THAT(made.services[1].steps, SizeIs(4));
  EXPECT_EQ(made.services[1].steps[0].skill, raw(Skill::kInspect));
}

TEST_F(CityForecastTest, AComplexCaseTakesItsLongerEffort) {
  add_case(1, 1).is_complex = true;
  EXPECT_EQ(problem().services[0].steps[0].effort_minutes, 240);
}

TEST_F(CityForecastTest, AConfirmationIsTheStepBehindItsWork) {
  add_case(1, 1).job_kind = scheduler::JobKind::kConfirmation;
  EXPECT_EQ(problem().cases[0].step, 1);
}

TEST_F(CityForecastTest, WhatWaitsForAnAnswerComesBackAfterIt) {
  add_case(1, 1).state = CaseState::kAwaitingApplicant;
  add_case(2, 1).job_state = JobState::kHeld;
  add_case(3, 1).appointment_minutes = 500;
  const planner::ForecastProblem made = problem();
  EXPECT_EQ(made.cases[0].ready_in_minutes, 2'100);
  EXPECT_EQ(made.cases[1].ready_in_minutes, 2'100);
  EXPECT_EQ(made.cases[2].ready_in_minutes, 500);
}

TEST_F(CityForecastTest, WorkInHandTakesNothingFromTheDayTwice) {
  SnapshotCase& one = add_case(1, 1);
  one.job_state = JobState::kStarted;
  one.holder = scheduler::ExpertId{1};
  city.snapshot.experts[0].booked_minutes_today = 150;  // 120 of them in hand
  const planner::ForecastProblem made = problem();
  EXPECT_EQ(made.cases[0].remaining_minutes, 120);
  EXPECT_EQ(made.people[0].day_minutes[0], 390);
  EXPECT_EQ(made.people[0].day_minutes[1], 420);
}

TEST_F(CityForecastTest, ALapsingCertificateAndAnAbsenceAreDatedFacts) {
  city.snapshot.experts[0].certified_until[raw(Skill::kReview)] = question_minute(0, 2);
  ASSERT_TRUE(city.snapshot.experts[0].absences.add({question_minute(-60), question_minute(420)}));
  const planner::ForecastProblem made = problem();
  EXPECT_THAT(made.people[0].day_minutes, testing::ElementsAre(0, 420, 0, 0, 0));
}

TEST_F(CityForecastTest, ACaseIsDoneWhenItsChainIs) {
  add_case(1, 1);  // review, confirmation and a day for the decision
  add_case(2, 2).effort_minutes = 0;
  EXPECT_EQ(done(0), 2);
  EXPECT_EQ(done(1), 1);
}

TEST_F(CityForecastTest, ArrivalsComeAtTheRateOfTheWindow) {
  Arrival arrival;
  arrival.service = scheduler::ServiceId{1};
  arrival.service_version = 1;
  arrival.priority = scheduler::PriorityClass::kMunicipal;
  arrival.district = 7;
  city.snapshot.arrivals.assign(40, arrival);
  city.snapshot.arrival_minutes = 20 * 420;
  const CityForecast answer = forecast();
  EXPECT_DOUBLE_EQ(answer.arrivals_per_day, 2);
  city.snapshot.arrival_minutes = 60;  // a single busy hour is no rate
  EXPECT_DOUBLE_EQ(forecast().arrivals_per_day, 40);
}

TEST_F(CityForecastTest, EffortsAreLearnedWhereEnoughWasFinished) {
  add_case(1, 1);
  const auto efforts_of = [&](std::size_t step) {
    const planner::ForecastProblem made = problem();
    const std::uint16_t index = made.services[0].steps[step].efforts;
    return index == planner::ForecastStep::kOfStage ? std::vector<std::uint16_t>{}
                                                    : made.efforts[index];
  };
  const scheduler::ServiceId other{2};
  for (std::uint16_t i = 0; i < 29; ++i)
    city.snapshot.finished.push_back(
        {other, Stage::kPlanReview, scheduler::JobKind::kWork, std::uint16_t(800 + i)});
  EXPECT_THAT(efforts_of(0), SizeIs(0));  // too few: the spread that is asked for
  city.snapshot.finished.push_back(
      {other, Stage::kPlanReview, scheduler::JobKind::kWork, std::uint16_t(829)});
  ASSERT_THAT(efforts_of(0), SizeIs(20));  // of another service, but of the same stage
  EXPECT_EQ(efforts_of(0).front(), 800);
  EXPECT_EQ(efforts_of(0).back(), 829);
  EXPECT_THAT(efforts_of(1), SizeIs(0));  // its confirmation is other work
  city.snapshot.finished.insert(
      city.snapshot.finished.end(), 30,
      {scheduler::ServiceId{1}, Stage::kPlanReview, scheduler::JobKind::kWork, 1'500});
  EXPECT_THAT(efforts_of(0), testing::Each(1'500));  // its own service knows better
  EXPECT_EQ(forecast().finished_jobs, 60U);
}

TEST_F(CityForecastTest, TheShareOfOtherOrganisationsIsKnown) {
  city.snapshot.policy.reserved_share_percent = 20;
  city.snapshot.experts[0].booked_minutes_today = 180;
  city.snapshot.experts[0].other_minutes_today = 130;
  SnapshotCase& held = add_case(1, 1);
  held.job_state = JobState::kStarted;
  held.holder = scheduler::ExpertId{1};
  held.priority = scheduler::PriorityClass::kOther;
  const planner::ForecastProblem made = problem();
  EXPECT_EQ(made.other_share_percent, 20U);
  EXPECT_EQ(made.people[0].given_minutes, 60);
  EXPECT_EQ(made.people[0].given_other_minutes, 10);
}

TEST_F(CityForecastTest, WhatIfIsPlayedBesideIt) {
  for (std::uint64_t i = 0; i < 20; ++i) add_case(i + 1, 1);
  ForecastQuestion question = kCertain;
  question.case_id = scheduler::CaseId{20};
  question.changes.push_back(planner::AddPeople{3, 1U << raw(Skill::kReview), 0});
  const CityForecast answer = forecast(question);
  ASSERT_TRUE(answer.changed.has_value());
  EXPECT_EQ(answer.asked, 19U);
  EXPECT_LT(answer.changed->cases[19].p50, answer.plain.cases[19].p50);
  question.changes = {CloseDate{kQuestionDate + 1}};
  const CityForecast closed = forecast(question);
  EXPECT_EQ(closed.changed->capacity_minutes[1], 0U);
  EXPECT_GT(closed.changed->capacity_minutes[2], 0U);
}

TEST_F(CityForecastTest, WhatTheCityDoesNotHaveIsRefused) {
  ForecastQuestion question = kCertain;
  question.case_id = scheduler::CaseId{4711};
  EXPECT_EQ(forecast(question).refusal, scheduler::Refusal::kUnknownCase);
  question = kCertain;
  question.changes = {planner::CloseOffice{999}};
  EXPECT_EQ(forecast(question).field, scheduler::Field::kOffice);
  question.changes = {CloseDate{kQuestionDate + 100}};
  EXPECT_EQ(forecast(question).field, scheduler::Field::kDay);
  city.snapshot.days.clear();
  EXPECT_EQ(forecast().refusal, scheduler::Refusal::kOutsideCalendar);
}

TEST_F(CityForecastTest, ACaseOfAForgottenVersionNeverEnds) {
  add_case(1, 1).service_version = 9;
  EXPECT_EQ(done(0), planner::ForecastCompletion::kBeyond);
}

}  // namespace
}  // namespace permitd::daemon
