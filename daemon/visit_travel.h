// How long the ways of a day are: the one place where plans, previews and offers get their
// distances from. Great circles with the road factor and speed of the options; between places of
// two districts what the operator's table says, where it says something. Pure functions.
//
// Within one district great circles count: a district is kilometres wide, and one figure for all of
// it would make the house next door as far as the other end, so that no route had an order. A home
// is in no district that anybody has told, so great circles count from and to it, too, unless a
// visit or an office is at the same place.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "daemon/visit_plan.h"
#include "planner/travel.h"

namespace permitd::daemon {

/// The district of each point by the visits and offices that stand there, the first that tells one;
/// planner::DistrictTravel::kNoDistrict where none does. Empty when the options have no table.
std::vector<std::int32_t> place_districts(const std::vector<planner::GeoPoint>& points,
                                          std::span<const SnapshotVisit> visits,
                                          std::span<const scheduler::OfficeView> offices,
                                          const VisitPlanOptions& options);

/// `districts` as above, one per point.
std::unique_ptr<const planner::Travel> make_travel(const std::vector<planner::GeoPoint>& points,
                                                   std::vector<std::int32_t> districts,
                                                   const VisitPlanOptions& options);

}  // namespace permitd::daemon
