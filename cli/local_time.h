// Local time at the edge: the daemon knows UTC alone, people know the clock on the wall.
//
// One zone is in force per process (the C library's), set by use_time_zone(); everything here
// follows it. One thread only, as TZ is the process's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/types.h"

namespace permitd::cli {

inline constexpr const char* kDefaultTimeZone = "Asia/Tehran";

/// False when the system's tzdata has no such zone; the zone in force is then as before.
[[nodiscard]] bool use_time_zone(const std::string& name);

/// The calendar in which people are shown dates and write them; Gregorian until it is set.
enum class CalendarKind : std::uint8_t { kGregorian, kJalali };
void use_calendar(CalendarKind kind);

/// A local date as days since 1970-01-01.
using LocalDay = std::int32_t;
/// A Gregorian date as files hold it: "2025-03-21".
std::optional<LocalDay> parse_day(std::string_view text);
/// A date as people write it, in the calendar in force: "1404-01-01", "۱۴۰۴/۰۱/۰۱".
std::optional<LocalDay> parse_typed_day(std::string_view text);
LocalDay day_of(int year, int month, int day);  // must be a real date, see is_date
bool is_date(int year, int month, int day);
/// In the calendar in force, like everything below that shows or reads a date.
std::string day_text(LocalDay day);
/// 0 = Saturday, the first day of the week here, … 6 = Friday.
int weekday_of(LocalDay day);
inline constexpr std::string_view kWeekdayNames[] = {"saturday",  "sunday",   "monday", "tuesday",
                                                     "wednesday", "thursday", "friday"};

/// The moment at which the wall clock shows `minute` (0 … 1440) of `day`.
scheduler::Tick moment_at(LocalDay day, int minute);
LocalDay local_day_of(scheduler::Tick at);

/// "2025-03-21 07:30"; "never" for kNever.
std::string local_text(scheduler::Tick at);
/// A date (its beginning), "YYYY-MM-DD HH:MM" or with T between, "now", or a distance from `now`:
/// "+90m",
/// "+2h", "+3d", "-1d"; "never".
std::optional<scheduler::Tick> parse_moment(std::string_view text, scheduler::Tick now);
/// "45m", "30s", "2h", "1d" as seconds.
std::optional<std::int64_t> parse_duration_seconds(std::string_view text);

/// Working minutes for people: "3 h 20 min", "-40 min".
std::string working_text(std::int64_t minutes);
/// The same in Persian: "۳ ساعت و ۲۰ دقیقه", "۴۰ دقیقه گذشته".
std::string persian_working_text(std::int64_t minutes);

}  // namespace permitd::cli
