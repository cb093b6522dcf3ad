// Streams that have more to do than is done: how they wait for room and come back, over pipes.
#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize-async.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <kj/vector.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/kj_compat.h"
#include "protocol/message_head.h"
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
  CrowdedStreamTest() : CrowdedStreamTest(few_in_service()) {}
  ~CrowdedStreamTest() noexcept override = default;

 protected:
  struct Connection {
    kj::Own<kj::AsyncIoStream> peer;
    kj::Own<MessageStream> stream;
  };

  explicit CrowdedStreamTest(const StreamLimits& limits) : context_(limits) {}

  static StreamLimits few_in_service() {
    StreamLimits limits;
    limits.questions_in_service_max = 2;
    return limits;
  }
  Connection connect() {
    auto pipe = io_.provider->newTwoWayPipe();
    return {kj::mv(pipe.ends[1]), kj::heap<MessageStream>(kj::mv(pipe.ends[0]), context_)};
  }
  /// The same without files of the system, of which there may be a thousand at most.
  Connection connect_in_memory() {
    auto pipe = kj::newTwoWayPipe();
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
  StreamContext context_;
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

// What Cap'n Proto reads next, as its head.
class EndedQuestionTest : public CrowdedStreamTest {
 protected:
  EndedQuestionTest() : CrowdedStreamTest(StreamLimits{}), connection_(connect()) {}
  ~EndedQuestionTest() noexcept override = default;

  std::optional<MessageHead> next() {
    auto message = connection_.stream->tryReadMessage();
    if (!message.poll(scope_)) return {};
    PERMIT_IF_MAYBE(found, message.wait(scope_)) {
      capnp::MallocMessageBuilder copy;
      copy.setRoot((*found)->getRoot<Message>());
      return read_head(capnp::messageToFlatArray(copy));
    }
    return {};
  }
  template <class Fill>
  void answer_with(std::uint32_t question, const Fill& fill) {
    capnp::MallocMessageBuilder builder;
    auto out = builder.initRoot<Message>().initReturn();
    out.setAnswerId(question);
    fill(out);
    connection_.stream->writeMessage(builder).wait(scope_);
  }
  void answer_emptily(std::uint32_t question) {
    answer_with(question, [](auto out) { out.initResults(); });
  }
  void finish(std::uint32_t question) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<Message>().initFinish().setQuestionId(question);
    send(connection_, capnp::messageToFlatArray(builder));
  }
  void call_on_answer(std::uint32_t question, std::uint32_t target) {
    capnp::MallocMessageBuilder builder;
    auto out = builder.initRoot<Message>().initCall();
    out.setQuestionId(question);
    out.initTarget().initPromisedAnswer().setQuestionId(target);
    send(connection_, capnp::messageToFlatArray(builder));
  }
  void expect_next(std::uint16_t kind, std::uint32_t question) {
    const auto head = next();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->kind, kind);
    EXPECT_EQ(head->question, question);
  }

  Connection connection_;
};

TEST_F(EndedQuestionTest, CapnProtoIsToldOnceThatAnAnsweredQuestionIsFinished) {
  for (int time = 0; time < 3; ++time) {
    send(connection_, 4);
    expect_next(Message::CALL, 4);
    answer_emptily(4);
    expect_next(Message::FINISH, 4);
    finish(4);  // the peer's own
    EXPECT_FALSE(next());
  }
}

TEST_F(EndedQuestionTest, WhatCameBeforeTheAnswerComesBeforeItsFinish) {
  send(connection_, 4);
  expect_next(Message::CALL, 4);
  call_on_answer(5, 4);  // still of a question that Cap'n Proto knows
  answer_emptily(4);
  call_on_answer(6, 4);
  expect_next(Message::CALL, 5);
  expect_next(Message::FINISH, 4);
  EXPECT_FALSE(next()) << "6 is answered by the stream";
  connection_.stream->flush();
  auto results = capnp::readMessage(*connection_.peer).wait(scope_);
  EXPECT_TRUE(results->getRoot<Message>().getReturn().isResults());
  auto none = capnp::readMessage(*connection_.peer).wait(scope_);
  const auto said = none->getRoot<Message>().getReturn();
  EXPECT_EQ(said.getAnswerId(), 6U);
  ASSERT_TRUE(said.isException());
  EXPECT_EQ(said.getException().getType(), capnp::rpc::Exception::Type::FAILED);
}

// Cap'n Proto gives it to them, as it does to those that came before the answer.
TEST_F(EndedQuestionTest, CallsOnAnAnswerThatIsAnExceptionAreLeftToCapnProto) {
  send(connection_, 4);
  expect_next(Message::CALL, 4);
  answer_with(4, [](auto out) { out.initException().setReason("busy"); });
  call_on_answer(5, 4);
  expect_next(Message::CALL, 5);
  finish(4);
  expect_next(Message::FINISH, 4);
}

TEST_F(EndedQuestionTest, AReadThatWaitsIsGivenTheFinish) {
  send(connection_, 4);
  expect_next(Message::CALL, 4);
  auto waiting = connection_.stream->tryReadMessage();
  ASSERT_FALSE(waiting.poll(scope_));
  answer_emptily(4);
  EXPECT_TRUE(waiting.poll(scope_));
}

TEST_F(EndedQuestionTest, AnswersWithCapabilitiesAndCancelledOnesWaitForThePeersFinish) {
  send(connection_, 4);
  expect_next(Message::CALL, 4);
  answer_with(4, [](auto out) { out.initResults().initCapTable(1)[0].setSenderHosted(1); });
  EXPECT_FALSE(next());
  finish(4);
  expect_next(Message::FINISH, 4);
  send(connection_, 5);
  expect_next(Message::CALL, 5);
  finish(5);  // the peer does not want it any more
  expect_next(Message::FINISH, 5);
  answer_emptily(5);
  EXPECT_FALSE(next()) << "finished already";
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

class CountedStreamTest : public CrowdedStreamTest {
 protected:
  CountedStreamTest() : CrowdedStreamTest(few_waiting()) {}
  ~CountedStreamTest() noexcept override = default;

  static StreamLimits few_waiting() {
    StreamLimits limits;
    limits.messages_waiting_max = 3;
    return limits;
  }
  std::uint64_t refused() const { return context_.counters().calls_refused; }
};

TEST_F(CountedStreamTest, BeyondTheMessagesThatMayWaitCallsAreRefused) {
  auto connection = connect();
  auto modest = connect();
  for (std::uint32_t question = 0; question < 3; ++question) send(connection, question);
  ASSERT_EQ(refused(), 0U);
  send(connection, 3);
  send(connection, 4);
  EXPECT_EQ(refused(), 2U);
  send(modest, 0);
  EXPECT_EQ(refused(), 2U) << "each connection's own";
  EXPECT_EQ(read(connection), 0U);
  send(connection, 5);
  EXPECT_EQ(refused(), 2U) << "one waits less";
  for (const std::uint32_t question : {1U, 2U, 5U}) EXPECT_EQ(read(connection), question);
}

// A flood of one: its first call waits unread for longer than any may.
class FloodedStreamTest : public CrowdedStreamTest {
 protected:
  FloodedStreamTest() : CrowdedStreamTest(patient()) {
    flood_ = connect();
    other_flood_ = connect();
    context_.set_now_ms(0);
    send(flood_, 0);
    send(other_flood_, 0);
    context_.set_now_ms(kWaitMs);
  }
  ~FloodedStreamTest() noexcept override = default;

  static StreamLimits patient() {
    StreamLimits limits;
    limits.wait_ms = kWaitMs;
    return limits;
  }
  /// As many as are refused before the flood is left unread.
  void use_up() {
    while (context_.may_refuse()) {
      ASSERT_LT(sent_, 10 * kRefusalsAtOnce) << "a flood is refused without end";
      send(flood_, static_cast<std::uint32_t>(++sent_));
    }
  }
  /// Beyond that: what another one has read at once, a few dozens, was on its way already.
  void overdraw() {
    use_up();
    kj::Vector<kj::byte> calls;
    for (std::uint32_t question = 1; question <= 30; ++question) {
      const auto words = call(question);
      calls.addAll(words.asBytes());
    }
    const std::uint64_t before = refused();
    other_flood_.peer->write(calls.begin(), calls.size()).wait(scope_);
    scope_.poll();
    ASSERT_EQ(refused(), before + 30);
    ASSERT_FALSE(context_.may_refuse());
  }
  std::uint64_t refused() const { return context_.counters().calls_refused; }

  static constexpr std::uint32_t kWaitMs = 50;
  Connection flood_;
  Connection other_flood_;
  std::int64_t sent_ = 0;
};

TEST_F(FloodedStreamTest, RefusalsBeyondTheirShareAreLeftInTheSocket) {
  use_up();
  EXPECT_GE(refused(), static_cast<std::uint64_t>(kRefusalsAtOnce));
  const std::uint64_t before = refused();
  send(flood_, 60'000);
  send(flood_, 60'001);
  EXPECT_EQ(refused(), before);
  // Time alone lets it be told so, a few a millisecond.
  context_.set_now_ms(kWaitMs + 1);
  context_.deliver_in_turn();
  scope_.poll();
  EXPECT_EQ(refused(), before + 2);
}

TEST_F(FloodedStreamTest, OthersAreReadMeanwhileWhenNothingOfTheirsWaits) {
  auto modest = connect();
  overdraw();
  send(modest, 7);
  const std::uint64_t before = context_.counters().messages_received;
  send(modest, 8);
  send(modest, 9);
  EXPECT_EQ(context_.counters().messages_received, before) << "7 waits";
  EXPECT_EQ(read(modest), 7U);
  scope_.poll();
  EXPECT_EQ(context_.counters().messages_received, before + 2);
  EXPECT_EQ(read(modest), 8U);
  EXPECT_EQ(read(modest), 9U);
}

TEST_F(FloodedStreamTest, WhatIsDoneLetsTheRestBeRead) {
  overdraw();
  const std::uint64_t before = refused();
  send(flood_, 60'000);
  EXPECT_EQ(read(flood_), 0U);  // what had waited too long; nothing does any more
  scope_.poll();
  EXPECT_EQ(refused(), before);
  EXPECT_EQ(read(flood_), 60'000U);
}

TEST_F(FloodedStreamTest, EachTenCallsDeliveredLetOneBeRefused) {
  auto modest = connect();
  use_up();
  const std::uint64_t before = refused();
  for (std::uint32_t question = 0; question < kRefusalCost; ++question) {
    send(modest, question);
    ASSERT_EQ(read(modest), question);
  }
  EXPECT_TRUE(context_.may_refuse());
  send(flood_, 60'000);
  context_.deliver_in_turn();
  scope_.poll();
  EXPECT_GT(refused(), before);
}

// Calls on a refused one are refused however little waits.
class VainStreamTest : public FloodedStreamTest {
 protected:
  VainStreamTest() {
    vain_ = connect();
    context_.set_now_ms(kWaitMs);
    send(vain_, 0);
    context_.set_now_ms(2 * kWaitMs);
    send(vain_, 1);  // refused, as 0 has waited
  }
  ~VainStreamTest() noexcept override = default;

  void call_on_refused() {
    capnp::MallocMessageBuilder builder;
    auto out = builder.initRoot<Message>().initCall();
    out.setQuestionId(question_++);
    out.initTarget().initPromisedAnswer().setQuestionId(1);
    send(vain_, capnp::messageToFlatArray(builder));
  }
  /// As many as are refused before it is left unread, with one that it sends in vain.
  void ask_in_vain() {
    ASSERT_EQ(read(vain_), 0U);  // nothing of it waits
    std::uint64_t told = 0;
    while (refused() != told) {
      told = refused();
      ASSERT_LT(question_, 4 * kRefusalsAtOnce) << "it is refused without end";
      call_on_refused();
    }
  }

  Connection vain_;
  std::uint32_t question_ = 2;
};

TEST_F(VainStreamTest, ItIsNotReadBeyondTheShareThoughNothingOfItWaits) {
  const std::uint64_t first = refused();
  ASSERT_GE(first, 1U);
  ask_in_vain();
  EXPECT_GE(refused(), first + kRefusalsAtOnce - 1);
  EXPECT_LE(refused(), first + kRefusalsAtOnce + 64) << "a read of it is finished";
  const std::uint64_t before = refused();
  context_.set_now_ms(2 * kWaitMs + kRefusalsAtOnce);
  context_.deliver_in_turn();
  scope_.poll();
  EXPECT_GT(refused(), before) << "time lets it be told so";
}

TEST_F(VainStreamTest, ItIsReadAgainWhereNothingElseIsToDoAndThatIsNotCounted) {
  ask_in_vain();
  ASSERT_FALSE(context_.may_refuse());
  for (int turn = 0; turn < 300; ++turn) {
    ASSERT_TRUE(context_.has_vain());
    for (int i = 0; i < 20; ++i) call_on_refused();
    const std::uint64_t before = refused();
    context_.deliver_in_turn();
    scope_.poll();
    ASSERT_EQ(refused(), before);
    context_.read_in_vain();
    scope_.poll();
    ASSERT_GE(refused(), before + 20);
  }
  context_.set_now_ms(2 * kWaitMs + 100);
  EXPECT_TRUE(context_.may_refuse()) << "6,000 refusals owe nothing";
}

TEST_F(VainStreamTest, OneIsReadAtATimeAndEachInItsTurn) {
  ask_in_vain();
  Connection first = std::move(vain_);
  vain_ = connect();
  const std::uint32_t question = std::exchange(question_, 2);
  context_.set_now_ms(3 * kWaitMs);
  send(vain_, 0);
  context_.set_now_ms(4 * kWaitMs);
  send(vain_, 1);
  ask_in_vain();
  const auto call_on_both = [&] {
    call_on_refused();
    std::swap(vain_, first);
    call_on_refused();
    std::swap(vain_, first);
  };
  question_ = std::max(question, question_);
  for (int turn = 0; turn < 4; ++turn) {
    call_on_both();
    const std::uint64_t before = refused();
    context_.read_in_vain();
    scope_.poll();
    const std::uint64_t one = refused();
    EXPECT_GT(one, before);
    context_.read_in_vain();
    scope_.poll();
    EXPECT_GT(refused(), one) << "the other one";
  }
}

TEST_F(VainStreamTest, WhoseCallsWaitIsNotReadThoughNothingElseIsToDo) {
  overdraw();
  send(flood_, 60'000);
  const std::uint64_t before = refused();
  context_.read_in_vain();
  scope_.poll();
  EXPECT_EQ(refused(), before);
}

// It asks in vain, and is waited for by what it sent with that.
TEST_F(VainStreamTest, WhatWaitsOfItIsDoneFirst) {
  ask_in_vain();
  kj::Vector<kj::byte> both;
  capnp::MallocMessageBuilder builder;
  auto on_refused = builder.initRoot<Message>().initCall();
  on_refused.setQuestionId(question_++);
  on_refused.initTarget().initPromisedAnswer().setQuestionId(1);
  both.addAll(capnp::messageToFlatArray(builder).asBytes());
  both.addAll(call(question_++).asBytes());
  vain_.peer->write(both.begin(), both.size()).wait(scope_);
  context_.read_in_vain();
  scope_.poll();
  const std::uint64_t before = context_.counters().messages_received;
  call_on_refused();
  context_.read_in_vain();
  scope_.poll();
  EXPECT_EQ(context_.counters().messages_received, before);
  EXPECT_EQ(read(vain_), question_ - 2);
  EXPECT_TRUE(context_.has_vain());
  context_.read_in_vain();
  scope_.poll();
  EXPECT_EQ(context_.counters().messages_received, before + 1);
}

// With AddressSanitizer this is the judge of what the context still points at.
TEST_F(VainStreamTest, ThatGoesUnreadIsNotReadAgain) {
  ask_in_vain();
  ASSERT_TRUE(context_.has_vain());
  vain_.stream = nullptr;
  context_.read_in_vain();
  EXPECT_FALSE(context_.has_vain());
}

// Many that are refused at once do not owe for ever.
TEST_F(FloodedStreamTest, WhatIsOwedIsBounded) {
  std::vector<Connection> others;
  constexpr std::int64_t kEach = 40;  // that a first read holds
  for (std::int64_t i = 0; i < 2 * kRefusalsOwedMax / kEach; ++i) {
    others.push_back(connect_in_memory());
    send(others.back(), 0);
  }
  std::int64_t now_ms = 2 * kWaitMs;
  context_.set_now_ms(now_ms);
  kj::Vector<kj::byte> calls;
  for (std::uint32_t question = 1; question <= kEach; ++question) {
    const auto words = call(question);
    calls.addAll(words.asBytes());
  }
  for (Connection& other : others) {
    other.peer->write(calls.begin(), calls.size()).wait(scope_);
    scope_.poll();
  }
  ASSERT_GT(refused(), static_cast<std::uint64_t>(kRefusalsAtOnce + kRefusalsOwedMax));
  const auto wait_ms = [&](std::int64_t ms) {
    while (ms > 0) {
      const std::int64_t step_ms = std::min(ms, kRefusalsAtOnce);
      context_.set_now_ms(now_ms += step_ms);
      ms -= step_ms;
    }
  };
  wait_ms(kRefusalsOwedMax);  // one a millisecond
  EXPECT_FALSE(context_.may_refuse());
  wait_ms(1);
  EXPECT_TRUE(context_.may_refuse());
}

TEST_F(FloodedStreamTest, OneThatGoesUnreadLeavesNothingBehind) {
  use_up();
  send(flood_, 60'000);
  flood_.stream = nullptr;
  other_flood_.stream = nullptr;
  context_.set_now_ms(kWaitMs + 10);
  context_.deliver_in_turn();
  EXPECT_EQ(context_.held_size(), 0U);
}

}  // namespace
}  // namespace permitd::protocol
