// Plans over the wire: a preview from the planner's thread, and the lines of it that a supervisor
// wants applied.
#include <kj/debug.h>

#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/rpc_enums.h"
#include "daemon/rpc_supervisor_session.h"
#include "daemon/visit_plan.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::kPlanLinesPerCommand;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr std::uint32_t kPlanMillisecondsMax = 60'000;
constexpr std::uint32_t kBalancePermilleMax = 100'000;
constexpr std::uint32_t kMoveMinutesMax = 10'000;
constexpr std::uint64_t kIterationsMax = 10'000'000;  // a minute or two
constexpr std::int64_t kMsPerMinute = 60'000;

// ---- requests ----

bool within(std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  return low <= value && value <= high;
}

Flaw read_request(protocol::VisitPlanRequest::Reader in, VisitPlanOptions& out) {
  const Flaw flaw{Refusal::kOutOfRange, Field::kPolicy};
  if (!within(in.getMilliseconds(), 0, kPlanMillisecondsMax)) return flaw;
  if (!within(in.getIterations(), 0, kIterationsMax)) return flaw;
  if (!within(in.getBalancePermille(), 0, kBalancePermilleMax)) return flaw;
  if (!within(in.getMoveMinutes(), 0, kMoveMinutesMax)) return flaw;
  if (!within(in.getRoadPercent(), 100, 1'000) || !within(in.getSpeedKmh(), 1, 200)) return flaw;
  out.milliseconds = in.getMilliseconds();
  out.iterations = in.getIterations();
  out.seed = in.getSeed();
  out.balance_permille = in.getBalancePermille();
  out.move_minutes = in.getMoveMinutes();
  out.road_percent = in.getRoadPercent();
  out.speed_kmh = in.getSpeedKmh();
  return {};
}

Flaw read_line(protocol::PlanLine::Reader in, scheduler::PlanLine& out) {
  const std::int64_t minute = in.getStart() / kMsPerMinute;
  if (minute < 0 || minute > UINT32_MAX) return {Refusal::kOutOfRange, Field::kDay};
  out.job = scheduler::JobId{in.getJob()};
  out.expert = scheduler::ExpertId{in.getExpert()};
  out.start_minute = static_cast<std::uint32_t>(minute);
  out.sequence = in.getSequence();
  out.attempts = in.getAttempts();
  if (!to_core(in.getState(), out.state)) return {Refusal::kOutOfRange, Field::kState};
  out.flags = in.getMovesAppointment() ? scheduler::kPlanMovesAppointment : std::uint8_t{0};
  return read_reason(in.getReason(), out.reason);
}

// ---- answers ----

void write_line(const PlannedVisitLine& line, protocol::PlannedVisit::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setExpert(raw(line.expert));
  out.setBefore(raw(line.before));
  out.setSecond(raw(line.second));
  out.setStart(line.start.ms);
  out.setExtraTravelSeconds(line.extra_travel_s);
  out.setSecondTravelSeconds(line.second_travel_s);
  out.setSequence(line.sequence);
  out.setAttempts(line.attempts);
  out.setState(to_wire<protocol::JobState>(line.state));
  out.setDistrict(line.district);
  out.setChange(static_cast<protocol::PlanChange>(line.change));
}
static_assert(static_cast<int>(protocol::PlanChange::MOVED) ==
              static_cast<int>(PlanChange::kMoved));

void write_unplanned(const UnplannedVisitLine& line, protocol::UnplannedVisit::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setDistrict(line.district);
  out.setCause(static_cast<protocol::Unplanned>(line.reason.cause));
  out.setQualified(static_cast<std::uint32_t>(line.reason.skilled));
  out.setNotExcluded(static_cast<std::uint32_t>(line.reason.not_excluded));
  out.setOnShift(static_cast<std::uint32_t>(line.reason.on_shift));
  out.setWithRoom(static_cast<std::uint32_t>(line.reason.with_room));
}
static_assert(static_cast<int>(protocol::Unplanned::NOT_WORTH_IT) ==
              static_cast<int>(planner::UnservedCause::kNotWorthIt));

void write_plan(const VisitPlan& plan, protocol::VisitPlan::Builder out) {
  out.setOp(raw(plan.op));
  out.setDay(plan.day);
  auto visits = out.initVisits(static_cast<unsigned>(plan.lines.size()));
  for (unsigned i = 0; i < plan.lines.size(); ++i) write_line(plan.lines[i], visits[i]);
  auto unplanned = out.initUnplanned(static_cast<unsigned>(plan.unplanned.size()));
  for (unsigned i = 0; i < plan.unplanned.size(); ++i)
    write_unplanned(plan.unplanned[i], unplanned[i]);
  out.setInspectors(plan.inspectors);
  out.setIdle(plan.idle);
  out.setMoved(plan.moved);
  out.setTravelSeconds(static_cast<std::uint64_t>(plan.travel_s));
  out.setJainPermille(plan.jain_permille);
  out.setIterations(plan.iterations);
  out.setMilliseconds(plan.milliseconds);
  out.setLeftOut(plan.left_out);
}

void write_line_result(scheduler::PlanLineResult result, protocol::PlanLineAnswer::Builder out) {
  constexpr auto kFirstFilter = raw(scheduler::PlanLineResult::kNotEligible);
  if (raw(result) >= kFirstFilter) {
    out.setResult(protocol::PlanLineResult::NOT_ELIGIBLE);
    out.setFilter(static_cast<protocol::Filter>(raw(result) - kFirstFilter));
  } else {
    out.setResult(static_cast<protocol::PlanLineResult>(raw(result)));
  }
}
static_assert(static_cast<int>(protocol::PlanLineResult::NOTHING_TO_DO) ==
              static_cast<int>(scheduler::PlanLineResult::kNothingToDo));

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
struct PlanTicket final : Handover::Ticket {
  using Ticket::Ticket;
  VisitPlan plan;
  std::string fault;      // not empty: there is none, for a reason that should not be
  std::stop_source stop;  // nobody waits for it any more
};

void run_planner(PlanTicket& ticket, const VisitSnapshot& snapshot, const VisitPlanOptions& options,
                 const std::stop_token& stop) {
  const std::stop_callback forward(stop, [&ticket] { ticket.stop.request_stop(); });
  try {
    ticket.plan = plan_visits(snapshot, options, ticket.stop);
  } catch (const std::exception& exception) {
    ticket.fault = exception.what();
  }
  ticket.finish();
}

}  // namespace

kj::Promise<void> SupervisorSessionServer::planVisits(PlanVisitsContext context) {
  VisitPlanOptions options;
  PlannerThread* planner = services().options.planner;
  Flaw flaw = read_request(context.getParams().getRequest(), options);
  if (planner == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<PlanTicket>(services().waker);
  auto is_posted = std::make_shared<bool>(false);
  auto query = std::make_unique<VisitSnapshotQuery>(context.getParams().getRequest().getDay());
  auto asked = ask(std::move(query), [=](VisitSnapshotQuery& done, scheduler::Op) {
    *is_posted = planner->try_post(
        [ticket, options, snapshot = std::move(done.snapshot)](std::stop_token stop) {
          run_planner(*ticket, snapshot, options, stop);
        });
  });
  auto counted = kj::heap<CallInFlight>(kj::addRef(*connection_));
  return asked
      .then([this, context, is_posted, ticket]() mutable -> kj::Promise<void> {
        if (!*is_posted) {
          services().figures.busy_total += 1;
          refuse(context.getResults().initRefused(), Refusal::kBusy);
          return kj::READY_NOW;
        }
        return services().handover.wait_for(ticket).then([context, ticket]() mutable {
          KJ_REQUIRE(ticket->fault.empty(), "the planner failed", ticket->fault);
          write_plan(ticket->plan, context.getResults().initPlan());
        });
      })
      .attach(kj::mv(counted), kj::defer([ticket] { ticket->stop.request_stop(); }));
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
  if (!connection_->admit() || !calls().has_command_room(command_count)) {
    services().figures.busy_total += 1;
    return refuse_all({Refusal::kBusy});
  }
  std::vector<Command> commands(command_count);
  for (unsigned i = 0; i < command_count; ++i) {
    Request& request = calls().blank_request();
    if (const Flaw flaw = begin_command(request, CommandKind::kApplyPlan, params.getKey()))
      return refuse_all(flaw);
    commands[i] = request.command;
    commands[i].key.low += i;
    scheduler::ApplyPlan& body = commands[i].body.apply_plan = scheduler::ApplyPlan{};
    body.snapshot_op = scheduler::Op{params.getOp()};
    const unsigned first = i * kPlanLinesPerCommand;
    body.count = static_cast<std::uint16_t>(std::min(kPlanLinesPerCommand, count - first));
    for (unsigned line = 0; line < body.count; ++line) {
      if (const Flaw flaw = read_line(lines[first + line], body.lines[line]))
        return refuse_all(flaw);
    }
  }
  results.initLines(count);
  OpenCall call(calls());
  for (unsigned i = 0; i < command_count; ++i) {
    calls().blank_request().command = commands[i];
    calls().send(call.slot(), static_cast<std::uint16_t>(i));
  }
  protocol::PlanAnswer::Builder answer = results;
  return kj::newAdaptedPromise<void, PlanCall>(calls(), call.hand_over(),
                                               connection_->calls_in_flight, answer, count);
}

}  // namespace permitd::daemon
