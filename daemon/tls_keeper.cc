#include "daemon/tls_keeper.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/access.h"
#include "daemon/journal_files.h"
#include "daemon/log.h"

namespace permitd::daemon {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kWarningDays = 3;  // certificates live for weeks; time to issue another
constexpr std::size_t kDeniedMax = 100'000;
// So many names of the longest kind (a common name has 64 characters), with a comment each.
constexpr std::size_t kDenyTextSizeMax = 16U << 20;
constexpr std::size_t kReadSize = 64U << 10;

Error wrong(std::string act, std::string remedy = {}) {
  return Error{ErrorCode::kConfiguration, 0, std::move(act), std::move(remedy)};
}

std::string_view trimmed(std::string_view line) {
  line = line.substr(0, line.find('#'));
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

/// Whether somebody means a role's name, be it in other letters: Office-17 is nobody's, and a line
/// that denies nobody must not look as if it denied office-17.
bool is_role_name(std::string_view name) {
  static constexpr std::string_view kPrefixes[] = {"office-", "expert-", "supervisor-", "operator-",
                                                   "auditor-"};
  static_assert(std::size(kPrefixes) == kRoleCount);
  const auto in_small = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return std::ranges::equal(name.substr(0, prefix.size()), prefix, {}, in_small);
  });
}

bool is_possible_name(std::string_view name) {
  if (is_role_name(name)) return identity_of_name(name).has_value();
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
}

Error unreadable(const std::string& path, std::string_view why, int number = 0) {
  return Error{ErrorCode::kConfiguration, number,
               fmt::format("tls.deny: '{}' cannot be read{}", path, why),
               "Make the file, empty at first, or leave tls.deny out"};
}

/// A list that cannot be read is not an empty one: whatever fails on the way is an error.
Expected<std::string> read_deny_list(const std::string& path) {
  // O_NONBLOCK: the open of a named pipe would wait for somebody to write into it.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || fstat(file.number(), &status) != 0)
    return std::unexpected(unreadable(path, "", errno));
  if (!S_ISREG(status.st_mode)) return std::unexpected(unreadable(path, ": it is not a file"));
  std::string text;
  for (;;) {
    const std::size_t done = text.size();
    if (done > kDenyTextSizeMax)
      return std::unexpected(unreadable(path, ": it is larger than 16 MiB"));
    text.resize(done + kReadSize);
    const ssize_t got =
        uninterrupted([&] { return read(file.number(), text.data() + done, kReadSize); });
    if (got < 0) return std::unexpected(unreadable(path, "", errno));
    text.resize(done + static_cast<std::size_t>(got));
    if (got == 0) return text;
  }
}

/// The library opens the other files by name, and would wait at a named pipe. One that is not there
/// is for it to name.
Expected<void> check_files(const Config::Tls& files) {
  for (const auto& [setting, path] :
       {std::pair{"tls.certificate", &files.certificate}, std::pair{"tls.key", &files.key},
        std::pair{"tls.authority", &files.authority}}) {
    struct stat status {};
    if (stat(path->c_str(), &status) == 0 && !S_ISREG(status.st_mode))
      return std::unexpected(wrong(fmt::format("{}: '{}' is not a file", setting, *path)));
  }
  return {};
}

}  // namespace

Expected<protocol::NameSet> parse_deny_list(std::string_view text, const std::string& path) {
  protocol::NameSet names;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view name = trimmed(line);
    if (name.empty()) continue;
    if (!is_possible_name(name)) {
      return std::unexpected(
          wrong(fmt::format("{}:{}: no certificate can have the name '{}'", path, number, name),
                "Write one name a line as it stands in the certificate: office-17, expert-203"));
    }
    names.emplace(name);
    if (names.size() > kDeniedMax) {
      return std::unexpected(wrong(fmt::format("{} has more than {} names", path, kDeniedMax),
                                   "Take out those whose certificates have expired"));
    }
  }
  return names;
}

// --- Mailbox ---

TlsMailbox::~TlsMailbox() { delete letter_.load(std::memory_order_acquire); }

void TlsMailbox::put(CredentialsPointer credentials) {
  auto letter = std::make_unique<CredentialsPointer>(std::move(credentials));
  const std::unique_ptr<CredentialsPointer> replaced(
      letter_.exchange(letter.release(), std::memory_order_acq_rel));
  waker_.wake();
}

CredentialsPointer TlsMailbox::take() {
  const std::unique_ptr<CredentialsPointer> letter(
      letter_.exchange(nullptr, std::memory_order_acq_rel));
  return letter == nullptr ? nullptr : std::move(*letter);
}

// --- Keeper ---

Expected<std::unique_ptr<TlsKeeper>> TlsKeeper::open(const Config::Tls& files) {
  std::unique_ptr<TlsKeeper> keeper(new TlsKeeper(files));
  keeper->seen_ = keeper->marks();
  auto loaded = keeper->load();
  if (!loaded) return std::unexpected(loaded.error());
  keeper->credentials_ = std::move(*loaded);
  keeper->tell();
  return keeper;
}

void TlsKeeper::add(TlsMailbox& mailbox) {
  mailboxes_.push_back(&mailbox);
  mailbox.put(credentials_);
}

void TlsKeeper::look() {
  if (marks() != seen_) return reload();
  // What failed may have been no fault of the files, too many open ones for instance: nothing about
  // them changes when it has passed.
  if (!complaint_.empty()) load_anew();
}

void TlsKeeper::reload() {
  complaint_.clear();  // other files, or somebody asks: it is said again
  load_anew();
}

void TlsKeeper::load_anew() {
  seen_ = marks();
  auto loaded = load();
  if (!loaded) {
    std::string text = loaded.error().text();
    if (text != complaint_) log_line(LogLevel::kError, "TLS goes on with what it had: {}", text);
    complaint_ = std::move(text);
    return;
  }
  complaint_.clear();
  credentials_ = std::move(*loaded);
  tell();
  for (TlsMailbox* mailbox : mailboxes_) mailbox->put(credentials_);
}

TlsKeeper::Mark TlsKeeper::mark_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size,
          std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

std::vector<TlsKeeper::Mark> TlsKeeper::marks() const {
  return {mark_of(files_.certificate), mark_of(files_.key), mark_of(files_.authority),
          mark_of(files_.deny)};
}

Expected<CredentialsPointer> TlsKeeper::load() const {
  protocol::NameSet denied;
  if (!files_.deny.empty()) {
    auto text = read_deny_list(files_.deny);
    if (!text) return std::unexpected(text.error());
    auto names = parse_deny_list(*text, files_.deny);
    if (!names) return std::unexpected(names.error());
    denied = std::move(*names);
  }
  if (auto checked = check_files(files_); !checked) return std::unexpected(checked.error());
  auto loaded = protocol::TlsCredentials::load(protocol::TlsSide::kServer,
                                               {files_.certificate, files_.key, files_.authority},
                                               std::move(denied));
  if (!loaded) return std::unexpected(wrong("TLS: " + loaded.error()));
  return std::move(*loaded);
}

void TlsKeeper::tell() const {
  const std::int64_t left_s = credentials_->expires_at() - ::time(nullptr);
  log_line(left_s < kWarningDays * kSecondsPerDay ? LogLevel::kWarning : LogLevel::kNotice,
           "TLS: our certificate is good until {:%F %T} UTC, {} names are denied",
           fmt::gmtime(static_cast<std::time_t>(credentials_->expires_at())),
           credentials_->denied_count());
}

}  // namespace permitd::daemon
