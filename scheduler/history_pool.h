// What happened to each case, kept in memory: 32-byte records in one pool, a ring of records per
// case, and a ring of notes. A case that is registered creates its first job in the same command:
// those two events share one record, so that a waiting case has one record, not two. The journal
// holds everything; this holds what there is room for. Owned by the engine thread.
//
// Invariants: a record belongs to one chain or to the free list; the newest record of a chain links
// to its oldest, every other one to the next newer; a chain has at most kChainMax events; a note
// that newer ones have overwritten reads as empty. Op, job and moment are kept to 2^44 (for
// moments: until the year 2527) and saturate there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/fixed_array.h"
#include "scheduler/outcome.h"
#include "scheduler/scheduler.h"
#include "scheduler/types.h"
#include "scheduler/views.h"

namespace permitd::scheduler {

/// The history of one case; part of the case's record. All zero = empty.
struct HistoryChain {
  std::uint32_t newest = 0;  // record + 1, 0 = none
  std::uint16_t count = 0;   // events
  std::uint16_t record_count = 0;
  friend bool operator==(const HistoryChain&, const HistoryChain&) = default;
};

class HistoryPool {
 public:
  /// Most records of one case: a case has about 100 events; a list call may walk the whole chain.
  static constexpr std::uint32_t kChainMax = 4096;

  /// Makes room, keeping what is there. Allocates 32 bytes an event, 88 a note.
  void reserve(std::uint32_t events_max, std::uint32_t notes_max);

  /// Adds a case's newest event. `note` may be null or empty; it is stored once per op. Returns
  /// false, and drops the event, when the pool or the chain is full. O(1).
  bool append(HistoryChain& chain, const Event& event, const Note* note);
  /// A hint that a chain is soon given back.
  void expect(const HistoryChain& chain) const {
    if (chain.newest != 0) records_.expect(chain.newest - 1);
  }
  /// Gives all records of a chain back and empties it. O(1).
  void free(HistoryChain& chain);

  /// Oldest first, from index `from`; `case_id` is filled in. Returns how many were written.
  /// O(from + written).
  std::size_t list(const HistoryChain& chain, CaseId case_id, std::size_t from,
                   std::span<HistoryView> out) const;

  /// The note stored for an op, empty when there is none (any more). O(log notes).
  Note find_note(std::uint64_t op) const;

  /// Records in use.
  std::uint32_t count() const { return used_ - free_count_; }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(records_.size()); }
  bool full() const { return count() == capacity(); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    records_.visit_memory(visit);
    notes_.visit_memory(visit);
  }

  /// The chains belong to the cases and are written with them, oldest record first; the notes once.
  void write_chain(StateSink& sink, const HistoryChain& chain) const;
  /// Appends what was written to an empty chain. False when the bytes are no valid chain or do not
  /// fit.
  [[nodiscard]] bool read_chain(StateSource& source, HistoryChain& chain);
  void write_notes(StateSink& sink) const;
  [[nodiscard]] bool read_notes(StateSource& source);
  /// Empties the pool and the notes, keeping the memory; chains held by the caller become void.
  void clear();

 private:
  using Record = std::array<std::uint64_t, 4>;  // bit layout in history_pool.cc
  struct StoredNote {
    std::uint64_t op = 0;
    Note note;
  };

  std::uint32_t take();
  std::uint64_t oldest(const HistoryChain& chain) const;
  [[nodiscard]] bool add(HistoryChain& chain, const Record& record);
  void remember_note(std::uint64_t op, const Note& note);
  const StoredNote& note_at(std::uint64_t sequence) const;

  FixedArray<Record> records_;
  FixedArray<StoredNote> notes_;  // ring by sequence, ops ascend
  std::uint64_t note_begin_ = 0;  // sequence of the oldest note in the ring
  std::uint64_t note_end_ = 0;    // one past the newest
  std::uint32_t free_ = 0;        // first free record + 1, 0 = none
  std::uint32_t free_count_ = 0;
  std::uint32_t used_ = 0;  // records ever taken from the fresh end
};

}  // namespace permitd::scheduler
