// What the journal must hold, kept apart from it: every batch as it was handed to the storage, and
// the state, the answers and the events that follow from the durable ones, computed by a second
// scheduler under the eyes of the naive model. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "daemon/storage.h"
#include "scheduler/scheduler.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

/// A few figures of the state that a reader may ask for.
std::uint64_t fingerprint_of(const scheduler::Scheduler& scheduler, std::uint64_t which);

class DurableHistory {
 public:
  DurableHistory();

  /// A batch is handed to the storage.
  void append(const daemon::BatchHeader& header, std::span<const std::byte> payload);
  /// The model is told of other outcomes than the core's, for the control that it notices.
  void alter_outcomes() { alters_outcomes_ = true; }
  /// Everything up to `durable` counts from now on.
  void catch_up(scheduler::Op durable);
  /// After a restart: what lies behind `last` never was. False when `last` is inside a batch, lost
  /// something that counted, or was never appended.
  [[nodiscard]] bool cut(scheduler::Op last, std::string& why);

  const scheduler::Scheduler& scheduler() const { return *scheduler_; }
  scheduler::Op op() const { return scheduler_->op_applied(); }
  /// Newest op that was handed over.
  scheduler::Op op_appended() const;

  struct Known {
    scheduler::Outcome outcome;
    scheduler::IdempotencyKey key;
    scheduler::CommandKind kind{};
  };
  /// The command of a durable op and its answer; null for ops that are not.
  const Known* find(scheduler::Op op) const;

  /// Somebody was shown `fingerprint` of the state at `op`, which is to be compared when it counts.
  void expect_shown(scheduler::Op op, std::uint64_t which, std::uint64_t fingerprint);
  /// A process that serves begins to tell events from here on.
  void expect_events() {
    events_.clear();
    skippable_until_ = {};
  }
  /// Nobody listens to events: any of them may be left out.
  void expect_some_events() { skippable_until_ = scheduler::Op{UINT64_MAX}; }
  /// Somebody listens again: every event behind what was handed over is told, and of those before
  /// it some may be.
  void expect_events_again() { skippable_until_ = op_appended(); }
  /// Complains of an event that counts and nobody was told; once everything that counts was told.
  void expect_all_told();
  /// Compares with the next event that must be told.
  void check_told(const scheduler::Event& event);

  /// Compares everything with the model.
  void audit();
  /// From now on behind every batch; otherwise it is each sixteenth.
  void audit_each_batch() { audit_every_ = 1; }

  /// What does not agree; empty while all is well.
  const std::string& complaint() const { return complaint_; }
  std::uint64_t shown_count() const { return shown_count_; }
  std::uint64_t told_count() const { return told_count_; }
  std::uint64_t audit_count() const { return audit_count_; }

 private:
  struct Batch {
    daemon::BatchHeader header;
    std::vector<std::byte> payload;
    std::uint64_t last() const { return raw(header.first_op) + header.op_count - 1; }
  };
  struct Shown {
    std::uint64_t which = 0;
    std::uint64_t fingerprint = 0;
  };

  void apply(const Batch& batch);
  void apply(const scheduler::Command& command);
  void compare_shown(const Shown& shown);
  void complain(const std::string& text);

  std::deque<Batch> batches_;  // not durable yet, oldest first
  std::vector<Known> known_;   // by op − 1
  std::deque<scheduler::Event> events_;
  scheduler::Op skippable_until_{};
  std::multimap<std::uint64_t, Shown> shown_;  // by op
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  NaiveModel model_;
  std::string complaint_;
  std::uint64_t audit_every_;  // in batches
  bool alters_outcomes_ = false;
  std::uint64_t batches_applied_ = 0;
  std::uint64_t shown_count_ = 0;
  std::uint64_t told_count_ = 0;
  std::uint64_t audit_count_ = 0;
};

}  // namespace permitd::tests
