#include "planner/day_model.h"

#include <bit>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "planner/locality.h"

namespace permitd::planner {
namespace {

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

using Windows = std::vector<TimeWindow>;

/// `windows` cut down to what `other` allows as well; both in order, neither overlaps itself.
Windows intersection(const Windows& windows, const Windows& other) {
  Windows both;
  for (const TimeWindow& a : windows) {
    for (const TimeWindow& b : other) {
      const TimeWindow cut{std::max(a.open, b.open), std::min(a.close, b.close)};
      if (cut.open <= cut.close) both.push_back(cut);
    }
  }
  return both;
}

Windows shifted(Windows windows, Time by) {
  for (TimeWindow& window : windows) {
    window.open -= by;
    window.close -= by;
  }
  return windows;
}

Time service_of(const Visit& visit, bool first) {
  return first ? visit.service : visit.service_following.value_or(visit.service);
}

/// When the first visit of the trip may start so that each starts in a window of its own.
Windows trip_windows(const DayProblem& problem, std::span<const VisitIndex> members) {
  Windows windows{{kTooEarly, kNever}};
  Time offset = 0;
  for (VisitIndex member : members) {
    const Visit& visit = problem.visits[index(member)];
    windows = intersection(windows, shifted(visit.windows, offset));
    if (visit.lock.start) windows = intersection(windows, shifted({*visit.lock.start}, offset));
    offset += service_of(visit, member == members.front());
  }
  return windows;
}

/// People whom some visit names are unlike all others.
std::vector<bool> named_people(const DayProblem& problem) {
  std::vector<bool> named(problem.inspectors.size());
  const auto name = [&](PersonIndex person) {
    if (person != kNobody) named[index(person)] = true;
  };
  for (const Visit& visit : problem.visits) {
    std::ranges::for_each(visit.excluded, name);
    name(visit.lock.person);
    name(visit.running);
  }
  return named;
}

auto class_key(const Inspector& inspector, PersonIndex named) {
  return std::tuple(named, inspector.start, inspector.end, inspector.shift.open,
                    inspector.shift.close, inspector.skills, inspector.load_max,
                    inspector.visits_max, inspector.fixed_cost, inspector.effort_before,
                    inspector.effort_capacity);
}

}  // namespace

DayModel::DayModel(const DayProblem& problem, const Travel& travel)
    : problem_(problem),
      people_count_(static_cast<std::int32_t>(problem.inspectors.size())),
      allowed_words_((problem.inspectors.size() + 63) / 64),
      rules_(2 * problem.inspectors.size()),
      trip_of_(problem.visits.size(), kNoStop) {
  add_trips_and_columns(travel);
  add_people();
  add_classes();
  for (StopId trip = first_trip(); trip < stop_count(); ++trip) add_order_locks(trip);
  plain_ = is_plain();
}

Column DayModel::add_column(Place place) {
  place_of_column_.push_back(place);
  return static_cast<Column>(place_of_column_.size()) - 1;
}

std::vector<std::vector<VisitIndex>> DayModel::visits_by_trip() const {
  std::vector<std::vector<VisitIndex>> trips;
  std::map<std::int32_t, std::size_t> trip_of_group;
  for (VisitIndex v = 0; const Visit& visit : problem_.visits) {
    const auto [at, fresh] = trip_of_group.try_emplace(visit.group, trips.size());
    if (fresh || visit.group == kNoGroup) {
      trips.push_back({v});
    } else {
      trips[at->second].push_back(v);
    }
    ++v;
  }
  return trips;
}

void DayModel::add_trips_and_columns(const Travel& travel) {
  std::vector<Place> places;
  std::vector<std::vector<VisitIndex>> trips = visits_by_trip();
  for (const auto& trip : trips) places.push_back(problem_.visits[index(trip.front())].place);
  for (const Inspector& inspector : problem_.inspectors) {
    for (Place home : {inspector.start, inspector.end}) {
      if (home_columns_.try_emplace(home, 0).second && home != kNowhere) places.push_back(home);
    }
  }
  for (std::size_t i : locality_order(places, travel)) {
    if (i < trips.size()) {
      add_trip(std::move(trips[i]));
    } else {
      home_columns_[places[i]] = add_column(places[i]);
    }
  }
  home_columns_[kNowhere] = add_column(kNowhere);
}

void DayModel::add_people() {
  for (PersonIndex p = 0; p < people_count_; ++p) {
    const Inspector& inspector = problem_.inspectors[index(p)];
    rules_[index(start_of(p))].column = home_columns_.at(inspector.start);
    rules_[index(start_of(p))].place = inspector.start;
    rules_[index(end_of(p))].column = home_columns_.at(inspector.end);
    rules_[index(end_of(p))].place = inspector.end;
  }
}

void DayModel::add_classes() {
  const std::vector<bool> named = named_people(problem_);
  std::map<decltype(class_key(Inspector{}, 0)), std::int32_t> class_by_key;
  for (PersonIndex p = 0; p < people_count_; ++p) {
    const auto key = class_key(problem_.inspectors[index(p)], named[index(p)] ? p : kNobody);
    const auto [at, fresh] =
        class_by_key.try_emplace(key, static_cast<std::int32_t>(classes_.size()));
    if (fresh) classes_.push_back({{}, rules(start_of(p)).column, rules(end_of(p)).column});
    classes_[index(at->second)].people.push_back(p);
    class_of_.push_back(at->second);
  }
}

StopId DayModel::add_trip(std::vector<VisitIndex> members) {
  const StopId trip = stop_count();
  StopRules rules;
  rules.place = problem_.visits[index(members.front())].place;
  rules.column = add_column(rules.place);
  rules.visits = static_cast<std::int32_t>(members.size());
  for (VisitIndex member : members) {
    const Visit& visit = problem_.visits[index(member)];
    rules.service += service_of(visit, member == members.front());
    rules.demand += visit.demand;
    rules.prize += visit.prize;
    rules.frozen = rules.frozen || visit.lock.frozen;
    if (rules.running == kNobody) rules.running = visit.running;
    if (visit.running != kNobody && visit.running != rules.running) rules.running = kSeveral;
    trip_of_[index(member)] = trip;
  }
  const Windows windows = trip_windows(problem_, members);
  rules.first = windows.empty() ? TimeWindow{kNever, kTooEarly} : windows[0];
  if (windows.size() > 1) rules.second = windows[1];
  rules_.push_back(rules);
  add_allowed(members, !windows.empty());
  before_.emplace_back();
  after_.emplace_back();
  members_.push_back(std::move(members));
  return trip;
}

void DayModel::add_allowed(std::span<const VisitIndex> members, bool possible) {
  const std::size_t row = allowed_.size();
  allowed_.resize(row + allowed_words_);
  SkillMask skills = 0;
  for (VisitIndex member : members) skills |= problem_.visits[index(member)].skills;
  for (PersonIndex p = 0; p < people_count_ && possible; ++p) {
    if ((problem_.inspectors[index(p)].skills & skills) != skills) continue;
    allowed_[row + index(p / 64)] |= std::uint64_t{1} << (p % 64);
  }
  for (VisitIndex member : members) {
    const Visit& visit = problem_.visits[index(member)];
    for (PersonIndex p : visit.excluded) {
      allowed_[row + index(p / 64)] &= ~(std::uint64_t{1} << (p % 64));
    }
    if (visit.lock.person == kNobody) continue;
    for (std::size_t word = 0; word < allowed_words_; ++word) {
      const PersonIndex person = visit.lock.person;
      const bool here = index(person / 64) == word;
      allowed_[row + word] &= here ? std::uint64_t{1} << (person % 64) : 0;
    }
  }
  std::int32_t count = 0;
  for (std::size_t word = 0; word < allowed_words_; ++word) {
    count += std::popcount(allowed_[row + word]);
  }
  allowed_count_.push_back(count);
}

std::int32_t DayModel::count_moved(StopId trip, PersonIndex person) const {
  const auto moved = std::ranges::count_if(members(trip), [&](VisitIndex member) {
    const PersonIndex running = problem_.visits[index(member)].running;
    return running != kNobody && running != person;
  });
  return static_cast<std::int32_t>(moved);
}

void DayModel::add_order_locks(StopId trip) {
  for (VisitIndex member : members_[index(trip - first_trip())]) {
    const VisitIndex earlier = problem_.visits[index(member)].lock.after;
    if (earlier == kNoVisit || trip_of(earlier) == trip) continue;
    before_[index(trip - first_trip())].push_back(trip_of(earlier));
    after_[index(trip_of(earlier) - first_trip())].push_back(trip);
    rules_[index(trip)].ordered = true;
    rules_[index(trip_of(earlier))].ordered = true;
  }
}

StopId DayModel::append() {
  trip_of_.push_back(kNoStop);
  const StopId trip = add_trip({static_cast<VisitIndex>(problem_.visits.size()) - 1});
  add_order_locks(trip);
  plain_ = is_plain();
  return trip;
}

void DayModel::retract() {
  for (StopId earlier : before_.back()) after_[index(earlier - first_trip())].pop_back();
  rules_.pop_back();
  members_.pop_back();
  before_.pop_back();
  after_.pop_back();
  trip_of_.pop_back();
  allowed_.resize(allowed_.size() - allowed_words_);
  allowed_count_.pop_back();
  place_of_column_.pop_back();
  plain_ = is_plain();
}

bool DayModel::is_plain() const {
  const Inspector* first = problem_.inspectors.empty() ? nullptr : &problem_.inspectors.front();
  if (!first || classes_.size() != 1) return false;
  if (problem_.weights.balance_permille != 0 || first->fixed_cost != 0) return false;
  if (first->visits_max < trip_count() && first->visits_max != INT32_MAX) return false;
  for (StopId trip = first_trip(); trip < stop_count(); ++trip) {
    const StopRules& needs = rules(trip);
    if (needs.ordered || (needs.running != kNobody && problem_.weights.move != 0)) return false;
    if (allowed_count(trip) != people_count_) return false;
  }
  return true;
}

}  // namespace permitd::planner
