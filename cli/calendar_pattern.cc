#include "cli/calendar_pattern.h"

#include <algorithm>

namespace permitd::cli {
namespace {

constexpr std::size_t kWeek = 7;
constexpr std::size_t kWeeksAround = kDaysAround / kWeek;

bool is_closed(const TableDay& day) { return day.hours.length_minutes == 0; }

/// Whether most of the days around it that have its weekday are open. Pre: it is closed itself.
bool is_exception(std::span<const TableDay> standing, std::size_t at) {
  const std::size_t weeks_before = std::min(at / kWeek, kWeeksAround);
  const std::size_t weeks_behind = std::min((standing.size() - 1 - at) / kWeek, kWeeksAround);
  const std::size_t count = weeks_before + 1 + weeks_behind;
  std::size_t open = 0;
  for (std::size_t i = 0; i < count; ++i)
    open += is_closed(standing[at - weeks_before * kWeek + i * kWeek]) ? 0 : 1;
  return open > count - open;
}

}  // namespace

bool WeekPattern::is_empty() const {
  return std::ranges::none_of(hours, [](const auto& of_day) { return of_day.has_value(); });
}

PatternDays lay_pattern(const WeekPattern& pattern, std::span<const TableDay> standing,
                        Stretch within, const std::string& note) {
  PatternDays out;
  for (std::size_t at = 0; at < standing.size(); ++at) {
    const TableDay& present = standing[at];
    if (present.day < within.first || present.day > within.last) continue;
    const auto& hours = pattern.hours[static_cast<std::size_t>(weekday_of(present.day))];
    if (!hours) continue;
    if (is_closed(present) && (!present.name.empty() || is_exception(standing, at))) {
      out.closed.push_back(present);
      continue;
    }
    ++out.asked;
    TableDay wanted{present.day, to_calendar_day(present.day, *hours),
                    hours->is_closed() ? std::string{} : note};
    const bool has_hours = wanted.hours.open_minute == present.hours.open_minute &&
                           wanted.hours.length_minutes == present.hours.length_minutes;
    const bool has_name = wanted.name.empty() || wanted.name == present.name;
    if (!has_hours || !has_name) out.changed.push_back(std::move(wanted));
  }
  return out;
}

}  // namespace permitd::cli
