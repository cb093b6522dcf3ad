// What the operator of the machine may do: look after the process. No content of any case. Rpc
// thread only.
#pragma once

#include "daemon/rpc_session.h"

namespace permitd::daemon {

class OperatorSessionServer final : public protocol::OperatorSession::Server, private RpcSession {
 public:
  OperatorSessionServer(kj::Own<RpcConnection> connection, std::uint32_t operator_number);

 protected:
  kj::Promise<void> health(HealthContext context) override;
  kj::Promise<void> snapshot(SnapshotContext context) override;
  kj::Promise<void> digest(DigestContext context) override;
  kj::Promise<void> drain(DrainContext context) override;
  kj::Promise<void> advance(AdvanceContext context) override;
};

}  // namespace permitd::daemon
