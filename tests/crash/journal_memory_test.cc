// Goal: memory that runs out while a journal is taken over and replayed costs that start, never the
// journal. Method: the same directory is recovered again and again in a child process in which the
// n-th allocation fails, for every n at first and for some of the rest; afterwards it holds what it
// held.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "daemon/recovery.h"
#include "tests/support/journal_in_files.h"
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

using scheduler::Scheduler;

constexpr int kRecovered = 0;
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

/// Recovers in a child whose allocation number `failing` fails. The status of its end.
int recover_in_child(const std::string& directory, std::int64_t failing) {
  const pid_t child = fork();
  if (child == 0) {
    (void)!freopen("/dev/null", "w", stderr);  // an abort says what failed
    int status = kRecovered;
    allocations_left = failing;
    try {
      auto storage = open_storage(options_of(directory));
      Scheduler scheduler;
      if (!daemon::recover(*storage, scheduler)) status = kRefused;
      allocations_left = -1;
    } catch (const std::bad_alloc&) {
      status = kOutOfMemory;
    }
    _exit(status);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(JournalMemory, ARecoveryThatRunsOutOfMemoryLosesNothing) {
  ScratchDirectory directory;
  const daemon::StateDigest digest = record(directory.path());
  const auto recover_now = [&] {
    auto storage = open_storage(options_of(directory.path()));
    Scheduler scheduler;
    auto report = daemon::recover(*storage, scheduler);
    ASSERT_TRUE(report.has_value()) << report.error().text();
    ASSERT_EQ(daemon::digest_of_state(scheduler), digest);
  };
  const std::int64_t before = allocations_made;
  ASSERT_NO_FATAL_FAILURE(recover_now());
  const std::int64_t needed = allocations_made - before;
  ASSERT_GT(needed, 50);
  int failed = 0;
  int recovered = 0;
  for (std::int64_t failing = 1; failing <= 2 * needed;
       failing += failing < 300 ? 1 : std::max<std::int64_t>(1, needed / 150)) {
    const int status = recover_in_child(directory.path(), failing);
    const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == kOutOfMemory;
    const bool done = WIFEXITED(status) && WEXITSTATUS(status) == kRecovered;
    ASSERT_TRUE(aborted || ended || done) << "allocation " << failing << ", status " << status;
    failed += done ? 0 : 1;
    recovered += done ? 1 : 0;
    if (failing % 20 == 0) {
      ASSERT_NO_FATAL_FAILURE(recover_now()) << failing;
    }
  }
  EXPECT_GT(failed, 50);
  EXPECT_GT(recovered, 0);
  ASSERT_NO_FATAL_FAILURE(recover_now());
}

}  // namespace
}  // namespace permitd::tests
