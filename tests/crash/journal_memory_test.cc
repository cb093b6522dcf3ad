// Goal: memory that runs out while a journal is made, or taken over and its snapshot loaded and the
// rest replayed, costs that start, never the journal. Method: a directory is started in a child
// process in which the n-th allocation fails, for every n at first and for some of the rest;
// afterwards it holds what it held, or can be made. A child that aborts must say that it was for
// want of memory: a failed assertion is none.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "daemon/snapshotter.h"
#include "daemon/waker.h"
#include "tests/support/journal_in_files.h"
#include "tests/support/led_recovery.h"
#include "tests/support/recorded_city.h"
#include "tests/support/scratch_directory.h"

namespace {

// Allocations until one fails; negative: none does. Written only in a process of one thread.
std::int64_t allocations_left = -1;
std::int64_t allocations_made = 0;

}  // namespace

// Not inlined: the compiler would see malloc on one side of a pair alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations_made += 1;
  if (allocations_left > 0 && --allocations_left == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace permitd::tests {
namespace {

using scheduler::Op;
using scheduler::Scheduler;

constexpr int kStarted = 0;
constexpr int kOutOfMemory = 3;
constexpr int kRefused = 4;

daemon::JournalOptions options_of(const std::string& directory) {
  daemon::JournalOptions options = options_in(directory);
  options.keeper_thread = false;
  options.segments_ahead = 1;
  return options;
}

/// A few hundred commands of a random city, one a batch, and their state.
daemon::StateDigest record(const std::string& directory) {
  auto storage = open_storage(options_of(directory));
  EXPECT_TRUE(storage->lead().has_value());
  return record_city(*storage, 400, 1, false).rbegin()->second;
}

struct End {
  int status = -1;
  std::string said;  // on stderr
};

std::string read_to_end(int file) {
  std::string text;
  char part[512];
  for (ssize_t size = 0; (size = read(file, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(size));
  return text;
}

/// Starts in a child whose allocation number `failing` fails. How that ended.
End start_in_child(const std::string& directory, std::int64_t failing) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    int status = kStarted;
    allocations_left = failing;
    try {
      auto storage = open_storage(options_of(directory));
      Scheduler scheduler;
      if (!tests::recover(*storage, scheduler)) status = kRefused;
      allocations_left = -1;
    } catch (const std::bad_alloc&) {
      status = kOutOfMemory;
    }
    _exit(status);
  }
  close(ends[1]);
  End end;
  end.said = read_to_end(ends[0]);
  close(ends[0]);
  waitpid(child, &end.status, 0);
  return end;
}

bool has_started(const End& end) {
  return WIFEXITED(end.status) && WEXITSTATUS(end.status) == kStarted;
}
/// Whether an aborting process died of the exception that nobody could catch, and of nothing else.
bool names_memory(std::string_view said) {
  return said.find("bad_alloc") != std::string_view::npos &&
         said.find("assertion failed") == std::string_view::npos;
}
/// An abort at the failed allocation, or its exception to the end.
bool has_run_out(const End& end) {
  if (WIFSIGNALED(end.status)) return WTERMSIG(end.status) == SIGABRT && names_memory(end.said);
  return WIFEXITED(end.status) && WEXITSTATUS(end.status) == kOutOfMemory;
}

/// Starts with all the memory there is; what it finds must be this.
void expect_start(const std::string& directory, const daemon::StateDigest& digest, Op snapshot) {
  auto storage = open_storage(options_of(directory));
  Scheduler scheduler;
  auto report = tests::recover(*storage, scheduler);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  ASSERT_EQ(report->snapshot_op, snapshot);
  ASSERT_EQ(daemon::digest_of_state(scheduler), digest);
}

std::int64_t allocations_of_a_start(const std::string& directory, const daemon::StateDigest& digest,
                                    Op snapshot) {
  const std::int64_t before = allocations_made;
  expect_start(directory, digest, snapshot);
  return allocations_made - before;
}

/// The number of the allocation to fail behind this one: all at first, then some 150 of them.
std::int64_t next_failing(std::int64_t failing, std::int64_t needed) {
  return failing + (failing < 300 ? 1 : std::max<std::int64_t>(1, needed / 150));
}

/// Starts a directory again and again with too little memory; it stays what it is.
void expect_nothing_lost(const std::string& directory, const daemon::StateDigest& digest,
                         Op snapshot) {
  const std::int64_t needed = allocations_of_a_start(directory, digest, snapshot);
  ASSERT_GT(needed, 50);
  int failed = 0;
  int started = 0;
  for (std::int64_t failing = 1; failing <= 2 * needed; failing = next_failing(failing, needed)) {
    const End end = start_in_child(directory, failing);
    ASSERT_TRUE(has_started(end) || has_run_out(end))
        << "allocation " << failing << ", status " << end.status << ": " << end.said;
    failed += has_started(end) ? 0 : 1;
    started += has_started(end) ? 1 : 0;
    if (failing % 20 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_start(directory, digest, snapshot)) << failing;
    }
  }
  EXPECT_GT(failed, 50);
  EXPECT_GT(started, 0);
  ASSERT_NO_FATAL_FAILURE(expect_start(directory, digest, snapshot));
}

TEST(JournalMemory, AnAssertionThatFailsIsNoWantOfMemory) {
  EXPECT_TRUE(names_memory("terminate called after throwing an instance of 'std::bad_alloc'\n"));
  EXPECT_FALSE(names_memory("daemon/journal_scan.cc:9: assertion failed: size != 0\n"));
  EXPECT_FALSE(names_memory(""));
}

TEST(JournalMemory, ARecoveryThatRunsOutOfMemoryLosesNothing) {
  ScratchDirectory directory;
  const daemon::StateDigest digest = record(directory.path());
  expect_nothing_lost(directory.path(), digest, Op{0});
}

TEST(JournalMemory, ASnapshotThatDoesNotFitIntoMemoryIsLoadedAnotherTime) {
  ScratchDirectory directory;
  const daemon::StateDigest digest = record(directory.path());
  Op snapshot{};
  {
    auto storage = open_storage(options_of(directory.path()));
    ASSERT_TRUE(storage->lead().has_value());
    daemon::Waker waker;
    daemon::Snapshotter snapshotter(*storage);
    snapshotter.attach(waker);
    snapshot = storage->op_durable();
    snapshotter.request(snapshot);
    ASSERT_TRUE(snapshotter.work());
    ASSERT_TRUE(snapshotter.collect().ok);
  }
  ASSERT_NE(snapshot, Op{0});
  expect_nothing_lost(directory.path(), digest, snapshot);
}

TEST(JournalMemory, AJournalThatCannotBeMadeForWantOfMemoryIsMadeAnotherTime) {
  const daemon::StateDigest empty = daemon::digest_of_state(Scheduler());
  std::int64_t needed = 0;
  {
    ScratchDirectory directory;
    needed = allocations_of_a_start(directory.path(), empty, Op{0});
  }
  ASSERT_GT(needed, 10);
  int failed = 0;
  int started = 0;
  for (std::int64_t failing = 1; failing <= needed + 20; failing = next_failing(failing, needed)) {
    ScratchDirectory directory;
    const End end = start_in_child(directory.path(), failing);
    ASSERT_TRUE(has_started(end) || has_run_out(end))
        << "allocation " << failing << ", status " << end.status << ": " << end.said;
    failed += has_started(end) ? 0 : 1;
    started += has_started(end) ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(expect_start(directory.path(), empty, Op{0})) << failing;
  }
  EXPECT_GT(failed, 10);
  EXPECT_GT(started, 0);
}

}  // namespace
}  // namespace permitd::tests
