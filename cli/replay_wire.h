// The rehearsal's port over RPC: sessions of all offices and experts, spread over a bounded number
// of connections ("lanes"), each with a bounded number of calls in flight.
//
// A call is repeated with its key by the client beneath until it is answered (client.h); here the
// refusals that pass with time (quota, draining) are waited out too. Belongs to the thread of the
// event loop.
#pragma once

#include <kj/async-io.h>

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "cli/city_file.h"
#include "cli/expert_client.h"
#include "cli/latency_histogram.h"
#include "cli/office_client.h"
#include "cli/operator_client.h"
#include "cli/replay_feed.h"
#include "cli/replay_port.h"
#include "cli/replay_report.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {

struct ReplayWireOptions {
  Address address;
  std::uint32_t connections = 0;  // 0: as many as the daemon's sessions per connection ask for
  kj::Duration patience = 120 * kj::SECONDS;  // how long a daemon may stay away
};

class ReplayWire final : public ReplayPort {
 public:
  ReplayWire(kj::AsyncIoContext& io, const City& city, ReplayWireOptions options);
  ~ReplayWire() noexcept override;

  /// Subscribes all offices. Throws kj::Exception when the daemon cannot be reached or refuses.
  void open();
  /// The daemon's clock, and whether it can be moved.
  Greeting greeting();

  std::expected<Tick, std::string> advance(Tick to) override;
  std::expected<void, std::string> execute(std::span<ReplayCall> calls) override;
  std::expected<bool, std::string> collect(std::span<const Fence> fences,
                                           std::vector<scheduler::Event>& out) override;
  std::expected<scheduler::StatsView, std::string> figures() override;
  std::expected<std::vector<scheduler::OfficeView>, std::string> offices() override;
  std::expected<std::array<std::uint64_t, scheduler::kStageCount>, std::string> open_jobs()
      override;

  /// Latency and refusals of each method used, from handing a call over to its answer, all attempts
  /// included.
  std::vector<ReportMethod> methods() const;
  ClientCounters counters() const;
  std::size_t connection_count() const { return lanes_.size(); }
  /// Sleeps until `at`, serving the connections meanwhile.
  void sleep_until(kj::TimePoint at);
  kj::Timer& timer() { return timer_; }

 private:
  /// One connection and the sessions on it.
  struct Lane {
    Lane(kj::Timer& timer, kj::Own<Connector> connector, const ClientOptions& options)
        : client(timer, kj::mv(connector), options), supervisor(client) {}
    OfficeClient& office(OfficeId id);
    ExpertClient& expert(ExpertId id);

    Client client;
    SupervisorClient supervisor;
    std::unordered_map<std::uint16_t, std::unique_ptr<OfficeClient>> offices;
    std::unordered_map<std::uint32_t, std::unique_ptr<ExpertClient>> experts;
    std::vector<ReplayCall*> queue;  // of the present execute()
    std::size_t next = 0;            // first of the queue not yet sent
  };

  Lane& lane_of(const ReplayCall& call);
  kj::Promise<void> pump(Lane& lane);
  kj::Promise<void> deliver(Lane& lane, ReplayCall& call, kj::TimePoint give_up);
  kj::Promise<void> send(Lane& lane, ReplayCall& call);
  kj::Promise<void> send_office(Lane& lane, ReplayCall& call);
  kj::Promise<void> send_expert(Lane& lane, ReplayCall& call);
  kj::Promise<void> send_supervisor(Lane& lane, ReplayCall& call);
  template <class Act>
  auto guarded(Act act) -> std::expected<decltype(act()), std::string>;

  kj::Timer& timer_;
  kj::WaitScope& wait_scope_;
  kj::Duration patience_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  OperatorClient operator_;  // on the first lane
  ReplayFeed feed_;
  std::array<LatencyHistogram, kCallKindCount> latency_;
  std::array<std::uint64_t, kCallKindCount> refused_{};
  LatencyHistogram advance_latency_;
};

}  // namespace permitd::cli
