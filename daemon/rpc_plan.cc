// Plans over the wire: a preview from the planner's thread, and the lines of it that a supervisor
// wants applied.
#include <kj/debug.h>

#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/rpc_plan_messages.h"
#include "daemon/rpc_supervisor_session.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::kPlanLinesPerCommand;
using scheduler::Refusal;

namespace {

/// Writes what became of the lines. A command that was refused as a whole, for want of space on the
/// disk, refuses the call: its lines and all after it can be sent again under the same keys.
class PlanCall final : public WaitingCall {
 public:
  PlanCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
           std::uint32_t& in_flight, protocol::PlanAnswer::Builder answer, unsigned line_count)
      : WaitingCall(fulfiller, calls, slot, in_flight), answer_(answer), line_count_(line_count) {}

  void answer(std::uint16_t item, const Response& response) override {
    const scheduler::Outcome& outcome = response.outcome;
    if (outcome.refusal != Refusal::kNone) {
      if (!answer_.isRefused())
        write_refusal(outcome.refusal, outcome.field, CommandKind::kApplyPlan,
                      answer_.initRefused());
      return;
    }
    if (answer_.isRefused()) return;
    const unsigned first = item * kPlanLinesPerCommand;
    for (unsigned i = first; i < std::min(first + kPlanLinesPerCommand, line_count_); ++i)
      write_line_result(scheduler::plan_line_result(outcome, i - first), answer_.getLines()[i]);
  }

 private:
  protocol::PlanAnswer::Builder answer_;
  unsigned line_count_;
};

/// A call that the engine does not know of still counts as one in flight.
class CallInFlight {
 public:
  explicit CallInFlight(kj::Own<RpcConnection> connection) : connection_(kj::mv(connection)) {
    connection_->calls_in_flight += 1;
  }
  ~CallInFlight() { connection_->calls_in_flight -= 1; }
  KJ_DISALLOW_COPY(CallInFlight);

 private:
  kj::Own<RpcConnection> connection_;
};

/// A plan on its way from the planner's thread.
template <class Plan>
struct PlanTicket final : Handover::Ticket {
  using Ticket::Ticket;
  Plan plan;
  std::string fault;      // not empty: there is none, for a reason that should not be
  std::stop_source stop;  // nobody waits for it any more
};

template <class Plan, class Make>
void run_planner(PlanTicket<Plan>& ticket, Make& make, const std::stop_token& stop) {
  const std::stop_callback forward(stop, [&ticket] { ticket.stop.request_stop(); });
  try {
    ticket.plan = make(ticket.stop);
  } catch (const std::exception& exception) {
    ticket.fault = exception.what();
  }
  ticket.finish();
}

}  // namespace

/// Copies the city with `query`, has the planner's thread make `Plan` of it as if `assumption` were
/// so, and lets `write` answer with that.
template <class Plan, class Q, class Context, class Make, class Write>
kj::Promise<void> SupervisorSessionServer::preview(std::unique_ptr<Q> query, Context context,
                                                   const Assumption& assumption, Make make,
                                                   Write write) {
  struct Posting {
    Flaw flaw{Refusal::kBusy};
  };
  PlannerThread* planner = services().options.planner;
  auto ticket = std::make_shared<PlanTicket<Plan>>(services().waker);
  auto posting = std::make_shared<Posting>();
  auto asked = ask(std::move(query), [=](Q& done, scheduler::Op) {
    posting->flaw = check_assumption(assumption, done.snapshot.now, done.snapshot.experts,
                                     done.snapshot.offices);
    if (posting->flaw) return;
    const bool is_posted =
        planner->try_post([ticket, assumption, make,
                           snapshot = std::move(done.snapshot)](std::stop_token stop) mutable {
          const auto make_assumed = [&](std::stop_source end) {
            assume(assumption, snapshot);
            return make(snapshot, std::move(end));
          };
          run_planner(*ticket, make_assumed, stop);
        });
    if (!is_posted) posting->flaw = {Refusal::kBusy};
  });
  auto counted = kj::heap<CallInFlight>(kj::addRef(*connection_));
  return asked
      .then([this, context, posting, ticket, write]() mutable -> kj::Promise<void> {
        if (posting->flaw) {
          if (posting->flaw.refusal == Refusal::kBusy) services().note_busy();
          note_unknown("a plan preview", posting->flaw.refusal);
          refuse(context.getResults().initRefused(), posting->flaw.refusal, posting->flaw.field);
          return kj::READY_NOW;
        }
        return services().handover.wait_for(ticket).then([context, ticket, write]() mutable {
          KJ_REQUIRE(ticket->fault.empty(), "the planner failed", ticket->fault);
          if (line_count(ticket->plan) > kAnswerLinesMax)
            return refuse(context.getResults().initRefused(), Refusal::kTooLarge);
          write(ticket->plan, context.getResults().initPlan());
        });
      })
      .attach(kj::mv(counted), kj::defer([ticket] { ticket->stop.request_stop(); }));
}

kj::Promise<void> SupervisorSessionServer::planVisits(PlanVisitsContext context) {
  const auto request = context.getParams().getRequest();
  VisitPlanOptions options;
  Assumption assumption;
  Flaw flaw = read_visit_request(request, services().options.planner_settings, options);
  if (!flaw) flaw = read_assumption(request.getAssumption(), assumption);
  if (services().options.planner == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  VisitDay day;
  day.date = request.getDay();
  day.has_closed = assumption.kind == Assumption::Kind::kClosed;
  day.closed = assumption.day;
  return preview<VisitPlan>(
      std::make_unique<VisitSnapshotQuery>(scope_, day), context, assumption,
      [options](const VisitSnapshot& snapshot, std::stop_source stop) {
        return plan_visits(snapshot, options, std::move(stop));
      },
      &write_visit_plan);
}

kj::Promise<void> SupervisorSessionServer::planDesks(PlanDesksContext context) {
  const auto request = context.getParams().getRequest();
  DeskPlanOptions options;
  Assumption assumption;
  Flaw flaw = read_desk_request(request, services().options.planner_settings, options);
  if (!flaw) flaw = read_assumption(request.getAssumption(), assumption);
  if (services().options.planner == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  return preview<DeskPlan>(
      std::make_unique<DeskSnapshotQuery>(scope_), context, assumption,
      [options](const DeskSnapshot& snapshot, const std::stop_source& stop) {
        return plan_desks(snapshot, options, stop.get_token());
      },
      &write_desk_plan);
}

kj::Promise<void> SupervisorSessionServer::standingPlan(StandingPlanContext context) {
  if (!scope_.sees_city()) {
    deny_city_matter(context.getResults().initRefused());
    return kj::READY_NOW;
  }
  StandingPlanner* standing = services().options.standing;
  if (standing == nullptr) {
    refuse(context.getResults().initRefused(), Refusal::kUnsupported);
    return kj::READY_NOW;
  }
  return ask(std::make_unique<MarksQuery>(services().engine, false),
             [standing, context](MarksQuery& done, scheduler::Op) mutable {
               const auto plan = standing->plan();
               if (plan == nullptr) {
                 context.getResults().setNone();
               } else if (line_count(*plan) > kAnswerLinesMax) {
                 refuse(context.getResults().initRefused(), Refusal::kTooLarge);
               } else {
                 write_standing_plan(*plan, done.causes, context.getResults().initPlan());
               }
             });
}

kj::Promise<void> SupervisorSessionServer::lockPlan(LockPlanContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kLockPlan,
                 params.getKey(), [&](scheduler::CommandBody& body) {
                   body.lock_plan.job = scheduler::JobId{params.getJob()};
                   body.lock_plan.locks = params.getLocks();
                   body.lock_plan.is_locked = params.getLocked() ? 1 : 0;
                   return read_note(params.getNote(), body.lock_plan.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::applyPlan(ApplyPlanContext context) {
  const auto params = context.getParams();
  const auto lines = params.getLines();
  const unsigned count = lines.size();
  const unsigned command_count = (count + kPlanLinesPerCommand - 1) / kPlanLinesPerCommand;
  auto results = context.getResults();
  const auto refuse_all = [&](Flaw flaw) -> kj::Promise<void> {
    refuse(results.initRefused(), flaw.refusal, flaw.field, CommandKind::kApplyPlan);
    return kj::READY_NOW;
  };
  if (count == 0) return refuse_all({Refusal::kOutOfRange, Field::kCount});
  if (count > services().options.submissions_per_call_max)
    return refuse_all({Refusal::kTooLarge, Field::kCount});
  if (!connection_->admit_commands(command_count)) return refuse_all({Refusal::kBusy});
  std::vector<Request> requests(command_count);
  for (unsigned i = 0; i < command_count; ++i) {
    Command& command = requests[i].command;
    if (const Flaw flaw = begin_command(requests[i], CommandKind::kApplyPlan, params.getKey()))
      return refuse_all(flaw);
    command.key.low += i;
    scheduler::ApplyPlan& body = command.body.apply_plan = scheduler::ApplyPlan{};
    body.snapshot_op = scheduler::Op{params.getOp()};
    const unsigned first = i * kPlanLinesPerCommand;
    body.count = static_cast<std::uint16_t>(std::min(kPlanLinesPerCommand, count - first));
    for (unsigned line = 0; line < body.count; ++line) {
      if (const Flaw flaw = read_plan_line(lines[first + line], body.lines[line]))
        return refuse_all(flaw);
    }
  }
  results.initLines(count);
  OpenCall call(calls());
  for (unsigned i = 0; i < command_count; ++i) {
    calls().blank_request() = requests[i];
    calls().send(call.slot(), static_cast<std::uint16_t>(i));
  }
  protocol::PlanAnswer::Builder answer = results;
  return kj::newAdaptedPromise<void, PlanCall>(calls(), call.hand_over(),
                                               connection_->calls_in_flight, answer, count);
}

}  // namespace permitd::daemon
