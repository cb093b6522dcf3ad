#include "daemon/rpc_loop.h"

#include "daemon/rpc_epoll_loop.h"
#include "daemon/rpc_uring_port.h"

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

Expected<std::unique_ptr<RpcLoop>> RpcLoop::create(const Options& options) {
  switch (options.io) {
    case IoKind::kUring:
      return create_uring_loop(options);
    case IoKind::kEpoll:
      return create_epoll_loop(options);
  }
  return std::unexpected(Error{ErrorCode::kConfiguration, 0, "choose the kernel interface",
                               "Use --io=uring or --io=epoll."});
}

}  // namespace permitd::daemon
