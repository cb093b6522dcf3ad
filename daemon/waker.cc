#include "daemon/waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "scheduler/assert.h"

namespace permitd::daemon {

Waker::Waker() : file_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { PERMIT_ASSERT(file_ >= 0, errno); }

Waker::~Waker() { close(file_); }

void Waker::wake() {
  // Orders what the caller has published before the look at the flag; pairs with announce_sleep().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!sleeping_.load(std::memory_order_relaxed)) return;
  if (!sleeping_.exchange(false, std::memory_order_acq_rel)) return;  // another waker was first
  const std::uint64_t one = 1;
  const ssize_t written = write(file_, &one, sizeof one);
  // EAGAIN would mean that the counter is full of wake-ups nobody took: the owner is awake all the
  // more.
  PERMIT_ASSERT(written == sizeof one || errno == EAGAIN, errno);
}

void Waker::announce_sleep() {
  sleeping_.store(true, std::memory_order_relaxed);
  // Orders the flag before the owner's last look at its queues; pairs with wake().
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Waker::awake() {
  // Whoever took the announcement writes a token, perhaps only after this look: then it is taken
  // next time, having cost one short sleep at most.
  if (!sleeping_.exchange(false, std::memory_order_acq_rel)) token_due_ = true;
  if (!token_due_) return;
  std::uint64_t tokens = 0;
  if (read(file_, &tokens, sizeof tokens) == sizeof tokens) token_due_ = false;
}

}  // namespace permitd::daemon
