#include "tests/support/echo_server.h"

#include <arpa/inet.h>
#include <capnp/rpc-twoparty.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "tests/support/echo.capnp.h"

namespace permitd::tests {

namespace {

constexpr int kPatienceMs = 10'000;

class EchoImpl final : public Echo::Server {
 public:
  EchoImpl(daemon::RpcLoop& loop, daemon::Peer peer) : loop_(loop), peer_(std::move(peer)) {}

  kj::Promise<void> echo(EchoContext context) override {
    const auto payload = context.getParams().getPayload();
    const std::size_t size = payload.size() + context.getParams().getExtraSize();
    auto reply = context.getResults(capnp::MessageSize{size / 8 + 16, 0})
                     .initPayload(static_cast<capnp::uint>(size));
    if (payload.size() != 0) std::memcpy(reply.begin(), payload.begin(), payload.size());
    return kj::READY_NOW;
  }
  kj::Promise<void> wait(WaitContext) override { return kj::NEVER_DONE; }
  kj::Promise<void> delay(DelayContext context) override {
    return loop_.after_ms(context.getParams().getMs());
  }
  kj::Promise<void> peer(PeerContext context) override {
    auto results = context.getResults(capnp::MessageSize{8, 0});
    results.setIsUnix(peer_.is_unix);
    results.setUid(peer_.uid);
    results.setIsLoopback(peer_.is_loopback);
    return kj::READY_NOW;
  }

 private:
  daemon::RpcLoop& loop_;
  daemon::Peer peer_;
};

// One client: the stream, Cap'n Proto over it, and their end.
struct Client {
  Client(kj::Own<capnp::MessageStream> connection, Echo::Client echo)
      : stream(kj::mv(connection)),
        network(*stream, capnp::rpc::twoparty::Side::SERVER),
        rpc(capnp::makeRpcServer(network, kj::mv(echo))) {}

  kj::Own<capnp::MessageStream> stream;
  capnp::TwoPartyVatNetwork network;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
};

class Clients final : public kj::TaskSet::ErrorHandler {
 public:
  Clients(daemon::RpcLoop& loop, std::atomic<std::size_t>& count) : loop_(loop), count_(count) {}

  void serve(kj::Own<capnp::MessageStream> stream, const daemon::Peer& peer) {
    auto client = kj::heap<Client>(kj::mv(stream), kj::heap<EchoImpl>(loop_, peer));
    ++count_;
    auto gone = client->network.onDisconnect();
    tasks_.add(gone.attach(kj::mv(client), kj::defer([this]() { --count_; })));
  }
  void taskFailed(kj::Exception&& exception) override {
    std::fprintf(stderr, "client failed: %s\n", exception.getDescription().cStr());
  }

 private:
  daemon::RpcLoop& loop_;
  std::atomic<std::size_t>& count_;
  kj::TaskSet tasks_{*this};
};

int listen_on_loopback(std::uint16_t& port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(file, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(file, 4096) != 0 ||
      getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("listen on the loopback");
    std::abort();
  }
  port = ntohs(address.sin_port);
  return file;
}

}  // namespace

EchoServer::EchoServer(const Options& options) {
  char name[] = "/tmp/permitd-echo-XXXXXX";
  directory_ = mkdtemp(name);
  unix_path_ = directory_ + "/echo.sock";
  const int listening = listen_on_loopback(port_);
  thread_ = std::thread([this, options, listening]() { serve(options, listening); });
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this]() { return is_ready_; });
}

EchoServer::~EchoServer() {
  stop_.store(true);
  waker_.wake();
  thread_.join();
  rmdir(directory_.c_str());
}

void EchoServer::serve(const Options& options, int listening) {
  auto created = daemon::RpcLoop::create(options.loop);
  if (!created) {
    std::fprintf(stderr, "%s\n", created.error().text().c_str());
    std::abort();
  }
  daemon::RpcLoop& loop = **created;
  class Requests final : public daemon::RpcLoop::Hook {
   public:
    Requests(EchoServer& server, daemon::RpcLoop& loop) : server_(server), loop_(loop) {}
    bool work() override {
      if (!server_.has_work_.load(std::memory_order_acquire)) return false;
      const std::lock_guard lock(server_.mutex_);
      server_.work_(loop_);
      server_.has_work_.store(false, std::memory_order_release);
      server_.done_.notify_all();
      return true;
    }
    bool has_work() const override { return server_.has_work_.load(); }

   private:
    EchoServer& server_;
    daemon::RpcLoop& loop_;
  } requests(*this, loop);
  loop.add_hook(requests);
  if (options.hook != nullptr) loop.add_hook(*options.hook);
  loop.add_waker(waker_);
  {
    Clients clients(loop, client_count_);
    const auto serve_one = [&clients](kj::Own<capnp::MessageStream> stream,
                                      const daemon::Peer& peer) {
      clients.serve(kj::mv(stream), peer);
    };
    const bool listens =
        loop.listen_file(listening, serve_one) && loop.listen_unix(unix_path_, 0600, serve_one);
    if (!listens) std::abort();
    {
      const std::lock_guard lock(mutex_);
      is_ready_ = true;
      done_.notify_all();
    }
    loop.run([this]() { return stop_.load(std::memory_order_relaxed); });
  }
}

void EchoServer::run_in_loop(std::function<void(daemon::RpcLoop&)> work) {
  std::unique_lock lock(mutex_);
  work_ = std::move(work);
  has_work_.store(true, std::memory_order_release);
  waker_.wake();
  done_.wait(lock, [this]() { return !has_work_.load(); });
}

daemon::LoopStats EchoServer::stats() {
  daemon::LoopStats stats;
  run_in_loop([&stats](daemon::RpcLoop& loop) { stats = loop.stats(); });
  return stats;
}

bool EchoServer::eventually(const std::function<bool(const daemon::LoopStats&)>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!condition(stats())) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0,
         2);  // the other side needs the processor; the condition, not the pause, decides
  }
  return true;
}

bool EchoServer::eventually_dropped(daemon::DropReason reason, std::uint64_t count) {
  return eventually([reason, count](const daemon::LoopStats& stats) {
    return stats.dropped[static_cast<std::size_t>(reason)] >= count;
  });
}

RawSocket RawSocket::tcp(std::uint16_t port, int receive_buffer_size) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_size != 0) {
    setsockopt(file, SOL_SOCKET, SO_RCVBUF, &receive_buffer_size, sizeof receive_buffer_size);
  }
  const int no_delay = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return RawSocket(file);
  ::close(file);
  return RawSocket(-1);
}

RawSocket RawSocket::unix_path(const std::string& path) {
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return RawSocket(file);
  ::close(file);
  return RawSocket(-1);
}

bool RawSocket::send(std::span<const std::byte> bytes) {
  return send_some(bytes, kPatienceMs) == bytes.size();
}

std::size_t RawSocket::send_some(std::span<const std::byte> bytes, int patience_ms) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size =
        ::send(file_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      sent += static_cast<std::size_t>(size);
      continue;
    }
    if (errno != EAGAIN) return sent;
    pollfd wait{file_, POLLOUT, 0};
    if (poll(&wait, 1, patience_ms) <= 0) return sent;
  }
  return sent;
}

std::size_t RawSocket::receive(std::span<std::byte> bytes) {
  pollfd wait{file_, POLLIN, 0};
  if (poll(&wait, 1, kPatienceMs) <= 0) return 0;
  const ssize_t size = ::recv(file_, bytes.data(), bytes.size(), 0);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

bool RawSocket::is_closed_by_peer() {
  std::byte bytes[4096];
  for (;;) {
    pollfd wait{file_, POLLIN, 0};
    if (poll(&wait, 1, kPatienceMs) <= 0) return false;
    if (::recv(file_, bytes, sizeof bytes, 0) <= 0) return true;
  }
}

void RawSocket::shut_down_write() { ::shutdown(file_, SHUT_WR); }

void RawSocket::reset() {
  const linger hard{1, 0};
  setsockopt(file_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void RawSocket::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

}  // namespace permitd::tests
