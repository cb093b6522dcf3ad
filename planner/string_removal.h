// Slack induction by string removals: takes strings of neighbouring trips out of neighbouring
// routes, so that capacity and time come free in one part of town at once (Christiaens and Vanden
// Berghe, "Slack Induction by String Removals for Vehicle Routing Problems", Transportation Science
// 54(2), 2020, section 5.1). Frozen trips, and those that may not move, stay where they are.
#pragma once

#include <cstdint>
#include <vector>

#include "planner/neighbourhood.h"
#include "planner/random.h"
#include "planner/route_set.h"
#include "planner/travel_table.h"

namespace permitd::planner {

class StringRemoval {
 public:
  struct Settings {
    /// Average number of trips removed, c̄ of the paper. It has ten of both; of four to ten and
    /// seven to twenty these were among the best on 1,000 trips in 5 s.
    double removed_mean = 8;
    /// Longest string, L_max of the paper.
    double string_max = 6;
    /// The same where routes are long: a string of six is a small part of such a route, and what it
    /// leaves keeps the rest where it is.
    double long_removed_mean = 12;
    double long_string_max = 15;
    /// Chance that a string leaves some of its trips in place ("split string").
    double split_chance = 0.5;
    /// Chance that the part left in place ends at each trip.
    double split_stop_chance = 0.01;
  };

  /// `movable` is indexed by stop; empty means that all may move.
  StringRemoval(RouteSet& routes, const TravelTable& table, const Neighbourhood& nearby,
                Settings settings, const std::vector<bool>& movable);

  /// Removes strings around `seed` and appends what was removed to `removed`.
  void remove_around(StopId seed, Random& random, std::vector<StopId>& removed);
  void remove(StopId trip, std::vector<StopId>& removed);

 private:
  struct String {
    std::int32_t length;
    /// Trips that stay, and behind how many of the string they begin.
    std::int32_t kept;
    std::int32_t kept_from;
  };
  String draw_string(std::int32_t route_trips, double length_max, Random& random) const;
  void remove_string(StopId around, double length_max, Random& random,
                     std::vector<StopId>& removed);
  StopId draw_begin(StopId around, std::int32_t length, Random& random) const;

  RouteSet& routes_;
  const DayModel& model_;
  const TravelTable& table_;
  const Neighbourhood& nearby_;
  Settings settings_;
  const std::vector<bool>& movable_;
  std::vector<PersonIndex> ruined_;
};

}  // namespace permitd::planner
