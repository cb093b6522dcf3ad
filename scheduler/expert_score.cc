#include "scheduler/expert_score.h"

#include <algorithm>
#include <tuple>

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
  const auto rank = [&](const CandidateView& candidate) {
    return std::tuple(score_of(candidate, weights), candidate.load_ppm, raw(candidate.expert));
  };
  const std::size_t kept = std::min(count, candidates.size());
  std::partial_sort(
      candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept), candidates.end(),
      [&](const CandidateView& a, const CandidateView& b) { return rank(a) < rank(b); });
  const std::uint64_t most = score_of(candidates[0], weights) + margin;
  std::size_t near = 1;
  while (near < kept && score_of(candidates[near], weights) <= most) ++near;
  return near;
}

}  // namespace permitd::scheduler
