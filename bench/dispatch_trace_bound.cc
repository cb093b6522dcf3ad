// What nobody could avoid on a trace, and what a clairvoyant under the same order of classes would
// make of it.
#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

#include "bench/dispatch_trace_play.h"

namespace permitd::bench {

namespace {

struct PooledJob {
  bool other = false;
  double due = 0;
  std::uint32_t job = 0;
  double minutes = 0;
  auto order() const { return std::tuple(other, due, job); }
  friend bool operator>(const PooledJob& a, const PooledJob& b) { return a.order() > b.order(); }
};

// Minutes of work up to a moment, when nothing is done in the last `rest` minutes of a day.
double worked_until(double at, double rest) {
  const double days = std::floor(at / kTraceDayMinutes);
  const double worked = kTraceDayMinutes - rest;
  return days * worked + std::min(at - days * kTraceDayMinutes, worked);
}

// One worker who may be interrupted by whatever comes before. `jobs` are (release, job), times in
// minutes of work.
std::uint64_t late_of_one(std::vector<std::pair<double, PooledJob>> jobs) {
  std::ranges::sort(jobs, {}, [](const auto& one) { return std::pair(one.first, one.second.job); });
  std::priority_queue<PooledJob, std::vector<PooledJob>, std::greater<>> waiting;
  std::uint64_t late = 0;
  double now = 0;
  for (std::size_t next = 0; next < jobs.size() || !waiting.empty();) {
    if (waiting.empty()) now = std::max(now, jobs[next].first);
    while (next < jobs.size() && jobs[next].first <= now) waiting.push(jobs[next++].second);
    PooledJob first = waiting.top();
    waiting.pop();
    const double until = now + first.minutes;
    if (next < jobs.size() && jobs[next].first < until) {
      first.minutes = until - jobs[next].first;
      now = jobs[next].first;
      waiting.push(first);
      continue;
    }
    now = until;
    if (now > first.due + 1e-6) ++late;
  }
  return late;
}

}  // namespace

std::uint64_t pooled_late(const DispatchTrace& trace, const TraceRun& run, bool rests) {
  std::uint64_t late = 0;
  for (std::size_t trade = 0; trade < kTraceTradeCount; ++trade) {
    const double rest = rests ? run.rest[trade] : 0;
    double people = 0;
    for (const TracePerson& person : trace.people) {
      people += static_cast<std::size_t>(person.trade) == trade ? 1 : 0;
    }
    std::vector<std::pair<double, PooledJob>> jobs;
    for (std::uint32_t job = 0; job < trace.jobs.size(); ++job) {
      const TraceStage& stage = kTraceStages[trace.jobs[job].stage];
      if (static_cast<std::size_t>(stage.trade) != trade || run.ready[job] < 0) continue;
      const double way = stage.trade == TraceTrade::kInspector ? run.figures.travel_per_visit : 0;
      const auto release = static_cast<double>(run.ready[job]);
      jobs.push_back({worked_until(release, rest),
                      {!trace.cases[trace.jobs[job].case_index].municipal,
                       worked_until(release + stage.term, rest), job,
                       (trace.jobs[job].duration + way) / people}});
    }
    late += late_of_one(std::move(jobs));
  }
  return late;
}

std::array<std::uint64_t, kTraceStages.size()> clairvoyant_late(
    const DispatchTrace& trace, const std::vector<std::int64_t>& ready) {
  std::array<std::uint64_t, kTraceStages.size()> late{};
  for (std::size_t stage = 0; stage < kTraceStages.size(); ++stage) {
    double people = 0;
    for (const TracePerson& person : trace.people) {
      people += person.trade == kTraceStages[stage].trade ? 1 : 0;
    }
    struct Work {
      double release, minutes;
    };
    std::vector<Work> jobs;
    for (std::uint32_t job = 0; job < trace.jobs.size(); ++job) {
      if (trace.jobs[job].stage != stage || ready[job] < 0) continue;
      jobs.push_back({static_cast<double>(ready[job]), trace.jobs[job].duration / people});
    }
    std::ranges::sort(jobs, {}, &Work::release);
    // Kept jobs in the order of release, which is that of deadlines. A job that would be late
    // puts out the one among the kept whose going ends the row soonest.
    std::vector<Work> kept;
    const auto end_without = [&](std::size_t out) {
      double at = 0;
      for (std::size_t i = 0; i < kept.size(); ++i) {
        if (i != out) at = std::max(at, kept[i].release) + kept[i].minutes;
      }
      return at;
    };
    double at = 0;
    std::size_t busy_from =
        0;  // before it the row has a gap: nothing there can be put out usefully
    for (const Work& job : jobs) {
      if (job.release >= at) busy_from = kept.size();
      kept.push_back(job);
      at = std::max(at, job.release) + job.minutes;
      if (at <= job.release + kTraceStages[stage].term) continue;
      std::size_t best = kept.size() - 1;
      double soonest = end_without(best);
      for (std::size_t i = busy_from; i + 1 < kept.size(); ++i) {
        if (kept[i].minutes <= kept[best].minutes) continue;
        const double end = end_without(i);
        if (end < soonest) best = i, soonest = end;
      }
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(best));
      at = soonest;
      ++late[stage];
    }
  }
  return late;
}

}  // namespace permitd::bench
