// permitd_balance: how good the planner's routes are and how fast it finds them.
#include <CLI/CLI.hpp>

#include "bench/balance_commands.h"

namespace {

using namespace permitd::bench;

void add_search_options(CLI::App* command, SearchChoice& search, bool with_seconds = true) {
  if (with_seconds) {
    command->add_option("--seconds", search.seconds, "processor time for the search")
        ->capture_default_str();
  }
  command->add_option("--iterations", search.iterations,
                      "a bound of iterations; with --seconds 0 the result can be repeated exactly");
  command->add_option("--seed", search.seed, "of chance")->capture_default_str();
  command
      ->add_option("--threads", search.threads,
                   "searches side by side, each with the whole budget; the best one counts,\n"
                   "without a curve of its cost")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--svg", search.svg,
                      "draw the last plan and its curve to this file; of instances each to a file\n"
                      "of its own, whose name ends with the instance's");
  command->add_flag("--json", search.json, "print JSON instead of a table");
}

void add_vrptw(CLI::App& app, VrptwOptions& options) {
  auto* command = app.add_subcommand(
      "vrptw",
      "Published instances: Solomon and Homberger text, .vrp files.\n"
      "Distance alone is minimised, each leg cut to one decimal, which is the convention of the\n"
      "best known costs for 1,000 customers. Lists for Solomon's 100 customers put the number of\n"
      "vehicles first, so a gap against them may be negative.");
  command->add_option("files", options.files, "instances")->required()->check(CLI::ExistingFile);
  command->add_option("--best-known", options.best_known, "CSV: instance, best known cost");
  command->add_option("--seconds", options.seconds, "budgets, one after the other, e.g. 1,10,45")
      ->delimiter(',')
      ->capture_default_str();
  add_search_options(command, options.search, false);
}

void add_city(CLI::App& app, CityOptions& options) {
  auto* command = app.add_subcommand(
      "city",
      "A day of a city: homes, skills, half-days, groups. Prints travel per visit, Jain's index\n"
      "over effort relative to capacity, and what offers, an absence and reasons take.");
  command->add_option("--inspectors", options.inspectors)->capture_default_str();
  command->add_option("--visits", options.visits)->capture_default_str();
  command->add_option("--offices", options.offices,
                      "people start from so many offices, not from their homes");
  command->add_option("--balance", options.balance_permille,
                      "weight of balance in thousandths; 0 minimises travel alone");
  command->add_option("--records", options.records,
                      "CSV or .csv.gz with columns lat and lon: real places instead");
  add_search_options(command, options.search);
}

void add_technician(CLI::App& app, TechnicianOptions& options) {
  auto* command = app.add_subcommand(
      "technician",
      "Technician instances below DIR/pillac-crew25 and DIR/kovacs: skills, homes, outsourcing.\n"
      "Tools and spare parts are left out.");
  command->add_option("dir", options.directory)->required()->check(CLI::ExistingDirectory);
  add_search_options(command, options.search);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Measures the planner of day plans. Every plan passes an independent checker.\n"
      "Example: permitd_balance city --balance 200 --seconds 10 --svg day.svg");
  app.require_subcommand(1);
  VrptwOptions vrptw;
  CityOptions city;
  TechnicianOptions technician;
  technician.search.seconds = 1;
  add_vrptw(app, vrptw);
  add_city(app, city);
  add_technician(app, technician);
  CLI11_PARSE(app, argc, argv);
  if (app.got_subcommand("vrptw")) return run_vrptw(vrptw);
  if (app.got_subcommand("city")) return run_city(city);
  return run_technician(technician);
}
