#include "daemon/log.h"

#include <time.h>
#include <unistd.h>

#include <string>

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

}  // namespace

void set_log_level(LogLevel level) { level_logged.store(level, std::memory_order_relaxed); }
bool is_logged(LogLevel level) { return level <= level_logged.load(std::memory_order_relaxed); }

void log_text(LogLevel level, std::string_view text) {
  std::string line{'<', priority_of(level), '>'};
  line += text;
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
  }
  line += '\n';
  // Nothing can be done when even the log cannot be written; the daemon goes on.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
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
