// Fills routes from a plan. What no longer fits where the plan has it is left out.
#pragma once

#include "planner/plan.h"
#include "planner/route_set.h"
#include "planner/travel.h"

namespace permitd::planner {

/// `leg(from, to)` is the travel between two stops. Trips that are in a route already stay there.
template <class Leg>
void load_plan(RouteSet& routes, const Plan& plan, const Leg& leg) {
  const DayModel& model = routes.model();
  const PersonIndex people =
      std::min(static_cast<PersonIndex>(plan.routes.size()), model.people_count());
  for (PersonIndex person = 0; person < people; ++person) {
    StopId last = DayModel::start_of(person);
    for (const PlannedVisit& planned : plan.routes[static_cast<std::size_t>(person)]) {
      const StopId trip = model.trip_of(planned.visit);
      if (!routes.served(trip)) {
        const RouteSet::Legs legs{leg(last, trip), leg(trip, routes.stop(last).next)};
        if (routes.fits(trip, last, legs)) routes.insert(trip, last, legs);
      }
      if (routes.stop(trip).person == person) last = trip;
    }
  }
}

/// The same with the map itself, for those who hold no table of it.
inline void load_plan(RouteSet& routes, const Plan& plan, const Travel& travel) {
  const auto place = [&](StopId stop) { return routes.model().rules(stop).place; };
  load_plan(routes, plan,
            [&](StopId from, StopId to) { return travel_between(travel, place(from), place(to)); });
}

}  // namespace permitd::planner
