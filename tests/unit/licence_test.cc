// Goal: offices are licensed as R1–R8 say: places wanted, named checks with every age boundary,
// points, exam or board, ranking with ties, venues and their queue, equipment, activation, terms.
// Method: one command at a time on a small city; a refusal changes nothing.
#include <gtest/gtest.h>

#include <cstring>

#include "protocol/jalali.h"
#include "tests/support/licensing_city.h"

namespace permitd::tests {
namespace {

class LicenceTest : public LicensingCity {};

TEST_F(LicenceTest, ARoundOffersNoMoreThanIsWanted) {
  EXPECT_EQ(open(3).refusal, Refusal::kNotEnoughPlaces) << "4 wanted, 2 licensed before";
  EXPECT_EQ(scheduler_.licensing().rounds, 0U);
  EXPECT_EQ(open(1).refusal, Refusal::kNone);
  EXPECT_EQ(open(2).refusal, Refusal::kNotEnoughPlaces) << "one is under way";
  EXPECT_EQ(open(1).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.licensing().taken, 4U);
}

TEST_F(LicenceTest, WhatIsWantedIsDatedAndKeepsItsHistory) {
  SetOfficesWanted wanted;
  wanted.count = 68;
  wanted.effective_from = Tick{kStart.ms + kDayMs};
  ASSERT_EQ(apply(CommandKind::kSetOfficesWanted, wanted, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.licensing().wanted, 4U);
  wanted.effective_from = kStart;
  EXPECT_EQ(apply(CommandKind::kSetOfficesWanted, wanted, supervisor()).refusal,
            Refusal::kNotCompatible);
  wait(1441);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(scheduler_.licensing().wanted, 68U);
  EXPECT_EQ(scheduler_.licensing().history_count, 2U);
}

TEST_F(LicenceTest, ARoundKeepsTheRulesItWasOpenedUnder) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  SetLicenceRules later = rules(2);
  later.licensee.age_max = 30;
  ASSERT_EQ(apply(CommandKind::kSetLicenceRules, later, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(apply(CommandKind::kSetLicenceRules, later, supervisor()).refusal,
            Refusal::kNotCompatible)
      << "versions grow";
  file_many(1);
  EXPECT_EQ(state(1), LicenceState::kEligible);
  EXPECT_EQ(view(1).rules_version, 1U);
}

TEST_F(LicenceTest, AgesCountInJalaliYearsToTheDay) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  const protocol::JalaliDate today = protocol::jalali_of(kToday);
  const auto born = [&](std::int32_t years, std::int32_t late) {
    return protocol::day_of({today.year - years, today.month, today.day}).value() + late;
  };
  struct Case {
    std::int32_t years;
    std::int32_t late;
    bool licensee;
    bool manager;
  };
  std::uint64_t number = 0;
  for (const Case& one :
       {Case{25, 1, false, false}, Case{25, 0, false, true}, Case{27, 1, false, true},
        Case{27, 0, true, true}, Case{56, 1, true, true}, Case{56, 0, false, false}}) {
    ApplyForLicence body = request(++number);
    body.licensee.birth_day = born(one.years, one.late);
    body.manager.birth_day = born(one.years, one.late);
    ASSERT_EQ(file(body).refusal, Refusal::kNone);
    const auto id = static_cast<std::uint32_t>(number);
    EXPECT_EQ(result(id, LicenceSubject::kLicensee, LicenceCheck::kAge) == CheckResult::kPassed,
              one.licensee)
        << one.years << " years, " << one.late << " days short";
    EXPECT_EQ(result(id, LicenceSubject::kManager, LicenceCheck::kAge) == CheckResult::kPassed,
              one.manager)
        << one.years << " years, " << one.late << " days short";
    EXPECT_EQ(state(id) == LicenceState::kEligible, one.licensee && one.manager);
  }
}

TEST_F(LicenceTest, EveryCheckIsStoredWithWhatWasFound) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  ApplyForLicence body = request(1);
  body.licensee.field = DegreeField::kManagement;
  body.manager.field = DegreeField::kManagement;  // not related to planning
  body.manager.nationality = Nationality::kOther;
  body.manager.degree = Degree::kAssociate;
  ASSERT_EQ(file(body).refusal, Refusal::kNone);
  EXPECT_EQ(state(1), LicenceState::kIneligible);
  for (const LicenceCheck which :
       {LicenceCheck::kNationality, LicenceCheck::kDegreeLevel, LicenceCheck::kDegreeField}) {
    EXPECT_EQ(result(1, LicenceSubject::kLicensee, which), CheckResult::kPassed);
    EXPECT_EQ(result(1, LicenceSubject::kManager, which), CheckResult::kFailed);
  }
  const CheckRecord age = view(1).record.checks[0][raw(LicenceCheck::kAge)];
  EXPECT_EQ(age.value, 40U);
  EXPECT_EQ(age.at, now_);
  EXPECT_EQ(age.rules_version, 1U);
}

TEST_F(LicenceTest, WhatWasComputedTakesItsPaperAtAnyTimeAndStaysAsItWasFound) {
  select_one();
  const Tick found_at = view(1).record.checks[1][raw(LicenceCheck::kDegreeLevel)].at;
  wait(60);
  const LicenceState before = state(1);
  for (const LicenceCheck which : {LicenceCheck::kNationality, LicenceCheck::kAge,
                                   LicenceCheck::kDegreeLevel, LicenceCheck::kDegreeField}) {
    for (const LicenceSubject whose : {LicenceSubject::kLicensee, LicenceSubject::kManager}) {
      const CheckRecord computed = view(1).record.checks[raw(whose)][raw(which)];
      EXPECT_EQ(computed.evidence.size, 0);
      const Outcome denied = check(1, whose, which, false);
      EXPECT_EQ(denied.refusal, Refusal::kNotCompatible) << "it was found to be so";
      EXPECT_EQ(denied.field, Field::kCheck);
      ASSERT_EQ(check(1, whose, which, true).refusal, Refusal::kNone);
      CheckRecord expected = computed;
      expected.evidence = text<23>("letter 7");
      const CheckRecord kept = view(1).record.checks[raw(whose)][raw(which)];
      EXPECT_EQ(std::memcmp(&kept, &expected, sizeof(kept)), 0);
      EXPECT_EQ(check(1, whose, which, true).refusal, Refusal::kNothingToDo);
    }
  }
  EXPECT_EQ(view(1).record.checks[1][raw(LicenceCheck::kDegreeLevel)].at, found_at);
  EXPECT_EQ(state(1), before);
}

TEST_F(LicenceTest, WhoIsIneligibleKeepsThePaperThatSaysWhy) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  ApplyForLicence young = request(1);
  young.licensee.birth_day = kToday - 20 * 366;
  ASSERT_EQ(file(young).refusal, Refusal::kNone);
  ASSERT_EQ(state(1), LicenceState::kIneligible);
  const auto licensee = LicenceSubject::kLicensee;
  EXPECT_EQ(check(1, licensee, LicenceCheck::kAge, true).refusal, Refusal::kNotCompatible);
  ASSERT_EQ(check(1, licensee, LicenceCheck::kAge, false).refusal, Refusal::kNone);
  EXPECT_EQ(view(1).record.checks[0][raw(LicenceCheck::kAge)].evidence, text<23>("letter 7"));
  EXPECT_EQ(state(1), LicenceState::kIneligible);
}

TEST_F(LicenceTest, EvidenceDecidesWhenTheLastCheckIsIn) {
  SetLicenceRules strict = rules(2);
  strict.licensee.checks = kGeneralConditions;
  ASSERT_EQ(apply(CommandKind::kSetLicenceRules, strict, supervisor()).refusal, Refusal::kNone);
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  file_many(2);
  ASSERT_EQ(close().refusal, Refusal::kNone);
  EXPECT_EQ(round().state, RoundState::kChecking);
  const auto licensee = LicenceSubject::kLicensee;
  EXPECT_EQ(check(1, licensee, LicenceCheck::kAge, false).refusal, Refusal::kNotCompatible)
      << "it was computed";
  EXPECT_EQ(check(1, LicenceSubject::kManager, LicenceCheck::kBankruptcy, true).refusal,
            Refusal::kNotCompatible)
      << "not asked of the manager";
  for (std::uint32_t number = 1; number <= 2; ++number) {
    ASSERT_EQ(check(number, licensee, LicenceCheck::kMoralRecord, true).refusal, Refusal::kNone);
    ASSERT_EQ(check(number, licensee, LicenceCheck::kCriminalRecord, number == 1).refusal,
              Refusal::kNone);
    EXPECT_EQ(state(number), LicenceState::kApplied);
    ASSERT_EQ(check(number, licensee, LicenceCheck::kBankruptcy, true).refusal, Refusal::kNone);
  }
  EXPECT_EQ(state(1), LicenceState::kBoardPending);
  EXPECT_EQ(state(2), LicenceState::kIneligible);
  EXPECT_EQ(round().eligible, 1U);
  EXPECT_EQ(view(1).record.checks[0][raw(LicenceCheck::kBankruptcy)].evidence,
            text<23>("letter 7"));
  EXPECT_EQ(check(2, licensee, LicenceCheck::kBankruptcy, false).refusal, Refusal::kWrongState);
}

TEST_F(LicenceTest, EqualCountsGoToTheBoardAndMoreToAnExam) {
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  file_many(2);
  ASSERT_EQ(close().refusal, Refusal::kNone);
  EXPECT_EQ(round().route, SelectionRoute::kBoard);
  EXPECT_EQ(round().eligible, 2U);
  EXPECT_EQ(exam(1, 500).refusal, Refusal::kWrongState);
  EXPECT_EQ(rank().refusal, Refusal::kMissing) << "no findings yet";
  ASSERT_EQ(board(1).refusal, Refusal::kNone);
  ASSERT_EQ(board(2, false).refusal, Refusal::kNone);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  EXPECT_EQ(state(1), LicenceState::kSelected);
  EXPECT_EQ(state(2), LicenceState::kNotSelected);
}

TEST_F(LicenceTest, TheRoundClosesByItself) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  file_many(2);
  wait(10 * 1440);
  EXPECT_EQ(round().state, RoundState::kExam);
  EXPECT_EQ(file(request(3)).refusal, Refusal::kRoundNotOpen);
}

TEST_F(LicenceTest, RanksByExamAndPointsThenPointsThenOrderOfReceipt) {
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    ApplyForLicence body = request(i);
    if (i == 2) body.licensee.degree = Degree::kMaster;  // 10 points
    if (i == 3) body.licensee.experience_years = 1;      // 10 points
    ASSERT_EQ(file(body).refusal, Refusal::kNone);
  }
  ASSERT_EQ(close().refusal, Refusal::kNone);
  ASSERT_EQ(exam(1, 510).refusal, Refusal::kNone);
  ASSERT_EQ(exam(2, 500).refusal, Refusal::kNone);
  ASSERT_EQ(exam(3, 500).refusal, Refusal::kNone);
  ASSERT_EQ(exam(4, 510).refusal, Refusal::kNone);
  EXPECT_EQ(exam(5, 1001).refusal, Refusal::kOutOfRange);
  ASSERT_EQ(exam(5, 0, true).refusal, Refusal::kNone);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  EXPECT_EQ(view(2).record.points, 10U);
  const std::array<std::uint32_t, 5> ranks{3, 1, 2, 4, 5};
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(view(i + 1).record.rank, ranks[i]) << i + 1;
  EXPECT_EQ(state(2), LicenceState::kSelected);
  EXPECT_EQ(state(3), LicenceState::kSelected);
  EXPECT_EQ(state(1), LicenceState::kWaitlisted);
  EXPECT_EQ(state(5), LicenceState::kNotSelected) << "was absent";
  ASSERT_EQ(withdraw(3).refusal, Refusal::kNone);
  EXPECT_EQ(state(3), LicenceState::kSurrendered);
  EXPECT_EQ(state(1), LicenceState::kSelected) << "the first of the waiting list moves up";
  EXPECT_EQ(state(4), LicenceState::kWaitlisted);
}

// The trail tells why somebody applied and why the office is this one.
TEST_F(LicenceTest, TheApplicationAndItsOfficeSayWhy) {
  const auto expect_told = [&](CommandKind kind, const auto& body) {
    Command command = make(kind, body, supervisor());
    command.body.noted.note.size = 80;
    const Outcome refused = scheduler_.apply(command);
    EXPECT_EQ(refused.refusal, Refusal::kOutOfRange);
    EXPECT_EQ(refused.field, Field::kNote);
    command = make(kind, body, supervisor());
    command.body.noted.note = text<79>("letter 1404/12");
    ASSERT_EQ(scheduler_.apply(command).refusal, Refusal::kNone);
    ASSERT_FALSE(scheduler_.events().empty());
    EXPECT_EQ(scheduler_.event_note(), text<79>("letter 1404/12"));
  };
  select_one();
  EquipOffice equip;
  equip.application = ApplicationId{1};
  expect_told(CommandKind::kEquipOffice, equip);
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  ApplyForLicence again = request(2);
  again.round = RoundId{2};
  expect_told(CommandKind::kApplyForLicence, again);
}

TEST_F(LicenceTest, AnEmptyPoolMakesTheLicenceWait) {
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  file_many(2);
  ASSERT_EQ(close().refusal, Refusal::kNone);
  ASSERT_EQ(board(1).refusal, Refusal::kNone);
  ASSERT_EQ(board(2).refusal, Refusal::kNone);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  EXPECT_EQ(state(1), LicenceState::kSelected) << "not refused";
  EXPECT_EQ(view(2).queue_ahead, 1U);
  ASSERT_EQ(venue(1).refusal, Refusal::kNone);
  EXPECT_EQ(view(1).record.venue, VenueId{1}) << "who has waited longest";
  EXPECT_EQ(view(2).queue_ahead, 0U);
  ASSERT_EQ(withdraw(1).refusal, Refusal::kNone);
  EXPECT_EQ(view(2).record.venue, VenueId{1}) << "it became free";
}

TEST_F(LicenceTest, TheBetterRankedWaitsInFrontForAVenue) {
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  file_many(3);
  ASSERT_EQ(close().refusal, Refusal::kNone);
  ASSERT_EQ(exam(1, 600).refusal, Refusal::kNone);
  ASSERT_EQ(exam(2, 700).refusal, Refusal::kNone);
  ASSERT_EQ(exam(3, 100).refusal, Refusal::kNone);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  ASSERT_EQ(venue(1).refusal, Refusal::kNone);
  EXPECT_EQ(view(2).record.venue, VenueId{1}) << "not who applied first";
  EXPECT_EQ(view(1).record.venue, VenueId{0});
}

TEST_F(LicenceTest, AnOwnVenueEarnsPointsOnlyWhenItIsSuitable) {
  ASSERT_EQ(venue(7, 5, PersonId{101}).refusal, Refusal::kNone);
  ASSERT_EQ(venue(8, 5, PersonId{102}).refusal, Refusal::kNone);
  ASSERT_EQ(open(2).refusal, Refusal::kNone);
  ApplyForLicence stranger = request(3);
  stranger.own_venue = VenueId{7};
  EXPECT_EQ(file(stranger).refusal, Refusal::kNotCompatible) << "it belongs to somebody else";
  for (std::uint64_t i = 1; i <= 2; ++i) {
    ApplyForLicence body = request(i);
    body.own_venue = VenueId{static_cast<std::uint16_t>(6 + i)};
    ASSERT_EQ(file(body).refusal, Refusal::kNone);
    ASSERT_EQ(check(static_cast<std::uint32_t>(i), LicenceSubject::kLicensee,
                    LicenceCheck::kOwnVenue, i == 1)
                  .refusal,
              Refusal::kNone);
  }
  EXPECT_EQ(view(1).record.points, 10U);
  EXPECT_EQ(view(1).record.venue, VenueId{7});
  EXPECT_EQ(view(2).record.points, 0U);
  EXPECT_EQ(view(2).record.venue, VenueId{0}) << "asks for a municipal one now";
  EXPECT_EQ(state(2), LicenceState::kEligible);
}

TEST_F(LicenceTest, OneVenueHoldsOneOffice) {
  select_one();
  DefineVenue seat;
  seat.venue = VenueId{1};
  seat.district = 5;
  seat.office = kOffice;
  EXPECT_EQ(apply(CommandKind::kDefineVenue, seat, supervisor()).refusal, Refusal::kVenueTaken);
  seat.venue = VenueId{2};
  ASSERT_EQ(apply(CommandKind::kDefineVenue, seat, supervisor()).refusal, Refusal::kNone);
  seat.venue = VenueId{3};
  EXPECT_EQ(apply(CommandKind::kDefineVenue, seat, supervisor()).refusal, Refusal::kVenueTaken);
}

TEST_F(LicenceTest, AnOwnVenueHasAnOwnerAndAMunicipalOneHasNone) {
  DefineVenue venue;
  venue.venue = VenueId{4};
  venue.district = 5;
  venue.kind = VenueKind::kOwn;
  const Outcome nobody = apply(CommandKind::kDefineVenue, venue, supervisor());
  EXPECT_EQ(nobody.refusal, Refusal::kMissing);
  EXPECT_EQ(nobody.field, Field::kOwner);
  venue.kind = VenueKind::kMunicipal;
  venue.owner = PersonId{101};
  const Outcome somebody = apply(CommandKind::kDefineVenue, venue, supervisor());
  EXPECT_EQ(somebody.refusal, Refusal::kNotCompatible);
  EXPECT_EQ(somebody.field, Field::kOwner);
}

TEST_F(LicenceTest, ActiveOnlyWhenEverythingIsThere) {
  select_one();
  EXPECT_EQ(view(1).missing & kMissingOffice, kMissingOffice);
  const Outcome made = equip(1);
  ASSERT_EQ(made.refusal, Refusal::kNone);
  EXPECT_EQ(raw(made.job), 501U);
  const OfficeId office{501};
  const auto refused = [&](Field field) {
    const Outcome outcome = set_state(office, OfficeState::kActive);
    EXPECT_EQ(outcome.refusal, Refusal::kRequirementMissing);
    EXPECT_EQ(outcome.field, field);
    EXPECT_EQ(office_state(office), OfficeState::kEquipping);
  };
  refused(Field::kRent);
  ASSERT_EQ(rent(1).refusal, Refusal::kNone);
  refused(Field::kEquipment);
  EXPECT_EQ(item(1, EquipmentItem::kArchive).refusal, Refusal::kNotCompatible) << "not asked for";
  ASSERT_EQ(item(1, EquipmentItem::kNetworkHardware).refusal, Refusal::kNone);
  EXPECT_EQ(view(1).missing, kMissingItems << raw(EquipmentItem::kComputers));
  ASSERT_EQ(item(1, EquipmentItem::kComputers).refusal, Refusal::kNone);
  ASSERT_EQ(manager(office, ManagerChange::kLeave).refusal, Refusal::kNone);
  refused(Field::kManager);
  ASSERT_EQ(manager(office, ManagerChange::kReplace, person(300)).refusal, Refusal::kNone);
  ASSERT_EQ(set_state(office, OfficeState::kActive).refusal, Refusal::kNone);
  EXPECT_EQ(state(1), LicenceState::kActive);
}

TEST_F(LicenceTest, ATermEndsByItselfAndTheVenueBecomesFree) {
  activate_one();
  const OfficeId office{501};
  RenewLicence renew;
  renew.office = office;
  renew.day = kToday;
  ASSERT_EQ(apply(CommandKind::kRenewLicence, renew, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(view(1).licence_until.ms, kStart.ms + 2 * 1095 * kDayMs);
  EXPECT_EQ(scheduler_.licensing().venues_free, 0U);
  wait(2 * 1095 * 1440);
  EXPECT_EQ(office_state(office), OfficeState::kExpired);
  EXPECT_EQ(state(1), LicenceState::kExpired);
  EXPECT_EQ(scheduler_.licensing().venues_free, 1U);
  EXPECT_EQ(set_state(office, OfficeState::kActive).refusal, Refusal::kWrongState);
}

TEST_F(LicenceTest, ATermThatIsOverComesBackByARenewalAlone) {
  ASSERT_EQ(renew_old().refusal, Refusal::kNone);
  wait(1095 * 1440);
  ASSERT_EQ(office_state(kOffice), OfficeState::kExpired);
  expect_term_over(kOffice);
  EXPECT_EQ(renew_old(60).refusal, Refusal::kConditionNotMet) << "judged as at any renewal";
  EXPECT_EQ(office_state(kOffice), OfficeState::kExpired);
  wait(1440);
  const Outcome back = renew_old();
  ASSERT_EQ(back.refusal, Refusal::kNone);
  EXPECT_EQ(back.state, raw(OfficeState::kActive));
  EXPECT_EQ(back.until.ms, now_.ms + 1095 * kDayMs) << "from now on, not from its old end";
  EXPECT_EQ(office_state(kOffice), OfficeState::kActive);
  wait(1095 * 1440);
  ASSERT_EQ(office_state(kOffice), OfficeState::kExpired);

  // The way over Equipping is no way around it.
  ASSERT_EQ(set_state(kOffice, OfficeState::kEquipping).refusal, Refusal::kNone);
  expect_term_over(kOffice);
  ASSERT_EQ(manager(kOffice, ManagerChange::kSuspend).refusal, Refusal::kNone);
  EXPECT_EQ(renew_old().refusal, Refusal::kRequirementMissing);
  EXPECT_EQ(renew_old().field, Field::kManager);
  ASSERT_EQ(manager(kOffice, ManagerChange::kRestore).refusal, Refusal::kNone);
  ASSERT_EQ(renew_old().refusal, Refusal::kNone);
  EXPECT_EQ(office_state(kOffice), OfficeState::kActive);

  wait(1095 * 1440);
  ASSERT_EQ(define(OfficeId{103}, PersonId{6000 + std::uint64_t{raw(kOffice)}}).refusal,
            Refusal::kNone);
  EXPECT_EQ(renew_old().refusal, Refusal::kNotCompatible) << "its manager went to another office";
  EXPECT_EQ(office_state(kOffice), OfficeState::kExpired);
}

TEST_F(LicenceTest, ALicenceThatACommandSetExpiredKeepsItsTerm) {
  ASSERT_EQ(renew_old().refusal, Refusal::kNone);
  const Tick until{now_.ms + 1095 * kDayMs};
  ASSERT_EQ(set_state(kOffice, OfficeState::kExpired).refusal, Refusal::kNone);
  EXPECT_EQ(renew_old().refusal, Refusal::kWrongState) << "its term is not over";
  ASSERT_EQ(set_state(kOffice, OfficeState::kActive).refusal, Refusal::kNone);
  OfficeView out;
  ASSERT_TRUE(scheduler_.find_office(kOffice, out));
  EXPECT_EQ(out.licence_until, until);
}

TEST_F(LicenceTest, ATermIsOverBeforeItsTimerSaysSo) {
  activate_one();
  ASSERT_EQ(renew_old().refusal, Refusal::kNone);
  ASSERT_EQ(set_state(OfficeId{501}, OfficeState::kSuspended).refusal, Refusal::kNone);
  ASSERT_EQ(set_state(kOffice, OfficeState::kSuspended).refusal, Refusal::kNone);
  wait(1095 * 1440 - 1);
  ASSERT_EQ(office_state(kOffice), OfficeState::kSuspended);
  now_.ms += kMsPerMinute;  // no tick yet
  expect_term_over(OfficeId{501});
  expect_term_over(kOffice);
  wait(1);
  EXPECT_EQ(office_state(OfficeId{501}), OfficeState::kExpired);
  EXPECT_EQ(office_state(kOffice), OfficeState::kExpired);
}

TEST_F(LicenceTest, ARentContractCountsFromItsBeginning) {
  select_one();
  ASSERT_EQ(equip(1).refusal, Refusal::kNone);
  ASSERT_EQ(item(1, EquipmentItem::kNetworkHardware).refusal, Refusal::kNone);
  ASSERT_EQ(item(1, EquipmentItem::kComputers).refusal, Refusal::kNone);
  RecordRent later;
  later.application = ApplicationId{1};
  later.amount_rial = 5'000'000;
  later.from = Tick{now_.ms + 300 * kDayMs};
  later.until = Tick{now_.ms + 600 * kDayMs};
  later.reference = text<23>("contract");
  ASSERT_EQ(apply(CommandKind::kRecordRent, later, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(view(1).missing, kMissingRent);
  EXPECT_EQ(set_state(OfficeId{501}, OfficeState::kActive).field, Field::kRent);
  wait(300 * 1440);
  EXPECT_EQ(set_state(OfficeId{501}, OfficeState::kActive).refusal, Refusal::kNone)
      << "from the first moment of it";
  EXPECT_EQ(view(1).missing, 0U);
}

TEST_F(LicenceTest, AnOfficeWithoutAPlaceIsWhereItsVenueIs) {
  select_one();
  DefineVenue placed;
  placed.venue = VenueId{1};
  placed.district = 5;
  placed.point = {35'700'000, 51'400'000};
  ASSERT_EQ(apply(CommandKind::kDefineVenue, placed, supervisor()).refusal, Refusal::kNone);
  ASSERT_EQ(equip(1).refusal, Refusal::kNone);
  ASSERT_EQ(rent(1).refusal, Refusal::kNone);
  ASSERT_EQ(item(1, EquipmentItem::kNetworkHardware).refusal, Refusal::kNone);
  ASSERT_EQ(item(1, EquipmentItem::kComputers).refusal, Refusal::kNone);
  ASSERT_EQ(set_state(OfficeId{501}, OfficeState::kActive).refusal, Refusal::kNone);
  OfficeView out;
  ASSERT_TRUE(scheduler_.find_office(OfficeId{501}, out));
  EXPECT_EQ(out.point, placed.point);
}

TEST_F(LicenceTest, PassingTheAgeClosesNothingButIsAskedAtRenewal) {
  ASSERT_EQ(venue(1).refusal, Refusal::kNone);
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  ApplyForLicence body = request(1);
  const protocol::JalaliDate today = protocol::jalali_of(kToday);
  body.licensee.birth_day =
      protocol::day_of({today.year - 56, today.month, today.day}).value() + 10;  // 56 in ten days
  ASSERT_EQ(file(body).refusal, Refusal::kNone);
  close();
  board(1);
  rank();
  equip(1);
  rent(1);
  item(1, EquipmentItem::kNetworkHardware);
  item(1, EquipmentItem::kComputers);
  ASSERT_EQ(set_state(OfficeId{501}, OfficeState::kActive).refusal, Refusal::kNone);
  wait(11 * 1440);
  EXPECT_EQ(office_state(OfficeId{501}), OfficeState::kActive);
  RenewLicence renew;
  renew.office = OfficeId{501};
  renew.day = kToday + 11;
  const Outcome refused = apply(CommandKind::kRenewLicence, renew, supervisor());
  EXPECT_EQ(refused.refusal, Refusal::kConditionNotMet);
  EXPECT_EQ(refused.field, Field::kAge);
}

TEST_F(LicenceTest, WhoGivesUpWhileEquippingLetsTheNextMoveUp) {
  ASSERT_EQ(venue(1).refusal, Refusal::kNone);
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  file_many(2);
  close();
  exam(1, 900);
  exam(2, 800);
  ASSERT_EQ(rank().refusal, Refusal::kNone);
  ASSERT_EQ(equip(1).refusal, Refusal::kNone);
  ASSERT_EQ(withdraw(1).refusal, Refusal::kNone);
  EXPECT_EQ(office_state(OfficeId{501}), OfficeState::kSurrendered);
  EXPECT_EQ(state(2), LicenceState::kSelected);
  EXPECT_EQ(view(2).record.venue, VenueId{1});
}

TEST_F(LicenceTest, WrongInputIsRefusedAndChangesNothing) {
  ASSERT_EQ(open(1).refusal, Refusal::kNone);
  const auto refused = [&](const ApplyForLicence& body, Refusal refusal, Field field) {
    const Outcome outcome = file(body);
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, field);
    EXPECT_EQ(scheduler_.licensing().applications, 0U);
    EXPECT_TRUE(scheduler_.events().empty());
  };
  ApplyForLicence body = request(1);
  body.round = RoundId{9};
  refused(body, Refusal::kUnknownRound, Field::kRound);
  body = request(1);
  body.district = 0;
  refused(body, Refusal::kOutOfRange, Field::kDistrict);
  body = request(1);
  body.day -= 2;
  refused(body, Refusal::kOutOfRange, Field::kDay);
  body = request(1);
  body.manager.person = PersonId{};
  refused(body, Refusal::kMissing, Field::kManager);
  body = request(1);
  body.licensee.birth_day = body.day + 1;
  refused(body, Refusal::kOutOfRange, Field::kLicensee);
  body = request(1);
  body.own_venue = VenueId{99};
  refused(body, Refusal::kUnknownVenue, Field::kVenue);
  EXPECT_EQ(withdraw(1).refusal, Refusal::kUnknownApplication);
  EXPECT_EQ(board(1).refusal, Refusal::kUnknownApplication);
  EXPECT_EQ(equip(1).refusal, Refusal::kUnknownApplication);
  EXPECT_EQ(rank(3).refusal, Refusal::kUnknownRound);
  EXPECT_EQ(venue(0).field, Field::kVenue);
  EXPECT_EQ(manager(OfficeId{777}, ManagerChange::kLeave).refusal, Refusal::kUnknownOffice);
  SetLicenceRules none = rules(2);
  none.manager.fields = 0;
  EXPECT_EQ(apply(CommandKind::kSetLicenceRules, none, supervisor()).field, Field::kRules);
  EXPECT_EQ(apply(CommandKind::kSetLicenceRules, rules(2), expert(kClerk)).refusal,
            Refusal::kNotAllowed);
  file_many(1);
  body = request(2);
  body.manager.person = PersonId{201};
  EXPECT_EQ(file(body).refusal, Refusal::kAlreadyApplied);
  EXPECT_EQ(exam(1, 10).refusal, Refusal::kWrongState);
}

}  // namespace
}  // namespace permitd::tests
