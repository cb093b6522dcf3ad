// Goal: why a job stands still, and why it went to whom it went, is what is so: the first true
// cause, how many each filter keeps from it, which jobs came before. Method: one thing after the
// other put in the way of one job.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

class ExplainTest : public SmallCity {
 protected:
  StuckView why(const Outcome& filed) const { return scheduler_.explain_stuck(filed.job); }
  static std::uint32_t kept(const StuckView& stuck, Filter filter) {
    return stuck.removed[raw(filter)];
  }

  void expect_nobody_fits(const StuckView& stuck) {
    EXPECT_EQ(stuck.cause, Stuck::kNobodyFits);
    EXPECT_EQ(stuck.certified, 2U);
    EXPECT_EQ(stuck.with_capacity, 0U);
  }

  void make_absent(ExpertId id) {
    SetAbsence body;
    body.expert = id;
    body.from = now_;
    body.until = {now_.ms + 60 * kMsPerMinute};
    ASSERT_EQ(apply(CommandKind::kSetAbsence, body, supervisor()).refusal, Refusal::kNone);
  }

  void certify(ExpertId id, Skill skill, Tick until) {
    SetCertificate body;
    body.expert = id;
    body.skill = skill;
    body.valid_until = until;
    ASSERT_EQ(apply(CommandKind::kSetCertificate, body, supervisor()).refusal, Refusal::kNone);
  }

  void work_in(ExpertId id, OfficeId where, std::uint32_t districts) {
    DefineExpert body;
    body.expert = id;
    body.office = where;
    body.state = ExpertState::kCertified;
    body.person = PersonId{1000 + std::uint64_t{raw(id)}};
    body.districts = districts;
    ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  }

  void give(const Outcome& filed, ExpertId who) {
    Reassign body;
    body.job = filed.job;
    body.expert = who;
    ASSERT_EQ(apply(CommandKind::kReassign, body, supervisor()).refusal, Refusal::kNone);
  }

  // Today open for twenty minutes; the following days for seven hours.
  void open_for_twenty_minutes() {
    SetCalendarDays days;
    days.first_day = 20'000;
    days.count = 5;
    for (std::size_t i = 0; i < days.count; ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
      days.length_minutes[i] = i == 0 ? 20 : 420;
    }
    ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
  }

  Outcome submit_of(PersonId owner, PersonId relative = {}, District district = 5) {
    SubmitCase body = submission(kReport);
    body.owner = owner;
    body.relative = relative;
    body.district = district;
    return apply(CommandKind::kSubmitCase, body, office());
  }

  void allow_units(std::uint16_t units_per_day) {
    SetPolicy policy;
    policy.capacity_units_per_day = units_per_day;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  // A case whose visit is the next thing.
  Outcome file_visit() {
    const Outcome filed = submit(kNewBuild);
    work(kClerk);
    return filed;
  }
  void wait_for_visit(const Outcome& filed) {
    const JobId job = case_view(filed.case_id).current_job;
    wait((job_view(job).appointment.ms - now_.ms) / kMsPerMinute);
  }
  void visit(const Outcome& filed, ExpertId who) {
    wait_for_visit(filed);
    work(who);
  }

  static PersonId person(ExpertId id) { return PersonId{1000 + std::uint64_t{raw(id)}}; }
};

TEST_F(ExplainTest, NobodyIsCertified) {
  const Outcome filed = submit(kReport);
  for (const ExpertId id : {kClerk, kOtherClerk}) certify(id, Skill::kFile, {now_.ms + 1});
  wait(1);
  EXPECT_EQ(why(filed).cause, Stuck::kNoCertifiedExpert);
  EXPECT_EQ(why(filed).certified, 0U);
}

TEST_F(ExplainTest, AnOfficeThatIsNotActiveAndAnAbsenceAreToldApart) {
  const Outcome filed = submit(kReport);
  SetOfficeState body;
  body.office = kOtherOffice;
  body.state = OfficeState::kSuspended;
  ASSERT_EQ(apply(CommandKind::kSetOfficeState, body, supervisor()).refusal, Refusal::kNone);
  make_absent(kClerk);
  const StuckView stuck = why(filed);
  expect_nobody_fits(stuck);
  EXPECT_EQ(kept(stuck, Filter::kOffice), 1U);
  EXPECT_EQ(kept(stuck, Filter::kAbsence), 1U);
  EXPECT_EQ(kept(stuck, Filter::kCapacity), 0U);
}

TEST_F(ExplainTest, AnOfficeWithoutTheServiceKeepsItsPeopleFromIt) {
  const Outcome filed = submit(kReport);
  ActivateService body;
  body.office = kOtherOffice;
  body.service = kReport;
  ASSERT_EQ(apply(CommandKind::kActivateService, body, supervisor()).refusal, Refusal::kNone);
  const StuckView stuck = why(filed);
  EXPECT_EQ(stuck.cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(stuck.with_capacity, 1U);
  EXPECT_EQ(kept(stuck, Filter::kOffice), 1U);
}

TEST_F(ExplainTest, ConflictAndDistrictAreToldApart) {
  work_in(kOtherClerk, kOtherOffice, 1U << 6);
  const StuckView stuck = why(submit_of(person(kClerk)));
  expect_nobody_fits(stuck);
  EXPECT_EQ(kept(stuck, Filter::kConflict), 1U);
  EXPECT_EQ(kept(stuck, Filter::kDistrict), 1U);
}

TEST_F(ExplainTest, ADayThatIsBookedOutIsCapacity) {
  allow_units(1);
  give(submit(kReport), kClerk);
  give(submit(kReport), kOtherClerk);
  const StuckView stuck = why(submit(kReport));
  expect_nobody_fits(stuck);
  EXPECT_EQ(kept(stuck, Filter::kCapacity), 2U);
}

TEST_F(ExplainTest, AClosedCalendarIsTheCauseOnlyForThoseItKeeps) {
  open_for_twenty_minutes();
  const Outcome filed = submit(kReport);
  const Outcome nobodys = submit_of(person(kClerk), person(kOtherClerk));
  wait(30);
  apply(CommandKind::kTick, TickBody{}, engine());
  const StuckView closed = why(filed);
  EXPECT_EQ(closed.cause, Stuck::kCalendarClosed);
  EXPECT_EQ(closed.until.ms, kStart.ms + std::int64_t{1440} * kMsPerMinute);
  EXPECT_EQ(kept(closed, Filter::kShift), 2U);
  const StuckView never = why(nobodys);
  expect_nobody_fits(never);
  EXPECT_EQ(kept(never, Filter::kConflict), 2U);
}

TEST_F(ExplainTest, MunicipalWorkThatWaitsIsTheCauseForAnotherOrganisation) {
  const Outcome other = submit(kReport, kOthers);
  EXPECT_EQ(why(other).cause, Stuck::kNobodyAvailable);
  const Outcome municipal = submit(kReport);
  const StuckView stuck = why(other);
  EXPECT_EQ(stuck.cause, Stuck::kMunicipalFirst);
  EXPECT_EQ(stuck.with_capacity, 2U);
  EXPECT_EQ(stuck.municipal_asked, 2U);
  EXPECT_EQ(stuck.municipal_first, 2U);
  EXPECT_EQ(why(municipal).cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(why(municipal).municipal_asked, 0U);
  SetPolicy policy;
  policy.reserved_share_percent = 100;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(why(other).cause, Stuck::kNobodyAvailable) << "the share lets it go first";
}

TEST_F(ExplainTest, OneForWhomNoMunicipalWorkWaitsIsEnough) {
  const Outcome other = submit(kReport, kOthers);
  submit_of(person(kOtherClerk));
  const StuckView stuck = why(other);
  EXPECT_EQ(stuck.cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(stuck.municipal_asked, 2U);
  EXPECT_EQ(stuck.municipal_first, 1U);
}

TEST_F(ExplainTest, WhoInspectedACaseIsKeptFromItsReviewByFourEyes) {
  certify(kReviewer, Skill::kInspect, kNever);
  const Outcome filed = file_visit();
  visit(filed, kReviewer);
  work(kHead);
  work(kClerk);
  const JobId review = case_view(filed.case_id).current_job;
  const StuckView stuck = scheduler_.explain_stuck(review);
  EXPECT_EQ(stuck.cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(stuck.certified, 2U);
  EXPECT_EQ(stuck.with_capacity, 1U);
  EXPECT_EQ(kept(stuck, Filter::kFourEyes), 1U);
  AmendCase amend;
  amend.id = filed.case_id;
  amend.designer = person(kReviewer);
  ASSERT_EQ(apply(CommandKind::kAmendCase, amend, office()).refusal, Refusal::kNone);
  make_absent(kSecondReviewer);
  const StuckView nobody = scheduler_.explain_stuck(review);
  expect_nobody_fits(nobody);
  EXPECT_EQ(kept(nobody, Filter::kFourEyes), 1U) << "which is asked before the conflict";
  EXPECT_EQ(kept(nobody, Filter::kConflict), 0U);
  EXPECT_EQ(kept(nobody, Filter::kAbsence), 1U);
}

TEST_F(ExplainTest, WhoHoldsAsManyJobsAsCanBeHeldIsKeptFromAnother) {
  allow_units(48);
  make_absent(kOtherClerk);
  for (std::uint32_t held = 1; held < kHeldJobsMax; ++held) give(submit(kReport), kClerk);
  const Outcome last = submit(kReport);
  EXPECT_EQ(why(last).cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(why(last).with_capacity, 1U);
  give(last, kClerk);
  const Outcome more = submit(kReport);
  expect_nobody_fits(why(more));
  EXPECT_EQ(kept(why(more), Filter::kHeldMost), 1U);
  EXPECT_EQ(kept(why(more), Filter::kCapacity), 0U);
}

TEST_F(ExplainTest, WhoVisitedTheOwnerLatelyIsKeptFromItWhileAnotherCanGo) {
  certify(kReviewer, Skill::kInspect, kNever);
  visit(file_visit(), kInspector);
  const Outcome again = file_visit();
  wait_for_visit(again);
  const JobId job = case_view(again.case_id).current_job;
  const StuckView stuck = scheduler_.explain_stuck(job);
  EXPECT_EQ(stuck.cause, Stuck::kNobodyAvailable);
  EXPECT_EQ(stuck.certified, 2U);
  EXPECT_EQ(stuck.with_capacity, 1U);
  EXPECT_EQ(kept(stuck, Filter::kPairRepeat), 1U);
  make_absent(kReviewer);
  const StuckView alone = scheduler_.explain_stuck(job);
  EXPECT_EQ(alone.cause, Stuck::kNobodyAvailable) << "nobody else can, so the pair may be repeated";
  EXPECT_EQ(alone.with_capacity, 1U);
  EXPECT_EQ(kept(alone, Filter::kPairRepeat), 0U);
  EXPECT_EQ(kept(alone, Filter::kAbsence), 1U);
}

TEST_F(ExplainTest, SomebodyWhoWaitsAndMayTakeItNowIsOfferedItAtTheNextTick) {
  allow_units(1);
  const Outcome filed = submit(kReport);
  work(kOtherClerk);
  const JobId job = case_view(filed.case_id).current_job;  // 45 minutes
  ASSERT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(scheduler_.explain_stuck(job).cause, Stuck::kNobodyFits);
  allow_units(2);
  const StuckView stuck = scheduler_.explain_stuck(job);
  EXPECT_EQ(stuck.cause, Stuck::kOfferDue);
  EXPECT_EQ(stuck.waiting, 1U);
  EXPECT_EQ(job_view(job).state, JobState::kReady);
  wait(0);
  EXPECT_EQ(scheduler_.explain_stuck(job).cause, Stuck::kNotStuck);
  EXPECT_EQ(job_view(job).holder, kClerk);
}

TEST_F(ExplainTest, AnOfferSaysHowManyWerePassedOverForMunicipalWork) {
  constexpr ExpertId kThirdClerk{7};
  define_expert(kThirdClerk, kOffice, {Skill::kFile});
  allow_units(1);
  const Outcome filed = submit_of(person(kOtherClerk));
  work(kThirdClerk);
  const JobId municipal = case_view(filed.case_id).current_job;  // 45 minutes
  ASSERT_EQ(raw(claim(kClerk).job), 0U);
  ASSERT_EQ(raw(claim(kOtherClerk).job), 0U);
  allow_units(2);  // the municipal job is due to be offered to the clerk
  const Outcome other = submit(kReport, kOthers);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(other.job, decision));
  EXPECT_EQ(decision.chosen, kOtherClerk);
  EXPECT_EQ(decision.considered, 2U);
  EXPECT_EQ(decision.near_equal_count, 1U);
  EXPECT_EQ(decision.municipal_first, 1U);
  wait(0);
  ASSERT_TRUE(scheduler_.find_decision(municipal, decision));
  EXPECT_EQ(decision.chosen, kClerk);
  EXPECT_EQ(decision.municipal_first, 0U);
}

TEST_F(ExplainTest, AnOfferOfAnotherOrganisationsWorkPassesNobodyOverWhereNoMunicipalWorkWaits) {
  ASSERT_EQ(raw(claim(kClerk).job), 0U);
  ASSERT_EQ(raw(claim(kOtherClerk).job), 0U);
  const Outcome other = submit(kReport, kOthers);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(other.job, decision));
  EXPECT_EQ(decision.considered, 2U);
  EXPECT_EQ(decision.near_equal_count, 2U);
  EXPECT_EQ(decision.municipal_first, 0U);
}

TEST_F(ExplainTest, AClaimNamesTheJobsThatCameBeforeAndDidNotFit) {
  const Outcome before = submit_of(person(kClerk));
  const Outcome given = submit_of(person(kOtherClerk), {}, 4);
  const Outcome behind = submit_of(person(kClerk));
  EXPECT_EQ(claim(kClerk).job, given.job);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(given.job, decision));
  EXPECT_TRUE(decision.by_claim);
  EXPECT_EQ(decision.considered, 3U);
  EXPECT_EQ(decision.removed[raw(Filter::kConflict)], 2U) << "of the district of the first one";
  ASSERT_EQ(decision.rejected_count, 1U) << "job " << raw(behind.job) << " is due later";
  EXPECT_EQ(decision.rejected[0].job, before.job);
  EXPECT_EQ(decision.rejected[0].expert, ExpertId{});
  EXPECT_EQ(decision.rejected[0].filter, Filter::kConflict);
}

TEST_F(ExplainTest, OfManyJobsAClaimNamesTheFirstEightInTheirOrder) {
  std::vector<JobId> before;
  for (std::uint32_t i = 0; i < 10; ++i)
    before.push_back(submit_of(person(kClerk), {}, i % 2 == 0 ? 5 : 4).job);
  const Outcome given = submit(kReport);
  EXPECT_EQ(claim(kClerk).job, given.job);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(given.job, decision));
  EXPECT_EQ(decision.removed[raw(Filter::kConflict)], 10U);
  ASSERT_EQ(decision.rejected_count, 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(decision.rejected[i].job, before[i]) << i;
}

TEST_F(ExplainTest, AnOfferNamesThePeopleWhoWereRemoved) {
  ASSERT_EQ(raw(claim(kClerk).job), 0U);
  ASSERT_EQ(raw(claim(kOtherClerk).job), 0U);
  const Outcome filed = submit_of(person(kClerk));
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(filed.job, decision));
  EXPECT_FALSE(decision.by_claim);
  EXPECT_EQ(decision.chosen, kOtherClerk);
  ASSERT_EQ(decision.rejected_count, 1U);
  EXPECT_EQ(decision.rejected[0].expert, kClerk);
  EXPECT_EQ(decision.rejected[0].job, JobId{});
}

// Through inspection and review, to where the municipality decides; the last job that was done.
TEST_F(ExplainTest, TheNewestJobOfACaseWithoutAnOpenOneTellsWhatTheCaseWaitsFor) {
  const Outcome filed = file_visit();
  visit(filed, kInspector);
  const JobId confirmation = work(kHead).job;
  work(kClerk);
  const JobId review = work(kReviewer).job;
  ASSERT_EQ(case_view(filed.case_id).state, CaseState::kAwaitingDecision);
  ASSERT_EQ(case_view(filed.case_id).current_job, JobId{});
  EXPECT_EQ(scheduler_.explain_stuck(review).cause, Stuck::kAwaitingDecision);
  EXPECT_EQ(scheduler_.explain_stuck(confirmation).cause, Stuck::kFinished) << "an older one";
  ReferCase refer;
  refer.id = filed.case_id;
  refer.refer = 1;
  ASSERT_EQ(apply(CommandKind::kReferCase, refer, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.explain_stuck(review).cause, Stuck::kReferred);
  refer.refer = 0;
  ASSERT_EQ(apply(CommandKind::kReferCase, refer, supervisor()).refusal, Refusal::kNone);
  RecordDecision decision;
  decision.id = filed.case_id;
  decision.approved = 1;
  ASSERT_EQ(apply(CommandKind::kRecordDecision, decision, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.explain_stuck(review).cause, Stuck::kFinished);
  const JobId delivery = case_view(filed.case_id).current_job;
  EXPECT_EQ(scheduler_.explain_stuck(delivery).cause, Stuck::kFeesNotPaid);
}

TEST_F(ExplainTest, AJobOfACaseThatHasEndedIsFinished) {
  const Outcome filed = submit(kReport);
  WithdrawCase withdraw;
  withdraw.id = filed.case_id;
  withdraw.reason = Reason::kApplicantRequest;
  ASSERT_EQ(apply(CommandKind::kWithdrawCase, withdraw, office()).refusal, Refusal::kNone);
  EXPECT_EQ(why(filed).cause, Stuck::kFinished);
}

TEST(CauseOfTest, ACaseSaysByItsStateWhatItWaitsFor) {
  EXPECT_EQ(cause_of(CaseState::kDraft), Stuck::kCaseDraft);
  EXPECT_EQ(cause_of(CaseState::kAwaitingApplicant), Stuck::kAwaitingApplicant);
  EXPECT_EQ(cause_of(CaseState::kAwaitingAgency), Stuck::kAwaitingAgency);
  EXPECT_EQ(cause_of(CaseState::kReferred), Stuck::kReferred);
  EXPECT_EQ(cause_of(CaseState::kDelivered), Stuck::kNotStuck);
}

class DelegableTest : public ExplainTest {
 protected:
  static constexpr ServiceId kOdd{9};

  Outcome submit_with(std::size_t stage, std::uint8_t flags) {
    DefineService service;
    service.service = kOdd;
    service.version = ++version_;
    service.stage_count = 3;
    service.stages[0] = {
        Stage::kFileFormation, Skill::kFile, Confirmer::kNobody, Reach::kCity, 0, 0, 30, 0, 420};
    service.stages[1] = {
        Stage::kAdminProcessing, Skill::kAdmin, Confirmer::kNobody, Reach::kCity, 0, 0, 45, 0, 840};
    service.stages[2] = {
        Stage::kPlanReview, Skill::kReview, Confirmer::kNobody, Reach::kCity, 0, 0, 60, 0, 840};
    service.stages[stage].flags = flags;
    EXPECT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
    ActivateService activation;
    activation.office = kOffice;
    activation.service = kOdd;
    activation.until = kNever;
    if (version_ == 1) {
      EXPECT_EQ(apply(CommandKind::kActivateService, activation, supervisor()).refusal,
                Refusal::kNone);
    }
    return submit(kOdd);
  }

  std::uint16_t version_ = 0;
};

TEST_F(DelegableTest, AStageThatIsNotMechanisedAnywhereIsNamed) {
  for (const std::size_t stage : {0U, 1U, 2U}) {
    const Outcome refused = submit_with(stage, kStageNotMechanised);
    EXPECT_EQ(refused.refusal, Refusal::kNotDelegable) << stage;
    EXPECT_EQ(refused.field, Field::kMechanised);
    const Stage named[] = {Stage::kFileFormation, Stage::kAdminProcessing, Stage::kPlanReview};
    EXPECT_EQ(refused.state, raw(named[stage]));
  }
}

TEST_F(DelegableTest, ASovereignStageKeepsItBackOnlyWhereItBegins) {
  const Outcome refused = submit_with(0, kStageIsSovereign);
  EXPECT_EQ(refused.refusal, Refusal::kNotDelegable);
  EXPECT_EQ(refused.field, Field::kSovereign);
  EXPECT_EQ(submit_with(1, kStageIsSovereign).refusal, Refusal::kNone);
  EXPECT_EQ(submit_with(1, kStageIsSovereign | kStageNotMechanised).refusal, Refusal::kNone)
      << "what is the municipality's own waits for it, mechanised or not";
}

TEST_F(DelegableTest, ADraftIsJudgedAgainWhenItIsRegistered) {
  ASSERT_EQ(submit_with(0, 0).refusal, Refusal::kNone);
  SubmitCase draft = submission(kOdd);
  draft.flags = kSubmitDraft;
  const Outcome filed = apply(CommandKind::kSubmitCase, draft, office());
  ASSERT_EQ(filed.refusal, Refusal::kNone);
  EXPECT_EQ(submit_with(2, kStageNotMechanised).refusal, Refusal::kNotDelegable);
  RegisterCase body;
  body.id = filed.case_id;
  EXPECT_EQ(apply(CommandKind::kRegisterCase, body, office()).refusal, Refusal::kNotDelegable);
}

}  // namespace
}  // namespace permitd::tests
