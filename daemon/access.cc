#include "daemon/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace permitd::daemon {

namespace {

std::vector<NumberRange> AccessRule::*list_of(Role role) {
  switch (role) {
    case Role::kOffice:
      return &AccessRule::offices;
    case Role::kExpert:
      return &AccessRule::experts;
    case Role::kSupervisor:
      return &AccessRule::supervisors;
    case Role::kOperator:
      return &AccessRule::operators;
    case Role::kAuditor:
      return &AccessRule::auditors;
  }
  return &AccessRule::auditors;
}

std::string_view plural_of(Role role) {
  switch (role) {
    case Role::kOffice:
      return "offices";
    case Role::kExpert:
      return "experts";
    case Role::kSupervisor:
      return "supervisors";
    case Role::kOperator:
      return "operators";
    case Role::kAuditor:
      return "auditors";
  }
  return "nobody";
}

bool can_have_districts(Role role) { return role == Role::kSupervisor || role == Role::kAuditor; }

std::string described(const PeerIdentity& identity) {
  const std::string districts = protocol::districts_text(identity.districts);
  return fmt::format("number {} of the {}{}", identity.number, plural_of(identity.role),
                     districts.empty() ? std::string() : " for districts " + districts);
}

constexpr std::uint32_t kOfficeMax = 9999;

struct RoleName {
  std::string_view prefix;
  Role role;
};
constexpr std::array<RoleName, kRoleCount> kRoleNames{{{"office-", Role::kOffice},
                                                       {"expert-", Role::kExpert},
                                                       {"supervisor-", Role::kSupervisor},
                                                       {"operator-", Role::kOperator},
                                                       {"auditor-", Role::kAuditor}}};

}  // namespace

std::optional<PeerIdentity> identity_of_name(std::string_view name) {
  const auto* known = std::ranges::find_if(
      kRoleNames, [&](const RoleName& role) { return name.starts_with(role.prefix); });
  if (known == kRoleNames.end()) return std::nullopt;
  PeerIdentity identity{known->role, 0, protocol::kWholeCity};
  std::string_view digits = name.substr(known->prefix.size());
  if (const auto at = digits.find('@'); at != std::string_view::npos) {
    const auto districts = protocol::parse_districts(digits.substr(at + 1));
    if (!districts || !can_have_districts(identity.role)) return std::nullopt;
    identity.districts = *districts;
    digits = digits.substr(0, at);
  }
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.front() == '0') return std::nullopt;  // 0, or a second way to write a number
  if (known->role == Role::kOffice && number > kOfficeMax) return std::nullopt;
  identity.number = number;
  return identity;
}

bool AccessPolicy::allows(const PeerProof& peer, const PeerIdentity& asked) const {
  if (asked.districts != protocol::kWholeCity && !can_have_districts(asked.role)) return false;
  if (peer.is_tls) {
    return peer.certified && peer.certified->role == asked.role &&
           peer.certified->number == asked.number &&
           protocol::lies_within(asked.districts, peer.certified->districts);
  }
  if (!peer.is_unix) return peer.is_loopback && trust_loopback;
  if (peer.uid == 0 || peer.uid == own_uid) return true;
  return std::ranges::any_of(rules, [&](const AccessRule& rule) {
    const bool is_enough =
        !can_have_districts(asked.role) || protocol::lies_within(asked.districts, rule.districts);
    return is_enough && daemon::allows(rule, peer.uid, list_of(asked.role), asked.number);
  });
}

std::string name_of_peer(const PeerProof& peer) {
  if (peer.certified) return described(*peer.certified);
  if (peer.is_tls) return "a certificate of no identity";
  return peer.is_unix ? fmt::format("user {}", peer.uid) : "plain TCP";
}

std::string access_denial(const PeerProof& peer, const PeerIdentity& asked) {
  const std::string who = described(asked);
  if (peer.is_tls) {
    return fmt::format(
        "Your certificate does not make you {}. Act as whom it names, or have a certificate issued "
        "for the other identity.",
        who);
  }
  if (!peer.is_unix) {
    return fmt::format(
        "A plain TCP connection proves nothing about who you are. Show a certificate over TLS, or "
        "use the unix socket{}.",
        peer.is_loopback ? ", or have the operator set listen.trust_loopback"
                         : " on the server's machine");
  }
  return fmt::format(
      "No access rule lets user {} be {}. The operator adds an [[access]] table for it.", peer.uid,
      who);
}

std::string role_denial(const PeerProof& peer, Role asked) {
  const std::string_view reason = peer.is_tls    ? "Its certificate does not make it"
                                  : peer.is_unix ? "No access rule lets it be"
                                                 : "Plain TCP does not prove it to be";
  return fmt::format("{} whom it asks for among the {}.", reason, plural_of(asked));
}

}  // namespace permitd::daemon
