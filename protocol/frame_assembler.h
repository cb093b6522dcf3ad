// Bytes in, whole Cap'n Proto messages out. Owned by one stream, on its loop's thread.
//
// Memory follows the bytes that have arrived, never the size a peer claims: a begun message holds
// at most twice what came of it (256 bytes at least). Every message is copied once, into memory of
// its own, so that a call that waits long pins nothing but itself.
#pragma once

#include <capnp/message.h>
#include <kj/array.h>
#include <kj/memory.h>

#include <vector>

#include "protocol/frame_check.h"
#include "protocol/message_head.h"

namespace permitd::protocol {

/// Looks at whole messages before they are queued.
class FrameFilter {
 public:
  /// False: the message is not queued.
  virtual bool admits(const MessageHead& head) = 0;

 protected:
  ~FrameFilter() = default;
};

class FrameAssembler {
 public:
  /// `filter`, if any, outlives the assembler.
  explicit FrameAssembler(const FrameLimits& limits, FrameFilter* filter = nullptr)
      : limits_(limits), filter_(filter) {}

  /// Takes all of `bytes`, which came at `now_ms`. After a fault nothing more may be fed; whole
  /// messages before it stay.
  [[nodiscard]] FrameFault feed(std::span<const std::byte> bytes, std::int64_t now_ms = 0);

  /// Puts a message of the stream's own behind all that have come.
  void append(kj::Array<capnp::word> frame, std::int64_t now_ms);

  bool has_message() const { return first_ != messages_.size(); }
  std::size_t message_count() const { return messages_.size() - first_; }
  /// Whole messages that have come, those that were not admitted included.
  std::uint64_t arrived_count() const { return arrived_count_; }
  /// When the oldest message that waits has come. Pre: has_message().
  std::int64_t oldest_ms() const { return messages_[first_].arrived_ms; }
  /// Bytes of whole messages that nobody has taken yet.
  std::size_t queued_size() const { return queued_size_; }
  /// True when a message has begun and is not whole.
  bool is_partial() const { return partial_size_ != 0; }
  /// Bytes held for the begun message; at most twice what has arrived of it.
  std::size_t partial_capacity() const { return partial_.size() * sizeof(capnp::word); }
  /// True when the oldest message asks: a call or a bootstrap. Pre: has_message().
  bool is_question_next() const { return MessageHead{.kind = messages_[first_].kind}.asks(); }
  /// The oldest message. Pre: has_message().
  kj::Own<capnp::MessageReader> take(const capnp::ReaderOptions& options);
  /// True once a message was taken with which the peer's Cap'n Proto ends the connection.
  bool has_taken_abort() const { return has_taken_abort_; }

 private:
  struct Waiting {
    kj::Array<capnp::word> frame;
    std::int64_t arrived_ms = 0;
    std::uint16_t kind = 0;  // of rpc.capnp's Message
  };

  FrameFault feed_fresh(std::span<const std::byte>& bytes);
  FrameFault feed_partial(std::span<const std::byte>& bytes);
  void append_partial(std::span<const std::byte> bytes);
  bool admits(const MessageHead& head);
  void push(kj::Array<capnp::word> frame, const MessageHead& head);

  FrameLimits limits_;
  FrameFilter* filter_;
  std::int64_t now_ms_ = 0;  // of the present feed()
  std::uint64_t arrived_count_ = 0;
  std::vector<Waiting> messages_;  // [first_, size) wait to be taken
  std::size_t first_ = 0;
  std::size_t queued_size_ = 0;
  kj::Array<capnp::word> partial_;  // the begun message
  std::size_t partial_size_ = 0;    // bytes of it that have arrived
  bool has_taken_abort_ = false;
  std::size_t partial_needed_ = 0;  // bytes until the next decision, see FrameCheck
};

}  // namespace permitd::protocol
