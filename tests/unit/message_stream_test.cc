// The wire checks, the assembly of frames, and the coalescing stream over a byte stream that counts
// writes.
#include "protocol/message_stream.h"

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>

#include <algorithm>
#include <random>
#include <string>

#include "protocol/frame_assembler.h"
#include "protocol/frame_check.h"
#include "protocol/kj_compat.h"
#include "tests/support/frames.h"

namespace permitd::protocol {
namespace {

using tests::append;
using tests::append_u32;
using tests::Bytes;
using tests::frame_of;
using tests::frame_table;

constexpr FrameLimits kSmall{.words_max = 100, .segments_max = 4};

TEST(FrameCheck, NeedsTheTableThenTheWholeFrame) {
  const Bytes frame = frame_of(5, std::byte{1});
  for (std::size_t size = 0; size < 8; ++size) {
    const FrameCheck check = check_frame(std::span(frame).first(size), kSmall);
    EXPECT_EQ(check.fault, FrameFault::kNone) << size;
    EXPECT_EQ(check.needed, 8U) << size;
  }
  for (std::size_t size = 8; size <= frame.size(); ++size) {
    EXPECT_EQ(check_frame(std::span(frame).first(size), kSmall).needed, frame.size()) << size;
  }
}

TEST(FrameCheck, TableOfSeveralSegmentsIsPaddedToAWord) {
  const Bytes two = frame_table(1, {3, 4});
  ASSERT_EQ(two.size(), 16U);
  EXPECT_EQ(check_frame(two, kSmall).needed, 16U + 7 * 8);
  const Bytes three = frame_table(2, {1, 0, 2});
  ASSERT_EQ(three.size(), 16U);
  EXPECT_EQ(check_frame(three, kSmall).needed, 16U + 3 * 8);
}

TEST(FrameCheck, OverflowingSegmentCountIsMalformed) {
  Bytes bytes;
  append_u32(bytes, 0xFFFFFFFF);
  EXPECT_EQ(check_frame(bytes, kSmall).fault, FrameFault::kMalformed);
  EXPECT_EQ(check_frame(bytes, FrameLimits{UINT32_MAX, UINT16_MAX}).fault, FrameFault::kMalformed);
}

TEST(FrameCheck, SegmentCountIsLimitedExactly) {
  EXPECT_EQ(check_frame(frame_table(3, {1, 1, 1, 1}), kSmall).fault, FrameFault::kNone);
  EXPECT_EQ(check_frame(frame_table(4, {1, 1, 1, 1, 1}), kSmall).fault,
            FrameFault::kTooManySegments);
  Bytes bytes;
  append_u32(bytes, 0xFFFFFFFE);
  EXPECT_EQ(check_frame(bytes, kSmall).fault, FrameFault::kTooManySegments);
}

TEST(FrameCheck, SizeIsLimitedExactlyAndTheSumDoesNotWrap) {
  EXPECT_EQ(check_frame(frame_table(0, {100}), kSmall).fault, FrameFault::kNone);
  EXPECT_EQ(check_frame(frame_table(0, {101}), kSmall).fault, FrameFault::kOversized);
  EXPECT_EQ(check_frame(frame_table(1, {50, 51}), kSmall).fault, FrameFault::kOversized);
  EXPECT_EQ(check_frame(frame_table(3, {1, UINT32_MAX, UINT32_MAX, 2}), kSmall).fault,
            FrameFault::kOversized);
}

TEST(FrameCheck, RefusesAsSoonAsTheTableSaysTooMuch) {
  // Only the first two of four sizes have arrived.
  const Bytes table = frame_table(3, {60, 60, 1, 1});
  EXPECT_EQ(check_frame(std::span(table).first(12), kSmall).fault, FrameFault::kOversized);
}

TEST(FrameCheck, FirstSegmentMustHoldARoot) {
  EXPECT_EQ(check_frame(frame_table(0, {0}), kSmall).fault, FrameFault::kMalformed);
  EXPECT_EQ(check_frame(frame_table(1, {0, 5}), kSmall).fault, FrameFault::kMalformed);
}

Bytes bytes_of(capnp::MessageReader& reader) {
  Bytes bytes;
  for (capnp::uint segment = 0; reader.getSegment(segment) != nullptr; ++segment) {
    append(bytes, std::as_bytes(std::span(reader.getSegment(segment).begin(),
                                          reader.getSegment(segment).size())));
  }
  return bytes;
}

TEST(FrameAssembler, AnyCutOfTheBytesGivesTheSameMessages) {
  Bytes bytes = frame_of(1, std::byte{1});
  append(bytes, frame_of(40, std::byte{2}));
  Bytes split = frame_table(1, {2, 3});
  split.resize(split.size() + 5 * 8, std::byte{3});
  append(bytes, split);
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    FrameAssembler assembler(kSmall);
    for (std::size_t begin = 0; begin < bytes.size(); begin += cut) {
      const auto piece = std::span(bytes).subspan(begin, std::min(cut, bytes.size() - begin));
      ASSERT_EQ(assembler.feed(piece), FrameFault::kNone);
    }
    ASSERT_EQ(assembler.message_count(), 3U) << cut;
    EXPECT_FALSE(assembler.is_partial());
    EXPECT_EQ(bytes_of(*assembler.take({})), Bytes(8, std::byte{1}));
    EXPECT_EQ(bytes_of(*assembler.take({})), Bytes(320, std::byte{2}));
    auto last = assembler.take({});
    EXPECT_EQ(last->getSegment(0).size(), 2U);
    EXPECT_EQ(last->getSegment(1).size(), 3U);
    EXPECT_TRUE(last->getSegment(2) == nullptr);
    EXPECT_EQ(assembler.queued_size(), 0U);
  }
}

Bytes bytes_of_message(capnp::MessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = std::as_bytes(std::span(words.begin(), words.size()));
  return {bytes.begin(), bytes.end()};
}

Bytes finish_frame(std::uint32_t question) {
  capnp::MallocMessageBuilder message;
  message.initRoot<capnp::rpc::Message>().initFinish().setQuestionId(question);
  return bytes_of_message(message);
}

Bytes call_frame(std::uint32_t question) {
  capnp::MallocMessageBuilder message;
  auto call = message.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initParams().initContent().initAs<capnp::List<std::uint64_t>>(20);
  return bytes_of_message(message);
}

// Refuses calls, and keeps the questions it saw.
class CallFilter final : public FrameFilter {
 public:
  bool admits(const MessageHead& head) override {
    seen.push_back(head.question);
    return head.kind != capnp::rpc::Message::CALL;
  }
  std::vector<std::uint32_t> seen;
};

TEST(FrameAssembler, WhatIsNotAdmittedIsSeenWholeAndNotKeptHoweverItArrives) {
  Bytes bytes = finish_frame(7);
  append(bytes, call_frame(8));
  append(bytes, finish_frame(9));
  for (std::size_t begin = 0; begin < 2 * sizeof(capnp::word); ++begin) {
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
      // At any place in memory: a frame is looked at where it lies only where that is a word's.
      Bytes shifted(begin);
      append(shifted, bytes);
      CallFilter filter;
      FrameAssembler assembler(kSmall, &filter);
      for (auto rest = std::span<const std::byte>(shifted).subspan(begin); !rest.empty();) {
        const std::size_t size = std::min(cut, rest.size());
        ASSERT_EQ(assembler.feed(rest.first(size)), FrameFault::kNone);
        rest = rest.subspan(size);
      }
      ASSERT_EQ(filter.seen, (std::vector<std::uint32_t>{7, 8, 9})) << cut;
      ASSERT_EQ(assembler.arrived_count(), 3U);
      ASSERT_EQ(assembler.message_count(), 2U);
      for (const std::uint32_t question : {7U, 9U}) {
        auto message = assembler.take({});
        EXPECT_EQ(message->getRoot<capnp::rpc::Message>().getFinish().getQuestionId(), question);
      }
      EXPECT_EQ(assembler.queued_size(), 0U);
      EXPECT_FALSE(assembler.is_partial());
    }
  }
}

TEST(FrameAssembler, MemoryFollowsWhatArrivedNotWhatIsClaimed) {
  FrameAssembler assembler(FrameLimits{});
  ASSERT_EQ(assembler.feed(frame_table(0, {131'072})), FrameFault::kNone);
  EXPECT_LE(assembler.partial_capacity(), 256U);
  const Bytes piece(1000, std::byte{7});
  for (std::size_t arrived = 8; arrived + piece.size() < (1U << 20); arrived += piece.size()) {
    ASSERT_EQ(assembler.feed(piece), FrameFault::kNone);
    ASSERT_LE(assembler.partial_capacity(), 2 * (arrived + piece.size()) + 8);
  }
}

TEST(FrameAssembler, WholeMessagesBeforeAFaultStay) {
  Bytes bytes = frame_of(2, std::byte{1});
  append_u32(bytes, 0xFFFFFFFF);
  FrameAssembler assembler(kSmall);
  EXPECT_EQ(assembler.feed(bytes), FrameFault::kMalformed);
  EXPECT_EQ(assembler.message_count(), 1U);
}

TEST(FrameAssembler, AQueueThatNeverRunsEmptyDoesNotGrow) {
  FrameAssembler assembler(kSmall);
  const Bytes frame = frame_of(1, std::byte{1});
  ASSERT_EQ(assembler.feed(frame), FrameFault::kNone);
  for (int round = 0; round < 10'000; ++round) {
    ASSERT_EQ(assembler.feed(frame), FrameFault::kNone);
    (void)assembler.take({});
    ASSERT_EQ(assembler.message_count(), 1U);
  }
  EXPECT_EQ(assembler.queued_size(), frame.size());
}

Bytes serialised(capnp::MessageBuilder& builder) {
  const auto words = capnp::messageToFlatArray(builder);
  const auto raw = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(raw.begin(), raw.end());
}

TEST(FrameAssembler, KnowsAnAbortFromOtherMessages) {
  capnp::MallocMessageBuilder call;
  call.initRoot<capnp::rpc::Message>().initCall().setQuestionId(1);
  capnp::MallocMessageBuilder abort;
  abort.initRoot<capnp::rpc::Message>().initAbort().setReason("enough");
  FrameAssembler assembler(FrameLimits{});
  ASSERT_EQ(assembler.feed(serialised(call)), FrameFault::kNone);
  ASSERT_EQ(assembler.feed(serialised(abort)), FrameFault::kNone);
  (void)assembler.take({});
  EXPECT_FALSE(assembler.has_taken_abort());
  (void)assembler.take({});
  EXPECT_TRUE(assembler.has_taken_abort());
}

TEST(FrameAssembler, GarbageNeverReadsOutsideOrKeepsTooMuch) {
  std::mt19937_64 random(20'240'501);
  for (int run = 0; run < 2000; ++run) {
    FrameAssembler assembler(kSmall);
    std::size_t arrived = 0;
    for (int piece = 0; piece < 20; ++piece) {
      Bytes bytes(random() % 64 + 1);
      // Small numbers, so that tables are often plausible.
      for (std::byte& byte : bytes) byte = std::byte(random() % 4 == 0 ? random() % 8 : 0);
      arrived += bytes.size();
      if (assembler.feed(bytes) != FrameFault::kNone) break;
      ASSERT_LE(assembler.queued_size() + assembler.partial_capacity(), 2 * arrived + 256);
    }
    while (assembler.has_message()) {
      auto message = assembler.take({});
      capnp::uint segment = 0;
      while (message->getSegment(segment) != nullptr && segment < kSmall.segments_max) ++segment;
      ASSERT_LE(segment, kSmall.segments_max);
    }
  }
}

// One end of a pipe that counts what is written to it.
class CountingStream final : public kj::AsyncIoStream {
 public:
  CountingStream(kj::Own<kj::AsyncIoStream> inner, std::size_t& write_count)
      : inner_(kj::mv(inner)), write_count_(write_count) {}
  kj::Promise<size_t> tryRead(void* buffer, size_t least, size_t most) override {
    return inner_->tryRead(buffer, least, most);
  }
  kj::Promise<void> write(const void* buffer, size_t size) override {
    ++write_count_;
    return inner_->write(buffer, size);
  }
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override {
    ++write_count_;
    return inner_->write(pieces);
  }
  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }
  void shutdownWrite() override { inner_->shutdownWrite(); }
  void abortRead() override { inner_->abortRead(); }

 private:
  kj::Own<kj::AsyncIoStream> inner_;
  std::size_t& write_count_;
};

class MessageStreamTest : public testing::Test {
 public:
  ~MessageStreamTest() noexcept override = default;

 protected:
  kj::Own<capnp::MessageStream> open(const StreamLimits& limits = {}) {
    auto pipe = io_.provider->newTwoWayPipe();
    peer_ = kj::mv(pipe.ends[1]);
    return new_message_stream(kj::heap<CountingStream>(kj::mv(pipe.ends[0]), write_count_), limits);
  }
  void write(capnp::MessageStream& stream, std::size_t bytes) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<capnp::AnyPointer>().initAs<capnp::Data>(static_cast<capnp::uint>(bytes));
    stream.writeMessage(builder).wait(scope_);
  }
  void peer_writes(const Bytes& bytes) { peer_->write(bytes.data(), bytes.size()).wait(scope_); }
  static Bytes data_message(std::size_t size) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<capnp::AnyPointer>().initAs<capnp::Data>(static_cast<capnp::uint>(size));
    return serialised(builder);
  }
  // Type of the exception with which `promise` ends; null when it does not.
  template <class T>
  kj::Maybe<kj::Exception> failure_of(kj::Promise<T> promise) {
    return kj::runCatchingExceptions([&]() { promise.wait(scope_); });
  }
  std::string reason_of(kj::Maybe<kj::Exception> failure) {
    PERMIT_IF_MAYBE(exception, failure) return exception->getDescription().cStr();
    return "";
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  kj::WaitScope& scope_ = io_.waitScope;
  kj::Own<kj::AsyncIoStream> peer_;
  std::size_t write_count_ = 0;
};

TEST_F(MessageStreamTest, MessagesOfOneTurnLeaveInOneWrite) {
  auto stream = open();
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::AnyPointer>().initAs<capnp::Data>(100);
  kj::Vector<kj::Promise<void>> writes;
  for (int count = 0; count < 50; ++count) writes.add(stream->writeMessage(builder));
  EXPECT_EQ(write_count_, 0U);
  auto reader = new_message_stream(kj::mv(peer_));
  for (int count = 0; count < 50; ++count) {
    auto message = reader->readMessage().wait(scope_);
    EXPECT_EQ(message->getRoot<capnp::AnyPointer>().getAs<capnp::Data>().size(), 100U);
  }
  EXPECT_EQ(write_count_, 1U);
}

TEST_F(MessageStreamTest, LargeAndSmallMessagesArriveWholeAndInOrder) {
  auto stream = open();
  auto reader = new_message_stream(kj::mv(peer_));
  const std::size_t sizes[] = {0, 1, 7, 8, 9, 4096, 70'000, 1'000'000, 3};
  for (const std::size_t size : sizes) write(*stream, size);
  for (const std::size_t size : sizes) {
    auto message = reader->readMessage().wait(scope_);
    EXPECT_EQ(message->getRoot<capnp::AnyPointer>().getAs<capnp::Data>().size(), size);
  }
}

TEST_F(MessageStreamTest, EndBetweenMessagesIsAnEnd) {
  auto stream = open();
  peer_writes(data_message(10));
  peer_->shutdownWrite();
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) != nullptr);
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) == nullptr);
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) == nullptr);
}

TEST_F(MessageStreamTest, EndWithinAMessageIsAFailure) {
  auto stream = open();
  const Bytes whole = data_message(100);
  peer_writes(Bytes(whole.begin(), whole.end() - 8));
  peer_->shutdownWrite();
  EXPECT_NE(reason_of(failure_of(stream->tryReadMessage())).find("within a message"),
            std::string::npos);
}

TEST_F(MessageStreamTest, FaultComesAfterTheWholeMessagesBeforeIt) {
  auto stream = open();
  Bytes bytes = data_message(10);
  append_u32(bytes, 0xFFFFFFFF);
  append_u32(bytes, 0xFFFFFFFF);
  peer_writes(bytes);
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) != nullptr);
  EXPECT_NE(reason_of(failure_of(stream->tryReadMessage())).find("not a message"),
            std::string::npos);
  // The peer can still be told.
  write(*stream, 10);
  stream->end().wait(scope_);
  EXPECT_EQ(peer_->readAllBytes().wait(scope_).size(), data_message(10).size());
}

TEST_F(MessageStreamTest, OversizedAndOversegmentedAreNamed) {
  StreamLimits limits;
  limits.frame = kSmall;
  auto large = open(limits);
  peer_writes(frame_table(0, {101}));
  EXPECT_NE(reason_of(failure_of(large->tryReadMessage())).find("larger"), std::string::npos);
  auto many = open(limits);
  peer_writes(frame_table(4, {1, 1, 1, 1, 1}));
  EXPECT_NE(reason_of(failure_of(many->tryReadMessage())).find("segments"), std::string::npos);
}

TEST_F(MessageStreamTest, PeerThatDoesNotReadBreaksTheStreamAtTheLimit) {
  StreamLimits limits;
  limits.send_queue_size_max = 1U << 20;
  auto stream = open(limits);
  auto pending = stream->tryReadMessage();
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::AnyPointer>().initAs<capnp::Data>(100'000);
  kj::Maybe<kj::Exception> failure;
  int written = 0;
  while (failure == nullptr && written < 100) {
    failure = failure_of(stream->writeMessage(builder));
    ++written;
  }
  EXPECT_NE(reason_of(kj::mv(failure)).find("does not read"), std::string::npos);
  EXPECT_GE(written, 10);  // one limit and what the kernel takes
  // The pending read ends, too: nobody would tell Cap'n Proto otherwise.
  EXPECT_NE(reason_of(failure_of(kj::mv(pending))).find("does not read"), std::string::npos);
}

TEST_F(MessageStreamTest, NothingIsReadWhileManyMessagesWait) {
  auto stream = open();
  const Bytes message = data_message(10'000);
  Bytes many;
  for (int count = 0; count < 400; ++count)
    append(many, message);  // 4 MB, more than stream and kernel hold
  auto writing = peer_->write(many.data(), many.size());
  EXPECT_FALSE(writing.poll(scope_));
  for (int count = 0; count < 400; ++count) {
    auto read = stream->tryReadMessage().wait(scope_);
    ASSERT_TRUE(read != nullptr) << count;
  }
  writing.wait(scope_);
}

TEST_F(MessageStreamTest, NothingIsDeliveredWhileThePeerLeavesRepliesUnread) {
  StreamLimits limits;
  limits.send_queue_size_max = 8U << 20;
  auto stream = open(limits);
  for (int count = 0; count < 6; ++count)
    write(*stream, 1'000'000);  // above a quarter, whatever the kernel takes
  peer_writes(data_message(10));
  auto read = stream->tryReadMessage();
  EXPECT_FALSE(read.poll(scope_));
  auto reader = new_message_stream(kj::mv(peer_), StreamLimits{.frame = {.words_max = 1U << 20}});
  for (int count = 0; count < 6; ++count) reader->readMessage().wait(scope_);
  EXPECT_TRUE(read.wait(scope_) != nullptr);
}

TEST_F(MessageStreamTest, CancelledReadLosesNothing) {
  auto stream = open();
  { auto abandoned = stream->tryReadMessage(); }
  peer_writes(data_message(10));
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) != nullptr);
}

TEST_F(MessageStreamTest, EndResolvesWhenEverythingHasLeft) {
  auto stream = open();
  write(*stream, 1'000'000);
  write(*stream, 1'000'000);
  auto ended = stream->end();
  EXPECT_FALSE(ended.poll(scope_));
  auto all = peer_->readAllBytes();
  ended.wait(scope_);
  EXPECT_EQ(all.wait(scope_).size(), 2 * data_message(1'000'000).size());
}

Bytes call_message(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().setImportedCap(0);
  return serialised(builder);
}
Bytes bootstrap_message(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(question);
  return serialised(builder);
}

TEST_F(MessageStreamTest, ACallBeyondTheQuestionsThatMayBeOpenIsToldBusy) {
  auto stream = open(StreamLimits{.questions_max = 4});
  peer_writes(call_message(3));
  EXPECT_TRUE(stream->tryReadMessage().wait(scope_) != nullptr);
  auto read = stream->tryReadMessage();
  peer_writes(call_message(4));
  EXPECT_FALSE(read.poll(scope_)) << "not for Cap'n Proto";
  auto peer = new_message_stream(kj::mv(peer_), {});
  auto answer = peer->readMessage().wait(scope_);
  const auto told = answer->getRoot<capnp::rpc::Message>();
  ASSERT_TRUE(told.isReturn());
  EXPECT_EQ(told.getReturn().getAnswerId(), 4U);
  EXPECT_TRUE(told.getReturn().isException());
  // Its Finish is swallowed, and the connection goes on.
  capnp::MallocMessageBuilder finish;
  finish.initRoot<capnp::rpc::Message>().initFinish().setQuestionId(4);
  peer->writeMessage(finish).wait(scope_);
  EXPECT_FALSE(read.poll(scope_));
  capnp::MallocMessageBuilder next;
  next.initRoot<capnp::rpc::Message>().initCall().setQuestionId(2);
  peer->writeMessage(next).wait(scope_);
  EXPECT_TRUE(read.wait(scope_) != nullptr);
}

// Each open question is remembered by Cap'n Proto until it is finished; a peer that never finishes
// one would have the daemon remember without end.
TEST_F(MessageStreamTest, ABootstrapBeyondTheQuestionsThatMayBeOpenEndsTheConnection) {
  auto stream = open(StreamLimits{.questions_max = 4});
  Bytes bytes;
  for (std::uint32_t question = 0; question <= 5; ++question)
    append(bytes, bootstrap_message(question));
  peer_writes(bytes);
  for (std::uint32_t question = 0; question < 4; ++question)
    EXPECT_TRUE(stream->tryReadMessage().wait(scope_) != nullptr) << question;
  EXPECT_NE(reason_of(failure_of(stream->tryReadMessage())).find("more questions"),
            std::string::npos);
}

TEST_F(MessageStreamTest, ANumberTooLargeToBeToldBusyEndsTheConnection) {
  auto stream = open(StreamLimits{.questions_max = 4});
  peer_writes(call_message(1'000'000));
  EXPECT_NE(reason_of(failure_of(stream->tryReadMessage())).find("more questions"),
            std::string::npos);
}

TEST_F(MessageStreamTest, LosingThePeerEndsReadAndWrite) {
  auto stream = open();
  auto pending = stream->tryReadMessage();
  peer_ = nullptr;
  // A pipe's other end being gone shows as an end, or as a failure where bytes were under way.
  (void)failure_of(kj::mv(pending));
  kj::Maybe<kj::Exception> failure;
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::AnyPointer>().initAs<capnp::Data>(100'000);
  for (int count = 0; failure == nullptr && count < 100; ++count) {
    failure = failure_of(stream->writeMessage(builder));
    kj::evalLast([]() {}).wait(scope_);
  }
  EXPECT_TRUE(failure != nullptr);
}

}  // namespace
}  // namespace permitd::protocol
