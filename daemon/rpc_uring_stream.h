// A stream straight on the ring: multishot receives into provided buffers, one send message per
// turn. The ring's thread.
//
// The operations are members and refer to memory of the stream, so the stream lives until both are
// over: close() cancels, the last completion closes the socket through the ring and only then is it
// buried.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>

#include "daemon/rpc_stream.h"
#include "daemon/uring.h"

namespace permitd::daemon {

class UringStream final : public RpcStream {
 public:
  /// `exhausted_count` counts receives that met no free buffer.
  UringStream(RpcStreams& streams, Ring& ring, int socket, Peer peer,
              std::uint64_t& exhausted_count);

 protected:
  void transmit(std::span<const std::byte> bytes) override;
  void set_receiving(bool wanted) override;
  void close() override;

 private:
  struct Receive final : Operation {
    explicit Receive(UringStream& owner) : stream(owner) {}
    void complete(const Completion& completion) noexcept override {
      stream.complete_receive(completion);
    }
    UringStream& stream;
  };
  struct Send final : Operation {
    explicit Send(UringStream& owner) : stream(owner) {}
    void complete(const Completion& completion) noexcept override {
      stream.complete_send(completion);
    }
    UringStream& stream;
  };

  void receive();
  void complete_receive(const Completion& completion);
  void end_receive(std::int32_t result);
  void complete_send(const Completion& completion);
  void fail(int number);
  void close_when_quiet();

  Ring& ring_;
  std::uint64_t& exhausted_count_;
  Receive receive_{*this};
  Send send_{*this};
  iovec bytes_{};  // what send_ is sending
  msghdr message_{};
};

}  // namespace permitd::daemon
