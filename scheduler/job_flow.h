// The moves of a job between its states: the one place where they happen, so that queues, leases,
// clocks, counters and events stay together. Refusing is the commands' matter; what is called here
// is legal.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Changes the state with counters and event; nothing else.
void set_job_state(Core& core, std::uint32_t slot, JobState after, Reason reason);

/// A free job slot for the case can be had. Under pressure jobs of the case that have ended are
/// given back.
bool job_room(Core& core, std::uint32_t case_slot);
/// Creates the job of the stage the case is in, Blocked, Scheduled or Ready. Pre: job_room().
void create_stage_job(Core& core, std::uint32_t case_slot, bool rework);
/// Creates the confirmation of a job that is Done. Pre: job_room(). `skill` decides who: kConfirm
/// for the head of the worker's office, or whom the policy names when that office is not Active;
/// kReview for a second reviewer city-wide.
void create_confirmation(Core& core, std::uint32_t work, Skill skill);

/// Into the ready queue from any other state, and to an available expert if there is one.
void make_ready(Core& core, std::uint32_t slot, Reason reason);
/// A job that waits, and stands in no open queue, goes into the one it belongs in and is offered;
/// its age goes on.
void requeue_job(Core& core, std::uint32_t slot);
/// What a job needs to be worked is there or not: Blocked until then, else Scheduled or Ready.
void unblock_job(Core& core, std::uint32_t slot);
/// The holder loses an Assigned or Started job; it is Ready again, or Escalated after too many
/// attempts.
void give_back(Core& core, std::uint32_t slot, Reason reason);
/// A missed visit: out of the hands of the inspector and to a new appointment.
void miss_visit(Core& core, std::uint32_t slot);
/// Ready or Scheduled with a new half-day; begun half-days make it Ready. A reservation for another
/// one ends.
void schedule_job(Core& core, std::uint32_t slot, std::int32_t key, Reason reason);
/// An Assigned job is taken from its holder for a plan: it waits again, in no open queue.
void recall_job(Core& core, std::uint32_t slot, Reason reason);

/// To a named expert by a supervisor's word, from Ready, Scheduled, Assigned or Escalated.
/// `overruled`: flags of the job that no longer hold.
void reassign_job(Core& core, std::uint32_t slot, ExpertId expert, std::uint8_t overruled);
/// Assigned → Started. `by_share`: while municipal work waits, out of the share of others. Where
/// that passes municipal work over although it may not, it is counted (I7).
void start_job(Core& core, std::uint32_t slot, bool by_share);
/// Started → Done. `confirming`: a confirmation follows and it stays open.
void finish_job(Core& core, std::uint32_t slot, bool confirming);
/// The end of a job that was Done or Started: Confirmed or Returned.
void conclude_job(Core& core, std::uint32_t slot, JobState after, Reason reason);
void cancel_job(Core& core, std::uint32_t slot, Reason reason);

void hold_back_job(Core& core, std::uint32_t slot, Reason reason, bool pauses_clock);
void release_job(Core& core, std::uint32_t slot);
/// The case waits: out of every queue and hand, clock stopped; and goes on with the time that was
/// left.
void pause_job(Core& core, std::uint32_t slot, Reason reason);
void resume_job(Core& core, std::uint32_t slot);
/// The open jobs of a case go over to a class.
void reclass_jobs(Core& core, std::uint32_t case_slot, PriorityClass priority);
/// The case's waiting job is looked at again by those who wait for work: something that kept it
/// from them has changed.
void offer_again(Core& core, std::uint32_t case_slot);
/// A job's timer has fired.
void job_timer_fired(Core& core, std::uint32_t slot);
/// An office's timer has fired, a bounded number of jobs at a time: blocked jobs whose services
/// have been activated are let go, its experts who wait are offered work, confirmations whose head
/// is gone are moved, and so are cases that seek a new home.
void office_timer_fired(Core& core, std::uint32_t office);
/// Sets the office's timer to its next activation, or to now when confirmations must be moved.
void set_office_timer(Core& core, std::uint32_t office);

/// Effort of a stage for a building of so many floors, by the policy in force.
std::uint16_t stage_effort(const Core& core, const StageSpec& stage, std::uint16_t floors);

}  // namespace permitd::scheduler
