// A limited, coalescing message stream over any kj::AsyncIoStream: a socket of the client, a pipe
// in tests, a TLS stream. One loop's thread.
//
// Alone (the client) it flushes when KJ's event queue has run empty, which is once per turn there.
// Given the StreamContext of a loop it is flushed with that loop's other streams.
#pragma once

#include <kj/async-io.h>

#include "protocol/buffered_stream.h"

namespace permitd::protocol {

class MessageStream : public BufferedStream {
 public:
  MessageStream(kj::Own<kj::AsyncIoStream> stream, StreamContext& context);
  ~MessageStream() noexcept(false) override;

 protected:
  void start_send(std::span<const std::byte> bytes) override;
  void set_receiving(bool wanted) override;
  void shut_down_write() override;
  void shut_down_both() override;

 private:
  class Faults final : public kj::TaskSet::ErrorHandler {
   public:
    explicit Faults(MessageStream& stream) : stream_(stream) {}
    void taskFailed(kj::Exception&& exception) override;

   private:
    MessageStream& stream_;
  };

  void receive();
  void received_some(std::size_t size);

  kj::Own<kj::AsyncIoStream> stream_;
  kj::Array<kj::byte> receive_buffer_;  // follows what comes, between two sizes
  bool is_reading_ = false;
  bool is_writing_ = false;
  Faults faults_{*this};
  kj::TaskSet tasks_{faults_};  // at most one read and one write
};

/// A stream of its own, for clients.
kj::Own<capnp::MessageStream> new_message_stream(kj::Own<kj::AsyncIoStream> stream,
                                                 const StreamLimits& limits = {});
/// One of a loop's streams; `context` outlives it.
kj::Own<capnp::MessageStream> new_message_stream(kj::Own<kj::AsyncIoStream> stream,
                                                 StreamContext& context);

}  // namespace permitd::protocol
