#include "protocol/busy_gate.h"

#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>

#include "protocol/frame_check.h"
#include "protocol/kj_compat.h"
#include "protocol/permit.capnp.h"

namespace permitd::protocol {

namespace {

constexpr std::uint32_t kQuestionMax = 65'536;
constexpr std::uint32_t kBits = 64;
constexpr const char* kReason = "busy: too many calls are waiting; send again in a moment";

// The head of a call is looked at, never its parameters.
constexpr capnp::ReaderOptions kHeadOptions{.traversalLimitInWords = 256, .nestingLimit = 8};

std::uint64_t word_at(kj::ArrayPtr<const capnp::word> words, std::size_t index) {
  std::uint64_t value = 0;
  std::memcpy(&value, &words[index], sizeof value);
  return value;
}

/// A struct as it lies in the first segment of a frame.
struct Place {
  std::size_t data = 0;
  std::size_t data_count = 0;     // words
  std::size_t pointer_count = 0;  // words behind the data
};

/// Where the pointer at `at` leads; empty when that is no struct within the segment, as of a far
/// pointer. A null pointer is a struct of nothing.
std::optional<Place> follow(kj::ArrayPtr<const capnp::word> segment, std::size_t at) {
  constexpr std::uint64_t kKindMask = 3;  // 0: a struct
  if (at >= segment.size()) return std::nullopt;
  const std::uint64_t pointer = word_at(segment, at);
  const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(pointer));
  if ((pointer & kKindMask) != 0 || low < 0) return std::nullopt;
  const Place place{at + 1 + static_cast<std::size_t>(low >> 2),
                    static_cast<std::uint16_t>(pointer >> 32),
                    static_cast<std::uint16_t>(pointer >> 48)};
  if (place.data + place.data_count + place.pointer_count > segment.size()) return std::nullopt;
  return place;
}

std::optional<std::uint32_t> read_question(capnp::rpc::Message::Reader message) {
  if (message.isCall()) return message.getCall().getQuestionId();
  if (message.isBootstrap()) return message.getBootstrap().getQuestionId();
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> question_asked_by(kj::ArrayPtr<const capnp::word> frame) {
  const std::uint64_t table = word_at(frame, 0);
  const std::size_t segment_count = static_cast<std::uint32_t>(table) + std::size_t{1};
  const std::size_t begin = frame_table_size(segment_count) / sizeof(capnp::word);
  const std::size_t size = table >> 32;
  if (begin + size > frame.size()) return std::nullopt;
  const auto segment = frame.slice(begin, begin + size);
  if (const auto root = follow(segment, 0)) {
    const std::uint16_t kind =
        root->data_count == 0 ? 0 : static_cast<std::uint16_t>(word_at(segment, root->data));
    if (kind != capnp::rpc::Message::CALL && kind != capnp::rpc::Message::BOOTSTRAP)
      return std::nullopt;
    // Both have the number in front.
    if (root->pointer_count == 0) return 0;
    if (const auto asked = follow(segment, root->data + root->data_count))
      return asked->data_count == 0 ? 0 : static_cast<std::uint32_t>(word_at(segment, asked->data));
  }
  std::optional<std::uint32_t> question;
  auto failure = kj::runCatchingExceptions([&]() {
    // What Cap'n Proto can read is read here too, however it lies: two structs, wherever they are.
    capnp::FlatArrayMessageReader reader(frame, {.traversalLimitInWords = UINT64_MAX});
    question = read_question(reader.getRoot<capnp::rpc::Message>());
  });
  return failure == nullptr ? question : std::nullopt;
}

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
