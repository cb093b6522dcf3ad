// Goal: a site that is flooded writes a few lines per interval and then says how many it kept back.
#include "daemon/log.h"

#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

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

}  // namespace
}  // namespace permitd::daemon
