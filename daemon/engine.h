// The one writer: takes requests from its ports, stamps op, time and seed, applies them to the
// scheduler, makes each batch durable with one write, and only then lets the outcomes go.
//
// Engine is driven by whoever owns its thread, through step(): in a shared loop (network, engine
// and journal on one thread) the loop calls it each turn; with a thread of its own, engine_thread.h
// does. A Port belongs to one rpc thread; every other member belongs to the engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/clock.h"
#include "daemon/plan_marks.h"
#include "daemon/spsc_ring.h"
#include "daemon/storage.h"
#include "daemon/waker.h"
#include "protocol/districts.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// A bounded read of the scheduler. The port's thread makes it, lends it to the engine with its
/// request and gets it back with the response; in between only the engine touches it.
class Query {
 public:
  virtual ~Query() = default;
  /// Does a bounded amount of work. False: there is more, call again in the next step.
  virtual bool run(const scheduler::Scheduler& scheduler) noexcept = 0;
};

enum class RequestKind : std::uint8_t {
  kCommand,
  kQuery,
  kAdvance,   // rehearsal clock: command.now is the moment to advance to; fires everything due by
              // then
  kSnapshot,  // answered when a snapshot at or after the present op is durable; kDiskFull when it
              // failed
  kDigest,    // answered with the digest of the present state
  kDrain,     // see Engine::drain
};

struct Request {
  scheduler::Command command;  // kCommand, kAdvance
  Query* query = nullptr;      // kQuery
  std::uint64_t ticket = 0;    // handed back with the response
  RequestKind kind = RequestKind::kCommand;
  // kCommand of a supervisor: what it may steer, see scope.h. Whoever forgets it steers nothing.
  protocol::DistrictSet districts = 0;
};

struct Response {
  std::uint64_t ticket = 0;
  scheduler::Outcome
      outcome;  // kQuery: only `op`, the op the answer is true at; kSnapshot: op of the snapshot
  StateDigest digest;  // kDigest, kSnapshot
};

/// An event for subscribers.
struct FeedItem {
  scheduler::Event event;
  std::uint64_t dropped = 0;  // events lost before this one because the port's feed was full
  protocol::DistrictSet districts = 0;  // who may be told, see districts_of() in scope.h
};

/// The two rings between one rpc thread and the engine, and the feed of events.
class Port {
 public:
  explicit Port(std::size_t request_capacity);

  // Port's thread.
  /// Requests that can be pushed now.
  std::size_t room(std::size_t wanted = 1) { return requests_.room(wanted); }
  /// False when the ring is full: answer kBusy.
  bool try_push(const Request& request) { return requests_.try_push(request); }
  /// Call once after pushing a batch.
  void publish() { engine_waker_->wake(); }
  Response* front_response() { return responses_.front(); }
  void pop_response() { responses_.pop(); }
  /// Events since the last look; empty unless subscribed.
  FeedItem* front_event() { return feed_.front(); }
  void pop_event() { feed_.pop(); }
  void subscribe(bool wanted) { subscribed_.store(wanted, std::memory_order_release); }
  /// Wakes this port's thread when responses or events are there.
  Waker& waker() { return waker_; }
  /// For the port's sleep protocol.
  bool idle_now() const { return responses_.empty_now() && feed_.empty_now(); }

 private:
  friend class Engine;
  SpscRing<Request> requests_;
  SpscRing<Response> responses_;
  SpscRing<FeedItem> feed_;
  std::atomic<bool> subscribed_{false};
  std::uint64_t feed_dropped_ = 0;
  std::size_t in_flight_ =
      0;  // taken requests whose response is not pushed yet; keeps responses_ from overflowing
  Waker waker_;
  Waker* engine_waker_ = nullptr;
};

struct EngineOptions {
  std::uint32_t batch_count_max = 4096;        // commands in one batch, 1–8192
  std::uint32_t batches_in_flight = 2;         // told to the storage too
  std::optional<scheduler::Hash> lottery_key;  // see lottery.h
  std::uint64_t snapshot_after_size =
      std::uint64_t{256} << 20;  // journal bytes between snapshots; 0 = only on request
};

/// Figures for the operator and /metrics; written by the engine, read after durability like
/// everything else.
struct EngineStats {
  std::uint64_t batches = 0;
  std::uint64_t commands = 0;
  std::uint64_t refused = 0;
  std::uint64_t refused_disk_full = 0;
  std::uint64_t queries = 0;
  std::uint64_t ticks = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t feed_dropped = 0;
  std::uint32_t batch_count_last = 0;
  std::uint32_t pending_count = 0;  // outcomes that wait for durability
  scheduler::Op op_durable{};
  scheduler::Op snapshot_op{};
  bool draining = false;
  bool full = false;
};

class Snapshotter;

class Engine {
 public:
  /// All borrowed for the life of the engine. `rehearsal` is `clock` where time may be advanced,
  /// else null.
  Engine(scheduler::Scheduler& scheduler, Storage& storage, Clock& clock, RehearsalClock* rehearsal,
         Snapshotter& snapshotter, const EngineOptions& options);
  ~Engine();

  /// Before the first step(). `request_capacity` requests can wait in the port.
  Port& add_port(std::size_t request_capacity);

  /// Takes over what recovery found: the op of the snapshot it began with, 0 for none. Before the
  /// first step().
  void resume(scheduler::Op snapshot_op) { stats_.snapshot_op = snapshot_op; }

  /// In place of EngineOptions::lottery_key, for who may open the key only once the storage leads.
  /// Before the first step().
  void set_lottery_key(const scheduler::Hash& key);

  /// Journals larger limits where `wanted` has some; they never shrink. After recovery, before the
  /// first step(); blocks until durable. Storage::lead() has left room for it.
  void ensure_limits(const scheduler::Limits& wanted);

  /// Takes what the ports published, applies and appends at most one batch, releases what is
  /// durable. Never blocks. Returns true when it did something, so that the loop turns again before
  /// it sleeps.
  bool step();

  /// Nanoseconds until a timer of the scheduler is due: how long the loop may sleep; −1 = no limit.
  std::int64_t sleep_limit_ns();
  /// True when a port has published something not yet taken.
  bool has_requests() const;
  /// Wakes the engine's thread.
  Waker& waker() { return waker_; }

  /// From now on only calls of lease holders and queries are accepted; everything else gets
  /// kDraining.
  void drain();
  /// True when draining and nothing is waiting for durability.
  bool is_drained() const;

  /// Wakes `waker` at the first change since the marks were taken. Before the first step().
  void watch_changes(Waker& waker) { changes_waker_ = &waker; }
  /// Engine's thread, which is to say queries: what has changed as far as plans are concerned.
  PlanMarks& plan_marks() { return plan_marks_; }

  const EngineStats& stats() const { return stats_; }
  Storage& storage() { return storage_; }

 private:
  struct Pending;
  struct State;

  void release_durable();
  void release_events();
  void answer_snapshots();
  bool take_requests();
  bool take_request(Port& port);
  bool take_command(Port& port, const Request& request);
  bool take_judged(Port& port, const Request& request);
  void run_query(Port& port, Query& query, std::uint64_t ticket);
  bool continue_queries();
  bool advance_clock();
  void begin_batch();
  void say(const scheduler::Command& command);
  void say_tick();
  void seal_batch();
  void apply_batch();
  void answer_later(Port& port, std::uint64_t ticket, const scheduler::Outcome& outcome,
                    const StateDigest& digest = {});
  void keep_events();

  scheduler::Scheduler& scheduler_;
  Storage& storage_;
  Clock& clock_;
  RehearsalClock* rehearsal_;
  Snapshotter& snapshotter_;
  const EngineOptions options_;
  Waker waker_;
  EngineStats stats_;
  PlanMarks plan_marks_;
  Waker* changes_waker_ = nullptr;  // null: nobody plans by itself
  std::unique_ptr<State> state_;
};

}  // namespace permitd::daemon
