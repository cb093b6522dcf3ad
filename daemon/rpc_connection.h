// What the parts of the server share: settings, figures, and the counts of one connection. Rpc
// thread only.
#pragma once

#include <kj/refcount.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "daemon/access.h"
#include "daemon/engine.h"
#include "daemon/log.h"
#include "daemon/planner_settings.h"
#include "daemon/planner_thread.h"
#include "daemon/quota.h"
#include "daemon/rpc_call.h"
#include "daemon/rpc_handover.h"
#include "daemon/rpc_loop.h"
#include "daemon/rpc_watch.h"
#include "scheduler/limits.h"

namespace permitd::daemon {

class OfferMemory;
class StandingPlanner;

struct RpcServerOptions {
  ConnectionLimits connections;
  std::uint32_t calls_in_flight_max = 256;  // per connection
  std::uint32_t sessions_max = 64;          // per connection
  std::uint32_t streams_max = 4;            // per connection
  std::uint32_t subscriptions_max = 8;      // per connection
  std::uint16_t submissions_per_call_max = 1024;
  std::uint16_t page_max = 1000;
  std::uint32_t call_slots = 65'536;  // calls that wait for the engine, over all connections
  std::uint32_t office_rate = 0;      // submissions a second of one office; 0 = no quota
  std::uint32_t office_burst = 10'000;
  OfficeQuota* quota = nullptr;      // outlives the server, of all network threads; null: its own
  std::uint32_t drain_seconds = 20;  // then connections are closed as they are
  IoKind io = IoKind::kUring;        // told by health
  bool is_rehearsal = false;         // told by hello
  AccessPolicy access;
  std::string server_name = "permitd";
  std::function<void()> on_drain;    // an operator asked for it; null: the server drains itself
  PlannerThread* planner = nullptr;  // outlives the server; null: plans are refused as unsupported
  PlannerThread* questions = nullptr;   // likewise, for what is answered in milliseconds
  OfferMemory* offers = nullptr;        // belongs to the thread of the questions
  StandingPlanner* standing = nullptr;  // outlives the server; null: no plan stands
  PlannerSettings planner_settings;
  NetworkFigures* network = nullptr;  // outlives the server; null: only its own figures count
};

struct RpcFigures {
  std::uint32_t connections = 0;
  std::uint32_t sessions = 0;
  std::uint64_t calls_total = 0;
  std::uint64_t busy_total = 0;
  std::uint64_t denied_total = 0;  // sessions that access rules refused
};

/// One per server, shared with what serves its connections: KJ may keep a call, and with it its
/// session, beyond the end of the server.
class RpcServices : public kj::Refcounted {
 public:
  RpcServices(RpcLoop& rpc_loop, Engine& the_engine, Port& port, Clock& the_clock,
              RpcServerOptions server_options)
      : loop(rpc_loop),
        engine(the_engine),
        clock(the_clock),
        options(std::move(server_options)),
        waker(port.waker()),
        calls(port, options.call_slots),
        watches(port),
        own_quota(options.quota == nullptr ? options.office_rate : 0, options.office_burst),
        quota(options.quota == nullptr ? own_quota : *options.quota) {
    calls.set_figures(options.network);
    PERMIT_ASSERT(calls.command_room_max() >= scheduler::kHeldJobsMax, calls.command_room_max());
    options.submissions_per_call_max = static_cast<std::uint16_t>(
        std::min<std::size_t>(options.submissions_per_call_max, calls.command_room_max()));
  }

  /// A call is refused as busy.
  void note_busy() {
    figures.busy_total += 1;
    if (options.network != nullptr) options.network->count(&NetworkFigures::calls_busy);
  }

  RpcLoop& loop;
  Engine& engine;            // for queries that run on its thread; never called from here
  Clock& clock;              // likewise
  RpcServerOptions options;  // as given, but that a call is never larger than the ring
  Waker& waker;              // of this thread
  CallTable calls;
  Handover handover;
  WatchHub watches;
  OfficeQuota own_quota;  // of a server that shares none
  OfficeQuota& quota;
  RpcFigures figures;
  LogSite faults;
  std::int64_t begin_ns = 0;  // monotonic, when the server began
  std::int64_t now_ns = 0;    // monotonic, read once a turn
  bool is_draining = false;
  std::function<void()> drain;  // what an operator's drain does
};

/// Counts of one connection; shared by what serves it, so that it outlives calls that end after it.
class RpcConnection : public kj::Refcounted {
 public:
  RpcConnection(kj::Own<RpcServices> shared, const PeerProof& peer_proof, std::string peer_address)
      : services_own(kj::mv(shared)),
        services(*services_own),
        proof(peer_proof),
        address(std::move(peer_address)) {}

  /// False when the connection has as many calls in flight as it may: the call is refused as busy.
  bool admit() {
    services.figures.calls_total += 1;
    last_call_ns = services.now_ns;
    if (calls_in_flight < services.options.calls_in_flight_max) return true;
    services.note_busy();
    return false;
  }
  /// The same for a call that sends so many commands: there is room for all of them, too.
  bool admit_commands(std::size_t count);
  /// For reads whose answer has no place for a refusal. Throws OVERLOADED.
  void admit_read();

  kj::Own<RpcServices> services_own;
  RpcServices& services;
  const PeerProof proof;
  const std::string address;
  std::uint32_t calls_in_flight = 0;
  std::uint32_t sessions = 0;
  std::uint32_t streams = 0;
  std::uint32_t subscriptions = 0;
  std::int64_t last_call_ns = 0;
};

}  // namespace permitd::daemon
