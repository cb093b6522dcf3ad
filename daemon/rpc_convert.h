// From the core's values to the wire: views, outcomes and events into Cap'n Proto builders. Any
// thread; no state. The closed sets of the schema and of the core are the same numbers (checked at
// compile time).
#pragma once

#include "protocol/permit.capnp.h"
#include "protocol/words.h"
#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/views.h"

namespace permitd::daemon {

/// Fills an accepted or refused result. `kind` is the command answered, for the sentence of a
/// refusal.
void write_result(const scheduler::Outcome& outcome, scheduler::CommandKind kind,
                  protocol::Result::Builder out);
/// Pre: the outcome is a refusal.
void write_refusal(const scheduler::Outcome& outcome, scheduler::CommandKind kind,
                   protocol::Refusal::Builder out);
/// A refusal given by the daemon itself.
void write_refusal(scheduler::Refusal refusal, scheduler::Field field, scheduler::CommandKind kind,
                   protocol::Refusal::Builder out);

void write_job(const scheduler::JobView& view, protocol::Job::Builder out);
void write_case(const scheduler::CaseView& view, protocol::Case::Builder out);
/// In rpc_zoning.cc.
void write_finding(const scheduler::ZoningFinding& finding, protocol::ZoningFinding::Builder out);
void write_event(const scheduler::Event& event, protocol::Event::Builder out);
void write_history(const scheduler::HistoryView& view, protocol::Event::Builder out);
void write_expert(const scheduler::ExpertView& view, protocol::Expert::Builder out);
void write_office(const scheduler::OfficeView& view, protocol::Office::Builder out);
void write_decision(const scheduler::DecisionView& view, protocol::Language language,
                    protocol::Decision::Builder out);
void write_stuck(const scheduler::StuckView& view, protocol::Language language,
                 protocol::StuckReason::Builder out);
void write_open_cell(const scheduler::OpenCellView& view, protocol::OpenCell::Builder out);
void write_stats(const scheduler::StatsView& view, protocol::Stats::Builder out);
void write_lottery(const scheduler::LotteryView& view, protocol::Lottery::Builder out);
void write_policy(const scheduler::SetPolicy& policy, protocol::Policy::Builder out);
void write_lease(const scheduler::Outcome& outcome, protocol::Lease::Builder out);
void write_service(const scheduler::ServiceView& service, protocol::Service::Builder out);
void write_organisation(const scheduler::OrganisationView& organisation,
                        protocol::Organisation::Builder out);
void write_activation(const scheduler::ActivationView& activation,
                      protocol::Activation::Builder out);
void write_override(const scheduler::CapacityOverride& one, protocol::Override::Builder out);
void write_calendar_note(const scheduler::CalendarNoteView& note,
                         protocol::CalendarNote::Builder out);

}  // namespace permitd::daemon
