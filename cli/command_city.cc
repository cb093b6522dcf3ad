// city load, city check.
#include <fmt/format.h>

#include <memory>

#include "cli/city_load.h"
#include "cli/commands.h"
#include "cli/local_time.h"
#include "cli/progress.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

struct CityOptions {
  std::string file;
  bool fresh = false;
};

json::value report_json(const LoadReport& report) {
  json::array refused;
  for (const auto& problem : report.refused) {
    refused.push_back(json::object{{"what", problem.what}, {"refused", to_json(problem.refused)}});
  }
  json::array kept;
  for (const auto& what : report.kept) kept.push_back(json::string(what));
  return json::object{{"total", report.total},
                      {"changed", report.changed},
                      {"unchanged", report.unchanged},
                      {"remembered", report.remembered},
                      {"kept", kept},
                      {"refused", refused}};
}

void print_report(const LoadReport& report) {
  fmt::print("{} definitions: {} changed, {} unchanged, {} refused.\n", grouped(report.total),
             grouped(report.changed), grouped(report.unchanged), grouped(report.refused.size()));
  if (report.remembered > 0) {
    fmt::print(
        "{} offices and experts of an earlier load were left as they are now; --fresh applies them "
        "again.\n",
        grouped(report.remembered));
  }
  for (const auto& what : report.kept) {
    fmt::print(
        "{}: the daemon has this or a later version; raise `version` if the definition has "
        "changed.\n",
        what);
  }
  constexpr std::size_t kShownMax = 20;
  for (std::size_t index = 0; index < std::min(report.refused.size(), kShownMax); ++index) {
    const auto& problem = report.refused[index];
    fmt::print(stderr, "permitctl: {} refused ({}): {}\n", problem.what, problem.refused.code_name,
               problem.refused.sentence);
  }
  if (report.refused.size() > kShownMax) {
    fmt::print(stderr, "permitctl: and {} more; --json lists all.\n",
               report.refused.size() - kShownMax);
  }
}

City read_or_complain(const std::string& file) {
  auto city = read_city_file(file);
  if (!city) throw UsageError(city.error().text() + "\nNothing was loaded.");
  return std::move(*city);
}

int load(Context& context, const CityOptions& options) {
  auto city = read_or_complain(options.file);
  // The file's zone was for its dates; what is printed follows the option again.
  (void)use_time_zone(context.globals.time_zone);
  SupervisorClient supervisor(context.client(),
                              context.identity({scheduler::ActorKind::kSupervisor}, 1));
  Progress progress("loading", "definitions", definition_count(city),
                    context.wants_json() ? Progress::Style::kSilent : Progress::Style::kAuto);
  LoadOptions load_options;
  if (options.fresh) load_options.salt = fmt::format("{:016x}", system_random());
  load_options.progress = [&progress](std::size_t done) { progress.set(done); };
  auto report = context.wait(load_city(supervisor, city, load_options));
  progress.finish();
  if (context.wants_json())
    context.print(report_json(report));
  else
    print_report(report);
  return report.refused.empty() ? kExitOk : kExitRefused;
}

int check(Context& context, const CityOptions& options) {
  auto city = read_or_complain(options.file);
  json::object counts{{"name", city.name},
                      {"days", city.calendar ? city.calendar->days.size() : 0},
                      {"organisations", city.organisations.size()},
                      {"services", city.services.size()},
                      {"offices", city.offices.size()},
                      {"activations", city.activations.size()},
                      {"experts", city.experts.size()},
                      {"certificates", city.certificates.size()}};
  if (context.wants_json()) {
    context.print(counts);
    return kExitOk;
  }
  fmt::print(
      "{} is well formed: {} days, {} organisations, {} services, {} offices, {} activations, {} "
      "experts, {} "
      "certificates.\n",
      options.file, city.calendar ? city.calendar->days.size() : 0, city.organisations.size(),
      city.services.size(), city.offices.size(), city.activations.size(), city.experts.size(),
      city.certificates.size());
  return kExitOk;
}

}  // namespace

void add_city_command(CLI::App& app, Context& context) {
  auto* city = app.add_subcommand(
      "city",
      "Describe to the daemon what the city is: policy, calendar, catalogue, offices, experts.");
  city->require_subcommand(1);
  city->fallthrough();
  auto options = std::make_shared<CityOptions>();

  auto* command = add_command(
      *city,
      {"load", "Define everything a city file says. The same file twice changes nothing.",
       "permitctl city load city/tehran.toml",
       "How many definitions changed, were so already, or were refused. The states of known\n"
       "  offices and experts stay; policy, calendar, activations and certificates become what\n"
       "  the file says. Offices and experts of an earlier load are left as they are unless\n"
       "  --fresh."});
  command->add_option("FILE", options->file, "City file, TOML")->required();
  command->add_flag("--fresh", options->fresh,
                    "Apply offices and experts again even if an earlier load did");
  context.on(command, [&context, options] { return load(context, *options); });

  command = add_command(
      *city, {"check", "Read a city file and report every mistake; needs no daemon.",
              "permitctl city check city/tehran.toml",
              "What it defines, or each problem with file, line, key and allowed range."});
  command->add_option("FILE", options->file, "City file, TOML")->required();
  context.on(command, [&context, options] { return check(context, *options); });
}

}  // namespace permitd::cli
