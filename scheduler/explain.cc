// Why a job does not move: the first true cause, in the order in which a person would ask.
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/eligibility.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/plan_flow.h"
#include "scheduler/view_build.h"

namespace permitd::scheduler {

namespace {

// Jobs counted in front of one in its queue.
constexpr std::uint32_t kAheadMax = 1000;
// Experts asked whether municipal work waits for them: each answer is a search over the queues.
constexpr std::uint32_t kMunicipalAskedMax = 32;

Stuck blocked_cause(const Core& core, const CaseRecord& record) {
  const bool active = core.offices[record.office].activations[raw(record.service)].covers(core.now);
  if (!active) return Stuck::kServiceNotActive;
  return (record.flags & kCaseDecided) == 0 ? Stuck::kAwaitingDecision : Stuck::kFeesNotPaid;
}

std::uint32_t count_ahead(const Core& core, std::uint32_t slot) {
  if (!core.ready.contains(slot)) return 0;
  std::uint32_t ahead = 0;
  core.ready.visit(queue_of(core.jobs[slot]), kAheadMax, [&](std::uint32_t other) {
    if (other == slot) return true;
    ++ahead;
    return false;
  });
  return ahead;
}

// Municipal work waits for an expert who may take the job, and no share lets the job go before it.
bool has_municipal_first(const Core& core, ExpertId expert, const JobRecord& job) {
  JobSearch municipal;
  return municipal_waits(core, expert, municipal) && !share_allows(core, expert, job, municipal);
}

// What each certified expert would say, were they all asked to take a ready job.
void ask_certified(const Core& core, const JobRecord& job, StuckView& view) {
  const ExpertSet& certified = core.certified_experts[raw(job.skill)];
  const JobFilters filters(core, job);
  for (std::uint32_t number = certified.next(1); number != 0; number = certified.next(number + 1)) {
    const ExpertId expert{number};
    ++view.certified;
    const Filter filter = filters.of_claim({core, expert});
    if (filter != Filter::kNone) {
      ++view.removed[static_cast<std::size_t>(filter)];
      continue;
    }
    ++view.with_capacity;
    if (core.available.contains(job.skill, expert) && core.now < core.experts[number].claim_until)
      ++view.waiting;
    if (job.priority != PriorityClass::kOther || view.municipal_asked == kMunicipalAskedMax)
      continue;
    ++view.municipal_asked;
    if (has_municipal_first(core, expert, job)) ++view.municipal_first;
  }
}

// Why nobody has a ready job in hand. What keeps everybody from it at any hour comes before the
// hour.
Stuck supply_cause(const Core& core, const JobRecord& job, StuckView& view) {
  ask_certified(core, job, view);
  if (view.certified == 0) return Stuck::kNoCertifiedExpert;
  if (view.removed[static_cast<std::size_t>(Filter::kShift)] != 0) {
    view.until = core.calendar.next_open(core.now);
    return Stuck::kCalendarClosed;
  }
  if (view.with_capacity == 0) return Stuck::kNobodyFits;
  if (view.municipal_asked != 0 && view.municipal_first == view.municipal_asked)
    return Stuck::kMunicipalFirst;
  return view.waiting == 0 ? Stuck::kNobodyAvailable : Stuck::kOfferDue;
}

Stuck waiting_cause(const Core& core, std::uint32_t slot, StuckView& view) {
  const JobRecord& job = core.jobs[slot];
  const CaseRecord& record = core.cases[job.case_slot];
  const Stuck waits = cause_of(record.state);
  if (waits != Stuck::kNotStuck &&
      (job.state != JobState::kBlocked || waits != Stuck::kAwaitingDecision))
    return waits;
  if (job.state == JobState::kBlocked) return blocked_cause(core, record);
  if (job.state == JobState::kScheduled) {
    view.until = appointment_begin(core, job);
    return Stuck::kAppointmentAhead;
  }
  if (job.has(kJobPlanned)) {
    view.reserved_for = plan_of(core, job).expert;
    view.until = plan_of(core, job).until;
    return Stuck::kReserved;
  }
  view.ahead = count_ahead(core, slot);
  return supply_cause(core, job, view);
}

}  // namespace

StuckView explain_job(const Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  StuckView view;
  view.until = kNever;
  switch (job.state) {
    case JobState::kAssigned:
    case JobState::kStarted:
      view.cause = Stuck::kNotStuck;
      break;
    case JobState::kDone:
      view.cause = job_is_open(job) ? Stuck::kAwaitingConfirmation : Stuck::kFinished;
      break;
    case JobState::kConfirmed:
    case JobState::kReturned:
    case JobState::kCancelled:
      view.cause = Stuck::kFinished;
      break;
    case JobState::kHeld:
      view.cause = Stuck::kHeld;
      break;
    case JobState::kEscalated:
      view.cause = Stuck::kEscalated;
      break;
    case JobState::kBlocked:
    case JobState::kReady:
    case JobState::kScheduled:
      view.cause = waiting_cause(core, slot, view);
      break;
  }
  // A case without an open job, at the municipality or referred from there, is asked by its newest.
  const CaseRecord& record = core.cases[job.case_slot];
  if (view.cause == Stuck::kFinished && record.newest_job == slot) {
    const Stuck waits = cause_of(record.state);
    if (waits != Stuck::kNotStuck) view.cause = waits;
  }
  return view;
}

}  // namespace permitd::scheduler
