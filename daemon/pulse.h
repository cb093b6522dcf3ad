// How a thread's loop shows the ops thread that it still turns: asked and woken, it answers in its
// next turn, so a loop that sleeps because nothing is due is told from one that is stuck.
//
// One word with three states. The asker only ever turns kAnswered into kAsked, the watched thread
// does everything else; nothing is published with it, so relaxed order would do but for the sleep
// protocol, which waker.h explains.
#pragma once

#include <atomic>
#include <cstdint>

#include "daemon/waker.h"

namespace permitd::daemon {

class Pulse {
 public:
  /// `waker` is one of the watched loop's; outlives the pulse.
  explicit Pulse(Waker& waker) : waker_(waker) {}
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // The asker, one thread.
  /// Asks anew, and true when the question before was answered or nobody is there to be watched.
  /// False while that question is open: it stays, and nothing is asked.
  bool ask() {
    State answered = kAnswered;
    if (!state_.compare_exchange_strong(answered, kAsked, std::memory_order_acq_rel))
      return answered == kAway;
    waker_.wake();
    return true;
  }

  // The watched thread.
  /// It turns from now on.
  void begin() { state_.store(kAnswered, std::memory_order_release); }
  bool is_asked() const { return state_.load(std::memory_order_acquire) == kAsked; }
  /// False when nothing was asked.
  bool answer() {
    if (!is_asked()) return false;
    state_.store(kAnswered, std::memory_order_release);
    return true;
  }
  /// It has turned for the last time, and is missed no more.
  void end() { state_.store(kAway, std::memory_order_release); }

 private:
  enum State : std::uint8_t { kAway, kAnswered, kAsked };
  std::atomic<State> state_{kAway};
  Waker& waker_;
};

}  // namespace permitd::daemon
