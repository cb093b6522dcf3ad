// A small city that licenses offices: rules, places wanted and the steps of a round, each as a call
// with the usual case behind it. For tests; one thread.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {

inline constexpr std::int64_t kDayMs = 1440 * kMsPerMinute;
inline constexpr std::int32_t kToday = static_cast<std::int32_t>(kStart.ms / kDayMs);  // 1403-07-14

class LicensingCity : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    set_rules(1);
    SetOfficesWanted wanted;
    wanted.count = 4;
    wanted.effective_from = kStart;
    ASSERT_EQ(apply(CommandKind::kSetOfficesWanted, wanted, supervisor()).refusal, Refusal::kNone);
  }

  static SetLicenceRules rules(std::uint16_t version) {
    SetLicenceRules rules;
    rules.version = version;
    rules.effective_from = kStart;
    rules.licensee.fields = 0x1E;
    rules.manager.fields = field_bit(DegreeField::kUrbanPlanning);
    rules.equipment[0] = EquipmentParty::kMunicipality;
    rules.equipment[2] = EquipmentParty::kLicensee;
    return rules;
  }
  void set_rules(std::uint16_t version) {
    ASSERT_EQ(apply(CommandKind::kSetLicenceRules, rules(version), supervisor()).refusal,
              Refusal::kNone);
  }

  Outcome open(std::uint16_t places) {
    OpenRound round;
    round.places = places;
    round.opens = now_;
    round.closes = Tick{now_.ms + 10 * kDayMs};
    return apply(CommandKind::kOpenRound, round, supervisor());
  }
  Outcome close(std::uint16_t round = 1) {
    CloseRound body;
    body.round = RoundId{round};
    return apply(CommandKind::kCloseRound, body, supervisor());
  }
  Outcome rank(std::uint16_t round = 1) {
    RankRound body;
    body.round = RoundId{round};
    return apply(CommandKind::kRankRound, body, supervisor());
  }

  static LicencePerson person(std::uint64_t number, int years = 40) {
    LicencePerson one;
    one.person = PersonId{number};
    one.birth_day = kToday - years * 366;
    one.nationality = Nationality::kIranian;
    one.degree = Degree::kBachelor;
    one.field = DegreeField::kUrbanPlanning;
    return one;
  }
  ApplyForLicence request(std::uint64_t number) const {
    ApplyForLicence body;
    body.round = RoundId{1};
    body.district = 5;
    body.day = static_cast<std::int32_t>(now_.ms / kDayMs);
    body.licensee = person(100 + number);
    body.manager = person(200 + number);
    return body;
  }
  Outcome file(const ApplyForLicence& body) {
    return apply(CommandKind::kApplyForLicence, body, supervisor());
  }
  void file_many(std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i)
      ASSERT_EQ(file(request(i)).refusal, Refusal::kNone) << i;
  }
  Outcome exam(std::uint32_t number, std::uint16_t score, bool absent = false) {
    RecordExamResult body;
    body.application = ApplicationId{number};
    body.score = score;
    body.absent = absent ? 1 : 0;
    body.evidence = text<23>("sheet");
    return apply(CommandKind::kRecordExamResult, body, supervisor());
  }
  Outcome board(std::uint32_t number, bool competent = true) {
    RecordBoardFinding body;
    body.application = ApplicationId{number};
    body.competent = competent ? 1 : 0;
    body.evidence = text<23>("minutes");
    return apply(CommandKind::kRecordBoardFinding, body, supervisor());
  }
  Outcome check(std::uint32_t number, LicenceSubject subject, LicenceCheck which, bool passed) {
    RecordLicenceCheck body;
    body.application = ApplicationId{number};
    body.subject = subject;
    body.check = which;
    body.passed = passed ? 1 : 0;
    body.evidence = text<23>("letter 7");
    return apply(CommandKind::kRecordLicenceCheck, body, supervisor());
  }
  /// Of the manager of an office from before the rounds.
  Outcome check_office(OfficeId office, LicenceCheck which, bool passed = true) {
    RecordLicenceCheck body;
    body.office = office;
    body.subject = LicenceSubject::kManager;
    body.check = which;
    body.passed = passed ? 1 : 0;
    body.evidence = text<23>("letter 9");
    return apply(CommandKind::kRecordLicenceCheck, body, supervisor());
  }
  void ask_managers_for_evidence() {
    SetLicenceRules strict = rules(2);
    strict.manager.checks = kGeneralConditions;
    ASSERT_EQ(apply(CommandKind::kSetLicenceRules, strict, supervisor()).refusal, Refusal::kNone);
  }
  Outcome venue(std::uint16_t number, District district = 5, PersonId owner = {}) {
    DefineVenue body;
    body.venue = VenueId{number};
    body.district = district;
    body.kind = raw(owner) != 0 ? VenueKind::kOwn : VenueKind::kMunicipal;
    body.owner = owner;
    return apply(CommandKind::kDefineVenue, body, supervisor());
  }
  Outcome withdraw(std::uint32_t number) {
    WithdrawApplication body;
    body.application = ApplicationId{number};
    return apply(CommandKind::kWithdrawApplication, body, supervisor());
  }
  Outcome equip(std::uint32_t number) {
    EquipOffice body;
    body.application = ApplicationId{number};
    return apply(CommandKind::kEquipOffice, body, supervisor());
  }
  Outcome rent(std::uint32_t number) {
    RecordRent body;
    body.application = ApplicationId{number};
    body.amount_rial = 5'000'000;
    body.from = now_;
    body.until = Tick{now_.ms + 365 * kDayMs};
    body.reference = text<23>("contract");
    return apply(CommandKind::kRecordRent, body, supervisor());
  }
  Outcome item(std::uint32_t number, EquipmentItem which) {
    RecordEquipment body;
    body.application = ApplicationId{number};
    body.item = which;
    body.reference = text<23>("receipt");
    return apply(CommandKind::kRecordEquipment, body, supervisor());
  }
  Outcome set_state(OfficeId office, OfficeState state) {
    SetOfficeState body;
    body.office = office;
    body.state = state;
    return apply(CommandKind::kSetOfficeState, body, supervisor());
  }
  /// Of kOffice, which is licensed from before the rounds.
  Outcome renew_old(int years = 40) {
    RenewLicence body;
    body.office = kOffice;
    body.day = static_cast<std::int32_t>(now_.ms / kDayMs);
    body.licensee = person(5000 + std::uint64_t{raw(kOffice)}, years);
    body.manager = person(6000 + std::uint64_t{raw(kOffice)});
    return apply(CommandKind::kRenewLicence, body, supervisor());
  }
  Outcome define(OfficeId office, PersonId manager, OfficeState begins = OfficeState::kActive) {
    DefineOffice body;
    body.office = office;
    body.district = 1;
    body.state = begins;
    body.licensee = PersonId{5000 + std::uint64_t{raw(office)}};
    body.technical_manager = manager;
    return apply(CommandKind::kDefineOffice, body, supervisor());
  }
  void expect_term_over(OfficeId office) {
    const OfficeState before = office_state(office);
    const Outcome outcome = set_state(office, OfficeState::kActive);
    EXPECT_EQ(outcome.refusal, Refusal::kRequirementMissing);
    EXPECT_EQ(outcome.field, Field::kValidity);
    EXPECT_EQ(office_state(office), before);
  }
  Outcome manager(OfficeId office, ManagerChange change, LicencePerson who = {}) {
    SetTechnicalManager body;
    body.office = office;
    body.change = change;
    body.day = static_cast<std::int32_t>(now_.ms / kDayMs);
    body.person = who;
    return apply(CommandKind::kSetTechnicalManager, body, supervisor());
  }

  ApplicationView view(std::uint32_t number) const {
    ApplicationView out;
    EXPECT_TRUE(scheduler_.find_application(ApplicationId{number}, out));
    return out;
  }
  LicenceState state(std::uint32_t number) const { return view(number).record.state; }
  RoundRecord round(std::uint16_t number = 1) const {
    RoundView out;
    EXPECT_TRUE(scheduler_.find_round(RoundId{number}, out));
    return out.record;
  }
  CheckResult result(std::uint32_t number, LicenceSubject subject, LicenceCheck which) const {
    return view(number).record.checks[raw(subject)][raw(which)].result;
  }
  OfficeView office_view(OfficeId id) const {
    OfficeView out;
    EXPECT_TRUE(scheduler_.find_office(id, out));
    return out;
  }
  OfficeState office_state(OfficeId id) const { return office_view(id).state; }
  /// One application that is selected and has venue 1; its office is 0501 once equipped.
  void select_one() {
    ASSERT_EQ(venue(1).refusal, Refusal::kNone);
    ASSERT_EQ(open(1).refusal, Refusal::kNone);
    file_many(1);
    ASSERT_EQ(close().refusal, Refusal::kNone);
    ASSERT_EQ(board(1).refusal, Refusal::kNone);
    ASSERT_EQ(rank().refusal, Refusal::kNone);
    ASSERT_EQ(state(1), LicenceState::kSelected);
  }
  void activate_one() {
    select_one();
    ASSERT_EQ(equip(1).refusal, Refusal::kNone);
    ASSERT_EQ(rent(1).refusal, Refusal::kNone);
    ASSERT_EQ(item(1, EquipmentItem::kNetworkHardware).refusal, Refusal::kNone);
    ASSERT_EQ(item(1, EquipmentItem::kComputers).refusal, Refusal::kNone);
    ASSERT_EQ(set_state(OfficeId{501}, OfficeState::kActive).refusal, Refusal::kNone);
  }
};

}  // namespace permitd::tests
