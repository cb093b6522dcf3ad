#include "cli/local_time.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>

#include "protocol/jalali.h"

namespace permitd::cli {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;

std::optional<int> number_of(std::string_view text, std::size_t digits) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.size() != digits || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

struct DateFields {
  int year;
  int month;
  int day;
};

/// "YYYY-MM-DD" in any calendar; whether there is such a date is not looked at.
std::optional<DateFields> date_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number_of(text.substr(0, 4), 4);
  const auto month = number_of(text.substr(5, 2), 2);
  const auto day = number_of(text.substr(8, 2), 2);
  if (!year || !month || !day) return std::nullopt;
  return DateFields{*year, *month, *day};
}

// One per process, like the time zone.
CalendarKind calendar_in_force = CalendarKind::kGregorian;

std::optional<int> parse_minute_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  auto hour = number_of(text.substr(0, 2), 2);
  auto minute = number_of(text.substr(3), 2);
  if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59)
    return std::nullopt;
  return *hour * 60 + *minute;
}

std::tm local_fields(scheduler::Tick at) {
  auto seconds = static_cast<std::time_t>(at.ms >= 0 ? at.ms / 1000 : (at.ms - 999) / 1000);
  std::tm fields{};
  localtime_r(&seconds, &fields);
  return fields;
}

std::chrono::sys_days days(LocalDay day) { return std::chrono::sys_days(std::chrono::days(day)); }

}  // namespace

bool use_time_zone(const std::string& name) {
  const char* directory = std::getenv("TZDIR");
  auto path = fmt::format("{}/{}", directory != nullptr ? directory : "/usr/share/zoneinfo", name);
  // The C library takes an unknown zone for UTC without a word.
  if (name.empty() || name.find("..") != std::string::npos || access(path.c_str(), R_OK) != 0)
    return false;
  setenv("TZ", name.c_str(), 1);
  tzset();
  return true;
}

void use_calendar(CalendarKind kind) { calendar_in_force = kind; }

bool is_date(int year, int month, int day) {
  if (year < 1970 || year > 2200 || month < 1 || day < 1) return false;
  using namespace std::chrono;
  return year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                        std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

LocalDay day_of(int year, int month, int day) {
  auto date = std::chrono::year_month_day(std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day)));
  return static_cast<LocalDay>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::optional<LocalDay> parse_day(std::string_view text) {
  const auto date = date_of(text);
  if (!date || !is_date(date->year, date->month, date->day)) return std::nullopt;
  return day_of(date->year, date->month, date->day);
}

std::optional<LocalDay> parse_typed_day(std::string_view typed) {
  std::string text = protocol::ascii_digits(typed);
  std::replace(text.begin(), text.end(), '/', '-');
  if (calendar_in_force == CalendarKind::kGregorian) return parse_day(text);
  const auto date = date_of(text);
  return date ? protocol::day_of({date->year, date->month, date->day}) : std::nullopt;
}

std::string day_text(LocalDay day) {
  if (calendar_in_force == CalendarKind::kJalali) {
    const auto date = protocol::jalali_of(day);
    return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
  }
  auto date = std::chrono::year_month_day(days(day));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

int weekday_of(LocalDay day) {
  auto from_sunday = std::chrono::weekday(days(day)).c_encoding();
  return static_cast<int>((from_sunday + 1) % 7);
}

scheduler::Tick moment_at(LocalDay day, int minute) {
  auto date = std::chrono::year_month_day(days(day + minute / 1440));
  minute %= 1440;
  std::tm fields{};
  fields.tm_year = static_cast<int>(date.year()) - 1900;
  fields.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  fields.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  fields.tm_hour = minute / 60;
  fields.tm_min = minute % 60;
  fields.tm_isdst = -1;
  return {static_cast<std::int64_t>(std::mktime(&fields)) * 1000};
}

LocalDay local_day_of(scheduler::Tick at) {
  auto fields = local_fields(at);
  return day_of(fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday);
}

std::string local_text(scheduler::Tick at) {
  if (at == scheduler::kNever) return "never";
  auto fields = local_fields(at);
  return fmt::format("{} {:02}:{:02}", day_text(local_day_of(at)), fields.tm_hour, fields.tm_min);
}

std::optional<scheduler::Tick> parse_moment(std::string_view typed, scheduler::Tick now) {
  const std::string folded = protocol::ascii_digits(typed);
  const std::string_view text = folded;
  if (text == "now") return now;
  if (text == "never") return scheduler::kNever;
  if (text.starts_with('+') || text.starts_with('-')) {
    auto seconds = parse_duration_seconds(text.substr(1));
    if (!seconds) return std::nullopt;
    return scheduler::Tick{now.ms + (text[0] == '-' ? -1000 : 1000) * *seconds};
  }
  auto day = parse_typed_day(text.substr(0, 10));
  if (!day) return std::nullopt;
  if (text.size() == 10) return moment_at(*day, 0);
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  auto minute = parse_minute_of_day(text.substr(11));
  if (!minute) return std::nullopt;
  return moment_at(*day, *minute);
}

std::optional<std::int64_t> parse_duration_seconds(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  std::int64_t count = 0;
  const char* last = text.data() + text.size() - 1;
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end != last || count < 0 || count > kMsPerDay) return std::nullopt;
  switch (text.back()) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    case 'd':
      return count * 86'400;
    default:
      return std::nullopt;  // not an enumeration: any other letter is a mistake
  }
}

std::string working_text(std::int64_t minutes) {
  const char* sign = minutes < 0 ? "-" : "";
  auto count = minutes < 0 ? -minutes : minutes;
  if (count < 60) return fmt::format("{}{} min", sign, count);
  if (count % 60 == 0) return fmt::format("{}{} h", sign, count / 60);
  return fmt::format("{}{} h {:02} min", sign, count / 60, count % 60);
}

std::string persian_working_text(std::int64_t minutes) {
  const std::int64_t count = minutes < 0 ? -minutes : minutes;
  std::string text;
  if (count >= 60) text = fmt::format("{} ساعت", count / 60);
  if (count < 60 || count % 60 != 0)
    text += fmt::format("{}{} دقیقه", text.empty() ? "" : " و ", count % 60);
  return protocol::persian_digits(text) + (minutes < 0 ? " گذشته" : "");
}

}  // namespace permitd::cli
