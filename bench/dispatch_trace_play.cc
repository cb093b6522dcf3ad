#include "bench/dispatch_trace_play.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace permitd::bench {

namespace {

constexpr std::int64_t kNotYet = -1;

enum class TraceEvent : std::uint8_t { kFinish, kOpen, kNoon, kArrival, kRest };

struct TraceItem {
  std::int64_t at = 0;
  TraceEvent event{};
  std::uint32_t who = 0;  // person or case
  auto order() const { return std::tuple(at, event, who); }
  friend bool operator>(const TraceItem& a, const TraceItem& b) { return a.order() > b.order(); }
};

class TracePlay {
 public:
  TracePlay(const DispatchTrace& trace, DispatchPolicy& policy)
      : trace_(trace), policy_(policy), state_(trace.people.size()) {
    run_.ready.assign(trace.jobs.size(), kNotYet);
    begun_.assign(trace.jobs.size(), kNotYet);
    waited_.assign(trace.jobs.size(), 0);
    for (const TraceJob& job : trace.jobs) left_.push_back(job.duration);
    for (std::uint32_t i = 0; i < trace.cases.size(); ++i) {
      items_.push({trace.cases[i].arrival, TraceEvent::kArrival, i});
    }
    open_day(0);
  }

  TraceRun play() {
    while (!items_.empty() && done_ < trace_.jobs.size()) {
      const TraceItem item = items_.top();
      items_.pop();
      now_ = item.at;
      take(item);
    }
    judge();
    return std::move(run_);
  }

 private:
  struct PersonState {
    scheduler::Point at;
    std::uint32_t job = UINT32_MAX;
    std::int64_t until = kNotYet;  // when that will be done
    std::int64_t effort = 0;
    std::int64_t rested = -1;  // on which day it was counted
    bool called = false;       // told the policy that they are free
  };

  void take(const TraceItem& item) {
    begins_.clear();
    switch (item.event) {
      case TraceEvent::kOpen:
        open_day(now_ / kTraceDayMinutes);
        break;
      case TraceEvent::kNoon:
        policy_.noon(now_, begins_);
        break;
      case TraceEvent::kArrival:
        run_.ready[trace_.cases[item.who].first_job] = now_;
        policy_.filed(item.who, now_, begins_);
        break;
      case TraceEvent::kFinish:
        if (state_[item.who].until == now_) finish(item.who);
        break;
      case TraceEvent::kRest:
        if (state_[item.who].called) policy_.rests(item.who, now_);
        state_[item.who].called = false;
        if (state_[item.who].job == UINT32_MAX) rest(item.who);
        break;
    }
    begin_all();
  }

  void open_day(std::int64_t day) {
    const std::int64_t morning = day * kTraceDayMinutes;
    items_.push({morning + kTraceDayMinutes, TraceEvent::kOpen, 0});
    items_.push({morning + kTraceDayMinutes / 2, TraceEvent::kNoon, 0});
    carry_over();
    for (std::uint32_t person = 0; person < state_.size(); ++person) {
      const auto trade = static_cast<std::size_t>(trace_.people[person].trade);
      items_.push(
          {morning + kTraceDayMinutes - trace_.last_call[trade], TraceEvent::kRest, person});
      // Whoever is out on a visit goes on from there.
      if (state_[person].job != UINT32_MAX) continue;
      state_[person].at = trace_.offices[trace_.people[person].office].point;
    }
    for (std::uint32_t person = 0; person < state_.size(); ++person) ask(person);
  }

  // What was under way goes on, or waits again with what is left of it.
  void carry_over() {
    std::vector<TraceBegin> carried;
    for (std::uint32_t person = 0; person < state_.size(); ++person) {
      if (state_[person].job != UINT32_MAX) carried.push_back({person, state_[person].job});
    }
    for (const TraceBegin& one : carried) begun_[one.job] = kNotYet;
    std::vector<TraceBegin> resumed;
    policy_.opens(now_, carried, resumed);
    for (const TraceBegin& one : resumed) begun_[one.job] = now_;
    for (const TraceBegin& one : resumed) count_passed_over(one);
    for (const TraceBegin& one : carried) {
      if (begun_[one.job] != kNotYet) continue;
      PersonState& state = state_[one.person];
      left_[one.job] = std::min(left_[one.job], static_cast<std::int32_t>(state.until - now_));
      state.effort -= kTraceStages[trace_.jobs[one.job].stage].effort;
      state.job = UINT32_MAX;
      state.until = kNotYet;
    }
  }

  void finish(std::uint32_t person) {
    PersonState& state = state_[person];
    const std::uint32_t job = state.job;
    state.job = UINT32_MAX;
    state.until = kNotYet;
    ++done_;
    done_at(job);
    if (!trace_.jobs[job].last) run_.ready[job + 1] = now_;
    policy_.completed(person, job, now_, begins_);
    begin_all();
    if (now_ % kTraceDayMinutes != 0) ask(person);  // else the morning asks everybody
  }

  // Free, and too little of the day is left.
  void rest(std::uint32_t person) {
    const std::int64_t day = now_ / kTraceDayMinutes;
    if (state_[person].rested == day) return;
    state_[person].rested = day;
    run_.rest[static_cast<std::size_t>(trace_.people[person].trade)] +=
        static_cast<double>(kTraceDayMinutes - now_ % kTraceDayMinutes);
  }

  void ask(std::uint32_t person) {
    const auto trade = static_cast<std::size_t>(trace_.people[person].trade);
    const std::int64_t left = kTraceDayMinutes - now_ % kTraceDayMinutes;
    if (state_[person].job != UINT32_MAX) return;
    if (left <= trace_.last_call[trade]) return rest(person);
    state_[person].called = true;
    policy_.wants(person, now_, begins_);
    begin_all();
  }

  void begin_all() {
    // Beginning asks nobody, so nothing is added meanwhile.
    for (const TraceBegin& begin : begins_) {
      PersonState& state = state_[begin.person];
      const TraceJob& job = trace_.jobs[begin.job];
      count_passed_over(begin);
      begun_[begin.job] = now_;
      state.job = begin.job;
      state.called = false;
      state.effort += kTraceStages[job.stage].effort;
      std::int64_t minutes = left_[begin.job];
      if (kTraceStages[job.stage].trade == TraceTrade::kInspector) {
        const scheduler::Point place = trace_.cases[job.case_index].point;
        const std::int32_t travel = trace_travel_minutes(state.at, place);
        state.at = place;
        minutes += travel;
        travel_ += travel;
        ++visits_;
      }
      state.until = now_ + minutes;
      items_.push({state.until, TraceEvent::kFinish, begin.person});
      leave_waiting(begin.job);
    }
    begins_.clear();
  }

  // Municipal work that waits, by trade, for the count of work that passed it over.
  void count_passed_over(const TraceBegin& begin) {
    const TraceJob& job = trace_.jobs[begin.job];
    if (trace_.cases[job.case_index].municipal) return;
    const TraceTrade trade = kTraceStages[job.stage].trade;
    for (std::uint32_t other = 0; other < trace_.jobs.size(); ++other) {
      const TraceJob& waiting = trace_.jobs[other];
      if (run_.ready[other] == kNotYet || begun_[other] != kNotYet) continue;
      if (kTraceStages[waiting.stage].trade != trade) continue;
      if (!trace_.cases[waiting.case_index].municipal) continue;
      ++run_.figures.municipal_passed_over;
      return;
    }
  }
  void leave_waiting(std::uint32_t job) {
    if (waited_[job] == 0) waits_.push_back(now_ - run_.ready[job]);
    waited_[job] = 1;
  }

  void done_at(std::uint32_t job) {
    const TraceJob& what = trace_.jobs[job];
    const std::int64_t late = now_ - run_.ready[job] - kTraceStages[what.stage].term;
    if (late <= 0) return;
    ++run_.figures.late;
    run_.figures.late_municipal += trace_.cases[what.case_index].municipal ? 1 : 0;
    ++run_.figures.late_by_stage[what.stage];
    late_minutes_ += static_cast<double>(late);
  }

  static double jain(const std::vector<double>& values) {
    double sum = 0;
    double squares = 0;
    for (const double value : values) sum += value, squares += value * value;
    return squares > 0 ? sum * sum / (squares * static_cast<double>(values.size())) : 1;
  }

  void judge() {
    TraceFigures& figures = run_.figures;
    figures.policy = policy_.name();
    figures.replans = policy_.replans();
    figures.jobs = done_;
    const auto late = static_cast<double>(figures.late);
    figures.late_minutes_mean = figures.late > 0 ? late_minutes_ / late : 0;
    figures.lateness_mean = done_ > 0 ? late_minutes_ / static_cast<double>(done_) : 0;
    std::ranges::sort(waits_);
    if (!waits_.empty()) {
      figures.wait_p50 = waits_[waits_.size() / 2];
      figures.wait_p99 = waits_[waits_.size() * 99 / 100];
    }
    figures.travel_per_visit =
        visits_ > 0 ? static_cast<double>(travel_) / static_cast<double>(visits_) : 0;
    judge_shares();
  }

  void judge_shares() {
    std::array<double, kTraceTradeCount> effort{};
    std::array<double, kTraceTradeCount> count{};
    for (std::uint32_t i = 0; i < state_.size(); ++i) {
      const auto trade = static_cast<std::size_t>(trace_.people[i].trade);
      effort[trade] += static_cast<double>(state_[i].effort);
      count[trade] += 1;
    }
    const std::int64_t days = now_ / kTraceDayMinutes + 1;
    for (std::size_t trade = 0; trade < kTraceTradeCount; ++trade) {
      if (count[trade] > 0) run_.rest[trade] /= count[trade] * static_cast<double>(days);
    }
    std::vector<double> people;
    std::vector<double> offices(trace_.offices.size());
    std::vector<double> staff(trace_.offices.size());
    for (std::uint32_t i = 0; i < state_.size(); ++i) {
      const auto trade = static_cast<std::size_t>(trace_.people[i].trade);
      const double mean = effort[trade] / count[trade];
      people.push_back(mean > 0 ? static_cast<double>(state_[i].effort) / mean : 1);
      offices[trace_.people[i].office] += people.back();
      staff[trace_.people[i].office] += 1;
    }
    std::vector<double> shares;
    for (std::size_t office = 0; office < offices.size(); ++office) {
      if (staff[office] > 0) shares.push_back(offices[office] / staff[office]);
    }
    run_.figures.jain_people = jain(people);
    run_.figures.jain_offices = jain(shares);
    run_.figures.peak_over_mean = *std::ranges::max_element(people);
  }

  const DispatchTrace& trace_;
  DispatchPolicy& policy_;
  std::vector<PersonState> state_;
  std::priority_queue<TraceItem, std::vector<TraceItem>, std::greater<>> items_;
  std::vector<TraceBegin> begins_;
  std::vector<std::int64_t> begun_;  // by job
  std::vector<std::int32_t> left_;   // by job: minutes of it, the way not counted
  std::vector<char> waited_;         // by job: it has been begun once
  std::vector<std::int64_t> waits_;
  std::int64_t now_ = 0;
  std::uint64_t done_ = 0;
  std::int64_t travel_ = 0;
  std::uint64_t visits_ = 0;
  double late_minutes_ = 0;
  TraceRun run_;
};

}  // namespace

TraceRun play_dispatch_trace(const DispatchTrace& trace, DispatchPolicy& policy) {
  return TracePlay(trace, policy).play();
}

}  // namespace permitd::bench
