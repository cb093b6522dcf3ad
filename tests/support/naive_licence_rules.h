// The licensing rules of the model: what a person must be, told by walking through years instead of
// by arithmetic. For the files of the model alone.
#pragma once

#include <string>

#include "scheduler/command.h"

namespace permitd::tests {

/// Leap years of the Jalali calendar by their remainders (33 years, 8 of them leap).
inline bool jalali_leap(int year) {
  const int rest = year % 33;
  return rest == 1 || rest == 5 || rest == 9 || rest == 13 || rest == 17 || rest == 22 ||
         rest == 26 || rest == 30;
}

/// Year × 512 + day of the year, from 0, of a day since 1970-01-01.
inline int jalali_year_day(int day) {
  int year = 1348;
  int first = -286;  // 1348-01-01
  const auto length = [](int of) { return jalali_leap(of) ? 366 : 365; };
  while (day >= first + length(year)) first += length(year++);
  while (day < first) first -= length(--year);
  return year * 512 + (day - first);
}

inline int jalali_years(int birth, int day) {
  const int born = jalali_year_day(birth);
  const int now = jalali_year_day(day);
  return now / 512 - born / 512 - (now % 512 < born % 512 ? 1 : 0);
}

inline bool right_age(const scheduler::PersonRules& rules, const scheduler::LicencePerson& person,
                      int day) {
  const int age = jalali_years(person.birth_day, day);
  return age >= rules.age_min && age <= rules.age_max;
}
inline bool right_nationality(const scheduler::PersonRules& rules,
                              const scheduler::LicencePerson& person) {
  return rules.iranian_only == 0 || person.nationality == scheduler::Nationality::kIranian;
}
inline bool right_field(const scheduler::PersonRules& rules,
                        const scheduler::LicencePerson& person) {
  return (rules.fields >> raw(person.field) & 1U) != 0;
}
inline bool right_degree(const scheduler::PersonRules& rules,
                         const scheduler::LicencePerson& person) {
  return person.degree >= rules.degree_min;
}

template <std::size_t N>
std::string text_of(const scheduler::Text<N>& text) {
  return {text.bytes.data(), text.size};
}

}  // namespace permitd::tests
