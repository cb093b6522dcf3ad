// The core and the naive model side by side: every command goes to both, what does not agree is
// told, and now and then the core goes on with what was read back from its own bytes. Time's own
// work is done around each command as the engine does it. For tests; one thread; the same seed and
// commands give the same run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"
#include "tests/support/command_generator.h"
#include "tests/support/naive_model.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

/// What went wrong in a run.
struct ModelFailure {
  std::size_t step = 0;  // number of steps done
  std::string what;
};

class ModelRun {
 public:
  explicit ModelRun(std::uint64_t seed) : chance_(seed * 7919 + 1) {}

  /// Runs the steps until something is wrong.
  std::optional<ModelFailure> execute(const std::vector<Step>& steps);
  /// Both return what is wrong, empty when nothing is.
  std::string take(const Step& step) { return take(generator_.make(step, *core_)); }
  /// A command of somebody else's making; its number is given here. Pre: not before core().now().
  std::string take(const scheduler::Command& made);

  /// The answer to the last command taken.
  const scheduler::Outcome& outcome() const { return outcome_; }
  /// Another object after any step: it may have been written and read.
  const scheduler::Scheduler& core() const { return *core_; }
  const NaiveModel& model() const { return model_; }

 private:
  std::string apply(const scheduler::Command& command);
  std::string complaint(const scheduler::Command& command) const;
  std::string write_and_read();

  Chance chance_;
  CommandGenerator generator_;
  NaiveModel model_;
  std::unique_ptr<scheduler::Scheduler> core_ = std::make_unique<scheduler::Scheduler>();
  scheduler::Outcome outcome_;
};

}  // namespace permitd::tests
