// Goal: whichever call of the journal's files fails, once or for ever, the run goes on right or
// stops with a clear error, and a start on a healthy disk has everything that was acknowledged.
// Method: the life of a data directory, from creation to restore, is played once to count its
// calls, then again with each call failing in each way. By default each place that calls fails
// at its first call, and again in ordinary running; PERMITD_EVERY_CALL=1 takes all calls.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/backup.h"
#include "daemon/journal_archive.h"
#include "daemon/journal_storage.h"
#include "daemon/recovery.h"
#include "daemon/snapshotter.h"
#include "protocol/command_codec.h"
#include "tests/sim/simulated_calls.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/simulated_writer.h"
#include "tests/support/command_generator.h"

namespace permitd::tests {
namespace {

using daemon::Error;
using daemon::ErrorCode;
using scheduler::Op;
using scheduler::raw;
using scheduler::Scheduler;

constexpr char kBackup[] = "/simulated/backup";
constexpr char kOtherBackup[] = "/simulated/other";
constexpr char kRestored[] = "/simulated/restored";
constexpr char kRunningPhase[] = "running";
constexpr char kEndPhase[] = "the end";

// ---- what is written ----

struct Batch {
  daemon::BatchHeader header;
  std::vector<std::byte> payload;
};

/// Batches of a random city, the same in every life, and the state behind each.
class Record {
 public:
  /// `kinds`: 's' a few commands of the city, 'B' as many empty ones as fill near half a segment.
  explicit Record(std::string_view kinds) : steps_(steps_of(7, 400)) {
    for (const char kind : kinds) kind == 'B' ? add_big() : add_small();
  }
  const Batch& behind(Op op) const { return batches_.at(raw(op) + 1); }
  const daemon::StateDigest& digest_at(Op op) const { return digests_.at(raw(op)); }
  bool ends_a_batch(Op op) const { return digests_.contains(raw(op)); }

 private:
  void add_small() {
    Batch batch;
    batch.payload.resize(32 * protocol::kEncodedCommandSizeMax);
    begin(batch);
    while (batch.header.op_count < 12) {
      scheduler::Command command = generator_.make(steps_.at(next_++), scheduler_);
      if (protocol::encoded_size(command.kind) == 0) continue;
      if (batch.header.op_count == 0) batch.header.now = command.now;
      add(batch, command);
    }
    keep(std::move(batch));
  }
  void add_big() {
    Batch batch;
    batch.payload.resize(daemon::kBatchSizeMax);
    begin(batch);
    batch.header.now = scheduler_.now();
    scheduler::Command command;
    command.kind = longest_kind();
    while (batch.header.op_count < protocol::kFrameOpCountMax) add(batch, command);
    keep(std::move(batch));
  }
  static scheduler::CommandKind longest_kind() {
    auto longest = scheduler::CommandKind::kTick;
    for (unsigned number = 0; number < 256; ++number) {
      const auto kind = static_cast<scheduler::CommandKind>(number);
      if (protocol::encoded_size(kind) > protocol::encoded_size(longest)) longest = kind;
    }
    return longest;
  }
  void begin(Batch& batch) {
    batch.header.first_op = Op{raw(scheduler_.op_applied()) + 1};
    batch.header.seed = raw(batch.header.first_op) * 77;
    batch.header.payload_size = 0;
  }
  void add(Batch& batch, scheduler::Command& command) {
    command.op = Op{raw(scheduler_.op_applied()) + 1};
    command.now = batch.header.now;
    command.seed = protocol::seed_of(batch.header.seed, command.op);
    const std::size_t used = batch.header.payload_size;
    const std::size_t size =
        protocol::encode_command(command, std::span(batch.payload).subspan(used));
    batch.header.payload_size += static_cast<std::uint32_t>(size);
    batch.header.op_count += 1;
    scheduler_.apply(command);
  }
  void keep(Batch batch) {
    batch.payload.resize(batch.header.payload_size);
    batches_.emplace(raw(batch.header.first_op), std::move(batch));
    digests_[raw(scheduler_.op_applied())] = daemon::digest_of_state(scheduler_);
  }

  std::vector<Step> steps_;
  std::size_t next_ = 0;
  CommandGenerator generator_;
  Scheduler scheduler_;
  std::map<std::uint64_t, Batch> batches_;  // by first op
  std::map<std::uint64_t, daemon::StateDigest> digests_{
      {0, daemon::digest_of_state(Scheduler())}};  // by last op
};

// ---- one process ----

/// The daemon without network and engine: storage, state, snapshotter and keeper in turns.
class Process {
 public:
  Process(const Record& record, std::unique_ptr<daemon::DurableWriter> writer) : record_(record) {
    daemon::JournalOptions options;
    options.directory = kSimulatedPath;
    options.segment_size = std::uint64_t{4} << 20;
    options.segments_ahead = 1;
    options.keeper_thread = false;
    auto opened = daemon::JournalStorage::open(options, std::move(writer));
    if (opened) storage_ = std::move(*opened);
    if (!opened) error_ = opened.error();
  }

  // Each returns false with error() when the daemon would end.
  bool start() {
    if (error_) return false;
    auto report = daemon::recover(*storage_, state_);
    if (!report) error_ = report.error();
    if (error_) return false;
    lead_ = report->lead;
    begun_ = lead_.last_op;
    snapshotter_.emplace(*storage_);
    snapshotter_->attach(waker_);
    return true;
  }
  /// False without error(): there is no room, work is refused.
  bool begin_append() {
    for (int turn = 0; turn < 4; ++turn) {
      if (has_failed()) return false;
      storage_->keep_house();
      if (storage_->can_append()) break;
    }
    if (!storage_->can_append()) return false;
    const Batch& batch = record_.behind(begun_);
    const std::span<std::byte> buffer = storage_->begin_batch();
    std::copy(batch.payload.begin(), batch.payload.end(), buffer.begin());
    storage_->append(batch.header);
    begun_ = Op{raw(begun_) + batch.header.op_count};
    return true;
  }
  /// The same, and waits until the batch is durable.
  bool append() {
    if (!begin_append()) return false;
    storage_->flush();
    return !has_failed();
  }
  /// Makes a snapshot and gives up what it makes superfluous. False: there is none.
  bool make_snapshot() {
    snapshotter_->request(storage_->op_durable());
    (void)snapshotter_->work();
    const daemon::Snapshotter::Result result = snapshotter_->collect();
    if (result.ok && result.trim_op != Op{0}) storage_->trim(result.trim_op);
    storage_->keep_house();
    return result.ok;
  }

  const std::optional<Error>& error() const { return error_; }
  const daemon::Lead& lead() const { return lead_; }
  const Scheduler& state() const { return state_; }
  Op durable() const { return storage_->op_durable(); }
  std::uint64_t recycled_count() const { return storage_->stats().segments_recycled; }

 private:
  bool has_failed() {
    if (storage_->failure() != nullptr) error_ = *storage_->failure();
    return error_.has_value();
  }

  const Record& record_;
  std::optional<Error> error_;
  std::unique_ptr<daemon::JournalStorage> storage_;
  Scheduler state_;
  daemon::Waker waker_;
  std::optional<daemon::Snapshotter> snapshotter_;
  daemon::Lead lead_;
  Op begun_{};
};

// ---- one life of a directory ----

class Life {
 public:
  Life(const Record& record, const CallFailure& failure)
      : record_(record), failure_(failure), calls_(failure), mount_(disk_, 1) {
    disk_.failing = &calls_;
  }
  ~Life() { disk_.failing = nullptr; }

  /// From creation to restore, as far as it gets. What is wrong, empty when nothing is.
  std::string live() {
    if (first_process() && second_process() && third_process()) copies();
    check_end();
    return complaint_;
  }
  void let_the_disk_lie() { disk_.lies = true; }

  const std::string& complaint() const { return complaint_; }
  const FailingCalls& calls() const { return calls_; }
  bool has_stopped() const { return stopped_; }
  bool has_refused() const { return refused_; }
  std::uint64_t torn_size() const { return torn_size_; }
  std::uint64_t recycled_count() const { return recycled_; }

 private:
  bool fail(std::string what) {
    if (complaint_.empty()) complaint_ = fmt::format("{} ({})", what, calls_.phase());
    return false;
  }

  /// The process ends with this error, as the daemon does. False.
  bool stop(const Error& error) {
    stopped_ = true;
    const std::string text = error.text();
    // Where it can be read no more, that is what it is.
    const bool is_called_damaged =
        error.code == ErrorCode::kDamaged || error.code == ErrorCode::kVersion;
    if (is_called_damaged && failure_.lasting == Lasting::kOnce)
      return fail("what can be read another time is called damaged: " + text);
    const bool names_file = text.find(kSimulatedPath) != std::string::npos ||
                            text.find("journal.") != std::string::npos ||
                            text.find("snapshot.") != std::string::npos ||
                            text.find("id for the journal") != std::string::npos;
    if (error.act.empty() || !names_file) fail("the error names no file: " + text);
    return false;
  }

  bool start(Process& process) {
    if (!process.start()) return stop(*process.error());
    if (process.lead().last_op < acknowledged_ ||
        daemon::digest_of_state(process.state()) != record_.digest_at(process.lead().last_op))
      return fail("a start gives another state");
    torn_size_ += process.lead().torn_size;
    return true;
  }

  bool append(Process& process) {
    bool done = process.append();
    if (!done && !process.error()) {
      // There is no room: work is refused, until the device gives some.
      refused_ = true;
      if (failure_.lasting == Lasting::kOnce) return fail("one failed call stops all work");
      calls_.heal();
      done = process.append();
      if (!done && !process.error()) return fail("work is refused although there is room again");
    }
    if (process.error()) return stop(*process.error());
    acknowledged_ = process.durable();
    return true;
  }
  bool append(Process& process, int count) {
    while (count != 0 && append(process)) --count;
    return count == 0;
  }

  bool make_snapshot(Process& process) {
    if (process.make_snapshot() || failure_.lasting != Lasting::kOnce) return true;
    return process.make_snapshot() || fail("one failed call stops all snapshots");
  }

  bool first_process() {
    calls_.enter("first start");
    Process process(record_, std::make_unique<daemon::SyscallWriter>());
    if (!start(process)) return false;
    calls_.enter(kRunningPhase);
    if (!append(process, 4)) return false;
    calls_.enter("first snapshot");
    if (!make_snapshot(process)) return false;
    calls_.enter("rotation");
    if (!append(process, 3)) return false;
    calls_.enter("second snapshot, trimming");
    if (!make_snapshot(process)) return false;
    calls_.enter("rotation into what was trimmed");
    if (!append(process, 3)) return false;
    recycled_ = process.recycled_count();
    calls_.enter("backup of a running daemon");
    if (!back_up(acknowledged_)) return false;
    if (!append(process)) return false;
    calls_.enter("orderly end");
    return true;
  }

  /// Ends by a power cut with the first of two writes still under way.
  bool second_process() {
    calls_.enter("start after an orderly end");
    begin_process();
    auto writer = std::make_unique<SimulatedWriter>(disk_);
    SimulatedWriter& writing = *writer;
    Process process(record_, std::move(writer));
    if (!start(process)) return false;
    calls_.enter("running, writes that do not block");
    if (!append(process, 2)) return false;
    disk_.completes = false;
    if (!process.begin_append() || !process.begin_append())
      return process.error() ? stop(*process.error()) : true;
    writing.complete(1);
    disk_.completes = true;
    cut_power(CutMode::kNothingSurvives);
    return true;
  }

  bool third_process() {
    calls_.enter("recovery with a tail");
    begin_process();
    Process process(record_, std::make_unique<daemon::SyscallWriter>());
    if (!start(process)) return false;
    calls_.enter("running behind a tail");
    if (!append(process, 3)) return false;
    disk_.kill();
    return true;
  }

  void copies() {
    begin_process();
    calls_.enter("verify");
    if (auto verified = verify(kSimulatedPath); !verified) stop(verified.error());
    if (finished_.empty()) return;  // nothing to restore from
    calls_.enter("restore");
    const std::string backup = finished_.begin()->first;
    const Op op = finished_.begin()->second;
    report(kRestored, op, quietly([&] {
                            return daemon::restore_backup({backup, kRestored, {}});
                          }).status);
    calls_.enter("backup at rest");
    // Batches that were acknowledged to nobody may be there as well.
    report(kOtherBackup, Op{0}, make_backup(kOtherBackup, Op{0}).status);
  }

  struct Said {
    int status = 0;
    std::string errors;
  };
  template <class Program>
  Said quietly(const Program& program) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = program();
    (void)testing::internal::GetCapturedStdout();
    return {status, testing::internal::GetCapturedStderr()};
  }
  Said make_backup(const std::string& target, Op op) {
    return quietly([&] { return daemon::make_backup({kSimulatedPath, target, op}); });
  }

  bool back_up(Op op) {
    const Said said = make_backup(kBackup, op);
    report(kBackup, op, said.status);
    if (said.status == 0) return true;
    if (said.errors.find(kSimulatedPath) == std::string::npos)
      return fail("a failed backup names no file: " + said.errors);
    if (failure_.lasting != Lasting::kOnce) return true;
    const std::string again = std::string(kBackup) + ".again";
    report(again, op, make_backup(again, op).status);
    return finished_.contains(again) || fail("one failed call stops all backups");
  }

  void report(const std::string& target, Op op, int status) {
    if (status == 0) {
      finished_[target] = op;
    } else {
      unfinished_.insert(target);
    }
  }

  /// The last op of a directory that nobody uses, after every check there is.
  daemon::Expected<Op> verify(const std::string& path) {
    auto archive = daemon::JournalArchive::open(path);
    if (!archive) return std::unexpected(archive.error());
    Scheduler state;
    auto recovered = daemon::recover(**archive, state);
    if (!recovered) return std::unexpected(recovered.error());
    const Op last = state.op_applied();
    if (daemon::digest_of_state(state) != record_.digest_at(last))
      fail(path + " gives another state");
    auto marks = (*archive)->snapshots();
    if (!marks) return std::unexpected(marks.error());
    for (const daemon::SnapshotMark& mark : *marks) {
      auto verified = daemon::verify_snapshot(**archive, mark.op);
      if (!verified) return std::unexpected(verified.error());
    }
    return last;
  }

  // ---- the end ----

  void cut_power(CutMode mode) {
    std::uint64_t seed = 1;
    while (Chance(seed).below(3U) != static_cast<unsigned>(mode)) ++seed;
    disk_.chance = Chance(seed);
    disk_.cut_power();
  }
  void begin_process() {
    disk_.kill();
    disk_.restart();
  }

  void check_end() {
    calls_.enter(kEndPhase);
    calls_.heal();
    disk_.completes = true;
    // What no sync has covered is gone after every other call.
    failure_.call % 2 == 0 ? cut_power(CutMode::kNothingSurvives) : disk_.kill();
    disk_.calm_down();
    disk_.restart();
    Process process(record_, std::make_unique<daemon::SyscallWriter>());
    if (!process.start()) {
      fail("a start on a healthy disk is refused: " + process.error()->text());
      return;
    }
    const Op last = process.lead().last_op;
    if (last < acknowledged_)
      fail(fmt::format("op {} was acknowledged, {} is the last", raw(acknowledged_), raw(last)));
    if (!record_.ends_a_batch(last) ||
        daemon::digest_of_state(process.state()) != record_.digest_at(last))
      fail(fmt::format("the state at op {} is another one", raw(last)));
    if (!process.append()) fail("nothing can be appended on a healthy disk");
    check_copies();
  }

  void check_copies() {
    for (const auto& [target, op] : finished_) {
      const auto last = verify(target);
      if (!last) fail(target + " was finished, and: " + last.error().text());
      if (last && op != Op{0} && *last != op)
        fail(fmt::format("{} was finished at op {} and ends at {}", target, raw(op), raw(*last)));
    }
    // What is left of the others is no journal, or the right one.
    for (const std::string& target : unfinished_) (void)verify(target);
  }

  const Record& record_;
  CallFailure failure_;
  FailingCalls calls_;
  FaultCounts counts_;
  SimulatedDisk disk_{counts_};
  MountedDisk mount_;
  std::string complaint_;
  Op acknowledged_{};
  bool stopped_ = false;
  bool refused_ = false;
  std::uint64_t torn_size_ = 0;
  std::uint64_t recycled_ = 0;
  std::map<std::string, Op> finished_;  // copies and the op they reach, 0 = as far as there is
  std::set<std::string> unfinished_;
};

// ---- every call ----

// After so many the rest would only repeat them.
constexpr std::uint64_t kComplaintsMax = 8;

struct Way {
  const char* name;
  int number;
  Lasting lasting;
};

constexpr Way kWays[] = {
    {"EIO once", EIO, Lasting::kOnce},
    {"EIO at this place", EIO, Lasting::kAtThisPlace},
    {"EIO everywhere", EIO, Lasting::kEverywhere},
    {"ENOSPC once", ENOSPC, Lasting::kOnce},
    {"ENOSPC at this place", ENOSPC, Lasting::kAtThisPlace},
    {"EINTR once", EINTR, Lasting::kOnce},
    {"EINTR at this place", EINTR, Lasting::kAtThisPlace},
    {"EINVAL at this place", EINVAL, Lasting::kAtThisPlace},
    {"short once", kShortCall, Lasting::kOnce},
    {"short at this place", kShortCall, Lasting::kAtThisPlace},
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool can_happen(const CallNote& call, const Way& way) {
  const std::string_view name = call.name;
  if (way.number == kShortCall) return is_one_of(name, {"pread", "pwrite", "pwritev2", "write"});
  if (way.number == EINVAL) return name == "open";
  if (way.number == ENOSPC)
    return is_one_of(name, {"open", "pwrite", "pwritev2", "write", "fsync", "fallocate",
                            "ftruncate", "rename", "mkdir"});
  return true;
}

/// Numbers of the calls to fail. At the end of a life the disk is healthy.
std::vector<std::uint64_t> calls_to_fail(const std::vector<CallNote>& notes) {
  const bool all = environment_number("PERMITD_EVERY_CALL", 0) != 0;
  std::set<std::pair<const void*, bool>> tried;
  std::vector<std::uint64_t> numbers;
  for (std::size_t index = 0; index < notes.size(); ++index) {
    const CallNote& note = notes[index];
    if (std::string_view(note.phase) == kEndPhase) break;
    const bool is_running = std::string_view(note.phase) == kRunningPhase;
    const bool first = tried.emplace(note.place, is_running).second;
    if (all || first) numbers.push_back(index + 1);
  }
  fmt::print("{} calls, {} to fail\n", notes.size(), numbers.size());
  std::fflush(stdout);
  return numbers;
}

// The first three of the big ones fill more than a segment.
constexpr std::string_view kBatches = "sBBBsBsBsssssssssssss";

TEST(JournalCalls, WhicheverCallFailsNothingAcknowledgedIsLost) {
  const Record record(kBatches);
  std::vector<CallNote> notes;
  {
    Life whole(record, {});
    ASSERT_EQ(whole.live(), "");
    ASSERT_FALSE(whole.has_stopped() || whole.has_refused());
    ASSERT_GT(whole.torn_size(), 0U);
    ASSERT_GT(whole.recycled_count(), 0U);
    notes = whole.calls().notes();
  }
  std::uint64_t complaints = 0;
  std::uint64_t runs = 0;
  std::uint64_t stopped = 0;
  std::uint64_t refused = 0;
  for (const std::uint64_t call : calls_to_fail(notes)) {
    const CallNote& note = notes[call - 1];
    for (const Way& way : kWays) {
      if (!can_happen(note, way)) continue;
      Life life(record, {call, way.number, way.lasting});
      EXPECT_EQ(life.live(), "") << way.name << " in call " << call << ": " << note.name << " of "
                                 << note.file << ", " << note.phase;
      EXPECT_GT(life.calls().failed_count(), 0U) << call;
      const bool is_harmless = way.number == EINTR && way.lasting == Lasting::kOnce &&
                               is_one_of(note.name, {"pread", "pwrite", "pwritev2"});
      EXPECT_FALSE(is_harmless && life.has_stopped()) << "a signal ends the process: " << call;
      complaints += life.complaint().empty() ? 0 : 1;
      ASSERT_LT(complaints, kComplaintsMax);
      runs += 1;
      stopped += life.has_stopped() ? 1 : 0;
      refused += life.has_refused() ? 1 : 0;
    }
  }
  fmt::print("{} lives: {} stopped and started again, {} refused work for a while\n", runs, stopped,
             refused);
  EXPECT_GT(stopped, 0U);
  EXPECT_GT(refused, 0U);
  EXPECT_GT(runs, stopped + refused);
}

// The check has to notice a disk that loses what it has called durable.
TEST(JournalCalls, ADiskThatLiesIsNoticed) {
  const Record record(kBatches);
  Life life(record, {});
  life.let_the_disk_lie();
  EXPECT_NE(life.live(), "");
}

}  // namespace
}  // namespace permitd::tests
