// Goal: a state from a file whose checksums are right is refused, or is one that the core can work
// on: it is written again as it was read, and no command makes it abort. Method: patches on the
// state of a made-up city, then a hundred commands.
#include <cstdlib>

#include "tests/fuzz/patches.h"
#include "tests/support/command_generator.h"
#include "tests/support/state_bytes.h"

namespace permitd::tests {
namespace {

using scheduler::Command;
using scheduler::Scheduler;

constexpr std::uint64_t kSeed = 11;

void take(Scheduler& scheduler, CommandGenerator& generator, const Step& step) {
  const Command made = generator.make(step, scheduler);
  Command command;
  for (int ticks = 0; ticks < 4 && make_due_tick(scheduler, made.now, command); ++ticks)
    scheduler.apply(command);
  command = made;
  command.op = scheduler::Op{raw(scheduler.op_applied()) + 1};
  scheduler.apply(command);
}

const Bytes& valid_state() {
  static const Bytes kState = [] {
    Scheduler scheduler;
    CommandGenerator generator;
    for (const Step& step : steps_of(kSeed, 500)) take(scheduler, generator, step);
    return state_bytes(scheduler);
  }();
  return kState;
}

}  // namespace
}  // namespace permitd::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd::tests;
  Bytes bytes = valid_state();
  apply_patches({data, size}, bytes);
  permitd::scheduler::Scheduler scheduler;
  if (!read_bytes(scheduler, bytes)) return 0;
  if (state_bytes(scheduler) != bytes) std::abort();
  CommandGenerator generator;
  Chance chance(size == 0 ? 1 : data[0]);
  for (int step = 0; step < 100; ++step) take(scheduler, generator, {Step::kRandom, chance.next()});
  return 0;
}
