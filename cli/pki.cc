#include "cli/pki.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "protocol/tls_channel.h"

namespace permitd::cli {
namespace {

constexpr const char* kAuthorityName = "authority";
constexpr int kSerialBits = 127;  // RFC 5280 allows 20 bytes; random, so that none is guessed

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;

std::unexpected<PkiError> failed(std::string what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return std::unexpected(reason == nullptr ? std::move(what) : what + ": " + reason);
}

std::string path_of(const std::string& directory, std::string_view name, std::string_view ending) {
  return fmt::format("{}/{}{}", directory, name, ending);
}

/// A new file under another name takes the old one's place whole.
std::expected<void, PkiError> write_file(const std::string& path, BIO* content, mode_t mode) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(content, &bytes);
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool is_written =
      file >= 0 && write(file, bytes, static_cast<std::size_t>(size)) == size && fsync(file) == 0;
  const int number = errno;
  if (file >= 0) close(file);
  if (is_written && rename(temporary.c_str(), path.c_str()) == 0) return {};
  const int why = is_written ? errno : number;
  unlink(temporary.c_str());
  return std::unexpected(fmt::format("'{}' cannot be written: {}", path, std::strerror(why)));
}

std::expected<void, PkiError> write_key(const std::string& path, EVP_PKEY* key) {
  const Bio content(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PrivateKey(content.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed("the key cannot be encoded");
  return write_file(path, content.get(), 0600);
}

std::expected<void, PkiError> write_certificate(const std::string& path, X509* certificate) {
  const Bio content(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(content.get(), certificate) != 1)
    return failed("the certificate cannot be encoded");
  return write_file(path, content.get(), 0644);
}

std::expected<Certificate, PkiError> read_certificate(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"));
  Certificate certificate(
      file == nullptr ? nullptr : PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return failed(fmt::format("'{}' cannot be read", path));
  return certificate;
}

std::expected<Key, PkiError> read_key(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"));
  Key key(file == nullptr ? nullptr
                          : PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return failed(fmt::format("'{}' cannot be read", path));
  return key;
}

bool set_time(ASN1_TIME* time, std::int64_t seconds) {
  return ASN1_TIME_set(time, static_cast<time_t>(seconds)) != nullptr;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

bool set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, Freeing<BN_free>> number(BN_new());
  return number != nullptr &&
         BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                    MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

bool extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    unsigned char bytes[sizeof(in6_addr)];
    const bool is_address = inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
                            inet_pton(AF_INET6, host.c_str(), bytes) == 1;
    names += fmt::format("{}{}:{}", names.empty() ? "" : ",", is_address ? "IP" : "DNS", host);
  }
  return names;
}

/// Everything but what its use asks for. `issuer` null: it signs itself.
Certificate begin_certificate(const std::string& name, Validity validity, EVP_PKEY* key,
                              X509* issuer) {
  Certificate made(X509_new());
  X509* subject_of = issuer == nullptr ? made.get() : issuer;
  const bool is_set = made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                      set_serial(made.get()) && set_subject(made.get(), name) &&
                      X509_set_issuer_name(made.get(), X509_get_subject_name(subject_of)) == 1 &&
                      set_time(X509_getm_notBefore(made.get()), validity.not_before) &&
                      set_time(X509_getm_notAfter(made.get()), validity.not_after) &&
                      X509_set_pubkey(made.get(), key) == 1 &&
                      extend(made.get(), subject_of, NID_subject_key_identifier, "hash") &&
                      extend(made.get(), subject_of, NID_authority_key_identifier, "keyid:always");
  return is_set ? std::move(made) : nullptr;
}

bool finish_authority(X509* made, EVP_PKEY* key) {
  return extend(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         extend(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         X509_sign(made, key, EVP_sha256()) != 0;
}

bool finish_leaf(X509* made, X509* issuer, EVP_PKEY* issuer_key, const CertificateOrder& order) {
  const bool is_server = !order.hosts.empty();
  return extend(made, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         extend(made, issuer, NID_key_usage, "critical,digitalSignature") &&
         extend(made, issuer, NID_ext_key_usage, is_server ? "serverAuth" : "clientAuth") &&
         (!is_server ||
          extend(made, issuer, NID_subject_alt_name, alternative_names(order.hosts))) &&
         X509_sign(made, issuer_key, EVP_sha256()) != 0;
}

IssuedCertificate described(X509* certificate, std::string path) {
  const std::uint32_t use = X509_get_extended_key_usage(certificate);
  const bool is_authority = X509_check_ca(certificate) != 0;
  return {.name = protocol::common_name_of(certificate),
          .path = std::move(path),
          .is_server = !is_authority && use != UINT32_MAX && (use & XKU_SSL_SERVER) != 0,
          .is_authority = is_authority,
          .not_after = seconds_of(X509_get0_notAfter(certificate))};
}

}  // namespace

Validity validity_of_days(std::int64_t days) {
  const std::int64_t now = ::time(nullptr);
  return {now - 3600, now + days * 86'400};
}

std::expected<void, PkiError> make_authority(const std::string& directory, Validity validity) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(
        fmt::format("the directory '{}' cannot be made: {}", directory, std::strerror(errno)));
  }
  const std::string certificate_path = path_of(directory, kAuthorityName, ".pem");
  const std::string key_path = path_of(directory, kAuthorityName, ".key");
  if (access(certificate_path.c_str(), F_OK) == 0 || access(key_path.c_str(), F_OK) == 0) {
    return std::unexpected(fmt::format(
        "'{}' holds an authority already; a new one would make its certificates worthless",
        directory));
  }
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("a key cannot be made");
  const Certificate made = begin_certificate("permitd authority", validity, key.get(), nullptr);
  if (made == nullptr || !finish_authority(made.get(), key.get()))
    return failed("the authority's certificate cannot be made");
  if (auto done = write_key(key_path, key.get()); !done) return done;
  return write_certificate(certificate_path, made.get());
}

std::expected<IssuedCertificate, PkiError> issue_certificate(const std::string& directory,
                                                             const CertificateOrder& order) {
  auto issuer = read_certificate(path_of(directory, kAuthorityName, ".pem"));
  if (!issuer) return std::unexpected(issuer.error());
  auto issuer_key = read_key(path_of(directory, kAuthorityName, ".key"));
  if (!issuer_key) return std::unexpected(issuer_key.error());
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("a key cannot be made");
  const Certificate made = begin_certificate(order.name, order.validity, key.get(), issuer->get());
  if (made == nullptr || !finish_leaf(made.get(), issuer->get(), issuer_key->get(), order))
    return failed(fmt::format("a certificate for '{}' cannot be made", order.name));
  const std::string path = path_of(directory, order.name, ".pem");
  if (auto done = write_key(path_of(directory, order.name, ".key"), key.get()); !done)
    return std::unexpected(done.error());
  if (auto done = write_certificate(path, made.get()); !done) return std::unexpected(done.error());
  return described(made.get(), path);
}

std::expected<std::vector<IssuedCertificate>, PkiError> list_certificates(
    const std::string& directory) {
  std::error_code error;
  std::vector<IssuedCertificate> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".pem") continue;
    auto certificate = read_certificate(entry.path().string());
    if (!certificate) return std::unexpected(certificate.error());
    found.push_back(described(certificate->get(), entry.path().string()));
  }
  if (error)
    return std::unexpected(fmt::format("'{}' cannot be read: {}", directory, error.message()));
  std::ranges::sort(found, [](const IssuedCertificate& a, const IssuedCertificate& b) {
    return std::tie(b.is_authority, a.path) < std::tie(a.is_authority, b.path);
  });
  return found;
}

}  // namespace permitd::cli
