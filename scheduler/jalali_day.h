// Day numbers as dates of the Solar Hijri (Jalali) calendar, in integers: the core counts ages in
// Jalali years and knows no library. Pure; any thread.
//
// Leap years follow the cycle of 33 years with 8 leap ones that ICU counts by, too; a test compares
// the two day by day. It agrees with the official calendar from 1309 to 1441 at least.
#pragma once

#include <cstdint>

namespace permitd::scheduler {

struct JalaliDay {
  std::int32_t year = 0;
  std::int32_t month = 0;  // 1 … 12
  std::int32_t day = 0;    // 1 … 31
  friend bool operator==(const JalaliDay&, const JalaliDay&) = default;
};

/// Days whose dates are known: 1210-01-01 … the end of 1600.
inline constexpr std::int32_t kJalaliFirstDay = -50'690;
inline constexpr std::int32_t kJalaliLastDay = 92'119;

/// `day` counts from 1970-01-01, which is 1348-10-11. Pre: within the days above.
JalaliDay jalali_day(std::int32_t day);

/// Years completed on `day` by somebody born on `birth`. Who was born on 30 Esfand completes a year
/// on that day of a leap year and on the first of the next year in any other. Pre: both are known
/// days and birth ≤ day.
std::int32_t jalali_age(std::int32_t birth, std::int32_t day);

}  // namespace permitd::scheduler
