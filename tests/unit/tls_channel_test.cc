// Goal: two ends that trust one authority speak, and every other pair does not and says why.
// Method: two channels whose records are carried from one to the other by hand.
#include "protocol/tls_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/pki.h"
#include "tests/support/certificates.h"
#include "tests/support/scratch_directory.h"

namespace permitd::protocol {
namespace {

using testing::HasSubstr;
using tests::Credentials;
using tests::TestAuthority;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string read_all(TlsChannel& channel) {
  std::string text;
  std::byte piece[1000];
  while (const std::size_t size = channel.read(piece))
    text.append(reinterpret_cast<const char*>(piece), size);
  return text;
}

// Carries what `from` says to `to`, in pieces of at most `piece` bytes; the plaintext it makes.
std::string carry(TlsChannel& from, TlsChannel& to, std::size_t piece = SIZE_MAX) {
  std::vector<std::byte> records;
  from.take_output(records);
  std::string text;
  std::span<const std::byte> rest(records);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(piece, rest.size()));
    to.offer(part);
    text += read_all(to);
    rest = rest.subspan(part.size());
  }
  return text;
}

void shake(TlsChannel& client, TlsChannel& server, std::size_t piece = SIZE_MAX) {
  client.offer({});
  for (int round = 0; round < 4; ++round) {
    carry(client, server, piece);
    carry(server, client, piece);
  }
}

/// An authority, so many between it and the certificate of office-17, and what that says of its
/// use: what `permitctl pki` does not make.
class Chain {
 public:
  Chain(int between, const char* use) {
    for (int index = 0; index <= between; ++index)
      extend({{NID_basic_constraints, "critical,CA:TRUE"}}, "authority-" + std::to_string(index));
    std::vector<Extension> said{{NID_basic_constraints, "critical,CA:FALSE"},
                                {NID_subject_alt_name, "DNS:localhost"}};
    if (use != nullptr) said.push_back({NID_ext_key_usage, use});
    extend(said, "office-17");
    write_certificates("authority.pem", {certificates_.front().get()});
    std::vector<X509*> shown;
    for (std::size_t index = certificates_.size() - 1; index > 0; --index)
      shown.push_back(certificates_[index].get());
    write_certificates("office-17.pem", shown);
    const File file = open("office-17.key");
    EXPECT_EQ(PEM_write_bio_PrivateKey(file.get(), keys_.back().get(), nullptr, nullptr, 0, nullptr,
                                       nullptr),
              1);
    EXPECT_EQ(chmod((directory_ / "office-17.key").c_str(), 0600), 0);
  }

  std::string authority() const { return directory_ / "authority.pem"; }
  TlsFiles files(const std::string& believed) const {
    return {directory_ / "office-17.pem", directory_ / "office-17.key", believed};
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  using Extension = std::pair<int, const char*>;  // kind, value
  using File = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

  /// One more, of the last one's making.
  void extend(const std::vector<Extension>& extensions, const std::string& name) {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Certificate made(X509_new(), X509_free);
    X509* issuer = certificates_.empty() ? made.get() : certificates_.back().get();
    EVP_PKEY* signer = keys_.empty() ? key.get() : keys_.back().get();
    const std::int64_t now = ::time(nullptr);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1 + static_cast<long>(keys_.size()));
    X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    ASN1_TIME_set(X509_getm_notBefore(made.get()), now - 3600);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), now + 3600);
    X509_set_pubkey(made.get(), key.get());
    X509V3_CTX context{};
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, made.get(), nullptr, nullptr, 0);
    for (const auto& [kind, value] : extensions) {
      const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
          X509V3_EXT_conf_nid(nullptr, &context, kind, value), X509_EXTENSION_free);
      EXPECT_EQ(X509_add_ext(made.get(), extension.get(), -1), 1);
    }
    EXPECT_NE(X509_sign(made.get(), signer, EVP_sha256()), 0);
    certificates_.push_back(std::move(made));
    keys_.push_back(std::move(key));
  }
  File open(const std::string& name) const {
    return {BIO_new_file((directory_ / name).c_str(), "w"), BIO_free_all};
  }
  void write_certificates(const std::string& name, const std::vector<X509*>& certificates) const {
    const File file = open(name);
    for (X509* certificate : certificates)
      EXPECT_EQ(PEM_write_bio_X509(file.get(), certificate), 1);
  }

  tests::ScratchDirectory directory_;
  std::vector<Certificate> certificates_;  // the authority first
  std::vector<Key> keys_;                  // of each
};

class TlsChannelTest : public testing::Test {
 protected:
  void expect_failure(Credentials shown, TlsFailure failure, std::string_view told) {
    TlsChannel client(std::move(shown), "localhost");
    TlsChannel server(server_);
    shake(client, server);
    EXPECT_EQ(server.failure(), failure) << server.failure_text();
    // The client thinks itself through until the alert comes.
    EXPECT_EQ(client.failure(), TlsFailure::kToldByPeer) << client.failure_text();
    EXPECT_THAT(client.failure_text(), HasSubstr(std::string(told)));
  }

  /// From here on the server believes the chain's authority.
  void believe(const Chain& chain) {
    server_ = TestAuthority::load(
        TlsSide::kServer,
        {authority_.file("server.pem"), authority_.file("server.key"), chain.authority()});
  }
  /// What a client of the chain shows, to a server that it believes.
  TlsFiles shown(const Chain& chain) const { return chain.files(authority_.file("authority.pem")); }

  TestAuthority authority_;
  Credentials server_ = authority_.server({"office-13"});
};

TEST_F(TlsChannelTest, TwoEndsOfOneAuthoritySpeak) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, SIZE_MAX}) {
    TlsChannel client(authority_.client("office-17"), "localhost");
    TlsChannel server(server_);
    shake(client, server, piece);
    ASSERT_TRUE(client.is_open()) << client.failure_text();
    ASSERT_TRUE(server.is_open()) << server.failure_text();
    EXPECT_EQ(server.peer_name(), "office-17");
    EXPECT_EQ(client.peer_name(), "server");
    const std::string question(100'000, 'q');
    client.write(bytes_of(question));
    EXPECT_EQ(carry(client, server, piece), question);
    server.write(bytes_of("answer"));
    EXPECT_EQ(carry(server, client, piece), "answer");
    client.close();
    carry(client, server, piece);
    EXPECT_TRUE(server.has_ended());
    EXPECT_EQ(server.failure(), TlsFailure::kNone);
  }
}

TEST_F(TlsChannelTest, AnAddressIsAHostToo) {
  TlsChannel client(authority_.client("office-17"), "127.0.0.1");
  TlsChannel server(server_);
  shake(client, server);
  EXPECT_TRUE(client.is_open()) << client.failure_text();
}

TEST_F(TlsChannelTest, AnotherHostIsRefusedByTheClient) {
  for (const char* host : {"permitd.example.org", "127.0.0.2", "::1"}) {
    TlsChannel client(authority_.client("office-17"), host);
    TlsChannel server(server_);
    shake(client, server);
    EXPECT_EQ(client.failure(), TlsFailure::kWrongHost) << client.failure_text();
    EXPECT_EQ(server.failure(), TlsFailure::kToldByPeer) << server.failure_text();
  }
}

TEST_F(TlsChannelTest, ACertificatePastItsEndIsRefused) {
  const std::int64_t now = ::time(nullptr);
  expect_failure(authority_.client("office-17", {now - 7200, now - 3600}), TlsFailure::kExpired,
                 "certificate expired");
  expect_failure(authority_.client("office-17", {now + 3600, now + 7200}), TlsFailure::kNotYetValid,
                 "bad certificate");
}

TEST_F(TlsChannelTest, ADeniedNameIsRefusedAndTold) {
  expect_failure(authority_.client("office-13"), TlsFailure::kDenied, "certificate revoked");
}

TEST_F(TlsChannelTest, AnotherAuthorityMakesNobody) {
  TestAuthority foreign;
  auto files = foreign.issue("office-17");
  files.authority = authority_.file("authority.pem");  // it believes the server
  expect_failure(TestAuthority::load(TlsSide::kClient, files), TlsFailure::kUnknownAuthority,
                 "unknown CA");
}

TEST_F(TlsChannelTest, AServersCertificateIsNoClients) {
  const auto files = authority_.issue("office-18", cli::validity_of_days(1), {"localhost"});
  expect_failure(TestAuthority::load(TlsSide::kClient, files), TlsFailure::kWrongPurpose,
                 "unsupported certificate");
}

TEST_F(TlsChannelTest, AClientsCertificateIsNoServers) {
  TlsChannel client(authority_.client("office-17"), "localhost");
  TlsChannel server(TestAuthority::load(TlsSide::kServer, authority_.issue("office-18")));
  shake(client, server);
  EXPECT_EQ(client.failure(), TlsFailure::kWrongPurpose) << client.failure_text();
}

TEST_F(TlsChannelTest, ACertificateThatSaysNothingOfItsUseIsOfNoSide) {
  const Chain chain(0, nullptr);
  believe(chain);
  expect_failure(TestAuthority::load(TlsSide::kClient, shown(chain)), TlsFailure::kWrongPurpose,
                 "unsupported certificate");
  // Nor of the other one.
  auto files = chain.files(chain.authority());
  TlsChannel server(TestAuthority::load(TlsSide::kServer, files));
  auto ours = authority_.issue("office-17");
  ours.authority = chain.authority();
  TlsChannel client(TestAuthority::load(TlsSide::kClient, ours), "localhost");
  shake(client, server);
  EXPECT_EQ(client.failure(), TlsFailure::kWrongPurpose) << client.failure_text();
}

TEST_F(TlsChannelTest, AChainOfThreeIsTheLongest) {
  for (const int between : {0, 1}) {
    const Chain chain(between, "clientAuth");
    believe(chain);
    TlsChannel client(TestAuthority::load(TlsSide::kClient, shown(chain)), "localhost");
    TlsChannel server(server_);
    shake(client, server);
    EXPECT_TRUE(server.is_open()) << between << ": " << server.failure_text();
    EXPECT_EQ(server.peer_name(), "office-17");
  }
  const Chain chain(2, "clientAuth");
  believe(chain);
  expect_failure(TestAuthority::load(TlsSide::kClient, shown(chain)), TlsFailure::kUnknownAuthority,
                 "unknown CA");
}

TEST_F(TlsChannelTest, BytesThatAreNotTlsAreSaidToBeSo) {
  for (const std::string_view text : {"GET / HTTP/1.1\r\n\r\n", "\0\0\0\0", "SSH-2.0-x\r\n"}) {
    TlsChannel server(server_);
    server.offer(bytes_of(text.empty() ? std::string_view("\0\0\0\0", 4) : text));
    EXPECT_EQ(server.failure(), TlsFailure::kNotTls) << server.failure_text();
  }
}

TEST_F(TlsChannelTest, AChangedByteEndsIt) {
  TlsChannel client(authority_.client("office-17"), "localhost");
  TlsChannel server(server_);
  shake(client, server);
  client.write(bytes_of("pay 1"));
  std::vector<std::byte> records;
  client.take_output(records);
  records.back() ^= std::byte{1};
  server.offer(records);
  EXPECT_EQ(read_all(server), "");
  EXPECT_EQ(server.failure(), TlsFailure::kBroken) << server.failure_text();
}

TEST_F(TlsChannelTest, TheEndOfTheFirstCertificateIsKnown) {
  const std::int64_t end = ::time(nullptr) + 1234;
  TlsChannel client(authority_.client("office-17", {end - 5000, end}), "localhost");
  TlsChannel server(server_);
  shake(client, server);
  EXPECT_EQ(server.peer_expires_at(), end);
}

TEST_F(TlsChannelTest, FilesThatCannotBeUsedAreNamed) {
  const auto good = authority_.issue("office-17");
  const auto fault_of = [](const TlsFiles& files) {
    auto loaded = TlsCredentials::load(TlsSide::kServer, files);
    return loaded ? std::string() : loaded.error();
  };
  EXPECT_EQ(fault_of(good), "");
  EXPECT_THAT(fault_of({"/nonexistent.pem", good.key, good.authority}), HasSubstr("/nonexistent"));
  EXPECT_THAT(fault_of({good.certificate, "/nonexistent.key", good.authority}), HasSubstr("key"));
  EXPECT_THAT(fault_of({good.certificate, good.key, good.key}), HasSubstr("authority"));
  const auto other = authority_.issue("office-18");
  EXPECT_THAT(fault_of({good.certificate, other.key, good.authority}), HasSubstr("mismatch"));
  ASSERT_EQ(chmod(good.key.c_str(), 0604), 0);
  EXPECT_THAT(fault_of(good), HasSubstr("chmod 600"));
}

TEST_F(TlsChannelTest, KeysAreReadableByTheirOwnerAlone) {
  const auto files = authority_.issue("office-17");
  for (const std::string& path : {files.key, authority_.file("authority.key")}) {
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << path;
  }
  EXPECT_EQ(common_name_of_file(files.certificate), "office-17");
  EXPECT_EQ(common_name_of_file(files.key), "");
}

/// One entry of a certificate's subject, as its bytes lie there.
struct Entry {
  std::string_view text;
  int encoding = V_ASN1_UTF8STRING;
  int kind = NID_commonName;
  bool is_beside_last = false;  // in one set with the entry before, rather than behind it
};

std::string name_of(const std::vector<Entry>& entries) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  for (const Entry& entry : entries) {
    const int added = X509_NAME_add_entry_by_NID(
        X509_get_subject_name(certificate.get()), entry.kind, entry.encoding,
        reinterpret_cast<const unsigned char*>(entry.text.data()),
        static_cast<int>(entry.text.size()), -1, entry.is_beside_last ? -1 : 0);
    EXPECT_EQ(added, 1);
  }
  return common_name_of(certificate.get());
}

// Whatever an authority can be talked into: a name is read in one way or not at all.
TEST(CommonNameTest, AreOneAndPlainOrNobodys) {
  using namespace std::string_view_literals;
  EXPECT_EQ(name_of({{"office-17"}}), "office-17");
  EXPECT_EQ(name_of({{"office-18", V_ASN1_UTF8STRING, NID_organizationName}, {"office-17"}}),
            "office-17");
  EXPECT_EQ(name_of({{"\0o\0f\0f\0i\0c\0e\0-\0001\0007"sv, V_ASN1_BMPSTRING}}), "office-17");
  EXPECT_EQ(name_of({}), "");
  EXPECT_EQ(name_of({{"office-17", V_ASN1_UTF8STRING, NID_organizationName}}), "");
  EXPECT_EQ(name_of({{"office-17"}, {"office-18"}}), "");
  EXPECT_EQ(name_of({{"office-17"}, {"office-17"}}), "");
  EXPECT_EQ(name_of({{"office-17"}, {"office-18", V_ASN1_UTF8STRING, NID_commonName, true}}), "");
  for (const std::string_view text :
       {""sv, "office-17\0"sv, "office-17\0.city"sv, "\0office-17"sv, "office-17 "sv,
        " office-17"sv, "office-17\n"sv, "office-\x31\xCC\x80"sv, "office-17\x7F"sv})
    EXPECT_EQ(name_of({{text}}), "") << testing::PrintToString(text);
  const std::string longest(64, '7');
  EXPECT_EQ(name_of({{longest}}), longest);
  EXPECT_EQ(name_of({{longest + "7"}}), "");
}

TEST_F(TlsChannelTest, AnAuthorityIsNotReplacedAndListsWhatItMade) {
  EXPECT_FALSE(cli::make_authority(authority_.path(), cli::validity_of_days(1)).has_value());
  authority_.issue("expert-3");
  const auto listed = cli::list_certificates(authority_.path());
  ASSERT_TRUE(listed.has_value());
  ASSERT_EQ(listed->size(), 3U);
  EXPECT_TRUE(listed->at(0).is_authority);
  EXPECT_EQ(listed->at(1).name, "expert-3");
  EXPECT_TRUE(listed->at(2).is_server);
}

}  // namespace
}  // namespace permitd::protocol
