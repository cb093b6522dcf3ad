#include "tests/sim/simulation_search.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace permitd::tests {

namespace {

// Runs tried to cut a failing one down.
constexpr int kShrinkRunsMax = 250;
// Enough to tell complaints apart: of the naive model's, four name the command.
constexpr int kWordsOfKind = 10;

// What a run that aborts has to say; written before each run, read by the handler of the signal.
std::array<char, 512> line_at_abort{};

void say_line(int) {
  (void)!write(STDERR_FILENO, line_at_abort.data(), std::strlen(line_at_abort.data()));
}

SimulationReport run_one(const SimulationOptions& options) {
  const std::string line = "the run that aborts: " + line_of(options) + "\n";
  std::strncpy(line_at_abort.data(), line.c_str(), line_at_abort.size() - 1);
  const auto before = std::signal(SIGABRT, say_line);
  const SimulationReport report = simulate(options);
  std::signal(SIGABRT, before);
  return report;
}

void add(SimulationReport& total, const SimulationReport& report) {
  total.faults.add_all(report.faults);
  total.ops += report.ops;
  total.restarts += report.restarts;
  total.refused_starts += report.refused_starts;
  total.unprovable_losses += report.unprovable_losses;
  total.snapshots += report.snapshots;
  total.segments_recycled += report.segments_recycled;
  total.answers += report.answers;
  total.reads += report.reads;
  total.events += report.events;
  total.digests += report.digests;
  total.audits += report.audits;
  total.full_refusals += report.full_refusals;
  total.replayed_snapshots += report.replayed_snapshots;
  total.kept_leases += report.kept_leases;
  total.changing_calls += report.changing_calls;
  total.blocking_faults += report.blocking_faults;
  total.simulated_ms += report.simulated_ms;
  total.step += report.step;
}

class Shrinker {
 public:
  Shrinker(SimulationOptions options, SimulationReport& report)
      : options_(std::move(options)), report_(report), kind_(kind_of_failure(report.failure)) {}

  SimulationOptions shrink() {
    shorten();
    for (std::size_t fault = 0; fault < kFaultCount; ++fault) {
      SimulationOptions fewer = options_;
      fewer.faults &= ~bit_of(static_cast<Fault>(fault));
      (void)try_it(fewer);
    }
    for (std::size_t piece = options_.steps / 2; piece > 0 && runs_ < kShrinkRunsMax; piece /= 2) {
      for (std::size_t from = 0; from < options_.steps; from += piece) {
        SimulationOptions fewer = options_;
        cut_out(fewer, from, std::min(from + piece, options_.steps) - 1);
        (void)try_it(fewer);
      }
    }
    return options_;
  }

 private:
  void shorten() {
    SimulationOptions fewer = options_;
    fewer.steps = report_.step;
    (void)try_it(fewer);
  }

  static void cut_out(SimulationOptions& options, std::size_t first, std::size_t last) {
    auto& gaps = options.without;
    std::erase_if(gaps, [&](const auto& gap) { return first <= gap.first && gap.second <= last; });
    if (!gaps.empty() && gaps.back().second + 1 >= first && gaps.back().first <= first) {
      gaps.back().second = std::max(gaps.back().second, last);
    } else {
      gaps.emplace_back(first, last);
    }
  }

  bool try_it(const SimulationOptions& fewer) {
    if (runs_ >= kShrinkRunsMax) return false;
    ++runs_;
    SimulationReport report = run_one(fewer);
    // Another fault that fewer steps bring about is another run to cut down.
    if (report.failure.empty() || kind_of_failure(report.failure) != kind_) return false;
    options_ = fewer;
    options_.steps = std::min(fewer.steps, report.step == 0 ? fewer.steps : report.step);
    report_ = std::move(report);
    return true;
  }

  SimulationOptions options_;
  SimulationReport& report_;
  std::string kind_;
  int runs_ = 0;
};

std::uint64_t number_after(const std::string& argument) {
  return std::strtoull(argument.c_str() + argument.find('=') + 1, nullptr, 0);
}

void read_gaps(const std::string& argument, SimulationOptions& options) {
  const char* text = argument.c_str() + argument.find('=') + 1;
  while (*text != '\0') {
    char* end = nullptr;
    const std::size_t first = std::strtoull(text, &end, 10);
    const std::size_t last = *end == '-' ? std::strtoull(end + 1, &end, 10) : first;
    options.without.emplace_back(first, last);
    text = *end == ',' ? end + 1 : end + std::strlen(end);
  }
}

}  // namespace

SearchOptions asked_for(const std::vector<std::string>& arguments) {
  SearchOptions options;
  options.count = Seeds::of(60).count;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--seed=")) {
      options.first = number_after(argument);
      options.count = 1;
    }
    if (argument.starts_with("--seeds=")) options.count = number_after(argument);
    if (argument.starts_with("--first=")) options.first = number_after(argument);
    if (argument.starts_with("--steps=")) options.run.steps = number_after(argument);
    if (argument.starts_with("--cut=")) options.run.cut_after_calls = number_after(argument);
    if (argument.starts_with("--faults=")) options.run.faults = number_after(argument);
    if (argument.starts_with("--without=")) read_gaps(argument, options.run);
    if (argument == "--no-shrink") options.shrinks = false;
    if (argument == "--print-hashes") options.prints_hashes = true;
  }
  return options;
}

std::string kind_of_failure(const std::string& failure) {
  std::istringstream words(failure);
  std::string kind;
  std::string word;
  for (int count = 0; count < kWordsOfKind && words >> word;) {
    const bool has_number = std::any_of(word.begin(), word.end(), [](char letter) {
      return std::isdigit(static_cast<unsigned char>(letter)) != 0;
    });
    if (has_number) continue;
    kind += kind.empty() ? word : " " + word;
    ++count;
  }
  return kind;
}

SimulationOptions shrink(SimulationOptions options, SimulationReport& report) {
  return Shrinker(std::move(options), report).shrink();
}

std::string line_of(const SimulationOptions& options) {
  std::string line = fmt::format("sim_simulation_test --seed={}", options.seed);
  if (options.steps != 0) line += fmt::format(" --steps={}", options.steps);
  if (options.faults != kEveryFault) line += fmt::format(" --faults={:#x}", options.faults);
  if (options.cut_after_calls != 0) line += fmt::format(" --cut={}", options.cut_after_calls);
  const char* before = " --without=";
  for (const auto& [first, last] : options.without) {
    line += first == last ? fmt::format("{}{}", before, first)
                          : fmt::format("{}{}-{}", before, first, last);
    before = ",";
  }
  return line;
}

SearchResult search(const SearchOptions& options) {
  SearchResult result;
  for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed) {
    SimulationOptions run = options.run;
    run.seed = seed;
    SimulationReport report = run_one(run);
    result.seeds += 1;
    add(result.total, report);
    if (options.prints_hashes) {
      fmt::print("hash {} {:016x} {:016x}{:016x} {}\n", seed, report.journal_hash,
                 report.digest.high, report.digest.low, report.ops);
      std::fflush(stdout);
    }
    if (report.failure.empty()) continue;
    if (run.steps == 0) run.steps = steps_of_seed(seed);
    if (options.shrinks) run = shrink(run, report);
    result.failure = report.failure;
    result.repeat_line = line_of(run);
    break;
  }
  return result;
}

std::string text_of(const SearchResult& result) {
  const SimulationReport& total = result.total;
  constexpr double kDayMs = 86'400'000.0;
  std::string text = fmt::format(
      "{} seeds, {} steps, {:.2f} simulated years, {} starts ({} rightly refused, {} losses that "
      "nothing shows)\n{} ops, {} answers, {} reads, {} events, {} digests, {} audits compared; "
      "{} snapshots, {} segments used again, {} calls refused for want of room, {} leases renewed "
      "after a lost connection\n",
      result.seeds, total.step, static_cast<double>(total.simulated_ms) / kDayMs / 365.25,
      total.restarts, total.refused_starts, total.unprovable_losses, total.ops, total.answers,
      total.reads, total.events, total.digests, total.audits, total.snapshots,
      total.segments_recycled, total.full_refusals, total.kept_leases);
  for (std::size_t fault = 0; fault < kFaultCount; ++fault) {
    text +=
        fmt::format("  {:22} {}\n", name_of(static_cast<Fault>(fault)), total.faults.counts[fault]);
  }
  return text;
}

}  // namespace permitd::tests
