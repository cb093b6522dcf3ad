#include "daemon/rpc_network.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daemon/command_line.h"

namespace permitd::daemon {

namespace {

// Questions that a connection may have open whatever its calls in flight: sessions, subscriptions
// and streams, and answers that a client keeps for a while. A fifth of a MiB.
constexpr std::uint32_t kQuestionsMin = 1024;

RpcServerOptions server_options(const Config& config, std::function<void()> on_drain) {
  RpcServerOptions options;
  options.connections = config.connections;
  options.calls_in_flight_max = config.quota.calls_in_flight;
  options.office_rate = config.quota.office_rate;
  options.office_burst = config.quota.office_burst;
  options.drain_seconds = config.drain_seconds;
  options.io = config.io;
  options.is_rehearsal = config.clock.rehearsal;
  options.access.own_uid = geteuid();
  options.access.trust_loopback = config.listen.trust_loopback;
  options.access.rules = config.access;
  options.on_drain = std::move(on_drain);
  return options;
}

}  // namespace

Expected<std::unique_ptr<RpcNetwork>> RpcNetwork::create(const Config& config,
                                                         NetworkFigures& figures) {
  RpcLoop::Options options;
  options.io = config.io;
  options.limits = config.connections;
  options.limits.messages_waiting_max = 2 * config.quota.calls_in_flight;
  options.limits.questions_max = std::max(kQuestionsMin, 4 * config.quota.calls_in_flight);
  options.spin_ns = std::int64_t{config.threads.spin_us} * 1000;
  options.handshakes_max = config.tls.handshakes_max;
  options.figures = &figures;
  auto loop = RpcLoop::create(options);
  if (!loop) return std::unexpected(loop.error());
  auto network = std::make_unique<RpcNetwork>();
  network->figures_ = &figures;
  network->loop_ = std::move(*loop);
  return network;
}

void RpcNetwork::serve(Engine& engine, Port& port, Clock& clock, const PlannerThreads& planners,
                       const Config& config, std::function<void()> on_drain) {
  RpcServerOptions options = server_options(config, std::move(on_drain));
  options.network = figures_;
  options.quota = quota_;
  options.planner = planners.plans;
  options.questions = planners.questions;
  options.offers = planners.offers;
  options.standing = planners.standing;
  options.planner_settings = config.planner;
  server_ = std::make_unique<RpcServer>(*loop_, engine, port, clock, std::move(options));
}

/// Hands what the mailbox brings to the loop.
class RpcNetwork::Refresh final : public RpcLoop::Hook {
 public:
  Refresh(RpcLoop& loop, TlsMailbox& mailbox) : loop_(loop), mailbox_(mailbox) {}
  bool work() override {
    if (!mailbox_.has_new()) return false;
    if (CredentialsPointer credentials = mailbox_.take())
      loop_.set_credentials(std::move(credentials));
    return true;
  }
  bool has_work() const override { return mailbox_.has_new(); }

 private:
  RpcLoop& loop_;
  TlsMailbox& mailbox_;
};

void RpcNetwork::secure(TlsMailbox& mailbox) {
  refresh_ = std::make_unique<Refresh>(*loop_, mailbox);
  refresh_->work();
  loop_->add_hook(*refresh_);
  loop_->add_waker(mailbox.waker());
}

class RpcNetwork::Beat final : public RpcLoop::Hook {
 public:
  explicit Beat(Pulse& pulse) : pulse_(pulse) {}
  bool work() override { return pulse_.answer(); }
  bool has_work() const override { return pulse_.is_asked(); }

 private:
  Pulse& pulse_;
};

void RpcNetwork::show(Pulse& pulse) {
  beat_ = std::make_unique<Beat>(pulse);
  loop_->add_hook(*beat_);
}

Expected<void> RpcNetwork::listen(int file, RpcLoop::Security security) {
  const int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    return std::unexpected(Error{ErrorCode::kSystem, errno, "duplicate a listening socket", ""});
  return loop_->listen_file(copy, server_->on_connection(), security);
}

}  // namespace permitd::daemon
