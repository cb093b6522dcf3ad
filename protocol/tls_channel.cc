#include "protocol/tls_channel.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "scheduler/assert.h"

namespace permitd::protocol {

namespace {

// A chain of three small certificates takes about 3 KiB; a peer may not make us read more.
constexpr long kCertificateSizeMax = 16 * 1024;
// OpenSSL counts only what stands between the certificate and the authority's own: three at most.
constexpr int kBetweenMax = 1;
// SSL_write takes an int.
constexpr std::size_t kWriteSizeMax = 1U << 20;
constexpr std::byte kHandshakeRecord{0x16};  // RFC 8446, 5.1: what every TLS connection begins with
constexpr std::size_t kNameSizeMax = 64;     // RFC 5280, ub-common-name

std::string library_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "unknown" : text;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

TlsFailure failure_of_verification(long result) {
  switch (result) {
    case X509_V_OK:
      return TlsFailure::kNone;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TlsFailure::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return TlsFailure::kNotYetValid;
    case X509_V_ERR_CERT_REVOKED:
      return TlsFailure::kDenied;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return TlsFailure::kWrongHost;
    case X509_V_ERR_INVALID_PURPOSE:
      return TlsFailure::kWrongPurpose;
    default:
      return TlsFailure::kUnknownAuthority;
  }
}

// OpenSSL takes a certificate that says nothing of its use for one of every use.
bool is_for_side_of_peer(x509_st* certificate, TlsSide ours) {
  const std::uint32_t wanted = ours == TlsSide::kServer ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
  const std::uint32_t said = X509_get_extended_key_usage(certificate);
  return said != UINT32_MAX && (said & wanted) != 0;
}

// Called for each certificate of a chain that OpenSSL has judged; only ever makes it stricter.
int judge_certificate(int is_sound, X509_STORE_CTX* store) {
  if (is_sound != 1 || X509_STORE_CTX_get_error_depth(store) != 0) return is_sound;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* credentials =
      static_cast<const TlsCredentials*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  X509* shown = X509_STORE_CTX_get_current_cert(store);
  // The peer is told either by its alert.
  if (!is_for_side_of_peer(shown, credentials->side())) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
    return 0;
  }
  if (!credentials->denies(common_name_of(shown))) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
  return 0;
}

// A key that asks for a passphrase must not stop a daemon at a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::string common_name_of(x509_st* certificate) {
  const X509_NAME* subject = certificate == nullptr ? nullptr : X509_get_subject_name(certificate);
  if (subject == nullptr) return {};
  const int index = X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(subject), NID_commonName, -1);
  if (index < 0 ||
      X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(subject), NID_commonName, index) >= 0)
    return {};
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  const bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
  return is_plain && name.size() <= kNameSizeMax ? name : std::string();
}

std::string common_name_of_file(const std::string& path) {
  BIO* file = BIO_new_file(path.c_str(), "r");
  X509* certificate =
      file == nullptr ? nullptr : PEM_read_bio_X509(file, nullptr, nullptr, nullptr);
  std::string name = common_name_of(certificate);
  X509_free(certificate);
  BIO_free(file);
  ERR_clear_error();
  return name;
}

// --- Credentials ---

TlsCredentials::~TlsCredentials() { SSL_CTX_free(context_); }

std::expected<std::shared_ptr<const TlsCredentials>, std::string> TlsCredentials::load(
    TlsSide side, const TlsFiles& files, NameSet denied) {
  ERR_clear_error();
  std::shared_ptr<TlsCredentials> credentials(new TlsCredentials(side, std::move(denied)));
  std::string wrong = credentials->read(files);
  ERR_clear_error();
  if (!wrong.empty()) return std::unexpected(std::move(wrong));
  return credentials;
}

std::string TlsCredentials::read(const TlsFiles& files) {
  const auto cannot = [](std::string_view what, const std::string& path) {
    return std::string(what) + " '" + path + "' cannot be used: " + library_reason();
  };
  context_ = SSL_CTX_new(side_ == TlsSide::kServer ? TLS_server_method() : TLS_client_method());
  if (context_ == nullptr) return "TLS cannot be set up: " + library_reason();
  SSL_CTX_set_default_passwd_cb(context_, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context_, files.certificate.c_str()) != 1)
    return cannot("the certificate", files.certificate);
  struct stat status {};
  if (stat(files.key.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0)
    return "the key '" + files.key + "' may be read by everybody: chmod 600 it";
  if (SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return cannot("the key", files.key);
  if (SSL_CTX_check_private_key(context_) != 1)
    return "the key '" + files.key + "' is not that of the certificate '" + files.certificate + "'";
  if (SSL_CTX_load_verify_locations(context_, files.authority.c_str(), nullptr) != 1)
    return cannot("the authority", files.authority);
  std::ifstream authority(files.authority, std::ios::binary);
  // Unlike an iterator over the file, getline turns what fails while reading into a state of it.
  if (!std::getline(authority, authority_, '\0'))
    return "the authority '" + files.authority + "' cannot be read";
  expires_at_ = seconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(context_)));
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     judge_certificate);
  SSL_CTX_set_verify_depth(context_, kBetweenMax);
  SSL_CTX_set_max_cert_list(context_, kCertificateSizeMax);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds none
  const bool is_set = SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set_num_tickets(context_, 0) == 1;
  return is_set ? std::string() : "TLS 1.3 cannot be set up: " + library_reason();
}

// --- Channel ---

/// OpenSSL's view of the channel: reads what was offered, appends what it says.
struct TlsPipe {
  static int read(BIO* bio, char* out, int size) {
    auto& channel = *static_cast<TlsChannel*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (channel.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(channel.input_.size(), static_cast<std::size_t>(size));
    std::memcpy(out, channel.input_.data(), taken);
    channel.input_ = channel.input_.subspan(taken);
    return static_cast<int>(taken);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    auto& channel = *static_cast<TlsChannel*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto* begin = reinterpret_cast<const std::byte*>(bytes);
    channel.output_.insert(channel.output_.end(), begin, begin + size);
    return size;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "channel");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_create(made, create);
      return made;
    }();
    return kMethod;
  }
};

TlsChannel::TlsChannel(std::shared_ptr<const TlsCredentials> credentials, const std::string& host)
    : credentials_(std::move(credentials)), ssl_(SSL_new(credentials_->context_)) {
  PERMIT_ASSERT(ssl_ != nullptr);  // out of memory
  BIO* pipe = BIO_new(TlsPipe::method());
  PERMIT_ASSERT(pipe != nullptr);
  BIO_set_data(pipe, this);
  SSL_set_bio(ssl_, pipe, pipe);
  if (credentials_->side_ == TlsSide::kServer) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  if (expect_host(ssl_, host)) return;
  failure_ = TlsFailure::kWrongHost;  // no certificate can be for such a name
  ERR_clear_error();
}

TlsChannel::~TlsChannel() { SSL_free(ssl_); }

void TlsChannel::offer(std::span<const std::byte> bytes) {
  input_ = bytes;
  if (is_handshaking()) shake();
}

void TlsChannel::shake() {
  if (!has_begun_ && !input_.empty()) {
    has_begun_ = true;
    // Said here rather than by OpenSSL, whose words differ with what the bytes happen to look like.
    if (credentials_->side_ == TlsSide::kServer && input_.front() != kHandshakeRecord) {
      failure_ = TlsFailure::kNotTls;
      return;
    }
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    is_open_ = true;
    note_peer();
  } else {
    fail(result);
  }
}

std::size_t TlsChannel::read(std::span<std::byte> plain) {
  if (!is_open()) return 0;
  ERR_clear_error();
  const int size =
      SSL_read(ssl_, plain.data(), static_cast<int>(std::min(plain.size(), kWriteSizeMax)));
  if (size > 0) return static_cast<std::size_t>(size);
  fail(size);
  return 0;
}

void TlsChannel::write(std::span<const std::byte> plain) {
  PERMIT_ASSERT(is_open_);
  ERR_clear_error();
  while (!plain.empty() && failure_ == TlsFailure::kNone) {
    const int size =
        SSL_write(ssl_, plain.data(), static_cast<int>(std::min(plain.size(), kWriteSizeMax)));
    if (size <= 0) {
      fail(size);
      // What is not written now never would be: the pipe takes everything, so nothing is waited
      // for.
      if (failure_ == TlsFailure::kNone) failure_ = TlsFailure::kBroken;
      return;
    }
    plain = plain.subspan(static_cast<std::size_t>(size));
  }
}

void TlsChannel::close() {
  if (!is_open_ || failure_ != TlsFailure::kNone) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);  // half of it: what the peer still says is nobody's concern
  ERR_clear_error();
}

void TlsChannel::fail(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      has_ended_ = true;
      return;
    default:
      break;
  }
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const TlsFailure verification = failure_of_verification(SSL_get_verify_result(ssl_));
  if (reason >= SSL_AD_REASON_OFFSET) {
    failure_ = TlsFailure::kToldByPeer;
    const char* text = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    detail_ = text == nullptr ? "unknown" : text;
  } else if (verification != TlsFailure::kNone && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    failure_ = verification;
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    failure_ = TlsFailure::kNoCertificate;
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION) {
    failure_ = TlsFailure::kOldVersion;
  } else if (reason == SSL_R_WRONG_VERSION_NUMBER && !is_open_) {
    failure_ = TlsFailure::kNotTls;
  } else {
    failure_ = TlsFailure::kBroken;
    detail_ = library_reason();
  }
  ERR_clear_error();
}

void TlsChannel::note_peer() {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  peer_name_ = common_name_of(certificate);
  // The chain ends when the first of its certificates does.
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl_);
  peer_expires_at_ = INT64_MAX;
  for (int index = 0; index < sk_X509_num(chain); ++index) {
    peer_expires_at_ =
        std::min(peer_expires_at_, seconds_of(X509_get0_notAfter(sk_X509_value(chain, index))));
  }
}

std::string TlsChannel::failure_text() const {
  switch (failure_) {
    case TlsFailure::kNone:
      return "none";
    case TlsFailure::kNotTls:
      return "the bytes are not TLS";
    case TlsFailure::kOldVersion:
      return "the peer does not speak TLS 1.3";
    case TlsFailure::kNoCertificate:
      return "the peer shows no certificate";
    case TlsFailure::kExpired:
      return "its certificate has expired";
    case TlsFailure::kNotYetValid:
      return "its certificate is not valid yet";
    case TlsFailure::kUnknownAuthority:
      return "its certificate is not of the authority known here";
    case TlsFailure::kDenied:
      return "its name is on the deny list";
    case TlsFailure::kWrongHost:
      return "its certificate is for another host";
    case TlsFailure::kWrongPurpose:
      return "its certificate is not meant for this side of a connection";
    case TlsFailure::kToldByPeer:
      return "the peer refuses: " + detail_;
    case TlsFailure::kBroken:
      return "the peer breaks TLS: " + detail_;
  }
  return "unknown";
}

}  // namespace permitd::protocol
