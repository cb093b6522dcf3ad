// Plans as messages: what is asked for, checked, and what is answered. Rpc thread only.
#pragma once

#include "daemon/assumption.h"
#include "daemon/desk_plan.h"
#include "daemon/rpc_decode.h"
#include "daemon/standing_planner.h"
#include "daemon/visit_plan.h"
#include "protocol/permit.capnp.h"

namespace permitd::daemon {

/// A request's own values over the operator's settings. A flaw names the field that is out of its
/// range.
Flaw read_visit_request(protocol::VisitPlanRequest::Reader in, const PlannerSettings& settings,
                        VisitPlanOptions& out);
Flaw read_desk_request(protocol::DeskPlanRequest::Reader in, const PlannerSettings& settings,
                       DeskPlanOptions& out);
Flaw read_assumption(protocol::Assumption::Reader in, Assumption& out);
Flaw read_plan_line(protocol::PlanLine::Reader in, scheduler::PlanLine& out);
/// Whom or what the assumption is about is there, and a suspension is not over.
Flaw check_assumption(const Assumption& assumption, scheduler::Tick now,
                      const std::vector<scheduler::ExpertView>& experts,
                      const std::vector<scheduler::OfficeView>& offices);

/// Lines that one answer can hold: at 100 bytes each they stay below the 4 MiB that may wait for a
/// slow reader (connections.send_queue_size_max). A larger plan is refused as too large.
inline constexpr std::size_t kAnswerLinesMax = 40'000;
std::size_t line_count(const VisitPlan& plan);
std::size_t line_count(const DeskPlan& plan);
std::size_t line_count(const StandingPlan& plan);

void write_visit_plan(const VisitPlan& plan, protocol::VisitPlan::Builder out);
void write_desk_plan(const DeskPlan& plan, protocol::DeskPlan::Builder out);
void write_line_result(scheduler::PlanLineResult result, protocol::PlanLineAnswer::Builder out);
void write_standing_plan(const StandingPlan& plan, const PlanCauses& since,
                         protocol::StandingPlan::Builder out);

}  // namespace permitd::daemon
