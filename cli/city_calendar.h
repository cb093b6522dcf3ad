// The [calendar] section of a city file: weekly hours, holidays and decrees become one working
// interval a day.
#pragma once

#include <string>
#include <vector>

#include "cli/city_file.h"
#include "cli/local_time.h"
#include "cli/toml_section.h"

namespace permitd::cli {

/// Hours of one day in minutes from its local midnight; equal ends mean closed.
struct DayHours {
  int open = 0;
  int close = 0;
  bool is_closed() const { return open == close; }
};
/// "07:30-14:30"; "24:00" may end it.
std::optional<DayHours> parse_hours(std::string_view text);

/// Local hours of a day as UTC. The length follows the clock: a day on which clocks change is
/// longer or shorter.
scheduler::CalendarDay to_calendar_day(LocalDay day, DayHours hours);

/// Reads the section in the time zone in force. `directory` is where named files are looked for.
CityCalendar read_calendar(TomlSection section, const std::string& directory);

/// Column `date` of a CSV with a header row; a sentence when it cannot be read.
std::expected<std::vector<LocalDay>, std::string> read_holidays(const std::string& path);

}  // namespace permitd::cli
