// Who may be whom: from what the kernel or a certificate says of a peer to the identities it may
// ask for. A plain value, fixed at start; any thread may read it.
//
// On a unix socket the kernel names the peer's user, and the operator's rules say what that user
// may be. Over TLS the certificate's common name is the identity: "office-17" is office 17 and
// nothing else, whatever the rules and the address; "supervisor-31@5" is a supervisor of
// district 5. Plain TCP proves nothing, so such a peer may be nobody, unless it sits on this
// machine and the operator has said that this machine is trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"

namespace permitd::daemon {

enum class Role : std::uint8_t { kOffice, kExpert, kSupervisor, kOperator, kAuditor };
inline constexpr std::size_t kRoleCount = 5;

/// Who somebody is, or asks to be.
struct PeerIdentity {
  Role role = Role::kOffice;
  std::uint32_t number = 0;
  protocol::DistrictSet districts = protocol::kWholeCity;  // of a supervisor or an auditor
  friend bool operator==(PeerIdentity, PeerIdentity) = default;
};

/// "office-17", "expert-203", "supervisor-3", "operator-1", "auditor-1": a role and a number from
/// 1, without leading zeros, so that an identity has one name and the deny list one line for it.
/// "supervisor-31@5" and "auditor-7@1-3,9" have districts. Nothing for every other name.
std::optional<PeerIdentity> identity_of_name(std::string_view name);

/// What is known of the other end.
struct PeerProof {
  bool is_unix = false;
  std::uint32_t uid = 0;                  // of a unix peer
  bool is_loopback = false;               // of a TCP peer
  bool is_tls = false;                    // it has shown a certificate of the authority
  std::optional<PeerIdentity> certified;  // by that certificate
};

struct AccessPolicy {
  std::uint32_t own_uid = 0;    // the daemon's user; it and root may be anybody
  bool trust_loopback = false;  // a TCP peer on this machine may be anybody
  std::vector<AccessRule> rules;

  /// May this peer act as `asked`? Who may have districts may have fewer of them.
  bool allows(const PeerProof& peer, const PeerIdentity& asked) const;
};

/// The peer as its proof names it, for the log: "number 17 of the offices", "user 1000"; one name
/// for all whom nothing names.
std::string name_of_peer(const PeerProof& peer);

/// Why not, and what would change it: one sentence for the peer and the log.
std::string access_denial(const PeerProof& peer, const PeerIdentity& asked);

/// The same without the number and the districts asked for, for the log of a peer that tries many:
/// one sentence for each role.
std::string role_denial(const PeerProof& peer, Role asked);

}  // namespace permitd::daemon
