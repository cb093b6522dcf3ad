#include "daemon/planner_thread.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace permitd::daemon {

namespace {

// Below the threads that answer requests; it still gets what they leave. That holds for questions
// too: they take 5 to 20 ms of a processor, for which an engine that shares it would hold up every
// office. Beside an engine that was asked for more than two cores can do they were answered in 15
// to 30 ms in the median, 67 ms at most, and no sooner without this (bench/BALANCE.md).
constexpr int kNiceness = 10;

}  // namespace

PlannerThread::PlannerThread() : thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void PlannerThread::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool PlannerThread::try_post(Work work) {
  const std::scoped_lock lock(mutex_);
  if (stopped_ || waiting_.size() >= kQueueMax) return false;
  waiting_.push_back(std::move(work));
  changed_.notify_one();
  return true;
}

void PlannerThread::run(std::stop_token stop) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work(stop);
    lock.lock();
  }
}

}  // namespace permitd::daemon
