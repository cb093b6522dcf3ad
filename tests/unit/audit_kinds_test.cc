// Goal: the line of each kind of command says in plain members what it changed: nobody has to read
// the bytes of its body. Method: a story on the small city in which every kind is done once, and a
// table of those that need no members, each with its reason; then all kinds there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "daemon/audit_line.h"
#include "protocol/words.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using tests::kClerk;
using tests::kHead;
using tests::kInspector;
using tests::kNewBuild;
using tests::kOffice;
using tests::kOtherClerk;
using tests::kOtherOffice;
using tests::kReport;
using tests::kReviewer;
using tests::kStart;
using tests::text;

constexpr std::int64_t kDayMs = 1440 * kMsPerMinute;

struct Exception {
  CommandKind kind;
  std::string_view reason;
};
constexpr Exception kWithoutMembers[] = {
    {CommandKind::kTick, "nobody asks for anything: its events say what time has changed"},
    {CommandKind::kStart, "its events say who has which job, and that it is started"},
    {CommandKind::kComplete, "its events say who had which job, its states, and what comes next"},
    {CommandKind::kReturn, "its events say who had which job, its states, and why"},
    {CommandKind::kDecline, "its events say who had which job, its states, and why"},
    {CommandKind::kTurnLottery, "its line has the member `lottery` with all that it says"},
};

class AuditKindsTest : public tests::SmallCity {
 protected:
  /// The outcome of a command that must be accepted; what its line says is kept by kind.
  template <class Body>
  Outcome done(CommandKind kind, const Body& body, Actor actor) {
    const Command command = make(kind, body, actor);
    const AuditBefore before = look_before(command, scheduler_);
    const Outcome outcome = scheduler_.apply(command);
    venues_.follow(scheduler_);
    EXPECT_EQ(outcome.refusal, Refusal::kNone)
        << protocol::name_of(kind) << ": " << protocol::name_of(outcome.refusal) << ", "
        << protocol::name_of(outcome.field);
    if (outcome.refusal == Refusal::kNone)
      lines_[kind] = audit_members(command, command.op, outcome, before, venues_, scheduler_);
    return outcome;
  }
  template <class Body>
  Outcome steered(CommandKind kind, const Body& body) {
    return done(kind, body, supervisor());
  }
  Outcome filed(ServiceId service) {
    return done(CommandKind::kSubmitCase, submission(service), office());
  }
  const std::string& line_of(CommandKind kind) { return lines_[kind]; }
  bool has_members(CommandKind kind) {
    return line_of(kind).contains(",\"is\":{") || line_of(kind).contains(",\"was\":{");
  }

  void whole_case();
  void other_steps();
  void work_of_experts();
  void steering();
  void plan();
  void zoning();
  void licence_rules();
  void exam();
  void board_and_office();
  void new_manager(SetTechnicalManager manager);
  void reference_data();
  void people();
  void engine_turns();
  void calendar();

  ApplyForLicence request(std::uint16_t round, std::uint64_t number) const {
    ApplyForLicence body;
    body.round = RoundId{round};
    body.district = 5;
    body.day = static_cast<std::int32_t>(now_.ms / kDayMs);
    body.licensee = person(100 + number);
    body.manager = person(200 + number);
    return body;
  }
  static LicencePerson person(std::uint64_t number) {
    LicencePerson one;
    one.person = PersonId{number};
    one.birth_day = static_cast<std::int32_t>(kStart.ms / kDayMs) - 40 * 366;
    one.nationality = Nationality::kIranian;
    one.degree = Degree::kBachelor;
    one.field = DegreeField::kUrbanPlanning;
    return one;
  }
  std::uint16_t opened(std::uint16_t places) {
    OpenRound round;
    round.places = places;
    round.opens = now_;
    round.closes = Tick{now_.ms + 10 * kDayMs};
    return static_cast<std::uint16_t>(raw(steered(CommandKind::kOpenRound, round).case_id));
  }
  void close_round(std::uint16_t round) {
    CloseRound body;
    body.round = RoundId{round};
    steered(CommandKind::kCloseRound, body);
  }
  Outcome rank(std::uint16_t round) {
    RankRound body;
    body.round = RoundId{round};
    return steered(CommandKind::kRankRound, body);
  }

  VenueHolders venues_;
  std::map<CommandKind, std::string> lines_;
};

void AuditKindsTest::whole_case() {
  const Outcome built = filed(kNewBuild);
  work(kClerk);
  const JobView visit = job_view(case_view(built.case_id).current_job);
  Schedule later;
  later.job = visit.job;
  later.day = static_cast<std::int32_t>(visit.appointment.ms / kDayMs) + 1;
  done(CommandKind::kSchedule, later, office());
  wait((job_view(visit.job).appointment.ms - now_.ms) / kMsPerMinute);
  for (const ExpertId who : {kInspector, kHead, kClerk, kReviewer}) work(who);
  RecordDecision decision;
  decision.id = built.case_id;
  decision.approved = 1;
  steered(CommandKind::kRecordDecision, decision);
  done(CommandKind::kRecordFees, RecordFees{built.case_id, 1000}, office());
  work(kOtherClerk);
  done(CommandKind::kCloseCase, CloseCase{built.case_id}, office());
}

void AuditKindsTest::other_steps() {
  SubmitCase draft = submission(kReport);
  draft.flags = kSubmitDraft;
  const CaseId id = done(CommandKind::kSubmitCase, draft, office()).case_id;
  done(CommandKind::kRegisterCase, RegisterCase{id}, office());
  AmendCase amended;
  amended.id = id;
  amended.floors = 4;
  done(CommandKind::kAmendCase, amended, office());
  Expedite expedite;
  expedite.id = id;
  expedite.note = text<79>("the mayor asked");
  steered(CommandKind::kExpedite, expedite);
  MoveCase move;
  move.id = id;
  move.office = kOtherOffice;
  steered(CommandKind::kMoveCase, move);
  WithdrawCase withdrawn;
  withdrawn.id = id;
  steered(CommandKind::kWithdrawCase, withdrawn);
}

void AuditKindsTest::work_of_experts() {
  const Outcome report = filed(kReport);
  const Actor clerk = expert(kClerk);
  Outcome lease = done(CommandKind::kClaim, Claim{}, clerk);
  ASSERT_EQ(lease.job, report.job);
  done(CommandKind::kStart, Start{lease.job, lease.token}, clerk);
  wait(10);
  done(CommandKind::kRenew, Renew{lease.job, lease.token}, clerk);
  done(CommandKind::kComplete, Complete{lease.job, lease.token, {}}, clerk);
  ReferCase refer;
  refer.id = report.case_id;
  steered(CommandKind::kReferCase, refer);
  refer.refer = 0;
  steered(CommandKind::kReferCase, refer);
  lease = done(CommandKind::kClaim, Claim{}, clerk);
  ASSERT_NE(raw(lease.job), 0U);
  done(CommandKind::kStart, Start{lease.job, lease.token}, clerk);
  Return back;
  back.job = lease.job;
  back.token = lease.token;
  back.reason = Reason::kDocumentsIncomplete;
  done(CommandKind::kReturn, back, clerk);
  done(CommandKind::kAnswerCase, AnswerCase{report.case_id}, office());
  lease = done(CommandKind::kClaim, Claim{}, clerk);
  ASSERT_NE(raw(lease.job), 0U);
  Decline declined;
  declined.job = lease.job;
  declined.token = lease.token;
  done(CommandKind::kDecline, declined, clerk);
  done(CommandKind::kClaim, Claim{}, expert(kReviewer));
  done(CommandKind::kUnclaim, Unclaim{}, expert(kReviewer));
  apply(CommandKind::kUnclaim, Unclaim{}, clerk);
}

void AuditKindsTest::steering() {
  Hold hold;
  hold.job = filed(kReport).job;
  steered(CommandKind::kHold, hold);
  Release release;
  release.job = hold.job;
  steered(CommandKind::kRelease, release);
  Reassign reassign;
  reassign.job = hold.job;
  reassign.expert = kOtherClerk;
  steered(CommandKind::kReassign, reassign);
  hold.job = filed(kReport).job;
  steered(CommandKind::kHold, hold);
  Cancel cancel;
  cancel.job = hold.job;
  steered(CommandKind::kCancel, cancel);
}

void AuditKindsTest::plan() {
  const JobId job = filed(kReport).job;
  const JobView view = job_view(job);
  ApplyPlan body;
  body.snapshot_op = scheduler_.op_applied();
  body.count = 2;
  body.lines[0].job = job;
  body.lines[0].expert = kClerk;
  body.lines[0].start_minute = static_cast<std::uint32_t>(now_.ms / kMsPerMinute + 60);
  body.lines[0].sequence = 3;
  body.lines[0].attempts = view.attempts;
  body.lines[0].state = view.state;
  body.lines[1] = body.lines[0];
  body.lines[1].job = JobId{999'999};
  EXPECT_EQ(steered(CommandKind::kApplyPlan, body).state, 1);
  const std::string start = std::to_string(now_.ms + 60 * kMsPerMinute);
  const std::string& line = line_of(CommandKind::kApplyPlan);
  EXPECT_THAT(line, HasSubstr("\"plannedFor\":1,\"plannedStart\":" + start + ",\"sequence\":3}"));
  EXPECT_THAT(line, HasSubstr("\"lines\":[[" + std::to_string(raw(job)) + ",1," + start +
                              ",3,\"applied\"],[999999,1," + start + ",3,\"unknownJob\"]]"));
  LockPlan lock;
  lock.job = job;
  lock.locks = kLockPerson;
  steered(CommandKind::kLockPlan, lock);
  EXPECT_THAT(line_of(CommandKind::kLockPlan),
              HasSubstr("\"was\":{\"planLocks\":0},\"is\":{\"planLocks\":1}"));
}

void AuditKindsTest::zoning() {
  SubmitCase asked = submission(kNewBuild);
  asked.zone = text<7>("R122");
  const CaseId before = done(CommandKind::kSubmitCase, asked, office()).case_id;
  LoadZoning load;
  load.version = 1;
  load.count = 1;
  load.total = 1;
  load.rules[0].zone = text<7>("R122");
  load.rules[0].coverage_permille = 600;
  load.rules[0].floors = 5;
  load.rules[0].area_min_m2 = 250;
  load.rules[0].area_effect = 1;
  steered(CommandKind::kLoadZoning, load);
  EXPECT_THAT(line_of(CommandKind::kLoadZoning),
              HasSubstr("\"loaded\":[{\"zone\":\"R122\",\"floors\":5,\"coveragePermille\":600,"
                        "\"areaMinM2\":250,\"areaEffect\":1,\"streetMinDm\":0,"
                        "\"streetEffect\":0}]"));
  ValidateZoning validate;
  validate.version = 1;
  steered(CommandKind::kValidateZoning, validate);
  wait(1);
  NotifyZoning notify;
  notify.version = 1;
  notify.effective_from = now_;
  steered(CommandKind::kNotifyZoning, notify);
  wait(0);
  RebaseCase rebase;
  rebase.id = before;
  rebase.note = text<79>("the owner asked");
  steered(CommandKind::kRebaseCase, rebase);
  load.version = 2;
  steered(CommandKind::kLoadZoning, load);
  DropZoning drop;
  drop.version = 2;
  steered(CommandKind::kDropZoning, drop);
}

void AuditKindsTest::licence_rules() {
  SetLicenceRules rules;
  rules.version = 1;
  rules.effective_from = kStart;
  rules.licensee.fields = 0x1E;
  rules.licensee.checks = check_bit(LicenceCheck::kMoralRecord);
  rules.manager.fields = field_bit(DegreeField::kUrbanPlanning);
  rules.equipment[0] = EquipmentParty::kMunicipality;
  steered(CommandKind::kSetLicenceRules, rules);
  SetOfficesWanted wanted;
  wanted.count = 5;
  wanted.effective_from = kStart;
  steered(CommandKind::kSetOfficesWanted, wanted);
  DefineVenue venue;
  venue.venue = VenueId{1};
  venue.district = 5;
  steered(CommandKind::kDefineVenue, venue);
}

// Two for one place: there is an exam, and the better one gets place and venue.
void AuditKindsTest::exam() {
  const std::uint16_t round = opened(1);
  for (const std::uint64_t number : {1U, 2U, 3U}) {
    const auto id = static_cast<std::uint32_t>(
        raw(steered(CommandKind::kApplyForLicence, request(round, number)).case_id));
    ASSERT_EQ(id, number);
    RecordLicenceCheck check;
    check.application = ApplicationId{id};
    check.check = LicenceCheck::kMoralRecord;
    check.passed = 1;
    check.evidence = text<23>("letter 7");
    steered(CommandKind::kRecordLicenceCheck, check);
  }
  EXPECT_THAT(line_of(CommandKind::kApplyForLicence),
              HasSubstr("\"licensee\":{\"person\":103,\"degree\":\"bachelor\",\"field\":"
                        "\"urbanPlanning\",\"experienceYears\":0}"));
  EXPECT_THAT(line_of(CommandKind::kApplyForLicence),
              HasSubstr("[\"licensee\",\"age\",\"passed\"]"));
  WithdrawApplication withdraw;
  withdraw.application = ApplicationId{3};
  steered(CommandKind::kWithdrawApplication, withdraw);
  close_round(round);
  for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{2}}) {
    RecordExamResult result;
    result.application = ApplicationId{number};
    result.score = static_cast<std::uint16_t>(500 + number);
    result.evidence = text<23>("sheet");
    steered(CommandKind::kRecordExamResult, result);
  }
  rank(round);
  // Nobody has an office yet: the venue goes to an application.
  const std::string& line = line_of(CommandKind::kRankRound);
  EXPECT_THAT(line, HasSubstr("\"ranks\":[[2,1,0,502],[1,2,0,501]]"));
  EXPECT_THAT(line, HasSubstr("{\"event\":\"venueChanged\",\"subject\":1,\"application\":2,"
                              "\"before\":\"free\",\"after\":\"held\"}"));
}

void AuditKindsTest::board_and_office() {
  // The place that is given up goes to who waits, and so does the venue.
  WithdrawApplication withdraw;
  withdraw.application = ApplicationId{2};
  steered(CommandKind::kWithdrawApplication, withdraw);
  const std::string& line = line_of(CommandKind::kWithdrawApplication);
  EXPECT_THAT(line, HasSubstr("\"subject\":1,\"application\":2,\"before\":\"held\""));
  EXPECT_THAT(line, HasSubstr("\"subject\":1,\"application\":1,\"before\":\"free\""));
  EquipOffice equip;
  equip.application = ApplicationId{1};
  steered(CommandKind::kEquipOffice, equip);
  RecordRent rent;
  rent.application = ApplicationId{1};
  rent.amount_rial = 5'000'000;
  rent.from = now_;
  rent.until = Tick{now_.ms + 365 * kDayMs};
  rent.reference = text<23>("contract");
  steered(CommandKind::kRecordRent, rent);
  RecordEquipment item;
  item.application = ApplicationId{1};
  item.reference = text<23>("receipt");
  steered(CommandKind::kRecordEquipment, item);
  const std::uint16_t round = opened(1);
  const auto id = static_cast<std::uint32_t>(
      raw(steered(CommandKind::kApplyForLicence, request(round, 9)).case_id));
  RecordLicenceCheck check;
  check.application = ApplicationId{id};
  check.check = LicenceCheck::kMoralRecord;
  check.passed = 1;
  check.evidence = text<23>("letter 8");
  steered(CommandKind::kRecordLicenceCheck, check);
  close_round(round);
  RecordBoardFinding finding;
  finding.application = ApplicationId{id};
  finding.competent = 1;
  finding.evidence = text<23>("minutes");
  steered(CommandKind::kRecordBoardFinding, finding);
  RenewLicence renew;
  renew.office = kOffice;
  renew.day = static_cast<std::int32_t>(now_.ms / kDayMs);
  renew.licensee = person(5000 + std::uint64_t{raw(kOffice)});
  renew.manager = person(6000 + std::uint64_t{raw(kOffice)});
  steered(CommandKind::kRenewLicence, renew);
  SetTechnicalManager manager;
  manager.office = kOffice;
  manager.day = renew.day;
  steered(CommandKind::kSetTechnicalManager, manager);
  new_manager(manager);
}

// Of an office from before the rounds, which has no application to be checked with.
void AuditKindsTest::new_manager(SetTechnicalManager manager) {
  SetLicenceRules rules;
  rules.version = 2;
  rules.effective_from = kStart;
  rules.licensee.fields = rules.manager.fields = field_bit(DegreeField::kUrbanPlanning);
  rules.manager.checks = check_bit(LicenceCheck::kBankruptcy);
  done(CommandKind::kSetLicenceRules, rules, supervisor());
  manager.change = ManagerChange::kReplace;
  manager.person = person(6900);
  done(CommandKind::kSetTechnicalManager, manager, supervisor());
  EXPECT_THAT(line_of(CommandKind::kSetTechnicalManager),
              HasSubstr("[\"manager\",\"degreeField\",\"passed\"]]"));
  RecordLicenceCheck check;
  check.office = manager.office;
  check.subject = LicenceSubject::kManager;
  check.check = LicenceCheck::kBankruptcy;
  check.passed = 1;
  check.evidence = text<23>("letter 9");
  done(CommandKind::kRecordLicenceCheck, check, supervisor());
  EXPECT_THAT(line_of(CommandKind::kRecordLicenceCheck),
              HasSubstr("\"is\":{\"result\":\"passed\",\"evidence\":\"letter 9\","
                        "\"managerState\":\"active\"}"));
}

void AuditKindsTest::reference_data() {
  SetLimits limits;
  limits.limits = scheduler_.limits();
  limits.limits.offices_max += 4;
  done(CommandKind::kSetLimits, limits, engine());
  SetPolicy policy;
  policy.lease_minutes = 45;
  steered(CommandKind::kSetPolicy, policy);
  DefineService service;
  service.service = ServiceId{3};
  service.version = 1;
  service.stage_count = 1;
  service.stages[0].effort_minutes = 30;
  service.stages[0].sla_minutes = 420;
  steered(CommandKind::kDefineService, service);
  DefineOrganisation organisation;
  organisation.organisation = OrganisationId{3};
  organisation.enabled = 1;
  steered(CommandKind::kDefineOrganisation, organisation);
}

void AuditKindsTest::people() {
  DefineOffice office;
  office.office = OfficeId{103};
  office.district = 1;
  office.state = OfficeState::kActive;
  office.licensee = PersonId{5103};
  office.technical_manager = PersonId{6103};
  steered(CommandKind::kDefineOffice, office);
  ActivateService activation;
  activation.office = office.office;
  activation.service = kReport;
  activation.until = kNever;
  steered(CommandKind::kActivateService, activation);
  DefineExpert expert;
  expert.expert = ExpertId{7};
  expert.office = office.office;
  expert.state = ExpertState::kCertified;
  expert.person = PersonId{1007};
  steered(CommandKind::kDefineExpert, expert);
  SetCertificate certificate;
  certificate.expert = expert.expert;
  certificate.valid_until = Tick{now_.ms + 365 * kDayMs};
  steered(CommandKind::kSetCertificate, certificate);
  SetAbsence absence;
  absence.expert = expert.expert;
  absence.from = Tick{now_.ms + kDayMs};
  absence.until = Tick{now_.ms + 2 * kDayMs};
  steered(CommandKind::kSetAbsence, absence);
  SetExpertState left;
  left.expert = expert.expert;
  left.state = ExpertState::kSuspended;
  steered(CommandKind::kSetExpertState, left);
  SetOfficeState suspended;
  suspended.office = office.office;
  suspended.state = OfficeState::kSuspended;
  steered(CommandKind::kSetOfficeState, suspended);
}

void AuditKindsTest::engine_turns() {
  done(CommandKind::kTick, TickBody{}, engine());
  TurnLottery turn;
  turn.day = scheduler_.working_day(now_);
  turn.salt.fill(2);
  turn.commitment.fill(3);
  done(CommandKind::kTurnLottery, turn, engine());
  EXPECT_THAT(line_of(CommandKind::kTurnLottery), HasSubstr(",\"lottery\":{\"day\":"));
}

// Last: with a day in it the calendar is closed on all others.
void AuditKindsTest::calendar() {
  SetCalendarDays days;
  days.first_day = static_cast<std::int32_t>(now_.ms / kDayMs) + 1;
  days.count = 1;
  days.open_minute[0] = static_cast<std::uint32_t>(days.first_day) * 1440U;
  days.length_minutes[0] = 420;
  steered(CommandKind::kSetCalendarDays, days);
}

TEST_F(AuditKindsTest, EveryKindSaysInPlainMembersWhatItChanged) {
  whole_case();
  other_steps();
  work_of_experts();
  steering();
  plan();
  zoning();
  licence_rules();
  exam();
  board_and_office();
  reference_data();
  people();
  engine_turns();
  calendar();
  for (int number = 0; number < 256; ++number) {
    const auto kind = static_cast<CommandKind>(number);
    if (body_size(kind) == 0) continue;
    EXPECT_TRUE(lines_.contains(kind)) << protocol::name_of(kind) << " is not in the story";
    const auto* exception = std::ranges::find(kWithoutMembers, kind, &Exception::kind);
    if (exception != std::end(kWithoutMembers)) {
      EXPECT_FALSE(exception->reason.empty());
      EXPECT_FALSE(has_members(kind)) << protocol::name_of(kind) << " is no exception any more";
      continue;
    }
    EXPECT_TRUE(has_members(kind)) << protocol::name_of(kind) << ": " << line_of(kind);
  }
}

TEST_F(AuditKindsTest, ACaseTellsAllThatIsAskedForAndNothingThatIsNot) {
  SubmitCase asked = submission(kNewBuild);
  asked.flags = kSubmitBuilt;
  asked.zone = text<7>("R122");
  asked.coverage_permille = 600;
  asked.street_width_dm = 120;
  asked.relative = PersonId{78};
  asked.designer = PersonId{79};
  asked.point = {35'700'000, 51'400'000};
  done(CommandKind::kSubmitCase, asked, office());
  const std::string& line = line_of(CommandKind::kSubmitCase);
  for (const std::string_view member :
       {"\"owner\":77", "\"relative\":78", "\"designer\":79", "\"parcel\":\"12-34-567\"",
        "\"point\":{\"latE6\":35700000,\"lonE6\":51400000}", "\"areaM2\":500", "\"floors\":3",
        "\"zone\":\"R122\"", "\"coveragePermille\":600", "\"streetWidthDm\":120", "\"district\":5",
        "\"organisation\":1", "\"service\":1", "\"office\":101", "\"built\":true"})
    EXPECT_THAT(line, HasSubstr(std::string(member)));
  EXPECT_THAT(line, Not(HasSubstr("\"was\"")));
  EXPECT_THAT(line, Not(HasSubstr("\"reference\"")));
}

TEST_F(AuditKindsTest, AnAppointmentIsToldBeforeAndAfter) {
  whole_case();
  EXPECT_THAT(line_of(CommandKind::kSchedule),
              ContainsRegex("\"was\":\\{[^}]*\"appointment\":[0-9]+[^}]*\\},"
                            "\"is\":\\{[^}]*\"appointment\":[0-9]+"));
}

}  // namespace
}  // namespace permitd::daemon
