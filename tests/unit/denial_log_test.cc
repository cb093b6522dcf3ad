// Goal: whoever is denied is seen, and each command that it was denied, however many others are,
// and the log stays bounded. Method: the log under peers that flood it, at moments that the test
// says.
#include "daemon/denial_log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace permitd::daemon {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kBegin = 5'000'000'000;

std::string logged(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

std::int64_t lines_in(const std::string& log) { return std::count(log.begin(), log.end(), '\n'); }

TEST(DenialLogTest, AFloodByOneHidesNoOther) {
  DenialLog log;
  const std::string first = logged([&] {
    for (int i = 0; i < 1000; ++i)
      log.note_at(Denial::kUnknownNumber, "office 202", "named an unknown case in history", kBegin);
    log.note_at(Denial::kUnknownNumber, "office 17", "named an unknown job in why", kBegin);
    log.note_at(Denial::kCall, "office 202", "was denied hold: actor", kBegin);
  });
  EXPECT_EQ(first,
            "<5>office 202 named an unknown case in history\n"
            "<5>office 17 named an unknown job in why\n"
            "<4>office 202 was denied hold: actor\n");
  EXPECT_EQ(log.wait_ns(kBegin), kDenialIntervalNs);
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + kDenialIntervalNs - 1); }), "");
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + kDenialIntervalNs); }),
            "<5>office 202 named an unknown case in history (999× in 10 s, 1000 since the "
            "first)\n");
}

TEST(DenialLogTest, ManyOfOneCommandHideNoOther) {
  DenialLog log;
  EXPECT_EQ(logged([&] {
              log.note_at(Denial::kCall, "expert 1", "was denied hold: actor", kBegin);
              log.note_at(Denial::kCall, "expert 1", "was denied cancel: actor", kBegin + 1);
              for (int i = 0; i < 500; ++i)
                log.note_at(Denial::kCall, "expert 1", "was denied hold: actor", kBegin + 2);
              log.note_at(Denial::kCall, "expert 1", "was denied expedite: district", kBegin + 3);
              log.note_at(Denial::kCall, "expert 1", "was denied cancel: actor", kBegin + 4);
            }),
            "<4>expert 1 was denied hold: actor\n");
  std::int64_t now = kBegin + kDenialIntervalNs;
  EXPECT_EQ(logged([&] { log.tell_at(now); }),
            "<4>expert 1 was denied hold: actor (500× in 10 s, 501 since the first)\n"
            "<4>expert 1 was denied cancel: actor (2× in 10 s, 2 since the first)\n"
            "<4>expert 1 was denied expedite: district (1× in 10 s, 1 since the first)\n");
  log.note_at(Denial::kCall, "expert 1", "was denied cancel: actor", now + 1);
  now += kDenialIntervalNs;
  EXPECT_EQ(logged([&] { log.tell_at(now); }),
            "<4>expert 1 was denied cancel: actor (1× in 10 s, 3 since the first)\n");
  log.note_at(Denial::kCall, "expert 1", "was denied hold: actor", now + 1);
  EXPECT_EQ(logged([&] { log.tell_at(now + kDenialIntervalNs); }),
            "<4>expert 1 was denied hold: actor (1× in 10 s, 1 since the first)\n")
      << "an interval of quiet begins anew";
}

TEST(DenialLogTest, MoreKindsThanAreToldApartAreANumberOfTheirPeer) {
  DenialLog log;
  const std::string first = logged([&] {
    for (std::size_t kind = 0; kind < kDenialKindsMax + 7; ++kind)
      log.note_at(Denial::kCall, "expert 1", fmt::format("was denied {}", kind), kBegin);
    log.note_at(Denial::kCall, "expert 2", "was denied hold: actor", kBegin);
    log.note_at(Denial::kCall, "expert 2", "was denied hold: actor", kBegin);
  });
  EXPECT_EQ(lines_in(first), 2);
  const std::string then = logged([&] { log.tell_at(kBegin + kDenialIntervalNs); });
  // The first was told at once, and was not denied again.
  EXPECT_EQ(lines_in(then), kDenialKindsMax - 1 + 1 + 1);
  EXPECT_THAT(
      then,
      HasSubstr("<4>expert 1: further denials: 7, beyond the 64 kinds that are told apart\n"));
  EXPECT_THAT(then, HasSubstr("expert 2 was denied hold: actor (1× in 10 s, 2 since the"));
  EXPECT_EQ(log.wait_ns(kBegin + kDenialIntervalNs), kDenialIntervalNs);
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + 2 * kDenialIntervalNs); }), "");
}

TEST(DenialLogTest, WhereAPeerComesFromTellsNothingApart) {
  DenialLog log;
  EXPECT_EQ(logged([&] {
              for (int port = 1; port <= 9; ++port)
                log.note_at(Denial::kSession, "user 7", "No.", kBegin,
                            fmt::format("at {}: ", port));
            }),
            "<4>user 7 at 1: No.\n");
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + kDenialIntervalNs); }),
            "<4>user 7 at 9: No. (8× in 10 s, 9 since the first)\n");
}

TEST(DenialLogTest, WhoTriesNumbersIsTheFirstOfThemAndACount) {
  DenialLog log;
  EXPECT_EQ(logged([&] {
              for (int number = 1; number <= 200; ++number)
                log.note_at(Denial::kSession, "user 7", "Not one of the offices.", kBegin,
                            "at 1: ", fmt::format("Not office {}.", number));
              log.note_at(Denial::kSession, "user 7", "Not one of the auditors.", kBegin,
                          "at 1: ", "Not auditor 5.");
            }),
            "<4>user 7 at 1: Not office 1.\n");
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + kDenialIntervalNs); }),
            "<4>user 7 at 1: Not one of the offices. (199× in 10 s, 200 since the first)\n"
            "<4>user 7 at 1: Not one of the auditors. (1× in 10 s, 1 since the first)\n");
}

TEST(DenialLogTest, OneThatGoesOnIsToldOnceAnIntervalUntilItIsQuiet) {
  DenialLog log;
  std::int64_t now = kBegin;
  const auto interval_with = [&](int count) {
    return logged([&] {
      for (int i = 0; i < count; ++i) log.note_at(Denial::kCall, "user 7", "at a door", now + i);
      now += kDenialIntervalNs;
      log.tell_at(now);
    });
  };
  EXPECT_EQ(lines_in(interval_with(3)), 2);
  EXPECT_THAT(interval_with(5), HasSubstr("(5× in 10 s, 8 since the first)"));
  EXPECT_EQ(lines_in(interval_with(5)), 1);
  EXPECT_EQ(interval_with(0), "");
  EXPECT_EQ(log.wait_ns(now), -1) << "it is forgotten";
  EXPECT_EQ(interval_with(1), "<4>user 7 at a door\n") << "and told at once when it comes again";
}

TEST(DenialLogTest, MorePeersThanAreToldApartAreANumber) {
  DenialLog log;
  const std::string first = logged([&] {
    for (std::size_t peer = 0; peer < kDenialPeersMax + 50; ++peer)
      log.note_at(Denial::kSession, fmt::format("user {}", peer), "at a door", kBegin);
  });
  EXPECT_EQ(lines_in(first), kDenialPeersMax);
  EXPECT_EQ(logged([&] { log.tell_at(kBegin + kDenialIntervalNs); }),
            "<4>further denials: 50, of peers beyond the 256 that are told apart\n");
  EXPECT_EQ(lines_in(logged([&] {
              log.note_at(Denial::kSession, "user 300", "at a door", kBegin + kDenialIntervalNs);
            })),
            1)
      << "the places are free again";
}

TEST(DenialLogTest, WhatIsCountedIsToldAtTheEnd) {
  const std::string all = logged([] {
    DenialLog log;
    for (int i = 0; i < 4; ++i) log.note(Denial::kCall, "expert 1", "was denied cancel: actor");
  });
  EXPECT_THAT(all, HasSubstr("(3× in 10 s, 4 since the first)"));
}

}  // namespace
}  // namespace permitd::daemon
