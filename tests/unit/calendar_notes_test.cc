// Goal: a day of the calendar says why it is as it is, who said so and when; an edit that changes
// no hours changes no reason unless it gives one. Method: edits of the small city's calendar.
#include "scheduler/calendar_notes.h"

#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr std::int32_t kToday = 20'000;

class CalendarNotesTest : public SmallCity {
 protected:
  /// Days from `first` on, open for so many minutes; 0: closed.
  Refusal set(std::int32_t first, std::vector<std::uint16_t> minutes, std::string_view note) {
    SetCalendarDays days;
    days.first_day = first;
    days.count = static_cast<std::uint16_t>(minutes.size());
    for (std::size_t i = 0; i < minutes.size(); ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>((first + static_cast<int>(i)) * 1440);
      days.length_minutes[i] = minutes[i];
    }
    days.note = text<79>(note);
    return apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal;
  }

  CalendarNoteView found(std::int32_t date) const {
    CalendarNoteView view;
    EXPECT_TRUE(scheduler_.find_calendar_note(date, view)) << date;
    return view;
  }
  std::string_view note(std::int32_t date) const {
    seen_ = found(date);
    return {seen_.note.bytes.data(), seen_.note.size};
  }

  mutable CalendarNoteView seen_;
};

TEST_F(CalendarNotesTest, ADayKnowsItsReasonWhoSaidSoAndWhen) {
  ASSERT_EQ(set(kToday, {420, 420, 420}, ""), Refusal::kNone);
  wait(5);
  ASSERT_EQ(set(kToday + 1, {0}, "heat"), Refusal::kNone);
  const Op op = scheduler_.op_applied();
  EXPECT_EQ(scheduler_.event_note(), text<79>("heat"));  // the trail tells it, too
  const CalendarNoteView view = found(kToday + 1);
  EXPECT_EQ(view.note, text<79>("heat"));
  EXPECT_EQ(view.day, kToday + 1);
  EXPECT_EQ(view.op, op);
  EXPECT_EQ(view.at, now_);
  EXPECT_EQ(view.actor, supervisor());
  EXPECT_EQ(note(kToday), "");
  EXPECT_EQ(note(kToday + 2), "");
}

TEST_F(CalendarNotesTest, HoursThatStandAreOnlyGivenAReason) {
  ASSERT_EQ(set(kToday, {420, 0, 420}, ""), Refusal::kNone);
  EXPECT_EQ(set(kToday, {420, 0, 420}, ""), Refusal::kNothingToDo);
  EXPECT_EQ(set(kToday + 1, {0}, "holiday"), Refusal::kNone);
  EXPECT_EQ(set(kToday + 1, {0}, "holiday"), Refusal::kNothingToDo);
  EXPECT_EQ(note(kToday + 1), "holiday");
  // A later edit of the days around it leaves its reason alone.
  EXPECT_EQ(set(kToday, {300, 0, 300}, ""), Refusal::kNone);
  EXPECT_EQ(note(kToday + 1), "holiday");
  // Other hours are another day: the reason before does not count any more.
  EXPECT_EQ(set(kToday + 1, {60}, ""), Refusal::kNone);
  EXPECT_EQ(note(kToday + 1), "");
}

TEST_F(CalendarNotesTest, WhatIsNotCoveredSaysNothing) {
  CalendarNoteView view;
  EXPECT_FALSE(scheduler_.find_calendar_note(kToday, view));
  ASSERT_EQ(set(kToday, {420}, "first"), Refusal::kNone);
  ASSERT_EQ(set(kToday + 2, {420}, "third"), Refusal::kNone);
  EXPECT_FALSE(scheduler_.find_calendar_note(kToday + 1, view));  // between: closed, never set
  EXPECT_FALSE(scheduler_.find_calendar_note(kToday - 1, view));
  EXPECT_FALSE(scheduler_.find_calendar_note(kToday + kCalendarDaysMax, view));
  EXPECT_FALSE(scheduler_.find_calendar_note(-1, view));
}

TEST_F(CalendarNotesTest, AReasonThatIsTooLongIsRefused) {
  SetCalendarDays days;
  days.first_day = kToday;
  days.count = 1;
  days.note.size = 80;
  const Outcome outcome = apply(CommandKind::kSetCalendarDays, days, supervisor());
  EXPECT_EQ(outcome.refusal, Refusal::kOutOfRange);
  EXPECT_EQ(outcome.field, Field::kNote);
}

TEST_F(CalendarNotesTest, TheOldestEditsAreForgottenFirst) {
  WorkingCalendar calendar;
  calendar.reserve();
  CalendarNotes notes;
  notes.reserve();
  const auto take = [&](std::int32_t date, std::uint32_t number) {
    SetCalendarDays one;
    one.first_day = date;
    one.count = 1;
    one.length_minutes[0] = number % 2 == 0 ? 60 : 120;
    one.open_minute[0] = static_cast<std::uint32_t>(date * 1440);
    notes.take(one, calendar, text<79>("why"), Op{number}, Tick{}, supervisor());
    calendar.set_days(one);
  };
  take(kToday, 1);
  for (std::uint32_t number = 2; number <= kCalendarNotesMax; ++number) take(kToday + 1, number);
  CalendarNoteView view;
  ASSERT_TRUE(notes.find(kToday, view));
  EXPECT_EQ(view.op, Op{1});
  take(kToday + 1, kCalendarNotesMax + 1);
  EXPECT_FALSE(notes.find(kToday, view));
  ASSERT_TRUE(notes.find(kToday + 1, view));
  EXPECT_EQ(view.op, Op{kCalendarNotesMax + 1});
}

}  // namespace
}  // namespace permitd::tests
