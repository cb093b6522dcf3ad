// Pictures of plans: what is drawn of a plan, that a map is not stretched, and that a file which
// cannot be written is said.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "bench/balance_svg.h"

namespace permitd::bench {
namespace {

using Point = planner::PlaneTravel::Point;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Two people of three go out from places 0 and 1; four visits, twenty units east and five north.
class PlannerPicture : public ::testing::Test {
 protected:
  PlannerPicture() {
    std::filesystem::create_directories(directory_);
    problem_.inspectors.resize(3);
    problem_.inspectors[0].start = problem_.inspectors[0].end = 0;
    problem_.inspectors[1].start = problem_.inspectors[1].end = 0;
    problem_.inspectors[2].start = 1;
    for (planner::Place place = 2; place < 6; ++place) {
      planner::Visit visit;
      visit.place = place;
      problem_.visits.push_back(visit);
    }
    measured_.plan.routes = {{{0, 0}, {1, 10}}, {}, {{2, 0}, {3, 10}}};
  }
  ~PlannerPicture() override { std::filesystem::remove_all(directory_); }

  std::string drawn() {
    const auto file = directory_ / "plan.svg";
    const auto written = write_svg(file, picture());
    EXPECT_TRUE(written) << written.error();
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  Picture picture() { return {"a plan", points_, problem_, measured_}; }

  /// Where the visits are drawn, in their order.
  static std::vector<Point> circles_of(const std::string& svg) {
    static const std::regex circle(R"re(<circle cx="([0-9.]+)" cy="([0-9.]+)")re");
    std::vector<Point> circles;
    for (std::sregex_iterator at(svg.begin(), svg.end(), circle); at != std::sregex_iterator();
         ++at)
      circles.push_back({std::stod((*at)[1]), std::stod((*at)[2])});
    return circles;
  }

  // The support library's scratch directory would link the daemon.
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("permitd-picture-" + std::to_string(getpid()));
  std::vector<Point> points_{{0, 0}, {20, 5}, {0, 0}, {20, 0}, {20, 5}, {4, 4}};
  planner::DayProblem problem_;
  Measured measured_;
};

TEST_F(PlannerPicture, HasALineForEachRouteAndADotForEachVisit) {
  const std::string svg = drawn();
  EXPECT_EQ(count_of(svg, "<polyline"), 2U);
  EXPECT_EQ(count_of(svg, "<circle"), 4U);
  EXPECT_NE(svg.find("a plan"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST_F(PlannerPicture, HasTheCurveBesideThem) {
  measured_.curve = {{0, 120}, {1, 100}};
  EXPECT_EQ(count_of(drawn(), "<polyline"), 3U);
}

TEST_F(PlannerPicture, IsAsLongToTheEastAsToTheNorth) {
  const std::vector<Point> at = circles_of(drawn());
  ASSERT_EQ(at.size(), 4U);
  const double east = at[1].x - at[0].x;   // twenty units
  const double north = at[1].y - at[2].y;  // five, upwards
  EXPECT_GT(east, 0);
  EXPECT_NEAR(east, 4 * north, 0.5);
  EXPECT_NEAR(at[3].x - at[0].x, at[0].y - at[3].y, 0.2);  // four east, four north
}

TEST_F(PlannerPicture, OfPlacesInOneLineOrAtOnePointIsDrawn) {
  for (Point& point : points_) point.y = 3;
  EXPECT_EQ(count_of(drawn(), "<circle"), 4U);
  for (Point& point : points_) point.x = 3;
  EXPECT_EQ(drawn().find("nan"), std::string::npos);
}

TEST_F(PlannerPicture, SaysWhichFileCannotBeWrittenAndWhy) {
  const auto nowhere = directory_ / "missing" / "plan.svg";
  const auto written = write_svg(nowhere, picture());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), nowhere.string() + ": No such file or directory");
}

TEST_F(PlannerPicture, SaysThatADiskIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const auto written = write_svg("/dev/full", picture());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), "/dev/full: No space left on device");
}

TEST(PlannerPictureFile, OfEachInstanceHasItsName) {
  EXPECT_EQ(svg_of_instance("out/day.svg", "C101"), "out/day-C101.svg");
  EXPECT_EQ(svg_of_instance("day.svg", "R101_5x4 few"), "day-R101_5x4-few.svg");
  EXPECT_EQ(svg_of_instance("day", "C101"), "day-C101");
}

}  // namespace
}  // namespace permitd::bench
