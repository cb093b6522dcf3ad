// Goal: working time is exact to the millisecond at every edge of intervals, days and the calendar.
// Method: a real week by hand; then random calendars beside a model that walks minute by minute.
#include "scheduler/working_calendar.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

constexpr std::int64_t kHour = 60 * kMsPerMinute;
constexpr std::int32_t kSaturday = 20168;   // 2025-03-22, 2 Farvardin 1404
constexpr std::uint32_t kOpenUtc = 4 * 60;  // 07:30 in Tehran
constexpr std::uint16_t kLength = 7 * 60;   // until 14:30

SetCalendarDays no_days(std::int32_t first, std::uint16_t count) {
  SetCalendarDays days;
  days.first_day = first;
  days.count = count;
  return days;
}

void open_day(SetCalendarDays& days, std::size_t index, std::uint32_t minute = kOpenUtc,
              std::uint16_t length = kLength) {
  days.open_minute[index] =
      static_cast<std::uint32_t>(days.first_day + static_cast<std::int32_t>(index)) * 1440 + minute;
  days.length_minutes[index] = length;
}

/// Two weeks, Saturday to Wednesday.
SetCalendarDays two_weeks() {
  SetCalendarDays days = no_days(kSaturday, 14);
  for (std::size_t index = 0; index < 14; ++index) {
    if (index % 7 < 5) open_day(days, index);
  }
  return days;
}

Tick at(std::int32_t day, std::int64_t ms) { return Tick{day * 24 * kHour + ms}; }

class WorkingCalendarTest : public testing::Test {
 protected:
  WorkingCalendarTest() {
    calendar_.reserve();
    calendar_.set_days(two_weeks());
  }
  WorkingCalendar calendar_;
  const Tick open_ = at(kSaturday, 4 * kHour);
  const Tick close_ = at(kSaturday, 11 * kHour);
};

TEST_F(WorkingCalendarTest, WithoutDaysEveryMomentCounts) {
  WorkingCalendar empty;
  empty.reserve();
  EXPECT_TRUE(empty.always_open());
  EXPECT_TRUE(empty.is_open(Tick{0}));
  EXPECT_EQ(empty.next_open(Tick{5}), Tick{5});
  EXPECT_EQ(empty.working_minutes(Tick{1}, Tick{119'999}), 1);
  EXPECT_EQ(empty.add_working_minutes(Tick{7}, 3), Tick{180'007});
  EXPECT_EQ(empty.day_of(at(10, -1)), 9);
  EXPECT_EQ(empty.interval_of(at(10, 5)), (Interval{at(10, 0), at(11, 0)}));
  EXPECT_EQ(empty.half_day(10, HalfDay::kAfternoon), (Interval{at(10, 12 * kHour), at(11, 0)}));
  EXPECT_EQ(empty.add_working_minutes(Tick{INT64_MAX - 5}, 1), kNever);
  EXPECT_EQ(empty.add_working_minutes(Tick{0}, INT64_MAX), kNever);
}

TEST_F(WorkingCalendarTest, IntervalsAreHalfOpen) {
  EXPECT_FALSE(calendar_.is_open(Tick{open_.ms - 1}));
  EXPECT_TRUE(calendar_.is_open(open_));
  EXPECT_TRUE(calendar_.is_open(Tick{close_.ms - 1}));
  EXPECT_FALSE(calendar_.is_open(close_));
  EXPECT_EQ(calendar_.interval_of(Tick{close_.ms - 1}), (Interval{open_, close_}));
  EXPECT_TRUE(calendar_.interval_of(close_).empty());
}

TEST_F(WorkingCalendarTest, NextOpenCrossesTheWeekend) {
  const Tick wednesday_evening = at(kSaturday + 4, 12 * kHour);
  EXPECT_EQ(calendar_.next_open(wednesday_evening), at(kSaturday + 7, 4 * kHour));
  EXPECT_EQ(calendar_.next_open(open_), open_);
  EXPECT_EQ(calendar_.next_open(Tick{open_.ms + 1}), Tick{open_.ms + 1});
  EXPECT_EQ(calendar_.next_open(close_), at(kSaturday + 1, 4 * kHour));
}

TEST_F(WorkingCalendarTest, OutsideTheCoveredDaysIsClosed) {
  const Tick before = at(kSaturday - 100, 5 * kHour);
  const Tick last_close = at(kSaturday + 11, 11 * kHour);
  EXPECT_FALSE(calendar_.is_open(before));
  EXPECT_EQ(calendar_.next_open(before), open_);
  EXPECT_EQ(calendar_.next_open(last_close), kNever);
  EXPECT_EQ(calendar_.next_open(kNever), kNever);
  EXPECT_EQ(calendar_.working_minutes(before, kNever), 10 * kLength);
  EXPECT_EQ(calendar_.working_minutes(Tick{INT64_MIN}, open_), 0);
  EXPECT_TRUE(calendar_.day(kSaturday + 14).empty());
  EXPECT_TRUE(calendar_.day(kSaturday + 6).empty());
  EXPECT_TRUE(calendar_.half_day(kSaturday + 6, HalfDay::kMorning).empty());
}

TEST_F(WorkingCalendarTest, MinutesAreFlooredOnceForTheWholeSpan) {
  // 30 s before closing and 30 s after the next opening: one minute together, none in either day.
  const Tick evening{close_.ms - 30'000};
  const Tick morning = at(kSaturday + 1, 4 * kHour + 30'000);
  EXPECT_EQ(calendar_.working_minutes(evening, morning), 1);
  EXPECT_EQ(calendar_.working_minutes(evening, Tick{morning.ms - 1}), 0);
  EXPECT_EQ(calendar_.working_minutes(morning, evening), -1);
  EXPECT_EQ(calendar_.working_ms(morning, evening), -60'000);
}

TEST_F(WorkingCalendarTest, ASumThatEndsWithTheDayIsDueAtClosing) {
  EXPECT_EQ(calendar_.add_working_minutes(open_, kLength), close_);
  EXPECT_EQ(calendar_.add_working_ms(open_, kLength * kMsPerMinute + 1),
            at(kSaturday + 1, 4 * kHour + 1));
  EXPECT_EQ(calendar_.add_working_minutes(open_, 10 * kLength), at(kSaturday + 11, 11 * kHour));
  EXPECT_EQ(calendar_.add_working_minutes(open_, 10 * kLength + 1), kNever);
  EXPECT_EQ(calendar_.add_working_minutes(open_, INT64_MAX), kNever);
  EXPECT_EQ(calendar_.add_working_ms(open_, INT64_MAX), kNever);
}

TEST_F(WorkingCalendarTest, NothingAddedIsTheSameMomentEvenWhileClosed) {
  EXPECT_EQ(calendar_.add_working_minutes(close_, 0), close_);
  EXPECT_EQ(calendar_.add_working_minutes(kNever, 0), kNever);
}

TEST_F(WorkingCalendarTest, DayOfAClosedMomentIsTheNextOneThatOpens) {
  EXPECT_EQ(calendar_.day_of(Tick{close_.ms - 1}), kSaturday);
  EXPECT_EQ(calendar_.day_of(close_), kSaturday + 1);
  EXPECT_EQ(calendar_.day_of(at(kSaturday + 5, 0)), kSaturday + 7);
  EXPECT_EQ(calendar_.day_of(at(kSaturday + 20, 1)), kSaturday + 20);
}

TEST_F(WorkingCalendarTest, HalvesOfAnOddDayShareItToTheMillisecond) {
  SetCalendarDays odd = no_days(kSaturday, 1);
  open_day(odd, 0, kOpenUtc, 421);
  calendar_.set_days(odd);
  const Tick middle{open_.ms + 421 * kMsPerMinute / 2};
  EXPECT_EQ(calendar_.half_day(kSaturday, HalfDay::kMorning), (Interval{open_, middle}));
  EXPECT_EQ(calendar_.half_day(kSaturday, HalfDay::kAfternoon),
            (Interval{middle, Tick{open_.ms + 421 * kMsPerMinute}}));
}

TEST_F(WorkingCalendarTest, AHolidayTakesItsMinutesAway) {
  const Tick before = at(kSaturday, 5 * kHour);
  const Tick due = calendar_.add_working_minutes(before, kLength);
  calendar_.set_days(no_days(kSaturday + 1, 1));
  EXPECT_EQ(due, at(kSaturday + 1, 5 * kHour));
  EXPECT_EQ(calendar_.add_working_minutes(before, kLength), at(kSaturday + 2, 5 * kHour));
}

TEST_F(WorkingCalendarTest, DaysSetFarAwayLeaveClosedDaysBetween) {
  SetCalendarDays later = no_days(kSaturday + 100, 1);
  open_day(later, 0);
  SetCalendarDays earlier = no_days(kSaturday - 100, 1);
  open_day(earlier, 0);
  calendar_.set_days(later);
  calendar_.set_days(earlier);
  EXPECT_EQ(calendar_.first_day(), kSaturday - 100);
  EXPECT_EQ(calendar_.day_count(), 201U);
  EXPECT_EQ(calendar_.next_open(at(kSaturday - 99, 0)), open_);
  EXPECT_EQ(calendar_.next_open(at(kSaturday + 14, 0)), at(kSaturday + 100, 4 * kHour));
  EXPECT_EQ(calendar_.working_minutes(Tick{0}, kNever), 12 * kLength);
}

TEST_F(WorkingCalendarTest, WhatCannotBeIsNotAccepted) {
  EXPECT_FALSE(calendar_.accepts(no_days(kSaturday, 0)));
  EXPECT_FALSE(calendar_.accepts(no_days(kSaturday, kCalendarDaysPerCommand + 1)));
  EXPECT_FALSE(calendar_.accepts(no_days(-1, 1)));
  EXPECT_FALSE(calendar_.accepts(no_days(INT32_MAX - 3, 4)));
  EXPECT_TRUE(calendar_.accepts(no_days(kSaturday - 14'000, 1)));
  EXPECT_FALSE(calendar_.accepts(no_days(kSaturday - 15'000, 1))) << "more than 40 years covered";
  EXPECT_EQ(calendar_.fault_with(no_days(kSaturday + 14'610, 1)),
            (CalendarFault{DaysFault::kSpan, 0}));

  SetCalendarDays days = no_days(kSaturday, 2);
  open_day(days, 0, 0, 1441);
  EXPECT_EQ(calendar_.fault_with(days), (CalendarFault{DaysFault::kLength, 1}));
  open_day(days, 0, 2 * 1440, 1);
  EXPECT_EQ(calendar_.fault_with(days), (CalendarFault{DaysFault::kOpening, 1}));
  open_day(days, 0, 1000, 441);
  open_day(days, 1, 0, 10);
  EXPECT_EQ(calendar_.fault_with(days), (CalendarFault{DaysFault::kOverlap, 2}));
  open_day(days, 0, 1000, 440);
  EXPECT_TRUE(calendar_.accepts(days)) << "meets the next day";
}

TEST_F(WorkingCalendarTest, NeighboursAlreadySetMayNotBeOverlapped) {
  SetCalendarDays days = no_days(kSaturday + 1, 1);
  open_day(days, 0, kOpenUtc, 1440);
  EXPECT_TRUE(calendar_.accepts(days)) << "ends as the next begins";
  open_day(days, 0, kOpenUtc + 1, 1440);
  EXPECT_FALSE(calendar_.accepts(days));
  days = no_days(kSaturday + 2, 1);
  open_day(days, 0, 0, 60);
  days.open_minute[0] -= 1440 - 600;
  EXPECT_FALSE(calendar_.accepts(days)) << "begins before the day before has ended";
}

TEST_F(WorkingCalendarTest, SameDaysAreRecognised) {
  EXPECT_TRUE(calendar_.has_days(two_weeks()));
  SetCalendarDays days = two_weeks();
  days.open_minute[5] = 12345;  // meaningless: that day is closed
  EXPECT_TRUE(calendar_.has_days(days));
  days.length_minutes[0] = 1;
  EXPECT_FALSE(calendar_.has_days(days));
  EXPECT_FALSE(calendar_.has_days(no_days(kSaturday + 14, 1))) << "closed, but not covered before";
}

// ---- a model that knows every minute ----

class MinuteModel {
 public:
  void set_days(const SetCalendarDays& days) {
    for (std::size_t index = 0; index < days.count; ++index) {
      const std::int32_t date = days.first_day + static_cast<std::int32_t>(index);
      days_[date] = {days.open_minute[index], days.length_minutes[index]};
    }
    open_.clear();
    for (const auto& [date, day] : days_) {
      for (std::uint32_t m = 0; m < day.length_minutes; ++m) open_.insert(day.open_minute + m);
    }
  }
  bool is_open(std::int64_t ms) const { return open_.contains(ms / kMsPerMinute); }

  std::int64_t working_ms(std::int64_t from, std::int64_t to) const {
    std::int64_t sum = 0;
    for (const std::int64_t minute : open_) {
      const std::int64_t begin = std::max(from, minute * kMsPerMinute);
      const std::int64_t end = std::min(to, (minute + 1) * kMsPerMinute);
      sum += std::max<std::int64_t>(0, end - begin);
    }
    return sum;
  }
  Tick next_open(std::int64_t ms) const {
    if (is_open(ms)) return Tick{ms};
    const auto next = open_.upper_bound(ms / kMsPerMinute);
    return next == open_.end() ? kNever : Tick{*next * kMsPerMinute};
  }
  Tick add(std::int64_t from, std::int64_t duration) const {
    if (duration == 0) return Tick{from};
    for (const std::int64_t minute : open_) {
      const std::int64_t begin = std::max(from, minute * kMsPerMinute);
      const std::int64_t here = std::max<std::int64_t>(0, (minute + 1) * kMsPerMinute - begin);
      if (duration <= here) return Tick{begin + duration};
      duration -= here;
    }
    return kNever;
  }

 private:
  std::map<std::int32_t, CalendarDay> days_;
  std::set<std::int64_t> open_;  // minutes since the epoch
};

SetCalendarDays random_days(tests::Chance& chance) {
  SetCalendarDays days =
      no_days(chance.between(100, 120), chance.between(std::uint16_t{1}, std::uint16_t{9}));
  for (std::size_t index = 0; index < days.count; ++index) {
    if (chance.chance(300)) continue;
    const std::uint32_t offset = chance.below(2) == 0 ? chance.below(1440U) : kOpenUtc;
    open_day(days, index, offset, chance.between(std::uint16_t{1}, std::uint16_t{1440}));
    if (chance.chance(200)) days.open_minute[index] -= chance.below(1440U);
  }
  return days;
}

void compare(const WorkingCalendar& calendar, const MinuteModel& model, tests::Chance& chance) {
  for (int query = 0; query < 12; ++query) {
    const std::int64_t grain = chance.chance(500) ? kMsPerMinute : 1;
    const std::int64_t from = chance.between<std::int64_t>(97 * 1440, 133 * 1440) * kMsPerMinute +
                              (grain == 1 ? chance.below<std::int64_t>(kMsPerMinute) : 0);
    const std::int64_t to = from + chance.below<std::int64_t>(20 * 24 * kHour) / grain * grain;
    const std::int64_t duration = chance.below<std::int64_t>(40 * kHour) / grain * grain;
    ASSERT_EQ(calendar.is_open(Tick{from}), model.is_open(from)) << from;
    ASSERT_EQ(calendar.next_open(Tick{from}), model.next_open(from)) << from;
    ASSERT_EQ(calendar.working_ms(Tick{from}, Tick{to}), model.working_ms(from, to)) << from;
    ASSERT_EQ(calendar.working_ms(Tick{to}, Tick{from}), -model.working_ms(from, to)) << from;
    ASSERT_EQ(calendar.add_working_ms(Tick{from}, duration), model.add(from, duration))
        << from << " + " << duration;
  }
}

TEST(WorkingCalendarModelTest, AgreesMinuteByMinuteOverRandomCalendars) {
  const auto seeds = tests::Seeds::of(60);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    WorkingCalendar calendar;
    calendar.reserve();
    MinuteModel model;
    int accepted = 0;
    for (int edit = 0; edit < 30 && accepted < 6; ++edit) {
      const SetCalendarDays days = random_days(chance);
      if (!calendar.accepts(days)) continue;
      ++accepted;
      calendar.set_days(days);
      model.set_days(days);
      ASSERT_TRUE(calendar.has_days(days));
      compare(calendar, model, chance);
      if (testing::Test::HasFatalFailure()) return;
    }
    const tests::Bytes bytes = tests::state_bytes(calendar);
    WorkingCalendar read;
    read.reserve();
    ASSERT_TRUE(tests::read_bytes(read, bytes));
    ASSERT_EQ(tests::state_bytes(read), bytes);
    if (accepted > 0) compare(read, model, chance);
  }
}

TEST_F(WorkingCalendarTest, DamagedStateIsRefusedOrStillConsistent) {
  EXPECT_EQ(tests::damage_not_met(calendar_, tests::state_bytes(calendar_)), "");
}

}  // namespace
}  // namespace permitd::scheduler
