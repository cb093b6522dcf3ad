// Goal: distances compare as they do on the globe. Method: places in Tehran whose distances are
// known from their coordinates, and the seam of the longitudes.
#include "scheduler/distance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace permitd::scheduler {
namespace {

constexpr Point kTehran{35'700'000, 51'400'000};

TEST(Distance, CosineIsCloseEverywhere) {
  for (std::int32_t degrees = -90; degrees <= 90; ++degrees) {
    const double exact = std::cos(degrees * 3.14159265358979 / 180);
    EXPECT_NEAR(static_cast<double>(cosine_ppm(degrees * 1'000'000)) / 1e6, exact, 0.002);
  }
}

TEST(Distance, DegreeToTheEastIsShorterThanOneToTheNorth) {
  const std::int64_t north = distance_square(kTehran, {36'700'000, 51'400'000});
  const std::int64_t east = distance_square(kTehran, {35'700'000, 52'400'000});
  EXPECT_EQ(north, 1'000'000'000'000);
  EXPECT_NEAR(std::sqrt(static_cast<double>(east) / static_cast<double>(north)), 0.812, 0.002);
}

TEST(Distance, RootIsTheGreatestThatFits) {
  for (std::uint64_t root = 0; root < 2000; ++root) {
    EXPECT_EQ(square_root(root * root), root);
    EXPECT_EQ(square_root(root * root + 2 * root), root);
  }
  constexpr std::uint64_t kGreat = 300'000'000;  // the other side of the globe
  EXPECT_EQ(square_root(kGreat * kGreat), kGreat);
  EXPECT_EQ(square_root(kGreat * kGreat - 1), kGreat - 1);
}

TEST(Distance, MetresAreThoseOfTheMap) {
  EXPECT_EQ(metres(kTehran, kTehran), 0U);
  EXPECT_EQ(metres(kTehran, {36'700'000, 51'400'000}), 111'200U);
  EXPECT_NEAR(metres(kTehran, {35'700'000, 51'410'000}), 903, 3);
}

TEST(Distance, NothingIsFartherThanTheOtherSide) {
  EXPECT_EQ(distance_square({0, 179'999'999}, {0, -179'999'999}), 4);
  EXPECT_GT(distance_square({90'000'000, 180'000'000}, {-90'000'000, -180'000'000}), 0);
}

}  // namespace
}  // namespace permitd::scheduler
