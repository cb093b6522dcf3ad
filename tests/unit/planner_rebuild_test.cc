// Putting trips back: what costs too much is given up or left out, and who may take a trip is asked
// however little their place costs.
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "planner/rebuild.h"
#include "tests/unit/planner_small_days.h"

namespace permitd::planner::testing {
namespace {

/// Everything that a rebuilding needs, nothing inserted yet; trips are those of the visits.
class RebuildTest : public ::testing::Test {
 protected:
  void begin(DayProblem problem) {
    problem_ = std::move(problem);
    model_.emplace(problem_, travel_);
    table_.emplace(*model_, travel_);
    nearby_.emplace(*model_, *table_, Neighbourhood::Size{});
    routes_.emplace(*model_);
    rebuild_.emplace(*routes_, *table_, *nearby_, random_);
    for (VisitIndex v = 0; std::cmp_less(v, problem_.visits.size()); ++v) {
      trips_.push_back(model_->trip_of(v));
    }
  }

  LineTravel travel_;
  DayProblem problem_;
  Random random_{1};
  std::optional<DayModel> model_;
  std::optional<TravelTable> table_;
  std::optional<Neighbourhood> nearby_;
  std::optional<RouteSet> routes_;
  std::optional<Rebuild> rebuild_;
  std::vector<StopId> trips_;
};

TEST_F(RebuildTest, OneThatCanNoLongerBeCheapEnoughIsGivenUp) {
  begin({{inspector_at(0)}, {visit_at(100), visit_at(200)}, {}});
  const std::vector<StopId> trips = trips_;
  const Cost before = routes_->cost().total();
  routes_->checkpoint();
  EXPECT_FALSE(rebuild_->insert_all(trips_, 400));
  EXPECT_EQ(trips_, trips);
  EXPECT_TRUE(routes_->served(trips_[0])) << "the first alone is cheap enough";
  EXPECT_FALSE(routes_->served(trips_[1]));
  routes_->rollback();
  EXPECT_EQ(routes_->cost().total(), before);
  EXPECT_FALSE(routes_->served(trips_[0]));

  EXPECT_TRUE(rebuild_->insert_all(trips_, 401));
  EXPECT_TRUE(trips_.empty());
  EXPECT_EQ(routes_->cost().total(), 400);
}

TEST_F(RebuildTest, WhatCostsMoreThanItsPrizeStaysOut) {
  DayProblem problem{{inspector_at(0)}, {visit_at(100), visit_at(200)}, {}};
  problem.visits[1].prize = 150;  // the way there and back is 200 longer
  begin(std::move(problem));
  const StopId dear = trips_[1];
  EXPECT_TRUE(rebuild_->insert_all(trips_));
  EXPECT_EQ(trips_, std::vector{dear});
  EXPECT_EQ(routes_->cost().travel, 200);
  EXPECT_EQ(routes_->cost().unserved, 150);
}

/// Two who are alike, so that the search takes its shorter way, and two who live apart.
class LoadTest : public RebuildTest, public ::testing::WithParamInterface<Place> {};

TEST_P(LoadTest, WhoHasNoRoomLeftGetsNothingHoweverNear) {
  DayProblem problem{{inspector_at(0), inspector_at(GetParam())}, {visit_at(10), visit_at(11)}, {}};
  for (Inspector& inspector : problem.inspectors) inspector.load_max = 1;
  for (Visit& visit : problem.visits) visit.demand = 1;
  begin(std::move(problem));
  EXPECT_EQ(model_->plain(), GetParam() == 0);
  const std::vector<StopId> trips = trips_;
  EXPECT_TRUE(rebuild_->insert_all(trips_));
  EXPECT_TRUE(trips_.empty());
  EXPECT_NE(routes_->stop(trips[0]).person, routes_->stop(trips[1]).person);
}

INSTANTIATE_TEST_SUITE_P(SecondHome, LoadTest, ::testing::Values(0, 500));

}  // namespace
}  // namespace permitd::planner::testing
