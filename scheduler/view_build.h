// From records to views, see view_build.cc. Reads only; engine thread.
#pragma once

#include "scheduler/state.h"
#include "scheduler/views.h"

namespace permitd::scheduler {

JobView view_job(const Core& core, std::uint32_t slot);
CaseView view_case(const Core& core, std::uint32_t slot);
OfficeView view_office(const Core& core, std::uint32_t index);
ExpertView view_expert(const Core& core, ExpertId id);
PlanView view_plan(const PlannedJob& plan);
DecisionView view_decision(const DecisionRecord& record);

/// Why a job does not move: the first true cause (explain.cc); of the newest job of a case that is
/// open and has no open job, what the case waits for. O(experts certified in its skill).
StuckView explain_job(const Core& core, std::uint32_t slot);
/// The city's figures. O(1) in jobs and cases.
StatsView collect_stats(const Core& core);

}  // namespace permitd::scheduler
