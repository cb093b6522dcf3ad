// The choice among near-equal candidates, as a pure function: with the stored decision record an
// auditor repeats it without the rest of the program (I13, I14). No state, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/views.h"

namespace permitd::scheduler {

/// Seed of one decision: the command's seed mixed with the job, so that several choices of one
/// command are independent. This is what DecisionView::seed holds.
std::uint64_t decision_seed(std::uint64_t command_seed, JobId job);

/// Seed of a claim that is drawn among visits: each is mixed in, in order; for one it is the seed
/// above. The list of the next choice of the same command is another one, as the visit given is not
/// in it.
std::uint64_t decision_seed(std::uint64_t command_seed, std::span<const JobId> drawn);

/// Visits are about as near as the nearest up to so many metres beyond the policy's share of its
/// way: who stands before a parcel must not find the next parcel nearer than the one across the
/// street.
inline constexpr std::uint32_t kNearEqualMetres = 500;
/// The longest way that is about as short as the shortest, in metres.
constexpr std::uint64_t near_equal_metres(std::uint32_t shortest, std::uint16_t permille) {
  return shortest + std::uint64_t{shortest} * permille / 1000 + kNearEqualMetres;
}

/// How little speaks for a candidate, in parts per million: with equal weights a kilometre counts
/// like a hundredth of load.
constexpr std::uint64_t score_of(const CandidateView& candidate, const ChoiceWeights& weights) {
  constexpr std::uint64_t kPpmPerMetre = 10;
  return (std::uint64_t{weights.load} * candidate.load_ppm +
          std::uint64_t{weights.travel} * candidate.metres * kPpmPerMetre +
          std::uint64_t{weights.share} * candidate.office_ppm) /
         1000;
}

/// Index of the candidate chosen among `count`, each equally likely over seeds. Pre: count > 0.
std::size_t choose_near_equal(std::uint64_t seed, std::size_t count);

}  // namespace permitd::scheduler
