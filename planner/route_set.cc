#include "planner/route_set.h"

namespace permitd::planner {
namespace {

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

}  // namespace

RouteSet::RouteSet(const DayModel& model)
    : model_(model),
      routes_(index(model.people_count())),
      idle_(model.classes().size()),
      idle_at_(index(model.people_count())),
      touched_at_(index(model.people_count())) {
  grow();
  for (PersonIndex p = model.people_count() - 1; p >= 0; --p) {
    const Inspector& inspector = model.problem().inspectors[index(p)];
    at(DayModel::start_of(p)) = {kNoStop,
                                 DayModel::end_of(p),
                                 p,
                                 inspector.shift.open,
                                 inspector.shift.open,
                                 0,
                                 model.rules(DayModel::start_of(p)).column};
    at(DayModel::end_of(p)) = {DayModel::start_of(p),
                               kNoStop,
                               p,
                               inspector.shift.open,
                               inspector.shift.close,
                               0,
                               model.rules(DayModel::end_of(p)).column};
    cost_.balance += balance_cost(inspector.effort_before, inspector.effort_capacity,
                                  model.problem().weights.balance_permille);
    set_idle(p, true);
  }
}

void RouteSet::grow() {
  const StopId known = static_cast<StopId>(stops_.size());
  stops_.resize(index(model_.stop_count()));
  for (StopId stop = known; stop < model_.stop_count(); ++stop) {
    at(stop).column = model_.rules(stop).column;
    if (model_.is_trip(stop)) cost_.unserved += model_.rules(stop).prize;
  }
}

Cost RouteSet::load(PersonIndex person) const {
  const Route& mine = route(person);
  return model_.problem().inspectors[index(person)].effort_before + mine.travel + mine.service;
}

bool RouteSet::fits(StopId trip, StopId previous, Legs legs) const {
  const PersonIndex person = stop(previous).person;
  const Inspector& inspector = model_.problem().inspectors[index(person)];
  const Route& mine = route(person);
  const StopRules& rules = model_.rules(trip);
  if (!model_.allowed(trip, person) || mine.demand + rules.demand > inspector.load_max ||
      mine.visits + rules.visits > inspector.visits_max) {
    return false;
  }
  const Time start = first_start(rules, stop(previous).departure + legs.before);
  const Time arrival = start + rules.service + legs.after;
  return arrival <= stop(stop(previous).next).arrive_max && keeps_order(trip, previous);
}

bool RouteSet::keeps_order(StopId trip, StopId previous) const {
  const PersonIndex person = stop(previous).person;
  const auto stands_up_to_previous = [&](StopId other) {
    StopId at = previous;
    while (at != kNoStop && at != other) at = stop(at).previous;
    return at == other;
  };
  for (StopId other : model_.before(trip)) {
    if (stop(other).person == person && !stands_up_to_previous(other)) return false;
  }
  for (StopId other : model_.after(trip)) {
    if (stop(other).person == person && stands_up_to_previous(other)) return false;
  }
  return true;
}

void RouteSet::insert(StopId trip, StopId previous, Legs legs) {
  const PersonIndex person = stop(previous).person;
  touch(person);
  const StopId next = stop(previous).next;
  const StopRules& rules = model_.rules(trip);
  Route changed = route(person);
  changed.travel += legs.before + legs.after - stop(next).leg_before;
  changed.service += rules.service;
  changed.demand += rules.demand;
  changed.visits += rules.visits;
  ++changed.trips;
  at(trip) = {previous, next, person, 0, 0, legs.before, rules.column};
  at(previous).next = trip;
  at(next).previous = trip;
  at(next).leg_before = legs.after;
  account(person, changed);
  account_trip(trip, person, 1);
  delay_from(trip, true);
  tighten_from(trip, true);
}

void RouteSet::remove(StopId trip, Time joined) {
  const Stop gone = stop(trip);
  touch(gone.person);
  const StopRules& rules = model_.rules(trip);
  Route changed = route(gone.person);
  --changed.trips;
  if (changed.trips == 0) joined = 0;
  changed.travel += joined - gone.leg_before - stop(gone.next).leg_before;
  changed.service -= rules.service;
  changed.demand -= rules.demand;
  changed.visits -= rules.visits;
  at(gone.previous).next = gone.next;
  at(gone.next).previous = gone.previous;
  at(gone.next).leg_before = joined;
  at(trip).person = kNobody;
  account(gone.person, changed);
  account_trip(trip, gone.person, -1);
  delay_from(gone.next, false);
  if (model_.is_trip(gone.previous)) tighten_from(gone.previous, false);
}

/// Earliest departures from `stop` on, until one stays as it was.
void RouteSet::delay_from(StopId stop, bool always) {
  Time departure = at(at(stop).previous).departure;
  while (stop != kNoStop) {
    Stop& here = at(stop);
    const StopRules& rules = model_.rules(stop);
    departure = first_start(rules, departure + here.leg_before) + rules.service;
    if (departure == here.departure && !always) return;
    always = false;
    here.departure = departure;
    stop = here.next;
  }
}

/// Latest arrivals from `stop` back to the start, until one stays as it was.
void RouteSet::tighten_from(StopId stop, bool always) {
  const Stop* after = &at(at(stop).next);
  while (model_.is_trip(stop)) {
    Stop& here = at(stop);
    const StopRules& rules = model_.rules(stop);
    const Time arrive_max =
        last_start(rules, after->arrive_max - after->leg_before - rules.service);
    if (arrive_max == here.arrive_max && !always) return;
    always = false;
    here.arrive_max = arrive_max;
    after = &here;
    stop = here.previous;
  }
}

void RouteSet::account(PersonIndex person, const Route& changed) {
  Route& mine = routes_[index(person)];
  cost_.travel += changed.travel - mine.travel;
  const Inspector& inspector = model_.problem().inspectors[index(person)];
  const Cost balance_permille = model_.problem().weights.balance_permille;
  if (balance_permille != 0) {
    cost_.balance -= balance_cost(load(person), inspector.effort_capacity, balance_permille);
  }
  const bool was_idle = mine.trips == 0;
  mine = changed;
  if (balance_permille != 0) {
    cost_.balance += balance_cost(load(person), inspector.effort_capacity, balance_permille);
  }
  if (was_idle == (mine.trips == 0)) return;
  cost_.fixed += was_idle ? inspector.fixed_cost : -inspector.fixed_cost;
  used_count_ += was_idle ? 1 : -1;
  set_idle(person, !was_idle);
}

void RouteSet::account_trip(StopId trip, PersonIndex person, Cost sign) {
  cost_.unserved -= sign * model_.rules(trip).prize;
  cost_.moves += sign * model_.moved_by(trip, person) * model_.problem().weights.move;
}

void RouteSet::set_idle(PersonIndex person, bool idle) {
  auto& stack = idle_[index(model_.class_of(person))];
  if (idle) {
    idle_at_[index(person)] = stack.size();
    stack.push_back(person);
  } else {
    const PersonIndex last = stack.back();
    stack[idle_at_[index(person)]] = last;
    idle_at_[index(last)] = idle_at_[index(person)];
    stack.pop_back();
  }
}

void RouteSet::checkpoint() {
  ++checkpoint_;
  touched_.clear();
  saved_routes_.clear();
  saved_stops_.clear();
  saved_cost_ = cost_;
}

void RouteSet::touch(PersonIndex person) {
  if (touched_at_[index(person)] == checkpoint_) return;
  touched_at_[index(person)] = checkpoint_;
  touched_.push_back(person);
  saved_routes_.push_back({person, route(person), saved_stops_.size()});
  for (StopId stop = DayModel::start_of(person); stop != kNoStop; stop = at(stop).next) {
    const Stop& here = at(stop);
    saved_stops_.push_back({stop, here.departure, here.arrive_max, here.leg_before});
  }
}

void RouteSet::rollback() {
  for (const SavedRoute& saved : saved_routes_) {
    StopId stop = at(DayModel::start_of(saved.person)).next;
    for (; model_.is_trip(stop); stop = at(stop).next) at(stop).person = kNobody;
  }
  for (const SavedRoute& saved : saved_routes_) {
    const bool idle_now = route(saved.person).trips == 0;
    if (idle_now != (saved.route.trips == 0)) {
      used_count_ += idle_now ? 1 : -1;
      set_idle(saved.person, !idle_now);
    }
    routes_[index(saved.person)] = saved.route;
    StopId previous = kNoStop;
    const std::size_t end = saved.begin + index(saved.route.trips) + 2;
    for (std::size_t i = saved.begin; i < end; ++i) {
      const SavedStop& was = saved_stops_[i];
      Stop& here = at(was.stop);
      here.previous = previous;
      here.next = kNoStop;
      here.person = saved.person;
      here.departure = was.departure;
      here.arrive_max = was.arrive_max;
      here.leg_before = was.leg_before;
      if (previous != kNoStop) at(previous).next = was.stop;
      previous = was.stop;
    }
  }
  cost_ = saved_cost_;
  checkpoint();
}

Plan RouteSet::plan() const {
  Plan plan;
  plan.cost = cost_;
  plan.routes.resize(routes_.size());
  for (PersonIndex p = 0; p < model_.people_count(); ++p) {
    for (StopId trip = stop(DayModel::start_of(p)).next; model_.is_trip(trip);
         trip = stop(trip).next) {
      Time start = stop(trip).departure - model_.rules(trip).service;
      bool first = true;
      for (VisitIndex visit : model_.members(trip)) {
        const Visit& made = model_.problem().visits[index(visit)];
        plan.routes[index(p)].push_back({visit, start});
        start += first ? made.service : made.service_following.value_or(made.service);
        first = false;
      }
    }
  }
  for (StopId trip = model_.first_trip(); trip < model_.stop_count(); ++trip) {
    if (served(trip)) continue;
    for (VisitIndex visit : model_.members(trip)) plan.unserved.push_back(visit);
  }
  std::ranges::sort(plan.unserved);
  return plan;
}

}  // namespace permitd::planner
