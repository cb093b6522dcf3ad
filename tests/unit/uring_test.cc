// Goal: the ring keeps its contract at the edges that lose data or hang in practice: full
// submission queue, overflown completions, exhausted receive buffers, wakes, cancels. Method:
// socket pairs and files.
#include "daemon/uring.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace permitd::daemon {
namespace {

class Recorder final : public Operation {
 public:
  void complete(const Completion& completion) noexcept override {
    seen.push_back(completion);
    if (then) then(completion);
  }
  std::vector<Completion> seen;
  std::function<void(const Completion&)> then;
};

std::unique_ptr<Ring> make_ring(RingOptions options = {}) {
  auto ring = Ring::create(options);
  EXPECT_TRUE(ring.has_value()) << (ring ? "" : ring.error().text());
  return std::move(*ring);
}

struct SocketPair {
  SocketPair() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  }
  ~SocketPair() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

void run_until(Ring& ring, const std::function<bool()>& done) {
  for (int turn = 0; turn < 10'000 && !done(); ++turn) {
    ring.wait(100'000'000, 0);
    ring.run_completions();
  }
  EXPECT_TRUE(done());
}

std::string text_of(Ring& ring, const Completion& completion) {
  const auto bytes =
      ring.receive_buffer(completion.buffer, static_cast<std::size_t>(completion.result));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The error of a registration without arguments, 0 when the kernel takes it.
int registers(const Ring& ring, unsigned what) {
  return syscall(__NR_io_uring_register, ring.file(), what, nullptr, 0) < 0 ? errno : 0;
}

TEST(Uring, TheKernelRefusesWhatPermitdDoesNotDo) {
  const auto ring = make_ring();
  io_uring_params params{};
  const auto plain = static_cast<int>(syscall(__NR_io_uring_setup, 4, &params));
  ASSERT_GE(plain, 0);
  // The control: an unrestricted ring hands out a personality, which would keep rights alive.
  EXPECT_GE(syscall(__NR_io_uring_register, plain, IORING_REGISTER_PERSONALITY, nullptr, 0), 0);
  EXPECT_EQ(registers(*ring, IORING_REGISTER_PERSONALITY), EACCES);
  EXPECT_EQ(registers(*ring, IORING_REGISTER_RESTRICTIONS), EACCES);  // they cannot be lifted
  close(plain);
}

// Submits to a ring beside its owner, which must not use it afterwards: what one entry says comes
// to.
class StolenQueue {
 public:
  explicit StolenQueue(const Ring& ring) : file_(ring.file()) {
    // Where the kernel puts things within its pages is the same for every ring.
    const auto other = static_cast<int>(syscall(__NR_io_uring_setup, 4, &at_));
    EXPECT_GE(other, 0);
    close(other);
    rings_ = static_cast<std::byte*>(map(kPageSize, IORING_OFF_SQ_RING));
    entries_ = static_cast<io_uring_sqe*>(
        map((at(at_.sq_off.ring_mask) + 1) * sizeof(io_uring_sqe), IORING_OFF_SQES));
  }
  int result_of(const io_uring_sqe& entry) {
    unsigned& tail = at(at_.sq_off.tail);
    entries_[tail & at(at_.sq_off.ring_mask)] = entry;
    __atomic_store_n(&tail, tail + 1, __ATOMIC_RELEASE);
    EXPECT_EQ(syscall(__NR_io_uring_enter, file_, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0), 1);
    unsigned& head = at(at_.cq_off.head);
    EXPECT_NE(head, __atomic_load_n(&at(at_.cq_off.tail), __ATOMIC_ACQUIRE));
    const auto* completions = reinterpret_cast<const io_uring_cqe*>(rings_ + at_.cq_off.cqes);
    const int result = completions[head & at(at_.cq_off.ring_mask)].res;
    __atomic_store_n(&head, head + 1, __ATOMIC_RELEASE);
    return result;
  }

 private:
  static constexpr std::size_t kPageSize = 4096;
  void* map(std::size_t size, std::uint64_t what) const {
    void* memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(what));
    EXPECT_NE(memory, MAP_FAILED);
    return memory;
  }
  unsigned& at(unsigned offset) { return *reinterpret_cast<unsigned*>(rings_ + offset); }

  const int file_;
  io_uring_params at_{};
  std::byte* rings_ = nullptr;
  io_uring_sqe* entries_ = nullptr;
};

TEST(Uring, TheKernelRefusesOperationsAndFlagsThatPermitdDoesNotUse) {
  const auto ring = make_ring({.entries = 8});
  StolenQueue queue(*ring);
  const int file = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  io_uring_sqe poll{};
  poll.opcode = IORING_OP_POLL_ADD;
  poll.fd = file;
  poll.poll32_events = POLLIN;
  // The control: what permitd does itself is done.
  EXPECT_EQ(queue.result_of(poll), POLLIN);
  for (const unsigned flag : {IOSQE_IO_LINK, IOSQE_IO_DRAIN, IOSQE_ASYNC}) {
    io_uring_sqe flagged = poll;
    flagged.flags = static_cast<std::uint8_t>(flag);
    EXPECT_EQ(queue.result_of(flagged), -EACCES) << flag;
  }
  io_uring_sqe open{};
  open.opcode = IORING_OP_OPENAT;
  open.fd = AT_FDCWD;
  open.addr = reinterpret_cast<std::uintptr_t>("/etc/passwd");
  EXPECT_EQ(queue.result_of(open), -EACCES);
  io_uring_sqe socket{};
  socket.opcode = IORING_OP_SOCKET;
  socket.fd = AF_INET;
  socket.off = SOCK_STREAM;
  EXPECT_EQ(queue.result_of(socket), -EACCES);
  close(file);
}

TEST(Uring, ReceivesIntoProvidedBuffersUntilTheyAreExhaustedAndThenArmsAgain) {
  auto ring = make_ring({.entries = 8, .receive_buffer_count = 2, .receive_buffer_size = 4});
  SocketPair pair;
  Recorder receive;
  ring->receive_multishot(receive, pair.ends[0]);
  ASSERT_EQ(write(pair.ends[1], "abcdefghijkl", 12), 12);
  run_until(*ring, [&] { return !receive.is_pending(); });
  ASSERT_EQ(receive.seen.size(), 3U);
  EXPECT_EQ(text_of(*ring, receive.seen[0]), "abcd");
  EXPECT_TRUE(receive.seen[0].more && receive.seen[0].has_buffer);
  EXPECT_EQ(text_of(*ring, receive.seen[1]), "efgh");
  EXPECT_EQ(receive.seen[2].result, -ENOBUFS);
  EXPECT_FALSE(receive.seen[2].more);

  ring->recycle(receive.seen[0].buffer);
  ring->recycle(receive.seen[1].buffer);
  ring->receive_multishot(receive, pair.ends[0]);
  run_until(*ring, [&] { return receive.seen.size() >= 4; });
  EXPECT_EQ(text_of(*ring, receive.seen[3]), "ijkl");
  shutdown(pair.ends[1], SHUT_WR);
  run_until(*ring, [&] { return !receive.is_pending(); });
  EXPECT_EQ(receive.seen.back().result, 0);
  ring.reset();
}

TEST(Uring, RecyclingKeepsAStreamWhole) {
  auto ring = make_ring({.entries = 8, .receive_buffer_count = 4, .receive_buffer_size = 256});
  SocketPair pair;
  std::string sent;
  for (int index = 0; index < 20'000; ++index) sent += std::to_string(index);
  std::string got;
  Recorder receive;
  receive.then = [&](const Completion& completion) {
    if (completion.result > 0) {
      got += text_of(*ring, completion);
      ring->recycle(completion.buffer);
    }
    if (completion.result == -ENOBUFS || (completion.result > 0 && !completion.more)) {
      ring->receive_multishot(receive, pair.ends[0]);
    }
  };
  ring->receive_multishot(receive, pair.ends[0]);
  iovec part{sent.data(), sent.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Recorder send;
  ring->send_message(send, pair.ends[1], &message);
  run_until(*ring, [&] { return got.size() >= sent.size() && !send.is_pending(); });
  EXPECT_EQ(send.seen.at(0).result, static_cast<int>(sent.size()));
  EXPECT_EQ(got, sent);
  ring.reset();
}

TEST(Uring, CompletionsBeyondTheQueueAreNotLost) {
  // A queue of 2 × 4 completions, and 500 polls of a file that is already readable.
  auto ring = make_ring({.entries = 2});
  const int file = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  std::vector<Recorder> polls(500);
  for (Recorder& each : polls) ring->poll_once(each, file, POLLIN);
  run_until(*ring, [&] { return ring->pending_count() == 0; });
  for (const Recorder& each : polls) {
    ASSERT_EQ(each.seen.size(), 1U);
    EXPECT_EQ(each.seen[0].result, POLLIN);
  }
  close(file);
}

TEST(Uring, HandlersRunOneAfterAnotherAndMaySubmit) {
  auto ring = make_ring({.entries = 4});
  const int file = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  Recorder again;
  int depth = 0;
  again.then = [&](const Completion&) {
    ASSERT_EQ(depth++, 0);
    if (again.seen.size() < 100) ring->poll_once(again, file, POLLIN);
    --depth;
  };
  ring->poll_once(again, file, POLLIN);
  run_until(*ring, [&] { return again.seen.size() == 100; });
  EXPECT_FALSE(again.is_pending());
  close(file);
}

TEST(Uring, CancelledOperationStillCompletesOnce) {
  auto ring = make_ring();
  SocketPair pair;
  Recorder poll;
  ring->poll_multishot(poll, pair.ends[0], POLLIN);
  ring->poll();
  ring->cancel(poll);
  run_until(*ring, [&] { return !poll.is_pending(); });
  ASSERT_EQ(poll.seen.size(), 1U);
  EXPECT_EQ(poll.seen[0].result, -ECANCELED);
}

TEST(Uring, MultishotPollReportsEachEdge) {
  auto ring = make_ring();
  const int file = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Recorder poll;
  ring->poll_multishot(poll, file, POLLIN);
  for (std::size_t round = 1; round <= 3; ++round) {
    eventfd_write(file, 1);
    run_until(*ring, [&] { return poll.seen.size() >= round; });
    EXPECT_TRUE(poll.seen.back().more);
    eventfd_t value = 0;
    eventfd_read(file, &value);
  }
  ring.reset();  // with the poll still armed: the ring lets go of it
  EXPECT_FALSE(poll.is_pending());
  close(file);
}

TEST(Uring, AcceptsManyConnectionsWithOneSubmission) {
  auto ring = make_ring();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 16), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  Recorder accept;
  ring->accept_multishot(accept, listener);
  ring->poll();
  std::vector<int> clients;
  for (int index = 0; index < 5; ++index) {
    clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(clients.back(), reinterpret_cast<sockaddr*>(&address), size), 0);
  }
  run_until(*ring, [&] { return accept.seen.size() == 5; });
  for (const Completion& each : accept.seen) {
    ASSERT_GE(each.result, 0);
    EXPECT_TRUE(each.more);
    EXPECT_NE(fcntl(each.result, F_GETFL) & O_NONBLOCK, 0);
    ring->close_file(each.result);
  }
  ring->poll();
  char byte = 0;
  for (const int client : clients) EXPECT_EQ(read(client, &byte, 1), 0);  // closed through the ring
  for (const int client : clients) close(client);
  ring.reset();
  close(listener);
}

TEST(Uring, WritesFromRegisteredBuffersAndFilesDurably) {
  auto ring = make_ring();
  char path[] = "/tmp/permitd-uring-XXXXXX";
  const int file = mkstemp(path);
  unlink(path);
  alignas(4096) static std::byte memory[2][4096];
  std::memset(memory[0], 'a', sizeof memory[0]);
  std::memset(memory[1], 'b', sizeof memory[1]);
  const std::array<std::span<std::byte>, 2> buffers{memory[0], memory[1]};
  ASSERT_TRUE(ring->register_buffers(buffers).has_value());
  ASSERT_TRUE(ring->register_files(std::array{file}).has_value());
  Recorder writes[3];
  ring->write_durable(writes[0], file, memory[0], 0, 0);
  ring->write_durable(writes[1], file, memory[1], 4096, 1);
  ring->write_durable(writes[2], file, memory[0], 8192);
  run_until(*ring, [&] { return ring->pending_count() == 0; });
  for (const Recorder& each : writes) EXPECT_EQ(each.seen.at(0).result, 4096);
  char got[3] = {};
  for (int index = 0; index < 3; ++index) ASSERT_EQ(pread(file, &got[index], 1, index * 4096), 1);
  EXPECT_EQ(std::string(got, 3), "aba");
  // A replaced file must not be written any more.
  char other_path[] = "/tmp/permitd-uring-XXXXXX";
  const int other = mkstemp(other_path);
  unlink(other_path);
  ASSERT_TRUE(ring->register_files(std::array{other}).has_value());
  ring->write_durable(writes[0], other, memory[1], 0, 1);
  ring->write_durable(writes[1], file, memory[1], 0, 1);  // not registered now: by descriptor
  run_until(*ring, [&] { return ring->pending_count() == 0; });
  ASSERT_EQ(pread(other, &got[0], 1, 0), 1);
  ASSERT_EQ(pread(file, &got[1], 1, 0), 1);
  EXPECT_EQ(std::string(got, 2), "bb");
  close(file);
  close(other);
}

TEST(Uring, FailedWriteIsReportedAsItIs) {
  auto ring = make_ring();
  const int file = open("/dev/full", O_WRONLY | O_CLOEXEC);
  Recorder write;
  const std::byte byte{1};
  ring->write_durable(write, file, {&byte, 1}, 0);
  run_until(*ring, [&] { return !write.is_pending(); });
  EXPECT_EQ(write.seen.at(0).result, -ENOSPC);
  close(file);
}

TEST(Uring, WaitEndsWithTheTimeoutWhenNothingHappens) {
  auto ring = make_ring();
  EXPECT_EQ(ring->wait(2'000'000, 0), 0U);
  EXPECT_EQ(ring->wait(2'000'000, 1'000'000), 0U);
  EXPECT_EQ(ring->wait(0, 0), 0U);
}

TEST(Uring, PollWithoutWorkMakesNoSystemCall) {
  auto ring = make_ring();
  ring->poll();
  const std::uint64_t before = ring->system_calls();
  for (int round = 0; round < 100; ++round) ring->poll();
  EXPECT_EQ(ring->system_calls(), before);
}

TEST(Uring, OneRingWakesAnotherInEveryInterleaving) {
  // The sleeper counts rounds it was woken for; a lost wake hangs the test in the endless wait.
  std::atomic<Ring*> sleeper{nullptr};
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  std::atomic<bool> over{false};
  constexpr int kRounds = 2'000;
  std::thread thread([&] {
    auto ring = make_ring();
    sleeper.store(ring.get());
    while (answered.load() < kRounds) {
      if (asked.load() > answered.load()) {
        answered.fetch_add(1);
        continue;
      }
      ring->wait(-1, answered.load() % 3 == 0 ? 20'000 : 0);
      ring->run_completions();
    }
    // The last wake may still be on its way: the ring stays until nobody names it any more.
    while (!over.load()) std::this_thread::yield();
  });
  auto ring = make_ring();
  while (sleeper.load() == nullptr) std::this_thread::yield();
  for (int round = 1; round <= kRounds; ++round) {
    asked.store(round);
    ring->wake(*sleeper.load());
    ring->poll();
    while (answered.load() < round) std::this_thread::yield();
  }
  over.store(true);
  thread.join();
}

TEST(Uring, WrongOptionsAreRefused) {
  EXPECT_EQ(Ring::create({.entries = 0}).error().code, ErrorCode::kConfiguration);
  EXPECT_EQ(Ring::create({.receive_buffer_count = 3}).error().code, ErrorCode::kConfiguration);
}

}  // namespace
}  // namespace permitd::daemon
