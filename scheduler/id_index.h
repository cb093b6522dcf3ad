// Finds the slot of a record by its 64-bit id: open addressing with linear probing at a load of
// three quarters or less. It stores slots alone and asks the owner for the id of a slot, so a
// record costs 5.3 bytes. Deletion shifts back the entries behind it; there are no tombstones, so
// it never needs a clean-up.
//
// Not part of the state bytes: the owner inserts every record again after reading a state. Results
// do not depend on the order of insertions. Owned by the engine thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/fixed_array.h"

namespace permitd::scheduler {

class IdIndex {
 public:
  /// Makes room for `capacity` ids of an empty index. Allocates.
  void reserve(std::uint32_t capacity) {
    PERMIT_ASSERT(count_ == 0, count_);
    rehash(capacity, [](std::uint32_t) { return std::uint64_t{0}; });
  }

  /// Makes room for more ids, keeping those present. Allocates.
  template <class IdOf>
  void reserve(std::uint32_t capacity, const IdOf& id_of) {
    if (capacity > capacity_) rehash(capacity, id_of);
  }

  /// Slot of `id`, or kNoSlot. `id_of(slot)` gives the id of a record that was inserted. O(1)
  /// expected.
  template <class IdOf>
  std::uint32_t find(std::uint64_t id, const IdOf& id_of) const {
    if (count_ == 0) return kNoSlot;
    for (std::size_t at = home(id);; at = next(at)) {
      const std::uint32_t entry = table_[at];
      if (entry == 0) return kNoSlot;
      if (id_of(entry - 1) == id) return entry - 1;
    }
  }

  /// A hint that find(), insert() or erase() of `id` is near.
  void expect(std::uint64_t id) const { table_.expect(home(id)); }

  /// Pre: `id` is not present, the count is below the capacity, and id_of(slot) == id by now or
  /// soon.
  void insert(std::uint64_t id, std::uint32_t slot) {
    PERMIT_ASSERT(count_ < capacity_, count_, capacity_);
    PERMIT_ASSERT(slot != kNoSlot, id);
    std::size_t at = home(id);
    while (table_[at] != 0) at = next(at);
    table_[at] = slot + 1;
    ++count_;
  }

  /// Has a present `id` found in another slot. Pre: id_of knows the slot of before.
  template <class IdOf>
  void replace(std::uint64_t id, std::uint32_t slot, const IdOf& id_of) {
    PERMIT_ASSERT(slot != kNoSlot && count_ > 0, id, count_);
    std::size_t at = home(id);
    while (table_[at] != 0 && id_of(table_[at] - 1) != id) at = next(at);
    PERMIT_ASSERT(table_[at] != 0, id);
    table_[at] = slot + 1;
  }

  /// Forgets `id` and returns its slot, kNoSlot when it was not there. Pre: id_of still knows every
  /// slot, the one to be erased included.
  template <class IdOf>
  std::uint32_t erase(std::uint64_t id, const IdOf& id_of) {
    if (count_ == 0) return kNoSlot;
    std::size_t hole = home(id);
    for (;; hole = next(hole)) {
      if (table_[hole] == 0) return kNoSlot;
      if (id_of(table_[hole] - 1) == id) break;
    }
    const std::uint32_t slot = table_[hole] - 1;
    close_hole(hole, id_of);
    --count_;
    return slot;
  }

  /// Forgets everything and keeps the memory.
  void clear() {
    for (std::uint32_t& entry : table_.span()) entry = 0;
    count_ = 0;
  }

  std::uint32_t count() const { return count_; }
  std::uint32_t capacity() const { return capacity_; }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    table_.visit_memory(visit);
  }

 private:
  // Fibonacci hashing: sequential ids, which ours are, spread evenly and never pile up in runs. The
  // hash is scaled to the table, so that any size will do.
  std::size_t home(std::uint64_t id) const {
    const auto hash = static_cast<unsigned __int128>(id * 0x9E3779B97F4A7C15ULL);
    return static_cast<std::size_t>((hash * table_.size()) >> 64);
  }
  std::size_t next(std::size_t at) const { return at + 1 == table_.size() ? 0 : at + 1; }
  /// Steps from one place on to another.
  std::size_t distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + table_.size() - from;
  }

  // Moves up every later entry of the run whose home does not lie between the hole and itself.
  template <class IdOf>
  void close_hole(std::size_t hole, const IdOf& id_of) {
    for (std::size_t at = next(hole); table_[at] != 0; at = next(at)) {
      const std::size_t want = home(id_of(table_[at] - 1));
      if (distance(want, at) >= distance(hole, at)) {
        table_[hole] = table_[at];
        hole = at;
      }
    }
    table_[hole] = 0;
  }

  template <class IdOf>
  void rehash(std::uint32_t capacity, const IdOf& id_of) {
    FixedArray<std::uint32_t> old = std::move(table_);
    table_ = {};
    table_.reserve(std::size_t{capacity} + capacity / 3 + 4);
    capacity_ = capacity;
    count_ = 0;
    for (const std::uint32_t entry : old.span()) {
      if (entry != 0) insert(id_of(entry - 1), entry - 1);
    }
  }

  FixedArray<std::uint32_t> table_;  // slot + 1, 0 = empty; never full
  std::uint32_t capacity_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace permitd::scheduler
