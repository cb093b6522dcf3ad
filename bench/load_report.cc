#include "bench/load_report.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "daemon/version.h"

namespace permitd::bench {

namespace {

struct Figure {
  const char* name;
  std::uint32_t ten_thousandths;
};
constexpr Figure kFigures[] = {
    {"p50_us", 5'000}, {"p99_us", 9'900}, {"p999_us", 9'990}, {"max_us", 10'000}};

std::string mix_name(const LoadPlan& plan) { return plan.mix == Mix::kSubmit ? "submit" : "cycle"; }

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string file_system_name(const std::string& directory) {
  struct statfs status {};
  if (statfs(directory.c_str(), &status) != 0) return "unknown";
  switch (status.f_type) {
    case 0xEF53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683E:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794C7630:
      return "overlayfs";
    default:
      return fmt::format("{:#x}", status.f_type);
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

std::string spread_json(const Spread& spread) {
  return fmt::format(R"({{"median": {:.6g}, "min": {:.6g}, "max": {:.6g}}})", spread.median,
                     spread.min, spread.max);
}

template <class Result, class Of>
Spread spread_over(const std::vector<Result>& runs, const Of& of) {
  std::vector<double> values;
  for (const Result& run : runs) values.push_back(static_cast<double>(of(run)));
  return spread_of(std::move(values));
}

template <class Result>
Spread latency_spread(std::vector<Result>& runs, std::uint32_t ten_thousandths) {
  std::vector<double> values;
  for (Result& run : runs)
    values.push_back(static_cast<double>(run.latency.at(ten_thousandths)) / 1e3);
  return spread_of(std::move(values));
}

double cpu_us_per_handshake(const HandshakeResult& run) {
  return run.count == 0 ? 0 : run.server_cpu_seconds * 1e6 / static_cast<double>(run.count);
}

double cpu_us_per_job(const LoadResult& run) {
  return run.jobs == 0 ? 0 : run.server_cpu_seconds * 1e6 / static_cast<double>(run.jobs);
}

}  // namespace

std::string conditions_json(const Conditions& conditions) {
  utsname system{};
  uname(&system);
  return fmt::format(
      R"({{"label": {}, "machine": {}, "cores": {}, "kernel": {}, "file_system": {}, )"
      R"("commit": {}, "build": {}, "compiler": {}, "io": {}, "rpc_threads": {}, "spin_us": {}, )"
      R"("durability": "answered after a durable write"}})",
      quoted(conditions.label), quoted(processor_name()), sysconf(_SC_NPROCESSORS_ONLN),
      quoted(system.release), quoted(file_system_name(conditions.directory)),
      quoted(conditions.commit), quoted(daemon::kBuildType), quoted(daemon::kCompiler),
      quoted(conditions.io), conditions.rpc_threads, conditions.spin_us);
}

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values.front(), values.back()};
}

void print_load_heading() {
  fmt::print("{:<22} {:>6} {:>9} {:>6} {:>5} {:>9} | {:>11} {:>7} {:>9} {:>9} {:>10} {:>8} {:>8}\n",
             "label", "mix", "conn×dep", "batch", "loop", "backlog", "jobs/s", "spread", "p50 µs",
             "p99 µs", "p99.9 µs", "CPU µs", "refused");
}

void print_load(const LoadPlan& plan, const Conditions& conditions, std::vector<LoadResult>& runs) {
  const Spread rate =
      spread_over(runs, [](const LoadResult& run) { return run.jobs_per_second(); });
  const Spread cpu = spread_over(runs, cpu_us_per_job);
  std::uint64_t refused = 0;
  for (const LoadResult& run : runs) refused += run.refused;
  fmt::print(
      "{:<22} {:>6} {:>9} {:>6} {:>5} {:>9} | {:>11.0f} {:>6.1f}% {:>9.1f} {:>9.1f} {:>10.1f} "
      "{:>8.2f} {:>8}\n",
      conditions.label, mix_name(plan), fmt::format("{}×{}", plan.connections, plan.depth),
      plan.batch, plan.rate > 0 ? "open" : "closed", plan.backlog, rate.median,
      rate.median == 0 ? 0 : 100 * (rate.max - rate.min) / rate.median,
      latency_spread(runs, 5'000).median, latency_spread(runs, 9'900).median,
      latency_spread(runs, 9'990).median, cpu.median, refused);
  std::fflush(stdout);
}

void print_handshakes(const Conditions& conditions, std::vector<HandshakeResult>& runs) {
  const Spread rate = spread_over(runs, [](const HandshakeResult& run) {
    return static_cast<double>(run.count) / run.seconds;
  });
  const Spread cpu = spread_over(runs, cpu_us_per_handshake);
  fmt::print(
      "{:<22} {:>9.0f} connections/s ({:.0f} … {:.0f}), p50 {:.0f} µs, p99 {:.0f} µs, "
      "daemon CPU {:.0f} µs each\n",
      conditions.label, rate.median, rate.min, rate.max, latency_spread(runs, 5'000).median,
      latency_spread(runs, 9'900).median, cpu.median);
  std::fflush(stdout);
}

void print_recovery(const std::vector<RecoveryResult>& runs) {
  const Spread replay =
      spread_over(runs, [](const RecoveryResult& run) { return run.replay_seconds; });
  const Spread loaded =
      spread_over(runs, [](const RecoveryResult& run) { return run.snapshot_seconds; });
  const Spread taken =
      spread_over(runs, [](const RecoveryResult& run) { return run.snapshot_taken_seconds; });
  const Spread per_job =
      spread_over(runs, [](const RecoveryResult& run) { return run.resident_per_job; });
  const RecoveryResult& last = runs.back();
  fmt::print("recovery of {} open jobs ({} ops, journal {:.0f} MiB, resident {:.0f} MiB)\n",
             last.jobs, last.ops, static_cast<double>(last.journal_bytes) / 1048576,
             static_cast<double>(last.resident_bytes) / 1048576);
  fmt::print("  start by replay     {:.3f} s ({:.3f} … {:.3f}), {:.2f} M ops/s\n", replay.median,
             replay.min, replay.max, static_cast<double>(last.ops) / replay.median / 1e6);
  fmt::print("  start from snapshot {:.3f} s ({:.3f} … {:.3f})\n", loaded.median, loaded.min,
             loaded.max);
  fmt::print("  taking a snapshot   {:.3f} s ({:.3f} … {:.3f})\n", taken.median, taken.min,
             taken.max);
  fmt::print("  resident per job    {:.0f} B\n", per_job.median);
}

std::string load_json(const LoadPlan& plan, const Conditions& conditions,
                      std::vector<LoadResult>& runs) {
  std::string out = fmt::format(
      R"({{"kind": "load", "conditions": {}, "mix": "{}", "connections": {}, "depth": {}, )"
      R"("batch": {}, "loop": "{}", "rate_wanted": {:.6g}, "backlog": {}, "seconds": {:.3g}, )"
      R"("runs": {}, )",
      conditions_json(conditions), mix_name(plan), plan.connections, plan.depth, plan.batch,
      plan.rate > 0 ? "open" : "closed", plan.rate, plan.backlog, plan.seconds, runs.size());
  out += fmt::format(
      R"("jobs_per_second": {}, )",
      spread_json(spread_over(runs, [](const LoadResult& run) { return run.jobs_per_second(); })));
  for (const Figure& figure : kFigures) {
    out += fmt::format(R"("{}": {}, )", figure.name,
                       spread_json(latency_spread(runs, figure.ten_thousandths)));
  }
  out += fmt::format(R"("server_cpu_us_per_job": {}, )",
                     spread_json(spread_over(runs, cpu_us_per_job)));
  out += fmt::format(
      R"("jobs_per_durable_write": {}, )", spread_json(spread_over(runs, [](const LoadResult& run) {
        return run.batches == 0 ? 0
                                : static_cast<double>(run.jobs) / static_cast<double>(run.batches);
      })));
  out +=
      fmt::format(R"("refused": {}, "late": {}}})",
                  spread_json(spread_over(runs, [](const LoadResult& run) { return run.refused; })),
                  spread_json(spread_over(runs, [](const LoadResult& run) { return run.late; })));
  return out;
}

std::string handshake_json(const Conditions& conditions, std::vector<HandshakeResult>& runs) {
  return fmt::format(
      R"({{"kind": "handshakes", "conditions": {}, "runs": {}, "per_second": {}, "p50_us": {}, )"
      R"("p99_us": {}, "server_cpu_us": {}}})",
      conditions_json(conditions), runs.size(),
      spread_json(spread_over(
          runs,
          [](const HandshakeResult& run) { return static_cast<double>(run.count) / run.seconds; })),
      spread_json(latency_spread(runs, 5'000)), spread_json(latency_spread(runs, 9'900)),
      spread_json(spread_over(runs, cpu_us_per_handshake)));
}

std::string recovery_json(const Conditions& conditions, const std::vector<RecoveryResult>& runs) {
  const RecoveryResult& last = runs.back();
  const auto seconds = [&](double RecoveryResult::*member) {
    return spread_json(
        spread_over(runs, [member](const RecoveryResult& run) { return run.*member; }));
  };
  return fmt::format(
      R"({{"kind": "recovery", "conditions": {}, "runs": {}, "open_jobs": {}, "ops": {}, )"
      R"("journal_bytes": {}, "resident_bytes": {}, "replay_seconds": {}, "snapshot_seconds": {}, )"
      R"("snapshot_taken_seconds": {}, "resident_per_job": {}}})",
      conditions_json(conditions), runs.size(), last.jobs, last.ops, last.journal_bytes,
      last.resident_bytes, seconds(&RecoveryResult::replay_seconds),
      seconds(&RecoveryResult::snapshot_seconds), seconds(&RecoveryResult::snapshot_taken_seconds),
      seconds(&RecoveryResult::resident_per_job));
}

}  // namespace permitd::bench
