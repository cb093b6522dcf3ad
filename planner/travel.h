// How long it takes from one place to another. The seam between the planner and the map: great
// circles with a road factor, a table between districts over them, a full matrix, or the convention
// of the published benchmarks. Providers never change once built; any thread may ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "planner/day_problem.h"

namespace permitd::planner {

/// Longest travel that a plan can hold: legs are kept in 16 bits, 18 hours if the unit is a second.
inline constexpr Time kTravelMax = UINT16_MAX;

class Travel {
 public:
  virtual ~Travel() = default;
  virtual Place place_count() const = 0;
  /// At most kTravelMax. Pre: both are below place_count().
  virtual Time between(Place from, Place to) const = 0;
  /// Whether between(a, b) == between(b, a) for all places.
  virtual bool symmetric() const { return true; }
};

/// Travel between two places, either of which may be kNowhere.
inline Time travel_between(const Travel& travel, Place from, Place to) {
  return from == kNowhere || to == kNowhere ? 0 : travel.between(from, to);
}

/// Degrees.
struct GeoPoint {
  double latitude = 0;
  double longitude = 0;
};

/// Great-circle distance × `road_factor` at `speed_kmh`, in seconds.
class GreatCircleTravel final : public Travel {
 public:
  struct Road {
    /// How much longer streets are than the straight line; 1.3 to 1.4 in cities.
    double factor = 1.35;
    double speed_kmh = 25;
    /// Seconds that every change of place costs: parking, finding the door.
    Time overhead = 0;
  };
  GreatCircleTravel(const std::vector<GeoPoint>& points, Road road);

  Place place_count() const override { return static_cast<Place>(vectors_.size()); }
  Time between(Place from, Place to) const override;

 private:
  struct UnitVector {
    double x, y, z;
  };
  // The chord between two unit vectors needs no trigonometry per pair.
  std::vector<UnitVector> vectors_;
  double seconds_per_radian_;
  Time overhead_;
};

/// A table between districts, where it says something; the great circle where it does not.
class DistrictTravel final : public Travel {
 public:
  static constexpr std::int32_t kNoDistrict = -1;
  static constexpr Time kNotGiven = -1;

  /// `table` is [district_count][district_count], row per origin, with kNotGiven where `circles`
  /// count. So do they from and to a place of kNoDistrict. One and the same place is 0 away from
  /// itself.
  DistrictTravel(GreatCircleTravel circles, std::vector<std::int32_t> district_of_place,
                 std::vector<Time> table, std::int32_t district_count);

  Place place_count() const override { return circles_.place_count(); }
  Time between(Place from, Place to) const override;
  bool symmetric() const override { return symmetric_; }

 private:
  GreatCircleTravel circles_;
  std::vector<std::int32_t> district_of_place_;
  std::vector<Time> table_;
  std::int32_t district_count_;
  bool symmetric_ = true;
};

/// A full matrix, [place_count][place_count], row per origin.
class MatrixTravel final : public Travel {
 public:
  MatrixTravel(std::vector<Time> matrix, Place place_count);

  Place place_count() const override { return place_count_; }
  Time between(Place from, Place to) const override {
    return matrix_[static_cast<std::size_t>(from) * static_cast<std::size_t>(place_count_) +
                   static_cast<std::size_t>(to)];
  }
  bool symmetric() const override { return symmetric_; }

 private:
  std::vector<Time> matrix_;
  Place place_count_;
  bool symmetric_ = true;
};

/// Plane distance × `scale`, cut to an integer: with 10 the convention of the published best costs
/// for 1,000 customers, each leg truncated to one decimal.
class PlaneTravel final : public Travel {
 public:
  struct Point {
    double x = 0;
    double y = 0;
  };
  PlaneTravel(std::vector<Point> points, double scale)
      : points_(std::move(points)), scale_(scale) {}

  Place place_count() const override { return static_cast<Place>(points_.size()); }
  Time between(Place from, Place to) const override;

 private:
  std::vector<Point> points_;
  double scale_;
};

}  // namespace permitd::planner
