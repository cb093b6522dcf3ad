// Goal: numbers of a day ascend, fixed ones stay, and little is numbered anew. Method: short days.
#include "daemon/place_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

using testing::ElementsAre;

std::vector<int> numbered(std::vector<PlaceNumber> places) {
  number_places(places);
  std::vector<int> numbers;
  for (const PlaceNumber& place : places) numbers.push_back(place.number);
  return numbers;
}

TEST(PlaceNumbersTest, NewPlacesLeaveRoomBetween) {
  EXPECT_THAT(numbered({{}, {}, {}}), ElementsAre(4, 8, 12));
  EXPECT_THAT(numbered({}), ElementsAre());
}

TEST(PlaceNumbersTest, WhatCanKeepsItsNumberAndNewOnesGoBetween) {
  EXPECT_THAT(numbered({{4}, {}, {8}, {}}), ElementsAre(4, 6, 8, 12));
  EXPECT_THAT(numbered({{}, {}, {6}}), ElementsAre(2, 4, 6));
}

TEST(PlaceNumbersTest, WhatHasChangedPlacesIsNumberedAnew) {
  EXPECT_THAT(numbered({{8}, {4}, {12}}), ElementsAre(8, 10, 12));
}

TEST(PlaceNumbersTest, FixedNumbersStayWhateverComesBetween) {
  EXPECT_THAT(numbered({{3}, {2, true}, {}, {4, true}, {}}), ElementsAre(1, 2, 3, 4, 8));
  EXPECT_THAT(numbered({{1, true}, {}, {2, true}}), ElementsAre(1, 1, 2));
}

TEST(PlaceNumbersTest, WhereNoRoomIsLeftWhatFollowsMakesRoom) {
  EXPECT_THAT(numbered({{4}, {}, {5}}), ElementsAre(4, 8, 12));
  EXPECT_THAT(numbered({{4}, {}, {5}, {9}, {12}}), ElementsAre(4, 5, 7, 9, 12));
  EXPECT_THAT(numbered({{4}, {}, {}, {6}, {}}), ElementsAre(4, 8, 12, 16, 20));
}

TEST(PlaceNumbersTest, WhatIsBeforeMakesRoomWhereAFixedNumberFollows) {
  EXPECT_THAT(numbered({{4}, {5}, {}, {6, true}}), ElementsAre(1, 3, 4, 6));
  EXPECT_THAT(numbered({{4}, {4, true}, {5}, {}, {7, true}, {8}}), ElementsAre(2, 4, 5, 6, 7, 8));
}

TEST(PlaceNumbersTest, NumbersThatHaveCollidedAreToldApart) {
  EXPECT_THAT(numbered({{4}, {4}, {5}}), ElementsAre(4, 8, 12));
}

TEST(PlaceNumbersTest, NoNumberIsBeyondTheLargest) {
  EXPECT_THAT(numbered({{65'534}, {65'535}, {}}), ElementsAre(4, 8, 12));
}

TEST(PlaceNumbersTest, HoweverManyComeOneByOneIntoAGapTheirOrderHolds) {
  std::vector<PlaceNumber> places{{4}, {8}, {12, true}};
  for (int i = 0; i < 9; ++i) {
    places.insert(places.begin() + 1, PlaceNumber{});
    number_places(places);
    for (std::size_t j = 1; j < places.size(); ++j)
      ASSERT_LT(places[j - 1].number, places[j].number);
    ASSERT_EQ(places.back().number, 12);
  }
}

}  // namespace
}  // namespace permitd::daemon
