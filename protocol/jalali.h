// Days and moments in the Solar Hijri (Jalali) calendar, as ICU computes it. An edge matter: inside
// the program a day is a number since 1970-01-01 and a moment is UTC. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/types.h"

namespace permitd::protocol {

struct JalaliDate {
  std::int32_t year = 0;
  std::int32_t month = 0;  // 1 = Farvardin … 12 = Esfand
  std::int32_t day = 0;    // 1 … 31
  friend bool operator==(const JalaliDate&, const JalaliDate&) = default;
};

/// `day` counts from 1970-01-01, which is 1348-10-11.
JalaliDate jalali_of(std::int32_t day);
/// Nothing when there is no such date (1403-12-30 exists, 1404-12-30 does not) or its year is
/// outside 1300 … 1600.
std::optional<std::int32_t> day_of(const JalaliDate& date);

/// The text with ASCII digits as ۰–۹.
std::string persian_digits(std::string_view text);
/// The text with Persian and Arabic-Indic digits as ASCII ones, for reading what people type.
std::string ascii_digits(std::string_view text);

/// "۱۴۰۵/۰۱/۰۱ ساعت ۱۱:۰۰" as the clocks of Tehran show it, isolated so that it reads left to right
/// inside a Persian sentence; "هرگز" for kNever.
std::string jalali_moment_text(scheduler::Tick at);

}  // namespace permitd::protocol
