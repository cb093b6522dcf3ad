// TLS as a filter of bytes: records in, plaintext out, and the other way round. It knows no socket
// and no event loop, so it serves the daemon's streams and the client's alike.
//
// TLS 1.3 only; both ends show a certificate of the one authority they were given, the system's
// trust store has no say. No session is resumed and nothing is sent early: each connection shows
// its certificate anew, so what was denied or has expired meanwhile does not slip through.
// TlsCredentials never change and may be shared by threads; a TlsChannel belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;

namespace permitd::protocol {

enum class TlsSide : std::uint8_t { kServer, kClient };

/// Paths of PEM files: a certificate (with what chains it to the authority), its key, and the
/// certificates of the authority.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string authority;
};

using NameSet = std::set<std::string, std::less<>>;

class TlsCredentials {
 public:
  /// Reads the files; blocks. `denied` are common names that a server turns away. The error is one
  /// sentence that names the file and holds no secret.
  static std::expected<std::shared_ptr<const TlsCredentials>, std::string> load(
      TlsSide side, const TlsFiles& files, NameSet denied = {});
  ~TlsCredentials();
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  /// A name is denied with everything behind its "@": "supervisor-31" stands for "supervisor-31@5".
  bool denies(std::string_view name) const {
    return denied_.contains(name) || denied_.contains(name.substr(0, name.find('@')));
  }
  TlsSide side() const { return side_; }
  std::size_t denied_count() const { return denied_.size(); }
  /// Whether both know the same authority, byte by byte.
  bool has_authority_of(const TlsCredentials& other) const {
    return authority_ == other.authority_;
  }
  /// End of our own certificate, seconds since 1970.
  std::int64_t expires_at() const { return expires_at_; }

 private:
  friend class TlsChannel;
  TlsCredentials(TlsSide side, NameSet denied) : side_(side), denied_(std::move(denied)) {}
  std::string read(const TlsFiles& files);  // empty, or what is wrong

  TlsSide side_;
  NameSet denied_;
  std::string authority_;  // the file's bytes
  std::int64_t expires_at_ = 0;
  ssl_ctx_st* context_ = nullptr;
};

enum class TlsFailure : std::uint8_t {
  kNone,
  kNotTls,      // the first byte is none of TLS
  kOldVersion,  // the peer knows TLS 1.2 at most
  kNoCertificate,
  kExpired,
  kNotYetValid,
  kUnknownAuthority,
  kDenied,        // its name is on the deny list
  kWrongHost,     // the server's certificate is for another host
  kWrongPurpose,  // not said to be for its side of a connection
  kToldByPeer,    // the peer gave up, with an alert
  kBroken,        // bytes that no sound peer sends
};
inline constexpr std::size_t kTlsFailureCount = 12;

class TlsChannel {
 public:
  /// `host` is what a client believes to speak to: a name or an address that the server's
  /// certificate must hold; a server leaves it empty.
  explicit TlsChannel(std::shared_ptr<const TlsCredentials> credentials,
                      const std::string& host = {});
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  /// Goes on with the handshake: a client's first step with no bytes at all. `bytes` are borrowed
  /// until the next call of offer() or until read() gives 0.
  void offer(std::span<const std::byte> bytes);
  /// Plaintext of what was offered; 0 when there is no more for now, or ever (is_over()).
  std::size_t read(std::span<std::byte> plain);
  /// Turns all of it into records; only while is_open().
  void write(std::span<const std::byte> plain);
  /// Says that nothing more will be written.
  void close();

  /// Records for the peer, in order.
  bool has_output() const { return !output_.empty(); }
  std::size_t output_size() const { return output_.size(); }
  /// Appends them to `out`, which is empty and keeps its memory.
  void take_output(std::vector<std::byte>& out) { out.swap(output_); }

  bool is_open() const { return is_open_ && failure_ == TlsFailure::kNone && !has_ended_; }
  bool is_handshaking() const { return !is_open_ && failure_ == TlsFailure::kNone; }
  /// The peer has said that nothing more will come.
  bool has_ended() const { return has_ended_; }
  bool is_over() const { return has_ended_ || failure_ != TlsFailure::kNone; }
  TlsFailure failure() const { return failure_; }
  /// Why, in words for a log or a caller; holds no secret.
  std::string failure_text() const;

  const TlsCredentials& credentials() const { return *credentials_; }

  // Of the peer's certificate, once open.
  /// Its one common name; empty when it has none, several, or one with odd characters.
  const std::string& peer_name() const { return peer_name_; }
  /// Seconds since 1970; the earliest end in its chain.
  std::int64_t peer_expires_at() const { return peer_expires_at_; }

 private:
  friend struct TlsPipe;
  void shake();
  void fail(int result);
  void note_peer();

  std::shared_ptr<const TlsCredentials> credentials_;
  ssl_st* ssl_ = nullptr;
  std::span<const std::byte> input_;
  std::vector<std::byte> output_;
  TlsFailure failure_ = TlsFailure::kNone;
  std::string detail_;
  std::string peer_name_;
  std::int64_t peer_expires_at_ = 0;
  bool is_open_ = false;
  bool has_ended_ = false;
  bool has_begun_ = false;
};

/// The one common name of a certificate; empty when there is none, several, or one that a log or a
/// list of names could misread.
std::string common_name_of(x509_st* certificate);
/// The same of the first certificate of a PEM file; empty also when it cannot be read.
std::string common_name_of_file(const std::string& path);

}  // namespace permitd::protocol
