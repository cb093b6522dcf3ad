// Live events, over reconnects. Threads and lifetimes as in session.h.
#pragma once

#include <functional>
#include <string>

#include "cli/expert_client.h"
#include "cli/reader_client.h"

namespace permitd::cli {

/// Receives what a subscription brings. The daemon sends the next batch only when on_events has
/// returned.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// `dropped`: events lost before these because this side was slow.
  virtual void on_events(capnp::List<protocol::Event>::Reader events, std::uint64_t dropped) = 0;
  /// The subscription stands (again); whatever happened in between was not seen.
  virtual void on_subscribed() {}
  /// The daemon ended the subscription, or the connection went; another is being made.
  virtual void on_gap(const std::string& reason) { (void)reason; }
};

/// Watches until the promise is dropped; ends with an exception when the daemon cannot be reached
/// for the client's connect_deadline. `sink` must outlive the promise.
kj::Promise<void> watch(ReaderClient& reader, EventSink& sink);
kj::Promise<void> watch(ExpertClient& expert, EventSink& sink);

}  // namespace permitd::cli
