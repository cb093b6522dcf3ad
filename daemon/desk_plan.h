// A plan of the desks: who does which job that is not a visit, in which order, by when; what the
// planner is asked, and its answer in the city's own terms. Pure and on one thread: a snapshot in,
// a plan out. The same snapshot, seed and number of iterations give the same plan.
//
// The whole backlog is planned, so that deadlines far ahead count; reserved is the present working
// day alone: what lies behind it will be planned anew before it begins.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "daemon/desk_snapshot.h"
#include "daemon/planner_settings.h"
#include "daemon/visit_plan.h"
#include "planner/review_plan.h"

namespace permitd::daemon {

struct DeskPlanOptions {
  std::uint32_t milliseconds = 1'000;  // 0–60,000; 0: iterations alone count
  std::uint64_t iterations = 0;        // 0: time alone counts
  std::uint64_t seed = 1;
  planner::ReviewWeights weights;
};
DeskPlanOptions desk_options(const PlannerSettings& settings);

struct PlannedDeskLine {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::ExpertId expert{};
  scheduler::ExpertId before{};  // 0: nobody
  scheduler::ExpertId second{};  // who would have cost least among the others; 0: nobody else could
  scheduler::Tick start;
  scheduler::Tick finish;
  scheduler::Tick deadline;
  std::uint32_t late_before = 0;  // working minutes behind the deadline, had everything stayed
  std::uint32_t late_after = 0;
  std::uint16_t effort_minutes = 0;
  std::uint16_t sequence = 0;
  bool is_renumbered = false;  // reserved for the same expert under another number
  std::uint8_t attempts = 0;   // state of the job as the plan knew it, for ApplyPlan
  scheduler::JobState state{};
  scheduler::Stage stage{};
  scheduler::JobKind kind{};
  scheduler::District district = 0;
  std::uint8_t locks = 0;
  PlanChange change{};
  planner::ReviewReason reason{};
  planner::ReviewMoveCause cause{};  // of a change
  planner::ReviewObstacle obstacle{};
};

struct UnplannedDeskLine {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::Stage stage{};
  scheduler::District district = 0;
  scheduler::ExpertId before{};
  planner::ReviewObstacle obstacle{};
};

struct DeskPlan {
  scheduler::Op op{};
  std::int32_t day = 0;                // that jobs are reserved for
  std::vector<PlannedDeskLine> lines;  // of that day, by expert, then sequence
  std::vector<UnplannedDeskLine> unplanned;
  std::uint32_t later = 0;  // planned for days behind it
  std::uint32_t people = 0;
  std::uint32_t moved = 0;
  std::uint32_t jobs_late = 0;
  std::uint64_t late_minutes = 0;
  std::uint32_t peak_permille = 0;  // greatest load over capacity, window and calendar ahead
  std::uint32_t mean_permille = 0;
  std::uint64_t iterations = 0;
  std::uint32_t milliseconds = 0;
  std::uint32_t left_out = 0;
};

/// The planner's problem of a snapshot, and which row of the snapshot each index stands for.
struct DeskProblem {
  planner::ReviewProblem problem;
  std::vector<std::size_t> expert_rows;  // [person]
  std::vector<std::size_t> desk_rows;    // [job]
};
DeskProblem make_desk_problem(const DeskSnapshot& snapshot, const DeskPlanOptions& options);

/// Runs until the budget is spent or `stop` is asked for. Throws std::logic_error on a snapshot
/// that makes no sense.
DeskPlan plan_desks(const DeskSnapshot& snapshot, const DeskPlanOptions& options,
                    std::stop_token stop);

}  // namespace permitd::daemon
