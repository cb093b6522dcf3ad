#include "scheduler/queue_heads.h"

#include <algorithm>
#include <bit>

namespace permitd::scheduler {

void QueueHeads::reserve(std::uint32_t offices_max) {
  heads_.reserve((std::size_t{kDistrictCount} + offices_max) * kLanes);
}

void QueueHeads::join(const QueuePlace& queue, std::uint32_t slot, const ReadyKey& key) {
  QueueHead& head = heads_[index_of(queue)];
  if (head.is_empty() || key < head.key)
    set(queue, {key, head.key, slot});
  else if (!head.has_behind() || key < head.behind)
    head.behind = key;
}

void QueueHeads::leave(const QueuePlace& queue, const ReadyKey& key, const ReadyQueue& ready) {
  const QueueHead& head = heads_[index_of(queue)];
  if (key == head.key || key == head.behind) look(queue, ready);
}

void QueueHeads::look(const QueuePlace& queue, const ReadyQueue& ready) {
  const auto [first, second] = ready.best_two(ReadyQueue::number(queue));
  QueueHead head;
  if (first != kNoSlot) head = {ready.key(first), {}, first};
  if (second != kNoSlot) head.behind = ready.key(second);
  set(queue, head);
}

void QueueHeads::set(const QueuePlace& queue, const QueueHead& head) {
  QueueHead& present = heads_[index_of(queue)];
  const bool was_waiting = !present.is_empty();
  const bool is_moved = present.key != head.key;
  present = head;
  if (is_moved && queue.place < kDistrictCount) place_in_order(queue, was_waiting);
}

void QueueHeads::place_in_order(const QueuePlace& queue, bool was_waiting) {
  const std::size_t lane_index = lane_of(queue.priority, queue.skill);
  Lane& lane = lanes_[lane_index];
  const QueueHead* heads = &heads_[lane_index * kDistrictCount];
  auto* end = lane.order.begin() + std::popcount(lane.waiting);
  const auto district = static_cast<std::uint8_t>(queue.place);
  if (was_waiting) {
    auto* place = std::find(lane.order.begin(), end, district);
    PERMIT_ASSERT(place != end, district, lane.waiting);
    end = std::copy(place + 1, end, place);
  }
  lane.waiting &= ~(1U << district);
  const QueueHead& head = heads[district];
  if (head.is_empty()) return;
  lane.waiting |= 1U << district;
  const auto comes_after = [&](std::uint8_t other) { return head.key < heads[other].key; };
  // Mostly its first job was given away, and the next one comes after those of all the others.
  auto* place = end;
  while (place != lane.order.begin() && comes_after(place[-1])) --place;
  std::copy_backward(place, end, end + 1);
  *place = district;
}

}  // namespace permitd::scheduler
