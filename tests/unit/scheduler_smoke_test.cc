// Goal: each command of the core does its work once through, and its refusals are the ones
// promised. Method: a city of two offices and a few experts, driven command by command; every test
// ends by counting the jobs again and by reading back the state's own bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "scheduler/decision.h"
#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

using SchedulerSmoke = SmallCity;

TEST_F(SchedulerSmoke, CaseGoesFromFilingToDelivery) {
  const Outcome filed = submit(kNewBuild);
  ASSERT_EQ(filed.refusal, Refusal::kNone);
  EXPECT_EQ(raw(filed.case_id), 1U);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kRegistered);
  work(kClerk);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kInProgress);
  const JobView visit = job_view(case_view(filed.case_id).current_job);
  EXPECT_EQ(visit.state, JobState::kScheduled);
  EXPECT_EQ(scheduler_.explain_stuck(visit.job).cause, Stuck::kAppointmentAhead);
  wait((visit.appointment.ms - now_.ms) / kMsPerMinute);
  work(kInspector);
  EXPECT_EQ(job_view(visit.job).state, JobState::kDone);
  EXPECT_EQ(scheduler_.explain_stuck(visit.job).cause, Stuck::kAwaitingConfirmation);
  work(kHead);
  EXPECT_EQ(job_view(visit.job).state, JobState::kConfirmed);
  work(kClerk);
  work(kReviewer);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kAwaitingDecision);
  RecordDecision decision;
  decision.id = filed.case_id;
  decision.approved = 1;
  EXPECT_EQ(apply(CommandKind::kRecordDecision, decision, office()).refusal, Refusal::kNotAllowed);
  EXPECT_EQ(apply(CommandKind::kRecordDecision, decision, supervisor()).refusal, Refusal::kNone);
  const JobId delivery = case_view(filed.case_id).current_job;
  EXPECT_EQ(job_view(delivery).state, JobState::kBlocked);
  EXPECT_EQ(scheduler_.explain_stuck(delivery).cause, Stuck::kFeesNotPaid);
  EXPECT_EQ(apply(CommandKind::kRecordFees, RecordFees{filed.case_id, 1000}, office()).refusal,
            Refusal::kNone);
  EXPECT_EQ(job_view(delivery).state, JobState::kReady);
  work(kOtherClerk);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kDelivered);
  EXPECT_EQ(apply(CommandKind::kCloseCase, CloseCase{filed.case_id}, office()).refusal,
            Refusal::kNone);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kClosed);
  std::array<HistoryView, 64> history;
  EXPECT_GT(scheduler_.list_history(filed.case_id, 0, history), 20U);
}

TEST_F(SchedulerSmoke, SameKeyGivesTheSameAnswerAndAnotherBodyIsRefused) {
  Command command = make(CommandKind::kSubmitCase, submission(kReport), office());
  const Outcome first = scheduler_.apply(command);
  command.op = Op{raw(command.op) + 1};
  Outcome again = scheduler_.apply(command);
  EXPECT_EQ(again.repeated, 1);
  again.repeated = 0;
  EXPECT_EQ(again, first);
  command.op = Op{raw(command.op) + 1};
  command.body.submit_case.floors = 9;
  EXPECT_EQ(scheduler_.apply(command).refusal, Refusal::kKeyReused);
  command.op = Op{raw(command.op) + 1};
  command.key = {};
  EXPECT_EQ(scheduler_.apply(command).refusal, Refusal::kKeyMissing);
  EXPECT_EQ(scheduler_.stats().cases_submitted, 1U);
}

TEST_F(SchedulerSmoke, JobBecomingReadyGoesToTheLeastLoadedOfThoseWhoWait) {
  EXPECT_EQ(raw(claim(kClerk, 2).job), 0U);
  const Outcome filed = submit(kReport);
  EXPECT_EQ(job_view(filed.job).state, JobState::kAssigned);
  EXPECT_EQ(job_view(filed.job).holder, kClerk);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(filed.job, decision));
  EXPECT_EQ(decision.chosen, kClerk);
  EXPECT_FALSE(decision.by_claim);
  const std::span candidates(decision.near_equal.data(), decision.near_equal_count);
  EXPECT_EQ(candidates[choose_near_equal(decision.seed, candidates.size())].expert, kClerk);
}

TEST_F(SchedulerSmoke, LeaseThatRunsOutGoesBackAndItsTokenIsStale) {
  const Outcome filed = submit(kReport);
  const Outcome lease = claim(kClerk);
  ASSERT_EQ(lease.job, filed.job);
  EXPECT_EQ(start(lease, kOtherClerk).refusal, Refusal::kNotHolder);
  wait(31);
  EXPECT_EQ(job_view(lease.job).state, JobState::kReady);
  EXPECT_EQ(job_view(lease.job).attempts, 1);
  EXPECT_EQ(start(lease, kClerk).refusal, Refusal::kStaleLease);
  const Outcome second = claim(kOtherClerk);
  EXPECT_EQ(second.job, lease.job);
  EXPECT_GT(raw(second.token), raw(lease.token));
  EXPECT_EQ(start({.job = second.job, .token = lease.token}, kOtherClerk).refusal,
            Refusal::kStaleLease);
  EXPECT_EQ(scheduler_.stats().leases_expired, 1U);
}

TEST_F(SchedulerSmoke, TooManyAttemptsEscalateAndReleaseBringsTheJobBack) {
  const Outcome filed = submit(kReport);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(claim(kClerk).job, filed.job);
    wait(31);
  }
  EXPECT_EQ(job_view(filed.job).state, JobState::kEscalated);
  EXPECT_EQ(scheduler_.explain_stuck(filed.job).cause, Stuck::kEscalated);
  EXPECT_EQ(apply(CommandKind::kRelease, Release{filed.job, {}}, supervisor()).refusal,
            Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).attempts, 0);
  EXPECT_EQ(claim(kClerk).job, filed.job);
}

TEST_F(SchedulerSmoke, DeclinedJobGoesToSomebodyElse) {
  const Outcome filed = submit(kReport);
  const Outcome lease = claim(kClerk);
  Decline decline;
  decline.job = lease.job;
  decline.token = lease.token;
  decline.reason = Reason::kNone;
  EXPECT_EQ(apply(CommandKind::kDecline, decline, expert(kClerk)).refusal, Refusal::kMissing);
  decline.reason = Reason::kTooFar;
  EXPECT_EQ(apply(CommandKind::kDecline, decline, expert(kClerk)).refusal, Refusal::kNone);
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(claim(kOtherClerk).job, filed.job);
}

TEST_F(SchedulerSmoke, MunicipalWorkComesFirstEvenBetweenAssignmentAndStart) {
  submit(kReport, kOthers);
  const Outcome municipal = submit(kReport, kCity);
  EXPECT_EQ(claim(kClerk).job, municipal.job);
  const Outcome other = claim(kOtherClerk);
  ASSERT_NE(raw(other.job), 0U);
  const Outcome late = submit(kReport, kCity);
  const Outcome refused = start(other, kOtherClerk);
  EXPECT_EQ(refused.refusal, Refusal::kNotEligible);
  EXPECT_EQ(refused.job, late.job);
  EXPECT_EQ(claim(kClerk).job, late.job);
  EXPECT_EQ(start(other, kOtherClerk).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.stats().municipal_first_violations, 0U);
}

TEST_F(SchedulerSmoke, FeesHaveAnAmountThatIsKept) {
  const Outcome filed = submit(kNewBuild);
  for (const std::uint64_t amount : {0ULL, 1'000'000'000'000'001ULL}) {
    const Outcome refused =
        apply(CommandKind::kRecordFees, RecordFees{filed.case_id, amount}, office());
    EXPECT_EQ(refused.refusal, Refusal::kOutOfRange);
    EXPECT_EQ(refused.field, Field::kAmount);
  }
  EXPECT_FALSE(case_view(filed.case_id).fees_paid);
  const RecordFees most{filed.case_id, 1'000'000'000'000'000};
  EXPECT_EQ(apply(CommandKind::kRecordFees, most, office()).refusal, Refusal::kNone);
  EXPECT_TRUE(case_view(filed.case_id).fees_paid);
  EXPECT_EQ(case_view(filed.case_id).fees_rial, most.amount_rial);
  EXPECT_EQ(apply(CommandKind::kRecordFees, RecordFees{filed.case_id, 1}, office()).refusal,
            Refusal::kNothingToDo);
}

TEST_F(SchedulerSmoke, WorkThatWaitsTooLongIsAnAlarm) {
  constexpr std::size_t kMunicipal = raw(PriorityClass::kMunicipal);
  constexpr std::size_t kFile = raw(Skill::kFile);
  SetPolicy policy;
  policy.waiting_alarm_minutes = 100;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  submit(kReport);
  wait(99);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(scheduler_.stats().waiting_minutes[kMunicipal][kFile], 99U);
  EXPECT_FALSE(scheduler_.stats().waiting_alarm(kMunicipal, kFile));
  wait(1);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_TRUE(scheduler_.stats().waiting_alarm(kMunicipal, kFile));
  EXPECT_FALSE(scheduler_.stats().waiting_alarm(raw(PriorityClass::kOther), kFile));
  work(kClerk);
  EXPECT_FALSE(scheduler_.stats().waiting_alarm(kMunicipal, kFile));
  EXPECT_EQ(scheduler_.stats().waiting_minutes[kMunicipal][kFile], 0U);
}

TEST_F(SchedulerSmoke, PausedClockGoesOnWithTheTimeThatWasLeft) {
  const Outcome filed = submit(kReport);
  wait(100);
  const Outcome lease = claim(kClerk);
  start(lease, kClerk);
  EXPECT_EQ(give_back(lease, kClerk, Reason::kDocumentsIncomplete).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kAwaitingApplicant);
  EXPECT_EQ(job_view(filed.job).remaining_minutes, 320);
  EXPECT_EQ(job_view(filed.job).deadline, kNever);
  EXPECT_EQ(job_view(filed.job).band, SlaBand::kPaused);
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  wait(5000);
  EXPECT_EQ(apply(CommandKind::kAnswerCase, AnswerCase{filed.case_id}, office()).refusal,
            Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).remaining_minutes, 320);
  EXPECT_EQ(job_view(filed.job).deadline.ms, now_.ms + 320 * kMsPerMinute);
}

TEST_F(SchedulerSmoke, SilentApplicantLapses) {
  const Outcome filed = submit(kReport);
  const Outcome lease = claim(kClerk);
  start(lease, kClerk);
  give_back(lease, kClerk, Reason::kDocumentsIncomplete);
  wait(90LL * 24 * 60);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kLapsed);
  EXPECT_EQ(job_view(filed.job).state, JobState::kCancelled);
}

TEST_F(SchedulerSmoke, ConfirmerReturnsADefectAndReworkFollows) {
  const Outcome filed = submit(kNewBuild);
  work(kClerk);
  const JobId visit = case_view(filed.case_id).current_job;
  wait((job_view(visit).appointment.ms - now_.ms) / kMsPerMinute);
  work(kInspector);
  const Outcome lease = claim(kHead);
  start(lease, kHead);
  EXPECT_EQ(give_back(lease, kHead, Reason::kDefect).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(visit).state, JobState::kReturned);
  const JobView rework = job_view(case_view(filed.case_id).current_job);
  EXPECT_TRUE(rework.rework);
  EXPECT_EQ(rework.stage, Stage::kSiteInspection);
  EXPECT_EQ(scheduler_.flow(Stage::kSiteInspection, kOffice).rework, 1U);
  EXPECT_EQ(scheduler_.flow(Stage::kSiteInspection, kOffice).returned, 1U);
}

TEST_F(SchedulerSmoke, LargeAreaNeedsASecondReviewerWhoIsAnother) {
  SubmitCase big = submission(kNewBuild);
  big.area_m2 = 5000;
  const Outcome filed = apply(CommandKind::kSubmitCase, big, office());
  work(kClerk);
  wait((job_view(case_view(filed.case_id).current_job).appointment.ms - now_.ms) / kMsPerMinute);
  work(kInspector);
  work(kHead);
  work(kClerk);
  work(kReviewer);
  const JobView second = job_view(case_view(filed.case_id).current_job);
  EXPECT_EQ(second.kind, JobKind::kConfirmation);
  EXPECT_EQ(raw(claim(kReviewer).job), 0U);
  EXPECT_EQ(claim(kSecondReviewer).job, second.job);
}

// One person under two numbers has one pair of eyes.
TEST_F(SchedulerSmoke, SecondReviewerMayNotBeTheSamePersonUnderAnotherNumber) {
  const ExpertId twin{8};
  DefineExpert body;
  body.expert = twin;
  body.office = kOtherOffice;
  body.state = ExpertState::kCertified;
  body.person = PersonId{1000 + std::uint64_t{raw(kReviewer)}};
  ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  SetCertificate certificate;
  certificate.expert = twin;
  certificate.skill = Skill::kReview;
  certificate.valid_until = {kStart.ms + 365LL * 24 * 60 * kMsPerMinute};
  ASSERT_EQ(apply(CommandKind::kSetCertificate, certificate, supervisor()).refusal, Refusal::kNone);
  SubmitCase big = submission(kNewBuild);
  big.area_m2 = 5000;
  const Outcome filed = apply(CommandKind::kSubmitCase, big, office());
  work(kClerk);
  wait((job_view(case_view(filed.case_id).current_job).appointment.ms - now_.ms) / kMsPerMinute);
  work(kInspector);
  work(kHead);
  work(kClerk);
  work(kReviewer);
  const JobView second = job_view(case_view(filed.case_id).current_job);
  ASSERT_EQ(second.kind, JobKind::kConfirmation);
  EXPECT_EQ(raw(claim(twin).job), 0U);
  EXPECT_EQ(claim(kSecondReviewer).job, second.job);
}

TEST_F(SchedulerSmoke, SuspendedOfficeGivesItsWorkBack) {
  submit(kReport);
  const Outcome lease = claim(kClerk);
  start(lease, kClerk);
  SetOfficeState change;
  change.office = kOffice;
  change.state = OfficeState::kSuspended;
  EXPECT_EQ(apply(CommandKind::kSetOfficeState, change, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(lease.job).state, JobState::kReady);
  EXPECT_EQ(claim(kClerk).filter, Filter::kOffice);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kOfficeNotActive);
  EXPECT_EQ(claim(kOtherClerk).job, lease.job);
}

TEST_F(SchedulerSmoke, AbsenceTakesEffectWhenItBegins) {
  submit(kReport);
  const Outcome lease = claim(kClerk);
  SetAbsence absence;
  absence.expert = kClerk;
  absence.from = {now_.ms + 10 * kMsPerMinute};
  absence.until = {now_.ms + 100 * kMsPerMinute};
  EXPECT_EQ(apply(CommandKind::kSetAbsence, absence, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(lease.job).state, JobState::kAssigned);
  wait(10);
  EXPECT_EQ(job_view(lease.job).state, JobState::kReady);
  EXPECT_EQ(claim(kClerk).filter, Filter::kAbsence);
  wait(90);
  EXPECT_EQ(claim(kClerk).job, lease.job);
}

TEST_F(SchedulerSmoke, HoldReleaseExpediteReassignCancel) {
  const Outcome filed = submit(kReport);
  Hold hold;
  hold.job = filed.job;
  hold.pauses_clock = 1;
  EXPECT_EQ(apply(CommandKind::kHold, hold, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kHeld);
  wait(200);
  EXPECT_EQ(apply(CommandKind::kRelease, Release{filed.job, {}}, supervisor()).refusal,
            Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).remaining_minutes, 420);
  Expedite expedite;
  expedite.id = filed.case_id;
  EXPECT_EQ(apply(CommandKind::kExpedite, expedite, supervisor()).refusal, Refusal::kMissing);
  expedite.note = text<79>("the mayor asked");
  EXPECT_EQ(apply(CommandKind::kExpedite, expedite, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).priority, PriorityClass::kExpedited);
  Reassign reassign;
  reassign.job = filed.job;
  reassign.expert = kInspector;
  EXPECT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).filter, Filter::kSkill);
  reassign.expert = kOtherClerk;
  EXPECT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).holder, kOtherClerk);
  EXPECT_EQ(apply(CommandKind::kCancel, Cancel{filed.job, {}}, supervisor()).refusal,
            Refusal::kWrongState);
  EXPECT_EQ(apply(CommandKind::kHold, hold, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(apply(CommandKind::kCancel, Cancel{filed.job, {}}, supervisor()).refusal,
            Refusal::kNone);
  EXPECT_EQ(case_view(filed.case_id).state, CaseState::kRejected);
}

TEST_F(SchedulerSmoke, BlockedUntilTheServiceIsActivatedAgain) {
  const Outcome filed = submit(kReport);
  ActivateService off;
  off.office = kOffice;
  off.service = kReport;
  EXPECT_EQ(apply(CommandKind::kActivateService, off, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kServiceNotActive);
  work(kOtherClerk);
  const JobId next = case_view(filed.case_id).current_job;
  EXPECT_EQ(job_view(next).state, JobState::kBlocked);
  EXPECT_EQ(scheduler_.explain_stuck(next).cause, Stuck::kServiceNotActive);
  off.from = {now_.ms + 30 * kMsPerMinute};
  off.until = kNever;
  EXPECT_EQ(apply(CommandKind::kActivateService, off, supervisor()).refusal, Refusal::kNone);
  wait(31);
  EXPECT_EQ(job_view(next).state, JobState::kReady);
}

TEST_F(SchedulerSmoke, CalendarEditMovesDeadlinesAndSaysSo) {
  const Outcome filed = submit(kReport);
  SetCalendarDays days;
  days.first_day = 20'000;
  days.count = 10;
  for (std::size_t i = 0; i < days.count; ++i) {
    days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
    days.length_minutes[i] = i == 1 ? 0 : 240;
  }
  EXPECT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(filed.job).deadline.ms, kStart.ms + (2 * 1440 + 180) * kMsPerMinute);
  const auto events = scheduler_.events();
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [](const Event& e) { return e.kind == EventKind::kDeadlineMoved; }),
            1);
  wait(241);
  EXPECT_EQ(claim(kClerk).filter, Filter::kShift);
  EXPECT_EQ(scheduler_.explain_stuck(filed.job).cause, Stuck::kCalendarClosed);
}

TEST_F(SchedulerSmoke, FullTablesForgetClosedCasesAndThenRefuse) {
  std::uint32_t accepted = 0;
  Outcome last;
  for (int i = 0; i < 80; ++i) {
    last = submit(kReport);
    if (last.refusal == Refusal::kNone) ++accepted;
  }
  EXPECT_EQ(accepted, 64U);
  EXPECT_EQ(last.refusal, Refusal::kCasesFull);
  WithdrawCase withdraw;
  withdraw.id = CaseId{1};
  EXPECT_EQ(apply(CommandKind::kWithdrawCase, withdraw, office()).refusal, Refusal::kNone);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kNone);
  CaseView gone;
  EXPECT_FALSE(scheduler_.find_case(CaseId{1}, gone));
}

// What loads a city takes a number that is no greater for a version that is known (`version`), and
// must not take places that are full for it.
TEST_F(SchedulerSmoke, VersionsWithoutAPlaceLackItAndNotAGreaterNumber) {
  DefineService service;
  service.service = kReport;
  service.stage_count = 1;
  service.stages[0].effort_minutes = service.stages[0].sla_minutes = 60;
  service.effective_minute = 20'001 * 1440;  // to come: none makes room for another
  const auto expect_refused = [](const Outcome& outcome, Field field) {
    EXPECT_EQ(outcome.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(outcome.field, field);
  };
  const auto define = [&] { return apply(CommandKind::kDefineService, service, supervisor()); };
  for (service.version = 2; service.version <= kServiceVersionsMax; ++service.version)
    ASSERT_EQ(define().refusal, Refusal::kNone);
  expect_refused(define(), Field::kLimits);
  --service.version;
  expect_refused(define(), Field::kVersion);

  SetLicenceRules rules;
  rules.licensee.fields = rules.manager.fields = field_bit(DegreeField::kUrbanPlanning);
  rules.effective_from = Tick{kStart.ms + kMsPerMinute};
  const auto set = [&] { return apply(CommandKind::kSetLicenceRules, rules, supervisor()); };
  for (rules.version = 1; rules.version <= kLicenceRulesMax; ++rules.version)
    ASSERT_EQ(set().refusal, Refusal::kNone);
  expect_refused(set(), Field::kLimits);
  --rules.version;
  expect_refused(set(), Field::kVersion);
}

}  // namespace
}  // namespace permitd::tests
