// Backup of a data directory, also of a running daemon's, and restore to an op or a moment, as
// `permitd --backup` and `permitd --restore` do them. decisions/0013 says why files are copied.
// Start-up only, one thread.
#pragma once

#include <optional>
#include <string>

#include "daemon/command_walk.h"
#include "daemon/journal_files.h"

namespace permitd::daemon {

struct BackupRequest {
  std::string data;    // directory with the journal
  std::string target;  // made; must not exist or be empty
  scheduler::Op to{};  // durable op that a running daemon named; 0: nobody runs, all of it
};

struct RestoreRequest {
  std::string backup;  // a backup, or a copy of a data directory
  std::string target;  // made; must not exist or be empty
  PastMoment until;    // nothing: all of it
};

/// One JSON object on standard output, or the error on standard error. The exit status: 0, 5 when
/// something is damaged, 1 for everything else.
int make_backup(const BackupRequest& wanted);
int restore_backup(const RestoreRequest& wanted);

/// What the file BACKUP in a directory says, if there is one: how far it must reach and with which
/// digest. Errors: kDamaged.
struct BackupNote {
  scheduler::Op op{};
  std::string digest;      // of the state, 32 hexadecimal digits
  std::string frame_hash;  // of the last frame, 64
};
[[nodiscard]] Expected<std::optional<BackupNote>> read_backup_note(
    const JournalDirectory& directory);

}  // namespace permitd::daemon
