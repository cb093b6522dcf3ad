// Goal: a state survives being written and read at any moment, and bytes that are no state are
// refused without harm: whatever is accepted is a scheduler that answers, counts and writes the
// same bytes. Method: random runs; their states are cut, flipped, overwritten and spliced.
// PERMITD_SEED=N repeats.
#include "tests/support/state_bytes.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/command_generator.h"

namespace permitd::tests {
namespace {

using namespace permitd::scheduler;

// More ticks for one moment than these hundred jobs and experts could ask for in good order.
constexpr int kTicksMax = 2000;

void apply_step(Scheduler& scheduler, CommandGenerator& generator, const Step& step) {
  const Command made = generator.make(step, scheduler);
  Command command;
  int ticks = 0;
  while (make_due_tick(scheduler, made.now, command)) {
    scheduler.apply(command);
    ASSERT_LT(++ticks, kTicksMax) << "something stays due for ever";
  }
  command = made;
  command.op = Op{raw(scheduler.op_applied()) + 1};
  scheduler.apply(command);
}

/// A city in which some work has been done.
std::unique_ptr<Scheduler> worked_city(std::uint64_t seed, std::size_t count) {
  auto scheduler = std::make_unique<Scheduler>();
  CommandGenerator generator;
  for (const Step& step : steps_of(seed, count)) apply_step(*scheduler, generator, step);
  return scheduler;
}

Bytes damaged(const Bytes& whole, const Bytes& other, Chance& chance) {
  Bytes bytes = whole;
  const std::size_t at = chance.below(bytes.size());
  switch (chance.below(5)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes[at] ^= std::byte{1} << chance.below(8);
      break;
    case 2:
      bytes[at] = std::byte{0xFF};
      break;
    case 3: {  // a word of nothing or of everything
      const std::byte filling{static_cast<unsigned char>(chance.below(2) * 0xFF)};
      for (std::size_t i = at; i < std::min(at + 8, bytes.size()); ++i) bytes[i] = filling;
      break;
    }
    case 4:  // the end of another state
      for (std::size_t i = at; i < std::min(bytes.size(), other.size()); ++i) bytes[i] = other[i];
      break;
  }
  return bytes;
}

TEST(StateBytesTest, DamagedBytesAreRefusedOrReadAsTheyAre) {
  const Seeds seeds = Seeds::of(12);
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    Chance chance(seed);
    const Bytes whole = state_bytes(*worked_city(seed, 400));
    const Bytes other = state_bytes(*worked_city(seed + 1'000'000, 300));
    for (int round = 0; round < 300; ++round) {
      const Bytes bytes = damaged(whole, other, chance);
      Scheduler scheduler;
      if (!read_bytes(scheduler, bytes)) {
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_TRUE(state_bytes(scheduler) == bytes) << "round " << round;
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(accepted, 10U) << "plain figures, such as a point on the map, may be anything";
}

// Damage that cannot be told from a state must not bring the process down later either.
TEST(StateBytesTest, WhatWasAcceptedGoesOnWorking) {
  const Seeds seeds = Seeds::of(12);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    Chance chance(seed * 31);
    const Bytes whole = state_bytes(*worked_city(seed, 400));
    for (int round = 0; round < 150; ++round) {
      Bytes bytes = whole;
      const std::size_t at = chance.below(bytes.size());
      bytes[at] ^= std::byte{1} << chance.below(8);
      SCOPED_TRACE(testing::Message() << "round " << round << ", byte " << at);
      Scheduler scheduler;
      if (!read_bytes(scheduler, bytes)) continue;
      CommandGenerator generator;
      for (int step = 0; step < 100; ++step) {
        apply_step(scheduler, generator, {Step::kRandom, chance.next()});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Limits are the first command of every journal; before them there is nothing to keep.
TEST(StateBytesTest, AStateWithoutLimitsIsRefused) {
  Scheduler read;
  EXPECT_FALSE(read_bytes(read, state_bytes(Scheduler{})));
}

// Same commands, same bytes; also when the state was written and read on the way.
TEST(StateBytesTest, ReadingOnTheWayChangesNothing) {
  const Seeds seeds = Seeds::of(10);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    Chance chance(seed);
    auto direct = std::make_unique<Scheduler>();
    auto detour = std::make_unique<Scheduler>();
    CommandGenerator direct_generator;
    CommandGenerator detour_generator;
    for (const Step& step : steps_of(seed, 600)) {
      apply_step(*direct, direct_generator, step);
      apply_step(*detour, detour_generator, step);
      if (!chance.chance(20)) continue;
      const Bytes bytes = state_bytes(*detour);
      detour = std::make_unique<Scheduler>();
      ASSERT_TRUE(read_bytes(*detour, bytes));
      ASSERT_TRUE(state_bytes(*direct) == bytes);
    }
    ASSERT_TRUE(state_bytes(*direct) == state_bytes(*detour));
  }
}

}  // namespace
}  // namespace permitd::tests
