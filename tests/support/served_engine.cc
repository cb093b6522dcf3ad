#include "tests/support/served_engine.h"

#include <arpa/inet.h>
#include <kj/common.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>

#include "daemon/planner_thread.h"
#include "daemon/snapshotter.h"
#include "daemon/standing_planner.h"
#include "daemon/visit_offers.h"

namespace permitd::tests {

namespace {

constexpr std::size_t kPlannerRequests = 64;

struct Planners {
  daemon::PlannerThread plans;
  daemon::OfferMemory offers;  // used by the questions alone
  daemon::PlannerThread questions;
  std::unique_ptr<daemon::StandingPlanner> standing;

  /// Nothing runs or wakes anybody any more.
  void stop() {
    standing->stop();
    questions.stop();
    plans.stop();
  }
};

class EngineHook final : public daemon::RpcLoop::Hook {
 public:
  explicit EngineHook(daemon::Engine& engine) : engine_(engine) {}
  bool work() override { return engine_.step(); }
  bool has_work() const override { return engine_.has_requests(); }
  std::int64_t sleep_limit_ns() override { return engine_.sleep_limit_ns(); }

 private:
  daemon::Engine& engine_;
};

int listening_socket(std::uint16_t& port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(file, any, size), 0);
  EXPECT_EQ(listen(file, 1024), 0);
  EXPECT_EQ(getsockname(file, any, &size), 0);
  port = ntohs(address.sin_port);
  return file;
}

}  // namespace

ServedEngine::ServedEngine(Options options)
    : options_(std::move(options)), socket_path_(directory_ / "permitd.sock") {
  options_.server.io = options_.io;
  options_.server.is_rehearsal = true;
  thread_ = std::thread([this] { serve(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_ready_; });
}

ServedEngine::~ServedEngine() {
  stop_ = true;
  waker_.wake();
  thread_.join();
}

void ServedEngine::serve() {
  daemon::RpcLoop::Options loop_options;
  loop_options.io = options_.io;
  loop_options.limits = options_.server.connections;
  loop_options.handshakes_max = options_.handshakes_max;
  auto loop = daemon::RpcLoop::create(loop_options);
  ASSERT_TRUE(loop.has_value()) << loop.error().text();
  FaultyDisk disk;
  FaultyStorage storage(disk, FaultyOptions{});
  ASSERT_TRUE(storage.lead().has_value());
  scheduler::Scheduler scheduler;
  std::optional<Planners> planners;  // outlives the engine, which queries are lent to
  daemon::RehearsalClock clock;
  clock.advance(options_.now);
  daemon::Snapshotter snapshotter(storage);
  daemon::Engine engine(scheduler, storage, clock, &clock, snapshotter, daemon::EngineOptions{});
  snapshotter.start(engine.waker());
  engine.ensure_limits(options_.limits);
  daemon::Port& port = engine.add_port(options_.request_capacity);
  KJ_DEFER(if (planners) planners->stop());
  if (options_.has_planners) {
    planners.emplace();
    planners->standing = std::make_unique<daemon::StandingPlanner>(
        engine, engine.add_port(kPlannerRequests), planners->questions, planners->offers,
        options_.server.planner_settings);
    options_.server.planner = &planners->plans;
    options_.server.questions = &planners->questions;
    options_.server.offers = &planners->offers;
    options_.server.standing = planners->standing.get();
  }
  EngineHook hook(engine);
  (*loop)->add_hook(hook);
  (*loop)->add_waker(engine.waker());
  {
    daemon::RpcServer server(**loop, engine, port, clock, options_.server);
    ASSERT_TRUE((*loop)->listen_unix(socket_path_, 0600, server.on_connection()).has_value());
    ASSERT_TRUE(
        (*loop)->listen_file(listening_socket(tcp_port_), server.on_connection()).has_value());
    if (options_.tls != nullptr) {
      (*loop)->set_credentials(options_.tls);
      ASSERT_TRUE((*loop)
                      ->listen_file(listening_socket(tls_port_), server.on_connection(),
                                    daemon::RpcLoop::Security::kTls)
                      .has_value());
    }
    Parts parts{**loop, server, engine, storage};
    run_loop(parts);
    storage.set_completing(true);
    storage.flush();
  }
}

void ServedEngine::run_loop(Parts& parts) {
  parts.loop.add_waker(waker_);
  {
    std::lock_guard lock(mutex_);
    is_ready_ = true;
  }
  changed_.notify_all();
  parts.loop.run([&] {
    while (run_one(parts)) continue;
    return stop_.load();
  });
}

bool ServedEngine::run_one(Parts& parts) {
  std::lock_guard lock(mutex_);
  if (work_ == nullptr) return false;
  (*work_)(parts);
  work_ = nullptr;
  changed_.notify_all();
  return true;
}

void ServedEngine::run_in_loop(const std::function<void(Parts&)>& work) {
  std::unique_lock lock(mutex_);
  work_ = &work;
  waker_.wake();
  changed_.wait(lock, [this] { return work_ == nullptr; });
}

std::uint64_t ServedEngine::dropped(daemon::DropReason reason) {
  std::uint64_t count = 0;
  run_in_loop(
      [&](Parts& parts) { count = parts.loop.stats().dropped[static_cast<std::size_t>(reason)]; });
  return count;
}

bool ServedEngine::eventually_dropped(daemon::DropReason reason, std::uint64_t count) {
  return eventually([reason, count](Parts& parts) {
    return parts.loop.stats().dropped[static_cast<std::size_t>(reason)] >= count;
  });
}

bool ServedEngine::eventually(const std::function<bool(Parts&)>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool holds = false;
  while (!holds && std::chrono::steady_clock::now() < deadline) {
    run_in_loop([&](Parts& parts) { holds = condition(parts); });
    std::this_thread::yield();
  }
  return holds;
}

}  // namespace permitd::tests
