#include "cli/zoning_text.h"

#include <fmt/format.h>

namespace permitd::cli {
namespace {

std::string tenths(std::uint32_t value) {
  return value % 10 == 0 ? fmt::to_string(value / 10)
                         : fmt::format("{}.{}", value / 10, value % 10);
}

}  // namespace

std::string coverage_text(std::uint32_t permille) { return tenths(permille) + " %"; }
std::string width_text(std::uint32_t decimetres) { return tenths(decimetres) + " m"; }

std::string allowed_text(protocol::ZoningFinding::Reader finding) {
  switch (finding.getResult()) {
    case protocol::ZoningResult::NOT_CHECKED:
      return "not checked";
    case protocol::ZoningResult::NO_PLAN:
      return "no plan in force";
    case protocol::ZoningResult::UNKNOWN_ZONE:
      return "unknown zone";
    case protocol::ZoningResult::WITHIN:
    case protocol::ZoningResult::BEYOND:
      break;
  }
  if (finding.getNotBuildable()) return "nothing may be built";
  return fmt::format("{} floor{} at {}", finding.getAllowedFloors(),
                     finding.getAllowedFloors() == 1 ? "" : "s",
                     coverage_text(finding.getAllowedCoveragePermille()));
}

std::string conditions_text(protocol::ZoningFinding::Reader finding) {
  std::string text;
  const auto add = [&](std::string_view what) {
    text += text.empty() ? "" : "; ";
    text += what;
  };
  const auto unmet = [&](bool is_unmet, std::string_view what, unsigned cost) {
    if (!is_unmet) return;
    add(cost == 0 ? fmt::format("{} allows nothing", what)
                  : fmt::format("{} costs {} floor{}", what, cost, cost == 1 ? "" : "s"));
  };
  unmet(finding.getAreaUnmet(), "an area below the least", finding.getAreaCost());
  unmet(finding.getStreetUnmet(), "a street below the least width", finding.getStreetCost());
  if (finding.getAreaUnknown()) add("the area is not stated, so its condition was not judged");
  if (finding.getStreetUnknown())
    add("the width of the street is not stated, so its condition was not judged");
  return text;
}

}  // namespace permitd::cli
