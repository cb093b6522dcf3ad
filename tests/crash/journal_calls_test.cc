// Goal: whichever call of the journal's files fails, once or for ever, the run goes on right or
// stops with a clear error, and a start on a healthy disk has everything that was acknowledged.
// Method: the life of a data directory, from creation to restore, is played once to count its
// calls, then again with each call failing in each way. By default each place that calls fails
// in each way at its first call, and again in ordinary running, and once by an error of the device
// on every other path to it; PERMITD_EVERY_CALL=1 takes all calls in each way.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/backup.h"
#include "daemon/journal_archive.h"
#include "tests/sim/journal_process.h"
#include "tests/sim/simulated_calls.h"
#include "tests/sim/simulated_writer.h"

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

// ---- one life of a directory ----

class Life {
 public:
  Life(const JournalRecord& record, const CallFailure& failure)
      : record_(record), failure_(failure), calls_(failure), mount_(disk_, 1) {
    disk_.failing = &calls_;
  }
  ~Life() { disk_.failing = nullptr; }

  /// From creation to restore, as far as it gets. What is wrong, empty when nothing is.
  std::string live() {
    unfinished_creation();
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
    if (error.code == ErrorCode::kDamaged || error.code == ErrorCode::kVersion)
      return fail("what can be read another time is called damaged: " + text);
    if (!names_file(error)) fail("the error names no file: " + text);
    return false;
  }

  bool start(JournalProcess& process) {
    if (!process.start()) return stop(*process.error());
    if (process.lead().last_op < acknowledged_ ||
        daemon::digest_of_state(process.state()) != record_.digest_at(process.lead().last_op))
      return fail("a start gives another state");
    torn_size_ += process.lead().torn_size;
    return true;
  }

  bool append(JournalProcess& process) {
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
  bool append(JournalProcess& process, int count) {
    while (count != 0 && append(process)) --count;
    return count == 0;
  }

  bool make_snapshot(JournalProcess& process) {
    if (process.make_snapshot() || failure_.lasting != Lasting::kOnce) return true;
    return process.make_snapshot() || fail("one failed call stops all snapshots");
  }

  /// Killed before FORMAT stands, so that the first start finds a segment without it.
  void unfinished_creation() {
    calls_.enter("unfinished creation");
    disk_.between_calls = [this] {
      if (disk_.find("FORMAT.tmp") != nullptr) disk_.kill();
    };
    (void)JournalProcess(record_, std::make_unique<daemon::SyscallWriter>()).start();
    disk_.between_calls = nullptr;
    begin_process();
  }

  bool first_process() {
    calls_.enter("first start");
    JournalProcess process(record_, std::make_unique<daemon::SyscallWriter>());
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
    JournalProcess process(record_, std::move(writer));
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
    JournalProcess process(record_, std::make_unique<daemon::SyscallWriter>());
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
    auto recovered = daemon::recover_unled(**archive, state);
    if (!recovered) return std::unexpected(recovered.error());
    const Op last = state.op_applied();
    if (daemon::digest_of_state(state) != record_.digest_at(last))
      fail(path + " gives another state");
    auto list = (*archive)->snapshots();
    if (!list) return std::unexpected(list.error());
    for (const daemon::SnapshotMark& mark : list->marks) {
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
    JournalProcess process(record_, std::make_unique<daemon::SyscallWriter>());
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

  const JournalRecord& record_;
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
    {"nothing at this place", kEmptyCall, Lasting::kAtThisPlace},
    {"locked once", EWOULDBLOCK, Lasting::kOnce},
    {"locked at this place", EWOULDBLOCK, Lasting::kAtThisPlace},
    {"not supported at this place", EOPNOTSUPP, Lasting::kAtThisPlace},
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool can_happen(const CallNote& call, const Way& way) {
  const std::string_view name = call.name;
  if (way.number == kShortCall) return is_one_of(name, {"pread", "pwrite", "pwritev2", "write"});
  if (way.number == kEmptyCall) return is_one_of(name, {"pwrite", "pwritev2"});
  if (way.number == EINVAL) return name == "open";
  if (way.number == EWOULDBLOCK) return name == "flock";
  if (way.number == EOPNOTSUPP) return name == "fallocate";
  if (way.number == ENOSPC)
    return is_one_of(name, {"open", "pwrite", "pwritev2", "write", "fsync", "fallocate",
                            "ftruncate", "rename", "mkdir"});
  return true;
}

constexpr std::uint64_t kParts = 4;

struct CallToFail {
  std::uint64_t number = 0;
  bool in_each_way = false;  // else once, by an error of the device
};

/// At the end of a life the disk is healthy.
std::vector<CallToFail> calls_to_fail(const std::vector<CallNote>& notes, std::uint64_t part) {
  const bool all = environment_number("PERMITD_EVERY_CALL", 0) != 0;
  std::set<std::pair<const void*, bool>> places;
  std::set<std::uint64_t> paths;
  std::vector<CallToFail> calls;
  std::uint64_t chosen = 0;
  for (std::size_t index = 0; index < notes.size(); ++index) {
    const CallNote& note = notes[index];
    if (std::string_view(note.phase) == kEndPhase) break;
    const bool is_running = std::string_view(note.phase) == kRunningPhase;
    const bool first_of_place = places.emplace(note.place, is_running).second;
    const bool first_of_path = paths.insert(note.path).second;
    if (!all && !first_of_place && !first_of_path) continue;
    if (chosen++ % kParts == part) calls.push_back({index + 1, all || first_of_place});
  }
  fmt::print("{} calls on {} paths, {} to fail\n", notes.size(), paths.size(), calls.size());
  std::fflush(stdout);
  return calls;
}

// The first three of the big ones fill more than a segment.
constexpr std::string_view kBatches = "sBBBsBsBsssssssssssss";

/// Which part of the calls: they can be tried side by side.
class JournalCallsTest : public testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(Part, JournalCallsTest, testing::Range(std::uint64_t{0}, kParts));

TEST_P(JournalCallsTest, WhicheverCallFailsNothingAcknowledgedIsLost) {
  const JournalRecord record(kBatches);
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
  for (const auto& [call, in_each_way] : calls_to_fail(notes, GetParam())) {
    const CallNote& note = notes[call - 1];
    for (const Way& way : std::span(kWays).first(in_each_way ? std::size(kWays) : 1)) {
      if (!can_happen(note, way)) continue;
      Life life(record, {call, way.number, way.lasting});
      EXPECT_EQ(life.live(), "") << way.name << " in call " << call << ": " << note.name << " of "
                                 << note.file << ", " << note.phase;
      EXPECT_GT(life.calls().failed_count(), 0U) << call;
      const bool is_harmless =
          way.number == EOPNOTSUPP || (way.number == EINTR && way.lasting == Lasting::kOnce &&
                                       is_one_of(note.name, {"pread", "pwrite", "pwritev2"}));
      EXPECT_FALSE(is_harmless && life.has_stopped()) << way.name << " ends the process: " << call;
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
  const JournalRecord record(kBatches);
  Life life(record, {});
  life.let_the_disk_lie();
  EXPECT_NE(life.live(), "");
}

}  // namespace
}  // namespace permitd::tests
