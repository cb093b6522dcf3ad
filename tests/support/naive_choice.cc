// Whether the choices of the core were legal: the one it made (I13, I14), and the ones it did not
// make.
#include <algorithm>
#include <tuple>

#include "scheduler/decision.h"
#include "scheduler/distance.h"
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
  std::uint64_t seed = command.seed;
  for (const DrawnView& each : std::span(decision.drawn).first(decision.drawn_count))
    seed = decision_seed(seed, each.job);
  if (decision.drawn_count == 0) seed = decision_seed(seed, job.id);
  expect(decision.seed == seed, "another seed for job {}", raw(job.id));
  expect(candidates[choose_near_equal(decision.seed, candidates.size())].expert == chosen,
         "the seed gives another expert for job {} (I13)", raw(job.id));
  const ModelPlan* plan = plan_of(job.id);
  expect(decision.by_plan == (plan != nullptr), "job {} was given by a plan: {}", raw(job.id),
         decision.by_plan);
  if (plan != nullptr) {
    expect(decision.plan == plan->op && decision.plan_reason == plan->reason,
           "job {} was given by the plan of op {}, not {}", raw(job.id), raw(decision.plan),
           raw(plan->op));
  }
  const bool passes = job.priority == PriorityClass::kOther &&
                      municipal_for(chosen, PriorityClass::kMunicipal) != nullptr;
  expect(decision.by_share == passes || bookings_unclear(), "job {} was given by the share: {}",
         raw(job.id), decision.by_share);
  if (loads_unclear()) return;
  for (const CandidateView& candidate : candidates) {
    expect(candidate.load_ppm == load_ppm(experts_.at(raw(candidate.expert))),
           "expert {} has load {}, the record says {}", raw(candidate.expert),
           load_ppm(experts_.at(raw(candidate.expert))), candidate.load_ppm);
  }
  if (decision.by_claim) {
    check_claimed(job, chosen, decision);
  } else {
    check_offered(job, decision);
  }
}

// A claim gives the best job: the lowest class, within it what a plan has for today, then the
// earliest deadline, then what a plan has for later; ties by number. One that can wait may give way
// to another that the lot falls on.
void NaiveModel::check_claimed(const ModelJob& job, ExpertId expert, const DecisionView& decision) {
  const JobId passed_over = decision.passed_over;
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
  const ModelJob* first = &job;
  std::vector<const ModelJob*> fitting;
  bool any_unclear = false;
  for (const auto& [id, other] : jobs_) {
    bool unclear = false;
    if (!waits(other) || !open_to(expert, other)) continue;
    const bool fits = first_filter(expert, other, false, false, unclear) == Filter::kNone;
    any_unclear = any_unclear || unclear;
    if (!fits || unclear || !passes(other)) continue;
    if (rank(other) < rank(*first)) first = &other;
    fitting.push_back(&other);
  }
  std::sort(fitting.begin(), fitting.end(),
            [&](const ModelJob* a, const ModelJob* b) { return rank(*a) < rank(*b); });
  if (any_unclear) return;
  // The first of other organisations goes before what is municipal when it is the turn of their
  // share.
  bool by_share = false;
  if (first->priority == PriorityClass::kMunicipal) {
    const auto other = std::find_if(fitting.begin(), fitting.end(), [](const ModelJob* one) {
      return one->priority == PriorityClass::kOther;
    });
    by_share = other != fitting.end() && share_allows(expert, **other);
    if (by_share) first = *other;
  }
  const bool gives_way = first != &job && !decision.by_deadline;
  expect(gives_way ? passed_over == first->id : raw(passed_over) == 0,
         "expert {} got job {}, but job {} comes before", raw(expert), raw(job.id), raw(first->id));
  // The jobs that the record names came before and did not fit, for what it says.
  for (const RejectedView& named : std::span(decision.rejected).first(decision.rejected_count)) {
    const ModelJob* other = find_job(named.job);
    expect(other != nullptr && rank(*other) < rank(*first), "job {} is said to come before job {}",
           raw(named.job), raw(first->id));
    if (other == nullptr) continue;
    bool unclear = false;
    const Filter own = first_filter(expert, *other, false, false, unclear);
    const Filter filter = own == Filter::kNone && !passes(*other) ? Filter::kPairRepeat : own;
    expect(unclear || filter == named.filter, "job {} was kept from expert {} by filter {}, not {}",
           raw(named.job), raw(expert), raw(filter), raw(named.filter));
  }
  const bool may_wait = !by_share && plan_of(first->id) == nullptr;
  std::vector<DrawnView> drawn;
  std::size_t compared = 0;
  if (may_wait && remaining(*first) > policy_.near_slack_minutes)
    drawn = nearest(expert, *first, compared);
  bool by_deadline = false;
  if (may_wait && drawn.empty() && remaining(*first) > policy_.draw_minutes) {
    drawn = as_urgent(*first, fitting);
    by_deadline = !drawn.empty();
  }
  expect(decision.by_deadline == by_deadline, "job {} was drawn by deadline: {}", raw(job.id),
         decision.by_deadline);
  expect(decision.compared == compared, "{} visits were compared for expert {}, not {}",
         decision.compared, raw(expert), compared);
  check_drawn(job, expert, *first, drawn, decision);
}

Point NaiveModel::place_of(const ModelExpert& expert) const {
  if (expert.place_day == today_ && expert.place != Point{}) return expert.place;
  if (expert.defined.home != Point{}) return expert.defined.home;
  return offices_.at(raw(expert.defined.office)).defined.point;
}

// The first few visits of each district that the expert serves, and of the expert's office, those
// of a known place; nearest first.
std::vector<NaiveModel::NearVisit> NaiveModel::near_visits(ExpertId expert,
                                                           PriorityClass priority) const {
  std::map<int, std::vector<const ModelJob*>> queues;  // 0: the office's own
  for (const auto& [id, other] : jobs_) {
    if (!waits(other) || !open_to(expert, other) || !other.goes_out()) continue;
    if (plan_of(other.id) != nullptr || other.priority != priority) continue;
    const DefineExpert& defined = experts_.at(raw(expert)).defined;
    const std::uint8_t district = cases_.at(raw(other.case_id)).filed.district;
    const bool served = other.office_reach
                            ? other.office == defined.office
                            : defined.districts == 0 || (defined.districts >> district & 1U) != 0;
    if (served) queues[other.office_reach ? 0 : district].push_back(&other);
  }
  const Point from = place_of(experts_.at(raw(expert)));
  std::vector<NearVisit> near;
  for (auto& [place, queue] : queues) {
    std::ranges::sort(
        queue, {}, [&](const ModelJob* one) { return std::pair(deadline(*one).ms, raw(one->id)); });
    queue.resize(std::min<std::size_t>(queue.size(), policy_.near_visits));
    for (const ModelJob* one : queue) {
      const Point there = cases_.at(raw(one->case_id)).filed.point;
      if (there == Point{}) continue;
      near.push_back({one, distance_square(from, there), metres(from, there)});
    }
  }
  std::ranges::sort(near, {}, [&](const NearVisit& one) {
    return std::tuple(one.square, deadline(*one.job).ms, raw(one.job->id));
  });
  return near;
}

// The visits about as near as the nearest; none when no place is looked at.
std::vector<DrawnView> NaiveModel::nearest(ExpertId expert, const ModelJob& first,
                                           std::size_t& compared) const {
  std::vector<DrawnView> drawn;
  if (policy_.near_visits == 0 || !first.goes_out() ||
      place_of(experts_.at(raw(expert))) == Point{})
    return drawn;
  const std::vector<NearVisit> near = near_visits(expert, first.priority);
  for (const NearVisit& one : near) {
    bool unclear = false;
    const bool fits = first_filter(expert, *one.job, false, false, unclear) == Filter::kNone &&
                      (!met_lately(expert, *one.job) || !someone_else(expert, *one.job));
    if (fits && drawn.size() < policy_.near_equal_count) drawn.push_back({one.job->id, one.metres});
  }
  if (drawn.empty()) return drawn;
  compared = near.size();
  const std::uint64_t shortest = drawn[0].metres;
  const std::uint64_t longest = shortest + shortest * policy_.near_equal_permille / 1000 + 500;
  std::erase_if(drawn, [&](const DrawnView& one) { return one.metres > longest; });
  return drawn;
}

// The jobs about as urgent as the first, itself among them; none when it is alone.
std::vector<DrawnView> NaiveModel::as_urgent(const ModelJob& first,
                                             std::span<const ModelJob* const> fitting) const {
  std::vector<DrawnView> drawn;
  for (const ModelJob* one : fitting) {
    if (one->priority != first.priority || plan_of(one->id) != nullptr) continue;
    const std::int64_t minutes = (deadline(*one).ms - deadline(first).ms) / 60'000;
    const bool late = deadline(*one).ms - deadline(first).ms > policy_.draw_minutes * 60'000;
    if (!late && drawn.size() < policy_.near_equal_count)
      drawn.push_back({one->id, 0, static_cast<std::uint32_t>(minutes)});
  }
  if (drawn.size() < 2 || policy_.draw_minutes == 0) drawn.clear();
  return drawn;
}

// What the seed gives of those that were to be drawn among; the first of all when there are none.
void NaiveModel::check_drawn(const ModelJob& job, ExpertId expert, const ModelJob& first,
                             std::span<const DrawnView> expected, const DecisionView& decision) {
  const std::span drawn(decision.drawn.data(), decision.drawn_count);
  expect(std::ranges::equal(expected, drawn),
         "expert {} got job {} drawn among {} jobs, not among {} with job {}", raw(expert),
         raw(job.id), drawn.size(), expected.size(), expected.empty() ? 0 : raw(expected[0].job));
  if (!complaints_.empty()) return;
  const JobId given =
      drawn.empty() ? first.id : drawn[choose_near_equal(decision.seed, drawn.size())].job;
  expect(job.id == given, "expert {} got job {}, the seed gives job {} (I14)", raw(expert),
         raw(job.id), raw(given));
}

// Every candidate may take the job, and none that the record leaves out is better.
void NaiveModel::check_offered(const ModelJob& job, const DecisionView& decision) {
  const std::span candidates(decision.near_equal.data(), decision.near_equal_count);
  const bool repeats = met_lately(candidates[0].expert, job);
  expect(!repeats || !someone_else(candidates[0].expert, job),
         "candidate {} met the owner of job {} lately, and somebody else could go (I14)",
         raw(candidates[0].expert), raw(job.id));
  std::set<std::uint32_t> named;
  for (const CandidateView& candidate : candidates) {
    bool unclear = false;
    named.insert(raw(candidate.expert));
    expect(available(candidate.expert) &&
               first_filter(candidate.expert, job, false, false, unclear) == Filter::kNone,
           "candidate {} of job {} may not take it", raw(candidate.expert), raw(job.id));
    expect(met_lately(candidate.expert, job) == repeats, "candidates of job {} are mixed (I14)",
           raw(job.id));
  }
  expect(named.size() == candidates.size(), "a candidate of job {} is named twice", raw(job.id));
  expect(candidates.size() <= policy_.near_equal_count, "too many candidates of job {}",
         raw(job.id));
  if (policy_.compared_count > 0 &&
      (policy_.share_weight > 0 || (policy_.travel_weight > 0 && job.goes_out()))) {
    check_compared(job, decision);
  } else {
    check_least_loaded(job, candidates);
  }
}

bool NaiveModel::may_be_offered(ExpertId expert, const ModelJob& job, bool& unclear) const {
  if (!available(expert)) return false;
  if (first_filter(expert, job, false, false, unclear) != Filter::kNone) return false;
  if (!may_go_first(expert, job)) return false;
  return !met_lately(expert, job) || !someone_else(expert, job);
}

// A job goes to one of the least loaded who may take it.
void NaiveModel::check_least_loaded(const ModelJob& job,
                                    std::span<const CandidateView> candidates) {
  const std::uint64_t most =
      candidates[0].load_ppm + std::uint64_t{policy_.near_equal_permille} * 1000;
  std::set<std::uint32_t> named;
  for (const CandidateView& candidate : candidates) {
    named.insert(raw(candidate.expert));
    expect(candidate.load_ppm <= most, "candidate {} of job {} is not near-equal",
           raw(candidate.expert), raw(job.id));
  }
  const std::pair last{candidates.back().load_ppm, raw(candidates.back().expert)};
  for (const auto& [number, expert] : experts_) {
    bool unclear = false;
    if (named.contains(number) || !may_be_offered(ExpertId{number}, job, unclear) || unclear)
      continue;
    const bool better = std::pair{load_ppm(expert), number} < last;
    expect(!better, "expert {} was passed over for job {}", number, raw(job.id));
  }
}

std::uint32_t NaiveModel::office_ppm(OfficeId id) const {
  std::uint64_t capacity_minutes = 0;
  for (const auto& [number, expert] : experts_) {
    bool may_work = false;
    for (std::uint8_t s = 0; s < kSkillCount; ++s)
      may_work = may_work || certified(expert, Skill{s});
    if (may_work && expert.defined.office == id) capacity_minutes += capacity(expert);
  }
  if (capacity_minutes == 0) return 0;
  const ModelOffice& office = offices_.at(raw(id));
  const std::int32_t newest = std::max(today_, office.load_day);
  std::uint64_t sum = 0;
  for (const auto& [day, minutes] : office.load) {
    if (day > newest - static_cast<std::int32_t>(kLoadWindowDays)) sum += minutes;
  }
  return static_cast<std::uint32_t>(sum * 1'000'000 / (capacity_minutes * kLoadWindowDays));
}

// From where the expert is, or from a visit planned for today; the greatest number when unknown.
std::uint32_t NaiveModel::way_to(ExpertId expert, Point parcel) const {
  const Point from = place_of(experts_.at(raw(expert)));
  std::uint32_t way = from == Point{} ? UINT32_MAX : metres(from, parcel);
  for (const auto& [id, plan] : plans_) {
    if (plan.expert != expert || plan.day != today_) continue;
    const ModelJob& job = jobs_.at(id);
    const Point there = job.goes_out() ? cases_.at(raw(job.case_id)).filed.point : Point{};
    if (there != Point{}) way = std::min(way, metres(there, parcel));
  }
  return way;
}

CandidateView NaiveModel::weighed(const ModelJob& job, ExpertId id) const {
  const ModelExpert& expert = experts_.at(raw(id));
  CandidateView candidate{id, load_ppm(expert)};
  const Point parcel = cases_.at(raw(job.case_id)).filed.point;
  if (policy_.travel_weight > 0 && job.goes_out() && parcel != Point{})
    candidate.metres = way_to(id, parcel);
  candidate.office_ppm = office_ppm(expert.defined.office);
  return candidate;
}

// Of so many of the least loaded the best by score. Who is somewhere unknown is as far away as the
// farthest.
void NaiveModel::check_compared(const ModelJob& job, const DecisionView& decision) {
  std::vector<CandidateView> all;
  for (const auto& [number, expert] : experts_) {
    bool unclear = false;
    if (may_be_offered(ExpertId{number}, job, unclear))
      all.push_back(weighed(job, ExpertId{number}));
    if (unclear) return;
  }
  const auto by_load = [](const CandidateView& one) {
    return std::pair(one.load_ppm, raw(one.expert));
  };
  std::ranges::sort(all, {}, by_load);
  all.resize(std::min<std::size_t>(all.size(),
                                   std::max(policy_.compared_count, policy_.near_equal_count)));
  std::uint32_t farthest = 0;
  for (const CandidateView& one : all) {
    if (one.metres != UINT32_MAX) farthest = std::max(farthest, one.metres);
  }
  for (CandidateView& one : all) one.metres = std::min(one.metres, farthest);
  expect(decision.compared == all.size(), "{} candidates of job {} were compared, not {}",
         decision.compared, raw(job.id), all.size());
  const std::uint64_t travel = job.goes_out() ? policy_.travel_weight : 0;
  const auto score = [&](const CandidateView& one) {
    return (std::uint64_t{policy_.load_weight} * one.load_ppm + travel * one.metres * 10 +
            std::uint64_t{policy_.share_weight} * one.office_ppm) /
           1000;
  };
  std::ranges::sort(all, {}, [&](const CandidateView& one) {
    return std::tuple(score(one), one.load_ppm, raw(one.expert));
  });
  all.resize(std::min<std::size_t>(all.size(), policy_.near_equal_count));
  const std::uint64_t most =
      all.empty() ? 0 : score(all[0]) + std::uint64_t{policy_.near_equal_permille} * 1000;
  std::erase_if(all, [&](const CandidateView& one) { return score(one) > most; });
  const std::span candidates(decision.near_equal.data(), decision.near_equal_count);
  expect(std::ranges::equal(all, candidates), "job {} had other candidates, such as expert {}",
         raw(job.id), all.empty() ? 0 : raw(all[0].expert));
}

bool NaiveModel::could_take(ExpertId expert, const ModelJob& job) const {
  bool unclear = false;
  if (!available(expert) || !open_to(expert, job)) return false;
  if (first_filter(expert, job, false, false, unclear) != Filter::kNone || unclear) return false;
  if (!may_go_first(expert, job)) return false;
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
