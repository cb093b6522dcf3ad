// Sets of districts, a bit each, and how they are written: "5", "1-3,7". One spelling for one set,
// since names of certificates hold them. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace permitd::protocol {

/// Bit d: district d, 1 … 31. Bit 0 belongs to the whole city alone: what is in no district.
using DistrictSet = std::uint32_t;
inline constexpr DistrictSet kWholeCity = ~DistrictSet{0};

/// Reads ascending numbers and ranges, "1-3,7". Nothing when it is empty, or could be written
/// otherwise: "3,1", "1,2", "05", "4-4", "32".
std::optional<DistrictSet> parse_districts(std::string_view text);

/// The one spelling of a set; empty for the whole city. Pre: the set is not empty.
std::string districts_text(DistrictSet districts);

/// Whether all of `inner` lies within `outer`, and it is not empty.
constexpr bool lies_within(DistrictSet inner, DistrictSet outer) {
  return inner != 0 && (inner & ~outer) == 0;
}

/// A set as it comes over the wire, where 0 is the whole city. Nothing when it names district 0.
constexpr std::optional<DistrictSet> districts_from_wire(std::uint32_t districts) {
  if (districts == 0) return kWholeCity;
  if ((districts & 1) != 0) return std::nullopt;
  return districts;
}
constexpr std::uint32_t districts_to_wire(DistrictSet districts) {
  return districts == kWholeCity ? 0 : districts;
}

}  // namespace permitd::protocol
