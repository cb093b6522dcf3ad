// A table of zoning rules as a TOML file: read strictly, every mistake reported with its line, and
// judged by the same rules as the daemon's, so that what passes here is loaded and validated there.
// One thread.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/city_file.h"
#include "scheduler/command.h"

namespace permitd::cli {

struct ZoningTable {
  std::uint16_t version = 0;
  std::vector<scheduler::ZoningRule> rules;  // in the order of the file
};

/// What a zone is called: "r122" and "R۱۲۲" are R122. Nothing when it is no code.
std::optional<scheduler::ZoneCode> parse_zone(std::string_view text);

/// `version`: instead of the file's own; 0: the file's.
std::expected<ZoningTable, CityErrors> read_zoning_file(const std::string& path,
                                                        std::uint16_t version = 0);

}  // namespace permitd::cli
