// Goal: distances compare as they do on the globe. Method: places in Tehran whose distances are
// known from their coordinates, and the seam of the longitudes.
#include "scheduler/distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace permitd::scheduler {
namespace {

constexpr Point kTehran{35'700'000, 51'400'000};

TEST(Distance, CosineIsCloseEverywhere) {
  for (std::int32_t hundredths = -9000; hundredths <= 9000; ++hundredths) {
    const double exact = std::cos(hundredths * 3.14159265358979 / 18'000);
    EXPECT_NEAR(std::ldexp(scaled_cosine(hundredths * 10'000), -20), exact, 0.002) << hundredths;
  }
}

// Decisions of long ago are made again from the same cosines.
TEST(Distance, CosineIsThatOfTheFormulaOnBothHalves) {
  for (std::int64_t x = 0; x <= 9000; ++x) {
    const std::int64_t square = x * x;
    const std::int64_t formula = ((324'000'000 - 4 * square) << 20) / (324'000'000 + square);
    const auto lat_e6 = static_cast<std::int32_t>(x * 10'000);
    EXPECT_EQ(scaled_cosine(lat_e6), formula) << x;
    EXPECT_EQ(scaled_cosine(-lat_e6), formula) << x;
    if (x == 9000) break;
    EXPECT_EQ(scaled_cosine(lat_e6 + 9'999), formula) << x;
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
  // Close to a power of two, where the first digits of a root change.
  for (std::uint64_t power = 4; power <= std::uint64_t{1} << 30; power *= 2) {
    for (const std::uint64_t root : {power - 1, power, power + 1, power + power / 2}) {
      EXPECT_EQ(square_root(root * root), root);
      EXPECT_EQ(square_root(root * root - 1), root - 1);
    }
  }
  EXPECT_EQ(square_root((std::uint64_t{1} << 62) - 1), (std::uint64_t{1} << 31) - 1);
  constexpr std::uint64_t kGreat = 300'000'000;  // the other side of the globe
  EXPECT_EQ(square_root(kGreat * kGreat), kGreat);
  EXPECT_EQ(square_root(kGreat * kGreat - 1), kGreat - 1);
}

TEST(Distance, MetresAreThoseOfTheMap) {
  EXPECT_EQ(metres(kTehran, kTehran), 0U);
  EXPECT_EQ(metres(kTehran, {36'700'000, 51'400'000}), 111'200U);
  EXPECT_NEAR(metres(kTehran, {35'700'000, 51'410'000}), 903, 3);
}

TEST(Distance, SquareWithinIsTheGreatestOfSoManyMetres) {
  for (const std::uint64_t each : {0U, 1U, 499U, 500U, 2'619U, 111'200U, 20'000'000U}) {
    EXPECT_EQ(metres_of(square_within(each)), each);
    EXPECT_EQ(metres_of(square_within(each) + 1), each + 1);
  }
}

TEST(Distance, NothingInABoxIsNearerThanTheBox) {
  constexpr Point kLow{35'000'000, 170'000'000};
  constexpr Point kHigh{36'000'000, 179'000'000};
  for (const Point from : {kTehran, Point{35'500'000, 175'000'000}, Point{34'000'000, -179'000'000},
                           Point{80'000'000, -20'000'000}}) {
    const std::uint64_t box = box_square(from, scaled_cosine(from.lat_e6), kLow, kHigh);
    std::int64_t least = INT64_MAX;
    for (std::int32_t lat = kLow.lat_e6; lat <= kHigh.lat_e6; lat += 100'000) {
      for (std::int32_t lon = kLow.lon_e6; lon <= kHigh.lon_e6; lon += 100'000)
        least = std::min(least, distance_square(from, {lat, lon}));
    }
    EXPECT_EQ(static_cast<std::int64_t>(box), least);  // a corner, a side, or inside
  }
}

TEST(Distance, NothingIsFartherThanTheOtherSide) {
  EXPECT_EQ(distance_square({0, 179'999'999}, {0, -179'999'999}), 4);
  EXPECT_GT(distance_square({90'000'000, 180'000'000}, {-90'000'000, -180'000'000}), 0);
}

}  // namespace
}  // namespace permitd::scheduler
