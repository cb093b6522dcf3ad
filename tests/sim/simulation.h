// A whole life of the daemon in one thread and no time: engine, journal, snapshots and recovery on
// a simulated disk, clients at the other end of the rings, and faults everywhere. A seed is a run:
// the same seed gives the same bytes. A run is a list of steps, each with dice of its own, so that
// steps and kinds of faults can be left out and the rest still means the same.
//
// What is promised is checked after every step as far as that is cheap, and wholly after every
// restart and at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/storage.h"
#include "tests/sim/durable_history.h"
#include "tests/sim/fault_counts.h"
#include "tests/sim/simulated_clients.h"
#include "tests/sim/simulated_process.h"
#include "tests/support/command_generator.h"

namespace permitd::tests {

/// Faults of a kind that no correct program has, to see that each is noticed.
enum class Sabotage : std::uint8_t {
  kNone,
  kLyingDisk,         // reports writes as durable that a power cut takes back
  kEarlyAnswers,      // answers before the write has completed
  kOtherKey,          // writes another key than the one that came with the command
  kOtherSeed,         // writes another seed than the one it decided with
  kOtherReplay,       // takes other batches from the journal at a start than it wrote
  kOtherSnapshot,     // the same for the shadow that snapshots are made of
  kNoEvents,          // tells no events
  kOtherEvents,       // tells other events than came about
  kOtherReads,        // shows queries another state
  kOtherDigests,      // gives out another digest than that of its state
  kNoAnswers,         // never answers one call in so many
  kFullForNothing,    // says that the device is full
  kNeedlessRefusal,   // refuses a start that nothing forbids
  kNamelessRefusal,   // of a start, without a word on the file
  kPlacelessRefusal,  // of a start, without a word on where in the file
  kForgottenEnd,      // takes the journal for shorter than it is, beside damage elsewhere
  kDamageIsEnd,       // takes a damaged frame for the end of the journal
  kOtherOutcome,      // the core answers otherwise than its rules want
  kEarlyLead,         // a start leads before it has read the state
};

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::size_t steps = 0;  // 0: as many as the seed says
  FaultMask faults = kEveryFault;
  std::vector<std::pair<std::size_t, std::size_t>> without;  // first and last step of each gap
  Sabotage sabotage = Sabotage::kNone;
  bool compares_disk = true;          // with what the device holds, at every answer
  std::uint64_t cut_after_calls = 0;  // one power cut, inside this changing call of the run
};

struct SimulationReport {
  std::string failure;   // empty: all is well
  std::size_t step = 0;  // steps done
  FaultCounts faults;
  std::uint64_t journal_hash = 0;  // of every byte written to the journal
  daemon::StateDigest digest;
  std::uint64_t ops = 0;
  std::uint64_t restarts = 0;
  std::uint64_t refused_starts = 0;     // because of damage, and rightly
  std::uint64_t unprovable_losses = 0;  // damage at the very end, which nothing on the disk shows
  std::uint64_t snapshots = 0;
  std::uint64_t segments_recycled = 0;
  std::uint64_t answers = 0;
  std::uint64_t reads = 0;
  std::uint64_t events = 0;
  std::uint64_t digests = 0;
  std::uint64_t audits = 0;
  std::uint64_t full_refusals = 0;
  std::uint64_t replayed_snapshots = 0;  // verified by replay at the end
  std::uint64_t kept_leases = 0;  // renewed with their old token after a lost connection
  std::uint64_t changing_calls = 0;  // of the disk, in the steps
  std::uint64_t blocking_faults = 0;  // of writes that block and are of no frame
  std::int64_t simulated_ms = 0;
};

/// How many steps the run of a seed has.
std::size_t steps_of_seed(std::uint64_t seed);
/// Whether the disk of a seed has no room for most of the run.
bool is_crowded(std::uint64_t seed);
/// Whether the naive model compares everything behind every batch of a seed: one in ten, long runs
/// and short.
bool is_audited_throughout(std::uint64_t seed);

SimulationReport simulate(const SimulationOptions& options);

}  // namespace permitd::tests
