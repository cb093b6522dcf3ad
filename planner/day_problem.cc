#include "planner/day_problem.h"

#include <map>

namespace permitd::planner {
namespace {

using Checked = std::expected<void, ProblemError>;

/// Above these, sums of squares in the balance term could leave a Cost.
constexpr Cost kEffortMax = 100'000'000;
constexpr Cost kBalancePermilleMax = 100'000;

Checked fault(std::int32_t index, const char* text) {
  return std::unexpected(ProblemError{index, text});
}

bool is_place(Place place, Place place_count) { return place >= 0 && place < place_count; }

Checked validate_inspector(const Inspector& inspector, PersonIndex index, Place place_count) {
  for (Place place : {inspector.start, inspector.end}) {
    if (place != kNowhere && !is_place(place, place_count)) return fault(index, "unknown home");
  }
  if (inspector.shift.open > inspector.shift.close) return fault(index, "shift ends early");
  if (inspector.effort_capacity <= 0) return fault(index, "no effort capacity");
  if (inspector.effort_before < 0 || inspector.effort_before > kEffortMax) {
    return fault(index, "effort out of range");
  }
  return {};
}

Checked validate_windows(const Visit& visit, VisitIndex index) {
  if (visit.windows.empty() || visit.windows.size() > 2) return fault(index, "one or two windows");
  for (const TimeWindow& window : visit.windows) {
    if (window.open > window.close) return fault(index, "window closes before it opens");
  }
  if (visit.windows.size() == 2 && visit.windows[0].close >= visit.windows[1].open) {
    return fault(index, "windows overlap or stand in the wrong order");
  }
  return {};
}

Checked validate_lock(const VisitLock& lock, VisitIndex index, const DayProblem& problem) {
  const auto people = static_cast<PersonIndex>(problem.inspectors.size());
  const auto visits = static_cast<VisitIndex>(problem.visits.size());
  if (lock.person < kNobody || lock.person >= people) return fault(index, "locked to nobody known");
  if (lock.after < kNoVisit || lock.after >= visits || lock.after == index) {
    return fault(index, "locked after no visit known");
  }
  if (lock.start && lock.start->open > lock.start->close) return fault(index, "empty start lock");
  if (lock.frozen && (lock.person == kNobody || !lock.start)) {
    return fault(index, "frozen without person and start");
  }
  if (lock.after != kNoVisit) {
    const auto group = problem.visits[static_cast<std::size_t>(index)].group;
    const auto& first = problem.visits[static_cast<std::size_t>(lock.after)];
    if (group != kNoGroup && group == first.group && lock.after > index) {
      return fault(index, "locked against the order of its group");
    }
  }
  return {};
}

Checked validate_visit(const Visit& visit, VisitIndex index, const DayProblem& problem,
                       Place place_count) {
  const auto people = static_cast<PersonIndex>(problem.inspectors.size());
  if (!is_place(visit.place, place_count)) return fault(index, "unknown place of a visit");
  if (visit.service < 0 || visit.service_following.value_or(0) < 0 || visit.demand < 0 ||
      visit.prize < 0) {
    return fault(index, "negative service, demand or prize");
  }
  if (auto windows = validate_windows(visit, index); !windows) return windows;
  for (PersonIndex person : visit.excluded) {
    if (person < 0 || person >= people) return fault(index, "excludes nobody known");
  }
  if (visit.running < kNobody || visit.running >= people) return fault(index, "runs with nobody");
  return validate_lock(visit.lock, index, problem);
}

}  // namespace

Checked validate(const DayProblem& problem, Place place_count) {
  if (problem.weights.balance_permille < 0 || problem.weights.move < 0 ||
      problem.weights.balance_permille > kBalancePermilleMax) {
    return fault(0, "weight out of range");
  }
  for (PersonIndex i = 0; const Inspector& inspector : problem.inspectors) {
    if (auto checked = validate_inspector(inspector, i++, place_count); !checked) return checked;
  }
  std::map<std::int32_t, Place> group_place;
  for (VisitIndex i = 0; const Visit& visit : problem.visits) {
    if (auto checked = validate_visit(visit, i, problem, place_count); !checked) return checked;
    if (visit.group != kNoGroup) {
      const auto [at, fresh] = group_place.try_emplace(visit.group, visit.place);
      if (!fresh && at->second != visit.place) return fault(i, "a group at two places");
    }
    ++i;
  }
  return {};
}

}  // namespace permitd::planner
