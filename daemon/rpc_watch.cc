#include "daemon/rpc_watch.h"

#include <kj/debug.h>

#include <algorithm>

#include "daemon/rpc_connection.h"
#include "daemon/rpc_convert.h"

namespace permitd::daemon {

using scheduler::Event;
using scheduler::raw;

namespace {

constexpr std::uint32_t kDeliverMax = 4096;
constexpr std::uint64_t kEventWords = 8;

bool is_watched(const Scope& scope, const FeedItem& item) {
  const Event& event = item.event;
  switch (scope.kind) {
    case Scope::Kind::kCity:
      return true;
    case Scope::Kind::kDistricts:
      return (item.districts & scope.districts) != 0;
    case Scope::Kind::kOffice:
      return event.office == scope.office;
    case Scope::Kind::kHolder:
      return event.expert == scope.expert;
  }
  return false;
}

}  // namespace

/// The subscription as the client holds it: dropping it ends it.
class Watcher final : public protocol::Subscription::Server, private kj::TaskSet::ErrorHandler {
 public:
  Watcher(WatchHub& hub, kj::Own<RpcConnection> connection, const Scope& scope,
          protocol::Subscriber::Client subscriber)
      : hub_(hub),
        connection_(kj::mv(connection)),
        scope_(scope),
        subscriber_(kj::mv(subscriber)),
        tasks_(*this) {
    queue_.reserve(kWatchQueueMax);
    connection_->subscriptions += 1;
  }
  ~Watcher() noexcept(false) {
    connection_->subscriptions -= 1;
    if (!has_ended_) hub_.remove(*this);
  }

  void offer(const FeedItem& item) {
    // How many events the feed lost says how much happens in the city.
    dropped_ += scope_.sees_city() ? item.dropped : std::min<std::uint64_t>(item.dropped, 1);
    if (!is_watched(scope_, item)) return;
    if (queue_.full()) {
      dropped_ += 1;
    } else {
      Event event = item.event;
      hide_reservation(scope_, event);
      queue_.push(event);
    }
    has_new_ = true;
  }

  void send() {
    if (!has_new_ || is_sending_ || queue_.empty()) return;
    const auto count = static_cast<unsigned>(std::min(queue_.size(), kWatchCallMax));
    auto request = subscriber_.eventsRequest(capnp::MessageSize{8 + count * kEventWords, 0});
    auto events = request.initEvents(count);
    for (unsigned i = 0; i < count; ++i) {
      write_event(queue_.front(), events[i]);
      queue_.pop();
    }
    request.setDropped(std::exchange(dropped_, 0));
    has_new_ = !queue_.empty();
    is_sending_ = true;
    auto sent = request.send().ignoreResult().then([this] {
      is_sending_ = false;
      send();
    });
    auto late = connection_->services.loop.after_ms(kWatchPatienceMs).then([this] { give_up(); });
    tasks_.add(sent.exclusiveJoin(kj::mv(late)));
  }

  void end(kj::StringPtr reason) {
    has_ended_ = true;
    auto request = subscriber_.endedRequest();
    request.setReason(reason);
    tasks_.add(request.send().ignoreResult());
  }

 private:
  void give_up() {
    log_line(hub_.too_slow_, LogLevel::kWarning,
             "{}: a subscriber did not answer for {} s and was given up", connection_->address,
             kWatchPatienceMs / 1000);
    hub_.remove(*this);
    end("You did not take events for too long. Subscribe again and read what you missed.");
  }
  /// The subscriber failed or its connection is gone.
  void taskFailed(kj::Exception&&) override {
    if (has_ended_) return;
    has_ended_ = true;
    hub_.remove(*this);
  }

  WatchHub& hub_;
  kj::Own<RpcConnection> connection_;
  Scope scope_;
  protocol::Subscriber::Client subscriber_;
  Fifo<Event> queue_;
  std::uint64_t dropped_ = 0;
  bool has_new_ = false;
  bool is_sending_ = false;
  bool has_ended_ = false;
  kj::TaskSet tasks_;
};

protocol::Subscription::Client WatchHub::subscribe(kj::Own<RpcConnection> connection,
                                                   const Scope& scope,
                                                   protocol::Subscriber::Client subscriber) {
  RpcServices& services = connection->services;
  services.figures.calls_total += 1;
  if (services.is_draining || watchers_.size() >= kWatchersMax ||
      connection->subscriptions >= services.options.subscriptions_max) {
    services.note_busy();
    kj::throwFatalException(KJ_EXCEPTION(OVERLOADED, "busy: no more subscriptions are taken here"));
  }
  auto watcher = kj::heap<Watcher>(*this, kj::mv(connection), scope, kj::mv(subscriber));
  watchers_.push_back(watcher.get());
  port_->subscribe(true);
  return kj::mv(watcher);
}

void WatchHub::remove(Watcher& watcher) {
  std::erase(watchers_, &watcher);
  if (watchers_.empty() && port_ != nullptr) port_->subscribe(false);
}

bool WatchHub::deliver() {
  std::uint32_t count = 0;
  while (count < kDeliverMax) {
    const FeedItem* item = port_->front_event();
    if (item == nullptr) break;
    for (Watcher* watcher : watchers_) watcher->offer(*item);
    port_->pop_event();
    count += 1;
  }
  if (count == 0) return false;
  for (Watcher* watcher : watchers_) watcher->send();
  return true;
}

void WatchHub::end_all(kj::StringPtr reason) {
  std::vector<Watcher*> ended;
  ended.swap(watchers_);
  port_->subscribe(false);
  for (Watcher* watcher : ended) watcher->end(reason);
}

}  // namespace permitd::daemon
