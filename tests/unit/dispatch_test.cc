// Goal: whoever waits in a claim is offered a ready job as soon as something makes it fit, without
// asking again. Method: one job that nobody who waits may take, then the one change that lifts the
// filter; the tick that is due at once gives it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <vector>

#include "scheduler/decision.h"
#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

class DispatchTest : public SmallCity {
 protected:
  DefineExpert defined(ExpertId id, OfficeId where, std::uint16_t units) const {
    DefineExpert body;
    body.expert = id;
    body.office = where;
    body.state = ExpertState::kCertified;
    body.person = PersonId{1000 + std::uint64_t{raw(id)}};
    body.units_per_day = units;
    return body;
  }

  void set_units(ExpertId id, OfficeId where, std::uint16_t units) {
    ASSERT_EQ(apply(CommandKind::kDefineExpert, defined(id, where, units), supervisor()).refusal,
              Refusal::kNone);
  }

  void set_policy(const SetPolicy& policy) {
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  void expect_given(const Outcome& filed, ExpertId who) {
    wait(0);
    EXPECT_EQ(job_view(filed.job).state, JobState::kAssigned);
    EXPECT_EQ(job_view(filed.job).holder, who);
  }
};

TEST_F(DispatchTest, RaisedCapacityOfAllIsOfferedToThoseWhoWait) {
  SetPolicy policy;
  policy.capacity_units_per_day = 1;
  set_policy(policy);
  Reassign reassign;
  reassign.job = submit(kReport).job;
  reassign.expert = kClerk;
  ASSERT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(claim(kClerk).filter, Filter::kCapacity);
  policy.capacity_units_per_day = 2;
  policy.complex_floors = 1;
  set_policy(policy);
  SubmitCase admin = submission(kReport);
  const Outcome filed = apply(CommandKind::kSubmitCase, admin, office());
  work(kOtherClerk);
  const JobId next = case_view(filed.case_id).current_job;  // 45 minutes, 30 are left
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(job_view(next).state, JobState::kReady);
  policy.capacity_units_per_day = 3;
  set_policy(policy);
  wait(0);
  EXPECT_EQ(job_view(next).holder, kClerk);
}

TEST_F(DispatchTest, WhatAClaimOfSeveralDoesNotFindStaysWanted) {
  const JobId there = submit(kReport).job;
  EXPECT_EQ(claim(kClerk, 3).job, there);
  EXPECT_EQ(raw(claim(kClerk, 3, true).job), 0U);
  EXPECT_EQ(raw(claim(kClerk, 3, true).job), 0U);
  EXPECT_EQ(job_view(submit(kReport).job).holder, kClerk);
  EXPECT_EQ(job_view(submit(kReport).job).holder, kClerk);
  EXPECT_EQ(job_view(submit(kReport).job).state, JobState::kReady);
  EXPECT_EQ(raw(claim(kClerk, 1, true).job), 0U);  // further than what was wanted
}

TEST_F(DispatchTest, AFurtherClaimOfWhatHasLapsedAsksForNothing) {
  EXPECT_EQ(raw(claim(kClerk, 2).job), 0U);
  // Its time is over, and the tick that ends it has not come.
  now_ = Tick{now_.ms + SetPolicy{}.claim_wait_minutes * kMsPerMinute};
  const JobId there = submit(kReport).job;
  EXPECT_EQ(raw(claim(kClerk, 2, true).job), 0U);
  EXPECT_EQ(job_view(there).state, JobState::kReady);
}

TEST_F(DispatchTest, AClaimThatIsTakenBackIsOfferedNothingAndOneThatHasLapsedIsNone) {
  const auto unclaim = [&] { return apply(CommandKind::kUnclaim, Unclaim{}, expert(kClerk)); };
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(unclaim().refusal, Refusal::kNone);
  EXPECT_EQ(job_view(submit(kReport).job).state, JobState::kReady);
  EXPECT_EQ(unclaim().refusal, Refusal::kNothingToDo);
  const Outcome given = claim(kClerk, 2);
  EXPECT_EQ(start(given, kClerk).refusal, Refusal::kNone);
  // The time of the second is over, and the tick that ends it has not come.
  now_ = Tick{now_.ms + SetPolicy{}.claim_wait_minutes * kMsPerMinute};
  EXPECT_EQ(unclaim().refusal, Refusal::kNothingToDo);
}

TEST_F(DispatchTest, RaisedCapacityOfOneIsOfferedToHim) {
  set_units(kClerk, kOffice, 1);
  const Outcome first = submit(kReport);
  work(kOtherClerk);
  const JobId next = case_view(first.case_id).current_job;  // 45 minutes
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(job_view(next).state, JobState::kReady);
  set_units(kClerk, kOffice, 2);
  EXPECT_EQ(job_view(next).holder, kClerk);
}

TEST_F(DispatchTest, NewCertificateIsOfferedWhatItAllows) {
  const Outcome filed = submit(kReport);
  EXPECT_EQ(raw(claim(kInspector).job), 0U);
  SetCertificate certificate;
  certificate.expert = kInspector;
  certificate.skill = Skill::kFile;
  certificate.valid_until = kNever;
  apply(CommandKind::kSetCertificate, certificate, supervisor());
  expect_given(filed, kInspector);
}

class ActivationTest : public DispatchTest {
 protected:
  Refusal activate(Tick from, Tick until) {
    ActivateService body;
    body.office = kOtherOffice;
    body.service = kReport;
    body.from = from;
    body.until = until;
    return apply(CommandKind::kActivateService, body, supervisor()).refusal;
  }
};

TEST_F(ActivationTest, NewActivationIsOfferedToTheExpertsOfTheOffice) {
  ASSERT_EQ(activate({}, {}), Refusal::kNone);
  const Outcome filed = submit(kReport);
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  ASSERT_EQ(activate({}, kNever), Refusal::kNone);
  expect_given(filed, kOtherClerk);
}

TEST_F(ActivationTest, ActivationThatBeginsLaterIsOfferedWhenItBegins) {
  ASSERT_EQ(activate({now_.ms + 10 * kMsPerMinute}, kNever), Refusal::kNone);
  const Outcome filed = submit(kReport);
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  wait(9);
  EXPECT_EQ(job_view(filed.job).state, JobState::kReady);
  wait(1);
  expect_given(filed, kOtherClerk);
}

TEST_F(DispatchTest, CapacityGivenBackByAHoldIsOfferedAgain) {
  set_units(kClerk, kOffice, 1);
  const Outcome first = submit(kReport);
  EXPECT_EQ(claim(kClerk, 2).job, first.job);  // and waits for another one
  const Outcome second = submit(kReport);
  EXPECT_EQ(job_view(second.job).state, JobState::kReady);
  Hold hold;
  hold.job = first.job;
  ASSERT_EQ(apply(CommandKind::kHold, hold, supervisor()).refusal, Refusal::kNone);
  expect_given(second, kClerk);
}

TEST_F(DispatchTest, OfficeWhosePersonsHaveChangedIsOfferedWhatTheyKeptFromIt) {
  SubmitCase visit = submission(kNewBuild);
  visit.owner = PersonId{5000 + std::uint64_t{raw(kOffice)}};  // its licensee
  const Outcome filed = apply(CommandKind::kSubmitCase, visit, office());
  work(kClerk);
  const JobId inspection = case_view(filed.case_id).current_job;
  wait((job_view(inspection).appointment.ms - now_.ms) / kMsPerMinute);
  EXPECT_EQ(raw(claim(kInspector).job), 0U);
  EXPECT_EQ(job_view(inspection).state, JobState::kReady);
  DefineOffice body;
  body.office = kOffice;
  body.district = 1;
  body.state = OfficeState::kActive;
  body.licensee = PersonId{9999};
  body.technical_manager = PersonId{6000 + std::uint64_t{raw(kOffice)}};
  ASSERT_EQ(apply(CommandKind::kDefineOffice, body, supervisor()).refusal, Refusal::kNone);
  wait(0);
  EXPECT_EQ(job_view(inspection).holder, kInspector);
}

TEST_F(DispatchTest, CorrectedCaseIsOfferedToThoseItNowFits) {
  SubmitCase visit = submission(kReport);
  visit.designer = PersonId{1000 + std::uint64_t{raw(kClerk)}};
  const Outcome filed = apply(CommandKind::kSubmitCase, visit, office());
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  AmendCase amend;
  amend.id = filed.case_id;
  ASSERT_EQ(apply(CommandKind::kAmendCase, amend, office()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).holder, kClerk);
}

TEST_F(DispatchTest, PendingOfferSurvivesAnotherChangeOfTheSameExpert) {
  set_units(kClerk, kOffice, 1);
  const Outcome filed = submit(kReport);
  work(kOtherClerk);
  const JobId next = case_view(filed.case_id).current_job;
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  SetPolicy policy;
  policy.lease_minutes = 40;
  set_policy(policy);
  EXPECT_EQ(scheduler_.next_due(), now_);
  const Outcome small = submit(kReport);  // goes to the clerk, and moves the clerk's timer
  EXPECT_EQ(job_view(small.job).holder, kClerk);
  EXPECT_EQ(scheduler_.next_due(), now_);
  wait(0);
  EXPECT_EQ(job_view(next).state, JobState::kReady);
}

// ---- jobs about as urgent ----

class UrgentDrawTest : public DispatchTest {
 protected:
  // Desk work, each filed `apart` minutes after the one before.
  std::vector<JobId> file(std::size_t count, std::int64_t apart) {
    std::vector<JobId> filed;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) wait(apart);
      filed.push_back(submit(kReport).job);
    }
    return filed;
  }
  void draw_within(std::uint16_t minutes) {
    SetPolicy policy;
    policy.draw_minutes = minutes;
    policy.capacity_units_per_day = 48;
    set_policy(policy);
  }
  DecisionView decision_of(JobId job) const {
    DecisionView decision;
    EXPECT_TRUE(scheduler_.find_decision(job, decision));
    return decision;
  }
};

// Which job an expert gets who asks cannot be foreseen (I14), and anybody can draw it again.
TEST_F(UrgentDrawTest, AmongJobsAboutAsUrgentTheLotDecides) {
  draw_within(10);
  std::vector<JobId> waiting = file(8, 1);
  std::set<std::size_t> places;
  while (waiting.size() > 1) {
    const JobId given = claim(kClerk).job;
    const DecisionView decision = decision_of(given);
    EXPECT_TRUE(decision.by_deadline);
    EXPECT_EQ(raw(decision.passed_over), 0U);
    const std::size_t count = std::min<std::size_t>(3, waiting.size());
    ASSERT_EQ(decision.drawn_count, count);
    std::array<JobId, kDrawnMax> drawn{};
    for (std::size_t i = 0; i < count; ++i) {
      drawn.at(i) = decision.drawn[i].job;
      EXPECT_EQ(drawn.at(i), waiting.at(i));
      const std::int64_t later =
          job_view(waiting[i]).deadline.ms - job_view(waiting[0]).deadline.ms;
      EXPECT_EQ(decision.drawn[i].minutes, later / kMsPerMinute);
    }
    const std::span among = std::span(drawn).first(count);
    EXPECT_EQ(among[choose_near_equal(decision.seed, count)], given);
    EXPECT_EQ(decision.seed, decision_seed(7 * raw(decision.op), among));
    places.insert(static_cast<std::size_t>(std::ranges::find(among, given) - among.begin()));
    std::erase(waiting, given);
  }
  EXPECT_GT(places.size(), 1U) << "always the same of them";
}

TEST_F(UrgentDrawTest, AJobDueLaterThanThatIsNotDrawn) {
  draw_within(10);
  const std::vector<JobId> waiting = file(3, 10);
  claim(kClerk);
  claim(kOtherClerk);
  std::size_t drawn = 0;
  for (const JobId job : waiting) {
    if (job_view(job).state != JobState::kAssigned) continue;
    const DecisionView decision = decision_of(job);
    for (const DrawnView& each : std::span(decision.drawn).first(decision.drawn_count)) {
      EXPECT_LE(each.minutes, 10U);
      ++drawn;
    }
  }
  EXPECT_GE(drawn, 2U);
  EXPECT_LE(drawn, 4U);
}

TEST_F(UrgentDrawTest, OneThatCannotWaitIsGivenFirst) {
  draw_within(419);  // of the 420 minutes that the first has, some have passed
  const std::vector<JobId> waiting = file(3, 2);
  EXPECT_EQ(claim(kClerk).job, waiting[0]);
  const DecisionView decision = decision_of(waiting[0]);
  EXPECT_EQ(decision.drawn_count, 0);
  EXPECT_FALSE(decision.by_deadline);
}

TEST_F(UrgentDrawTest, NothingIsDrawnWhereThePolicySaysSo) {
  draw_within(0);
  const std::vector<JobId> waiting = file(3, 0);
  EXPECT_EQ(claim(kClerk).job, waiting[0]);
  EXPECT_EQ(decision_of(waiting[0]).drawn_count, 0);
}

TEST_F(UrgentDrawTest, WhatDoesNotFitIsNotInTheLot) {
  draw_within(10);
  SubmitCase own = submission(kReport);
  own.designer = PersonId{1000 + std::uint64_t{raw(kClerk)}};
  const JobId kept = apply(CommandKind::kSubmitCase, own, office()).job;
  const std::vector<JobId> waiting = file(2, 0);
  const JobId given = claim(kClerk).job;
  const DecisionView decision = decision_of(given);
  ASSERT_EQ(decision.drawn_count, 2);
  EXPECT_EQ(decision.drawn[0].job, waiting[0]);
  EXPECT_EQ(decision.drawn[1].job, waiting[1]);
  ASSERT_EQ(decision.rejected_count, 1);
  EXPECT_EQ(decision.rejected[0].job, kept);
}

// ---- visits near each other ----

class NearVisitTest : public DispatchTest {
 protected:
  static constexpr Point kHere{35'700'000, 51'400'000};
  static constexpr Point kNear{35'701'000, 51'401'000};
  static constexpr Point kFar{35'790'000, 51'200'000};

  void SetUp() override {
    DispatchTest::SetUp();
    DefineExpert body = defined(kInspector, kOffice, 0);
    body.home = kHere;
    apply(CommandKind::kDefineExpert, body, supervisor());
  }

  void look_near(std::uint16_t visits, std::uint16_t slack) {
    SetPolicy policy;
    policy.near_visits = visits;
    policy.near_slack_minutes = slack;
    policy.draw_minutes = 0;
    policy.visits_per_day = 40;
    policy.capacity_units_per_day = 48;
    set_policy(policy);
  }

  // A visit that waits at a place; the appointments of all are over after the same wait.
  JobId visit_at(Point point, OrganisationId organisation = kCity) {
    SubmitCase body = submission(kNewBuild, organisation);
    body.point = point;
    body.owner = PersonId{100 + owners_++};
    const Outcome filed = apply(CommandKind::kSubmitCase, body, office());
    work(kClerk);
    return case_view(filed.case_id).current_job;
  }
  void wait_for(JobId visit) { wait((job_view(visit).appointment.ms - now_.ms) / kMsPerMinute); }

  std::uint64_t owners_ = 0;
};

TEST_F(NearVisitTest, DeadlinesDecideWhereThePolicyDoesNotLookAtPlaces) {
  look_near(0, 0);
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kNear);
  wait_for(near);
  EXPECT_EQ(claim(kInspector).job, far);
}

TEST_F(NearVisitTest, NearerVisitGoesBeforeOneThatCanWait) {
  look_near(4, 60);
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kNear);
  wait_for(near);
  EXPECT_EQ(claim(kInspector).job, near);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(near, decision));
  EXPECT_EQ(decision.passed_over, far);
}

// Whether the one given is the nearest cannot be foreseen (I14), and anybody can draw it again.
TEST_F(NearVisitTest, AmongVisitsAboutEquallyNearTheLotDecides) {
  look_near(8, 60);
  const JobId far = visit_at(kFar);
  std::vector<JobId> near;
  for (std::int32_t i = 0; i < 6; ++i)
    near.push_back(visit_at({kNear.lat_e6 + i * 100, kNear.lon_e6}));
  wait_for(near.back());
  std::set<std::size_t> places;
  for (std::size_t round = 0; round < 5; ++round) {
    const JobId given = claim(kInspector).job;
    DecisionView decision;
    ASSERT_TRUE(scheduler_.find_decision(given, decision));
    ASSERT_EQ(decision.drawn_count, std::min<std::size_t>(3, near.size()));
    EXPECT_EQ(decision.compared, near.size() + 1);
    EXPECT_EQ(decision.passed_over, far);
    std::array<JobId, kDrawnMax> drawn{};
    for (std::size_t i = 0; i < decision.drawn_count; ++i) {
      drawn.at(i) = decision.drawn[i].job;
      EXPECT_NE(decision.drawn[i].job, far);
      EXPECT_LE(decision.drawn[i].metres, near_equal_metres(decision.drawn[0].metres, 50));
    }
    const std::span among = std::span(drawn).first(decision.drawn_count);
    EXPECT_EQ(among[choose_near_equal(decision.seed, among.size())], given);
    places.insert(static_cast<std::size_t>(std::ranges::find(among, given) - among.begin()));
    std::erase(near, given);
  }
  EXPECT_GT(places.size(), 1U) << "always the same of them";
}

TEST_F(NearVisitTest, VisitBeyondWhatIsAboutAsNearIsNotDrawn) {
  look_near(8, 60);
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kHere);
  visit_at({kHere.lat_e6 + 4'600, kHere.lon_e6});  // 511 m, and the nearest is at 0
  wait_for(near);
  DecisionView decision;
  ASSERT_EQ(claim(kInspector).job, near);
  ASSERT_TRUE(scheduler_.find_decision(near, decision));
  EXPECT_EQ(decision.drawn_count, 1);
  EXPECT_EQ(decision.drawn[0], (DrawnView{near, 0}));
  EXPECT_EQ(decision.passed_over, far);
}

TEST_F(NearVisitTest, VisitThatCannotWaitGoesFirst) {
  look_near(4, 839);  // of the 840 minutes it has, some have passed
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kNear);
  wait_for(near);
  EXPECT_EQ(claim(kInspector).job, far);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(far, decision));
  EXPECT_EQ(raw(decision.passed_over), 0U);
  EXPECT_EQ(decision.drawn_count, 0);
}

TEST_F(NearVisitTest, NextVisitIsNearTheLastOneOfTheDay) {
  look_near(4, 60);
  const JobId far = visit_at(kFar);
  const JobId beside_far = visit_at({kFar.lat_e6 + 100, kFar.lon_e6});
  const JobId near = visit_at(kNear);
  wait_for(near);
  Reassign reassign;
  reassign.job = far;
  reassign.expert = kInspector;
  ASSERT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(claim(kInspector).job, beside_far);
  EXPECT_EQ(claim(kInspector).job, near);
}

TEST_F(NearVisitTest, NextDayBeginsAtHome) {
  look_near(4, 60);
  wait(20 * 60);  // the half-days that can still be had are tomorrow's
  const JobId far = visit_at(kFar);
  const JobId beside_far = visit_at({kFar.lat_e6 + 100, kFar.lon_e6});
  const JobId near = visit_at(kNear);
  Reassign reassign;
  reassign.job = far;
  reassign.expert = kInspector;
  ASSERT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).refusal, Refusal::kNone);
  Hold hold;
  hold.job = far;
  ASSERT_EQ(apply(CommandKind::kHold, hold, supervisor()).refusal, Refusal::kNone);
  wait_for(near);
  EXPECT_EQ(job_view(beside_far).state, JobState::kReady);
  EXPECT_EQ(claim(kInspector).job, near);
}

TEST_F(NearVisitTest, SoManyOfEachDistrictAreLookedAt) {
  look_near(1, 60);
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kNear);
  wait_for(near);
  EXPECT_EQ(claim(kInspector).job, far);
}

TEST_F(NearVisitTest, VisitsOfTheOwnOfficeAreLookedAtToo) {
  look_near(4, 60);
  const JobId far = visit_at(kFar);
  DefineService service;
  service.service = kNewBuild;
  service.version = 2;
  service.stage_count = 2;
  service.stages[0] = {
      Stage::kFileFormation, Skill::kFile, Confirmer::kNobody, Reach::kCity, 0, 0, 30, 0, 420};
  service.stages[1] = {Stage::kSiteInspection,
                       Skill::kInspect,
                       Confirmer::kNobody,
                       Reach::kOffice,
                       kStageNeedsAppointment,
                       0,
                       60,
                       0,
                       840};
  ASSERT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
  const JobId near = visit_at(kNear);
  wait_for(near);
  ASSERT_EQ(job_view(near).reach_office, kOffice);
  EXPECT_EQ(claim(kInspector).job, near);
  EXPECT_EQ(claim(kInspector).job, far);
}

TEST_F(NearVisitTest, MunicipalWorkFarAwayComesBeforeOtherWorkAtHand) {
  look_near(4, 60);
  const JobId far = visit_at(kFar);
  const JobId near = visit_at(kNear, kOthers);
  wait_for(near);
  EXPECT_EQ(claim(kInspector).job, far);
}

// ---- the second look at what is started (I7) ----

// Whether the start is refused is asked elsewhere: what counts here is what is counted.
TEST_F(DispatchTest, WhatGoesBeforeMunicipalWorkIsCounted) {
  submit(kReport, kOthers);
  const Outcome other = claim(kClerk);
  ASSERT_NE(raw(other.job), 0U);
  submit(kReport, kCity);
  start(other, kClerk);
  EXPECT_EQ(scheduler_.stats().municipal_first_violations, 0U);
}

TEST_F(DispatchTest, WhatConcernsADeclaredRelativeConcernsTheExpert) {
  DefineExpert body = defined(kClerk, kOffice, 0);
  body.relatives[0] = PersonId{501};
  body.relatives[kRelativesMax - 1] = PersonId{502};
  ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  SubmitCase of_owner = submission(kReport);
  of_owner.owner = PersonId{501};
  SubmitCase of_designer = submission(kReport);
  of_designer.designer = PersonId{502};
  const Outcome first = apply(CommandKind::kSubmitCase, of_owner, office());
  const Outcome second = apply(CommandKind::kSubmitCase, of_designer, office());
  for (const Outcome& filed : {first, second}) {
    EXPECT_EQ(scheduler_.plan_filter_of(filed.job, kClerk, now_), Filter::kConflict);
    EXPECT_EQ(scheduler_.plan_filter_of(filed.job, kOtherClerk, now_), Filter::kNone);
  }
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  ExpertView view;
  ASSERT_TRUE(scheduler_.find_expert(kClerk, view));
  EXPECT_EQ(view.relatives, body.relatives);
  body.relatives = {PersonId{502}};
  ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(first.job).holder, kClerk);
  EXPECT_EQ(raw(job_view(second.job).holder), 0U);
  body.relatives[1] = body.person;
  const Outcome refused = apply(CommandKind::kDefineExpert, body, supervisor());
  EXPECT_EQ(refused.refusal, Refusal::kNotCompatible);
  EXPECT_EQ(refused.field, Field::kPerson);
}

TEST_F(DispatchTest, TheSecondLookTellsWhatStandsBeforeTheWorkOfOthers) {
  EXPECT_EQ(scheduler_.look_for_municipal(kClerk).waiting, (std::array{0U, 0U}));
  submit(kReport, kOthers);
  submit(kReport, kCity);
  SubmitCase own = submission(kReport);
  own.designer = PersonId{1000 + std::uint64_t{raw(kClerk)}};
  const Outcome urgent = apply(CommandKind::kSubmitCase, own, office());
  Expedite expedite;
  expedite.id = urgent.case_id;
  expedite.note = text<79>("a hospital");
  ASSERT_EQ(apply(CommandKind::kExpedite, expedite, supervisor()).refusal, Refusal::kNone);

  const MunicipalLook look = scheduler_.look_for_municipal(kClerk);
  EXPECT_EQ(look.waiting, (std::array{1U, 1U}));
  EXPECT_EQ(look.fitting, (std::array{0U, 1U}));
  EXPECT_EQ(look.removed[static_cast<std::size_t>(Filter::kConflict)], 1U);
  EXPECT_FALSE(look.cut);
  EXPECT_EQ(scheduler_.look_for_municipal(kOtherClerk).fitting, (std::array{1U, 1U}));
  EXPECT_EQ(scheduler_.look_for_municipal(kInspector).waiting, (std::array{0U, 0U}));
  EXPECT_EQ(scheduler_.look_for_municipal(ExpertId{63}).waiting, (std::array{0U, 0U}));
}

// ---- who of those who wait is nearest ----

class WaitingInspectorsTest : public NearVisitTest {
 protected:
  static constexpr ExpertId kFarInspector{7};

  void SetUp() override {
    NearVisitTest::SetUp();
    define_expert(kFarInspector, kOtherOffice, {Skill::kInspect});
    DefineExpert body = defined(kFarInspector, kOtherOffice, 0);
    body.home = kFar;
    apply(CommandKind::kDefineExpert, body, supervisor());
  }

  void weigh(std::uint16_t load, std::uint16_t travel, std::uint16_t share) {
    SetPolicy policy;
    policy.near_equal_count = 1;
    policy.compared_count = 8;
    policy.load_weight = load;
    policy.travel_weight = travel;
    policy.share_weight = share;
    policy.claim_wait_minutes = 1440;
    set_policy(policy);
  }

  // Both wait when the visit at the far end becomes ready.
  JobId far_visit_while_both_wait() {
    const JobId visit = visit_at(kFar);
    claim(kInspector);
    claim(kFarInspector);
    wait_for(visit);
    return visit;
  }
};

TEST_F(WaitingInspectorsTest, EquallyLoadedGoByNumberWhereTheWayDoesNotCount) {
  weigh(1000, 0, 0);
  EXPECT_EQ(job_view(far_visit_while_both_wait()).holder, kInspector);
}

TEST_F(WaitingInspectorsTest, NearerOneGetsTheVisitAndTheRecordSaysWhy) {
  weigh(1000, 1000, 0);
  const JobId visit = far_visit_while_both_wait();
  EXPECT_EQ(job_view(visit).holder, kFarInspector);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(visit, decision));
  EXPECT_EQ(decision.compared, 2);
  EXPECT_EQ(decision.weights, (ChoiceWeights{1000, 1000, 0}));
  ASSERT_EQ(decision.near_equal_count, 1);
  EXPECT_EQ(decision.near_equal[0].metres, 0U);
}

TEST_F(WaitingInspectorsTest, LoadOutweighsTheWayWhenItShould) {
  weigh(1000, 1, 0);  // twenty kilometres count less than a visit does
  const JobId before = visit_at(kHere);
  wait_for(before);
  work(kFarInspector);
  EXPECT_EQ(job_view(far_visit_while_both_wait()).holder, kInspector);
}

TEST_F(WaitingInspectorsTest, PlannedVisitOfTheDayCountsAsAPlaceToo) {
  weigh(1000, 1000, 0);
  DefineExpert body = defined(kFarInspector, kOtherOffice, 0);
  body.home = kHere;  // nobody is near the visit but by plan
  apply(CommandKind::kDefineExpert, body, supervisor());
  wait(13 * 60);  // what is filed now is visited tomorrow morning
  const JobId planned = visit_at(kFar);
  const JobId visit = visit_at(kFar);
  ApplyPlan plan;
  plan.snapshot_op = scheduler_.op_applied();
  plan.count = 1;
  plan.lines[0].job = planned;
  plan.lines[0].expert = kFarInspector;
  plan.lines[0].start_minute =
      static_cast<std::uint32_t>(job_view(planned).appointment.ms / kMsPerMinute + 13 * 60);
  plan.lines[0].flags = kPlanMovesAppointment;
  plan.lines[0].state = job_view(planned).state;
  plan.lines[0].reason = Reason::kOther;
  ASSERT_EQ(apply(CommandKind::kApplyPlan, plan, supervisor()).refusal, Refusal::kNone);
  PlanView reserved;
  ASSERT_TRUE(scheduler_.find_plan(planned, reserved));
  claim(kInspector);
  claim(kFarInspector);
  wait_for(visit);
  EXPECT_EQ(job_view(visit).holder, kFarInspector);
}

TEST_F(WaitingInspectorsTest, OfficeThatDidLessOfTheCitysWorkComesFirst) {
  weigh(0, 0, 1000);
  submit(kReport);
  work(kClerk);  // the clerk's office finished a job, the inspectors' loads do not count
  EXPECT_EQ(job_view(far_visit_while_both_wait()).holder, kFarInspector);
}

}  // namespace
}  // namespace permitd::tests
