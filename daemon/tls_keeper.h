// Keeps what TLS shows and accepts as the files say: certificate, key, authority, deny list. Loaded
// once at the start; the ops thread looks for changes and loads anew, and each rpc thread finds the
// new set in a mailbox of its own. Files that cannot be used change nothing: the old set stays, the
// log says why, and each look tries them again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/error.h"
#include "daemon/waker.h"
#include "protocol/tls_channel.h"

namespace permitd::daemon {

using CredentialsPointer = std::shared_ptr<const protocol::TlsCredentials>;

/// The newest credentials on their way from one thread to another.
class TlsMailbox {
 public:
  TlsMailbox() = default;
  ~TlsMailbox();
  TlsMailbox(const TlsMailbox&) = delete;
  TlsMailbox& operator=(const TlsMailbox&) = delete;

  /// One thread at a time. Replaces what was not taken yet, and wakes the owner.
  void put(CredentialsPointer credentials);
  /// Owner. Null when there is nothing new.
  CredentialsPointer take();
  bool has_new() const { return letter_.load(std::memory_order_acquire) != nullptr; }
  /// For the owner's loop.
  Waker& waker() { return waker_; }

 private:
  std::atomic<CredentialsPointer*> letter_{nullptr};  // owned by whoever exchanges it out
  Waker waker_;
};

class TlsKeeper {
 public:
  /// Reads the files; blocks. Errors: kConfiguration, naming the file.
  static Expected<std::unique_ptr<TlsKeeper>> open(const Config::Tls& files);

  /// Puts the present set there, and each later one. Before another thread looks.
  void add(TlsMailbox& mailbox);
  /// Loads anew when a file is another than at the last load, or that one failed. One thread,
  /// blocks for the files.
  void look();
  /// Loads anew in any case. Likewise.
  void reload();

 private:
  /// What tells a file from its successor under the same name.
  struct Mark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  // −1: not there
    std::int64_t changed_ns = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };

  explicit TlsKeeper(const Config::Tls& files) : files_(files) {}
  static Mark mark_of(const std::string& path);
  std::vector<Mark> marks() const;
  Expected<CredentialsPointer> load() const;
  void load_anew();
  void tell() const;

  Config::Tls files_;
  std::vector<Mark> seen_;  // taken before the files were read
  std::string complaint_;   // why the last load failed, as the log says; empty: it did not
  CredentialsPointer credentials_;
  std::vector<TlsMailbox*> mailboxes_;
};

/// The names of a deny list. Errors: kConfiguration, naming `path` and the line; a name that no
/// certificate could have, such as office-0101 for office-101, is one.
Expected<protocol::NameSet> parse_deny_list(std::string_view text, const std::string& path);

}  // namespace permitd::daemon
