// Plays a trace under a policy: cases arrive, free people are given jobs, jobs take their time,
// what follows becomes ready. The same people, hours, durations and travel for every policy; only
// who does what next is the policy's. Work under way at the end of a day is continued in the
// morning by whoever began it, unless the policy's rules want something else done first. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "bench/dispatch_trace.h"

namespace permitd::bench {

/// Plans of visits that were made while something of the same day was planned already and not
/// begun. Counted are lines that the core took, each visit once a plan.
struct TraceReplans {
  std::uint64_t plans = 0;
  std::uint64_t planned_before = 0;  // visits that an earlier plan of the day had, not begun
  std::uint64_t moved = 0;           // of those: to another person, to the other half-day, or both
  std::uint64_t run_out = 0;  // of those: the core had let the earlier reservation go by then
};

/// A free person begins a job now.
struct TraceBegin {
  std::uint32_t person = 0;
  std::uint32_t job = 0;
};

class DispatchPolicy {
 public:
  virtual ~DispatchPolicy() = default;
  virtual std::string_view name() const = 0;
  /// The first job of a case is ready. What free people begin because of it goes into `out`; so
  /// below.
  virtual void filed(std::uint32_t case_index, std::int64_t now, std::vector<TraceBegin>& out) = 0;
  /// A job is done; the next one of its case, if there is one, is ready.
  virtual void completed(std::uint32_t person, std::uint32_t job, std::int64_t now,
                         std::vector<TraceBegin>& out) = 0;
  /// A person is free and asks for work.
  virtual void wants(std::uint32_t person, std::int64_t now, std::vector<TraceBegin>& out) = 0;
  /// A day begins. `carried` is under way since yesterday; what goes on goes into `out`, the rest
  /// is to be done again as far as it was not done. Nobody has asked for work yet.
  virtual void opens(std::int64_t now, const std::vector<TraceBegin>& carried,
                     std::vector<TraceBegin>& out) = 0;
  /// The middle of a day.
  virtual void noon(std::int64_t now, std::vector<TraceBegin>& out) {
    static_cast<void>(now);
    static_cast<void>(out);
  }
  /// What plans have done so far.
  virtual TraceReplans replans() const { return {}; }
  /// A free person begins nothing more today.
  virtual void rests(std::uint32_t person, std::int64_t now) = 0;
};

struct TraceFigures {
  std::string policy;
  std::uint64_t jobs = 0;
  std::uint64_t late = 0;
  std::uint64_t late_municipal = 0;  // of those
  double late_minutes_mean = 0;      // of the late ones
  double lateness_mean = 0;          // over all jobs
  std::int64_t wait_p50 = 0;         // working minutes from ready to begun
  std::int64_t wait_p99 = 0;
  double jain_offices = 0;  // effort done, relative to the mean of the people's trades
  double jain_people = 0;
  double peak_over_mean = 0;  // of people, the same way: 1 is the bound
  double travel_per_visit = 0;
  std::uint64_t municipal_passed_over = 0;  // other work begun by who could have begun municipal
  std::array<std::uint64_t, kTraceStages.size()> late_by_stage{};
  TraceReplans replans;
};

/// What the clairvoyant bound needs of a run: when each job was ready, by job.
struct TraceRun {
  TraceFigures figures;
  std::vector<std::int64_t> ready;
  // By trade: minutes of a day in which a person did nothing because too little of it was left.
  std::array<double, kTraceTradeCount> rest{};
};
TraceRun play_dispatch_trace(const DispatchTrace& trace, DispatchPolicy& policy);

/// FIFO at the submitting office, round robin, least loaded, the lighter of two drawn, nearest.
std::vector<std::unique_ptr<DispatchPolicy>> baseline_policies(const DispatchTrace& trace,
                                                               std::uint64_t seed);
/// The scheduler core itself, fed with commands at the trace's time, under a policy.
std::unique_ptr<DispatchPolicy> core_policy(const DispatchTrace& trace, std::string_view name,
                                            const scheduler::SetPolicy& policy);

/// Late jobs that nobody can avoid, given when the jobs of a run were ready: per stage, all people
/// of the trade as one who works that much faster, any order, interruptions allowed, the durations
/// known, no travel; the fewest late by the method of Kise, Ibaraki and Mine (1978) for releases
/// and deadlines in the same order.
std::array<std::uint64_t, kTraceStages.size()> clairvoyant_late(
    const DispatchTrace& trace, const std::vector<std::int64_t>& ready);

/// A yardstick, not a bound: late jobs when all people of a trade are one who works that much
/// faster, may be interrupted at any moment, does municipal work first and then what is due first,
/// and whose visits all take as long a way as in the run. With `rests` nothing is done at the end
/// of a day for as long as people did nothing there in the run.
std::uint64_t pooled_late(const DispatchTrace& trace, const TraceRun& run, bool rests);

}  // namespace permitd::bench
