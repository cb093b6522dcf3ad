// A table of days that are not like the others of their week: a CSV with a header row, its columns
//
//   date, hours, name, estimated
//
// in any order, others are passed over. A date is Gregorian or Jalali ("1404-01-01", Persian digits
// too): years below 1700 are Jalali. Hours are "closed" or "07:30-14:30"; without such a column
// every day is closed, as in a list of holidays. The name is kept as the note of the day, with a
// mark where `estimated` is true. Every mistake is reported with its line. One
// thread.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/city_file.h"
#include "cli/local_time.h"
#include "cli/reader_client.h"

namespace permitd::cli {

struct TableDay {
  LocalDay day = 0;
  scheduler::CalendarDay hours;
  std::string name;
};

/// Ascending, each day once.
std::expected<std::vector<TableDay>, CityErrors> read_holiday_table(const std::string& path);
/// Consecutive days with the same name together, as many as one command carries.
std::vector<CalendarRunSpec> runs_of(const std::vector<TableDay>& days);

}  // namespace permitd::cli
