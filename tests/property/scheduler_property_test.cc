// Goal: over random lists of commands, legal and not, the core answers, moves and counts exactly as
// the naive model says, keeps the invariants after every command, and its state bytes lose nothing.
// Method: for each seed a made-up city and a few thousand steps; a failing run is cut down to few
// steps. PERMITD_SEED=N repeats one seed, PERMITD_ROUNDS and PERMITD_STEPS set how much is run.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/command_generator.h"
#include "tests/support/naive_model.h"
#include "tests/support/state_bytes.h"

namespace permitd::tests {
namespace {

using namespace permitd::scheduler;

struct Failure {
  std::size_t step = 0;  // number of steps done
  std::string what;
};

class ModelRun {
 public:
  explicit ModelRun(std::uint64_t seed) : chance_(seed * 7919 + 1) {}

  /// Runs the steps until something is wrong.
  std::optional<Failure> execute(const std::vector<Step>& steps) {
    for (std::size_t index = 0; index < steps.size(); ++index) {
      std::string wrong = take(steps[index]);
      if (!wrong.empty()) return Failure{index + 1, wrong};
    }
    return std::nullopt;
  }

  const NaiveModel& model() const { return model_; }

 private:
  std::string take(const Step& step) {
    const Command made = generator_.make(step, *scheduler_);
    Command command = made;
    // Mostly time's own work is done first, as the engine does; sometimes it comes late.
    const bool late = chance_.chance(30);
    while (!late && make_due_tick(*scheduler_, made.now, command)) {
      if (std::string wrong = apply(command); !wrong.empty()) return wrong;
    }
    command = made;
    command.op = Op{raw(scheduler_->op_applied()) + 1};
    if (std::string wrong = apply(command); !wrong.empty()) return wrong;
    while (make_due_tick(*scheduler_, made.now, command)) {
      if (std::string wrong = apply(command); !wrong.empty()) return wrong;
    }
    model_.audit(*scheduler_);
    if (std::string wrong = complaint(made); !wrong.empty()) return wrong;
    return chance_.chance(10) ? write_and_read() : std::string{};
  }

  std::string apply(const Command& command) {
    model_.judge(command, *scheduler_);
    const Outcome outcome = scheduler_->apply(command);
    model_.follow(command, outcome, *scheduler_);
    return complaint(command);
  }

  std::string complaint(const Command& command) const {
    if (model_.complaints().empty()) return {};
    std::string text =
        fmt::format("after command of kind {} by actor {}:{} at {}:", raw(command.kind),
                    raw(command.actor.kind), command.actor.id, command.now.ms);
    for (const std::string& line : model_.complaints()) text += "\n  " + line;
    return text;
  }

  // Bytes out, in and out again are the same; the run goes on with what was read.
  std::string write_and_read() {
    const Bytes bytes = state_bytes(*scheduler_);
    auto read = std::make_unique<Scheduler>();
    if (!read_bytes(*read, bytes)) return "its own state was not accepted";
    if (state_bytes(*read) != bytes) return "a state that was read is written in other bytes";
    scheduler_ = std::move(read);
    return {};
  }

  Chance chance_;
  CommandGenerator generator_;
  NaiveModel model_;
  std::unique_ptr<Scheduler> scheduler_ = std::make_unique<Scheduler>();
};

// Runs tried to cut a failing one down; more would keep people waiting for little.
constexpr int kShrinkRunsMax = 600;

// Cuts steps out as long as the run still fails, in ever smaller pieces.
std::vector<Step> shrink(std::uint64_t seed, std::vector<Step> steps, Failure& failure) {
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
