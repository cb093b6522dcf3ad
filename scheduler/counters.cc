#include "scheduler/counters.h"

namespace permitd::scheduler {

namespace {

// Which part of a cell a state counts in; null for states that end a job.
std::uint32_t OpenCell::*cell_part(const JobRecord& job) {
  switch (job.state) {
    case JobState::kBlocked:
      return &OpenCell::blocked;
    case JobState::kReady:
      return &OpenCell::ready;
    case JobState::kScheduled:
      return &OpenCell::scheduled;
    case JobState::kAssigned:
      return &OpenCell::assigned;
    case JobState::kStarted:
      return &OpenCell::started;
    case JobState::kDone:
      return job.has(kJobConfirming) ? &OpenCell::confirming : nullptr;
    case JobState::kHeld:
    case JobState::kEscalated:
      return &OpenCell::held;
    case JobState::kConfirmed:
    case JobState::kReturned:
    case JobState::kCancelled:
      return nullptr;
  }
  PERMIT_ASSERT(false, job.state);
  return nullptr;
}

}  // namespace

bool job_is_open(const JobRecord& job) { return cell_part(job) != nullptr; }

SlaBand job_band(const JobRecord& job) {
  return job.clock_from == kNever ? SlaBand::kPaused : band_of_marks(job.marks);
}

SlaBand band_of_marks(std::uint8_t marks) {
  if ((marks & kMarkBreached) != 0) return SlaBand::kRed;
  return (marks & kMarkAmber) != 0 ? SlaBand::kAmber : SlaBand::kGreen;
}

// Unsigned arithmetic wraps, so that adding −1 takes one off.
void count_job(Core& core, const JobRecord& job, int delta) {
  const auto step = static_cast<std::uint64_t>(static_cast<std::int64_t>(delta));
  core.totals.jobs[raw(job.state)] += step;
  std::uint32_t OpenCell::*part = cell_part(job);
  if (part == nullptr) return;
  const std::size_t at =
      open_cell_of(core.cases[job.case_slot].office, job.stage, job.district, job.priority);
  OpenCell& cell = core.open_cells[at];
  cell.*part += static_cast<std::uint32_t>(step);
  cell.effort_minutes += static_cast<std::uint32_t>(delta * job.effort_minutes);
  core.totals.bands[raw(job.stage)][static_cast<std::size_t>(job_band(job))] += step;
}

}  // namespace permitd::scheduler
