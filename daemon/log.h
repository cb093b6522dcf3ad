// The log: one line to stderr per message, with the priority prefix that the service manager reads
// (sd-daemon(3)). A line is one write, so lines of different threads never mix. Any thread.
//
// What a peer can provoke goes through a LogSite, which lets a few lines pass per interval and then
// says how many it kept back: a flood of faults must not become a flood of writes.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "daemon/log_level.h"

namespace permitd::daemon {

/// Messages less urgent than `level` are dropped from now on. kInfo at first.
void set_log_level(LogLevel level);
bool is_logged(LogLevel level);

/// Writes the line as it is; line breaks and other control characters in it become spaces.
void log_text(LogLevel level, std::string_view text);

template <class... Args>
void log_line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(level)) log_text(level, fmt::format(format, std::forward<Args>(args)...));
}

/// One place in the code that may have much to say.
class LogSite {
 public:
  /// True when a line may be written now; `kept_back` is how many could not since the last that
  /// was.
  bool admit(std::uint64_t& kept_back);
  /// The same at a given moment of a monotonic clock, nanoseconds.
  bool admit_at(std::int64_t now_ns, std::uint64_t& kept_back);

 private:
  std::atomic<std::int64_t> window_begin_ns_{INT64_MIN};
  std::atomic<std::uint32_t> written_{0};
  std::atomic<std::uint64_t> kept_back_{0};
};
/// Lines per site and interval: enough to see a pattern, too few to fill a disk.
inline constexpr std::uint32_t kLogSiteBurst = 5;
inline constexpr std::int64_t kLogSiteIntervalNs = 10'000'000'000;

template <class... Args>
void log_line(LogSite& site, LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (!is_logged(level)) return;
  std::uint64_t kept_back = 0;
  if (!site.admit(kept_back)) return;
  std::string text = fmt::format(format, std::forward<Args>(args)...);
  if (kept_back != 0) text += fmt::format(" ({} like it not shown)", kept_back);
  log_text(level, text);
}

}  // namespace permitd::daemon
