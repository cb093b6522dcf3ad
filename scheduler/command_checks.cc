// Checks that several commands share.
#include "scheduler/commands.h"

namespace permitd::scheduler {

namespace {

bool owned_by_actor(const Core& core, const Command& command, std::uint32_t case_slot,
                    Outcome& outcome) {
  if (command.actor.kind != ActorKind::kOffice) return true;
  if (raw(core.offices[core.cases[case_slot].office].id) == command.actor.id) return true;
  refuse(outcome, Refusal::kNotAllowed, Field::kOffice);
  return false;
}

}  // namespace

bool check_note(const Note& note, bool required, Outcome& outcome) {
  if (!text_fits(note))
    refuse(outcome, Refusal::kOutOfRange, Field::kNote);
  else if (required && note.size == 0)
    refuse(outcome, Refusal::kMissing, Field::kNote);
  return outcome.refusal == Refusal::kNone;
}

bool check_reason(Reason reason, bool required, Outcome& outcome) {
  if (raw(reason) >= kReasonCount)
    refuse(outcome, Refusal::kOutOfRange, Field::kReason);
  else if (required && reason == Reason::kNone)
    refuse(outcome, Refusal::kMissing, Field::kReason);
  return outcome.refusal == Refusal::kNone;
}

bool point_in_range(Point point) {
  return point.lat_e6 >= -90'000'000 && point.lat_e6 <= 90'000'000 &&
         point.lon_e6 >= -180'000'000 && point.lon_e6 <= 180'000'000;
}

std::uint32_t case_for(const Core& core, const Command& command, CaseId id, Outcome& outcome) {
  const std::uint32_t slot = find_case_slot(core, id);
  if (slot == kNoSlot) {
    refuse(outcome, Refusal::kUnknownCase, Field::kCase);
    return kNoSlot;
  }
  return owned_by_actor(core, command, slot, outcome) ? slot : kNoSlot;
}

std::uint32_t job_for(const Core& core, const Command& command, JobId id, Outcome& outcome) {
  const std::uint32_t slot = find_job_slot(core, id);
  if (slot == kNoSlot) {
    refuse(outcome, Refusal::kUnknownJob, Field::kJob);
    return kNoSlot;
  }
  return owned_by_actor(core, command, core.jobs[slot].case_slot, outcome) ? slot : kNoSlot;
}

}  // namespace permitd::scheduler
