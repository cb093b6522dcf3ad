#include "cli/tls_stream.h"

#include <kj/debug.h>

#include <array>
#include <span>
#include <vector>

namespace permitd::cli {
namespace {

constexpr std::size_t kReceiveSize = 16'384 + 512;  // a whole record

kj::Exception tls_exception(const protocol::TlsChannel& channel) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                       kj::str("TLS: ", channel.failure_text().c_str()));
}

class TlsStream final : public kj::AsyncIoStream {
 public:
  TlsStream(kj::Own<kj::AsyncIoStream> inner,
            std::shared_ptr<const protocol::TlsCredentials> credentials, const std::string& host)
      : inner_(kj::mv(inner)), channel_(std::move(credentials), host) {}

  kj::Promise<void> shake() {
    if (!channel_.is_handshaking()) return shaken();
    channel_.offer(std::span(received_).first(0));
    return flush().then([this]() -> kj::Promise<void> { return shake_on(); });
  }

  kj::Promise<std::size_t> tryRead(void* buffer, std::size_t min_size,
                                   std::size_t max_size) override {
    auto plain = std::span(static_cast<std::byte*>(buffer), max_size);
    return read_some(plain, min_size, 0);
  }

  kj::Promise<void> write(const void* buffer, std::size_t size) override {
    if (channel_.failure() != protocol::TlsFailure::kNone) return tls_exception(channel_);
    channel_.write(std::span(static_cast<const std::byte*>(buffer), size));
    return flush();
  }
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override {
    if (channel_.failure() != protocol::TlsFailure::kNone) return tls_exception(channel_);
    for (const auto& piece : pieces)
      channel_.write(std::as_bytes(std::span(piece.begin(), piece.size())));
    return flush();
  }
  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }

  void shutdownWrite() override {
    channel_.close();
    tail_ = flush().then([this] { inner_->shutdownWrite(); }).eagerlyEvaluate(nullptr);
  }
  void abortRead() override { inner_->abortRead(); }

 private:
  kj::Promise<void> shaken() {
    if (channel_.is_open()) return kj::READY_NOW;
    return tls_exception(channel_);
  }

  kj::Promise<void> shake_on() {
    if (!channel_.is_handshaking()) return shaken();
    return receive().then([this](std::size_t size) -> kj::Promise<void> {
      if (size == 0) {
        return KJ_EXCEPTION(DISCONNECTED, "TLS: the server closed the connection");
      }
      // An alert may have to leave before the failure is told.
      return flush().then([this]() -> kj::Promise<void> { return shake_on(); });
    });
  }

  kj::Promise<std::size_t> receive() {
    return inner_->tryRead(received_.data(), 1, received_.size()).then([this](std::size_t size) {
      channel_.offer(std::span(received_).first(size));
      return size;
    });
  }

  kj::Promise<std::size_t> read_some(std::span<std::byte> plain, std::size_t min_size,
                                     std::size_t done) {
    while (done < plain.size()) {
      const std::size_t size = channel_.read(plain.subspan(done));
      if (size == 0) break;
      done += size;
    }
    if (channel_.has_output()) keep_flushing();
    if (done >= min_size || channel_.has_ended()) return done;
    if (channel_.failure() != protocol::TlsFailure::kNone) return tls_exception(channel_);
    return receive().then(
        [this, plain, min_size, done](std::size_t size) -> kj::Promise<std::size_t> {
          if (size == 0) return done;
          return read_some(plain, min_size, done);
        });
  }

  /// Resolves when everything said so far has been written below; one write after the other.
  kj::Promise<void> flush() {
    auto done = kj::mv(tail_)
                    .then([this]() -> kj::Promise<void> {
                      if (!channel_.has_output()) return kj::READY_NOW;
                      leaving_.clear();
                      channel_.take_output(leaving_);
                      return inner_->write(leaving_.data(), leaving_.size());
                    })
                    .fork();
    tail_ = done.addBranch();
    return done.addBranch();
  }
  void keep_flushing() {
    auto ignored = flush();  // its failure is that of the next write
  }

  kj::Own<kj::AsyncIoStream> inner_;
  protocol::TlsChannel channel_;
  std::array<std::byte, kReceiveSize> received_{};
  std::vector<std::byte> leaving_;
  kj::Promise<void> tail_ = kj::READY_NOW;  // of the writes below
};

}  // namespace

kj::Promise<kj::Own<kj::AsyncIoStream>> start_tls(
    kj::Own<kj::AsyncIoStream> stream, std::shared_ptr<const protocol::TlsCredentials> credentials,
    const std::string& host) {
  auto secured = kj::heap<TlsStream>(kj::mv(stream), std::move(credentials), host);
  auto shaken = secured->shake();
  return shaken.then([secured = kj::mv(secured)]() mutable -> kj::Own<kj::AsyncIoStream> {
    return kj::mv(secured);
  });
}

}  // namespace permitd::cli
