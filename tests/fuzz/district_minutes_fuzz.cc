// Goal: no text makes the reading of a table crash; what is refused says why, and what is accepted
// has every way in its range and none without its way back. Method: the text as a table.
#include <cstdlib>
#include <string_view>

#include "daemon/district_minutes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = daemon::parse_district_minutes(text, "input.csv");
  if (!table) {
    const daemon::Error& error = table.error();
    const bool is_told = error.code == daemon::ErrorCode::kConfiguration &&
                         error.text().find("input.csv") != std::string::npos;
    if (!is_told) std::abort();
    return 0;
  }
  for (std::size_t from = 0; from < scheduler::kDistrictCount; ++from) {
    for (std::size_t to = 0; to < scheduler::kDistrictCount; ++to) {
      const std::uint16_t there = table->between(from, to);
      const std::uint16_t back = table->between(to, from);
      if (there > daemon::DistrictMinutes::kMinutesMax || (there == 0) != (back == 0)) std::abort();
    }
  }
  return 0;
}
