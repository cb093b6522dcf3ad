// Goal: a table of minutes arrives as it was written, and what is wrong with one names its line,
// its column and what is allowed. Method: small texts, files of a directory of the test's own, and
// the command line that reads them.
#include "daemon/district_minutes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "daemon/command_line.h"

namespace permitd::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kColumns = "district_from,district_to,minutes\n";

std::string fault_of(const std::string& lines) {
  const auto read = parse_district_minutes(kColumns + lines, "ways.csv");
  return read ? std::string() : read.error().text();
}

TEST(DistrictMinutes, APairCountsBothWaysUnlessBothAreGiven) {
  const auto read = parse_district_minutes(kColumns + "1,2,25\n5,6,40\n6,5,15\n", "ways.csv");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->between(1, 2), 25);
  EXPECT_EQ(read->between(2, 1), 25);
  EXPECT_EQ(read->between(5, 6), 40);
  EXPECT_EQ(read->between(6, 5), 15);
  EXPECT_EQ(read->between(1, 5), DistrictMinutes::kNotGiven);
  EXPECT_EQ(read->between(1, 1), DistrictMinutes::kNotGiven);
}

TEST(DistrictMinutes, CommentsBlanksAndTheEndsOfOtherSystemsAreNoFault) {
  const auto read = parse_district_minutes(
      "\xEF\xBB\xBF# measured in spring\r\n\r\n district_from, district_to ,minutes\r\n"
      "\t1 , 31 , 1080 # the last of all\r\n",
      "ways.csv");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->between(31, 1), 1'080);
}

TEST(DistrictMinutes, EachWrongFieldNamesItsLineAndItsRange) {
  EXPECT_THAT(fault_of("1,2,25\n0,2,25\n"),
              HasSubstr("ways.csv:3: district_from = 0 is not possible; allowed: 1 … 31"));
  EXPECT_THAT(fault_of("1,32,25\n"),
              HasSubstr("ways.csv:2: district_to = 32 is not possible; allowed: 1 … 31"));
  for (const char* minutes : {"0", "1081", "-5", "7.5", "soon", "99999999999", "5x"}) {
    EXPECT_THAT(fault_of(std::string("1,2,") + minutes + "\n"),
                HasSubstr(std::string("ways.csv:2: minutes = ") + minutes +
                          " is not possible; allowed: 1 … 1080"));
  }
  EXPECT_THAT(fault_of("1,2,\n"), HasSubstr("minutes = nothing is not possible"));
}

TEST(DistrictMinutes, ALineHasThreeFields) {
  EXPECT_THAT(fault_of("1,2\n"), AllOf(HasSubstr("ways.csv:2"), HasSubstr("this one has 2")));
  EXPECT_THAT(fault_of("1,2,3,4\n"), AllOf(HasSubstr("ways.csv:2"), HasSubstr("this one has 4")));
}

TEST(DistrictMinutes, APairStandsThereOnce) {
  EXPECT_THAT(fault_of("1,2,25\n2,1,30\n1,2,25\n"),
              HasSubstr("ways.csv:4: district_from = 1, district_to = 2 stands in line 2 already"));
}

TEST(DistrictMinutes, ADistrictHasNoWayToItself) {
  EXPECT_THAT(fault_of("7,7,10\n"),
              AllOf(HasSubstr("ways.csv:2: district_to = 7"), HasSubstr("from place to place")));
}

TEST(DistrictMinutes, TheFirstLineNamesTheColumns) {
  const auto read = parse_district_minutes("# ways\n1,2,25\n3,4,x\n", "ways.csv");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kConfiguration);
  EXPECT_THAT(read.error().text(),
              AllOf(HasSubstr("ways.csv:2"), HasSubstr("district_from,district_to,minutes"),
                    Not(HasSubstr("ways.csv:3"))));
}

TEST(DistrictMinutes, ATableOfNothingIsAFault) {
  EXPECT_THAT(fault_of(""), HasSubstr("ways.csv names no two districts"));
  EXPECT_FALSE(parse_district_minutes("", "ways.csv"));
}

TEST(DistrictMinutes, AllFaultsAreReportedTogetherUpToTwenty) {
  std::string lines = "0,2,25\n1,2,0\n";
  EXPECT_THAT(fault_of(lines), AllOf(HasSubstr("ways.csv:2"), HasSubstr("ways.csv:3")));
  for (int i = 0; i < 30; ++i) lines += "1\n";
  EXPECT_THAT(fault_of(lines),
              AllOf(HasSubstr("ways.csv:21"), Not(HasSubstr("ways.csv:22")), HasSubstr("12 more")));
}

TEST(DistrictMinutes, AFieldIsRepeatedShort) {
  EXPECT_LT(fault_of(std::string(100'000, 'x') + ",2,25\n").size(), 500U);
}

class TravelTableSetting : public testing::Test {
 protected:
  TravelTableSetting() { std::filesystem::create_directories(directory_); }
  ~TravelTableSetting() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& text) const {
    const auto path = directory_ / "ways.csv";
    std::ofstream(path) << text;
    return path.string();
  }
  static Expected<Invocation> parse(const std::string& path, const char* action) {
    const std::string set = "planner.travel_table=" + path;
    return parse_command_line(
        std::vector<const char*>{"--config", "/dev/null", "--set", set.c_str(), action});
  }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("district_minutes_" + std::to_string(getpid()));
};

TEST_F(TravelTableSetting, IsReadAtTheStartAndByTheCheck) {
  const std::string path = write(kColumns + "1,2,25\n");
  for (const char* action : {"--check-config", "--as-of=1", "--io=epoll"}) {
    const auto invocation = parse(path, action);
    ASSERT_TRUE(invocation) << invocation.error().text();
    ASSERT_NE(invocation->config.planner.minutes_between, nullptr) << action;
    EXPECT_EQ(invocation->config.planner.minutes_between->between(2, 1), 25);
  }
}

TEST_F(TravelTableSetting, AFaultOfTheFileIsOneOfTheSettings) {
  const std::string path = write(kColumns + "1,2,25\n1,99,25\n");
  const auto invocation = parse(path, "--check-config");
  ASSERT_FALSE(invocation);
  EXPECT_EQ(invocation.error().code, ErrorCode::kConfiguration);
  EXPECT_THAT(invocation.error().text(), HasSubstr(path + ":3: district_to = 99"));
}

TEST_F(TravelTableSetting, WhatCannotBeReadIsNamed) {
  EXPECT_THAT(parse("/nonexistent", "--check-config").error().text(),
              AllOf(HasSubstr("planner.travel_table"), HasSubstr("/nonexistent")));
  EXPECT_THAT(parse(directory_.string(), "--check-config").error().text(),
              HasSubstr("it is not a file"));
  const std::string path = write(kColumns + "1,2,25\n" + std::string(300'000, '#'));
  EXPECT_THAT(parse(path, "--check-config").error().text(), HasSubstr("larger than 256 KiB"));
}

TEST_F(TravelTableSetting, NobodyElseNeedsIt) {
  EXPECT_TRUE(parse("/nonexistent", "--verify=/d"));
  const auto without = parse("", "--check-config");
  ASSERT_TRUE(without) << without.error().text();
  EXPECT_EQ(without->config.planner.minutes_between, nullptr);
}

}  // namespace
}  // namespace permitd::daemon
