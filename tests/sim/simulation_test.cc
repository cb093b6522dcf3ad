// Goal: whatever disk, power, clock and peers do, the daemon keeps its promises. Method: the whole
// engine, journal, snapshots and recovery over a simulated disk, one seed a run; see simulation.h.
//
//   sim_simulation_test --seed=N [--steps=M] [--faults=MASK] [--without=a-b,c-d]   one run
//   sim_simulation_test --gtest_filter=*Promises --seeds=N [--first=M]               so many
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/sim/simulation_search.h"

namespace permitd::tests {
namespace {

// From so many seeds on every kind of fault must have come about.
constexpr std::uint64_t kSeedsForEveryFault = 300;

TEST(Simulation, KeepsItsPromises) {
  const SearchOptions options = asked_for(testing::internal::GetArgvs());
  const SearchResult result = search(options);
  fmt::print("{}", text_of(result));
  ASSERT_EQ(result.failure, "") << result.repeat_line;
  if (options.count < kSeedsForEveryFault || options.run.faults != kEveryFault) return;
  for (std::size_t fault = 0; fault < kFaultCount; ++fault) {
    EXPECT_NE(result.total.faults.counts[fault], 0U)
        << name_of(static_cast<Fault>(fault)) << " never happened";
  }
  EXPECT_NE(result.total.refused_starts, 0U);
  EXPECT_NE(result.total.segments_recycled, 0U);
  EXPECT_NE(result.total.full_refusals, 0U);
}

TEST(Simulation, APowerCutInsideAnyCallThatChangesTheDiskIsSurvived) {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= Seeds::of(6).count; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.steps = 90;
    options.faults = 0;
    const SimulationReport whole = simulate(options);
    ASSERT_EQ(whole.failure, "") << line_of(options);
    for (std::uint64_t call = 1; call <= whole.changing_calls; ++call, ++cuts) {
      options.cut_after_calls = call;
      const SimulationReport report = simulate(options);
      ASSERT_EQ(report.failure, "") << line_of(options);
      ASSERT_EQ(report.faults.of(Fault::kCutInCall), 1U) << line_of(options);
    }
  }
  fmt::print("{} power cuts, one in each call\n", cuts);
}

TEST(Simulation, TheSameSeedGivesTheSameBytes) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    const SimulationReport one = simulate(options);
    const SimulationReport other = simulate(options);
    ASSERT_EQ(one.journal_hash, other.journal_hash) << "seed " << seed;
    ASSERT_EQ(one.digest, other.digest) << "seed " << seed;
    ASSERT_EQ(one.ops, other.ops) << "seed " << seed;
    ASSERT_EQ(one.faults.counts, other.faults.counts) << "seed " << seed;
  }
}

}  // namespace
}  // namespace permitd::tests
