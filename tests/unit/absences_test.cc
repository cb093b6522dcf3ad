// Goal: the absences of an expert stay sorted and apart whatever is told of them, and no more are
// kept than there is room for. Method: lists that can be written down, and random ones beside a row
// of minutes.
#include "scheduler/absences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <initializer_list>
#include <utility>
#include <vector>

#include "tests/support/seeded.h"

namespace permitd::tests {
namespace {

using namespace permitd::scheduler;
using testing::ElementsAre;

Absence span_of(std::int64_t from, std::int64_t until, Reason reason = Reason::kLeave) {
  return {Tick{from}, Tick{until}, reason, {}};
}

std::vector<std::pair<std::int64_t, std::int64_t>> listed(const Absences& absences) {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (const Absence& absence : absences.all())
    found.emplace_back(absence.from.ms, absence.until.ms);
  return found;
}

Absences of(std::initializer_list<std::pair<std::int64_t, std::int64_t>> list) {
  Absences made;
  for (const auto& [from, until] : list) EXPECT_TRUE(made.add(span_of(from, until)));
  return made;
}

TEST(AbsencesTest, TheyAreSortedHoweverTheyAreTold) {
  EXPECT_THAT(listed(of({{50, 60}, {10, 20}, {30, 40}})),
              ElementsAre(std::pair{10, 20}, std::pair{30, 40}, std::pair{50, 60}));
}

TEST(AbsencesTest, WhatOverlapsOrTouchesIsOneForTheNewestReason) {
  Absences absences = of({{10, 20}, {30, 40}, {60, 70}});
  EXPECT_TRUE(absences.add(span_of(15, 30, Reason::kIllness)));
  EXPECT_THAT(listed(absences), ElementsAre(std::pair{10, 40}, std::pair{60, 70}));
  EXPECT_EQ(absences.list[0].reason, Reason::kIllness);
  EXPECT_EQ(absences.list[1].reason, Reason::kLeave);
  EXPECT_TRUE(absences_whole(absences));
}

TEST(AbsencesTest, OneEndsEarlierOrIsTakenAway) {
  Absences absences = of({{10, 20}, {30, 40}});
  EXPECT_FALSE(absences.end(Tick{20}));
  EXPECT_TRUE(absences.end(Tick{35}));
  EXPECT_TRUE(absences.end(Tick{10}));
  EXPECT_THAT(listed(absences), ElementsAre(std::pair{30, 35}));
  EXPECT_TRUE(absences_whole(absences));
}

TEST(AbsencesTest, WhatIsOverIsForgotten) {
  Absences absences = of({{10, 20}, {30, 40}, {50, 60}});
  absences.forget(Tick{40});
  EXPECT_THAT(listed(absences), ElementsAre(std::pair{50, 60}));
  absences.forget(Tick{59});
  EXPECT_EQ(absences.count, 1);
  absences.forget(Tick{60});
  EXPECT_EQ(absences, Absences{});
}

TEST(AbsencesTest, OneMoreThanThereIsRoomForIsRefusedAndChangesNothing) {
  Absences absences;
  for (std::int64_t i = 0; i < kAbsencesMax; ++i)
    ASSERT_TRUE(absences.add(span_of(10 * i, 10 * i + 5)));
  const Absences full = absences;
  EXPECT_FALSE(absences.add(span_of(200, 210)));
  EXPECT_EQ(absences, full);
  EXPECT_TRUE(absences.add(span_of(3, 12)));  // joins two
  EXPECT_TRUE(absences.add(span_of(200, 210)));
}

TEST(AbsencesTest, WhereTheyStandAndWhatComesNext) {
  const Absences absences = of({{10, 20}, {30, 40}});
  EXPECT_EQ(Absences{}.state(Tick{5}), SpanState::kNone);
  EXPECT_EQ(absences.state(Tick{5}), SpanState::kAhead);
  EXPECT_EQ(absences.state(Tick{10}), SpanState::kInForce);
  EXPECT_EQ(absences.state(Tick{20}), SpanState::kAhead);
  EXPECT_EQ(absences.state(Tick{40}), SpanState::kOver);
  EXPECT_EQ(absences.next_begin(Tick{10}), Tick{30});
  EXPECT_EQ(absences.next_change(Tick{10}), Tick{20});
  EXPECT_EQ(absences.next_change(Tick{20}), Tick{30});
  EXPECT_EQ(absences.next_change(Tick{40}), kNever);
}

TEST(AbsencesTest, AListFromAFileThatIsNotOneIsFound) {
  Absences absences = of({{10, 20}, {30, 40}});
  EXPECT_TRUE(absences_whole(absences));
  Absences wrong = absences;
  wrong.list[1].from = Tick{20};  // touches
  EXPECT_FALSE(absences_whole(wrong));
  wrong = absences;
  wrong.list[2].until = Tick{1};  // a free place that is not empty
  EXPECT_FALSE(absences_whole(wrong));
  wrong = absences;
  wrong.count = kAbsencesMax + 1;
  EXPECT_FALSE(absences_whole(wrong));
  wrong = absences;
  wrong.list[0].reason = static_cast<Reason>(kReasonCount);
  EXPECT_FALSE(absences_whole(wrong));
}

TEST(AbsencesTest, TheyCoverWhatWasToldAndNothingElse) {
  constexpr std::size_t kMinutes = 60;
  const Seeds seeds = Seeds::of(100);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(seed);
    Chance chance(seed);
    Absences absences;
    std::bitset<kMinutes> away;
    for (int step = 0; step < 200; ++step) {
      const std::size_t from = chance.below(kMinutes);
      if (chance.chance(300)) {
        const bool is_one = away[from];
        ASSERT_EQ(absences.end(Tick{static_cast<std::int64_t>(from)}), is_one);
        for (std::size_t i = from; is_one && i < kMinutes && away[i]; ++i) away.reset(i);
      } else {
        const std::size_t until = std::min(kMinutes, from + 1 + chance.below(std::size_t{8}));
        const auto told =
            span_of(static_cast<std::int64_t>(from), static_cast<std::int64_t>(until));
        if (absences.add(told)) {
          for (std::size_t i = from; i < until; ++i) away.set(i);
        } else {
          ASSERT_EQ(absences.count, kAbsencesMax);
        }
      }
      ASSERT_TRUE(absences_whole(absences));
      for (std::size_t i = 0; i < kMinutes; ++i)
        ASSERT_EQ(absences.at(Tick{static_cast<std::int64_t>(i)}) != nullptr, away[i]) << i;
    }
  }
}

}  // namespace
}  // namespace permitd::tests
