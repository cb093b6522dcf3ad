// A small certificate authority in a directory: enough to try permitd's TLS and to test it. A city
// has an authority of its own and will use that.
//
// DIR/authority.pem and authority.key, and NAME.pem and NAME.key for each certificate; keys are
// readable by their owner alone and never printed. EC keys on P-256. Blocks for files.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace permitd::cli {

/// In seconds since 1970, both ends included.
struct Validity {
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
};
/// From an hour ago, as clocks differ, to so many days from now.
Validity validity_of_days(std::int64_t days);

struct CertificateOrder {
  std::string name;                // the common name, and that of the files
  std::vector<std::string> hosts;  // not empty: a server's certificate, for these
  Validity validity;
};

struct IssuedCertificate {
  std::string name;
  std::string path;
  bool is_server = false;
  bool is_authority = false;
  std::int64_t not_after = 0;
};

/// One sentence that says what could not be done.
using PkiError = std::string;

/// Makes the directory and the authority's key and certificate; refuses where there is one already.
std::expected<void, PkiError> make_authority(const std::string& directory, Validity validity);
/// Makes a key and a certificate; replaces those of the same name, the key first.
std::expected<IssuedCertificate, PkiError> issue_certificate(const std::string& directory,
                                                             const CertificateOrder& order);
/// By name, the authority first.
std::expected<std::vector<IssuedCertificate>, PkiError> list_certificates(
    const std::string& directory);

}  // namespace permitd::cli
