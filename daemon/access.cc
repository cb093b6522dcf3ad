#include "daemon/access.h"

#include <fmt/format.h>

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

}  // namespace

bool AccessPolicy::allows(const PeerProof& peer, Role role, std::uint32_t number) const {
  if (!peer.is_unix) return peer.is_loopback && trust_loopback;
  if (peer.uid == 0 || peer.uid == own_uid) return true;
  return daemon::allows(rules, peer.uid, list_of(role), number);
}

std::string access_denial(const PeerProof& peer, Role role, std::uint32_t number) {
  if (!peer.is_unix) {
    return fmt::format("A TCP connection proves nothing about who you are. Use the unix socket{}.",
                       peer.is_loopback ? ", or have the operator set listen.trust_loopback"
                                        : " on the server's machine");
  }
  return fmt::format(
      "No access rule lets user {} be number {} of the {}. The operator adds an [[access]] table "
      "for it.",
      peer.uid, number, plural_of(role));
}

}  // namespace permitd::daemon
