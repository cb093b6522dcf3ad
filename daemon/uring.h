// One io_uring, owned by one thread: submissions are prepared, sent together, and completions are
// collected first and run later, so that no completion handler runs inside another.
//
// An Operation is the receipt of one submission. It must stay alive until its last completion has
// run (is_pending() false); its destructor aborts otherwise. Who wants to go away earlier cancels
// the operation and frees it in its last complete(). The ring's destructor cancels and waits for
// everything that is left, without calling handlers; it runs on the issuer's thread. Only uring.cc
// knows liburing.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "daemon/error.h"

struct io_uring_sqe;

namespace permitd::daemon {

/// Outcome of a submission: a result or −errno, as the kernel gives it.
struct Completion {
  std::int32_t result = 0;
  bool more = false;         // a multishot submission stays armed
  bool has_buffer = false;   // a provided buffer was taken
  std::uint16_t buffer = 0;  // which one
};

class Ring;

class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation();
  /// Called by run_completions() only. After a completion without `more` the operation is free
  /// again: the handler may submit it anew or destroy it.
  virtual void complete(const Completion& completion) noexcept = 0;
  bool is_pending() const { return pending_; }

 private:
  friend class Ring;
  // The ring's list of what is pending, so that its end can let go of everything.
  Operation* next_ = nullptr;
  Operation* previous_ = nullptr;
  bool pending_ = false;
};

struct RingOptions {
  std::uint32_t entries = 1024;  // submission queue; completions have four times as many
  std::uint32_t receive_buffer_count =
      0;  // provided buffers for receives, power of two; 0 = none
  std::uint32_t receive_buffer_size = 16'384;
};

inline constexpr std::size_t kRegisteredFilesMax = 8;

class Ring {
 public:
  /// SINGLE_ISSUER | DEFER_TASKRUN | COOP_TASKRUN; the calling thread becomes the issuer. The ring
  /// is restricted to the operations and registrations below before it runs.
  /// Errors: kUnsupported with one sentence naming the missing feature and the remedy.
  [[nodiscard]] static Expected<std::unique_ptr<Ring>> create(const RingOptions& options);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Submissions: prepared now, sent by the next submit() or wait(). Buffers must outlive the
  // operation.
  /// Positioned write that is durable when it completes (RWF_DSYNC). `buffer` >= 0: a registered
  /// buffer.
  void write_durable(Operation& operation, int file, std::span<const std::byte> bytes,
                     std::uint64_t offset, int buffer = -1);
  void accept_multishot(Operation& operation, int socket);
  void receive_multishot(Operation& operation, int socket);
  /// One provided buffer's worth, whatever more the socket holds.
  void receive_once(Operation& operation, int socket);
  /// Whole message or an error (MSG_WAITALL | MSG_NOSIGNAL). `message` and what it points at must
  /// outlive it.
  void send_message(Operation& operation, int socket, const msghdr* message);
  void poll_multishot(Operation& operation, int file, std::uint32_t events);
  void poll_once(Operation& operation, int file, std::uint32_t events);
  /// Cancels `target`; its own completion (−ECANCELED or what it had) still comes.
  void cancel(Operation& target);
  void close_file(int file);
  /// Wakes another ring (MSG_RING): its owner's wait() returns. Any number of wakes may collapse
  /// into one.
  void wake(const Ring& other);
  int file() const;

  /// Registers buffers for write_durable by index, one set per ring. None takes the set back, which
  /// must happen before the memory goes and while nothing is being written from it.
  [[nodiscard]] Expected<void> register_buffers(std::span<const std::span<std::byte>> buffers);
  /// Registers files that are written often; write_durable() recognises them by descriptor. Calling
  /// it again replaces the files; at most kRegisteredFilesMax.
  [[nodiscard]] Expected<void> register_files(std::span<const int> files);

  /// Bytes of a provided buffer; give it back with recycle() when read. A receive that meets no
  /// free buffer ends with −ENOBUFS: the caller recycles and arms it again.
  std::span<std::byte> receive_buffer(std::uint16_t buffer, std::size_t size);
  void recycle(std::uint16_t buffer);

  /// Sends what was prepared, takes what has completed; does not wait. Returns completions
  /// collected.
  std::size_t poll();
  /// The same, but waits until something completes, `timeout_ns` pass (−1: no limit) or somebody
  /// wakes it. Spins on the completion queue for at most `spin_ns` before it sleeps.
  std::size_t wait(std::int64_t timeout_ns, std::int64_t spin_ns);
  /// Runs the handlers of collected completions; handlers may prepare new submissions.
  void run_completions();

  /// True when run_completions() has something to run.
  bool has_completions() const { return !ready_.empty(); }
  /// Operations whose last completion has not run yet.
  std::size_t pending_count() const { return pending_count_; }
  std::uint64_t system_calls() const { return system_calls_; }

 private:
  struct Kernel;  // what liburing knows: the rings and the provided buffers
  struct Ready {
    Operation* operation;
    Completion completion;
  };

  explicit Ring(const RingOptions& options);
  /// Slot of the next submission; without an operation its completion is ignored.
  io_uring_sqe* prepare(Operation* operation);
  void link(Operation& operation);
  void unlink(Operation& operation);
  void enter();
  void collect();
  void take_completions();
  bool spin(std::int64_t spin_ns);
  void sleep(std::int64_t timeout_ns);
  void abandon_pending();

  RingOptions options_;
  std::unique_ptr<Kernel> kernel_;
  std::vector<Ready> ready_;    // collected, not yet run
  std::vector<Ready> running_;  // being run
  Operation* pending_ = nullptr;
  std::size_t pending_count_ = 0;
  std::uint64_t system_calls_ = 0;
  bool woken_ = false;  // a wake of another ring was taken since the last wait()
};

}  // namespace permitd::daemon
