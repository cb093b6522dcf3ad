// What a day plan is made from: people with shifts and skills, visits with windows, locks and
// prizes, and the weights of the objective. Plain data, written by the caller and then only read;
// any thread may read it.
//
// Times and travel share one integer unit which the caller chooses: seconds since midnight in the
// city, tenths of a unit of distance in the published benchmarks. Costs are in the same unit.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace permitd::planner {

using Time = std::int32_t;
using Cost = std::int64_t;
/// Index of a place known to the Travel provider; kNowhere as start or end of a person means that
/// the way to the first visit, or home from the last, does not count.
using Place = std::int32_t;
/// Index into DayProblem::inspectors.
using PersonIndex = std::int32_t;
/// Index into DayProblem::visits.
using VisitIndex = std::int32_t;
/// One bit per skill; a visit needs all the bits it names.
using SkillMask = std::uint64_t;

inline constexpr Place kNowhere = -1;
inline constexpr PersonIndex kNobody = -1;
inline constexpr VisitIndex kNoVisit = -1;
inline constexpr std::int32_t kNoGroup = 0;
/// Far beyond any cost of a real detour, and small enough that a million of them fit into a Cost.
inline constexpr Cost kMustBeServed = 1'000'000'000;

/// Service may start at any moment from `open` to `close`, both included.
struct TimeWindow {
  Time open = 0;
  Time close = 0;
  friend bool operator==(const TimeWindow&, const TimeWindow&) = default;
};

struct Inspector {
  Place start = kNowhere;
  Place end = kNowhere;
  /// Leaves `start` at shift.open at the earliest, is at `end` by shift.close.
  TimeWindow shift;
  SkillMask skills = 0;
  std::int32_t load_max = INT32_MAX;
  std::int32_t visits_max = INT32_MAX;
  /// Cost of sending this person out at all.
  Cost fixed_cost = 0;
  /// Service and travel already done in the rolling window of fairness.
  Cost effort_before = 0;
  /// What this person can do in that window, today included; more than 0.
  Cost effort_capacity = 1;
};

/// What a supervisor or the clock has fixed about a visit. Each part holds without the others.
struct VisitLock {
  PersonIndex person = kNobody;
  /// Service starts inside this window, besides one of the visit's own.
  std::optional<TimeWindow> start;
  /// Where both are in one route, that visit comes first.
  VisitIndex after = kNoVisit;
  /// Started, or told to the applicant: keeps `person` and `start`, both of which must be given.
  bool frozen = false;
};

struct Visit {
  Place place = 0;
  Time service = 0;
  /// One or two windows that exclude each other, the earlier first.
  std::vector<TimeWindow> windows;
  SkillMask skills = 0;
  std::int32_t demand = 0;
  /// What it costs to leave the visit out.
  Cost prize = kMustBeServed;
  /// Visits of one group are at one place and made on one trip: by one person, one directly after
  /// the other in the order of their indexes, without waiting between them.
  std::int32_t group = kNoGroup;
  /// Service time when another of the group was made just before; defaults to `service`.
  std::optional<Time> service_following;
  /// People who may not make it: owners, relatives, designers, last year's inspector.
  std::vector<PersonIndex> excluded;
  VisitLock lock;
  /// Who has it in the plan that is running; kNobody if nobody does.
  PersonIndex running = kNobody;
};

struct Weights {
  /// Thousandths of load² / effort_capacity, summed over people, where load is effort_before plus
  /// today's service and travel. At 1,000 a fully loaded person's extra minute costs two minutes
  /// more than an idle one's.
  Cost balance_permille = 0;
  /// Cost of every visit that another person makes than in the running plan.
  Cost move = 0;
};

struct DayProblem {
  std::vector<Inspector> inspectors;
  std::vector<Visit> visits;
  Weights weights;
};

/// The balance term of one person.
constexpr Cost balance_cost(Cost load, Cost capacity, Cost permille) {
  return load * load / capacity * permille / 1000;
}

struct ProblemError {
  /// The visit or inspector at fault; the text says which of the two it is.
  std::int32_t index = 0;
  std::string text;
};

/// Checks what the solver takes for granted: indexes in range, windows in order, groups at one
/// place, frozen visits with person and start. O(visits + inspectors).
[[nodiscard]] std::expected<void, ProblemError> validate(const DayProblem& problem,
                                                         Place place_count);

}  // namespace permitd::planner
