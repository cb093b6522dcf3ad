// The moves of a case: its states, its stages in the order of its service (I10), and the room it
// takes.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

bool case_is_terminal(CaseState state);
/// Registered, InProgress, AwaitingDecision, Approved: the states in which the case moves on by
/// itself.
bool case_is_running(CaseState state);
/// A stage nobody may be assigned to: sovereign, or not mechanised.
bool stage_is_external(const StageSpec& stage);

void set_case_state(Core& core, std::uint32_t slot, CaseState after, Reason reason);
/// Registers a new or drafted case and enters its first stage. Pre: room was made.
void register_case(Core& core, std::uint32_t slot);
/// The stage the case is in is done: into the next one, or to the end.
void advance_case(Core& core, std::uint32_t slot);
/// Cancels what is open and ends the case in a terminal state; it stays in memory while there is
/// room.
void end_case(Core& core, std::uint32_t slot, CaseState after, Reason reason);
/// The case waits for somebody: its open jobs stand still with their clocks; and goes on where it
/// was.
void suspend_case(Core& core, std::uint32_t slot, CaseState after, Reason reason);
void resume_case(Core& core, std::uint32_t slot, Reason reason);
/// A case's timer has fired: the applicant was silent for too long, or a mark of what the
/// municipality does has come.
void case_timer_fired(Core& core, std::uint32_t slot);
/// Sets or clears the timer of a case in AwaitingApplicant.
void set_case_timer(Core& core, std::uint32_t slot, Tick since);

/// Job slots kept free for the work that runs: a case in progress needs a second one for a
/// confirmation.
std::uint32_t job_reserve(const Core& core);
/// History records kept free for it.
std::uint32_t event_reserve(const Core& core);
/// Makes room for one more case by forgetting closed ones, oldest first. kNone, or what is full.
Refusal make_room_for_case(Core& core);
/// Forgets a few closed cases when the reserves are touched; called after every accepted command.
void keep_reserves(Core& core);

}  // namespace permitd::scheduler
