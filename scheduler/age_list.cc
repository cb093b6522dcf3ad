#include "scheduler/age_list.h"

#include "scheduler/state_io.h"

namespace permitd::scheduler {

void AgeList::reserve(std::uint32_t slot_count, std::uint32_t list_count) {
  links_.reserve(slot_count);
  lists_.reserve(list_count);
}

void AgeList::push_back(std::uint32_t list, std::uint32_t slot) {
  PERMIT_ASSERT(!contains(slot), list, slot);
  List& entries = lists_[list];
  Links& links = links_[slot];
  links.next = kEnd;
  if (entries.count == 0) {
    links.previous = kEnd;
    entries.front = slot + 1;
  } else {
    links.previous = entries.back;
    links_[entries.back - 1].next = slot + 1;
  }
  entries.back = slot + 1;
  ++entries.count;
}

void AgeList::remove(std::uint32_t list, std::uint32_t slot) {
  PERMIT_ASSERT(contains(slot), list, slot);
  List& entries = lists_[list];
  const Links links = links_[slot];
  if (links.previous == kEnd) {
    PERMIT_ASSERT(entries.front == slot + 1, list, slot);  // it is in another list
    entries.front = links.next;
  } else {
    links_[links.previous - 1].next = links.next;
  }
  if (links.next == kEnd) {
    PERMIT_ASSERT(entries.back == slot + 1, list, slot);
    entries.back = links.previous;
  } else {
    links_[links.next - 1].previous = links.previous;
  }
  links_[slot] = {};
  --entries.count;
}

void AgeList::clear() {
  for (List& entries : lists_.span()) {
    std::uint32_t slot = slot_of(entries.front);
    while (slot != kNoSlot) {
      const std::uint32_t following = next(slot);
      links_[slot] = {};
      slot = following;
    }
    entries = {};
  }
}

void AgeList::write_state(StateSink& sink) const {
  put_state(sink, static_cast<std::uint32_t>(lists_.size()));
  for (const List& entries : lists_.span()) {
    put_state(sink, entries.count);
    for (std::uint32_t slot = slot_of(entries.front); slot != kNoSlot; slot = next(slot)) {
      put_state(sink, slot);
    }
  }
}

bool AgeList::read_state(StateSource& source) {
  clear();
  std::uint32_t list_count = 0;
  if (!get_state(source, list_count) || list_count != lists_.size()) return false;
  for (std::uint32_t list = 0; list < list_count; ++list) {
    std::uint32_t count = 0;
    bool valid = get_state(source, count) && count <= links_.size();
    for (std::uint32_t index = 0; valid && index < count; ++index) {
      std::uint32_t slot = 0;
      valid = get_state(source, slot) && slot < links_.size() && !contains(slot);
      if (valid) push_back(list, slot);
    }
    if (!valid) {
      clear();
      return false;
    }
  }
  return true;
}

}  // namespace permitd::scheduler
