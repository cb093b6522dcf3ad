#include "cli/holiday_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/city_calendar.h"
#include "cli/records_csv.h"
#include "protocol/jalali.h"

namespace permitd::cli {
namespace {

constexpr std::size_t kRowsMax = 5'000;
constexpr std::size_t kProblemsMax = 20;
constexpr int kFirstGregorianYear = 1700;

/// Where each column stands; `kNone` when it is not there.
struct Columns {
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t date = kNone;
  std::size_t hours = kNone;
  std::size_t name = kNone;
  std::size_t estimated = kNone;
};

using Fields = std::vector<std::string_view>;

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

Columns columns_of(const Fields& header) {
  const auto column = [&](std::string_view name) {
    const auto found = std::find_if(header.begin(), header.end(),
                                    [&](std::string_view field) { return trimmed(field) == name; });
    return found == header.end() ? Columns::kNone
                                 : static_cast<std::size_t>(found - header.begin());
  };
  return {column("date"), column("hours"), column("name"), column("estimated")};
}

std::string_view field_at(const Fields& fields, std::size_t column) {
  return column < fields.size() ? trimmed(fields[column]) : std::string_view{};
}

std::optional<LocalDay> parse_table_date(std::string_view text) {
  const std::string ascii = protocol::ascii_digits(text);
  int year = 0;
  int month = 0;
  int day = 0;
  char rest = 0;
  const bool reads = std::sscanf(ascii.c_str(), "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 ||
                     std::sscanf(ascii.c_str(), "%4d/%2d/%2d%c", &year, &month, &day, &rest) == 3;
  if (!reads) return std::nullopt;
  if (year < kFirstGregorianYear) return protocol::day_of(protocol::JalaliDate{year, month, day});
  if (!is_date(year, month, day)) return std::nullopt;
  return day_of(year, month, day);
}

std::optional<DayHours> parse_table_hours(std::string_view text) {
  if (text.empty() || text == "closed") return DayHours{};
  return parse_hours(protocol::ascii_digits(text));
}

class Reading {
 public:
  Reading(std::string path, Columns columns) : path_(std::move(path)), columns_(columns) {}

  void take(std::uint64_t number, const Fields& fields) {
    const auto day = parse_table_date(field_at(fields, columns_.date));
    const auto hours = parse_table_hours(field_at(fields, columns_.hours));
    if (!day)
      complain(number, "the date must be YYYY-MM-DD, Gregorian or Jalali");
    else if (!hours)
      complain(number, "hours must be closed or HH:MM-HH:MM, the end after the beginning");
    else
      days_.push_back({*day, to_calendar_day(*day, *hours),
                       name_of_day(field_at(fields, columns_.name),
                                   is_estimated_text(field_at(fields, columns_.estimated)))});
  }

  std::expected<std::vector<TableDay>, CityErrors> finish() {
    std::stable_sort(days_.begin(), days_.end(),
                     [](const TableDay& a, const TableDay& b) { return a.day < b.day; });
    for (std::size_t i = 1; i < days_.size(); ++i) merge(days_[i - 1], days_[i]);
    if (!problems_.empty()) return std::unexpected(CityErrors{problems_});
    std::vector<TableDay> once;
    for (TableDay& each : days_) {
      if (!once.empty() && once.back().day == each.day)
        once.back().name = calendar_note(once.back().name + ", " + each.name);
      else
        once.push_back(std::move(each));
    }
    return once;
  }

  void complain(std::uint64_t number, std::string_view what) {
    if (problems_.size() < kProblemsMax)
      problems_.push_back(fmt::format("{}:{}: {}", path_, number, what));
  }

 private:
  // Two holidays may fall on one day; two kinds of hours may not.
  void merge(const TableDay& a, const TableDay& b) {
    const bool agree = a.hours.open_minute == b.hours.open_minute &&
                       a.hours.length_minutes == b.hours.length_minutes;
    if (a.day == b.day && !agree && problems_.size() < kProblemsMax)
      problems_.push_back(
          fmt::format("{}: {} stands there twice with different hours", path_, day_text(a.day)));
  }

  std::string path_;
  Columns columns_;
  std::vector<TableDay> days_;
  std::vector<std::string> problems_;
};

}  // namespace

std::expected<std::vector<TableDay>, CityErrors> read_holiday_table(const std::string& path) {
  auto reader = CsvReader::open(path);
  if (!reader) return std::unexpected(CityErrors{{reader.error()}});
  if (reader->next() != CsvReader::Next::kRecord)
    return std::unexpected(CityErrors{{fmt::format("{}: there is no header row", path)}});
  Fields header = reader->fields();
  if (header[0].starts_with("\xEF\xBB\xBF")) header[0].remove_prefix(3);
  const Columns columns = columns_of(header);
  if (columns.date == Columns::kNone)
    return std::unexpected(CityErrors{
        {fmt::format("{}:1: there is no column `date`; the columns are date, hours, name", path)}});
  Reading reading(path, columns);
  std::size_t count = 0;
  for (auto next = reader->next(); next != CsvReader::Next::kEnd; next = reader->next()) {
    if (next == CsvReader::Next::kRecord && ++count <= kRowsMax) {
      reading.take(reader->line(), reader->fields());
      continue;
    }
    reading.complain(reader->line(), next == CsvReader::Next::kRecord
                                         ? fmt::format("a table has at most {} rows", kRowsMax)
                                         : reader->problem());
    if (next != CsvReader::Next::kMalformed) break;
  }
  return reading.finish();
}

std::vector<CalendarRunSpec> runs_of(const std::vector<TableDay>& days) {
  std::vector<CalendarRunSpec> runs;
  for (const TableDay& each : days) {
    const bool goes_on =
        !runs.empty() &&
        each.day == runs.back().first_day + static_cast<LocalDay>(runs.back().days.size()) &&
        runs.back().note == each.name &&
        runs.back().days.size() < scheduler::kCalendarDaysPerCommand;
    if (!goes_on) runs.push_back({each.day, {}, each.name});
    runs.back().days.push_back(each.hours);
  }
  return runs;
}

}  // namespace permitd::cli
