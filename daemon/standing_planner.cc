#include "daemon/standing_planner.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <semaphore>
#include <set>

#include "daemon/log.h"
#include "daemon/plan_lines.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::kPlanLinesPerCommand;
using scheduler::PlanLine;
using std::chrono::steady_clock;

namespace {

// Below the threads that answer requests; it still gets what they leave.
constexpr int kNiceness = 10;
// A day may begin without any event.
constexpr std::int64_t kLookAgainMs = 60'000;

std::uint64_t random_word() {
  std::uint64_t word = 0;
  const ssize_t got = getrandom(&word, sizeof word, 0);
  PERMIT_ASSERT(got == sizeof word, got);
  return word;
}

}  // namespace

bool MarksQuery::run(const scheduler::Scheduler& scheduler) noexcept {
  causes = is_taking_ ? engine_.plan_marks().take() : engine_.plan_marks().causes();
  day = scheduler.working_day(scheduler.now());
  return true;
}

StandingPlanner::StandingPlanner(Engine& engine, Port& port, PlannerThread& questions,
                                 OfferMemory& offers, const PlannerSettings& settings)
    : engine_(engine),
      port_(port),
      questions_(questions),
      offers_(offers),
      settings_(settings),
      key_high_(random_word() | 1) {
  engine_.watch_changes(changes_);
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

StandingPlanner::~StandingPlanner() { stop(); }

void StandingPlanner::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

std::shared_ptr<const StandingPlan> StandingPlanner::plan() const {
  const std::scoped_lock lock(mutex_);
  return plan_;
}

void StandingPlanner::keep(std::shared_ptr<const StandingPlan> plan) {
  const std::scoped_lock lock(mutex_);
  plan_ = std::move(plan);
}

void StandingPlanner::run(std::stop_token stop) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
  const std::stop_callback wake(stop, [this] {
    port_.waker().wake();
    changes_.wake();
  });
  while (!stop.stop_requested()) {
    const auto end = steady_clock::now() + std::chrono::seconds(settings_.interval_seconds);
    try {
      if (!prepare_offers(stop) || !make_plan(stop)) return;
    } catch (const std::exception& exception) {
      log_line(LogLevel::kError, "no standing plan: {}", exception.what());
    }
    if (!wait_for_change(stop) || !wait_until(end, stop)) return;
  }
}

// ---- waiting ----

/// Sleeps until `waker` was woken or the time is over; −1: no limit. Pre: the sleep is announced.
void StandingPlanner::sleep(Waker& waker, std::int64_t milliseconds) {
  pollfd wanted{waker.file(), POLLIN, 0};
  poll(&wanted, 1, static_cast<int>(milliseconds));
  waker.awake();
}

/// False when the thread is to end: the answer may come all the same, to nobody.
bool StandingPlanner::send(const Request& request, const std::stop_token& stop) {
  const bool pushed = port_.try_push(request);
  PERMIT_ASSERT(pushed);  // one at a time
  port_.publish();
  for (;;) {
    port_.waker().announce_sleep();
    if (stop.stop_requested()) return false;
    if (port_.front_response() != nullptr) break;
    sleep(port_.waker(), -1);
  }
  port_.waker().awake();
  answer_ = port_.front_response()->outcome;
  port_.pop_response();
  return true;
}

template <class Q>
Q* StandingPlanner::ask(std::unique_ptr<Q> query, const std::stop_token& stop) {
  Q* asked = query.get();
  lent_ = std::move(query);
  Request request;
  request.kind = RequestKind::kQuery;
  request.query = asked;
  return send(request, stop) ? asked : nullptr;
}

/// False when the thread is to end.
bool StandingPlanner::wait_for_change(const std::stop_token& stop) {
  for (;;) {
    changes_.announce_sleep();
    const MarksQuery* marks = ask(std::make_unique<MarksQuery>(engine_, false), stop);
    if (marks == nullptr) return false;
    const bool is_due = !is_empty(marks->causes) || marks->day != day_ || !is_empty(kept_causes_);
    if (is_due) break;
    if (stop.stop_requested()) return false;
    sleep(changes_, kLookAgainMs);
  }
  changes_.awake();
  return true;
}

bool StandingPlanner::wait_until(steady_clock::time_point end, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  time_over_.wait_until(lock, stop, end, [] { return false; });
  return !stop.stop_requested();
}

// ---- offers ----

/// False when the thread is to end. A day at a time, so that who asks meanwhile waits for one.
bool StandingPlanner::prepare_offers(const std::stop_token& stop) {
  auto* query = ask(std::make_unique<OfferSnapshotQuery>(kOfferDaysMax), stop);
  if (query == nullptr) return false;
  const OfferSnapshot& snapshot = query->snapshot;
  std::set<std::int32_t> dates;
  for (const DatedVisit& visit : snapshot.visits) dates.insert(visit.date);
  for (const OfferHalf& half : snapshot.halves) {
    if (dates.erase(half.date) == 0) continue;
    if (!prepare_day(snapshot, half.date) || stop.stop_requested()) break;
  }
  return !stop.stop_requested();
}

/// Returns when it is done. False when too many questions wait: they make what they need.
bool StandingPlanner::prepare_day(const OfferSnapshot& snapshot, std::int32_t date) {
  // Shared: who releases it is not out of it yet when the other goes on.
  const auto done = std::make_shared<std::binary_semaphore>(0);
  const bool posted = questions_.try_post([&, done](const std::stop_token& stop) {
    try {
      if (!stop.stop_requested())
        prepare_offer_day(snapshot, date, visit_options(settings_), offers_);
    } catch (const std::exception& exception) {
      log_line(LogLevel::kError, "no day to offer: {}", exception.what());
    }
    done->release();
  });
  if (posted) done->acquire();
  return posted;
}

// ---- planning ----

bool StandingPlanner::make_plan(const std::stop_token& stop) {
  const MarksQuery* marks = ask(std::make_unique<MarksQuery>(engine_, true), stop);
  if (marks == nullptr) return false;
  auto plan = std::make_shared<StandingPlan>();
  plan->causes = std::exchange(kept_causes_, {});
  add(plan->causes, marks->causes);
  const bool is_new_day = day_ != 0 && day_ != marks->day;
  if (is_new_day) plan->causes[static_cast<std::size_t>(PlanCauseKind::kNewDay)].count += 1;
  day_ = marks->day;
  if (!plan_days(*plan, stop) || !plan_the_desks(*plan, stop)) return false;
  plan->made = steady_clock::now();
  if (settings_.apply != PlanApply::kNever) {
    plan->applied_lines = apply(*plan, stop);
    // Made once more from what runs then, and told for the same causes.
    if (plan->applied_lines != 0) kept_causes_ = plan->causes;
  }
  keep(std::move(plan));
  return !stop.stop_requested();
}

bool StandingPlanner::plan_days(StandingPlan& plan, const std::stop_token& stop) {
  for (std::uint32_t ahead = 0; ahead < settings_.days; ++ahead) {
    VisitDay day;
    day.is_ahead = true;
    day.ahead = ahead;
    const auto* query = ask(std::make_unique<VisitSnapshotQuery>(Scope{}, day), stop);
    if (query == nullptr) return false;
    if (ahead == 0) {
      plan.op = query->snapshot.op;
      plan.now = query->snapshot.now;
    }
    std::stop_source end;
    const std::stop_callback forward(stop, [&end] { end.request_stop(); });
    plan.days.push_back(plan_visits(query->snapshot, visit_options(settings_), end));
  }
  return true;
}

bool StandingPlanner::plan_the_desks(StandingPlan& plan, const std::stop_token& stop) {
  const auto* query = ask(std::make_unique<DeskSnapshotQuery>(Scope{}), stop);
  if (query == nullptr) return false;
  plan.desks = plan_desks(query->snapshot, desk_options(settings_), stop);
  lent_.reset();
  return true;
}

// ---- applying ----

std::uint64_t StandingPlanner::apply(const StandingPlan& plan, const std::stop_token& stop) {
  std::uint64_t applied = 0;
  for (const VisitPlan& day : plan.days)
    applied += apply_lines(day.op, lines_to_apply(day.lines, settings_.apply), stop);
  return applied +
         apply_lines(plan.desks.op, lines_to_apply(plan.desks.lines, settings_.apply), stop);
}

/// Returns how many were applied. One command at a time: nobody waits for them.
std::uint64_t StandingPlanner::apply_lines(scheduler::Op op, const std::vector<PlanLine>& lines,
                                           const std::stop_token& stop) {
  std::uint64_t applied = 0;
  for (std::size_t from = 0; from < lines.size(); from += kPlanLinesPerCommand) {
    Request request;
    request.command.kind = scheduler::CommandKind::kApplyPlan;
    request.command.actor = {scheduler::ActorKind::kEngine, 0};
    request.command.key = {key_high_, ++key_low_};
    scheduler::ApplyPlan& body = request.command.body.apply_plan = scheduler::ApplyPlan{};
    body.snapshot_op = op;
    body.count = static_cast<std::uint16_t>(
        std::min<std::size_t>(kPlanLinesPerCommand, lines.size() - from));
    std::copy_n(lines.begin() + static_cast<std::ptrdiff_t>(from), body.count, body.lines.begin());
    if (!send(request, stop) || answer_.refusal != scheduler::Refusal::kNone) return applied;
    applied += answer_.state;
  }
  return applied;
}

}  // namespace permitd::daemon
