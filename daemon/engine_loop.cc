#include "daemon/engine_loop.h"

#include <poll.h>

#include <algorithm>

namespace permitd::daemon {

namespace {

class WakeOperation final : public Operation {
 public:
  WakeOperation(Ring& ring, int file) : ring_(ring), file_(file) { arm(); }
  void complete(const Completion& completion) noexcept override {
    if (!completion.more && completion.result >= 0) arm();
  }
  /// The loop is ending: the kernel lets go of the operation before it is destroyed.
  void end() {
    if (!is_pending()) return;
    ring_.cancel(*this);
    while (is_pending()) {
      ring_.wait(-1, 0);
      ring_.run_completions();
    }
  }

 private:
  void arm() { ring_.poll_multishot(*this, file_, POLLIN); }
  Ring& ring_;
  int file_;
};

void sleep_on_file(int file, std::int64_t limit_ns) {
  pollfd wanted{file, POLLIN, 0};
  const timespec limit{limit_ns / 1'000'000'000, limit_ns % 1'000'000'000};
  ppoll(&wanted, 1, limit_ns < 0 ? nullptr : &limit, nullptr);
}

}  // namespace

void run_engine_loop(Engine& engine, Ring* ring, std::int64_t spin_ns,
                     const std::function<bool()>& stop) {
  std::unique_ptr<WakeOperation> wake;
  if (ring != nullptr) wake = std::make_unique<WakeOperation>(*ring, engine.waker().file());
  while (!stop()) {
    if (ring != nullptr) {
      ring->poll();
      ring->run_completions();
    }
    if (engine.step()) continue;
    engine.waker().announce_sleep();
    if (!engine.has_requests() && !stop()) {
      if (ring != nullptr) {
        ring->wait(engine.sleep_limit_ns(), spin_ns);
      } else {
        sleep_on_file(engine.waker().file(), engine.sleep_limit_ns());
      }
    }
    engine.waker().awake();
  }
  if (wake) wake->end();
}

}  // namespace permitd::daemon
