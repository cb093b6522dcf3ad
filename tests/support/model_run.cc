#include "tests/support/model_run.h"

#include <fmt/core.h>

#include "tests/support/state_bytes.h"

namespace permitd::tests {

using namespace permitd::scheduler;

std::optional<ModelFailure> ModelRun::execute(const std::vector<Step>& steps) {
  for (std::size_t index = 0; index < steps.size(); ++index) {
    std::string wrong = take(steps[index]);
    if (!wrong.empty()) return ModelFailure{index + 1, wrong};
  }
  return std::nullopt;
}

std::string ModelRun::take(const Command& made) {
  Command command = made;
  // Mostly time's own work is done first, as the engine does; sometimes it comes late.
  const bool late = chance_.chance(30);
  while (!late && make_due_tick(*core_, made.now, command)) {
    if (std::string wrong = apply(command); !wrong.empty()) return wrong;
  }
  command = made;
  command.op = Op{raw(core_->op_applied()) + 1};
  if (std::string wrong = apply(command); !wrong.empty()) return wrong;
  const Outcome answer = outcome_;
  while (make_due_tick(*core_, made.now, command)) {
    if (std::string wrong = apply(command); !wrong.empty()) return wrong;
  }
  outcome_ = answer;
  model_.audit(*core_);
  if (std::string wrong = complaint(made); !wrong.empty()) return wrong;
  return chance_.chance(10) ? write_and_read() : std::string{};
}

std::string ModelRun::apply(const Command& command) {
  model_.judge(command, *core_);
  outcome_ = core_->apply(command);
  model_.follow(command, outcome_, *core_);
  return complaint(command);
}

std::string ModelRun::complaint(const Command& command) const {
  if (model_.complaints().empty()) return {};
  std::string text =
      fmt::format("after command of kind {} by actor {}:{} at {}:", raw(command.kind),
                  raw(command.actor.kind), command.actor.id, command.now.ms);
  for (const std::string& line : model_.complaints()) text += "\n  " + line;
  return text;
}

// Bytes out, in and out again are the same; the run goes on with what was read.
std::string ModelRun::write_and_read() {
  const Bytes bytes = state_bytes(*core_);
  auto read = std::make_unique<Scheduler>();
  if (!read_bytes(*read, bytes)) return "its own state was not accepted";
  if (state_bytes(*read) != bytes) return "a state that was read is written in other bytes";
  core_ = std::move(read);
  return {};
}

}  // namespace permitd::tests
