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
    const Outcome outcome = scheduler_.apply(command);
    return audit_members(command, command.op, outcome, scheduler_);
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

}  // namespace
}  // namespace permitd::daemon
