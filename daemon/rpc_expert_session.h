// What an expert may do: ask for work, do it, give it back. The session is the expert. Rpc thread
// only.
#pragma once

#include "daemon/rpc_session.h"

namespace permitd::daemon {

class ExpertSessionServer final : public protocol::ExpertSession::Server, private RpcSession {
 public:
  ExpertSessionServer(kj::Own<RpcConnection> connection, scheduler::ExpertId expert);

 protected:
  kj::Promise<void> claim(ClaimContext context) override;
  kj::Promise<void> unclaim(UnclaimContext context) override;
  kj::Promise<void> worklist(WorklistContext context) override;
  kj::Promise<void> start(StartContext context) override;
  kj::Promise<void> renew(RenewContext context) override;
  kj::Promise<void> complete(CompleteContext context) override;
  kj::Promise<void> return_(ReturnContext context) override;
  kj::Promise<void> decline(DeclineContext context) override;
  kj::Promise<void> watch(WatchContext context) override;
  kj::Promise<void> case_(CaseContext context) override;

 private:
  const scheduler::ExpertId expert_;
};

}  // namespace permitd::daemon
