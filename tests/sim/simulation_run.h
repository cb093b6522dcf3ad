// The run of one seed: see simulation.h. Split in what happens (simulation.cc) and how a process
// ends and begins again (simulation_restart.cc).
#pragma once

#include "tests/sim/simulated_calls.h"
#include "tests/sim/simulation.h"

namespace permitd::tests {

class SimulationRun {
 public:
  explicit SimulationRun(const SimulationOptions& options);
  SimulationReport execute();

 private:
  using Action = void (SimulationRun::*)();
  struct Choice {
    std::uint32_t weight;
    Action action;
  };

  // simulation.cc
  void take_step(std::size_t index);
  void choose();
  void file_calls();
  void turn_often();
  void keep_house();
  void make_snapshot();
  void look();
  void ask_digest();
  void ask_snapshot();
  void turn_away();
  void lose_connections();
  void move_clock();
  void arm_write();
  void arm_sync();
  void arm_cut();
  void fill_disk();
  void slow_disk();
  void rot_journal();
  void rot_snapshot();
  void cut_power();
  void kill();
  void stop();

  /// One turn of the engine and everything that may be checked after it.
  void turn();
  void during_call();
  void check_all();
  bool has(Fault fault) const { return (options_.faults & bit_of(fault)) != 0; }
  bool over() const { return !report_.failure.empty() || finished_; }
  void fail(const std::string& what);

  // simulation_restart.cc
  ProcessOptions process_options();
  void witness(const daemon::BatchHeader& header, std::span<const std::byte> payload);
  void end_process();
  void start_again();
  /// True when a process serves; false when another attempt is due.
  bool try_start(bool calm);
  void arm_start();
  struct Attempt {
    bool finds_damage = false;  // and not one before it, which may have written over some
    std::uint64_t errors = 0;   // until then, of each that may refuse a start
    std::uint64_t changes = 0;  // of the directory, until then
  };
  void judge_refusal(const daemon::Error& error, const Attempt& attempt);
  /// Alters what a start has come to, as the options want it; simulation_sabotage.cc.
  void sabotage_start(daemon::Expected<daemon::RecoveryReport>& start) const;
  void check_recovered(const daemon::RecoveryReport& report);
  void serve(const daemon::RecoveryReport& report);
  /// What the disk showed before a start, to judge what the start made of it.
  struct Before {
    bool damaged = false;
    std::map<std::uint64_t, FrameNote> frames;
  };
  Before look_before_start() const;
  void judge_loss(const Before& before, std::uint64_t last_op);
  void finish();
  void settle();
  void stop_for_good();
  void check_archive();
  std::uint64_t error_count() const;

  SimulationOptions options_;
  SimulationReport report_;
  SimulatedDisk disk_;
  MountedDisk mount_;
  DurableHistory history_;
  SimulatedClients clients_;
  SimulatedClock clock_;
  CommandGenerator generator_;
  std::unique_ptr<SimulatedProcess> process_;
  Before before_;
  ProcessOptions process_options_;
  scheduler::Limits limits_;
  Chance chance_{0};
  std::uint32_t setup_next_ = 1;
  std::int64_t begin_ms_ = 0;
  bool in_turn_ = false;
  bool finished_ = false;  // nothing more can be told from this run
};

}  // namespace permitd::tests
