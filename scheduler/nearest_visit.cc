#include "scheduler/nearest_visit.h"

#include <algorithm>
#include <bit>

#include "scheduler/dispatch.h"
#include "scheduler/distance.h"

namespace permitd::scheduler {

namespace {

using Visit = VisitFronts::Visit;

static_assert(VisitFronts::kNowhere == UINT64_MAX);

std::uint32_t place_of_queue(const JobRecord& job) {
  return job.has(kJobOfficeReach) ? ReadyQueue::office_place(job.office)
                                  : ReadyQueue::district_place(job.district);
}

FrontNumber front_of(const JobRecord& job) {
  return VisitFronts::number(job.priority, place_of_queue(job));
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
    : core_(core), from_(from), cosine_(scaled_cosine(from.lat_e6)), priority_(priority) {
  const ExpertRecord& record = core.experts[raw(expert)];
  std::uint32_t districts = core.waiting_districts[raw(priority)][raw(Skill::kInspect)];
  if (record.districts != 0) districts &= record.districts;
  for (; districts != 0; districts &= districts - 1)
    add(static_cast<std::uint32_t>(std::countr_zero(districts)));
  add(ReadyQueue::office_place(record.office));
}

void NearestVisits::add(std::uint32_t place) {
  const FrontNumber front = VisitFronts::number(priority_, place);
  const std::uint32_t placed = core_.fronts.placed(front, core_.policy.near_visits);
  if (placed == 0) return;
  compared_ = static_cast<std::uint16_t>(compared_ + placed);
  const std::uint32_t at = count_++;
  front_[at] = front;
  const std::uint64_t square = core_.fronts.least_square(front, from_, cosine_);
  least_[at] = square << kSquareAt | at;
  if (square == 0) look_into(at);
}

void NearestVisits::look_into(std::uint32_t at) {
  core_.fronts.squares(front_[at], from_, cosine_, core_.policy.near_visits, squares_[at]);
  find_least(at);
}

void NearestVisits::find_least(std::uint32_t at) {
  std::uint64_t least = VisitFronts::kNowhere;
  for (const std::uint64_t square : squares_[at]) least = std::min(least, square);
  nearest_[at] = static_cast<std::uint32_t>(least & (kNearVisitsMax - 1));
  least_[at] = least == VisitFronts::kNowhere
                   ? least
                   : least >> VisitFronts::kPlaceBits << kSquareAt | kLookedInto | at;
}

std::uint64_t NearestVisits::least() const {
  std::uint64_t least = VisitFronts::kNowhere;
  for (std::uint32_t at = 0; at < count_; ++at) least = std::min(least, least_[at]);
  return least;
}

// Pre: `least` was looked into, so all with its square were.
std::uint32_t NearestVisits::first_of_equals(std::uint64_t least) const {
  auto best = static_cast<std::uint32_t>(least & kQueueMask);
  for (std::uint32_t at = best + 1; at < count_; ++at) {
    if (least_[at] >> kQueueBits != least >> kQueueBits) continue;
    if (core_.fronts.key(front_[at], nearest_[at]) < core_.fronts.key(front_[best], nearest_[best]))
      best = at;
  }
  return best;
}

NearestVisits::Found NearestVisits::next() {
  for (;;) {
    const std::uint64_t nearest = least();
    if (nearest == VisitFronts::kNowhere) return {};
    if ((nearest & kLookedInto) == 0) {
      look_into(static_cast<std::uint32_t>(nearest & kQueueMask));
      continue;
    }
    const std::uint32_t at = first_of_equals(nearest);
    const Found found{core_.fronts.slot(front_[at], nearest_[at]),
                      core_.fronts.case_slot(front_[at], nearest_[at]), nearest >> kSquareAt};
    squares_[at][nearest_[at]] = VisitFronts::kNowhere;
    find_least(at);
    return found;
  }
}

}  // namespace permitd::scheduler
