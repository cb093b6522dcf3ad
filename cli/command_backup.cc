// Backup and restore. The daemon is asked how far everything is durable; its executable, a process
// of its own, reads and writes the files.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/operator_client.h"
#include "cli/programs.h"

namespace permitd::cli {
namespace {

struct BackupOptions {
  std::string target;
  std::string data;
  bool stopped = false;
};

struct RestoreOptions {
  std::string backup;
  std::string target;
  std::uint64_t op = 0;
  std::string at;
  bool verify = false;
};

std::vector<std::string> daemon_with(const std::string& data) {
  // /dev/null: the settings of this machine's daemon are no matter here.
  return {daemon_path(), "--config", "/dev/null", "--data", data};
}

int back_up(Context& context, const BackupOptions& options) {
  auto arguments = daemon_with(options.data);
  arguments.insert(arguments.end(), {"--backup", options.target});
  if (!options.stopped) {
    const auto me = context.identity({scheduler::ActorKind::kOperator}, 1);
    OperatorClient machine(context.client(), me.id);
    const auto durable = context.wait(machine.health()).getHealth().getOpDurable();
    if (durable != 0) arguments.insert(arguments.end(), {"--to", fmt::to_string(durable)});
  }
  return become(arguments);
}

void add_backup(CLI::App& app, Context& context) {
  auto options = std::make_shared<BackupOptions>();
  auto* command = add_command(
      app,
      {"backup", "Copy the daemon's journal and snapshots to a new directory, and check the copy.",
       "permitctl backup /var/backups/permitd/2025-03-21 --data /var/lib/permitd",
       "The op that the backup reaches, which was durable when the command began, and the digest "
       "of the state\n"
       "  there, computed from the copy. The daemon goes on meanwhile and does nothing for it; "
       "reading its directory\n"
       "  takes its user or root. The copy holds what citizens have written: keep it as safe as "
       "the original."});
  command->add_option("DIRECTORY", options->target, "New directory for the backup")->required();
  command->add_option("--data", options->data, "Directory with the journal of the daemon")
      ->required();
  command->add_flag("--stopped", options->stopped,
                    "No daemon runs on --data: take all that is there");
  context.on(command, [&context, options] { return back_up(context, *options); });
}

/// The daemon's answer is one JSON object in any case, and its exit code (5 on damage) is this
/// command's own.
int restore(const RestoreOptions& options) {
  if (options.target.empty()) {
    if (!options.verify || options.op != 0 || !options.at.empty())
      throw UsageError("restore BACKUP: say where --to, or --verify to check it alone.");
    return become({daemon_path(), "--verify", options.backup});
  }
  if (options.op != 0 && !options.at.empty())
    throw UsageError("--op and --at both say where to end: leave out one.");
  auto arguments = daemon_with(options.target);
  arguments.insert(arguments.end(), {"--restore", options.backup});
  if (options.op != 0) arguments.insert(arguments.end(), {"--as-of", fmt::to_string(options.op)});
  if (!options.at.empty())
    arguments.insert(arguments.end(), {"--as-of", moment_argument(options.at, "--at")});
  return become(arguments);
}

void add_restore(CLI::App& app, Context& context) {
  auto options = std::make_shared<RestoreOptions>();
  auto* command = add_command(
      app,
      {"restore",
       "Make a data directory from a backup, as it is or as it was at an op or a moment.",
       "permitctl restore /var/backups/permitd/2025-03-21 --to /var/lib/permitd-new --op 120345",
       "The op it ends at and the digest of the state there, computed from what was written; "
       "permitd starts on it\n"
       "  with a new epoch. The chain of hashes and every snapshot are checked on the way; exit "
       "code 5 names file and\n"
       "  offset of damage, and then nothing is left behind. Damage behind --op is no obstacle. "
       "--verify without --to\n"
       "  only checks: it changes nothing and works on any data directory that is not in use. "
       "Never let the original\n"
       "  and a restored copy both serve."});
  command->add_option("BACKUP", options->backup, "A backup, or a copy of a data directory")
      ->required();
  command->add_option("--to", options->target, "New directory for the daemon");
  command->add_option("--op", options->op, "Last op to take; all of them")
      ->check(CLI::PositiveNumber);
  command->add_option("--at", options->at, "Take what happened until \"2025-03-21 10:00\"");
  command->add_flag("--verify", options->verify, "Check that it can be restored");
  context.on(command, [options] { return restore(*options); });
}

}  // namespace

void add_backup_commands(CLI::App& app, Context& context) {
  add_backup(app, context);
  add_restore(app, context);
}

}  // namespace permitd::cli
