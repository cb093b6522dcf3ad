#include "protocol/message_stream.h"

#include <algorithm>
#include <utility>

#include "protocol/kj_compat.h"

namespace permitd::protocol {

namespace {

constexpr std::size_t kReceiveSizeFirst = 4096;     // an idle connection costs little
constexpr std::size_t kReceiveSizeMax = 64U << 10;  // a busy one reads many messages at once

StreamFault fault_of(const kj::Exception& exception) {
  return exception.getType() == kj::Exception::Type::DISCONNECTED ? StreamFault::kPeerClosed
                                                                  : StreamFault::kIoError;
}

struct OwnContext {
  StreamContext own_context;
};

// Shares its loop with nobody, so it sees to its own flushing: after everything else of the turn.
class LoneMessageStream final : private OwnContext, public MessageStream {
 public:
  LoneMessageStream(kj::Own<kj::AsyncIoStream> stream, const StreamLimits& limits)
      : OwnContext{StreamContext(limits)}, MessageStream(kj::mv(stream), own_context) {}

 protected:
  void flush_wanted() override {
    flush_ = kj::evalLast([this]() { flush(); }).eagerlyEvaluate([this](kj::Exception&& exception) {
      const StreamFault fault = fault_of(exception);
      break_off(fault, kj::mv(exception));
    });
  }

 private:
  kj::Promise<void> flush_ = nullptr;
};

}  // namespace

MessageStream::MessageStream(kj::Own<kj::AsyncIoStream> stream, StreamContext& context)
    : BufferedStream(context), stream_(kj::mv(stream)) {
  start_receiving();
}

MessageStream::~MessageStream() noexcept(false) = default;

void MessageStream::Faults::taskFailed(kj::Exception&& exception) {
  const StreamFault fault = fault_of(exception);
  stream_.break_off(fault, kj::mv(exception));
}

void MessageStream::start_send(std::span<const std::byte> bytes) {
  is_writing_ = true;
  tasks_.add(kj::evalNow([&]() {
               return stream_->write(bytes.data(), bytes.size());
             }).then([this, size = bytes.size()]() {
    is_writing_ = false;
    sent(size);
  }));
}

void MessageStream::set_receiving(bool wanted) {
  if (wanted && !is_reading_) receive();
}

void MessageStream::receive() {
  if (receive_buffer_.size() == 0) receive_buffer_ = kj::heapArray<kj::byte>(kReceiveSizeFirst);
  is_reading_ = true;
  tasks_.add(kj::evalNow([this]() {
               return stream_->tryRead(receive_buffer_.begin(), 1, receive_buffer_.size());
             }).then([this](std::size_t size) {
    is_reading_ = false;
    received_some(size);
  }));
}

void MessageStream::received_some(std::size_t size) {
  if (size == 0) {
    received_end();
    return;
  }
  received(std::as_bytes(std::span<const kj::byte>(receive_buffer_.begin(), size)));
  if (is_reading_) return;  // again, into this buffer
  if (size == receive_buffer_.size() && size < kReceiveSizeMax) {
    receive_buffer_ = kj::heapArray<kj::byte>(std::min(size * 4, kReceiveSizeMax));
  } else if (size <= kReceiveSizeFirst / 4 && receive_buffer_.size() > kReceiveSizeFirst) {
    receive_buffer_ = kj::heapArray<kj::byte>(kReceiveSizeFirst);
  }
  if (is_receiving()) receive();
}

void MessageStream::shut_down_write() {
  // Fails where the peer has gone; the reading side finds that out for itself.
  kj::runCatchingExceptions([this]() { stream_->shutdownWrite(); });
}

void MessageStream::shut_down_both() {
  kj::runCatchingExceptions([this]() { stream_->abortRead(); });
  // A write under way ends by itself, with an error, once the peer is gone; KJ forbids to shut it
  // under it.
  if (!is_writing_) kj::runCatchingExceptions([this]() { stream_->shutdownWrite(); });
}

kj::Own<capnp::MessageStream> new_message_stream(kj::Own<kj::AsyncIoStream> stream,
                                                 const StreamLimits& limits) {
  return kj::heap<LoneMessageStream>(kj::mv(stream), limits);
}

kj::Own<capnp::MessageStream> new_message_stream(kj::Own<kj::AsyncIoStream> stream,
                                                 StreamContext& context) {
  return kj::heap<MessageStream>(kj::mv(stream), context);
}

}  // namespace permitd::protocol
