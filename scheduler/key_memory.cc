#include "scheduler/key_memory.h"

#include <bit>
#include <cstring>

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

// Folds the 128-bit product of two words: every input bit reaches every output bit. After W. Yi's
// wyhash.
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t kOdd1 = 0xA0761D6478BD642FULL;
constexpr std::uint64_t kOdd2 = 0xE7037ED1A0B428DBULL;

// An entry's four packed words. Ids, ops and moments need 44 bits: see history_pool.h.
//   0: op 44 | refusal 7 | field 6 | filter 4 | actor kind 3
//   1: remembered at 44 | state 4 | high part of the case 16
//   2: job 44 | low part of the case, first 20 bits
//   3: token 44 | low part of the case, last 20 bits
constexpr unsigned kWide = 44;
constexpr std::uint64_t kWideMask = (std::uint64_t{1} << kWide) - 1;
constexpr std::uint64_t kPartMask = (std::uint64_t{1} << 20) - 1;

static_assert(raw(Refusal::kUnsupported) < 128 && raw(Field::kEquipment) < 64);
static_assert(kFilterCount <= 16 && kCaseStateCount <= 16 && kJobStateCount <= 16);

std::uint64_t wide(std::uint64_t value) {
  PERMIT_ASSERT(value <= kWideMask, value);
  return value;
}

std::uint64_t saturated(Tick at) {
  if (at.ms < 0) return 0;
  const auto ms = static_cast<std::uint64_t>(at.ms);
  return ms < kWideMask ? ms : kWideMask;
}

}  // namespace

std::uint64_t body_digest(const Command& command) {
  const std::size_t size = body_size(command.kind);
  std::uint64_t digest = fold(raw(command.kind) ^ kOdd1, size ^ kOdd2);
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, command.body.bytes.data() + at,
                size - at < sizeof(word) ? size - at : sizeof(word));
    digest = fold(digest ^ word ^ kOdd2, kOdd1 + at);
  }
  return digest;
}

KeyMemory::Entry KeyMemory::pack(const Command& command, std::uint64_t digest,
                                 const Outcome& outcome) {
  Entry entry;
  entry.key = command.key;
  entry.digest = digest;
  entry.until = outcome.until.ms;
  entry.actor_id = command.actor.id;
  entry.expert = raw(outcome.expert);
  const std::uint64_t case_id = raw(outcome.case_id);
  PERMIT_ASSERT(case_id >> 56 == 0, case_id);
  PERMIT_ASSERT(outcome.state < 16, outcome.state);
  entry.packed[0] = wide(raw(outcome.op)) | std::uint64_t{raw(outcome.refusal)} << kWide |
                    std::uint64_t{raw(outcome.field)} << 51 |
                    std::uint64_t{raw(outcome.filter)} << 57 |
                    std::uint64_t{raw(command.actor.kind)} << 61;
  entry.packed[1] =
      saturated(command.now) | std::uint64_t{outcome.state} << kWide | case_id >> 40 << 48;
  entry.packed[2] = wide(raw(outcome.job)) | (case_id >> 20 & kPartMask) << kWide;
  entry.packed[3] = wide(raw(outcome.token)) | (case_id & kPartMask) << kWide;
  return entry;
}

Outcome KeyMemory::unpack(const Entry& entry) {
  const auto& packed = entry.packed;
  Outcome outcome;
  outcome.op = Op{packed[0] & kWideMask};
  outcome.case_id = CaseId{packed[1] >> 48 << 40 | packed[2] >> kWide << 20 | packed[3] >> kWide};
  outcome.job = JobId{packed[2] & kWideMask};
  outcome.token = LeaseToken{packed[3] & kWideMask};
  outcome.until = Tick{entry.until};
  outcome.expert = ExpertId{entry.expert};
  outcome.refusal = static_cast<Refusal>(packed[0] >> kWide & 127);
  outcome.field = static_cast<Field>(packed[0] >> 51 & 63);
  outcome.filter = static_cast<Filter>(packed[0] >> 57 & 15);
  outcome.state = static_cast<std::uint8_t>(packed[1] >> kWide & 15);
  return outcome;
}

bool KeyMemory::valid(const Entry& entry) {
  const Outcome outcome = unpack(entry);
  return entry.key != IdempotencyKey{} && raw(actor_kind(entry)) <= raw(ActorKind::kAuditor) &&
         raw(outcome.refusal) <= raw(Refusal::kAbsencesFull) &&
         raw(outcome.field) <= raw(Field::kEquipment) && raw(outcome.filter) < kFilterCount;
}

ActorKind KeyMemory::actor_kind(const Entry& entry) {
  return static_cast<ActorKind>(entry.packed[0] >> 61);
}

std::int64_t KeyMemory::remembered_at(const Entry& entry) {
  return static_cast<std::int64_t>(entry.packed[1] & kWideMask);
}

void KeyMemory::reserve(std::uint32_t keys_max, std::uint64_t hash_seed) {
  if (keys_max <= entries_.size()) return;
  if (entries_.size() == 0) hash_seed_ = hash_seed;
  FixedArray<Entry> old = std::move(entries_);
  entries_.reserve(keys_max);
  for (std::uint32_t index = 0; index < count_; ++index) {
    entries_[index] = old[(begin_ + index) % old.size()];
  }
  begin_ = 0;
  table_.release();
  table_.reserve(std::bit_ceil(std::uint64_t{keys_max} + keys_max / 2 + 2));
  shift_ = 32 - std::countr_zero(table_.size());
  index_all();
}

std::uint32_t KeyMemory::tag_of(const IdempotencyKey& key, ActorKind kind,
                                std::uint32_t actor_id) const {
  const std::uint64_t actor = std::uint64_t{raw(kind)} << 32 | actor_id;
  const std::uint64_t mixed = fold(key.high ^ hash_seed_, key.low ^ kOdd1);
  return static_cast<std::uint32_t>(fold(mixed ^ actor, hash_seed_ ^ kOdd2) >> 32);
}

KeyMatch KeyMemory::find(const Actor& actor, const IdempotencyKey& key, std::uint64_t digest,
                         Outcome& out) const {
  if (count_ == 0) return KeyMatch::kNew;
  const std::uint32_t tag = tag_of(key, actor.kind, actor.id);
  for (std::size_t at = home(tag); table_[at].position != 0; at = next(at)) {
    if (table_[at].tag != tag) continue;
    const Entry& entry = entries_[table_[at].position - 1];
    if (entry.key != key || entry.actor_id != actor.id || actor_kind(entry) != actor.kind) continue;
    if (entry.digest != digest) return KeyMatch::kConflict;
    out = unpack(entry);
    out.repeated = 1;
    return KeyMatch::kRepeat;
  }
  return KeyMatch::kNew;
}

void KeyMemory::remember(const Command& command, std::uint64_t digest, const Outcome& outcome,
                         std::int64_t retention_ms) {
  if (entries_.size() == 0) return;
  const auto now = static_cast<std::int64_t>(saturated(command.now));
  for (int dropped = 0; dropped < 2 && count_ > 0; ++dropped) {
    if (now - remembered_at(entries_[begin_]) <= retention_ms) break;
    forget_oldest();
  }
  if (count_ == entries_.size()) {
    if (now - remembered_at(entries_[begin_]) <= retention_ms) ++forgotten_early_;
    forget_oldest();
  }
  append(pack(command, digest, outcome));
  expect_forgetting();
}

void KeyMemory::expect(const Actor& actor, const IdempotencyKey& key) const {
  table_.expect(home(tag_of(key, actor.kind, actor.id)));
}

// The oldest keys lie far from everything else that a command touches, and so do their places in
// the index: fetches an entry some commands before it is forgotten, and its place a few later.
void KeyMemory::expect_forgetting() const {
  constexpr std::uint32_t kEntryAhead = 8;
  constexpr std::uint32_t kPlaceAhead = 4;
  if (count_ + kEntryAhead < entries_.size()) return;  // nothing is forgotten yet
  entries_.expect(position_of(kEntryAhead));
  const Entry& entry = entries_[position_of(kPlaceAhead)];
  table_.expect(home(tag_of(entry.key, actor_kind(entry), entry.actor_id)));
}

// Where the key lies that is the index-th from the oldest on.
std::uint64_t KeyMemory::position_of(std::uint64_t index) const {
  const std::uint64_t position = begin_ + index % entries_.size();
  return position < entries_.size() ? position : position - entries_.size();
}

void KeyMemory::append(const Entry& entry) {
  const std::uint64_t position = position_of(count_);
  entries_[position] = entry;
  ++count_;
  const std::uint32_t tag = tag_of(entry.key, actor_kind(entry), entry.actor_id);
  std::size_t at = home(tag);
  while (table_[at].position != 0) at = next(at);
  table_[at] = {static_cast<std::uint32_t>(position + 1), tag};
}

void KeyMemory::forget_oldest() {
  PERMIT_ASSERT(count_ > 0, begin_);
  const Entry& entry = entries_[begin_];
  std::size_t at = home(tag_of(entry.key, actor_kind(entry), entry.actor_id));
  while (table_[at].position != begin_ + 1) {
    PERMIT_ASSERT(table_[at].position != 0, begin_, count_);
    at = next(at);
  }
  close_hole(at);
  begin_ = begin_ + 1 == entries_.size() ? 0 : begin_ + 1;
  --count_;
}

// Moves up every later entry of the run whose home does not lie between the hole and itself.
void KeyMemory::close_hole(std::size_t hole) {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = next(hole); table_[at].position != 0; at = next(at)) {
    const std::size_t want = home(table_[at].tag);
    if (((at - want) & mask) >= ((at - hole) & mask)) {
      table_[hole] = table_[at];
      hole = at;
    }
  }
  table_[hole] = {};
}

void KeyMemory::index_all() {
  const std::uint32_t count = count_;
  count_ = 0;
  for (std::uint32_t index = 0; index < count; ++index) append(Entry{entries_[index]});
}

void KeyMemory::clear() {
  while (count_ > 0) forget_oldest();
  begin_ = 0;
  forgotten_early_ = 0;
}

void KeyMemory::write_state(StateSink& sink) const {
  put_state(sink, hash_seed_);
  put_state(sink, forgotten_early_);
  put_state(sink, count_);
  for (std::uint32_t index = 0; index < count_; ++index) {
    const Entry& entry = entries_[(std::uint64_t{begin_} + index) % entries_.size()];
    put_state(sink, entry.key.high);
    put_state(sink, entry.key.low);
    put_state(sink, entry.digest);
    put_state(sink, entry.until);
    put_state(sink, entry.actor_id);
    put_state(sink, entry.expert);
    put_state_array<std::uint64_t>(sink, entry.packed);
  }
}

bool KeyMemory::read_state(StateSource& source) {
  clear();
  std::uint64_t forgotten = 0;
  std::uint32_t count = 0;
  if (!get_state(source, hash_seed_) || !get_state(source, forgotten)) return false;
  if (!get_state(source, count) || count > entries_.size()) return false;
  std::int64_t last = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    Entry entry;
    Outcome known;
    const bool read = get_state(source, entry.key.high) && get_state(source, entry.key.low) &&
                      get_state(source, entry.digest) && get_state(source, entry.until) &&
                      get_state(source, entry.actor_id) && get_state(source, entry.expert) &&
                      get_state_array<std::uint64_t>(source, entry.packed);
    const Actor actor{actor_kind(entry), entry.actor_id};
    if (!read || !valid(entry) || remembered_at(entry) < last ||
        find(actor, entry.key, entry.digest, known) != KeyMatch::kNew) {
      clear();
      return false;
    }
    append(entry);
    last = remembered_at(entry);
  }
  forgotten_early_ = forgotten;
  return true;
}

}  // namespace permitd::scheduler
