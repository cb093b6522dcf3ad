// Goal: a lease never outlives what gives its holder the right to the job, ends by a journaled tick
// with the reason for it, and is never shortened by asking for more. Method: each of the ends put
// closer than the policy's lease, one at a time.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

class ExpertFlowTest : public SmallCity {
 protected:
  Tick after(std::int64_t minutes) const { return {now_.ms + minutes * kMsPerMinute}; }

  // Today open for so many minutes from now; the following days for seven hours.
  void open_for(std::uint16_t minutes) {
    SetCalendarDays days;
    days.first_day = 20'000;
    days.count = 5;
    for (std::size_t i = 0; i < days.count; ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
      days.length_minutes[i] = i == 0 ? minutes : 420;
    }
    ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
  }

  void expect_back(JobId job, Reason reason) {
    EXPECT_EQ(job_view(job).state, JobState::kReady);
    EXPECT_EQ(job_view(job).reason, reason);
    EXPECT_EQ(job_view(job).attempts, 1);
  }

  void amend_designer(CaseId id, PersonId designer) {
    AmendCase amend;
    amend.id = id;
    amend.designer = designer;
    ASSERT_EQ(apply(CommandKind::kAmendCase, amend, office()).refusal, Refusal::kNone);
  }

  static PersonId person(ExpertId id) { return PersonId{1000 + std::uint64_t{raw(id)}}; }

  void certify_clerk(Tick until) {
    SetCertificate body;
    body.expert = kClerk;
    body.skill = Skill::kFile;
    body.valid_until = until;
    ASSERT_EQ(apply(CommandKind::kSetCertificate, body, supervisor()).refusal, Refusal::kNone);
  }

  // Of kOffice, by somebody who meets the rules.
  void replace_manager(PersonId manager) {
    SetLicenceRules rules;
    rules.version = 1;
    rules.effective_from = kStart;
    rules.licensee.fields = rules.manager.fields = field_bit(DegreeField::kArchitecture);
    ASSERT_EQ(apply(CommandKind::kSetLicenceRules, rules, supervisor()).refusal, Refusal::kNone);
    SetTechnicalManager body;
    body.office = kOffice;
    body.change = ManagerChange::kReplace;
    body.day = static_cast<std::int32_t>(now_.ms / (24 * 60 * kMsPerMinute));
    body.person.person = manager;
    body.person.birth_day = body.day - 40 * 366;
    body.person.nationality = Nationality::kIranian;
    body.person.degree = Degree::kBachelor;
    body.person.field = DegreeField::kArchitecture;
    ASSERT_EQ(apply(CommandKind::kSetTechnicalManager, body, supervisor()).refusal, Refusal::kNone);
  }

  // Of kNew, who is defined as certified and has no certificate yet.
  void define_new() { define_expert(kNew, kOffice, {}); }

  Outcome certify_new(Skill skill, Tick from, Tick until) {
    SetCertificate body;
    body.expert = kNew;
    body.skill = skill;
    body.valid_from = from;
    body.valid_until = until;
    return apply(CommandKind::kSetCertificate, body, supervisor());
  }

  Outcome set_new(ExpertState state) {
    SetExpertState change;
    change.expert = kNew;
    change.state = state;
    return apply(CommandKind::kSetExpertState, change, supervisor());
  }

  Outcome suspend_new(Tick until) {
    SetExpertState change;
    change.expert = kNew;
    change.state = ExpertState::kSuspended;
    change.until = until;
    return apply(CommandKind::kSetExpertState, change, supervisor());
  }

  Outcome suspend_new_ahead(Tick from, Tick until = kNever) {
    SetExpertState change;
    change.expert = kNew;
    change.state = ExpertState::kSuspended;
    change.reason = Reason::kViolation;
    change.from = from;
    change.until = until;
    return apply(CommandKind::kSetExpertState, change, supervisor());
  }

  Tick begin_of_suspension() const {
    ExpertView view;
    EXPECT_TRUE(scheduler_.find_expert(kNew, view));
    return view.suspended_from;
  }

  Tick end_of_suspension() const {
    ExpertView view;
    EXPECT_TRUE(scheduler_.find_expert(kNew, view));
    return view.suspended_until;
  }

  ExpertState state_of_new() const {
    ExpertView view;
    EXPECT_TRUE(scheduler_.find_expert(kNew, view));
    return view.state;
  }

  // What the last command said of the expert's state.
  std::vector<Event> moves() const {
    std::vector<Event> found;
    for (const Event& event : scheduler_.events()) {
      if (event.kind == EventKind::kExpertChanged) found.push_back(event);
    }
    return found;
  }

  static void expect_move(const Event& event, ExpertState before, ExpertState after, Actor actor,
                          Reason reason) {
    EXPECT_EQ(event.expert, kNew);
    EXPECT_EQ(event.office, kOffice);
    EXPECT_EQ(event.before, raw(before));
    EXPECT_EQ(event.after, raw(after));
    EXPECT_EQ(event.actor, actor);
    EXPECT_EQ(event.reason, reason);
  }

  static void expect_expiry(const Event& event) {
    expect_move(event, ExpertState::kCertified, ExpertState::kExpired, engine(),
                Reason::kCertificateLapsed);
  }

  static constexpr ExpertId kNew{9};

  void activate(Tick until) {
    ActivateService body;
    body.office = kOffice;
    body.service = kReport;
    body.until = until;
    ASSERT_EQ(apply(CommandKind::kActivateService, body, supervisor()).refusal, Refusal::kNone);
  }

  void leave(Tick from) {
    SetAbsence body;
    body.expert = kClerk;
    body.reason = Reason::kIllness;
    body.from = from;
    body.until = {from.ms + 60 * kMsPerMinute};
    ASSERT_EQ(apply(CommandKind::kSetAbsence, body, supervisor()).refusal, Refusal::kNone);
  }
};

TEST_F(ExpertFlowTest, LeaseEndsWithTheShift) {
  open_for(20);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(20));
  start(lease, kClerk);
  wait(19);
  EXPECT_EQ(apply(CommandKind::kRenew, Renew{lease.job, lease.token}, expert(kClerk)).until,
            lease.until);
  wait(1);
  expect_back(lease.job, Reason::kNotOnShift);
  EXPECT_EQ(complete(lease, kClerk).refusal, Refusal::kStaleLease);
}

TEST_F(ExpertFlowTest, ShiftCutShortTakesItsLeasesWithIt) {
  open_for(300);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(30));
  open_for(10);
  wait(0);
  EXPECT_EQ(job_view(lease.job).lease_until, after(10));
  wait(10);
  expect_back(lease.job, Reason::kNotOnShift);
}

TEST_F(ExpertFlowTest, LeaseEndsWithTheCertificate) {
  certify_clerk(after(12));
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(12));
  wait(12);
  expect_back(lease.job, Reason::kCertificateLapsed);
}

TEST_F(ExpertFlowTest, CertificateCutShortCutsTheLease) {
  submit(kReport);
  const Outcome lease = claim(kClerk);
  certify_clerk(after(5));
  EXPECT_EQ(job_view(lease.job).lease_until, after(5));
  wait(5);
  expect_back(lease.job, Reason::kCertificateLapsed);
}

TEST_F(ExpertFlowTest, LeaseEndsWithTheActivationOfItsService) {
  activate(after(7));
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(7));
  wait(7);
  expect_back(lease.job, Reason::kServiceNotActive);
}

TEST_F(ExpertFlowTest, ActivationThatEndsAtOnceTakesTheJobBack) {
  submit(kReport);
  const Outcome lease = claim(kClerk);
  activate({});
  expect_back(lease.job, Reason::kServiceNotActive);
}

TEST_F(ExpertFlowTest, ACaseAmendedToConcernItsHolderIsTakenAwayStartedOrNot) {
  for (const bool is_started : {false, true}) {
    const Outcome filed = submit(kReport);
    const Outcome lease = claim(kClerk);
    ASSERT_EQ(lease.job, filed.job);
    if (is_started) {
      ASSERT_EQ(start(lease, kClerk).refusal, Refusal::kNone);
    }
    amend_designer(filed.case_id, person(kOtherClerk));
    EXPECT_EQ(job_view(lease.job).holder, kClerk) << "it concerns somebody else";
    amend_designer(filed.case_id, person(kClerk));
    expect_back(lease.job, Reason::kConflictOfInterest);
    EXPECT_EQ(start(lease, kClerk).refusal, Refusal::kStaleLease);
    EXPECT_EQ(complete(lease, kClerk).refusal, Refusal::kStaleLease);
    EXPECT_EQ(scheduler_.plan_filter_of(lease.job, kClerk, now_), Filter::kConflict);
  }
}

TEST_F(ExpertFlowTest, WhatIsTakenFromWhomItConcernsIsOfferedToAnother) {
  const Outcome filed = submit(kReport);
  const Outcome lease = claim(kClerk);
  ASSERT_EQ(raw(claim(kOtherClerk).job), 0U);
  amend_designer(filed.case_id, person(kClerk));
  EXPECT_EQ(job_view(lease.job).state, JobState::kAssigned);
  EXPECT_EQ(job_view(lease.job).holder, kOtherClerk);
}

TEST_F(ExpertFlowTest, ADeclaredRelativeTakesAwayTheJobsThatConcernOne) {
  for (const bool is_started : {false, true}) {
    DefineExpert body;
    body.expert = kClerk;
    body.office = kOffice;
    body.state = ExpertState::kCertified;
    body.person = person(kClerk);
    ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
    SubmitCase of_another = submission(kReport);
    of_another.owner = PersonId{78};
    const Outcome kept = apply(CommandKind::kSubmitCase, of_another, office());
    ASSERT_EQ(claim(kClerk).job, kept.job);
    const Outcome filed = submit(kReport);
    const Outcome lease = claim(kClerk);
    ASSERT_EQ(lease.job, filed.job);
    if (is_started) {
      ASSERT_EQ(start(lease, kClerk).refusal, Refusal::kNone);
    }
    body.relatives[1] = PersonId{77};  // the owner
    ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
    expect_back(lease.job, Reason::kConflictOfInterest);
    EXPECT_EQ(job_view(kept.job).holder, kClerk);
    Reassign elsewhere;
    elsewhere.job = lease.job;
    elsewhere.expert = kOtherClerk;
    ASSERT_EQ(apply(CommandKind::kReassign, elsewhere, supervisor()).refusal, Refusal::kNone);
  }
}

TEST_F(ExpertFlowTest, ANewManagerTakesAwayTheVisitsThatConcernHim) {
  const PersonId owner{9999};
  SubmitCase of_manager = submission(kNewBuild);
  of_manager.owner = owner;
  const Outcome filed = apply(CommandKind::kSubmitCase, of_manager, office());
  work(kClerk);
  const JobId inspection = case_view(filed.case_id).current_job;
  wait((job_view(inspection).appointment.ms - now_.ms) / kMsPerMinute);
  const Outcome lease = claim(kInspector);
  ASSERT_EQ(lease.job, inspection);
  ASSERT_EQ(start(lease, kInspector).refusal, Refusal::kNone);
  of_manager.service = kReport;
  const JobId filing = apply(CommandKind::kSubmitCase, of_manager, office()).job;
  ASSERT_EQ(claim(kClerk).job, filing);
  replace_manager(owner);
  EXPECT_EQ(complete(lease, kInspector).refusal, Refusal::kStaleLease) << "even before the tick";
  wait(0);
  expect_back(inspection, Reason::kConflictOfInterest);
  EXPECT_EQ(job_view(filing).holder, kClerk)
      << "no role that the office's persons keep anybody from";
}

TEST_F(ExpertFlowTest, LeaseEndsWhenAnAbsenceBegins) {
  leave(after(9));
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(9));
  wait(9);
  expect_back(lease.job, Reason::kIllness);
}

TEST_F(ExpertFlowTest, FieldLeaseEndsWithTheCertificateToo) {
  const Outcome filed = submit(kNewBuild);
  work(kClerk);
  const JobId visit = case_view(filed.case_id).current_job;
  wait((job_view(visit).appointment.ms - now_.ms) / kMsPerMinute);
  SetCertificate body;
  body.expert = kInspector;
  body.skill = Skill::kInspect;
  body.valid_until = after(90);
  ASSERT_EQ(apply(CommandKind::kSetCertificate, body, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(claim(kInspector).until, after(90));
}

TEST_F(ExpertFlowTest, LeaseThatIsNotRenewedIsStillAnExpiredOne) {
  open_for(300);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  wait(30);
  expect_back(lease.job, Reason::kLeaseExpired);
  EXPECT_EQ(scheduler_.stats().leases_expired, 1U);
}

// Until the next tick came, a lease was held to its old end: a job could be started after the edit
// that had closed the day.
TEST_F(ExpertFlowTest, AnEditOfTheShiftEndsLeasesBeforeTheNextTick) {
  open_for(300);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  now_ = after(5);
  open_for(15);
  EXPECT_EQ(job_view(lease.job).lease_until, after(10));
  open_for(5);
  EXPECT_EQ(start(lease, kClerk).refusal, Refusal::kStaleLease);
  wait(0);
  expect_back(lease.job, Reason::kNotOnShift);
}

TEST_F(ExpertFlowTest, RenewalNeverShortensALease) {
  submit(kReport);
  const Outcome lease = claim(kClerk);
  SetPolicy shorter;
  shorter.lease_minutes = 5;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, shorter, supervisor()).refusal, Refusal::kNone);
  const auto renew = [&] {
    return apply(CommandKind::kRenew, Renew{lease.job, lease.token}, expert(kClerk)).until;
  };
  EXPECT_EQ(renew(), lease.until);
  wait(28);
  EXPECT_EQ(renew(), after(5));
}

TEST_F(ExpertFlowTest, WithTheLastCertificateACertifiedExpertExpires) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(12)).refusal, Refusal::kNone);
  ASSERT_EQ(certify_new(Skill::kAdmin, after(30), after(40)).refusal, Refusal::kNone);
  wait(39);
  EXPECT_EQ(state_of_new(), ExpertState::kCertified);
  wait(1);
  EXPECT_EQ(state_of_new(), ExpertState::kExpired);
  ASSERT_EQ(moves().size(), 1U);
  expect_expiry(moves()[0]);
  EXPECT_EQ(claim(kNew).filter, Filter::kCertificate);
  wait(24 * 60);
  EXPECT_EQ(state_of_new(), ExpertState::kExpired);
}

TEST_F(ExpertFlowTest, WhatAnExpiredExpertHeldComesBackAsWithAnyLapse) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(12)).refusal, Refusal::kNone);
  submit(kReport);
  const Outcome lease = claim(kNew, 2);
  start(lease, kNew);
  wait(12);
  EXPECT_EQ(state_of_new(), ExpertState::kExpired);
  expect_back(lease.job, Reason::kCertificateLapsed);
  ExpertView view;
  ASSERT_TRUE(scheduler_.find_expert(kNew, view));
  EXPECT_FALSE(view.available);
}

TEST_F(ExpertFlowTest, ACertificateBringsBackWhoHasExpired) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(100)).refusal, Refusal::kNone);
  EXPECT_EQ(certify_new(Skill::kFile, {}, {}).state, raw(ExpertState::kExpired));  // revoked
  ASSERT_EQ(moves().size(), 1U);
  expect_expiry(moves()[0]);
  EXPECT_EQ(certify_new(Skill::kFile, after(-20), after(0)).state, raw(ExpertState::kExpired));
  EXPECT_TRUE(moves().empty());
  EXPECT_EQ(certify_new(Skill::kAdmin, after(10), after(20)).state, raw(ExpertState::kCertified));
  ASSERT_EQ(moves().size(), 1U);
  expect_move(moves()[0], ExpertState::kExpired, ExpertState::kCertified, supervisor(),
              Reason::kNone);
  wait(20);
  EXPECT_EQ(state_of_new(), ExpertState::kExpired);
}

TEST_F(ExpertFlowTest, OnlyWhoIsCertifiedAndHadACertificateExpires) {
  define_new();
  wait(24 * 60);
  define_new();
  EXPECT_EQ(state_of_new(), ExpertState::kCertified);  // waits for the first one
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(10)).refusal, Refusal::kNone);
  ASSERT_EQ(set_new(ExpertState::kSuspended).refusal, Refusal::kNone);
  wait(10);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  EXPECT_EQ(set_new(ExpertState::kCertified).state, raw(ExpertState::kExpired));
  ASSERT_EQ(moves().size(), 2U);
  expect_move(moves()[0], ExpertState::kSuspended, ExpertState::kCertified, supervisor(),
              Reason::kNone);
  expect_expiry(moves()[1]);
  ASSERT_EQ(set_new(ExpertState::kLeft).refusal, Refusal::kNone);
  EXPECT_EQ(certify_new(Skill::kFile, {}, after(10)).refusal, Refusal::kWrongState);
  wait(10);
  EXPECT_EQ(state_of_new(), ExpertState::kLeft);
}

TEST_F(ExpertFlowTest, NobodyIsGrantedACertificateBeforeTheExamOrAfterLeaving) {
  const auto expect_refused = [&](ExpertState state) {
    ASSERT_EQ(state_of_new(), state);
    const Outcome outcome = certify_new(Skill::kFile, {}, after(100));
    EXPECT_EQ(outcome.refusal, Refusal::kWrongState);
    EXPECT_EQ(outcome.field, Field::kState);
    EXPECT_EQ(outcome.state, raw(state));
    EXPECT_TRUE(scheduler_.events().empty());
    ExpertView view;
    ASSERT_TRUE(scheduler_.find_expert(kNew, view));
    EXPECT_EQ(view.certified_until, decltype(view.certified_until){});
  };
  DefineExpert body;
  body.expert = kNew;
  body.office = kOffice;
  body.state = ExpertState::kCandidate;
  body.degree = Degree::kDoctorate;
  body.person = person(kNew);
  ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  expect_refused(ExpertState::kCandidate);
  for (const ExpertState state : {ExpertState::kInTraining, ExpertState::kExamPending}) {
    ASSERT_EQ(set_new(state).refusal, Refusal::kNone);
    expect_refused(state);
  }
  ASSERT_EQ(set_new(ExpertState::kLeft).refusal, Refusal::kNone);
  expect_refused(ExpertState::kLeft);
  for (const ExpertState state : {ExpertState::kCandidate, ExpertState::kInTraining,
                                  ExpertState::kExamPending, ExpertState::kCertified}) {
    ASSERT_EQ(set_new(state).refusal, Refusal::kNone);
  }
  EXPECT_EQ(certify_new(Skill::kFile, {}, after(100)).refusal, Refusal::kNone);
}

TEST_F(ExpertFlowTest, ACertificateIsRevokedInAnyStateAndRenewedInSuspension) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(100)).refusal, Refusal::kNone);
  ASSERT_EQ(set_new(ExpertState::kSuspended).refusal, Refusal::kNone);
  EXPECT_EQ(certify_new(Skill::kFile, {}, after(200)).refusal, Refusal::kNone);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  ASSERT_EQ(set_new(ExpertState::kLeft).refusal, Refusal::kNone);
  EXPECT_EQ(certify_new(Skill::kFile, {}, after(200)).refusal, Refusal::kNothingToDo)
      << "as a city file that is loaded again says";
  EXPECT_EQ(certify_new(Skill::kFile, {}, {}).refusal, Refusal::kNone);
  EXPECT_EQ(state_of_new(), ExpertState::kLeft);
}

TEST_F(ExpertFlowTest, ASuspensionWithAnEndIsOverByItself) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(1000)).refusal, Refusal::kNone);
  submit(kReport);
  const Outcome lease = claim(kNew);
  ASSERT_EQ(suspend_new(after(30)).refusal, Refusal::kNone);
  expect_back(lease.job, Reason::kExpertSuspended);
  wait(29);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  wait(1);
  EXPECT_EQ(state_of_new(), ExpertState::kCertified);
  ASSERT_EQ(moves().size(), 1U);
  expect_move(moves()[0], ExpertState::kSuspended, ExpertState::kCertified, engine(),
              Reason::kSuspensionOver);
  EXPECT_EQ(end_of_suspension(), kNever);
  EXPECT_EQ(claim(kNew).job, lease.job);
}

TEST_F(ExpertFlowTest, WhoComesBackWithoutACertificateHasExpired) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(10)).refusal, Refusal::kNone);
  ASSERT_EQ(suspend_new(after(30)).refusal, Refusal::kNone);
  wait(30);
  ASSERT_EQ(moves().size(), 2U);
  expect_move(moves()[0], ExpertState::kSuspended, ExpertState::kCertified, engine(),
              Reason::kSuspensionOver);
  expect_expiry(moves()[1]);
}

TEST_F(ExpertFlowTest, TheEndOfASuspensionIsAheadAndMayBeMoved) {
  const auto expect_refused = [this](const Outcome& outcome, Refusal refusal, Field field) {
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, field);
    EXPECT_TRUE(scheduler_.events().empty());
  };
  define_new();
  expect_refused(suspend_new(now_), Refusal::kOutOfRange, Field::kValidity);
  SetExpertState left;
  left.expert = kNew;
  left.state = ExpertState::kLeft;
  left.until = after(10);
  expect_refused(apply(CommandKind::kSetExpertState, left, supervisor()), Refusal::kNotCompatible,
                 Field::kValidity);
  ASSERT_EQ(suspend_new(after(30)).refusal, Refusal::kNone);
  expect_refused(suspend_new(after(30)), Refusal::kNothingToDo, Field::kState);
  ASSERT_EQ(suspend_new(after(60)).refusal, Refusal::kNone);
  EXPECT_EQ(end_of_suspension(), after(60));
  wait(30);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  ASSERT_EQ(set_new(ExpertState::kSuspended).refusal, Refusal::kNone);  // without an end
  EXPECT_EQ(end_of_suspension(), kNever);
  wait(60);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  ASSERT_EQ(suspend_new(after(30)).refusal, Refusal::kNone);
  ASSERT_EQ(set_new(ExpertState::kCertified).refusal, Refusal::kNone);
  EXPECT_EQ(end_of_suspension(), kNever);
}

TEST_F(ExpertFlowTest, ASuspensionThatIsAheadBeginsByItself) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(1000)).refusal, Refusal::kNone);
  const Outcome said = suspend_new_ahead(after(20), after(50));
  EXPECT_EQ(said.state, raw(ExpertState::kCertified));
  ASSERT_EQ(moves().size(), 1U);
  expect_move(moves()[0], ExpertState::kCertified, ExpertState::kCertified, supervisor(),
              Reason::kViolation);
  EXPECT_EQ(begin_of_suspension(), after(20));
  EXPECT_EQ(end_of_suspension(), after(50));
  submit(kReport);
  const Outcome lease = claim(kNew);
  EXPECT_EQ(lease.until, after(20));
  wait(20);
  ASSERT_EQ(moves().size(), 1U);
  expect_move(moves()[0], ExpertState::kCertified, ExpertState::kSuspended, engine(),
              Reason::kViolation);
  expect_back(lease.job, Reason::kExpertSuspended);
  EXPECT_EQ(begin_of_suspension(), kNever);
  EXPECT_EQ(end_of_suspension(), after(30));
  EXPECT_EQ(claim(kNew).filter, Filter::kCertificate);
  wait(30);
  EXPECT_EQ(state_of_new(), ExpertState::kCertified);
  EXPECT_EQ(claim(kNew).job, lease.job);
}

TEST_F(ExpertFlowTest, AClaimThatWaitsIsOverWhenASuspensionBegins) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(1000)).refusal, Refusal::kNone);
  ASSERT_EQ(suspend_new_ahead(after(10)).refusal, Refusal::kNone);
  claim(kNew);
  now_ = after(10);  // and no tick yet
  const Outcome filed = submit(kReport);
  EXPECT_EQ(job_view(filed.job).state, JobState::kReady);
  EXPECT_EQ(claim(kNew).filter, Filter::kCertificate);
}

TEST_F(ExpertFlowTest, AnotherStateTakesBackASuspensionThatIsAhead) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(1000)).refusal, Refusal::kNone);
  ASSERT_EQ(suspend_new_ahead(after(20)).refusal, Refusal::kNone);
  EXPECT_EQ(suspend_new_ahead(after(20)).refusal, Refusal::kNothingToDo);
  ASSERT_EQ(suspend_new_ahead(after(30), after(40)).refusal, Refusal::kNone);
  EXPECT_EQ(begin_of_suspension(), after(30));
  ASSERT_EQ(set_new(ExpertState::kCertified).refusal, Refusal::kNone);
  EXPECT_EQ(begin_of_suspension(), kNever);
  EXPECT_EQ(end_of_suspension(), kNever);
  EXPECT_EQ(set_new(ExpertState::kCertified).refusal, Refusal::kNothingToDo);
  wait(60);
  EXPECT_EQ(state_of_new(), ExpertState::kCertified);
  ASSERT_EQ(suspend_new_ahead(after(20), after(40)).refusal, Refusal::kNone);
  ASSERT_EQ(suspend_new(kNever).refusal, Refusal::kNone);  // at once, without an end
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  EXPECT_EQ(begin_of_suspension(), kNever);
  wait(60);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
  EXPECT_EQ(suspend_new_ahead(after(20)).refusal, Refusal::kWrongState);
}

TEST_F(ExpertFlowTest, WhoHasExpiredByThenIsSuspendedAllTheSame) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(10)).refusal, Refusal::kNone);
  ASSERT_EQ(suspend_new_ahead(after(20)).refusal, Refusal::kNone);
  wait(10);
  EXPECT_EQ(state_of_new(), ExpertState::kExpired);
  EXPECT_EQ(begin_of_suspension(), after(10));
  wait(10);
  ASSERT_EQ(moves().size(), 1U);
  expect_move(moves()[0], ExpertState::kExpired, ExpertState::kSuspended, engine(),
              Reason::kViolation);
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(100)).refusal, Refusal::kNone);
  EXPECT_EQ(state_of_new(), ExpertState::kSuspended);
}

TEST_F(ExpertFlowTest, TheBeginOfASuspensionIsAheadAndBeforeItsEnd) {
  define_new();
  ASSERT_EQ(certify_new(Skill::kFile, {}, after(1000)).refusal, Refusal::kNone);
  const auto expect_refused = [this](const Outcome& outcome, Refusal refusal) {
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, Field::kValidity);
    EXPECT_TRUE(scheduler_.events().empty());
  };
  expect_refused(suspend_new_ahead(after(0)), Refusal::kOutOfRange);
  expect_refused(suspend_new_ahead(after(10), after(10)), Refusal::kOutOfRange);
  expect_refused(suspend_new_ahead(after(10), after(5)), Refusal::kOutOfRange);
  SetExpertState left;
  left.expert = kNew;
  left.state = ExpertState::kLeft;
  left.from = after(10);
  expect_refused(apply(CommandKind::kSetExpertState, left, supervisor()), Refusal::kNotCompatible);
}

TEST_F(ExpertFlowTest, TrainingWantsTheDegreeOfThePolicy) {
  DefineExpert body;
  body.expert = kNew;
  body.office = kOffice;
  body.state = ExpertState::kCandidate;
  body.person = PersonId{1009};
  const auto define = [&](Degree degree) {
    body.degree = degree;
    return apply(CommandKind::kDefineExpert, body, supervisor());
  };
  const auto train = [&] {
    SetExpertState change;
    change.expert = kNew;
    change.state = ExpertState::kInTraining;
    return apply(CommandKind::kSetExpertState, change, supervisor());
  };
  const auto expect_unmet = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(outcome.field, Field::kDegree);
  };
  EXPECT_EQ(define(Degree{5}).field, Field::kDegree);
  ASSERT_EQ(define(Degree::kNone).refusal, Refusal::kNone);
  expect_unmet(train());
  ASSERT_EQ(define(Degree::kAssociate).refusal, Refusal::kNone);
  SetPolicy policy;
  policy.expert_degree = Degree::kBachelor;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  expect_unmet(train());
  ASSERT_EQ(define(Degree::kBachelor).refusal, Refusal::kNone);
  EXPECT_EQ(train().refusal, Refusal::kNone);
  expect_unmet(define(Degree::kAssociate));  // in training now
  ExpertView view;
  ASSERT_TRUE(scheduler_.find_expert(kNew, view));
  EXPECT_EQ(view.degree, Degree::kBachelor);

  body.expert = ExpertId{10};
  body.person = PersonId{1010};
  body.state = ExpertState::kExamPending;
  expect_unmet(define(Degree::kAssociate));
  EXPECT_EQ(define(Degree::kMaster).refusal, Refusal::kNone);
}

}  // namespace
}  // namespace permitd::tests
