#include "daemon/rpc_stream.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/log.h"
#include "protocol/kj_compat.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

namespace {

// How long a released stream waits for its peer to have read the last words and closed.
constexpr std::int64_t kLingerMs = 1000;

// Enough to fill the batches that are applied, written and answered at once. What more would cost
// is told in docs/decisions/0015.
constexpr std::uint32_t kQuestionsInServiceMax = 1024;

LogSite drop_site;       // one for all: a flood of faults must not become a flood of lines
LogSite handshake_site;  // but strangers at the door do not hide what happens inside
LogSite accept_site;

protocol::StreamLimits stream_limits(const ConnectionLimits& limits) {
  protocol::StreamLimits result;
  result.frame.words_max = limits.message_words_max;
  result.frame.segments_max = limits.segments_max;
  result.send_queue_size_max = limits.send_queue_size_max;
  result.held_size_max = limits.held_size_max;
  result.wait_ms = limits.wait_ms;
  result.messages_waiting_max = limits.messages_waiting_max;
  result.questions_max = limits.questions_max;
  result.questions_in_service_max = kQuestionsInServiceMax;
  return result;
}

// True when `since` is a moment and so many seconds have passed since.
bool is_overdue(std::int64_t since_ms, std::int64_t now_ms, std::uint32_t seconds) {
  return since_ms >= 0 && seconds != 0 && now_ms - since_ms >= std::int64_t{seconds} * 1000;
}

}  // namespace

RpcStream::RpcStream(RpcStreams& streams, int socket, Peer peer)
    : BufferedStream(streams.context()),
      streams_(streams),
      peer_(std::move(peer)),
      socket_(socket) {}

RpcStream::~RpcStream() noexcept(false) {
  if (socket_ >= 0) ::close(socket_);
}

void RpcStream::begin(const RpcLoop::OnConnection& on_connection) {
  start_receiving();
  serve(on_connection);
}

// Not owned by this frame: whatever the server does, giving the stream up releases the connection.
void RpcStream::serve(const RpcLoop::OnConnection& on_connection) {
  auto failure = kj::runCatchingExceptions([&]() { on_connection(hand_out(), peer_); });
  PERMIT_IF_MAYBE(exception, failure) {
    log_line(accept_site, LogLevel::kError, "a connection could not be served: {}",
             exception->getDescription().cStr());
  }
}

kj::Own<capnp::MessageStream> RpcStream::hand_out() {
  is_handed_out_ = true;
  return kj::Own<capnp::MessageStream>(this, releaser_);
}

int RpcStream::take_socket() { return std::exchange(socket_, -1); }

void RpcStream::drop(DropReason reason) {
  dropped_for_ = reason;
  const std::string_view name = drop_reason_name(reason);
  stop_reading(protocol::StreamFault::kDropped,
               KJ_EXCEPTION(DISCONNECTED, "connection dropped by the server",
                            kj::heapString(name.data(), name.size())));
}

void RpcStream::end_trust(DropReason reason) {
  dropped_for_ = reason;
  const std::string_view name = drop_reason_name(reason);
  break_off(protocol::StreamFault::kDropped,
            KJ_EXCEPTION(DISCONNECTED, "connection ended by the server",
                         kj::heapString(name.data(), name.size())));
}

void RpcStream::sweep(const ConnectionLimits& limits, std::int64_t now_ms, std::int64_t wall_s) {
  const std::int64_t records_ms = tls_ == nullptr ? -1 : tls_->records_ms;
  if (is_overdue(send_ms(), now_ms, limits.send_seconds) ||
      is_overdue(records_ms, now_ms, limits.send_seconds)) {
    break_off(protocol::StreamFault::kSlowReader,
              KJ_EXCEPTION(DISCONNECTED, "peer does not read its replies"));
    return;
  }
  if (lingering_ms_ >= 0 && now_ms - lingering_ms_ >= kLingerMs) {
    break_off(protocol::StreamFault::kDropped, KJ_EXCEPTION(DISCONNECTED, "peer does not close"));
    return;
  }
  if (is_released_) return;
  if (is_shaking()) {
    if (is_overdue(opened_ms(), now_ms, limits.handshake_seconds))
      give_up(DropReason::kHandshake, "it was not completed in time");
    return;
  }
  if (tls_ != nullptr && wall_s >= tls_->channel.peer_expires_at()) {
    end_trust(DropReason::kExpired);
    return;
  }
  if (fault() != protocol::StreamFault::kNone) {
    sweep_faulty(limits, now_ms);
    return;
  }
  if (is_overdue(partial_ms(), now_ms, limits.partial_seconds)) {
    drop(DropReason::kSlowWriter);
  } else if (message_ms() < 0) {
    if (is_overdue(opened_ms(), now_ms, limits.handshake_seconds)) drop(DropReason::kSilent);
  } else if (send_ms() < 0 &&
             is_overdue(std::max(message_ms(), sent_ms()), now_ms, limits.idle_seconds)) {
    drop(DropReason::kIdle);
  }
}

// Cap'n Proto gives a faulty stream up at once. Should the server hold on to it all the same, the
// peer is let go.
void RpcStream::sweep_faulty(const ConnectionLimits& limits, std::int64_t now_ms) {
  if (fault_ms_ < 0) fault_ms_ = now_ms;
  if (!is_overdue(fault_ms_, now_ms, limits.send_seconds)) return;
  break_off(protocol::StreamFault::kDropped, KJ_EXCEPTION(DISCONNECTED, "given up"));
}

void RpcStream::shut_down_both() {
  // Makes the kernel end what it is doing for this socket.
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  if (is_shaking()) give_up(drop_reason(), {});
  close_when_done();
}

void RpcStream::drained() { close_when_done(); }

void RpcStream::peer_closed() {
  if (is_shaking()) give_up(drop_reason(), {});
  close_when_done();
}

void RpcStream::release() {
  PERMIT_ASSERT(!is_released_);
  is_released_ = true;
  streams_.note_drop(drop_reason(), peer_);
  close_when_done();
}

void RpcStream::close_when_done() {
  if (!is_released_ || is_closing_) return;
  if (!is_broken()) {
    // Last words, within the deadline for sends.
    if (send_queue_size() != 0 || has_records()) return;
    if (!has_peer_closed()) {
      if (lingering_ms_ >= 0) return;
      lingering_ms_ = context().now_ms();
      linger();
      return;
    }
  }
  is_closing_ = true;
  close();
}

void RpcStream::closed() { streams_.bury(*this); }

DropReason RpcStream::drop_reason() const {
  switch (fault()) {
    case protocol::StreamFault::kPeerClosed:
      return DropReason::kPeerClosed;
    case protocol::StreamFault::kMalformed:
      return DropReason::kMalformed;
    case protocol::StreamFault::kOversized:
      return DropReason::kOversized;
    case protocol::StreamFault::kTooManySegments:
      return DropReason::kTooManySegments;
    case protocol::StreamFault::kSlowReader:
      return DropReason::kSlowReader;
    case protocol::StreamFault::kIoError:
      return DropReason::kIoError;
    case protocol::StreamFault::kOverBudget:
      return DropReason::kOverBudget;
    case protocol::StreamFault::kDropped:
      return dropped_for_;
    case protocol::StreamFault::kNone:
      break;  // our side has given it up
  }
  if (has_peer_ended()) return DropReason::kPeerClosed;
  return streams_.is_draining_ ? DropReason::kDraining : DropReason::kProtocolError;
}

RpcStreams::RpcStreams(const RpcLoop::Options& options)
    : limits_(options.limits),
      handshakes_max_(options.handshakes_max),
      figures_(options.figures),
      context_(stream_limits(options.limits)) {}

void RpcStreams::clear() {
  for (const auto& stream : open_) {
    PERMIT_ASSERT(stream->is_released_ || stream->is_shaking());
  }
  handshakes_.clear();
  if (figures_ != nullptr) figures_->connections.fetch_sub(open_.size(), std::memory_order_relaxed);
  open_.clear();
  buried_.clear();
}

bool RpcStreams::has_room() const {
  const std::uint64_t count =
      figures_ == nullptr ? open_.size() : figures_->connections.load(std::memory_order_relaxed);
  return count < limits_.connections_max;
}

RpcStream& RpcStreams::add(std::unique_ptr<RpcStream> stream) {
  ++accepted_;
  if (figures_ != nullptr) figures_->count(&NetworkFigures::connections);
  RpcStream& added = *stream;
  added.index_ = open_.size();
  open_.push_back(std::move(stream));
  return added;
}

void RpcStreams::note_drop(DropReason reason, const Peer& peer, std::string_view detail) {
  ++dropped_[static_cast<std::size_t>(reason)];
  if (figures_ != nullptr) figures_->count_drop(reason);
  const std::string_view separator = detail.empty() ? "" : ": ";
  if (reason == DropReason::kPeerClosed || reason == DropReason::kDraining) {
    log_line(LogLevel::kDebug, "connection from {} ended: {}{}{}", peer.address,
             drop_reason_name(reason), separator, detail);
  } else {
    log_line(reason == DropReason::kHandshake ? handshake_site : drop_site, LogLevel::kWarning,
             "connection from {} dropped: {}{}{}", peer.address, drop_reason_name(reason),
             separator, detail);
  }
}

void RpcStreams::bury(RpcStream& stream) {
  const std::size_t index = stream.index_;
  PERMIT_ASSERT(open_[index].get() == &stream, index);
  stream.forget_flush();
  if (stream.has_place_) leave_place(stream.peer_.name);
  if (figures_ != nullptr) figures_->connections.fetch_sub(1, std::memory_order_relaxed);
  buried_.push_back(std::move(open_[index]));
  if (index + 1 != open_.size()) {
    open_[index] = std::move(open_.back());
    open_[index]->index_ = index;
  }
  open_.pop_back();
}

bool RpcStreams::reap() {
  const bool any = !buried_.empty();
  buried_.clear();
  return any;
}

// Of those answered unread, a few times a second: they are too many to be counted one by one.
void RpcStreams::count_refused() {
  const std::uint64_t refused = context_.counters().calls_refused;
  if (figures_ != nullptr)
    figures_->calls_busy.fetch_add(refused - refused_counted_, std::memory_order_relaxed);
  refused_counted_ = refused;
}

void RpcStreams::sweep(std::int64_t now_ms) {
  count_refused();
  const std::int64_t wall_s = ::time(nullptr);  // certificates run out by the world's clock
  // Backwards: a connection that closes at once moves the last one, already seen, into its place.
  for (std::size_t index = open_.size(); index-- > 0;) open_[index]->sweep(limits_, now_ms, wall_s);
}

void RpcStreams::fill(LoopStats& stats) const {
  const protocol::StreamCounters& counters = context_.counters();
  stats.connections_accepted = accepted_;
  stats.connections_open = static_cast<std::uint32_t>(open_.size());
  stats.messages_received = counters.messages_received;
  stats.messages_sent = counters.messages_sent;
  stats.calls_refused = counters.calls_refused;
  stats.sends = counters.sends;
  stats.received_size = counters.received_size;
  stats.sent_size = counters.sent_size;
  stats.handshakes = handshakes_done_;
  std::copy(std::begin(dropped_), std::end(dropped_), std::begin(stats.dropped));
}

}  // namespace permitd::daemon
