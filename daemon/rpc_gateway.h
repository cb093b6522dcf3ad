// The bootstrap capability: says hello, and gives a session to who may have it. Rpc thread only.
#pragma once

#include "daemon/rpc_session.h"

namespace permitd::daemon {

/// What hello names; grows when a client must know of a change.
inline constexpr std::uint16_t kProtocolVersion = 1;

class GatewayServer final : public protocol::Gateway::Server, private RpcSession {
 public:
  explicit GatewayServer(kj::Own<RpcConnection> connection);

 protected:
  kj::Promise<void> hello(HelloContext context) override;
  kj::Promise<void> session(SessionContext context) override;

 private:
  bool is_allowed(const PeerIdentity& asked, protocol::SessionResult::Builder results);
  bool has_session_room(protocol::SessionResult::Builder results);
};

}  // namespace permitd::daemon
