// What texts must hold, and how Persian ones must read.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

namespace permitd::tests {

/// May a code, such as a command to type, have several words?
enum class CodeWords { kOne, kSeveral };

/// Latin letters and ASCII digits stand only where they are isolated as codes. Where a code is one
/// word no sentence of another language hides in it.
inline bool reads_from_right_to_left(const std::string& text,
                                     CodeWords words = CodeWords::kSeveral) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 3, "\u2066") == 0) ++depth;
    if (text.compare(at, 3, "\u2069") == 0 && depth > 0) --depth;
    const auto c = static_cast<unsigned char>(text[at]);
    if (depth == 0 && c < 0x80 && std::isalnum(c) != 0) return false;
    if (depth > 0 && c == ' ' && words == CodeWords::kOne) return false;
  }
  return depth == 0;
}

inline void expect_contains(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
}

}  // namespace permitd::tests
