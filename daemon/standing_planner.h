// The plan that is always ready: a thread that sleeps until the engine has noted a change, waits
// its interval, copies the city through a port of its own, and plans the visits of the next days
// and the desks from what is running, with as little moved as can be. Before that it has the days
// that half-days are offered from made or mended on the thread of questions, so that the first to
// ask finds them ready. What it makes waits for a
// supervisor, unless the settings let it apply some of it: then it sends the lines as commands like
// anybody else, and the core judges each.
//
// plan() may be called from any thread. What a plan is made from is durable: the engine hands a
// snapshot out no sooner.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "daemon/desk_plan.h"
#include "daemon/engine.h"
#include "daemon/offer_snapshot.h"
#include "daemon/plan_marks.h"
#include "daemon/planner_thread.h"
#include "daemon/visit_offers.h"
#include "daemon/visit_plan.h"

namespace permitd::daemon {

struct StandingPlan {
  scheduler::Op op{};   // of its first snapshot
  scheduler::Tick now;  // of the city then
  std::chrono::steady_clock::time_point made;
  PlanCauses causes{};
  std::vector<VisitPlan> days;  // the present or next working day first
  DeskPlan desks;
  std::uint64_t applied_lines = 0;
};

/// Causes up to now, taken or only looked at.
class MarksQuery final : public Query {
 public:
  MarksQuery(Engine& engine, bool is_taking) : engine_(engine), is_taking_(is_taking) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  PlanCauses causes{};
  std::int32_t day = 0;  // the present working day

 private:
  Engine& engine_;
  bool is_taking_;
};

class StandingPlanner {
 public:
  /// `port` is the engine's, for this alone; `offers` belongs to the thread of `questions`. All
  /// outlive stop(); the object itself must outlive the engine, which may still hold a query that
  /// was lent to it.
  StandingPlanner(Engine& engine, Port& port, PlannerThread& questions, OfferMemory& offers,
                  const PlannerSettings& settings);
  ~StandingPlanner();
  StandingPlanner(const StandingPlanner&) = delete;
  StandingPlanner& operator=(const StandingPlanner&) = delete;

  /// Ends the thread and joins it; the plan stays.
  void stop();
  /// Null until the first has been made.
  std::shared_ptr<const StandingPlan> plan() const;

 private:
  void run(std::stop_token stop);
  bool wait_for_change(const std::stop_token& stop);
  bool wait_until(std::chrono::steady_clock::time_point end, const std::stop_token& stop);
  static void sleep(Waker& waker, std::int64_t milliseconds);
  bool send(const Request& request, const std::stop_token& stop);
  /// Lends a query to the engine; null when the thread is to end.
  template <class Q>
  Q* ask(std::unique_ptr<Q> query, const std::stop_token& stop);
  bool prepare_offers(const std::stop_token& stop);
  bool prepare_day(const OfferSnapshot& snapshot, std::int32_t date);
  bool make_plan(const std::stop_token& stop);
  bool plan_days(StandingPlan& plan, const std::stop_token& stop);
  bool plan_the_desks(StandingPlan& plan, const std::stop_token& stop);
  void keep(std::shared_ptr<const StandingPlan> plan);
  std::uint64_t apply(const StandingPlan& plan, const std::stop_token& stop);
  std::uint64_t apply_lines(scheduler::Op op, const std::vector<scheduler::PlanLine>& lines,
                            const std::stop_token& stop);

  Engine& engine_;
  Port& port_;
  PlannerThread& questions_;
  OfferMemory& offers_;  // used on that thread alone
  const PlannerSettings settings_;
  Waker changes_;  // woken by the engine at the first change since the last plan
  std::unique_ptr<Query> lent_;
  scheduler::Outcome answer_;
  PlanCauses kept_causes_{};  // of a plan that is made once more after its lines were applied
  std::int32_t day_ = 0;      // that the present plan begins with
  std::uint64_t key_high_ = 0;
  std::uint64_t key_low_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable_any time_over_;  // only ever by the stop
  std::shared_ptr<const StandingPlan> plan_;
  std::jthread thread_;  // the last member: the others are there before it runs
};

}  // namespace permitd::daemon
