#include "tests/support/licence_steps.h"

#include <algorithm>
#include <array>

#include "tests/support/city_setup.h"
#include "tests/support/command_generator.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::int64_t kMinute = kMsPerMinute;
constexpr std::int64_t kDay = 1440 * kMinute;
constexpr std::uint32_t kRows = 64;

/// Makes one step. Expressions never draw twice: compilers evaluate them in their own order.
class LicenceStep {
 public:
  LicenceStep(Chance& chance, const Scheduler& scheduler, Command& command)
      : chance_(chance), scheduler_(scheduler), command_(command), body_(command.body) {}

  void make();

 private:
  void rules();
  void wanted();
  void open_round();
  void close_or_rank();
  void apply();
  void check();
  void withdraw();
  void exam();
  void board();
  void venue();
  void rent();
  void equipment();
  void equip();
  void activate();
  void renew();
  void manager();

  bool wrong(std::uint32_t per_thousand = 40) { return chance_.chance(per_thousand); }
  Note any_note() { return chance_.chance(500) ? note_of("as the board said") : Note{}; }
  Code any_code() {
    if (wrong()) return Code{};
    return chance_.chance(500) ? code_of("no 1") : code_of("no 2");
  }
  std::int32_t today() {
    const auto day = static_cast<std::int32_t>(command_.now.ms / kDay);
    return wrong(20) ? day + 3 : day + chance_.between(0, 1);
  }
  LicencePerson person(std::uint64_t number);
  ApplicationId application_in(std::uint32_t states, ApplicationView& found);
  RoundId round_in(std::uint32_t states);
  OfficeId licensed_office(OfficeView& found);
  OfficeId office_to_check(OfficeView& found);
  void check_of_office(const OfficeView& found);

  Chance& chance_;
  const Scheduler& scheduler_;
  Command& command_;
  CommandBody& body_;
};

constexpr std::uint32_t bits(auto... state) { return ((1U << raw(state)) | ... | 0U); }

// Mostly somebody who fits; ages at both ends of what is allowed.
LicencePerson LicenceStep::person(std::uint64_t number) {
  LicencePerson one;
  one.person = PersonId{wrong(20) ? 0 : number};
  const int years = wrong(150) ? chance_.between(20, 60) : chance_.between(28, 54);
  one.birth_day =
      static_cast<std::int32_t>(command_.now.ms / kDay) - years * 365 - chance_.between(0, 364);
  if (wrong(20)) one.birth_day = static_cast<std::int32_t>(command_.now.ms / kDay) + 5;
  one.nationality = wrong(60) ? Nationality::kOther : Nationality::kIranian;
  const auto least = wrong(60) ? 0U : 2U;  // not beside the other: compilers differ in the order
  one.degree = static_cast<Degree>(chance_.between(least, wrong(20) ? 5U : 4U));
  one.field = static_cast<DegreeField>(chance_.between(1U, wrong(60) ? 11U : 4U));
  one.experience_years = static_cast<std::uint8_t>(chance_.below(wrong(20) ? 80 : 8));
  return one;
}

ApplicationId LicenceStep::application_in(std::uint32_t states, ApplicationView& found) {
  const std::uint32_t count = scheduler_.licensing().applications;
  for (int attempt = 0; attempt < 30 && count > 0; ++attempt) {
    const ApplicationId id{1 + chance_.below(count)};
    if (!scheduler_.find_application(id, found)) continue;
    if (wrong(20) || (states >> raw(found.record.state) & 1U) != 0) return id;
  }
  return ApplicationId{chance_.below(count + 2)};
}

RoundId LicenceStep::round_in(std::uint32_t states) {
  std::array<RoundView, kRows> rounds;
  Cursor cursor;
  const std::size_t count = scheduler_.list_rounds(cursor, rounds);
  for (std::size_t index = count; index > 0; --index) {
    if (wrong(20) || (states >> raw(rounds[index - 1].record.state) & 1U) != 0)
      return rounds[index - 1].id;
  }
  return RoundId{static_cast<std::uint16_t>(chance_.below(count + 2))};
}

OfficeId LicenceStep::licensed_office(OfficeView& found) {
  std::array<OfficeView, 32> offices;
  Cursor cursor;
  const std::size_t count = scheduler_.list_offices(cursor, offices);
  if (count == 0 || wrong(20)) return OfficeId{777};
  found = offices[chance_.below(count)];
  return found.office;
}

// From before the rounds, with a manager who came later; 0 when there is none.
OfficeId LicenceStep::office_to_check(OfficeView& found) {
  std::array<OfficeView, 32> offices;
  Cursor cursor;
  const std::size_t count = scheduler_.list_offices(cursor, offices);
  for (std::size_t index = 0; index < count; ++index) {
    found = offices[index];
    if (raw(found.application) == 0 && found.manager_state == ManagerState::kUnchecked)
      return found.office;
  }
  return OfficeId{};
}

void LicenceStep::rules() {
  command_.kind = CommandKind::kSetLicenceRules;
  body_.set_licence_rules = {};
  SetLicenceRules& rules = body_.set_licence_rules;
  std::array<LicenceRulesView, kLicenceRulesMax> known;
  Cursor cursor;
  const std::size_t count = scheduler_.list_licence_rules(cursor, known);
  for (std::size_t i = 0; i < count; ++i)
    rules.version = std::max(rules.version, known[i].rules.version);
  if (!wrong()) ++rules.version;
  rules.effective_from = Tick{std::max<std::int64_t>(0, command_.now.ms - chance_.below(kDay))};
  if (wrong(100)) rules.effective_from = Tick{command_.now.ms + chance_.below(9 * kDay)};
  rules.validity_days = static_cast<std::uint16_t>(chance_.between(1, 60));
  rules.licensee.fields = 0x1E;
  rules.manager.fields = static_cast<std::uint16_t>(chance_.chance(500) ? 0x1E : 0x64);
  rules.licensee.checks = chance_.chance(400) ? 0x10 : 0;
  rules.manager.checks = chance_.chance(300) ? 0x40 : 0;
  rules.exam_max = 100;
  rules.exam_pass = static_cast<std::uint16_t>(chance_.chance(300) ? 40 : 0);
  rules.waitlist_max = static_cast<std::uint16_t>(chance_.below(3));
  if (chance_.chance(600)) rules.equipment[0] = EquipmentParty::kMunicipality;
  if (chance_.chance(300)) rules.equipment[2] = EquipmentParty::kLicensee;
  if (wrong()) rules.licensee.age_min = 60;
  if (wrong()) rules.exam_pass = 101;
}

void LicenceStep::wanted() {
  command_.kind = CommandKind::kSetOfficesWanted;
  body_.set_offices_wanted = {};
  body_.set_offices_wanted.count =
      static_cast<std::uint16_t>(wrong() ? chance_.below(20'000) : chance_.between(6, 14));
  body_.set_offices_wanted.effective_from =
      Tick{command_.now.ms + (wrong(100) ? chance_.below(5 * kDay) : 0)};
  body_.set_offices_wanted.note = any_note();
}

void LicenceStep::open_round() {
  command_.kind = CommandKind::kOpenRound;
  body_.open_round = {};
  const int from = wrong() ? 0 : 1;
  body_.open_round.places = static_cast<std::uint16_t>(chance_.between(from, wrong(80) ? 9 : 3));
  body_.open_round.opens = Tick{command_.now.ms + (chance_.chance(300) ? chance_.below(kDay) : 0)};
  body_.open_round.closes = Tick{body_.open_round.opens.ms +
                                 chance_.between<std::int64_t>(wrong() ? -9 : kDay / 4, 4 * kDay)};
}

void LicenceStep::close_or_rank() {
  if (chance_.chance(250)) {
    command_.kind = CommandKind::kCloseRound;
    body_.close_round = {};
    body_.close_round.round = round_in(bits(RoundState::kOpen));
    body_.close_round.note = any_note();
    return;
  }
  command_.kind = CommandKind::kRankRound;
  body_.rank_round = {};
  body_.rank_round.round = round_in(bits(RoundState::kExam, RoundState::kBoard));
  body_.rank_round.note = any_note();
}

void LicenceStep::apply() {
  command_.kind = CommandKind::kApplyForLicence;
  body_.apply_for_licence = {};
  ApplyForLicence& apply = body_.apply_for_licence;
  apply.round = round_in(bits(RoundState::kOpen));
  const int least = wrong(20) ? 0 : 1;
  apply.district = static_cast<District>(chance_.between(least, wrong(20) ? 40 : 4));
  apply.day = today();
  const std::uint64_t number = chance_.below(40U);
  apply.licensee = person(7000 + number);
  apply.manager = person(8000 + chance_.below(400U));
  if (wrong()) apply.manager.person = apply.licensee.person;
  if (chance_.chance(250)) {
    apply.own_venue = VenueId{static_cast<std::uint16_t>(chance_.between(4U, 7U))};
    if (!wrong(200)) apply.licensee.person = PersonId{7000U + raw(apply.own_venue)};
  }
}

void LicenceStep::check() {
  ApplicationView found;
  command_.kind = CommandKind::kRecordLicenceCheck;
  body_.record_licence_check = {};
  RecordLicenceCheck& record = body_.record_licence_check;
  const std::uint32_t later = chance_.chance(150) ? bits(LicenceState::kSuspended) : 0;
  record.application = application_in(bits(LicenceState::kApplied) | later, found);
  const std::uint32_t from = chance_.below(18U);
  for (std::uint32_t step = 0; step < 18; ++step) {
    const std::uint32_t at = (from + step) % 18;
    if (found.record.checks[at / 9][at % 9].result != CheckResult::kPending) continue;
    record.subject = static_cast<LicenceSubject>(at / 9);
    record.check = static_cast<LicenceCheck>(at % 9);
    break;
  }
  if (chance_.chance(150)) {
    record.application = application_in(UINT32_MAX, found);
    record.subject = static_cast<LicenceSubject>(chance_.below(2));
    record.check = static_cast<LicenceCheck>(chance_.below(4));
  }
  OfficeView office;
  if (raw(office_to_check(office)) != 0 && chance_.chance(400)) check_of_office(office);
  if (wrong(20)) record.office = licensed_office(office);
  if (wrong(60)) record.check = static_cast<LicenceCheck>(chance_.below(10));
  if (wrong(20)) record.subject = static_cast<LicenceSubject>(chance_.below(3));
  record.passed = wrong(150) ? 0 : 1;
  record.evidence = any_code();
  record.note = any_note();
}

void LicenceStep::check_of_office(const OfficeView& found) {
  RecordLicenceCheck& record = body_.record_licence_check;
  record.office = found.office;
  if (!wrong()) record.application = ApplicationId{};
  record.subject = LicenceSubject::kManager;
  for (std::size_t check = 0; check < kLicenceCheckCount; ++check) {
    const CheckResult result = found.manager_checks[check].result;
    if (result == CheckResult::kPending || result == CheckResult::kFailed)
      record.check = static_cast<LicenceCheck>(check);
  }
}

void LicenceStep::withdraw() {
  ApplicationView found;
  command_.kind = CommandKind::kWithdrawApplication;
  body_.withdraw_application = {};
  body_.withdraw_application.application =
      application_in(bits(LicenceState::kApplied, LicenceState::kSelected, LicenceState::kEquipping,
                          LicenceState::kWaitlisted, LicenceState::kExamPending),
                     found);
  body_.withdraw_application.note = any_note();
}

void LicenceStep::exam() {
  ApplicationView found;
  command_.kind = CommandKind::kRecordExamResult;
  body_.record_exam_result = {};
  body_.record_exam_result.application = application_in(bits(LicenceState::kExamPending), found);
  body_.record_exam_result.score = static_cast<std::uint16_t>(chance_.below(wrong() ? 200 : 60));
  if (chance_.chance(100)) {
    body_.record_exam_result.absent = 1;
    if (!wrong(200)) body_.record_exam_result.score = 0;
  }
  body_.record_exam_result.evidence = any_code();
}

void LicenceStep::board() {
  ApplicationView found;
  command_.kind = CommandKind::kRecordBoardFinding;
  body_.record_board_finding = {};
  body_.record_board_finding.application = application_in(bits(LicenceState::kBoardPending), found);
  body_.record_board_finding.competent = wrong(150) ? 0 : 1;
  body_.record_board_finding.evidence = any_code();
  body_.record_board_finding.note = any_note();
}

// Venues 1–3 are the municipality's, the others belong to licensees of the same number.
void LicenceStep::venue() {
  command_.kind = CommandKind::kDefineVenue;
  body_.define_venue = {};
  DefineVenue& venue = body_.define_venue;
  venue.venue = VenueId{static_cast<std::uint16_t>(chance_.between(wrong() ? 0U : 1U, 7U))};
  if (wrong()) venue.venue = VenueId{99};
  venue.district = static_cast<District>(chance_.between(wrong() ? 0U : 1U, 4U));
  if (raw(venue.venue) > 3) {
    venue.kind = VenueKind::kOwn;
    venue.owner = PersonId{wrong() ? 0 : 7000U + raw(venue.venue)};
  } else if (wrong()) {
    venue.owner = PersonId{7000U + raw(venue.venue)};
  }
  venue.in_service = wrong(100) ? 0 : 1;
  if (chance_.chance(200)) {
    OfficeView found;
    venue.office = licensed_office(found);
  }
  venue.point = city_point(chance_);
  venue.label = label_of("venue");
}

void LicenceStep::rent() {
  ApplicationView found;
  command_.kind = CommandKind::kRecordRent;
  body_.record_rent = {};
  RecordRent& rent = body_.record_rent;
  rent.application = application_in(bits(LicenceState::kSelected, LicenceState::kEquipping), found);
  rent.amount_rial = wrong() ? 0 : 1'000'000;
  rent.from = command_.now;
  if (chance_.chance(100)) rent.from.ms += chance_.between<std::int64_t>(0, 10 * kDay);
  rent.until = Tick{command_.now.ms + chance_.between<std::int64_t>(wrong() ? 0 : 1, 90 * kDay)};
  rent.reference = any_code();
}

void LicenceStep::equipment() {
  ApplicationView found;
  command_.kind = CommandKind::kRecordEquipment;
  body_.record_equipment = {};
  RecordEquipment& record = body_.record_equipment;
  record.application =
      application_in(bits(LicenceState::kSelected, LicenceState::kEquipping), found);
  record.item = static_cast<EquipmentItem>(chance_.chance(500) ? 0 : 2);
  if (wrong()) record.item = static_cast<EquipmentItem>(chance_.below(9));
  record.done = wrong(80) ? 0 : 1;
  record.reference = any_code();
}

void LicenceStep::equip() {
  ApplicationView found;
  command_.kind = CommandKind::kEquipOffice;
  body_.equip_office = {};
  EquipOffice& equip = body_.equip_office;
  equip.application = application_in(bits(LicenceState::kSelected), found);
  if (chance_.chance(300))
    equip.office = OfficeId{static_cast<std::uint16_t>(found.record.district * 100U + 9)};
  if (wrong()) equip.office = OfficeId{101};
  if (chance_.chance(700)) equip.point = city_point(chance_);
  equip.label = label_of("new office");
}

void LicenceStep::activate() {
  ApplicationView found;
  application_in(bits(LicenceState::kEquipping, LicenceState::kSuspended), found);
  command_.kind = CommandKind::kSetOfficeState;
  body_.set_office_state = {};
  body_.set_office_state.office = found.record.office;
  const bool ends = chance_.chance(100);
  body_.set_office_state.state =
      ends ? static_cast<OfficeState>(chance_.between(3, 6)) : OfficeState::kActive;
}

void LicenceStep::renew() {
  OfficeView found;
  command_.kind = CommandKind::kRenewLicence;
  body_.renew_licence = {};
  RenewLicence& renew = body_.renew_licence;
  renew.office = licensed_office(found);
  renew.day = today();
  renew.note = any_note();
  if (raw(found.application) != 0) return;
  renew.licensee = person(raw(found.licensee));
  renew.manager = person(raw(found.technical_manager));
}

void LicenceStep::manager() {
  OfficeView found;
  command_.kind = CommandKind::kSetTechnicalManager;
  body_.set_technical_manager = {};
  SetTechnicalManager& change = body_.set_technical_manager;
  change.office = licensed_office(found);
  change.change = static_cast<ManagerChange>(chance_.below(wrong(20) ? 5 : 4));
  if (found.manager_state == ManagerState::kSuspended && chance_.chance(600))
    change.change = ManagerChange::kRestore;
  change.day = today();
  if (change.change == ManagerChange::kReplace || wrong())
    change.person = person(8000 + chance_.below(wrong() ? 40U : 400U));
  if (chance_.chance(100) && raw(change.person.person) != 0)
    change.person.person = PersonId{3000 + chance_.below(13U)};  // who owns parcels
  change.note = any_note();
}

void LicenceStep::make() {
  const LicensingView sums = scheduler_.licensing();
  Cursor cursor;
  std::array<LicenceRulesView, 1> known;
  const bool ruled = scheduler_.list_licence_rules(cursor, known) != 0;
  if (!ruled && !wrong(100)) return rules();
  if (sums.wanted <= sums.taken && chance_.chance(sums.wanted == 0 ? 800 : 150)) return wanted();
  using Maker = void (LicenceStep::*)();
  struct Choice {
    std::uint32_t weight;
    Maker maker;
  };
  static constexpr std::array<Choice, 16> kChoices = {{
      {4, &LicenceStep::rules},
      {4, &LicenceStep::wanted},
      {25, &LicenceStep::open_round},
      {40, &LicenceStep::close_or_rank},
      {90, &LicenceStep::apply},
      {90, &LicenceStep::check},
      {12, &LicenceStep::withdraw},
      {50, &LicenceStep::exam},
      {40, &LicenceStep::board},
      {30, &LicenceStep::venue},
      {30, &LicenceStep::rent},
      {40, &LicenceStep::equipment},
      {30, &LicenceStep::equip},
      {40, &LicenceStep::activate},
      {20, &LicenceStep::renew},
      {20, &LicenceStep::manager},
  }};
  std::uint32_t total = 0;
  for (const Choice& choice : kChoices) total += choice.weight;
  std::uint32_t pick = chance_.below(total);
  for (const Choice& choice : kChoices) {
    if (pick < choice.weight) return (this->*choice.maker)();
    pick -= choice.weight;
  }
}

}  // namespace

void make_licence_step(Chance& chance, const Scheduler& scheduler, Command& command) {
  LicenceStep(chance, scheduler, command).make();
}

}  // namespace permitd::tests
