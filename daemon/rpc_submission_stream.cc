#include "daemon/rpc_submission_stream.h"

#include <kj/debug.h>

namespace permitd::daemon {

using scheduler::CommandKind;
using scheduler::IdempotencyKey;
using scheduler::Outcome;
using scheduler::Refusal;

SubmissionStreamServer::SubmissionStreamServer(kj::Own<RpcConnection> connection,
                                               scheduler::Actor office)
    : RpcSession(kj::mv(connection), office, Scope{}), slot_(calls().open()) {
  calls().keep_open(slot_);
  calls().attach(slot_, *this);
  connection_->streams += 1;
}

SubmissionStreamServer::~SubmissionStreamServer() noexcept(false) {
  connection_->streams -= 1;
  calls().forget(*this);
  calls().release(slot_);
}

kj::Promise<void> SubmissionStreamServer::submit(SubmitContext context) {
  KJ_REQUIRE(!waiting_, "the submit before has not returned yet");
  connection_->last_call_ns = services().now_ns;
  services().figures.calls_total += 1;
  waiting_ = Waiting{context.getParams().getSubmissions()};
  if (push_some()) {
    waiting_.reset();
    return kj::READY_NOW;
  }
  calls().wait_for_room(*this);
  auto paf = kj::newPromiseAndFulfiller<void>();
  submit_fulfiller_ = kj::mv(paf.fulfiller);
  return kj::mv(paf.promise);
}

kj::Promise<void> SubmissionStreamServer::finish(FinishContext context) {
  if (calls().outstanding(slot_) == 0) {
    write_summary(context);
    return kj::READY_NOW;
  }
  auto paf = kj::newPromiseAndFulfiller<void>();
  finish_fulfiller_ = kj::mv(paf.fulfiller);
  return paf.promise.then([this, context]() mutable { write_summary(context); });
}

bool SubmissionStreamServer::proceed() {
  // Whoever cancelled the call has taken its message away.
  if (!submit_fulfiller_->isWaiting()) {
    waiting_.reset();
    return true;
  }
  bool is_done = false;
  const bool is_sound = submit_fulfiller_->rejectIfThrows([&] { is_done = push_some(); });
  if (is_sound && !is_done) return false;
  waiting_.reset();
  if (is_sound) submit_fulfiller_->fulfill();
  return true;
}

/// True when nothing of the waiting call is left.
bool SubmissionStreamServer::push_some() {
  Waiting& waiting = *waiting_;
  while (waiting.next < waiting.submissions.size()) {
    if (head_ - tail_ >= kWindow || !calls().has_command_room(1)) return false;
    if (!services().quota.take(scheduler::OfficeId{static_cast<std::uint16_t>(actor_.id)}, 1,
                               services().now_ns)) {
      return false;
    }
    push(waiting.submissions[waiting.next]);
    waiting.next += 1;
  }
  return true;
}

void SubmissionStreamServer::push(protocol::Submission::Reader submission) {
  Request& request = calls().blank_request();
  Flaw flaw = begin_command(request, CommandKind::kSubmitCase, submission.getKey());
  if (!flaw) flaw = read_submission(submission, request.command.body.submit_case);
  if (flaw) {
    Outcome outcome;
    outcome.refusal = flaw.refusal;
    outcome.field = flaw.field;
    count(request.command.key, outcome);
    return;
  }
  const std::uint32_t place = head_ % kWindow;
  keys_[place] = request.command.key;
  answered_[place] = false;
  calls().send(slot_, static_cast<std::uint16_t>(head_));
  head_ += 1;
}

void SubmissionStreamServer::answer(std::uint16_t item, const Response& response) {
  const std::uint32_t place = item % kWindow;
  count(keys_[place], response.outcome);
  answered_[place] = true;
  while (tail_ != head_ && answered_[tail_ % kWindow]) tail_ += 1;
}

void SubmissionStreamServer::complete() {
  if (finish_fulfiller_.get() != nullptr) finish_fulfiller_->fulfill();
}

void SubmissionStreamServer::count(const IdempotencyKey& key, const Outcome& outcome) {
  if (outcome.op > last_op_) last_op_ = outcome.op;
  if (outcome.refusal == Refusal::kNone) {
    (outcome.repeated != 0 ? repeated_ : accepted_) += 1;
    return;
  }
  refused_ += 1;
  if (refusals_.size() < kRefusalsKept) refusals_.push_back({key, outcome});
}

void SubmissionStreamServer::write_summary(FinishContext context) {
  auto results = context.getResults();
  results.setAccepted(accepted_);
  results.setRepeated(repeated_);
  results.setRefused(refused_);
  results.setLastOp(scheduler::raw(last_op_));
  auto refusals = results.initRefusals(static_cast<unsigned>(refusals_.size()));
  for (unsigned i = 0; i < refusals_.size(); ++i) {
    auto key = refusals[i].initKey();
    key.setHigh(refusals_[i].key.high);
    key.setLow(refusals_[i].key.low);
    write_refusal(refusals_[i].outcome, CommandKind::kSubmitCase, refusals[i].initRefusal());
  }
}

}  // namespace permitd::daemon
