// Weekly hours laid over a stretch of the calendar that stands: which days they set, and which days
// are left as they are because a holiday or a sudden closure has closed them. Pure.
//
// The calendar holds hours and the note of each day, not what kind of day it is. A closed day is
// taken for a holiday or a closure where it has a name, and also without one where most of the
// nearest days of its weekday, four to either side, are open. Any other closed day is one that the
// week closes, like Friday.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/city_calendar.h"
#include "cli/holiday_table.h"

namespace permitd::cli {

/// Hours by weekday, 0 = Saturday; a weekday without any stays as it is.
struct WeekPattern {
  std::array<std::optional<DayHours>, 7> hours{};
  bool is_empty() const;
};

/// Dates from the first to the last.
struct Stretch {
  LocalDay first = 0;
  LocalDay last = -1;
  std::int64_t size() const { return std::max<std::int64_t>(std::int64_t{last} - first + 1, 0); }
};

/// Days to either side of a stretch that say which of its closed days are holidays or closures.
inline constexpr LocalDay kDaysAround = 28;

struct PatternDays {
  std::vector<TableDay> changed;  // days to be set; those that are so already are not among them
  std::vector<TableDay> closed;   // of the pattern's weekdays, but left closed, with their names
  std::size_t asked = 0;          // days of the pattern's weekdays that are not left closed
};

/// What the pattern makes of the days `within`. `standing` follow each other, are all covered, and
/// go kDaysAround beyond to either side as far as the calendar does. Open days get the note; a day
/// that the pattern closes gets none: where it closes most of the days around as well, five weeks
/// in a row, the next pattern may open it; else it counts as a closure then.
PatternDays lay_pattern(const WeekPattern& pattern, std::span<const TableDay> standing,
                        Stretch within, const std::string& note);

}  // namespace permitd::cli
