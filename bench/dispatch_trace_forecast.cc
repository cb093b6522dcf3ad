#include "bench/dispatch_trace_forecast.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <vector>

#include "daemon/city_forecast.h"

namespace permitd::bench {

namespace {

// Mornings on which it is asked: after the first week, so that there is something to learn from.
constexpr std::array<std::int64_t, 4> kAskedOn{5, 9, 13, 17};
constexpr std::uint32_t kDaysAhead = 10;

/// A way to ask.
struct Asking {
  const char* name;
  bool learns;
  std::uint32_t use_permille;
};
constexpr std::array<Asking, 4> kAskings{{
    {"spread 30 %, 85 % worked", false, 850},
    {"learned, 85 % worked", true, 850},
    {"spread 30 %, all worked", false, 1'000},
    {"learned, all worked", true, 1'000},
}};

/// What was told, and how often it was so: before the day, and by its end.
struct Tally {
  std::uint64_t told = 0;
  std::uint64_t before = 0;
  std::uint64_t by_end = 0;
};
struct AskingTally {
  Tally p50;
  Tally p90;
  std::uint64_t beyond = 0;  // cases told to take longer than the days ahead
  double days_between = 0;   // sum of p90 − p50 where both are told
  std::uint64_t both = 0;
};
using Tallies = std::array<AskingTally, kAskings.size()>;

class ForecastWatcher final : public TraceWatcher {
 public:
  void opens(const scheduler::Scheduler& core, std::int64_t day) override {
    if (std::ranges::find(kAskedOn, day) == kAskedOn.end()) return;
    daemon::CitySnapshotQuery query(daemon::Scope{}, {.days = kDaysAhead, .with_cases = true});
    while (!query.run(core)) continue;
    daemon::CitySnapshot& snapshot = query.snapshot;
    // A case whose stages are done waits here for nobody: the trace has no decision.
    std::erase_if(snapshot.cases, [&](const auto& one) { return ended_.contains(one.case_id); });
    daemon::CitySnapshot unlearned = snapshot;
    unlearned.finished.clear();
    for (std::size_t way = 0; way < kAskings.size(); ++way) {
      daemon::ForecastQuestion question;
      question.use_permille = kAskings[way].use_permille;
      const daemon::CityForecast forecast =
          daemon::forecast_city(kAskings[way].learns ? snapshot : unlearned, question, {});
      for (std::size_t i = 0; i < snapshot.cases.size(); ++i)
        told_.push_back({snapshot.cases[i].case_id, way, day, forecast.plain.cases[i]});
    }
  }

  void ends(scheduler::CaseId id, std::int64_t day) override { ended_.emplace(id, day); }

  void add_to(Tallies& tallies) const {
    for (const Told& told : told_) {
      const std::int64_t days = ended_.at(told.case_id) - told.day + 1;
      AskingTally& tally = tallies[told.way];
      count(told.completion.p50, days, tally.p50);
      count(told.completion.p90, days, tally.p90);
      if (told.completion.p90 == planner::ForecastCompletion::kBeyond) {
        tally.beyond += 1;
      } else {
        tally.days_between += told.completion.p90 - told.completion.p50;
        tally.both += 1;
      }
    }
  }

 private:
  struct Told {
    scheduler::CaseId case_id{};
    std::size_t way = 0;
    std::int64_t day = 0;
    planner::ForecastCompletion completion;
  };

  static void count(std::uint16_t told, std::int64_t days, Tally& tally) {
    if (told == planner::ForecastCompletion::kBeyond) return;
    tally.told += 1;
    tally.before += days < told ? 1 : 0;
    tally.by_end += days <= told ? 1 : 0;
  }

  std::vector<Told> told_;
  std::map<scheduler::CaseId, std::int64_t> ended_;
};

double percent(std::uint64_t part, const Tally& of) {
  return of.told == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of.told);
}

void print_asking(const Asking& asking, const AskingTally& tally) {
  fmt::print(
      "{:<26}{:>8}{:>10.1f}{:>8.1f}{:>12.1f}{:>8.1f}{:>12.2f}{:>9}\n", asking.name, tally.p50.told,
      percent(tally.p50.before, tally.p50), percent(tally.p50.by_end, tally.p50),
      percent(tally.p90.before, tally.p90), percent(tally.p90.by_end, tally.p90),
      tally.both == 0 ? 0 : tally.days_between / static_cast<double>(tally.both), tally.beyond);
}

boost::json::object json_of(const Asking& asking, const AskingTally& tally) {
  return {{"asking", asking.name},
          {"told", tally.p50.told},
          {"before p50", percent(tally.p50.before, tally.p50)},
          {"by p50", percent(tally.p50.by_end, tally.p50)},
          {"before p90", percent(tally.p90.before, tally.p90)},
          {"by p90", percent(tally.p90.by_end, tally.p90)},
          {"beyond", tally.beyond}};
}

}  // namespace

boost::json::array bench_forecast(const TraceBench& bench) {
  Tallies tallies;
  for (std::uint64_t seed = bench.trace.seed; seed < bench.trace.seed + bench.seeds; ++seed) {
    const DispatchTrace trace = trace_of(bench, seed);
    ForecastWatcher watcher;
    play_dispatch_trace(trace, *watched_policy(trace, trace.policy, watcher));
    watcher.add_to(tallies);
  }
  fmt::print(
      "percent of cases that ended before the day told, and by its end; {} seeds\n{:<26}{:>8}"
      "{:>10}{:>8}{:>12}{:>8}{:>12}{:>9}\n",
      bench.seeds, "", "cases", "< p50", "<= p50", "< p90", "<= p90", "p90 - p50", "beyond");
  boost::json::array out;
  for (std::size_t way = 0; way < kAskings.size(); ++way) {
    print_asking(kAskings[way], tallies[way]);
    out.push_back(json_of(kAskings[way], tallies[way]));
  }
  return out;
}

}  // namespace permitd::bench
