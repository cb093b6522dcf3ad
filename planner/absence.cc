#include "planner/absence.h"

#include <algorithm>
#include <utility>

#include "planner/day_planner.h"

namespace permitd::planner {
namespace {

/// A quarter of the heat of a search from scratch: enough to swap visits, not to shuffle the town.
constexpr double kHeat = 0.25;

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

/// Who makes each visit; kNobody if nobody does.
std::vector<PersonIndex> people_of(const DayProblem& problem, const Plan& plan) {
  std::vector<PersonIndex> people(problem.visits.size(), kNobody);
  for (PersonIndex person = 0; const auto& route : plan.routes) {
    for (const PlannedVisit& planned : route) people[index(planned.visit)] = person;
    ++person;
  }
  return people;
}

/// Lets go of what the absent person cannot make; returns that.
std::vector<VisitIndex> release(DayProblem& problem, const Plan& plan, const Absence& absence) {
  std::vector<VisitIndex> released;
  std::int32_t kept = 0;
  std::int32_t group_before = kNoGroup;
  for (const PlannedVisit& planned : plan.routes[index(absence.person)]) {
    Visit& visit = problem.visits[index(planned.visit)];
    // A trip that has begun is finished: the rest of its group follows without waiting.
    const bool follows = visit.group != kNoGroup && visit.group == group_before;
    group_before = visit.group;
    if (planned.start < absence.from || (follows && kept > 0 && released.empty())) {
      visit.lock.person = absence.person;
      visit.lock.start = {planned.start, planned.start};
      visit.lock.frozen = true;
      ++kept;
      continue;
    }
    visit.lock.frozen = false;
    visit.lock.person = kNobody;
    visit.running = kNobody;
    released.push_back(planned.visit);
  }
  problem.inspectors[index(absence.person)].visits_max = kept;
  return released;
}

}  // namespace

AbsencePlan plan_absence(const DayProblem& problem, const Travel& travel, const Plan& plan,
                         const Absence& absence, const SearchOptions& options) {
  AbsencePlan result{problem, {}, {}, {}, {}};
  const std::vector<PersonIndex> before = people_of(problem, plan);
  for (std::size_t v = 0; v < before.size(); ++v) result.problem.visits[v].running = before[v];
  const std::vector<VisitIndex> released = release(result.problem, plan, absence);
  DayPlanner planner(result.problem, travel);
  SearchOptions search = options;
  search.movable = planner.room_for(released);
  search.heat = options.heat * kHeat;
  result.plan = planner.improve(plan, search);
  const std::vector<PersonIndex> after = people_of(problem, result.plan);
  for (VisitIndex visit : released) {
    (after[index(visit)] == kNobody ? result.lost : result.taken_over).push_back(visit);
  }
  for (std::size_t v = 0; v < before.size(); ++v) {
    const bool others = before[v] != kNobody && before[v] != absence.person;
    if (others && after[v] != before[v]) result.moved.push_back(static_cast<VisitIndex>(v));
  }
  return result;
}

}  // namespace permitd::planner
