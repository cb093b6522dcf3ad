#include "planner/travel.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace permitd::planner {
namespace {

constexpr double kEarthRadiusKm = 6371.0;
constexpr double kSecondsPerHour = 3600;

std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

bool is_symmetric(const std::vector<Time>& table, std::int32_t count) {
  for (std::int32_t a = 0; a < count; ++a) {
    for (std::int32_t b = 0; b < a; ++b) {
      if (table[index(a) * index(count) + index(b)] != table[index(b) * index(count) + index(a)]) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

GreatCircleTravel::GreatCircleTravel(const std::vector<GeoPoint>& points, Road road)
    : seconds_per_radian_(kEarthRadiusKm * road.factor / road.speed_kmh * kSecondsPerHour),
      overhead_(road.overhead) {
  vectors_.reserve(points.size());
  for (const GeoPoint& point : points) {
    const double latitude = point.latitude * std::numbers::pi / 180;
    const double longitude = point.longitude * std::numbers::pi / 180;
    vectors_.push_back({std::cos(latitude) * std::cos(longitude),
                        std::cos(latitude) * std::sin(longitude), std::sin(latitude)});
  }
}

Time GreatCircleTravel::between(Place from, Place to) const {
  const UnitVector& a = vectors_[index(from)];
  const UnitVector& b = vectors_[index(to)];
  const double x = a.x - b.x;
  const double y = a.y - b.y;
  const double z = a.z - b.z;
  const double squared = x * x + y * y + z * z;
  if (squared == 0) return 0;
  // arc = 2 asin(chord / 2), of which two terms of the series are exact to 1e-9 within 600 km.
  const double chord = std::sqrt(squared);
  const double seconds = chord * (1 + squared / 24) * seconds_per_radian_;
  return std::min(kTravelMax, static_cast<Time>(std::lround(seconds)) + overhead_);
}

DistrictTravel::DistrictTravel(GreatCircleTravel circles,
                               std::vector<std::int32_t> district_of_place, std::vector<Time> table,
                               std::int32_t district_count)
    : circles_(std::move(circles)),
      district_of_place_(std::move(district_of_place)),
      table_(std::move(table)),
      district_count_(district_count),
      symmetric_(is_symmetric(table_, district_count)) {}

Time DistrictTravel::between(Place from, Place to) const {
  if (from == to) return 0;
  const std::int32_t origin = district_of_place_[index(from)];
  const std::int32_t target = district_of_place_[index(to)];
  if (origin == kNoDistrict || target == kNoDistrict) return circles_.between(from, to);
  const Time given = table_[index(origin) * index(district_count_) + index(target)];
  return given == kNotGiven ? circles_.between(from, to) : given;
}

MatrixTravel::MatrixTravel(std::vector<Time> matrix, Place place_count)
    : matrix_(std::move(matrix)),
      place_count_(place_count),
      symmetric_(is_symmetric(matrix_, place_count)) {}

Time PlaneTravel::between(Place from, Place to) const {
  const Point& a = points_[index(from)];
  const Point& b = points_[index(to)];
  return static_cast<Time>(std::hypot(a.x - b.x, a.y - b.y) * scale_);
}

}  // namespace permitd::planner
