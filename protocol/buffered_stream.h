// A capnp::MessageStream that checks what comes in, gathers what goes out, and keeps to its limits;
// what moves the bytes is its subclass. Owned by one connection, on its loop's thread.
//
// In: bytes become whole, checked messages before Cap'n Proto sees them. When messages wait unread,
// or the peer does not take its replies, the stream stops receiving until that has eased. Out: a
// write is copied and answered at once; everything written until the next flush() leaves in one
// send. A queue that grows over its limit breaks the stream (kSlowReader).
// Of all streams together only so many calls are with Cap'n Proto at once: the others wait as
// bytes, and are delivered in turn. A fault of the incoming side ends reading only: what is still
// written (Cap'n Proto's last word, which tells the peer why) may leave. A fault of the outgoing
// side ends both.
#pragma once

#include <capnp/serialize-async.h>
#include <kj/async.h>
#include <kj/exception.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/frame_assembler.h"
#include "protocol/question_gate.h"

namespace permitd::protocol {

struct StreamLimits {
  FrameLimits frame;
  /// Bytes; above a quarter of it nothing more is read.
  std::uint32_t send_queue_size_max = 4U << 20;
  /// Bytes held for all streams of a context together. Beyond it whoever holds more than
  /// kHeldSizeFair and wants more is broken off.
  std::uint64_t held_size_max = UINT64_MAX;
  // A call is answered busy, unread, while the oldest message of its stream has waited so long, or
  // so many messages of it wait. A stream that is not read for want of time keeps its peer waiting
  // no longer than that.
  std::uint32_t wait_ms = 0;                        // 0: however long
  std::uint32_t messages_waiting_max = UINT32_MAX;  // a call and its Finish are two
  // Questions have numbers below this, so no more of them are open at once, answered ones that the
  // peer has not finished included: the stream remembers each, and Cap'n Proto many. A call with a
  // number beyond is answered busy; what cannot be answered so ends the connection.
  std::uint32_t questions_max = UINT32_MAX;
  // Questions, calls and bootstraps, of all streams of a context that are delivered and not
  // answered. Beyond it kDeliveredLeast messages are delivered in a turn all the same: calls that
  // take long, as some do, must not keep everybody else from being heard.
  std::uint32_t questions_in_service_max = UINT32_MAX;
};

/// Messages that each turn may deliver whatever is in service.
inline constexpr std::uint32_t kDeliveredLeast = 64;

// What a refusal of a call costs, reading it and its Finish included, is a quarter of what a call
// does. So that no flood of calls takes much from those that are done, refusals are at most one for
// each ten calls delivered, or one a millisecond. Beyond that a stream is read when nothing of it
// waits: what its peer has to say waits in its socket, which costs nothing, and what is read is
// delivered while it is in the caches. One whose calls are refused however little waits is then
// only read a buffer at a time while the loop has nothing else to do; that is not counted.
inline constexpr std::int64_t kRefusalCost = 10;
inline constexpr std::int64_t kCreditForCall = 1;
inline constexpr std::int64_t kCreditForMs = kRefusalCost;
/// Refusals that may follow each other after quiet.
inline constexpr std::int64_t kRefusalsAtOnce = 1024;
/// And the most that are ever owed: a thousand connections with a buffer each on its way.
inline constexpr std::int64_t kRefusalsOwedMax = 16 * kRefusalsAtOnce;

/// What a stream may hold whatever the others do.
inline constexpr std::size_t kHeldSizeFair = 64U << 10;

enum class StreamFault : std::uint8_t {
  kNone,
  kPeerClosed,
  kMalformed,
  kOversized,
  kTooManySegments,
  kSlowReader,
  kIoError,
  kOverBudget,  // all streams together hold too much, and this one much of it
  kDropped,     // by the owner of the connection
};

struct StreamCounters {
  std::uint64_t messages_received = 0;
  std::uint64_t calls_refused = 0;  // answered busy, unread
  std::uint64_t messages_sent = 0;
  std::uint64_t sends = 0;  // operations, each with all messages since the last
  std::uint64_t received_size = 0;
  std::uint64_t sent_size = 0;
};

class BufferedStream;

/// What the streams of one loop share. The loop's thread; outlives every stream.
class StreamContext {
 public:
  explicit StreamContext(const StreamLimits& limits) : limits_(limits) {}
  StreamContext(const StreamContext&) = delete;
  StreamContext& operator=(const StreamContext&) = delete;

  const StreamLimits& limits() const { return limits_; }
  StreamCounters& counters() { return counters_; }
  const StreamCounters& counters() const { return counters_; }
  /// Monotonic milliseconds as of this turn of the loop; only deadlines look at it.
  std::int64_t now_ms() const { return now_ms_; }
  void set_now_ms(std::int64_t now_ms);

  /// Bytes held for all streams: messages begun or unread, and what waits to be sent.
  std::uint64_t held_size() const { return held_size_; }
  /// Sends what the streams have gathered: once a turn.
  void flush();
  /// Delivers to the streams that wait for others' calls to be answered, and reads those again that
  /// were left unread when calls may be refused again: once a turn.
  void deliver_in_turn();
  /// Some are left unread because they ask in vain.
  bool has_vain() const { return !vain_.empty(); }
  /// Lets the one of these that has waited longest be read once; what is refused of that is not
  /// counted, as nothing else is to do, which the caller says.
  void read_in_vain();
  /// False while refusals have cost their share of the time: streams are read little by little.
  bool may_refuse() const { return refusal_credit_ > 0; }
  /// Questions delivered and not answered.
  std::uint32_t questions_in_service() const { return questions_in_service_; }

 private:
  friend class BufferedStream;
  using Buffer = std::vector<std::byte>;
  bool has_room() const {
    return questions_in_service_ < limits_.questions_in_service_max || delivered_ < kDeliveredLeast;
  }
  void add_refusal_credit(std::int64_t credit);
  void take_refusal_credit();
  void read_on();
  Buffer take_buffer();
  void give_back(Buffer&& buffer);

  StreamLimits limits_;
  StreamCounters counters_;
  std::int64_t now_ms_ = 0;
  std::uint64_t held_size_ = 0;
  std::vector<BufferedStream*> unflushed_;
  std::vector<BufferedStream*> flushing_;
  std::vector<BufferedStream*> queued_;  // have a message and no room for it; first come first
  // Left unread until calls may be refused again. Those that are read again meanwhile stay.
  std::vector<BufferedStream*> unread_;
  std::vector<BufferedStream*> vain_;  // of these, those that ask in vain
  std::int64_t refusal_credit_ = kRefusalsAtOnce * kRefusalCost;
  std::uint32_t questions_in_service_ = 0;
  std::uint32_t delivered_ = 0;  // messages of this turn
  GateMessages gate_messages_;
  std::vector<Buffer> buffers_;   // empty, with their memory: idle connections hold none
  std::size_t buffers_size_ = 0;  // bytes of that
};

class BufferedStream : public capnp::MessageStream, private FrameFilter {
 public:
  explicit BufferedStream(StreamContext& context)
      : context_(context), assembler_(context.limits().frame, this), opened_ms_(context.now_ms()) {}
  virtual ~BufferedStream() noexcept(false);
  KJ_DISALLOW_COPY(BufferedStream);

  using capnp::MessageStream::tryReadMessage;
  using capnp::MessageStream::writeMessage;
  using capnp::MessageStream::writeMessages;
  kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> tryReadMessage(
      kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options,
      kj::ArrayPtr<capnp::word> scratch_space) override;
  kj::Promise<void> writeMessage(
      kj::ArrayPtr<const int> fds,
      kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) override;
  kj::Promise<void> writeMessages(
      kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) override;
  kj::Maybe<int> getSendBufferSize() override { return {}; }
  /// Resolves when everything written has been handed to the kernel and the write end is shut.
  kj::Promise<void> end() override;

  /// Starts a send of all that is buffered, unless one is under way.
  void flush();
  /// Ends the reading side; `fault` is why, unless there was a reason before.
  void stop_reading(StreamFault fault, kj::Exception&& reason);
  /// Ends both sides.
  void break_off(StreamFault fault, kj::Exception&& reason);

  StreamFault fault() const { return fault_; }
  bool is_broken() const { return is_broken_; }
  /// True when the peer has said that it ends the connection, or has closed its side.
  bool has_peer_ended() const { return end_seen_ || assembler_.has_taken_abort(); }
  /// True when the peer has closed its side: no byte will come any more.
  bool has_peer_closed() const { return end_seen_; }
  /// Bytes written and not yet taken by the kernel.
  std::size_t send_queue_size() const { return gathered_.size() + sending_.size() - sent_size_; }

  // For deadlines, in the context's milliseconds; −1 = does not apply now.
  std::int64_t opened_ms() const { return opened_ms_; }
  /// When the last whole message came.
  std::int64_t message_ms() const { return message_ms_; }
  /// Since when a begun message has been waited for.
  std::int64_t partial_ms() const { return is_receiving_ ? partial_ms_ : -1; }
  /// Since when a non-empty send queue has not moved.
  std::int64_t send_ms() const { return send_ms_; }
  /// When a send last moved.
  std::int64_t sent_ms() const { return sent_ms_; }

 protected:
  // The subclass moves the bytes.
  /// Sends `bytes`, which stay valid until all of them are reported with sent(). May call sent() at
  /// once.
  virtual void start_send(std::span<const std::byte> bytes) = 0;
  virtual void set_receiving(bool wanted) = 0;
  virtual void shut_down_write() = 0;
  /// Both sides are over: let go of the socket as soon as possible.
  virtual void shut_down_both() = 0;
  /// Called when something was written after a flush; the context's list is the default.
  virtual void flush_wanted();
  /// The send queue has become empty.
  virtual void drained() {}
  /// The peer has closed its side.
  virtual void peer_closed() {}

  // The subclass tells what has happened.
  void start_receiving();
  void received(std::span<const std::byte> bytes);
  void received_end();
  void sent(std::size_t size);
  bool is_receiving() const { return is_receiving_; }
  /// Shuts the write end and throws away what still comes, until the peer closes. To close a socket
  /// with unread bytes would reset the connection and take the last words with it.
  void linger();
  /// For subclasses that free themselves: takes the stream off the context's list.
  void forget_flush();

  StreamContext& context() { return context_; }

 private:
  friend class StreamContext;
  using Read = kj::Maybe<capnp::MessageReaderAndFds>;

  std::size_t send_queue_high() const { return context_.limits().send_queue_size_max / 4; }
  bool admits(const MessageHead& head) override;
  void refuse(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> answer);
  bool is_crowded() const;
  void leave_unread();
  bool has_deliverable() const;
  /// Also puts the stream into the queue for room where that is what it lacks.
  bool can_deliver();
  void leave_queue();
  bool is_over() const { return is_broken_ || fault_ != StreamFault::kNone || end_seen_; }
  bool has_room_to_receive() const;
  /// Also puts the stream among the unread where calls may not be refused, but they would have to
  /// be.
  bool wants_to_receive();
  void list_unread();
  std::size_t held_now() const;
  /// Brings the context's sum up to date; may break the stream off.
  void note_held();
  kj::Promise<Read> over();
  Read take(const capnp::ReaderOptions& options);
  void wake_reader();
  void update_receiving();
  void note_received(std::size_t message_count);
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments);
  void append(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments);
  void want_flush();
  void finish_end();
  /// Lets Cap'n Proto forget the question that a Return answers, where that ends it.
  void finish_with_answer(kj::ArrayPtr<const capnp::word> first_segment);

  StreamContext& context_;
  FrameAssembler assembler_;
  QuestionGate gate_;
  kj::Own<kj::PromiseFulfiller<Read>> reader_;  // waits for a message
  capnp::ReaderOptions reader_options_;
  kj::Own<kj::PromiseFulfiller<void>> ender_;  // waits for the queue to drain
  kj::Maybe<kj::Exception> reason_;

  std::vector<std::byte> gathered_;  // written since the last flush
  std::vector<std::byte> sending_;   // with the kernel
  std::size_t sent_size_ = 0;        // of sending_
  std::size_t held_size_ = 0;        // this stream's part of the context's sum

  std::int64_t opened_ms_;
  std::int64_t message_ms_ = -1;
  std::int64_t partial_ms_ = -1;
  std::int64_t send_ms_ = -1;
  std::int64_t sent_ms_ = -1;
  std::uint32_t questions_in_service_ = 0;  // this stream's part of the context's sum
  StreamFault fault_ = StreamFault::kNone;
  bool is_receiving_ = false;
  bool is_sending_ = false;
  bool is_unflushed_ = false;
  bool is_queued_ = false;  // for room, in the context's list
  bool is_unread_ = false;  // in the context's list
  bool is_vain_ = false;    // in the context's list
  bool is_broken_ = false;
  bool end_seen_ = false;
  bool end_wanted_ = false;
  bool is_lingering_ = false;
  bool is_shut_ = false;
  bool has_asked_beyond_ = false;  // and could not be told so
  bool asks_in_vain_ = false;      // the last messages were calls that are refused whatever waits
  bool is_let_in_ = false;         // may be read once all the same, and is not charged for it
};

}  // namespace permitd::protocol
