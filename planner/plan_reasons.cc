#include "planner/plan_reasons.h"

#include <algorithm>

#include "planner/plan_loading.h"

namespace permitd::planner {
namespace {

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

SkillMask skills_of(const DayModel& model, StopId trip) {
  SkillMask skills = 0;
  for (VisitIndex member : model.members(trip)) {
    skills |= model.problem().visits[index(member)].skills;
  }
  return skills;
}

}  // namespace

PlanReasons::PlanReasons(const DayProblem& problem, const Travel& travel, const Plan& plan)
    : problem_(problem),
      travel_(travel),
      model_(problem, travel),
      routes_(model_),
      insertion_(routes_) {
  load_plan(routes_, plan, travel_);
}

Wanted PlanReasons::wanted(StopId trip) {
  const StopRules& rules = model_.rules(trip);
  fill_leg_rows(model_, travel_, rules.place, legs_from_, legs_to_);
  return {trip, rules, model_.allowed_row(trip), {legs_from_.data(), legs_to_.data()}};
}

bool PlanReasons::on_shift(const Inspector& inspector, const StopRules& rules) const {
  const Time start = first_start(rules, inspector.shift.open);
  return start != kNever && start + rules.service <= inspector.shift.close;
}

UnservedReason PlanReasons::count_people(StopId trip) const {
  const StopRules& rules = model_.rules(trip);
  const SkillMask skills = skills_of(model_, trip);
  UnservedReason reason;
  for (PersonIndex p = 0; p < model_.people_count(); ++p) {
    const Inspector& inspector = problem_.inspectors[index(p)];
    if ((inspector.skills & skills) != skills) continue;
    ++reason.skilled;
    if (!model_.allowed(trip, p)) continue;
    ++reason.not_excluded;
    if (!on_shift(inspector, rules)) continue;
    ++reason.on_shift;
    const Route& route = routes_.route(p);
    const bool room = route.visits + rules.visits <= inspector.visits_max &&
                      route.demand + rules.demand <= inspector.load_max;
    if (room) ++reason.with_room;
  }
  return reason;
}

UnservedReason PlanReasons::why_unserved(VisitIndex visit) {
  using enum UnservedCause;
  const StopId trip = model_.trip_of(visit);
  UnservedReason reason = count_people(trip);
  if (model_.impossible(trip)) {
    reason.cause = kNoWindow;
  } else if (reason.skilled == 0) {
    reason.cause = kNobodyHasTheSkill;
  } else if (reason.not_excluded == 0) {
    reason.cause = kAllExcluded;
  } else if (reason.on_shift == 0) {
    reason.cause = kNobodyOnShift;
  } else if (reason.with_room == 0) {
    reason.cause = kAllFull;
  } else {
    reason.cause = insertion_.best_anywhere(wanted(trip)).found() ? kNotWorthIt : kNoTime;
  }
  return reason;
}

Candidate PlanReasons::candidate(const Wanted& wanted, const Spot& spot) const {
  const PersonIndex person = routes_.stop(spot.previous).person;
  const RouteSet::Legs legs = insertion_.legs(wanted, spot);
  const Stop& after = routes_.stop(routes_.stop(spot.previous).next);
  const Inspector& inspector = problem_.inspectors[index(person)];
  return {person, legs.before + legs.after - after.leg_before,
          routes_.load(person) * 1000 / inspector.effort_capacity};
}

AssignmentReason PlanReasons::why_assigned(VisitIndex visit) {
  const StopId trip = model_.trip_of(visit);
  const Stop& stop = routes_.stop(trip);
  const PersonIndex chosen = stop.person;
  const StopId previous = stop.previous;
  const Wanted looked_for = wanted(trip);
  routes_.checkpoint();
  const Place before = model_.rules(previous).place;
  const Place behind = model_.rules(stop.next).place;
  routes_.remove(trip, travel_between(travel_, before, behind));
  AssignmentReason reason{candidate(looked_for, {0, previous}), std::nullopt};
  Spot best;
  for (PersonIndex p = 0; p < model_.people_count(); ++p) {
    if (p == chosen) continue;
    const Spot spot = insertion_.best_with(looked_for, p);
    if (spot.cost < best.cost) best = spot;
  }
  if (best.found()) reason.second = candidate(looked_for, best);
  routes_.rollback();
  return reason;
}

}  // namespace permitd::planner
