#include "scheduler/expert_score.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "scheduler/decision.h"
#include "scheduler/distance.h"
#include "scheduler/expert_flow.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

Point place_of(const Core& core, const ExpertRecord& expert) {
  if (expert.place_day == core.day && is_known(expert.place)) return expert.place;
  return is_known(expert.home) ? expert.home : core.offices[expert.office].point;
}

std::uint32_t way_to(const Core& core, ExpertId expert, Point parcel) {
  const ExpertRecord& record = core.experts[raw(expert)];
  const Point from = place_of(core, record);
  std::uint32_t way = is_known(from) ? metres(from, parcel) : kWayUnknown;
  if (record.planned_count == 0) return way;
  visit_planned(core, expert, [&](std::uint32_t slot, const PlannedJob& plan) {
    const JobRecord& job = core.jobs[slot];
    const Point there = core.cases[job.case_slot].point;
    if (plan.day == core.day && goes_out(job) && is_known(there))
      way = std::min(way, metres(there, parcel));
    return false;
  });
  return way;
}

std::uint32_t office_load_ppm(const Core& core, const OfficeRecord& office) {
  const std::uint64_t units =
      std::uint64_t{office.certified_by_policy} * core.policy.capacity_units_per_day +
      office.certified_own_units;
  const std::uint64_t whole = units * kMinutesPerUnit * kLoadWindowDays;
  if (whole == 0) return 0;
  const std::uint64_t ppm = std::uint64_t{window_minutes(core, office.load)} * 1'000'000 / whole;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(ppm, UINT32_MAX));
}

void count_capacity(Core& core, const ExpertRecord& expert, bool in) {
  OfficeRecord& office = core.offices[expert.office];
  std::uint32_t& sum =
      expert.units_per_day == 0 ? office.certified_by_policy : office.certified_own_units;
  const std::uint32_t part = expert.units_per_day == 0 ? 1U : expert.units_per_day;
  PERMIT_ASSERT(in || sum >= part, sum, part);
  sum = in ? sum + part : sum - part;
}

bool is_compared(const SetPolicy& policy, const JobRecord& job) {
  if (policy.compared_count == 0) return false;
  return policy.share_weight != 0 || (policy.travel_weight != 0 && goes_out(job));
}

ChoiceWeights weights_of(const SetPolicy& policy, const JobRecord& job) {
  return {policy.load_weight, goes_out(job) ? policy.travel_weight : std::uint16_t{0},
          policy.share_weight};
}

CandidateView candidate_of(const Core& core, ExpertId expert, std::uint32_t load, Point parcel) {
  CandidateView candidate{expert, load};
  if (is_known(parcel)) candidate.metres = way_to(core, expert, parcel);
  candidate.office_ppm = office_load_ppm(core, core.offices[core.experts[raw(expert)].office]);
  return candidate;
}

std::size_t order_by_score(std::span<CandidateView> candidates, const ChoiceWeights& weights,
                           std::size_t count, std::uint64_t margin) {
  std::uint32_t farthest = 0;
  for (const CandidateView& candidate : candidates) {
    if (candidate.metres != kWayUnknown) farthest = std::max(farthest, candidate.metres);
  }
  for (CandidateView& candidate : candidates) {
    candidate.metres = std::min(candidate.metres, farthest);
  }
  PERMIT_ASSERT(candidates.size() <= kComparedMax, candidates.size());
  std::array<std::uint64_t, kComparedMax> scores;
  for (std::size_t i = 0; i < candidates.size(); ++i) scores[i] = score_of(candidates[i], weights);
  const auto rank = [&](std::size_t i) {
    return std::tuple(scores[i], candidates[i].load_ppm, raw(candidates[i].expert));
  };
  // Few are wanted, so each is looked for.
  const std::size_t kept = std::min(count, candidates.size());
  for (std::size_t at = 0; at < kept; ++at) {
    std::size_t best = at;
    for (std::size_t i = at + 1; i < candidates.size(); ++i) {
      if (scores[i] <= scores[best] && rank(i) < rank(best)) best = i;
    }
    std::swap(candidates[at], candidates[best]);
    std::swap(scores[at], scores[best]);
  }
  std::size_t near = 1;
  while (near < kept && scores[near] <= scores[0] + margin) ++near;
  return near;
}

}  // namespace permitd::scheduler
