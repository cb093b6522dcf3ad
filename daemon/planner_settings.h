// How plans are made, as the operator sets it: what things are worth against each other, how often
// the daemon makes a plan by itself, and what it may do with it. Set at the start; does not change.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace permitd::daemon {

struct DistrictMinutes;

/// Which lines of its standing plan the daemon applies without being told to.
enum class PlanApply : std::uint8_t {
  kNever,  // every plan waits for a supervisor
  kNew,    // work that nobody has; nothing that somebody has moves
  kAll,
};

struct PlannerSettings {
  std::uint32_t interval_seconds = 30;  // between two standing plans at the least; 0: none is made
  std::uint32_t days = 2;               // working days of visits in it, from the present one
  std::uint32_t iterations = 20'000;    // steps of the search per day, and for the desks …
  std::uint32_t milliseconds_max = 2'000;  // … in at most so much time
  std::uint32_t threads = 1;               // that search a day of visits side by side
  PlanApply apply = PlanApply::kNever;

  // Visits. A minute of travel is the measure.
  std::uint32_t prize_minutes = 333;       // what it is worth to make a visit of the last class
  std::uint32_t class_factor = 20;         // a class outweighs so many visits of the next
  std::uint32_t balance_permille = 1'000;  // see planner::Weights
  std::uint32_t move_minutes = 15;         // not to move a visit
  std::uint32_t road_percent = 135;        // streets against the straight line
  std::uint32_t speed_kmh = 25;
  std::string travel_table;  // path of a file with minutes between districts; empty: none
  std::shared_ptr<const DistrictMinutes> minutes_between;  // what was read from it; null without

  // Desks. A minute behind a deadline is the measure; see planner::ReviewWeights.
  std::uint32_t desk_uneven_permille = 1'000;
  std::uint32_t desk_peak_permille = 200;
  std::uint32_t desk_move_minutes = 20;
};

}  // namespace permitd::daemon
