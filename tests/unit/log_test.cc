// Goal: a site that is flooded writes a few lines per interval and then says how many it kept back;
// a line has an end, and is written without memory too. Method: what goes to stderr; this
// executable has an operator new that fails when it is told to.
#include "daemon/log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

namespace {

thread_local bool has_memory = true;

}  // namespace

// Not inlined: the compiler would see malloc on one side of a pair alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = has_memory ? std::malloc(size) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

/// An argument whose formatter asks for memory.
struct Long {};
template <>
struct fmt::formatter<Long> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const Long&, Context& context) const {
    return fmt::formatter<std::string_view>::format(std::string(100, 'y'), context);
  }
};

namespace permitd::daemon {
namespace {

/// Takes the memory of this thread away for as long as it lives.
class NoMemory {
 public:
  NoMemory() { has_memory = false; }
  ~NoMemory() { has_memory = true; }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

constexpr std::int64_t kBegin = 5'000'000'000;

TEST(LogTest, AFloodedSiteKeepsBackAndCounts) {
  LogSite site;
  std::uint64_t kept_back = 99;
  for (std::uint32_t i = 0; i < kLogSiteBurst; ++i) {
    EXPECT_TRUE(site.admit_at(kBegin, kept_back));
    EXPECT_EQ(kept_back, 0U);
  }
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(site.admit_at(kBegin + i, kept_back));
  EXPECT_TRUE(site.admit_at(kBegin + kLogSiteIntervalNs, kept_back));
  EXPECT_EQ(kept_back, 1000U);
  EXPECT_TRUE(site.admit_at(kBegin + kLogSiteIntervalNs, kept_back));
  EXPECT_EQ(kept_back, 0U);
}

TEST(LogTest, LinesCarryTheirPriorityAndNoLineBreaks) {
  testing::internal::CaptureStderr();
  log_text(LogLevel::kWarning, "a\nb\x1B[31m");
  log_line(LogLevel::kError, "{} of {}", 1, 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<4>a b [31m\n<3>1 of 2\n");
}

TEST(LogTest, WhatIsLessUrgentThanTheLevelIsNotWritten) {
  set_log_level(LogLevel::kWarning);
  testing::internal::CaptureStderr();
  log_line(LogLevel::kNotice, "not shown");
  log_line(LogLevel::kWarning, "shown");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<4>shown\n");
  set_log_level(LogLevel::kInfo);
}

TEST(LogTest, ALineThatIsTooLongIsCutAndSaysSo) {
  const std::string end = std::string(kLogCut) + "\n";
  const std::string longest(kLogLineSizeMax, 'x');
  for (const bool is_formatted : {false, true}) {
    testing::internal::CaptureStderr();
    is_formatted ? log_line(LogLevel::kInfo, "{}{}", longest, longest)
                 : log_text(LogLevel::kInfo, longest);
    const std::string written = testing::internal::GetCapturedStderr();
    EXPECT_LE(written.size(), kLogLineSizeMax);
    EXPECT_GT(written.size(), kLogLineSizeMax - 100);
    EXPECT_TRUE(written.starts_with("<6>xxx") && written.ends_with("x" + end)) << written;
  }
}

TEST(LogTest, ALineIsCutBehindAWholeLetter) {
  for (const std::string begin : {"", "x", "xx", "xxx"}) {
    std::string letters = begin;
    while (letters.size() < 2 * kLogLineSizeMax) letters += "پ€";  // two bytes and three
    testing::internal::CaptureStderr();
    log_text(LogLevel::kInfo, letters);
    const std::string written = testing::internal::GetCapturedStderr();
    const std::size_t size = written.size() - kLogCut.size() - 1 - 3 - begin.size();
    EXPECT_TRUE(size % 5 == 0 || size % 5 == 2) << size;
    EXPECT_EQ(written.substr(3, begin.size() + size), letters.substr(0, begin.size() + size));
  }
}

TEST(LogTest, ACutLineStillSaysHowManyWereKeptBack) {
  const std::string text(2 * kLogLineSizeMax, 'x');
  testing::internal::CaptureStderr();
  log_formatted(LogLevel::kInfo, UINT64_MAX, "{}", fmt::make_format_args(text));
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_LE(written.size(), kLogLineSizeMax);
  const std::string note = " (18446744073709551615 like it not shown)\n";
  EXPECT_TRUE(written.ends_with(std::string(kLogCut) + note)) << written;
}

// Out of a thread, or a function that may not throw, the exception would have ended the process.
TEST(LogTest, WithoutMemoryALineIsWrittenAllTheSame) {
  const std::string text(1000, 'x');
  const Error error{ErrorCode::kSystem, EIO, "read " + text, "Look at the device."};
  LogSite site;
  bool ran_out = false;
  testing::internal::CaptureStderr();
  {
    const NoMemory none;
    log_text(LogLevel::kError, text);
    log_line(LogLevel::kError, "{} of {:.1f} {}", text, 1.5, 7);
    log_line(site, LogLevel::kError, "{}", text);
    log_line(LogLevel::kError, "{}", Long{});
    log_error(LogLevel::kError, error);
    try {
      (void)fmt::format("{}", text);
    } catch (const std::bad_alloc&) {
      ran_out = true;
    }
  }
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(ran_out) << "there was memory all the time";
  EXPECT_EQ(written, "<3>" + text + "\n<3>" + text + " of 1.5 7\n<3>" + text +
                         "\n<3>a line was to stand here that could not be put together\n<3>read " +
                         text + "\n");
}

TEST(LogTest, AnErrorIsToldInFull) {
  testing::internal::CaptureStderr();
  log_error(LogLevel::kError, {ErrorCode::kFull, 0, "write x", "Make room."});
  log_error(LogLevel::kDebug, {ErrorCode::kFull, 0, "write x", "Make room."});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<3>device full: write x. Make room.\n");
}

}  // namespace
}  // namespace permitd::daemon
