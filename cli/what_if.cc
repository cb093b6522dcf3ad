#include "cli/what_if.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "cli/commands.h"
#include "cli/local_time.h"

namespace permitd::cli {
namespace {

using protocol::ForecastChange;
using scheduler::Skill;

constexpr std::uint32_t bit(Skill skill) { return 1U << static_cast<unsigned>(skill); }

struct Kind {
  std::string_view name;
  std::uint32_t skills;
};
constexpr std::array kKinds{
    Kind{"inspector", bit(Skill::kInspect)},
    Kind{"reviewer", bit(Skill::kReview)},
    Kind{"clerk", bit(Skill::kFile) | bit(Skill::kAdmin) | bit(Skill::kDeliver)},
    Kind{"head", bit(Skill::kConfirm)},
};

[[noreturn]] void throw_not_understood(const std::string& text) {
  throw UsageError(fmt::format(
      "--what-if {}: write +2inspectors, +1reviewer@5 (inspector, reviewer, clerk, head or a "
      "skill; @ names districts, joined by &), -office:0107, -day:2025-04-12 or arrivals:+20%.",
      text));
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint32_t skills_of(std::string_view name, const std::string& text) {
  const std::string_view single = name.ends_with('s') ? name.substr(0, name.size() - 1) : name;
  for (const Kind& kind : kKinds)
    if (kind.name == single) return kind.skills;
  const auto skill = protocol::parse_name<Skill>(name);
  if (!skill) throw_not_understood(text);
  return bit(*skill);
}

std::uint32_t districts_of(std::string_view list, const std::string& text) {
  std::uint32_t districts = 0;
  while (!list.empty()) {
    const auto end = list.find('&');
    const auto district = number_of<unsigned>(list.substr(0, end));
    if (!district || *district < 1 || *district > 31) throw_not_understood(text);
    districts |= 1U << *district;
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return districts;
}

ForecastChangeSpec people(const std::string& text) {
  std::string_view rest = std::string_view(text).substr(1);
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto count = number_of<std::uint16_t>(rest.substr(0, digits));
  if (!count || *count == 0) throw_not_understood(text);
  rest.remove_prefix(digits);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto at = rest.find('@');
  ForecastChangeSpec change{ForecastChange::ADD_PEOPLE};
  change.count = *count;
  change.skills = skills_of(rest.substr(0, at), text);
  if (at != std::string_view::npos) change.districts = districts_of(rest.substr(at + 1), text);
  return change;
}

ForecastChangeSpec arrivals(std::string_view share, const std::string& text) {
  if (!share.ends_with('%')) throw_not_understood(text);
  share.remove_suffix(1);
  const bool is_more = share.starts_with('+');
  const bool is_less = share.starts_with('-');
  if (is_more || is_less) share.remove_prefix(1);
  const auto percent = number_of<std::uint32_t>(share);
  if (!percent || *percent > 1'000 || (is_less && *percent > 100)) throw_not_understood(text);
  ForecastChangeSpec change{ForecastChange::SCALE_ARRIVALS};
  change.permille = is_more   ? 1'000 + *percent * 10
                    : is_less ? 1'000 - *percent * 10
                              : *percent * 10;
  return change;
}

}  // namespace

ForecastChangeSpec parse_what_if(const std::string& text) {
  const std::string_view view = text;
  constexpr std::string_view kOffice = "-office:";
  constexpr std::string_view kDay = "-day:";
  constexpr std::string_view kArrivals = "arrivals:";
  if (view.starts_with('+')) return people(text);
  if (view.starts_with(kArrivals)) return arrivals(view.substr(kArrivals.size()), text);
  if (view.starts_with(kOffice)) {
    ForecastChangeSpec change{ForecastChange::CLOSE_OFFICE};
    change.office = office_option(text.substr(kOffice.size()), "--what-if -office:");
    return change;
  }
  if (!view.starts_with(kDay)) throw_not_understood(text);
  const auto day = parse_day(view.substr(kDay.size()));
  if (!day) throw_not_understood(text);
  ForecastChangeSpec change{ForecastChange::CLOSE_DAY};
  change.day = *day;
  return change;
}

}  // namespace permitd::cli
