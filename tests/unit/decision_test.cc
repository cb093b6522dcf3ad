// Goal: the lot among near-equals is even, hangs on the seed alone, and can be drawn again by
// anybody. Method: counts over many seeds, draws written down once.
#include "scheduler/decision.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

namespace permitd::scheduler {
namespace {

TEST(DecisionTest, EachOfTheNearEqualIsDrawnAsOften) {
  constexpr std::size_t kRounds = 30'000;
  for (std::size_t count = 1; count <= 8; ++count) {
    std::array<std::size_t, 8> drawn{};
    for (std::uint64_t job = 1; job <= kRounds; ++job)
      ++drawn.at(choose_near_equal(decision_seed(7, JobId{job}), count));
    for (std::size_t place = 0; place < count; ++place) {
      // Five standard deviations of a fair lot are less than 0.014 of all rounds.
      EXPECT_NEAR(static_cast<double>(drawn.at(place)) / kRounds, 1.0 / static_cast<double>(count),
                  0.015)
          << place << " of " << count;
    }
  }
}

TEST(DecisionTest, TheLotHangsOnTheSeedOfTheCommandAndOnTheJob) {
  std::size_t by_seed = 0;
  std::size_t by_job = 0;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    const std::size_t here = choose_near_equal(decision_seed(n, JobId{1}), 8);
    EXPECT_EQ(here, choose_near_equal(decision_seed(n, JobId{1}), 8));
    by_seed += here != choose_near_equal(decision_seed(n + 1, JobId{1}), 8) ? 1U : 0U;
    by_job += here != choose_near_equal(decision_seed(n, JobId{2}), 8) ? 1U : 0U;
  }
  EXPECT_GT(by_seed, 60U);
  EXPECT_GT(by_job, 60U);
}

TEST(DecisionTest, TheLotAmongVisitsHangsOnAllOfThemInOrder) {
  constexpr std::array kDrawn{JobId{4}, JobId{9}};
  const std::uint64_t seed = decision_seed(7, kDrawn);
  EXPECT_EQ(seed, decision_seed(decision_seed(7, JobId{4}), JobId{9}));
  EXPECT_EQ(decision_seed(7, std::span(kDrawn).first(1)), decision_seed(7, JobId{4}));
  constexpr std::array kTurned{JobId{9}, JobId{4}};
  EXPECT_NE(seed, decision_seed(7, kTurned));
}

TEST(DecisionTest, AboutAsNearIsAShareOfTheWayAndSomeMetres) {
  EXPECT_EQ(near_equal_metres(0, 50), 500U);
  EXPECT_EQ(near_equal_metres(2'019, 50), 2'019U + 100 + 500);
  EXPECT_EQ(near_equal_metres(2'019, 0), 2'519U);
}

}  // namespace
}  // namespace permitd::scheduler
