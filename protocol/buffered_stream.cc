#include "protocol/buffered_stream.h"

#include <capnp/rpc.capnp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/kj_compat.h"
#include "protocol/message_head.h"
#include "scheduler/assert.h"

namespace permitd::protocol {

namespace {

// Whole messages that wait unread before the stream stops receiving: a few turns' worth.
constexpr std::size_t kReceiveQueueSizeMax = 256U << 10;
// One send: large enough to be cheap, small enough that a slow peer shows progress within a
// deadline.
constexpr std::size_t kSendSizeMax = 256U << 10;
// Kept with its memory after use; a larger buffer (a burst, a long list) goes back to the
// allocator.
constexpr std::size_t kBufferSizeKept = 128U << 10;
constexpr std::size_t kBuffersKeptSize = 2U << 20;  // of all of them
constexpr std::size_t kBufferSizeMin = 4096;

kj::Exception fault_exception(FrameFault fault, const FrameLimits& limits) {
  switch (fault) {
    case FrameFault::kOversized:
      return KJ_EXCEPTION(FAILED, "message is larger than this connection allows",
                          limits.words_max);
    case FrameFault::kTooManySegments:
      return KJ_EXCEPTION(FAILED, "message has more segments than this connection allows",
                          limits.segments_max);
    case FrameFault::kMalformed:
    case FrameFault::kNone:
      break;
  }
  return KJ_EXCEPTION(FAILED, "bytes received are not a message");
}

StreamFault stream_fault_of(FrameFault fault) {
  switch (fault) {
    case FrameFault::kNone:
      return StreamFault::kNone;
    case FrameFault::kMalformed:
      return StreamFault::kMalformed;
    case FrameFault::kOversized:
      return StreamFault::kOversized;
    case FrameFault::kTooManySegments:
      return StreamFault::kTooManySegments;
  }
  return StreamFault::kMalformed;
}

}  // namespace

void StreamContext::flush() {
  flushing_.swap(unflushed_);
  // By index: a flush that fails may take another stream off the list, leaving a null behind.
  for (std::size_t index = 0; index < flushing_.size(); ++index) {
    BufferedStream* stream = flushing_[index];
    if (stream != nullptr) stream->flush();
  }
  flushing_.clear();
}

void StreamContext::set_now_ms(std::int64_t now_ms) {
  const std::int64_t passed_ms = std::clamp<std::int64_t>(now_ms - now_ms_, 0, kRefusalsAtOnce);
  now_ms_ = now_ms;
  add_refusal_credit(passed_ms * kCreditForMs);
}

void StreamContext::add_refusal_credit(std::int64_t credit) {
  refusal_credit_ = std::min(refusal_credit_ + credit, kRefusalsAtOnce * kRefusalCost);
}

void StreamContext::take_refusal_credit() {
  refusal_credit_ = std::max(refusal_credit_ - kRefusalCost, -kRefusalsOwedMax * kRefusalCost);
}

// Those that have waited longest, one for each buffer's worth of refusals.
void StreamContext::read_on() {
  std::size_t index = 0;
  for (std::int64_t credit = refusal_credit_; index < unread_.size(); ++index) {
    if (unread_[index] == nullptr) continue;  // has gone
    if (credit <= 0) break;
    BufferedStream* stream = std::exchange(unread_[index], nullptr);
    stream->is_unread_ = false;
    if (stream->is_receiving_) continue;
    stream->update_receiving();
    credit -= kDeliveredLeast * kRefusalCost;
  }
  unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(index));
}

void StreamContext::read_in_vain() {
  std::size_t index = 0;
  bool is_read = false;
  while (index < vain_.size() && !is_read) {
    BufferedStream* stream = std::exchange(vain_[index++], nullptr);
    if (stream == nullptr) continue;  // has gone
    stream->is_vain_ = false;
    if (stream->is_receiving_) continue;
    stream->is_let_in_ = true;
    stream->update_receiving();
    is_read = stream->is_let_in_ = stream->is_receiving_;
  }
  vain_.erase(vain_.begin(), vain_.begin() + static_cast<std::ptrdiff_t>(index));
}

// A message each, to as many as there is room for; they go on side by side when nobody waits any
// more, and behind those that still do otherwise.
void StreamContext::deliver_in_turn() {
  delivered_ = 0;
  std::size_t index = 0;
  while (index < queued_.size() && has_room()) {
    BufferedStream* stream = std::exchange(queued_[index++], nullptr);
    if (stream == nullptr) continue;
    stream->is_queued_ = false;
    stream->wake_reader();
  }
  queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(index));
  read_on();
}

StreamContext::Buffer StreamContext::take_buffer() {
  Buffer buffer;
  if (buffers_.empty()) {
    buffer.reserve(kBufferSizeMin);
    return buffer;
  }
  buffer = std::move(buffers_.back());
  buffers_.pop_back();
  buffers_size_ -= buffer.capacity();
  return buffer;
}

void StreamContext::give_back(Buffer&& buffer) {
  Buffer taken = std::move(buffer);
  buffer = {};
  if (taken.capacity() == 0 || taken.capacity() > kBufferSizeKept ||
      buffers_size_ + taken.capacity() > kBuffersKeptSize)
    return;
  taken.clear();
  buffers_size_ += taken.capacity();
  buffers_.push_back(std::move(taken));
}

BufferedStream::~BufferedStream() noexcept(false) {
  forget_flush();
  leave_queue();
  leave_unread();
  context_.questions_in_service_ -= questions_in_service_;
  context_.held_size_ -= held_size_;
}

void BufferedStream::forget_flush() {
  if (!is_unflushed_) return;
  is_unflushed_ = false;
  std::replace(context_.unflushed_.begin(), context_.unflushed_.end(), this,
               static_cast<BufferedStream*>(nullptr));
  std::replace(context_.flushing_.begin(), context_.flushing_.end(), this,
               static_cast<BufferedStream*>(nullptr));
}

std::size_t BufferedStream::held_now() const {
  return assembler_.queued_size() + assembler_.partial_capacity() + gathered_.size() +
         sending_.size();
}

void BufferedStream::note_held() {
  const std::size_t held = held_now();
  const bool is_more = held > held_size_;
  context_.held_size_ += held;
  context_.held_size_ -= held_size_;
  held_size_ = held;
  if (!is_more || held <= kHeldSizeFair) return;
  if (context_.held_size_ <= context_.limits().held_size_max) return;
  break_off(StreamFault::kOverBudget,
            KJ_EXCEPTION(OVERLOADED, "too many bytes are held for all connections together"));
}

// --- Reading ---

bool BufferedStream::has_deliverable() const {
  return !is_broken_ && assembler_.has_message() && send_queue_size() <= send_queue_high();
}

bool BufferedStream::can_deliver() {
  if (!has_deliverable() || is_queued_) return false;
  if (context_.has_room()) return true;
  is_queued_ = true;
  context_.queued_.push_back(this);
  return false;
}

void BufferedStream::leave_queue() {
  if (!std::exchange(is_queued_, false)) return;
  std::replace(context_.queued_.begin(), context_.queued_.end(), this,
               static_cast<BufferedStream*>(nullptr));
}

BufferedStream::Read BufferedStream::take(const capnp::ReaderOptions& options) {
  ++context_.delivered_;
  if (assembler_.is_question_next()) {
    ++questions_in_service_;
    ++context_.questions_in_service_;
    context_.add_refusal_credit(kCreditForCall);
  }
  return capnp::MessageReaderAndFds{assembler_.take(options), nullptr};
}

// What a reader gets when no message will come any more.
kj::Promise<BufferedStream::Read> BufferedStream::over() {
  PERMIT_IF_MAYBE(reason, reason_) return kj::cp(*reason);
  return Read();
}

kj::Promise<BufferedStream::Read> BufferedStream::tryReadMessage(kj::ArrayPtr<kj::AutoCloseFd>,
                                                                 capnp::ReaderOptions options,
                                                                 kj::ArrayPtr<capnp::word>) {
  if (can_deliver()) {
    Read message = take(options);
    note_held();
    update_receiving();
    return kj::mv(message);
  }
  if (is_broken_ || (is_over() && !assembler_.has_message())) return over();
  auto waiting = kj::newPromiseAndFulfiller<Read>();
  reader_ = kj::mv(waiting.fulfiller);
  reader_options_ = options;
  return kj::mv(waiting.promise);
}

void BufferedStream::wake_reader() {
  if (reader_.get() == nullptr || !reader_->isWaiting()) return;
  if (can_deliver()) {
    reader_->fulfill(take(reader_options_));
    reader_ = nullptr;
    note_held();
    update_receiving();
    return;
  }
  if (!is_broken_ && (!is_over() || assembler_.has_message())) return;
  auto reader = kj::mv(reader_);
  PERMIT_IF_MAYBE(reason, reason_) { reader->reject(kj::cp(*reason)); }
  else {
    reader->fulfill(Read());
  }
}

void BufferedStream::start_receiving() { update_receiving(); }

bool BufferedStream::has_room_to_receive() const {
  return assembler_.queued_size() <= kReceiveQueueSizeMax && send_queue_size() <= send_queue_high();
}

bool BufferedStream::wants_to_receive() {
  if (is_lingering_) return !is_broken_ && !end_seen_;
  if (is_over() || !has_room_to_receive()) return false;
  if (context_.may_refuse()) return true;
  if (!assembler_.has_message() && (!asks_in_vain_ || is_let_in_)) return true;
  list_unread();
  return false;
}

void BufferedStream::list_unread() {
  if (!std::exchange(is_unread_, true)) context_.unread_.push_back(this);
  if (!asks_in_vain_ || assembler_.has_message() || std::exchange(is_vain_, true)) return;
  context_.vain_.push_back(this);
}

void BufferedStream::linger() {
  is_lingering_ = true;
  finish_end();
  update_receiving();
}

void BufferedStream::leave_unread() {
  const auto leave = [this](std::vector<BufferedStream*>& list) {
    std::replace(list.begin(), list.end(), this, static_cast<BufferedStream*>(nullptr));
  };
  if (std::exchange(is_unread_, false)) leave(context_.unread_);
  if (std::exchange(is_vain_, false)) leave(context_.vain_);
}

void BufferedStream::update_receiving() {
  const bool wanted = wants_to_receive();
  if (wanted == is_receiving_) return;
  is_receiving_ = wanted;
  // The peer could not go on while nobody received: its time starts afresh.
  if (wanted && partial_ms_ >= 0) partial_ms_ = context_.now_ms();
  set_receiving(wanted);
}

void BufferedStream::received(std::span<const std::byte> bytes) {
  context_.counters_.received_size += bytes.size();
  if (is_over() || is_lingering_) return;
  const std::uint64_t before = assembler_.arrived_count();
  const bool asked_in_vain = std::exchange(asks_in_vain_, false);
  const FrameFault fault = assembler_.feed(bytes, context_.now_ms());
  if (assembler_.arrived_count() == before) asks_in_vain_ = asked_in_vain;
  is_let_in_ = false;
  note_received(static_cast<std::size_t>(assembler_.arrived_count() - before));
  if (fault != FrameFault::kNone) {
    stop_reading(stream_fault_of(fault), fault_exception(fault, context_.limits().frame));
    return;
  }
  if (has_asked_beyond_) {
    stop_reading(StreamFault::kOverBudget,
                 KJ_EXCEPTION(FAILED, "more questions are open than this connection allows",
                              context_.limits().questions_max));
    return;
  }
  wake_reader();
  note_held();
  update_receiving();
}

bool BufferedStream::is_crowded() const {
  const StreamLimits& limits = context_.limits();
  if (!assembler_.has_message()) return false;
  if (assembler_.message_count() >= limits.messages_waiting_max) return true;
  return limits.wait_ms != 0 && context_.now_ms() - assembler_.oldest_ms() >= limits.wait_ms;
}

bool BufferedStream::admits(const MessageHead& head) {
  if (is_broken_ || has_asked_beyond_) return false;  // by the answer to one before, or by one
  const bool is_beyond = head.asks() && head.question >= context_.limits().questions_max;
  switch (gate_.judge(head, is_beyond || is_crowded())) {
    case GateVerdict::kPass:
      has_asked_beyond_ = is_beyond;
      return !is_beyond;
    case GateVerdict::kBusy:
      ++context_.counters_.calls_refused;
      refuse(context_.gate_messages_.busy(head.question));
      return false;
    case GateVerdict::kNoCapability:
      refuse(context_.gate_messages_.no_capability(head.question));
      return false;
    case GateVerdict::kSwallow:
      return false;
  }
  return true;
}

void BufferedStream::refuse(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> answer) {
  asks_in_vain_ = asks_in_vain_ || !is_crowded();
  if (!is_let_in_) context_.take_refusal_credit();
  auto ignored = write(answer);  // whether it can be sent shows in the state of the stream
}

void BufferedStream::note_received(std::size_t message_count) {
  context_.counters_.messages_received += message_count;
  if (message_count != 0) message_ms_ = context_.now_ms();
  if (!assembler_.is_partial()) {
    partial_ms_ = -1;
  } else if (partial_ms_ < 0 || message_count != 0) {
    partial_ms_ = context_.now_ms();
  }
}

void BufferedStream::received_end() {
  if (end_seen_ || is_broken_) return;
  if (fault_ == StreamFault::kNone) {
    fault_ = StreamFault::kPeerClosed;
    if (assembler_.is_partial())
      reason_ = KJ_EXCEPTION(DISCONNECTED, "peer closed within a message");
  }
  end_seen_ = true;
  partial_ms_ = -1;
  update_receiving();
  wake_reader();
  peer_closed();
}

void BufferedStream::stop_reading(StreamFault fault, kj::Exception&& reason) {
  if (is_over()) return;
  fault_ = fault;
  reason_ = kj::mv(reason);
  partial_ms_ = -1;
  update_receiving();
  wake_reader();
}

void BufferedStream::break_off(StreamFault fault, kj::Exception&& reason) {
  if (is_broken_) return;
  if (fault_ == StreamFault::kNone) fault_ = fault;
  if (reason_ == nullptr) reason_ = kj::mv(reason);
  is_broken_ = true;
  leave_queue();
  partial_ms_ = -1;
  send_ms_ = -1;
  context_.give_back(std::move(gathered_));
  note_held();
  update_receiving();
  wake_reader();
  if (ender_.get() != nullptr) finish_end();
  shut_down_both();
}

// --- Writing ---

void BufferedStream::append(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  PERMIT_ASSERT(segments.size() > 0);
  if (gathered_.capacity() == 0) gathered_ = context_.take_buffer();
  const auto add = [this](const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    gathered_.insert(gathered_.end(), begin, begin + size);
  };
  const auto add_entry = [&add](std::size_t value) {
    const auto entry = static_cast<std::uint32_t>(value);
    add(&entry, sizeof entry);
  };
  add_entry(segments.size() - 1);
  for (const auto& segment : segments) add_entry(segment.size());
  if (segments.size() % 2 == 0) add_entry(0);
  for (const auto& segment : segments) add(segment.begin(), segment.asBytes().size());
  ++context_.counters_.messages_sent;
}

kj::Promise<void> BufferedStream::writeMessage(
    kj::ArrayPtr<const int>, kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  // A bootstrap was counted too: its answer must not pass for that of a call.
  if (questions_in_service_ != 0 && message_kind(segments[0]) == capnp::rpc::Message::RETURN) {
    --questions_in_service_;
    --context_.questions_in_service_;
    finish_with_answer(segments[0]);
  }
  return write(segments);
}

void BufferedStream::finish_with_answer(kj::ArrayPtr<const capnp::word> first_segment) {
  if (is_over()) return;
  const auto question = answered_without_capability(first_segment);
  if (!question || !gate_.end(*question)) return;
  assembler_.append(context_.gate_messages_.finish(*question), context_.now_ms());
  wake_reader();
}

kj::Promise<void> BufferedStream::write(
    kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  if (is_broken_ || is_shut_) {
    PERMIT_IF_MAYBE(reason, reason_) return kj::cp(*reason);
    return KJ_EXCEPTION(DISCONNECTED, "the connection is closed");
  }
  append(segments);
  if (send_queue_size() > context_.limits().send_queue_size_max) {
    auto reason = KJ_EXCEPTION(DISCONNECTED, "peer does not read its replies");
    break_off(StreamFault::kSlowReader, kj::cp(reason));
    return kj::mv(reason);
  }
  note_held();
  if (is_broken_) {
    PERMIT_IF_MAYBE(reason, reason_) return kj::cp(*reason);
  }
  want_flush();
  return kj::READY_NOW;
}

kj::Promise<void> BufferedStream::writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
  for (auto& message : messages) {
    if (is_broken_ || is_shut_) break;
    auto done = writeMessage(nullptr, message);
    if (is_broken_) return done;
  }
  return kj::READY_NOW;
}

void BufferedStream::want_flush() {
  if (send_ms_ < 0) send_ms_ = context_.now_ms();
  if (is_unflushed_ || is_sending_) return;
  is_unflushed_ = true;
  flush_wanted();
}

void BufferedStream::flush_wanted() { context_.unflushed_.push_back(this); }

void BufferedStream::flush() {
  is_unflushed_ = false;
  if (is_broken_ || is_sending_ || gathered_.empty()) return;
  sending_.swap(gathered_);
  sent_size_ = 0;
  is_sending_ = true;
  ++context_.counters_.sends;
  start_send(std::span<const std::byte>(sending_).first(std::min(sending_.size(), kSendSizeMax)));
}

void BufferedStream::sent(std::size_t size) {
  PERMIT_ASSERT(is_sending_);
  PERMIT_ASSERT(size <= sending_.size() - sent_size_, size, sending_.size(), sent_size_);
  sent_size_ += size;
  context_.counters_.sent_size += size;
  if (is_broken_) return;
  sent_ms_ = context_.now_ms();
  send_ms_ = sent_ms_;
  if (sent_size_ < sending_.size()) {
    const auto rest = std::span<const std::byte>(sending_).subspan(sent_size_);
    start_send(rest.first(std::min(rest.size(), kSendSizeMax)));
    return;
  }
  context_.give_back(std::move(sending_));
  note_held();
  sent_size_ = 0;
  is_sending_ = false;
  if (!gathered_.empty()) {
    want_flush();
  } else {
    send_ms_ = -1;
    if (end_wanted_) finish_end();
    drained();
  }
  wake_reader();
  update_receiving();
}

kj::Promise<void> BufferedStream::end() {
  end_wanted_ = true;
  if (is_broken_ || send_queue_size() == 0) {
    finish_end();
    return kj::READY_NOW;
  }
  auto waiting = kj::newPromiseAndFulfiller<void>();
  ender_ = kj::mv(waiting.fulfiller);
  return kj::mv(waiting.promise);
}

void BufferedStream::finish_end() {
  if (!is_shut_ && !is_broken_) {
    is_shut_ = true;
    shut_down_write();
  }
  if (ender_.get() == nullptr) return;
  auto ender = kj::mv(ender_);
  ender->fulfill();
}

}  // namespace permitd::protocol
