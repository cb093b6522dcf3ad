// Working time: which moments count for deadlines, shifts and half-days. One open interval per
// local day, given as UTC moments by SetCalendarDays; the core itself knows no time zone. Owned by
// the engine thread.
//
// Meaning
// - A calendar without any day is always open: every moment counts, and days are UTC days.
// - Otherwise the days between the first and the last one ever set are covered; a covered day that
// was
//   not set is closed, and so is everything before the first and after the last day.
// - Intervals are half open, [open, close): the closing moment itself is not working time.
// - Time is counted in milliseconds and floored to whole minutes once, at the end, never per day.
//
// Invariants: open intervals ascend and do not overlap; each lies within a day of the UTC day of
// its date.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/command.h"
#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// A half-open span of time. Empty (both kNever) where there is none.
struct Interval {
  Tick open = kNever;
  Tick close = kNever;
  constexpr bool empty() const { return open >= close; }
  constexpr bool contains(Tick at) const { return open <= at && at < close; }
  friend constexpr bool operator==(const Interval&, const Interval&) = default;
};

/// The farthest date whose minutes fit in 32 bits, with two days to spare: the year 10135.
inline constexpr std::int32_t kCalendarLastDay = static_cast<std::int32_t>(UINT32_MAX / 1440) - 2;

/// What keeps days from being set, in the order in which it is looked for.
enum class DaysFault : std::uint8_t {
  kNone,
  kCount,     // none, or more than kCalendarDaysPerCommand
  kFirstDay,  // before 1970, or the last one after kCalendarLastDay
  kLength,    // longer than a day
  kOpening,   // opens or closes more than a day away from its date
  kSpan,      // the calendar would cover more than kCalendarDaysMax dates
  kOverlap,   // opens before the day before has closed, or closes after the next has opened
};
struct CalendarFault {
  DaysFault fault = DaysFault::kNone;
  std::uint16_t day = 0;  // number of the day at fault among those given, from 1; 0: none alone
  friend constexpr bool operator==(const CalendarFault&, const CalendarFault&) = default;
};

class WorkingCalendar {
 public:
  /// Takes the memory for kCalendarDaysMax days. Allocates; a second call does nothing.
  void reserve();

  /// What is wrong with the days alone, one by one: never kSpan or kOverlap.
  [[nodiscard]] static CalendarFault fault_of(const SetCalendarDays& days);
  /// What keeps the days from being set; that of the days alone first.
  [[nodiscard]] CalendarFault fault_with(const SetCalendarDays& days) const;
  /// Whether the days could be set.
  [[nodiscard]] bool accepts(const SetCalendarDays& days) const {
    return fault_with(days).fault == DaysFault::kNone;
  }
  /// Becomes the same as another one. Pre: reserved. O(covered days).
  void copy_from(const WorkingCalendar& other);
  /// Sets the days, replacing what those dates had. Pre: accepts(days). O(covered days).
  void set_days(const SetCalendarDays& days);
  /// Whether the days are as given already, so that setting them changes nothing.
  bool has_days(const SetCalendarDays& days) const;

  /// No day was ever set: always open.
  bool always_open() const { return day_count_ == 0; }
  /// First covered date (days since 1970-01-01) and how many dates are covered.
  std::int32_t first_day() const { return first_day_; }
  std::uint32_t day_count() const { return day_count_; }

  bool is_open(Tick at) const;
  /// The open interval that contains the moment, empty when closed. With an always-open calendar
  /// the UTC day.
  Interval interval_of(Tick at) const;
  /// The earliest open moment ≥ at, kNever when the calendar ends before.
  Tick next_open(Tick at) const;
  /// The date whose interval contains the moment or, while closed, opens next; the UTC date where
  /// there is none.
  std::int32_t day_of(Tick at) const;
  /// Open interval of a date, empty when closed or not covered. With an always-open calendar the
  /// UTC day.
  Interval day(std::int32_t date) const;
  /// The open interval of a date in two equal halves; an odd millisecond belongs to the afternoon.
  Interval half_day(std::int32_t date, HalfDay half) const;

  /// Working milliseconds in [from, to); negative of working_ms(to, from) when to < from.
  std::int64_t working_ms(Tick from, Tick to) const;
  /// Whole working minutes between two moments, rounded toward zero; the sign as in working_ms.
  std::int64_t working_minutes(Tick from, Tick to) const {
    return working_ms(from, to) / kMsPerMinute;
  }
  /// The earliest moment t ≥ from with working_ms(from, t) == duration; kNever when the calendar
  /// ends before. Duration 0 gives `from`. Pre: duration ≥ 0.
  Tick add_working_ms(Tick from, std::int64_t duration) const;
  Tick add_working_minutes(Tick from, std::int64_t minutes) const;

  template <class Visit>
  void visit_memory(const Visit& visit) const {
    days_.visit_memory(visit);
    spans_.visit_memory(visit);
    span_index_.visit_memory(visit);
  }
  void write_state(StateSink& sink) const;
  /// Replaces the days; there are none when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);

 private:
  // One open interval. Minutes since the epoch fit in 32 bits for the next 8,000 years.
  struct Span {
    std::uint32_t open_minute = 0;
    std::uint32_t close_minute = 0;
    std::uint32_t minutes_before = 0;  // working minutes of all earlier spans
    std::int32_t day = 0;
  };

  CalendarDay day_at(std::int32_t date) const;
  void rebuild();
  void clear();
  std::uint32_t span_from(std::int64_t ms) const;
  std::int64_t elapsed_ms(Tick at) const;

  FixedArray<CalendarDay> days_;          // [day_count_], from first_day_
  FixedArray<Span> spans_;                // [span_count_], open days only, ascending
  FixedArray<std::uint32_t> span_index_;  // [day_count_] first span of this or a later date
  std::int32_t first_day_ = 0;
  std::uint32_t day_count_ = 0;
  std::uint32_t span_count_ = 0;
};

}  // namespace permitd::scheduler
