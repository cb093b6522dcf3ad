#include "bench/load_soak.h"

#include <fmt/format.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/load_city.h"
#include "cli/expert_client.h"
#include "cli/latency_histogram.h"
#include "cli/office_client.h"
#include "cli/supervisor_client.h"
#include "cli/watch.h"

namespace permitd::bench {

namespace {

// Between two looks at what is due: a timer of a sleeping loop is no finer.
constexpr auto kTickMs = 1;
constexpr int kWatchFirstMs = 1'000;
constexpr int kWatchStepMs = 137;  // so that they do not all go at once
constexpr std::uint32_t kErrorsShown = 5;
// A query after every so many cases, of each kind in turn.
constexpr std::uint64_t kCasesPerQuery = 4;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Figures {
  std::uint64_t cases = 0;
  std::uint64_t queries = 0;
  std::uint64_t comings = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t events = 0;
  std::uint64_t late = 0;    // left a millisecond or more after their moment, for want of a worker
  std::uint64_t errors = 0;  // refusals and exceptions of any kind
  cli::LatencyHistogram case_ns;  // from the moment it was due to its end
  cli::LatencyHistogram query_ns;
};

class CountingSink final : public cli::EventSink {
 public:
  explicit CountingSink(Figures& figures) : figures_(figures) {}
  void on_events(capnp::List<protocol::Event>::Reader events, std::uint64_t) override {
    figures_.events += events.size();
  }
  void on_subscribed() override { figures_.subscriptions += 1; }

 private:
  Figures& figures_;
};

/// A subscription on a connection of its own.
struct Watching {
  Watching(kj::Own<cli::Client> own_client, Figures& figures)
      : client(kj::mv(own_client)),
        reader(*client, cli::Identity{scheduler::ActorKind::kSupervisor, 1}),
        sink(figures),
        ended(cli::watch(reader, sink).eagerlyEvaluate(nullptr)) {}
  kj::Own<cli::Client> client;
  cli::ReaderClient reader;
  CountingSink sink;
  kj::Promise<void> ended;
};

class Soak final : private kj::TaskSet::ErrorHandler {
 public:
  explicit Soak(const SoakPlan& plan)
      : plan_(plan), io_(kj::setupAsyncIo()), timer_(io_.provider->getTimer()), tasks_(*this) {
    city_client_ = connect(plan_.local);
    const auto experts =
        static_cast<std::uint32_t>(plan_.rate * plan_.seconds / kJobsPerExpert) + 2 * plan_.workers;
    define_bench_city(*city_client_, io_.waitScope, {plan_.offices, experts});
    city_ = kj::heap<cli::SupervisorClient>(*city_client_);
    for (std::uint32_t i = 0; i < plan_.offices; ++i) {
      clients_.push_back(connect(plan_.local));
      offices_.push_back(kj::heap<cli::OfficeClient>(*clients_.back(), bench_office(i)));
    }
    workers_.resize(plan_.workers);
    for (std::uint32_t i = 0; i < plan_.workers; ++i) {
      workers_[i].office = i % plan_.offices;
      free_.push_back(&workers_[i]);
    }
  }

  void run() {
    begin_ns_ = now_ns();
    end_ns_ = begin_ns_ + static_cast<std::int64_t>(plan_.seconds * 1e9);
    next_case_ns_ = next_coming_ns_ = begin_ns_;
    for (std::uint32_t i = 0; i < plan_.watchers; ++i)
      tasks_.add(keep_watching(kWatchFirstMs + static_cast<int>(i) * kWatchStepMs));
    const auto stretch = static_cast<std::int64_t>(plan_.stretch_seconds * 1e9);
    for (std::int64_t until = begin_ns_; until < end_ns_;) {
      until = std::min(until + stretch, end_ns_);
      while (now_ns() < until) {
        start_what_is_due(now_ns());
        timer_.afterDelay(kTickMs * kj::MILLISECONDS).wait(io_.waitScope);
      }
      report();
    }
    while (free_.size() != workers_.size())
      timer_.afterDelay(kTickMs * kj::MILLISECONDS).wait(io_.waitScope);
  }

 private:
  struct Worker {
    std::uint32_t office = 0;
    std::uint32_t jobs_left = 0;
    kj::Own<cli::ExpertClient> expert;
    cli::Lease lease;
  };

  kj::Own<cli::Client> connect(const cli::Address& address) {
    return kj::heap<cli::Client>(timer_, cli::connector_to(io_.provider->getNetwork(), address));
  }

  void taskFailed(kj::Exception&& exception) override {
    note_error(exception.getDescription().cStr());
  }
  void note_error(std::string_view what) {
    figures_.errors += 1;
    if (++errors_ <= kErrorsShown) fmt::print(stderr, "permitload: {}\n", what);
  }
  void expect(const cli::Answer& answer) {
    if (!answer) note_error(answer.error().sentence);
  }

  void start_what_is_due(std::int64_t now) {
    const auto gap = static_cast<std::int64_t>(1e9 / plan_.rate);
    for (; next_case_ns_ <= now && !free_.empty(); next_case_ns_ += gap) {
      if (now - next_case_ns_ > 2 * kTickMs * 1'000'000) figures_.late += 1;
      Worker& worker = *free_.front();
      free_.pop_front();
      tasks_.add(play_case(worker, next_case_ns_).attach(kj::defer([this, &worker] {
        free_.push_back(&worker);
      })));
    }
    if (plan_.comings <= 0) return;
    for (; next_coming_ns_ <= now;
         next_coming_ns_ += static_cast<std::int64_t>(1e9 / plan_.comings))
      tasks_.add(come_and_go());
  }

  // ---- a case from filing to its end ----

  kj::Promise<void> play_case(Worker& worker, std::int64_t due_ns) {
    if (worker.jobs_left == 0) {
      worker.jobs_left = kJobsPerExpert;
      worker.expert = kj::heap<cli::ExpertClient>(*clients_[worker.office],
                                                  scheduler::ExpertId{next_expert_++});
    }
    worker.jobs_left -= 1;
    return offices_[worker.office]
        ->submit(bench_submission(next_number_++))
        .then([this, &worker](cli::Answer answer) {
          expect(answer);
          return worker.expert->claim();
        })
        .then([this, &worker](auto leases) -> kj::Promise<void> {
          if (!leases || leases->size() != 1) {
            note_error(leases ? "a claim found no job though one was filed before"
                              : leases.error().sentence);
            return kj::READY_NOW;
          }
          worker.lease = leases->front();
          return finish_job(worker);
        })
        .then([this, &worker, due_ns]() -> kj::Promise<void> {
          figures_.cases += 1;
          figures_.case_ns.record(static_cast<std::uint64_t>(now_ns() - due_ns));
          if (++cases_ % kCasesPerQuery != 0) return kj::READY_NOW;
          return query(worker.lease, cases_ / kCasesPerQuery);
        });
  }

  kj::Promise<void> finish_job(Worker& worker) {
    return worker.expert->start(worker.lease.job, worker.lease.token)
        .then([this, &worker](cli::Answer answer) {
          expect(answer);
          return worker.expert->complete(worker.lease.job, worker.lease.token);
        })
        .then([this](cli::Answer answer) { expect(answer); });
  }

  kj::Promise<void> query(const cli::Lease& lease, std::uint64_t turn) {
    const std::int64_t begin = now_ns();
    auto asked = [&]() -> kj::Promise<void> {
      switch (turn % 5) {
        case 0:
          return city_->stats().ignoreResult();
        case 1:
          return city_->get_case(lease.case_id).ignoreResult();
        case 2:
          return city_->history(lease.case_id).ignoreResult();
        case 3:
          return city_->jobs({}, {.limit = 50}).ignoreResult();
        default:
          return city_->why(lease.job).ignoreResult();
      }
    }();
    return asked.then([this, begin] {
      figures_.queries += 1;
      figures_.query_ns.record(static_cast<std::uint64_t>(now_ns() - begin));
    });
  }

  // ---- those that come and go ----

  kj::Promise<void> come_and_go() {
    const bool is_remote = plan_.remote.is_tls() && ++comings_ % 2 == 0;
    auto client = connect(is_remote ? plan_.remote : plan_.local);
    auto reader = kj::heap<cli::ReaderClient>(
        *client, cli::Identity{scheduler::ActorKind::kOffice, scheduler::raw(bench_office(0))});
    auto asked = reader->jobs({}, {.limit = 10}).ignoreResult();
    return asked.then([this, client = kj::mv(client), reader = kj::mv(reader)]() mutable {
      figures_.comings += 1;
      if (plan_.leak == SoakLeak::kConnections) kept_clients_.push_back(kj::mv(client));
    });
  }

  kj::Promise<void> keep_watching(int ms) {
    auto watching = kj::heap<Watching>(connect(plan_.local), figures_);
    return timer_.afterDelay(ms * kj::MILLISECONDS)
        .then([this, ms, watching = kj::mv(watching)]() mutable -> kj::Promise<void> {
          if (plan_.leak == SoakLeak::kSubscriptions) {
            kept_watches_.push_back(kj::mv(watching));
          } else {
            watching = nullptr;
          }
          return now_ns() < end_ns_ ? keep_watching(ms) : kj::Promise<void>(kj::READY_NOW);
        });
  }

  // ---- what is said of a stretch ----

  void report() {
    std::uint64_t disconnects = 0;
    std::uint64_t busy = 0;
    for (auto& client : clients_) {
      disconnects += client->counters().disconnects;
      busy += client->counters().busy;
    }
    const auto us = [](const cli::LatencyHistogram& histogram, double percent) {
      return static_cast<double>(histogram.percentile(percent)) / 1e3;
    };
    const Figures& said = figures_;
    fmt::print(
        R"({{"seconds": {:.1f}, "cases": {}, "queries": {}, "comings": {}, "subscriptions": {}, )"
        R"("events": {}, "late": {}, "errors": {}, "disconnects": {}, "busy": {}, )"
        R"("case_us": [{:.0f}, {:.0f}, {:.0f}], "query_us": [{:.0f}, {:.0f}, {:.0f}]}})"
        "\n",
        static_cast<double>(now_ns() - begin_ns_) / 1e9, said.cases, said.queries, said.comings,
        said.subscriptions, said.events, said.late, said.errors, disconnects, busy,
        us(said.case_ns, 50), us(said.case_ns, 99), us(said.case_ns, 99.9), us(said.query_ns, 50),
        us(said.query_ns, 99), us(said.query_ns, 99.9));
    std::fflush(stdout);
    figures_ = {};
  }

  const SoakPlan plan_;
  kj::AsyncIoContext io_;
  kj::Timer& timer_;
  Figures figures_;  // of the present stretch
  kj::Own<cli::Client> city_client_;
  kj::Own<cli::SupervisorClient> city_;
  std::vector<kj::Own<cli::Client>> clients_;  // one per office
  std::vector<kj::Own<cli::OfficeClient>> offices_;
  std::vector<Worker> workers_;
  std::deque<Worker*> free_;
  std::vector<kj::Own<cli::Client>> kept_clients_;
  std::vector<kj::Own<Watching>> kept_watches_;
  std::int64_t begin_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::int64_t next_case_ns_ = 0;
  std::int64_t next_coming_ns_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint32_t next_expert_ = 1;
  std::uint64_t cases_ = 0;
  std::uint64_t comings_ = 0;
  std::uint64_t errors_ = 0;
  kj::TaskSet tasks_;  // gone before what they use
};

}  // namespace

void run_soak(const SoakPlan& plan) { Soak(plan).run(); }

}  // namespace permitd::bench
