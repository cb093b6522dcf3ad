// Goal: whoever waits in a claim is offered a ready job as soon as something makes it fit, without
// asking again. Method: one job that nobody who waits may take, then the one change that lifts the
// filter; the tick that is due at once gives it.
#include <gtest/gtest.h>

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
  visit.owner = PersonId{6000 + std::uint64_t{raw(kOffice)}};  // its technical manager
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
  body.technical_manager = PersonId{9999};
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

}  // namespace
}  // namespace permitd::tests
