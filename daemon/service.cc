#include "daemon/service.h"

#include <fmt/format.h>
#include <pthread.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "daemon/engine_hook.h"
#include "daemon/engine_loop.h"
#include "daemon/http_server.h"
#include "daemon/journal_storage.h"
#include "daemon/log.h"
#include "daemon/lottery.h"
#include "daemon/ops_thread.h"
#include "daemon/planner_thread.h"
#include "daemon/process_limits.h"
#include "daemon/process_memory.h"
#include "daemon/pulse.h"
#include "daemon/recovery.h"
#include "daemon/rpc_listener.h"
#include "daemon/rpc_network.h"
#include "daemon/snapshotter.h"
#include "daemon/standing_planner.h"
#include "daemon/tls_keeper.h"
#include "daemon/touched_tables.h"
#include "daemon/visit_offers.h"

namespace permitd::daemon {

using scheduler::raw;

namespace {

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Descriptors beside those of connections: journal, rings, HTTP, TLS files, and some to spare.
constexpr std::uint64_t kFilesBeside = 256;

// It sends one request at a time.
constexpr std::size_t kPlannerRequests = 64;

/// One network on a thread of its own.
struct NetworkThread {
  Port* port = nullptr;
  TlsMailbox* mailbox = nullptr;  // null: no TLS
  Pulse* pulse = nullptr;
  std::thread thread;
};

struct ServiceSocket {
  ListeningSocket socket;
  RpcLoop::Security security = RpcLoop::Security::kPlain;
};

class Service {
 public:
  explicit Service(const Config& config)
      : config_(config),
        rehearsal_(config.clock.rehearsal),
        quota_(config.quota.office_rate, config.quota.office_burst),
        tables_(config.memory.touched ? std::make_unique<TouchedTables>(memory_left()) : nullptr),
        scheduler_(tables_.get()) {}
  ~Service();

  Expected<void> start();
  int run();

 private:
  Expected<void> take_files();
  Expected<void> read_tls_files();
  Expected<void> make_loop();
  Expected<void> recover_state();
  void make_engine();
  Expected<void> open_sockets();
  Expected<void> take_lead();
  Expected<void> take_lottery_key(const std::string& file);
  Expected<void> start_networks();
  Expected<void> start_ops(Port& port);
  TlsMailbox* new_mailbox();
  Expected<void> listen(RpcNetwork& network, TlsMailbox* mailbox);
  void run_network_thread(NetworkThread& thread, std::atomic<int>& outcome);
  PlannerThreads planners() const {
    return {planner_.get(), questions_.get(), offers_.get(), standing_.get()};
  }
  void request_stop();
  bool should_stop();
  void begin_drain();
  bool is_drained() const;
  void close_sockets();

  const Config& config_;
  const bool rehearsal_;
  NetworkFigures network_figures_;
  OfficeQuota quota_;
  std::unique_ptr<TlsKeeper> tls_;       // null: no TLS
  std::deque<TlsMailbox> mailboxes_;     // one per network; outlive it
  std::deque<Pulse> pulses_;             // one per network thread; outlive the ops thread
  std::unique_ptr<RpcNetwork> network_;  // threads.rpc = 0: shares its loop with the engine
  std::unique_ptr<Ring> ring_;           // otherwise the journal's own
  std::unique_ptr<JournalStorage> storage_;
  scheduler::Op snapshot_op_{};  // that the recovery began with
  std::unique_ptr<TouchedTables> tables_;  // null: tables come in as they are used
  scheduler::Scheduler scheduler_;
  SystemClock system_clock_;
  RehearsalClock rehearsal_clock_;
  std::unique_ptr<StandingPlanner> standing_;  // outlives the engine, which it lends queries to
  std::unique_ptr<Snapshotter> snapshotter_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineHook> hook_;
  std::unique_ptr<PlannerThread> planner_;
  std::unique_ptr<OfferMemory> offers_;  // used by the questions alone
  std::unique_ptr<PlannerThread> questions_;
  std::unique_ptr<OpsThread> ops_;
  std::vector<ServiceSocket> sockets_;
  File http_socket_;  // until the ops thread serves it
  std::vector<NetworkThread> network_threads_;
  std::atomic<std::uint32_t> networks_running_{0};
  std::atomic<bool> stop_requested_{false};
  bool is_draining_ = false;
  std::int64_t drain_deadline_ms_ = 0;
};

Service::~Service() {
  if (standing_) standing_->stop();
  // Calls that wait for a plan are told while their loops still run, and may ask again.
  if (questions_) questions_->stop();
  if (planner_) planner_->stop();
  request_stop();
  for (NetworkThread& network : network_threads_) network.thread.join();
  ops_.reset();
  close_sockets();
  network_threads_.clear();
  if (storage_) storage_->flush();
  // The server lends queries to the engine and the loop lends its ring to the storage.
  hook_.reset();
  snapshotter_.reset();
  if (network_) network_->stop_serving();
  engine_.reset();
  storage_.reset();
}

Clock& clock_of(bool rehearsal, SystemClock& system, RehearsalClock& stopped) {
  return rehearsal ? static_cast<Clock&>(stopped) : static_cast<Clock&>(system);
}

/// A shell gives 1,024 descriptors, a tenth of what the connections may need.
Expected<void> Service::take_files() {
  const std::uint64_t wanted = config_.connections.connections_max + kFilesBeside;
  const std::uint64_t given = raise_file_limit(wanted);
  if (given < wanted) {
    log_line(
        LogLevel::kWarning,
        "{} files may be open, {} are wanted for connections.connections_max = {}: beyond them "
        "connections wait at the door. Raise LimitNOFILE, or lower that setting.",
        given, wanted, config_.connections.connections_max);
  }
  return {};
}

/// First of all, as it fails quickest.
Expected<void> Service::read_tls_files() {
  if (config_.listen.tls_address.empty()) return {};
  auto keeper = TlsKeeper::open(config_.tls);
  if (!keeper) return std::unexpected(keeper.error());
  tls_ = std::move(*keeper);
  return {};
}

Expected<void> Service::make_loop() {
  if (config_.threads.rpc == 0) {
    auto network = RpcNetwork::create(config_, network_figures_);
    if (!network) return std::unexpected(network.error());
    network_ = std::move(*network);
  } else if (config_.io == IoKind::kUring) {
    auto ring = Ring::create(RingOptions{.entries = 64});
    if (!ring) return std::unexpected(ring.error());
    ring_ = std::move(*ring);
  }
  return {};
}

Expected<void> Service::recover_state() {
  JournalOptions options;
  options.directory = config_.data_directory;
  options.segment_size = config_.journal.segment_size;
  options.batches_in_flight = config_.journal.batches_in_flight;
  options.segments_ahead = config_.journal.spare_segments;
  options.runs_completions = false;
  Ring* ring = network_ ? network_->loop().ring() : ring_.get();
  auto storage = JournalStorage::open(options, ring);
  if (!storage) return std::unexpected(storage.error());
  storage_ = std::move(*storage);
  snapshotter_ = std::make_unique<Snapshotter>(*storage_);
  make_engine();
  storage_->set_waker(&engine_->waker());
  auto report = recover_unled(*storage_, scheduler_);
  if (!report) return std::unexpected(report.error());
  for (const std::string& note : report->notes) log_line(LogLevel::kWarning, "{}", note);
  log_line(LogLevel::kInfo, "recovered to op {}: snapshot at {} in {} ms, {} ops replayed in {} ms",
           raw(scheduler_.op_applied()), raw(report->snapshot_op), report->snapshot_ms,
           report->replay.op_count, report->replay_ms);
  snapshot_op_ = report->snapshot_op;
  return {};
}

/// Behind everything that may refuse the start for what is in the directory or for an address, so
/// that such a start changes nothing. A key that is there is looked at before the lead, one that is
/// not is made behind it.
Expected<void> Service::take_lead() {
  const std::string key_file = config_.data_directory + "/lottery.key";
  const bool has_key = access(key_file.c_str(), F_OK) == 0;
  if (has_key)
    if (auto taken = take_lottery_key(key_file); !taken) return taken;
  if (auto lead = storage_->lead(); !lead) return std::unexpected(lead.error());
  for (const std::string& note : storage_->notes()) log_line(LogLevel::kNotice, "{}", note);
  if (!has_key)
    if (auto taken = take_lottery_key(key_file); !taken) return taken;
  rehearsal_clock_.advance(std::max(config_.clock.start, scheduler_.now()));
  snapshotter_->start(engine_->waker());
  engine_->resume(snapshot_op_);
  engine_->ensure_limits(config_.limits);
  return {};
}

/// Before the storage leads, as its keeper wakes the engine.
void Service::make_engine() {
  EngineOptions options;
  options.batch_count_max = config_.engine.batch_count_max;
  options.snapshot_after_size = config_.engine.snapshot_after_size;
  engine_ = std::make_unique<Engine>(
      scheduler_, *storage_, clock_of(rehearsal_, system_clock_, rehearsal_clock_),
      rehearsal_ ? &rehearsal_clock_ : nullptr, *snapshotter_, options);
}

/// The directory is locked, so that no other daemon makes a key there.
Expected<void> Service::take_lottery_key(const std::string& file) {
  auto key = open_lottery_key(file);
  if (!key) return std::unexpected(key.error());
  engine_->set_lottery_key(*key);
  return {};
}

Expected<void> Service::open_sockets() {
  const int passed = sd_listen_fds(1);
  for (int i = 0; i < passed; ++i) {
    const int file = SD_LISTEN_FDS_START + i;
    const auto address = check_passed_listener(file, config_.listen.trust_loopback);
    if (!address) return std::unexpected(address.error());
    auto socket = adopt_listener(file);
    if (!socket) return std::unexpected(socket.error());
    sockets_.push_back({*socket});
    log_line(LogLevel::kInfo, "listening on {}, a socket of the service manager", *address);
  }
  if (passed > 0 && !config_.listen.socket_path.empty()) {
    log_line(LogLevel::kNotice,
             "what the service manager has passed takes the place of listen.socket = {}",
             config_.listen.socket_path);
  }
  if (passed <= 0 && !config_.listen.socket_path.empty()) {
    auto socket = open_unix_listener(config_.listen.socket_path, config_.listen.socket_mode);
    if (!socket) return std::unexpected(socket.error());
    sockets_.push_back({*socket});
    log_line(LogLevel::kInfo, "listening on {}", config_.listen.socket_path);
  }
  if (!config_.listen.tcp_address.empty()) {
    auto socket = open_tcp_listener(config_.listen.tcp_address);
    if (!socket) return std::unexpected(socket.error());
    sockets_.push_back({*socket});
    log_line(LogLevel::kInfo, "listening on {}", config_.listen.tcp_address);
  }
  if (!config_.listen.tls_address.empty()) {
    auto socket = open_tcp_listener(config_.listen.tls_address);
    if (!socket) return std::unexpected(socket.error());
    sockets_.push_back({*socket, RpcLoop::Security::kTls});
    log_line(LogLevel::kInfo, "listening on {} with TLS", config_.listen.tls_address);
  }
  if (!config_.listen.http_address.empty()) {
    auto socket = open_http_listener(config_.listen.http_address);
    if (!socket) return std::unexpected(socket.error());
    http_socket_ = File(*socket);
  }
  return {};
}

Expected<void> Service::start_networks() {
  Clock& clock = clock_of(rehearsal_, system_clock_, rehearsal_clock_);
  Port& ops_port = engine_->add_port(64);
  planner_ = std::make_unique<PlannerThread>();
  offers_ = std::make_unique<OfferMemory>();
  questions_ = std::make_unique<PlannerThread>();
  if (config_.planner.interval_seconds != 0)
    standing_ = std::make_unique<StandingPlanner>(*engine_, engine_->add_port(kPlannerRequests),
                                                  *questions_, *offers_, config_.planner);
  if (network_) {
    network_->share(quota_);
    network_->serve(*engine_, engine_->add_port(config_.engine.request_capacity), clock, planners(),
                    config_, [this] { request_stop(); });
    hook_ = std::make_unique<EngineHook>(*engine_);
    network_->loop().add_hook(*hook_);
    network_->loop().add_waker(engine_->waker());
    if (auto done = listen(*network_, new_mailbox()); !done) return done;
  }
  for (std::uint32_t i = 0; i < config_.threads.rpc; ++i) {
    Port& port = engine_->add_port(config_.engine.request_capacity);
    network_threads_.push_back({&port, new_mailbox(), &pulses_.emplace_back(port.waker()), {}});
  }
  if (auto done = start_ops(ops_port); !done) return done;
  // All ports are there before the first thread uses one.
  std::atomic<int> outcome{0};
  for (NetworkThread& network : network_threads_) {
    outcome = 0;
    network.thread =
        std::thread([this, &network, &outcome] { run_network_thread(network, outcome); });
    outcome.wait(0);
    if (outcome < 0) {
      return std::unexpected(
          Error{ErrorCode::kSystem, 0, "start a network thread", "See the log line before."});
    }
  }
  return {};
}

Expected<void> Service::start_ops(Port& port) {
  OpsOptions options{.http_file = http_socket_.release(), .network = &network_figures_};
  for (Pulse& pulse : pulses_) options.pulses.push_back(&pulse);
  if (tls_) {
    options.on_hangup = [this] { tls_->reload(); };
    options.on_look = [this] { tls_->look(); };
  }
  auto ops = OpsThread::start(options, *engine_, port, [this] { request_stop(); });
  if (!ops) return std::unexpected(ops.error());
  ops_ = std::move(*ops);
  return {};
}

/// Null without TLS. All of them are made before the ops thread looks for new files.
TlsMailbox* Service::new_mailbox() {
  if (!tls_) return nullptr;
  TlsMailbox& mailbox = mailboxes_.emplace_back();
  tls_->add(mailbox);
  return &mailbox;
}

Expected<void> Service::listen(RpcNetwork& network, TlsMailbox* mailbox) {
  if (mailbox != nullptr) network.secure(*mailbox);
  for (const ServiceSocket& socket : sockets_) {
    if (auto done = network.listen(socket.socket.file, socket.security); !done) return done;
  }
  return {};
}

void Service::run_network_thread(NetworkThread& thread, std::atomic<int>& outcome) {
  const std::string name = fmt::format("rpc-{}", &thread - network_threads_.data() + 1);
  pthread_setname_np(pthread_self(), name.c_str());
  const auto report = [&outcome](int value) {
    outcome = value;
    outcome.notify_one();
  };
  auto network = RpcNetwork::create(config_, network_figures_);
  if (!network) {
    log_error(LogLevel::kError, network.error());
    return report(-1);
  }
  (*network)->share(quota_);
  (*network)->serve(*engine_, *thread.port, clock_of(rehearsal_, system_clock_, rehearsal_clock_),
                    planners(), config_, [this] { request_stop(); });
  if (auto done = listen(**network, thread.mailbox); !done) {
    log_error(LogLevel::kError, done.error());
    return report(-1);
  }
  (*network)->show(*thread.pulse);
  thread.pulse->begin();
  networks_running_ += 1;
  report(1);
  (*network)->loop().run([&] {
    if (!stop_requested_) return false;
    (*network)->drain();
    return (*network)->is_drained();
  });
  thread.pulse->end();
  networks_running_ -= 1;
  engine_->waker().wake();
}

Expected<void> Service::start() {
  block_signals();
  const MemoryGuard guard;
  make_arenas();
  for (const auto step :
       {&Service::take_files, &Service::read_tls_files, &Service::make_loop,
        &Service::recover_state, &Service::open_sockets, &Service::take_lead,
        &Service::start_networks}) {
    if (auto done = (this->*step)(); !done) return done;
  }
  sd_notify(0, "READY=1\nSTATUS=serving");
  log_line(LogLevel::kNotice, "ready: {} offices' requests are taken, {} I/O, {}",
           scheduler_.limits().offices_max, config_.io == IoKind::kUring ? "io_uring" : "epoll",
           rehearsal_ ? "time stands still until it is advanced" : "wall time");
  return {};
}

void Service::request_stop() {
  stop_requested_ = true;
  if (engine_) engine_->waker().wake();
  for (NetworkThread& network : network_threads_) network.port->waker().wake();
}

void Service::close_sockets() {
  for (ServiceSocket& socket : sockets_) close_listener(socket.socket);
  sockets_.clear();
}

void Service::begin_drain() {
  is_draining_ = true;
  sd_notify(0, "STOPPING=1\nSTATUS=draining");
  drain_deadline_ms_ = monotonic_ms() + (std::int64_t{config_.drain_seconds} + 2) * 1000;
  close_sockets();
  engine_->drain();
  if (network_) network_->drain();
}

bool Service::is_drained() const {
  return (!network_ || network_->is_drained()) && networks_running_ == 0 && engine_->is_drained();
}

bool Service::should_stop() {
  if (!stop_requested_) return false;
  if (!is_draining_) begin_drain();
  return is_drained() || monotonic_ms() >= drain_deadline_ms_;
}

int Service::run() {
  if (network_) {
    network_->loop().run([this] { return should_stop(); });
  } else {
    run_engine_loop(*engine_, ring_.get(), std::int64_t{config_.threads.spin_us} * 1000,
                    [this] { return should_stop(); });
  }
  const bool clean = is_drained();
  log_line(clean ? LogLevel::kNotice : LogLevel::kWarning, "stopped {} at op {}",
           clean ? "clean" : "with calls unanswered: the drain time was over",
           raw(engine_->stats().op_durable));
  return clean ? 0 : 2;
}

}  // namespace

int serve(const Config& config) {
  Service service(config);
  if (auto started = service.start(); !started) {
    log_error(LogLevel::kError, started.error());
    return 1;
  }
  return service.run();
}

}  // namespace permitd::daemon
