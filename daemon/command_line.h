// What permitd was asked to do: the arguments over the file over the defaults. Start-up only.
#pragma once

#include <span>
#include <string>

#include "daemon/audit_export.h"
#include "daemon/backup.h"
#include "daemon/command_walk.h"
#include "daemon/config.h"
#include "daemon/error.h"

namespace permitd::daemon {

enum class Action : std::uint8_t {
  kServe,
  kVerify,       // replay the journal in `verify_directory`, say op and digest, change nothing
  kExportAudit,  // write what the journal tells, see `audit`
  kServePast,    // answer questions to the state at `moment`
  kBackup,       // copy a journal that may be in use, see `backup`
  kRestore,      // make a data directory from a backup, see `restore`
  kCheckConfig,  // the settings are right: that was all
  kPrint,        // print `text`: help, version, default settings
};

struct Invocation {
  Action action = Action::kServe;
  Config config;            // complete and checked; the travel table is read where it serves
  std::string config_path;  // the file that was read; empty when none
  std::string verify_directory;
  AuditExport audit;  // `directory` is that of the settings
  PastMoment moment;
  BackupRequest backup;    // `data` is the directory of the settings
  RestoreRequest restore;  // so is `target`
  std::string text;
};

/// Where the settings are looked for when --config does not say; may be missing.
inline constexpr const char* kDefaultConfigPath = "/etc/permitd/permitd.toml";

/// `arguments` without the program's name. Errors: kConfiguration, in one sentence.
[[nodiscard]] Expected<Invocation> parse_command_line(std::span<const char* const> arguments);

/// Name, version and the versions of the parts it was built with.
std::string version_text();
std::string help_text();

}  // namespace permitd::daemon
