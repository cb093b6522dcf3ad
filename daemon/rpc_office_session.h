// What an office may do: file cases, follow them, book appointments. The session is the office; no
// method takes an office's number. Rpc thread only.
#pragma once

#include "daemon/rpc_reader.h"

namespace permitd::daemon {

class OfficeSessionServer final : public protocol::OfficeSession::Server, public ReaderServer {
 public:
  OfficeSessionServer(kj::Own<RpcConnection> connection, scheduler::OfficeId office);

 protected:
  kj::Promise<void> submit(SubmitContext context) override;
  kj::Promise<void> stream(StreamContext context) override;
  kj::Promise<void> register_(RegisterContext context) override;
  kj::Promise<void> amend(AmendContext context) override;
  kj::Promise<void> withdraw(WithdrawContext context) override;
  kj::Promise<void> answer(AnswerContext context) override;
  kj::Promise<void> recordFees(RecordFeesContext context) override;
  kj::Promise<void> schedule(ScheduleContext context) override;
  kj::Promise<void> close(CloseContext context) override;

 private:
  using Submissions = capnp::List<protocol::Submission>::Reader;
  using Results = capnp::List<protocol::Result>::Builder;
  scheduler::Refusal admit_submissions(std::uint32_t count);
  bool push_submission(SlotIndex slot, std::uint16_t item, protocol::Submission::Reader submission,
                       Results results);

  const scheduler::OfficeId office_;
};

}  // namespace permitd::daemon
