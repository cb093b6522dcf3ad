// The log: one line to stderr per message, with the priority prefix that the service manager reads
// (sd-daemon(3)). A line is one write, so lines of different threads never mix. Any thread.
//
// What a peer can provoke goes through a LogSite, which lets a few lines pass per interval and then
// says how many it kept back: a flood of faults must not become a flood of writes.
//
// Nothing here throws, and a line is put together on the stack of who logs: a thread without memory
// can still say so.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/error.h"
#include "daemon/log_level.h"

namespace permitd::daemon {

/// Messages less urgent than `level` are dropped from now on. kInfo at first.
void set_log_level(LogLevel level);
bool is_logged(LogLevel level);

/// Longest line with everything, bytes: what a pipe takes in one piece (PIPE_BUF, pipe(7)). The
/// text of a longer one is cut behind a whole letter, and kLogCut follows.
inline constexpr std::size_t kLogLineSizeMax = 4096;
inline constexpr std::string_view kLogCut = " … (cut)";

/// Writes the line as it is; line breaks and other control characters in it become spaces.
void log_text(LogLevel level, std::string_view text) noexcept;
/// What failed in full, or the act alone where there is no memory for more.
void log_error(LogLevel level, const Error& error) noexcept;

/// For log_line(): formats and writes, whatever the level. A line that cannot be formatted is
/// written as one that says so.
void log_formatted(LogLevel level, std::uint64_t kept_back, fmt::string_view format,
                   fmt::format_args args) noexcept;

template <class... Args>
void log_line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (is_logged(level)) log_formatted(level, 0, format, fmt::make_format_args(args...));
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
void log_line(LogSite& site, LogLevel level, fmt::format_string<Args...> format,
              Args&&... args) noexcept {
  if (!is_logged(level)) return;
  std::uint64_t kept_back = 0;
  if (!site.admit(kept_back)) return;
  log_formatted(level, kept_back, format, fmt::make_format_args(args...));
}

}  // namespace permitd::daemon
