// Says busy to calls from their frames alone: what a server with more to do than it can do still
// has the time for. Cap'n Proto never hears of such a call. Owned by one stream, on its loop's
// thread.
//
// To the peer a call answered so looks like one that threw OVERLOADED. What the peer sends on its
// behalf must not reach Cap'n Proto either, which would end the connection for a question it does
// not know: calls on its result are answered alike, and its Finish is swallowed. Until the Finish
// has come its question is remembered, one bit each, 8 KiB at the most; numbers beyond (a peer
// counts its open questions from 0) always pass. Submissions of a stream pass too: they are paced
// by the stream's own flow control, and an answer out of turn would break it.
#pragma once

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/message_head.h"

namespace permitd::protocol {

enum class GateVerdict : std::uint8_t {
  kPass,     // the message is Cap'n Proto's
  kBusy,     // a call: answer it with BusyAnswer, and forget it
  kSwallow,  // forget it
};

class BusyGate {
 public:
  /// While `is_crowded` every call is answered busy, under its question. O(1).
  GateVerdict judge(const MessageHead& head, bool is_crowded);
  /// True while questions are remembered: messages must be judged though it is not crowded.
  bool remembers() const { return refused_count_ != 0; }

 private:
  GateVerdict judge_call(const MessageHead& call, bool is_crowded);
  bool is_refused(std::uint32_t question) const;
  void refuse(std::uint32_t question);
  void forget(std::uint32_t question);

  std::size_t refused_count_ = 0;
  std::vector<std::uint64_t> refused_;  // a bit per question; empty while there is none
};

/// The answer to a call that was judged busy. One for all streams of a loop.
class BusyAnswer {
 public:
  BusyAnswer();
  ~BusyAnswer() noexcept;
  BusyAnswer(const BusyAnswer&) = delete;
  BusyAnswer& operator=(const BusyAnswer&) = delete;
  /// Valid until the next call.
  kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> to(std::uint32_t question);

 private:
  capnp::word space_[32]{};
  capnp::MallocMessageBuilder message_;
  capnp::rpc::Return::Builder answer_;
};

}  // namespace permitd::protocol
