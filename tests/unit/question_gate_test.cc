// Which messages a stream answers by itself, which questions end with their answer, and what must
// be kept from Cap'n Proto afterwards. Messages are built by Cap'n Proto and judged as frames.
#include "protocol/question_gate.h"

#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "protocol/kj_compat.h"
#include "protocol/message_head.h"
#include "protocol/permit.capnp.h"

namespace permitd::protocol {
namespace {

using capnp::rpc::Message;
using Words = kj::Array<capnp::word>;

template <class Fill>
Words frame(const Fill& fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<Message>());
  return capnp::messageToFlatArray(builder);
}
template <class Fill>
MessageHead message(const Fill& fill) {
  return read_head(frame(fill));
}

MessageHead call(std::uint32_t question, std::uint64_t interface = capnp::typeId<OfficeSession>()) {
  return message([&](Message::Builder root) {
    auto out = root.initCall();
    out.setQuestionId(question);
    out.setInterfaceId(interface);
    out.initTarget().setImportedCap(3);
  });
}
MessageHead call_on_answer(std::uint32_t question, std::uint32_t target,
                           std::uint64_t interface = capnp::typeId<OfficeSession>()) {
  return message([&](Message::Builder root) {
    auto out = root.initCall();
    out.setQuestionId(question);
    out.setInterfaceId(interface);
    out.initTarget().initPromisedAnswer().setQuestionId(target);
  });
}
MessageHead finish(std::uint32_t question) {
  return message([&](Message::Builder root) { root.initFinish().setQuestionId(question); });
}

TEST(QuestionGate, EverythingPassesWhileThereIsRoom) {
  QuestionGate gate;
  EXPECT_EQ(gate.judge(call(1), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(1), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(1), false), GateVerdict::kPass) << "Cap'n Proto's to complain of";
}

TEST(QuestionGate, OnlyCallsAreRefused) {
  QuestionGate gate;
  EXPECT_EQ(gate.judge(message([](Message::Builder root) { root.initBootstrap(); }), true),
            GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(1), true), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(message([](Message::Builder root) { root.initReturn(); }), true),
            GateVerdict::kPass);
  EXPECT_EQ(gate.judge(message([](Message::Builder root) { root.initRelease(); }), true),
            GateVerdict::kPass);
  EXPECT_EQ(gate.judge(call(7), true), GateVerdict::kBusy);
}

TEST(QuestionGate, WhatBelongsToARefusedCallIsKeptBackUntilItsFinish) {
  QuestionGate gate;
  ASSERT_EQ(gate.judge(call(200), true), GateVerdict::kBusy);
  // There is room again, but Cap'n Proto has never heard of question 200.
  EXPECT_EQ(gate.judge(call_on_answer(201, 200), false), GateVerdict::kBusy);
  EXPECT_EQ(gate.judge(call_on_answer(202, 201), false), GateVerdict::kBusy);
  EXPECT_EQ(gate.judge(call_on_answer(203, 4), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(4), false), GateVerdict::kPass);
  for (const std::uint32_t question : {201U, 200U, 202U})
    EXPECT_EQ(gate.judge(finish(question), false), GateVerdict::kSwallow) << question;
  EXPECT_EQ(gate.judge(call(200), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(200), false), GateVerdict::kPass);
}

TEST(QuestionGate, AnAnswerWithoutCapabilityEndsItsQuestion) {
  QuestionGate gate;
  ASSERT_EQ(gate.judge(call(200), false), GateVerdict::kPass);
  EXPECT_TRUE(gate.end(200));
  EXPECT_FALSE(gate.end(200)) << "once";
  EXPECT_EQ(gate.judge(call_on_answer(201, 200), false), GateVerdict::kNoCapability);
  EXPECT_EQ(gate.judge(call_on_answer(202, 200), true), GateVerdict::kNoCapability)
      << "busy would make its peer send it again for ever";
  EXPECT_EQ(gate.judge(call_on_answer(203, 201), false), GateVerdict::kNoCapability)
      << "nor has its answer any";
  for (const std::uint32_t question : {200U, 201U, 202U, 203U})
    EXPECT_EQ(gate.judge(finish(question), false), GateVerdict::kSwallow) << question;
  // The number is free again, and lives on its own.
  ASSERT_EQ(gate.judge(call(200), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(call_on_answer(201, 200), false), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(200), false), GateVerdict::kPass);
}

TEST(QuestionGate, AQuestionThatItsPeerHasFinishedDoesNotEndAgain) {
  QuestionGate gate;
  ASSERT_EQ(gate.judge(call(5), false), GateVerdict::kPass);
  ASSERT_EQ(gate.judge(finish(5), false), GateVerdict::kPass);  // Cap'n Proto gets this one
  EXPECT_FALSE(gate.end(5));
  EXPECT_FALSE(gate.end(6)) << "never asked";
  ASSERT_EQ(gate.judge(call(7), true), GateVerdict::kBusy);
  EXPECT_FALSE(gate.end(7)) << "never heard of";
  ASSERT_EQ(gate.judge(call(65'536), false), GateVerdict::kPass);
  EXPECT_FALSE(gate.end(65'536)) << "not remembered";
  EXPECT_EQ(gate.judge(finish(65'536), false), GateVerdict::kPass);
}

// Two bits of one word must not know of each other.
TEST(QuestionGate, EachQuestionHasItsOwnState) {
  QuestionGate gate;
  constexpr std::uint32_t kCount = 300;
  for (std::uint32_t question = 0; question < kCount; ++question) {
    const bool is_refused = question % 3 == 2;
    ASSERT_EQ(gate.judge(call(question), is_refused),
              is_refused ? GateVerdict::kBusy : GateVerdict::kPass);
    if (question % 3 == 1) {
      ASSERT_TRUE(gate.end(question));
    }
  }
  for (std::uint32_t question = 0; question < kCount; ++question) {
    EXPECT_EQ(gate.judge(finish(question), false),
              question % 3 == 0 ? GateVerdict::kPass : GateVerdict::kSwallow)
        << question;
  }
  for (std::uint32_t question = 0; question < kCount; ++question) EXPECT_FALSE(gate.end(question));
}

TEST(QuestionGate, SubmissionsOfAStreamAreSpared) {
  QuestionGate gate;
  const std::uint64_t stream = capnp::typeId<SubmissionStream>();
  EXPECT_EQ(gate.judge(call(1, stream), true), GateVerdict::kPass);
  ASSERT_EQ(gate.judge(call(2), true), GateVerdict::kBusy);
  EXPECT_EQ(gate.judge(call_on_answer(3, 2, stream), true), GateVerdict::kBusy)
      << "a stream that was never opened";
}

TEST(QuestionGate, NumbersBeyondThoseItRemembersPass) {
  QuestionGate gate;
  EXPECT_EQ(gate.judge(call(65'535), true), GateVerdict::kBusy);
  EXPECT_EQ(gate.judge(call(65'536), true), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(call(UINT32_MAX), true), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(UINT32_MAX), true), GateVerdict::kPass);
  EXPECT_EQ(gate.judge(finish(65'535), true), GateVerdict::kSwallow);
}

TEST(QuestionGate, ResultsForAThirdPartyPass) {
  QuestionGate gate;
  const MessageHead head = message([](Message::Builder root) {
    auto out = root.initCall();
    out.initTarget().setImportedCap(1);
    out.getSendResultsTo().setYourself();
  });
  EXPECT_EQ(gate.judge(head, true), GateVerdict::kPass);
}

TEST(MessageHead, SaysWhatTheMessageIsAbout) {
  for (const std::uint32_t question : {0U, 1U, 1023U, 65'536U, UINT32_MAX}) {
    const MessageHead plain = call(question);
    EXPECT_EQ(plain.kind, Message::CALL);
    EXPECT_EQ(plain.question, question);
    EXPECT_EQ(plain.interface_id, capnp::typeId<OfficeSession>());
    EXPECT_TRUE(plain.is_answered_to_caller);
    EXPECT_EQ(plain.on_answer_to, std::nullopt);
    EXPECT_TRUE(plain.asks());
    EXPECT_EQ(call_on_answer(3, question).on_answer_to, question);
    const MessageHead bootstrap =
        message([&](Message::Builder root) { root.initBootstrap().setQuestionId(question); });
    EXPECT_EQ(bootstrap.kind, Message::BOOTSTRAP);
    EXPECT_EQ(bootstrap.question, question);
    EXPECT_TRUE(bootstrap.asks());
    EXPECT_EQ(finish(question).kind, Message::FINISH);
    EXPECT_EQ(finish(question).question, question);
    EXPECT_FALSE(finish(question).asks());
  }
  EXPECT_FALSE(message([](Message::Builder root) { root.initReturn(); }).asks());
  EXPECT_EQ(message([](Message::Builder root) { root.initRelease(); }).kind, Message::RELEASE);
  EXPECT_EQ(message([](Message::Builder) {}).kind, Message::UNIMPLEMENTED);
}

// A peer may lay its message out as it likes: what Cap'n Proto would read must not pass unseen.
TEST(MessageHead, FarPointersHideNothing) {
  for (const unsigned first_words : {1U, 2U, 3U, 4U, 5U, 6U, 64U}) {
    capnp::MallocMessageBuilder builder(first_words, capnp::AllocationStrategy::FIXED_SIZE);
    auto out = builder.initRoot<Message>().initCall();
    out.setQuestionId(70'000);
    out.setInterfaceId(17);
    out.getSendResultsTo().setYourself();
    out.initTarget().initPromisedAnswer().setQuestionId(1);
    const MessageHead head = read_head(capnp::messageToFlatArray(builder));
    EXPECT_EQ(head.kind, Message::CALL) << first_words;
    EXPECT_EQ(head.question, 70'000U) << first_words;
    EXPECT_EQ(head.interface_id, 17U) << first_words;
    EXPECT_FALSE(head.is_answered_to_caller) << first_words;
    EXPECT_EQ(head.on_answer_to, 1U) << first_words;
  }
}

// Where a peer's bytes are no such message, or another one, this says what Cap'n Proto says.
TEST(MessageHead, OfAnyBytesIsWhatCapnProtoReads) {
  const Words sound = frame([](Message::Builder root) {
    auto out = root.initCall();
    out.setQuestionId(9);
    out.initTarget().initPromisedAnswer().setQuestionId(1);
  });
  std::size_t whole = 0;
  for (std::size_t at = 1; at < sound.size(); ++at) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      Words changed = kj::heapArray(sound.asPtr());
      changed.asBytes()[at * sizeof(capnp::word) + bit / 8] ^= static_cast<kj::byte>(1U << bit % 8);
      const MessageHead head = read_head(changed);
      auto ignored = kj::runCatchingExceptions([&]() {
        capnp::FlatArrayMessageReader reader(changed);
        const auto root = reader.getRoot<Message>();
        EXPECT_EQ(head.kind, static_cast<std::uint16_t>(root.which()));
        if (!root.isCall()) return;
        const auto read = root.getCall();
        EXPECT_EQ(head.question, read.getQuestionId());
        EXPECT_EQ(head.interface_id, read.getInterfaceId());
        EXPECT_EQ(head.is_answered_to_caller, read.getSendResultsTo().isCaller());
        const auto target = read.getTarget();
        std::optional<std::uint32_t> on_answer_to;
        if (target.isPromisedAnswer()) on_answer_to = target.getPromisedAnswer().getQuestionId();
        EXPECT_EQ(head.on_answer_to, on_answer_to);
        ++whole;
      });
    }
  }
  EXPECT_GT(whole, 100U);
}

TEST(MessageHead, OfNonsenseIsOfNoMessage) {
  Words words = kj::heapArray<capnp::word>(5);
  for (int byte = 0; byte < 256; ++byte) {
    auto bytes = words.asBytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<kj::byte>(byte));
    const std::uint32_t table[2] = {0, 4};
    std::copy_n(reinterpret_cast<const kj::byte*>(table), 8, bytes.begin());
    EXPECT_FALSE(read_head(words).asks()) << byte;
  }
  std::ranges::fill(words.asBytes(), kj::byte{0});
  EXPECT_EQ(read_head(words).kind, Message::UNIMPLEMENTED);
}

TEST(MessageHead, KnowsAnswersThatHoldNoCapability) {
  const auto ended_by = [](const auto& fill, unsigned first_words = 64) {
    capnp::MallocMessageBuilder builder(first_words, capnp::AllocationStrategy::FIXED_SIZE);
    fill(builder.initRoot<Message>());
    return answered_without_capability(builder.getSegmentsForOutput()[0]);
  };
  const auto answer = [&](const auto& fill, unsigned first_words = 64) {
    return ended_by(
        [&](Message::Builder root) {
          auto out = root.initReturn();
          out.setAnswerId(70'000);
          fill(out);
        },
        first_words);
  };
  using Return = capnp::rpc::Return::Builder;
  const auto with_table = [](unsigned count) {
    return [count](Return out) {
      auto table = out.initResults().initCapTable(count);
      if (count != 0) table[0].setSenderHosted(1);
    };
  };
  EXPECT_EQ(answer([](Return out) { out.initResults(); }), 70'000U);
  EXPECT_EQ(answer(with_table(0)), 70'000U);
  EXPECT_EQ(answer([](Return out) { out.initException().setReason("why"); }), std::nullopt)
      << "calls on it are given the exception, too";
  EXPECT_EQ(answer(with_table(1)), std::nullopt);
  EXPECT_EQ(answer(with_table(3)), std::nullopt);
  EXPECT_EQ(answer([](Return out) { out.setCanceled(); }), std::nullopt);
  EXPECT_EQ(answer([](Return out) { out.setResultsSentElsewhere(); }), std::nullopt);
  EXPECT_EQ(answer([](Return out) { out.setTakeFromOtherQuestion(1); }), std::nullopt);
  EXPECT_EQ(ended_by([](Message::Builder root) { root.initFinish().setQuestionId(3); }),
            std::nullopt);
  EXPECT_EQ(ended_by([](Message::Builder root) { root.initCall().setQuestionId(3); }),
            std::nullopt);
  // Wherever its parts lie, one that holds a capability is not taken for one that holds none.
  for (unsigned first_words = 1; first_words < 32; ++first_words)
    EXPECT_EQ(answer(with_table(1), first_words), std::nullopt) << first_words;
}

capnp::rpc::Return::Reader answer_in(capnp::SegmentArrayMessageReader& reader,
                                     std::uint32_t question) {
  const auto said = reader.getRoot<Message>().getReturn();
  EXPECT_EQ(said.getAnswerId(), question);
  EXPECT_TRUE(said.getReleaseParamCaps());
  EXPECT_TRUE(said.isException());
  return said;
}

TEST(GateMessages, AreWhatCapnProtoWouldSay) {
  GateMessages messages;
  for (const std::uint32_t question : {3U, 70'000U}) {
    capnp::SegmentArrayMessageReader busy(messages.busy(question));
    const auto refused = answer_in(busy, question).getException();
    EXPECT_EQ(refused.getType(), capnp::rpc::Exception::Type::OVERLOADED);
    EXPECT_TRUE(refused.getReason().startsWith("busy"));
    capnp::SegmentArrayMessageReader none(messages.no_capability(question));
    const auto failed = answer_in(none, question).getException();
    EXPECT_EQ(failed.getType(), capnp::rpc::Exception::Type::FAILED);
    EXPECT_TRUE(failed.getReason().startsWith("a call on an answer"));
    const MessageHead head = read_head(messages.finish(question));
    EXPECT_EQ(head.kind, Message::FINISH);
    EXPECT_EQ(head.question, question);
  }
}

}  // namespace
}  // namespace permitd::protocol
