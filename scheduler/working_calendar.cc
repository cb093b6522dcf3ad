#include "scheduler/working_calendar.h"

#include <algorithm>

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

constexpr std::int64_t kMinutesPerDay = 1440;
constexpr std::int64_t kMsPerDay = kMinutesPerDay * kMsPerMinute;

constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

constexpr Tick plus(Tick from, std::int64_t ms) {
  return from.ms > kNever.ms - ms ? kNever : Tick{from.ms + ms};
}

constexpr Tick minute_tick(std::int64_t minute) { return Tick{minute * kMsPerMinute}; }

std::int32_t utc_day(Tick at) {
  const std::int64_t day = floor_div(at.ms, kMsPerDay);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(day, INT32_MIN, INT32_MAX));
}

Interval utc_day_interval(std::int32_t date) {
  const Tick open{date * kMsPerDay};
  return {open, plus(open, kMsPerDay)};
}

bool same(CalendarDay a, CalendarDay b) {
  return a.length_minutes == b.length_minutes &&
         (a.length_minutes == 0 || a.open_minute == b.open_minute);
}

CalendarDay given_day(const SetCalendarDays& days, std::size_t index) {
  const std::uint16_t length = days.length_minutes[index];
  return {length == 0 ? 0 : days.open_minute[index], length};
}

// An interval belongs to its date whatever the zone: it lies between a day before and a day after.
bool near_date(CalendarDay day, std::int64_t date) {
  const std::int64_t open = day.open_minute;
  return open >= (date - 1) * kMinutesPerDay &&
         open + day.length_minutes <= (date + 2) * kMinutesPerDay;
}

constexpr CalendarFault fault_at(DaysFault fault, std::int64_t index) {
  return {fault, static_cast<std::uint16_t>(index + 1)};
}

}  // namespace

void WorkingCalendar::reserve() {
  days_.reserve(kCalendarDaysMax);
  spans_.reserve(kCalendarDaysMax);
  span_index_.reserve(kCalendarDaysMax);
}

CalendarDay WorkingCalendar::day_at(std::int32_t date) const {
  const std::int64_t index = std::int64_t{date} - first_day_;
  return index < 0 || index >= day_count_ ? CalendarDay{} : days_[static_cast<std::size_t>(index)];
}

void WorkingCalendar::copy_from(const WorkingCalendar& other) {
  clear();
  std::copy_n(other.days_.span().begin(), other.day_count_, days_.span().begin());
  first_day_ = other.first_day_;
  day_count_ = other.day_count_;
  rebuild();
}

CalendarFault WorkingCalendar::fault_of(const SetCalendarDays& days) {
  if (days.count == 0 || days.count > kCalendarDaysPerCommand) return {DaysFault::kCount, 0};
  if (days.first_day < 0 || days.first_day > kCalendarLastDay - days.count)
    return {DaysFault::kFirstDay, 0};
  for (std::size_t index = 0; index < days.count; ++index) {
    const CalendarDay day = given_day(days, index);
    const std::int64_t date = std::int64_t{days.first_day} + static_cast<std::int64_t>(index);
    if (day.length_minutes > kMinutesPerDay)
      return fault_at(DaysFault::kLength, static_cast<std::int64_t>(index));
    if (day.length_minutes != 0 && !near_date(day, date))
      return fault_at(DaysFault::kOpening, static_cast<std::int64_t>(index));
  }
  return {};
}

CalendarFault WorkingCalendar::fault_with(const SetCalendarDays& days) const {
  const CalendarFault alone = fault_of(days);
  if (alone.fault != DaysFault::kNone) return alone;
  const std::int64_t end = std::int64_t{days.first_day} + days.count;
  if (day_count_ > 0) {
    const std::int64_t first = std::min(first_day_, days.first_day);
    const std::int64_t last = std::max(end, std::int64_t{first_day_} + day_count_);
    if (last - first > kCalendarDaysMax) return {DaysFault::kSpan, 0};
  }
  // Intervals lie within a day of their date, so only those of dates up to three away can meet.
  std::int64_t open_from = 0;
  std::int64_t given_last = -1;  // the last given day that is open
  for (std::int64_t date = std::int64_t{days.first_day} - 3; date < end + 3; ++date) {
    const bool given = date >= days.first_day && date < end;
    const CalendarDay day = given ? given_day(days, static_cast<std::size_t>(date - days.first_day))
                                  : day_at(static_cast<std::int32_t>(date));
    if (day.length_minutes == 0) continue;
    if (given) given_last = date - days.first_day;
    if (day.open_minute < open_from) return fault_at(DaysFault::kOverlap, given_last);
    open_from = std::int64_t{day.open_minute} + day.length_minutes;
  }
  return {};
}

bool WorkingCalendar::has_days(const SetCalendarDays& days) const {
  for (std::size_t index = 0; index < days.count; ++index) {
    const std::int32_t date = days.first_day + static_cast<std::int32_t>(index);
    const bool covered = date >= first_day_ && std::int64_t{date} - first_day_ < day_count_;
    if (!covered || !same(day_at(date), given_day(days, index))) return false;
  }
  return true;
}

void WorkingCalendar::set_days(const SetCalendarDays& days) {
  PERMIT_ASSERT(accepts(days), days.first_day, days.count);
  const std::int32_t old_end = first_day_ + static_cast<std::int32_t>(day_count_);
  const std::int32_t end = days.first_day + days.count;
  const std::int32_t first =
      day_count_ == 0 ? days.first_day : std::min(first_day_, days.first_day);
  const std::int32_t last = day_count_ == 0 ? end : std::max(old_end, end);
  const auto all = days_.span();
  if (day_count_ > 0 && first < first_day_) {
    const auto shift = static_cast<std::size_t>(first_day_ - first);
    std::copy_backward(all.begin(), all.begin() + day_count_, all.begin() + day_count_ + shift);
    std::fill_n(all.begin(), shift, CalendarDay{});
  }
  first_day_ = first;
  day_count_ =
      static_cast<std::uint32_t>(last - first);  // days beyond the old end are zero: closed
  for (std::size_t index = 0; index < days.count; ++index) {
    all[static_cast<std::size_t>(days.first_day - first) + index] = given_day(days, index);
  }
  rebuild();
}

void WorkingCalendar::rebuild() {
  span_count_ = 0;
  std::uint32_t minutes = 0;
  for (std::uint32_t index = 0; index < day_count_; ++index) {
    span_index_[index] = span_count_;
    const CalendarDay day = days_[index];
    if (day.length_minutes == 0) continue;
    spans_[span_count_++] = {day.open_minute, day.open_minute + day.length_minutes, minutes,
                             first_day_ + static_cast<std::int32_t>(index)};
    minutes += day.length_minutes;
  }
}

// The first span that closes after the moment, span_count_ when there is none. Spans lie near their
// dates, so it starts from the date two days back and looks at a few spans at most.
std::uint32_t WorkingCalendar::span_from(std::int64_t ms) const {
  const std::int64_t index = floor_div(ms, kMsPerDay) - 2 - first_day_;
  if (index >= day_count_) return span_count_;
  std::uint32_t span = index <= 0 ? 0 : span_index_[static_cast<std::size_t>(index)];
  while (span < span_count_ && minute_tick(spans_[span].close_minute).ms <= ms) ++span;
  return span;
}

// Working milliseconds from the beginning of the calendar to the moment.
std::int64_t WorkingCalendar::elapsed_ms(Tick at) const {
  const std::uint32_t index = span_from(at.ms);
  if (index == span_count_) {
    if (span_count_ == 0) return 0;
    const Span& last = spans_[span_count_ - 1];
    return (std::int64_t{last.minutes_before} + last.close_minute - last.open_minute) *
           kMsPerMinute;
  }
  const Span& span = spans_[index];
  const Tick open = minute_tick(span.open_minute);
  return span.minutes_before * kMsPerMinute + (at > open ? at.ms - open.ms : 0);
}

bool WorkingCalendar::is_open(Tick at) const { return interval_of(at).contains(at); }

Interval WorkingCalendar::interval_of(Tick at) const {
  if (always_open()) return utc_day_interval(utc_day(at));
  const std::uint32_t index = span_from(at.ms);
  if (index == span_count_ || at < minute_tick(spans_[index].open_minute)) return {};
  return {minute_tick(spans_[index].open_minute), minute_tick(spans_[index].close_minute)};
}

Tick WorkingCalendar::next_open(Tick at) const {
  if (always_open()) return at;
  const std::uint32_t index = span_from(at.ms);
  if (index == span_count_) return kNever;
  return std::max(at, minute_tick(spans_[index].open_minute));
}

std::int32_t WorkingCalendar::day_of(Tick at) const {
  if (always_open()) return utc_day(at);
  const std::uint32_t index = span_from(at.ms);
  return index == span_count_ ? utc_day(at) : spans_[index].day;
}

Interval WorkingCalendar::day(std::int32_t date) const {
  if (always_open()) return utc_day_interval(date);
  const CalendarDay day = day_at(date);
  if (day.length_minutes == 0) return {};
  const std::int64_t open = day.open_minute;
  return {minute_tick(open), minute_tick(open + day.length_minutes)};
}

Interval WorkingCalendar::half_day(std::int32_t date, HalfDay half) const {
  const Interval whole = day(date);
  if (whole.empty()) return {};
  const Tick middle{whole.open.ms + (whole.close.ms - whole.open.ms) / 2};
  switch (half) {
    case HalfDay::kMorning:
      return {whole.open, middle};
    case HalfDay::kAfternoon:
      return {middle, whole.close};
  }
  return {};
}

std::int64_t WorkingCalendar::working_ms(Tick from, Tick to) const {
  if (to < from) return -working_ms(to, from);
  if (always_open()) {
    std::int64_t span = 0;
    return __builtin_sub_overflow(to.ms, from.ms, &span) ? INT64_MAX : span;
  }
  return elapsed_ms(to) - elapsed_ms(from);
}

Tick WorkingCalendar::add_working_ms(Tick from, std::int64_t duration) const {
  PERMIT_ASSERT(duration >= 0, duration);
  if (duration == 0) return from;
  if (always_open()) return plus(from, duration);
  const std::uint32_t begin = span_from(from.ms);
  if (begin == span_count_) return kNever;
  const std::int64_t base = elapsed_ms(from);
  if (duration > INT64_MAX - base) return kNever;
  const std::int64_t target = base + duration;
  // The last span that begins before the target; deadlines are days ahead, so gallop, then bisect.
  std::uint32_t step = 1;
  while (begin + step < span_count_ &&
         spans_[begin + step].minutes_before * kMsPerMinute < target) {
    step *= 2;
  }
  const auto all = spans_.span();
  const auto end = all.begin() + std::min(begin + step, span_count_);
  const auto behind = std::partition_point(
      all.begin() + begin + step / 2, end,
      [&](const Span& span) { return span.minutes_before * kMsPerMinute < target; });
  const Span& span = *(behind - 1);
  const std::int64_t into = target - span.minutes_before * kMsPerMinute;
  const std::int64_t length = (span.close_minute - span.open_minute) * kMsPerMinute;
  return into > length ? kNever : Tick{minute_tick(span.open_minute).ms + into};
}

Tick WorkingCalendar::add_working_minutes(Tick from, std::int64_t minutes) const {
  if (minutes > INT64_MAX / kMsPerMinute) return kNever;
  return add_working_ms(from, minutes * kMsPerMinute);
}

void WorkingCalendar::write_state(StateSink& sink) const {
  put_state(sink, first_day_);
  put_state(sink, day_count_);
  for (std::uint32_t index = 0; index < day_count_; ++index) {
    put_state(sink, days_[index].open_minute);
    put_state(sink, days_[index].length_minutes);
  }
}

bool WorkingCalendar::read_state(StateSource& source) {
  clear();
  std::int32_t first = 0;
  std::uint32_t count = 0;
  if (!get_state(source, first) || !get_state(source, count)) return false;
  if (count > kCalendarDaysMax) return false;
  // Through set_days(), a day at a time, so that what is read keeps every rule of what is set.
  bool valid = count > 0 || first == 0;
  for (std::uint32_t index = 0; valid && index < count; ++index) {
    SetCalendarDays one;
    one.first_day = static_cast<std::int32_t>(std::int64_t{first} + index);
    one.count = 1;
    valid = get_state(source, one.open_minute[0]) && get_state(source, one.length_minutes[0]) &&
            accepts(one) && (one.length_minutes[0] > 0 || one.open_minute[0] == 0);
    if (!valid) break;
    if (day_count_ == 0) first_day_ = first;
    days_[day_count_++] = given_day(one, 0);
  }
  if (!valid) clear();
  rebuild();
  return valid;
}

void WorkingCalendar::clear() {
  std::fill_n(days_.span().begin(), day_count_, CalendarDay{});
  first_day_ = 0;
  day_count_ = 0;
  span_count_ = 0;
}

}  // namespace permitd::scheduler
