#include "daemon/uring.h"

#include <liburing.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "scheduler/assert.h"

namespace permitd::daemon {

namespace {

// Values of user_data that are not the address of an operation.
constexpr std::uint64_t kIgnoredTag = 0;
constexpr std::uint64_t kWakeTag = 1;

constexpr int kReceiveGroup = 0;
constexpr std::uint32_t kReceiveBuffersMax = 1U << 15;  // the kernel's limit of one buffer ring
// Deferred work is delivered in chunks; after so many of them the caller gets what there is, so
// that a flood of receives cannot keep it from its handlers.
constexpr int kCollectRoundsMax = 16;
// How long the destructor waits for a device or a socket to let go of the last operation.
constexpr std::int64_t kAbandonStepNs = 10'000'000;
constexpr int kAbandonStepsMax = 500;

constexpr std::uint32_t kFeatures =
    IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_FAST_POLL | IORING_FEAT_CQE_SKIP;

struct NeededOperation {
  int code;
  const char* name;
};
constexpr std::array kOperations{
    NeededOperation{IORING_OP_WRITE, "write"},
    NeededOperation{IORING_OP_WRITE_FIXED, "write from registered buffers"},
    NeededOperation{IORING_OP_ACCEPT, "accept"},
    NeededOperation{IORING_OP_RECV, "receive"},
    NeededOperation{IORING_OP_SENDMSG, "send message"},
    NeededOperation{IORING_OP_POLL_ADD, "poll"},
    NeededOperation{IORING_OP_ASYNC_CANCEL, "cancel"},
    NeededOperation{IORING_OP_CLOSE, "close"},
    NeededOperation{IORING_OP_MSG_RING, "message to a ring"},
};

// What a ring may register once it runs; everything else, like the operations that are not above,
// the kernel refuses with EACCES, whoever gets hold of the ring.
constexpr std::array kRegistrations{IORING_REGISTER_BUFFERS,  IORING_UNREGISTER_BUFFERS,
                                    IORING_REGISTER_FILES2,   IORING_REGISTER_FILES_UPDATE,
                                    IORING_REGISTER_RING_FDS, IORING_UNREGISTER_RING_FDS};
constexpr std::uint8_t kSubmissionFlags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;

Error unsupported(int number, std::string act, std::string remedy) {
  return Error{ErrorCode::kUnsupported, number, std::move(act), std::move(remedy)};
}

Error setup_error(int number) {
  switch (number) {
    case ENOSYS:
      return unsupported(
          number, "set up io_uring: the kernel, or a sandbox, does not offer it",
          "Start with --io=epoll, or allow the io_uring system calls, by the seccomp profile "
          "where this is a container.");
    case EPERM:
    case EACCES:
      return unsupported(
          number, "set up io_uring: it is forbidden here",
          "Start with --io=epoll, set the sysctl kernel.io_uring_disabled to 0, or let the "
          "seccomp profile of the container allow io_uring_setup, _enter and _register.");
    case EINVAL:
      return unsupported(number, "set up io_uring: the kernel lacks deferred task work (Linux 6.1)",
                         "Start with --io=epoll, or boot Linux 6.1 or later.");
    case ENOMEM:
      return unsupported(number, "set up io_uring: too little lockable memory",
                         "Raise LimitMEMLOCK of the service, or start with --io=epoll.");
    default:
      return Error{ErrorCode::kSystem, number, "set up io_uring", "Start with --io=epoll."};
  }
}

// liburing 2.3 declares the functions for these two, but its shared library lacks them.
bool register_with(int ring, unsigned what, void* entries, std::size_t count) {
  return syscall(__NR_io_uring_register, ring, what, entries, count) >= 0;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void* map_memory(std::size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

struct Ring::Kernel {
  io_uring ring{};
  bool is_set_up = false;
  io_uring_buf_ring* buffer_ring = nullptr;
  std::byte* buffers = nullptr;
  std::size_t buffer_ring_size = 0;
  std::size_t buffers_size = 0;
  bool has_file_table = false;
  bool has_buffers = false;  // registered ones
  std::array<int, kRegisteredFilesMax> files{};

  Kernel() { files.fill(-1); }
  ~Kernel() {
    if (is_set_up) io_uring_queue_exit(&ring);
    if (buffer_ring != nullptr) munmap(buffer_ring, buffer_ring_size);
    if (buffers != nullptr) munmap(buffers, buffers_size);
  }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  Expected<void> set_up(std::uint32_t entries);
  Expected<void> probe();
  Expected<void> provide_buffers(std::uint32_t count, std::uint32_t size);
  /// Takes from the ring what permitd does not do, and lets it run.
  Expected<void> restrict_and_enable();

  unsigned flags() const { return __atomic_load_n(ring.sq.kflags, __ATOMIC_ACQUIRE); }
  /// True when the kernel holds completions that only a system call brings into the queue.
  bool holds_back() const { return (flags() & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0; }
  bool has_unsent() const { return io_uring_sq_ready(&ring) != 0; }
  bool has_completions() const { return io_uring_cq_ready(&ring) != 0; }
  int slot_of(int file) const {
    const auto found = std::find(files.begin(), files.end(), file);
    return found == files.end() ? -1 : static_cast<int>(found - files.begin());
  }
};

Expected<void> Ring::Kernel::set_up(std::uint32_t entries) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED;
  params.cq_entries = std::bit_ceil(entries) * 4;
  const int result = io_uring_queue_init_params(entries, &ring, &params);
  if (result < 0) return std::unexpected(setup_error(-result));
  is_set_up = true;
  if ((params.features & kFeatures) != kFeatures) {
    return std::unexpected(unsupported(0,
                                       "set up io_uring: the kernel lacks features of Linux 5.17",
                                       "Start with --io=epoll, or boot Linux 6.1 or later."));
  }
  return {};
}

Expected<void> Ring::Kernel::restrict_and_enable() {
  std::array<io_uring_restriction, kOperations.size() + kRegistrations.size() + 1> allowed{};
  std::size_t count = 0;
  for (const NeededOperation& needed : kOperations) {
    allowed[count].opcode = IORING_RESTRICTION_SQE_OP;
    allowed[count++].sqe_op = static_cast<std::uint8_t>(needed.code);
  }
  for (const int registration : kRegistrations) {
    allowed[count].opcode = IORING_RESTRICTION_REGISTER_OP;
    allowed[count++].register_op = static_cast<std::uint8_t>(registration);
  }
  allowed[count].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
  allowed[count++].sqe_flags = kSubmissionFlags;
  const bool done =
      register_with(ring.ring_fd, IORING_REGISTER_RESTRICTIONS, allowed.data(), count) &&
      register_with(ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (!done) return std::unexpected(setup_error(errno));
  // Saves a lookup per call; without it everything works all the same.
  io_uring_register_ring_fd(&ring);
  return {};
}

Expected<void> Ring::Kernel::probe() {
  io_uring_probe* found = io_uring_get_probe_ring(&ring);
  if (found == nullptr) return std::unexpected(setup_error(ENOSYS));
  const char* missing = nullptr;
  for (const NeededOperation& needed : kOperations) {
    if (io_uring_opcode_supported(found, needed.code) == 0) missing = needed.name;
  }
  io_uring_free_probe(found);
  if (missing == nullptr) return {};
  return std::unexpected(
      unsupported(0, std::string("set up io_uring: the operation '") + missing + "' is missing",
                  "Start with --io=epoll, or boot Linux 6.1 or later."));
}

Expected<void> Ring::Kernel::provide_buffers(std::uint32_t count, std::uint32_t size) {
  buffer_ring_size = count * sizeof(io_uring_buf);
  buffers_size = std::size_t{count} * size;
  buffer_ring = static_cast<io_uring_buf_ring*>(map_memory(buffer_ring_size));
  buffers = static_cast<std::byte*>(map_memory(buffers_size));
  if (buffer_ring == nullptr || buffers == nullptr) {
    return std::unexpected(
        Error{ErrorCode::kSystem, ENOMEM, "map receive buffers", "Provide fewer receive buffers."});
  }
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffer_ring);
  registration.ring_entries = count;
  registration.bgid = kReceiveGroup;
  const int result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result < 0) {
    return std::unexpected(unsupported(-result, "register a ring of receive buffers (Linux 5.19)",
                                       "Start with --io=epoll, or boot Linux 6.1 or later."));
  }
  io_uring_buf_ring_init(buffer_ring);
  for (std::uint32_t index = 0; index < count; ++index) {
    io_uring_buf_ring_add(buffer_ring, buffers + std::size_t{index} * size, size,
                          static_cast<unsigned short>(index), io_uring_buf_ring_mask(count),
                          static_cast<int>(index));
  }
  io_uring_buf_ring_advance(buffer_ring, static_cast<int>(count));
  return {};
}

Operation::~Operation() { PERMIT_ASSERT(!pending_); }

Ring::Ring(const RingOptions& options) : options_(options), kernel_(std::make_unique<Kernel>()) {
  ready_.reserve(std::size_t{std::bit_ceil(options.entries)} * 4);
  running_.reserve(ready_.capacity());
}

Expected<std::unique_ptr<Ring>> Ring::create(const RingOptions& options) {
  const std::uint32_t count = options.receive_buffer_count;
  if (options.entries == 0 ||
      (count != 0 && (!std::has_single_bit(count) || count > kReceiveBuffersMax ||
                      options.receive_buffer_size == 0))) {
    return std::unexpected(
        Error{ErrorCode::kConfiguration, 0, "set up io_uring",
              "Queue entries must be positive and receive buffers a power of two up to 32768."});
  }
  std::unique_ptr<Ring> ring(new Ring(options));
  if (auto done = ring->kernel_->set_up(options.entries); !done)
    return std::unexpected(done.error());
  if (auto done = ring->kernel_->probe(); !done) return std::unexpected(done.error());
  if (count != 0) {
    auto done = ring->kernel_->provide_buffers(count, options.receive_buffer_size);
    if (!done) return std::unexpected(done.error());
  }
  if (auto done = ring->kernel_->restrict_and_enable(); !done) return std::unexpected(done.error());
  return ring;
}

Ring::~Ring() {
  if (kernel_->is_set_up) abandon_pending();
}

void Ring::link(Operation& operation) {
  PERMIT_ASSERT(!operation.pending_);
  operation.pending_ = true;
  operation.previous_ = nullptr;
  operation.next_ = pending_;
  if (pending_ != nullptr) pending_->previous_ = &operation;
  pending_ = &operation;
  ++pending_count_;
}

void Ring::unlink(Operation& operation) {
  PERMIT_ASSERT(operation.pending_);
  PERMIT_ASSERT(pending_count_ > 0);
  operation.pending_ = false;
  if (operation.previous_ != nullptr) operation.previous_->next_ = operation.next_;
  if (operation.next_ != nullptr) operation.next_->previous_ = operation.previous_;
  if (pending_ == &operation) pending_ = operation.next_;
  --pending_count_;
}

io_uring_sqe* Ring::prepare(Operation* operation) {
  io_uring_sqe* slot = io_uring_get_sqe(&kernel_->ring);
  for (int round = 0; slot == nullptr && round < kCollectRoundsMax; ++round) {
    enter();
    take_completions();
    slot = io_uring_get_sqe(&kernel_->ring);
  }
  PERMIT_ASSERT(slot != nullptr);
  if (operation != nullptr) link(*operation);
  return slot;
}

namespace {

void tag(io_uring_sqe* slot, Operation* operation) {
  io_uring_sqe_set_data64(slot, reinterpret_cast<std::uintptr_t>(operation));
}

}  // namespace

void Ring::write_durable(Operation& operation, int file, std::span<const std::byte> bytes,
                         std::uint64_t offset, int buffer) {
  io_uring_sqe* slot = prepare(&operation);
  const auto size = static_cast<unsigned>(bytes.size());
  if (buffer >= 0) {
    io_uring_prep_write_fixed(slot, file, bytes.data(), size, offset, buffer);
  } else {
    io_uring_prep_write(slot, file, bytes.data(), size, offset);
  }
  slot->rw_flags = RWF_DSYNC;
  if (const int index = kernel_->slot_of(file); index >= 0) {
    slot->fd = index;
    io_uring_sqe_set_flags(slot, IOSQE_FIXED_FILE);
  }
  tag(slot, &operation);
}

void Ring::accept_multishot(Operation& operation, int socket) {
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_multishot_accept(slot, socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  tag(slot, &operation);
}

void Ring::receive_multishot(Operation& operation, int socket) {
  PERMIT_ASSERT(options_.receive_buffer_count != 0);
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_recv_multishot(slot, socket, nullptr, 0, 0);
  io_uring_sqe_set_flags(slot, IOSQE_BUFFER_SELECT);
  slot->buf_group = kReceiveGroup;
  tag(slot, &operation);
}

void Ring::receive_once(Operation& operation, int socket) {
  PERMIT_ASSERT(options_.receive_buffer_count != 0);
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_recv(slot, socket, nullptr, options_.receive_buffer_size, 0);
  io_uring_sqe_set_flags(slot, IOSQE_BUFFER_SELECT);
  slot->buf_group = kReceiveGroup;
  tag(slot, &operation);
}

void Ring::send_message(Operation& operation, int socket, const msghdr* message) {
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_sendmsg(slot, socket, message, MSG_WAITALL | MSG_NOSIGNAL);
  tag(slot, &operation);
}

void Ring::poll_multishot(Operation& operation, int file, std::uint32_t events) {
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_poll_multishot(slot, file, events);
  tag(slot, &operation);
}

void Ring::poll_once(Operation& operation, int file, std::uint32_t events) {
  io_uring_sqe* slot = prepare(&operation);
  io_uring_prep_poll_add(slot, file, events);
  tag(slot, &operation);
}

void Ring::cancel(Operation& target) {
  if (!target.pending_) return;
  io_uring_sqe* slot = prepare(nullptr);
  io_uring_prep_cancel64(slot, reinterpret_cast<std::uintptr_t>(&target), 0);
  io_uring_sqe_set_data64(slot, kIgnoredTag);
}

void Ring::close_file(int file) {
  io_uring_sqe* slot = prepare(nullptr);
  io_uring_prep_close(slot, file);
  io_uring_sqe_set_data64(slot, kIgnoredTag);
}

void Ring::wake(const Ring& other) {
  io_uring_sqe* slot = prepare(nullptr);
  io_uring_prep_msg_ring(slot, other.file(), 0, kWakeTag, 0);
  io_uring_sqe_set_data64(slot, kIgnoredTag);
}

int Ring::file() const { return kernel_->ring.ring_fd; }

Expected<void> Ring::register_buffers(std::span<const std::span<std::byte>> buffers) {
  if (buffers.empty()) {
    if (kernel_->has_buffers) io_uring_unregister_buffers(&kernel_->ring);
    kernel_->has_buffers = false;
    return {};
  }
  if (kernel_->has_buffers) {
    return std::unexpected(
        Error{ErrorCode::kSystem, EBUSY, "register buffers with io_uring: there are some", ""});
  }
  std::vector<iovec> vectors;
  vectors.reserve(buffers.size());
  for (const std::span<std::byte> buffer : buffers) {
    vectors.push_back({buffer.data(), buffer.size()});
  }
  const int result = io_uring_register_buffers(&kernel_->ring, vectors.data(),
                                               static_cast<unsigned>(vectors.size()));
  kernel_->has_buffers = result == 0;
  if (result == 0) return {};
  return std::unexpected(Error{ErrorCode::kSystem, -result, "register buffers with io_uring",
                               "Raise LimitMEMLOCK of the service."});
}

Expected<void> Ring::register_files(std::span<const int> files) {
  PERMIT_ASSERT(files.size() <= kRegisteredFilesMax, files.size());
  int result = 0;
  if (!kernel_->has_file_table) {
    result = io_uring_register_files_sparse(&kernel_->ring, kRegisteredFilesMax);
    if (result == 0) kernel_->has_file_table = true;
  }
  if (result == 0) {
    kernel_->files.fill(-1);
    std::copy(files.begin(), files.end(), kernel_->files.begin());
    result = io_uring_register_files_update(&kernel_->ring, 0, kernel_->files.data(),
                                            kRegisteredFilesMax);
  }
  if (result >= 0) return {};
  kernel_->files.fill(-1);
  return std::unexpected(Error{ErrorCode::kSystem, -result, "register files with io_uring", ""});
}

std::span<std::byte> Ring::receive_buffer(std::uint16_t buffer, std::size_t size) {
  PERMIT_ASSERT(buffer < options_.receive_buffer_count, buffer);
  PERMIT_ASSERT(size <= options_.receive_buffer_size, size);
  return {kernel_->buffers + std::size_t{buffer} * options_.receive_buffer_size, size};
}

void Ring::recycle(std::uint16_t buffer) {
  PERMIT_ASSERT(buffer < options_.receive_buffer_count, buffer);
  io_uring_buf_ring_add(kernel_->buffer_ring,
                        kernel_->buffers + std::size_t{buffer} * options_.receive_buffer_size,
                        options_.receive_buffer_size, buffer,
                        io_uring_buf_ring_mask(options_.receive_buffer_count), 0);
  io_uring_buf_ring_advance(kernel_->buffer_ring, 1);
}

// One system call: sends what was prepared, runs deferred work and flushes an overflown completion
// queue.
void Ring::enter() {
  const int result = io_uring_submit_and_get_events(&kernel_->ring);
  ++system_calls_;
  // EBUSY and EAGAIN: completions must be taken first; what was not sent stays in the queue.
  PERMIT_ASSERT(result >= 0 || result == -EBUSY || result == -EAGAIN || result == -EINTR, result);
}

void Ring::take_completions() {
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&kernel_->ring, head, entry) {
    ++count;
    if (entry->user_data == kIgnoredTag) continue;
    if (entry->user_data == kWakeTag) {
      woken_ = true;
      continue;
    }
    Completion completion;
    completion.result = entry->res;
    completion.more = (entry->flags & IORING_CQE_F_MORE) != 0;
    completion.has_buffer = (entry->flags & IORING_CQE_F_BUFFER) != 0;
    completion.buffer = static_cast<std::uint16_t>(entry->flags >> IORING_CQE_BUFFER_SHIFT);
    ready_.push_back(
        {reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(entry->user_data)), completion});
  }
  io_uring_cq_advance(&kernel_->ring, count);
}

void Ring::collect() {
  take_completions();
  for (int round = 0; round < kCollectRoundsMax && kernel_->holds_back(); ++round) {
    enter();
    take_completions();
  }
}

std::size_t Ring::poll() {
  const std::size_t before = ready_.size();
  if (kernel_->has_unsent()) enter();
  collect();
  return ready_.size() - before;
}

// True when something can be collected.
bool Ring::spin(std::int64_t spin_ns) {
  const std::int64_t end = monotonic_ns() + spin_ns;
  do {
    for (int pause = 0; pause < 16; ++pause) {
      if (kernel_->has_completions() || kernel_->holds_back()) return true;
      relax();
    }
  } while (monotonic_ns() < end);
  return false;
}

// Sends what was prepared and sleeps until there is a completion, in one system call.
void Ring::sleep(std::int64_t timeout_ns) {
  int result = 0;
  if (timeout_ns < 0) {
    result = io_uring_submit_and_wait(&kernel_->ring, 1);
  } else {
    __kernel_timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
    io_uring_cqe* entry = nullptr;
    result = io_uring_submit_and_wait_timeout(&kernel_->ring, &entry, 1, &timeout, nullptr);
  }
  ++system_calls_;
  PERMIT_ASSERT(
      result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN,
      result);
}

std::size_t Ring::wait(std::int64_t timeout_ns, std::int64_t spin_ns) {
  const std::size_t before = ready_.size();
  const bool can_sleep_at_once = spin_ns <= 0 && timeout_ns != 0 && before == 0 && !woken_;
  if (!can_sleep_at_once || kernel_->has_completions() || kernel_->holds_back()) poll();
  if (ready_.empty() && !woken_ && timeout_ns != 0) {
    const std::int64_t limit = timeout_ns < 0 ? spin_ns : std::min(spin_ns, timeout_ns);
    if (limit <= 0 || !spin(limit)) sleep(timeout_ns);
    collect();
  }
  woken_ = false;
  return ready_.size() - before;
}

void Ring::run_completions() {
  PERMIT_ASSERT(running_.empty());  // a handler never runs inside another
  running_.swap(ready_);
  for (const Ready& ready : running_) {
    if (!ready.completion.more) unlink(*ready.operation);
    ready.operation->complete(ready.completion);
  }
  running_.clear();
}

void Ring::abandon_pending() {
  if (pending_ != nullptr) {
    io_uring_sqe* slot = prepare(nullptr);
    io_uring_prep_cancel64(slot, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data64(slot, kIgnoredTag);
  }
  for (int step = 0; pending_ != nullptr && step < kAbandonStepsMax; ++step) {
    poll();
    if (ready_.empty()) sleep(kAbandonStepNs);
    collect();
    for (const Ready& ready : ready_) {
      if (!ready.completion.more) unlink(*ready.operation);
    }
    ready_.clear();
  }
  while (pending_ != nullptr) unlink(*pending_);
}

}  // namespace permitd::daemon
