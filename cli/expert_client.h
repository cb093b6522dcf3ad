// A certified expert at work: takes jobs, does them, gives them back. Every call on a job quotes
// the fencing token of its lease. Threads and lifetimes as in session.h.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/session.h"

namespace permitd::cli {

class ExpertClient : public Session<protocol::ExpertSession> {
 public:
  ExpertClient(Client& client, ExpertId expert);

  /// Leases that could be given now, at most `count` (1 … Greeting::claim_max). For the rest the
  /// expert stays available; later jobs show in the worklist and in watch().
  kj::Promise<std::expected<std::vector<Lease>, Refused>> claim(std::uint16_t count = 1,
                                                                CallOptions options = {});
  kj::Promise<Answer> unclaim(CallOptions options = {});
  /// Assigned and started jobs.
  kj::Promise<capnp::Response<protocol::ExpertSession::WorklistResults>> worklist();
  kj::Promise<Answer> start(JobId job, LeaseToken token, CallOptions options = {});
  kj::Promise<Answer> renew(JobId job, LeaseToken token, CallOptions options = {});
  kj::Promise<Answer> complete(JobId job, LeaseToken token, std::string note = {},
                               CallOptions options = {});
  kj::Promise<Answer> give_back(JobId job, LeaseToken token, scheduler::Reason reason,
                                std::string note = {}, CallOptions options = {});
  kj::Promise<Answer> decline(JobId job, LeaseToken token, scheduler::Reason reason,
                              std::string note = {}, CallOptions options = {});
  /// Of a job in the worklist.
  kj::Promise<capnp::Response<protocol::CaseResult>> get_case(CaseId id);
};

}  // namespace permitd::cli
