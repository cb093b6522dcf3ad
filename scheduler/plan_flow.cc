#include "scheduler/plan_flow.h"

#include <algorithm>

#include "scheduler/dispatch.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/job_flow.h"

namespace permitd::scheduler {

namespace {

bool waits_ready(const Core& core, std::uint32_t slot) {
  return core.jobs[slot].state == JobState::kReady && core.ages.contains(slot);
}

std::uint32_t take_place(Core& core) {
  SlotList& list = core.plan_slots;
  PERMIT_ASSERT(list.count < core.plans.size(), list.count);  // so many are never reserved
  std::uint32_t place = list.free;
  if (place != kNoSlot) {
    list.free = core.plans[place].slot;
  } else {
    place = list.used++;
  }
  ++list.count;
  return place;
}

void free_place(Core& core, std::uint32_t place) {
  SlotList& list = core.plan_slots;
  core.plans[place] = PlannedJob{};
  core.plans[place].slot = list.free;
  list.free = place;
  --list.count;
}

void tell(Core& core, const JobRecord& job, EventKind kind, Reason reason, ExpertId expert) {
  emit_job(core, job, kind, raw(job.state), raw(job.state), reason, expert);
}

// The moment until which the expert keeps the right to the job that there is when it is planned
// for.
Tick right_ends(const Core& core, const PlannedJob& plan) {
  const ExpertRecord& who = core.experts[raw(plan.expert)];
  const JobRecord& job = core.jobs[plan.slot];
  const ServiceId service = core.cases[job.case_slot].service;
  Tick end = std::min(who.valid_until[raw(job.skill)],
                      core.offices[who.office].activations[raw(service)].until);
  const Tick at = std::max(plan.start, core.now);
  end = std::min(end, who.absences.next_begin(at));
  end = std::min(end, next_suspension(who, at));
  end = std::min(end, next_suspension(core.offices[who.office], at));
  const Interval shift = core.calendar.interval_of(at);
  return shift.empty() ? end : std::min(end, shift.close);
}

// Whether nothing but the certificate keeps the expert from working at the moment.
bool may_lapse(const ExpertRecord& who, Tick at) {
  return expert_works_at(who, at) || (who.state == ExpertState::kExpired && !suspended_at(who, at));
}

// Why the expert may not do the job when it is planned for, or now where that has passed; kNone
// when the expert may.
Reason lapse_of(const Core& core, const PlannedJob& plan) {
  const JobRecord& job = core.jobs[plan.slot];
  // Other hours have made another half-day of the planned time.
  if (appointment_binds(core, job) && job.appointment != half_day_of(core, plan.start))
    return Reason::kNotOnShift;
  const ExpertRecord& who = core.experts[raw(plan.expert)];
  const Tick at = std::max(plan.start, core.now);
  switch (standing_filter(core, plan.expert, job, at)) {
    case Filter::kOffice:
      return office_works_at(core.offices[who.office], at) ? Reason::kServiceNotActive
                                                           : Reason::kOfficeInactive;
    case Filter::kSkill:
    case Filter::kCertificate:
      return may_lapse(who, at) ? Reason::kCertificateLapsed : Reason::kExpertSuspended;
    case Filter::kFourEyes:
    case Filter::kConflict:
      return Reason::kConflictOfInterest;
    case Filter::kShift:
      return Reason::kNotOnShift;
    case Filter::kAbsence:
      return absence_reason(who, at);
    case Filter::kDistrict:
      return Reason::kTooFar;
    case Filter::kNone:
    case Filter::kCapacity:
    case Filter::kHeldMost:
    case Filter::kPairRepeat:
      break;
  }
  return Reason::kNone;
}

}  // namespace

const PlannedJob& plan_of(const Core& core, const JobRecord& job) {
  PERMIT_ASSERT(job.has(kJobPlanned), job.id);
  const PlannedJob& plan = core.plans[job.booked_day];
  PERMIT_ASSERT(plan.id == job.id, plan.id, job.id);
  return plan;
}

bool planned_for(const Core& core, const JobRecord& job, ExpertId expert) {
  return job.has(kJobPlanned) && plan_of(core, job).expert == expert;
}

PlannedEffort planned_effort(const Core& core, ExpertId expert, std::int32_t day, JobId except) {
  PlannedEffort sum;
  visit_planned(core, expert, [&](std::uint32_t, const PlannedJob& plan) {
    if (plan.day == day && plan.id != except) {
      sum.minutes += plan.effort_minutes;
      sum.visits += plan.visit;
    }
    return false;
  });
  return sum;
}

void recount_planned(Core& core, ExpertId expert) {
  ExpertRecord& record = core.experts[raw(expert)];
  const PlannedEffort sum = planned_effort(core, expert, core.day, JobId{});
  record.planned_count = static_cast<std::uint16_t>(core.plan_order.count(raw(expert)));
  record.planned_minutes =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(sum.minutes, UINT16_MAX));
  record.planned_visits = static_cast<std::uint8_t>(sum.visits);
}

void reserve_job(Core& core, std::uint32_t slot, const PlannedJob& plan) {
  JobRecord& job = core.jobs[slot];
  const std::uint32_t place = take_place(core);
  PlannedJob& kept = core.plans[place];
  kept = plan;
  kept.slot = slot;
  kept.effort_minutes = job.effort_minutes;
  kept.visit = job.has(kJobVisit) ? 1 : 0;
  kept.until = std::min(kept.until, right_ends(core, kept));
  if (core.ready.contains(slot)) leave_queue(core, slot);
  job.flags |= kJobPlanned;
  job.booked_day = place;
  core.plan_order.insert(raw(kept.expert), place, order_of(kept));
  recount_planned(core, kept.expert);
  set_job_timer(core, slot);
  tell(core, job, EventKind::kJobPlanned, kept.reason, kept.expert);
}

void lock_plan(Core& core, std::uint32_t slot, std::uint8_t locks) {
  const JobRecord& job = core.jobs[slot];
  PlannedJob& plan = core.plans[job.booked_day];
  PERMIT_ASSERT(plan.id == job.id && plan.locks != locks, plan.id, locks);
  emit_job(core, job, EventKind::kPlanLocked, plan.locks, locks, Reason::kNone, plan.expert);
  plan.locks = locks;
}

PlannedJob take_plan(Core& core, std::uint32_t slot) {
  JobRecord& job = core.jobs[slot];
  const PlannedJob plan = plan_of(core, job);
  core.plan_order.remove(raw(plan.expert), job.booked_day);
  free_place(core, job.booked_day);
  job.flags &= static_cast<std::uint8_t>(~kJobPlanned);
  job.booked_day = 0;
  recount_planned(core, plan.expert);
  return plan;
}

void drop_plan(Core& core, std::uint32_t slot, Reason reason) {
  if (!core.jobs[slot].has(kJobPlanned)) return;
  const PlannedJob plan = take_plan(core, slot);
  ++core.totals.plans_ended;
  offer_soon(core, plan.expert);  // the capacity that was kept for it is free
  tell(core, core.jobs[slot], EventKind::kPlanEnded, reason, plan.expert);
}

void end_plan(Core& core, std::uint32_t slot, Reason reason) {
  if (!core.jobs[slot].has(kJobPlanned)) return;
  drop_plan(core, slot, reason);
  set_job_timer(core, slot);
  if (!waits_ready(core, slot)) return;
  requeue_job(core, slot);
}

void end_lapsed_plans(Core& core, ExpertId expert) {
  if (core.experts[raw(expert)].planned_count == 0) return;
  std::array<std::uint32_t, kPlannedPerExpertMax> slots;
  std::size_t count = 0;
  visit_planned(core, expert, [&](std::uint32_t slot, const PlannedJob&) {
    slots[count++] = slot;
    return false;
  });
  for (std::size_t i = 0; i < count; ++i) end_plan_if_lapsed(core, slots[i]);
}

void end_plan_if_lapsed(Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  if (!job.has(kJobPlanned)) return;
  PlannedJob& plan = core.plans[job.booked_day];
  const Reason reason = lapse_of(core, plan);
  if (reason != Reason::kNone) return end_plan(core, slot, reason);
  const Tick end = right_ends(core, plan);
  if (end >= plan.until) return;
  plan.until = end;
  set_job_timer(core, slot);
}

}  // namespace permitd::scheduler
