// Policies that decide when a job is ready who will do it, and keep to it. Everybody works off what
// was given to them: municipal work first, then first come, first served. As in the core, municipal
// work goes first over the whole city: whoever has only other work left takes over the municipal
// job of their trade that waits longest anywhere.
#include <algorithm>
#include <functional>
#include <map>
#include <span>

#include "bench/dispatch_trace_play.h"
#include "tests/support/seeded.h"

namespace permitd::bench {

namespace {

// Jobs for one person, or for the people of one trade at one office.
struct Desk {
  std::map<std::pair<bool, std::uint64_t>, std::uint32_t> waiting;  // (other work, turn) → job
  std::int64_t minutes = 0;                                         // estimated, under way included
};

class PushPolicy : public DispatchPolicy {
 public:
  explicit PushPolicy(const DispatchTrace& trace)
      : trace_(trace), desks_(trace.people.size()), free_(trace.people.size()) {
    for (std::uint32_t i = 0; i < trace.people.size(); ++i) {
      trades_[static_cast<std::size_t>(trace.people[i].trade)].push_back(i);
    }
  }

  void filed(std::uint32_t case_index, std::int64_t, std::vector<TraceBegin>& out) override {
    place(trace_.cases[case_index].first_job, out);
  }
  void completed(std::uint32_t person, std::uint32_t job, std::int64_t,
                 std::vector<TraceBegin>& out) override {
    desks_[desk_of(person)].minutes -= effort(job);
    if (!trace_.jobs[job].last) place(job + 1, out);
  }
  void wants(std::uint32_t person, std::int64_t, std::vector<TraceBegin>& out) override {
    free_[person] = true;
    begin(person, out);
  }
  void rests(std::uint32_t person, std::int64_t) override { free_[person] = false; }
  void opens(std::int64_t, const std::vector<TraceBegin>& carried,
             std::vector<TraceBegin>& out) override {
    for (const TraceBegin& one : carried) {
      if (!is_other(one.job) || municipal_[trade_of(one.job)].empty()) {
        out.push_back(one);
      } else {
        desks_[desk_of(one.person)].waiting.emplace(std::pair(true, turn_++), one.job);
      }
    }
  }

 protected:
  /// Whose desk a ready job goes to.
  virtual std::uint32_t choose(std::uint32_t job) = 0;
  /// The desk that a person works off: their own, but for offices that share one.
  virtual std::uint32_t desk_of(std::uint32_t person) const { return person; }
  virtual std::span<const std::uint32_t> people_at(std::uint32_t desk) {
    one_ = desk;
    return {&one_, 1};
  }

  const std::vector<std::uint32_t>& able(std::uint32_t job) const {
    return trades_[static_cast<std::size_t>(kTraceStages[trace_.jobs[job].stage].trade)];
  }
  std::int64_t minutes(std::uint32_t person) const { return desks_[person].minutes; }
  const DispatchTrace& trace() const { return trace_; }

 private:
  std::int32_t effort(std::uint32_t job) const {
    return kTraceStages[trace_.jobs[job].stage].effort;
  }
  bool is_other(std::uint32_t job) const {
    return !trace_.cases[trace_.jobs[job].case_index].municipal;
  }
  std::size_t trade_of(std::uint32_t job) const {
    return static_cast<std::size_t>(kTraceStages[trace_.jobs[job].stage].trade);
  }

  void place(std::uint32_t job, std::vector<TraceBegin>& out) {
    const std::uint32_t at = choose(job);
    Desk& desk = desks_[at];
    if (!is_other(job)) municipal_[trade_of(job)].emplace(turn_, at);
    desk.waiting.emplace(std::pair(is_other(job), turn_++), job);
    desk.minutes += effort(job);
    for (const std::uint32_t person : people_at(at)) {
      if (free_[person] && !desk.waiting.empty()) begin(person, out);
    }
  }

  void begin(std::uint32_t person, std::vector<TraceBegin>& out) {
    Desk& desk = desks_[desk_of(person)];
    if (desk.waiting.empty()) return;
    auto& municipal = municipal_[static_cast<std::size_t>(trace_.people[person].trade)];
    auto [other, turn] = desk.waiting.begin()->first;
    Desk* from = &desk;
    if (other && !municipal.empty()) {
      turn = municipal.begin()->first;
      from = &desks_[municipal.begin()->second];
      other = false;
    }
    const auto first = from->waiting.find({other, turn});
    const std::uint32_t job = first->second;
    from->waiting.erase(first);
    if (!other) municipal.erase(turn);
    from->minutes -= effort(job);
    desk.minutes += effort(job);
    free_[person] = false;
    out.push_back({person, job});
  }

  const DispatchTrace& trace_;
  std::vector<Desk> desks_;
  std::vector<char> free_;
  std::array<std::vector<std::uint32_t>, kTraceTradeCount> trades_;
  std::array<std::map<std::uint64_t, std::uint32_t>, kTraceTradeCount> municipal_;  // turn → desk
  std::uint64_t turn_ = 0;
  std::uint32_t one_ = 0;
};

/// The office that took the request does it, or, where it lacks the trade, the nearest that has it.
class OfficeFifo : public PushPolicy {
 public:
  explicit OfficeFifo(const DispatchTrace& trace) : PushPolicy(trace), desk_(trace.people.size()) {
    for (std::uint32_t i = 0; i < trace.people.size(); ++i) {
      const auto key = std::pair(trace.people[i].trade, trace.people[i].office);
      const auto first = first_.try_emplace(key, i).first->second;
      desk_[i] = first;
      staff_[first].push_back(i);
    }
  }
  std::string_view name() const override { return "FIFO at the office"; }

 protected:
  std::uint32_t choose(std::uint32_t job) override {
    const TraceCase& one = trace().cases[trace().jobs[job].case_index];
    const scheduler::Point from = trace().offices[one.office].point;
    const std::uint32_t nearest = *std::ranges::min_element(able(job), {}, [&](std::uint32_t who) {
      const std::uint32_t office = trace().people[who].office;
      return office == one.office ? -1 : trace_travel_minutes(from, trace().offices[office].point);
    });
    return desk_[nearest];
  }
  std::uint32_t desk_of(std::uint32_t person) const override { return desk_[person]; }
  std::span<const std::uint32_t> people_at(std::uint32_t desk) override { return staff_[desk]; }

 private:
  std::vector<std::uint32_t> desk_;
  std::map<std::pair<TraceTrade, std::uint32_t>, std::uint32_t> first_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> staff_;
};

/// A choice among all who are able, by a function.
class ChoicePolicy : public PushPolicy {
 public:
  using Choice = std::function<std::uint32_t(const ChoicePolicy&, std::uint32_t job)>;
  ChoicePolicy(const DispatchTrace& trace, std::string_view name, Choice choice)
      : PushPolicy(trace), name_(name), choice_(std::move(choice)) {}
  std::string_view name() const override { return name_; }
  using PushPolicy::able;
  using PushPolicy::minutes;
  using PushPolicy::trace;

 protected:
  std::uint32_t choose(std::uint32_t job) override { return choice_(*this, job); }

 private:
  std::string_view name_;
  Choice choice_;
};

std::uint32_t least_loaded(const ChoicePolicy& policy, std::uint32_t job) {
  return *std::ranges::min_element(policy.able(job), {},
                                   [&](std::uint32_t who) { return policy.minutes(who); });
}

std::uint32_t nearest(const ChoicePolicy& policy, std::uint32_t job) {
  const DispatchTrace& trace = policy.trace();
  const scheduler::Point place = trace.cases[trace.jobs[job].case_index].point;
  return *std::ranges::min_element(policy.able(job), {}, [&](std::uint32_t who) {
    return std::pair(trace_travel_minutes(trace.offices[trace.people[who].office].point, place),
                     policy.minutes(who));
  });
}

}  // namespace

std::vector<std::unique_ptr<DispatchPolicy>> baseline_policies(const DispatchTrace& trace,
                                                               std::uint64_t seed) {
  std::vector<std::unique_ptr<DispatchPolicy>> policies;
  policies.push_back(std::make_unique<OfficeFifo>(trace));
  policies.push_back(std::make_unique<ChoicePolicy>(
      trace, "round robin",
      [turns = std::array<std::size_t, kTraceTradeCount>{}](const ChoicePolicy& policy,
                                                            std::uint32_t job) mutable {
        const auto& able = policy.able(job);
        const auto stage = policy.trace().jobs[job].stage;
        return able[turns[static_cast<std::size_t>(kTraceStages[stage].trade)]++ % able.size()];
      }));
  policies.push_back(std::make_unique<ChoicePolicy>(trace, "least loaded", least_loaded));
  policies.push_back(std::make_unique<ChoicePolicy>(
      trace, "lighter of two",
      [chance = tests::Chance(seed)](const ChoicePolicy& policy, std::uint32_t job) mutable {
        const auto& able = policy.able(job);
        const std::uint32_t one = able[chance.below(able.size())];
        const std::uint32_t two = able[chance.below(able.size())];
        return policy.minutes(two) < policy.minutes(one) ? two : one;
      }));
  policies.push_back(std::make_unique<ChoicePolicy>(trace, "nearest", nearest));
  return policies;
}

}  // namespace permitd::bench
