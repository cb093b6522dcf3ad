// A question that takes longer than a turn of the loop: its snapshot is read by a query, another
// thread works on it, and the call waits for the answer. A caller that goes away stops the work.
// Rpc thread, but for what `work` does.
#pragma once

#include <kj/debug.h>

#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/planner_thread.h"
#include "daemon/rpc_connection.h"

namespace permitd::daemon {

template <class Answer>
struct Question final : Handover::Ticket {
  using Ticket::Ticket;
  Answer answer;
  std::string fault;      // not empty: there is no answer, for a reason that should not be
  std::stop_source stop;  // nobody waits for it any more
  bool is_posted = false;
};

/// Lets `work(stop token)` make the answer on `thread`. Not posted when its queue is full.
template <class Answer, class Work>
void post_question(const std::shared_ptr<Question<Answer>>& question, PlannerThread& thread,
                   Work work) {
  question->is_posted =
      thread.try_post([question, work = std::move(work)](const std::stop_token& stop) mutable {
        const std::stop_callback forward(stop, [&] { question->stop.request_stop(); });
        try {
          question->answer = work(question->stop.get_token());
        } catch (const std::exception& exception) {
          question->fault = exception.what();
        }
        question->finish();
      });
}

/// A call that the engine does not know of still counts as one in flight.
class QuestionInFlight {
 public:
  explicit QuestionInFlight(kj::Own<RpcConnection> connection) : connection_(kj::mv(connection)) {
    connection_->calls_in_flight += 1;
  }
  ~QuestionInFlight() { connection_->calls_in_flight -= 1; }
  KJ_DISALLOW_COPY(QuestionInFlight);

 private:
  kj::Own<RpcConnection> connection_;
};

/// Behind `asked`, which posts the question: `fill(answer)` when it is answered, `busy()` when it
/// was not taken.
template <class Answer, class Fill, class Busy>
kj::Promise<void> await_question(RpcConnection& connection, kj::Promise<void> asked,
                                 std::shared_ptr<Question<Answer>> question, Fill fill, Busy busy) {
  auto counted = kj::heap<QuestionInFlight>(kj::addRef(connection));
  auto& services = connection.services;
  return asked
      .then([&services, question, fill = kj::mv(fill),
             busy = kj::mv(busy)]() mutable -> kj::Promise<void> {
        if (!question->is_posted) {
          services.note_busy();
          busy();
          return kj::READY_NOW;
        }
        return services.handover.wait_for(question).then([question, fill = kj::mv(fill)]() mutable {
          KJ_REQUIRE(question->fault.empty(), "a question failed", question->fault);
          fill(question->answer);
        });
      })
      .attach(kj::mv(counted), kj::defer([question] { question->stop.request_stop(); }));
}

}  // namespace permitd::daemon
