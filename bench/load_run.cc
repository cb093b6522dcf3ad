#include "bench/load_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>

#include "bench/load_city.h"
#include "cli/expert_client.h"
#include "cli/office_client.h"
#include "protocol/command_codec.h"

namespace permitd::bench {

namespace {

constexpr std::int64_t kLateNs = 1'000'000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Exponential gaps of the given mean; the same in every run.
class Gaps {
 public:
  explicit Gaps(double mean_ns) : mean_ns_(mean_ns) {}
  std::int64_t next() {
    const std::uint64_t bits = protocol::seed_of(20'190'321, scheduler::Op{++count_}) >> 11;
    const double uniform = (static_cast<double>(bits) + 1) / 9'007'199'254'740'993.0;  // (0, 1]
    return static_cast<std::int64_t>(-mean_ns_ * std::log(uniform));
  }

 private:
  double mean_ns_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::int64_t Samples::at(std::uint32_t ten_thousandths) {
  if (ns_.empty()) return 0;
  if (!sorted_) std::ranges::sort(ns_);
  sorted_ = true;
  const std::size_t rank = (ns_.size() * ten_thousandths + 9'999) / 10'000;
  return ns_[rank == 0 ? 0 : rank - 1];
}

double Samples::mean() const {
  if (ns_.empty()) return 0;
  return std::accumulate(ns_.begin(), ns_.end(), 0.0) / static_cast<double>(ns_.size());
}

struct LoadRun::Impl final : private kj::TaskSet::ErrorHandler {
  /// One connection: an office, and as many workers as jobs may be in flight on it.
  struct Connection {
    Connection(kj::AsyncIoContext& io, const cli::Address& address, std::uint32_t index)
        : client(io.provider->getTimer(), cli::connector_to(io.provider->getNetwork(), address)),
          office(client, cli::Identity{scheduler::ActorKind::kOffice,
                                       scheduler::raw(bench_office(index))}) {}
    cli::Client client;
    cli::Session<protocol::OfficeSession> office;
    kj::Maybe<protocol::OfficeSession::Client> office_capability;
  };

  /// What one job in flight needs; an expert is used up after kJobsPerExpert jobs.
  struct Slot {
    Connection* connection = nullptr;
    kj::Own<cli::Session<protocol::ExpertSession>> expert;
    kj::Maybe<protocol::ExpertSession::Client> capability;
    std::uint32_t jobs_left = 0;
    std::int64_t begin_ns = 0;
    scheduler::JobId job{};
    scheduler::LeaseToken token{};
  };

  Impl(kj::AsyncIoContext& io_context, const AddressOf& address_of, const LoadPlan& load_plan)
      : io(io_context), plan(load_plan), tasks(*this) {
    for (std::uint32_t i = 0; i < plan.connections; ++i) {
      connections.push_back(kj::heap<Connection>(io, address_of(i), i));
      Connection& connection = *connections.back();
      connection.office_capability = connection.office.capability().wait(io.waitScope);
    }
    slots.resize(std::size_t{plan.connections} * plan.depth);
    for (std::size_t i = 0; i < slots.size(); ++i)
      slots[i].connection = connections[i % connections.size()].get();
  }

  void taskFailed(kj::Exception&& exception) override { failure = kj::mv(exception); }

  /// Runs what is ready, without sleeping.
  void turn() {
    io.waitScope.poll();
    KJ_IF_MAYBE (exception, failure) kj::throwFatalException(kj::cp(*exception));
  }

  // ---- submit ----

  kj::Promise<void> submit_call(Connection& connection, std::uint32_t batch,
                                std::int64_t begin_ns) {
    auto request = KJ_ASSERT_NONNULL(connection.office_capability).submitRequest();
    auto list = request.initSubmissions(batch);
    cli::KeyedSubmission keyed;
    scheduler::IdempotencyKey key = connection.client.keys().next(batch);
    for (std::uint32_t i = 0; i < batch; ++i) {
      keyed.key = {key.high, key.low + i};
      keyed.body = bench_submission(number++);
      cli::fill(list[i], keyed);
    }
    return request.send().then([this, begin_ns](auto&& response) {
      std::uint32_t accepted = 0;
      for (auto answer : response.getResults()) {
        if (answer.isAccepted()) {
          ++accepted;
        } else {
          note_refusal(answer.getRefused());
        }
      }
      count(accepted, begin_ns);
    });
  }

  // ---- cycle ----

  kj::Promise<void> cycle(Slot& slot) {
    return ready_expert(slot)
        .then([this, &slot] { return file_one(slot); })
        .then([this, &slot] { return claim_one(slot); })
        .then([this, &slot] { return start_one(slot); })
        .then([this, &slot] { return complete_one(slot); });
  }

  kj::Promise<void> ready_expert(Slot& slot) {
    if (slot.jobs_left > 0) return kj::READY_NOW;
    slot.jobs_left = kJobsPerExpert;
    slot.capability = nullptr;
    slot.expert = kj::heap<cli::Session<protocol::ExpertSession>>(
        slot.connection->client, cli::Identity{scheduler::ActorKind::kExpert, next_expert++});
    return slot.expert->capability().then(
        [&slot](auto&& capability) { slot.capability = kj::mv(capability); });
  }

  kj::Promise<void> file_one(Slot& slot) {
    auto request = KJ_ASSERT_NONNULL(slot.connection->office_capability).submitRequest();
    const cli::KeyedSubmission keyed{slot.connection->client.keys().next(),
                                     bench_submission(number++)};
    cli::fill(request.initSubmissions(1)[0], keyed);
    return request.send().then(
        [this](auto&& response) { expect_accepted(response.getResults()[0]); });
  }

  template <class Request>
  void set_key(Slot& slot, Request& request) {
    const scheduler::IdempotencyKey key = slot.connection->client.keys().next();
    auto out = request.initKey();
    out.setHigh(key.high);
    out.setLow(key.low);
  }

  kj::Promise<void> claim_one(Slot& slot) {
    --slot.jobs_left;
    auto request = KJ_ASSERT_NONNULL(slot.capability).claimRequest();
    set_key(slot, request);
    request.setCount(1);
    return request.send().then([&slot](auto&& response) {
      KJ_REQUIRE(response.isLeases(), "a claim was refused", response.getRefused());
      KJ_REQUIRE(response.getLeases().size() == 1,
                 "a claim found no job though one was filed before");
      slot.job = scheduler::JobId{response.getLeases()[0].getJob()};
      slot.token = scheduler::LeaseToken{response.getLeases()[0].getToken()};
    });
  }

  template <class Request>
  kj::Promise<void> lease_call(Slot& slot, Request request) {
    set_key(slot, request);
    request.setJob(scheduler::raw(slot.job));
    request.setToken(scheduler::raw(slot.token));
    return request.send().then([this](auto&& response) { expect_accepted(response.getResult()); });
  }
  kj::Promise<void> start_one(Slot& slot) {
    return lease_call(slot, KJ_ASSERT_NONNULL(slot.capability).startRequest());
  }
  kj::Promise<void> complete_one(Slot& slot) {
    return lease_call(slot, KJ_ASSERT_NONNULL(slot.capability).completeRequest())
        .then([this, &slot] { count(1, slot.begin_ns); });
  }

  // ---- counting ----

  void expect_accepted(protocol::Result::Reader answer) {
    if (answer.isAccepted()) return;
    note_refusal(answer.getRefused());
    KJ_FAIL_REQUIRE("a step of a cycle was refused", answer.getRefused().getSentence());
  }
  void note_refusal(protocol::Refusal::Reader refusal) {
    if (++result.refused <= 3)
      fmt::print(stderr, "permitbench: refused: {}\n", refusal.getSentence().cStr());
  }
  void count(std::uint32_t jobs, std::int64_t begin_ns) {
    if (counting) {
      result.jobs += jobs;
      ++result.calls;
    }
    if (timing && begin_ns >= timing_from_ns) result.latency.add(now_ns() - begin_ns);
  }

  // ---- driving ----

  void launch(Slot& slot, std::int64_t begin_ns) {
    slot.begin_ns = begin_ns;
    ++in_flight;
    auto work = plan.mix == Mix::kSubmit ? submit_call(*slot.connection, plan.batch, begin_ns)
                                         : cycle(slot);
    tasks.add(work.then([this, &slot] {
      --in_flight;
      if (plan.rate > 0) {
        free_slots.push_back(&slot);
      } else if (!stopping) {
        launch(slot, now_ns());
      }
    }));
  }

  void drive_closed(double seconds) {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (now_ns() < end) turn();
  }

  void drive_open(double seconds) {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (now_ns() < end) {
      const std::int64_t now = now_ns();
      while (next_due_ns <= now) {
        if (free_slots.empty()) break;
        if (now - next_due_ns >= kLateNs) ++result.late;
        Slot* slot = free_slots.front();
        free_slots.pop_front();
        launch(*slot, next_due_ns);
        next_due_ns += gaps.next();
      }
      turn();
    }
  }

  void drive(double seconds) {
    if (plan.rate > 0) {
      drive_open(seconds);
    } else {
      drive_closed(seconds);
    }
  }

  void begin() {
    stopping = false;
    if (plan.rate > 0) {
      const double jobs_per_call = plan.mix == Mix::kSubmit ? plan.batch : 1;
      gaps = Gaps(1e9 * jobs_per_call / plan.rate);
      for (Slot& slot : slots) free_slots.push_back(&slot);
      next_due_ns = now_ns();
    } else {
      for (Slot& slot : slots) launch(slot, now_ns());
    }
  }

  void end() {
    stopping = true;
    while (in_flight > 0) turn();
    free_slots.clear();
  }

  kj::AsyncIoContext& io;
  LoadPlan plan;
  std::vector<kj::Own<Connection>> connections;
  std::vector<Slot> slots;
  std::deque<Slot*> free_slots;  // open loop: in the order in which they became free
  Gaps gaps{0};
  std::int64_t next_due_ns = 0;
  std::uint64_t number = 0;
  std::uint32_t next_expert = 1;
  std::uint64_t in_flight = 0;
  bool counting = false;            // within the measured time
  bool timing = false;              // the same, and until its last call is answered
  std::int64_t timing_from_ns = 0;  // calls meant to leave earlier belong to the warm-up
  bool stopping = false;
  LoadResult result;
  kj::Maybe<kj::Exception> failure;
  kj::TaskSet tasks;
};

LoadRun::LoadRun(kj::AsyncIoContext& io, const AddressOf& address_of, const LoadPlan& plan)
    : impl_(kj::heap<Impl>(io, address_of, plan)) {}
LoadRun::~LoadRun() noexcept(false) = default;

double LoadRun::fill_backlog() {
  Impl& impl = *impl_;
  constexpr std::uint32_t kBatch = 64;
  const std::int64_t begin = now_ns();
  std::uint64_t left = impl.plan.backlog;
  std::size_t turn = 0;
  while (left > 0) {
    kj::Vector<kj::Promise<void>> calls;
    for (int i = 0; i < 64 && left > 0; ++i) {
      const auto batch = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kBatch));
      calls.add(
          impl.submit_call(*impl.connections[turn++ % impl.connections.size()], batch, now_ns()));
      left -= batch;
    }
    kj::joinPromises(calls.releaseAsArray()).wait(impl.io.waitScope);
  }
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  return impl.plan.backlog == 0 ? 0 : static_cast<double>(impl.plan.backlog) / seconds;
}

LoadResult LoadRun::measure(const std::function<double()>& server_cpu) {
  Impl& impl = *impl_;
  impl.begin();
  impl.drive(impl.plan.warmup_seconds);
  impl.result = {};
  const double cpu_before = server_cpu();
  const std::int64_t begin = now_ns();
  impl.timing_from_ns = begin;
  impl.counting = impl.timing = true;
  impl.drive(impl.plan.seconds);
  impl.result.seconds = static_cast<double>(now_ns() - begin) / 1e9;
  impl.result.server_cpu_seconds = server_cpu() - cpu_before;
  impl.counting = false;
  impl.end();  // calls of the measured time that a stall has caught still count for the latencies
  impl.timing = false;
  return std::exchange(impl.result, {});
}

}  // namespace permitd::bench
