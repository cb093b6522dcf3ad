// A small city built over the wire by its supervisor, and clients to play its people. One thread of
// KJ.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/permit.capnp.h"

namespace permitd::tests {

/// Saturday 2019-12-21, 05:00 UTC: within working hours, 04:00 to 11:00 UTC of each working day.
inline constexpr std::int64_t kCityNowMs = 1'576'904'400'000;

/// One connection and what it may hold. Calls wait in the test's own KJ loop.
class RpcClient {
 public:
  RpcClient(kj::AsyncIoContext& io, const std::string& address);
  /// Over a connection that was made otherwise, such as one under TLS.
  RpcClient(kj::AsyncIoContext& io, kj::Own<kj::AsyncIoStream> stream);

  protocol::Gateway::Client gateway() { return gateway_; }
  /// Fail the test when the server refuses.
  protocol::OfficeSession::Client office(std::uint16_t office);
  protocol::ExpertSession::Client expert(std::uint32_t expert);
  protocol::SupervisorSession::Client supervisor();
  protocol::OperatorSession::Client operator_session();
  protocol::AuditorSession::Client auditor();
  capnp::Response<protocol::SessionResult> session(protocol::Identity::Reader identity);
  /// Resolves when the other side ends the connection.
  kj::Promise<void> on_disconnect() { return client_.onDisconnect(); }
  kj::WaitScope& wait_scope() { return io_.waitScope; }

 private:
  kj::AsyncIoContext& io_;
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyClient client_;
  protocol::Gateway::Client gateway_;
};

/// The next key of this process; never zero, never twice.
void fill_key(protocol::Key::Builder key);

/// Sound in every field, for service 1 of district 1.
void fill_submission(protocol::Submission::Builder submission, std::uint64_t owner = 77);

/// Working days, organisation 1, service 1 (file formation, then review), offices 101 and 202 with
/// their experts 1 and 2, both certified for both skills. Fails the test when something is refused.
void build_city(protocol::SupervisorSession::Client supervisor, kj::WaitScope& wait_scope);

}  // namespace permitd::tests
