#include <fmt/format.h>

#include <algorithm>

#include "daemon/journal_archive.h"
#include "protocol/command_codec.h"
#include "tests/sim/simulation_run.h"

namespace permitd::tests {

using daemon::Error;
using daemon::ErrorCode;
using scheduler::Op;
using scheduler::raw;

namespace {

constexpr int kStartsMax = 24;
// The last of them without new faults.
constexpr int kFaultyStartsMax = 16;
// Turns in which everything that is waiting must have been answered, once nothing goes wrong.
constexpr int kSettleTurnsMax = 30'000;

}  // namespace

ProcessOptions SimulationRun::process_options() {
  ProcessOptions options;
  options.journal.segment_size = std::uint64_t{4} << 20;
  options.journal.batches_in_flight = chance_.between(1U, 4U);
  options.journal.segments_ahead = chance_.between(1U, 2U);
  options.journal.direct = chance_.chance(500);
  // Few enough that segments have to be used again.
  if (options_.seed % 32 == 16) options.journal.segments_max = 5;
  options.engine.batch_count_max = chance_.chance(300) ? chance_.between(1U, 4U) : 4096;
  options.engine.batches_in_flight = options.journal.batches_in_flight;
  options.engine.snapshot_after_size = chance_.between(20U, 400U) * protocol::kBlockSize;
  options.blocking_writes = chance_.chance(150);
  options.answers_early = options_.sabotage == Sabotage::kEarlyAnswers;
  options.leads_early = options_.sabotage == Sabotage::kEarlyLead;
  options.refuses_start = options_.sabotage == Sabotage::kNeedlessRefusal;
  options.says_full = options_.sabotage == Sabotage::kFullForNothing;
  options.recovers_wrongly = options_.sabotage == Sabotage::kOtherReplay;
  options.snapshots_wrongly = options_.sabotage == Sabotage::kOtherSnapshot;
  return options;
}

void SimulationRun::witness(const daemon::BatchHeader& header, std::span<const std::byte> payload) {
  daemon::BatchHeader other = header;
  std::vector<std::byte> bytes(payload.begin(), payload.end());
  if (options_.sabotage == Sabotage::kOtherKey && raw(header.first_op) > 1)
    bytes[offsetof(protocol::CommandHead, key_low)] ^= std::byte{1};
  if (options_.sabotage == Sabotage::kOtherSeed) other.seed ^= 1;
  history_.append(other, bytes);
}

void SimulationRun::end_process() {
  if (process_ != nullptr && process_->is_serving()) {
    report_.segments_recycled += process_->journal().stats().segments_recycled;
    report_.snapshots += process_->engine().stats().snapshots;
  }
  process_.reset();
  clients_.disconnect();
}

// An orderly end: no new work, everything answered, the journal closed.
void SimulationRun::stop() {
  if (!has(Fault::kOrderlyStop) || disk_.is_dead()) return;
  report_.faults.add(Fault::kOrderlyStop);
  process_->engine().drain();
  for (int turns = 0; turns < 50 && !process_->engine().is_drained() && !disk_.is_dead(); ++turns)
    turn();
  end_process();
  disk_.kill();  // nothing is under way: the process has ended
  start_again();
}

void SimulationRun::arm_start() {
  if (has(Fault::kCutInRecovery) && chance_.chance(120))
    disk_.cut_after_calls = chance_.between(1U, 14U);
  if (has(Fault::kReadError) && chance_.chance(40)) disk_.read_errors = 1;
  if (has(Fault::kWriteError) && chance_.chance(20)) disk_.write_errors = 1;
  if (has(Fault::kShortWrite) && chance_.chance(20))
    disk_.next_blocking_write = Fault::kShortWrite;
  if (has(Fault::kSyncError) && chance_.chance(20)) disk_.sync_errors = 1;
}

void SimulationRun::start_again() {
  for (int attempt = 0; attempt < kStartsMax && !over(); ++attempt) {
    const bool calm = attempt >= kFaultyStartsMax;
    if (try_start(calm)) return;
  }
  if (!over()) fail("the process did not start, however often it was tried");
}

std::uint64_t SimulationRun::error_count() const {
  return report_.faults.of(Fault::kReadError) + report_.faults.of(Fault::kWriteError) +
         report_.faults.of(Fault::kShortWrite) + report_.faults.of(Fault::kSyncError) +
         report_.faults.of(Fault::kNoSpace);
}

bool SimulationRun::try_start(bool calm) {
  const bool first = report_.restarts == 0;
  const std::uint64_t planned_cut = first ? disk_.cut_after_calls : 0;
  disk_.restart();
  disk_.cut_after_calls = planned_cut;
  if (calm) disk_.full = false;
  if (!calm && !first) arm_start();
  report_.restarts += 1;
  // A start that failed behind the cut has overwritten what was damaged: what was there before it
  // still explains what is missing.
  const bool is_explained = before_.damaged;
  if (!is_explained) before_ = look_before_start();
  const Attempt attempt{before_.damaged && !is_explained, error_count(),
                        disk_.changes_beside_lock()};
  process_ = std::make_unique<SimulatedProcess>(
      disk_, process_options_, clock_,
      [this](const daemon::BatchHeader& header, std::span<const std::byte> payload) {
        witness(header, payload);
      });
  auto recovered = process_->recover();
  sabotage_start(recovered);
  if (!disk_.is_dead() && recovered) {
    check_recovered(*recovered);
    if (!over()) serve(*recovered);
    if (!disk_.is_dead()) return true;
  }
  if (disk_.is_dead()) {
    report_.faults.add(Fault::kCutInRecovery);
  } else {
    judge_refusal(recovered.error(), attempt);
  }
  process_.reset();
  clients_.disconnect();
  if (!disk_.is_dead()) disk_.kill();
  return false;
}

void SimulationRun::serve(const daemon::RecoveryReport& report) {
  const bool cut_is_planned = report_.restarts == 1;
  if (!cut_is_planned) disk_.cut_after_calls = 0;
  if (is_crowded(options_.seed) && has(Fault::kNoSpace)) disk_.full = true;
  clients_.connect(process_->make_engine(report.snapshot_op));
  if (!cut_is_planned && chance_.chance(100)) limits_.keys_max += 1;
  in_turn_ = true;
  process_->begin(limits_);
  in_turn_ = false;
}

SimulationRun::Before SimulationRun::look_before_start() const {
  Before before;
  before.damaged = disk_.is_damaged();
  if (before.damaged) before.frames = disk_.frames();
  return before;
}

// A start may be refused, but only for a reason that is there, and it must name it. It has changed
// nothing then, whatever the reason, but for the process number in LOCK. The exception is a lead
// that fails: what it writes, i.e. the cut of a torn tail, the next segment and the mark, is the
// taking of the lead itself, and the next start goes on from any part of it. The first segment and
// FORMAT are of the first start, in which nothing fails here: see journal_calls_test.
void SimulationRun::judge_refusal(const Error& error, const Attempt& attempt) {
  const std::string text = error.text();
  const bool names_file = text.find(kSimulatedPath) != std::string::npos ||
                          text.find("journal.") != std::string::npos ||
                          text.find("snapshot.") != std::string::npos;
  if (!names_file) return fail("a refused start names no file: " + text);
  const bool may_change = process_->lead_has_failed() && error.code != ErrorCode::kDamaged;
  if (!may_change && disk_.changes_beside_lock() != attempt.changes)
    return fail("a refused start has changed something: " + text);
  if (error.code == ErrorCode::kDamaged && before_.damaged) {
    if (text.find(" at ") == std::string::npos)
      return fail("a refused start names no offset: " + text);
    report_.refused_starts += 1;
    disk_.heal();  // as a backup would
    if (attempt.finds_damage) before_ = {};  // and all is there again
    return;
  }
  const bool had_errors = error_count() != attempt.errors;
  if ((error.code == ErrorCode::kSystem || error.code == ErrorCode::kFull) && had_errors) {
    disk_.full = false;
    return;
  }
  fail("a start was refused without a cause: " + text);
}

void SimulationRun::judge_loss(const Before& before, std::uint64_t last_op) {
  const FrameNote* first = nullptr;
  for (const auto& [number, note] : before.frames) {
    // Damage in the zeros behind a payload is none: the chain ends where a frame is missing.
    if (!note.damaged || !disk_.is_kept(note) || note.header.first_op != last_op + 1) continue;
    first = &note;
    break;
  }
  if (first == nullptr) {
    return fail(
        fmt::format("op {} was acknowledged, the journal ends at op {}, and no damage "
                    "explains it",
                    raw(history_.op()), last_op));
  }
  for (const auto& [number, note] : before.frames) {
    const bool proves = number > first->header.frame && note.stable && !note.damaged &&
                        disk_.is_kept(note) && note.header.frame_durable >= first->header.frame;
    if (!proves) continue;
    return fail(
        fmt::format("frame {} was damaged, frame {} proves that it was durable, and the "
                    "start passed over it",
                    first->header.frame, number));
  }
  report_.unprovable_losses += 1;
  finished_ = true;
}

void SimulationRun::check_recovered(const daemon::RecoveryReport& report) {
  const Op last = report.lead.last_op;
  const Before before = std::exchange(before_, {});
  if (before.damaged && last < history_.op()) return judge_loss(before, raw(last));
  std::string why;
  if (!history_.cut(last, why)) return fail(why);
  if (!history_.complaint().empty()) return fail(history_.complaint());
  history_.audit();
  if (daemon::digest_of_state(process_->scheduler()) !=
      daemon::digest_of_state(history_.scheduler())) {
    fail(fmt::format("the state that was recovered to op {} is another one", raw(last)));
  }
}

// ---- the end of a run ----

void SimulationRun::settle() {
  disk_.calm_down();
  clients_.behave();
  options_.faults = 0;
  for (int turns = 0; turns < kSettleTurnsMax && clients_.is_waiting() && !over(); ++turns) {
    clients_.send(chance_);
    turn();
    if (disk_.is_dead()) {
      end_process();
      start_again();
      continue;
    }
    process_->keep_house();
    (void)process_->make_snapshot();
    check_all();
  }
  if (!over() && clients_.is_waiting()) fail("nothing goes wrong any more, and somebody waits on");
  if (over()) return;
  turn();
  history_.expect_all_told();
  check_all();
}

// Nothing goes wrong any more: everything is answered, and another start finds the same state.
void SimulationRun::finish() {
  settle();
  if (over()) return;
  stop_for_good();
  if (over()) return;
  check_archive();
  start_again();
  check_all();
}

void SimulationRun::stop_for_good() {
  process_->engine().drain();
  turn();
  while (!process_->engine().is_drained() && !disk_.is_dead() && !over()) turn();
  if (disk_.is_dead() || over()) return;
  end_process();
  disk_.kill();
  disk_.restart();
}

// The copy of a directory is judged as the directory itself.
void SimulationRun::check_archive() {
  auto archive = daemon::JournalArchive::open(kSimulatedPath);
  if (!archive) return fail("an archive is refused: " + archive.error().text());
  auto lead = (*archive)->survey();
  if (!lead) return fail("an archive is refused: " + lead.error().text());
  // A tick that nobody waits for may have become durable at the very end.
  std::string why;
  if (!history_.cut(lead->last_op, why)) return fail("an archive is not what was written: " + why);
  auto list = (*archive)->snapshots();
  if (!list) return fail("an archive is refused: " + list.error().text());
  if (!list->unread.empty())
    return fail("a snapshot cannot be read: " + list->unread.front().error.text());
  for (const daemon::SnapshotMark& mark : list->marks) {
    auto verified = daemon::verify_snapshot(**archive, mark.op);
    if (!verified) return fail("a snapshot does not verify: " + verified.error().text());
    report_.replayed_snapshots += verified->replayed ? 1 : 0;
  }
}

}  // namespace permitd::tests
