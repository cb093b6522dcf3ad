// Bulk ingestion: submissions come without the client waiting for answers, and the stream holds the
// client back when the engine or its office's quota has had enough. Nothing is ever refused as
// busy. Rpc thread only.
//
// Cap'n Proto hands over the next streaming call when the one before has returned, so at most one
// call waits here; it returns when all its submissions are pushed, not when they are answered.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "daemon/rpc_session.h"

namespace permitd::daemon {

class SubmissionStreamServer final : public protocol::SubmissionStream::Server,
                                     private RpcSession,
                                     private Receiver,
                                     private RoomWaiter {
 public:
  /// Submissions that may be without an answer: four calls of 256, four times over, keep the engine
  /// busy through a sync, and 4,096 × 16 bytes of keys are all that is kept.
  static constexpr std::uint32_t kWindow = 4096;
  static constexpr std::size_t kRefusalsKept = 100;

  /// Pre: the table of calls has a free slot.
  SubmissionStreamServer(kj::Own<RpcConnection> connection, scheduler::Actor office);
  ~SubmissionStreamServer() noexcept(false);

 protected:
  kj::Promise<void> submit(SubmitContext context) override;
  kj::Promise<void> finish(FinishContext context) override;

 private:
  using Submissions = capnp::List<protocol::Submission>::Reader;
  struct Refused {
    scheduler::IdempotencyKey key;
    scheduler::Outcome outcome;
  };
  struct Waiting {  // the call that waits for room
    Submissions submissions;
    std::uint32_t next = 0;
  };

  void answer(std::uint16_t item, const Response& response) override;
  void complete() override;
  bool proceed() override;
  bool push_some();
  void push(protocol::Submission::Reader submission);
  void count(const scheduler::IdempotencyKey& key, const scheduler::Outcome& outcome);
  void write_summary(FinishContext context);

  SlotIndex slot_;
  std::optional<Waiting> waiting_;
  kj::Own<kj::PromiseFulfiller<void>> submit_fulfiller_;
  kj::Own<kj::PromiseFulfiller<void>> finish_fulfiller_;
  // Sequence numbers of the submissions pushed, [tail_, head_) with unanswered ones in between; an
  // answer names the low 16 bits of its own.
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::array<scheduler::IdempotencyKey, kWindow> keys_{};  // [sequence % kWindow]
  std::array<bool, kWindow> answered_{};                   // likewise
  std::uint64_t accepted_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t refused_ = 0;
  scheduler::Op last_op_{};
  std::vector<Refused> refusals_;
};

static_assert((SubmissionStreamServer::kWindow & (SubmissionStreamServer::kWindow - 1)) == 0);
static_assert(SubmissionStreamServer::kWindow < (1U << 16));

}  // namespace permitd::daemon
