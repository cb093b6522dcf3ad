// Whether another organisation's job goes before municipal work (I7), looked up a second time when
// it is started. What refuses such a start searches in the expert's order and stops at the first
// job that fits; this look goes through the queues themselves, place by place, and knows nothing of
// that search or of the marks that speed it up. Reads only.
#pragma once

#include "scheduler/state.h"
#include "scheduler/views.h"

namespace permitd::scheduler {

/// What lies ready for the expert. At most kQueueScanMax jobs of each queue; O(log n) for each of
/// 2 × kSkillCount × (kDistrictCount + 1) queues, most of them empty.
MunicipalLook look_for_municipal(const Core& core, ExpertId expert);

/// The start of this job goes before municipal work that its holder could take. With `by_share`,
/// before an expedited case; what the policy's share lets wait is no violation. Pre: a holder.
bool passes_municipal(const Core& core, const JobRecord& job, bool by_share);

}  // namespace permitd::scheduler
