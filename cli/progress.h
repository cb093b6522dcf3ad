// Progress of a long command: a bar that redraws itself on a terminal, a plain line every so often
// otherwise. Writes to stderr, so that stdout stays for the result. Never more than ten updates a
// second.
#pragma once

#include <cstdint>
#include <string>

namespace permitd::cli {

class Progress {
 public:
  enum class Style : std::uint8_t { kAuto, kBar, kLines, kSilent };  // kAuto looks at the terminal

  /// `what` names the work ("loading"), `unit` what is counted ("definitions"). `total` 0 =
  /// unknown.
  Progress(std::string what, std::string unit, std::uint64_t total, Style style = Style::kAuto);
  ~Progress();  // finish()
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set(std::uint64_t done);
  void advance(std::uint64_t by = 1) { set(done_ + by); }
  /// Free text behind the figures, shown with the next update.
  void note(std::string text) { note_ = std::move(text); }
  void set_total(std::uint64_t total) { total_ = total; }
  /// Draws the last state and ends the line. Idempotent.
  void finish();

  /// The text of one update without control characters: "loading 42 % (420/1,000 definitions, 3 s
  /// left) note".
  std::string line(std::int64_t elapsed_ms) const;

 private:
  void draw(bool last);

  std::string what_;
  std::string unit_;
  std::string note_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  Style style_;
  std::int64_t started_ms_;
  std::int64_t drawn_ms_ = 0;
  bool finished_ = false;
};

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number);

}  // namespace permitd::cli
