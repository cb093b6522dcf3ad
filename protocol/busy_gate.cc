#include "protocol/busy_gate.h"

#include <capnp/serialize.h>
#include <kj/exception.h>

#include "protocol/kj_compat.h"
#include "protocol/permit.capnp.h"

namespace permitd::protocol {

namespace {

constexpr std::uint32_t kQuestionMax = 65'536;
constexpr std::uint32_t kBits = 64;
constexpr const char* kReason = "busy: too many calls are waiting; send again in a moment";

// The head of a call is looked at, never its parameters.
constexpr capnp::ReaderOptions kHeadOptions{.traversalLimitInWords = 256, .nestingLimit = 8};

}  // namespace

GateVerdict BusyGate::judge(kj::ArrayPtr<const capnp::word> frame, bool is_crowded) {
  if (!is_crowded && !remembers()) return GateVerdict::kPass;
  GateVerdict verdict = GateVerdict::kPass;
  // What is not a message is for Cap'n Proto to find out.
  auto failure = kj::runCatchingExceptions([&]() {
    capnp::FlatArrayMessageReader reader(frame, kHeadOptions);
    verdict = judge_message(reader.getRoot<capnp::rpc::Message>(), is_crowded);
  });
  return failure == nullptr ? verdict : GateVerdict::kPass;
}

GateVerdict BusyGate::judge_message(capnp::rpc::Message::Reader message, bool is_crowded) {
  if (message.isCall()) return judge_call(message.getCall(), is_crowded);
  if (!message.isFinish()) return GateVerdict::kPass;
  const std::uint32_t question = message.getFinish().getQuestionId();
  if (!is_refused(question)) return GateVerdict::kPass;
  forget(question);
  return GateVerdict::kSwallow;
}

GateVerdict BusyGate::judge_call(capnp::rpc::Call::Reader call, bool is_crowded) {
  question_ = call.getQuestionId();
  const auto target = call.getTarget();
  const bool is_on_refused =
      target.isPromisedAnswer() && is_refused(target.getPromisedAnswer().getQuestionId());
  const bool may_be_refused = question_ < kQuestionMax && call.getSendResultsTo().isCaller() &&
                              call.getInterfaceId() != capnp::typeId<SubmissionStream>();
  // A call on a result that will never be has no other answer, even where it should pass.
  if (!is_on_refused && !(is_crowded && may_be_refused)) return GateVerdict::kPass;
  if (question_ >= kQuestionMax) return GateVerdict::kPass;
  refuse(question_);
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
