#include "cli/replay_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/replay_reading.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;
using scheduler::Refusal;

// Below the daemon's default of 256 calls in flight and 64 sessions per connection, with room for
// the feed.
constexpr std::size_t kWindow = 192;
constexpr std::size_t kSessionsPerLane = 48;
constexpr kj::Duration kQuotaPause = 20 * kj::MILLISECONDS;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

bool passes_with_time(Refusal refusal) {
  return refusal == Refusal::kBusy || refusal == Refusal::kQuotaExceeded ||
         refusal == Refusal::kDraining;
}

void take(ReplayAnswer& out, const Refused& refused) {
  out.refusal = refused.code;
  out.filter = refused.filter;
  out.state = refused.state;
}

void take(ReplayAnswer& out, const Answer& answer) {
  if (!answer) return take(out, answer.error());
  out.op = answer->op;
  out.case_id = answer->case_id;
  out.job = answer->job;
  out.token = answer->token;
  out.until = answer->until;
  out.state = answer->state;
  out.repeated = answer->repeated;
}

// The token of a lease is the op that granted it.
void take(ReplayAnswer& out, const std::expected<std::vector<Lease>, Refused>& leases) {
  if (!leases) return take(out, leases.error());
  if (leases->empty()) return;
  const Lease& lease = leases->front();
  out.op = Op{raw(lease.token)};
  out.case_id = lease.case_id;
  out.job = lease.job;
  out.token = lease.token;
  out.until = lease.until;
}

void take(ReplayAnswer& out, protocol::CaseResult::Reader result) {
  if (result.isRefused()) return take(out, to_refused(result.getRefused()));
  const auto found = result.getCase();
  out.case_id = CaseId{found.getCaseId()};
  out.state = static_cast<std::uint8_t>(found.getState());
  out.reference = found.getReference().cStr();
  for (auto job : found.getJobs()) out.items.push_back(to_work_item(job));
}

// What to do with the answer to `call`. KJ keeps a reference to a named functor, so each promise
// gets its own.
auto keep_in(ReplayCall& call) {
  return [&call](Answer&& answer) { take(call.answer, answer); };
}

ClientOptions lane_options(const ReplayWireOptions& options, std::size_t number) {
  ClientOptions out;
  out.name = fmt::format("replay-{}", number);
  out.call_deadline = options.patience;
  out.connect_deadline = options.patience;
  out.pause_last = 200 * kj::MILLISECONDS;
  return out;
}

std::size_t lane_count(const City& city, const ReplayWireOptions& options) {
  if (options.connections != 0) return options.connections;
  const std::size_t sessions = city.experts.size() + 2 * city.offices.size();
  return std::max<std::size_t>(1, (sessions + kSessionsPerLane - 1) / kSessionsPerLane);
}

}  // namespace

// ---- lanes ----

OfficeClient& ReplayWire::Lane::office(OfficeId id) {
  auto& slot = offices[raw(id)];
  if (!slot) slot = std::make_unique<OfficeClient>(client, id);
  return *slot;
}

ExpertClient& ReplayWire::Lane::expert(ExpertId id) {
  auto& slot = experts[raw(id)];
  if (!slot) slot = std::make_unique<ExpertClient>(client, id);
  return *slot;
}

ReplayWire::ReplayWire(kj::AsyncIoContext& io, const City& city, ReplayWireOptions options)
    : timer_(io.provider->getTimer()),
      wait_scope_(io.waitScope),
      patience_(options.patience),
      lanes_([&] {
        std::vector<std::unique_ptr<Lane>> lanes;
        for (std::size_t i = 0; i < lane_count(city, options); ++i) {
          auto connector = connector_to(io.provider->getNetwork(), options.address);
          lanes.push_back(
              std::make_unique<Lane>(timer_, kj::mv(connector), lane_options(options, i)));
        }
        return lanes;
      }()),
      operator_(lanes_.front()->client),
      feed_(timer_) {
  std::size_t next = 0;
  for (const auto& office : city.offices)
    feed_.add_office(lanes_[next++ % lanes_.size()]->client, office.office);
}

ReplayWire::~ReplayWire() noexcept = default;

void ReplayWire::open() { feed_.subscribed().wait(wait_scope_); }

Greeting ReplayWire::greeting() { return lanes_.front()->client.greeting().wait(wait_scope_); }

void ReplayWire::sleep_until(kj::TimePoint at) { timer_.atTime(at).wait(wait_scope_); }

ClientCounters ReplayWire::counters() const {
  ClientCounters sum;
  for (const auto& lane : lanes_) {
    const auto& counters = lane->client.counters();
    sum.connections += counters.connections;
    sum.disconnects += counters.disconnects;
    sum.calls_retried += counters.calls_retried;
    sum.busy += counters.busy;
  }
  return sum;
}

std::vector<ReportMethod> ReplayWire::methods() const {
  std::vector<ReportMethod> rows;
  for (std::size_t kind = 0; kind < kCallKindCount; ++kind) {
    rows.push_back({std::string(call_kind_name(static_cast<CallKind>(kind))),
                    percentiles_of(latency_[kind]), refused_[kind]});
  }
  rows.push_back({"advance", percentiles_of(advance_latency_), 0});
  return rows;
}

// ---- the port ----

template <class Act>
auto ReplayWire::guarded(Act act) -> std::expected<decltype(act()), std::string> {
  try {
    if constexpr (std::is_void_v<decltype(act())>) {
      act();
      return {};
    } else {
      return act();
    }
  } catch (const kj::Exception& exception) {
    return std::unexpected(
        fmt::format("{}: {}", lanes_.front()->client.where(), exception.getDescription().cStr()));
  }
}

std::expected<Tick, std::string> ReplayWire::advance(Tick to) {
  const auto start = now_ns();
  auto answer = guarded([&] { return operator_.advance(to).wait(wait_scope_); });
  advance_latency_.record(now_ns() - start);
  if (!answer) return std::unexpected(answer.error());
  if (!*answer) return std::unexpected(answer->error().sentence);
  return **answer;
}

std::expected<void, std::string> ReplayWire::execute(std::span<ReplayCall> calls) {
  for (auto& lane : lanes_) {
    lane->queue.clear();
    lane->next = 0;
  }
  for (ReplayCall& call : calls) lane_of(call).queue.push_back(&call);
  return guarded([&] {
    auto pumps = kj::Vector<kj::Promise<void>>();
    for (auto& lane : lanes_) {
      const std::size_t width = std::min(kWindow, lane->queue.size());
      for (std::size_t i = 0; i < width; ++i) pumps.add(pump(*lane));
    }
    kj::joinPromises(pumps.releaseAsArray()).wait(wait_scope_);
  });
}

std::expected<bool, std::string> ReplayWire::collect(std::span<const Fence> fences,
                                                     std::vector<scheduler::Event>& out) {
  return guarded([&] { return feed_.collect(fences, out, wait_scope_); });
}

std::expected<scheduler::StatsView, std::string> ReplayWire::figures() {
  return guarded(
      [&] { return to_stats(lanes_.front()->supervisor.stats().wait(wait_scope_).getStats()); });
}

std::expected<std::vector<scheduler::OfficeView>, std::string> ReplayWire::offices() {
  return guarded([&] {
    std::vector<scheduler::OfficeView> rows;
    PageSpec page;
    while (true) {
      const auto response = lanes_.front()->supervisor.offices(page).wait(wait_scope_);
      for (auto office : response.getOffices()) rows.push_back(to_office(office));
      page.cursor = response.getEnd().getCursor();
      if (response.getEnd().getDone()) return rows;
    }
  });
}

std::expected<std::array<std::uint64_t, scheduler::kStageCount>, std::string>
ReplayWire::open_jobs() {
  return guarded([&] {
    std::array<std::uint64_t, scheduler::kStageCount> open{};
    PageSpec page;
    while (true) {
      const auto response = lanes_.front()->supervisor.open_cells({}, page).wait(wait_scope_);
      for (auto cell : response.getCells())
        open[static_cast<std::size_t>(cell.getStage())] += open_in(cell);
      page.cursor = response.getEnd().getCursor();
      if (response.getEnd().getDone()) return open;
    }
  });
}

// ---- calls ----

// All calls of one actor take one lane, so that they arrive in their order; the supervisor's are
// independent of each other and spread over the lanes.
ReplayWire::Lane& ReplayWire::lane_of(const ReplayCall& call) {
  const std::uint64_t number = call.actor.kind != ActorKind::kSupervisor ? call.actor.id
                               : call.kind == CallKind::kAbsence         ? raw(call.expert)
                                                                         : raw(call.case_id);
  return *lanes_[number % lanes_.size()];
}

kj::Promise<void> ReplayWire::pump(Lane& lane) {
  if (lane.next == lane.queue.size()) return kj::READY_NOW;
  ReplayCall& call = *lane.queue[lane.next++];
  const auto start = now_ns();
  return deliver(lane, call, timer_.now() + patience_).then([this, &lane, &call, start] {
    latency_[static_cast<std::size_t>(call.kind)].record(now_ns() - start);
    if (!call.answer.accepted()) ++refused_[static_cast<std::size_t>(call.kind)];
    return pump(lane);
  });
}

kj::Promise<void> ReplayWire::deliver(Lane& lane, ReplayCall& call, kj::TimePoint give_up) {
  return send(lane, call).then([this, &lane, &call, give_up]() -> kj::Promise<void> {
    if (!passes_with_time(call.answer.refusal) || timer_.now() >= give_up) return kj::READY_NOW;
    return timer_.afterDelay(kQuotaPause).then([this, &lane, &call, give_up] {
      call.answer = {};
      return deliver(lane, call, give_up);
    });
  });
}

kj::Promise<void> ReplayWire::send(Lane& lane, ReplayCall& call) {
  switch (call.actor.kind) {
    case ActorKind::kOffice:
      return send_office(lane, call);
    case ActorKind::kExpert:
      return send_expert(lane, call);
    case ActorKind::kSupervisor:
      return send_supervisor(lane, call);
    case ActorKind::kEngine:
    case ActorKind::kOperator:
    case ActorKind::kAuditor:
      break;
  }
  KJ_FAIL_REQUIRE("a call of the rehearsal by somebody who makes none",
                  static_cast<int>(call.actor.kind));
}

kj::Promise<void> ReplayWire::send_office(Lane& lane, ReplayCall& call) {
  auto& office = lane.office(OfficeId{static_cast<std::uint16_t>(call.actor.id)});
  const CallOptions options{.key = call.key, .deadline = {}};
  // Fees of a rehearsal are of no interest but that they were paid.
  constexpr std::uint64_t kFeesRial = 50'000'000;
  switch (call.kind) {
    case CallKind::kSubmit:
      return office.submit(*call.submission, options).then(keep_in(call));
    case CallKind::kAnswer:
      return office.answer(call.case_id, options).then(keep_in(call));
    case CallKind::kWithdraw:
      return office.withdraw(call.case_id, call.reason, {}, options).then(keep_in(call));
    case CallKind::kFees:
      return office.record_fees(call.case_id, kFeesRial, options).then(keep_in(call));
    case CallKind::kSchedule:
      return office.schedule(call.job, call.day, call.half, options).then(keep_in(call));
    case CallKind::kClose:
      return office.close(call.case_id, options).then(keep_in(call));
    case CallKind::kClaim:
    case CallKind::kUnclaim:
    case CallKind::kWorklist:
    case CallKind::kStart:
    case CallKind::kRenew:
    case CallKind::kComplete:
    case CallKind::kReturn:
    case CallKind::kDecline:
    case CallKind::kDecide:
    case CallKind::kAbsence:
    case CallKind::kRelease:
    case CallKind::kRefer:
    case CallKind::kReadCase:
      break;
  }
  KJ_FAIL_REQUIRE("not a call of an office", call_kind_name(call.kind).data());
}

kj::Promise<void> ReplayWire::send_expert(Lane& lane, ReplayCall& call) {
  auto& expert = lane.expert(ExpertId{call.actor.id});
  const CallOptions options{.key = call.key, .deadline = {}};
  switch (call.kind) {
    case CallKind::kClaim:
      return expert.claim(1, options).then([&call](auto&& leases) { take(call.answer, leases); });
    case CallKind::kUnclaim:
      return expert.unclaim(options).then(keep_in(call));
    case CallKind::kWorklist:
      return expert.worklist().then([&call](auto&& response) {
        for (auto job : response.getJobs()) call.answer.items.push_back(to_work_item(job));
      });
    case CallKind::kStart:
      return expert.start(call.job, call.token, options).then(keep_in(call));
    case CallKind::kRenew:
      return expert.renew(call.job, call.token, options).then(keep_in(call));
    case CallKind::kComplete:
      return expert.complete(call.job, call.token, {}, options).then(keep_in(call));
    case CallKind::kReturn:
      return expert.give_back(call.job, call.token, call.reason, {}, options).then(keep_in(call));
    case CallKind::kDecline:
      return expert.decline(call.job, call.token, call.reason, {}, options).then(keep_in(call));
    case CallKind::kSubmit:
    case CallKind::kAnswer:
    case CallKind::kWithdraw:
    case CallKind::kFees:
    case CallKind::kSchedule:
    case CallKind::kClose:
    case CallKind::kDecide:
    case CallKind::kAbsence:
    case CallKind::kRelease:
    case CallKind::kRefer:
    case CallKind::kReadCase:
      break;
  }
  KJ_FAIL_REQUIRE("not a call of an expert", call_kind_name(call.kind).data());
}

kj::Promise<void> ReplayWire::send_supervisor(Lane& lane, ReplayCall& call) {
  auto& supervisor = lane.supervisor;
  const CallOptions options{.key = call.key, .deadline = {}};
  switch (call.kind) {
    case CallKind::kDecide:
      return supervisor.record_decision(call.case_id, call.yes, call.reason, {}, options)
          .then(keep_in(call));
    case CallKind::kAbsence:
      return supervisor.set_absence(call.expert, call.from, call.until, call.reason, {}, options)
          .then(keep_in(call));
    case CallKind::kRelease:
      return supervisor.release(call.job, {}, options).then(keep_in(call));
    case CallKind::kRefer:
      return supervisor.refer(call.case_id, call.yes, {}, options).then(keep_in(call));
    case CallKind::kReadCase:
      return supervisor.get_case(call.case_id).then([&call](auto&& result) {
        take(call.answer, protocol::CaseResult::Reader(result));
      });
    case CallKind::kSubmit:
    case CallKind::kAnswer:
    case CallKind::kWithdraw:
    case CallKind::kFees:
    case CallKind::kSchedule:
    case CallKind::kClose:
    case CallKind::kClaim:
    case CallKind::kUnclaim:
    case CallKind::kWorklist:
    case CallKind::kStart:
    case CallKind::kRenew:
    case CallKind::kComplete:
    case CallKind::kReturn:
    case CallKind::kDecline:
      break;
  }
  KJ_FAIL_REQUIRE("not a call of a supervisor", call_kind_name(call.kind).data());
}

}  // namespace permitd::cli
