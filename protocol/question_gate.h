// What Cap'n Proto need not hear of the calls of one stream, judged from their frames alone. Owned
// by one stream, on its loop's thread.
//
// Calls to a crowded stream are answered busy: what a server with more to do than it can do still
// has the time for. And a question whose answer holds no capability ends with that answer: its
// Finish may be hundreds of calls away in the peer's socket, and Cap'n Proto would remember them
// all until then.
//
// To the peer a call answered busy looks like one that threw OVERLOADED. What the peer sends on
// behalf of a question that Cap'n Proto does not know, or not any more, must not reach it either,
// as it would end the connection: calls on its result are answered here, and its Finish is
// swallowed. Until the Finish has come a question is remembered, two bits each, 16 KiB at the most;
// numbers beyond (a peer counts its open questions from 0) always pass. Submissions of a stream
// are not answered busy for want of time: they are paced by the stream's own flow control, and an
// answer out of turn would break it.
#pragma once

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <kj/array.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/message_head.h"

namespace permitd::protocol {

enum class GateVerdict : std::uint8_t {
  kPass,          // the message is Cap'n Proto's
  kBusy,          // a call: answer it so, and forget it
  kNoCapability,  // a call on an answer that holds none: answer it so, and forget it
  kSwallow,       // forget it
};

class QuestionGate {
 public:
  /// While `is_crowded` calls are answered busy. O(1).
  GateVerdict judge(const MessageHead& head, bool is_crowded);
  /// The answer to `question`, a call that has passed, leaves without a capability. True when the
  /// question ends with that: the stream gives Cap'n Proto a Finish behind all that has come, and
  /// the peer's will be swallowed. False when the peer's has come before, or the number is beyond
  /// those remembered. O(1).
  [[nodiscard]] bool end(std::uint32_t question);

 private:
  enum class State : std::uint8_t {
    kUnknown,
    kOpen,     // passed, and its Finish has not come
    kEnded,    // with its answer, which holds no capability
    kRefused,  // Cap'n Proto has never heard of it
  };

  GateVerdict judge_call(const MessageHead& call, bool is_crowded);
  State state_of(std::uint32_t question) const;
  void set(std::uint32_t question, State state);

  std::size_t known_count_ = 0;        // of questions that are not kUnknown
  std::vector<std::uint64_t> states_;  // a State in two bits per question
};

/// Messages about a question that the gate has decided on. One for all streams of a loop.
class GateMessages {
 public:
  GateMessages();
  ~GateMessages() noexcept;
  GateMessages(const GateMessages&) = delete;
  GateMessages& operator=(const GateMessages&) = delete;

  // Answers; each is valid until the next call of its kind.
  using Segments = kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>;
  Segments busy(std::uint32_t question) { return busy_.to(question); }
  Segments no_capability(std::uint32_t question) { return no_capability_.to(question); }
  /// A Finish, as its peer would have framed it.
  kj::Array<capnp::word> finish(std::uint32_t question);

 private:
  class Answer {
   public:
    Answer(capnp::rpc::Exception::Type type, const char* reason);
    Segments to(std::uint32_t question);

   private:
    capnp::word space_[32]{};
    capnp::MallocMessageBuilder message_;
    capnp::rpc::Return::Builder answer_;
  };

  Answer busy_;
  Answer no_capability_;
  capnp::MallocMessageBuilder finish_message_;
  capnp::rpc::Finish::Builder finish_;
};

}  // namespace permitd::protocol
