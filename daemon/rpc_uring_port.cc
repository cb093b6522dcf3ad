#include "daemon/rpc_uring_port.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/log.h"
#include "protocol/kj_compat.h"

namespace permitd::daemon {

namespace {
LogSite accept_site;
}  // namespace

bool UringPort::wait() {
  loop_.turn(true);
  return is_woken_.exchange(false, std::memory_order_acq_rel);
}

bool UringPort::poll() {
  loop_.turn(false);
  return is_woken_.exchange(false, std::memory_order_acq_rel);
}

void UringPort::wake() const {
  is_woken_.store(true, std::memory_order_release);
  waker_.wake();
}

std::int64_t UringPort::limit_by_timers(std::int64_t limit_ns) {
  const auto now = kj::systemPreciseMonotonicClock().now();
  const std::uint64_t none = INT64_MAX;
  PERMIT_IF_MAYBE(until_due, timer_.timeoutToNextEvent(now, kj::NANOSECONDS, none)) {
    const auto due_ns = static_cast<std::int64_t>(*until_due);
    return limit_ns < 0 ? due_ns : std::min(limit_ns, due_ns);
  }
  return limit_ns;
}

void UringPort::advance_timers() { timer_.advanceTo(kj::systemPreciseMonotonicClock().now()); }

RpcUringLoop::RpcUringLoop(const Options& options, std::unique_ptr<Ring> ring)
    : RpcLoopBase(options),
      port_(*this),
      event_loop_(port_),
      wait_scope_(event_loop_),
      ring_(std::move(ring)) {
  add_waker(port_.waker());
}

RpcUringLoop::~RpcUringLoop() noexcept {
  // The ring goes first: it takes back every operation, and with that everything else is free to
  // go.
  ring_.reset();
  streams().clear();
  accepts_.clear();
  watches_.clear();
}

void RpcUringLoop::add_waker(Waker& waker) {
  watch(waker);
  watches_.push_back(std::make_unique<Watch>(*ring_, waker.file()));
}

void RpcUringLoop::Watch::complete(const Completion& completion) noexcept {
  static_assert(kReadable == POLLIN);
  if (!completion.more) ring_.poll_multishot(*this, file_, kReadable);
}

bool RpcUringLoop::poll_kernel() {
  ring_->poll();
  const bool any = ring_->has_completions();
  if (any) ring_->run_completions();
  port_.advance_timers();
  return any || port_.is_woken() || event_loop_.isRunnable();
}

void RpcUringLoop::sleep_kernel(std::int64_t limit_ns) {
  const std::int64_t limit = port_.is_woken() ? 0 : port_.limit_by_timers(limit_ns);
  ring_->wait(limit, 0);
  ring_->run_completions();
  port_.advance_timers();
}

void RpcUringLoop::start_listening(ListeningSocket socket, Welcome welcome) {
  accepts_.push_back(std::make_unique<Accept>(*this, std::move(socket), std::move(welcome)));
}

void RpcUringLoop::stop_listening() {
  streams().set_draining();
  for (const auto& accept : accepts_) accept->stop();
}

std::unique_ptr<RpcStream> RpcUringLoop::make_connection(int socket, Peer peer) {
  return std::make_unique<UringStream>(streams(), *ring_, socket, std::move(peer),
                                       exhausted_count_);
}

void RpcUringLoop::fill(LoopStats& stats) const {
  stats.system_calls = ring_->system_calls();
  stats.receive_exhausted = exhausted_count_;
}

RpcUringLoop::Accept::Accept(RpcUringLoop& loop, ListeningSocket socket, Welcome welcome)
    : loop_(loop), socket_(std::move(socket)), welcome_(std::move(welcome)) {
  arm();
}

RpcUringLoop::Accept::~Accept() noexcept { close_listener(socket_); }

void RpcUringLoop::Accept::arm() {
  if (!is_stopped_ && !is_pending()) loop_.ring_->accept_multishot(*this, socket_.file);
}

void RpcUringLoop::Accept::complete(const Completion& completion) noexcept {
  if (completion.result >= 0) {
    loop_.accepted(completion.result, welcome_);
  } else if (must_accept_pause(-completion.result)) {
    log_line(accept_site, LogLevel::kWarning, "no connection can be accepted for the moment: {}",
             strerrordesc_np(-completion.result));
    if (!completion.more) pause();
    return;
  }
  if (completion.more) return;
  if (is_stopped_) {
    close_listener(socket_);
  } else {
    arm();
  }
}

// Trying at once would turn without end, as the connection that could not be accepted is still
// there.
void RpcUringLoop::Accept::pause() {
  if (is_stopped_) {
    close_listener(socket_);
    return;
  }
  pause_ = loop_.after_ms(kAcceptPauseMs).then([this]() { arm(); }).eagerlyEvaluate(nullptr);
}

void RpcUringLoop::Accept::stop() {
  is_stopped_ = true;
  pause_ = nullptr;
  if (is_pending()) {
    loop_.ring_->cancel(*this);
  } else {
    close_listener(socket_);
  }
}

Expected<std::unique_ptr<RpcLoop>> create_uring_loop(const RpcLoop::Options& options) {
  auto ring = Ring::create({.entries = options.ring_entries,
                            .receive_buffer_count = options.receive_buffer_count,
                            .receive_buffer_size = options.receive_buffer_size});
  if (!ring) return std::unexpected(ring.error());
  return std::make_unique<RpcUringLoop>(options, std::move(*ring));
}

}  // namespace permitd::daemon
