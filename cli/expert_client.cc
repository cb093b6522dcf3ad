#include "cli/expert_client.h"

#include <algorithm>

namespace permitd::cli {
namespace {

using Expert = protocol::ExpertSession::Client;

/// start, renew, complete, return and decline differ in their request alone.
template <class Request>
Request on_lease(Request request, JobId job, LeaseToken token) {
  request.setJob(raw(job));
  request.setToken(raw(token));
  return request;
}

}  // namespace

ExpertClient::ExpertClient(Client& client, ExpertId expert)
    : Session(client, Identity{scheduler::ActorKind::kExpert, raw(expert)}) {}

kj::Promise<std::expected<std::vector<Lease>, Refused>> ExpertClient::claim(std::uint16_t count,
                                                                            CallOptions options) {
  using Leases = std::expected<std::vector<Lease>, Refused>;
  // The daemon uses one key per lease asked for: key, key + 1, …
  auto key = options.key == IdempotencyKey{}
                 ? client().keys().next(std::max<std::uint16_t>(count, 1))
                 : options.key;
  auto build = [count, key](Expert& expert) {
    auto request = expert.claimRequest();
    auto slot = request.initKey();
    slot.setHigh(key.high);
    slot.setLow(key.low);
    request.setCount(count);
    return request;
  };
  return send(build, options).then([](auto&& response) -> Leases {
    if (response.isRefused()) return std::unexpected(to_refused(response.getRefused()));
    std::vector<Lease> leases;
    for (auto lease : response.getLeases()) {
      leases.push_back({JobId{lease.getJob()}, CaseId{lease.getCaseId()},
                        LeaseToken{lease.getToken()}, Tick{lease.getUntil()}});
    }
    return leases;
  });
}

kj::Promise<Answer> ExpertClient::unclaim(CallOptions options) {
  return call([](Expert& expert) { return expert.unclaimRequest(); }, options);
}

kj::Promise<capnp::Response<protocol::ExpertSession::WorklistResults>> ExpertClient::worklist() {
  return send([](Expert& expert) { return expert.worklistRequest(); });
}

kj::Promise<Answer> ExpertClient::start(JobId job, LeaseToken token, CallOptions options) {
  return call([job, token](Expert& expert) { return on_lease(expert.startRequest(), job, token); },
              options);
}

kj::Promise<Answer> ExpertClient::renew(JobId job, LeaseToken token, CallOptions options) {
  return call([job, token](Expert& expert) { return on_lease(expert.renewRequest(), job, token); },
              options);
}

kj::Promise<Answer> ExpertClient::complete(JobId job, LeaseToken token, std::string note,
                                           CallOptions options) {
  return call(
      [job, token, note = std::move(note)](Expert& expert) {
        auto request = on_lease(expert.completeRequest(), job, token);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> ExpertClient::give_back(JobId job, LeaseToken token, scheduler::Reason reason,
                                            std::string note, CallOptions options) {
  return call(
      [job, token, reason, note = std::move(note)](Expert& expert) {
        auto request = on_lease(expert.returnRequest(), job, token);
        request.setReason(static_cast<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> ExpertClient::decline(JobId job, LeaseToken token, scheduler::Reason reason,
                                          std::string note, CallOptions options) {
  return call(
      [job, token, reason, note = std::move(note)](Expert& expert) {
        auto request = on_lease(expert.declineRequest(), job, token);
        request.setReason(static_cast<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<capnp::Response<protocol::CaseResult>> ExpertClient::get_case(CaseId id) {
  return send([id](Expert& expert) {
    auto request = expert.caseRequest();
    request.setCaseId(raw(id));
    return request;
  });
}

}  // namespace permitd::cli
