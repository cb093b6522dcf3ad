// What-if changes as people write them: "+2inspectors", "+1reviewer@5", "-office:0107",
// "-day:2025-04-12", "arrivals:+20%". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/reader_client.h"

namespace permitd::cli {

/// Throws UsageError that names what is understood.
ForecastChangeSpec parse_what_if(const std::string& text);

}  // namespace permitd::cli
