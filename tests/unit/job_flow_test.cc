// Goal: a confirmation whose office head is gone goes on by itself, to whom the policy names, and
// is never left where nobody can take it. Method: a visit done by the inspector of an office that
// is suspended while its head has the confirmation before or in hand, under each policy.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr ExpertId kOtherHead{7};

class JobFlowTest : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    define_expert(kOtherHead, kOtherOffice, {Skill::kConfirm});
  }

  void set_fallback(ConfirmerFallback fallback) {
    SetPolicy policy;
    policy.confirmer_fallback = fallback;
    policy.lease_minutes = 31;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  /// A case of `intake`, visited by the inspector of kOffice, whose head has to confirm.
  Outcome visited(OfficeId intake) {
    const Outcome filed = apply(CommandKind::kSubmitCase, submission(kNewBuild), office(intake));
    work(kClerk);
    const JobId visit = case_view(filed.case_id).current_job;
    wait((job_view(visit).appointment.ms - now_.ms) / kMsPerMinute);
    work(kInspector);
    return filed;
  }

  JobView current(const Outcome& filed) const {
    return job_view(case_view(filed.case_id).current_job);
  }

  void set_office(OfficeId id, OfficeState state) {
    SetOfficeState body;
    body.office = id;
    body.state = state;
    ASSERT_EQ(apply(CommandKind::kSetOfficeState, body, supervisor()).refusal, Refusal::kNone);
    wait(0);
  }

  std::size_t told(JobId job, EventKind kind, CaseId id) const {
    std::array<HistoryView, 64> history;
    const std::size_t count = scheduler_.list_history(id, 0, history);
    return static_cast<std::size_t>(std::count_if(
        history.begin(), history.begin() + static_cast<std::ptrdiff_t>(count),
        [&](const HistoryView& view) { return view.event.kind == kind && view.event.job == job; }));
  }
};

TEST_F(JobFlowTest, WaitingConfirmationGoesToAnyHeadWhenItsOfficeCloses) {
  const Outcome filed = visited(kOtherOffice);
  const JobId job = current(filed).job;
  EXPECT_EQ(current(filed).reach_office, kOffice);
  EXPECT_EQ(raw(claim(kOtherHead).job), 0U);
  set_office(kOffice, OfficeState::kSuspended);
  EXPECT_EQ(raw(current(filed).reach_office), 0U);
  EXPECT_EQ(job_view(job).holder, kOtherHead);  // who waited for work
  EXPECT_EQ(told(job, EventKind::kJobMoved, filed.case_id), 1U);
}

TEST_F(JobFlowTest, ConfirmationInHandMovesWhenItComesBack) {
  const Outcome filed = visited(kOtherOffice);
  const Outcome lease = claim(kHead);
  start(lease, kHead);
  set_office(kOffice, OfficeState::kRevoked);
  EXPECT_EQ(current(filed).state, JobState::kReady);
  EXPECT_EQ(claim(kOtherHead).job, lease.job);
}

TEST_F(JobFlowTest, MoveKeepsThePlaceByAge) {
  const Outcome filed = visited(kOtherOffice);
  const Tick since = current(filed).ready_since;
  wait(10);
  set_office(kOffice, OfficeState::kSuspended);
  EXPECT_EQ(current(filed).ready_since, since);
  EXPECT_EQ(scheduler_.stats().oldest_ready[1][raw(Skill::kConfirm)], since);
}

TEST_F(JobFlowTest, HeadOfTheIntakeOfficeConfirmsWhereThePolicySaysSo) {
  set_fallback(ConfirmerFallback::kIntakeHead);
  const Outcome filed = visited(kOtherOffice);
  set_office(kOffice, OfficeState::kSuspended);
  EXPECT_EQ(current(filed).reach_office, kOtherOffice);
  EXPECT_EQ(claim(kOtherHead).job, current(filed).job);
}

TEST_F(JobFlowTest, WithoutAnyHeadLeftTheSupervisorsGetIt) {
  set_fallback(ConfirmerFallback::kIntakeHead);
  const Outcome filed = visited(kOffice);
  set_office(kOffice, OfficeState::kSuspended);
  EXPECT_EQ(current(filed).state, JobState::kEscalated);
  EXPECT_EQ(current(filed).reason, Reason::kOfficeInactive);
  EXPECT_EQ(scheduler_.stats().escalated, 1U);
  EXPECT_EQ(raw(claim(kOtherHead).job), 0U);
  Release release;
  release.job = current(filed).job;
  ASSERT_EQ(apply(CommandKind::kRelease, release, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(current(filed).holder, kOtherHead);
}

TEST_F(JobFlowTest, SupervisorsGetItWhereThePolicySaysSo) {
  set_fallback(ConfirmerFallback::kSupervisor);
  const Outcome filed = visited(kOtherOffice);
  set_office(kOffice, OfficeState::kSuspended);
  EXPECT_EQ(current(filed).state, JobState::kEscalated);
  EXPECT_EQ(scheduler_.explain_stuck(current(filed).job).cause, Stuck::kEscalated);
}

TEST_F(JobFlowTest, ConfirmationOfAWaitingCaseMovesWhenTheCaseGoesOn) {
  const Outcome filed = visited(kOtherOffice);
  ReferCase refer;
  refer.id = filed.case_id;
  ASSERT_EQ(apply(CommandKind::kReferCase, refer, supervisor()).refusal, Refusal::kNone);
  set_office(kOffice, OfficeState::kSuspended);
  refer.refer = 0;
  ASSERT_EQ(apply(CommandKind::kReferCase, refer, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(claim(kOtherHead).job, current(filed).job);
}

TEST_F(JobFlowTest, OfficeThatComesBackAtOnceKeepsItsConfirmations) {
  const Outcome filed = visited(kOtherOffice);
  SetOfficeState body;
  body.office = kOffice;
  for (const OfficeState state : {OfficeState::kSuspended, OfficeState::kActive}) {
    body.state = state;
    ASSERT_EQ(apply(CommandKind::kSetOfficeState, body, supervisor()).refusal, Refusal::kNone);
  }
  wait(0);
  EXPECT_EQ(current(filed).reach_office, kOffice);
  EXPECT_EQ(claim(kHead).job, current(filed).job);
}

}  // namespace
}  // namespace permitd::tests
