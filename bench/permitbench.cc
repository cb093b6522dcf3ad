// permitbench: load on a permitd of its own (or on one that runs already), with the durability that
// every answer has anyway. See bench/run for the whole set and bench/RESULTS.md for what it found.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/load_city.h"
#include "bench/load_daemon.h"
#include "bench/load_handshake.h"
#include "bench/load_offers.h"
#include "bench/load_plan.h"
#include "bench/load_report.h"
#include "bench/load_run.h"
#include "cli/operator_client.h"

namespace permitd::bench {
namespace {

struct Options {
  LoadPlan plan;
  DaemonOptions daemon;
  Conditions conditions;
  std::string mix = "submit";
  std::string connect;
  std::string json;
  std::uint32_t runs = 3;
  bool closed = false;
  bool recovery = false;
  bool offers = false;
  std::uint32_t handshakes = 0;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Tries again every few milliseconds, so that the time to the first answer is not rounded up.
cli::ClientOptions eager() {
  cli::ClientOptions options;
  options.name = "permitbench";
  options.call_deadline = 600 * kj::SECONDS;
  options.connect_deadline = 600 * kj::SECONDS;
  options.pause_first = 1 * kj::MILLISECONDS;
  options.pause_last = 2 * kj::MILLISECONDS;
  return options;
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)), io_(kj::setupAsyncIo()) {}

  LoadResult load_once() {
    cli::Address address{options_.connect, {}};
    std::unique_ptr<BenchDaemon> daemon;
    if (options_.connect.empty()) {
      daemon = std::make_unique<BenchDaemon>(options_.daemon);
      daemon->start();
      address.socket_path = daemon->socket_path();
    }
    define_city(address);
    const auto address_of = [&](std::uint32_t index) -> cli::Address {
      if (!options_.plan.tls) return address;
      const std::string name = fmt::format("office-{}", scheduler::raw(bench_office(index)));
      return {{}, daemon->tls_address(), daemon->issue(name)};
    };
    LoadRun run(io_, address_of, options_.plan);
    const double fill_rate = run.fill_backlog();
    if (fill_rate > 0) fmt::print(stderr, "backlog filed at {:.0f} jobs/s\n", fill_rate);
    const std::uint64_t batches_before = health(address).batches;
    LoadResult result =
        run.measure([&] { return daemon == nullptr ? 0.0 : daemon->cpu_seconds(); });
    result.batches = health(address).batches - batches_before;
    return result;
  }

  HandshakeResult shake_once() {
    BenchDaemon daemon(options_.daemon);
    daemon.start();
    const cli::Address local{daemon.socket_path(), {}};
    health(local);
    const cli::Address address =
        options_.plan.tls ? cli::Address{{}, daemon.tls_address(), daemon.issue("office-101")}
                          : cli::Address{{}, daemon.tcp_address()};
    return measure_handshakes(io_, address, options_.handshakes, options_.plan.seconds,
                              [&] { return daemon.cpu_seconds(); });
  }

  RecoveryResult recover_once() {
    RecoveryResult result;
    BenchDaemon daemon(options_.daemon);
    // What is used becomes resident, and nothing else; it recovers as it does by default.
    daemon.set("memory.touched=false");
    daemon.start();
    daemon.set("memory.touched=true");
    const cli::Address address{daemon.socket_path(), {}};
    define_city(address);
    const std::uint64_t resident_before = daemon.resident_bytes();
    {
      LoadRun run(
          io_, [&](std::uint32_t) { return address; }, options_.plan);
      run.fill_backlog();
    }
    const Health filled = health(address);
    result.jobs = options_.plan.backlog;
    result.ops = filled.op;
    result.resident_bytes = daemon.resident_bytes();
    result.resident_per_job = static_cast<double>(result.resident_bytes - resident_before) /
                              static_cast<double>(result.jobs);
    result.journal_bytes = filled.journal_size;
    result.replay_seconds = restart(daemon, address, filled.op);
    result.snapshot_taken_seconds = take_snapshot(address);
    result.snapshot_seconds = restart(daemon, address, filled.op);
    return result;
  }

 private:
  struct Health {
    std::uint64_t op = 0;
    std::uint64_t batches = 0;
    std::uint64_t journal_size = 0;
  };

  void define_city(const cli::Address& address) {
    cli::Client client(io_.provider->getTimer(),
                       cli::connector_to(io_.provider->getNetwork(), address), eager());
    const std::uint64_t jobs = options_.plan.mix == Mix::kCycle ? options_.daemon.jobs_max : 1;
    const auto experts = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        options_.daemon.experts_max,
        jobs / kJobsPerExpert + options_.plan.connections * options_.plan.depth + 1));
    define_bench_city(client, io_.waitScope, {options_.plan.connections, experts});
  }

  Health health(const cli::Address& address) {
    cli::Client client(io_.provider->getTimer(),
                       cli::connector_to(io_.provider->getNetwork(), address), eager());
    cli::OperatorClient machine(client);
    const auto response = machine.health().wait(io_.waitScope);
    const auto said = response.getHealth();
    return {said.getOp(), said.getBatches(), said.getJournalSize()};
  }

  double restart(BenchDaemon& daemon, const cli::Address& address, std::uint64_t op_expected) {
    daemon.kill_hard();
    const auto begin = std::chrono::steady_clock::now();
    daemon.start();
    const Health after = health(address);
    const double seconds = seconds_since(begin);
    KJ_REQUIRE(after.op >= op_expected, "acknowledged work is missing after the restart", after.op,
               op_expected);
    return seconds;
  }

  double take_snapshot(const cli::Address& address) {
    cli::Client client(io_.provider->getTimer(),
                       cli::connector_to(io_.provider->getNetwork(), address), eager());
    cli::OperatorClient machine(client);
    const auto begin = std::chrono::steady_clock::now();
    const auto mark = machine.snapshot().wait(io_.waitScope);
    KJ_REQUIRE(mark.has_value(), "the snapshot was refused");
    return seconds_since(begin);
  }

  Options options_;
  kj::AsyncIoContext io_;
};

void describe(CLI::App& app, Options& options) {
  LoadPlan& plan = options.plan;
  app.add_option("--mix", options.mix,
                 "submit: calls of --batch submissions; cycle: submit, claim, start, complete")
      ->check(CLI::IsMember({"submit", "cycle"}));
  app.add_option("--connections", plan.connections, "connections, one office each")
      ->check(CLI::Range(1, 9000));
  app.add_option("--depth", plan.depth, "calls (or cycles) in flight on each connection")
      ->check(CLI::Range(1, 65'536));
  app.add_option("--batch", plan.batch, "submissions in a call")->check(CLI::Range(1, 512));
  app.add_option("--rate", plan.rate, "open loop: jobs a second at moments fixed in advance");
  app.add_flag("--closed", options.closed,
               "closed loop (the default): a call leaves when the last was answered");
  app.add_option("--backlog", plan.backlog, "waiting jobs filed before the clock starts");
  app.add_option("--duration", plan.seconds, "measured seconds of a run");
  app.add_option("--warmup", plan.warmup_seconds, "seconds before");
  app.add_option("--runs", options.runs, "runs, each on a fresh daemon; the median is reported")
      ->check(CLI::Range(1, 100));
  app.add_flag("--recovery", options.recovery, "measure restarts with --backlog open jobs instead");
  app.add_flag("--offers", options.offers,
               "measure questions for half-days on full days of a city instead");
  app.add_flag("--tls", plan.tls, "over TLS, each connection with its office's certificate");
  app.add_option("--handshakes", options.handshakes,
                 "measure connections that come, say hello and go instead, so many at once");
  app.add_option("--connect", options.connect,
                 "unix socket of a daemon that runs already, empty of other work");
  app.add_option("--permitd", options.daemon.program, "path of permitd");
  app.add_option("--directory", options.daemon.directory,
                 "where data directories are made; must be a real disk");
  app.add_option("--io", options.daemon.io, "of the daemon")
      ->check(CLI::IsMember({"uring", "epoll"}));
  app.add_option("--rpc-threads", options.daemon.rpc_threads, "of the daemon");
  app.add_option("--spin-us", options.daemon.spin_us, "of the daemon");
  app.add_option("--jobs-max", options.daemon.jobs_max,
                 "limit of the daemon; made to fit the backlog");
  app.add_option("--set", options.daemon.settings, "KEY=VALUE for the daemon");
  app.add_option("--label", options.conditions.label, "what the line is called");
  app.add_option("--commit", options.conditions.commit, "recorded");
  app.add_option("--json", options.json, "append the result to this file, one object a line");
}

void complete(Options& options, const std::string& own_path) {
  options.plan.mix = options.mix == "cycle" ? Mix::kCycle : Mix::kSubmit;
  if (options.closed) options.plan.rate = 0;
  if (options.daemon.program.empty())
    options.daemon.program = own_path.substr(0, own_path.rfind('/') + 1) + "permitd";
  if (options.daemon.directory.empty()) options.daemon.directory = ".";
  options.daemon.jobs_max = std::max(options.daemon.jobs_max,
                                     options.plan.backlog + options.plan.backlog / 4 + (1U << 20));
  options.daemon.has_tls = options.plan.tls;
  options.daemon.has_tcp = options.handshakes != 0;
  options.conditions.io = options.daemon.io;
  options.conditions.rpc_threads = options.daemon.rpc_threads;
  options.conditions.spin_us = options.daemon.spin_us;
  options.conditions.directory = options.daemon.directory;
  if (options.conditions.label.empty())
    options.conditions.label = options.offers     ? "offers"
                               : options.recovery ? "recovery"
                                                  : options.mix;
}

void write_json(const Options& options, const std::string& line) {
  if (!options.json.empty()) std::ofstream(options.json, std::ios::app) << line << '\n';
}

void run(const Options& options) {
  if (options.offers) {
    return write_json(options,
                      measure_offers(options.daemon, {}, options.conditions, options.runs));
  }
  Bench bench(options);
  if (options.recovery) {
    std::vector<RecoveryResult> runs;
    for (std::uint32_t i = 0; i < options.runs; ++i) runs.push_back(bench.recover_once());
    print_recovery(runs);
    return write_json(options, recovery_json(options.conditions, runs));
  }
  if (options.handshakes != 0) {
    std::vector<HandshakeResult> runs;
    for (std::uint32_t i = 0; i < options.runs; ++i) runs.push_back(bench.shake_once());
    print_handshakes(options.conditions, runs);
    return write_json(options, handshake_json(options.conditions, runs));
  }
  std::vector<LoadResult> runs;
  for (std::uint32_t i = 0; i < options.runs; ++i) runs.push_back(bench.load_once());
  print_load_heading();
  print_load(options.plan, options.conditions, runs);
  write_json(options, load_json(options.plan, options.conditions, runs));
}

}  // namespace
}  // namespace permitd::bench

int main(int argc, char** argv) {
  using namespace permitd::bench;
  CLI::App app("Load on permitd: a table line, and JSON with the conditions of the measurement.");
  Options options;
  describe(app, options);
  CLI11_PARSE(app, argc, argv);
  if (options.plan.tls && (options.mix == "cycle" || !options.connect.empty())) {
    fmt::print(stderr,
               "permitbench: --tls goes with --mix submit and a daemon of its own: a "
               "certificate is one office.\n");
    return 2;
  }
  complete(options, argv[0]);
  try {
    run(options);
    return 0;
  } catch (const kj::Exception& exception) {
    fmt::print(stderr, "permitbench: {}\n", kj::str(exception.getDescription()).cStr());
  } catch (const std::exception& exception) {
    fmt::print(stderr, "permitbench: {}\n", exception.what());
  }
  return 1;
}
