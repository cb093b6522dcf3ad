// Goal: weekly hours change the days of their weekdays, and no day that a holiday or a sudden
// closure has closed; and what an edit changes is said in both languages. Method: weeks of days
// made by hand, and a preview made by hand.
#include "cli/calendar_pattern.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include "cli/calendar_text.h"
#include "cli/local_time.h"
#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using tests::expect_contains;
using tests::reads_from_right_to_left;

constexpr LocalDay kSaturday = 18'251;  // 2019-12-21
constexpr DayHours kLong{7 * 60 + 30, 14 * 60 + 30};
constexpr DayHours kShort{7 * 60, 13 * 60};
constexpr int kThursday = 5;
constexpr int kFriday = 6;

std::size_t place(int week, int weekday) { return static_cast<std::size_t>(week * 7 + weekday); }

class CalendarPatternTest : public testing::Test {
 protected:
  // Ten weeks that are open but on Fridays.
  void SetUp() override {
    ASSERT_TRUE(use_time_zone(kDefaultTimeZone));
    for (LocalDay day = kSaturday; day < kSaturday + 70; ++day) {
      const DayHours hours = weekday_of(day) == kFriday ? DayHours{} : kLong;
      standing_.push_back({day, to_calendar_day(day, hours), ""});
    }
  }
  void close(int week, int weekday, std::string name) {
    auto& day = standing_[place(week, weekday)];
    day.hours = {};
    day.name = std::move(name);
  }
  PatternDays lay(int weekday, DayHours hours, const std::string& note = "") const {
    WeekPattern pattern;
    pattern.hours[static_cast<std::size_t>(weekday)] = hours;
    return lay_pattern(pattern, standing_, {kSaturday, kSaturday + 69}, note);
  }
  PatternDays lay_weeks(int first, int last, int weekday, DayHours hours) const {
    WeekPattern pattern;
    pattern.hours[static_cast<std::size_t>(weekday)] = hours;
    return lay_pattern(pattern, standing_, {kSaturday + first * 7, kSaturday + last * 7 + 6}, "");
  }

  std::vector<TableDay> standing_;
};

TEST_F(CalendarPatternTest, ItSetsItsWeekdaysAndNoOther) {
  EXPECT_TRUE(WeekPattern{}.is_empty());
  const PatternDays plan = lay(kThursday, kShort, "short Thursdays");
  ASSERT_EQ(plan.changed.size(), 10U);
  EXPECT_EQ(plan.asked, 10U);
  EXPECT_TRUE(plan.closed.empty());
  for (std::size_t week = 0; week < plan.changed.size(); ++week) {
    const TableDay& day = plan.changed[week];
    EXPECT_EQ(day.day, kSaturday + 5 + static_cast<LocalDay>(week) * 7);
    EXPECT_EQ(day.hours.length_minutes, 360);
    EXPECT_EQ(day.hours.open_minute, to_calendar_day(day.day, kShort).open_minute);
    EXPECT_EQ(day.name, "short Thursdays");
  }
}

TEST_F(CalendarPatternTest, WhatIsSoAlreadyIsNotSetAgain) {
  EXPECT_EQ(lay(kThursday, kLong).asked, 10U);
  EXPECT_TRUE(lay(kThursday, kLong).changed.empty());
  EXPECT_EQ(lay(kThursday, kLong, "as ever").changed.size(), 10U);  // for the name
  standing_[place(3, kThursday)].name = "as ever";
  EXPECT_EQ(lay(kThursday, kLong, "as ever").changed.size(), 9U);
}

TEST_F(CalendarPatternTest, HolidaysAndClosuresStayClosed) {
  close(0, kThursday, "a holiday");
  close(4, kThursday, "");  // no reason was given, but the Thursdays around it are open
  close(9, kThursday, "");
  close(5, kFriday, "a holiday on a Friday");
  const PatternDays thursdays = lay(kThursday, kShort);
  EXPECT_EQ(thursdays.changed.size(), 7U);
  EXPECT_EQ(thursdays.asked, 7U);
  ASSERT_EQ(thursdays.closed.size(), 3U);
  EXPECT_EQ(thursdays.closed[0].name, "a holiday");
  EXPECT_EQ(thursdays.closed[1].day, kSaturday + 4 * 7 + kThursday);
  EXPECT_EQ(thursdays.closed[2].day, kSaturday + 9 * 7 + kThursday);
  const PatternDays fridays = lay(kFriday, kShort);
  EXPECT_EQ(fridays.changed.size(), 9U);
  ASSERT_EQ(fridays.closed.size(), 1U);
  EXPECT_EQ(fridays.closed[0].name, "a holiday on a Friday");
}

TEST_F(CalendarPatternTest, AStretchOfOneWeekLeavesAClosureClosedAndSetsNothingBeyond) {
  close(4, kThursday, "");  // the Thursdays around it are open, and all lie beyond the stretch
  const PatternDays closed = lay_weeks(4, 4, kThursday, kShort);
  EXPECT_TRUE(closed.changed.empty());
  EXPECT_EQ(closed.asked, 0U);
  ASSERT_EQ(closed.closed.size(), 1U);
  EXPECT_EQ(closed.closed[0].day, kSaturday + 4 * 7 + kThursday);
  const PatternDays open = lay_weeks(5, 5, kThursday, kShort);
  ASSERT_EQ(open.changed.size(), 1U);
  EXPECT_EQ(open.changed[0].day, kSaturday + 5 * 7 + kThursday);
  EXPECT_TRUE(open.closed.empty());
  EXPECT_EQ(lay_weeks(4, 4, kFriday, kShort).changed.size(), 1U) << "the week closes it";
}

TEST_F(CalendarPatternTest, WhatIsClosedForFewerThanFiveWeeksCountsAsAClosureThen) {
  for (LocalDay day = kSaturday + 70; day < kSaturday + 98; ++day)
    standing_.push_back({day, to_calendar_day(day, kLong), ""});
  for (int week = 5; week < 9; ++week) close(week, kThursday, "");
  EXPECT_EQ(lay_weeks(5, 8, kThursday, kLong).closed.size(), 4U);
  close(9, kThursday, "");
  EXPECT_EQ(lay_weeks(5, 9, kThursday, kLong).changed.size(), 5U);
}

TEST_F(CalendarPatternTest, AWeekdayThatItClosesCanBeOpenedAgain) {
  const PatternDays closing = lay(kThursday, DayHours{}, "saving power");
  ASSERT_EQ(closing.changed.size(), 10U);
  for (const TableDay& day : closing.changed) {
    EXPECT_EQ(day.name, "");
    standing_[static_cast<std::size_t>(day.day - kSaturday)] = day;
  }
  EXPECT_EQ(lay(kThursday, kLong).changed.size(), 10U);
}

TEST_F(CalendarPatternTest, AWeekdayThatWasClosedForHalfOfTheTimeIsOpened) {
  for (int week = 0; week < 5; ++week) close(week, kThursday, "");
  EXPECT_TRUE(lay(kThursday, kShort).closed.empty());
}

TEST(CalendarTextTest, WhatAnEditChangesIsToldInBothLanguages) {
  ASSERT_TRUE(use_time_zone(kDefaultTimeZone));
  capnp::MallocMessageBuilder message;
  auto preview = message.initRoot<protocol::CalendarPreview>();
  preview.setDaysChanged(48);
  preview.setNotesChanged(2);
  preview.setDeadlinesLater(7);
  preview.setDeadlinesEarlier(5);
  auto moves = preview.initMoves(2);
  moves[0].setCaseId(17);
  moves[0].setJob(42);
  moves[0].setAfter(scheduler::kNever.ms);
  moves[1].setCaseId(18);
  const std::vector<TableDay> closed{{kSaturday, {}, "Yalda"}};
  const auto told = [&](Language language) {
    return std::vector<std::string>{calendar_effect_text(preview, 50, language),
                                    further_moves_text(preview, language),
                                    deadline_moves_table(preview, language).aligned(),
                                    beyond_calendar_text(3, kSaturday, kSaturday + 9, language),
                                    calendar_applied_text(language)};
  };
  const auto english = told(Language::kEnglish);
  const auto persian = told(Language::kPersian);
  for (std::size_t i = 0; i < english.size(); ++i) {
    EXPECT_FALSE(reads_from_right_to_left(english[i])) << english[i];
    EXPECT_TRUE(reads_from_right_to_left(persian[i])) << persian[i];
  }
  expect_contains(english[0],
                  "48 of 50 days change; 12 open deadlines move, 7 later and 5 earlier");
  expect_contains(english[1], "10 more");
  expect_contains(english[2], "beyond the calendar");
  expect_contains(english[3], "2019-12-30");
  expect_contains(persian[0], "۱۲ مهلت");
  expect_contains(persian[1], "۱۰ مهلت");
  expect_contains(persian[2], "۴۲");
  expect_contains(left_closed_text(closed, Language::kEnglish), "1 closed day is left as it is");
  expect_contains(left_closed_text(closed, Language::kEnglish), "2019-12-21 (Yalda)");
  expect_contains(left_closed_text(closed, Language::kPersian), "۱ روزِ تعطیل");
  EXPECT_EQ(left_closed_text({}, Language::kPersian), "");
  EXPECT_EQ(beyond_calendar_text(0, 0, 0, Language::kEnglish), "");
  preview.setDeadlinesLater(0);
  preview.setDeadlinesEarlier(2);
  EXPECT_EQ(further_moves_text(preview, Language::kEnglish), "");
  preview.setDaysChanged(1);
  preview.setDeadlinesEarlier(1);
  expect_contains(calendar_effect_text(preview, 3, Language::kEnglish),
                  "1 of 3 days changes; 1 open deadline moves, 0 later and 1 earlier.");
}

}  // namespace
}  // namespace permitd::cli
