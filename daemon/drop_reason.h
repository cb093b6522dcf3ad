// Why a connection ended, or was not let in: one list for the log, the health of an operator's
// session and the metrics. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace permitd::daemon {

enum class DropReason : std::uint8_t {
  kPeerClosed,  // not a fault
  kMalformed,
  kOversized,
  kTooManySegments,
  kSlowReader,  // send queue over the limit or without progress
  kSlowWriter,  // begun message not completed in time
  kSilent,      // nothing within handshake_seconds
  kIdle,
  kTooManyConnections,
  kIoError,
  kDraining,
  kOverBudget,     // all connections together hold too much, and this one much of it
  kProtocolError,  // Cap'n Proto gave up on the peer, or the server on the connection
  kHandshake,      // TLS came to nothing, the log says why
  kDenied,         // its certificate's name was put on the deny list
  kExpired,        // its certificate ran out
};
inline constexpr std::size_t kDropReasonCount = 16;
std::string_view drop_reason_name(DropReason reason);

}  // namespace permitd::daemon
