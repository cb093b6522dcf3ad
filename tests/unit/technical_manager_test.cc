// Goal: an office has one technical manager whom the rules allow, whoever comes later is checked,
// and no other command is a way around that (R3), for an office that was applied for as for one
// from before the rounds. Method: one command at a time on a small city; a refusal changes nothing.
#include <gtest/gtest.h>

#include "tests/support/licensing_city.h"

namespace permitd::tests {
namespace {

class TechnicalManagerTest : public LicensingCity {};

TEST_F(TechnicalManagerTest, WithoutATechnicalManagerAnOfficeDoesNotStayActive) {
  activate_one();
  const OfficeId office{501};
  ASSERT_EQ(manager(office, ManagerChange::kSuspend).refusal, Refusal::kNone);
  EXPECT_EQ(office_state(office), OfficeState::kSuspended);
  EXPECT_EQ(state(1), LicenceState::kSuspended);
  EXPECT_EQ(set_state(office, OfficeState::kActive).field, Field::kManager);
  ASSERT_EQ(manager(office, ManagerChange::kRestore).refusal, Refusal::kNone);
  ASSERT_EQ(set_state(office, OfficeState::kActive).refusal, Refusal::kNone);
  LicencePerson young = person(300);
  young.birth_day = kToday - 20 * 365;
  EXPECT_EQ(manager(office, ManagerChange::kReplace, young).refusal, Refusal::kConditionNotMet);
  EXPECT_EQ(manager(office, ManagerChange::kReplace, young).field, Field::kAge);
  EXPECT_EQ(office_state(office), OfficeState::kActive);
  // The same for an office that was licensed before the rounds.
  ASSERT_EQ(manager(kOffice, ManagerChange::kLeave).refusal, Refusal::kNone);
  EXPECT_EQ(office_state(kOffice), OfficeState::kSuspended);
}

TEST_F(TechnicalManagerTest, ANewManagerIsNotSuspendedForTheOneBefore) {
  const PersonId first{6000 + std::uint64_t{raw(kOffice)}};
  ASSERT_EQ(manager(kOffice, ManagerChange::kSuspend).refusal, Refusal::kNone);
  ASSERT_EQ(define(kOffice, first).refusal, Refusal::kNone);
  EXPECT_EQ(set_state(kOffice, OfficeState::kActive).field, Field::kManager) << "the same one";
  ASSERT_EQ(manager(kOffice, ManagerChange::kReplace, person(6900)).refusal, Refusal::kNone);
  EXPECT_EQ(set_state(kOffice, OfficeState::kActive).refusal, Refusal::kNone);
}

// Otherwise a lapsed office could never come back once its manager had gone elsewhere.
TEST_F(TechnicalManagerTest, ALapsedOfficeWhoseManagerHasGoneElsewhereMayHaveAnother) {
  const PersonId first{6000 + std::uint64_t{raw(kOffice)}};
  ASSERT_EQ(set_state(kOffice, OfficeState::kExpired).refusal, Refusal::kNone);
  ASSERT_EQ(manager(kOtherOffice, ManagerChange::kReplace, person(raw(first))).refusal,
            Refusal::kNone);
  EXPECT_EQ(set_state(kOffice, OfficeState::kEquipping).field, Field::kManager);
  ASSERT_EQ(manager(kOffice, ManagerChange::kReplace, person(6900)).refusal, Refusal::kNone);
  EXPECT_EQ(set_state(kOffice, OfficeState::kEquipping).refusal, Refusal::kNone);
  EXPECT_EQ(set_state(kOffice, OfficeState::kActive).refusal, Refusal::kNone);
}

// To define an office again was a way around the rules, and around a suspension.
TEST_F(TechnicalManagerTest, AKnownOfficeKeepsItsManagerWhenItIsDefinedAgain) {
  const auto expect_kept = [&](OfficeId office, PersonId asked, PersonId present) {
    const Outcome outcome = define(office, asked);
    EXPECT_EQ(outcome.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(outcome.field, Field::kManager);
    EXPECT_EQ(office_view(office).technical_manager, present);
  };
  const PersonId first{6000 + std::uint64_t{raw(kOffice)}};
  expect_kept(kOffice, PersonId{6900}, first);
  ASSERT_EQ(manager(kOffice, ManagerChange::kSuspend).refusal, Refusal::kNone);
  expect_kept(kOffice, PersonId{6900}, first);
  expect_kept(kOffice, PersonId{}, first);
  ASSERT_EQ(define(kOffice, first).refusal, Refusal::kNone);
  EXPECT_EQ(office_view(kOffice).manager_state, ManagerState::kSuspended);
  ASSERT_EQ(manager(kOffice, ManagerChange::kLeave).refusal, Refusal::kNone);
  expect_kept(kOffice, first, PersonId{});

  constexpr OfficeId kThird{103};
  ASSERT_EQ(define(kThird, PersonId{}, OfficeState::kEquipping).refusal, Refusal::kNone);
  expect_kept(kThird, PersonId{6103}, PersonId{});
  ASSERT_EQ(manager(kThird, ManagerChange::kReplace, person(6103)).refusal, Refusal::kNone);
  EXPECT_EQ(set_state(kThird, OfficeState::kActive).refusal, Refusal::kNone);
  const Outcome none = define(OfficeId{104}, PersonId{});
  EXPECT_EQ(none.refusal, Refusal::kMissing);
  EXPECT_EQ(none.field, Field::kManager);
}

TEST_F(TechnicalManagerTest, ANewManagerOfAnOfficeFromBeforeTheRoundsIsChecked) {
  ask_managers_for_evidence();
  LicencePerson old = person(6900);
  old.birth_day = kToday - 56 * 366;
  EXPECT_EQ(manager(kOffice, ManagerChange::kReplace, old).refusal, Refusal::kConditionNotMet);
  EXPECT_EQ(office_state(kOffice), OfficeState::kActive);

  ASSERT_EQ(manager(kOffice, ManagerChange::kReplace, person(6900)).refusal, Refusal::kNone);
  const OfficeView replaced = office_view(kOffice);
  EXPECT_EQ(replaced.state, OfficeState::kSuspended);
  EXPECT_EQ(replaced.manager_state, ManagerState::kUnchecked);
  EXPECT_EQ(replaced.manager_checks[raw(LicenceCheck::kAge)].result, CheckResult::kPassed);
  EXPECT_EQ(replaced.manager_checks[raw(LicenceCheck::kAge)].value, 40U);
  EXPECT_EQ(replaced.manager_checks[raw(LicenceCheck::kAge)].rules_version, 2U);
  EXPECT_EQ(replaced.manager_checks[raw(LicenceCheck::kBankruptcy)].result, CheckResult::kPending);
  EXPECT_EQ(manager(kOffice, ManagerChange::kRestore).refusal, Refusal::kNothingToDo);

  const auto expect_inactive = [&] {
    EXPECT_EQ(set_state(kOffice, OfficeState::kActive).field, Field::kManager);
    EXPECT_EQ(office_view(kOffice).manager_state, ManagerState::kUnchecked);
  };
  ASSERT_EQ(check_office(kOffice, LicenceCheck::kAge).refusal, Refusal::kNone);
  EXPECT_EQ(office_view(kOffice).manager_checks[raw(LicenceCheck::kAge)].evidence,
            text<23>("letter 9"));
  ASSERT_EQ(check_office(kOffice, LicenceCheck::kMoralRecord).refusal, Refusal::kNone);
  ASSERT_EQ(check_office(kOffice, LicenceCheck::kBankruptcy).refusal, Refusal::kNone);
  expect_inactive();
  ASSERT_EQ(check_office(kOffice, LicenceCheck::kCriminalRecord, false).refusal, Refusal::kNone);
  expect_inactive();
  const Outcome last = check_office(kOffice, LicenceCheck::kCriminalRecord);
  ASSERT_EQ(last.refusal, Refusal::kNone);
  EXPECT_EQ(last.state, raw(LicenceState::kSuspended));
  EXPECT_EQ(office_view(kOffice).manager_state, ManagerState::kActive);
  EXPECT_EQ(office_view(kOffice).manager_checks[raw(LicenceCheck::kBankruptcy)].evidence,
            text<23>("letter 9"));
  EXPECT_EQ(set_state(kOffice, OfficeState::kActive).refusal, Refusal::kNone);

  ASSERT_EQ(manager(kOffice, ManagerChange::kLeave).refusal, Refusal::kNone);
  EXPECT_EQ(office_view(kOffice).manager_checks, no_checks());
}

TEST_F(TechnicalManagerTest, ChecksOfAnOfficeAreThoseOfANewManagerFromBeforeTheRounds) {
  activate_one();
  ask_managers_for_evidence();
  ASSERT_EQ(manager(kOffice, ManagerChange::kReplace, person(6900)).refusal, Refusal::kNone);
  const OfficeView before = office_view(kOffice);
  const auto expect_refused = [&](const Outcome& outcome, Refusal refusal, Field field) {
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, field);
    EXPECT_TRUE(scheduler_.events().empty());
    EXPECT_EQ(office_view(kOffice).manager_checks, before.manager_checks);
  };
  expect_refused(check_office(OfficeId{777}, LicenceCheck::kMoralRecord), Refusal::kUnknownOffice,
                 Field::kOffice);
  expect_refused(check_office(OfficeId{501}, LicenceCheck::kMoralRecord), Refusal::kNotCompatible,
                 Field::kOffice);  // the application is named
  expect_refused(check_office(kOffice, LicenceCheck::kAge, false), Refusal::kNotCompatible,
                 Field::kCheck);  // it was computed
  expect_refused(check_office(kOtherOffice, LicenceCheck::kAge), Refusal::kNotCompatible,
                 Field::kCheck);  // there nothing was
  expect_refused(check_office(kOffice, LicenceCheck::kOwnVenue), Refusal::kNotCompatible,
                 Field::kCheck);
  const Outcome checked_before = check_office(kOtherOffice, LicenceCheck::kMoralRecord);
  expect_refused(checked_before, Refusal::kWrongState, Field::kState);
  EXPECT_EQ(checked_before.state, raw(LicenceState::kActive));
  RecordLicenceCheck body;
  body.office = kOffice;
  body.subject = LicenceSubject::kLicensee;
  body.evidence = text<23>("letter 9");
  expect_refused(apply(CommandKind::kRecordLicenceCheck, body, supervisor()),
                 Refusal::kNotCompatible, Field::kPerson);
  body.subject = LicenceSubject::kManager;
  body.application = ApplicationId{1};
  expect_refused(apply(CommandKind::kRecordLicenceCheck, body, supervisor()),
                 Refusal::kNotCompatible, Field::kOffice);
  body.application = ApplicationId{};
  body.evidence = {};
  expect_refused(apply(CommandKind::kRecordLicenceCheck, body, supervisor()), Refusal::kMissing,
                 Field::kEvidence);

  ASSERT_EQ(check_office(kOffice, LicenceCheck::kMoralRecord).refusal, Refusal::kNone);
  ASSERT_EQ(scheduler_.events().size(), 1U);
  const Event& told = scheduler_.events().front();
  EXPECT_EQ(told.kind, EventKind::kLicenceChecked);
  EXPECT_EQ(told.office, kOffice);
  EXPECT_EQ(told.subject, 0U);
  EXPECT_EQ(told.before, raw(LicenceCheck::kMoralRecord) + 16U);
}

TEST_F(TechnicalManagerTest, ANewManagerOfALicenceThatWasAppliedForIsCheckedInTheSameWay) {
  activate_one();
  ask_managers_for_evidence();
  ASSERT_EQ(manager(OfficeId{501}, ManagerChange::kReplace, person(6900)).refusal, Refusal::kNone);
  EXPECT_EQ(office_state(OfficeId{501}), OfficeState::kSuspended);
  EXPECT_EQ(view(1).manager_state, ManagerState::kUnchecked);
  EXPECT_EQ(office_view(OfficeId{501}).manager_checks, no_checks()) << "the application has them";
  for (const LicenceCheck which :
       {LicenceCheck::kCriminalRecord, LicenceCheck::kMoralRecord, LicenceCheck::kBankruptcy}) {
    EXPECT_EQ(set_state(OfficeId{501}, OfficeState::kActive).field, Field::kManager);
    ASSERT_EQ(check(1, LicenceSubject::kManager, which, true).refusal, Refusal::kNone);
  }
  EXPECT_EQ(set_state(OfficeId{501}, OfficeState::kActive).refusal, Refusal::kNone);
}

TEST_F(TechnicalManagerTest, ATechnicalManagerIsOfOneOfficeWhateverTheRound) {
  constexpr OfficeId kThirdOffice{103};
  const auto expect_engaged = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.refusal, Refusal::kNotCompatible);
    EXPECT_EQ(outcome.field, Field::kManager);
  };
  const auto define = [&](OfficeState state) {
    DefineOffice body;
    body.office = kThirdOffice;
    body.district = 1;
    body.state = state;
    body.licensee = PersonId{5103};
    body.technical_manager = PersonId{6102};
    return apply(CommandKind::kDefineOffice, body, supervisor());
  };
  const auto set_state = [&](OfficeId office, OfficeState state) {
    SetOfficeState body;
    body.office = office;
    body.state = state;
    body.reason = Reason::kSupervisorOrder;
    return apply(CommandKind::kSetOfficeState, body, supervisor());
  };
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  ApplyForLicence taken = request(1);
  taken.manager = person(6102);  // of the other office
  expect_engaged(file(taken));
  expect_engaged(manager(kOffice, ManagerChange::kReplace, person(6102)));
  expect_engaged(define(OfficeState::kActive));
  expect_engaged(define(OfficeState::kEquipping));
  ASSERT_EQ(set_state(kOtherOffice, OfficeState::kSuspended).refusal, Refusal::kNone);
  expect_engaged(file(taken));

  ASSERT_EQ(file(request(1)).refusal, Refusal::kNone);
  expect_engaged(manager(kOffice, ManagerChange::kReplace, person(201)));
  ASSERT_EQ(withdraw(1).refusal, Refusal::kNone);
  EXPECT_EQ(manager(kOffice, ManagerChange::kReplace, person(201)).refusal, Refusal::kNone);

  // A place that is given up sets its manager free, for any round and any office.
  ASSERT_EQ(file(request(2)).refusal, Refusal::kNone);
  ASSERT_EQ(close().refusal, Refusal::kNone);
  ASSERT_EQ(board(2).refusal, Refusal::kNone);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  ASSERT_EQ(state(2), LicenceState::kSelected);
  expect_engaged(manager(kOffice, ManagerChange::kReplace, person(202)));
  ASSERT_EQ(withdraw(2).refusal, Refusal::kNone);
  ASSERT_EQ(state(2), LicenceState::kSurrendered);
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  ApplyForLicence again = request(2);
  again.round = RoundId{2};
  EXPECT_EQ(file(again).refusal, Refusal::kNone);
  ASSERT_EQ(withdraw(3).refusal, Refusal::kNone);
  EXPECT_EQ(manager(kOffice, ManagerChange::kReplace, person(202)).refusal, Refusal::kNone);

  // Whose licence has ended may go to another office, and is not there any more when it comes back.
  ASSERT_EQ(set_state(kOtherOffice, OfficeState::kExpired).refusal, Refusal::kNone);
  ASSERT_EQ(define(OfficeState::kActive).refusal, Refusal::kNone);
  expect_engaged(set_state(kOtherOffice, OfficeState::kActive));
}

}  // namespace
}  // namespace permitd::tests
