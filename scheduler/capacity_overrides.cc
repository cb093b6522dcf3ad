#include "scheduler/capacity_overrides.h"

#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

bool is_selected(const OverrideFilter& filter, const CapacityOverride& one) {
  return (filter.districts >> one.district & 1) != 0 && filter.since <= one.at &&
         (raw(filter.expert) == 0 || filter.expert == one.expert);
}

bool is_whole(const CapacityOverride& one) {
  const bool is_steered =
      one.actor_kind == ActorKind::kSupervisor || one.actor_kind == ActorKind::kOperator;
  return is_steered && one.filter == Filter::kCapacity &&
         known_value(one.stage, Stage::kPermitDelivery) && one.district < kDistrictCount &&
         text_fits(one.note) && one.note == tidy_text(one.note) &&
         std::ranges::all_of(one.reserved, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

// The number behind the last one that is older than `op`.
std::uint64_t CapacityOverrides::end_before(Op op) const {
  std::uint64_t first = oldest();
  std::uint64_t last = count_;
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    if (raw(at(middle).op) < raw(op)) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

std::size_t CapacityOverrides::list(const OverrideFilter& filter, Cursor& cursor,
                                    std::span<CapacityOverride> out) const {
  std::uint64_t number = cursor.position == 0 ? count_ : end_before(Op{cursor.position});
  std::size_t found = 0;
  while (number > oldest()) {
    const CapacityOverride& one = at(--number);
    if (one.at < filter.since) break;
    if (!is_selected(filter, one)) continue;
    if (found == out.size()) return found;  // one more would be told: it goes on
    out[found++] = one;
    cursor.position = raw(one.op);
  }
  cursor.done = true;
  return found;
}

std::uint64_t CapacityOverrides::count(const OverrideFilter& filter) const {
  std::uint64_t count = 0;
  visit([&](const CapacityOverride& one) { count += is_selected(filter, one) ? 1 : 0; });
  return count;
}

void CapacityOverrides::write_state(StateSink& sink) const {
  put_state(sink, count_);
  visit([&](const CapacityOverride& one) { put_state(sink, one); });
}

bool CapacityOverrides::read_state(StateSource& source) {
  count_ = 0;
  std::uint64_t count = 0;
  if (!get_state(source, count)) return false;
  const std::uint64_t first = count < kCapacityOverridesMax ? 0 : count - kCapacityOverridesMax;
  for (std::uint64_t number = first; number < count; ++number) {
    CapacityOverride& one = kept_[number % kCapacityOverridesMax];
    if (!get_state(source, one) || !is_whole(one)) return false;
  }
  count_ = count;
  return true;
}

}  // namespace permitd::scheduler
