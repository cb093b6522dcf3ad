#include "daemon/past_service.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>

#include "daemon/engine_hook.h"
#include "daemon/frozen_storage.h"
#include "daemon/journal_archive.h"
#include "daemon/log.h"
#include "daemon/planner_thread.h"
#include "daemon/rpc_listener.h"
#include "daemon/rpc_network.h"
#include "daemon/snapshotter.h"
#include "daemon/visit_offers.h"

namespace permitd::daemon {

using scheduler::raw;

namespace {

constexpr int kDamagedStatus = 5;

std::atomic<bool> is_told_to_stop{false};
std::atomic<Waker*> waker_of_loop{nullptr};

extern "C" void stop_past_service(int) {
  is_told_to_stop = true;
  if (Waker* waker = waker_of_loop.load()) waker->wake();
}

class PastService {
 public:
  explicit PastService(const Config& config) : config_(config) {}
  ~PastService() {
    waker_of_loop = nullptr;
    questions_.reset();
    planner_.reset();
    hook_.reset();
    if (network_) network_->stop_serving();
  }

  Expected<void> start(const PastMoment& moment) {
    if (auto done = replay(moment); !done) return done;
    auto network = RpcNetwork::create(config_, figures_);
    if (!network) return std::unexpected(network.error());
    network_ = std::move(*network);
    make_engine(moment);
    auto socket = open_unix_listener(config_.listen.socket_path, config_.listen.socket_mode);
    if (!socket) return std::unexpected(socket.error());
    socket_ = *socket;
    if (auto done = network_->listen(socket_.file); !done) return done;
    waker_of_loop = &engine_->waker();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, stop_past_service);
    std::signal(SIGINT, stop_past_service);
    log_line(LogLevel::kInfo, "the state at op {} is served on {}", raw(scheduler_->op_applied()),
             config_.listen.socket_path);
    return {};
  }

  void run() {
    network_->loop().run([] { return is_told_to_stop.load(); });
    close_listener(socket_);
  }

 private:
  Expected<void> replay(const PastMoment& moment) {
    auto archive = JournalArchive::open(config_.data_directory);
    if (!archive) return std::unexpected(archive.error());
    auto lead = (*archive)->survey();
    if (!lead) return std::unexpected(lead.error());
    std::vector<std::string> notes;
    auto done = replay_to(**archive, *lead, moment, scheduler_, notes);
    for (const std::string& note : notes) log_line(LogLevel::kWarning, "{}", note);
    return done;
  }

  void make_engine(const PastMoment& moment) {
    storage_ = std::make_unique<FrozenStorage>(scheduler_->op_applied());
    snapshotter_ = std::make_unique<Snapshotter>(*storage_);
    clock_.advance(std::max(scheduler_->now(), moment.at.value_or(scheduler::Tick{})));
    EngineOptions options;
    options.snapshot_after_size = 0;
    engine_ =
        std::make_unique<Engine>(*scheduler_, *storage_, clock_, &clock_, *snapshotter_, options);
    planner_ = std::make_unique<PlannerThread>();
    offers_ = std::make_unique<OfferMemory>();
    questions_ = std::make_unique<PlannerThread>();
    network_->serve(*engine_, engine_->add_port(config_.engine.request_capacity), clock_,
                    {planner_.get(), questions_.get(), offers_.get()}, config_,
                    [] { is_told_to_stop = true; });
    hook_ = std::make_unique<EngineHook>(*engine_);
    network_->loop().add_hook(*hook_);
    network_->loop().add_waker(engine_->waker());
  }

  const Config& config_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<FrozenStorage> storage_;
  std::unique_ptr<Snapshotter> snapshotter_;
  RehearsalClock clock_;
  NetworkFigures figures_;
  std::unique_ptr<RpcNetwork> network_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineHook> hook_;
  std::unique_ptr<PlannerThread> planner_;
  std::unique_ptr<OfferMemory> offers_;  // used by the questions alone
  std::unique_ptr<PlannerThread> questions_;
  ListeningSocket socket_;
};

}  // namespace

int serve_past(const Config& config, const PastMoment& moment) {
  PastService service(config);
  if (auto started = service.start(moment); !started) {
    std::fprintf(stderr, "permitd: %s\n", started.error().text().c_str());
    return started.error().code == ErrorCode::kDamaged ? kDamagedStatus : 1;
  }
  service.run();
  return 0;
}

}  // namespace permitd::daemon
