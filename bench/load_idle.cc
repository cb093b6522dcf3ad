#include "bench/load_idle.h"

#include <fmt/format.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "bench/load_city.h"
#include "bench/load_run.h"
#include "cli/operator_client.h"

namespace permitd::bench {

namespace {

// Connections that are being made, and calls that are under way, at once.
constexpr std::uint32_t kAtOnce = 128;
constexpr std::uint32_t kWorkers = 8;
constexpr int kCloseSecondsMax = 60;
// What may be left of the memory that the connections took: pools that are kept for the next ones.
constexpr std::uint64_t kKeptShare = 10;  // one tenth
constexpr std::uint64_t kKeptLeast = 2U << 20;

enum class Way : std::uint8_t { kUnix, kTcp, kTls };
constexpr const char* kWayNames[] = {"unix socket", "TCP", "TLS"};

struct Footprint {
  std::uint64_t connections = 0;
  std::uint64_t resident = 0;
  std::uint64_t allocated = 0;
  std::size_t files = 0;
};

struct IdleResult {
  std::uint32_t opened = 0;
  std::uint32_t answered = 0;  // of those opened, after all the idling, on the same connection
  double open_seconds = 0;
  double close_seconds = 0;
  Footprint before;
  Footprint beside;
  Footprint after;
  LoadResult work_before;
  LoadResult work_beside;
};

std::int64_t growth(std::uint64_t before, std::uint64_t after) {
  return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

/// Whether descriptors and memory of the connections are back. A connection is not counted any more
/// a moment before what it held is freed.
bool is_given_back(const IdleResult& result) {
  const auto taken = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, growth(result.before.allocated, result.beside.allocated)));
  return result.after.connections <= 1 && result.after.files <= result.before.files &&
         growth(result.before.allocated, result.after.allocated) <=
             static_cast<std::int64_t>(std::max(kKeptLeast, taken / kKeptShare));
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class IdleRun {
 public:
  IdleRun(const DaemonOptions& options, const IdlePlan& plan, Way way)
      : plan_(plan),
        daemon_(with_listeners(options)),
        io_(kj::setupAsyncIo()),
        local_{daemon_.socket_path(), {}} {
    daemon_.start();
    machine_client_ = connect(local_);
    machine_ = kj::heap<cli::OperatorClient>(*machine_client_);
    define_bench_city(*machine_client_, io_.waitScope, {kWorkers, 1});
    idle_address_ = address_of(way);
  }

  IdleResult run() {
    IdleResult result;
    result.work_before = work();
    result.before = footprint_alone();
    auto begin = std::chrono::steady_clock::now();
    result.opened = open_all();
    result.open_seconds = seconds_since(begin);
    result.beside = footprint();
    result.work_beside = work();
    result.answered = call_all();
    begin = std::chrono::steady_clock::now();
    clients_.clear();
    result.after = footprint();
    for (int i = 0; i < kCloseSecondsMax * 10 && !is_given_back(result); ++i) {
      io_.provider->getTimer().afterDelay(100 * kj::MILLISECONDS).wait(io_.waitScope);
      result.after = footprint();
    }
    result.close_seconds = seconds_since(begin);
    return result;
  }

 private:
  static DaemonOptions with_listeners(DaemonOptions options) {
    options.has_tcp = options.has_tls = true;
    options.has_wide_bounds = false;
    options.settings.push_back("memory.touched=false");  // only what connections take
    return options;
  }

  cli::Address address_of(Way way) {
    switch (way) {
      case Way::kUnix:
        break;
      case Way::kTcp:
        return {{}, daemon_.tcp_address()};
      case Way::kTls:
        return {{}, daemon_.tls_address(), daemon_.issue("office-101")};
    }
    return local_;
  }

  kj::Own<cli::Client> connect(const cli::Address& address) {
    return kj::heap<cli::Client>(io_.provider->getTimer(),
                                 cli::connector_to(io_.provider->getNetwork(), address));
  }

  Footprint footprint() {
    const auto response = machine_->health().wait(io_.waitScope);
    const auto said = response.getHealth();
    return {said.getConnections(), said.getResidentBytes(), said.getAllocatedBytes(),
            daemon_.open_file_count()};
  }

  /// Once the connections of the work are gone.
  Footprint footprint_alone() {
    Footprint result = footprint();
    for (int i = 0; i < kCloseSecondsMax * 10 && result.connections > 1; ++i) {
      io_.provider->getTimer().afterDelay(100 * kj::MILLISECONDS).wait(io_.waitScope);
      result = footprint();
    }
    return result;
  }

  LoadResult work() {
    const LoadPlan load{.connections = kWorkers,
                        .depth = 64,
                        .rate = plan_.rate,
                        .warmup_seconds = 1,
                        .seconds = plan_.seconds};
    LoadRun run(
        io_, [this](std::uint32_t) { return local_; }, load);
    return run.measure([this] { return daemon_.cpu_seconds(); });
  }

  /// `act(index)` for each, so many at once; how many came to a good end.
  template <class Act>
  std::uint32_t for_all(std::uint32_t count, const Act& act) {
    std::uint32_t done = 0;
    for (std::uint32_t first = 0; first < count; first += kAtOnce) {
      kj::Vector<kj::Promise<void>> wave;
      for (std::uint32_t i = first; i < std::min(count, first + kAtOnce); ++i) {
        wave.add(act(i).then([&done] { done += 1; },
                             [](kj::Exception&& exception) {
                               fmt::print(stderr, "permitload: {}\n",
                                          exception.getDescription().cStr());
                             }));
      }
      kj::joinPromises(wave.releaseAsArray()).wait(io_.waitScope);
    }
    return done;
  }

  std::uint32_t open_all() {
    for (std::uint32_t i = 0; i < plan_.connections; ++i)
      clients_.push_back(connect(idle_address_));
    return for_all(plan_.connections,
                   [this](std::uint32_t i) { return clients_[i]->greeting().ignoreResult(); });
  }

  std::uint32_t call_all() {
    return for_all(plan_.connections, [this](std::uint32_t i) {
      cli::Client& client = *clients_[i];
      return client.link().then([&client](kj::Own<cli::Link> link) {
        KJ_REQUIRE(client.counters().connections == 1, "an idle connection was lost");
        auto answered = link->gateway().helloRequest().send().ignoreResult();
        return answered.attach(kj::mv(link));
      });
    });
  }

  const IdlePlan plan_;
  BenchDaemon daemon_;
  kj::AsyncIoContext io_;
  cli::Address local_;
  cli::Address idle_address_;
  kj::Own<cli::Client> machine_client_;
  kj::Own<cli::OperatorClient> machine_;
  std::vector<kj::Own<cli::Client>> clients_;
};

bool is_held(const IdleResult& result, const IdlePlan& plan) {
  return result.opened == plan.connections && result.answered == plan.connections &&
         result.work_before.refused + result.work_beside.refused == 0 && is_given_back(result);
}

double us(Samples& samples, std::uint32_t at) { return static_cast<double>(samples.at(at)) / 1e3; }

std::string latencies(LoadResult& work) {
  return fmt::format("{:.0f} / {:.0f} µs", us(work.latency, 5'000), us(work.latency, 9'900));
}

void print_row(Way way, IdleResult& result, const IdlePlan& plan, bool held) {
  const double count = plan.connections;
  fmt::print(
      "| {} | {} | {:.1f} s | {:.1f} KiB | {:.1f} KiB | {} | {} | {} | {:.1f} s | {} → {} → {} | "
      "{:+.1f} MiB | {} |\n",
      kWayNames[static_cast<std::size_t>(way)], result.opened, result.open_seconds,
      static_cast<double>(growth(result.before.allocated, result.beside.allocated)) / count / 1024,
      static_cast<double>(growth(result.before.resident, result.beside.resident)) / count / 1024,
      latencies(result.work_before), latencies(result.work_beside), result.answered,
      result.close_seconds, result.before.files, result.beside.files, result.after.files,
      static_cast<double>(growth(result.before.allocated, result.after.allocated)) / 1048576,
      held ? "yes" : "**no**");
  std::fflush(stdout);
}

std::string row_json(Way way, IdleResult& result, const IdlePlan& plan,
                     const Conditions& conditions, bool held) {
  return fmt::format(
      R"({{"kind": "idle", "conditions": {}, "way": "{}", "connections": {}, "opened": {}, )"
      R"("answered": {}, "open_seconds": {:.3f}, "close_seconds": {:.3f}, )"
      R"("allocated": [{}, {}, {}], "resident": [{}, {}, {}], "files": [{}, {}, {}], )"
      R"("work_before_us": [{:.1f}, {:.1f}, {:.1f}], "work_beside_us": [{:.1f}, {:.1f}, {:.1f}], )"
      R"("held": {}}})"
      "\n",
      conditions_json(conditions), kWayNames[static_cast<std::size_t>(way)], plan.connections,
      result.opened, result.answered, result.open_seconds, result.close_seconds,
      result.before.allocated, result.beside.allocated, result.after.allocated,
      result.before.resident, result.beside.resident, result.after.resident, result.before.files,
      result.beside.files, result.after.files, us(result.work_before.latency, 5'000),
      us(result.work_before.latency, 9'900), us(result.work_before.latency, 9'990),
      us(result.work_beside.latency, 5'000), us(result.work_beside.latency, 9'900),
      us(result.work_beside.latency, 9'990), held);
}

}  // namespace

bool measure_idle(const DaemonOptions& daemon, const IdlePlan& plan, const Conditions& conditions,
                  std::string& json) {
  fmt::print(
      "| over | open | opened in | allocated each | resident each | p50 / p99 of a working client "
      "before | beside them | answered afterwards | closed in | files before → with → after | "
      "memory "
      "kept | held |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  bool all_held = true;
  for (const Way way : {Way::kUnix, Way::kTcp, Way::kTls}) {
    IdleResult result = IdleRun(daemon, plan, way).run();
    const bool held = is_held(result, plan);
    print_row(way, result, plan, held);
    json += row_json(way, result, plan, conditions, held);
    all_held = all_held && held;
  }
  return all_held;
}

}  // namespace permitd::bench
