// A loop that turns answers, however long it would have slept; one that is stuck does not, and is
// told from one that is not there. By steps, then with the loops that ship, which sleep without a
// limit when nothing is due.
#include "daemon/pulse.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "daemon/rpc_loop.h"

namespace permitd::daemon {
namespace {

TEST(PulseTest, NobodyIsMissedWhoIsNotThere) {
  Waker waker;
  Pulse pulse(waker);
  EXPECT_TRUE(pulse.ask());
  EXPECT_TRUE(pulse.ask());
  EXPECT_FALSE(pulse.is_asked());
  EXPECT_FALSE(pulse.answer());
}

TEST(PulseTest, AQuestionStaysOpenUntilItIsAnswered) {
  Waker waker;
  Pulse pulse(waker);
  pulse.begin();
  EXPECT_TRUE(pulse.ask()) << "nothing was asked before";
  EXPECT_TRUE(pulse.is_asked());
  EXPECT_FALSE(pulse.ask());
  EXPECT_FALSE(pulse.ask()) << "asking twice is no answer";
  EXPECT_TRUE(pulse.answer());
  EXPECT_FALSE(pulse.answer());
  EXPECT_TRUE(pulse.ask());
}

TEST(PulseTest, WhoHasEndedIsMissedNoMore) {
  Waker waker;
  Pulse pulse(waker);
  pulse.begin();
  EXPECT_TRUE(pulse.ask());
  pulse.end();
  EXPECT_TRUE(pulse.ask());
  EXPECT_FALSE(pulse.answer()) << "a late answer must not bring it back";
  EXPECT_TRUE(pulse.ask());
}

/// Answers, but for the time that it is held.
class Beat final : public RpcLoop::Hook {
 public:
  explicit Beat(Pulse& pulse) : pulse_(pulse) {}
  bool work() override {
    if (is_held_) {
      is_stuck_ = true;
      is_stuck_.notify_one();
      is_held_.wait(true);
    }
    return pulse_.answer();
  }
  bool has_work() const override { return pulse_.is_asked() || is_held_; }

  /// Returns when the loop is stuck.
  void hold(Waker& waker) {
    is_held_ = true;
    waker.wake();
    is_stuck_.wait(false);
  }
  void let_go() {
    is_held_ = false;
    is_held_.notify_one();
  }

 private:
  Pulse& pulse_;
  std::atomic<bool> is_held_{false};
  std::atomic<bool> is_stuck_{false};
};

class PulseOfLoopTest : public ::testing::TestWithParam<IoKind> {};

TEST_P(PulseOfLoopTest, AnIdleLoopAnswersAndAStuckOneDoesNot) {
  Waker waker;
  Pulse pulse(waker);
  Beat beat(pulse);
  std::atomic<bool> stop{false};
  std::atomic<int> begun{0};
  std::thread thread([&] {
    RpcLoop::Options options;
    options.io = GetParam();
    const auto loop = RpcLoop::create(options);
    if (loop) {
      (*loop)->add_hook(beat);
      (*loop)->add_waker(waker);
      pulse.begin();
    }
    begun = loop ? 1 : -1;
    begun.notify_one();
    if (loop) (*loop)->run([&] { return stop.load(); });
    pulse.end();
  });
  begun.wait(0);
  if (begun < 0) thread.join();
  ASSERT_EQ(begun, 1);
  // It has no connection and no timer: each question finds it asleep, or about to be.
  for (int answers = 0; answers < 20;) {
    pulse.ask() ? void(++answers) : std::this_thread::yield();
  }
  beat.hold(waker);
  pulse.ask();
  EXPECT_FALSE(pulse.ask());
  EXPECT_TRUE(pulse.is_asked());
  // The control: let go, it answers again.
  beat.let_go();
  while (!pulse.ask()) std::this_thread::yield();
  stop = true;
  waker.wake();
  thread.join();
}

INSTANTIATE_TEST_SUITE_P(Io, PulseOfLoopTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& parameter) {
                           return parameter.param == IoKind::kUring ? "Uring" : "Epoll";
                         });

}  // namespace
}  // namespace permitd::daemon
