#include "daemon/rpc_loop.h"

#include "daemon/rpc_epoll_loop.h"
#include "daemon/rpc_uring_port.h"

namespace permitd::daemon {

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
