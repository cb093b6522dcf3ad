// Goal: candidates are ordered by what the weights say, and as many are near-equal as the margin
// allows. Method: made-up candidates, no city.
#include "scheduler/expert_score.h"

#include <gtest/gtest.h>

#include <array>

#include "scheduler/decision.h"

namespace permitd::scheduler {
namespace {

constexpr std::uint64_t kPercent = 10'000;

CandidateView candidate(std::uint32_t expert, std::uint32_t load_percent, std::uint32_t metres,
                        std::uint32_t office_percent) {
  return {ExpertId{expert}, load_percent * 10'000, metres, office_percent * 10'000};
}

TEST(ExpertScore, KilometreCountsLikeAHundredthOfLoad) {
  const ChoiceWeights equal{1000, 1000, 1000};
  EXPECT_EQ(score_of(candidate(1, 7, 0, 0), equal), 7 * kPercent);
  EXPECT_EQ(score_of(candidate(1, 0, 7000, 0), equal), 7 * kPercent);
  EXPECT_EQ(score_of(candidate(1, 0, 0, 7), equal), 7 * kPercent);
  EXPECT_EQ(score_of(candidate(1, 10, 4000, 20), {500, 250, 100}), 8 * kPercent);
  EXPECT_EQ(score_of(candidate(1, 10, 4000, 20), {0, 0, 0}), 0U);
}

TEST(ExpertScore, BestComesFirstAndTheMarginBoundsTheOthers) {
  std::array all{candidate(1, 9, 0, 0), candidate(2, 3, 1000, 0), candidate(3, 3, 0, 0),
                 candidate(4, 5, 0, 0)};
  EXPECT_EQ(order_by_score(all, {1000, 1000, 0}, 4, 2 * kPercent), 3U);
  EXPECT_EQ(raw(all[0].expert), 3U);
  EXPECT_EQ(raw(all[1].expert), 2U);
  EXPECT_EQ(raw(all[2].expert), 4U);
}

TEST(ExpertScore, NoMoreThanWantedAreNearEqual) {
  std::array all{candidate(3, 1, 0, 0), candidate(2, 1, 0, 0), candidate(1, 1, 0, 0)};
  EXPECT_EQ(order_by_score(all, {1000, 0, 0}, 2, kPercent), 2U);
  EXPECT_EQ(raw(all[0].expert), 1U);
  EXPECT_EQ(raw(all[1].expert), 2U);
}

TEST(ExpertScore, WhoIsSomewhereUnknownIsAsFarAsTheFarthest) {
  std::array all{candidate(1, 0, 0, 0), candidate(2, 0, 3000, 0), candidate(3, 0, 1000, 0)};
  all[0].metres = kWayUnknown;
  EXPECT_EQ(order_by_score(all, {1000, 1000, 0}, 3, 0), 1U);
  EXPECT_EQ(raw(all[0].expert), 3U);
  EXPECT_EQ(raw(all[1].expert), 1U);
  EXPECT_EQ(all[1].metres, 3000U);
}

TEST(ExpertScore, NobodyKnownLeavesTheLoad) {
  std::array all{candidate(1, 2, 0, 0), candidate(2, 1, 0, 0)};
  for (CandidateView& one : all) one.metres = kWayUnknown;
  EXPECT_EQ(order_by_score(all, {1000, 1000, 0}, 2, 0), 1U);
  EXPECT_EQ(raw(all[0].expert), 2U);
  EXPECT_EQ(all[0].metres, 0U);
}

}  // namespace
}  // namespace permitd::scheduler
