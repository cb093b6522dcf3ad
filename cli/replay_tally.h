// What a rehearsal measures as it goes. Plain counts and histograms; the report makes sense of
// them. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "cli/latency_histogram.h"
#include "cli/replay_habits.h"
#include "cli/replay_port.h"

namespace permitd::cli {

/// Row of a job in tables by stage: the work of each stage, then the confirmations of all.
inline constexpr std::size_t kWorkRowCount = scheduler::kStageCount + 1;
constexpr std::size_t work_row(scheduler::Stage stage, scheduler::JobKind kind) {
  return kind == scheduler::JobKind::kConfirmation ? scheduler::kStageCount
                                                   : static_cast<std::size_t>(stage);
}

struct WorkRow {
  LatencyHistogram wait_minutes;  // working minutes from Ready to Started
  std::uint64_t started = 0;
  std::uint64_t completed = 0;
  std::uint64_t returned = 0;  // for whatever reason
  std::uint64_t effort_minutes = 0;
};

/// Open jobs by stage at a moment.
struct BacklogSample {
  scheduler::Tick at;
  std::array<std::uint64_t, scheduler::kStageCount> open{};
  std::uint64_t cases_open = 0;
  std::uint64_t filed = 0;
};

struct ExpertTally {
  std::uint64_t effort_minutes = 0;  // finished, rework not counted
  std::uint64_t jobs = 0;
  std::uint64_t worked_minutes = 0;
};

struct Tally {
  std::array<WorkRow, kWorkRowCount> work;
  LatencyHistogram case_minutes;       // working minutes from filing to the end of the case
  std::vector<ExpertTally> experts;    // [index of the expert in the city]
  std::vector<BacklogSample> backlog;  // by time, about one a working hour
  std::array<std::uint64_t, kCallKindCount> calls{};
  std::array<std::uint64_t, kCallKindCount> refused{};
  std::map<std::uint8_t, std::uint64_t> refusals;  // by scheduler::Refusal
  std::uint64_t repeated = 0;                      // answers from the memory of a key
  std::uint64_t events = 0;
  std::uint64_t gaps = 0;  // times when events may have been lost and the city was read again
  std::uint64_t leases_lost =
      0;  // work that was no longer the expert's when they came to finish it
  std::uint64_t absences = 0;
  std::uint64_t declined = 0;
  std::uint64_t rounds = 0;
  std::uint64_t advances = 0;
};

}  // namespace permitd::cli
