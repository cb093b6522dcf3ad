#include "protocol/message_head.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>

#include "protocol/frame_check.h"
#include "protocol/kj_compat.h"

namespace permitd::protocol {

namespace {

using capnp::rpc::Message;

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

/// The struct that pointer `index` of `place` leads to; an absent pointer is a null one.
std::optional<Place> follow(kj::ArrayPtr<const capnp::word> segment, const Place& place,
                            std::size_t index) {
  if (index >= place.pointer_count) return Place{};
  return follow(segment, place.data + place.data_count + index);
}

std::uint64_t data_word(kj::ArrayPtr<const capnp::word> segment, const Place& place,
                        std::size_t index) {
  return index < place.data_count ? word_at(segment, place.data + index) : 0;
}

std::uint16_t kind_at(kj::ArrayPtr<const capnp::word> segment, const Place& root) {
  return static_cast<std::uint16_t>(data_word(segment, root, 0));
}

/// Empty where a struct that is looked at does not lie within the segment. Places are those of
/// rpc.capnp, which can only grow: each union member of Message is its first pointer and begins
/// with the question; a call's target is its first pointer, too.
std::optional<MessageHead> read_directly(kj::ArrayPtr<const capnp::word> segment) {
  const auto root = follow(segment, 0);
  if (!root) return std::nullopt;
  MessageHead head{.kind = kind_at(segment, *root)};
  const bool is_call = head.kind == Message::CALL;
  if (!is_call && head.kind != Message::FINISH && head.kind != Message::BOOTSTRAP) return head;
  const auto body = follow(segment, *root, 0);
  if (!body) return std::nullopt;
  const std::uint64_t front = data_word(segment, *body, 0);
  head.question = static_cast<std::uint32_t>(front);
  if (!is_call) return head;
  head.interface_id = data_word(segment, *body, 1);
  head.is_answered_to_caller = front >> 48 == capnp::rpc::Call::SendResultsTo::CALLER;
  const auto target = follow(segment, *body, 0);
  if (!target) return std::nullopt;
  const auto target_kind = static_cast<std::uint16_t>(data_word(segment, *target, 0) >> 32);
  if (target_kind != capnp::rpc::MessageTarget::PROMISED_ANSWER) return head;
  const auto answer = follow(segment, *target, 0);
  if (!answer) return std::nullopt;
  head.on_answer_to = static_cast<std::uint32_t>(data_word(segment, *answer, 0));
  return head;
}

/// Throws at what cannot be read; `head` then holds what was read before.
void read(Message::Reader message, MessageHead& head) {
  head.kind = static_cast<std::uint16_t>(message.which());
  if (message.isFinish()) head.question = message.getFinish().getQuestionId();
  if (message.isBootstrap()) head.question = message.getBootstrap().getQuestionId();
  if (!message.isCall()) return;
  const auto call = message.getCall();
  head.question = call.getQuestionId();
  head.interface_id = call.getInterfaceId();
  head.is_answered_to_caller = call.getSendResultsTo().isCaller();
  if (const auto target = call.getTarget(); target.isPromisedAnswer())
    head.on_answer_to = target.getPromisedAnswer().getQuestionId();
}

/// The first segment of a whole, checked frame; empty where its table names more than is there.
kj::ArrayPtr<const capnp::word> first_segment(kj::ArrayPtr<const capnp::word> frame) {
  if (frame.size() == 0) return nullptr;
  const std::uint64_t table = word_at(frame, 0);
  const std::size_t segment_count = static_cast<std::uint32_t>(table) + std::size_t{1};
  const std::size_t begin = frame_table_size(segment_count) / sizeof(capnp::word);
  const std::size_t size = table >> 32;
  if (begin + size > frame.size()) return nullptr;
  return frame.slice(begin, begin + size);
}

}  // namespace

bool MessageHead::asks() const { return kind == Message::CALL || kind == Message::BOOTSTRAP; }

MessageHead read_head(kj::ArrayPtr<const capnp::word> frame) {
  if (const auto head = read_directly(first_segment(frame))) return *head;
  MessageHead head;
  // What is no message is for Cap'n Proto to find out. A few structs are read, wherever they lie.
  auto ignored = kj::runCatchingExceptions([&]() {
    capnp::FlatArrayMessageReader reader(frame, {.traversalLimitInWords = UINT64_MAX});
    read(reader.getRoot<Message>(), head);
  });
  return head;
}

std::uint16_t message_kind(kj::ArrayPtr<const capnp::word> first_segment) {
  const auto root = follow(first_segment, 0);
  return root ? kind_at(first_segment, *root) : std::uint16_t{Message::UNIMPLEMENTED};
}

// As above: an answer's question comes first and which answer it is last in the first word; what
// it holds is its only pointer, of whose two the second is the list of capabilities.
std::optional<std::uint32_t> answered_without_capability(
    kj::ArrayPtr<const capnp::word> first_segment) {
  constexpr std::uint64_t kFarKind = 2;
  constexpr unsigned kListSizeAt = 35;  // the bits of a list pointer that say its size
  const auto root = follow(first_segment, 0);
  if (!root || kind_at(first_segment, *root) != Message::RETURN) return std::nullopt;
  const auto answer = follow(first_segment, *root, 0);
  if (!answer) return std::nullopt;
  const std::uint64_t front = data_word(first_segment, *answer, 0);
  const auto question = static_cast<std::uint32_t>(front);
  const std::uint64_t answer_kind = front >> 48;
  if (answer_kind != capnp::rpc::Return::RESULTS) return std::nullopt;
  const auto payload = follow(first_segment, *answer, 0);
  if (!payload) return std::nullopt;
  if (payload->pointer_count < 2) return question;
  const std::uint64_t table = word_at(first_segment, payload->data + payload->data_count + 1);
  if ((table & kFarKind) != 0 || table >> kListSizeAt != 0) return std::nullopt;
  return question;
}

}  // namespace permitd::protocol
