#include "scheduler/dispatch.h"

#include <algorithm>
#include <span>

#include "scheduler/decision.h"
#include "scheduler/distance.h"
#include "scheduler/eligibility.h"
#include "scheduler/expert_flow.h"
#include "scheduler/expert_score.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"
#include "scheduler/job_search.h"
#include "scheduler/nearest_visit.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

// Visits about as near as the nearest, and what they were chosen from. None where the first by
// deadline is given.
struct NearVisits {
  std::uint8_t count = 0;
  std::uint16_t compared = 0;
  std::array<std::uint32_t, kDrawnMax> slot{};
  std::array<std::uint32_t, kDrawnMax> metres{};
};

// The nearest, as many as can be drawn among, with what a filter reads of each: those records lie
// far apart, so they are fetched in steps for all of them and not one after the other.
std::span<const NearestVisits::Found> fetch_nearest(
    const Core& core, NearestVisits& visits, std::array<NearestVisits::Found, kDrawnMax>& nearest) {
  std::size_t count = 0;
  for (; count < core.policy.near_equal_count; ++count) {
    nearest[count] = visits.next();
    if (nearest[count].slot == kNoSlot) break;
    core.cases.expect(nearest[count].case_slot);
    core.jobs.expect(nearest[count].slot);
  }
  const auto found = std::span(nearest).first(count);
  for (const auto& each : found) core.meetings.expect(core.cases[each.case_slot].owner);
  return found;
}

// Pre: `first` is a visit that can wait.
NearVisits near_visits(const Core& core, const ExpertFilters& filters, const JobRecord& first) {
  NearVisits near;
  if (core.policy.near_visits == 0) return near;
  const Point from = place_of(core, core.experts[raw(filters.expert())]);
  if (!is_known(from)) return near;
  NearestVisits visits(core, filters.expert(), first.priority, from);
  near.compared = visits.compared();
  std::array<NearestVisits::Found, kDrawnMax> nearest;
  auto fetched = fetch_nearest(core, visits, nearest);
  std::uint64_t farthest = UINT64_MAX;
  while (near.count < core.policy.near_equal_count) {
    NearestVisits::Found next;
    if (fetched.empty()) {
      next = visits.next();
    } else {
      next = fetched.front();
      fetched = fetched.subspan(1);
    }
    if (next.slot == kNoSlot || next.square > farthest) break;
    if (filters.of_claim(core.jobs[next.slot]) != Filter::kNone) continue;
    near.slot[near.count] = next.slot;
    near.metres[near.count] = metres_of(next.square);
    if (near.count++ == 0)
      farthest = square_within(near_equal_metres(near.metres[0], core.policy.near_equal_permille));
  }
  return near;
}

DecisionRecord begin_decision(const Core& core, const JobRecord& job) {
  DecisionRecord decision;
  decision.job = job.id;
  decision.op = core.op;
  decision.at = core.now;
  decision.seed = decision_seed(core.seed, job.id);
  return decision;
}

void add_candidate(DecisionRecord& decision, ExpertId expert, std::uint32_t load) {
  decision.near_expert[decision.near_count] = raw(expert);
  decision.near_load[decision.near_count] = load;
  ++decision.near_count;
}

void reject(DecisionRecord& decision, ExpertId expert, Filter filter) {
  std::uint16_t& removed = decision.removed[static_cast<std::size_t>(filter)];
  if (removed < UINT16_MAX) ++removed;
  if (decision.rejected_count == decision.rejected.size()) return;
  decision.rejected[decision.rejected_count] = raw(expert);
  decision.rejected_filter[decision.rejected_count] = static_cast<std::uint8_t>(filter);
  ++decision.rejected_count;
}

ExpertId choose(const DecisionRecord& decision) {
  return ExpertId{decision.near_expert[choose_near_equal(decision.seed, decision.near_count)]};
}

void keep_decision(Core& core, JobRecord& job, const DecisionRecord& decision) {
  const auto at = static_cast<std::uint32_t>(core.decision_count++ % core.limits.decisions_max);
  core.decisions[at] = decision;
  core.decisions.expect(at + 2);
  job.decision = at + 1;
}

void assign_job(Core& core, std::uint32_t slot, ExpertId expert, DecisionRecord& decision) {
  JobRecord& job = core.jobs[slot];
  core.history.expect(core.cases[job.case_slot].history);  // where its event will be linked
  decision.chosen = expert;
  if (core.ages.contains(slot)) dequeue_job(core, slot);
  if (job.has(kJobPlanned)) {
    const PlannedJob plan = take_plan(core, slot);
    decision.by_plan = 1;
    decision.plan = plan.op;
    decision.plan_reason = plan.reason;
  }
  hold_job(core, expert, slot, lease_end(core, core.experts[raw(expert)], job));
  job.flags &= static_cast<std::uint8_t>(~kJobDeclined);
  set_job_state(core, slot, JobState::kAssigned, Reason::kNone);
  keep_decision(core, job, decision);
  ExpertRecord& record = core.experts[raw(expert)];
  if (record.wanted > 0) --record.wanted;
  refresh_available(core, expert);
}

// An available expert may take the job, and no municipal work stands before it that the reserved
// share does not let wait.
bool may_be_given(const Core& core, ExpertId id, const JobRecord& job, const JobFilters& filters,
                  DecisionRecord& decision) {
  const FilterExpert expert(core, id);
  if (!claim_stands(core, expert)) return false;
  ++decision.considered;
  const Filter filter = filters.of_claim(expert);
  if (filter != Filter::kNone) {
    reject(decision, id, filter);
    return false;
  }
  JobSearch municipal;
  if (job.priority != PriorityClass::kOther || !municipal_waits(core, id, municipal) ||
      share_allows(core, id, job, municipal))
    return true;
  ++decision.municipal_first;
  return false;
}

// Scores and loads are shares of capacity, so the margin is one too: it also holds where the least
// is 0.
std::uint64_t near_equal_margin(const Core& core) {
  return std::uint64_t{core.policy.near_equal_permille} * 1000;
}

// The one who comes behind the candidates: the next decision will look there, as the expert who is
// chosen now moves to the back. Stops the search.
bool expect_next(const Core& core, ExpertId expert) {
  core.experts.expect(raw(expert));
  return true;
}

// The least loaded experts who may take the job.
void search_by_load(const Core& core, const JobRecord& job, DecisionRecord& decision) {
  const std::uint64_t margin = near_equal_margin(core);
  const JobFilters filters(core, job);
  core.available.visit(job.skill, kExpertScanMax, [&](ExpertId expert, std::uint32_t load) {
    if (decision.near_count == core.policy.near_equal_count) return expect_next(core, expert);
    if (decision.near_count > 0 && load > decision.near_load[0] + margin) return true;
    if (!may_be_given(core, expert, job, filters, decision)) return false;
    add_candidate(decision, expert, load);
    return false;
  });
}

// The best by score among some of the least loaded who may take it.
void search_by_score(const Core& core, const JobRecord& job, DecisionRecord& decision) {
  const ChoiceWeights weights = weights_of(core.policy, job);
  const Point parcel = weights.travel != 0 ? core.cases[job.case_slot].point : Point{};
  const std::size_t most = std::max(core.policy.compared_count, core.policy.near_equal_count);
  const JobFilters filters(core, job);
  std::array<CandidateView, kComparedMax> found;
  std::size_t count = 0;
  core.available.visit(job.skill, kExpertScanMax, [&](ExpertId expert, std::uint32_t load) {
    if (count == most) return expect_next(core, expert);
    if (!may_be_given(core, expert, job, filters, decision)) return false;
    found[count++] = candidate_of(core, expert, load, parcel);
    return false;
  });
  if (count == 0) return;
  const std::size_t near = order_by_score(std::span(found).first(count), weights,
                                          core.policy.near_equal_count, near_equal_margin(core));
  for (const CandidateView& candidate : std::span(found).first(near)) {
    decision.near_metres[decision.near_count] = candidate.metres;
    decision.near_office_load[decision.near_count] = candidate.office_ppm;
    add_candidate(decision, candidate.expert, candidate.load_ppm);
  }
  decision.compared = static_cast<std::uint16_t>(count);
  decision.load_weight = weights.load;
  decision.travel_weight = weights.travel;
  decision.share_weight = weights.share;
}

}  // namespace

QueuePlace queue_place_of(const JobRecord& job) {
  return {job.priority, job.skill,
          job.has(kJobOfficeReach) ? ReadyQueue::office_place(job.office)
                                   : ReadyQueue::district_place(job.district)};
}

QueueNumber queue_of(const JobRecord& job) { return ReadyQueue::number(queue_place_of(job)); }

bool share_allows(const Core& core, ExpertId expert, const JobRecord& job,
                  const JobSearch& municipal) {
  const std::uint32_t percent = core.policy.reserved_share_percent;
  if (percent == 0 || municipal.slot == kNoSlot ||
      core.jobs[municipal.slot].priority != PriorityClass::kMunicipal)
    return false;
  const ExpertRecord& record = core.experts[raw(expert)];
  // What is in the expert's hands and was given today is booked already.
  const bool in_hand = job.state == JobState::kAssigned || job.state == JobState::kStarted;
  const bool booked =
      in_hand && job.holder == expert && static_cast<std::int32_t>(job.booked_day) == core.day;
  const std::uint32_t more = booked ? 0U : job.effort_minutes;
  return (other_today(core, record) + more) * 100 <= percent * (booked_today(core, record) + more);
}

namespace {

// The first job of other organisations goes before municipal work when it is the turn of their
// share; otherwise the search stays as it is.
void prefer_share(const Core& core, const ExpertFilters& filters, JobSearch& search) {
  if (core.policy.reserved_share_percent == 0 || search.slot == kNoSlot) return;
  JobSearch other = search;
  other.slot = kNoSlot;
  other.urgent_count = 0;
  search_class(core, filters, PriorityClass::kOther, other, 1);
  if (other.slot == kNoSlot || !share_allows(core, filters.expert(), core.jobs[other.slot], search))
    return;
  search = other;
  search.by_share = true;
}

}  // namespace

void join_queue(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  const ReadyKey key{job.deadline, job.id};
  core.ready.insert(queue_of(job), slot, key);
  core.heads.join(queue_place_of(job), slot, key);
  join_front(core, slot);
}

void leave_queue(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  const ReadyKey key = core.ready.key(slot);
  core.ready.remove(queue_of(job), slot);
  core.heads.leave(queue_place_of(job), key, core.ready);
  leave_front(core, slot, key);
}

void enqueue_job(Core& core, std::uint32_t slot) {
  if (!core.jobs[slot].has(kJobPlanned)) join_queue(core, slot);
  core.ages.push_back(age_list_of(core.jobs[slot].priority, core.jobs[slot].skill), slot);
}

void dequeue_job(Core& core, std::uint32_t slot) {
  if (core.ready.contains(slot)) leave_queue(core, slot);
  core.ages.remove(age_list_of(core.jobs[slot].priority, core.jobs[slot].skill), slot);
}

void rekey_job(Core& core, std::uint32_t slot) {
  if (!core.ready.contains(slot)) return;
  const JobRecord& job = core.jobs[slot];
  const ReadyKey before = core.ready.key(slot);
  core.ready.update(queue_of(job), slot, {job.deadline, job.id});
  core.heads.look(queue_place_of(job), core.ready);
  rekey_front(core, slot, before);
}

void offer_job(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (job.has(kJobPlanned)) return offer_soon(core, plan_of(core, job).expert);
  if (core.available.count(job.skill) == 0 || !core.calendar.is_open(core.now)) return;
  DecisionRecord decision = begin_decision(core, job);
  if (is_compared(core.policy, job))
    search_by_score(core, job, decision);
  else
    search_by_load(core, job, decision);
  if (decision.near_count == 0) return;
  const ExpertId expert = choose(decision);
  JobSearch municipal;
  decision.by_share = core.policy.reserved_share_percent != 0 &&
                              job.priority == PriorityClass::kOther &&
                              municipal_waits(core, expert, municipal)
                          ? 1
                          : 0;
  assign_job(core, slot, expert, decision);
}

namespace {

// The jobs that the lot decides between, as the record keeps them.
void write_drawn(const Core& core, std::span<const std::uint32_t> slots, DecisionRecord& decision) {
  for (std::size_t i = 0; i < slots.size(); ++i) decision.drawn[i] = core.jobs[slots[i]].id;
  decision.drawn_count = static_cast<std::uint8_t>(slots.size());
  decision.seed = decision_seed(core.seed, std::span(decision.drawn).first(slots.size()));
}

// One of the visits near to the expert. kNoSlot where no place can be looked at.
std::uint32_t draw_near(const Core& core, const ExpertFilters& filters, std::uint32_t first,
                        DecisionRecord& decision) {
  const JobRecord& job = core.jobs[first];
  if (!goes_out(job) || !can_wait(core, job, core.policy.near_slack_minutes)) return kNoSlot;
  const NearVisits near = near_visits(core, filters, job);
  if (near.count == 0) return kNoSlot;
  write_drawn(core, std::span(near.slot).first(near.count), decision);
  decision.compared = near.compared;
  decision.near_metres = near.metres;
  const std::uint32_t slot = near.slot[choose_near_equal(decision.seed, near.count)];
  if (slot == first) return slot;
  const Point there = core.cases[job.case_slot].point;
  decision.passed_over = job.id;
  decision.passed_over_metres =
      is_known(there) ? metres(place_of(core, core.experts[raw(filters.expert())]), there) : 0U;
  return slot;
}

// One of those about as urgent as the first.
std::uint32_t draw_urgent(const Core& core, const JobSearch& search, DecisionRecord& decision) {
  const JobRecord& first = core.jobs[search.slot];
  if (search.urgent_count < 2 || !can_wait(core, first, core.policy.draw_minutes))
    return search.slot;
  const auto slots = std::span(search.urgent_slot).first(search.urgent_count);
  write_drawn(core, slots, decision);
  decision.by_deadline = 1;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::int64_t later = core.jobs[slots[i]].deadline.ms - first.deadline.ms;
    decision.drawn_later_minutes[i] = static_cast<std::uint16_t>(later / kMsPerMinute);
  }
  return slots[choose_near_equal(decision.seed, slots.size())];
}

// How many the lot decides between at the most, of those about as urgent as the first.
std::size_t drawn_most(const Core& core) {
  return core.policy.draw_minutes == 0 ? 1 : core.policy.near_equal_count;
}

// Whoever goes out from a known place is mostly given one of the visits near there.
bool goes_by_place(const Core& core, ExpertId expert) {
  const ExpertRecord& record = core.experts[raw(expert)];
  return core.policy.near_visits != 0 && (record.counted >> raw(Skill::kInspect) & 1) != 0 &&
         is_known(place_of(core, record));
}

// The first in order, or in its place another one that the lot falls on. Writes down what was drawn
// from. `is_first_alone`: those about as urgent as the first were not searched for.
std::uint32_t draw_job(const Core& core, const ExpertFilters& filters, const JobSearch& search,
                       bool is_first_alone, DecisionRecord& decision) {
  if (search.by_share) return search.slot;
  std::uint32_t slot = draw_near(core, filters, search.slot, decision);
  if (slot == kNoSlot && is_first_alone && search.urgent_count != 0 &&
      can_wait(core, core.jobs[search.slot], core.policy.draw_minutes)) {
    const JobSearch wider = first_jobs(core, filters, PriorityClass::kOther, drawn_most(core));
    PERMIT_ASSERT(wider.slot == search.slot, wider.slot, search.slot);
    slot = draw_urgent(core, wider, decision);
  } else if (slot == kNoSlot) {
    slot = draw_urgent(core, search, decision);
  }
  decision.job = core.jobs[slot].id;
  return slot;
}

}  // namespace

std::uint32_t assign_best_job(Core& core, ExpertId expert) {
  const bool is_first_alone = goes_by_place(core, expert);
  const ExpertFilters filters(core, expert);
  JobSearch search =
      first_jobs(core, filters, PriorityClass::kOther, is_first_alone ? 1 : drawn_most(core));
  prefer_share(core, filters, search);
  if (search.slot == kNoSlot) return kNoSlot;
  DecisionRecord decision = begin_decision(core, core.jobs[search.slot]);
  decision.by_claim = 1;
  decision.considered = search.considered;
  decision.removed = search.removed;
  for (std::size_t i = 0; i < search.rejected_count; ++i) {
    decision.rejected[i] = raw(core.jobs[search.rejected_slot[i]].id);
    decision.rejected_filter[i] = raw(search.rejected_filter[i]);
  }
  decision.rejected_count = search.rejected_count;
  decision.by_share = search.by_share ? 1 : 0;
  const std::uint32_t slot = draw_job(core, filters, search, is_first_alone, decision);
  add_candidate(decision, expert, load_ppm(core, core.experts[raw(expert)]));
  assign_job(core, slot, expert, decision);
  return slot;
}

std::uint32_t offer_to_expert(Core& core, ExpertId expert) {
  std::uint32_t first = kNoSlot;
  while (claim_stands(core, core.experts[raw(expert)]) &&
         claim_filter(core, expert) == Filter::kNone) {
    const std::uint32_t slot = assign_best_job(core, expert);
    if (slot == kNoSlot) break;
    if (first == kNoSlot) first = slot;
  }
  return first;
}

void assign_by_supervisor(Core& core, std::uint32_t slot, ExpertId expert) {
  DecisionRecord decision = begin_decision(core, core.jobs[slot]);
  decision.by_supervisor = 1;
  decision.considered = 1;
  add_candidate(decision, expert, load_ppm(core, core.experts[raw(expert)]));
  assign_job(core, slot, expert, decision);
}

Tick lease_end(const Core& core, const ExpertRecord& expert, const JobRecord& job) {
  const Tick end = holding_end(core, expert, job);
  if (job.has(kJobFieldLease)) {
    const Interval shift = core.calendar.interval_of(core.now);
    if (!shift.empty()) return std::min(end, shift.close);
  }
  return std::min(end, Tick{core.now.ms + core.policy.lease_minutes * kMsPerMinute});
}

}  // namespace permitd::scheduler
