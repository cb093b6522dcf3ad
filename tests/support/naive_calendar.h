// The working calendar as one would write it down: a list of dates with their open hours. For the
// naive model; slow and obvious on purpose.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "scheduler/command.h"
#include "scheduler/types.h"

namespace permitd::tests {

class NaiveCalendar {
 public:
  struct Hours {
    std::int64_t open = 0;  // ms
    std::int64_t close = 0;
  };

  void set_days(const scheduler::SetCalendarDays& days) {
    const std::string note(days.note.bytes.data(),
                           std::min<std::size_t>(days.note.size, days.note.bytes.size()));
    for (std::int32_t index = 0; index < days.count; ++index) {
      const std::int32_t date = days.first_day + index;
      const bool was_covered = days_.contains(date);
      const Hours before = hours(date);
      set_day(days, index);
      const Hours after = days_.at(date);
      if (!note.empty() || !was_covered || before.open != after.open || before.close != after.close)
        notes_[date] = note;
    }
    // Days between those that were set are closed, but covered.
    const std::int32_t first = days_.begin()->first;
    const std::int32_t last = days_.rbegin()->first;
    for (std::int32_t date = first; date <= last; ++date) days_.try_emplace(date);
  }

  /// First and last date covered. Pre: not always open.
  std::int32_t first() const { return days_.begin()->first; }
  std::int32_t last() const { return days_.rbegin()->first; }

  bool always_open() const { return days_.empty(); }

  /// Why the date is as it is; empty where nobody said.
  std::string note(std::int32_t date) const {
    const auto found = notes_.find(date);
    return found == notes_.end() ? "" : found->second;
  }

  bool covers(std::int32_t date) const { return days_.contains(date); }

  Hours hours(std::int32_t date) const {
    if (always_open()) return {date * kDay, (date + 1) * kDay};
    const auto found = days_.find(date);
    return found == days_.end() ? Hours{} : found->second;
  }

  bool is_open(std::int64_t ms) const {
    if (always_open()) return true;
    return !every_day_near(ms,
                           [&](const Hours& day) { return !(day.open <= ms && ms < day.close); });
  }

  /// End of the open hours that contain the moment. Pre: is_open(ms).
  std::int64_t closing(std::int64_t ms) const {
    if (always_open()) return (date_of(ms) + 1) * kDay;
    std::int64_t close = 0;
    every_day_near(ms, [&](const Hours& day) {
      if (day.open <= ms && ms < day.close) close = day.close;
      return true;
    });
    return close;
  }

  /// The date that is worked on, or worked on next.
  std::int32_t day_of(std::int64_t ms) const {
    if (always_open()) return date_of(ms);
    for (auto day = days_.lower_bound(date_of(ms) - 3); day != days_.end(); ++day) {
      if (day->second.close > ms && day->second.open < day->second.close) return day->first;
    }
    return date_of(ms);
  }

  std::int64_t working_ms(std::int64_t from, std::int64_t to) const {
    if (to < from) return -working_ms(to, from);
    if (always_open()) return to - from;
    std::int64_t sum = 0;
    for (auto day = days_.lower_bound(date_of(from) - 3); day != days_.end(); ++day) {
      if (day->first > date_of(to) + 3) break;
      const std::int64_t begin = std::max(from, day->second.open);
      const std::int64_t end = std::min(to, day->second.close);
      sum += std::max<std::int64_t>(0, end - begin);
    }
    return sum;
  }

  /// The moment when so much working time has passed, kNever when the calendar ends before.
  scheduler::Tick add_minutes(std::int64_t from, std::int64_t minutes) const {
    std::int64_t left = minutes * scheduler::kMsPerMinute;
    if (left == 0) return scheduler::Tick{from};
    if (always_open()) return scheduler::Tick{from + left};
    for (auto day = days_.lower_bound(date_of(from) - 3); day != days_.end(); ++day) {
      const std::int64_t begin = std::max(from, day->second.open);
      const std::int64_t here = std::max<std::int64_t>(0, day->second.close - begin);
      if (left <= here) return scheduler::Tick{begin + left};
      left -= here;
    }
    return scheduler::kNever;
  }

 private:
  static constexpr std::int64_t kDay = 1440 * scheduler::kMsPerMinute;

  static std::int32_t date_of(std::int64_t ms) {
    return static_cast<std::int32_t>(ms / kDay - (ms % kDay < 0 ? 1 : 0));
  }

  void set_day(const scheduler::SetCalendarDays& days, std::int32_t index) {
    const auto at = static_cast<std::size_t>(index);
    Hours hours;
    if (days.length_minutes[at] > 0) {
      hours.open = std::int64_t{days.open_minute[at]} * scheduler::kMsPerMinute;
      hours.close = hours.open + days.length_minutes[at] * scheduler::kMsPerMinute;
    }
    days_[days.first_day + index] = hours;
  }

  // Calls visit with the days around a moment while it returns true; true when it stopped nowhere.
  template <class Visit>
  bool every_day_near(std::int64_t ms, const Visit& visit) const {
    for (auto day = days_.lower_bound(date_of(ms) - 3); day != days_.end(); ++day) {
      if (day->first > date_of(ms) + 3) break;
      if (!visit(day->second)) return false;
    }
    return true;
  }

  std::map<std::int32_t, Hours> days_;
  std::map<std::int32_t, std::string> notes_;
};

}  // namespace permitd::tests
