// Plans for people: what moves, from whom to whom and why, as tables, and what it comes to, in a
// few sentences. Pure but for what it prints.
#pragma once

#include <cstdint>
#include <string>

#include "cli/table.h"
#include "protocol/permit.capnp.h"

namespace permitd::cli {

/// Which lines of a plan are shown.
struct PlanLinesShown {
  std::uint32_t expert = 0;  // of this expert, before or after; 0: of all
  bool kept = false;         // those that stay where they are, too
};

Table visit_table(protocol::VisitPlan::Reader plan, const PlanLinesShown& shown);
Table desk_table(protocol::DeskPlan::Reader plan, const PlanLinesShown& shown);

void print_visit_summary(protocol::VisitPlan::Reader plan);
void print_desk_summary(protocol::DeskPlan::Reader plan);
/// What an assumption does to the visits: whose lose their inspector, who takes them, who else
/// moves.
void print_displaced(protocol::VisitPlan::Reader plan);

/// "3 submitted, 1 absence (expert 7)"; "nothing" when there is none.
std::string causes_text(capnp::List<protocol::PlanCause>::Reader causes);

/// "applied", "locked", …: what became of a line.
std::string_view line_result_name(protocol::PlanLineResult result);

}  // namespace permitd::cli
