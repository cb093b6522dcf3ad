// Limits, policy, calendar, catalogue and organisations.
#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/counters.h"
#include "scheduler/dispatch.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/members.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/new_home.h"
#include "scheduler/ranges.h"

namespace permitd::scheduler {

namespace {

// Histories have room for deadline moves only as long as the reserve of the running work is not
// touched.
bool room_to_tell(Core& core) {
  if (core.history.capacity() - core.history.count() > event_reserve(core)) return true;
  ++core.totals.history_dropped;
  return false;
}

void tell_deadline_moved(Core& core, const JobRecord& job) {
  if (!room_to_tell(core)) return;
  emit_job(core, job, EventKind::kDeadlineMoved, raw(job.state), raw(job.state), Reason::kNone,
           ExpertId{});
}

void recompute_deadlines(Core& core) {
  for (std::uint32_t slot = 0; slot < core.job_slots.used; ++slot) {
    const JobRecord& job = core.jobs[slot];
    if (raw(job.id) == 0 || !job_is_open(job) || job.state == JobState::kDone) continue;
    if (recompute_deadline(core, slot)) {
      rekey_job(core, slot);
      tell_deadline_moved(core, job);
    }
    set_job_timer(core, slot);
  }
  for (std::uint32_t slot = 0; slot < core.case_slots.used; ++slot) {
    CaseRecord& record = core.cases[slot];
    if (raw(record.id) == 0 || record.clock_from == kNever) continue;
    if (!recompute_municipal(core, slot) || !room_to_tell(core)) continue;
    emit_case(core, record, EventKind::kDeadlineMoved, raw(record.state), raw(record.state),
              Reason::kNone);
  }
}

// Loads and filters are others from here on: places among the available are, too, and who waits is
// offered what fits now.
void refresh_experts(Core& core) {
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    if (!expert_known(core, ExpertId{number})) continue;
    refresh_available(core, ExpertId{number});
    offer_soon(core, ExpertId{number});
  }
}

// Offices that have left already are judged by what the policy says from now on.
void seek_all_homes(Core& core) {
  for (std::uint32_t office = 0; office < core.office_count; ++office) {
    seek_homes(core, office);
    if (core.offices[office].home_search != 0)
      core.other_timers.set(office_timer(core, office), core.now);
  }
}

bool stages_in_range(const DefineService& service) {
  return service.stage_count >= 1 && service.stage_count <= kServiceStagesMax &&
         stage_at_fault(service) == 0;
}

// A free place for one more version: never used, or the oldest that no case in memory keeps and
// that a newer one in force has replaced.
std::size_t version_place(const Core& core, ServiceId service) {
  const std::size_t in_force = version_in_force(core, service, core.now);
  std::size_t place = kServiceVersionsMax;
  for (std::size_t slot = 0; slot < kServiceVersionsMax; ++slot) {
    const ServiceVersion& version = service_version(core, service, slot);
    if (version.version == 0) return slot;
    if (version.case_count != 0 || slot == in_force || version.effective_from > core.now) continue;
    if (place == kServiceVersionsMax ||
        version.version < service_version(core, service, place).version)
      place = slot;
  }
  return place;
}

std::uint16_t last_version(const Core& core, ServiceId service) {
  std::uint16_t last = 0;
  for (std::size_t slot = 0; slot < kServiceVersionsMax; ++slot) {
    last = std::max(last, service_version(core, service, slot).version);
  }
  return last;
}

}  // namespace

void apply_set_limits(Core& core, const Command& command, Outcome& outcome) {
  const Limits& limits = command.body.set_limits.limits;
  if (!limits_in_range(limits)) return refuse(outcome, Refusal::kOutOfRange, Field::kLimits);
  outcome.member = limit_that_shrinks(limits, core.limits);
  if (outcome.member != 0) return refuse(outcome, Refusal::kNotCompatible, Field::kLimits);
  if (limits == core.limits) return refuse(outcome, Refusal::kNothingToDo, Field::kLimits);
  if (core.hash_seed == 0) core.hash_seed = command.seed | 1;
  grow_tables(core, limits);
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, 0, raw(command.kind),
                 Reason::kNone);
}

void apply_set_policy(Core& core, const Command& command, Outcome& outcome) {
  const SetPolicy& policy = command.body.set_policy;
  if (!policy_in_range(policy)) return refuse(outcome, Refusal::kOutOfRange, Field::kPolicy);
  if (policy == core.policy) return refuse(outcome, Refusal::kNothingToDo, Field::kPolicy);
  const bool homes_change = policy.homes != core.policy.homes;
  const bool hands_change = policy.jobs_in_hand != core.policy.jobs_in_hand;
  core.policy = policy;
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, 0, raw(command.kind),
                 Reason::kNone);
  recompute_deadlines(core);
  refresh_experts(core);
  if (hands_change) sweep_all_soon(core);  // leases of offices that are to be suspended
  if (homes_change) seek_all_homes(core);
}

void apply_set_calendar_days(Core& core, const Command& command, Outcome& outcome) {
  const SetCalendarDays& days = command.body.set_calendar_days;
  const CalendarFault found = core.calendar.fault_with(days);
  if (found.fault != DaysFault::kNone) return refuse_days(found, outcome);
  if (!check_note(days.note, false, outcome)) return;
  if (core.calendar.has_days(days) && !core.calendar_notes.would_note(days))
    return refuse(outcome, Refusal::kNothingToDo, Field::kDay);
  core.note = &days.note;
  core.calendar_notes.take(days, core.calendar, tidy_text(days.note), core.op, core.now,
                           core.actor);
  core.calendar.set_days(days);
  core.day = core.calendar.day_of(core.now);
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, 0, raw(command.kind),
                 Reason::kNone);
  recompute_deadlines(core);
  begin_day(core);
  sweep_all_soon(core);  // leases end with a shift that may end at another time now
}

void apply_define_service(Core& core, const Command& command, Outcome& outcome) {
  const DefineService& service = command.body.define_service;
  if (raw(service.service) == 0 || raw(service.service) >= kServicesMax) {
    return refuse(outcome, Refusal::kOutOfRange, Field::kService);
  }
  if (!stages_in_range(service)) return refuse(outcome, Refusal::kOutOfRange, Field::kStages);
  if (!text_fits(service.label)) return refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  if (service.version <= last_version(core, service.service)) {
    return refuse(outcome, Refusal::kNotCompatible, Field::kVersion);
  }
  const std::size_t place = version_place(core, service.service);
  if (place == kServiceVersionsMax) return refuse(outcome, Refusal::kNotCompatible, Field::kLimits);
  ServiceVersion version;
  version.effective_from = service.effective_from();
  version.version = service.version;
  version.stage_count = service.stage_count;
  for (std::size_t i = 0; i < service.stage_count; ++i)
    version.stages[i] = completed_stage(service.stages[i]);
  version.label = tidy_text(service.label);
  service_version(core, service.service, place) = version;
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, raw(service.service),
                 raw(command.kind), Reason::kNone);
}

void apply_define_organisation(Core& core, const Command& command, Outcome& outcome) {
  const DefineOrganisation& organisation = command.body.define_organisation;
  if (raw(organisation.organisation) == 0)
    return refuse(outcome, Refusal::kOutOfRange, Field::kOrganisation);
  if (organisation.priority != PriorityClass::kMunicipal &&
      organisation.priority != PriorityClass::kOther) {
    return refuse(outcome, Refusal::kOutOfRange, Field::kPriority);
  }
  if (organisation.enabled > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!text_fits(organisation.label)) return refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  OrganisationRecord record;
  record.priority = organisation.priority;
  record.enabled = organisation.enabled;
  record.known = 1;
  record.label = tidy_text(organisation.label);
  OrganisationRecord& present = core.organisations[raw(organisation.organisation)];
  if (present == record) return refuse(outcome, Refusal::kNothingToDo, Field::kOrganisation);
  present = record;
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{},
                 raw(organisation.organisation), raw(command.kind), Reason::kNone);
}

}  // namespace permitd::scheduler
