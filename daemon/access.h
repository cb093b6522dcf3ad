// Who may be whom: from what the kernel says of a peer to the identities it may ask for. A plain
// value, fixed at start; any thread may read it.
//
// On a unix socket the kernel names the peer's user. TCP proves nothing, so a TCP peer may be
// nobody, unless it sits on this machine and the operator has said that this machine is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/config.h"

namespace permitd::daemon {

/// What the kernel says of the other end.
struct PeerProof {
  bool is_unix = false;
  std::uint32_t uid = 0;     // of a unix peer
  bool is_loopback = false;  // of a TCP peer
};

enum class Role : std::uint8_t { kOffice, kExpert, kSupervisor, kOperator, kAuditor };
inline constexpr std::size_t kRoleCount = 5;

struct AccessPolicy {
  std::uint32_t own_uid = 0;    // the daemon's user; it and root may be anybody
  bool trust_loopback = false;  // a TCP peer on this machine may be anybody
  std::vector<AccessRule> rules;

  /// May this peer act as number `number` of `role`?
  bool allows(const PeerProof& peer, Role role, std::uint32_t number) const;
};

/// Why not, and what would change it: one sentence for the peer and the log.
std::string access_denial(const PeerProof& peer, Role role, std::uint32_t number);

}  // namespace permitd::daemon
