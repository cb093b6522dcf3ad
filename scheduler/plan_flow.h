// Reservations: jobs that a plan has set aside for one expert. A reserved job waits outside the
// open queues, is given to its expert alone, in the order of the plan, and goes back to the open
// queues by itself, with an event, when the reservation ends: its half-day or day is over, the
// expert may not do it any more, or somebody steers the job. Capacity of the day is kept free for
// it.
//
// Invariants: only jobs that are Ready or Scheduled are reserved, each once; a reserved job has
// kJobPlanned set and its place in the table in `booked_day`; an expert has kPlannedPerExpertMax of
// them at most. Owned by the engine thread.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// The reservation of a job. Pre: the job has kJobPlanned.
const PlannedJob& plan_of(const Core& core, const JobRecord& job);
bool planned_for(const Core& core, const JobRecord& job, ExpertId expert);

/// Effort and visits reserved for the expert on a working day, without those of `except`.
struct PlannedEffort {
  std::uint32_t minutes = 0;
  std::uint32_t visits = 0;
};
PlannedEffort planned_effort(const Core& core, ExpertId expert, std::int32_t day, JobId except);
/// Brings the sums of the present day in line, after a new day has begun.
void recount_planned(Core& core, ExpertId expert);

/// Reserves a job with its event: out of the open queue if it stands in one. Pre: the
/// job is Ready or Scheduled and not reserved, the expert has room for one more. `slot`,
/// `effort_minutes` and `visit` are filled in, and `until` is made no later than the expert's right
/// to the job.
void reserve_job(Core& core, std::uint32_t slot, const PlannedJob& plan);
/// Fixes or frees parts of a reservation, with its event. Pre: that changes something.
void lock_plan(Core& core, std::uint32_t slot, std::uint8_t locks);
/// Ends the reservation with its event. The job must be put where it belongs by the caller.
void drop_plan(Core& core, std::uint32_t slot, Reason reason);
/// Ends it, and a job that waits goes back to the open queue and to who waits for it. Nothing
/// without a reservation.
void end_plan(Core& core, std::uint32_t slot, Reason reason);
/// Takes the reservation of a job that is given to its expert: no event of its own.
PlannedJob take_plan(Core& core, std::uint32_t slot);

/// Ends the expert's reservations of jobs that the expert may not do any more when they are planned
/// for, an absence today does not touch tomorrow, and shortens those that will end earlier now.
void end_lapsed_plans(Core& core, ExpertId expert);
/// The same for one job, when its case has changed.
void end_plan_if_lapsed(Core& core, std::uint32_t slot);

/// Calls visit(slot, plan) for the expert's reserved jobs in the order of the plan, until it
/// returns true.
template <class Visit>
void visit_planned(const Core& core, ExpertId expert, const Visit& visit) {
  core.plan_order.visit(raw(expert), kPlannedPerExpertMax, [&](std::uint32_t place) {
    return visit(core.plans[place].slot, core.plans[place]);
  });
}

}  // namespace permitd::scheduler
