#include "daemon/rpc_expert_session.h"

#include <algorithm>

#include "daemon/rpc_reader.h"
#include "daemon/rpc_watch.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr Flaw kSound{};

scheduler::Actor actor_of(scheduler::ExpertId expert) {
  return {scheduler::ActorKind::kExpert, scheduler::raw(expert)};
}

/// Gathers the outcomes of the commands of one claim; the leases are known when the last has come.
class ClaimCall final : public WaitingCall {
 public:
  ClaimCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
            std::uint32_t& in_flight, protocol::LeasesResult::Builder result, std::uint16_t count)
      : WaitingCall(fulfiller, calls, slot, in_flight), result_(result), count_(count) {}

  void answer(std::uint16_t item, const Response& response) override {
    outcomes_[item] = response.outcome;
  }

  void complete() override {
    write();
    WaitingCall::complete();
  }

 private:
  void write() {
    const auto end = outcomes_.begin() + count_;
    const auto is_refused = [](const Outcome& outcome) {
      return outcome.refusal != Refusal::kNone;
    };
    if (std::all_of(outcomes_.begin(), end, is_refused)) {
      write_refusal(outcomes_[0], CommandKind::kClaim, result_.initRefused());
      return;
    }
    const auto is_lease = [&](const Outcome& outcome) {
      return !is_refused(outcome) && raw(outcome.job) != 0;
    };
    auto leases =
        result_.initLeases(static_cast<unsigned>(std::count_if(outcomes_.begin(), end, is_lease)));
    unsigned next = 0;
    for (auto outcome = outcomes_.begin(); outcome != end; ++outcome) {
      if (is_lease(*outcome)) write_lease(*outcome, leases[next++]);
    }
  }

  protocol::LeasesResult::Builder result_;
  std::uint16_t count_;
  std::array<Outcome, scheduler::kHeldJobsMax> outcomes_{};
};

}  // namespace

ExpertSessionServer::ExpertSessionServer(kj::Own<RpcConnection> connection,
                                         scheduler::ExpertId expert)
    : RpcSession(kj::mv(connection), actor_of(expert), Scope{Scope::Kind::kHolder, {}, expert, 0}),
      expert_(expert) {}

kj::Promise<void> ExpertSessionServer::claim(ClaimContext context) {
  const auto params = context.getParams();
  const std::uint16_t count = params.getCount();
  // For as many leases as can be had: who asks for more is refused, at no cost.
  const std::uint64_t room = std::min<std::uint64_t>(count, scheduler::kHeldJobsMax);
  auto result = context.getResults(capnp::MessageSize{4 + room * 4, 0});
  scheduler::IdempotencyKey key;
  Flaw flaw = read_key(params.getKey(), key);
  if (!flaw && count == 0) flaw = {Refusal::kOutOfRange, Field::kCount};
  if (!flaw && count > scheduler::kHeldJobsMax) flaw = {Refusal::kTooLarge, Field::kCount};
  if (!flaw && !connection_->admit_commands(count)) flaw = {Refusal::kBusy, Field::kNone};
  if (flaw) {
    refuse(result.initRefused(), flaw.refusal, flaw.field, CommandKind::kClaim);
    return kj::READY_NOW;
  }
  OpenCall call(calls());
  for (std::uint16_t item = 0; item < count; ++item) {
    Request& request = calls().blank_request();
    request.command.kind = CommandKind::kClaim;
    request.command.actor = actor_;
    request.command.key = {key.high, key.low + item};
    request.command.body.claim.wanted = count;
    request.command.body.claim.further = item == 0 ? 0 : 1;
    calls().send(call.slot(), item);
  }
  return kj::newAdaptedPromise<void, ClaimCall>(calls(), call.hand_over(),
                                                connection_->calls_in_flight, result, count);
}

kj::Promise<void> ExpertSessionServer::unclaim(UnclaimContext context) {
  return command(context.getResults(kResultSize).initResult(), CommandKind::kUnclaim,
                 context.getParams().getKey(), [](CommandBody&) { return kSound; });
}

kj::Promise<void> ExpertSessionServer::worklist(WorklistContext context) {
  return ask(std::make_unique<HeldQuery>(expert_),
             [context](HeldQuery& done, scheduler::Op) mutable {
               auto jobs = context.getResults().initJobs(static_cast<unsigned>(done.rows.size()));
               for (unsigned i = 0; i < done.rows.size(); ++i) write_job(done.rows[i], jobs[i]);
             });
}

kj::Promise<void> ExpertSessionServer::start(StartContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kStart, params.getKey(),
      [&](CommandBody& body) {
        body.start = {scheduler::JobId{params.getJob()}, scheduler::LeaseToken{params.getToken()}};
        return kSound;
      });
}

kj::Promise<void> ExpertSessionServer::renew(RenewContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRenew, params.getKey(),
      [&](CommandBody& body) {
        body.renew = {scheduler::JobId{params.getJob()}, scheduler::LeaseToken{params.getToken()}};
        return kSound;
      });
}

kj::Promise<void> ExpertSessionServer::complete(CompleteContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kComplete,
                 params.getKey(), [&](CommandBody& body) {
                   body.complete.job = scheduler::JobId{params.getJob()};
                   body.complete.token = scheduler::LeaseToken{params.getToken()};
                   return read_note(params.getNote(), body.complete.note);
                 });
}

kj::Promise<void> ExpertSessionServer::return_(ReturnContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kReturn,
                 params.getKey(), [&](CommandBody& body) {
                   body.return_.job = scheduler::JobId{params.getJob()};
                   body.return_.token = scheduler::LeaseToken{params.getToken()};
                   if (const Flaw flaw = read_reason(params.getReason(), body.return_.reason))
                     return flaw;
                   return read_note(params.getNote(), body.return_.note);
                 });
}

kj::Promise<void> ExpertSessionServer::decline(DeclineContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDecline,
                 params.getKey(), [&](CommandBody& body) {
                   body.decline.job = scheduler::JobId{params.getJob()};
                   body.decline.token = scheduler::LeaseToken{params.getToken()};
                   if (const Flaw flaw = read_reason(params.getReason(), body.decline.reason))
                     return flaw;
                   return read_note(params.getNote(), body.decline.note);
                 });
}

kj::Promise<void> ExpertSessionServer::watch(WatchContext context) {
  context.getResults().setSubscription(services().watches.subscribe(
      kj::addRef(*connection_), scope_, context.getParams().getSubscriber()));
  return kj::READY_NOW;
}

kj::Promise<void> ExpertSessionServer::case_(CaseContext context) {
  auto query =
      std::make_unique<CaseQuery>(scope_, scheduler::CaseId{context.getParams().getCaseId()});
  return ask(std::move(query), [this, context](CaseQuery& done, scheduler::Op) mutable {
    if (!done.found) note_unknown("case", scheduler::Refusal::kUnknownCase);
    write_case_answer(done, context.getResults());
  });
}

}  // namespace permitd::daemon
