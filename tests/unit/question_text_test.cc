// Goal: each question that wants a yes is asked in both languages, and in Persian in nothing else.
#include "cli/question_text.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using tests::expect_contains;
using tests::reads_from_right_to_left;

void expect_asked(const std::string& english, const std::string& persian,
                  std::set<std::string>& seen) {
  EXPECT_TRUE(english.ends_with('?')) << english;
  EXPECT_FALSE(reads_from_right_to_left(english)) << english;
  EXPECT_TRUE(persian.ends_with("؟")) << persian;
  EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
  EXPECT_TRUE(seen.insert(english).second) << english;
  EXPECT_TRUE(seen.insert(persian).second) << persian;
}

TEST(QuestionTextTest, EachIsAskedInBothLanguages) {
  std::set<std::string> seen;
  for (std::size_t value = 0; value < kQuestionCount; ++value) {
    const Question question{static_cast<std::uint8_t>(value)};
    expect_asked(std::string(question_text(question, Language::kEnglish)),
                 std::string(question_text(question, Language::kPersian)), seen);
  }
  expect_asked(reserve_question(12, Language::kEnglish), reserve_question(12, Language::kPersian),
               seen);
  expect_contains(reserve_question(12, Language::kEnglish), "12 jobs");
  expect_contains(reserve_question(12, Language::kPersian), "۱۲ کار");
}

}  // namespace
}  // namespace permitd::cli
