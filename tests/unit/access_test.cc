// Goal: nobody is somebody without proof. Method: every kind of peer against every role.
#include "daemon/access.h"

#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

constexpr std::array kRoles{Role::kOffice, Role::kExpert, Role::kSupervisor, Role::kOperator,
                            Role::kAuditor};
static_assert(kRoles.size() == kRoleCount);

PeerProof unix_peer(std::uint32_t uid) { return {.is_unix = true, .uid = uid}; }

AccessPolicy policy_with(AccessRule rule) {
  AccessPolicy policy;
  policy.own_uid = 900;
  policy.rules.push_back(std::move(rule));
  return policy;
}

TEST(AccessTest, RootAndTheDaemonsUserMayBeAnybody) {
  AccessPolicy policy;
  policy.own_uid = 900;
  for (const Role role : kRoles) {
    EXPECT_TRUE(policy.allows(unix_peer(0), {role, 1}));
    EXPECT_TRUE(policy.allows(unix_peer(900), {role, 1}));
    EXPECT_FALSE(policy.allows(unix_peer(901), {role, 1}));
  }
}

TEST(AccessTest, ARuleGivesItsNumbersOfItsRoleAndNoOthers) {
  AccessRule rule;
  rule.uid = 1000;
  rule.offices = {{101, 103}, {205, 205}};
  const AccessPolicy policy = policy_with(rule);
  for (const std::uint32_t number : {101U, 102U, 103U, 205U}) {
    EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kOffice, number})) << number;
  }
  for (const std::uint32_t number : {0U, 100U, 104U, 204U, 206U, 9999U}) {
    EXPECT_FALSE(policy.allows(unix_peer(1000), {Role::kOffice, number})) << number;
  }
  EXPECT_FALSE(policy.allows(unix_peer(1001), {Role::kOffice, 101}));
  for (const Role role : kRoles) {
    if (role != Role::kOffice) {
      EXPECT_FALSE(policy.allows(unix_peer(1000), {role, 101}));
    }
  }
}

TEST(AccessTest, EachRoleHasItsOwnList) {
  AccessRule rule;
  rule.uid = 1000;
  rule.experts = {{1, 1}};
  rule.supervisors = {{2, 2}};
  rule.operators = {{3, 3}};
  rule.auditors = {{4, 4}};
  const AccessPolicy policy = policy_with(rule);
  EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kExpert, 1}));
  EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kSupervisor, 2}));
  EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kOperator, 3}));
  EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kAuditor, 4}));
  EXPECT_FALSE(policy.allows(unix_peer(1000), {Role::kAuditor, 3}));
}

TEST(AccessTest, TcpProvesNothingUnlessThisMachineIsTrusted) {
  AccessRule everybody;
  everybody.every_user = true;
  everybody.offices = {{1, 9999}};
  AccessPolicy policy = policy_with(everybody);
  const PeerProof far{.is_loopback = false};
  const PeerProof near{.is_loopback = true};
  EXPECT_TRUE(policy.allows(unix_peer(4711), {Role::kOffice, 101}));
  EXPECT_FALSE(policy.allows(near, {Role::kOffice, 101}));
  EXPECT_FALSE(policy.allows(far, {Role::kOffice, 101}));
  policy.trust_loopback = true;
  EXPECT_TRUE(policy.allows(near, {Role::kOffice, 101}));
  EXPECT_FALSE(policy.allows(far, {Role::kOffice, 101}));
}

PeerProof certified_peer(std::string_view name) {
  return {.is_loopback = true, .is_tls = true, .certified = identity_of_name(name)};
}

TEST(AccessTest, ACertificateIsItsIdentityAndNothingElse) {
  AccessRule everybody;
  everybody.every_user = true;
  everybody.offices = everybody.operators = {{1, UINT32_MAX}};
  AccessPolicy policy = policy_with(everybody);
  policy.trust_loopback = true;  // neither widens what a certificate says
  const std::array<std::string_view, kRoleCount> names{"office-7", "expert-7", "supervisor-7",
                                                       "operator-7", "auditor-7"};
  for (std::size_t mine = 0; mine < kRoleCount; ++mine) {
    const PeerProof peer = certified_peer(names[mine]);
    for (std::size_t wanted = 0; wanted < kRoleCount; ++wanted) {
      EXPECT_EQ(policy.allows(peer, {kRoles[wanted], 7}), mine == wanted) << names[mine] << wanted;
      EXPECT_FALSE(policy.allows(peer, {kRoles[wanted], 8}));
      EXPECT_FALSE(policy.allows(peer, {kRoles[wanted], 0}));
    }
  }
}

TEST(AccessTest, AnotherNameIsNobody) {
  AccessPolicy policy;
  policy.trust_loopback = true;
  for (const std::string_view name :
       {"", "web-1", "office", "office-", "office-0", "office-07", "office-0101", "office-+7",
        "office--7", "office-7 ", "office-7x", " office-7", "Office-7", "office-10000",
        "office-4294967303", "expert-99999999999999999999", "supervisor:7",
        "office-7/operator-1"}) {
    EXPECT_FALSE(identity_of_name(name).has_value()) << name;
    for (const Role role : kRoles) {
      EXPECT_FALSE(policy.allows(certified_peer(name), {role, 7})) << name;
      EXPECT_FALSE(policy.allows(certified_peer(name), {role, 0})) << name;
    }
  }
  for (const std::string_view name :
       {"supervisor-3@", "supervisor-3@0", "supervisor-3@32", "supervisor-3@05", "supervisor-3@5,",
        "supervisor-3@7,5", "supervisor-3@5,6", "supervisor-3@5@6", "supervisor-@5", "supervisor@5",
        "supervisor-3@1-31x", "office-7@5", "expert-7@5", "operator-7@5", "office-7@1-31"}) {
    EXPECT_FALSE(identity_of_name(name).has_value()) << name;
  }
  EXPECT_EQ(identity_of_name("office-9999"), (PeerIdentity{Role::kOffice, 9999}));
  EXPECT_EQ(identity_of_name("expert-4294967295"), (PeerIdentity{Role::kExpert, UINT32_MAX}));
}

constexpr protocol::DistrictSet kFive = 1U << 5;
constexpr protocol::DistrictSet kFiveAndSeven = 1U << 5 | 1U << 7;

TEST(AccessTest, WhoHasDistrictsMayHaveThemOrFewerAndNeverTheCity) {
  AccessRule rule;
  rule.uid = 1000;
  rule.supervisors = rule.auditors = rule.operators = {{3, 3}};
  rule.districts = kFiveAndSeven;
  const AccessPolicy policy = policy_with(rule);
  for (const Role role : {Role::kSupervisor, Role::kAuditor}) {
    const auto name = role == Role::kSupervisor ? "supervisor-3@5,7" : "auditor-3@5,7";
    for (const PeerProof& peer : {unix_peer(1000), certified_peer(name)}) {
      EXPECT_TRUE(policy.allows(peer, {role, 3, kFiveAndSeven}));
      EXPECT_TRUE(policy.allows(peer, {role, 3, kFive}));
      EXPECT_FALSE(policy.allows(peer, {role, 3, kFiveAndSeven | 1U << 9}));
      EXPECT_FALSE(policy.allows(peer, {role, 3, 1U << 9}));
      EXPECT_FALSE(policy.allows(peer, {role, 3, protocol::kWholeCity}));
      EXPECT_FALSE(policy.allows(peer, {role, 3, 0}));
      EXPECT_FALSE(policy.allows(peer, {role, 4, kFive}));
    }
  }
  // Districts bound who has a scope, and nobody else has one.
  EXPECT_TRUE(policy.allows(unix_peer(1000), {Role::kOperator, 3}));
  EXPECT_FALSE(policy.allows(unix_peer(1000), {Role::kOperator, 3, kFive}));
  EXPECT_FALSE(policy.allows(unix_peer(0), {Role::kOffice, 3, kFive}));
}

TEST(AccessTest, WhoHasTheCityMayHaveAnyDistrict) {
  const AccessPolicy policy;
  const PeerProof peer = certified_peer("supervisor-3");
  EXPECT_TRUE(policy.allows(peer, {Role::kSupervisor, 3}));
  EXPECT_TRUE(policy.allows(peer, {Role::kSupervisor, 3, kFive}));
  EXPECT_FALSE(policy.allows(peer, {Role::kAuditor, 3, kFive}));
}

TEST(AccessTest, ASetOfDistrictsHasOneSpelling) {
  for (const std::string_view text : {"5", "5,7", "1-2", "1-31", "1,3-5,31", "30-31"}) {
    const auto districts = protocol::parse_districts(text);
    ASSERT_TRUE(districts.has_value()) << text;
    EXPECT_EQ(protocol::districts_text(*districts), text);
  }
  EXPECT_EQ(protocol::parse_districts("5,7"), kFiveAndSeven);
  for (const std::string_view text :
       {"", ",", "5,", ",5", "5-", "-5", "5-5", "7-5", "1,2", "5 ", "+5", "5,5", "99999999999"})
    EXPECT_FALSE(protocol::parse_districts(text).has_value()) << text;
  EXPECT_EQ(protocol::districts_text(protocol::kWholeCity), "");
  EXPECT_EQ(protocol::districts_from_wire(0), protocol::kWholeCity);
  EXPECT_EQ(protocol::districts_from_wire(1), std::nullopt);
  EXPECT_EQ(protocol::districts_from_wire(UINT32_MAX), std::nullopt);
}

TEST(AccessTest, ADenialSaysWhoAndWhatToDo) {
  const std::string of_unix = access_denial(unix_peer(1000), {Role::kSupervisor, 3});
  EXPECT_NE(of_unix.find("user 1000"), std::string::npos) << of_unix;
  EXPECT_NE(of_unix.find("number 3 of the supervisors"), std::string::npos) << of_unix;
  EXPECT_NE(of_unix.find("[[access]]"), std::string::npos) << of_unix;
  const std::string of_scope = access_denial(unix_peer(1000), {Role::kAuditor, 3, kFiveAndSeven});
  EXPECT_NE(of_scope.find("number 3 of the auditors for districts 5,7"), std::string::npos);
  EXPECT_NE(access_denial({.is_loopback = true}, {Role::kOffice, 1}).find("trust_loopback"),
            std::string::npos);
  EXPECT_EQ(access_denial({.is_loopback = false}, {Role::kOffice, 1}).find("trust_loopback"),
            std::string::npos);
  EXPECT_NE(access_denial(certified_peer("office-7"), {Role::kOffice, 8}).find("certificate"),
            std::string::npos);
}

TEST(AccessTest, ADenialOfARoleNamesNoNumberThatWasAskedFor) {
  EXPECT_EQ(role_denial(unix_peer(1000), Role::kSupervisor),
            "No access rule lets it be whom it asks for among the supervisors.");
  EXPECT_EQ(role_denial(certified_peer("office-7"), Role::kOffice),
            "Its certificate does not make it whom it asks for among the offices.");
  EXPECT_EQ(role_denial({.is_loopback = true}, Role::kAuditor),
            "Plain TCP does not prove it to be whom it asks for among the auditors.");
}

}  // namespace
}  // namespace permitd::daemon
