// The problem as the solver sees it: every trip to an address is one stop, people are bits. Visits
// of one group become one stop, so that a group cannot be torn apart; windows, locks and exclusions
// are worked in. Belongs to the thread of its solver; changes only through append().
//
// Stops: 2p is where person p starts, 2p + 1 where they end, the trips follow from first_trip().
// Columns of the travel table: one per distinct home or office, one per trip, one for "nowhere".
// Trips and columns are numbered by locality.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "planner/day_problem.h"
#include "planner/travel.h"

namespace permitd::planner {

using StopId = std::int32_t;
using Column = std::int32_t;

inline constexpr StopId kNoStop = -1;
inline constexpr PersonIndex kSeveral = -2;
/// So far off that the difference between it and kTooEarly still fits.
inline constexpr Time kNever = INT32_MAX / 4;
inline constexpr Time kTooEarly = -kNever;

/// What one stop asks for; what the inner loops read comes first.
struct StopRules {
  TimeWindow first{kTooEarly, kNever};
  /// Opens after `first` closes; kNever … kTooEarly if there is none.
  TimeWindow second{kNever, kTooEarly};
  Time service = 0;
  std::int32_t demand = 0;
  std::int32_t visits = 0;
  Column column = 0;
  Cost prize = 0;
  /// Who has it in the running plan; kSeveral if a group's visits are with different people.
  PersonIndex running = kNobody;
  Place place = kNowhere;
  /// Neither removed nor replaced once it is in a route.
  bool frozen = false;
  /// Some order lock names it.
  bool ordered = false;
};

/// The first moment from `arrival` on at which service may start; kNever if there is none.
inline Time first_start(const StopRules& rules, Time arrival) {
  Time start = std::max(arrival, rules.first.open);
  if (start <= rules.first.close) return start;
  start = std::max(arrival, rules.second.open);
  return start <= rules.second.close ? start : kNever;
}

/// The last moment up to `bound` at which service may start; kTooEarly if there is none. Whoever
/// arrives no later than that starts no later than `bound`.
inline Time last_start(const StopRules& rules, Time bound) {
  if (bound >= rules.second.open) return std::min(bound, rules.second.close);
  return bound >= rules.first.open ? std::min(bound, rules.first.close) : kTooEarly;
}

/// People who are alike in everything, so that one empty route stands for all of theirs.
struct PersonClass {
  std::vector<PersonIndex> people;
  Column start = 0;
  Column end = 0;
};

class DayModel {
 public:
  /// Pre: validate(problem) holds. `problem` must outlive the model.
  DayModel(const DayProblem& problem, const Travel& travel);

  const DayProblem& problem() const { return problem_; }
  std::int32_t people_count() const { return people_count_; }
  StopId first_trip() const { return 2 * people_count_; }
  StopId stop_count() const { return static_cast<StopId>(rules_.size()); }
  StopId trip_count() const { return stop_count() - first_trip(); }
  bool is_trip(StopId stop) const { return stop >= first_trip(); }
  static StopId start_of(PersonIndex person) { return 2 * person; }
  static StopId end_of(PersonIndex person) { return 2 * person + 1; }

  const StopRules& rules(StopId stop) const { return rules_[static_cast<std::size_t>(stop)]; }
  /// The visits of a trip, in the order in which they are made.
  std::span<const VisitIndex> members(StopId trip) const {
    return members_[static_cast<std::size_t>(trip - first_trip())];
  }
  StopId trip_of(VisitIndex visit) const { return trip_of_[static_cast<std::size_t>(visit)]; }
  /// How many of the trip's visits change their inspector if `person` makes it.
  std::int32_t moved_by(StopId trip, PersonIndex person) const {
    const StopRules& trip_rules = rules(trip);
    if (trip_rules.running == kNobody || trip_rules.running == person) return 0;
    return count_moved(trip, person);
  }
  /// Trips that come before, where they are in the same route.
  std::span<const StopId> before(StopId trip) const {
    return before_[static_cast<std::size_t>(trip - first_trip())];
  }
  std::span<const StopId> after(StopId trip) const {
    return after_[static_cast<std::size_t>(trip - first_trip())];
  }

  /// Whether skill, exclusion and person lock let `person` make the trip.
  bool allowed(StopId trip, PersonIndex person) const {
    return (allowed_row(trip)[person / 64] >> (person % 64) & 1) != 0;
  }
  /// A bit per person.
  const std::uint64_t* allowed_row(StopId trip) const {
    return &allowed_[static_cast<std::size_t>(trip - first_trip()) * allowed_words_];
  }
  /// Whether locks and the windows of a group leave no moment to start at.
  bool impossible(StopId trip) const { return rules(trip).first.open > rules(trip).first.close; }
  std::int32_t allowed_count(StopId trip) const {
    return allowed_count_[static_cast<std::size_t>(trip - first_trip())];
  }

  /// All people alike, everybody may make everything, travel is the whole cost of a served visit:
  /// the shape of the published benchmarks, for which the search takes a shorter way.
  bool plain() const { return plain_; }
  std::span<const PersonClass> classes() const { return classes_; }
  std::int32_t class_of(PersonIndex person) const {
    return class_of_[static_cast<std::size_t>(person)];
  }

  /// Place behind each column; kNowhere for the column "nowhere".
  std::span<const Place> place_of_column() const { return place_of_column_; }

  /// Takes in the last visit of the problem, which was pushed there after construction.
  /// Pre: its group is new. O(people).
  StopId append();
  /// Forgets the trip last appended, before or after the problem does. O(1).
  void retract();

 private:
  void add_trips_and_columns(const Travel& travel);
  void add_people();
  void add_classes();
  StopId add_trip(std::vector<VisitIndex> members);
  void add_allowed(std::span<const VisitIndex> members, bool possible);
  void add_order_locks(StopId trip);
  std::vector<std::vector<VisitIndex>> visits_by_trip() const;
  Column add_column(Place place);
  std::int32_t count_moved(StopId trip, PersonIndex person) const;
  bool is_plain() const;

  const DayProblem& problem_;
  std::int32_t people_count_;
  std::size_t allowed_words_;
  std::vector<StopRules> rules_;                  // [stop]
  std::vector<std::vector<VisitIndex>> members_;  // [trip - first_trip()]
  std::vector<std::vector<StopId>> before_;       // [trip - first_trip()]
  std::vector<std::vector<StopId>> after_;        // [trip - first_trip()]
  std::vector<StopId> trip_of_;                   // [visit]
  std::vector<std::uint64_t> allowed_;            // [trip - first_trip()][allowed_words_]
  std::vector<std::int32_t> allowed_count_;       // [trip - first_trip()]
  std::vector<PersonClass> classes_;
  std::vector<std::int32_t> class_of_;  // [person]
  std::vector<Place> place_of_column_;
  std::map<Place, Column> home_columns_;
  bool plain_ = false;
};

}  // namespace permitd::planner
