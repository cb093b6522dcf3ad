#include "daemon/ops_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/version.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <thread>

#include "daemon/http_server.h"
#include "daemon/lapse_count.h"
#include "daemon/log.h"
#include "daemon/warnings.h"

static_assert(BOOST_VERSION >= 108100,
              "the default Boost of Debian 12 is too old; build with 1.81");

namespace permitd::daemon {

namespace asio = boost::asio;

namespace {

/// Copies the figures on the engine's thread. Certificates are counted at a question's begin when
/// the last count is old or of another day.
class FiguresQuery final : public Query {
 public:
  explicit FiguresQuery(Engine& engine) : engine_(engine) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    figures.day = scheduler.working_day(scheduler.now());
    if (!is_counted(scheduler)) {
      count_ended_ = lapses_.run(scheduler);
      if (count_ended_) {
        counted_at_ = std::chrono::steady_clock::now();
        counted_day_ = figures.day;
        counted_days_ = scheduler.policy().lapse_warning_days;
        counted_ = lapses_.lapsing;
      }
      return false;
    }
    figures.stats = scheduler.stats();
    figures.stats.certificates_lapsing = counted_;
    figures.engine = engine_.stats();
    figures.storage = engine_.storage().stats();
    return true;
  }
  OpsFigures figures;

 private:
  bool is_counted(const scheduler::Scheduler& scheduler) const {
    return count_ended_ && counted_day_ == figures.day &&
           counted_days_ == scheduler.policy().lapse_warning_days &&
           std::chrono::steady_clock::now() - counted_at_ < kCountHolds;
  }

  static constexpr std::chrono::minutes kCountHolds{1};
  Engine& engine_;
  LapseCount lapses_{Scope{}};
  bool count_ended_ = false;
  std::chrono::steady_clock::time_point counted_at_;
  std::int32_t counted_day_ = 0;
  std::uint16_t counted_days_ = 0;
  std::array<std::uint32_t, scheduler::kSkillCount> counted_{};
};

class OpsThreadImpl final : public OpsThread {
 public:
  OpsThreadImpl(Engine& engine, Port& port, std::function<void()> on_stop)
      : port_(port),
        on_stop_(std::move(on_stop)),
        query_(engine),
        signals_(io_),
        answers_(io_),
        watchdog_(io_),
        look_(io_),
        warning_(io_) {}

  ~OpsThreadImpl() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Expected<void> open(const OpsOptions& options) {
    query_.figures.network = options.network;
    pulses_ = options.pulses;
    on_hangup_ = options.on_hangup;
    on_look_ = options.on_look;
    if (options.http_file >= 0) {
      auto server = HttpServer::serve(
          io_, options.http_file, [this](HttpServer::Answer answer) { ask(std::move(answer)); });
      if (!server) return std::unexpected(server.error());
      http_ = std::move(*server);
    }
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    const int file = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (file < 0) return std::unexpected(Error{ErrorCode::kSystem, errno, "signalfd", ""});
    signals_.assign(file);
    answers_.assign(dup(port_.waker().file()));
    wait_for_signal();
    wait_for_answer();
    uint64_t interval_us = 0;
    if (sd_watchdog_enabled(0, &interval_us) > 0)
      feed_watchdog(std::chrono::microseconds(interval_us / 3));
    if (on_look_) look_later();
    warn_later();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "ops");
      io_.run();
    });
    return {};
  }

 private:
  void wait_for_signal() {
    signals_.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this](boost::system::error_code error) {
                          if (error) return;
                          signalfd_siginfo got{};
                          while (read(signals_.native_handle(), &got, sizeof(got)) ==
                                 static_cast<ssize_t>(sizeof(got))) {
                            take_signal(got.ssi_signo);
                          }
                          wait_for_signal();
                        });
  }

  void take_signal(std::uint32_t number) {
    if (number == SIGHUP) {
      log_line(LogLevel::kNotice, "signal {}: {}", number,
               on_hangup_ ? "reading the files of TLS again" : "there is nothing to read again");
      if (on_hangup_) on_hangup_();
      return;
    }
    log_line(LogLevel::kNotice, "signal {}: draining", number);
    if (on_stop_) std::exchange(on_stop_, nullptr)();
  }

  void look_later() {
    look_.expires_after(std::chrono::milliseconds(kLookIntervalMs));
    look_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      on_look_();
      look_later();
    });
  }

  void warn_later() {
    warning_.expires_after(std::chrono::milliseconds(kWarningIntervalMs));
    warning_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      ask([](const OpsFigures&) {});  // every answer is looked at
      warn_later();
    });
  }

  /// The port's waker only writes to its eventfd while its owner is announced asleep; this loop
  /// always is.
  void wait_for_answer() {
    port_.waker().announce_sleep();
    take_answers();
    answers_.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this](boost::system::error_code error) {
                          if (error) return;
                          port_.waker().awake();
                          wait_for_answer();
                        });
  }

  void take_answers() {
    while (port_.front_response() != nullptr) {
      port_.pop_response();
      asked_ = false;
      for (const Warning& warning : warnings_.look(query_.figures.stats, query_.figures.day))
        log_line(warning_site_, warning.level, "{}", warning.text);
      std::deque<HttpServer::Answer> waiting;
      waiting.swap(waiting_);
      for (HttpServer::Answer& answer : waiting) answer(query_.figures);
    }
  }

  /// Everybody who asks while a question is under way gets the same answer: one query at a time.
  void ask(HttpServer::Answer answer) {
    waiting_.push_back(std::move(answer));
    if (asked_) return;
    Request request;
    request.kind = RequestKind::kQuery;
    request.query = &query_;
    asked_ = port_.try_push(request);
    port_.publish();
  }

  /// The watchdog is fed when the engine answers, and every other loop has answered what it was
  /// asked an interval ago.
  void feed_watchdog(std::chrono::microseconds interval) {
    watchdog_.expires_after(interval);
    watchdog_.async_wait([this, interval](boost::system::error_code error) {
      if (error) return;
      if (do_networks_answer()) ask([](const OpsFigures&) { sd_notify(0, "WATCHDOG=1"); });
      feed_watchdog(interval);
    });
  }

  bool do_networks_answer() {
    std::string silent;
    for (std::size_t i = 0; i < pulses_.size(); ++i) {
      if (pulses_[i]->ask()) continue;
      silent += fmt::format("{}network thread {} does not turn", silent.empty() ? "" : ", ", i + 1);
    }
    if (!silent.empty()) {
      log_line(watchdog_site_, LogLevel::kWarning, "{}: the watchdog is not fed meanwhile", silent);
    }
    return silent.empty();
  }

  Port& port_;
  std::function<void()> on_stop_;
  std::function<void()> on_hangup_;
  std::function<void()> on_look_;
  FiguresQuery query_;
  asio::io_context io_{1};
  asio::posix::stream_descriptor signals_;
  asio::posix::stream_descriptor answers_;
  asio::steady_timer watchdog_;
  asio::steady_timer look_;
  asio::steady_timer warning_;
  std::vector<Pulse*> pulses_;
  LogSite watchdog_site_;
  Warnings warnings_;
  LogSite warning_site_;
  std::unique_ptr<HttpServer> http_;
  std::deque<HttpServer::Answer> waiting_;
  bool asked_ = false;
  std::thread thread_;
};

}  // namespace

Expected<std::unique_ptr<OpsThread>> OpsThread::start(const OpsOptions& options, Engine& engine,
                                                      Port& port, std::function<void()> on_stop) {
  auto thread = std::make_unique<OpsThreadImpl>(engine, port, std::move(on_stop));
  if (auto opened = thread->open(options); !opened) return std::unexpected(opened.error());
  return thread;
}

void block_signals() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGHUP);
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

}  // namespace permitd::daemon
