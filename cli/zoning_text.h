// What the zoning plan found, in words. Pure.
#pragma once

#include <string>

#include "protocol/permit.capnp.h"
#include "protocol/words.h"

namespace permitd::cli {

/// "60 %", "62.5 %" of a share in thousandths.
std::string coverage_text(std::uint32_t permille,
                          protocol::Language language = protocol::Language::kEnglish);
/// "12 m", "12.5 m" of a width in decimetres.
std::string width_text(std::uint32_t decimetres,
                       protocol::Language language = protocol::Language::kEnglish);
/// "5 floors at 60 %", "nothing may be built", "unknown zone", "no plan in force".
std::string allowed_text(protocol::ZoningFinding::Reader finding,
                         protocol::Language language = protocol::Language::kEnglish);
/// The unmet conditions with what each cost, and those that were not judged; empty when all is met.
std::string conditions_text(protocol::ZoningFinding::Reader finding,
                            protocol::Language language = protocol::Language::kEnglish);

/// What a case states of its zone and what was found: whole lines, indented.
std::string zoning_lines(protocol::Case::Reader found,
                         protocol::Language language = protocol::Language::kEnglish);

}  // namespace permitd::cli
