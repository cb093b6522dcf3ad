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

std::optional<CertifiedIdentity> identity_of_name(std::string_view name) {
  const auto* known = std::ranges::find_if(
      kRoleNames, [&](const RoleName& role) { return name.starts_with(role.prefix); });
  if (known == kRoleNames.end()) return std::nullopt;
  const std::string_view digits = name.substr(known->prefix.size());
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.front() == '0') return std::nullopt;  // 0, or a second way to write a number
  if (known->role == Role::kOffice && number > kOfficeMax) return std::nullopt;
  return CertifiedIdentity{known->role, number};
}

bool AccessPolicy::allows(const PeerProof& peer, Role role, std::uint32_t number) const {
  if (peer.is_tls) return peer.certified == CertifiedIdentity{role, number};
  if (!peer.is_unix) return peer.is_loopback && trust_loopback;
  if (peer.uid == 0 || peer.uid == own_uid) return true;
  return daemon::allows(rules, peer.uid, list_of(role), number);
}

std::string access_denial(const PeerProof& peer, Role role, std::uint32_t number) {
  if (peer.is_tls) {
    return fmt::format(
        "Your certificate does not make you number {} of the {}. Act as whom it names, or have a "
        "certificate issued for the other identity.",
        number, plural_of(role));
  }
  if (!peer.is_unix) {
    return fmt::format(
        "A plain TCP connection proves nothing about who you are. Show a certificate over TLS, or "
        "use the unix socket{}.",
        peer.is_loopback ? ", or have the operator set listen.trust_loopback"
                         : " on the server's machine");
  }
  return fmt::format(
      "No access rule lets user {} be number {} of the {}. The operator adds an [[access]] table "
      "for it.",
      peer.uid, number, plural_of(role));
}

}  // namespace permitd::daemon
