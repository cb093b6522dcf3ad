// The commands of permitctl, by the room of the house they belong to. Each function registers its
// commands on `app`; the actions run later, through Context::run.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/context.h"
#include "protocol/words.h"

namespace permitd::cli {

void add_read_commands(CLI::App& app, Context& context);      // get … stats, decisions, overrides
void add_queue_command(CLI::App& app, Context& context);      // queue
void add_watch_command(CLI::App& app, Context& context);      // watch
void add_case_commands(CLI::App& app, Context& context);      // submit … close
void add_work_commands(CLI::App& app, Context& context);      // claim … decline, worklist
void add_steering_commands(CLI::App& app, Context& context);  // hold … suspend
void add_home_commands(CLI::App& app, Context& context);      // move rehome
void add_people_commands(CLI::App& app, Context& context);    // expert cert activate
void add_rule_commands(CLI::App& app, Context& context);      // catalog org policy
void add_plan_command(CLI::App& app, Context& context);       // replan
void add_forecast_command(CLI::App& app, Context& context);   // forecast
void add_question_commands(CLI::App& app, Context& context);  // offers eligibility fairness
void add_audit_commands(CLI::App& app, Context& context);     // audit asof
void add_machine_commands(CLI::App& app, Context& context);   // health … advance
void add_backup_commands(CLI::App& app, Context& context);    // backup restore
void add_city_command(CLI::App& app, Context& context);       // city load
void add_calendar_command(CLI::App& app, Context& context);   // calendar show, set, pattern, …
void add_zoning_command(CLI::App& app, Context& context);     // zoning load … rebase
void add_pki_command(CLI::App& app, Context& context);        // pki init, issue, list
void add_licence_command(CLI::App& app, Context& context);    // licence …
void add_licence_reads(CLI::App& licence, Context& context);  // its status, rules, rounds, …

/// What the help of one command says.
struct CommandText {
  const char* name;
  const char* what;     // one sentence
  const char* example;  // a line to type
  const char* answer;   // what comes back and how to read it
};
CLI::App* add_command(CLI::App& app, const CommandText& text);

/// Value of an option that names an enumerator; UsageError lists the choices.
template <class Enum>
Enum enum_option(const std::string& text, std::string_view option);

/// "0101" or "101".
OfficeId office_option(const std::string& text, std::string_view option);

// ---- implementation ----

[[noreturn]] void throw_unknown_name(const std::string& text, std::string_view option,
                                     std::span<const std::string_view> names);

template <class Enum>
Enum enum_option(const std::string& text, std::string_view option) {
  auto value = protocol::parse_name<Enum>(text);
  if (!value) throw_unknown_name(text, option, protocol::names_of<Enum>());
  return *value;
}

}  // namespace permitd::cli
