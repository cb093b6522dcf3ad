// What happened, from the journal's own files: audit trails, what stands in them, and questions to
// the past. Needs no running daemon; the daemon's executable reads the journal.
#include <fmt/format.h>
#include <kj/encoding.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/programs.h"
#include "cli/reader_client.h"
#include "cli/trail_search.h"

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

// ---- search ----

struct SearchOptions {
  std::vector<std::string> files;
  TrailFilter filter;
  std::string commands;  // a comma between them
  std::string office;
  std::string from;
  std::string until;
  std::size_t limit = 50;
  std::uint64_t cursor = 0;
};

/// A date or date and time. What is now says nothing of a trail.
Tick trail_moment(const std::string& text, std::string_view option) {
  const bool is_relative = text.starts_with('+') || text.starts_with('-') || text == "now";
  const auto at = is_relative ? std::nullopt : parse_moment(text, Tick{});
  if (!at || *at == scheduler::kNever)
    throw UsageError(fmt::format("{} {}: write 2025-03-21 or \"2025-03-21 10:00\".", option, text));
  return *at;
}

/// The name as trails have it.
std::string command_name(const std::string& text) {
  for (unsigned kind = 1; kind <= UINT8_MAX; ++kind) {
    const auto name = protocol::name_of(static_cast<scheduler::CommandKind>(kind));
    if (name != "unknown" && protocol::is_same_name(name, text)) return std::string(name);
  }
  throw UsageError(
      fmt::format("--command {}: there is no such command; a trail names them, such as submit, "
                  "claim, setOfficeState or tick.",
                  text));
}

std::vector<std::string> command_names(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    names.push_back(command_name(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return names;
}

/// "office:101", as trails have it.
std::string actor_name(const std::string& text) {
  if (text == "engine") return text;
  const auto who = parse_identity(text);
  if (!who || who->districts != protocol::kWholeCity)
    throw UsageError(fmt::format(
        "--who {}: it must be office:CODE, expert:ID, supervisor:N, operator:N or engine.", text));
  return fmt::format("{}:{}", protocol::name_of(who->kind), who->id);
}

TrailFilter filter_of(const SearchOptions& options) {
  TrailFilter filter = options.filter;
  if (!options.office.empty()) filter.office = raw(office_option(options.office, "--office"));
  if (!filter.who.empty()) filter.who = actor_name(filter.who);
  if (!options.commands.empty()) filter.commands = command_names(options.commands);
  if (!options.from.empty()) filter.from = trail_moment(options.from, "--from");
  if (!options.until.empty()) filter.until = trail_moment(options.until, "--to");
  if (filter.asks_nothing())
    throw UsageError(
        "audit search needs a question: at least one of --case, --job, --office, --expert, --who, "
        "--command, --from and --to.");
  if (filter.until <= filter.from) throw UsageError("--to must be later than --from.");
  return filter;
}

int show_found(Context& context, const TrailSearch& search) {
  Table table({{"op", Table::Align::kRight}, {"when"}, {"command"}, {"who"}, {"what"}});
  boost::json::array lines;
  for (const auto& line : search.found()) {
    const auto text = [&](std::string_view name) {
      const auto* member = line.if_contains(name);
      return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                      : std::string{};
    };
    const Tick at{line.at("at").to_number<std::int64_t>()};
    table.add({fmt::to_string(line.at("op").to_number<std::uint64_t>()), local_text(at),
               text("command"), text("actor"), trail_line_text(line)});
    lines.push_back(line);
  }
  const boost::json::value next =
      search.has_more() ? boost::json::value(search.last_op()) : boost::json::value(nullptr);
  context.print(
      table, boost::json::object{
                 {"commands", std::move(lines)}, {"next", next}, {"cutOff", search.was_cut_off()}});
  if (search.found().empty() && !context.wants_json()) fmt::print(stderr, "Nothing fits.\n");
  if (search.has_more())
    fmt::print(stderr, "There is more: --cursor {} goes on.\n", search.last_op());
  if (search.was_cut_off())
    fmt::print(stderr, "A file has no end line, so it may lack what came later.\n");
  return kExitOk;
}

int search_trail(Context& context, const SearchOptions& options) {
  TrailSearch search(filter_of(options), options.limit, options.cursor);
  for (const std::string& path : options.files) {
    if (search.has_more()) break;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw UsageError(fmt::format("{}: it cannot be read.", path));
    if (const auto read = search.read(file, path); !read) throw UsageError(read.error());
  }
  return show_found(context, search);
}

void add_search(CLI::App& audit, Context& context) {
  auto options = std::make_shared<SearchOptions>();
  auto* command = add_command(
      audit,
      {"search", "Find in a trail what happened to a case, or who did what when.",
       "permitctl audit search april.trail may.trail --case 17 --command reassign,hold",
       "One line per command that fits all that is asked: op, when, who, and its refusal, first "
       "events and note; --json\n"
       "  gives the whole lines of the trail. --case, --job, --office and --expert find what "
       "events and decisions name,\n"
       "  so an expert is found as candidate and as removed too. A refused command has no events: "
       "it is found by --who,\n"
       "  --command and time. It checks nothing: whether the trail holds is said by `audit "
       "verify`."});
  command->add_option("FILE", options->files, "A trail, or its parts in order")->required();
  command->add_option("--case", options->filter.case_id, "Number of the case");
  command->add_option("--job", options->filter.job, "Number of the job");
  command->add_option("--office", options->office, "Code of the office: of a case, or that asked");
  command->add_option("--expert", options->filter.expert, "Number of the expert concerned");
  command->add_option("--who", options->filter.who,
                      "Who asked: office:0101, expert:17, supervisor:1, engine");
  command->add_option("--command", options->commands,
                      "One or more, such as submit,claim; tick is time passing");
  command->add_option("--from", options->from, "2025-03-21 or \"2025-03-21 10:00\"");
  command->add_option("--to", options->until, "The same; not with it");
  command->add_option("--limit", options->limit, "Lines at most")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--cursor", options->cursor, "Go on behind this op");
  context.on(command, [&context, options] { return search_trail(context, *options); });
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
constexpr std::array<std::string_view, 31> kPastCommands{"get",
                                                         "why",
                                                         "history",
                                                         "queue",
                                                         "stats",
                                                         "experts",
                                                         "offices",
                                                         "worklist",
                                                         "forecast",
                                                         "offers",
                                                         "digest",
                                                         "health",
                                                         "fairness",
                                                         "eligibility",
                                                         "licence status",
                                                         "licence rules",
                                                         "licence rounds",
                                                         "licence list",
                                                         "licence show",
                                                         "licence venues",
                                                         "zoning list",
                                                         "zoning show",
                                                         "zoning diff",
                                                         "catalog show",
                                                         "catalog offices",
                                                         "org list",
                                                         "policy show",
                                                         "calendar show",
                                                         "cert list",
                                                         "decisions",
                                                         "overrides"};

bool only_reads(const std::vector<std::string>& question) {
  if (question.empty()) return false;
  const std::string first = question.front();
  const std::string both = question.size() < 2 ? first : first + ' ' + question[1];
  return std::ranges::find(kPastCommands, first) != kPastCommands.end() ||
         std::ranges::find(kPastCommands, both) != kPastCommands.end();
}

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
  if (!only_reads(question))
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
      "audit", "Audit trails: export, verify, search, and what today's chance is committed to.");
  audit->require_subcommand(1);
  audit->fallthrough();
  add_export(*audit, context);
  add_verify(*audit, context);
  add_search(*audit, context);
  add_lottery(*audit, context);
  add_as_of(app, context);
}

}  // namespace permitd::cli
