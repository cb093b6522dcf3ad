#include "daemon/rpc_uring_stream.h"

#include <cerrno>
#include <utility>

namespace permitd::daemon {

UringStream::UringStream(RpcStreams& streams, Ring& ring, int socket, Peer peer,
                         std::uint64_t& exhausted_count)
    : RpcStream(streams, socket, std::move(peer)), ring_(ring), exhausted_count_(exhausted_count) {}

void UringStream::transmit(std::span<const std::byte> bytes) {
  // The kernel does not write to what a send points at.
  bytes_ = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  message_ = {};
  message_.msg_iov = &bytes_;
  message_.msg_iovlen = 1;
  ring_.send_message(send_, socket(), &message_);
}

void UringStream::set_receiving(bool wanted) {
  if (!wanted) {
    ring_.cancel(receive_);
  } else if (!receive_.is_pending()) {
    receive();
  }
  // Wanted again while a cancel is under way: its last completion arms the receive anew.
}

// A multishot receive takes all that the socket holds before anybody can say that it is enough.
void UringStream::receive() {
  if (context().may_refuse())
    ring_.receive_multishot(receive_, socket());
  else
    ring_.receive_once(receive_, socket());
}

void UringStream::complete_receive(const Completion& completion) {
  if (completion.has_buffer) {
    if (completion.result > 0) {
      arrived(ring_.receive_buffer(completion.buffer, static_cast<std::size_t>(completion.result)));
    }
    ring_.recycle(completion.buffer);
  }
  if (completion.result <= 0) end_receive(completion.result);
  if (completion.more) return;
  if (is_closing()) {
    close_when_quiet();
  } else if (is_receiving() && !receive_.is_pending()) {
    receive();
  }
}

void UringStream::end_receive(std::int32_t result) {
  switch (-result) {
    case 0:
      arrived_end();
      return;
    case ENOBUFS:
      // Every buffer was taken by this turn's receives; they are back before the receive is armed
      // again.
      ++exhausted_count_;
      return;
    case ECANCELED:
    case EINTR:
    case EAGAIN:
      return;
    default:
      fail(-result);
  }
}

void UringStream::complete_send(const Completion& completion) {
  if (completion.result > 0) {
    transmitted(static_cast<std::size_t>(completion.result));
  } else if (completion.result == -EINTR || completion.result == -EAGAIN) {
    if (!is_broken()) ring_.send_message(send_, socket(), &message_);
  } else if (completion.result != -ECANCELED) {
    fail(completion.result == 0 ? EPIPE : -completion.result);
  }
  if (is_closing()) close_when_quiet();
}

void UringStream::fail(int number) {
  const bool is_gone = number == ECONNRESET || number == EPIPE || number == ETIMEDOUT;
  break_off(is_gone ? protocol::StreamFault::kPeerClosed : protocol::StreamFault::kIoError,
            kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                          kj::str("connection lost, errno ", number)));
}

void UringStream::close() {
  ring_.cancel(receive_);
  ring_.cancel(send_);
  close_when_quiet();
}

void UringStream::close_when_quiet() {
  if (receive_.is_pending() || send_.is_pending() || socket() < 0) return;
  ring_.close_file(take_socket());
  closed();
}

}  // namespace permitd::daemon
