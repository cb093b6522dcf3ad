#include "daemon/rpc_operator_session.h"

#include "daemon/process_memory.h"

namespace permitd::daemon {

using scheduler::raw;
using scheduler::Refusal;

namespace {

/// The end of the year 9999, where the dates of all clients end.
constexpr scheduler::Tick kLastMoment{253'402'300'799'999};

void write_engine_health(const EngineQuery& query, protocol::Health::Builder out) {
  const EngineStats& engine = query.engine_stats;
  out.setOpDurable(raw(engine.op_durable));
  out.setSnapshotOp(raw(engine.snapshot_op));
  out.setNow(query.now.ms);
  out.setDraining(engine.draining);
  out.setFull(engine.full);
  out.setJournalRoom(query.storage_stats.room);
  out.setJournalSize(query.storage_stats.appended_size);
  out.setBatches(engine.batches);
  out.setCommands(engine.commands);
  out.setRefused(engine.refused);
  out.setQueries(engine.queries);
  out.setPending(engine.pending_count);
}

void write_loop_health(const RpcServices& services, protocol::Health::Builder out) {
  out.setUptimeSeconds(
      static_cast<std::uint64_t>((services.now_ns - services.begin_ns) / 1'000'000'000));
  out.setIo(services.options.io == IoKind::kUring ? "io_uring" : "epoll");
  out.setConnections(services.figures.connections);
  out.setSessions(services.figures.sessions);
  out.setCallsInFlight(services.calls.open_count());
  out.setCallsTotal(services.figures.calls_total);
  out.setResidentBytes(resident_size());
  out.setAllocatedBytes(allocated_size());
  const LoopStats& loop = services.loop.stats();
  out.setBusyTotal(services.figures.busy_total + loop.calls_refused);
  out.setSystemCalls(loop.system_calls);
  auto drops = out.initDrops(kDropReasonCount);
  for (unsigned i = 0; i < kDropReasonCount; ++i) {
    const std::string_view name = drop_reason_name(static_cast<DropReason>(i));
    drops[i].setReason(capnp::Text::Reader(name.data(), name.size()));
    drops[i].setCount(loop.dropped[i]);
  }
}

void write_digest(const StateDigest& digest, protocol::Digest::Builder out) {
  out.setHigh(digest.high);
  out.setLow(digest.low);
}

}  // namespace

OperatorSessionServer::OperatorSessionServer(kj::Own<RpcConnection> connection,
                                             std::uint32_t operator_number)
    : RpcSession(kj::mv(connection), {scheduler::ActorKind::kOperator, operator_number}, Scope{}) {}

kj::Promise<void> OperatorSessionServer::health(HealthContext context) {
  auto query = std::make_unique<EngineQuery>(services().engine, services().clock);
  return ask(std::move(query),
             [&shared = services(), context](EngineQuery& done, scheduler::Op op) mutable {
               auto out = context.getResults().initHealth();
               out.setOp(raw(op));
               write_engine_health(done, out);
               write_loop_health(shared, out);
             });
}

kj::Promise<void> OperatorSessionServer::snapshot(SnapshotContext context) {
  return control(RequestKind::kSnapshot, {}, [context](const Response& response) mutable {
    auto results = context.getResults();
    if (response.outcome.refusal != Refusal::kNone) {
      write_refusal(response.outcome, scheduler::CommandKind::kNone, results.initRefused());
      return;
    }
    auto taken = results.initTaken();
    taken.setOp(raw(response.outcome.op));
    write_digest(response.digest, taken.initDigest());
  });
}

kj::Promise<void> OperatorSessionServer::digest(DigestContext context) {
  return control(RequestKind::kDigest, {}, [context](const Response& response) mutable {
    auto results = context.getResults();
    results.setOp(raw(response.outcome.op));
    write_digest(response.digest, results.initDigest());
  });
}

kj::Promise<void> OperatorSessionServer::drain(DrainContext) {
  services().drain();
  return kj::READY_NOW;
}

kj::Promise<void> OperatorSessionServer::advance(AdvanceContext context) {
  const scheduler::Tick to{context.getParams().getTo()};
  if (to > kLastMoment) {
    scheduler::Outcome outcome;
    outcome.refusal = Refusal::kOutOfRange;
    outcome.field = scheduler::Field::kDay;
    write_refusal(outcome, scheduler::CommandKind::kNone, context.getResults().initRefused());
    return kj::READY_NOW;
  }
  return control(RequestKind::kAdvance, to, [context](const Response& response) mutable {
    auto results = context.getResults();
    if (response.outcome.refusal == Refusal::kNone) {
      results.setNow(response.outcome.until.ms);
    } else {
      write_refusal(response.outcome, scheduler::CommandKind::kNone, results.initRefused());
    }
  });
}

}  // namespace permitd::daemon
