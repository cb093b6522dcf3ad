// Who is near whom, worked out once before the search: for inserting, the trips behind and ahead of
// which one fits well in both place and time, and the people who live near; for removing, the trips
// that are simply close. Only read once built.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "planner/day_model.h"
#include "planner/travel_table.h"

namespace permitd::planner {

class Neighbourhood {
 public:
  struct Size {
    /// Of the places directly behind or ahead of another trip, how many are looked at. Of 60 to 120
    /// none was clearly better than 80 on 1,000 trips in 5 s; more costs speed, fewer costs
    /// quality.
    std::int32_t places = 80;
    std::int32_t adjacent = 200;
    std::int32_t classes = 24;
  };

  Neighbourhood(const DayModel& model, const TravelTable& table, Size size);

  /// Trips directly behind which `trip` fits, best first.
  std::span<const StopId> behind(StopId trip) const { return row(behind_, trip); }
  /// Trips directly ahead of which `trip` fits, best first.
  std::span<const StopId> ahead(StopId trip) const { return row(ahead_, trip); }
  /// Trips by distance, `trip` itself first.
  std::span<const StopId> adjacent(StopId trip) const { return row(adjacent_, trip); }
  /// Classes of people who may make `trip`, nearest home first.
  std::span<const std::int32_t> classes(StopId trip) const { return row(classes_, trip); }

  /// What it costs to be near, and the stop or class: in order, ties by number.
  using Ranked = std::pair<Time, std::int32_t>;

 private:
  struct Rows {
    std::vector<std::int32_t> entries;
    std::vector<std::size_t> begin{0};  // [trip], and the end behind the last
  };
  std::span<const std::int32_t> row(const Rows& rows, StopId trip) const {
    const auto at = static_cast<std::size_t>(trip - first_trip_);
    return {rows.entries.data() + rows.begin[at], rows.begin[at + 1] - rows.begin[at]};
  }

  static void add_row(std::vector<Ranked>& ranked, std::int32_t count, Rows& rows);
  void add_places(const DayModel& model, StopId trip, LegRows legs, std::vector<Ranked>& ranked,
                  std::int32_t count);

  StopId first_trip_;
  Rows behind_;
  Rows ahead_;
  Rows adjacent_;
  Rows classes_;
};

}  // namespace permitd::planner
