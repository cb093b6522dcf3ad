#include "protocol/message_head.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>

#include "protocol/frame_check.h"
#include "protocol/kj_compat.h"

namespace permitd::protocol {

namespace {

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

std::uint16_t kind_at(kj::ArrayPtr<const capnp::word> segment, const Place& root) {
  return root.data_count == 0 ? 0 : static_cast<std::uint16_t>(word_at(segment, root.data));
}

}  // namespace

kj::ArrayPtr<const capnp::word> first_segment(kj::ArrayPtr<const capnp::word> frame) {
  if (frame.size() == 0) return nullptr;
  const std::uint64_t table = word_at(frame, 0);
  const std::size_t segment_count = static_cast<std::uint32_t>(table) + std::size_t{1};
  const std::size_t begin = frame_table_size(segment_count) / sizeof(capnp::word);
  const std::size_t size = table >> 32;
  if (begin + size > frame.size()) return nullptr;
  return frame.slice(begin, begin + size);
}

std::uint16_t message_kind(kj::ArrayPtr<const capnp::word> first_segment) {
  const auto root = follow(first_segment, 0);
  if (!root) return capnp::rpc::Message::UNIMPLEMENTED;
  return kind_at(first_segment, *root);
}

std::optional<std::uint32_t> question_asked_by(kj::ArrayPtr<const capnp::word> frame) {
  const auto segment = first_segment(frame);
  if (const auto root = follow(segment, 0)) {
    const std::uint16_t kind = kind_at(segment, *root);
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

}  // namespace permitd::protocol
