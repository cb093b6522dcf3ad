// The feed of the city's cases: one subscription per office, as office systems have them, gathered
// into one list of events. Notices when something may have been lost: a broken connection, or
// events dropped because this side was slow. Belongs to the thread of the event loop.
#pragma once

#include <kj/async.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/replay_port.h"
#include "cli/watch.h"

namespace permitd::cli {

class ReplayFeed {
 public:
  explicit ReplayFeed(kj::Timer& timer) : timer_(timer) {}
  KJ_DISALLOW_COPY(ReplayFeed);

  /// Subscribes as the office. `client` outlives the feed.
  void add_office(Client& client, OfficeId office);
  /// Resolves when every office is subscribed; broken when the daemon stays away.
  kj::Promise<void> subscribed();
  /// Appends what has come and waits for the fences, see ReplayPort::collect.
  bool collect(std::span<const Fence> fences, std::vector<scheduler::Event>& out,
               kj::WaitScope& wait_scope);

 private:
  /// One office's subscription.
  struct Source : public EventSink {
    Source(ReplayFeed& owner, Client& client, OfficeId of_office);
    ~Source() noexcept override;  // a promise that throws when it is dropped is a bug
    void on_events(capnp::List<protocol::Event>::Reader events, std::uint64_t dropped) override;
    void on_subscribed() override;
    void on_gap(const std::string& reason) override;

    ReplayFeed& feed;
    OfficeId office;
    ReaderClient reader;
    Op seen{};               // of the last event
    bool stands = false;     // the subscription
    kj::Promise<void> task;  // broken when the daemon stays away
  };

  bool passed(std::span<const Fence> fences) const;
  bool all_stand() const { return standing_ == sources_.size(); }
  void stir();
  void wait_until(kj::TimePoint deadline, kj::WaitScope& wait_scope);

  kj::Timer& timer_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::unordered_map<std::uint16_t, Source*> by_office_;
  std::size_t standing_ = 0;
  std::vector<scheduler::Event> events_;  // not yet collected
  bool gap_ = false;
  std::string failure_;  // why a subscription could not be made again
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> stirred_;
};

}  // namespace permitd::cli
