// Goal: what TLS shows follows the files, and files that cannot be used change nothing. Method: a
// keeper over real files, a mailbox, and files replaced under it.
#include "daemon/tls_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/pki.h"
#include "tests/support/certificates.h"

namespace permitd::daemon {
namespace {

using testing::HasSubstr;
using tests::TestAuthority;

TEST(DenyListTest, NamesStandOneALine) {
  const auto names = parse_deny_list(
      "# left in spring\noffice-17\n  expert-203 # lost key\r\n\nweb-1\nOffice", "deny");
  ASSERT_TRUE(names.has_value());
  EXPECT_THAT(*names, testing::ElementsAre("Office", "expert-203", "office-17", "web-1"));
  EXPECT_TRUE(parse_deny_list("", "deny")->empty());
}

TEST(DenyListTest, ANameThatNoCertificateHasIsAFault) {
  for (const char* text : {"office-0101", "office-", "expert-x", "office 17", "office-10000",
                           "Office-17", "SUPERVISOR-31@5"}) {
    const auto names = parse_deny_list(std::string("auditor-1\n") + text, "deny");
    ASSERT_FALSE(names.has_value()) << text;
    EXPECT_THAT(names.error().text(), HasSubstr("deny:2")) << text;
  }
}

class TlsKeeperTest : public testing::Test {
 protected:
  TlsKeeperTest() {
    const auto files = authority_.issue("server", cli::validity_of_days(1), {"localhost"});
    files_ = {files.certificate, files.key, files.authority, authority_.file("deny")};
    write_deny("");
  }
  void write_deny(const std::string& text) const {
    std::ofstream(files_.deny + ".new") << text;
    std::filesystem::rename(files_.deny + ".new", files_.deny);
  }

  TestAuthority authority_;
  Config::Tls files_;
};

TEST_F(TlsKeeperTest, ALaterListComesThroughTheMailboxOnce) {
  auto keeper = TlsKeeper::open(files_);
  ASSERT_TRUE(keeper.has_value()) << keeper.error().text();
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  const auto first = mailbox.take();
  ASSERT_NE(first, nullptr);
  EXPECT_FALSE(first->denies("office-17"));
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new()) << "nothing has changed";
  write_deny("office-17\n");
  (*keeper)->look();
  ASSERT_TRUE(mailbox.has_new());
  const auto second = mailbox.take();
  EXPECT_TRUE(second->denies("office-17"));
  EXPECT_TRUE(second->has_authority_of(*first));
  (*keeper)->look();
  EXPECT_EQ(mailbox.take(), nullptr);
  (*keeper)->reload();
  EXPECT_NE(mailbox.take(), nullptr) << "asked for, it reads in any case";
}

TEST_F(TlsKeeperTest, ANewerSetReplacesOneNotTaken) {
  auto keeper = TlsKeeper::open(files_);
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  write_deny("office-17\n");
  (*keeper)->look();
  EXPECT_TRUE(mailbox.take()->denies("office-17"));
  EXPECT_EQ(mailbox.take(), nullptr);
}

TEST_F(TlsKeeperTest, FilesThatCannotBeUsedChangeNothingUntilTheyCan) {
  auto keeper = TlsKeeper::open(files_);
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  mailbox.take();
  write_deny("office-0017\n");
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new());
  std::filesystem::remove(files_.deny);  // a list that is gone is not an empty one
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new());
  write_deny("office-17\n");
  authority_.issue("other", cli::validity_of_days(1), {"localhost"});
  std::filesystem::rename(authority_.file("other.key"), files_.key);
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new()) << "the key is not the certificate's";
  std::filesystem::rename(authority_.file("other.pem"), files_.certificate);
  (*keeper)->look();
  ASSERT_TRUE(mailbox.has_new());
  EXPECT_TRUE(mailbox.take()->denies("office-17"));
}

/// No file can be opened while it lives, as when connections have taken all descriptors.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

TEST_F(TlsKeeperTest, AListThatCouldNotBeReadIsReadWhenItCan) {
  auto keeper = TlsKeeper::open(files_);
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  mailbox.take();
  write_deny("office-17\n");
  {
    const NoMoreFiles full;
    for (int look = 0; look < 3; ++look) (*keeper)->look();
    EXPECT_FALSE(mailbox.has_new());
  }
  (*keeper)->look();  // the files are what they were
  ASSERT_TRUE(mailbox.has_new());
  EXPECT_TRUE(mailbox.take()->denies("office-17"));
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new());
}

TEST_F(TlsKeeperTest, AFaultIsToldOnceUntilItIsAnotherOrSomebodyAsks) {
  auto keeper = TlsKeeper::open(files_);
  const auto told_by = [&](const auto& act) {
    testing::internal::CaptureStderr();
    act();
    const std::string text = testing::internal::GetCapturedStderr();
    std::size_t count = 0;
    for (std::size_t at = text.find("what it had"); at != std::string::npos;
         at = text.find("what it had", at + 1))
      ++count;
    return count;
  };
  const auto look = [&] { (*keeper)->look(); };
  write_deny("office-0017\n");
  EXPECT_EQ(told_by(look), 1U);
  EXPECT_EQ(told_by(look), 0U);
  EXPECT_EQ(told_by([&] {
              const NoMoreFiles full;
              look();
            }),
            1U)
      << "another fault";
  EXPECT_EQ(told_by(look), 1U);
  EXPECT_EQ(told_by([&] { (*keeper)->reload(); }), 1U) << "somebody asks";
  write_deny("office-0017\n");
  EXPECT_EQ(told_by(look), 1U) << "another file";
  write_deny("");
  EXPECT_EQ(told_by(look), 0U);
  write_deny("office-0017\n");
  EXPECT_EQ(told_by(look), 1U) << "it was well in between";
}

TEST_F(TlsKeeperTest, WhatIsNotAFileChangesNothing) {
  write_deny("office-13\n");
  auto keeper = TlsKeeper::open(files_);
  ASSERT_TRUE(keeper.has_value()) << keeper.error().text();
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  mailbox.take();
  const auto expect_nothing_new = [&](const std::string& path, const char* what) {
    (*keeper)->look();
    EXPECT_FALSE(mailbox.has_new()) << what << " at " << path;
    (*keeper)->reload();
    EXPECT_FALSE(mailbox.has_new()) << what << " at " << path;
  };
  for (const std::string& path : {files_.deny, files_.certificate, files_.key, files_.authority}) {
    const std::string aside = path + ".aside";
    std::filesystem::rename(path, aside);
    expect_nothing_new(path, "nothing");
    std::filesystem::create_directory(path);
    expect_nothing_new(path, "a directory");
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    expect_nothing_new(path, "a pipe that nobody writes into");
    std::filesystem::remove(path);
    std::filesystem::create_symlink(path, path);
    expect_nothing_new(path, "a link to itself");
    std::filesystem::remove(path);
    std::filesystem::rename(aside, path);
  }
  (*keeper)->look();
  ASSERT_TRUE(mailbox.has_new());
  EXPECT_TRUE(mailbox.take()->denies("office-13"));
}

TEST_F(TlsKeeperTest, AListWithoutEndIsNotReadToItsEnd) {
  auto keeper = TlsKeeper::open(files_);
  ASSERT_TRUE(keeper.has_value());
  TlsMailbox mailbox;
  (*keeper)->add(mailbox);
  mailbox.take();
  std::ofstream(files_.deny + ".new") << "office-17\n";
  std::filesystem::resize_file(files_.deny + ".new", std::uintmax_t{1} << 30);  // one hole
  std::filesystem::rename(files_.deny + ".new", files_.deny);
  (*keeper)->look();
  EXPECT_FALSE(mailbox.has_new());
  const auto refused = TlsKeeper::open(files_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("larger than 16 MiB"));
}

TEST_F(TlsKeeperTest, AStartWithoutTheFilesIsRefused) {
  for (std::string Config::Tls::*file : {&Config::Tls::certificate, &Config::Tls::key,
                                         &Config::Tls::authority, &Config::Tls::deny}) {
    Config::Tls files = files_;
    files.*file = "/nonexistent";
    const auto keeper = TlsKeeper::open(files);
    ASSERT_FALSE(keeper.has_value());
    EXPECT_THAT(keeper.error().text(), HasSubstr("/nonexistent"));
  }
}

}  // namespace
}  // namespace permitd::daemon
