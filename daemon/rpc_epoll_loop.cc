#include "daemon/rpc_epoll_loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/log.h"
#include "protocol/kj_compat.h"

namespace permitd::daemon {

namespace {

constexpr std::size_t kScratchSize = 64U << 10;
// Receives and accepts of one socket in a row before others get their turn.
constexpr int kReceivesMax = 4;
constexpr int kAcceptsMax = 64;

LogSite accept_site;

kj::Exception lost(int number) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                       kj::str("connection lost, errno ", number));
}

}  // namespace

bool EpollPort::wait() {
  loop_.turn(true);
  return std::exchange(is_woken_, false);
}

bool EpollPort::poll() {
  loop_.turn(false);
  return std::exchange(is_woken_, false);
}

// --- A stream ---

EpollStream::EpollStream(RpcStreams& streams, kj::UnixEventPort& port, std::span<std::byte> scratch,
                         int socket, Peer peer)
    : RpcStream(streams, socket, std::move(peer)),
      scratch_(scratch),
      observer_(port, socket, kj::UnixEventPort::FdObserver::OBSERVE_READ_WRITE) {}

void EpollStream::Faults::taskFailed(kj::Exception&& exception) {
  stream_.break_off(protocol::StreamFault::kIoError, kj::mv(exception));
}

void EpollStream::transmit(std::span<const std::byte> bytes) {
  ssize_t size = 0;
  do {
    size = ::send(socket(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  if (size >= 0) {
    transmitted(static_cast<std::size_t>(size));
  } else if (errno == EAGAIN) {
    unsent_ = bytes;
    tasks_.add(observer_.whenBecomesWritable().then([this]() {
      if (!is_broken()) transmit(unsent_);
    }));
  } else {
    fail(errno);
  }
}

void EpollStream::set_receiving(bool wanted) {
  // What came during a pause raised its edge then, so look before waiting for the next.
  if (wanted && !is_armed_) receive_later();
}

void EpollStream::receive_later() {
  is_armed_ = true;
  tasks_.add(kj::evalLater([this]() { receive(); }));
}

void EpollStream::await_readable() {
  is_armed_ = true;
  tasks_.add(observer_.whenBecomesReadable().then([this]() { receive(); }));
}

void EpollStream::receive() {
  bool has_more = true;
  for (int round = 0; round < kReceivesMax && has_more && is_receiving(); ++round)
    has_more = receive_once();
  is_armed_ = false;
  if (!is_receiving()) return;
  if (has_more) {
    receive_later();
  } else {
    await_readable();
  }
}

// False when nothing more comes without a new edge.
bool EpollStream::receive_once() {
  const ssize_t size = ::recv(socket(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
  if (size < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) fail(errno);
    return false;
  }
  if (size == 0) {
    arrived_end();
    return false;
  }
  arrived(scratch_.first(static_cast<std::size_t>(size)));
  if (static_cast<std::size_t>(size) == scratch_.size()) return true;
  // The end may have come with the same edge as the bytes.
  PERMIT_IF_MAYBE(is_at_end, observer_.atEndHint()) return *is_at_end;
  return true;
}

void EpollStream::fail(int number) {
  const bool is_gone = number == ECONNRESET || number == EPIPE || number == ETIMEDOUT;
  break_off(is_gone ? protocol::StreamFault::kPeerClosed : protocol::StreamFault::kIoError,
            lost(number));
}

// --- The loop ---

RpcEpollLoop::RpcEpollLoop(const Options& options)
    : RpcLoopBase(options),
      port_(*this),
      event_loop_(port_),
      wait_scope_(event_loop_),
      scratch_(kScratchSize) {}

RpcEpollLoop::~RpcEpollLoop() noexcept {
  streams().clear();
  accepts_.clear();
  watches_.clear();
  limit_ = nullptr;
}

RpcEpollLoop::Watch::Watch(kj::UnixEventPort& port, const Waker& waker)
    : file(fcntl(waker.file(), F_DUPFD_CLOEXEC, 0)),
      observer(port, file, kj::UnixEventPort::FdObserver::OBSERVE_READ) {}

void RpcEpollLoop::add_waker(Waker& waker) {
  watch(waker);
  watches_.push_back(std::make_unique<Watch>(port_, waker));
}

bool RpcEpollLoop::poll_kernel() {
  port_.look();
  return port_.is_woken() || event_loop_.isRunnable();
}

void RpcEpollLoop::sleep_kernel(std::int64_t limit_ns) {
  if (port_.is_woken()) return;
  // Rounded up to milliseconds by the port, as epoll has no finer clock.
  if (limit_ns >= 0) {
    const auto end = kj::systemPreciseMonotonicClock().now() + limit_ns * kj::NANOSECONDS;
    limit_ = timer().atTime(end).eagerlyEvaluate(nullptr);
  }
  port_.sleep();
  limit_ = nullptr;
}

void RpcEpollLoop::start_listening(ListeningSocket socket, Welcome welcome) {
  accepts_.push_back(std::make_unique<Accept>(*this, std::move(socket), std::move(welcome)));
}

void RpcEpollLoop::stop_listening() {
  streams().set_draining();
  for (const auto& accept : accepts_) accept->stop();
}

std::unique_ptr<RpcStream> RpcEpollLoop::make_connection(int socket, Peer peer) {
  return std::make_unique<EpollStream>(streams(), port_, scratch_, socket, std::move(peer));
}

RpcEpollLoop::Accept::Accept(RpcEpollLoop& loop, ListeningSocket socket, Welcome welcome)
    : loop_(loop), socket_(std::move(socket)), welcome_(std::move(welcome)) {
  observer_.emplace(loop_.port_, socket_.file, kj::UnixEventPort::FdObserver::OBSERVE_READ);
  tasks_.add(kj::evalLater([this]() { accept_some(); }));
}

RpcEpollLoop::Accept::~Accept() noexcept {
  observer_.reset();
  close_listener(socket_);
}

void RpcEpollLoop::Accept::stop() {
  is_stopped_ = true;
  observer_.reset();
  close_listener(socket_);
}

void RpcEpollLoop::Accept::taskFailed(kj::Exception&& exception) {
  if (is_stopped_) return;  // stopping breaks the wait
  log_line(accept_site, LogLevel::kError, "accepting connections failed: {}",
           exception.getDescription().cStr());
}

void RpcEpollLoop::Accept::await() {
  tasks_.add(observer_->whenBecomesReadable().then([this]() { accept_some(); }));
}

void RpcEpollLoop::Accept::accept_some() {
  for (int round = 0; round < kAcceptsMax && !is_stopped_; ++round) {
    const int socket = ::accept4(socket_.file, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0) {
      loop_.accepted(socket, welcome_);
    } else if (errno == EAGAIN) {
      await();
      return;
    } else if (must_accept_pause(errno)) {
      log_line(accept_site, LogLevel::kWarning, "no connection can be accepted for the moment: {}",
               strerrordesc_np(errno));
      tasks_.add(loop_.after_ms(kAcceptPauseMs).then([this]() { accept_some(); }));
      return;
    }
    // Anything else concerns the one connection that came to nothing.
  }
  if (!is_stopped_) tasks_.add(kj::evalLater([this]() { accept_some(); }));
}

Expected<std::unique_ptr<RpcLoop>> create_epoll_loop(const RpcLoop::Options& options) {
  return std::make_unique<RpcEpollLoop>(options);
}

}  // namespace permitd::daemon
