#include "cli/operator_client.h"

namespace permitd::cli {
namespace {

using Operator = protocol::OperatorSession::Client;

StateMark to_mark(std::uint64_t op, protocol::Digest::Reader digest) {
  return {Op{op}, digest.getHigh(), digest.getLow()};
}

}  // namespace

OperatorClient::OperatorClient(Client& client, std::uint32_t number)
    : Session(client, Identity{scheduler::ActorKind::kOperator, number}) {}

kj::Promise<capnp::Response<protocol::OperatorSession::HealthResults>> OperatorClient::health() {
  return send([](Operator& session) { return session.healthRequest(); });
}

kj::Promise<std::expected<StateMark, Refused>> OperatorClient::snapshot(CallOptions options) {
  auto sent = send([](Operator& session) { return session.snapshotRequest(); }, options);
  return sent.then([](auto&& response) -> std::expected<StateMark, Refused> {
    if (response.isRefused()) return std::unexpected(to_refused(response.getRefused()));
    return to_mark(response.getTaken().getOp(), response.getTaken().getDigest());
  });
}

kj::Promise<StateMark> OperatorClient::digest(CallOptions options) {
  auto sent = send([](Operator& session) { return session.digestRequest(); }, options);
  return sent.then([](auto&& response) { return to_mark(response.getOp(), response.getDigest()); });
}

kj::Promise<void> OperatorClient::drain() {
  return send([](Operator& session) { return session.drainRequest(); }).ignoreResult();
}

kj::Promise<std::expected<Tick, Refused>> OperatorClient::advance(Tick to, CallOptions options) {
  auto build = [to](Operator& session) {
    auto request = session.advanceRequest();
    request.setTo(to.ms);
    return request;
  };
  return send(build, options).then([](auto&& response) -> std::expected<Tick, Refused> {
    if (response.isRefused()) return std::unexpected(to_refused(response.getRefused()));
    return Tick{response.getNow()};
  });
}

}  // namespace permitd::cli
