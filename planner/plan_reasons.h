// Why the plan is as it is: for a visit that was left out the first cause that is true, for one
// that is made who else could have made it and at what price. Reads a finished plan; nothing that
// the search did is needed. Belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "planner/insertion.h"
#include "planner/plan.h"
#include "planner/travel.h"

namespace permitd::planner {

/// In the order in which they are looked for.
enum class UnservedCause : std::uint8_t {
  /// Locks and the windows of its group leave no moment to start at.
  kNoWindow,
  kNobodyHasTheSkill,
  /// All who have it are excluded, or it is locked to somebody who is not among them.
  kAllExcluded,
  /// None of the rest works in its windows.
  kNobodyOnShift,
  /// All of the rest have their number of visits, or carry what they can.
  kAllFull,
  /// There is no gap that is long enough, travel included.
  kNoTime,
  /// There is a gap, but filling it costs more than the visit's prize.
  kNotWorthIt,
  /// Its day has gone, and the half-days of this one take no more. Said by who makes the problem:
  /// it has no such visit.
  kNoHalfDay,
};

struct UnservedReason {
  UnservedCause cause = UnservedCause::kNoTime;
  /// People left after each question.
  std::int32_t skilled = 0;
  std::int32_t not_excluded = 0;
  std::int32_t on_shift = 0;
  std::int32_t with_room = 0;
};

struct Candidate {
  PersonIndex person = kNobody;
  /// Detour for the visit's trip, the rest of the plan as it is.
  Time extra_travel = 0;
  /// Thousandths of the person's capacity that are used, the trip not counted.
  Cost load_permille = 0;
};

struct AssignmentReason {
  Candidate chosen;
  /// The one who would cost least among the others; empty if nobody else can make it.
  std::optional<Candidate> second;
};

class PlanReasons {
 public:
  /// Pre: validate(problem) holds and `plan` keeps its rules. Both, and `travel`, must outlive
  /// this.
  PlanReasons(const DayProblem& problem, const Travel& travel, const Plan& plan);

  /// Pre: the plan leaves `visit` out. O(visits + inspectors).
  UnservedReason why_unserved(VisitIndex visit);
  /// Pre: the plan serves `visit`. O(visits + inspectors).
  AssignmentReason why_assigned(VisitIndex visit);

 private:
  Wanted wanted(StopId trip);
  UnservedReason count_people(StopId trip) const;
  bool on_shift(const Inspector& inspector, const StopRules& rules) const;
  Candidate candidate(const Wanted& wanted, const Spot& spot) const;

  const DayProblem& problem_;
  const Travel& travel_;
  DayModel model_;
  RouteSet routes_;
  Insertion insertion_;
  std::vector<Leg> legs_from_;
  std::vector<Leg> legs_to_;
};

}  // namespace permitd::planner
