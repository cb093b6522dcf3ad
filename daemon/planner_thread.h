// The thread that plans: takes pieces of work one after the other, so that optimisation never
// delays a request. The queue is short; whoever finds it full tries again later. Posting from any
// thread; work runs on the planner's.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace permitd::daemon {

class PlannerThread {
 public:
  /// Ends early when the token says so. Must not throw.
  using Work = std::move_only_function<void(std::stop_token)>;
  static constexpr std::size_t kQueueMax = 8;

  PlannerThread();
  ~PlannerThread() { stop(); }
  PlannerThread(const PlannerThread&) = delete;
  PlannerThread& operator=(const PlannerThread&) = delete;

  /// False when the queue is full or the thread has been stopped; the work is not taken then.
  [[nodiscard]] bool try_post(Work work);
  /// Takes nothing more, lets what was taken end early, and joins: nobody is left waiting.
  void stop();

 private:
  void run(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;
  bool stopped_ = false;
  std::jthread thread_;  // the last member: the others are there before it runs
};

}  // namespace permitd::daemon
