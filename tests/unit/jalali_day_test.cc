// Goal: the core's own Jalali dates are those of ICU, and ages are counted in completed Jalali
// years.
#include "scheduler/jalali_day.h"

#include <gtest/gtest.h>

#include "protocol/jalali.h"

namespace permitd::tests {
namespace {

using scheduler::jalali_age;
using scheduler::jalali_day;
using scheduler::JalaliDay;

std::int32_t on(std::int32_t year, std::int32_t month, std::int32_t day) {
  return protocol::day_of({year, month, day}).value();
}

TEST(JalaliDay, AgreesWithIcuDayByDay) {
  // Every seventh day of three centuries, and every day around each turn of the year.
  for (std::int32_t day = on(1300, 1, 1); day <= on(1600, 12, 29); ++day) {
    const JalaliDay own = jalali_day(day);
    const bool turn = (own.month == 12 && own.day > 27) || (own.month == 1 && own.day < 3);
    if (day % 7 != 0 && !turn) continue;
    const protocol::JalaliDate icu = protocol::jalali_of(day);
    ASSERT_EQ(own, (JalaliDay{icu.year, icu.month, icu.day})) << day;
  }
}

TEST(JalaliDay, KnowsTheFirstAndTheLastOfItsDays) {
  EXPECT_EQ(jalali_day(scheduler::kJalaliFirstDay), (JalaliDay{1210, 1, 1}));
  EXPECT_EQ(jalali_day(scheduler::kJalaliLastDay).year, 1600);
  EXPECT_EQ(jalali_day(scheduler::kJalaliLastDay).month, 12);
}

TEST(JalaliDay, AgeIsCompletedOnTheBirthday) {
  const std::int32_t birth = on(1370, 7, 15);
  EXPECT_EQ(jalali_age(birth, birth), 0);
  EXPECT_EQ(jalali_age(birth, on(1397, 7, 14)), 26);
  EXPECT_EQ(jalali_age(birth, on(1397, 7, 15)), 27);
  EXPECT_EQ(jalali_age(birth, on(1426, 7, 14)), 55);
  EXPECT_EQ(jalali_age(birth, on(1426, 7, 15)), 56);
}

TEST(JalaliDay, WhoWasBornOnThirtyEsfandWaitsForTheNewYear) {
  const std::int32_t birth = on(1375, 12, 30);  // a leap year
  EXPECT_EQ(jalali_age(birth, on(1402, 12, 29)), 26) << "1402 has no 30 Esfand";
  EXPECT_EQ(jalali_age(birth, on(1403, 1, 1)), 27);
  EXPECT_EQ(jalali_age(birth, on(1403, 12, 29)), 27);
  EXPECT_EQ(jalali_age(birth, on(1403, 12, 30)), 28) << "1403 has one";
}

}  // namespace
}  // namespace permitd::tests
