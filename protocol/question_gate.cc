#include "protocol/question_gate.h"

#include <capnp/serialize.h>

#include "protocol/permit.capnp.h"

namespace permitd::protocol {

namespace {

constexpr std::uint32_t kQuestionMax = 65'536;
constexpr std::uint32_t kStateBits = 2;
constexpr std::uint64_t kStateMask = 3;
constexpr std::uint32_t kStatesEach = 64 / kStateBits;  // of a word
constexpr std::size_t kWordsKept = 4;  // of a connection that has nothing open: 128 questions

std::uint32_t shift_of(std::uint32_t question) { return question % kStatesEach * kStateBits; }

}  // namespace

GateVerdict QuestionGate::judge(const MessageHead& head, bool is_crowded) {
  if (head.kind == capnp::rpc::Message::CALL) return judge_call(head, is_crowded);
  if (head.kind != capnp::rpc::Message::FINISH) return GateVerdict::kPass;
  const State state = state_of(head.question);
  if (state == State::kUnknown) return GateVerdict::kPass;
  set(head.question, State::kUnknown);
  return state == State::kOpen ? GateVerdict::kPass : GateVerdict::kSwallow;
}

GateVerdict QuestionGate::judge_call(const MessageHead& call, bool is_crowded) {
  const State on = call.on_answer_to ? state_of(*call.on_answer_to) : State::kUnknown;
  const bool may_be_refused =
      call.is_answered_to_caller && call.interface_id != capnp::typeId<SubmissionStream>();
  // A call on a result that will never be has no other answer, even where it should pass.
  const bool is_refused = on == State::kRefused || (is_crowded && may_be_refused);
  if (call.question >= kQuestionMax) return GateVerdict::kPass;
  if (on == State::kEnded) {
    set(call.question, State::kEnded);  // calls on its result have none either
    return GateVerdict::kNoCapability;
  }
  set(call.question, is_refused ? State::kRefused : State::kOpen);
  return is_refused ? GateVerdict::kBusy : GateVerdict::kPass;
}

bool QuestionGate::end(std::uint32_t question) {
  if (state_of(question) != State::kOpen) return false;
  set(question, State::kEnded);
  return true;
}

QuestionGate::State QuestionGate::state_of(std::uint32_t question) const {
  const std::size_t index = question / kStatesEach;
  if (index >= states_.size()) return State::kUnknown;
  return static_cast<State>(states_[index] >> shift_of(question) & kStateMask);
}

void QuestionGate::set(std::uint32_t question, State state) {
  const State before = state_of(question);
  if (before == state) return;
  const std::size_t index = question / kStatesEach;
  if (index >= states_.size()) states_.resize(index + 1);
  states_[index] &= ~(kStateMask << shift_of(question));
  states_[index] |= static_cast<std::uint64_t>(state) << shift_of(question);
  if (before == State::kUnknown) known_count_ += 1;
  if (state != State::kUnknown) return;
  known_count_ -= 1;
  if (known_count_ == 0 && states_.size() > kWordsKept) states_ = {};
}

GateMessages::Answer::Answer(capnp::rpc::Exception::Type type, const char* reason)
    : message_(kj::arrayPtr(space_, sizeof space_ / sizeof space_[0])),
      answer_(message_.initRoot<capnp::rpc::Message>().initReturn()) {
  auto exception = answer_.initException();
  exception.setReason(reason);
  exception.setType(type);
}

GateMessages::Segments GateMessages::Answer::to(std::uint32_t question) {
  answer_.setAnswerId(question);
  return message_.getSegmentsForOutput();
}

GateMessages::GateMessages()
    : busy_(capnp::rpc::Exception::Type::OVERLOADED,
            "busy: too many calls are waiting; send again in a moment"),
      no_capability_(capnp::rpc::Exception::Type::FAILED,
                     "a call on an answer that holds no capability"),
      finish_(finish_message_.initRoot<capnp::rpc::Message>().initFinish()) {}

GateMessages::~GateMessages() noexcept = default;

kj::Array<capnp::word> GateMessages::finish(std::uint32_t question) {
  finish_.setQuestionId(question);
  return capnp::messageToFlatArray(finish_message_);
}

}  // namespace permitd::protocol
