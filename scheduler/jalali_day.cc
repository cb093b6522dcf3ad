#include "scheduler/jalali_day.h"

#include "scheduler/assert.h"

namespace permitd::scheduler {

namespace {

// 1348-01-01 is 1969-03-21, day −286.
constexpr std::int32_t kAnchorYear = 1348;
constexpr std::int32_t kAnchorDay = -286;
constexpr std::int32_t kDaysOfFirstHalf = 6 * 31;

// Days to 1 Farvardin of a year, from a fixed one: every 33 years have 8 leap ones.
constexpr std::int32_t days_before(std::int32_t year) { return 365 * year + (8 * year + 21) / 33; }

std::int32_t first_day_of(std::int32_t year) {
  return kAnchorDay + days_before(year) - days_before(kAnchorYear);
}

}  // namespace

JalaliDay jalali_day(std::int32_t day) {
  PERMIT_ASSERT(day >= kJalaliFirstDay && day <= kJalaliLastDay, day);
  // A guess that is off by a year at most.
  std::int32_t year = kAnchorYear + (day - kAnchorDay) / 366;
  while (first_day_of(year) > day) --year;
  while (first_day_of(year + 1) <= day) ++year;
  const std::int32_t rest = day - first_day_of(year);
  if (rest < kDaysOfFirstHalf) return {year, rest / 31 + 1, rest % 31 + 1};
  return {year, (rest - kDaysOfFirstHalf) / 30 + 7, (rest - kDaysOfFirstHalf) % 30 + 1};
}

std::int32_t jalali_age(std::int32_t birth, std::int32_t day) {
  PERMIT_ASSERT(birth <= day, birth, day);
  const JalaliDay born = jalali_day(birth);
  const JalaliDay now = jalali_day(day);
  const bool before_birthday =
      now.month < born.month || (now.month == born.month && now.day < born.day);
  return now.year - born.year - (before_birthday ? 1 : 0);
}

}  // namespace permitd::scheduler
