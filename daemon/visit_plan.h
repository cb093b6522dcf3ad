// A plan of one day's site visits: what the planner is asked, and its answer in the city's own
// terms. Pure: a snapshot in, a plan out. The same snapshot, seed and numbers of iterations and
// threads give the same plan. Threads beside the caller's live as long as the call, at its nice
// level.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "daemon/planner_settings.h"
#include "daemon/visit_snapshot.h"
#include "planner/plan_reasons.h"
#include "scheduler/types.h"

namespace permitd::daemon {

struct VisitPlanOptions {
  /// 0–60,000 of processor time, and at most twice that on the wall; 0: iterations alone count.
  std::uint32_t milliseconds = 2'000;
  std::uint64_t iterations = 0;  // 0: time alone counts
  std::uint64_t seed = 1;
  std::uint32_t balance_permille = 1'000;  // these as in PlannerSettings
  std::uint32_t move_minutes = 15;
  std::uint32_t road_percent = 135;  // 100–1,000
  std::uint32_t speed_kmh = 25;      // 1–200
  std::uint32_t prize_minutes = 333;
  std::uint32_t class_factor = 20;
  std::uint32_t threads = 1;  // each with the whole budget
  /// Minutes between districts; outlives the plan. Null: great circles alone.
  const DistrictMinutes* minutes_between = nullptr;
  /// The running plan is mended: only what has nobody, and what lies near it, moves.
  bool mends = false;
};
/// What the operator has set, for a day of the standing plan.
VisitPlanOptions visit_options(const PlannerSettings& settings);

/// What the plan does to a visit.
enum class PlanChange : std::uint8_t {
  kNew,    // was with nobody
  kKept,   // stays with its inspector
  kMoved,  // changes its inspector
};

struct PlannedVisitLine {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::ExpertId expert{};
  scheduler::ExpertId before{};    // 0: nobody
  bool is_displaced = false;       // who had it cannot make it any more
  bool moves_appointment = false;  // its promised half-day is gone
  scheduler::Tick start_before;    // as it was planned or promised; 0: neither
  scheduler::Tick deadline;
  std::uint8_t locks = 0;
  scheduler::ExpertId second{};  // who would have cost least among the others; 0: nobody else could
  scheduler::Tick start;         // of the visit
  std::int32_t extra_travel_s = 0;  // detour for this visit, the rest as it is
  std::int32_t second_travel_s = 0;
  std::uint16_t sequence = 0;  // order of the inspector's visits of the day; leaves room between
  bool is_renumbered = false;  // reserved for the same inspector under another number
  std::uint8_t attempts = 0;   // state of the job as the plan knew it, for ApplyPlan
  scheduler::JobState state{};
  scheduler::District district = 0;
  PlanChange change{};
};

struct UnplannedVisitLine {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::District district = 0;
  scheduler::ExpertId before{};  // who had it; 0: nobody
  planner::UnservedReason reason;
};

struct VisitPlan {
  scheduler::Op op{};  // of the snapshot
  std::int32_t day = 0;
  std::vector<PlannedVisitLine> lines;  // by expert, then sequence
  std::vector<UnplannedVisitLine> unplanned;
  std::uint32_t inspectors = 0;  // on shift that day
  std::uint32_t idle = 0;        // of them, without a visit
  std::uint32_t moved = 0;
  std::int64_t travel_s = 0;        // of all routes, home and back
  std::uint32_t jain_permille = 0;  // of the day's effort against its capacity, over inspectors
  std::uint32_t window_jain_permille =
      0;  // of all effort of the window of loads, this day included
  std::uint64_t iterations = 0;
  std::uint32_t milliseconds = 0;
  std::uint32_t left_out = 0;  // beyond what one plan can hold
};

/// The planner's problem of a snapshot, and which row of the snapshot each index stands for.
struct VisitProblem {
  planner::DayProblem problem;
  std::vector<planner::GeoPoint> points;
  std::vector<std::size_t> expert_rows;  // [inspector]
  std::vector<std::size_t> visit_rows;   // [visit]
  scheduler::Tick begin;                 // time 0 of the problem, which counts seconds
};
VisitProblem make_visit_problem(const VisitSnapshot& snapshot, const VisitPlanOptions& options);

/// Runs until the budget is spent, once more where trips had to be split, or `stop` is asked for;
/// asks for it itself when the time on the wall is over. A
/// day without working time has no plan: no lines, every visit unplanned. Throws std::logic_error
/// on a snapshot that makes no sense.
VisitPlan plan_visits(const VisitSnapshot& snapshot, const VisitPlanOptions& options,
                      std::stop_source stop);

}  // namespace permitd::daemon
