#include "tests/sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/log.h"
#include "protocol/command_codec.h"
#include "tests/sim/simulation_run.h"
#include "tests/support/city_setup.h"

namespace permitd::tests {

using scheduler::Command;
using scheduler::CommandKind;
using scheduler::raw;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMinuteMs = scheduler::kMsPerMinute;
constexpr std::int64_t kDayMs = 1440 * kMinuteMs;

std::uint64_t dice_of(std::uint64_t seed, std::uint64_t step) {
  Chance chance(seed * 0x9E3779B97F4A7C15ULL + step);
  chance.next();
  return chance.next();
}

}  // namespace

bool is_crowded(std::uint64_t seed) { return seed % 16 == 8; }

bool is_audited_throughout(std::uint64_t seed) { return seed % 10 == 4; }

std::size_t steps_of_seed(std::uint64_t seed) {
  // Most are short; some fill segments, so that they are left, trimmed and used again.
  if (seed % 16 == 0) return 3500;
  if (is_crowded(seed)) return 1800;
  return seed % 4 == 0 ? 900 : 350;
}

SimulationRun::SimulationRun(const SimulationOptions& options)
    : options_(options),
      disk_(report_.faults),
      mount_(disk_, options.seed),
      clients_(history_, report_.faults, options.faults) {
  if (options_.steps == 0) options_.steps = steps_of_seed(options_.seed);
  Chance setup(dice_of(options_.seed, 0));
  const Command limits = generator_.make({0, setup.next()}, history_.scheduler());
  limits_ = limits.body.set_limits.limits;
  clock_.time = limits.now;
  begin_ms_ = clock_.time.ms;
  disk_.chance = Chance(setup.next());
  disk_.lies = options_.sabotage == Sabotage::kLyingDisk;
  if (options_.sabotage == Sabotage::kNoEvents) clients_.leave_events();
  clients_.mishear({options_.sabotage == Sabotage::kOtherReads,
                    options_.sabotage == Sabotage::kOtherEvents,
                    options_.sabotage == Sabotage::kOtherDigests,
                    options_.sabotage == Sabotage::kNoAnswers});
  if (options_.sabotage == Sabotage::kOtherOutcome) history_.alter_outcomes();
  disk_.between_calls = [this] { during_call(); };
  chance_ = Chance(setup.next());
  process_options_ = process_options();
  if (is_audited_throughout(options_.seed)) history_.audit_each_batch();
}

void SimulationRun::fail(const std::string& what) {
  if (report_.failure.empty()) report_.failure = what;
}

SimulationReport SimulationRun::execute() {
  disk_.cut_after_calls = options_.cut_after_calls;
  start_again();
  for (std::size_t index = 0; index < options_.steps && !over(); ++index) {
    const bool left_out =
        std::any_of(options_.without.begin(), options_.without.end(),
                    [&](const auto& gap) { return gap.first <= index && index <= gap.second; });
    if (!left_out) take_step(index);
    report_.step = index + 1;
  }
  report_.changing_calls = disk_.changing_calls();
  if (!over()) finish();
  end_process();
  report_.journal_hash = disk_.written_hash();
  report_.blocking_faults = disk_.blocking_faults();
  report_.digest = daemon::digest_of_state(history_.scheduler());
  report_.ops = raw(history_.op());
  report_.answers = clients_.answer_count();
  report_.reads = history_.shown_count();
  report_.events = history_.told_count();
  report_.digests = clients_.digest_count();
  report_.audits = history_.audit_count();
  report_.full_refusals = clients_.full_count();
  report_.kept_leases = clients_.kept_lease_count();
  report_.simulated_ms = history_.scheduler().now().ms - begin_ms_;
  return report_;
}

void SimulationRun::take_step(std::size_t index) {
  chance_ = Chance(dice_of(options_.seed, 2 * index + 1));
  disk_.chance = Chance(dice_of(options_.seed, 2 * index + 2));
  choose();
  if (!disk_.is_dead()) turn();
  if (disk_.is_dead() && !over()) {
    end_process();
    start_again();
  }
  check_all();
}

void SimulationRun::choose() {
  static constexpr std::array<Choice, 20> kChoices = {{
      {420, &SimulationRun::file_calls},  {170, &SimulationRun::turn_often},
      {80, &SimulationRun::keep_house},   {50, &SimulationRun::make_snapshot},
      {60, &SimulationRun::look},         {12, &SimulationRun::ask_digest},
      {12, &SimulationRun::ask_snapshot}, {10, &SimulationRun::turn_away},
      {20, &SimulationRun::move_clock},   {6, &SimulationRun::arm_write},
      {3, &SimulationRun::arm_sync},      {6, &SimulationRun::arm_cut},
      {6, &SimulationRun::fill_disk},     {12, &SimulationRun::slow_disk},
      {1, &SimulationRun::rot_journal},   {2, &SimulationRun::rot_snapshot},
      {4, &SimulationRun::cut_power},     {4, &SimulationRun::kill},
      {2, &SimulationRun::stop},          {10, &SimulationRun::lose_connections},
  }};
  std::uint32_t total = 0;
  for (const Choice& choice : kChoices) total += choice.weight;
  std::uint32_t pick = chance_.below(total);
  for (const Choice& choice : kChoices) {
    if (pick < choice.weight) return (this->*choice.action)();
    pick -= choice.weight;
  }
}

// ---- what clients do ----

void SimulationRun::file_calls() {
  const std::uint32_t count = chance_.between(1U, chance_.chance(100) ? 12U : 3U);
  for (std::uint32_t call = 0; call < count && clients_.has_room(); ++call) {
    const bool setting_up = setup_next_ < city_setup_count();
    const Step step{setting_up ? setup_next_++ : Step::kRandom, chance_.next()};
    const Command command = generator_.make(step, history_.scheduler());
    if (command.kind == CommandKind::kTick || protocol::encoded_size(command.kind) == 0) continue;
    const std::int64_t pause = command.now.ms - history_.scheduler().now().ms;
    if (!setting_up) clock_.time.ms += std::max<std::int64_t>(0, pause);
    clients_.file(command);
  }
  clients_.send(chance_);
}

void SimulationRun::look() { clients_.look(chance_); }
void SimulationRun::ask_digest() { clients_.ask(daemon::RequestKind::kDigest); }
void SimulationRun::ask_snapshot() { clients_.ask(daemon::RequestKind::kSnapshot); }
void SimulationRun::turn_away() { clients_.turn_away(chance_); }
void SimulationRun::lose_connections() { clients_.lose_connections(chance_); }

// ---- what the process does ----

void SimulationRun::turn() {
  if (process_ == nullptr || !process_->is_serving() || in_turn_ || disk_.is_dead()) return;
  in_turn_ = true;
  const bool goes_on = process_->turn();
  in_turn_ = false;
  if (!goes_on) {
    disk_.kill();  // Engine::step() aborts on a failed write
    return;
  }
  if (disk_.is_dead()) return;
  const scheduler::Op durable = process_->engine().stats().op_durable;
  const scheduler::Op stable = options_.compares_disk ? scheduler::Op{disk_.op_stable()} : durable;
  if (durable > stable) {
    fail(fmt::format("op {} counts as durable, the disk has op {}", raw(durable), raw(stable)));
    return;
  }
  history_.catch_up(durable);
  clients_.listen(chance_, stable);
}

void SimulationRun::turn_often() {
  const std::uint32_t count = chance_.between(1U, 6U);
  for (std::uint32_t index = 0; index < count; ++index) {
    clients_.send(chance_);
    turn();
  }
}

void SimulationRun::keep_house() {
  const std::uint64_t errors = error_count();
  process_->keep_house();
  if (disk_.is_dead() || !process_->is_full() || error_count() != errors) return;
  if (process_options_.journal.segments_max != 0) return;
  fail("the journal says that the device is full, and it is not");
}

void SimulationRun::make_snapshot() { (void)process_->make_snapshot(); }

// Inside a system call of the keeper or the snapshotter the others go on.
void SimulationRun::during_call() {
  if (!disk_.chance.chance(80)) return;
  turn();
}

// ---- what goes wrong ----

void SimulationRun::move_clock() {
  const std::uint32_t way = chance_.below(10U);
  if (way < 3) {
    clock_.time.ms += chance_.below(3 * 60 * kMinuteMs);
  } else if (way < 5 && has(Fault::kClockForward)) {
    clock_.time.ms += chance_.below(chance_.chance(100) ? 40 * kDayMs : kDayMs);
    report_.faults.add(Fault::kClockForward);
  } else if (way < 8 && has(Fault::kClockBack)) {
    clock_.time.ms -= chance_.below(chance_.chance(200) ? 3 * kDayMs : 60 * kMinuteMs);
    report_.faults.add(Fault::kClockBack);
  } else {
    clock_.time = std::max(clock_.time, history_.scheduler().now());
  }
}

void SimulationRun::arm_write() {
  static constexpr std::array kKinds{Fault::kWriteError, Fault::kShortWrite, Fault::kLostWrite,
                                     Fault::kMisdirectedWrite, Fault::kLatentCorruption};
  static constexpr std::array<std::uint32_t, 5> kWeights{4, 4, 1, 1, 1};
  std::uint32_t pick = chance_.below(11U);
  std::size_t kind = 0;
  while (pick >= kWeights[kind]) pick -= kWeights[kind++];
  if (!has(kKinds[kind])) return;
  // A write that blocks is one of the snapshotter's or keeper's, or any without io_uring.
  (chance_.chance(300) ? disk_.next_blocking_write : disk_.next_write) = kKinds[kind];
  if (kind == 0 && chance_.chance(500)) disk_.write_errors = 1;
}

void SimulationRun::arm_sync() {
  if (has(Fault::kSyncError)) disk_.sync_errors = 1;
  if (has(Fault::kReadError) && chance_.chance(500)) disk_.read_errors = 1;
}

void SimulationRun::arm_cut() {
  if (has(Fault::kCutInCall)) disk_.cut_after_calls = chance_.between(1U, 40U);
}

void SimulationRun::fill_disk() {
  if (has(Fault::kNoSpace)) disk_.full = chance_.chance(is_crowded(options_.seed) ? 950 : 600);
}

void SimulationRun::slow_disk() {
  if (!has(Fault::kSlowDisk)) return;
  disk_.complete_permille = chance_.chance(400) ? chance_.between(20U, 500U) : 1000;
  if (disk_.complete_permille != 1000) report_.faults.add(Fault::kSlowDisk);
}

void SimulationRun::rot_journal() {
  if (!has(Fault::kBitRot) || disk_.frames().empty()) return;
  const auto& frames = disk_.frames();
  const auto found =
      std::next(frames.begin(), static_cast<std::ptrdiff_t>(chance_.below(frames.size())));
  const FrameNote& note = found->second;
  if (!note.stable || !disk_.is_kept(note)) return;
  // Mostly what is used of the frame: behind it are zeros that mean nothing.
  const std::uint64_t used = sizeof(protocol::FrameHeader) + note.header.payload_size;
  const unsigned bit = chance_.below(8U);
  disk_.damage_frame(found->first, chance_.below(chance_.chance(950) ? used : note.size), bit);
  report_.faults.add(Fault::kBitRot);
}

void SimulationRun::rot_snapshot() {
  if (!has(Fault::kSnapshotRot)) return;
  std::vector<std::string> names = disk_.names_at(kSimulatedPath);
  std::erase_if(names, [](const std::string& name) { return !name.starts_with("snapshot."); });
  // One of them only: of two, the other one serves.
  if (names.empty() || disk_.is_damaged()) return;
  const auto file = disk_.find(names[chance_.below(names.size())]);
  if (file->size() == 0) return;
  const unsigned bit = chance_.below(8U);
  file->flip_bit(chance_.below(file->size()), bit);
  report_.faults.add(Fault::kSnapshotRot);
}

void SimulationRun::cut_power() {
  if (!has(Fault::kPowerCut)) return;
  report_.faults.add(Fault::kPowerCut);
  disk_.cut_power();
}

void SimulationRun::kill() {
  if (!has(Fault::kKill)) return;
  report_.faults.add(Fault::kKill);
  disk_.kill();
}

// ---- checks ----

void SimulationRun::check_all() {
  if (!history_.complaint().empty()) fail(history_.complaint());
  if (!clients_.complaint().empty()) fail(clients_.complaint());
}

SimulationReport simulate(const SimulationOptions& options) {
  daemon::set_log_level(daemon::LogLevel::kCritical);  // there are thousands of warnings
  return SimulationRun(options).execute();
}

}  // namespace permitd::tests
