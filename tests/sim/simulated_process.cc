#include "tests/sim/simulated_process.h"

#include "tests/sim/simulated_writer.h"
#include "tests/support/led_recovery.h"

namespace permitd::tests {

SimulatedProcess::SimulatedProcess(SimulatedDisk& disk, const ProcessOptions& options,
                                   daemon::Clock& clock, WitnessStorage::Witness witness)
    : disk_(disk), options_(options), clock_(clock), witness_(std::move(witness)) {
  options_.journal.directory = kSimulatedPath;
  options_.journal.keeper_thread = false;
  options_.engine.lottery_key.emplace();
  options_.engine.lottery_key->fill(0x5A);
}

// The engine lends its queries back before the storage ends, as in the daemon.
SimulatedProcess::~SimulatedProcess() {
  snapshotter_.reset();
  engine_.reset();
}

daemon::Expected<daemon::RecoveryReport> SimulatedProcess::recover() {
  std::unique_ptr<daemon::DurableWriter> writer = std::make_unique<SimulatedWriter>(disk_);
  if (options_.blocking_writes) writer = std::make_unique<daemon::SyscallWriter>();
  auto journal = daemon::JournalStorage::open(options_.journal, std::move(writer));
  if (!journal) return std::unexpected(journal.error());
  journal_ = std::move(*journal);
  storage_ = std::make_unique<WitnessStorage>(*journal_, witness_);
  if (options_.answers_early) storage_->answer_early();
  if (options_.leads_early) storage_->lead_early();
  if (options_.refuses_start) storage_->refuse_start();
  if (options_.says_full) storage_->say_full();
  scheduler_ = std::make_unique<scheduler::Scheduler>();
  storage_->read_wrongly(options_.recovers_wrongly);
  auto report = tests::recover(*storage_, *scheduler_);
  storage_->read_wrongly(false);
  return report;
}

bool SimulatedProcess::make_snapshot() {
  storage_->read_wrongly(options_.snapshots_wrongly);
  const bool made = snapshotter_->work();
  storage_->read_wrongly(false);
  return made;
}

daemon::Engine& SimulatedProcess::make_engine(scheduler::Op snapshot_op) {
  snapshotter_ = std::make_unique<daemon::Snapshotter>(*storage_);
  engine_ = std::make_unique<daemon::Engine>(*scheduler_, *storage_, clock_, nullptr, *snapshotter_,
                                             options_.engine);
  snapshotter_->attach(engine_->waker());
  engine_->resume(snapshot_op);
  return *engine_;
}

void SimulatedProcess::begin(const scheduler::Limits& limits) { engine_->ensure_limits(limits); }

bool SimulatedProcess::turn() {
  journal_->poll();
  if (journal_->failure() != nullptr) return false;
  // The step looks again, and would abort the whole test for what it found.
  disk_.completes = false;
  engine_->step();
  disk_.completes = true;
  return true;
}

}  // namespace permitd::tests
