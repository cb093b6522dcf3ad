#include "daemon/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/config_table.h"
#include "daemon/district_minutes.h"
#include "daemon/version.h"

namespace permitd::daemon {

namespace {

enum class Value : std::uint8_t { kNone, kRequired, kOptional };

struct Flag {
  std::string_view name;
  Value value = Value::kNone;
  std::string_view shown;  // how the value is called in the help
  std::string_view what;
};

constexpr std::array kFlags = {
    Flag{"--config", Value::kRequired, "FILE",
         "settings; without it /etc/permitd/permitd.toml if there is one"},
    Flag{"--data", Value::kRequired, "DIR", "journal and snapshots; made when missing"},
    Flag{"--socket", Value::kRequired, "PATH", "unix socket to listen on"},
    Flag{"--tcp", Value::kRequired, "ADDR", "also listen on 127.0.0.1:7711 or the like"},
    Flag{"--http", Value::kRequired, "ADDR", "health and metrics on 127.0.0.1:7780 or the like"},
    Flag{"--io", Value::kRequired, "uring|epoll", "how the network is driven"},
    Flag{"--rehearsal", Value::kOptional, "START", "time stands still until a client advances it"},
    Flag{"--set", Value::kRequired, "KEY=VALUE",
         "any other setting, e.g. --set limits.jobs_max=2000000"},
    Flag{"--verify", Value::kRequired, "DIR",
         "replay the journal there, print op and digest, change nothing"},
    Flag{"--export-audit", Value::kRequired, "FILE",
         "write what the journal in --data tells as text, see docs/AUDIT.md; - for stdout"},
    Flag{"--backup", Value::kRequired, "DIR",
         "copy journal and snapshots of --data to a new directory, checked; with --to while a "
         "daemon runs"},
    Flag{"--restore", Value::kRequired, "DIR",
         "make a new directory --data from a backup, up to --as-of, and check it"},
    Flag{"--from", Value::kRequired, "OP", "first op of --export-audit; the oldest there is"},
    Flag{"--to", Value::kRequired, "OP", "last op of it, or of --backup; the newest"},
    Flag{"--previous", Value::kRequired, "HASH", "what the trail before it ended with"},
    Flag{"--as-of", Value::kRequired, "MOMENT",
         "serve the state of --data at an op or a moment, and change nothing"},
    Flag{"--json", Value::kNone, "", "answer --verify as JSON, which is its only form"},
    Flag{"--check-config", Value::kNone, "", "say whether the settings are right, and stop"},
    Flag{"--default-config", Value::kNone, "", "print every setting with its default and meaning"},
    Flag{"--version", Value::kNone, "", "print the versions of permitd and its parts"},
    Flag{"--help", Value::kNone, "", "this text"},
};

struct Given {
  const Flag* flag;
  std::optional<std::string_view> value;
};

std::unexpected<Error> wrong(std::string act, std::string remedy) {
  return std::unexpected(Error{ErrorCode::kConfiguration, 0, std::move(act), std::move(remedy)});
}

Expected<Given> read_flag(std::span<const char* const> arguments, std::size_t& at) {
  const std::string_view argument = arguments[at];
  const auto equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  const auto* flag = std::ranges::find(kFlags, name == "-h" ? "--help" : name, &Flag::name);
  if (flag == kFlags.end()) {
    std::vector<std::string_view> names;
    for (const Flag& known : kFlags) names.push_back(known.name);
    const std::string_view near = nearest_word(name, names);
    return wrong(fmt::format("there is no option {}", name),
                 near.empty() ? "See permitd --help"
                              : fmt::format("Did you mean {}? See permitd --help", near));
  }
  if (equals != std::string_view::npos) {
    if (flag->value == Value::kNone)
      return wrong(fmt::format("{} takes no value", name), "See permitd --help");
    return Given{flag, argument.substr(equals + 1)};
  }
  if (flag->value != Value::kRequired) return Given{flag, std::nullopt};
  if (at + 1 == arguments.size()) {
    return wrong(fmt::format("{} needs a value", name),
                 fmt::format("Write {} {}", name, flag->shown));
  }
  return Given{flag, std::string_view(arguments[++at])};
}

Expected<std::vector<Given>> read_flags(std::span<const char* const> arguments) {
  std::vector<Given> given;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    auto one = read_flag(arguments, at);
    if (!one) return std::unexpected(one.error());
    given.push_back(*one);
  }
  return given;
}

Expected<std::uint64_t> read_op(std::string_view name, std::string_view value) {
  std::uint64_t op = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), op);
  if (error == std::errc{} && end == value.data() + value.size() && op != 0) return op;
  return wrong(fmt::format("{} {}: it must be an op, a number from 1 on", name, value), "");
}

Expected<void> apply_op(std::uint64_t& out, std::string_view name, std::string_view value) {
  const auto op = read_op(name, value);
  if (!op) return std::unexpected(op.error());
  out = *op;
  return {};
}

Expected<void> apply_previous(AuditExport& audit, const std::string& value) {
  constexpr std::size_t kHashDigits = 64;
  const bool is_hash = value.size() == kHashDigits &&
                       value.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash)
    return wrong("--previous " + value + ": it must be 64 hexadecimal digits in lower case", "");
  audit.previous = value;
  return {};
}

/// A number is an op, everything else a moment.
Expected<void> apply_as_of(Invocation& invocation, std::string_view value) {
  if (invocation.action != Action::kRestore) invocation.action = Action::kServePast;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto op = read_op("--as-of", value);
    if (!op) return std::unexpected(op.error());
    invocation.moment.op = scheduler::Op{*op};
    return {};
  }
  const auto at = parse_moment(value);
  if (!at) return std::unexpected(at.error());
  invocation.moment.at = *at;
  return {};
}

/// Everything but --config, which must be read before.
Expected<void> apply_flag(Invocation& invocation, const Given& given) {
  Config& config = invocation.config;
  const std::string_view name = given.flag->name;
  const std::string value(given.value.value_or(""));
  if (name == "--data") {
    config.data_directory = value;
  } else if (name == "--socket") {
    config.listen.socket_path = value;
  } else if (name == "--tcp") {
    config.listen.tcp_address = value;
  } else if (name == "--http") {
    config.listen.http_address = value;
  } else if (name == "--io") {
    return apply_assignment(config, "io=" + value);
  } else if (name == "--set") {
    return apply_assignment(config, value);
  } else if (name == "--rehearsal") {
    config.clock.rehearsal = true;
    if (!given.value) return {};
    const auto start = parse_moment(value);
    if (!start) return std::unexpected(start.error());
    config.clock.start = *start;
  } else if (name == "--verify") {
    invocation.action = Action::kVerify;
    invocation.verify_directory = value;
  } else if (name == "--export-audit") {
    invocation.action = Action::kExportAudit;
    invocation.audit.file = value;
  } else if (name == "--backup") {
    invocation.action = Action::kBackup;
    invocation.backup.target = value;
  } else if (name == "--restore") {
    invocation.action = Action::kRestore;
    invocation.restore.backup = value;
  } else if (name == "--from") {
    return apply_op(invocation.audit.from, name, value);
  } else if (name == "--to") {
    return apply_op(invocation.audit.to, name, value);
  } else if (name == "--previous") {
    return apply_previous(invocation.audit, value);
  } else if (name == "--as-of") {
    return apply_as_of(invocation, value);
  } else if (name == "--check-config") {
    invocation.action = Action::kCheckConfig;
  }
  return {};
}

Expected<void> apply_file(Invocation& invocation, const std::vector<Given>& given) {
  const auto named =
      std::ranges::find_if(given, [](const Given& g) { return g.flag->name == "--config"; });
  if (named != given.end()) {
    invocation.config_path = std::string(*named->value);
  } else if (access(kDefaultConfigPath, F_OK) == 0) {
    invocation.config_path = kDefaultConfigPath;
  } else {
    return {};
  }
  return apply_toml_file(invocation.config, invocation.config_path);
}

/// What the settings name and is read but once; only where it is used, or asked about.
Expected<void> read_travel_table(Invocation& invocation) {
  PlannerSettings& planner = invocation.config.planner;
  const bool is_wanted = invocation.action == Action::kServe ||
                         invocation.action == Action::kServePast ||
                         invocation.action == Action::kCheckConfig;
  if (!is_wanted || planner.travel_table.empty()) return {};
  auto read = read_district_minutes(planner.travel_table);
  if (!read) return std::unexpected(std::move(read.error()));
  planner.minutes_between = std::make_shared<const DistrictMinutes>(*read);
  return {};
}

/// Set when one of the flags asks for a text alone, whatever else is given.
std::optional<std::string> asked_text(const std::vector<Given>& given) {
  for (const Given& one : given) {
    if (one.flag->name == "--help") return help_text();
    if (one.flag->name == "--version") return version_text();
    if (one.flag->name == "--default-config") return default_config_toml();
  }
  return std::nullopt;
}

}  // namespace

Expected<Invocation> parse_command_line(std::span<const char* const> arguments) {
  const auto given = read_flags(arguments);
  if (!given) return std::unexpected(given.error());
  Invocation invocation;
  if (auto text = asked_text(*given)) {
    invocation.action = Action::kPrint;
    invocation.text = std::move(*text);
    return invocation;
  }
  if (auto ok = apply_file(invocation, *given); !ok) return std::unexpected(ok.error());
  for (const Given& one : *given) {
    if (auto ok = apply_flag(invocation, one); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = check_config(invocation.config); !ok) return std::unexpected(ok.error());
  if (auto ok = read_travel_table(invocation); !ok) return std::unexpected(ok.error());
  invocation.audit.directory = invocation.config.data_directory;
  invocation.backup.data = invocation.config.data_directory;
  invocation.backup.to = scheduler::Op{invocation.audit.to};
  invocation.restore.target = invocation.config.data_directory;
  invocation.restore.until = invocation.moment;
  return invocation;
}

std::string version_text() {
  const std::string sanitizers =
      *kSanitizers == '\0' ? std::string() : fmt::format(", sanitizers {}", kSanitizers);
  return fmt::format(
      "permitd {} ({}{})\n"
      "{}, Cap'n Proto {}, liburing {}, Boost {}, jemalloc {}\n",
      kVersion, kBuildType, sanitizers, kCompiler, kCapnProtoVersion, kLiburingVersion,
      kBoostVersion, kJemallocVersion);
}

std::string help_text() {
  std::string out =
      "permitd keeps the work of a city's building permits: offices submit cases, experts claim "
      "jobs, supervisors\n"
      "steer. What it has answered is on the disk; it may be killed at any moment and goes on "
      "where it was.\n"
      "\n"
      "usage: permitd [options]\n"
      "\n";
  for (const Flag& flag : kFlags) {
    const std::string shown = flag.value == Value::kNone ? std::string(flag.name)
                              : flag.value == Value::kOptional
                                  ? fmt::format("{}[={}]", flag.name, flag.shown)
                                  : fmt::format("{} {}", flag.name, flag.shown);
    out += fmt::format("  {:<24} {}\n", shown, flag.what);
  }
  out +=
      "\n"
      "examples\n"
      "  permitd --data /tmp/city --socket /tmp/city.sock --rehearsal=2019-03-21\n"
      "      a city to play with: time moves when permitctl advances it; then, in another "
      "terminal,\n"
      "      permitctl --socket /tmp/city.sock health\n"
      "  permitd --config /etc/permitd/permitd.toml --check-config\n"
      "      after every change of the settings\n"
      "  permitd --verify /tmp/copy-of-data\n"
      "      the digest must be the one that permitctl digest gave\n"
      "\n"
      "signals: SIGTERM or SIGINT drains (holders of leases may finish for drain_seconds) and "
      "stops;\n"
      "SIGHUP reads the files that [tls] names again.\n"
      "exit status: 0 fine, 1 something failed, 5 damage found, 64 wrong options or settings.\n";
  return out;
}

}  // namespace permitd::daemon
