// permitload: what the daemon holds rather than how fast it is: more than it can do, many idle
// connections, a long time. bench/held runs it, judges the soak and writes the tables.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <fstream>
#include <string>

#include "bench/load_idle.h"
#include "bench/load_overload.h"
#include "bench/load_soak.h"
#include "protocol/tls_channel.h"

namespace permitd::bench {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kNotHeld = 3;

struct Options {
  DaemonOptions daemon;
  Conditions conditions;
  OverloadPlan overload;
  IdlePlan idle;
  SoakPlan soak;
  std::string leak = "none";
  std::string json;
};

/// A descriptor per connection at both ends; the daemon started from here inherits the limit.
void raise_file_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

void add_daemon_options(CLI::App& app, Options& options) {
  app.add_option("--permitd", options.daemon.program, "path of permitd");
  app.add_option("--directory", options.daemon.directory,
                 "where data directories are made; must be a real disk");
  app.add_option("--set", options.daemon.settings, "KEY=VALUE for the daemon");
  app.add_option("--jobs-max", options.daemon.jobs_max, "limit of the daemon");
  app.add_option("--commit", options.conditions.commit, "recorded");
  app.add_option("--json", options.json, "append the result to this file, one object a line");
}

void describe_overload(CLI::App& app, Options& options) {
  OverloadPlan& plan = options.overload;
  add_daemon_options(app, options);
  app.add_option("--connections", plan.connections, "an office each")->check(CLI::Range(1, 1000));
  app.add_flag("--tcp", options.daemon.has_tcp,
               "over plain TCP on the loopback instead of the unix socket");
  app.add_option("--batch", plan.batch, "submissions in a call")->check(CLI::Range(1, 512));
  app.add_option("--multiples", plan.multiples, "of the peak, each an open loop");
  app.add_option("--nap", plan.nap_us,
                 "microseconds the generator sleeps with nothing to do; 0: spins")
      ->check(CLI::Range(0, 10'000));
  app.add_option("--peak", plan.peak,
                 "calls a second to take for the peak, which is not measured then");
  app.add_option("--duration", plan.seconds, "measured seconds of a run");
  app.add_option("--warmup", plan.warmup_seconds, "seconds before");
  app.add_option("--runs", plan.runs, "runs, each on a fresh daemon; medians are reported")
      ->check(CLI::Range(1, 100));
  CLI::Option* turns = app.add_flag(
      "--turns", plan.by_turns,
      "instead: on one daemon, turns of --duration, --runs of them, at twice the peak; for a "
      "machine whose speed changes");
  for (const char* other : {"--multiples", "--peak", "--warmup", "--json"})
    turns->excludes(app.get_option(other));
}

void describe_idle(CLI::App& app, Options& options) {
  add_daemon_options(app, options);
  app.add_option("--connections", options.idle.connections, "over each kind of socket in turn")
      ->check(CLI::Range(1, 60'000));
  app.add_option("--duration", options.idle.seconds, "seconds of the working client, twice");
  app.add_option("--rate", options.idle.rate, "its submissions a second");
}

void describe_soak(CLI::App& app, Options& options) {
  SoakPlan& plan = options.soak;
  app.add_option("--socket", plan.local.socket_path, "of the daemon")->required();
  app.add_option("--server", plan.remote.host_port, "HOST:PORT of its TLS listener");
  app.add_option("--certificate", plan.remote.tls.certificate, "of office 0101, for TLS");
  app.add_option("--rate", plan.rate, "cases a second")->check(CLI::Range(1.0, 100'000.0));
  app.add_option("--seconds", plan.seconds, "of the whole");
  app.add_option("--stretch", plan.stretch_seconds, "seconds from one line to the next");
  app.add_option("--comings", plan.comings, "connections a second that come and go");
  app.add_option("--leak", options.leak, "what is kept on purpose")
      ->check(CLI::IsMember({"none", "connections", "subscriptions"}));
}

void complete(Options& options, const std::string& own_path) {
  if (options.daemon.program.empty())
    options.daemon.program = own_path.substr(0, own_path.rfind('/') + 1) + "permitd";
  if (options.daemon.directory.empty()) options.daemon.directory = ".";
  options.conditions.io = options.daemon.io;
  options.conditions.spin_us = options.daemon.spin_us;
  options.conditions.directory = options.daemon.directory;
  if (options.leak == "connections") options.soak.leak = SoakLeak::kConnections;
  if (options.leak == "subscriptions") options.soak.leak = SoakLeak::kSubscriptions;
  options.soak.remote.tls = cli::completed(options.soak.remote.tls);
}

}  // namespace
}  // namespace permitd::bench

int main(int argc, char** argv) {
  using namespace permitd::bench;
  CLI::App app("What permitd holds: overload, idle connections, a long time.");
  app.require_subcommand(1);
  Options options;
  CLI::App* overload = app.add_subcommand("overload", "more calls than the daemon can answer");
  CLI::App* idle = app.add_subcommand("idle", "many connections that say nothing");
  CLI::App* soak = app.add_subcommand("soak", "a mixed load on a daemon that runs already");
  describe_overload(*overload, options);
  describe_idle(*idle, options);
  describe_soak(*soak, options);
  CLI11_PARSE(app, argc, argv);
  complete(options, argv[0]);
  raise_file_limit();
  try {
    std::string json;
    bool held = true;
    if (overload->parsed()) {
      options.daemon.has_wide_bounds = false;
      held = options.overload.by_turns
                 ? measure_overload_by_turns(options.daemon, options.overload)
                 : measure_overload(options.daemon, options.overload, options.conditions, json);
    } else if (idle->parsed()) {
      held = measure_idle(options.daemon, options.idle, options.conditions, json);
    } else {
      run_soak(options.soak);
    }
    if (!options.json.empty()) std::ofstream(options.json, std::ios::app) << json;
    return held ? kDone : kNotHeld;
  } catch (const kj::Exception& exception) {
    fmt::print(stderr, "permitload: {}\n", kj::str(exception.getDescription()).cStr());
  } catch (const std::exception& exception) {
    fmt::print(stderr, "permitload: {}\n", exception.what());
  }
  return kFailed;
}
