#include "planner/neighbourhood.h"

#include <algorithm>
#include <utility>

namespace permitd::planner {
namespace {

/// (what it costs to be near, stop or class): ordered, ties by number.
using Ranked = std::pair<Time, std::int32_t>;

/// The `count` least of `ranked`, in order, at the end of `entries`.
void keep_least(std::vector<Ranked>& ranked, std::int32_t count,
                std::vector<std::int32_t>& entries) {
  const auto kept = std::min(ranked.size(), static_cast<std::size_t>(count));
  const auto middle = ranked.begin() + static_cast<std::ptrdiff_t>(kept);
  if (middle != ranked.end()) std::nth_element(ranked.begin(), middle, ranked.end());
  std::sort(ranked.begin(), middle);
  for (auto at = ranked.begin(); at != middle; ++at) entries.push_back(at->second);
}

/// Travel, a fifth of the wait that cannot be avoided, and the lateness that cannot (the weights of
/// Vidal et al. 2013, section 4.5). With two windows the whole span counts.
Time unfitness(const StopRules& a, const StopRules& b, Time leg) {
  const Time b_close = std::max(b.first.close, b.second.close);
  const Time a_close = std::max(a.first.close, a.second.close);
  const Time wait = std::max(0, b.first.open - a.service - leg - a_close);
  const Time late = std::max(0, a.first.open + a.service + leg - b_close);
  return leg + wait / 5 + late;
}

}  // namespace

Neighbourhood::Neighbourhood(const DayModel& model, const TravelTable& table, Size size)
    : first_trip_(model.first_trip()) {
  std::vector<Ranked> fit;
  std::vector<Ranked> near;
  for (StopId trip = first_trip_; trip < model.stop_count(); ++trip) {
    const StopRules& rules = model.rules(trip);
    const LegRows legs = table.rows(rules.column);
    fit.clear();
    near.clear();
    for (StopId other = first_trip_; other < model.stop_count(); ++other) {
      const StopRules& theirs = model.rules(other);
      near.emplace_back(legs.from[theirs.column], other);
      if (other == trip) {
        near.back().first = -1;  // itself comes first even if others share the place
        continue;
      }
      fit.emplace_back(std::min(unfitness(rules, theirs, legs.from[theirs.column]),
                                unfitness(theirs, rules, legs.to[theirs.column])),
                       other);
    }
    keep_least(fit, size.partners, partners_.entries);
    keep_least(near, size.adjacent, adjacent_.entries);
    near.clear();
    for (std::int32_t c = 0; const PersonClass& people : model.classes()) {
      const bool may = std::ranges::any_of(
          people.people, [&](PersonIndex person) { return model.allowed(trip, person); });
      if (may) near.emplace_back(legs.to[people.start] + legs.from[people.end], c);
      ++c;
    }
    keep_least(near, size.classes, classes_.entries);
    partners_.begin.push_back(partners_.entries.size());
    adjacent_.begin.push_back(adjacent_.entries.size());
    classes_.begin.push_back(classes_.entries.size());
  }
}

}  // namespace permitd::planner
