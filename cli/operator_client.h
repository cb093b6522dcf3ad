// The operator of the machine: health, snapshots, drain, and the clock of a rehearsal. Sees no
// case. Threads and lifetimes as in session.h.
#pragma once

#include <expected>

#include "cli/session.h"

namespace permitd::cli {

/// 128-bit digest of the state after `op`.
struct StateMark {
  Op op{};
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

class OperatorClient : public Session<protocol::OperatorSession> {
 public:
  explicit OperatorClient(Client& client, std::uint32_t number = 1);

  kj::Promise<capnp::Response<protocol::OperatorSession::HealthResults>> health();
  /// Answered when the snapshot is durable.
  kj::Promise<std::expected<StateMark, Refused>> snapshot(CallOptions options = {});
  kj::Promise<StateMark> digest(CallOptions options = {});
  kj::Promise<void> drain();
  /// Moves a rehearsal clock to `to`, firing everything due by then; the time it stands at
  /// afterwards.
  kj::Promise<std::expected<Tick, Refused>> advance(Tick to, CallOptions options = {});
};

}  // namespace permitd::cli
