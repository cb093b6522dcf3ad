// Batch speed for callers who submit one case at a time: while a submit call is in flight, further
// cases wait here and leave together in the next one, up to the daemon's submissionsPerCall.
//
// Each caller gets a promise of its own result. Cases leave in the order they came; the key of a
// case stays the same through every retry. Bounded: beyond queue_max waiting cases a submit is
// refused `busy` at once. Belongs to the thread of the event loop; the session must outlive it, and
// it must outlive its promises.
#pragma once

#include <deque>
#include <vector>

#include "cli/session.h"
#include "scheduler/command.h"

namespace permitd::cli {

struct GathererOptions {
  /// 65,536 cases × about 300 bytes = 20 MiB.
  std::size_t queue_max = 1U << 16;
  /// Upper bound of a call, besides the daemon's own.
  std::uint16_t per_call_max = 512;
  /// Calls under way at once. More than one hides the round trip, but a retried call may then be
  /// overtaken.
  std::uint16_t calls_max = 1;
};

struct KeyedSubmission {
  IdempotencyKey key;
  scheduler::SubmitCase body;
};
void fill(protocol::Submission::Builder out, const KeyedSubmission& submission);

class SubmitGatherer : private kj::TaskSet::ErrorHandler {
 public:
  SubmitGatherer(Session<protocol::OfficeSession>& session, GathererOptions options);
  ~SubmitGatherer() noexcept;
  KJ_DISALLOW_COPY(SubmitGatherer);

  /// The answer to this one case. `busy` from the daemon is retried until the deadline.
  kj::Promise<Answer> submit(const scheduler::SubmitCase& body, CallOptions options);

  std::size_t waiting() const { return queue_.size(); }
  std::uint64_t calls_sent() const { return calls_sent_; }

 private:
  struct Item {
    KeyedSubmission submission;
    kj::TimePoint deadline;
    kj::Own<kj::PromiseFulfiller<Answer>> fulfiller;
  };
  using Batch = std::vector<Item>;

  void schedule_flush();
  kj::Promise<void> flush();
  void send_batch(Batch batch);
  Batch take_batch();
  void deliver(Batch batch, capnp::List<protocol::Result>::Reader results);
  void fail_queue(const kj::Exception& exception);
  void taskFailed(kj::Exception&& exception) override;

  Session<protocol::OfficeSession>& session_;
  GathererOptions options_;
  std::deque<Item> queue_;
  std::size_t calls_under_way_ = 0;
  std::uint64_t calls_sent_ = 0;
  std::size_t per_call_ = 0;  // agreed with the daemon; 0 before its greeting is known
  bool flush_scheduled_ = false;
  Backoff pauses_;     // between calls while the daemon is busy
  bool busy_ = false;  // the last call had a `busy` in it
  kj::TaskSet tasks_;
};

}  // namespace permitd::cli
