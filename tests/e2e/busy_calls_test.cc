// More calls than are read in time, against a real loop over both kernel interfaces: each gets one
// answer, those that are answered unread an OVERLOADED one, and the connection goes on as if
// nothing had been.
#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "tests/support/echo_client.h"
#include "tests/support/echo_server.h"
#include "tests/support/frames.h"

namespace permitd::tests {
namespace {

using capnp::rpc::Message;
using daemon::IoKind;

constexpr std::uint32_t kWaitingMax = 8;

Bytes bytes_of(capnp::MessageBuilder& builder) {
  const auto words = capnp::messageToFlatArray(builder);
  const auto raw = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(raw.begin(), raw.end());
}

Bytes bootstrap() {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<Message>().initBootstrap().setQuestionId(0);
  return bytes_of(builder);
}
Bytes finish(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<Message>().initFinish().setQuestionId(question);
  return bytes_of(builder);
}
constexpr std::uint16_t kEchoMethod = 0;
constexpr std::uint16_t kWaitMethod = 1;

/// Of Echo.echo, or another method, on the answer to question `target`.
Bytes echo(std::uint32_t question, std::uint32_t target = 0, std::uint16_t method = kEchoMethod) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().initPromisedAnswer().setQuestionId(target);
  call.setInterfaceId(capnp::typeId<Echo>());
  call.setMethodId(method);
  call.initParams().initContent().initAs<Echo::EchoParams>().initPayload(4);
  return bytes_of(builder);
}

enum class Kind : std::uint8_t { kResults, kBusy, kOther };

Kind kind_of(capnp::rpc::Return::Reader answer) {
  if (answer.isResults()) return Kind::kResults;
  const bool is_busy = answer.isException() &&
                       answer.getException().getType() == capnp::rpc::Exception::Type::OVERLOADED;
  return is_busy ? Kind::kBusy : Kind::kOther;
}

class BusyCallsTest : public testing::TestWithParam<IoKind> {
 protected:
  void start(std::uint32_t waiting_max) {
    EchoServer::Options options;
    options.loop.io = GetParam();
    options.loop.limits.messages_waiting_max = waiting_max;
    server_ = std::make_unique<EchoServer>(options);
    peer_ = std::make_unique<RawSocket>(RawSocket::unix_path(server_->unix_path()));
  }
  void TearDown() override {
    peer_.reset();
    EXPECT_TRUE(server_->eventually(
        [](const daemon::LoopStats& stats) { return stats.connections_open == 0; }));
    // Cap'n Proto has never met a question that it does not know.
    EXPECT_EQ(server_->dropped(daemon::DropReason::kProtocolError), 0U);
  }
  /// Reads `count` answers; what came for which question, each once.
  std::map<std::uint32_t, Kind> answers(std::size_t count) {
    std::map<std::uint32_t, Kind> found;
    while (found.size() < count) {
      const auto check = protocol::check_frame(received_, protocol::FrameLimits{});
      if (check.needed > received_.size()) {
        std::byte piece[4096];
        const std::size_t size = peer_->receive(piece);
        if (size == 0) {
          ADD_FAILURE() << "the connection ended after " << found.size() << " answers";
          return found;
        }
        append(received_, std::span(piece).first(size));
        continue;
      }
      auto words = kj::heapArray<capnp::word>(check.needed / sizeof(capnp::word));
      std::memcpy(words.begin(), received_.data(), check.needed);
      received_.erase(received_.begin(),
                      received_.begin() + static_cast<std::ptrdiff_t>(check.needed));
      capnp::FlatArrayMessageReader reader(words);
      const auto message = reader.getRoot<Message>();
      EXPECT_TRUE(message.isReturn());
      if (!message.isReturn()) return found;
      const auto answer = message.getReturn();
      EXPECT_TRUE(found.emplace(answer.getAnswerId(), kind_of(answer)).second)
          << "answered twice: " << answer.getAnswerId();
    }
    return found;
  }

  std::unique_ptr<EchoServer> server_;
  std::unique_ptr<RawSocket> peer_;
  Bytes received_;
};

TEST_P(BusyCallsTest, CallsBeyondThoseThatMayWaitAreAnsweredBusyAndTheConnectionGoesOn) {
  start(kWaitingMax);
  constexpr std::uint32_t kCalls = 40;
  std::uint32_t busy = 0;
  std::uint32_t results = 0;
  for (int round = 0; round < 20; ++round) {
    // One send on a unix socket arrives in one piece.
    Bytes bytes = round == 0 ? bootstrap() : Bytes{};
    for (std::uint32_t question = 1; question <= kCalls; ++question) append(bytes, echo(question));
    ASSERT_TRUE(peer_->send(bytes));
    const auto found = answers(round == 0 ? kCalls + 1 : kCalls);
    for (const auto& [question, kind] : found) {
      EXPECT_NE(kind, Kind::kOther) << question;
      ++(kind == Kind::kBusy ? busy : results);
    }
    Bytes finishes;
    for (std::uint32_t question = 1; question <= kCalls; ++question)
      append(finishes, finish(question));
    ASSERT_TRUE(peer_->send(finishes));
  }
  // Each round but the first may meet the Finishes of the one before, which wait as calls do.
  EXPECT_GT(busy, kCalls - kWaitingMax - 1);
  EXPECT_GE(results, kWaitingMax);
  EXPECT_EQ(server_->stats().calls_refused, busy);
  // A caller that is told busy asks again; there is nobody else.
  Kind last = Kind::kBusy;
  for (int attempt = 0; attempt < 100 && last == Kind::kBusy; ++attempt) {
    ASSERT_TRUE(peer_->send(echo(1)));
    last = answers(1).at(1);
    ASSERT_TRUE(peer_->send(finish(1)));
  }
  EXPECT_EQ(last, Kind::kResults);
  EXPECT_EQ(server_->stats().connections_open, 1U);
}

TEST_P(BusyCallsTest, ACallOnARefusedAnswerIsBusyEvenWhenThereIsRoomAgain) {
  start(kWaitingMax);
  Bytes bytes = bootstrap();
  for (std::uint32_t question = 1; question <= 20; ++question) append(bytes, echo(question));
  ASSERT_TRUE(peer_->send(bytes));
  const auto found = answers(21);
  ASSERT_EQ(found.at(20), Kind::kBusy);
  ASSERT_TRUE(peer_->send(echo(30, 20)));
  EXPECT_EQ(answers(1).at(30), Kind::kBusy);
  Bytes rest = finish(30);
  append(rest, finish(20));
  append(rest, echo(31));
  ASSERT_TRUE(peer_->send(rest));
  EXPECT_EQ(answers(1).at(31), Kind::kResults);
}

TEST_P(BusyCallsTest, NobodyIsRefusedWithinTheLimit) {
  start(100);
  Bytes bytes = bootstrap();
  for (std::uint32_t question = 1; question <= 90; ++question) append(bytes, echo(question));
  ASSERT_TRUE(peer_->send(bytes));
  for (const auto& [question, kind] : answers(91)) EXPECT_EQ(kind, Kind::kResults) << question;
  EXPECT_EQ(server_->stats().calls_refused, 0U);
}

TEST_P(BusyCallsTest, WhatComesWhileAConnectionIsBehindIsAnsweredToo) {
  start(kWaitingMax);
  constexpr std::uint32_t kSends = 60;
  constexpr std::uint32_t kCallsEach = 20;
  ASSERT_TRUE(peer_->send(bootstrap()));
  ASSERT_EQ(answers(1).size(), 1U);
  // Nobody waits for an answer, so most of them meet a connection that is put off.
  for (std::uint32_t send = 0; send < kSends; ++send) {
    Bytes bytes;
    for (std::uint32_t call = 1; call <= kCallsEach; ++call)
      append(bytes, echo(send * kCallsEach + call));
    ASSERT_TRUE(peer_->send(bytes));
  }
  const auto found = answers(std::size_t{kSends} * kCallsEach);
  EXPECT_EQ(found.size(), std::size_t{kSends} * kCallsEach);
  for (const auto& [question, kind] : found) EXPECT_NE(kind, Kind::kOther) << question;
}

TEST_P(BusyCallsTest, CallsThatAreNeverAnsweredKeepNobodyElseFromBeingHeard) {
  start(UINT32_MAX);
  constexpr std::uint32_t kNeverAnswered = 1500;
  Bytes bytes = bootstrap();
  for (std::uint32_t question = 1; question <= kNeverAnswered; ++question)
    append(bytes, echo(question, 0, kWaitMethod));
  append(bytes, echo(kNeverAnswered + 1));
  ASSERT_TRUE(peer_->send(bytes));
  const auto found = answers(2);
  EXPECT_EQ(found.at(kNeverAnswered + 1), Kind::kResults);
  RawSocket other = RawSocket::unix_path(server_->unix_path());
  Bytes asked = bootstrap();
  append(asked, echo(1));
  ASSERT_TRUE(other.send(asked));
  std::byte piece[4096];
  EXPECT_GT(other.receive(piece), 0U);
}

INSTANTIATE_TEST_SUITE_P(Io, BusyCallsTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& io) {
                           return io.param == IoKind::kUring ? "Uring" : "Epoll";
                         });

}  // namespace
}  // namespace permitd::tests
