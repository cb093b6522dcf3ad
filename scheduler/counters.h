// The incremental counters of jobs (I11): by state, by SLA band, and the cube of open work. A job
// is taken out of them before anything they depend on changes and counted in again afterwards, so
// that they can't drift; that is what the guard is for.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Open: not at its end. A work job that is Done stays open until it is confirmed.
bool job_is_open(const JobRecord& job);
/// By the marks passed so far; the engine's ticks bring them up to date.
SlaBand job_band(const JobRecord& job);
/// The band of a running clock by the marks that were passed.
SlaBand band_of_marks(std::uint8_t marks);
/// Adds (1) or takes out (-1) a job.
void count_job(Core& core, const JobRecord& job, int delta);

class [[nodiscard]] RecountedJob {
 public:
  RecountedJob(Core& core, std::uint32_t slot) : core_(core), slot_(slot) {
    count_job(core_, core_.jobs[slot_], -1);
  }
  ~RecountedJob() { count_job(core_, core_.jobs[slot_], 1); }
  RecountedJob(const RecountedJob&) = delete;
  RecountedJob& operator=(const RecountedJob&) = delete;

 private:
  Core& core_;
  std::uint32_t slot_;
};

/// The flow of a job's stage at its intake office, and city-wide: applies `change` to both.
template <class Change>
void count_flow(Core& core, const JobRecord& job, const Change& change) {
  change(core.flow_cells[flow_cell_of(core.cases[job.case_slot].office, job.stage)]);
  change(core.totals.flow[raw(job.stage)]);
}

}  // namespace permitd::scheduler
