// The [calendar] section of a city file: weekly hours, holidays and decrees become one working
// interval a day.
#pragma once

#include <string>
#include <vector>

#include "cli/city_file.h"
#include "cli/local_time.h"
#include "cli/reader_client.h"
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

/// A day that is closed, and why.
struct Holiday {
  LocalDay day = 0;
  std::string name;
};

/// Column `date` of a CSV with a header row, with the names of `name`; where `estimated` is true
/// the name says so. A sentence when it cannot be read.
std::expected<std::vector<Holiday>, std::string> read_holidays(const std::string& path);

/// A note of the calendar: as much of the text as a note holds, in whole characters.
std::string calendar_note(std::string_view text);
/// The name of a day, marked where the day is only estimated to be it.
std::string name_of_day(std::string_view name, bool is_estimated);
/// "true", "yes" or "1", in any case.
bool is_estimated_text(std::string_view text);
/// What the days of a calendar need: consecutive days with the same note together, as many as one
/// command carries.
std::vector<CalendarRunSpec> runs_of(const CityCalendar& calendar);

}  // namespace permitd::cli
