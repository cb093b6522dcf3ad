// Whether the choices of the core were legal: the one it made (I13, I14), and the ones it did not
// make.
#include <tuple>

#include "scheduler/decision.h"
#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

// The record of a choice explains it: every candidate fits, nobody better was passed over, and the
// seed gives the one chosen (I13).
void NaiveModel::check_decision(const Command& command, const ModelJob& job, ExpertId chosen,
                                const Scheduler& after) {
  DecisionView decision;
  if (!after.find_decision(job.id, decision) || raw(decision.op) != op_) return;
  if (decision.chosen != chosen) return;  // given, lost and given again by one command
  const std::span candidates(decision.near_equal.data(), decision.near_equal_count);
  expect(!candidates.empty(), "the choice for job {} has no candidate", raw(job.id));
  if (!complaints_.empty()) return;
  expect(decision.seed == decision_seed(command.seed, job.id), "another seed for job {}",
         raw(job.id));
  expect(candidates[choose_near_equal(decision.seed, candidates)].expert == chosen,
         "the seed gives another expert for job {} (I13)", raw(job.id));
  const ModelPlan* plan = plan_of(job.id);
  expect(decision.by_plan == (plan != nullptr), "job {} was given by a plan: {}", raw(job.id),
         decision.by_plan);
  if (plan != nullptr) {
    expect(decision.plan == plan->op && decision.plan_reason == plan->reason,
           "job {} was given by the plan of op {}, not {}", raw(job.id), raw(decision.plan),
           raw(plan->op));
  }
  if (loads_unclear()) return;
  for (const CandidateView& candidate : candidates) {
    expect(candidate.load_ppm == load_ppm(experts_.at(raw(candidate.expert))),
           "expert {} has load {}, the record says {}", raw(candidate.expert),
           load_ppm(experts_.at(raw(candidate.expert))), candidate.load_ppm);
  }
  if (decision.by_claim) {
    check_claimed(job, chosen);
  } else {
    check_offered(job, candidates);
  }
}

// A claim gives the best job: the lowest class, within it what a plan has for today, then the
// earliest deadline, then what a plan has for later; ties by number.
void NaiveModel::check_claimed(const ModelJob& job, ExpertId expert) {
  const auto rank = [&](const ModelJob& other) {
    const ModelPlan* plan = plan_of(other.id);
    if (plan == nullptr)
      return std::tuple(raw(other.priority), 1, deadline(other).ms, std::int64_t{0}, raw(other.id));
    return std::tuple(raw(other.priority), plan->day > today_ ? 2 : 0, std::int64_t{plan->day},
                      std::int64_t{plan->sequence}, raw(other.id));
  };
  const auto passes = [&](const ModelJob& other) {
    return plan_of(other.id) != nullptr || !met_lately(expert, other) ||
           !someone_else(expert, other);
  };
  expect(passes(job), "expert {} met the owner of job {} lately, and somebody else could go (I14)",
         raw(expert), raw(job.id));
  for (const auto& [id, other] : jobs_) {
    bool unclear = false;
    if (!waits(other) || !open_to(expert, other) || rank(other) >= rank(job)) continue;
    if (first_filter(expert, other, false, false, unclear) != Filter::kNone || unclear) continue;
    if (!passes(other)) continue;
    complain("expert {} got job {}, but job {} comes before", raw(expert), raw(job.id), id);
  }
}

// A job goes to one of the least loaded who may take it.
void NaiveModel::check_offered(const ModelJob& job, std::span<const CandidateView> candidates) {
  const bool repeats = met_lately(candidates[0].expert, job);
  expect(!repeats || !someone_else(candidates[0].expert, job),
         "candidate {} met the owner of job {} lately, and somebody else could go (I14)",
         raw(candidates[0].expert), raw(job.id));
  const std::uint64_t most =
      candidates[0].load_ppm + std::uint64_t{policy_.near_equal_permille} * 1000;
  std::set<std::uint32_t> named;
  for (const CandidateView& candidate : candidates) {
    bool unclear = false;
    named.insert(raw(candidate.expert));
    expect(available(candidate.expert) &&
               first_filter(candidate.expert, job, false, false, unclear) == Filter::kNone,
           "candidate {} of job {} may not take it", raw(candidate.expert), raw(job.id));
    expect(candidate.load_ppm <= most, "candidate {} of job {} is not near-equal",
           raw(candidate.expert), raw(job.id));
    expect(met_lately(candidate.expert, job) == repeats, "candidates of job {} are mixed (I14)",
           raw(job.id));
  }
  expect(named.size() == candidates.size(), "a candidate of job {} is named twice", raw(job.id));
  expect(candidates.size() <= policy_.near_equal_count, "too many candidates of job {}",
         raw(job.id));
  const std::pair last{candidates.back().load_ppm, raw(candidates.back().expert)};
  for (const auto& [number, expert] : experts_) {
    const ExpertId id{number};
    bool unclear = false;
    if (named.contains(number) || !available(id)) continue;
    if (first_filter(id, job, false, false, unclear) != Filter::kNone || unclear) continue;
    if (job.priority == PriorityClass::kOther && municipal_for(id) != nullptr) continue;
    if (met_lately(id, job) && someone_else(id, job)) continue;
    const bool better = std::pair{load_ppm(expert), number} < last;
    expect(!better, "expert {} was passed over for job {}", number, raw(job.id));
  }
}

bool NaiveModel::could_take(ExpertId expert, const ModelJob& job) const {
  bool unclear = false;
  if (!available(expert) || !open_to(expert, job)) return false;
  if (first_filter(expert, job, false, false, unclear) != Filter::kNone || unclear) return false;
  if (job.priority == PriorityClass::kOther && municipal_for(expert) != nullptr) return false;
  return plan_of(job.id) != nullptr || !met_lately(expert, job) || !someone_else(expert, job);
}

// Late binding, both ways: no job that has just become ready is left lying while somebody who has
// claimed may take it, and no expert who has just claimed is left without a job that fits.
void NaiveModel::check_binding(const Command& command, const Outcome& outcome) {
  std::size_t ready = 0;
  for (const auto& [id, job] : jobs_) ready += waits(job) ? 1U : 0U;
  if (ready > kQueueScanMax) return;
  // A claim gives one job at most, whatever is wanted; the rest is for jobs to come.
  if (command.kind == CommandKind::kClaim && raw(outcome.job) == 0) {
    for (const auto& [id, job] : jobs_) {
      expect(!waits(job) || !could_take(ExpertId{command.actor.id}, job),
             "expert {} claimed and waits, though job {} fits", command.actor.id, id);
    }
  }
  if (command.kind == CommandKind::kTick) return;  // fires many timers, each at its own state
  for (const JobId id : became_ready_) {
    const ModelJob* job = find_job(id);
    // A reserved job is offered by the next tick, in the order of its plan.
    if (job == nullptr || !waits(*job) || plan_of(id) != nullptr) continue;
    // Municipal work may have stood before it when it was offered, and been given away since.
    if (job->priority == PriorityClass::kOther && assigned_count_ > 0) continue;
    for (const auto& [number, expert] : experts_) {
      expect(!could_take(ExpertId{number}, *job), "job {} is ready and expert {} waits for it",
             raw(id), number);
    }
  }
}

// Nobody waits beside a job that has come to fit: more capacity, a certificate, an activation,
// other persons, another policy. Owners met lately are left out: whether somebody else could go may
// have changed since the offer.
void NaiveModel::audit_waiting() {
  std::size_t ready = 0;
  for (const auto& [id, job] : jobs_) ready += waits(job) ? 1U : 0U;
  for (const std::uint32_t number : offer_due_) {
    for (const auto& [id, job] : jobs_) {
      if (ready > kQueueScanMax || !waits(job)) continue;
      if (plan_of(job.id) == nullptr && met_lately(ExpertId{number}, job)) continue;
      expect(!could_take(ExpertId{number}, job), "job {} has come to fit expert {}, who waits", id,
             number);
    }
  }
  offer_due_.clear();
}

}  // namespace permitd::tests
