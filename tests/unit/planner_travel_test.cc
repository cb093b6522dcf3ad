// The providers of travel times, against figures from elsewhere, and the order by locality.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ranges>

#include "planner/locality.h"
#include "planner/travel.h"

namespace permitd::planner {
namespace {

TEST(PlannerTravel, GreatCircleOfOneDegreeOfLatitude) {
  // A degree of a circle of 6,371 km is 111.195 km; at 60 km/h that takes 6,672 s.
  const GreatCircleTravel travel({{35, 51}, {36, 51}}, {1.0, 60, 0});
  EXPECT_NEAR(travel.between(0, 1), 6672, 1);
  EXPECT_EQ(travel.between(0, 0), 0);
}

TEST(PlannerTravel, RoadFactorAndOverheadAreAdded) {
  const GreatCircleTravel travel({{35, 51}, {35.1, 51}}, {1.5, 60, 120});
  EXPECT_NEAR(travel.between(1, 0), 667.2 * 1.5 + 120, 1);
}

TEST(PlannerTravel, TheLongestLegStillFits) {
  const GreatCircleTravel travel({{35, 51}, {-35, -129}}, {1.4, 20, 0});
  EXPECT_EQ(travel.between(0, 1), kTravelMax);
}

TEST(PlannerTravel, ATableCountsBetweenItsDistricts) {
  const GreatCircleTravel circles({{35, 51}, {35.1, 51}, {35.2, 51}}, {1.0, 60, 0});
  const DistrictTravel travel(circles, {0, 0, 1}, {5, 20, 30, 6}, 2);
  EXPECT_EQ(travel.place_count(), 3);
  EXPECT_EQ(travel.between(0, 0), 0);
  EXPECT_EQ(travel.between(0, 1), 5);
  EXPECT_EQ(travel.between(0, 2), 20);
  EXPECT_EQ(travel.between(2, 1), 30);
  EXPECT_FALSE(travel.symmetric());
}

TEST(PlannerTravel, WhereATableSaysNothingTheGreatCircleCounts) {
  const GreatCircleTravel circles({{35, 51}, {35.1, 51}, {35.2, 51}, {35.3, 51}}, {1.0, 60, 0});
  constexpr Time kNo = DistrictTravel::kNotGiven;
  // Two places of one district, one of another, and one that is in none.
  const DistrictTravel travel(circles, {0, 0, 1, DistrictTravel::kNoDistrict}, {kNo, 20, 20, kNo},
                              2);
  EXPECT_EQ(travel.between(0, 1), circles.between(0, 1));
  EXPECT_EQ(travel.between(0, 2), 20);
  EXPECT_EQ(travel.between(2, 3), circles.between(2, 3));
  EXPECT_EQ(travel.between(3, 0), circles.between(3, 0));
  EXPECT_TRUE(travel.symmetric());
}

TEST(PlannerTravel, APlaneIsCutNotRounded) {
  const PlaneTravel travel({{0, 0}, {1, 1}}, 10);
  EXPECT_EQ(travel.between(0, 1), 14);
}

TEST(PlannerTravel, LocalityKeepsEveryPlaceOnceAndShortensTheWalk) {
  std::vector<PlaneTravel::Point> points;
  for (int i = 0; i < 400; ++i) {
    // A scattered numbering of a grid of 20 by 20.
    const int cell = i * 173 % 400;
    points.push_back({static_cast<double>(cell % 20), static_cast<double>(cell / 20)});
  }
  const PlaneTravel travel(points, 10);
  std::vector<Place> places(400);
  for (Place place = 0; place < 400; ++place) places[static_cast<std::size_t>(place)] = place;
  const auto order = locality_order(places, travel);
  const auto walk = [&](const auto& place_at) {
    Time sum = 0;
    for (std::size_t i = 1; i < places.size(); ++i) {
      sum += travel.between(place_at(i - 1), place_at(i));
    }
    return sum;
  };
  const Time before = walk([&](std::size_t i) { return places[i]; });
  const Time after = walk([&](std::size_t i) { return places[order[i]]; });
  EXPECT_LT(after * 3, before);
  auto sorted = order;
  std::ranges::sort(sorted);
  EXPECT_TRUE(std::ranges::equal(sorted, std::views::iota(std::size_t{0}, std::size_t{400})));
}

}  // namespace
}  // namespace permitd::planner
