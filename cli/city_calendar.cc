#include "cli/city_calendar.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace permitd::cli {
namespace {

/// A weekly pattern and the day from which it is in force.
struct Pattern {
  LocalDay from = 0;
  std::array<DayHours, 7> hours{};
};

std::optional<int> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int digits[4]{};
  int at = 0;
  for (std::size_t index : {0, 1, 3, 4}) {
    if (text[index] < '0' || text[index] > '9') return std::nullopt;
    digits[at++] = text[index] - '0';
  }
  int minute = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
  if (digits[2] > 5 || minute > 1440) return std::nullopt;
  return minute;
}

DayHours hours_of(TomlSection& section, std::string_view key) {
  auto hours = parse_hours(section.text(key, std::nullopt));
  if (!hours)
    section.complain(
        key, "it must be \"HH:MM-HH:MM\", from 00:00 to 24:00, the end after the beginning");
  return hours.value_or(DayHours{});
}

std::vector<Pattern> read_patterns(TomlSection& calendar, LocalDay first_day) {
  std::vector<Pattern> patterns;
  for (auto& section : calendar.sections("hours")) {
    Pattern pattern{.from = section.day("from", first_day), .hours = {}};
    for (std::size_t weekday = 0; weekday < 7; ++weekday) {
      if (section.has(kWeekdayNames[weekday]))
        pattern.hours[weekday] = hours_of(section, kWeekdayNames[weekday]);
    }
    section.finish();
    patterns.push_back(pattern);
  }
  std::stable_sort(patterns.begin(), patterns.end(),
                   [](auto& a, auto& b) { return a.from < b.from; });
  return patterns;
}

std::vector<LocalDay> read_closed_days(TomlSection& calendar, const std::string& directory) {
  std::vector<LocalDay> closed;
  for (const auto& file : calendar.texts("holidays")) {
    auto path = file.starts_with('/') || directory.empty() ? file : directory + "/" + file;
    auto days = read_holidays(path);
    if (!days) {
      calendar.complain("holidays", days.error());
      continue;
    }
    closed.insert(closed.end(), days->begin(), days->end());
  }
  for (auto& section : calendar.sections("closure")) {
    auto from = section.day("from", std::nullopt);
    auto until = section.day("until", from);
    (void)section.text("why", "");
    if (until < from || until - from > 366)
      section.complain("until", "it must be 0–366 days after from");
    else
      for (auto day = from; day <= until; ++day) closed.push_back(day);
    section.finish();
  }
  std::sort(closed.begin(), closed.end());
  return closed;
}

}  // namespace

std::optional<DayHours> parse_hours(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  auto open = minute_of(text.substr(0, 5));
  auto close = minute_of(text.substr(6));
  if (!open || !close || *open >= *close) return std::nullopt;
  return DayHours{*open, *close};
}

scheduler::CalendarDay to_calendar_day(LocalDay day, DayHours hours) {
  if (hours.is_closed()) return {};
  auto open = moment_at(day, hours.open).ms / scheduler::kMsPerMinute;
  auto close = moment_at(day, hours.close).ms / scheduler::kMsPerMinute;
  auto length = std::clamp<std::int64_t>(close - open, 0, 1440);
  return {static_cast<std::uint32_t>(open), static_cast<std::uint16_t>(length)};
}

CityCalendar read_calendar(TomlSection section, const std::string& directory) {
  auto from = section.day("from", std::nullopt);
  auto until = section.day("until", std::nullopt);
  auto patterns = read_patterns(section, from);
  auto closed = read_closed_days(section, directory);
  std::vector<std::pair<LocalDay, DayHours>> openings;
  for (auto& opening : section.sections("opening")) {
    auto date = opening.day("date", std::nullopt);
    openings.emplace_back(date, hours_of(opening, "hours"));
    opening.finish();
  }
  section.finish();
  CityCalendar calendar{.first_day = from, .days = {}};
  if (until < from || until - from >= static_cast<LocalDay>(scheduler::kCalendarDaysMax)) {
    section.complain(
        "until", fmt::format("it must be 0–{} days after from", scheduler::kCalendarDaysMax - 1));
    return calendar;
  }
  auto pattern = patterns.begin();
  DayHours none;
  for (auto day = from; day <= until; ++day) {
    while (pattern != patterns.end() && std::next(pattern) != patterns.end() &&
           std::next(pattern)->from <= day) {
      ++pattern;
    }
    bool in_force = pattern != patterns.end() && pattern->from <= day;
    auto hours = in_force ? pattern->hours[static_cast<std::size_t>(weekday_of(day))] : none;
    if (std::binary_search(closed.begin(), closed.end(), day)) hours = none;
    for (auto& [date, open] : openings) {
      if (date == day) hours = open;
    }
    calendar.days.push_back(to_calendar_day(day, hours));
  }
  return calendar;
}

std::expected<std::vector<LocalDay>, std::string> read_holidays(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::unexpected(fmt::format("cannot read {}", path));
  auto fields_of = [](std::string_view row) {
    std::vector<std::string> fields(1);
    for (char byte : row) {
      if (byte == ',')
        fields.emplace_back();
      else if (byte != '\r' && byte != '"')
        fields.back() += byte;
    }
    return fields;
  };
  auto header = fields_of(line);
  auto column =
      static_cast<std::size_t>(std::find(header.begin(), header.end(), "date") - header.begin());
  if (column == header.size()) return std::unexpected(fmt::format("{} has no column `date`", path));
  std::vector<LocalDay> days;
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    auto fields = fields_of(line);
    auto day = column < fields.size() ? parse_day(fields[column]) : std::nullopt;
    if (!day)
      return std::unexpected(fmt::format("{}:{}: the date must be YYYY-MM-DD", path, number));
    days.push_back(*day);
  }
  return days;
}

}  // namespace permitd::cli
