#include "cli/zoning_text.h"

#include <fmt/format.h>

#include "cli/local_time.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using protocol::persian_digits;

std::string tenths(std::uint32_t value, Language language) {
  const bool is_persian = language == Language::kPersian;
  const std::string text =
      value % 10 == 0 ? fmt::to_string(value / 10)
                      : fmt::format("{}{}{}", value / 10, is_persian ? "٫" : ".", value % 10);
  return is_persian ? persian_digits(text) : text;
}

// One finding that has no numbers; empty when it allows something.
std::string_view result_text(protocol::ZoningFinding::Reader finding, bool is_persian) {
  switch (finding.getResult()) {
    case protocol::ZoningResult::NOT_CHECKED:
      return is_persian ? "سنجیده نشد" : "not checked";
    case protocol::ZoningResult::NO_PLAN:
      return is_persian ? "طرحی جاری نبود" : "no plan in force";
    case protocol::ZoningResult::UNKNOWN_ZONE:
      return is_persian ? "پهنهٔ ناشناخته" : "unknown zone";
    case protocol::ZoningResult::WITHIN:
    case protocol::ZoningResult::BEYOND:
      break;
  }
  if (!finding.getNotBuildable()) return "";
  return is_persian ? "هیچ ساخته نمی‌شود" : "nothing may be built";
}

std::string unmet_text(std::string_view what, unsigned cost, bool is_persian) {
  if (is_persian) {
    return cost == 0 ? fmt::format("{}: هیچ ساخته نمی‌شود", what)
                     : fmt::format("{}: {} طبقه کم می‌شود", what,
                                   persian_digits(fmt::to_string(cost)));
  }
  return cost == 0 ? fmt::format("{} allows nothing", what)
                   : fmt::format("{} costs {} floor{}", what, cost, cost == 1 ? "" : "s");
}

std::string english_lines(protocol::Case::Reader found) {
  if (found.getZone().size() == 0) return "  zone not stated, so the zoning plan was not asked\n";
  std::string text = fmt::format(
      "  zone {}, {} of the parcel, street {}", found.getZone().cStr(),
      coverage_text(found.getCoveragePermille()),
      found.getStreetWidthDm() == 0 ? "not stated" : width_text(found.getStreetWidthDm()));
  if (!found.hasZoning()) return text + "; checked when it is registered\n";
  auto finding = found.getZoning();
  text += fmt::format(
      "\n  zoning plan version {}, {}: allowed {}, asked {} floors at {}: {}\n",
      found.getZoningVersion(), local_text(scheduler::Tick{found.getZoningCheckedAt()}),
      allowed_text(finding), found.getFloors(), coverage_text(found.getCoveragePermille()),
      protocol::name_of(static_cast<scheduler::ZoningResult>(finding.getResult())));
  const std::string conditions = conditions_text(finding);
  return conditions.empty() ? text : text + fmt::format("  conditions: {}\n", conditions);
}

std::string persian_lines(protocol::Case::Reader found) {
  if (found.getZone().size() == 0) return "  پهنه گفته نشده است، پس با طرح تفصیلی سنجیده نشد\n";
  constexpr Language kPersian = Language::kPersian;
  std::string text =
      fmt::format("  پهنهٔ \u2066{}\u2069، سطح اشغال {}، عرض گذر {}", found.getZone().cStr(),
                  coverage_text(found.getCoveragePermille(), kPersian),
                  found.getStreetWidthDm() == 0 ? "گفته‌نشده"
                                                : width_text(found.getStreetWidthDm(), kPersian));
  if (!found.hasZoning()) return text + "؛ هنگام ثبت سنجیده می‌شود\n";
  auto finding = found.getZoning();
  text += fmt::format(
      "\n  نسخهٔ {} طرح تفصیلی، {}: مجاز {}، خواسته {} طبقه با {}: {}\n",
      persian_digits(fmt::to_string(found.getZoningVersion())),
      protocol::jalali_moment_text(scheduler::Tick{found.getZoningCheckedAt()}),
      allowed_text(finding, kPersian), persian_digits(fmt::to_string(found.getFloors())),
      coverage_text(found.getCoveragePermille(), kPersian),
      protocol::persian::name_of(static_cast<scheduler::ZoningResult>(finding.getResult())));
  const std::string conditions = conditions_text(finding, kPersian);
  return conditions.empty() ? text : text + fmt::format("  شرط‌ها: {}\n", conditions);
}

}  // namespace

std::string coverage_text(std::uint32_t permille, Language language) {
  return tenths(permille, language) + (language == Language::kPersian ? " ٪" : " %");
}
std::string width_text(std::uint32_t decimetres, Language language) {
  return tenths(decimetres, language) + (language == Language::kPersian ? " متر" : " m");
}

std::string allowed_text(protocol::ZoningFinding::Reader finding, Language language) {
  const bool is_persian = language == Language::kPersian;
  const std::string_view result = result_text(finding, is_persian);
  if (!result.empty()) return std::string(result);
  const std::string coverage = coverage_text(finding.getAllowedCoveragePermille(), language);
  const unsigned floors = finding.getAllowedFloors();
  if (is_persian)
    return fmt::format("{} طبقه با {}", persian_digits(fmt::to_string(floors)), coverage);
  return fmt::format("{} floor{} at {}", floors, floors == 1 ? "" : "s", coverage);
}

std::string conditions_text(protocol::ZoningFinding::Reader finding, Language language) {
  const bool is_persian = language == Language::kPersian;
  std::string text;
  const auto add = [&](bool is_so, std::string_view what) {
    if (!is_so) return;
    text += text.empty() ? "" : is_persian ? "؛ " : "; ";
    text += what;
  };
  add(finding.getAreaUnmet(),
      unmet_text(is_persian ? "مساحت کمتر از حد" : "an area below the least", finding.getAreaCost(),
                 is_persian));
  add(finding.getStreetUnmet(), unmet_text(is_persian ? "گذر باریک‌تر از حد"
                                                      : "a street below the least width",
                                           finding.getStreetCost(), is_persian));
  add(finding.getAreaUnknown(), is_persian ? "مساحت گفته نشده است، پس شرط آن سنجیده نشد"
                                           : "the area is not stated, so its condition was not "
                                             "judged");
  add(finding.getStreetUnknown(),
      is_persian ? "عرض گذر گفته نشده است، پس شرط آن سنجیده نشد"
                 : "the width of the street is not stated, so its condition was not judged");
  return text;
}

std::string zoning_lines(protocol::Case::Reader found, Language language) {
  return language == Language::kPersian ? persian_lines(found) : english_lines(found);
}

}  // namespace permitd::cli
