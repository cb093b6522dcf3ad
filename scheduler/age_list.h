// Many lists of job slots by age, linked through one pair of links per slot: the oldest entry of a
// list is read in O(1), and any entry leaves in O(1). Owned by the engine thread.
//
// Invariants: a slot is in one list at most; the front is the entry that was pushed first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"

namespace permitd::scheduler {

class AgeList {
 public:
  /// Makes room for `slot_count` slots and `list_count` lists, keeping the entries. Allocates 8
  /// bytes a slot.
  void reserve(std::uint32_t slot_count, std::uint32_t list_count);

  /// Appends as the newest. Pre: the slot is in no list. O(1).
  void push_back(std::uint32_t list, std::uint32_t slot);
  /// Pre: the slot is in this list. O(1).
  void remove(std::uint32_t list, std::uint32_t slot);

  bool contains(std::uint32_t slot) const { return links_[slot].next != 0; }
  /// The oldest entry, kNoSlot when the list is empty.
  std::uint32_t front(std::uint32_t list) const { return slot_of(lists_[list].front); }
  /// The entry that follows a listed slot, kNoSlot behind the newest.
  std::uint32_t next(std::uint32_t slot) const { return slot_of(links_[slot].next); }
  std::uint32_t count(std::uint32_t list) const { return lists_[list].count; }
  std::uint32_t list_count() const { return static_cast<std::uint32_t>(lists_.size()); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    links_.visit_memory(visit);
    lists_.visit_memory(visit);
  }

  /// Lists in ascending order, the entries of each from the oldest.
  void write_state(StateSink& sink) const;
  /// Replaces the entries; every list is empty when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);
  /// Empties every list, keeping the memory.
  void clear();

 private:
  static constexpr std::uint32_t kEnd = UINT32_MAX;  // no neighbour, but listed
  struct Links {
    std::uint32_t next = 0;      // slot + 1 of the next newer, kEnd, or 0 when in no list
    std::uint32_t previous = 0;  // slot + 1 of the next older, kEnd, or 0 when in no list
  };
  struct List {
    std::uint32_t front = 0;  // slot + 1, 0 or kEnd when empty
    std::uint32_t back = 0;
    std::uint32_t count = 0;
  };
  static constexpr std::uint32_t slot_of(std::uint32_t link) {
    return link == 0 || link == kEnd ? kNoSlot : link - 1;
  }

  FixedArray<Links> links_;
  FixedArray<List> lists_;
};

}  // namespace permitd::scheduler
