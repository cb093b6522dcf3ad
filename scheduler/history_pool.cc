#include "scheduler/history_pool.h"

#include <algorithm>

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

// A run of bits in one word of a record.
struct Bits {
  unsigned word;
  unsigned from;
  unsigned width;
  constexpr std::uint64_t mask() const { return (std::uint64_t{1} << width) - 1; }
};

constexpr Bits kOp{0, 0, 44};
constexpr Bits kKind{0, 44, 5};
constexpr Bits kBefore{0, 49, 4};
constexpr Bits kAfter{0, 53, 4};
constexpr Bits kStage{0, 57, 3};
constexpr Bits kActorKind{0, 60, 3};
constexpr Bits kHasNote{0, 63, 1};
constexpr Bits kAt{1, 0, 44};
constexpr Bits kReason{1, 44, 5};
constexpr Bits kOffice{1, 49, 14};
constexpr Bits kJob{2, 0, 43};
constexpr Bits kExpert{2, 43, 21};  // or the version of the zoning plan
constexpr Bits kActorId{3, 0, 32};
constexpr Bits kLink{3, 32, 29};    // record + 1 of the next newer, of the newest: the oldest
constexpr Bits kCreated{3, 61, 2};  // 1 + state of the job that the same command created, 0 = none

static_assert(kLimitsMax.events_max < (1U << 29));
static_assert(kLimitsMax.experts_max < (1U << 21) && kLimitsMax.offices_max < (1U << 14));
static_assert(kCaseStateCount <= 16 && kJobStateCount <= 16 && kReasonCount <= 32);
static_assert(HistoryPool::kChainMax <= UINT16_MAX);
static_assert(kStageCount <= 8 && raw(EventKind::kCaseMoved) < 32);

constexpr std::size_t kEventKindCount = std::size_t{raw(EventKind::kCaseMoved)} + 1;
constexpr std::size_t kActorKindCount = std::size_t{raw(ActorKind::kAuditor)} + 1;

using Words = std::array<std::uint64_t, 4>;

constexpr std::uint64_t get(const Words& words, Bits bits) {
  return words[bits.word] >> bits.from & bits.mask();
}

constexpr void put(Words& words, Bits bits, std::uint64_t value) {
  const std::uint64_t kept = std::min(value, bits.mask());  // the largest stands for all beyond
  words[bits.word] &= ~(bits.mask() << bits.from);
  words[bits.word] |= kept << bits.from;
}

Words pack(const Event& event, bool has_note) {
  Words words{};
  put(words, kOp, raw(event.op));
  put(words, kKind, raw(event.kind));
  put(words, kBefore, event.before);
  put(words, kAfter, event.after);
  put(words, kStage, raw(event.stage));
  put(words, kActorKind, raw(event.actor.kind));
  put(words, kHasNote, has_note ? 1 : 0);
  put(words, kAt, event.at.ms < 0 ? 0 : static_cast<std::uint64_t>(event.at.ms));
  put(words, kReason, raw(event.reason));
  put(words, kOffice, raw(event.office));
  put(words, kJob, raw(event.job));
  put(words, kExpert, names_version(event.kind) ? event.version : raw(event.expert));
  put(words, kActorId, event.actor.id);
  return words;
}

Event unpack(const Words& words, CaseId case_id) {
  Event event;
  event.op = Op{get(words, kOp)};
  event.at = Tick{static_cast<std::int64_t>(get(words, kAt))};
  event.case_id = case_id;
  event.job = JobId{get(words, kJob)};
  event.actor.kind = static_cast<ActorKind>(get(words, kActorKind));
  event.actor.id = static_cast<std::uint32_t>(get(words, kActorId));
  const auto subject = static_cast<std::uint32_t>(get(words, kExpert));
  event.office = OfficeId{static_cast<std::uint16_t>(get(words, kOffice))};
  event.kind = static_cast<EventKind>(get(words, kKind));
  if (names_version(event.kind))
    event.version = static_cast<std::uint16_t>(subject);
  else
    event.expert = ExpertId{subject};
  event.stage = static_cast<Stage>(get(words, kStage));
  event.before = static_cast<std::uint8_t>(get(words, kBefore));
  event.after = static_cast<std::uint8_t>(get(words, kAfter));
  event.reason = static_cast<Reason>(get(words, kReason));
  return event;
}

bool valid(const Words& words) {
  const bool shared = get(words, kCreated) != 0;
  if (shared && (get(words, kJob) == 0 || get(words, kExpert) != 0)) return false;
  return get(words, kLink) == 0 && words[1] >> 63 == 0 && words[3] >> 63 == 0 &&
         get(words, kKind) < kEventKindCount && get(words, kStage) < kStageCount &&
         get(words, kActorKind) < kActorKindCount && get(words, kReason) < kReasonCount;
}

constexpr std::uint64_t in_place(Bits bits) { return bits.mask() << bits.from; }
constexpr std::uint64_t event_count(const Words& words) {
  return get(words, kCreated) == 0 ? 1 : 2;
}

// Whether `added` says no more than that a job was created by the command of `last`, an event of
// its case alone; it then fits into the record of that one.
bool fits_into(const Words& last, const Words& added) {
  constexpr std::uint64_t own0 = in_place(kKind) | in_place(kBefore) | in_place(kAfter);
  const bool plain = get(added, kKind) == raw(EventKind::kJobCreated) && get(added, kBefore) == 0 &&
                     get(added, kAfter) < kCreated.mask() && get(added, kReason) == 0 &&
                     get(added, kExpert) == 0 && get(added, kJob) != 0;
  return plain && last[2] == 0 && get(last, kCreated) == 0 && ((last[0] ^ added[0]) & ~own0) == 0 &&
         get(last, kAt) == get(added, kAt) && get(last, kOffice) == get(added, kOffice) &&
         get(last, kActorId) == get(added, kActorId);
}

// The events of one record in their order; the second one only where a job was created.
std::array<Event, 2> unpack_both(const Words& words, CaseId case_id) {
  std::array<Event, 2> events{unpack(words, case_id), {}};
  if (event_count(words) == 1) return events;
  Event& created = events[1];
  created = events[0];
  created.kind = EventKind::kJobCreated;
  created.before = 0;
  created.after = static_cast<std::uint8_t>(get(words, kCreated) - 1);
  created.reason = Reason::kNone;
  events[0].job = JobId{};
  return events;
}

}  // namespace

void HistoryPool::reserve(std::uint32_t events_max, std::uint32_t notes_max) {
  records_.reserve(events_max);
  if (notes_max <= notes_.size()) return;
  // The ring's positions depend on its size: lay the notes out anew, oldest first.
  FixedArray<StoredNote> old = std::move(notes_);
  notes_.reserve(notes_max);
  const std::uint64_t kept = note_end_ - note_begin_;
  for (std::uint64_t index = 0; index < kept; ++index) {
    notes_[index] = old[(note_begin_ + index) % old.size()];
  }
  note_begin_ = 0;
  note_end_ = kept;
}

std::uint32_t HistoryPool::take() {
  if (free_ != 0) {
    const std::uint32_t record = free_ - 1;
    free_ = static_cast<std::uint32_t>(get(records_[record], kLink));
    --free_count_;
    if (free_ != 0) records_.expect(free_ - 1);
    return record;
  }
  return used_ < records_.size() ? used_++ : kNoSlot;
}

std::uint64_t HistoryPool::oldest(const HistoryChain& chain) const {
  return chain.newest == 0 ? 0 : get(records_[chain.newest - 1], kLink);
}

// Adds a record as the newest of a chain.
bool HistoryPool::add(HistoryChain& chain, const Record& record) {
  const std::uint32_t at = take();
  if (at == kNoSlot) return false;
  records_[at] = record;
  if (chain.newest == 0) {
    put(records_[at], kLink, at + 1);
  } else {
    put(records_[at], kLink, oldest(chain));
    put(records_[chain.newest - 1], kLink, at + 1);
  }
  chain.newest = at + 1;
  ++chain.record_count;
  chain.count = static_cast<std::uint16_t>(chain.count + event_count(record));
  return true;
}

bool HistoryPool::append(HistoryChain& chain, const Event& event, const Note* note) {
  if (chain.count >= kChainMax) return false;
  const bool has_note = note != nullptr && note->size > 0 && notes_.size() > 0;
  const Record record = pack(event, has_note);
  if (chain.newest != 0) {
    Record& last = records_[chain.newest - 1];
    if (fits_into(last, record)) {
      put(last, kJob, get(record, kJob));
      put(last, kCreated, get(record, kAfter) + 1);
      ++chain.count;
      return true;
    }
  }
  if (!add(chain, record)) return false;
  if (has_note) remember_note(raw(event.op), *note);
  return true;
}

void HistoryPool::free(HistoryChain& chain) {
  if (chain.newest == 0) return;
  PERMIT_ASSERT(chain.record_count > 0, chain.newest, chain.count);
  const std::uint64_t first = oldest(chain);
  put(records_[chain.newest - 1], kLink, free_);
  free_ = static_cast<std::uint32_t>(first);
  free_count_ += chain.record_count;
  chain = {};
}

std::size_t HistoryPool::list(const HistoryChain& chain, CaseId case_id, std::size_t from,
                              std::span<HistoryView> out) const {
  if (from >= chain.count) return 0;
  const std::size_t end = from + std::min<std::size_t>(out.size(), chain.count - from);
  std::uint64_t link = oldest(chain);
  for (std::size_t index = 0; index < end;) {
    const Record& record = records_[link - 1];
    const std::array<Event, 2> events = unpack_both(record, case_id);
    for (std::size_t i = 0; i < event_count(record) && index < end; ++i, ++index) {
      if (index < from) continue;
      out[index - from].event = events[i];
      out[index - from].note = get(record, kHasNote) == 0 ? Note{} : find_note(get(record, kOp));
    }
    link = get(record, kLink);
  }
  return end - from;
}

const HistoryPool::StoredNote& HistoryPool::note_at(std::uint64_t sequence) const {
  return notes_[sequence % notes_.size()];
}

void HistoryPool::remember_note(std::uint64_t op, const Note& note) {
  if (note_end_ > note_begin_ && note_at(note_end_ - 1).op == op) return;
  if (note_end_ - note_begin_ == notes_.size()) ++note_begin_;
  notes_[note_end_ % notes_.size()] = {op, note};
  ++note_end_;
}

// Ops ascend along the ring, so a note is found by bisection.
Note HistoryPool::find_note(std::uint64_t op) const {
  std::uint64_t low = note_begin_;
  std::uint64_t high = note_end_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (note_at(middle).op < op) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < note_end_ && note_at(low).op == op ? note_at(low).note : Note{};
}

void HistoryPool::clear() {
  free_ = 0;
  free_count_ = 0;
  used_ = 0;
  note_begin_ = 0;
  note_end_ = 0;
}

void HistoryPool::write_chain(StateSink& sink, const HistoryChain& chain) const {
  put_state(sink, chain.record_count);
  std::uint64_t link = oldest(chain);
  for (std::uint32_t index = 0; index < chain.record_count; ++index) {
    Record record = records_[link - 1];
    link = get(record, kLink);
    put(record, kLink, 0);  // where a record lies is no part of the state
    put_state_array<std::uint64_t>(sink, record);
  }
}

bool HistoryPool::read_chain(StateSource& source, HistoryChain& chain) {
  chain = {};
  std::uint16_t record_count = 0;
  if (!get_state(source, record_count)) return false;
  for (std::uint32_t index = 0; index < record_count; ++index) {
    Record words{};
    if (!get_state_array<std::uint64_t>(source, words) || !valid(words)) return false;
    if (chain.count + event_count(words) > kChainMax || !add(chain, words)) return false;
  }
  return true;
}

void HistoryPool::write_notes(StateSink& sink) const {
  put_state(sink, static_cast<std::uint32_t>(note_end_ - note_begin_));
  for (std::uint64_t sequence = note_begin_; sequence < note_end_; ++sequence) {
    const StoredNote& stored = note_at(sequence);
    put_state(sink, stored.op);
    put_state(sink, stored.note.size);
    put_state_array<char>(sink, stored.note.bytes);
  }
}

bool HistoryPool::read_notes(StateSource& source) {
  note_begin_ = 0;
  note_end_ = 0;
  std::uint32_t count = 0;
  if (!get_state(source, count) || count > notes_.size()) return false;
  std::uint64_t last = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    StoredNote stored;
    const bool read = get_state(source, stored.op) && get_state(source, stored.note.size) &&
                      get_state_array<char>(source, stored.note.bytes);
    if (!read || stored.op <= last || stored.note.size == 0 || stored.note.size > Note::kCapacity) {
      return false;
    }
    notes_[note_end_++] = stored;
    last = stored.op;
  }
  return true;
}

}  // namespace permitd::scheduler
