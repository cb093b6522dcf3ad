// Who has met whom (I14): the last visit that each inspector finished for each owner, in the order
// of time and by owner. 45 bytes a meeting, index included. Owned by the engine thread.
//
// Invariants: a pair is there once, as it met last; an owner has at most kMeetingsPerOwnerMax
// meetings, the newest ones. Meetings that no rule can use any more are given back oldest first,
// two per remember(), and the first that one still can use ends that. What is forgotten although a
// rule could still use it, as the pool or the owner has no room, is counted.
#pragma once

#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/id_index.h"
#include "scheduler/limits.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// A visit that an inspector has finished for an owner.
struct Meeting {
  PersonId owner{};
  Tick at;  // when it was finished
  ExpertId expert{};
  std::uint32_t visit = 0;  // the expert's count of visits with it, from 1
};
static_assert(sizeof(Meeting) == 24);

class MeetingMemory {
 public:
  static constexpr std::uint32_t kGivenBackPerMeeting = 2;

  /// Makes room, keeping the meetings. Allocates. `hash_seed`: a number clients do not know, so
  /// that no office can aim owners at one place of the index; nothing else depends on it. A later
  /// seed is ignored.
  void reserve(std::uint32_t meetings_max, std::uint64_t hash_seed);

  /// The last meeting of the two, null when none is remembered. O(kMeetingsPerOwnerMax).
  const Meeting* find(PersonId owner, ExpertId expert) const;
  /// Whether any meeting of the owner is remembered. O(1).
  bool has(PersonId owner) const { return newest_of(owner) != kNoSlot; }
  /// A hint that find() of the owner's meetings is near.
  void expect(PersonId owner) const { index_.expect(index_id(owner)); }
  /// Calls visit(meeting) with the owner's meetings, newest first. O(kMeetingsPerOwnerMax).
  template <class Visit>
  void visit(PersonId owner, const Visit& visit) const {
    for (std::uint32_t slot = newest_of(owner); slot != kNoSlot; slot = entries_[slot].before)
      visit(entries_[slot].meeting);
  }
  /// Calls visit(meeting) with all of them, oldest first.
  template <class Visit>
  void visit_all(const Visit& visit) const {
    for (std::uint32_t slot = oldest_; slot != kNoSlot; slot = entries_[slot].newer)
      visit(entries_[slot].meeting);
  }

  /// Remembers a meeting in place of an older one of the same two. `in_use(meeting)`: a rule can
  /// still use it. Pre: owner and expert are not 0, time does not go back.
  /// O(kMeetingsPerOwnerMax).
  template <class InUse>
  void remember(const Meeting& meeting, const InUse& in_use);

  std::uint32_t count() const { return count_; }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(entries_.size()); }
  /// Meetings forgotten for want of room while a rule could still use them.
  std::uint64_t forgotten_early() const { return forgotten_early_; }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    entries_.visit_memory(visit);
    index_.visit_memory(visit);
  }

  /// The meetings from the oldest on; where they lie is no part of the state.
  void write_state(StateSink& sink) const;
  /// Replaces the meetings; there are none when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);
  void clear();

 private:
  struct Entry {
    Meeting meeting;
    std::uint32_t older = kNoSlot;  // by time; free: the next free one
    std::uint32_t newer = kNoSlot;
    std::uint32_t before = kNoSlot;  // of the same owner, the next older …
    std::uint32_t behind = kNoSlot;  // … and the next newer
  };
  static_assert(sizeof(Entry) == 40);
  /// What an owner's meetings say of one inspector.
  struct Chain {
    std::uint32_t found = kNoSlot;  // the meeting with the inspector
    std::uint32_t oldest = kNoSlot;
    std::uint32_t count = 0;
  };

  std::uint64_t index_id(PersonId owner) const;
  std::uint32_t newest_of(PersonId owner) const;
  Chain chain_of(PersonId owner, ExpertId expert) const;
  void append(const Meeting& meeting);
  void forget(std::uint32_t slot);
  template <class InUse>
  void forget_early(std::uint32_t slot, const InUse& in_use) {
    forgotten_early_ += in_use(entries_[slot].meeting) ? 1 : 0;
    forget(slot);
  }

  FixedArray<Entry> entries_;
  IdIndex index_;  // by owner: the newest meeting
  std::uint64_t hash_seed_ = 0;
  std::uint64_t forgotten_early_ = 0;
  std::uint32_t oldest_ = kNoSlot;
  std::uint32_t newest_ = kNoSlot;
  std::uint32_t free_ = kNoSlot;
  std::uint32_t used_ = 0;  // slots ever taken
  std::uint32_t count_ = 0;
};

template <class InUse>
void MeetingMemory::remember(const Meeting& meeting, const InUse& in_use) {
  const std::uint32_t earlier = chain_of(meeting.owner, meeting.expert).found;
  if (earlier != kNoSlot) forget(earlier);
  for (std::uint32_t given = 0; given < kGivenBackPerMeeting && oldest_ != kNoSlot; ++given) {
    if (in_use(entries_[oldest_].meeting)) break;
    forget(oldest_);
  }
  const Chain others = chain_of(meeting.owner, meeting.expert);
  if (others.count == kMeetingsPerOwnerMax) forget_early(others.oldest, in_use);
  if (count_ == capacity()) forget_early(oldest_, in_use);
  append(meeting);
}

}  // namespace permitd::scheduler
