#include "daemon/drop_reason.h"

namespace permitd::daemon {

std::string_view drop_reason_name(DropReason reason) {
  switch (reason) {
    case DropReason::kPeerClosed:
      return "peer closed";
    case DropReason::kMalformed:
      return "bytes are not a message";
    case DropReason::kOversized:
      return "message too large";
    case DropReason::kTooManySegments:
      return "message has too many segments";
    case DropReason::kSlowReader:
      return "does not read its replies";
    case DropReason::kSlowWriter:
      return "does not complete its message";
    case DropReason::kSilent:
      return "says nothing";
    case DropReason::kIdle:
      return "idle for too long";
    case DropReason::kTooManyConnections:
      return "too many connections";
    case DropReason::kIoError:
      return "input/output error";
    case DropReason::kDraining:
      return "draining";
    case DropReason::kOverBudget:
      return "holds much of too much memory";
    case DropReason::kProtocolError:
      return "protocol error";
    case DropReason::kHandshake:
      return "TLS handshake failed";
    case DropReason::kDenied:
      return "certificate denied";
    case DropReason::kExpired:
      return "certificate expired";
  }
  return "unknown";
}

}  // namespace permitd::daemon
