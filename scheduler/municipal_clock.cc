#include "scheduler/municipal_clock.h"

#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/counters.h"
#include "scheduler/events.h"
#include "scheduler/job_clock.h"

namespace permitd::scheduler {

namespace {

// 0: the stage is an office's, or has no SLA.
std::int32_t sla_of(const Core& core, const CaseRecord& record) {
  const StageSpec& stage = stage_of(core, record);
  return stage_is_external(stage) ? stage.sla_minutes : 0;
}

Tick moment_of(const WorkingCalendar& calendar, const CaseRecord& record, std::int32_t remaining) {
  const std::int32_t after = record.clock_minutes - remaining;
  return after <= 0 ? record.clock_from : calendar.add_working_minutes(record.clock_from, after);
}

Tick next_mark(const Core& core, const CaseRecord& record) {
  for (const SlaMark& mark : sla_marks(core.policy, sla_of(core, record))) {
    if ((record.marks & mark.bit) == 0) return moment_of(core.calendar, record, mark.remaining);
  }
  return kNever;
}

void start(Core& core, std::uint32_t slot, std::int32_t minutes) {
  CaseRecord& record = core.cases[slot];
  record.clock_from = core.now;
  record.clock_minutes = minutes;
  record.due = moment_of(core.calendar, record, 0);
  count_municipal(core, record, 1);
  core.other_timers.set(case_timer(core, slot), next_mark(core, record));
}

void stop(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  if (record.clock_from == kNever) return;
  count_municipal(core, record, -1);
  record.clock_minutes = municipal_remaining(core, record);
  record.clock_from = kNever;
  record.due = kNever;
  core.other_timers.clear(case_timer(core, slot));
}

}  // namespace

void move_municipal_clock(Core& core, std::uint32_t slot, CaseState before) {
  CaseRecord& record = core.cases[slot];
  stop(core, slot);
  if (record.state == CaseState::kReferred) return;
  const bool awaits = record.state == CaseState::kAwaitingDecision;
  const bool goes_on = awaits && before == CaseState::kReferred;
  if (!goes_on) {
    record.clock_minutes = 0;
    record.marks = 0;
  }
  const std::int32_t sla = awaits ? sla_of(core, record) : 0;
  if (sla != 0) start(core, slot, goes_on ? record.clock_minutes : sla);
}

void count_decision(Core& core, const CaseRecord& record) {
  if (record.clock_from == kNever) return;
  Totals& totals = core.totals;
  ++(core.now <= record.due ? totals.decisions_in_time : totals.decisions_late);
}

std::int32_t municipal_remaining(const Core& core, const CaseRecord& record) {
  if (record.clock_from == kNever) return record.clock_minutes;
  const std::int64_t left =
      record.clock_minutes - core.calendar.working_minutes(record.clock_from, core.now);
  return static_cast<std::int32_t>(std::max<std::int64_t>(left, INT32_MIN / 2));
}

SlaBand municipal_band(const Core& core, const CaseRecord& record) {
  if (record.clock_from == kNever) return SlaBand::kPaused;
  const std::int32_t left = municipal_remaining(core, record);
  if (left <= 0) return SlaBand::kRed;
  const bool amber = left <= sla_marks(core.policy, sla_of(core, record))[0].remaining;
  return amber ? SlaBand::kAmber : band_of_marks(record.marks);
}

void pass_municipal_marks(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  const std::int32_t left = municipal_remaining(core, record);
  for (const SlaMark& mark : sla_marks(core.policy, sla_of(core, record))) {
    if ((record.marks & mark.bit) != 0 || left > mark.remaining) continue;
    count_municipal(core, record, -1);
    record.marks |= mark.bit;
    count_municipal(core, record, 1);
    emit_case(core, record, mark.event, raw(record.state), raw(record.state), Reason::kNone);
  }
  core.other_timers.set(case_timer(core, slot), next_mark(core, record));
}

Tick municipal_due_by(const WorkingCalendar& calendar, const CaseRecord& record) {
  return moment_of(calendar, record, 0);
}

bool recompute_municipal(Core& core, std::uint32_t slot) {
  CaseRecord& record = core.cases[slot];
  const Tick before = record.due;
  record.due = moment_of(core.calendar, record, 0);
  core.other_timers.set(case_timer(core, slot), next_mark(core, record));
  return record.due != before;
}

// Unsigned arithmetic wraps, so that adding −1 takes one off.
void count_municipal(Core& core, const CaseRecord& record, int delta) {
  if (record.clock_from == kNever) return;
  auto& row = core.totals.bands[raw(stage_of(core, record).stage)];
  row[static_cast<std::size_t>(band_of_marks(record.marks))] +=
      static_cast<std::uint64_t>(static_cast<std::int64_t>(delta));
}

}  // namespace permitd::scheduler
