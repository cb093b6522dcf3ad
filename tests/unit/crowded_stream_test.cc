// Streams that have more to do than is done: how they wait for room and come back, over pipes.
#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>

#include <cstdint>
#include <optional>

#include "protocol/kj_compat.h"
#include "protocol/message_stream.h"

namespace permitd::protocol {
namespace {

using capnp::rpc::Message;

kj::Array<capnp::word> call(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<Message>().initCall().setQuestionId(question);
  return capnp::messageToFlatArray(builder);
}

kj::Array<capnp::word> bootstrap(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<Message>().initBootstrap().setQuestionId(question);
  return capnp::messageToFlatArray(builder);
}

class CrowdedStreamTest : public testing::Test {
 public:
  ~CrowdedStreamTest() noexcept override = default;

 protected:
  struct Connection {
    kj::Own<kj::AsyncIoStream> peer;
    kj::Own<MessageStream> stream;
  };

  static StreamLimits limits() {
    StreamLimits limits;
    limits.questions_in_service_max = 2;
    return limits;
  }
  Connection connect() {
    auto pipe = io_.provider->newTwoWayPipe();
    return {kj::mv(pipe.ends[1]), kj::heap<MessageStream>(kj::mv(pipe.ends[0]), context_)};
  }
  void send(Connection& connection, std::uint32_t question) { send(connection, call(question)); }
  void send(Connection& connection, kj::Array<capnp::word> words) {
    connection.peer->write(words.asBytes().begin(), words.asBytes().size()).wait(scope_);
    scope_.poll();
  }
  /// What is read at once, a call; none when the read waits.
  std::optional<std::uint32_t> read(Connection& connection) {
    auto message = connection.stream->tryReadMessage();
    if (!message.poll(scope_)) return {};
    PERMIT_IF_MAYBE(found, message.wait(scope_)) {
      return (*found)->getRoot<Message>().getCall().getQuestionId();
    }
    return {};
  }
  void answer(Connection& connection, std::uint32_t question) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<Message>().initReturn().setAnswerId(question);
    connection.stream->writeMessage(builder).wait(scope_);
  }
  /// Sends and reads as many as a turn delivers whatever is in service.
  void fill_turn(Connection& connection) {
    for (std::uint32_t question = 0; question < kDeliveredLeast; ++question) {
      send(connection, question);
      ASSERT_EQ(read(connection), question);
    }
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  kj::WaitScope& scope_ = io_.waitScope;
  StreamContext context_{limits()};
};

TEST_F(CrowdedStreamTest, BeyondTheCallsInServiceOthersWaitForAnAnswer) {
  auto connection = connect();
  fill_turn(connection);
  EXPECT_EQ(context_.questions_in_service(), kDeliveredLeast);
  send(connection, 100);
  auto waiting = connection.stream->tryReadMessage();
  EXPECT_FALSE(waiting.poll(scope_));
  for (std::uint32_t question = 0; question < kDeliveredLeast; ++question)
    answer(connection, question);
  EXPECT_EQ(context_.questions_in_service(), 0U);
  context_.deliver_in_turn();
  EXPECT_TRUE(waiting.poll(scope_));
  EXPECT_EQ(context_.questions_in_service(), 1U);
}

TEST_F(CrowdedStreamTest, TheAnswerToABootstrapIsNotThatOfACall) {
  auto connection = connect();
  fill_turn(connection);
  for (std::uint32_t question = 100; question < 100 + kDeliveredLeast; ++question) {
    context_.deliver_in_turn();
    send(connection, bootstrap(question));
    auto taken = connection.stream->tryReadMessage();
    ASSERT_TRUE(taken.poll(scope_));
    EXPECT_EQ(context_.questions_in_service(), kDeliveredLeast + 1);
    answer(connection, question);
  }
  EXPECT_EQ(context_.questions_in_service(), kDeliveredLeast) << "the calls are still open";
}

TEST_F(CrowdedStreamTest, CallsThatAreNeverAnsweredKeepNobodyFromBeingHeard) {
  auto greedy = connect();
  auto modest = connect();
  fill_turn(greedy);
  send(greedy, 100);
  send(greedy, 101);
  send(modest, 1);
  auto first = greedy.stream->tryReadMessage();
  auto second = modest.stream->tryReadMessage();
  EXPECT_FALSE(first.poll(scope_));
  EXPECT_FALSE(second.poll(scope_));
  context_.deliver_in_turn();  // a turn later
  EXPECT_TRUE(first.poll(scope_));
  EXPECT_TRUE(second.poll(scope_));
}

TEST_F(CrowdedStreamTest, OneThatGoesTakesItsCallsAndItsPlaceAlong) {
  auto leaving = connect();
  auto staying = connect();
  fill_turn(leaving);
  send(leaving, 100);
  send(staying, 1);
  auto first = leaving.stream->tryReadMessage();
  auto second = staying.stream->tryReadMessage();
  EXPECT_FALSE(first.poll(scope_));
  EXPECT_FALSE(second.poll(scope_));
  first = nullptr;
  leaving.stream = nullptr;
  EXPECT_EQ(context_.questions_in_service(), 0U);
  context_.deliver_in_turn();
  EXPECT_TRUE(second.poll(scope_));
}

}  // namespace
}  // namespace permitd::protocol
