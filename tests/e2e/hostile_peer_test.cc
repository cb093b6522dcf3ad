// Peers that break the rules, by mistake or on purpose, against a real loop over both kernel
// interfaces: each is dropped for the right reason within its deadline, and an honest client beside
// it is served throughout.
#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/echo_client.h"
#include "tests/support/echo_server.h"
#include "tests/support/frames.h"

namespace permitd::tests {
namespace {

using daemon::DropReason;
using daemon::IoKind;
using daemon::LoopStats;

Bytes bytes_of(capnp::MessageBuilder& builder) {
  const auto words = capnp::messageToFlatArray(builder);
  const auto raw = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(raw.begin(), raw.end());
}

Bytes bootstrap_message(std::uint32_t question = 0) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(question);
  return bytes_of(builder);
}

// A call of Echo.echo on what bootstrap_message() asked for.
Bytes echo_message(std::uint32_t question, std::uint32_t payload_size, std::uint32_t extra_size) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().initPromisedAnswer().setQuestionId(0);
  call.setInterfaceId(capnp::typeId<Echo>());
  call.setMethodId(0);
  auto params = call.initParams().initContent().initAs<Echo::EchoParams>();
  params.initPayload(payload_size);
  params.setExtraSize(extra_size);
  return bytes_of(builder);
}

// Reads one message; its root is what it says.
capnp::rpc::Message::Which receive_kind(RawSocket& socket) {
  Bytes bytes;
  std::byte piece[4096];
  for (;;) {
    const auto check = protocol::check_frame(bytes, protocol::FrameLimits{});
    if (check.needed <= bytes.size()) break;
    const std::size_t size =
        socket.receive(std::span(piece).first(std::min(sizeof piece, check.needed - bytes.size())));
    if (size == 0) return static_cast<capnp::rpc::Message::Which>(0xFFFF);
    append(bytes, std::span(piece).first(size));
  }
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), bytes.size());
  capnp::FlatArrayMessageReader reader(words);
  return reader.getRoot<capnp::rpc::Message>().which();
}

class HostilePeerTest : public testing::TestWithParam<IoKind> {
 protected:
  EchoServer::Options options() const {
    EchoServer::Options result;
    result.loop.io = GetParam();
    return result;
  }
  void start(const EchoServer::Options& options) {
    server_ = std::make_unique<EchoServer>(options);
    honest_ = std::make_unique<EchoClient>("unix:" + server_->unix_path());
    expect_service();
  }
  RawSocket connect() { return RawSocket::tcp(server_->port()); }
  void expect_service() { EXPECT_EQ(honest_->call("still there?"), "still there?"); }
  void expect_dropped(DropReason reason, std::uint64_t count = 1) {
    EXPECT_TRUE(server_->eventually_dropped(reason, count)) << drop_reason_name(reason);
    expect_service();
  }
  // What ends a rule-breaker's connection: Cap'n Proto's abort, then the end of the stream.
  void expect_told_and_closed(RawSocket& socket) {
    EXPECT_EQ(receive_kind(socket), capnp::rpc::Message::ABORT);
    EXPECT_TRUE(socket.is_closed_by_peer());
  }
  void TearDown() override {
    honest_.reset();
    // Whatever happened, nothing stays behind.
    EXPECT_TRUE(
        server_->eventually([](const LoopStats& stats) { return stats.connections_open == 0; }));
    EXPECT_EQ(server_->clients(), 0U);
    server_.reset();
  }

  std::unique_ptr<EchoServer> server_;
  std::unique_ptr<EchoClient> honest_;
};

TEST_P(HostilePeerTest, OversizedMessageIsRefusedByItsTable) {
  start(options());
  RawSocket peer = connect();
  ASSERT_TRUE(peer.send(frame_table(0, {0x7FFFFFFF})));
  expect_told_and_closed(peer);
  expect_dropped(DropReason::kOversized);
}

TEST_P(HostilePeerTest, OverflowingSegmentCountIsMalformed) {
  start(options());
  RawSocket peer = connect();
  Bytes bytes;
  append_u32(bytes, 0xFFFFFFFF);
  ASSERT_TRUE(peer.send(bytes));
  expect_told_and_closed(peer);
  expect_dropped(DropReason::kMalformed);
}

TEST_P(HostilePeerTest, TooManySegmentsAreRefused) {
  start(options());
  RawSocket peer = connect();
  Bytes bytes;
  append_u32(bytes, 64);  // 65 of them
  ASSERT_TRUE(peer.send(bytes));
  expect_told_and_closed(peer);
  expect_dropped(DropReason::kTooManySegments);
}

TEST_P(HostilePeerTest, FaultAfterGoodMessagesStillDrops) {
  start(options());
  RawSocket peer = connect();
  Bytes bytes = bootstrap_message();
  append(bytes, echo_message(1, 10, 0));
  append_u32(bytes, 0xFFFFFFFF);
  ASSERT_TRUE(peer.send(bytes));
  EXPECT_TRUE(peer.is_closed_by_peer());
  expect_dropped(DropReason::kMalformed);
}

TEST_P(HostilePeerTest, GoodFrameOfNonsenseIsAProtocolError) {
  start(options());
  RawSocket peer = connect();
  ASSERT_TRUE(peer.send(frame_of(4, std::byte{0xFF})));
  EXPECT_TRUE(peer.is_closed_by_peer());
  expect_dropped(DropReason::kProtocolError);
}

TEST_P(HostilePeerTest, GarbageOfAnyKindIsSurvived) {
  start(options());
  std::mt19937_64 random(7711);
  for (int run = 0; run < 60; ++run) {
    RawSocket peer = connect();
    Bytes bytes(random() % 3000 + 1);
    const bool is_plausible = random() % 2 == 0;
    for (std::byte& byte : bytes)
      byte = std::byte(is_plausible && random() % 4 != 0 ? 0 : random() & 0xFF);
    peer.send(bytes);
    if (random() % 2 == 0) peer.shut_down_write();
    if (random() % 4 == 0) peer.reset();
  }
  expect_service();
}

TEST_P(HostilePeerTest, MutatedCallsAreSurvived) {
  start(options());
  std::mt19937_64 random(42);
  Bytes good = bootstrap_message();
  append(good, echo_message(1, 100, 50));
  append(good, echo_message(2, 0, 10));
  for (int run = 0; run < 150; ++run) {
    Bytes bytes = good;
    for (std::uint64_t flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= std::byte(1U << (random() % 8));
    }
    RawSocket peer = connect();
    peer.send(bytes);
    peer.shut_down_write();
    EXPECT_TRUE(peer.is_closed_by_peer()) << run;
  }
  expect_service();
}

TEST_P(HostilePeerTest, SilentPeerIsDroppedAfterTheHandshakeTime) {
  auto limits = options();
  limits.loop.limits.handshake_seconds = 1;
  start(limits);
  RawSocket peer = connect();
  EXPECT_TRUE(peer.is_closed_by_peer());
  expect_dropped(DropReason::kSilent);
}

TEST_P(HostilePeerTest, IdlePeerIsDroppedWhereThatIsWished) {
  auto limits = options();
  limits.loop.limits.idle_seconds = 1;
  start(limits);
  RawSocket peer = connect();
  ASSERT_TRUE(peer.send(bootstrap_message()));
  EXPECT_EQ(receive_kind(peer), capnp::rpc::Message::RETURN);
  EXPECT_TRUE(server_->eventually_dropped(DropReason::kIdle));
  EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_P(HostilePeerTest, MessageByteByByteIsAnsweredInTime) {
  start(options());
  RawSocket peer = connect();
  Bytes bytes = bootstrap_message();
  append(bytes, echo_message(1, 20, 0));
  for (const std::byte& byte : bytes) ASSERT_TRUE(peer.send(std::span(&byte, 1)));
  EXPECT_EQ(receive_kind(peer), capnp::rpc::Message::RETURN);
  EXPECT_EQ(receive_kind(peer), capnp::rpc::Message::RETURN);
}

TEST_P(HostilePeerTest, TrickleDoesNotBuyTimeForABegunMessage) {
  auto limits = options();
  limits.loop.limits.partial_seconds = 1;
  start(limits);
  RawSocket peer = connect();
  ASSERT_TRUE(peer.send(bootstrap_message()));
  ASSERT_TRUE(peer.send(frame_table(0, {100'000})));
  // A byte at a time keeps coming; the message as a whole is what the deadline is for.
  const std::byte one{0};
  const std::uint64_t slow_writer = static_cast<std::uint64_t>(DropReason::kSlowWriter);
  EXPECT_TRUE(server_->eventually([&](const LoopStats& stats) {
    peer.send_some(std::span(&one, 1), 0);
    return stats.dropped[slow_writer] == 1;
  }));
  EXPECT_TRUE(peer.is_closed_by_peer());
  expect_service();
}

TEST_P(HostilePeerTest, ReaderThatStopsIsDroppedAndItsQueueStaysBounded) {
  auto limits = options();
  limits.loop.limits.send_seconds = 1;
  start(limits);
  RawSocket peer = RawSocket::tcp(server_->port(), 8192);
  Bytes bytes = bootstrap_message();
  for (std::uint32_t question = 1; question <= 2000; ++question)
    append(bytes, echo_message(question, 0, 100'000));
  // 200 MB of replies were asked for. What does not fit is neither computed nor kept.
  peer.send_some(bytes, 500);
  expect_dropped(DropReason::kSlowReader);
  const LoopStats stats = server_->stats();
  EXPECT_LT(stats.messages_sent, 200U);
}

TEST_P(HostilePeerTest, SlowReaderThatReadsIsServedToTheEnd) {
  auto limits = options();
  limits.loop.limits.send_seconds = 5;
  start(limits);
  RawSocket peer = RawSocket::tcp(server_->port(), 8192);
  constexpr std::uint32_t kCalls = 60;
  Bytes bytes = bootstrap_message();
  for (std::uint32_t question = 1; question <= kCalls; ++question)
    append(bytes, echo_message(question, 0, 100'000));
  ASSERT_TRUE(peer.send(bytes));
  for (std::uint32_t reply = 0; reply <= kCalls; ++reply) {
    ASSERT_EQ(receive_kind(peer), capnp::rpc::Message::RETURN) << reply;
  }
  EXPECT_EQ(server_->dropped(DropReason::kSlowReader), 0U);
  expect_service();
}

TEST_P(HostilePeerTest, ManyBegunMessagesDoNotExceedTheBudgetOfAll) {
  auto limits = options();
  limits.loop.limits.held_size_max = 4U << 20;
  start(limits);
  // Twenty times 900 kB of messages that are never finished.
  Bytes begun = frame_table(0, {120'000});
  begun.resize(900'000);
  std::vector<RawSocket> peers;
  for (int count = 0; count < 20; ++count) {
    peers.push_back(connect());
    peers.back().send_some(begun, 500);
  }
  expect_dropped(DropReason::kOverBudget, 15);
  // Who holds little is let alone.
  EXPECT_EQ(honest_->call(std::string(50'000, 'x')), std::string(50'000, 'x'));
  for (RawSocket& peer : peers) peer.close();
  EXPECT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 1; }));
  EXPECT_EQ(honest_->call(std::string(900'000, 'x')), std::string(900'000, 'x'));
}

// Cap'n Proto remembers each question until it is finished: 200,000 of them took 45 MB.
TEST_P(HostilePeerTest, QuestionsThatAreNeverFinishedAreBounded) {
  auto settings = options();
  settings.loop.limits.questions_max = 64;
  start(settings);
  RawSocket within = connect();
  for (std::uint32_t question = 0; question < 64; ++question)
    ASSERT_TRUE(within.send(bootstrap_message(question)));
  for (std::uint32_t question = 0; question < 64; ++question)
    EXPECT_EQ(receive_kind(within), capnp::rpc::Message::RETURN) << question;
  ASSERT_TRUE(within.send(bootstrap_message(64)));
  expect_told_and_closed(within);
  expect_dropped(DropReason::kOverBudget);
  // A number far away is not remembered either.
  RawSocket beyond = connect();
  ASSERT_TRUE(beyond.send(bootstrap_message(UINT32_MAX)));
  expect_told_and_closed(beyond);
  expect_dropped(DropReason::kOverBudget, 2);
}

// Refusals are one a millisecond where they would take time from others; here they do not.
TEST_P(HostilePeerTest, CallsBeyondTheQuestionsAreAnsweredAtOnceWhereNothingElseIsToDo) {
  constexpr std::uint32_t kQuestionsMax = 64;
  constexpr std::uint32_t kCalls = 60'000;
  constexpr std::uint32_t kAtOnce = 200;
  auto settings = options();
  settings.loop.limits.questions_max = kQuestionsMax;
  start(settings);
  RawSocket beyond = connect();
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t done = 0; done < kCalls; done += kAtOnce) {
    Bytes calls;
    for (std::uint32_t i = 0; i < kAtOnce; ++i)
      append(calls, echo_message(kQuestionsMax + done + i, 1, 0));
    ASSERT_TRUE(beyond.send(calls));
    for (std::uint32_t i = 0; i < kAtOnce; ++i)
      ASSERT_EQ(receive_kind(beyond), capnp::rpc::Message::RETURN) << done + i;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(kCalls / 2));
  expect_service();
}

TEST_P(HostilePeerTest, FloodOfConnectionsIsTurnedAway) {
  auto limits = options();
  limits.loop.limits.connections_max = 50;
  start(limits);
  std::vector<RawSocket> flood;
  for (int count = 0; count < 300; ++count) flood.push_back(connect());
  expect_dropped(DropReason::kTooManyConnections, 251);
  EXPECT_LE(server_->stats().connections_open, 50U);
  flood.clear();
  // The room comes back.
  EXPECT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 1; }));
  RawSocket next = connect();
  ASSERT_TRUE(next.send(bootstrap_message()));
  EXPECT_EQ(receive_kind(next), capnp::rpc::Message::RETURN);
}

TEST_P(HostilePeerTest, ConnectAndVanishManyTimes) {
  start(options());
  for (int count = 0; count < 300; ++count) {
    RawSocket peer = connect();
    if (count % 3 == 0) peer.send(bootstrap_message());
    if (count % 2 == 0) peer.reset();
  }
  EXPECT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 1; }));
  expect_service();
}

TEST_P(HostilePeerTest, EndWithinAMessageIsTheEndOfThePeer) {
  start(options());
  const Bytes whole = echo_message(1, 10'000, 0);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{500}, whole.size() - 1}) {
    for (const bool is_reset : {false, true}) {
      RawSocket peer = connect();
      ASSERT_TRUE(peer.send(bootstrap_message()));
      ASSERT_TRUE(peer.send(std::span(whole).first(size)));
      if (is_reset) peer.reset();
    }
  }
  expect_dropped(DropReason::kPeerClosed, 10);
}

TEST_P(HostilePeerTest, PeerThatLeavesWithCallsUnansweredLeavesNothing) {
  start(options());
  for (int round = 0; round < 20; ++round) {
    RawSocket peer = connect();
    Bytes bytes = bootstrap_message();
    for (std::uint32_t question = 1; question <= 50; ++question)
      append(bytes, echo_message(question, 100, 50'000));
    peer.send_some(bytes, 100);
    if (round % 2 == 0) peer.reset();
  }
  EXPECT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 1; }));
  expect_service();
}

TEST_P(HostilePeerTest, HalfClosedPeerIsLetGo) {
  start(options());
  RawSocket peer = connect();
  ASSERT_TRUE(peer.send(bootstrap_message()));
  peer.shut_down_write();
  EXPECT_TRUE(peer.is_closed_by_peer());
  expect_dropped(DropReason::kPeerClosed);
}

// Highest descriptor in use, so that a limit just above it leaves none.
rlim_t descriptors_in_use() {
  rlim_t highest = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    highest = std::max(highest, static_cast<rlim_t>(std::strtoul(entry->d_name, nullptr, 10)));
  }
  closedir(directory);
  return highest + 1;
}

// The limit on descriptors as it was, again at the end of a test.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &usual_);
    const rlimit tight{limit, usual_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};

TEST_P(HostilePeerTest, ShortageOfDescriptorsPasses) {
  // Before the start, as an accept under way keeps to the limit it was armed with.
  const DescriptorLimit limit(descriptors_in_use() + 60);
  start(options());
  std::vector<RawSocket> peers;
  for (int count = 0; count < 3; ++count) peers.push_back(connect());
  ASSERT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 4; }));
  const int late = socket(AF_INET, SOCK_STREAM, 0);
  std::vector<int> fillers;
  for (int filler = dup(late); filler >= 0; filler = dup(late)) fillers.push_back(filler);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(server_->port());
  ASSERT_EQ(::connect(late, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  expect_service();
  EXPECT_EQ(server_->stats().connections_open, 4U);
  for (const int filler : fillers) close(filler);
  EXPECT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 5; }));
  close(late);
}

// Sends `calls` echoes of `size` bytes from each of several clients at once, each in a thread of
// its own.
void hammer(EchoServer& server, int clients, int calls, std::size_t size) {
  std::vector<std::thread> threads;
  for (int index = 0; index < clients; ++index) {
    threads.emplace_back([&server, index, calls, size]() {
      EchoClient client("127.0.0.1:" + std::to_string(server.port()));
      const std::string text(size, static_cast<char>('a' + index));
      kj::Vector<kj::Promise<void>> replies;
      for (int call = 0; call < calls; ++call) {
        replies.add(client.connection().call(text).then(
            [&text](std::string reply) { EXPECT_EQ(reply, text); }));
      }
      kj::joinPromises(replies.releaseAsArray()).wait(client.wait_scope());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(HostilePeerTest, ExhaustedReceiveBuffersOnlyDelay) {
  auto limits = options();
  limits.loop.receive_buffer_count = 2;
  limits.loop.receive_buffer_size = 4096;
  start(limits);
  hammer(*server_, 4, 50, 30'000);
  if (GetParam() == IoKind::kUring) {
    EXPECT_GT(server_->stats().receive_exhausted, 0U);
  }
  expect_service();
}

TEST_P(HostilePeerTest, OverflownCompletionQueueLosesNothing) {
  auto limits = options();
  limits.loop.ring_entries = 1;  // room for four completions
  start(limits);
  std::vector<RawSocket> peers;
  for (int count = 0; count < 100; ++count) peers.push_back(connect());
  ASSERT_TRUE(
      server_->eventually([](const LoopStats& stats) { return stats.connections_open == 101; }));
  // While the loop is held, everything arrives; then there are 100 completions at once.
  server_->run_in_loop([&peers](daemon::RpcLoop&) {
    for (RawSocket& peer : peers) EXPECT_TRUE(peer.send(bootstrap_message()));
  });
  for (RawSocket& peer : peers) EXPECT_EQ(receive_kind(peer), capnp::rpc::Message::RETURN);
  hammer(*server_, 4, 200, 500);
  expect_service();
}

INSTANTIATE_TEST_SUITE_P(Io, HostilePeerTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& parameter) {
                           return parameter.param == IoKind::kUring ? "Uring" : "Epoll";
                         });

}  // namespace
}  // namespace permitd::tests
