#include "scheduler/case_move.h"

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_flow.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

template <class Visit>
void visit_open_jobs(const Core& core, std::uint32_t case_slot, const Visit& visit) {
  for (std::uint32_t slot = core.cases[case_slot].newest_job; slot != kNoSlot;) {
    const std::uint32_t previous = core.jobs[slot].previous;
    if (job_is_open(core.jobs[slot])) visit(slot);
    slot = previous;
  }
}

bool waits_for_activation(const Core& core, std::uint32_t slot) {
  return core.jobs[slot].state == JobState::kBlocked && core.ages.contains(slot);
}

// Open jobs count where their case is, so that what was created somewhere is done, cancelled or
// open there.
void count_created(Core& core, const JobRecord& job, std::uint64_t step) {
  FlowCell& cell = core.flow_cells[flow_cell_of(core.cases[job.case_slot].office, job.stage)];
  cell.created += step;
  if (job.has(kJobRework)) cell.rework += step;
}

// Unsigned arithmetic wraps: so that one is taken off.
constexpr std::uint64_t kOneLess = UINT64_MAX;

// Only the office's own people may do such work, whoever that is. A confirmation belongs to the
// head of who did the work.
bool follows_the_case(const JobRecord& job) {
  return job.has(kJobOfficeReach) && job.kind == JobKind::kWork;
}

void move_job(Core& core, std::uint32_t slot, std::uint16_t office) {
  JobRecord& job = core.jobs[slot];
  if (!follows_the_case(job)) {
    if (job.kind == JobKind::kWork) job.office = office;
    return;
  }
  const bool is_queued = core.ready.contains(slot);
  if (is_queued) leave_queue(core, slot);
  job.office = office;
  if (is_queued) requeue_job(core, slot);
  end_plan_if_lapsed(core, slot);
}

}  // namespace

void move_case(Core& core, std::uint32_t case_slot, std::uint16_t office, Reason reason) {
  CaseRecord& record = core.cases[case_slot];
  const std::uint16_t from = record.office;
  std::uint32_t blocked = kNoSlot;
  visit_open_jobs(core, case_slot, [&](std::uint32_t slot) {
    if (waits_for_activation(core, slot)) {
      core.ages.remove(blocked_list_of(from), slot);
      blocked = slot;
    }
    count_job(core, core.jobs[slot], -1);
    count_created(core, core.jobs[slot], kOneLess);
  });
  record.office = office;
  visit_open_jobs(core, case_slot, [&](std::uint32_t slot) {
    count_job(core, core.jobs[slot], 1);
    count_created(core, core.jobs[slot], 1);
  });
  --core.offices[from].cases_open;
  ++core.offices[office].cases_open;
  emit_case(core, record, EventKind::kCaseMoved, raw(record.state), raw(record.state), reason);
  visit_open_jobs(core, case_slot, [&](std::uint32_t slot) { move_job(core, slot, office); });
  if (blocked != kNoSlot) unblock_job(core, blocked);
  set_office_timer(core, from);
}

void apply_move_case(Core& core, const Command& command, Outcome& outcome) {
  const MoveCase& move = command.body.move_case;
  const std::uint32_t slot = case_for(core, command, move.id, outcome);
  if (slot == kNoSlot) return;
  if (!check_reason(move.reason, true, outcome) || !check_note(move.note, false, outcome)) return;
  CaseRecord& record = core.cases[slot];
  outcome.case_id = record.id;
  if (case_is_terminal(record.state)) return refuse_state(outcome, record.state);
  const std::uint32_t office = find_office_index(core, move.office);
  if (office == kNoSlot) return refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
  if (office == record.office) return refuse(outcome, Refusal::kNothingToDo, Field::kOffice);
  const OfficeRecord& home = core.offices[office];
  if (!office_active(core, office)) {
    refuse(outcome, Refusal::kOfficeNotActive, Field::kOffice);
    outcome.state = raw(home.state);
    return;
  }
  if (!home.activations[raw(record.service)].covers(core.now))
    return refuse(outcome, Refusal::kServiceNotActive, Field::kService);
  core.note = &move.note;
  move_case(core, slot, static_cast<std::uint16_t>(office), move.reason);
  outcome.state = raw(record.state);
  if (record.current_job != kNoSlot) outcome.job = core.jobs[record.current_job].id;
}

}  // namespace permitd::scheduler
