// Minutes on the road between districts, as the operator has them: the file that
// planner.travel_table names, in lines of comma-separated values.
//
//   district_from,district_to,minutes    # the columns, first
//   1,2,25                               # both ways, unless 2,1 has a line of its own
//
// Pairs may be left out; planner::Travel says what counts then. Within a district there is no
// entry: from place to place it is known better than one figure for all of them. Start-up only, no
// thread of its own; never changes once read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/error.h"
#include "scheduler/types.h"

namespace permitd::daemon {

struct DistrictMinutes {
  /// A leg of a plan holds 18 hours.
  static constexpr std::uint16_t kMinutesMax = 18 * 60;
  static constexpr std::uint16_t kNotGiven = 0;

  std::uint16_t between(std::size_t from, std::size_t to) const { return minutes[from][to]; }

  std::array<std::array<std::uint16_t, scheduler::kDistrictCount>, scheduler::kDistrictCount>
      minutes{};  // [from][to], from district 1 on
};

/// `path` is what messages call the file. All faults of the text are reported together, up to some
/// twenty, each with its line, its column and what is allowed. Errors: kConfiguration.
[[nodiscard]] Expected<DistrictMinutes> parse_district_minutes(std::string_view text,
                                                               const std::string& path);

/// The same from a file.
[[nodiscard]] Expected<DistrictMinutes> read_district_minutes(const std::string& path);

}  // namespace permitd::daemon
