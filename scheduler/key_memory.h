// Idempotency (I3): what was answered to a key of an actor, so that a retry gets the first answer
// and a different body under the same key is refused. 84 to 96 bytes a key, index included. Owned
// by the engine thread.
//
// Keys are forgotten oldest first: two per remember() once they are past the retention, and one
// more when there is no room, which counts as too early when it is younger than the retention. So a
// key is kept at least for the retention, room allowing, and perhaps longer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scheduler/command.h"
#include "scheduler/fixed_array.h"
#include "scheduler/outcome.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

/// 64-bit digest of kind and body: the bytes of the body that its kind uses, and no other field.
/// Not cryptographic: it tells a retry from a mistake, and only within one actor's own keys.
std::uint64_t body_digest(const Command& command);

enum class KeyMatch : std::uint8_t {
  kNew,
  kRepeat,    // same actor, key and body
  kConflict,  // same actor and key, another body
};

class KeyMemory {
 public:
  /// Makes room, keeping the keys. Allocates. `hash_seed`: a number clients do not know, so that
  /// nobody can aim keys at one place of the index; answers do not depend on it. A later seed is
  /// ignored.
  void reserve(std::uint32_t keys_max, std::uint64_t hash_seed);

  /// On kRepeat `out` is the outcome remembered, with `repeated` set. O(1) expected.
  [[nodiscard]] KeyMatch find(const Actor& actor, const IdempotencyKey& key, std::uint64_t digest,
                              Outcome& out) const;
  /// A hint that find() of this key is near.
  void expect(const Actor& actor, const IdempotencyKey& key) const;

  /// Pre: find() said kNew; `now` does not go back. O(1) expected.
  void remember(const Command& command, std::uint64_t digest, const Outcome& outcome,
                std::int64_t retention_ms);

  std::uint32_t count() const { return count_; }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(entries_.size()); }
  std::uint64_t forgotten_early() const { return forgotten_early_; }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    entries_.visit_memory(visit);
    table_.visit_memory(visit);
  }

  /// Keys from the oldest on.
  void write_state(StateSink& sink) const;
  /// Replaces the keys; there are none when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);
  void clear();

 private:
  // An answer in 72 bytes; packing in key_memory.cc.
  struct Entry {
    IdempotencyKey key;
    std::uint64_t digest = 0;
    std::int64_t until = 0;
    std::uint32_t actor_id = 0;
    std::uint32_t expert = 0;
    std::array<std::uint64_t, 4> packed{};
  };
  static_assert(sizeof(Entry) == 72);

  static Entry pack(const Command& command, std::uint64_t digest, const Outcome& outcome);
  static Outcome unpack(const Entry& entry);
  static bool valid(const Entry& entry);
  static ActorKind actor_kind(const Entry& entry);
  static std::int64_t remembered_at(const Entry& entry);

  // A place of the index. The tag tells nearly all other keys apart and gives the home of an entry,
  // so that a probe touches no entry but the one it looks for: entries lie far apart in memory.
  struct Link {
    std::uint32_t position = 0;  // in entries_, + 1; 0 = empty
    std::uint32_t tag = 0;       // high half of the hash
  };

  std::uint32_t tag_of(const IdempotencyKey& key, ActorKind kind, std::uint32_t actor_id) const;
  std::size_t home(std::uint32_t tag) const { return tag >> shift_; }
  std::size_t next(std::size_t at) const { return at + 1 == table_.size() ? 0 : at + 1; }
  void append(const Entry& entry);
  void forget_oldest();
  void expect_forgetting() const;
  std::uint64_t position_of(std::uint64_t index) const;
  void close_hole(std::size_t hole);
  void index_all();

  FixedArray<Entry> entries_;  // ring, oldest at begin_
  FixedArray<Link> table_;     // linear probing; the size is a power of two
  std::uint64_t hash_seed_ = 0;
  std::uint64_t forgotten_early_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t count_ = 0;
  int shift_ = 31;
};

}  // namespace permitd::scheduler
