// From a storage to a scheduler: newest readable snapshot, then the batches behind it.
//
// Blocking, on one thread, before anything is served; the snapshotter uses the same steps on its
// own. Nothing here leads: whoever starts takes the lead last of all, so that a start that is
// refused for what it reads changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/storage.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// What replaying did.
struct Replay {
  std::uint64_t op_count = 0;
  std::uint64_t batch_count = 0;
  std::uint64_t size = 0;  // bytes of payload
};

struct RecoveryReport {
  Lead lead;
  scheduler::Op snapshot_op{};  // 0: from the beginning of the journal
  std::uint64_t snapshot_size = 0;
  Replay replay;
  std::uint64_t snapshot_ms = 0;
  std::uint64_t replay_ms = 0;
  std::vector<std::string>
      notes;  // what the log should say, e.g. a snapshot that could not be read
};

/// Brings `scheduler`, which is empty, to the newest durable op, and writes nothing. Each snapshot
/// that cannot be read has a note, also one behind the end of the journal.
/// Errors: those of Storage::survey(); kDamaged when neither a snapshot nor the journal reaches far
/// enough; that of reading when a snapshot might.
[[nodiscard]] Expected<RecoveryReport> recover_unled(Storage& storage,
                                                     scheduler::Scheduler& scheduler);

/// Loads the newest readable snapshot at or before `last`. Returns its mark, op 0 when there is
/// none. Those that cannot be read are passed over and added to `unread`.
[[nodiscard]] Expected<SnapshotMark> load_newest_snapshot(Storage& storage,
                                                          scheduler::Scheduler& scheduler,
                                                          scheduler::Op last,
                                                          std::vector<UnreadSnapshot>& unread);

/// The same error, or, where a snapshot behind `reached` was passed over and might have spared it,
/// that one's with both acts: a journal that has been given up is no damage.
Error with_unread(const Error& error, scheduler::Op reached,
                  const std::vector<UnreadSnapshot>& unread);

/// Applies the batches behind op_applied() that end at or before `last`.
[[nodiscard]] Expected<Replay> replay_journal(Storage& storage, scheduler::Scheduler& scheduler,
                                              scheduler::Op last);

/// XXH3-128 of the state bytes.
StateDigest digest_of_state(const scheduler::Scheduler& scheduler);

struct Verification {
  SnapshotMark mark;
  scheduler::Op base_op{};  // snapshot that the replay began at, 0 = the beginning of the journal
  bool replayed =
      false;  // false: the journal does not reach back far enough, only the file was verified
};

/// Reads the snapshot at `op`, checks every byte, and compares it with a replay from the one before
/// it where the journal still has the batches. Needs the memory of one more scheduler. Errors:
/// kDamaged.
[[nodiscard]] Expected<Verification> verify_snapshot(Storage& storage, scheduler::Op op);

}  // namespace permitd::daemon
