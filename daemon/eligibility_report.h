// Who could do which kind of work where, day by day, and what keeps the others from it: "nobody can
// inspect in district 5 on Tuesday" as an answer. Pure: a snapshot in, rows out; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/city_snapshot.h"

namespace permitd::daemon {

struct EligibilityQuestion {
  std::uint32_t skills = 0;        // bit per skill; 0: all
  std::uint32_t districts = 0;     // bit per district; 0: those of offices, people and open work
  std::uint32_t seen = ~0U;        // of them, those that who asks may see
  scheduler::ServiceId service{};  // 0: any
};

struct EligibilityRow {
  std::int32_t date = 0;
  scheduler::Skill skill{};
  scheduler::District district = 0;
  std::uint32_t able = 0;
  std::uint32_t free_minutes = 0;                                // of those
  std::array<std::uint32_t, scheduler::kFilterCount> removed{};  // by the first filter
};

/// By day, skill, district. `able` and `removed` add up to the people of the snapshot.
/// O(people × skills × days) and the rows.
std::vector<EligibilityRow> report_eligibility(const CitySnapshot& snapshot,
                                               const EligibilityQuestion& question);

}  // namespace permitd::daemon
