// The zoning plan: load, check, validate, notify, drop, list, show, diff, rebase.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/keys.h"
#include "cli/local_time.h"
#include "cli/supervisor_client.h"
#include "cli/zoning_file.h"
#include "cli/zoning_text.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using scheduler::ZoningRule;
constexpr auto kRight = Table::Align::kRight;

struct ZoningOptions {
  std::string file;
  std::uint16_t version = 0;
  std::uint64_t case_id = 0;
  std::uint32_t limit = 200;
  std::uint64_t cursor = 0;
  std::string from;
  std::string note;
};
using Options = std::shared_ptr<ZoningOptions>;

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }

Identity reader_identity(Context& context) {
  return context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1);
}

template <class Core, class Wire>
std::string word(Wire value) {
  return std::string(protocol::name_of(static_cast<Core>(value)));
}

ZoningTable read_or_complain(const ZoningOptions& options) {
  auto table = read_zoning_file(options.file, options.version);
  if (!table) throw UsageError(table.error().text() + "\nNothing was loaded.");
  return std::move(*table);
}

/// The same rules of the same version with the same note are the same call, so that a load that was
/// cut off goes on.
IdempotencyKey key_of(const ZoningTable& table, std::size_t at, std::string_view note) {
  std::string content =
      fmt::format("zoning {} {} {} {}", table.version, table.rules.size(), at, note);
  content.append(reinterpret_cast<const char*>(table.rules.data()),
                 table.rules.size() * sizeof(ZoningRule));
  return content_key(content);
}

int load(Context& context, const ZoningOptions& options) {
  const ZoningTable table = read_or_complain(options);
  SupervisorClient supervisor(context.client(), me(context));
  const auto total = static_cast<std::uint16_t>(table.rules.size());
  bool is_new = false;
  for (std::size_t at = 0; at < table.rules.size(); at += scheduler::kZoningRulesPerCommand) {
    const std::size_t count =
        std::min<std::size_t>(scheduler::kZoningRulesPerCommand, table.rules.size() - at);
    CallOptions call;
    call.key = key_of(table, at, options.note);
    const auto answer = context.wait(supervisor.load_zoning(
        table.version, total, std::span(table.rules).subspan(at, count), call, options.note));
    if (!answer) return context.refuse(answer.error());
    is_new = is_new || !answer->repeated;
  }
  if (context.wants_json()) {
    context.print(json::object{{"version", table.version}, {"rules", total}, {"loaded", is_new}});
    return kExitOk;
  }
  fmt::print("Version {}: {} rules {}. Next: permitctl zoning validate {}\n", table.version, total,
             is_new ? "loaded" : "were loaded before", table.version);
  return kExitOk;
}

int check(Context& context, const ZoningOptions& options) {
  const ZoningTable table = read_or_complain(options);
  if (context.wants_json()) {
    context.print(json::object{{"version", table.version}, {"rules", table.rules.size()}});
    return kExitOk;
  }
  fmt::print("{} is well formed: version {}, {} zones.\n", options.file, table.version,
             table.rules.size());
  return kExitOk;
}

Table change_table() {
  return Table({{"case", kRight},
                {"zone"},
                {"office"},
                {"district", kRight},
                {"stage"},
                {"asked"},
                {"version", kRight},
                {"now"},
                {"then"},
                {"conditions then"}});
}

void add_change(Table& table, protocol::ZoningChange::Reader change) {
  const auto result = [](protocol::ZoningFinding::Reader finding) {
    const bool is_beyond = finding.getResult() == protocol::ZoningResult::BEYOND;
    return allowed_text(finding) + (is_beyond ? ", beyond" : "");
  };
  table.add(
      {id_cell(change.getCaseId()), change.getZone().cStr(),
       fmt::format("{:04}", change.getOffice()), id_cell(change.getDistrict()),
       word<scheduler::Stage>(change.getStage()),
       fmt::format("{} at {}", change.getFloors(), coverage_text(change.getCoveragePermille())),
       id_cell(change.getVersion()), result(change.getPresent()), result(change.getChanged()),
       conditions_text(change.getChanged())});
}

/// Walks the cases that a version would change, page by page; `take` says whether to go on. What
/// comes back is the refusal, if there is one, and where a list goes on: 0 at its end.
struct Walk {
  std::optional<Refused> refused;
  std::uint64_t cursor = 0;
};
template <class Take>
Walk walk_changes(Context& context, std::uint16_t version, PageSpec page, Take take) {
  CityReaderClient reader(context.client(), reader_identity(context));
  while (true) {
    auto response = context.wait(reader.zoning_changes(version, page));
    if (response.isRefused()) return {to_refused(response.getRefused()), 0};
    auto found = response.getPage();
    const bool goes_on = take(found.getChanges());
    page.cursor = found.getEnd().getCursor();
    if (found.getEnd().getDone()) return {};
    if (!goes_on) return {std::nullopt, page.cursor};
  }
}

int diff(Context& context, const ZoningOptions& options) {
  auto table = change_table();
  json::array rows;
  std::uint32_t left = options.limit;
  PageSpec page{.cursor = options.cursor,
                .limit = static_cast<std::uint16_t>(std::min<std::uint32_t>(left, 1000))};
  const Walk walk = walk_changes(context, options.version, page, [&](auto changes) {
    for (auto change : changes) {
      add_change(table, change);
      rows.push_back(message_json(change));
    }
    left -= std::min<std::uint32_t>(left, changes.size());
    return left > 0;
  });
  if (walk.refused) return context.refuse(*walk.refused);
  if (!context.wants_json() && table.empty() && walk.cursor == 0) {
    fmt::print("Version {} says the same to every open case.\n", options.version);
    return kExitOk;
  }
  context.print(table, json::object{{"changes", rows}, {"cursor", walk.cursor}});
  if (walk.cursor != 0)
    fmt::print(stderr, "permitctl: there are more; go on with --cursor {}.\n", walk.cursor);
  return kExitOk;
}

int notify(Context& context, const ZoningOptions& options) {
  SupervisorClient supervisor(context.client(), me(context));
  const Tick from = context.moment(options.from, "--from");
  const auto answer = context.wait(
      supervisor.notify_zoning(options.version, from, options.note, context.call_options()));
  if (!answer) return context.refuse(answer.error());
  std::uint64_t count = 0;
  std::uint64_t beyond = 0;
  const Walk walk = walk_changes(context, options.version, PageSpec{.cursor = 0, .limit = 1000},
                                 [&](auto changes) {
                                   for (auto change : changes) {
                                     ++count;
                                     const auto result = change.getChanged().getResult();
                                     if (result == protocol::ZoningResult::BEYOND) ++beyond;
                                   }
                                   return true;
                                 });
  if (walk.refused) return context.refuse(*walk.refused);
  if (context.wants_json()) {
    context.print(json::object{{"version", options.version},
                               {"effectiveFrom", from.ms},
                               {"changes", count},
                               {"beyond", beyond}});
    return kExitOk;
  }
  fmt::print(
      "Version {} is notified and in force from {}. To {} open cases it says something else, and "
      "{} of them would be beyond it; they keep their own version (zoning diff {}, zoning "
      "rebase).\n",
      options.version, local_text(from), count, beyond, options.version);
  return kExitOk;
}

int list(Context& context) {
  CityReaderClient reader(context.client(), reader_identity(context));
  auto response = context.wait(reader.zoning());
  Table table({{"version", kRight},
               {"state"},
               {"zones", kRight},
               {"of", kRight},
               {"in force from"},
               {"cases", kRight}});
  json::array rows;
  for (auto version : response.getVersions()) {
    const Tick from{version.getEffectiveFrom()};
    table.add({id_cell(version.getVersion()), word<scheduler::ZoningState>(version.getState()),
               count_cell(version.getRules()), count_cell(version.getRulesTotal()),
               from == scheduler::kNever ? no_cell() : Cell(local_text(from)),
               count_cell(version.getCases())});
    rows.push_back(message_json(version));
  }
  if (!context.wants_json() && table.empty()) {
    fmt::print("No zoning plan is loaded; cases are not checked. permitctl zoning load FILE\n");
    return kExitOk;
  }
  context.print(table, json::object{{"versions", rows}});
  return kExitOk;
}

std::string effect_text(std::uint32_t effect) {
  return effect == scheduler::kZoningRefuses ? "nothing" : fmt::format("-{}", effect);
}

int show(Context& context, const ZoningOptions& options) {
  CityReaderClient reader(context.client(), reader_identity(context));
  auto response = context.wait(reader.zoning_rules(options.version));
  if (response.isRefused()) return context.refuse(to_refused(response.getRefused()));
  Table table({{"zone"},
               {"floors", kRight},
               {"coverage", kRight, "coverage_permille"},
               {"least area", kRight, "area_min_m2"},
               {"if smaller", kRight, "area_effect"},
               {"least street", kRight, "street_min_dm"},
               {"if narrower", kRight, "street_effect"}});
  json::array rows;
  for (auto rule : response.getRules()) {
    const auto condition = [](bool is_asked, std::string text, std::uint32_t plain) {
      return is_asked ? Cell(std::move(text), fmt::to_string(plain)) : no_cell();
    };
    const bool area = rule.getAreaMinM2() != 0;
    const bool street = rule.getStreetMinDm() != 0;
    table.add({rule.getZone().cStr(), count_cell(rule.getFloors()),
               Cell(coverage_text(rule.getCoveragePermille()),
                    fmt::to_string(rule.getCoveragePermille())),
               condition(area, fmt::format("{} m²", rule.getAreaMinM2()), rule.getAreaMinM2()),
               condition(area, effect_text(rule.getAreaEffect()), rule.getAreaEffect()),
               condition(street, width_text(rule.getStreetMinDm()), rule.getStreetMinDm()),
               condition(street, effect_text(rule.getStreetEffect()), rule.getStreetEffect())});
    rows.push_back(message_json(rule));
  }
  context.print(table, json::object{{"version", options.version}, {"rules", rows}});
  return kExitOk;
}

int rebase(Context& context, const ZoningOptions& options) {
  SupervisorClient supervisor(context.client(), me(context));
  const CaseId id{options.case_id};
  const auto answer = context.wait(supervisor.rebase(id, options.note, context.call_options()));
  if (!answer) return context.refuse(answer.error());
  auto found = context.wait(supervisor.get_case(id));
  if (found.isRefused()) return context.refuse(to_refused(found.getRefused()));
  return context.finish(answer, [&](const Accepted&) {
    auto record = found.getCase();
    return fmt::format("Case {} is judged by version {} of the zoning plan from now on: {}.",
                       options.case_id, record.getZoningVersion(),
                       record.hasZoning() ? allowed_text(record.getZoning())
                                          : "it names no zone, so nothing is checked");
  });
}

CLI::App* add_with_version(CLI::App& app, const CommandText& text, const Options& options) {
  auto* command = add_command(app, text);
  command->add_option("VERSION", options->version, "Number of the version")
      ->required()
      ->check(CLI::Range(1, 65535));
  return command;
}

void add_files(CLI::App& app, Context& context, const Options& options) {
  auto* command = add_command(
      app,
      {"load", "Load the rules of a version from a file.", "permitctl zoning load city/zoning.toml",
       "How many rules the daemon has. Nothing is checked by them before the version is\n"
       "  validated, notified and in force. The same file twice changes nothing."});
  command->add_option("FILE", options->file, "Table of rules, TOML")->required();
  command->add_option("--version-number", options->version,
                      "Load as this version instead of the file's own");
  command->add_option("--note", options->note, "By which decision; at most 79 bytes");
  context.on(command, [&context, options] { return load(context, *options); });

  command = add_command(
      app, {"check", "Read a table of rules and report every mistake; needs no daemon.",
            "permitctl zoning check city/zoning.toml",
            "How many zones it has, or each mistake with file, line, key and allowed range."});
  command->add_option("FILE", options->file, "Table of rules, TOML")->required();
  context.on(command, [&context, options] { return check(context, *options); });
}

void add_steps(CLI::App& app, Context& context, const Options& options) {
  auto* command =
      add_with_version(app,
                       {"validate", "Have the daemon judge a loaded version as a whole.",
                        "permitctl zoning validate 1",
                        "That it is complete and coherent, or the first rule that is not and why."},
                       options);
  command->add_option("--note", options->note, "By whom it was read; at most 79 bytes");
  context.on(command, [&context, options] {
    SupervisorClient supervisor(context.client(), me(context));
    return context.finish(
        context.wait(
            supervisor.validate_zoning(options->version, options->note, context.call_options())),
        [&](const Accepted&) {
          return fmt::format(
              "Version {} is validated. Next: permitctl zoning notify {} --from DATE",
              options->version, options->version);
        });
  });
  command = add_with_version(
      app,
      {"notify", "Announce a validated version: in force from a moment to come.",
       "permitctl zoning notify 2 --from \"2025-06-22 07:30\" --note \"letter 1404/88\"",
       "From when it is in force, and to how many open cases it says something else. They keep\n"
       "  the version they were registered under until a supervisor re-bases them."},
      options);
  command->add_option("--from", options->from, "Moment from which it is in force, or +2h, now")
      ->required();
  command->add_option("--note", options->note, "By which letter; at most 79 bytes");
  context.on(command, [&context, options] { return notify(context, *options); });

  command = add_with_version(
      app,
      {"drop", "Take back a version that is not in force and judges no case.",
       "permitctl zoning drop 2 --note \"a wrong table\"",
       "That it is gone; its number may be used again. A notified one needs --note."},
      options);
  command->add_option("--note", options->note, "Why; at most 79 bytes");
  context.on(command, [&context, options] {
    SupervisorClient supervisor(context.client(), me(context));
    return context.finish(
        context.wait(
            supervisor.drop_zoning(options->version, options->note, context.call_options())),
        [&](const Accepted&) { return fmt::format("Version {} is dropped.", options->version); });
  });
}

void add_reads(CLI::App& app, Context& context, const Options& options) {
  auto* command = add_command(
      app, {"list", "The versions that are kept, and where each stands.", "permitctl zoning list",
            "State, zones, moment, and how many cases in memory it judges."});
  context.on(command, [&context] { return list(context); });

  command = add_with_version(app,
                             {"show", "The rules of a version.", "permitctl zoning show 1",
                              "What each zone allows, and what an unmet condition costs."},
                             options);
  context.on(command, [&context, options] { return show(context, *options); });

  command = add_with_version(
      app,
      {"diff", "Which open cases would change under a version.", "permitctl zoning diff 2",
       "One line a case: stage, what is asked, what is allowed now and then, and why."},
      options);
  command->add_option("--limit", options->limit, "Cases at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  command->add_option("--cursor", options->cursor, "Where an earlier list ended");
  context.on(command, [&context, options] { return diff(context, *options); });
}

}  // namespace

void add_zoning_command(CLI::App& app, Context& context) {
  auto* zoning = app.add_subcommand(
      "zoning", "The zoning plan: its versions, its rules, and the cases that a version changes.");
  zoning->require_subcommand(1);
  zoning->fallthrough();
  auto options = std::make_shared<ZoningOptions>();
  add_files(*zoning, context, options);
  add_steps(*zoning, context, options);
  add_reads(*zoning, context, options);
  auto* command = add_command(
      *zoning, {"rebase", "Have an open case judged by the version in force now.",
                "permitctl zoning rebase 17 --note \"the owner asked for the new plan\"",
                "By which version it is judged from now on, and what that allows. The note is\n"
                "  public record."});
  command->add_option("CASE", options->case_id, "Number of the case")->required();
  command->add_option("--note", options->note, "Why; at most 79 bytes")->required();
  context.on(command, [&context, options] { return rebase(context, *options); });
}

}  // namespace permitd::cli
