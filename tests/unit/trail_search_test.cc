// Goal: a question to a trail finds the lines that are about it and no other, up to its limit, and
// goes on behind it. Method: a trail of a few lines made by hand, and each question put to it.
#include "cli/trail_search.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace permitd::cli {
namespace {

using scheduler::Tick;

constexpr const char* kBegin =
    R"({"trail":"permitd audit trail","version":1,"from":1,"to":6,"previous":"00","state":"00",)"
    R"("hash":"aa"})";
constexpr const char* kEnd = R"({"end":6,"commands":6,"state":"00","hash":"aa"})";
constexpr const char* kLines[] = {
    R"({"op":1,"at":1000,"command":"submit","actor":"office:101",)"
    R"("events":[{"event":"caseChanged","case":7,"office":101,"before":"draft",)"
    R"("after":"registered"},{"event":"jobCreated","case":7,"job":9,"office":101,)"
    R"("before":"blocked","after":"ready"}]})",
    R"({"op":2,"at":2000,"command":"claim","actor":"expert:3","events":[{"event":"jobChanged",)"
    R"("case":7,"job":9,"expert":3,"office":101,"before":"ready","after":"assigned"}],)"
    R"("decisions":[{"job":9,"by":"claim","near":[[3,0]],"chosen":3,"considered":2,)"
    R"("rejected":[[5,"conflict"]]}]})",
    R"({"op":3,"at":3000,"command":"start","actor":"expert:3","refused":"staleToken",)"
    R"("field":"token"})",
    R"({"op":4,"at":4000,"command":"submit","actor":"office:102",)"
    R"("events":[{"event":"caseChanged","case":8,"office":102,"before":"draft",)"
    R"("after":"registered"}],"decisions":[{"job":10,"by":"offer","near":[[4,0],[6,0]],)"
    R"("chosen":6,"considered":3,"rejected":[[5,"fourEyes"]]}]})",
    R"({"op":5,"at":5000,"command":"tick","actor":"engine"})",
    R"({"op":6,"at":6000,"command":"hold","actor":"supervisor:1","note":"an order",)"
    R"("events":[{"event":"jobChanged","case":7,"job":9,"office":101,"before":"assigned",)"
    R"("after":"held","reason":"supervisorOrder"},{"event":"a"},{"event":"b"},{"event":"c"},)"
    R"({"event":"d"}]})"};

std::string trail() {
  std::string text = std::string(kBegin) + "\n";
  for (const char* line : kLines) text += std::string(line) + "\n";
  return text + kEnd + "\n";
}

std::vector<std::uint64_t> ops_of(const TrailSearch& search) {
  std::vector<std::uint64_t> ops;
  for (const auto& line : search.found()) ops.push_back(line.at("op").to_number<std::uint64_t>());
  return ops;
}

std::vector<std::uint64_t> asked(const TrailFilter& filter) {
  TrailSearch search(filter, 100, 0);
  std::istringstream in(trail());
  EXPECT_TRUE(search.read(in, "a.trail").has_value());
  EXPECT_FALSE(search.has_more());
  EXPECT_FALSE(search.was_cut_off());
  return ops_of(search);
}

using Ops = std::vector<std::uint64_t>;

TEST(TrailSearchTest, ACaseAJobAndAnOfficeAreThoseThatEventsName) {
  EXPECT_EQ(asked({.case_id = 7}), (Ops{1, 2, 6}));
  EXPECT_EQ(asked({.case_id = 8}), (Ops{4}));
  EXPECT_EQ(asked({.job = 9}), (Ops{1, 2, 6}));
  EXPECT_EQ(asked({.job = 10}), (Ops{4})) << "a decision names it";
  EXPECT_EQ(asked({.office = 102}), (Ops{4}));
  EXPECT_EQ(asked({.case_id = 9}), Ops{});
}

TEST(TrailSearchTest, AnExpertIsFoundAsCandidateAndAsRemovedButNotAsTheNumberOfAJob) {
  EXPECT_EQ(asked({.expert = 3}), (Ops{2, 3})) << "3 was refused, which has no event";
  EXPECT_EQ(asked({.expert = 4}), (Ops{4}));
  EXPECT_EQ(asked({.expert = 6}), (Ops{4}));
  EXPECT_EQ(asked({.expert = 5}), (Ops{4})) << "in 2 it is job 5";
}

TEST(TrailSearchTest, WhoAskedWhatAndWhen) {
  EXPECT_EQ(asked({.who = "expert:3"}), (Ops{2, 3}));
  EXPECT_EQ(asked({.who = "engine"}), (Ops{5}));
  EXPECT_EQ(asked({.commands = {"submit", "hold"}}), (Ops{1, 4, 6}));
  EXPECT_EQ(asked({.from = Tick{3000}, .until = Tick{5000}}), (Ops{3, 4}));
  EXPECT_EQ(asked({.case_id = 7, .commands = {"submit"}}), (Ops{1})) << "all that is asked";
  EXPECT_TRUE(TrailFilter{}.asks_nothing());
  EXPECT_FALSE((TrailFilter{.until = Tick{5000}}).asks_nothing());
}

TEST(TrailSearchTest, TheLimitHoldsAndTheNextQuestionGoesOnBehindIt) {
  std::uint64_t behind = 0;
  Ops all;
  for (const bool more : {true, true, false}) {
    TrailSearch search({.case_id = 7}, 1, behind);
    std::istringstream in(trail());
    ASSERT_TRUE(search.read(in, "a.trail").has_value());
    EXPECT_EQ(search.has_more(), more);
    ASSERT_EQ(search.found().size(), 1U);
    behind = search.last_op();
    all.push_back(behind);
  }
  EXPECT_EQ(all, (Ops{1, 2, 6}));
}

TEST(TrailSearchTest, WhatIsNoTrailIsRefusedWithItsPlace) {
  const auto refused = [](const std::string& text) {
    TrailSearch search({.case_id = 7}, 10, 0);
    std::istringstream in(text);
    const auto done = search.read(in, "a.trail");
    return done ? std::string{} : done.error();
  };
  EXPECT_TRUE(refused("").starts_with("a.trail: it is empty"));
  EXPECT_TRUE(refused(std::string(kLines[0]) + "\n").starts_with("a.trail, line 1: "));
  EXPECT_TRUE(refused(std::string(kBegin) + "\nnonsense\n").starts_with("a.trail, line 2: "));
  EXPECT_TRUE(refused(std::string(kBegin) + "\n{}\n").starts_with("a.trail, line 2: "));
}

TEST(TrailSearchTest, ATrailWithoutItsEndIsSaidToBeCutOff) {
  TrailSearch search({.case_id = 7}, 10, 0);
  std::istringstream in(std::string(kBegin) + "\n" + kLines[0] + "\n");
  ASSERT_TRUE(search.read(in, "a.trail").has_value());
  EXPECT_EQ(ops_of(search), (Ops{1}));
  EXPECT_TRUE(search.was_cut_off());
}

TEST(TrailSearchTest, ALineTellsItsRefusalItsFirstEventsAndItsNote) {
  const auto text = [](std::size_t i) {
    return trail_line_text(boost::json::parse(kLines[i]).as_object());
  };
  EXPECT_EQ(text(1), "jobChanged case 7 job 9 expert 3 office 101 ready -> assigned");
  EXPECT_EQ(text(2), "refused: staleToken, token");
  EXPECT_EQ(text(4), "");
  EXPECT_EQ(text(5),
            "jobChanged case 7 job 9 office 101 assigned -> held (supervisorOrder); a; b; 2 more; "
            "\"an order\"");
}

TEST(TrailSearchTest, ADayIsFoundByTheEditsThatGaveItOtherHours) {
  const std::string text =
      std::string(kBegin) + "\n" +
      R"({"op":1,"at":1,"command":"setCalendarDays","was":{"20000":[]},"is":{"20000":[5,60]}})" +
      "\n" + R"({"op":2,"at":2,"command":"setCalendarDays","was":{"20001":[]},"is":{"20001":[]}})" +
      "\n" + R"({"op":3,"at":3,"command":"setPolicy","is":{"20000":5}})" + "\n" + kEnd + "\n";
  std::istringstream in(text);
  TrailFilter filter;
  EXPECT_TRUE(filter.asks_nothing());
  filter.day = 20'000;
  EXPECT_FALSE(filter.asks_nothing());
  TrailSearch search(filter, 10, 0);
  ASSERT_TRUE(search.read(in, "a trail"));
  EXPECT_EQ(ops_of(search), std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace permitd::cli
