// One life of the daemon without its network: the real journal, recovery, engine, snapshotter and
// keeper, driven in turns by one thread instead of threads of their own.
#pragma once

#include <memory>

#include "daemon/engine.h"
#include "daemon/journal_storage.h"
#include "daemon/recovery.h"
#include "daemon/snapshotter.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/witness_storage.h"

namespace permitd::tests {

/// Wall time as the simulation has it: it may go back.
class SimulatedClock final : public daemon::Clock {
 public:
  scheduler::Tick now() override { return time; }
  scheduler::Tick time;
};

struct ProcessOptions {
  daemon::JournalOptions journal;
  daemon::EngineOptions engine;
  bool blocking_writes = false;  // as on hosts without io_uring
  // Faults of the process, see WitnessStorage.
  bool answers_early = false;
  bool leads_early = false;
  bool refuses_start = false;
  bool says_full = false;
  bool recovers_wrongly = false;
  bool snapshots_wrongly = false;
};

class SimulatedProcess {
 public:
  SimulatedProcess(SimulatedDisk& disk, const ProcessOptions& options, daemon::Clock& clock,
                   WitnessStorage::Witness witness);
  ~SimulatedProcess();

  /// Opens the journal and replays it.
  [[nodiscard]] daemon::Expected<daemon::RecoveryReport> recover();
  /// After recover(): the engine begins. Its limits are journaled by begin().
  daemon::Engine& make_engine(scheduler::Op snapshot_op);
  void begin(const scheduler::Limits& limits);

  /// True when recover() has failed at taking the lead, which writes.
  bool lead_has_failed() const { return storage_ != nullptr && storage_->lead_has_failed(); }
  bool is_serving() const { return engine_ != nullptr; }
  /// One turn of the engine's loop. False when the engine would stop the process at once.
  [[nodiscard]] bool turn();
  void keep_house() { journal_->keep_house(); }
  bool is_full() const { return storage_->is_full(); }
  /// True when a snapshot was asked for, and made or not.
  bool make_snapshot();

  const scheduler::Scheduler& scheduler() const { return *scheduler_; }
  daemon::Engine& engine() { return *engine_; }
  daemon::JournalStorage& journal() { return *journal_; }

 private:
  SimulatedDisk& disk_;
  ProcessOptions options_;
  daemon::Clock& clock_;
  WitnessStorage::Witness witness_;
  std::unique_ptr<daemon::JournalStorage> journal_;
  std::unique_ptr<WitnessStorage> storage_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<daemon::Snapshotter> snapshotter_;
  std::unique_ptr<daemon::Engine> engine_;
};

}  // namespace permitd::tests
