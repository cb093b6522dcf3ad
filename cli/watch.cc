#include "cli/watch.h"

namespace permitd::cli {
namespace {

/// The server's end of a subscription. Lives as long as the daemon or the connection holds it,
/// which may be longer than the watch: it must not touch the sink once it was detached.
class Subscriber final : public protocol::Subscriber::Server {
 public:
  Subscriber(EventSink& sink, kj::Own<kj::PromiseFulfiller<std::string>> ended)
      : sink_(&sink), ended_(kj::mv(ended)) {}
  void detach() { sink_ = nullptr; }

 protected:
  kj::Promise<void> events(EventsContext context) override {
    auto params = context.getParams();
    if (sink_ != nullptr) sink_->on_events(params.getEvents(), params.getDropped());
    return kj::READY_NOW;
  }
  kj::Promise<void> ended(EndedContext context) override {
    if (ended_->isWaiting()) ended_->fulfill(std::string(context.getParams().getReason().cStr()));
    return kj::READY_NOW;
  }

 private:
  EventSink* sink_;
  kj::Own<kj::PromiseFulfiller<std::string>> ended_;
};

/// One subscription until it ends; resolves with the reason.
template <class SessionType>
kj::Promise<std::string> watch_once(SessionType& session, EventSink& sink) {
  auto waiter = kj::newPromiseAndFulfiller<std::string>();
  auto server = kj::heap<Subscriber>(sink, kj::mv(waiter.fulfiller));
  auto& subscriber = *server;
  protocol::Subscriber::Client held = kj::mv(server);
  auto subscribe = session.send([held](auto& capability) mutable {
    auto request = capability.watchRequest();
    request.setSubscriber(held);
    return request;
  });
  return subscribe
      .then([&session, &sink, ended = kj::mv(waiter.promise)](auto&& response) mutable {
        sink.on_subscribed();
        return session.client()
            .link()
            .then([](kj::Own<Link> link) { return link->on_disconnect(); })
            .then([] { return std::string("the connection was lost"); })
            .exclusiveJoin(kj::mv(ended))
            .attach(response.getSubscription());
      })
      .attach(kj::defer([held, &subscriber]() mutable { subscriber.detach(); }));
}

template <class SessionType>
kj::Promise<void> watch_forever(SessionType& session, EventSink& sink) {
  return watch_once(session, sink).then([&session, &sink](std::string reason) {
    sink.on_gap(reason);
    return watch_forever(session, sink);
  });
}

}  // namespace

kj::Promise<void> watch(ReaderClient& reader, EventSink& sink) {
  return watch_forever(reader, sink);
}
kj::Promise<void> watch(ExpertClient& expert, EventSink& sink) {
  return watch_forever(expert, sink);
}

}  // namespace permitd::cli
