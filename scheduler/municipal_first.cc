#include "scheduler/municipal_first.h"

#include "scheduler/eligibility.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

// Calls visit(slot, filter) for the jobs of a class that lie ready for the expert, until it returns
// true. Returns whether the bound left any out.
template <class Visit>
bool visit_ready(const Core& core, ExpertId expert, PriorityClass priority, const Visit& visit) {
  const ExpertRecord& record = core.experts[raw(expert)];
  bool stopped = false;
  bool cut = false;
  const auto queue = [&](Skill skill, std::uint32_t place) {
    const QueueNumber number = ReadyQueue::number(priority, skill, place);
    if (stopped || core.ready.count(number) == 0) return;
    cut |= core.ready.visit(number, kQueueScanMax, [&](std::uint32_t slot) {
      stopped = visit(slot, claim_job_filter(core, expert, core.jobs[slot]));
      return stopped;
    });
  };
  for (std::uint8_t s = 0; s < kSkillCount; ++s) {
    if ((record.counted >> s & 1) == 0)
      continue;  // a certificate counts from the tick that sees it
    for (std::uint32_t place = 0; place < kDistrictCount; ++place) {
      if (record.districts == 0 || (record.districts >> place & 1) != 0) queue(Skill{s}, place);
    }
    queue(Skill{s}, ReadyQueue::office_place(record.office));
  }
  if (stopped || record.planned_count == 0) return cut;
  visit_planned(core, expert, [&](std::uint32_t slot, const PlannedJob&) {
    const JobRecord& job = core.jobs[slot];
    if (job.priority != priority || job.state != JobState::kReady || job.has(kJobPaused))
      return false;
    // Whether somebody else could go was asked when it was planned.
    return visit(slot, first_filter(core, expert, job, false));
  });
  return cut;
}

bool any_fits(const Core& core, ExpertId expert, PriorityClass priority) {
  bool fits = false;
  visit_ready(core, expert, priority, [&](std::uint32_t, Filter filter) {
    fits = filter == Filter::kNone;
    return fits;
  });
  return fits;
}

}  // namespace

MunicipalLook look_for_municipal(const Core& core, ExpertId expert) {
  MunicipalLook look;
  for (std::uint8_t c = 0; c < look.waiting.size(); ++c) {
    look.cut |= visit_ready(core, expert, PriorityClass{c}, [&](std::uint32_t, Filter filter) {
      ++look.waiting[c];
      if (filter == Filter::kNone)
        ++look.fitting[c];
      else
        ++look.removed[static_cast<std::size_t>(filter)];
      return false;
    });
  }
  return look;
}

bool passes_municipal(const Core& core, const JobRecord& job, bool by_share) {
  if (job.priority != PriorityClass::kOther) return false;
  if (any_fits(core, job.holder, PriorityClass::kExpedited)) return true;
  const bool excused = by_share && core.policy.reserved_share_percent != 0;
  return !excused && any_fits(core, job.holder, PriorityClass::kMunicipal);
}

}  // namespace permitd::scheduler
