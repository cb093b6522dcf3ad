#include "protocol/districts.h"

#include <fmt/format.h>

#include <charconv>

#include "scheduler/types.h"

namespace permitd::protocol {

namespace {

constexpr std::uint32_t kDistrictMax = scheduler::kDistrictCount - 1;

/// Takes a number from the front of `text`; 0 when none stands there.
std::uint32_t take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || number > kDistrictMax) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// Takes "3" or "3-5" from the front of `text` into `out`.
bool take_part(std::string_view& text, DistrictSet& out) {
  const std::uint32_t first = take_number(text);
  std::uint32_t last = first;
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    last = take_number(text);
  }
  if (first == 0 || last < first) return false;
  for (std::uint32_t district = first; district <= last; ++district)
    out |= DistrictSet{1} << district;
  return true;
}

}  // namespace

std::optional<DistrictSet> parse_districts(std::string_view text) {
  DistrictSet districts = 0;
  std::string_view rest = text;
  if (!take_part(rest, districts)) return std::nullopt;
  while (!rest.empty()) {
    if (!rest.starts_with(',')) return std::nullopt;
    rest.remove_prefix(1);
    if (!take_part(rest, districts)) return std::nullopt;
  }
  if (districts_text(districts) != text) return std::nullopt;
  return districts;
}

std::string districts_text(DistrictSet districts) {
  std::string text;
  if (districts == kWholeCity) return text;
  const auto has = [&](std::uint32_t district) {
    return district <= kDistrictMax && (districts >> district & 1) != 0;
  };
  for (std::uint32_t first = 1; first <= kDistrictMax; ++first) {
    if (!has(first)) continue;
    std::uint32_t last = first;
    while (has(last + 1)) ++last;
    text += text.empty() ? "" : ",";
    text += first == last ? fmt::to_string(first) : fmt::format("{}-{}", first, last);
    first = last;
  }
  return text;
}

}  // namespace permitd::protocol
