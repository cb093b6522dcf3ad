#include "scheduler/nearest_visit.h"

#include <algorithm>
#include <bit>
#include <span>

#include "scheduler/dispatch.h"
#include "scheduler/distance.h"

namespace permitd::scheduler {

namespace {

using Visit = VisitFronts::Visit;

static_assert(VisitFronts::kNowhere == UINT64_MAX);

// How many bits of the lowest 16 are set in all of them. Bits are added up in pairs, fours and
// bytes, for several values at a time; a call for each value is what std::popcount would be.
std::uint16_t count_bits(std::span<const std::uint32_t> values) {
  static_assert(kNearVisitsMax <= 16);
  std::uint32_t count = 0;
  for (std::uint32_t bits : values) {
    bits -= bits >> 1 & 0x5555;
    bits = (bits & 0x3333) + (bits >> 2 & 0x3333);
    bits = (bits + (bits >> 4)) & 0x0F0F;
    count += (bits + (bits >> 8)) & 0x1F;
  }
  return static_cast<std::uint16_t>(count);
}

FrontNumber front_of(const JobRecord& job) {
  return VisitFronts::number(job.priority, queue_place_of(job).place);
}

Visit visit_at(const Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  return {core.ready.key(slot), slot, job.case_slot,
          goes_out(job) ? core.cases[job.case_slot].point : Point{}};
}

// The next of the queue behind what is there. Their records lie far apart, so they are fetched in
// steps and not one after the other.
void fill(Core& core, FrontNumber front, QueueNumber queue) {
  const std::uint32_t there = core.fronts.count(front);
  std::array<std::uint32_t, VisitFronts::kKept> slots;
  std::uint32_t count = 0;
  core.ready.visit(queue, VisitFronts::kKept, [&](std::uint32_t slot) {
    if (count >= there) core.jobs.expect(slot);
    slots[count++] = slot;
    return false;
  });
  for (std::uint32_t at = there; at < count; ++at)
    core.cases.expect(core.jobs[slots[at]].case_slot);
  for (std::uint32_t at = there; at < count; ++at)
    core.fronts.append(front, visit_at(core, slots[at]));
}

void fill_when_short(Core& core, FrontNumber front, QueueNumber queue) {
  const std::uint32_t there = core.fronts.count(front);
  if (there < kNearVisitsMax && there < core.ready.count(queue)) fill(core, front, queue);
}

template <class Visitor>
void visit_fronts(const Core& core, const Visitor& visitor) {
  const std::uint32_t places = ReadyQueue::office_place(core.limits.offices_max);
  for (std::uint32_t place = 0; place < places; ++place) {
    for (std::uint8_t c = 0; c < kClassCount; ++c) {
      visitor(VisitFronts::number(PriorityClass{c}, place),
              ReadyQueue::number(PriorityClass{c}, Skill::kInspect, place));
    }
  }
}

bool front_holds(const Core& core, FrontNumber front, QueueNumber queue) {
  const std::uint32_t there = core.fronts.count(front);
  if (there > VisitFronts::kKept || there < std::min(core.ready.count(queue), kNearVisitsMax))
    return false;
  std::uint32_t at = 0;
  bool same = true;
  core.ready.visit(queue, there, [&](std::uint32_t slot) {
    same = same && core.fronts.at(front, at++) == visit_at(core, slot);
    return !same;
  });
  return same && at == there;
}

}  // namespace

void join_front(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (job.skill != Skill::kInspect) return;
  const FrontNumber front = front_of(job);
  const bool is_whole = core.fronts.count(front) + 1 == core.ready.count(queue_of(job));
  core.fronts.insert(front, visit_at(core, slot), is_whole);
}

void leave_front(Core& core, std::uint32_t slot, const ReadyKey& key) {
  const JobRecord& job = core.jobs[slot];
  if (job.skill != Skill::kInspect) return;
  core.fronts.remove(front_of(job), key);
  fill_when_short(core, front_of(job), queue_of(job));
}

void rekey_front(Core& core, std::uint32_t slot, const ReadyKey& before) {
  const JobRecord& job = core.jobs[slot];
  if (job.skill != Skill::kInspect) return;
  core.fronts.remove(front_of(job), before);
  join_front(core, slot);
  fill_when_short(core, front_of(job), queue_of(job));
}

void rebuild_fronts(Core& core) {
  core.fronts.clear();
  visit_fronts(core, [&](FrontNumber front, QueueNumber queue) { fill(core, front, queue); });
}

bool fronts_hold(const Core& core) {
  bool hold = true;
  visit_fronts(core, [&](FrontNumber front, QueueNumber queue) {
    hold = hold && front_holds(core, front, queue);
  });
  return hold;
}

NearestVisits::NearestVisits(const Core& core, ExpertId expert, PriorityClass priority, Point from)
    : core_(core), from_(from), cosine_(scaled_cosine(from.lat_e6)) {
  const ExpertRecord& record = core.experts[raw(expert)];
  std::uint32_t districts = core.heads.waiting(priority, Skill::kInspect);
  if (record.districts != 0) districts &= record.districts;
  VisitFronts::Bounds bounds;
  core.fronts.bounds(priority, from, cosine_, bounds);
  count_ = static_cast<std::uint32_t>(std::popcount(districts)) + 1;
  const std::uint32_t first = (1U << core.policy.near_visits) - 1;
  std::array<std::uint32_t, kQueuesMax> placed;
  std::uint32_t at = 0;
  const auto plant = [&](FrontNumber front, std::uint64_t square, std::uint32_t has_place) {
    front_[at] = front;
    placed[at] = has_place & first;
    least_[count_ + at] = placed[at] == 0 ? VisitFronts::kNowhere : square << kSquareAt | at;
    ++at;
  };
  for (; districts != 0; districts &= districts - 1) {
    const auto district = static_cast<std::uint32_t>(std::countr_zero(districts));
    plant(VisitFronts::number(priority, district), bounds.square[district],
          bounds.placed[district]);
  }
  const FrontNumber own = VisitFronts::number(priority, ReadyQueue::office_place(record.office));
  const VisitFronts::Bound bound = core.fronts.bound(own, from, cosine_);
  plant(own, bound.square, bound.placed);
  for (std::uint32_t i = count_ - 1; i > 0; --i)
    least_[i] = std::min(least_[2 * i], least_[2 * i + 1]);
  compared_ = count_bits(std::span(placed).first(count_));
}

void NearestVisits::set_least(std::uint32_t at, std::uint64_t least) {
  std::uint32_t i = count_ + at;
  for (least_[i] = least; i > 1; i /= 2) least_[i / 2] = std::min(least_[i], least_[i ^ 1]);
}

void NearestVisits::look_into(std::uint32_t at) {
  core_.fronts.squares(front_[at], from_, cosine_, core_.policy.near_visits, squares_[at]);
  set_least(at, find_least(at));
}

std::uint64_t NearestVisits::find_least(std::uint32_t at) {
  std::uint64_t least = VisitFronts::kNowhere;
  for (const std::uint64_t square : squares_[at]) least = std::min(least, square);
  nearest_[at] = static_cast<std::uint32_t>(least & (kNearVisitsMax - 1));
  return least == VisitFronts::kNowhere
             ? least
             : least >> VisitFronts::kPlaceBits << kSquareAt | kLookedInto | at;
}

// Whether another queue has the same square: then it has won against all on its way to where it met
// the least.
bool NearestVisits::has_equal(std::uint64_t least) const {
  for (std::uint32_t i = count_ + static_cast<std::uint32_t>(least & kQueueMask); i > 1; i /= 2)
    if (least_[i ^ 1] >> kQueueBits == least >> kQueueBits) return true;
  return false;
}

// Pre: `least` was looked into, so all with its square were.
std::uint32_t NearestVisits::first_of_equals(std::uint64_t least) const {
  auto best = static_cast<std::uint32_t>(least & kQueueMask);
  if (!has_equal(least)) return best;
  for (std::uint32_t at = best + 1; at < count_; ++at) {
    if (least_[count_ + at] >> kQueueBits != least >> kQueueBits) continue;
    if (core_.fronts.key(front_[at], nearest_[at]) < core_.fronts.key(front_[best], nearest_[best]))
      best = at;
  }
  return best;
}

NearestVisits::Found NearestVisits::next() {
  for (;;) {
    const std::uint64_t nearest = least_[1];
    if (nearest == VisitFronts::kNowhere) return {};
    if ((nearest & kLookedInto) == 0) {
      look_into(static_cast<std::uint32_t>(nearest & kQueueMask));
      continue;
    }
    const std::uint32_t at = first_of_equals(nearest);
    const Found found{core_.fronts.slot(front_[at], nearest_[at]),
                      core_.fronts.case_slot(front_[at], nearest_[at]), nearest >> kSquareAt};
    squares_[at][nearest_[at]] = VisitFronts::kNowhere;
    set_least(at, find_least(at));
    return found;
  }
}

}  // namespace permitd::scheduler
