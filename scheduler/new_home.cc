#include "scheduler/new_home.h"

#include "scheduler/case_flow.h"
#include "scheduler/case_move.h"
#include "scheduler/expert_flow.h"
#include "scheduler/home_choice.h"

namespace permitd::scheduler {

namespace {

// Cases looked at, and moved, by one firing of the office's timer. A case has at most a few open
// jobs, each with the end of a plan, a state and somebody who gets it: events_left() has room.
constexpr std::uint32_t kCasesLookedAtMax = 2048;
constexpr std::uint32_t kCasesMovedMax = 8;

Home home_of(const Core& core, const OfficeRecord& office) {
  const std::uint64_t units =
      std::uint64_t{office.certified_by_policy} * core.policy.capacity_units_per_day +
      office.certified_own_units;
  return {office.id, office.district, office.point, office.cases_open,
          static_cast<std::uint32_t>(units)};
}

// Index of the office that the case goes to, kNoSlot when none can take it.
std::uint32_t new_home_of(const Core& core, const CaseRecord& record) {
  std::uint32_t best = kNoSlot;
  for (std::uint32_t index = 0; index < core.office_count; ++index) {
    const OfficeRecord& office = core.offices[index];
    if (!office_active(core, index) || index == record.office ||
        !office.activations[raw(record.service)].covers(core.now))
      continue;
    if (best == kNoSlot || is_better_home(home_of(core, office), home_of(core, core.offices[best]),
                                          record.district, record.point))
      best = index;
  }
  return best;
}

}  // namespace

void seek_homes(Core& core, std::uint32_t index) {
  OfficeRecord& office = core.offices[index];
  const bool sought = cases_move_by_themselves(core.policy.homes, office.state);
  office.home_search = sought && office.cases_open > 0 ? 1 : 0;
}

bool move_homeless(Core& core, std::uint32_t index) {
  if (core.offices[index].home_search == 0) return false;
  std::uint32_t slot = core.offices[index].home_search - 1;
  std::uint32_t moved = 0;
  for (std::uint32_t looked = 0;
       slot < core.case_slots.used && looked < kCasesLookedAtMax && moved < kCasesMovedMax;
       ++looked, ++slot) {
    const CaseRecord& record = core.cases[slot];
    if (raw(record.id) == 0 || record.office != index || case_is_terminal(record.state)) continue;
    const std::uint32_t home = new_home_of(core, record);
    if (home == kNoSlot) continue;
    move_case(core, slot, static_cast<std::uint16_t>(home), Reason::kOfficeInactive);
    ++moved;
  }
  const bool ended = slot >= core.case_slots.used || core.offices[index].cases_open == 0;
  core.offices[index].home_search = ended ? 0 : slot + 1;
  return !ended || moved > 0;
}

}  // namespace permitd::scheduler
