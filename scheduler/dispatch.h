// Who works on what: late binding of ready jobs to available experts. A job that becomes Ready
// looks for an expert; an expert who claims looks for a job. Both go through the same filters, in
// the order of Filter.
//
// Municipal first (I7) stays strict although scans are bounded: a class-2 job is given to an expert
// only when the scan of classes 0 and 1 found nothing the expert may take and was not cut short.
// Where more than kQueueScanMax municipal jobs in front of a queue do not fit the expert, class 2
// waits rather than slips past.
//
// The one exception is the share that the policy reserves for other organisations (R17): while the
// effort of theirs that an expert was given today, the job in question included, is at most that
// share of all that the expert was given today, class 2 goes before class 1, never before class 0.
#pragma once

#include "scheduler/job_search.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

/// Available experts looked at for one job, least loaded first.
inline constexpr std::uint32_t kExpertScanMax = 256;

/// The reserved share lets the job of another organisation go before the municipal one that waits.
/// Pre: `municipal` is what municipal_waits() found.
bool share_allows(const Core& core, ExpertId expert, const JobRecord& job,
                  const JobSearch& municipal);

/// The queue a job belongs in.
QueuePlace queue_place_of(const JobRecord& job);
QueueNumber queue_of(const JobRecord& job);
/// Puts a waiting job that no plan reserves into the open queue of its place, or takes it out to
/// put it into another one.
void join_queue(Core& core, std::uint32_t slot);
void leave_queue(Core& core, std::uint32_t slot);
/// The same for a job that begins or ceases to wait: it is counted by age, too.
void enqueue_job(Core& core, std::uint32_t slot);
void dequeue_job(Core& core, std::uint32_t slot);
/// After its deadline has changed; nothing when it is not queued.
void rekey_job(Core& core, std::uint32_t slot);

/// Looks for an available expert for a waiting job and binds them if there is one. A reserved job
/// is offered to its expert by the next tick, after those that the plan has before it.
void offer_job(Core& core, std::uint32_t slot);
/// Gives an available expert ready jobs while wanted. Returns the slot of the first one, or
/// kNoSlot.
std::uint32_t offer_to_expert(Core& core, ExpertId expert);
/// The best job, for a claim: of the lowest class what the expert's plan has for today, the first
/// by deadline, what the plan has for later. Where the first by deadline can wait, the lot decides:
/// for a visit among those about as near to the expert as the nearest, as far as the policy looks
/// at places, otherwise among those about as urgent as the first. kNoSlot when none fits.
std::uint32_t assign_best_job(Core& core, ExpertId expert);
/// Binds a job by a supervisor's word; the filters were judged by the caller.
void assign_by_supervisor(Core& core, std::uint32_t slot, ExpertId expert);

/// End of a lease granted now: by the policy, and never beyond holding_end().
Tick lease_end(const Core& core, const ExpertRecord& expert, const JobRecord& job);

}  // namespace permitd::scheduler
