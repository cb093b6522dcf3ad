// permitctl: one command, one answer, one exit code.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/local_time.h"
#if __has_include("cli/replay_command.h")
#include "cli/replay_command.h"
#define PERMITCTL_HAS_REPLAY 1
#endif

namespace permitd::cli {
namespace {

constexpr const char* kFooter = R"(
Who you are:
  --as office:0101 | expert:17 | supervisor:1 | operator:1 | auditor:1
  Without it a command acts as whom your certificate names, or as the role that usually gives
  it: number 1, office 0101.

Exit codes:
  0   done
  1   refused by the daemon, or not confirmed; nothing was changed
  2   the command line or an input file is wrong
  3   the daemon cannot be reached
  4   no answer in time; the call may have been carried out
  5   verification found damage
  70  a fault of permitctl or permitd

First steps:
  permitctl city load city/minimal.toml
  permitctl submit --district 1 --parcel 1-22-333
  permitctl claim --as expert:1
  permitctl worklist --as expert:1
  permitctl start 1 --as expert:1 && permitctl done 1 --as expert:1
  permitctl history 1

permitctl COMMAND --help tells what a command does, with an example and what its answer means.)";

void add_globals(CLI::App& app, GlobalOptions& globals) {
  auto* group = app.add_option_group("Everywhere", "May stand before or behind the command");
  auto* socket = group->add_option(
      "--socket", globals.socket,
      "Unix socket of the daemon [$PERMITD_SOCKET, /run/permitd/permitd.sock, run/permitd.sock]");
  group
      ->add_option("--server,--connect", globals.server,
                   "Where the daemon is: tls://HOST:PORT, HOST:PORT, unix:PATH [$PERMITD_SERVER]")
      ->excludes(socket);
  group->add_option("--certificate", globals.tls.certificate, "For tls://: who you are, a PEM file")
      ->envname("PERMITD_CERTIFICATE");
  group->add_option("--certificate-key", globals.tls.key, "Its key [NAME.key beside NAME.pem]")
      ->envname("PERMITD_CERTIFICATE_KEY");
  group
      ->add_option("--authority", globals.tls.authority,
                   "Whose certificates to trust [authority.pem beside the certificate]")
      ->envname("PERMITD_AUTHORITY");
  group->add_option("--as", globals.as, "Whom to act as")->envname("PERMITD_AS");
  group->add_option("--key", globals.key,
                    "Idempotency key: any text; the same text twice is the same call, done once");
  group->add_option("--timeout", globals.timeout, "How long to wait for the answer: 30s, 5m")
      ->capture_default_str();
  group->add_option("--time-zone", globals.time_zone, "Zone of the times shown and read")
      ->envname("PERMITD_TIME_ZONE")
      ->default_str(kDefaultTimeZone);
  group
      ->add_option("--lang", globals.language,
                   "Language of what is explained (why, get, history, refusals, overrides, an "
                   "office that leaves): en or fa")
      ->envname("PERMITCTL_LANG")
      ->check(CLI::IsMember({"en", "fa"}))
      ->capture_default_str();
  group
      ->add_option("--calendar", globals.calendar,
                   "Calendar of the dates shown and read: gregorian, or jalali as in 1404-01-01 "
                   "[jalali with --lang fa]")
      ->envname("PERMITCTL_CALENDAR")
      ->check(CLI::IsMember({"gregorian", "jalali"}));
  group->add_flag("--json", globals.json,
                  "Answer with one JSON document, fields named as in the schema; null is never");
  group->add_flag("--csv", globals.csv, "Lists as CSV");
  group->add_flag("-y,--yes", globals.yes, "Do not ask before touching more than one job");
}

int run(int argc, char** argv) {
  CLI::App app(
      "Talks to permitd, the scheduler of building-permit work of the city's service offices.",
      "permitctl");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", PERMITD_VERSION);
  app.get_formatter()->column_width(34);
  Context context;
  context.globals.time_zone = kDefaultTimeZone;
  add_globals(app, context.globals);
  add_case_commands(app, context);
  add_work_commands(app, context);
  add_read_commands(app, context);
  add_queue_command(app, context);
  add_watch_command(app, context);
  add_steering_commands(app, context);
  add_home_commands(app, context);
  add_people_commands(app, context);
  add_rule_commands(app, context);
  add_plan_command(app, context);
  add_forecast_command(app, context);
  add_question_commands(app, context);
  add_audit_commands(app, context);
  add_machine_commands(app, context);
  add_backup_commands(app, context);
  add_city_command(app, context);
  add_calendar_command(app, context);
  add_zoning_command(app, context);
  add_pki_command(app, context);
  add_licence_command(app, context);
#ifdef PERMITCTL_HAS_REPLAY
  add_replay_command(app, context);
#endif
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version end with 0; every mistake with the one code for mistakes.
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (!use_time_zone(context.globals.time_zone)) {
    fmt::print(stderr, "permitctl: --time-zone {}: the system's time zone data has no such zone.\n",
               context.globals.time_zone);
    return kExitUsage;
  }
  const auto& calendar = context.globals.calendar;
  const bool is_persian = context.language() == protocol::Language::kPersian;
  use_calendar(calendar == "jalali" || (calendar.empty() && is_persian) ? CalendarKind::kJalali
                                                                        : CalendarKind::kGregorian);
  return context.run();
}

}  // namespace
}  // namespace permitd::cli

int main(int argc, char** argv) {
  try {
    return permitd::cli::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(
        stderr,
        "permitctl: unexpected failure: {}\nThis is a fault of permitctl; please report it.\n",
        error.what());
    return permitd::cli::kExitBug;
  }
}
