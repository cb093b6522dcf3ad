// Results that another thread brings to calls waiting in this one. The other thread finishes a
// ticket; the loop finds it in its next turn. KJ's own cross-thread promises would need the event
// loop's executor, which a loop that turns itself never runs.
//
// finish() may be called from any thread, everything else belongs to the rpc thread.
#pragma once

#include <kj/async.h>

#include <atomic>
#include <memory>
#include <vector>

#include "daemon/waker.h"

namespace permitd::daemon {

class Handover {
 public:
  /// What the other thread writes its result beside.
  class Ticket {
   public:
    explicit Ticket(Waker& waker) : waker_(waker) {}
    /// Everything written before is seen by whoever finds the ticket finished. Once.
    void finish() {
      is_finished_.store(true, std::memory_order_release);
      waker_.wake();
    }
    bool is_finished() const { return is_finished_.load(std::memory_order_acquire); }

   private:
    std::atomic<bool> is_finished_{false};
    Waker& waker_;  // of the rpc thread; outlives the threads that finish tickets
  };

  /// Resolves in the turn after ticket->finish().
  kj::Promise<void> wait_for(std::shared_ptr<const Ticket> ticket);
  /// Resolves what is finished; once a turn. True when something was.
  bool deliver();
  /// For the sleep protocol: is anything finished that deliver() has not seen?
  bool has_work() const;

 private:
  struct Waiting {
    std::shared_ptr<const Ticket> ticket;
    kj::Own<kj::PromiseFulfiller<void>> fulfiller;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace permitd::daemon
