// What speaks for giving a job to one expert rather than to another: load, way to the parcel, share
// of the expert's office. Pure functions over the state, integers only. Engine thread.
//
// Invariants: a way is in metres and bounded by half the globe; an office's load is measured as an
// expert's is, in parts per million of its capacity over the rolling window, so that an office has
// more than its share of the city's work exactly when its load is above the city's.
#pragma once

#include <span>

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Candidates compared for one job, at most.
inline constexpr std::uint32_t kComparedMax = 32;
/// The way of somebody whose whereabouts are unknown.
inline constexpr std::uint32_t kWayUnknown = UINT32_MAX;

/// Where an expert is, as far as is known: at the visit of the day that was given last, else at
/// home or in the office.
Point place_of(const Core& core, const ExpertRecord& expert);
/// Metres to a parcel from there, or from a visit that a plan has for the expert today, whichever
/// is nearer.
std::uint32_t way_to(const Core& core, ExpertId expert, Point parcel);

/// Effort that an office's experts finished over the window, relative to what they can do.
std::uint32_t office_load_ppm(const Core& core, const OfficeRecord& office);
/// Adds the expert's capacity to what the office can do, or takes it off. Pre: the office is the
/// expert's, and the expert is certified for something.
void count_capacity(Core& core, const ExpertRecord& expert, bool in);

/// Whether the policy weighs more than the load for this job.
bool is_compared(const SetPolicy& policy, const JobRecord& job);
ChoiceWeights weights_of(const SetPolicy& policy, const JobRecord& job);
/// What is weighed about an expert; the way only where `parcel` is known and counts.
CandidateView candidate_of(const Core& core, ExpertId expert, std::uint32_t load, Point parcel);

/// Puts the best candidates in front, best first, and says how many are near-equal: at most `count`
/// whose scores are no more than `margin` above the least. Who is somewhere unknown is taken to be
/// as far away as the farthest of the others.
std::size_t order_by_score(std::span<CandidateView> candidates, const ChoiceWeights& weights,
                           std::size_t count, std::uint64_t margin);

}  // namespace permitd::scheduler
