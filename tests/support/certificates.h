// An authority of a test's own, and credentials of whomever it wants to play.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/pki.h"
#include "protocol/tls_channel.h"
#include "tests/support/scratch_directory.h"

namespace permitd::tests {

using Credentials = std::shared_ptr<const protocol::TlsCredentials>;

class TestAuthority {
 public:
  explicit TestAuthority(cli::Validity validity = cli::validity_of_days(1)) {
    auto made = cli::make_authority(path(), validity);
    EXPECT_TRUE(made.has_value()) << made.error();
  }

  std::string path() const { return directory_ / "pki"; }
  std::string file(const std::string& name) const { return directory_ / ("pki/" + name); }

  /// Makes the certificate and gives the paths to show it with, trusting this authority.
  protocol::TlsFiles issue(const std::string& name,
                           cli::Validity validity = cli::validity_of_days(1),
                           std::vector<std::string> hosts = {}) {
    auto issued = cli::issue_certificate(path(), {name, std::move(hosts), validity});
    EXPECT_TRUE(issued.has_value()) << issued.error();
    return {file(name + ".pem"), file(name + ".key"), file("authority.pem")};
  }

  Credentials client(const std::string& name, cli::Validity validity = cli::validity_of_days(1)) {
    return load(protocol::TlsSide::kClient, issue(name, validity));
  }
  /// For "localhost" and 127.0.0.1.
  Credentials server(protocol::NameSet denied = {}) {
    return load(protocol::TlsSide::kServer,
                issue("server", cli::validity_of_days(1), {"localhost", "127.0.0.1"}),
                std::move(denied));
  }
  static Credentials load(protocol::TlsSide side, const protocol::TlsFiles& files,
                          protocol::NameSet denied = {}) {
    auto loaded = protocol::TlsCredentials::load(side, files, std::move(denied));
    EXPECT_TRUE(loaded.has_value()) << loaded.error();
    return loaded.has_value() ? *loaded : nullptr;
  }

 private:
  ScratchDirectory directory_;
};

}  // namespace permitd::tests
