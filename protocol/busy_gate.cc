#include "protocol/busy_gate.h"

#include "protocol/permit.capnp.h"

namespace permitd::protocol {

namespace {

constexpr std::uint32_t kQuestionMax = 65'536;
constexpr std::uint32_t kBits = 64;
constexpr const char* kReason = "busy: too many calls are waiting; send again in a moment";

}  // namespace

GateVerdict BusyGate::judge(const MessageHead& head, bool is_crowded) {
  if (!is_crowded && !remembers()) return GateVerdict::kPass;
  if (head.kind == capnp::rpc::Message::CALL) return judge_call(head, is_crowded);
  if (head.kind != capnp::rpc::Message::FINISH || !is_refused(head.question))
    return GateVerdict::kPass;
  forget(head.question);
  return GateVerdict::kSwallow;
}

GateVerdict BusyGate::judge_call(const MessageHead& call, bool is_crowded) {
  const bool is_on_refused = call.on_answer_to && is_refused(*call.on_answer_to);
  const bool may_be_refused =
      call.is_answered_to_caller && call.interface_id != capnp::typeId<SubmissionStream>();
  // A call on a result that will never be has no other answer, even where it should pass.
  if (!is_on_refused && !(is_crowded && may_be_refused)) return GateVerdict::kPass;
  if (call.question >= kQuestionMax) return GateVerdict::kPass;
  refuse(call.question);
  return GateVerdict::kBusy;
}

bool BusyGate::is_refused(std::uint32_t question) const {
  const std::size_t index = question / kBits;
  return index < refused_.size() && (refused_[index] >> (question % kBits) & 1) != 0;
}

void BusyGate::refuse(std::uint32_t question) {
  if (is_refused(question)) return;
  const std::size_t index = question / kBits;
  if (index >= refused_.size()) refused_.resize(index + 1);
  refused_[index] |= std::uint64_t{1} << (question % kBits);
  refused_count_ += 1;
}

void BusyGate::forget(std::uint32_t question) {
  refused_[question / kBits] &= ~(std::uint64_t{1} << (question % kBits));
  refused_count_ -= 1;
  if (refused_count_ == 0) refused_ = {};  // an idle connection holds no memory for it
}

BusyAnswer::BusyAnswer()
    : message_(kj::arrayPtr(space_, sizeof space_ / sizeof space_[0])),
      answer_(message_.initRoot<capnp::rpc::Message>().initReturn()) {
  auto exception = answer_.initException();
  exception.setReason(kReason);
  exception.setType(capnp::rpc::Exception::Type::OVERLOADED);
}

BusyAnswer::~BusyAnswer() noexcept = default;

kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> BusyAnswer::to(std::uint32_t question) {
  answer_.setAnswerId(question);
  return message_.getSegmentsForOutput();
}

}  // namespace permitd::protocol
