// Whether an expert may take a job: the filters, one function each, in the order they are applied.
// Reads only.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// The protected role a job is, for four eyes (I5).
Role role_of(const JobRecord& job);
/// The expert inspected for the same owner lately (I14).
bool pair_repeats(const Core& core, ExpertId expert, const JobRecord& job);
/// As first_filter, and passed over for a pair repeat when somebody else could go.
Filter claim_job_filter(const Core& core, ExpertId expert, const JobRecord& job);

}  // namespace permitd::scheduler
