#include "scheduler/meeting_memory.h"

#include "scheduler/state_io.h"

namespace permitd::scheduler {

// The finaliser of splitmix64, see decision.cc: it maps owners to other numbers one to one.
std::uint64_t MeetingMemory::index_id(PersonId owner) const {
  std::uint64_t value = raw(owner) ^ hash_seed_;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

void MeetingMemory::reserve(std::uint32_t meetings_max, std::uint64_t hash_seed) {
  if (meetings_max <= entries_.size()) return;
  if (entries_.size() == 0) hash_seed_ = hash_seed;
  entries_.reserve(meetings_max);
  index_.reserve(meetings_max,
                 [&](std::uint32_t slot) { return index_id(entries_[slot].meeting.owner); });
}

std::uint32_t MeetingMemory::newest_of(PersonId owner) const {
  return index_.find(index_id(owner), [&](std::uint32_t slot) {
    return index_id(entries_[slot].meeting.owner);
  });
}

MeetingMemory::Chain MeetingMemory::chain_of(PersonId owner, ExpertId expert) const {
  Chain chain;
  for (std::uint32_t slot = newest_of(owner); slot != kNoSlot; slot = entries_[slot].before) {
    if (entries_[slot].meeting.expert == expert) chain.found = slot;
    chain.oldest = slot;
    ++chain.count;
  }
  return chain;
}

const Meeting* MeetingMemory::find(PersonId owner, ExpertId expert) const {
  for (std::uint32_t slot = newest_of(owner); slot != kNoSlot; slot = entries_[slot].before) {
    if (entries_[slot].meeting.expert == expert) return &entries_[slot].meeting;
  }
  return nullptr;
}

void MeetingMemory::append(const Meeting& meeting) {
  PERMIT_ASSERT(raw(meeting.owner) != 0 && raw(meeting.expert) != 0, meeting.visit);
  std::uint32_t slot = free_;
  if (slot != kNoSlot) {
    free_ = entries_[slot].older;
  } else {
    slot = used_++;
  }
  const std::uint32_t before = newest_of(meeting.owner);
  entries_[slot] = {meeting, newest_, kNoSlot, before, kNoSlot};
  if (newest_ != kNoSlot) {
    PERMIT_ASSERT(entries_[newest_].meeting.at <= meeting.at, meeting.at.ms);
    entries_[newest_].newer = slot;
  } else {
    oldest_ = slot;
  }
  newest_ = slot;
  ++count_;
  if (before == kNoSlot) {
    index_.insert(index_id(meeting.owner), slot);
    return;
  }
  entries_[before].behind = slot;
  index_.replace(index_id(meeting.owner), slot, [&](std::uint32_t at) {
    return index_id(entries_[at].meeting.owner);
  });
}

void MeetingMemory::forget(std::uint32_t slot) {
  PERMIT_ASSERT(count_ > 0, slot);
  const Entry entry = entries_[slot];
  const auto id_of = [&](std::uint32_t at) { return index_id(entries_[at].meeting.owner); };
  if (entry.behind != kNoSlot) {
    entries_[entry.behind].before = entry.before;
  } else if (entry.before != kNoSlot) {
    index_.replace(index_id(entry.meeting.owner), entry.before, id_of);
  } else {
    index_.erase(index_id(entry.meeting.owner), id_of);
  }
  if (entry.before != kNoSlot) entries_[entry.before].behind = entry.behind;
  (entry.older != kNoSlot ? entries_[entry.older].newer : oldest_) = entry.newer;
  (entry.newer != kNoSlot ? entries_[entry.newer].older : newest_) = entry.older;
  entries_[slot] = {};
  entries_[slot].older = free_;
  free_ = slot;
  --count_;
}

void MeetingMemory::clear() {
  if (count_ > 0) index_.clear();
  forgotten_early_ = 0;
  oldest_ = kNoSlot;
  newest_ = kNoSlot;
  free_ = kNoSlot;
  used_ = 0;
  count_ = 0;
}

void MeetingMemory::write_state(StateSink& sink) const {
  put_state(sink, forgotten_early_);
  put_state(sink, count_);
  visit_all([&](const Meeting& meeting) { put_state(sink, meeting); });
}

bool MeetingMemory::read_state(StateSource& source) {
  clear();
  std::uint64_t forgotten = 0;
  std::uint32_t count = 0;
  if (!get_state(source, forgotten) || !get_state(source, count) || count > capacity())
    return false;
  Tick last;
  for (std::uint32_t index = 0; index < count; ++index) {
    Meeting meeting;
    bool valid = get_state(source, meeting) && raw(meeting.owner) != 0 &&
                 raw(meeting.expert) != 0 && meeting.visit != 0 && meeting.at >= last;
    if (valid) {
      const Chain chain = chain_of(meeting.owner, meeting.expert);
      valid = chain.found == kNoSlot && chain.count < kMeetingsPerOwnerMax;
    }
    if (!valid) {
      clear();
      return false;
    }
    append(meeting);
    last = meeting.at;
  }
  forgotten_early_ = forgotten;
  return true;
}

}  // namespace permitd::scheduler
