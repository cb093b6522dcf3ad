// Snapshot files: a header, chunks of state bytes with a checksum each, a footer with the digest of
// the whole. A snapshot counts when it bears its final name, which it gets after everything in it
// is durable. protocol/FORMAT.md has the layout. Each object belongs to one thread; directories are
// only read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/journal_files.h"
#include "daemon/storage.h"

struct XXH3_state_s;

namespace permitd::daemon {

/// XXH3-128 of state bytes, as they pass.
class StateHasher {
 public:
  StateHasher();
  ~StateHasher();
  StateHasher(const StateHasher&) = delete;
  StateHasher& operator=(const StateHasher&) = delete;
  void add(std::span<const std::byte> bytes);
  StateDigest digest() const;

 private:
  XXH3_state_s* state_;
};

/// Snapshots of the directory, by the header and footer of each. Errors: kSystem when the directory
/// cannot be listed.
[[nodiscard]] Expected<SnapshotList> list_snapshots(const JournalDirectory& directory);

/// Removes the snapshots older than `op` as far as possible.
void remove_snapshots(const JournalDirectory& directory, std::uint64_t op);

[[nodiscard]] Expected<std::unique_ptr<SnapshotWriter>> create_snapshot(
    const JournalDirectory& directory, scheduler::Op op);
[[nodiscard]] Expected<std::unique_ptr<SnapshotReader>> open_snapshot(
    const JournalDirectory& directory, scheduler::Op op);

}  // namespace permitd::daemon
