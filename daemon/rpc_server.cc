#include "daemon/rpc_server.h"

#include <capnp/rpc-twoparty.h>
#include <time.h>

#include "daemon/rpc_gateway.h"

namespace permitd::daemon {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// While calls wait for room or quota, and while draining, the loop looks again so often.
constexpr std::int64_t kRetryNs = 2'000'000;
constexpr std::int64_t kDrainRetryNs = 50'000'000;
// A draining server closes a connection that has been quiet for so long: a client that was told may
// still ask for its last results.
constexpr std::int64_t kQuietNs = kNsPerSecond;
// Deepest message of ours: envelope 4, parameters 1, list 1, submission 1, text 1.
constexpr int kNestingMax = 16;
// A message may be looked at a few times over before it counts as an attempt to make the server
// spin.
constexpr std::uint64_t kTraversalFactor = 4;
// Words of calls in flight before the connection is not read any more.
constexpr std::uint64_t kFlowFactor = 4;

// After Cap'n Proto is done with a connection.
constexpr std::int64_t kFarewellMs = 1000;
constexpr int kFarewellMessagesMax = 64;

constexpr const char* kDrainReason = "The server is about to stop. Connect again in a while.";

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * kNsPerSecond + now.tv_nsec;
}

capnp::ReaderOptions reader_options(const ConnectionLimits& limits) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = limits.message_words_max * kTraversalFactor;
  options.nestingLimit = kNestingMax;
  return options;
}

}  // namespace

/// One peer: its stream, its RPC state, and what it is counted by. Destroyed when its task ends.
class RpcServer::Connection {
 public:
  Connection(RpcServer& server, kj::Own<capnp::MessageStream> stream, kj::Own<RpcConnection> state)
      : server_(server),
        state_(kj::mv(state)),
        stream_(kj::mv(stream)),
        network_(*stream_, capnp::rpc::twoparty::Side::SERVER,
                 reader_options(server.services_->options.connections)),
        rpc_(capnp::makeRpcServer(network_, kj::heap<GatewayServer>(kj::addRef(*state_)))) {
    rpc_.setFlowLimit(server.services_->options.connections.message_words_max * kFlowFactor);
    next = server.connections_;
    if (next != nullptr) next->previous = this;
    server.connections_ = this;
    server.services_->figures.connections += 1;
  }
  ~Connection() {
    (previous == nullptr ? server_.connections_ : previous->next) = next;
    if (next != nullptr) next->previous = previous;
    server_.services_->figures.connections -= 1;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Resolves when the peer is gone or close() was called.
  kj::Promise<void> wait_for_end() {
    auto paf = kj::newPromiseAndFulfiller<void>();
    close_fulfiller_ = kj::mv(paf.fulfiller);
    auto gone = network_.onDisconnect().then([this] { return see_off(); });
    return gone.exclusiveJoin(kj::mv(paf.promise));
  }
  void close() { close_fulfiller_->fulfill(); }
  bool is_quiet(std::int64_t now_ns) const {
    return state_->calls_in_flight == 0 && now_ns - state_->last_call_ns >= kQuietNs;
  }

  Connection* next = nullptr;
  Connection* previous = nullptr;

 private:
  /// A peer that leaves says so in a message before it closes: a moment of patience tells leaving
  /// from being given up. Nobody else reads any more.
  kj::Promise<void> see_off() {
    return read_to_end(kFarewellMessagesMax)
        .exclusiveJoin(server_.services_->loop.after_ms(kFarewellMs));
  }
  kj::Promise<void> read_to_end(int count_max) {
    return stream_->tryReadMessage().then([this, count_max](auto&& message) -> kj::Promise<void> {
      if (message == nullptr || count_max == 0) return kj::READY_NOW;
      return read_to_end(count_max - 1);
    });
  }

  RpcServer& server_;
  kj::Own<RpcConnection> state_;
  kj::Own<capnp::MessageStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  kj::Own<kj::PromiseFulfiller<void>> close_fulfiller_;
};

RpcServer::RpcServer(RpcLoop& loop, Engine& engine, Port& port, Clock& clock,
                     RpcServerOptions options)
    : port_(port),
      services_(kj::refcounted<RpcServices>(loop, engine, port, clock, std::move(options))),
      tasks_(*this) {
  services_->begin_ns = monotonic_ns();
  services_->now_ns = services_->begin_ns;
  services_->drain = [this] {
    services_->options.on_drain ? services_->options.on_drain() : drain();
  };
  loop.add_hook(*this);
  loop.add_waker(port.waker());
}

RpcServer::~RpcServer() noexcept { services_->watches.leave_port(); }

void RpcServer::accept(kj::Own<capnp::MessageStream> stream, const Peer& peer) {
  PeerProof proof{peer.is_unix, peer.uid, peer.is_loopback, peer.is_tls, {}};
  if (peer.is_tls) proof.certified = identity_of_name(peer.name);
  auto state = kj::refcounted<RpcConnection>(kj::addRef(*services_), proof, peer.address);
  state->last_call_ns = services_->now_ns;
  auto connection = kj::heap<Connection>(*this, kj::mv(stream), kj::mv(state));
  auto ended = connection->wait_for_end();
  tasks_.add(ended.attach(kj::mv(connection)));
}

RpcLoop::OnConnection RpcServer::on_connection() {
  return [this](kj::Own<capnp::MessageStream> stream, const Peer& peer) {
    accept(kj::mv(stream), peer);
  };
}

void RpcServer::taskFailed(kj::Exception&& exception) {
  // A connection that ended with an error has ended; the transport has counted why.
  log_line(services_->faults, LogLevel::kDebug, "a connection ended: {}",
           exception.getDescription().cStr());
}

bool RpcServer::work() {
  services_->now_ns = monotonic_ns();
  bool worked = services_->calls.deliver();
  worked |= services_->handover.deliver();
  worked |= services_->watches.deliver();
  worked |= services_->calls.proceed_waiters();
  if (services_->is_draining) {
    tell_engine_to_drain();
    close_connections();
  }
  services_->calls.denials().tell_at(services_->now_ns);
  services_->calls.publish();
  return worked;
}

std::int64_t RpcServer::sleep_limit_ns() {
  if (services_->calls.has_waiters()) return kRetryNs;
  if (services_->is_draining && !is_engine_told_) return kRetryNs;
  if (services_->is_draining && services_->figures.connections != 0) return kDrainRetryNs;
  return services_->calls.denials().wait_ns(services_->now_ns);
}

void RpcServer::drain() {
  if (services_->is_draining) return;
  services_->is_draining = true;
  drain_begin_ns_ = services_->now_ns;
  services_->loop.stop_listening();
  services_->watches.end_all(kDrainReason);
}

void RpcServer::tell_engine_to_drain() {
  if (is_engine_told_ || !services_->calls.has_read_room()) return;
  const SlotIndex slot = services_->calls.open();
  services_->calls.blank_request().kind = RequestKind::kDrain;
  services_->calls.send(slot, 0);
  services_->calls.release(slot);
  is_engine_told_ = true;
}

void RpcServer::close_connections() {
  const bool is_over = services_->now_ns - drain_begin_ns_ >=
                       std::int64_t{services_->options.drain_seconds} * kNsPerSecond;
  for (Connection* connection = connections_; connection != nullptr;
       connection = connection->next) {
    if (is_over || connection->is_quiet(services_->now_ns)) connection->close();
  }
}

}  // namespace permitd::daemon
