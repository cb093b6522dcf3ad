// permitd_balance: how good the planner's routes are and how fast it finds them.
#include <CLI/CLI.hpp>

#include "bench/balance_commands.h"

int main(int argc, char** argv) {
  using namespace permitd::bench;
  CLI::App app("Measures the planner of day plans against published instances and a city's day.");
  app.require_subcommand(1);

  VrptwOptions vrptw;
  auto* vrptw_command = app.add_subcommand("vrptw", "Solomon, Homberger and .vrp instances");
  vrptw_command->add_option("files", vrptw.files, "instances")->required();
  vrptw_command->add_option("--best-known", vrptw.best_known, "CSV: instance, best known cost");
  vrptw_command->add_option("--seconds", vrptw.seconds, "processor time per instance");
  vrptw_command->add_option("--iterations", vrptw.iterations, "iterations instead of time");
  vrptw_command->add_option("--seed", vrptw.seed);

  CLI11_PARSE(app, argc, argv);
  if (*vrptw_command) return run_vrptw(vrptw);
  return 2;
}
