// Goal: over random lists of commands, legal and not, the core answers, moves and counts exactly as
// the naive model says, keeps the invariants after every command, and its state bytes lose nothing.
// Method: for each seed a made-up city and a few thousand steps; a failing run is cut down to few
// steps. PERMITD_SEED=N repeats one seed, PERMITD_ROUNDS and PERMITD_STEPS set how much is run.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/command_generator.h"
#include "tests/support/model_run.h"

namespace permitd::tests {
namespace {

using namespace permitd::scheduler;

// Runs tried to cut a failing one down; more would keep people waiting for little.
constexpr int kShrinkRunsMax = 600;

// Cuts steps out as long as the run still fails, in ever smaller pieces.
std::vector<Step> shrink(std::uint64_t seed, std::vector<Step> steps, ModelFailure& failure) {
  int runs = 0;
  for (std::size_t piece = steps.size() / 2; piece > 0; piece /= 2) {
    for (std::size_t from = steps.size(); from > 0 && runs < kShrinkRunsMax; ++runs) {
      from = from > piece ? from - piece : 0;
      std::vector<Step> fewer = steps;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(from);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(piece, fewer.size() - from)));
      if (fewer.empty() || fewer[0].setup != 0) continue;  // the limits come first
      if (const auto still = ModelRun(seed).execute(fewer)) {
        failure = *still;
        fewer.resize(still->step);
        steps = fewer;
        from = std::min(from, steps.size());
      }
    }
  }
  return steps;
}

std::string story(const std::vector<Step>& steps) {
  std::string text;
  Scheduler scheduler;
  CommandGenerator generator;
  for (const Step& step : steps) {
    const Command made = generator.make(step, scheduler);
    Command command;
    while (make_due_tick(scheduler, made.now, command)) scheduler.apply(command);
    command = made;
    command.op = Op{raw(scheduler.op_applied()) + 1};
    const Outcome outcome = scheduler.apply(command);
    text +=
        fmt::format("  op {} at {}: kind {} by {}:{} -> refusal {} case {} job {}\n",
                    raw(command.op), command.now.ms, raw(command.kind), raw(command.actor.kind),
                    command.actor.id, raw(outcome.refusal), raw(outcome.case_id), raw(outcome.job));
  }
  return text;
}

// Seeds as asked for on the command line, in the environment, or the usual ones.
Seeds asked_seeds() {
  for (const std::string& argument : testing::internal::GetArgvs()) {
    if (!argument.starts_with("--seed=")) continue;
    return {std::strtoull(argument.c_str() + 7, nullptr, 0), 1};
  }
  return Seeds::of(200);
}

TEST(SchedulerPropertyTest, AgreesWithTheNaiveModel) {
  const Seeds seeds = asked_seeds();
  const std::size_t count = environment_number("PERMITD_STEPS", 2000);
  std::map<std::pair<int, int>, std::uint64_t> answers;
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    std::vector<Step> steps = steps_of(seed, count);
    ModelRun run(seed);
    auto failure = run.execute(steps);
    for (const auto& [key, times] : run.model().answers()) answers[key] += times;
    if (!failure) continue;
    steps.resize(failure->step);
    const std::string first = failure->what;
    if (environment_number("PERMITD_NOSHRINK", 0) == 0) steps = shrink(seed, steps, *failure);
    FAIL() << "PERMITD_SEED=" << seed << " PERMITD_STEPS=" << count << "\n"
           << first << "\ncut down to " << steps.size() << " steps:\n"
           << story(steps) << failure->what;
  }
  if (environment_number("PERMITD_VERBOSE", 0) != 0) {
    for (const auto& [key, times] : answers)
      fmt::print("kind {:2} refusal {:2}: {}\n", key.first, key.second, times);
  }
}

}  // namespace
}  // namespace permitd::tests
