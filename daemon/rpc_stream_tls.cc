// What TLS adds to a stream and to the streams of a loop: records instead of plaintext on the
// socket, and a time before the server knows of the connection, in which strangers may cost little.
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "daemon/log.h"
#include "daemon/rpc_stream.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

namespace {

constexpr std::size_t kRecordSizeMax = 16'384;  // plaintext of one record, RFC 8446
// Records ready for the socket: a whole send (256 KiB) and its overhead. Only a peer that asks for
// new keys over and over and reads none of the answers gets beyond.
constexpr std::size_t kOutputSizeMax = 512U << 10;
constexpr std::size_t kBufferSizeKept = 4096;  // by an idle connection

}  // namespace

// --- Sending ---

void RpcStream::start_send(std::span<const std::byte> bytes) {
  if (tls_ == nullptr) return transmit(bytes);
  tls_->plain_size = bytes.size();
  tls_->channel.write(bytes);
  push_records();
}

void RpcStream::push_records() {
  if (is_broken() || tls_->is_transmitting || !tls_->channel.has_output()) return;
  tls_->leaving.clear();
  tls_->channel.take_output(tls_->leaving);
  tls_->left_size = 0;
  tls_->is_transmitting = true;
  tls_->records_ms = context().now_ms();
  transmit(tls_->leaving);
}

bool RpcStream::has_records() const {
  return tls_ != nullptr && (tls_->is_transmitting || tls_->channel.has_output());
}

void RpcStream::transmitted(std::size_t size) {
  if (tls_ == nullptr) return sent(size);
  tls_->left_size += size;
  PERMIT_ASSERT(tls_->left_size <= tls_->leaving.size(), tls_->left_size, tls_->leaving.size());
  if (is_broken()) return;
  tls_->records_ms = context().now_ms();
  if (tls_->left_size < tls_->leaving.size()) {
    transmit(std::span<const std::byte>(tls_->leaving).subspan(tls_->left_size));
    return;
  }
  tls_->is_transmitting = false;
  if (tls_->leaving.capacity() > kBufferSizeKept) tls_->leaving = {};
  if (tls_->channel.has_output()) return push_records();
  tls_->records_ms = -1;
  if (const std::size_t plain_size = std::exchange(tls_->plain_size, 0); plain_size != 0)
    sent(plain_size);  // may go on with the next
  if (has_records()) return;
  if (std::exchange(tls_->is_shut_wanted, false)) ::shutdown(socket_, SHUT_WR);
  close_when_done();
}

void RpcStream::shut_down_write() {
  if (socket_ < 0) return;
  if (tls_ != nullptr) {
    tls_->channel.close();
    push_records();
    if (has_records()) {
      tls_->is_shut_wanted = true;
      return;
    }
  }
  ::shutdown(socket_, SHUT_WR);
}

// --- Receiving ---

void RpcStream::begin_tls(const RpcLoop::OnConnection& on_connection) {
  PERMIT_ASSERT(streams_.credentials_ != nullptr);  // set before the listener
  tls_ = std::make_unique<Tls>(streams_.credentials_, on_connection);
  streams_.begin_handshake(*this);
  start_receiving();
}

void RpcStream::arrived(std::span<const std::byte> bytes) {
  if (tls_ == nullptr) return received(bytes);
  if (is_released_ || is_broken()) return;  // nobody is there to read it
  protocol::TlsChannel& channel = tls_->channel;
  channel.offer(bytes);
  if (is_shaking() && !channel.is_handshaking()) opened();
  if (!is_shaking()) read_plain();
  push_records();
  if (channel.output_size() <= kOutputSizeMax) return;
  break_off(protocol::StreamFault::kSlowReader,
            KJ_EXCEPTION(DISCONNECTED, "peer does not read what TLS has to say"));
}

void RpcStream::opened() {
  const protocol::TlsChannel& channel = tls_->channel;
  if (channel.failure() != protocol::TlsFailure::kNone) {
    push_records();  // the alert
    return give_up(DropReason::kHandshake, channel.failure_text());
  }
  const std::string& name = channel.peer_name();
  peer_.is_tls = true;
  peer_.name = name;
  peer_.address += fmt::format(" ({})", name.empty() ? "no usable name" : name);
  // Both may have changed since the handshake began.
  if (streams_.credentials_->denies(name))
    return give_up(DropReason::kHandshake, "its name is on the deny list");
  if (!streams_.credentials_->has_authority_of(channel.credentials()))
    return give_up(DropReason::kHandshake, "the authority was changed meanwhile");
  if (!streams_.take_place(name))
    return give_up(DropReason::kTooManyConnections, "with certificates of this name");
  has_place_ = true;
  streams_.end_handshake(*this);
  ++streams_.handshakes_done_;
  if (streams_.figures_ != nullptr) streams_.figures_->count(&NetworkFigures::handshakes);
  serve(tls_->on_connection);
}

void RpcStream::read_plain() {
  std::array<std::byte, kRecordSizeMax> plain;
  protocol::TlsChannel& channel = tls_->channel;
  while (!is_broken() && !is_released_) {
    const std::size_t size = channel.read(plain);
    if (size == 0) break;
    received(std::span(plain).first(size));
  }
  if (is_broken() || is_released_) return;
  if (channel.has_ended()) {
    received_end();
  } else if (channel.failure() != protocol::TlsFailure::kNone) {
    const bool is_told = channel.failure() == protocol::TlsFailure::kToldByPeer;
    const std::string why = channel.failure_text();
    break_off(is_told ? protocol::StreamFault::kPeerClosed : protocol::StreamFault::kMalformed,
              KJ_EXCEPTION(DISCONNECTED, "TLS failed", why.c_str()));
  }
}

void RpcStream::give_up(DropReason reason, std::string_view detail) {
  if (is_released_) return;
  is_released_ = true;
  dropped_for_ = reason;
  streams_.end_handshake(*this);
  streams_.note_drop(reason, peer_, detail);
  // Either there are last words, an alert, or there is nothing to wait for.
  if (has_records()) {
    stop_reading(protocol::StreamFault::kDropped, KJ_EXCEPTION(DISCONNECTED, "TLS failed"));
    close_when_done();
  } else {
    break_off(protocol::StreamFault::kDropped, KJ_EXCEPTION(DISCONNECTED, "TLS failed"));
  }
}

// --- The streams of a loop ---

void RpcStreams::begin_handshake(RpcStream& stream) {
  stream.tls_->place = handshakes_.insert(handshakes_.end(), &stream);
  stream.tls_->is_listed = true;
  // Whoever floods the port gives its own up; an honest peer is through before its turn comes.
  if (handshakes_.size() > handshakes_max_)
    handshakes_.front()->give_up(DropReason::kHandshake, "given up for newer ones");
}

bool RpcStreams::take_place(const std::string& name) {
  std::uint32_t& count = places_[name];
  if (count >= limits_.same_name_max) return false;
  ++count;
  return true;
}

void RpcStreams::leave_place(const std::string& name) {
  const auto place = places_.find(name);
  if (--place->second == 0) places_.erase(place);
}

void RpcStreams::end_handshake(RpcStream& stream) {
  if (std::exchange(stream.tls_->is_listed, false)) handshakes_.erase(stream.tls_->place);
}

void RpcStreams::set_draining() {
  is_draining_ = true;
  while (!handshakes_.empty()) handshakes_.front()->give_up(DropReason::kDraining, {});
}

void RpcStreams::set_credentials(std::shared_ptr<const protocol::TlsCredentials> credentials) {
  const bool is_other_authority =
      credentials_ != nullptr && !credentials_->has_authority_of(*credentials);
  credentials_ = std::move(credentials);
  // Backwards: a connection that closes at once moves the last one, already seen, into its place.
  for (std::size_t index = open_.size(); index-- > 0;) {
    RpcStream& stream = *open_[index];
    if (stream.tls_ == nullptr || stream.is_shaking() || stream.is_released_) continue;
    if (is_other_authority || credentials_->denies(stream.peer_.name))
      stream.end_trust(DropReason::kDenied);
  }
}

}  // namespace permitd::daemon
