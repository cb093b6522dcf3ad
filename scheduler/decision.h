// The choice among near-equal candidates, as a pure function: with the stored decision record an
// auditor repeats it without the rest of the program (I13, I14). No state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/views.h"

namespace permitd::scheduler {

/// Seed of one decision: the command's seed mixed with the job, so that several choices of one
/// command are independent. This is what DecisionView::seed holds.
std::uint64_t decision_seed(std::uint64_t command_seed, JobId job);

/// How little speaks for a candidate, in parts per million: with equal weights a kilometre counts
/// like a hundredth of load.
std::uint64_t score_of(const CandidateView& candidate, const ChoiceWeights& weights);

/// Index of the candidate chosen among `count`, each equally likely over seeds. Pre: count > 0.
std::size_t choose_near_equal(std::uint64_t seed, std::size_t count);

}  // namespace permitd::scheduler
