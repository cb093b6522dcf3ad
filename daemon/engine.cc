#include "daemon/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "daemon/fifo.h"
#include "daemon/log.h"
#include "daemon/lottery.h"
#include "daemon/recovery.h"
#include "daemon/scope.h"
#include "daemon/snapshotter.h"
#include "protocol/command_codec.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Op;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;
using scheduler::Tick;

namespace {

constexpr std::size_t kFeedCapacity = 16'384;
// Events kept for subscribers until they are durable; more are dropped and counted.
constexpr std::size_t kFeedPendingMax = 65'536;
// A full device is looked at again so often.
constexpr std::int64_t kFullRetryNs = 100'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

Op next(Op op) { return Op{raw(op) + 1}; }

/// Who holds a lease may finish while the daemon drains.
bool is_allowed_while_draining(CommandKind kind) {
  return kind == CommandKind::kStart || kind == CommandKind::kRenew ||
         kind == CommandKind::kComplete || kind == CommandKind::kReturn ||
         kind == CommandKind::kDecline || kind == CommandKind::kUnclaim;
}

/// A supervisor who sees less than the city.
bool is_scoped(const Request& request) {
  return request.command.actor.kind == scheduler::ActorKind::kSupervisor &&
         request.districts != protocol::kWholeCity;
}

}  // namespace

Port::Port(std::size_t request_capacity)
    : requests_(request_capacity), responses_(request_capacity * 2), feed_(kFeedCapacity) {}

/// An answer that waits until `release_op` is durable.
struct Engine::Pending {
  Port* port = nullptr;
  std::uint64_t ticket = 0;
  Op release_op{};
  Outcome outcome;
  StateDigest digest;
};

struct Engine::State {
  explicit State(const std::optional<scheduler::Hash>& lottery_key) : lottery(lottery_key) {}

  struct Slice {  // a query that has more to do
    Port* port;
    Query* query;
    std::uint64_t ticket;
  };
  struct Source {  // where a command of the batch came from; no port: a tick
    Port* port;
    std::uint64_t ticket;
  };
  struct SnapshotWait {
    Port* port;
    std::uint64_t ticket;
    Op op;
  };
  struct Advance {
    Port* port;
    std::uint64_t ticket;
    Tick to;
  };

  std::vector<std::unique_ptr<Port>> ports;
  Fifo<Pending> pending;  // in order of release_op; room for every port's responses
  struct KeptEvent {
    scheduler::Event event;
    protocol::DistrictSet districts = 0;
  };
  Fifo<KeptEvent> events;  // in order of op, for subscribers
  std::vector<Slice> slices;
  std::vector<SnapshotWait> snapshot_waits;
  std::vector<Advance> advances;  // one at a time moves the clock
  std::vector<Command> batch;
  std::vector<Source> sources;   // of `batch`, by index
  std::span<std::byte> payload;  // of the batch being built
  std::size_t payload_size = 0;
  BatchHeader header;
  std::size_t port_next = 0;             // round robin
  std::uint64_t snapshot_size_mark = 0;  // appended size when the last snapshot was asked for
  Lottery lottery;
  bool blocked = false;  // the storage takes no batch just now; its completion wakes the loop
};

Engine::Engine(scheduler::Scheduler& scheduler, Storage& storage, Clock& clock,
               RehearsalClock* rehearsal, Snapshotter& snapshotter, const EngineOptions& options)
    : scheduler_(scheduler),
      storage_(storage),
      clock_(clock),
      rehearsal_(rehearsal),
      snapshotter_(snapshotter),
      options_(options),
      state_(std::make_unique<State>(options.lottery_key)) {
  state_->batch.reserve(options_.batch_count_max);
  state_->sources.reserve(options_.batch_count_max);
  state_->events.reserve(kFeedPendingMax);
  stats_.op_durable = storage_.op_durable();
}

Engine::~Engine() = default;

void Engine::set_lottery_key(const scheduler::Hash& key) { state_->lottery = Lottery(key); }

Port& Engine::add_port(std::size_t request_capacity) {
  state_->ports.push_back(std::make_unique<Port>(request_capacity));
  Port& port = *state_->ports.back();
  port.engine_waker_ = &waker_;
  state_->pending.reserve(state_->pending.capacity() + port.responses_.capacity());
  return port;
}

void Engine::ensure_limits(const scheduler::Limits& wanted) {
  scheduler::Limits limits = scheduler_.limits();
  const auto grow = [&](auto scheduler::Limits::*field) {
    limits.*field = std::max(limits.*field, wanted.*field);
  };
  grow(&scheduler::Limits::cases_max);
  grow(&scheduler::Limits::jobs_max);
  grow(&scheduler::Limits::events_max);
  grow(&scheduler::Limits::decisions_max);
  grow(&scheduler::Limits::notes_max);
  grow(&scheduler::Limits::keys_max);
  grow(&scheduler::Limits::experts_max);
  grow(&scheduler::Limits::offices_max);
  grow(&scheduler::Limits::applications_max);
  grow(&scheduler::Limits::venues_max);
  grow(&scheduler::Limits::meetings_max);
  if (limits == scheduler_.limits()) return;
  Command command;
  command.kind = CommandKind::kSetLimits;
  command.body.set_limits.limits = limits;
  say(command);
  seal_batch();
  apply_batch();
  storage_.flush();
}

bool Engine::step() {
  storage_.poll();
  if (const Error* failure = storage_.failure()) {
    // The memory is ahead of the disk and nobody can say by how much: only a replay is safe.
    log_line(LogLevel::kCritical, "{}: stopping at once; the journal is replayed at the next start",
             failure->text());
    std::abort();
  }
  const Op durable_before = stats_.op_durable;
  stats_.op_durable = storage_.op_durable();
  release_durable();
  release_events();
  answer_snapshots();
  bool worked = stats_.op_durable != durable_before;
  worked |= continue_queries();
  if (!state_->advances.empty()) {
    worked |= advance_clock();
  } else {
    worked |= take_requests();
  }
  return worked;
}

// ---- answers ----

void Engine::answer_later(Port& port, std::uint64_t ticket, const Outcome& outcome,
                          const StateDigest& digest) {
  state_->pending.push({&port, ticket, scheduler_.op_applied(), outcome, digest});
}

void Engine::release_durable() {
  auto& pending = state_->pending;
  bool released = false;
  while (!pending.empty() && pending.front().release_op <= stats_.op_durable) {
    const Pending& answer = pending.front();
    const bool pushed =
        answer.port->responses_.try_push({answer.ticket, answer.outcome, answer.digest});
    PERMIT_ASSERT(pushed, answer.ticket);  // a request is only taken when its response has room
    answer.port->in_flight_ -= 1;
    pending.pop();
    released = true;
  }
  if (released) {
    for (const auto& port : state_->ports) port->waker_.wake();
  }
  stats_.pending_count = static_cast<std::uint32_t>(pending.size());
}

void Engine::keep_events() {
  const bool wanted = std::any_of(state_->ports.begin(), state_->ports.end(), [](const auto& port) {
    return port->subscribed_.load(std::memory_order_acquire);
  });
  if (!wanted) return;
  for (const scheduler::Event& event : scheduler_.events()) {
    if (state_->events.full()) {
      stats_.feed_dropped += 1;
      for (const auto& port : state_->ports) port->feed_dropped_ += 1;
    } else {
      state_->events.push({event, districts_of(scheduler_, event)});
    }
  }
}

void Engine::release_events() {
  auto& events = state_->events;
  bool released = false;
  while (!events.empty() && events.front().event.op <= stats_.op_durable) {
    for (const auto& port : state_->ports) {
      if (!port->subscribed_.load(std::memory_order_acquire)) continue;
      const State::KeptEvent& kept = events.front();
      if (port->feed_.try_push({kept.event, port->feed_dropped_, kept.districts})) {
        port->feed_dropped_ = 0;
      } else {
        port->feed_dropped_ += 1;
        stats_.feed_dropped += 1;
      }
    }
    events.pop();
    released = true;
  }
  if (released) {
    for (const auto& port : state_->ports) port->waker_.wake();
  }
}

void Engine::answer_snapshots() {
  const StorageStats storage_stats = storage_.stats();
  if (options_.snapshot_after_size != 0 &&
      storage_stats.appended_size - state_->snapshot_size_mark >= options_.snapshot_after_size) {
    state_->snapshot_size_mark = storage_stats.appended_size;
    snapshotter_.request(stats_.op_durable);
  }
  const Snapshotter::Result result = snapshotter_.collect();
  if (result.finished) {
    if (!result.ok) {
      log_line(LogLevel::kWarning, "no snapshot: {}",
               result.error ? result.error->text() : "unknown reason");
    } else {
      stats_.snapshots += 1;
      stats_.snapshot_op = result.mark.op;
      storage_.trim(result.trim_op);
    }
    std::erase_if(state_->snapshot_waits, [&](const State::SnapshotWait& wait) {
      if (result.ok && result.mark.op < wait.op) return false;
      Outcome outcome;
      outcome.op = result.mark.op;
      if (!result.ok) outcome.refusal = Refusal::kDiskFull;
      answer_later(*wait.port, wait.ticket, outcome, result.mark.digest);
      return true;
    });
    if (!state_->snapshot_waits.empty()) snapshotter_.request(stats_.op_durable);
  }
}

// ---- reads ----

void Engine::run_query(Port& port, Query& query, std::uint64_t ticket) {
  if (!query.run(scheduler_)) {
    state_->slices.push_back({&port, &query, ticket});
    return;
  }
  stats_.queries += 1;
  Outcome outcome;
  outcome.op = scheduler_.op_applied();
  answer_later(port, ticket, outcome);
}

bool Engine::continue_queries() {
  if (state_->slices.empty()) return false;
  std::vector<State::Slice> slices;
  slices.swap(state_->slices);
  for (const State::Slice& slice : slices) run_query(*slice.port, *slice.query, slice.ticket);
  return true;
}

// ---- commands ----

void Engine::say(const Command& command) {
  state_->batch.push_back(command);
  state_->sources.push_back({nullptr, 0});
}

/// What comes before all requests: the lottery turns with the day, and timers fire.
void Engine::begin_batch() {
  const Tick now = std::max(clock_.now(), scheduler_.now());
  if (state_->lottery.is_due(scheduler_, now)) {
    Command command;
    command.kind = CommandKind::kTurnLottery;
    command.body.turn_lottery = state_->lottery.turn(scheduler_, now);
    say(command);
  }
  if (scheduler_.next_due() <= now) say_tick();
}

void Engine::say_tick() {
  Command command;
  command.kind = CommandKind::kTick;
  say(command);
}

bool Engine::take_requests() {
  const bool appendable = storage_.can_append();
  stats_.full = !appendable && storage_.is_full();
  state_->blocked = !appendable && !stats_.full;
  if (appendable) begin_batch();
  bool took = false;
  const std::size_t port_count = state_->ports.size();
  for (std::size_t i = 0; i < port_count; ++i) {
    Port& port = *state_->ports[(state_->port_next + i) % port_count];
    while (take_request(port)) took = true;
  }
  if (port_count != 0) state_->port_next = (state_->port_next + 1) % port_count;
  if (state_->batch.empty()) return took;
  seal_batch();
  apply_batch();
  return true;
}

bool Engine::take_request(Port& port) {
  Request* request = port.requests_.front();
  if (request == nullptr || !state_->advances.empty()) return false;
  if (port.responses_.room(port.in_flight_ + 1) <= port.in_flight_) return false;
  if (request->kind == RequestKind::kCommand) {
    const bool taken =
        is_scoped(*request) ? take_judged(port, *request) : take_command(port, *request);
    if (!taken) return false;
  } else if (!state_->batch.empty()) {
    return false;  // an answer is true at one op: everything before it is applied first
  } else {
    port.in_flight_ += 1;
    Outcome outcome;
    outcome.op = scheduler_.op_applied();
    switch (request->kind) {
      case RequestKind::kCommand:
        break;
      case RequestKind::kQuery:
        run_query(port, *request->query, request->ticket);
        break;
      case RequestKind::kAdvance:
        state_->advances.push_back({&port, request->ticket, request->command.now});
        break;
      case RequestKind::kSnapshot:
        state_->snapshot_waits.push_back({&port, request->ticket, stats_.op_durable});
        snapshotter_.request(stats_.op_durable);
        break;
      case RequestKind::kDigest:
        answer_later(port, request->ticket, outcome, digest_of_state(scheduler_));
        break;
      case RequestKind::kDrain:
        drain();
        answer_later(port, request->ticket, outcome);
        break;
    }
  }
  port.requests_.pop();
  return true;
}

/// A command with a scope is judged, like a query, by the state behind everything before it. What
/// the scope does not allow is answered at once and never journaled: neither an op nor the memory
/// of its key tells it from what does not exist.
bool Engine::take_judged(Port& port, const Request& request) {
  if (!state_->batch.empty()) return false;
  Request judged = request;
  Outcome outcome = judge_command(scheduler_, judged.districts, judged.command);
  if (outcome.refusal == Refusal::kNone) return take_command(port, judged);
  stats_.refused += 1;
  outcome.op = {};
  answer_later(port, request.ticket, outcome);
  port.in_flight_ += 1;
  return true;
}

/// False when the command stays in the port for the next batch.
bool Engine::take_command(Port& port, const Request& request) {
  Refusal refusal = Refusal::kNone;
  if (stats_.draining && !is_allowed_while_draining(request.command.kind))
    refusal = Refusal::kDraining;
  if (stats_.full) refusal = Refusal::kDiskFull;
  if (refusal == Refusal::kNone) {
    if (state_->blocked || state_->batch.size() >= options_.batch_count_max) return false;
    state_->batch.push_back(request.command);
    state_->sources.push_back({&port, request.ticket});
  } else {
    stats_.refused_disk_full += refusal == Refusal::kDiskFull ? 1 : 0;
    Outcome outcome;
    outcome.refusal = refusal;
    answer_later(port, request.ticket, outcome);
  }
  port.in_flight_ += 1;
  return true;
}

/// Stamps the batch and starts its durable write; applying overlaps with it.
void Engine::seal_batch() {
  BatchHeader& header = state_->header;
  header.first_op = next(scheduler_.op_applied());
  header.op_count = static_cast<std::uint32_t>(state_->batch.size());
  header.now = std::max(clock_.now(), scheduler_.now());
  header.seed = state_->lottery.seed_of_batch(scheduler_.lottery(), header.first_op);
  state_->payload = storage_.begin_batch();
  std::size_t size = 0;
  std::uint64_t op = raw(header.first_op);
  for (Command& command : state_->batch) {
    command.op = Op{op++};
    command.now = header.now;
    command.seed = protocol::seed_of(header.seed, command.op);
    size += protocol::encode_command(command, state_->payload.subspan(size));
  }
  header.payload_size = static_cast<std::uint32_t>(size);
  storage_.append(header);
}

void Engine::apply_batch() {
  for (std::size_t i = 0; i < state_->batch.size(); ++i) {
    const std::size_t ahead = i + scheduler::Scheduler::kCommandsAhead;
    if (ahead < state_->batch.size()) scheduler_.expect(state_->batch[ahead]);
    const Outcome outcome = scheduler_.apply(state_->batch[i]);
    const State::Source& source = state_->sources[i];
    stats_.refused += outcome.refusal == Refusal::kNone ? 0 : 1;
    keep_events();
    if (changes_waker_ != nullptr && plan_marks_.note(state_->batch[i], scheduler_.events()))
      changes_waker_->wake();
    if (source.port != nullptr) {
      answer_later(*source.port, source.ticket, outcome);
    } else {
      stats_.ticks += state_->batch[i].kind == CommandKind::kTick ? 1 : 0;
    }
  }
  stats_.batches += 1;
  stats_.commands += state_->batch.size();
  stats_.batch_count_last = static_cast<std::uint32_t>(state_->batch.size());
  state_->batch.clear();
  state_->sources.clear();
}

/// Moves the rehearsal clock from one due moment to the next, so that everything happens at its own
/// time.
bool Engine::advance_clock() {
  const State::Advance& advance = state_->advances.front();
  Outcome outcome;
  if (rehearsal_ == nullptr) {
    outcome.refusal = Refusal::kUnsupported;
  } else if (!storage_.can_append()) {
    stats_.full = storage_.is_full();
    state_->blocked = !stats_.full;
    if (!stats_.full) return false;
    outcome.refusal = Refusal::kDiskFull;
  } else {
    state_->blocked = false;
    rehearsal_->advance(std::min(advance.to, std::max(scheduler_.next_due(), scheduler_.now())));
    begin_batch();
    if (state_->batch.empty()) say_tick();
    seal_batch();
    apply_batch();
    if (scheduler_.now() < advance.to || scheduler_.next_due() <= scheduler_.now()) return true;
  }
  outcome.op = scheduler_.op_applied();
  outcome.until = scheduler_.now();
  answer_later(*advance.port, advance.ticket, outcome);
  state_->advances.clear();
  return true;
}

// ---- the loop's questions ----

std::int64_t Engine::sleep_limit_ns() {
  if (!state_->slices.empty()) return 0;
  if (stats_.full) return kFullRetryNs;
  if (state_->blocked) return -1;
  if (!state_->advances.empty()) return 0;
  const Tick due = scheduler_.next_due();
  if (due == scheduler::kNever || rehearsal_ != nullptr) return -1;
  const Tick now = clock_.now();
  if (due <= now) return 0;
  return std::min<std::int64_t>(due.ms - now.ms, 3'600'000) * kNsPerMs;
}

bool Engine::has_requests() const {
  if (!state_->slices.empty()) return true;
  if (state_->blocked) return false;
  if (!state_->advances.empty()) return !stats_.full;
  return std::any_of(state_->ports.begin(), state_->ports.end(),
                     [](const auto& port) { return !port->requests_.empty_now(); });
}

void Engine::drain() { stats_.draining = true; }

bool Engine::is_drained() const {
  return stats_.draining && state_->pending.empty() && state_->slices.empty() && !has_requests();
}

}  // namespace permitd::daemon
