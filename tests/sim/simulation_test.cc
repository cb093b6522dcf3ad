// Goal: whatever disk, power, clock and peers do, the daemon keeps its promises. Method: the whole
// engine, journal, snapshots and recovery over a simulated disk, one seed a run; see simulation.h.
//
//   sim_simulation_test --seed=N [--steps=M] [--faults=MASK] [--without=a-b,c-d]   one run
//   sim_simulation_test --gtest_filter=*Promises --seeds=N [--first=M]               so many
//   … --print-hashes     a line for each seed: "hash", seed, hash of all journal bytes, digest, ops
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/sim/simulation_search.h"

namespace permitd::tests {
namespace {

// From so many seeds on every kind of fault must have come about, and a year have passed.
constexpr std::uint64_t kSeedsForEveryFault = 300;
constexpr std::int64_t kYearMs = std::int64_t{365} * 86'400'000;

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
  EXPECT_NE(result.total.blocking_faults, 0U);
  EXPECT_NE(result.total.full_refusals, 0U);
  EXPECT_NE(result.total.kept_leases, 0U);
  // What compares nothing finds nothing.
  EXPECT_NE(result.total.reads, 0U);
  EXPECT_NE(result.total.events, 0U);
  EXPECT_NE(result.total.digests, 0U);
  EXPECT_NE(result.total.audits, 0U);
  EXPECT_NE(result.total.replayed_snapshots, 0U);
  EXPECT_GE(result.total.simulated_ms, kYearMs);
}

TEST(Simulation, TheSameComplaintHasTheSameKindWhateverItsNumbers) {
  const std::string one = "op 17, kind 3 by 2:101 at 99:\n  job 4 is held twice";
  EXPECT_EQ(kind_of_failure(one),
            kind_of_failure("op 9, kind 40 by 1:1 at 5:\n  job 88 is held twice"));
  EXPECT_NE(kind_of_failure(one),
            kind_of_failure("op 17, kind 3 by 2:101 at 99:\n  case 4 has no job"));
  EXPECT_EQ(kind_of_failure("op 4 was acknowledged, the journal ends at op 3"),
            kind_of_failure("op 40 was acknowledged, the journal ends at op 1"));
  EXPECT_EQ(kind_of_failure(""), "");
}

TEST(Simulation, APowerCutInsideAnyCallThatChangesTheDiskIsSurvived) {
  constexpr std::uint64_t kSeeds = 6;
  std::uint64_t cuts = 0;
  std::uint64_t snapshots = 0;
  const std::uint64_t seeds = Seeds::of(kSeeds).count;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.steps = 90;
    options.faults = 0;
    const SimulationReport whole = simulate(options);
    ASSERT_EQ(whole.failure, "") << line_of(options);
    snapshots += whole.snapshots;
    for (std::uint64_t call = 1; call <= whole.changing_calls; ++call, ++cuts) {
      options.cut_after_calls = call;
      const SimulationReport report = simulate(options);
      ASSERT_EQ(report.failure, "") << line_of(options);
      ASSERT_EQ(report.faults.of(Fault::kCutInCall), 1U) << line_of(options);
    }
  }
  fmt::print("{} power cuts, one in each call\n", cuts);
  // Rotation, trimming and segments that are used again are met by journal_power_test.
  if (seeds >= kSeeds) {
    EXPECT_NE(snapshots, 0U);
  }
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
