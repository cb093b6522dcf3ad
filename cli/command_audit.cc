// What happened, from the journal's own files: audit trails, and questions to the past. Needs no
// running daemon; the daemon's executable reads the files.
#include <fmt/format.h>
#include <kj/encoding.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/programs.h"
#include "cli/reader_client.h"

namespace permitd::cli {
namespace {

constexpr std::size_t kTailSize = 4096;  // more than an end line can have
constexpr int kLookAgainMs = 20;

// ---- audit ----

struct ExportOptions {
  std::string file;
  std::string data;
  std::string after;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// The last line of a trail: the op it ends with and its hash.
struct TrailEnd {
  std::uint64_t op = 0;
  std::string hash;
};

TrailEnd read_end(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg()));
  std::string tail(std::min(size, kTailSize), '\0');
  file.seekg(static_cast<std::streamoff>(size - tail.size()));
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  while (tail.ends_with('\n')) tail.pop_back();
  const auto begin = tail.rfind('\n');
  const auto line = std::string_view(tail).substr(begin == std::string::npos ? 0 : begin + 1);
  boost::system::error_code error;
  const auto record = boost::json::parse(line, error);
  const auto* object = error ? nullptr : record.if_object();
  const auto* op = object == nullptr ? nullptr : object->if_contains("end");
  const auto* hash = object == nullptr ? nullptr : object->if_contains("hash");
  if (!file || op == nullptr || hash == nullptr || !op->is_int64() || !hash->is_string())
    throw UsageError(fmt::format("--after {}: it is no whole audit trail.", path));
  return {static_cast<std::uint64_t>(op->as_int64()), std::string(hash->as_string())};
}

int export_trail(const ExportOptions& options) {
  std::vector<std::string> arguments{daemon_path(), "--config",       "/dev/null", "--data",
                                     options.data,  "--export-audit", options.file};
  std::uint64_t from = options.from;
  if (!options.after.empty()) {
    if (from != 0) throw UsageError("--after says where the trail begins: leave out --from.");
    const TrailEnd end = read_end(options.after);
    from = end.op + 1;
    arguments.insert(arguments.end(), {"--previous", end.hash});
  }
  if (from != 0) arguments.insert(arguments.end(), {"--from", fmt::to_string(from)});
  if (options.to != 0) arguments.insert(arguments.end(), {"--to", fmt::to_string(options.to)});
  return become(arguments);
}

void add_export(CLI::App& audit, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = add_command(
      audit,
      {"export", "Write what happened to a file, each line chained to the one before.",
       "permitctl audit export may.trail --data /var/backups/permitd --after april.trail",
       "Every command from --from to --to with who, when, what, before, after, why and each "
       "choice's candidates; on\n"
       "  stderr how far it goes and the hash it ends with: note that hash where nobody who can "
       "change the file can\n"
       "  change it. The directory must not be in use; a copy will do. docs/AUDIT.md is the "
       "format."});
  command->add_option("FILE", options->file, "A file that is not there yet, - for stdout")
      ->required();
  command->add_option("--data", options->data, "Directory with the journal")->required();
  command->add_option("--from", options->from, "First op; the oldest that the directory can tell");
  command->add_option("--to", options->to, "Last op; the newest");
  command->add_option("--after", options->after, "Go on where this trail ended");
  context.on(command, [options] { return export_trail(*options); });
}

void add_verify(CLI::App& audit, Context& context) {
  auto files = std::make_shared<std::vector<std::string>>();
  auto expect = std::make_shared<std::string>();
  auto* command = add_command(
      audit,
      {"verify", "Check a trail with nothing but the trail.",
       "permitctl audit verify april.trail may.trail --expect 5f0c…",
       "Whether the chain holds, no op is missing, every state follows from the one before, each "
       "job had one holder,\n"
       "  all chance follows from the secrets that were opened, and each choice from it and its "
       "candidates. Findings name file and line; exit "
       "code 5. The\n"
       "  program that checks is a script of its own and shares nothing with the one that wrote."});
  command->add_option("FILE", *files, "A trail, or its parts in order")->required();
  command->add_option("--expect", *expect, "The hash it must end with, as it was noted elsewhere");
  context.on(command, [&context, files, expect] {
    std::vector<std::string> arguments{audit_verify_path()};
    if (context.wants_json()) arguments.emplace_back("--json");
    if (!expect->empty()) arguments.insert(arguments.end(), {"--expect", *expect});
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), files->begin(), files->end());
    return become(arguments);
  });
}

// ---- lottery ----

/// A hash or secret, a dash where there is none.
std::string hash_text(capnp::Data::Reader bytes) {
  return bytes.size() == 0 ? "-" : std::string(kj::encodeHex(bytes).cStr());
}

int lottery(Context& context) {
  const Identity identity =
      context.identity({scheduler::ActorKind::kSupervisor, scheduler::ActorKind::kAuditor,
                        scheduler::ActorKind::kOffice},
                       1);
  ReaderClient reader(context.client(), identity);
  const auto answer = context.wait(reader.lottery());
  const auto lottery = answer.getLottery();
  if (context.wants_json()) {
    context.print(message_json(lottery));
    return kExitOk;
  }
  if (lottery.getTurns() == 0) {
    fmt::print("Nothing was committed to yet.\n");
    return kExitOk;
  }
  fmt::print("{}  committed to  {}\n", day_text(lottery.getDay()),
             hash_text(lottery.getCommitment()));
  if (lottery.getTurns() == 1) return kExitOk;
  fmt::print("{}  committed to  {}\n            opened        {}\n",
             day_text(lottery.getOpenedDay()), hash_text(lottery.getOpenedCommitment()),
             hash_text(lottery.getOpened()));
  return kExitOk;
}

void add_lottery(CLI::App& audit, Context& context) {
  auto* command = add_command(
      audit,
      {"lottery", "What today's chance is committed to, and the secret of the day before.",
       "permitctl audit lottery",
       "All chance of a working day comes from one secret. Its SHA-256 is told before anything is "
       "drawn from it:\n"
       "  note it where nobody can change it. When the day is over the secret is opened, and "
       "`audit verify` draws\n"
       "  every choice of the day again. A dash behind `opened`: it was lost, and the day cannot "
       "be checked."});
  context.on(command, [&context] { return lottery(context); });
}

// ---- asof ----

/// Commands that only read; the past cannot be changed.
constexpr std::array kPastCommands{"get",     "why",     "history",  "queue",      "stats",
                                   "experts", "offices", "worklist", "forecast",   "offers",
                                   "digest",  "health",  "fairness", "eligibility"};

struct PastOptions {
  std::string moment;
  std::string data;
};

/// A directory for the socket of the daemon of the past, gone with it.
class SocketDirectory {
 public:
  SocketDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "permitctl-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw UsageError(fmt::format("cannot make a directory below {}.",
                                   std::filesystem::temp_directory_path().string()));
    path_ = name;
  }
  ~SocketDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;
  std::string socket() const { return path_ + "/socket"; }

 private:
  std::string path_;
};

std::vector<std::string> question_arguments(const GlobalOptions& globals, const std::string& socket,
                                            const std::vector<std::string>& question) {
  std::vector<std::string> arguments{own_path(),      "--socket",    socket,           "--timeout",
                                     globals.timeout, "--time-zone", globals.time_zone};
  if (!globals.as.empty()) arguments.insert(arguments.end(), {"--as", globals.as});
  arguments.insert(arguments.end(), {"--lang", globals.language});
  if (!globals.calendar.empty())
    arguments.insert(arguments.end(), {"--calendar", globals.calendar});
  if (globals.json) arguments.emplace_back("--json");
  if (globals.csv) arguments.emplace_back("--csv");
  arguments.insert(arguments.end(), question.begin(), question.end());
  return arguments;
}

int as_of(const Context& context, const PastOptions& options,
          const std::vector<std::string>& question) {
  const bool is_read = !question.empty() &&
                       std::ranges::find(kPastCommands, question.front()) != kPastCommands.end();
  if (!is_read)
    throw UsageError(fmt::format("asof MOMENT --data DIR COMMAND: COMMAND must be one of {}.",
                                 fmt::join(kPastCommands, ", ")));
  const SocketDirectory directory;
  ChildProcess past({daemon_path(), "--config", "/dev/null", "--data", options.data, "--socket",
                     directory.socket(), "--set", "log_level=warning", "--as-of",
                     moment_argument(options.moment, "MOMENT")});
  while (access(directory.socket().c_str(), F_OK) != 0) {
    if (past.has_ended()) return past.exit_code() == 0 ? kExitBug : past.exit_code();
    poll(nullptr, 0, kLookAgainMs);
  }
  return ChildProcess(question_arguments(context.globals, directory.socket(), question)).wait();
}

void add_as_of(CLI::App& app, Context& context) {
  auto options = std::make_shared<PastOptions>();
  auto* command = add_command(
      app,
      {"asof", "Ask the past: what the state was at an op or a moment.",
       "permitctl asof \"2025-03-24 10:00\" --data /var/backups/permitd stats",
       "What the command would have answered then: the newest snapshot before, and the journal up "
       "to there. Commands\n"
       "  that read can be asked. The directory must not be in use; a copy will do. It reaches "
       "back "
       "as far as its oldest\n"
       "  snapshot or, where nothing was trimmed, to the first op. Options of all commands stand "
       "before asof or behind\n"
       "  the command."});
  command->add_option("MOMENT", options->moment, "An op, 2025-03-21 or \"2025-03-21 10:00\"")
      ->required();
  command->add_option("--data", options->data, "Directory with the journal")->required();
  // What stands behind COMMAND is that command's own.
  command->fallthrough(false);
  command->prefix_command();
  context.on(command, [&context, options, command] {
    return as_of(context, *options, command->remaining());
  });
}

}  // namespace

void add_audit_commands(CLI::App& app, Context& context) {
  auto* audit = app.add_subcommand(
      "audit", "Audit trails: export, verify, and what today's chance is committed to.");
  audit->require_subcommand(1);
  audit->fallthrough();
  add_export(*audit, context);
  add_verify(*audit, context);
  add_lottery(*audit, context);
  add_as_of(app, context);
}

}  // namespace permitd::cli
