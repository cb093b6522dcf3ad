// Wakes a sleeping loop from another thread, at most once per sleep.
//
// The sleeper: announce_sleep(), look at its queues once more, sleep in the kernel with file()
// among what it waits for, awake(). The waker: publish, then wake(). Announcement and wake() are
// exchanges of one flag, so one of them comes first: either the sleeper's last look sees what was
// published, or the waker sees the announcement.
#pragma once

#include <atomic>

namespace permitd::daemon {

class Waker {
 public:
  Waker();  // aborts when the system has no eventfd left: a start-up matter
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Any thread. Costs a system call only when the owner sleeps.
  void wake();

  /// Owner. After this, re-check the queues before sleeping.
  void announce_sleep();
  /// Owner, after the sleep: takes the pending wake-ups back.
  void awake();
  /// Readable when somebody has woken the owner; non-blocking eventfd.
  int file() const { return file_; }

 private:
  std::atomic<bool> sleeping_{false};
  bool token_due_ = false;  // owner: a waker took the announcement, its write had not arrived yet
  int file_;
};

}  // namespace permitd::daemon
