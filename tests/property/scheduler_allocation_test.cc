// After SetLimits has taken the memory no command allocates: the promise of Scheduler::apply,
// checked over random commands of every kind. This executable counts every call of operator new.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <set>

#include "scheduler/scheduler.h"
#include "tests/support/command_generator.h"

namespace {

std::uint64_t allocation_count = 0;  // one thread only

void* count_and_allocate(std::size_t size, std::size_t alignment) {
  ++allocation_count;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// Out of line: g++ 12 takes an inlined pair of these for a mismatch.
[[gnu::noinline]] void release(void* memory) noexcept { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return count_and_allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return count_and_allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace permitd::tests {
namespace {

using scheduler::Command;
using scheduler::CommandKind;

TEST(SchedulerAllocation, OnlySetLimitsAllocates) {
  scheduler::Scheduler scheduler;
  CommandGenerator generator;
  std::set<CommandKind> accepted;
  const auto apply_counted = [&](const Command& command) {
    scheduler.expect(command);
    const std::uint64_t before = allocation_count;
    const scheduler::Outcome outcome = scheduler.apply(command);
    const std::uint64_t taken = allocation_count - before;
    if (command.kind == CommandKind::kSetLimits) return;
    ASSERT_EQ(taken, 0U) << "by a command of kind " << static_cast<int>(command.kind) << " at op "
                         << raw(command.op);
    if (outcome.refusal == scheduler::Refusal::kNone) accepted.insert(command.kind);
  };
  for (const Step& step : steps_of(20'190'518, 30'000)) {
    Command command = generator.make(step, scheduler);
    Command tick;
    while (make_due_tick(scheduler, command.now, tick)) apply_counted(tick);
    command.op = scheduler::Op{raw(scheduler.op_applied()) + 1};
    apply_counted(command);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(allocation_count, 0U) << "the count does not count";
  EXPECT_GT(accepted.size(), 25U) << "too few kinds of commands were accepted to prove anything";
}

}  // namespace
}  // namespace permitd::tests
