// The RPC loop over both kernel interfaces: calls get through, hooks get their turn, nobody sleeps
// through a wake-up, sockets are opened as promised. The loop runs in a thread of its own behind
// EchoServer, or in the test's thread where its inside matters.
#include "daemon/rpc_loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/echo_client.h"
#include "tests/support/echo_server.h"

namespace permitd::daemon {
namespace {

using tests::EchoClient;
using tests::EchoServer;

class RpcLoopTest : public testing::TestWithParam<IoKind> {
 protected:
  EchoServer::Options options() const {
    EchoServer::Options result;
    result.loop.io = GetParam();
    return result;
  }
  std::unique_ptr<RpcLoop> make_loop(std::int64_t spin_ns = 0) const {
    RpcLoop::Options result;
    result.io = GetParam();
    result.spin_ns = spin_ns;
    auto loop = RpcLoop::create(result);
    EXPECT_TRUE(loop.has_value());
    return std::move(*loop);
  }
  static std::string address_of(const EchoServer& server) {
    return "127.0.0.1:" + std::to_string(server.port());
  }
};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A directory that is removed with what is in it.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/permitd-loop-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST_P(RpcLoopTest, CallsGetThroughOverTcpAndUnix) {
  EchoServer server(options());
  {
    EchoClient client(address_of(server));
    EXPECT_EQ(client.call("over tcp"), "over tcp");
    EXPECT_EQ(client.call(std::string(900'000, 'x')), std::string(900'000, 'x'));
  }
  EchoClient client("unix:" + server.unix_path());
  EXPECT_EQ(client.call("over unix"), "over unix");
}

TEST_P(RpcLoopTest, PeerIsWhatTheKernelSays) {
  EchoServer server(options());
  {
    EchoClient client("unix:" + server.unix_path());
    const auto peer = client.echo().peerRequest().send().wait(client.wait_scope());
    EXPECT_TRUE(peer.getIsUnix());
    EXPECT_EQ(peer.getUid(), getuid());
  }
  EchoClient client(address_of(server));
  const auto peer = client.echo().peerRequest().send().wait(client.wait_scope());
  EXPECT_FALSE(peer.getIsUnix());
  EXPECT_TRUE(peer.getIsLoopback());
}

TEST_P(RpcLoopTest, RepliesOfOneTurnLeaveInOneSend) {
  EchoServer server(options());
  EchoClient client(address_of(server));
  client.call("warm");
  const LoopStats before = server.stats();
  kj::Vector<kj::Promise<void>> calls;
  for (int count = 0; count < 200; ++count) {
    calls.add(client.connection().call("small").then([](auto&&) {}));
  }
  kj::joinPromises(calls.releaseAsArray()).wait(client.wait_scope());
  const LoopStats after = server.stats();
  EXPECT_GE(after.messages_sent - before.messages_sent, 200U);
  // The 200 calls left the client in one write; the server sees them in a few receives at most.
  EXPECT_LE(after.sends - before.sends, 20U);
}

TEST_P(RpcLoopTest, TimersFireNotBeforeTheirTime) {
  auto loop = make_loop();
  const std::int64_t begin = now_ms();
  loop->after_ms(30).wait(loop->wait_scope());
  EXPECT_GE(now_ms() - begin, 30);
  loop->after_ms(0).wait(loop->wait_scope());
}

TEST_P(RpcLoopTest, ATimerInAClientCallIsAnswered) {
  EchoServer server(options());
  EchoClient client(address_of(server));
  auto request = client.echo().delayRequest();
  request.setMs(20);
  const std::int64_t begin = now_ms();
  request.send().wait(client.wait_scope());
  EXPECT_GE(now_ms() - begin, 20);
}

// Works as long as it has items; counts what the loop does with it.
class CountingHook : public RpcLoop::Hook {
 public:
  bool work() override {
    ++turns;
    return items > 0 && items-- > 0;
  }
  bool has_work() const override { return items > 0; }
  std::int64_t sleep_limit_ns() override { return limit_ns; }

  int turns = 0;
  int items = 0;
  std::int64_t limit_ns = -1;
};

TEST_P(RpcLoopTest, LoopTurnsWhileAHookHasWork) {
  auto loop = make_loop();
  CountingHook hook;
  hook.items = 100;
  loop->add_hook(hook);
  loop->run([&hook]() { return hook.items == 0; });
  EXPECT_GE(hook.turns, 100);
}

TEST_P(RpcLoopTest, SleepEndsAtTheHooksLimit) {
  auto loop = make_loop();
  CountingHook hook;
  hook.limit_ns = 10'000'000;
  loop->add_hook(hook);
  const std::int64_t begin = now_ms();
  loop->run([&hook]() { return hook.turns >= 4; });
  EXPECT_GE(now_ms() - begin, 20);  // it slept in between
  EXPECT_LE(now_ms() - begin, 5000);
}

TEST_P(RpcLoopTest, HooksGetTheirTurnUnderALoadOfEvents) {
  auto loop = make_loop();
  CountingHook hook;
  loop->add_hook(hook);
  std::uint64_t events = 0;
  bool is_over = false;
  // Events that beget events: the queue of KJ never runs empty.
  std::function<kj::Promise<void>()> again = [&]() -> kj::Promise<void> {
    ++events;
    if (is_over) return kj::READY_NOW;
    return kj::evalLater([&]() { return again(); });
  };
  auto endless = again();
  loop->run([&]() { return hook.turns >= 10; });
  EXPECT_GE(hook.turns, 10);
  EXPECT_GT(events, 1000U);
  is_over = true;
  endless.wait(loop->wait_scope());
}

TEST_P(RpcLoopTest, PromisesOfOtherThreadsWakeTheLoop) {
  auto loop = make_loop();
  auto pair = kj::newPromiseAndCrossThreadFulfiller<int>();
  std::thread other([&pair]() { pair.fulfiller->fulfill(7); });
  EXPECT_EQ(pair.promise.wait(loop->wait_scope()), 7);
  other.join();
}

// Takes numbered items from another thread, as a port takes responses.
class MailboxHook final : public RpcLoop::Hook {
 public:
  bool work() override {
    const std::uint64_t published = published_.load(std::memory_order_acquire);
    if (published == taken_.load(std::memory_order_relaxed)) return false;
    taken_.store(published, std::memory_order_release);
    return true;
  }
  bool has_work() const override { return published_.load() != taken_.load(); }
  void publish(Waker& waker) {
    published_.fetch_add(1, std::memory_order_release);
    waker.wake();
  }
  std::uint64_t taken() const { return taken_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> taken_{0};
};

TEST_P(RpcLoopTest, NoWakeUpIsLost) {
  for (const std::int64_t spin_ns : {std::int64_t{0}, std::int64_t{5'000}}) {
    auto loop = make_loop(spin_ns);
    MailboxHook mailbox;
    Waker waker;
    loop->add_hook(mailbox);
    loop->add_waker(waker);
    constexpr std::uint64_t kItems = 20'000;
    std::atomic<bool> is_lost{false};
    std::thread other([&]() {
      for (std::uint64_t item = 1; item <= kItems; ++item) {
        mailbox.publish(waker);
        // The next one only when this one was taken: each finds the loop on its way to sleep, or
        // asleep.
        const std::int64_t begin = now_ms();
        while (mailbox.taken() < item && !is_lost) {
          if (now_ms() - begin > 10'000) is_lost = true;
        }
        if (is_lost) break;
      }
    });
    loop->run([&]() { return mailbox.taken() == kItems || is_lost; });
    other.join();
    EXPECT_FALSE(is_lost);
    EXPECT_EQ(mailbox.taken(), kItems);
  }
}

TEST_P(RpcLoopTest, NobodyIsLetInAfterListeningHasStopped) {
  EchoServer server(options());
  EchoClient client("unix:" + server.unix_path());
  EXPECT_EQ(client.call("before"), "before");
  server.run_in_loop([](RpcLoop& loop) { loop.stop_listening(); });
  // The sockets are closed a turn later at most.
  ASSERT_TRUE(server.eventually(
      [&](const LoopStats&) { return access(server.unix_path().c_str(), F_OK) != 0; }));
  EXPECT_FALSE(tests::RawSocket::tcp(server.port()).is_connected());
  EXPECT_FALSE(tests::RawSocket::unix_path(server.unix_path()).is_connected());
  EXPECT_EQ(client.call("who is in stays in"), "who is in stays in");
}

TEST_P(RpcLoopTest, UnixSocketHasItsModeAndGoesWithTheLoop) {
  Directory directory;
  const std::string path = directory.file("s");
  {
    auto loop = make_loop();
    ASSERT_TRUE(loop->listen_unix(path, 0640, [](auto&&, auto&&) {}).has_value());
    struct stat status {};
    ASSERT_EQ(lstat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777, 0640U);
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_P(RpcLoopTest, StaleUnixSocketIsReplacedALiveOneIsNot) {
  Directory directory;
  const std::string path = directory.file("s");
  const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(stale);
  auto loop = make_loop();
  ASSERT_TRUE(loop->listen_unix(path, 0600, [](auto&&, auto&&) {}).has_value());
  const auto second = loop->listen_unix(path, 0600, [](auto&&, auto&&) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConfiguration);
}

TEST_P(RpcLoopTest, WhatIsNotASocketIsNeverRemoved) {
  Directory directory;
  const std::string path = directory.file("precious");
  std::ofstream(path) << "bytes";
  auto loop = make_loop();
  EXPECT_FALSE(loop->listen_unix(path, 0600, [](auto&&, auto&&) {}).has_value());
  EXPECT_EQ(std::filesystem::file_size(path), 5U);
}

TEST_P(RpcLoopTest, BadAddressesAreNamed) {
  auto loop = make_loop();
  for (const char* address : {"", "7711", "localhost:7711", "127.0.0.1:", "127.0.0.1:70000",
                              "::1:7711", "[::1]", "[::1:7711", "127.0.0.1:77x"}) {
    const auto listening = loop->listen_tcp(address, [](auto&&, auto&&) {});
    ASSERT_FALSE(listening.has_value()) << address;
    EXPECT_EQ(listening.error().code, ErrorCode::kConfiguration) << address;
  }
  EXPECT_FALSE(loop->listen_unix(std::string(200, 'a'), 0600, [](auto&&, auto&&) {}).has_value());
}

TEST_P(RpcLoopTest, AddressInUseForAMomentIsWaitedFor) {
  auto first = make_loop();
  // A port that is free now: bound to 0, looked up, closed.
  EchoServer::Options probe_options = options();
  std::uint16_t port = 0;
  {
    EchoServer probe(probe_options);
    port = probe.port();
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::atomic<bool> is_holding{false};
  std::thread holder([&]() {
    const int file = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in taken{};
    taken.sin_family = AF_INET;
    taken.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    taken.sin_port = htons(port);
    const int on = 1;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    EXPECT_EQ(bind(file, reinterpret_cast<sockaddr*>(&taken), sizeof taken), 0);
    EXPECT_EQ(listen(file, 1), 0);
    is_holding.store(true);
    poll(nullptr, 0, 150);
    close(file);
  });
  while (!is_holding.load()) std::this_thread::yield();
  EXPECT_TRUE(first->listen_tcp(address, [](auto&&, auto&&) {}).has_value());
  holder.join();
}

TEST_P(RpcLoopTest, FileThatDoesNotListenIsRefused) {
  auto loop = make_loop();
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_FALSE(loop->listen_file(file, [](auto&&, auto&&) {}).has_value());
  close(file);
}

TEST_P(RpcLoopTest, ManyConnectionsComeAndGo) {
  EchoServer server(options());
  for (int round = 0; round < 5; ++round) {
    EchoClient client(address_of(server));
    std::vector<kj::Own<tests::EchoConnection>> connections;
    for (int count = 0; count < 40; ++count) connections.push_back(client.connect());
    for (auto& connection : connections) {
      EXPECT_EQ(connection->call("hello").wait(client.wait_scope()), "hello");
    }
  }
  EXPECT_TRUE(
      server.eventually([](const LoopStats& stats) { return stats.connections_open == 0; }));
  const LoopStats stats = server.stats();
  EXPECT_EQ(stats.connections_accepted, 5U * 41U);
  EXPECT_EQ(stats.dropped[static_cast<std::size_t>(DropReason::kPeerClosed)], 5U * 41U);
  EXPECT_EQ(server.clients(), 0U);
}

TEST_P(RpcLoopTest, ServerMayEndWithClientsConnected) {
  auto server = std::make_unique<EchoServer>(options());
  EchoClient client(address_of(*server));
  EXPECT_EQ(client.call("hello"), "hello");
  auto unanswered = client.echo().waitRequest().send();
  auto gone = client.connection().on_disconnect();
  server.reset();
  EXPECT_TRUE(kj::runCatchingExceptions([&]() { unanswered.wait(client.wait_scope()); }) !=
              nullptr);
  gone.wait(client.wait_scope());
}

INSTANTIATE_TEST_SUITE_P(Io, RpcLoopTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& parameter) {
                           return parameter.param == IoKind::kUring ? "Uring" : "Epoll";
                         });

TEST(DropReason, EveryReasonHasAName) {
  for (std::size_t reason = 0; reason < kDropReasonCount; ++reason) {
    EXPECT_NE(drop_reason_name(static_cast<DropReason>(reason)), "unknown") << reason;
  }
}

}  // namespace
}  // namespace permitd::daemon
