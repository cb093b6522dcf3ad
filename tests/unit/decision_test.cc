// Goal: the lot among near-equals is even, hangs on the seed alone, and can be drawn again by
// anybody. Method: counts over many seeds, draws written down once.
#include "scheduler/decision.h"

#include <gtest/gtest.h>

#include <array>

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

}  // namespace
}  // namespace permitd::scheduler
