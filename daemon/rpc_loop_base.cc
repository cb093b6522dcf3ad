#include "daemon/rpc_loop_base.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace permitd::daemon {

namespace {

// Events of KJ before the hooks get their turn, however much the network brings: about a
// millisecond.
constexpr unsigned kEventsPerTurn = 4096;
// Deadlines are whole seconds; this is how late they may be noticed.
constexpr std::int64_t kSweepIntervalMs = 250;

}  // namespace

std::int64_t monotonic_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

RpcLoopBase::RpcLoopBase(const Options& options)
    : spin_ns_(options.spin_ns), streams_(options), swept_ms_(monotonic_now_ns() / 1'000'000) {
  streams_.context().set_now_ms(swept_ms_);
}

Expected<void> RpcLoopBase::listen_tcp(const std::string& address, OnConnection on_connection) {
  auto socket = open_tcp_listener(address);
  if (!socket) return std::unexpected(socket.error());
  start_listening(std::move(*socket), {std::move(on_connection)});
  return {};
}

Expected<void> RpcLoopBase::listen_unix(const std::string& path, std::uint32_t mode,
                                        OnConnection on_connection) {
  auto socket = open_unix_listener(path, mode);
  if (!socket) return std::unexpected(socket.error());
  start_listening(std::move(*socket), {std::move(on_connection)});
  return {};
}

Expected<void> RpcLoopBase::listen_file(int file, OnConnection on_connection, Security security) {
  auto socket = adopt_listener(file);
  if (!socket) return std::unexpected(socket.error());
  start_listening(std::move(*socket), {std::move(on_connection), security});
  return {};
}

void RpcLoopBase::set_credentials(std::shared_ptr<const protocol::TlsCredentials> credentials) {
  streams_.set_credentials(std::move(credentials));
}

void RpcLoopBase::accepted(int socket, const Welcome& welcome) {
  Peer peer = peer_of(socket);
  if (!streams_.has_room()) {
    ::close(socket);
    streams_.note_drop(DropReason::kTooManyConnections, peer);
    return;
  }
  RpcStream& stream = streams_.add(make_connection(socket, std::move(peer)));
  if (welcome.security == Security::kTls) {
    stream.begin_tls(welcome.on_connection);
  } else {
    stream.begin(welcome.on_connection);
  }
}

kj::Promise<void> RpcLoopBase::after_ms(std::int64_t ms) {
  // From the present, not from the loop's time, which stands still during a turn.
  return timer().atTime(kj::systemPreciseMonotonicClock().now() + ms * kj::MILLISECONDS);
}

void RpcLoopBase::run(const std::function<bool()>& stop) {
  stop_ = &stop;
  const auto forget = kj::defer([this]() { stop_ = nullptr; });
  while (!stop()) {
    event_loop().run(kEventsPerTurn);
    if (event_loop().isRunnable()) {
      event_port().poll();
    } else {
      event_port().wait();
    }
  }
}

const LoopStats& RpcLoopBase::stats() const {
  streams_.fill(stats_);
  fill(stats_);
  return stats_;
}

void RpcLoopBase::turn(bool is_idle) {
  streams_.context().flush();
  const bool did = run_hooks();
  streams_.context().flush();  // hooks may write without an event of KJ's
  const bool reaped = streams_.reap();
  streams_.context().deliver_in_turn();
  const bool is_busy = !is_idle || did || reaped || event_loop().isRunnable();
  if (is_busy) {
    poll_kernel();
  } else if (streams_.context().has_vain()) {
    // Whether there is nothing else to do shows only after a look at what has come.
    if (!poll_kernel()) streams_.context().read_in_vain();
  } else {
    sleep();
  }
  note_time();
}

void RpcLoopBase::note_time() {
  const std::int64_t now_ms = monotonic_now_ns() / 1'000'000;
  streams_.context().set_now_ms(now_ms);
  if (now_ms - swept_ms_ < kSweepIntervalMs) return;
  swept_ms_ = now_ms;
  streams_.sweep(now_ms);
}

bool RpcLoopBase::run_hooks() {
  bool did = false;
  for (Hook* hook : hooks_) did = hook->work() || did;
  return did;
}

bool RpcLoopBase::must_stay_awake() const {
  if (stop_ != nullptr && (*stop_)()) return true;
  return std::any_of(hooks_.begin(), hooks_.end(),
                     [](const Hook* hook) { return hook->has_work(); });
}

std::int64_t RpcLoopBase::sleep_limit_ns() const {
  std::int64_t limit = streams_.count() == 0 ? -1 : kSweepIntervalMs * 1'000'000;
  for (Hook* hook : hooks_) {
    const std::int64_t wanted = hook->sleep_limit_ns();
    if (wanted >= 0 && (limit < 0 || wanted < limit)) limit = wanted;
  }
  return limit;
}

// Looks for a short while before sleeping: a completion that is near costs less so than a wake-up.
bool RpcLoopBase::spin(std::int64_t limit_ns) {
  if (poll_kernel()) return true;
  const std::int64_t span = limit_ns < 0 ? spin_ns_ : std::min(spin_ns_, limit_ns);
  if (span <= 0) return false;
  const std::int64_t end = monotonic_now_ns() + span;
  do {
    if (must_stay_awake() || poll_kernel()) return true;
  } while (monotonic_now_ns() < end);
  return false;
}

void RpcLoopBase::sleep() {
  const std::int64_t limit_ns = sleep_limit_ns();
  if (limit_ns == 0 || (spin_ns_ > 0 && spin(limit_ns))) {
    if (limit_ns == 0) poll_kernel();
    return;
  }
  // Announced first, looked at again, and only then to sleep: whoever publishes meanwhile sees the
  // announcement and wakes the loop, or is seen here.
  for (Waker* waker : wakers_) waker->announce_sleep();
  if (must_stay_awake()) {
    poll_kernel();
  } else {
    sleep_kernel(limit_ns);
  }
  for (Waker* waker : wakers_) waker->awake();
}

}  // namespace permitd::daemon
