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
  // Releases what the caller has published to the announcement that comes after.
  if (!sleeping_.exchange(false, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t written = write(file_, &one, sizeof one);
  // EAGAIN would mean that the counter is full of wake-ups nobody took: the owner is awake all the
  // more.
  PERMIT_ASSERT(written == sizeof one || errno == EAGAIN, errno);
}

void Waker::announce_sleep() {
  // Acquires what was published before a wake() that found nobody asleep.
  sleeping_.exchange(true, std::memory_order_acq_rel);
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
