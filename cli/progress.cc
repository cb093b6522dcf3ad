#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace permitd::cli {
namespace {

constexpr std::int64_t kBarIntervalMs = 100;
constexpr std::int64_t kLineIntervalMs = 10'000;

std::int64_t steady_ms() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

Progress::Style resolve(Progress::Style style) {
  if (style != Progress::Style::kAuto) return style;
  return isatty(STDERR_FILENO) != 0 ? Progress::Style::kBar : Progress::Style::kLines;
}

std::string seconds_text(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

Progress::Progress(std::string what, std::string unit, std::uint64_t total, Style style)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      style_(resolve(style)),
      started_ms_(steady_ms()),
      drawn_ms_(started_ms_) {}

Progress::~Progress() { finish(); }

void Progress::set(std::uint64_t done) {
  done_ = done;
  auto interval = style_ == Style::kBar ? kBarIntervalMs : kLineIntervalMs;
  if (!finished_ && steady_ms() - drawn_ms_ >= interval) draw(false);
}

void Progress::finish() {
  if (finished_) return;
  draw(true);
  finished_ = true;
}

std::string Progress::line(std::int64_t elapsed_ms) const {
  auto per_second = elapsed_ms > 0 ? done_ * 1000 / static_cast<std::uint64_t>(elapsed_ms) : 0;
  std::string tail = note_.empty() ? "" : "  " + note_;
  if (total_ == 0) {
    return fmt::format("{} {} {} ({}/s){}", what_, grouped(done_), unit_, grouped(per_second),
                       tail);
  }
  auto done = std::min(done_, total_);
  std::string left;
  if (done > 0 && done < total_) {
    auto ms = static_cast<double>(elapsed_ms) * static_cast<double>(total_ - done) /
              static_cast<double>(done);
    left = fmt::format(", {} left", seconds_text(static_cast<std::int64_t>(ms / 1000.0) + 1));
  }
  return fmt::format("{} {} % ({}/{} {}, {}/s{}){}", what_, done * 100 / total_, grouped(done),
                     grouped(total_), unit_, grouped(per_second), left, tail);
}

void Progress::draw(bool last) {
  auto now = steady_ms();
  drawn_ms_ = now;
  std::string text = line(now - started_ms_);
  switch (style_) {
    case Style::kSilent:
    case Style::kAuto:
      return;
    case Style::kLines:
      fmt::print(stderr, "{}\n", text);
      break;
    case Style::kBar: {
      constexpr std::size_t kBarWidth = 24;
      std::string bar;
      if (total_ > 0) {
        auto filled = static_cast<std::size_t>(std::min(done_, total_) * kBarWidth / total_);
        bar =
            fmt::format("[{}{}] ", std::string(filled, '#'), std::string(kBarWidth - filled, '.'));
      }
      auto whole = bar + text;
      auto columns = terminal_columns();
      if (whole.size() >= columns) whole.resize(columns - 1);
      fmt::print(stderr, "\r{}\x1b[K{}", whole, last ? "\n" : "");
      break;
    }
  }
  std::fflush(stderr);
}

}  // namespace permitd::cli
