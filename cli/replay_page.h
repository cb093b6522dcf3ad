// The report as one page that needs nothing else: HTML with two drawings in SVG. Pure.
#pragma once

#include <string>

#include "cli/replay_report.h"

namespace permitd::cli {

/// Backlog by stage over time, and each office's share of the work against its share of capacity.
/// Times are in the time zone in force.
std::string report_page(const ReplayReport& report);

}  // namespace permitd::cli
