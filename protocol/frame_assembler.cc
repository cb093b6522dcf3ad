#include "protocol/frame_assembler.h"

#include <capnp/rpc.capnp.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/message_head.h"
#include "scheduler/assert.h"

namespace permitd::protocol {

namespace {

constexpr std::size_t kWordSize = sizeof(capnp::word);
constexpr std::size_t kPartialSizeMin = 256;
constexpr std::size_t kTakenMax = 1024;  // empty slots before the queue moves up

// A whole, checked frame with the memory it lies in.
class FrameMessage final : public capnp::MessageReader {
 public:
  FrameMessage(const capnp::ReaderOptions& reader_options, kj::Array<capnp::word> frame)
      : capnp::MessageReader(reader_options), frame_(kj::mv(frame)) {}

  kj::ArrayPtr<const capnp::word> getSegment(capnp::uint id) override {
    const std::size_t segment_count = std::size_t{entry(0)} + 1;
    if (id >= segment_count) return nullptr;
    std::size_t start = frame_table_size(segment_count) / kWordSize;
    for (std::size_t segment = 0; segment < id; ++segment) start += entry(segment + 1);
    return frame_.slice(start, start + entry(id + std::size_t{1}));
  }

 private:
  std::uint32_t entry(std::size_t index) const {
    std::uint32_t value = 0;
    std::memcpy(&value, reinterpret_cast<const std::byte*>(frame_.begin()) + index * sizeof value,
                sizeof value);
    return value;
  }

  kj::Array<capnp::word> frame_;
};

kj::ArrayPtr<const capnp::word> words_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const capnp::word*>(bytes.data()), bytes.size() / kWordSize};
}

}  // namespace

FrameFault FrameAssembler::feed(std::span<const std::byte> bytes, std::int64_t now_ms) {
  now_ms_ = now_ms;
  while (!bytes.empty()) {
    const FrameFault fault = partial_size_ == 0 ? feed_fresh(bytes) : feed_partial(bytes);
    if (fault != FrameFault::kNone) return fault;
  }
  return FrameFault::kNone;
}

// At a frame's first byte: takes the whole frame, or begins a partial one with all that is there.
FrameFault FrameAssembler::feed_fresh(std::span<const std::byte>& bytes) {
  const FrameCheck check = check_frame(bytes, limits_);
  if (check.fault != FrameFault::kNone) return check.fault;
  if (check.needed <= bytes.size()) {
    const auto frame_bytes = bytes.first(check.needed);
    bytes = bytes.subspan(check.needed);
    const bool is_aligned =
        reinterpret_cast<std::uintptr_t>(frame_bytes.data()) % alignof(capnp::word) == 0;
    MessageHead head;
    if (is_aligned) {
      head = read_head(words_of(frame_bytes));
      if (!admits(head)) return FrameFault::kNone;  // and not copied either
    }
    auto frame = kj::heapArray<capnp::word>(check.needed / kWordSize);
    std::memcpy(frame.begin(), frame_bytes.data(), check.needed);
    if (!is_aligned) {
      head = read_head(frame);
      if (!admits(head)) return FrameFault::kNone;
    }
    push(kj::mv(frame), head);
    return FrameFault::kNone;
  }
  partial_needed_ = check.needed;
  append_partial(bytes);
  bytes = {};
  return FrameFault::kNone;
}

// Goes on with a begun frame up to its next decision: head known, or frame whole.
FrameFault FrameAssembler::feed_partial(std::span<const std::byte>& bytes) {
  const std::size_t taken = std::min(bytes.size(), partial_needed_ - partial_size_);
  append_partial(bytes.first(taken));
  bytes = bytes.subspan(taken);
  const std::span here(reinterpret_cast<const std::byte*>(partial_.begin()), partial_size_);
  const FrameCheck check = check_frame(here, limits_);
  if (check.fault != FrameFault::kNone) return check.fault;
  partial_needed_ = check.needed;
  if (partial_size_ < partial_needed_) return FrameFault::kNone;
  PERMIT_ASSERT(partial_size_ == partial_needed_, partial_size_, partial_needed_);
  const std::size_t words = partial_size_ / kWordSize;
  const MessageHead head = read_head(partial_.slice(0, words));
  if (admits(head)) {
    if (partial_.size() == words) {
      push(kj::mv(partial_), head);
    } else {
      auto frame = kj::heapArray<capnp::word>(words);
      std::memcpy(frame.begin(), partial_.begin(), partial_size_);
      push(kj::mv(frame), head);
    }
  }
  partial_ = nullptr;
  partial_size_ = 0;
  return FrameFault::kNone;
}

void FrameAssembler::append_partial(std::span<const std::byte> bytes) {
  const std::size_t size = partial_size_ + bytes.size();
  if (size > partial_.size() * kWordSize) {
    const std::size_t wanted = std::max(size + partial_size_, kPartialSizeMin);
    const std::size_t words =
        (std::min(wanted, std::max(partial_needed_, size)) + kWordSize - 1) / kWordSize;
    auto grown = kj::heapArray<capnp::word>(words);
    if (partial_size_ != 0) std::memcpy(grown.begin(), partial_.begin(), partial_size_);
    partial_ = kj::mv(grown);
  }
  std::memcpy(reinterpret_cast<std::byte*>(partial_.begin()) + partial_size_, bytes.data(),
              bytes.size());
  partial_size_ = size;
}

void FrameAssembler::append(kj::Array<capnp::word> frame, std::int64_t now_ms) {
  now_ms_ = now_ms;
  const MessageHead head = read_head(frame);
  push(kj::mv(frame), head);
}

bool FrameAssembler::admits(const MessageHead& head) {
  ++arrived_count_;
  return filter_ == nullptr || filter_->admits(head);
}

void FrameAssembler::push(kj::Array<capnp::word> frame, const MessageHead& head) {
  queued_size_ += frame.size() * kWordSize;
  messages_.push_back({kj::mv(frame), now_ms_, head.kind});
}

kj::Own<capnp::MessageReader> FrameAssembler::take(const capnp::ReaderOptions& options) {
  PERMIT_ASSERT(has_message());
  Waiting& next = messages_[first_];
  kj::Array<capnp::word> frame = kj::mv(next.frame);
  has_taken_abort_ = next.kind == capnp::rpc::Message::ABORT || has_taken_abort_;
  ++first_;
  if (first_ == messages_.size()) {
    messages_.clear();
    first_ = 0;
  } else if (first_ >= kTakenMax) {
    messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  queued_size_ -= frame.size() * kWordSize;
  return kj::heap<FrameMessage>(options, kj::mv(frame));
}

}  // namespace permitd::protocol
