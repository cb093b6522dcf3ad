#include "daemon/visit_travel.h"

#include <map>
#include <utility>

#include "daemon/district_minutes.h"
#include "scheduler/distance.h"

namespace permitd::daemon {

using planner::DistrictTravel;
using planner::GreatCircleTravel;

namespace {

constexpr planner::Time kSecondsPerMinute = 60;
constexpr double kPerDegree = 1e6;  // as make_visit_problem() has it
constexpr auto kDistricts = static_cast<std::int32_t>(scheduler::kDistrictCount);
static_assert(DistrictMinutes::kMinutesMax * kSecondsPerMinute <= planner::kTravelMax);

std::vector<planner::Time> seconds_table(const DistrictMinutes& given) {
  std::vector<planner::Time> table;
  table.reserve(scheduler::kDistrictCount * scheduler::kDistrictCount);
  for (std::size_t from = 0; from < scheduler::kDistrictCount; ++from) {
    for (std::size_t to = 0; to < scheduler::kDistrictCount; ++to) {
      const std::uint16_t minutes = given.between(from, to);
      table.push_back(minutes == DistrictMinutes::kNotGiven ? DistrictTravel::kNotGiven
                                                            : minutes * kSecondsPerMinute);
    }
  }
  return table;
}

}  // namespace

std::vector<std::int32_t> place_districts(const std::vector<planner::GeoPoint>& points,
                                          std::span<const SnapshotVisit> visits,
                                          std::span<const scheduler::OfficeView> offices,
                                          const VisitPlanOptions& options) {
  if (options.minutes_between == nullptr) return {};
  std::vector<std::int32_t> districts(points.size(), DistrictTravel::kNoDistrict);
  std::map<std::pair<double, double>, std::size_t> places;
  for (std::size_t place = 0; place < points.size(); ++place)
    places.emplace(std::pair{points[place].latitude, points[place].longitude}, place);
  const auto note = [&](scheduler::Point point, scheduler::District district) {
    if (!scheduler::is_known(point) || district == 0 || district >= kDistricts) return;
    const auto found = places.find({point.lat_e6 / kPerDegree, point.lon_e6 / kPerDegree});
    if (found == places.end()) return;
    std::int32_t& known = districts[found->second];
    if (known == DistrictTravel::kNoDistrict) known = district;
  };
  // A visit without a point of its own stands at its office, wherever its parcel is.
  for (const SnapshotVisit& visit : visits) note(visit.point, visit.job.district);
  for (const scheduler::OfficeView& office : offices) note(office.point, office.district);
  return districts;
}

std::unique_ptr<const planner::Travel> make_travel(const std::vector<planner::GeoPoint>& points,
                                                   std::vector<std::int32_t> districts,
                                                   const VisitPlanOptions& options) {
  GreatCircleTravel circles(points, {.factor = options.road_percent / 100.0,
                                     .speed_kmh = static_cast<double>(options.speed_kmh)});
  if (options.minutes_between == nullptr)
    return std::make_unique<GreatCircleTravel>(std::move(circles));
  return std::make_unique<DistrictTravel>(std::move(circles), std::move(districts),
                                          seconds_table(*options.minutes_between), kDistricts);
}

}  // namespace permitd::daemon
