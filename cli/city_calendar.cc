#include "cli/city_calendar.h"

#include <algorithm>
#include <array>
#include <map>

#include "cli/records_csv.h"
#include "protocol/words.h"

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

/// Closed days with why; the last one that names a day counts.
std::map<LocalDay, std::string> read_closed_days(TomlSection& calendar,
                                                 const std::string& directory) {
  std::map<LocalDay, std::string> closed;
  for (const auto& file : calendar.texts("holidays")) {
    auto path = file.starts_with('/') || directory.empty() ? file : directory + "/" + file;
    auto days = read_holidays(path);
    if (!days) {
      calendar.complain("holidays", days.error());
      continue;
    }
    for (Holiday& each : *days) {
      std::string& name = closed[each.day];
      name = calendar_note(name.empty() ? each.name : name + ", " + each.name);
    }
  }
  for (auto& section : calendar.sections("closure")) {
    auto from = section.day("from", std::nullopt);
    auto until = section.day("until", from);
    auto why = section.text("why", "", scheduler::Note::kCapacity);
    if (until < from || until - from > 366)
      section.complain("until", "it must be 0–366 days after from");
    else
      for (auto day = from; day <= until; ++day) closed[day] = why;
    section.finish();
  }
  return closed;
}

/// Open against pattern, holiday and closure.
struct Opening {
  LocalDay day = 0;
  DayHours hours;
  std::string why;
};

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
  std::vector<Opening> openings;
  for (auto& section_of_one : section.sections("opening")) {
    auto date = section_of_one.day("date", std::nullopt);
    auto hours = hours_of(section_of_one, "hours");
    openings.push_back({date, hours, section_of_one.text("why", "", scheduler::Note::kCapacity)});
    section_of_one.finish();
  }
  section.finish();
  CityCalendar calendar{.first_day = from, .days = {}, .notes = {}};
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
    std::string note;
    if (auto found = closed.find(day); found != closed.end()) {
      hours = none;
      note = found->second;
    }
    for (const Opening& opening : openings) {
      if (opening.day != day) continue;
      hours = opening.hours;
      note = opening.why;
    }
    calendar.notes.push_back(std::move(note));
    calendar.days.push_back(to_calendar_day(day, hours));
  }
  return calendar;
}

std::string calendar_note(std::string_view text) {
  std::size_t size = std::min(text.size(), scheduler::Note::kCapacity);
  // Not in the middle of a character: its further bytes are 10xxxxxx.
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
    --size;
  return std::string(text.substr(0, size));
}

std::string name_of_day(std::string_view name, bool is_estimated) {
  constexpr std::string_view kMark = " (estimated)";
  if (!is_estimated || name.empty()) return calendar_note(name);
  std::string text(name.substr(0, scheduler::Note::kCapacity - kMark.size()));
  if (text.size() < name.size()) {
    while (!text.empty() && (static_cast<unsigned char>(name[text.size()]) & 0xC0) == 0x80)
      text.pop_back();
  }
  return text + std::string(kMark);
}

bool is_estimated_text(std::string_view text) {
  return protocol::is_same_name(text, "true") || protocol::is_same_name(text, "yes") || text == "1";
}

std::vector<CalendarRunSpec> runs_of(const CityCalendar& calendar) {
  std::vector<CalendarRunSpec> runs;
  for (std::size_t at = 0; at < calendar.days.size(); ++at) {
    const std::string note = at < calendar.notes.size() ? calendar.notes[at] : "";
    const bool goes_on = !runs.empty() && runs.back().note == note &&
                         runs.back().days.size() < scheduler::kCalendarDaysPerCommand;
    if (!goes_on) runs.push_back({calendar.first_day + static_cast<LocalDay>(at), {}, note});
    runs.back().days.push_back(calendar.days[at]);
  }
  return runs;
}

std::expected<std::vector<Holiday>, std::string> read_holidays(const std::string& path) {
  auto reader = CsvReader::open(path);
  if (!reader || reader->next() != CsvReader::Next::kRecord)
    return std::unexpected(fmt::format("cannot read {}", path));
  const auto& header = reader->fields();
  const auto column_of = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t date = column_of("date");
  const std::size_t name = column_of("name");
  const std::size_t estimated = column_of("estimated");
  if (date == header.size()) return std::unexpected(fmt::format("{} has no column `date`", path));
  std::vector<Holiday> days;
  for (auto next = reader->next(); next != CsvReader::Next::kEnd; next = reader->next()) {
    if (next != CsvReader::Next::kRecord)
      return std::unexpected(fmt::format("{}:{}: {}", path, reader->line(), reader->problem()));
    const auto& fields = reader->fields();
    const auto field = [&](std::size_t column) {
      return column < fields.size() ? fields[column] : std::string_view{};
    };
    const auto day = parse_day(std::string(field(date)));
    if (!day)
      return std::unexpected(
          fmt::format("{}:{}: the date must be YYYY-MM-DD", path, reader->line()));
    days.push_back({*day, name_of_day(field(name), is_estimated_text(field(estimated)))});
  }
  return days;
}

}  // namespace permitd::cli
