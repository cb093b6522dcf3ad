#include "bench/load_overload.h"

#include <fmt/format.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

#include "bench/load_city.h"
#include "bench/load_wire.h"
#include "cli/operator_client.h"

namespace permitd::bench {

namespace {

// Closed loops that are tried for the peak: calls in flight on each connection.
constexpr std::uint32_t kPeakDepths[] = {8, 32};
constexpr std::uint32_t kTurnDepths[] = {8, 16, 32};
constexpr double kGoodputLeast = 0.9;
constexpr double kMultipleJudged = 2;

/// A daemon of its own with a city of so many offices, and what its journal holds.
class LoadedDaemon {
 public:
  LoadedDaemon(DaemonOptions options, std::uint32_t offices) : daemon_(std::move(options)) {
    daemon_.start();
    client_ = kj::heap<cli::Client>(
        io_.provider->getTimer(),
        cli::connector_to(io_.provider->getNetwork(), {daemon_.socket_path(), {}}));
    define_bench_city(*client_, io_.waitScope, {offices, 1});
    ops_before_ = durable_op();
  }
  const std::string& address() const {
    const std::string& tcp = daemon_.tcp_address();
    return tcp.empty() ? daemon_.socket_path() : tcp;
  }
  double cpu_seconds() const { return daemon_.cpu_seconds(); }
  /// Accepted means durable: each accepted call is so many ops of the journal by now.
  void expect_durable(const WireLoad& load, std::uint32_t batch) {
    const std::uint64_t ops = durable_op() - ops_before_;
    KJ_REQUIRE(ops >= load.accepted_total() * batch, "accepted calls are missing", ops,
               load.accepted_total());
  }

 private:
  std::uint64_t durable_op() {
    // The load has kept this thread, and the time of KJ's loop stands still meanwhile: the call's
    // deadline would lie in the past.
    io_.provider->getTimer().afterDelay(0 * kj::SECONDS).wait(io_.waitScope);
    cli::OperatorClient machine(*client_);
    return machine.health().wait(io_.waitScope).getHealth().getOpDurable();
  }

  BenchDaemon daemon_;
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  kj::Own<cli::Client> client_;
  std::uint64_t ops_before_ = 0;
};

/// One run on a daemon of its own.
WireResult run_once(const DaemonOptions& options, const WirePlan& plan) {
  LoadedDaemon daemon(options, plan.connections);
  WireLoad load(daemon.address(), plan);
  WireResult result = load.measure([&] { return daemon.cpu_seconds(); });
  KJ_REQUIRE(result.accepted != 0, "no call was accepted");
  daemon.expect_durable(load, plan.batch);
  return result;
}

struct Row {
  std::string label;
  std::vector<WireResult> runs;
  std::vector<double> of_peak;  // what each run accepted, of the peaks beside it
  std::vector<double> of_most;  // and of the most that an open loop of its round had accepted
};

template <class Of>
Spread spread(std::vector<WireResult>& runs, const Of& of) {
  std::vector<double> values;
  for (WireResult& run : runs) values.push_back(of(run));
  return spread_of(std::move(values));
}

double accepted_rate(const WireResult& run) {
  return static_cast<double>(run.accepted) / run.seconds;
}
double ms(Samples& samples, std::uint32_t ten_thousandths) {
  return static_cast<double>(samples.at(ten_thousandths)) / 1e6;
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// One kind of load in all its turns.
struct Turns {
  double rate = 0;            // of an open loop
  std::uint32_t depth = 0;    // of a closed one
  std::vector<double> rates;  // accepted a second, of each turn
  double cpu_seconds = 0;     // of the daemon
  std::uint64_t accepted = 0;

  double cpu_us() const { return 1e6 * cpu_seconds / static_cast<double>(accepted); }
  /// Pre: there are others than that.
  double mean_without(std::size_t turn) const {
    std::vector<double> others = rates;
    if (turn < others.size()) others.erase(others.begin() + static_cast<std::ptrdiff_t>(turn));
    return mean(others);
  }
};
constexpr std::size_t kNoTurn = SIZE_MAX;

/// What was accepted beyond what can be done, of the peak, without one of the turns. The best turn
/// of several would be that of the machine's best moment; so the peak is what the best kind of
/// closed loop did in all its turns.
double of_peak(std::span<const Turns> closed, const Turns& open, std::size_t without) {
  double peak = 0;
  for (const Turns& kind : closed) peak = std::max(peak, kind.mean_without(without));
  return open.mean_without(without) / peak;
}

/// Its standard error, as turns left out one by one tell it (the jackknife). Pre: two turns.
double of_peak_error(std::span<const Turns> closed, const Turns& open) {
  const double whole = of_peak(closed, open, kNoTurn);
  double squares = 0;
  for (std::size_t i = 0; i < open.rates.size(); ++i)
    squares += std::pow(of_peak(closed, open, i) - whole, 2);
  const auto count = static_cast<double>(open.rates.size());
  return std::sqrt(squares * (count - 1) / count);
}

void print_heading() {
  fmt::print(
      "| asked for | calls due/s | accepted/s | spread | of the peak | of the open most | busy/s | "
      "accepted p50 | p99 | p99.9 | busy p50 | p99 | max | daemon CPU | generator CPU | held back "
      "|\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | "
      "--- |\n");
}

void print_row(Row& row) {
  auto& runs = row.runs;
  const Spread accepted = spread(runs, accepted_rate);
  const auto median = [&](const auto& of) { return spread(runs, of).median; };
  const auto accepted_ms = [&](std::uint32_t at) {
    return median([&](WireResult& run) { return ms(run.accepted_latency, at); });
  };
  const auto busy_ms = [&](std::uint32_t at) {
    const bool is_busy = std::ranges::any_of(runs, [](const auto& run) { return run.busy != 0; });
    if (!is_busy) return std::string("–");
    return fmt::format("{:.1f} ms",
                       median([&](WireResult& run) { return ms(run.busy_latency, at); }));
  };
  const std::string of_most =
      row.of_most.empty() ? "–" : fmt::format("{:.0f} %", 100 * spread_of(row.of_most).median);
  fmt::print(
      "| {} | {:.0f} | {:.0f} | {:.0f} % | {:.0f} % | {} | {:.0f} | {:.1f} ms | {:.1f} ms | "
      "{:.1f} ms | {} | {} | {} | {:.0f} % | {:.0f} % | {:.0f} |\n",
      row.label, median([](const auto& run) { return static_cast<double>(run.due) / run.seconds; }),
      accepted.median, 100 * (accepted.max - accepted.min) / std::max(1.0, accepted.median),
      100 * spread_of(row.of_peak).median, of_most,
      median([](const auto& run) { return static_cast<double>(run.busy) / run.seconds; }),
      accepted_ms(5'000), accepted_ms(9'900), accepted_ms(9'990), busy_ms(5'000), busy_ms(9'900),
      busy_ms(10'000),
      median([](const auto& run) { return 100 * run.server_cpu_seconds / run.seconds; }),
      median([](const auto& run) { return 100 * run.own_cpu_seconds / run.seconds; }),
      median([](const auto& run) { return static_cast<double>(run.held_back); }));
  std::fflush(stdout);
}

std::string row_json(Row& row, const OverloadPlan& plan, const Conditions& conditions,
                     const char* transport) {
  auto& runs = row.runs;
  const auto figure = [&](const char* name, const auto& of) {
    const Spread found = spread(runs, of);
    return fmt::format(R"(, "{}": {{"median": {:.6g}, "min": {:.6g}, "max": {:.6g}}})", name,
                       found.median, found.min, found.max);
  };
  std::string out =
      fmt::format(R"({{"kind": "overload", "conditions": {}, "transport": "{}", "asked": "{}", )"
                  R"("connections": {}, "batch": {}, "seconds": {}, "runs": {})",
                  conditions_json(conditions), transport, row.label, plan.connections, plan.batch,
                  plan.seconds, runs.size());
  const auto per_second = [](auto WireResult::*member) {
    return
        [member](const WireResult& run) { return static_cast<double>(run.*member) / run.seconds; };
  };
  const Spread of_peak = spread_of(row.of_peak);
  out += fmt::format(R"(, "of_peak": {{"median": {:.4g}, "min": {:.4g}, "max": {:.4g}}})",
                     of_peak.median, of_peak.min, of_peak.max);
  if (!row.of_most.empty()) {
    const Spread of_most = spread_of(row.of_most);
    out += fmt::format(R"(, "of_most": {{"median": {:.4g}, "min": {:.4g}, "max": {:.4g}}})",
                       of_most.median, of_most.min, of_most.max);
  }
  out += figure("due_per_second", per_second(&WireResult::due));
  out += figure("accepted_per_second", per_second(&WireResult::accepted));
  out += figure("busy_per_second", per_second(&WireResult::busy));
  out += figure("daemon_cpu", per_second(&WireResult::server_cpu_seconds));
  out += figure("generator_cpu", per_second(&WireResult::own_cpu_seconds));
  out += figure("held_back", [](const auto& run) { return static_cast<double>(run.held_back); });
  for (const std::uint32_t at : {5'000U, 9'900U, 9'990U, 10'000U}) {
    out += figure(fmt::format("accepted_ms_{}", at).c_str(),
                  [at](WireResult& run) { return ms(run.accepted_latency, at); });
    out += figure(fmt::format("busy_ms_{}", at).c_str(),
                  [at](WireResult& run) { return ms(run.busy_latency, at); });
  }
  return out + "}\n";
}

}  // namespace

bool measure_overload(const DaemonOptions& daemon, const OverloadPlan& plan,
                      const Conditions& conditions, std::string& json) {
  WirePlan wire{.connections = plan.connections,
                .batch = plan.batch,
                .warmup_seconds = plan.warmup_seconds,
                .seconds = plan.seconds,
                .nap_us = plan.nap_us};
  std::vector<Row> rows;
  const bool has_closed = plan.peak == 0;
  for (const std::uint32_t depth : kPeakDepths)
    if (has_closed)
      rows.push_back({fmt::format("closed, {} × {}", plan.connections, depth), {}, {}});
  for (const double multiple : plan.multiples)
    rows.push_back({fmt::format("{:g} × the peak", multiple), {}, {}});

  // A machine that others share is quick for a while and slow for a while: each open run stands
  // between two closed ones, asks for multiples of what the first did, and is measured by both.
  const std::size_t closed_count = rows.size() - plan.multiples.size();
  for (std::uint32_t round = 0; round < plan.runs; ++round) {
    double peak = plan.peak;
    std::uint32_t depth = 0;  // of the closed loop that did most
    const auto run_closed = [&](std::uint32_t at_depth) {
      wire.rate = 0;
      wire.depth = at_depth;
      return run_once(daemon, wire);
    };
    for (std::size_t row = 0; row < closed_count; ++row) {
      rows[row].runs.push_back(run_closed(kPeakDepths[row]));
      const double rate = accepted_rate(rows[row].runs.back());
      if (rate <= peak) continue;
      peak = rate;
      depth = kPeakDepths[row];
    }
    for (std::size_t row = 0; row < closed_count; ++row)
      rows[row].of_peak.push_back(accepted_rate(rows[row].runs.back()) / peak);
    for (std::size_t i = 0; i < plan.multiples.size(); ++i) {
      Row& row = rows[closed_count + i];
      wire.rate = peak * plan.multiples[i];
      row.runs.push_back(run_once(daemon, wire));
      const double peak_after = has_closed ? accepted_rate(run_closed(depth)) : peak;
      row.of_peak.push_back(accepted_rate(row.runs.back()) / ((peak + peak_after) / 2));
      fmt::print(stderr,
                 "round {} of {}, {}: peak {:.0f} before and {:.0f} after, {:.0f} % of it\n",
                 round + 1, plan.runs, row.label, peak, peak_after, 100 * row.of_peak.back());
      peak = peak_after;
    }
    // Calls that come one by one cost more than those that come in bunches, whatever the rate.
    const auto open = std::span(rows).subspan(closed_count);
    double most = 0;
    for (const Row& row : open) most = std::max(most, accepted_rate(row.runs.back()));
    for (Row& row : open) row.of_most.push_back(accepted_rate(row.runs.back()) / most);
  }

  print_heading();
  for (Row& row : rows) print_row(row);
  const char* transport = daemon.has_tcp ? "tcp" : "unix";
  for (Row& row : rows) json += row_json(row, plan, conditions, transport);
  bool holds = true;
  for (std::size_t i = 0; i < plan.multiples.size(); ++i) {
    if (plan.multiples[i] == kMultipleJudged)
      holds = spread_of(rows[closed_count + i].of_peak).median >= kGoodputLeast;
  }
  return holds;
}

bool measure_overload_by_turns(const DaemonOptions& options, const OverloadPlan& plan) {
  LoadedDaemon daemon(options, plan.connections);
  WireLoad load(daemon.address(),
                {.connections = plan.connections, .batch = plan.batch, .nap_us = plan.nap_us});
  const auto take_turn = [&](Turns& kind) {
    load.begin_phase(kind.rate, kind.depth, plan.seconds / 2);
    const double cpu_before = daemon.cpu_seconds();
    const std::uint64_t accepted_before = load.accepted_total();
    kind.rates.push_back(load.measure_phase(plan.seconds));
    kind.cpu_seconds += daemon.cpu_seconds() - cpu_before;
    kind.accepted += load.accepted_total() - accepted_before;
    KJ_REQUIRE(kind.rates.back() > 0, "no call was accepted");
  };
  std::array<Turns, std::size(kTurnDepths) + 1> kinds;
  for (std::size_t i = 0; i < std::size(kTurnDepths); ++i) kinds[i].depth = kTurnDepths[i];
  Turns& open = kinds.back();
  const auto closed = std::span<const Turns>(kinds).first(std::size(kTurnDepths));
  fmt::print("| turn | closed with 8, 16 and 32 a connection | at twice the peak |\n");
  fmt::print("| --- | --- | --- |\n");
  for (std::uint32_t turn = 0; turn < plan.runs; ++turn) {
    // Each begins with another kind, so that none is always behind the overload.
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      Turns& kind = kinds[(turn + i) % kinds.size()];
      if (&kind == &open) {
        double peak = 0;
        for (const Turns& loop : closed) peak = std::max(peak, mean(loop.rates));
        open.rate = kMultipleJudged * peak;
      }
      take_turn(kind);
    }
    fmt::print("| {} | {:.0f}, {:.0f}, {:.0f} | {:.0f} |\n", turn + 1, closed[0].rates.back(),
               closed[1].rates.back(), closed[2].rates.back(), open.rates.back());
    std::fflush(stdout);
  }
  load.end_phases();
  daemon.expect_durable(load, plan.batch);
  fmt::print("accepted a second: {:.0f}, {:.0f}, {:.0f}; {:.0f}\n", mean(closed[0].rates),
             mean(closed[1].rates), mean(closed[2].rates), mean(open.rates));
  fmt::print(
      "the daemon's time an accepted call, refusals in it: {:.2f}, {:.2f}, {:.2f}; {:.2f} µs\n",
      closed[0].cpu_us(), closed[1].cpu_us(), closed[2].cpu_us(), open.cpu_us());
  const double held = of_peak(closed, open, kNoTurn);
  const std::string error =
      plan.runs < 2 ? "" : fmt::format(" ± {:.1f}", 100 * of_peak_error(closed, open));
  fmt::print("of the peak: {:.1f} %{}\n", 100 * held, error);
  return held >= kGoodputLeast;
}

}  // namespace permitd::bench
