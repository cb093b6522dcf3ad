// Goal: kill −9 in the middle of writing loses nothing that was acknowledged, and the next daemon
// may start at once. Method: a child process appends through io_uring or system calls and tells
// each durable op through shared memory; it is killed at a random moment, again and again, on the
// same journal.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <thread>

#include "daemon/journal_storage.h"
#include "daemon/uring.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;
using scheduler::raw;

/// What the child says before it is killed.
struct Shared {
  std::atomic<std::uint64_t> durable{0};
  std::atomic<std::uint64_t> begun{0};
};

JournalOptions options_in(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.segment_size = std::uint64_t{4} << 20;
  options.batches_in_flight = 4;
  return options;
}

std::size_t size_of_batch(std::uint64_t op) { return op % 7 == 0 ? 300'000 : 100 + op % 5000; }

/// The payload is a function of the op, so that the parent can check it.
void fill(std::span<std::byte> payload, std::uint64_t op) {
  std::mt19937_64 random(op);
  for (std::size_t offset = 0; offset + 8 <= payload.size(); offset += 8) {
    const std::uint64_t value = random();
    std::memcpy(payload.data() + offset, &value, sizeof value);
  }
}

[[noreturn]] void write_until_killed(const std::string& directory, bool with_ring, Shared& shared) {
  std::unique_ptr<Ring> ring;
  if (with_ring) ring = std::move(*Ring::create({.entries = 64}));
  auto storage = JournalStorage::open(options_in(directory), ring.get());
  auto lead = (*storage)->lead();
  if (!lead) {
    std::fprintf(stderr, "%s\n", lead.error().text().c_str());
    _exit(1);
  }
  std::uint64_t op = raw(lead->last_op) + 1;
  std::vector<std::byte> zeros(kBatchSizeMax);
  while (true) {
    (*storage)->poll();
    if ((*storage)->failure() != nullptr) _exit(2);
    shared.durable.store(raw((*storage)->op_durable()));
    if (!(*storage)->can_append()) continue;
    const std::size_t size = size_of_batch(op);
    const std::span<std::byte> payload = (*storage)->begin_batch().first(size);
    std::fill(payload.begin(), payload.end(), std::byte{});
    fill(payload, op);
    shared.begun.store(op);
    (*storage)->append({Op{op}, 1, static_cast<std::uint32_t>(size), scheduler::Tick{1}, op});
    if (op % 32 == 0) (*storage)->trim(Op{op - 32 < raw((*storage)->op_durable()) ? op - 32 : 0});
    ++op;
  }
}

class JournalKill : public testing::TestWithParam<bool> {
 protected:
  JournalKill() {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared;
  }
  ~JournalKill() override { munmap(shared_, sizeof(Shared)); }

  /// Kills the child when it has begun `batches` batches: at whatever point of writing it is then.
  void run_and_kill(std::uint64_t batches) {
    shared_->durable.store(0);
    shared_->begun.store(0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(directory_.path(), GetParam(), *shared_);
    std::uint64_t first = 0;
    while (first == 0 || shared_->begun.load() < first + batches) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, WNOHANG), 0) << "ended with " << status;
      if (first == 0) first = shared_->begun.load();
      std::this_thread::yield();
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  void expect_whole() {
    auto storage = JournalStorage::open(options_in(directory_.path()), nullptr);
    auto lead = (*storage)->lead();
    ASSERT_TRUE(lead.has_value()) << lead.error().text();
    ASSERT_GE(raw(lead->last_op), shared_->durable.load());
    ASSERT_LE(raw(lead->last_op), shared_->begun.load());
    auto reader = (*storage)->read(lead->first_op);
    ASSERT_TRUE(reader.has_value());
    BatchHeader header;
    std::span<const std::byte> payload;
    std::vector<std::byte> expected;
    std::uint64_t op = raw(lead->first_op);
    for (; op <= raw(lead->last_op); ++op) {
      auto taken = (*reader)->next(lead->last_op, header, payload);
      ASSERT_TRUE(taken.has_value()) << taken.error().text();
      ASSERT_TRUE(*taken);
      ASSERT_EQ(header.first_op, Op{op});
      expected.assign(size_of_batch(op), std::byte{});
      fill(expected, op);
      ASSERT_TRUE(std::equal(payload.begin(), payload.end(), expected.begin(), expected.end()));
    }
  }

  tests::ScratchDirectory directory_;
  Shared* shared_;
};

TEST_P(JournalKill, NothingAcknowledgedIsLost) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 12; ++round) {
    ASSERT_NO_FATAL_FAILURE(run_and_kill(random() % 200));
    ASSERT_NO_FATAL_FAILURE(expect_whole());
  }
}

INSTANTIATE_TEST_SUITE_P(Writers, JournalKill, testing::Bool(), [](const auto& which) {
  return which.param ? std::string("uring") : std::string("syscall");
});

}  // namespace
}  // namespace permitd::daemon
