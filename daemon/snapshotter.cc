#include "daemon/snapshotter.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "daemon/log.h"
#include "daemon/recovery.h"
#include "scheduler/assert.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

using scheduler::Op;
using scheduler::raw;

namespace {

constexpr std::size_t kResultsMax = 16;
// Below the threads that answer requests.
constexpr int kNice = 10;

class WriterSink final : public scheduler::StateSink {
 public:
  explicit WriterSink(SnapshotWriter& writer) : writer_(writer) {}
  void write(std::span<const std::byte> bytes) override {
    if (error) return;
    if (auto done = writer_.write(bytes); !done) error = done.error();
  }
  std::optional<Error> error;

 private:
  SnapshotWriter& writer_;
};

}  // namespace

Snapshotter::Snapshotter(Storage& storage) : storage_(storage), results_(kResultsMax) {}

Snapshotter::~Snapshotter() {
  stopping_.store(true, std::memory_order_seq_cst);
  work_waker_.wake();
  if (thread_.joinable()) thread_.join();
}

void Snapshotter::start(Waker& waker) {
  PERMIT_ASSERT(!thread_.joinable());
  engine_waker_ = &waker;
  thread_ = std::thread([this] { run(); });
}

void Snapshotter::request(Op op) {
  requested_op_.store(raw(op), std::memory_order_relaxed);
  requested_.fetch_add(1, std::memory_order_seq_cst);
  work_waker_.wake();
}

Snapshotter::Result Snapshotter::collect() {
  Result newest;
  while (Result* result = results_.front()) {
    newest = *result;
    results_.pop();
  }
  return newest;
}

void Snapshotter::run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  while (!stopping_.load(std::memory_order_seq_cst)) {
    if (work()) continue;
    work_waker_.announce_sleep();
    if (requested_.load(std::memory_order_seq_cst) == done_ &&
        !stopping_.load(std::memory_order_seq_cst)) {
      pollfd wanted{work_waker_.file(), POLLIN, 0};
      poll(&wanted, 1, -1);
    }
    work_waker_.awake();
  }
}

bool Snapshotter::work() {
  const std::uint64_t requested = requested_.load(std::memory_order_seq_cst);
  if (requested == done_) return false;
  done_ = requested;
  const Result result = make(Op{requested_op_.load(std::memory_order_relaxed)});
  // A full ring keeps what the engine has not looked at; its next request gets an answer again.
  (void)results_.try_push(result);
  engine_waker_->wake();
  return true;
}

Snapshotter::Result Snapshotter::make(Op op) {
  Result result;
  result.finished = true;
  auto mark = write(op);
  if (!mark) {
    result.error = mark.error();
    return result;
  }
  result.ok = true;
  result.mark = *mark;
  result.trim_op = kept_op_;
  return result;
}

Expected<SnapshotMark> Snapshotter::write(Op op) {
  auto list = storage_.snapshots();
  if (!list) return std::unexpected(list.error());
  if (newest_op(*list) >= raw(op))
    return list->marks.empty() ? SnapshotMark{} : list->marks.front();
  auto shadow = std::make_unique<scheduler::Scheduler>();
  std::vector<UnreadSnapshot> unread;
  auto base = load_newest_snapshot(storage_, *shadow, op, unread);
  if (!base) return base;
  for (const UnreadSnapshot& each : unread)
    log_line(LogLevel::kWarning, "a snapshot is passed over: {}", each.error.text());
  auto replay = replay_journal(storage_, *shadow, op);
  if (!replay) return std::unexpected(with_unread(replay.error(), shadow->op_applied(), unread));
  PERMIT_ASSERT(raw(shadow->op_applied()) != 0);
  auto writer = storage_.write_snapshot(shadow->op_applied());
  if (!writer) return std::unexpected(writer.error());
  WriterSink sink(**writer);
  shadow->write_state(sink);
  if (sink.error) return std::unexpected(*sink.error);
  auto mark = (*writer)->commit();
  // Should the new one rot, this one still serves: every byte of it was read just now. Of one that
  // is only newer by its name nobody knows that.
  if (mark) kept_op_ = base->op;
  return mark;
}

}  // namespace permitd::daemon
