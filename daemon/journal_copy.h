// The beginning of a journal, written anew in another directory: what a backup and a restore are
// both made of. Frames are copied as they are, so that the chain of hashes can be compared with the
// original's; only the batch that a wanted op lies within is cut and sealed again. Everything is
// verified as it passes, and FORMAT comes last: before it, the directory is no journal.
//
// Blocking, on one thread. The source may be a running daemon's: what is copied must be durable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/command_walk.h"
#include "daemon/journal_files.h"
#include "daemon/journal_scan.h"

namespace permitd::daemon {

struct CopiedJournal {
  scheduler::Op first_op{};  // 0: no batch was copied
  scheduler::Op last_op{};
  std::uint64_t frame = 0;  // number and hash of the last frame
  protocol::Sha256 hash{};
  std::uint64_t size = 0;                // bytes of frames
  std::vector<scheduler::Op> snapshots;  // ascending
};

/// Makes `target`, which must not exist or be empty. Errors: kConfiguration when it is not.
[[nodiscard]] Expected<JournalDirectory> open_empty(const std::string& target);

/// Copies all up to and including `last`, as far as it is not behind `until.at`. Pre: `last` is
/// durable. Errors: kDamaged with file and offset, kVersion, kFull, kSystem. The directory that is
/// left behind by an error has no FORMAT.
[[nodiscard]] Expected<CopiedJournal> copy_journal(const JournalDirectory& from,
                                                   const JournalDirectory& to, scheduler::Op last,
                                                   const PastMoment& until);

}  // namespace permitd::daemon
