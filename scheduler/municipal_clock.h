// The clock of what is done outside the offices: while a case waits for the municipality (R10), the
// SLA of that stage runs in working time, with the marks of a job. Nobody holds it: who is late is
// the municipality. It stands while the case is referred and goes on with what was left (I16).
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Starts, stops or forgets the clock. To be called with the new state in place. A stage without an
/// SLA has no clock.
void move_municipal_clock(Core& core, std::uint32_t slot, CaseState before);
/// The municipality has decided: in time or late, where a clock of it runs. To be called before the
/// state changes.
void count_decision(Core& core, const CaseRecord& record);
/// Working minutes that are left at core.now, negative when breached; 0 where nothing runs or
/// stands.
std::int32_t municipal_remaining(const Core& core, const CaseRecord& record);
/// The band at core.now, marks that a tick has yet to set included; paused where the clock does not
/// run.
SlaBand municipal_band(const Core& core, const CaseRecord& record);
/// The case's timer has fired: sets the marks that are due, with their events.
void pass_municipal_marks(Core& core, std::uint32_t slot);
/// Where it would be due by another calendar. Pre: the clock runs.
Tick municipal_due_by(const WorkingCalendar& calendar, const CaseRecord& record);
/// After an edit of the calendar or the policy. True when it is due at another moment.
bool recompute_municipal(Core& core, std::uint32_t slot);
/// Counts a running clock in Totals::bands of its stage, by the last mark that was passed.
void count_municipal(Core& core, const CaseRecord& record, int delta);

}  // namespace permitd::scheduler
