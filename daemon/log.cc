#include "daemon/log.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

namespace permitd::daemon {

namespace {

std::atomic<LogLevel> level_logged{LogLevel::kInfo};

/// Priority of syslog(3).
char priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::kCritical:
      return '2';
    case LogLevel::kError:
      return '3';
    case LogLevel::kWarning:
      return '4';
    case LogLevel::kNotice:
      return '5';
    case LogLevel::kInfo:
      return '6';
    case LogLevel::kDebug:
      return '7';
  }
  return '6';
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

static_assert(kLogLineSizeMax <= PIPE_BUF);

/// One line as it is put together.
class Line {
 public:
  explicit Line(LogLevel level) : bytes_{'<', priority_of(level), '>'} {}

  /// Once; what does not fit is cut.
  void add(std::string_view text) noexcept {
    std::copy_n(text.begin(), std::min(text.size(), kTextSizeMax + 1), bytes_.begin() + kPrefix);
    keep(text.size());
  }
  void add(fmt::string_view format, fmt::format_args args) {
    keep(fmt::vformat_to_n(bytes_.data() + kPrefix, kTextSizeMax + 1, format, args).size);
  }
  /// Behind the text, where room is left for it.
  void add_kept_back(std::uint64_t count) {
    char* const end = bytes_.data() + size_;
    size_ += fmt::format_to_n(end, kNoteSizeMax, " ({} like it not shown)", count).size;
  }

  void write() noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      const auto byte = static_cast<unsigned char>(bytes_[i]);
      if (byte < 0x20 || byte == 0x7F) bytes_[i] = ' ';
    }
    bytes_[size_] = '\n';
    // Nothing can be done when even the log cannot be written; the daemon goes on.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, bytes_.data(), size_ + 1);
  }

 private:
  static constexpr std::size_t kPrefix = 3;        // "<6>"
  static constexpr std::size_t kNoteSizeMax = 64;  // more than the note takes with 20 digits
  static constexpr std::size_t kTextSizeMax =
      kLogLineSizeMax - kPrefix - kLogCut.size() - kNoteSizeMax - 1;  // and the line break

  /// `size` bytes are there, or would be: of those that do not fit the first is in the buffer.
  void keep(std::size_t size) noexcept {
    size_ = kPrefix + std::min(size, kTextSizeMax);
    if (size <= kTextSizeMax) return;
    // Not within a letter: UTF-8 has at most three bytes behind the first.
    for (int i = 0; i < 3 && (static_cast<unsigned char>(bytes_[size_]) & 0xC0) == 0x80; ++i)
      --size_;
    std::copy(kLogCut.begin(), kLogCut.end(), bytes_.data() + size_);
    size_ += kLogCut.size();
  }

  std::array<char, kLogLineSizeMax> bytes_;
  std::size_t size_ = kPrefix;
};

}  // namespace

void set_log_level(LogLevel level) { level_logged.store(level, std::memory_order_relaxed); }
bool is_logged(LogLevel level) { return level <= level_logged.load(std::memory_order_relaxed); }

void log_text(LogLevel level, std::string_view text) noexcept {
  Line line(level);
  line.add(text);
  line.write();
}

void log_error(LogLevel level, const Error& error) noexcept {
  if (!is_logged(level)) return;
  try {
    log_text(level, error.text());
  } catch (...) {
    log_text(level, error.act);
  }
}

void log_formatted(LogLevel level, std::uint64_t kept_back, fmt::string_view format,
                   fmt::format_args args) noexcept {
  Line line(level);
  try {
    line.add(format, args);
    if (kept_back != 0) line.add_kept_back(kept_back);
  } catch (...) {
    // A formatter of some argument has asked for memory, and there was none.
    line.add("a line was to stand here that could not be put together");
  }
  line.write();
}

bool LogSite::admit(std::uint64_t& kept_back) { return admit_at(monotonic_ns(), kept_back); }

bool LogSite::admit_at(std::int64_t now_ns, std::uint64_t& kept_back) {
  std::int64_t begin = window_begin_ns_.load(std::memory_order_relaxed);
  const bool is_over = begin == INT64_MIN || now_ns - begin >= kLogSiteIntervalNs;
  // Two threads that meet here may write one line more than the burst: harmless, and no lock is
  // needed.
  if (is_over &&
      window_begin_ns_.compare_exchange_strong(begin, now_ns, std::memory_order_relaxed)) {
    written_.store(0, std::memory_order_relaxed);
  }
  if (written_.fetch_add(1, std::memory_order_relaxed) >= kLogSiteBurst) {
    kept_back_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  kept_back = kept_back_.exchange(0, std::memory_order_relaxed);
  return true;
}

}  // namespace permitd::daemon
