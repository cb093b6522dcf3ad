// Goal: lines of an audit trail are JSON with the right words and the chain that docs/AUDIT.md
// describes. Method: the small city of the core's own tests; hashes were computed by sha256sum.
#include "daemon/audit_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;
using testing::HasSubstr;
using testing::Not;

TEST(AuditChainTest, EachHashFollowsFromTheOneBeforeAndTheLine) {
  AuditChain chain(std::string(64, '0'));
  EXPECT_EQ(
      chain.link("\"a\":1"),
      "{\"a\":1,\"hash\":\"a6fc8d7dbf738917ee8344e1cd5486b01255b25fe5de4df9be7af29689f6a1aa\"}"
      "\n");
  chain.link("\"b\":2");
  EXPECT_EQ(chain.last(), "01d830fb6975b3e4bdde82678fbf22fcf2fac8194baa374a6cd4f67a3029e45b");
}

TEST(AuditLineTest, TextIsEscaped) {
  EXPECT_EQ(json_escaped("a \"b\" \\ \n\x7f س"), "a \\\"b\\\" \\\\ \\u000a\\u007f س");
}

class AuditMembersTest : public tests::SmallCity {
 protected:
  template <class Body>
  std::string told(CommandKind kind, const Body& body, Actor actor) {
    const Command command = make(kind, body, actor);
    const AuditBefore before = look_before(command, scheduler_);
    const Outcome outcome = scheduler_.apply(command);
    return audit_members(command, command.op, outcome, before, VenueHolders{}, scheduler_);
  }
};

TEST_F(AuditMembersTest, AnAssignmentTellsItsChoice) {
  submit(tests::kReport);
  const std::string line = told(CommandKind::kClaim, Claim{}, expert(tests::kClerk));
  EXPECT_THAT(line, HasSubstr("\"command\":\"claim\",\"actor\":\"expert:1\""));
  EXPECT_THAT(line, HasSubstr("\"before\":\"ready\",\"after\":\"assigned\""));
  EXPECT_THAT(line, HasSubstr("\"decisions\":[{\"job\":1,\"by\":\"claim\",\"seed\":\""));
  EXPECT_THAT(line, HasSubstr("\"near\":[[1,0]],\"chosen\":1,\"considered\":1"));
}

TEST_F(AuditMembersTest, AClaimTellsTheVisitsItWasDrawnAmong) {
  SetPolicy policy;
  policy.near_visits = 4;
  policy.near_slack_minutes = 60;
  policy.near_equal_permille = 70;
  told(CommandKind::kSetPolicy, policy, supervisor());
  DefineExpert body;
  body.expert = tests::kInspector;
  body.office = tests::kOffice;
  body.state = scheduler::ExpertState::kCertified;
  body.person = PersonId{1000 + std::uint64_t{raw(tests::kInspector)}};
  body.home = {35'700'000, 51'400'000};
  told(CommandKind::kDefineExpert, body, supervisor());
  scheduler::JobId visit{};
  for (std::int32_t i = 0; i < 2; ++i) {
    SubmitCase filed = submission(tests::kNewBuild);
    filed.owner = PersonId{100 + static_cast<std::uint64_t>(i)};
    filed.point = {35'700'000 + i * 1'000, 51'400'000};
    const Outcome outcome = apply(CommandKind::kSubmitCase, filed, office());
    work(tests::kClerk);
    visit = case_view(outcome.case_id).current_job;
  }
  wait((job_view(visit).appointment.ms - now_.ms) / scheduler::kMsPerMinute);
  const std::string line = told(CommandKind::kClaim, Claim{}, expert(tests::kInspector));
  EXPECT_THAT(line, HasSubstr(",\"compared\":2,"));
  EXPECT_THAT(line, HasSubstr(",\"drawn\":[[2,0],[4,111]],\"within\":70"));
}

TEST_F(AuditMembersTest, AClaimTellsTheJobsItWasDrawnAmong) {
  SetPolicy policy;
  policy.draw_minutes = 30;
  told(CommandKind::kSetPolicy, policy, supervisor());
  submit(tests::kReport);
  wait(7);
  submit(tests::kReport);
  const std::string line = told(CommandKind::kClaim, Claim{}, expert(tests::kClerk));
  EXPECT_THAT(line, HasSubstr(",\"drawn\":[[1,0],[2,7]],\"withinMinutes\":30"));
}

TEST_F(AuditMembersTest, AStartForOthersTellsWhatMunicipalWorkStoodBeforeIt) {
  submit(tests::kReport, tests::kOthers);
  const Outcome lease = claim(tests::kClerk);
  SubmitCase own = submission(tests::kReport);
  own.owner = PersonId{1000 + std::uint64_t{raw(tests::kClerk)}};
  EXPECT_THAT(told(CommandKind::kSubmitCase, own, office()),
              HasSubstr("\"class\":\"municipal\",\"before\":"));
  const std::string line =
      told(CommandKind::kStart, Start{lease.job, lease.token}, expert(tests::kClerk));
  EXPECT_THAT(line, HasSubstr("\"class\":\"other\",\"before\":\"assigned\""));
  EXPECT_THAT(line, HasSubstr("\"municipal\":{\"waiting\":[0,1],\"fitting\":[0,0],"
                              "\"removed\":{\"conflict\":1}}"));
}

TEST_F(AuditMembersTest, ARefusalSaysWhyAndHasNoEvents) {
  const std::string line =
      told(CommandKind::kStart, Start{JobId{9}, LeaseToken{1}}, expert(tests::kClerk));
  EXPECT_THAT(line, HasSubstr("\"refused\":\"unknownJob\",\"field\":\"job\""));
  EXPECT_THAT(line, Not(HasSubstr("events")));
}

TEST_F(AuditMembersTest, TheBodyLosesNothingButZeros) {
  Claim claim;
  claim.wanted = 0x0203;
  EXPECT_THAT(told(CommandKind::kClaim, claim, expert(tests::kClerk)),
              HasSubstr("\"body\":\"0302\""));
  EXPECT_THAT(told(CommandKind::kUnclaim, Unclaim{}, expert(tests::kClerk)),
              HasSubstr("\"body\":\"\""));
}

TEST_F(AuditMembersTest, ANoteIsToldWithItsCommand) {
  const JobId job = submit(tests::kReport).job;
  Hold hold;
  hold.job = job;
  hold.note = tests::text<79>("an \"order\"");
  const std::string line = told(CommandKind::kHold, hold, supervisor());
  EXPECT_THAT(line, HasSubstr("\"note\":\"an \\\"order\\\"\""));
  EXPECT_THAT(line, HasSubstr("\"reason\":\"supervisorOrder\""));
}

TEST_F(AuditMembersTest, APolicyTellsTheMembersThatAreOthersNow) {
  SetPolicy policy;
  policy.lease_minutes = 45;
  policy.homes = HomePolicy::kWhenEnded;
  const std::string line = told(CommandKind::kSetPolicy, policy, supervisor());
  EXPECT_THAT(line, HasSubstr("\"was\":{\"leaseMinutes\":30,\"homes\":\"propose\"}"));
  EXPECT_THAT(line, HasSubstr("\"is\":{\"leaseMinutes\":45,\"homes\":\"whenEnded\"}"));
  EXPECT_THAT(line, HasSubstr("{\"event\":\"referenceChanged\",\"by\":\"setPolicy\"}"));
}

TEST_F(AuditMembersTest, ACertificateTellsItsSkillAndBothIntervals) {
  SetCertificate change;
  change.expert = tests::kClerk;
  change.skill = Skill::kAdmin;
  change.valid_until = Tick{now_.ms + 1000};
  const std::string line = told(CommandKind::kSetCertificate, change, supervisor());
  const std::int64_t old_end = tests::kStart.ms + 365LL * 24 * 60 * kMsPerMinute;
  EXPECT_THAT(line, HasSubstr("\"was\":{\"until\":" + std::to_string(old_end) + "}"));
  EXPECT_THAT(line, HasSubstr("\"is\":{\"until\":" + std::to_string(now_.ms + 1000) + "}"));
  EXPECT_THAT(line, HasSubstr("\"skill\":\"admin\",\"before\":\"inForce\",\"after\":\"inForce\""));
  now_.ms += 1000;
  EXPECT_THAT(told(CommandKind::kTick, TickBody{}, engine()),
              HasSubstr("\"skill\":\"admin\",\"before\":\"inForce\",\"after\":\"over\","
                        "\"reason\":\"certificateLapsed\""));
}

TEST_F(AuditMembersTest, AnAbsenceTellsThoseThatAreKnownBeforeAndAfter) {
  SetAbsence first;
  first.expert = tests::kClerk;
  first.from = Tick{now_.ms + 1000};
  first.until = Tick{now_.ms + 2000};
  first.reason = Reason::kLeave;
  const std::string one =
      "[" + std::to_string(first.from.ms) + "," + std::to_string(first.until.ms) + ",\"leave\"]";
  std::string line = told(CommandKind::kSetAbsence, first, supervisor());
  EXPECT_THAT(line, HasSubstr("\"is\":{\"absences\":[" + one + "]}"));
  EXPECT_THAT(line, Not(HasSubstr("\"was\"")));
  SetAbsence second = first;
  second.from = Tick{now_.ms + 5000};
  second.until = Tick{now_.ms + 6000};
  line = told(CommandKind::kSetAbsence, second, supervisor());
  EXPECT_THAT(line, HasSubstr("\"was\":{\"absences\":[" + one + "]}"));
  EXPECT_THAT(line, HasSubstr("\"is\":{\"absences\":[" + one + ",["));
}

TEST_F(AuditMembersTest, AnEditOfTheCalendarTellsEachDeadlineBeforeAndAfter) {
  const Outcome filed = submit(tests::kReport);
  const Tick before = job_view(filed.job).deadline;
  SetCalendarDays days;
  days.first_day = 20'000;
  days.count = 4;
  for (std::size_t i = 0; i < days.count; ++i) {
    days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
    days.length_minutes[i] = i == 0 ? 60 : 420;
  }
  const std::string line = told(CommandKind::kSetCalendarDays, days, supervisor());
  const Tick after = job_view(filed.job).deadline;
  ASSERT_NE(before, after);
  EXPECT_THAT(
      line, HasSubstr("\"before\":" + moment_value(before) + ",\"after\":" + moment_value(after)));
  EXPECT_THAT(line, HasSubstr("\"20000\":[" + std::to_string(20'000 * 1440) + ",60]"));
}

// The list of events has an end, the trail has none.
TEST_F(AuditMembersTest, ADeadlineThatNoEventListsIsToldAllTheSame) {
  const Outcome filed = submit(tests::kReport);
  const Command nothing = make(CommandKind::kTick, TickBody{}, engine());
  AuditBefore before;
  before.deadlines[filed.job] = Tick{5};
  const Outcome outcome = scheduler_.apply(nothing);
  EXPECT_THAT(audit_members(nothing, nothing.op, outcome, before, VenueHolders{}, scheduler_),
              HasSubstr("{\"event\":\"deadlineMoved\",\"case\":1,\"job\":1,\"office\":101,"
                        "\"stage\":\"fileFormation\",\"before\":5,\"after\":"));
}

TEST_F(AuditMembersTest, ARefusedCommandChangesNothing) {
  SetPolicy policy;
  policy.lease_minutes = 0;
  const std::string line = told(CommandKind::kSetPolicy, policy, supervisor());
  EXPECT_THAT(line, HasSubstr("\"refused\":\"outOfRange\""));
  EXPECT_THAT(line, Not(HasSubstr("\"is\"")));
}

}  // namespace
}  // namespace permitd::daemon
