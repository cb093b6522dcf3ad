#include "cli/zoning_file.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/toml_section.h"
#include "protocol/jalali.h"

namespace permitd::cli {
namespace {

using scheduler::kZoningRefuses;
using scheduler::ZoneCode;
using scheduler::ZoningRule;

constexpr std::uint16_t kFloorsMax = 200;

/// Floors lost, 1 up to the zone's own, or "refuses". 0 where there is no condition.
std::uint8_t read_effect(TomlSection& section, std::string_view key, bool is_asked,
                         std::uint16_t floors) {
  const toml::node* node = section.node(key);
  if (!is_asked) {
    if (node != nullptr) section.complain(key, "it stands without its condition");
    return 0;
  }
  if (node == nullptr) {
    section.complain(key, "is missing; the condition needs floors lost, or \"refuses\"");
    return 0;
  }
  if (node->value_exact<std::string>() == "refuses") return kZoningRefuses;
  const auto lost = node->value_exact<std::int64_t>();
  if (!lost || *lost < 1 || *lost > floors) {
    section.complain(
        key, fmt::format("it must be 1 to {}, the floors of the zone, or \"refuses\"", floors));
    return 0;
  }
  return static_cast<std::uint8_t>(*lost);
}

ZoningRule read_rule(TomlSection& section, std::set<std::string>& seen) {
  ZoningRule rule;
  const std::string code = section.text("code", std::nullopt);
  if (const auto zone = parse_zone(code))
    rule.zone = *zone;
  else if (!code.empty())
    section.complain("code", "it must be 1 to 7 letters and digits, a letter first");
  const std::string folded(rule.zone.bytes.data(), rule.zone.size);
  if (!folded.empty() && !seen.insert(folded).second)
    section.complain("code", fmt::format("{} stands in this table twice", folded));
  rule.floors = section.number<std::uint16_t>("floors", std::nullopt, 0, kFloorsMax);
  rule.coverage_permille =
      section.number<std::uint16_t>("coverage_permille", std::nullopt, 0, 1000);
  rule.area_min_m2 = section.number<std::uint32_t>("area_min_m2", 0, 0, 10'000'000);
  rule.street_min_dm = section.number<std::uint16_t>("street_min_dm", 0, 0, 10'000);
  rule.area_effect = read_effect(section, "area_effect", rule.area_min_m2 != 0, rule.floors);
  rule.street_effect = read_effect(section, "street_effect", rule.street_min_dm != 0, rule.floors);
  section.finish();
  return rule;
}

ZoningTable read_table(TomlSection& root, std::uint16_t version) {
  ZoningTable table;
  table.version = root.number<std::uint16_t>(
      "version", version != 0 ? std::optional{version} : std::nullopt, 1, UINT16_MAX);
  if (version != 0) table.version = version;
  std::set<std::string> seen;
  for (auto& section : root.sections("zone")) table.rules.push_back(read_rule(section, seen));
  if (table.rules.empty() || table.rules.size() > scheduler::kZoningRulesMax)
    root.complain("zone", fmt::format("a table has 1 to {} zones", scheduler::kZoningRulesMax));
  root.finish();
  return table;
}

}  // namespace

std::optional<ZoneCode> parse_zone(std::string_view text) {
  std::string folded = protocol::ascii_digits(text);
  for (char& c : folded) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  if (folded.empty() || folded.size() > ZoneCode::kCapacity || !is_letter(folded[0]) ||
      !std::all_of(folded.begin(), folded.end(), fits))
    return std::nullopt;
  ZoneCode zone;
  zone.size = static_cast<std::uint8_t>(folded.size());
  std::copy(folded.begin(), folded.end(), zone.bytes.begin());
  return zone;
}

std::expected<ZoningTable, CityErrors> read_zoning_file(const std::string& path,
                                                        std::uint16_t version) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (!file || !(content << file.rdbuf()))
    return std::unexpected(
        CityErrors{{fmt::format("{}: cannot be read; is the path right?", path)}});
  toml::table table;
  try {
    table = toml::parse(content.str(), std::string_view(path));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return std::unexpected(
        CityErrors{{fmt::format("{}:{}:{}: {}", path, at.line, at.column, error.description())}});
  }
  TomlProblems problems(path);
  TomlSection root(table, "", problems);
  auto read = read_table(root, version);
  if (!problems.empty()) return std::unexpected(CityErrors{problems.lines()});
  return read;
}

}  // namespace permitd::cli
