#include "planner/plan_check.h"

#include <algorithm>
#include <map>
#include <utility>

namespace permitd::planner {
namespace {

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

class Check {
 public:
  Check(const DayProblem& problem, const Travel& travel, const Plan& plan)
      : problem_(problem), travel_(travel), plan_(plan), seen_(problem.visits.size()) {}

  std::vector<std::string> run() {
    if (plan_.routes.size() != problem_.inspectors.size()) {
      complain("a route per inspector is wanted");
      return std::move(complaints_);
    }
    for (std::size_t p = 0; p < plan_.routes.size(); ++p) {
      check_route(static_cast<PersonIndex>(p), plan_.routes[p]);
    }
    check_unserved();
    check_groups();
    check_cost();
    return std::move(complaints_);
  }

 private:
  struct Seen {
    int times = 0;
    PersonIndex person = kNobody;
    std::size_t position = 0;
  };

  void complain(std::string text) { complaints_.push_back(std::move(text)); }
  void complain(VisitIndex visit, PersonIndex person, const char* text) {
    complain("visit " + std::to_string(visit) + " with inspector " + std::to_string(person) + ": " +
             text);
  }
  void complain(PersonIndex person, const char* text) {
    complain("inspector " + std::to_string(person) + ": " + text);
  }

  bool follows_in_group(const std::vector<PlannedVisit>& route, std::size_t i) const {
    if (i == 0) return false;
    const std::int32_t group = problem_.visits[index(route[i].visit)].group;
    return group != kNoGroup && problem_.visits[index(route[i - 1].visit)].group == group;
  }

  void check_route(PersonIndex person, const std::vector<PlannedVisit>& route) {
    const Inspector& inspector = problem_.inspectors[index(person)];
    Time now = inspector.shift.open;
    Place here = inspector.start;
    Cost travelled = 0;
    Cost served = 0;
    std::int64_t demand = 0;
    for (std::size_t i = 0; i < route.size(); ++i) {
      if (!note_visit(route[i].visit, person, i)) return;
      const Visit& visit = problem_.visits[index(route[i].visit)];
      const bool follows = follows_in_group(route, i);
      const Time leg = follows ? 0 : travel_between(travel_, here, visit.place);
      if (route[i].start < now + leg) complain(route[i].visit, person, "starts before arrival");
      if (follows && route[i].start != now) complain(route[i].visit, person, "waits in its group");
      check_visit(route[i], person);
      const Time service =
          follows ? visit.service_following.value_or(visit.service) : visit.service;
      now = route[i].start + service;
      here = visit.place;
      travelled += leg;
      served += service;
      demand += visit.demand;
    }
    if (!route.empty()) {
      const Time leg = travel_between(travel_, here, inspector.end);
      travelled += leg;
      if (now + leg > inspector.shift.close) complain(person, "comes home after the shift");
      cost_.fixed += inspector.fixed_cost;
    }
    if (demand > inspector.load_max) complain(person, "carries too much");
    if (std::cmp_greater(route.size(), inspector.visits_max)) complain(person, "too many visits");
    cost_.travel += travelled;
    const Cost load = inspector.effort_before + travelled + served;
    cost_.balance +=
        load * load / inspector.effort_capacity * problem_.weights.balance_permille / 1000;
  }

  bool note_visit(VisitIndex visit, PersonIndex person, std::size_t position) {
    if (visit < 0 || std::cmp_greater_equal(visit, problem_.visits.size())) {
      complain(visit, person, "does not exist");
      return false;
    }
    Seen& seen = seen_[index(visit)];
    if (++seen.times > 1) complain(visit, person, "is made twice");
    seen.person = person;
    seen.position = position;
    return true;
  }

  void check_visit(const PlannedVisit& planned, PersonIndex person) {
    const Visit& visit = problem_.visits[index(planned.visit)];
    const Inspector& inspector = problem_.inspectors[index(person)];
    const auto holds = [&](const TimeWindow& window) {
      return window.open <= planned.start && planned.start <= window.close;
    };
    if (std::ranges::none_of(visit.windows, holds)) complain(planned.visit, person, "no window");
    if ((visit.skills & ~inspector.skills) != 0) complain(planned.visit, person, "lacks a skill");
    if (std::ranges::find(visit.excluded, person) != visit.excluded.end()) {
      complain(planned.visit, person, "is excluded");
    }
    if (visit.lock.person != kNobody && visit.lock.person != person) {
      complain(planned.visit, person, "is locked to somebody else");
    }
    if (visit.lock.start && !holds(*visit.lock.start)) {
      complain(planned.visit, person, "leaves its locked start");
    }
    if (visit.running != kNobody && visit.running != person) cost_.moves += problem_.weights.move;
  }

  void check_unserved() {
    std::vector<bool> listed(seen_.size());
    for (VisitIndex visit : plan_.unserved) {
      if (!note_visit(visit, kNobody, 0)) return;
      listed[index(visit)] = true;
      cost_.unserved += problem_.visits[index(visit)].prize;
    }
    for (std::size_t v = 0; v < seen_.size(); ++v) {
      if (seen_[v].times == 0) complain("visit " + std::to_string(v) + " is neither in nor out");
      check_order(static_cast<VisitIndex>(v));
    }
  }

  void check_order(VisitIndex visit) {
    const VisitIndex earlier = problem_.visits[index(visit)].lock.after;
    if (earlier == kNoVisit) return;
    const Seen& mine = seen_[index(visit)];
    const Seen& theirs = seen_[index(earlier)];
    if (mine.person == kNobody || mine.person != theirs.person) return;
    if (mine.position < theirs.position) complain(visit, mine.person, "comes before its lock");
  }

  void check_groups() {
    std::map<std::int32_t, std::vector<VisitIndex>> groups;
    for (VisitIndex v = 0; const Visit& visit : problem_.visits) {
      if (visit.group != kNoGroup) groups[visit.group].push_back(v);
      ++v;
    }
    for (const auto& [group, members] : groups) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        const Seen& one = seen_[index(members[i - 1])];
        const Seen& next = seen_[index(members[i])];
        const bool together = one.person == next.person &&
                              (one.person == kNobody || one.position + 1 == next.position);
        if (!together) complain("group " + std::to_string(group) + " is torn apart");
      }
    }
  }

  void check_cost() {
    const std::pair<const char*, std::pair<Cost, Cost>> parts[] = {
        {"travel", {cost_.travel, plan_.cost.travel}},
        {"fixed", {cost_.fixed, plan_.cost.fixed}},
        {"unserved", {cost_.unserved, plan_.cost.unserved}},
        {"balance", {cost_.balance, plan_.cost.balance}},
        {"moves", {cost_.moves, plan_.cost.moves}},
    };
    for (const auto& [name, costs] : parts) {
      if (costs.first == costs.second) continue;
      complain(std::string(name) + " costs " + std::to_string(costs.first) + ", not " +
               std::to_string(costs.second));
    }
  }

  const DayProblem& problem_;
  const Travel& travel_;
  const Plan& plan_;
  std::vector<Seen> seen_;
  PlanCost cost_;
  std::vector<std::string> complaints_;
};

}  // namespace

std::vector<std::string> check_plan(const DayProblem& problem, const Travel& travel,
                                    const Plan& plan) {
  return Check(problem, travel, plan).run();
}

}  // namespace permitd::planner
