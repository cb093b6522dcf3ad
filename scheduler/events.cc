#include "scheduler/events.h"

namespace permitd::scheduler {

namespace {

// Only a calendar or policy edit can have more events than the list holds: those of the single jobs
// stay in the histories, and the last place of the list says that there were more. An audit trail
// tells them all: it compares the deadlines before and after.
void push(Core& core, const Event& event) {
  if (core.event_count + 1 < core.events.size()) {
    core.events[core.event_count++] = event;
    return;
  }
  if (core.event_count == core.events.size()) return;
  Event more;
  more.op = event.op;
  more.at = event.at;
  more.actor = event.actor;
  more.kind = event.kind;
  core.events[core.event_count++] = more;
}

Event stamped(const Core& core, EventKind kind, std::uint8_t before, std::uint8_t after,
              Reason reason) {
  Event event;
  event.op = core.op;
  event.at = core.now;
  event.actor = core.actor;
  event.kind = kind;
  event.before = before;
  event.after = after;
  event.reason = reason;
  return event;
}

Event of_case(const Core& core, const CaseRecord& record, Event event) {
  event.case_id = record.id;
  event.office = core.offices[record.office].id;
  const ServiceVersion& version = service_of(core, record);
  if (record.stage_index < version.stage_count)
    event.stage = version.stages[record.stage_index].stage;
  return event;
}

void keep(Core& core, CaseRecord& record, const Event& event) {
  if (!core.history.append(record.history, event, core.note)) ++core.totals.history_dropped;
  push(core, event);
}

}  // namespace

bool events_left(const Core& core) {
  // Jobs in hand: returned, moved, given to somebody else; reserved ones the same; and new ones.
  // Certificates and an absence that began or ended, a suspension that began and one that is over,
  // and the expert who expired with the last certificate.
  constexpr std::uint32_t kEventsPerExpert =
      kHeldJobsMax * 4 + kPlannedPerExpertMax * 3 + kSkillCount + 4;
  return core.events.size() - core.event_count > kEventsPerExpert;
}

void emit_reference(Core& core, EventKind kind, OfficeId office, ExpertId expert,
                    std::uint8_t before, std::uint8_t after, Reason reason) {
  Event event = stamped(core, kind, before, after, reason);
  event.office = office;
  event.expert = expert;
  push(core, event);
}

void emit_expert(Core& core, OfficeId office, ExpertId expert, ExpertState before,
                 ExpertState after, Actor actor, Reason reason) {
  Event event = stamped(core, EventKind::kExpertChanged, raw(before), raw(after), reason);
  event.actor = actor;
  event.office = office;
  event.expert = expert;
  push(core, event);
}

void emit_span(Core& core, EventKind kind, OfficeId office, ExpertId expert, Skill skill,
               SpanState before, SpanState after, Actor actor, Reason reason) {
  Event event = stamped(core, kind, raw(before), raw(after), reason);
  event.actor = actor;
  event.office = office;
  event.expert = expert;
  event.skill = skill;
  push(core, event);
}

void emit_zoning(Core& core, std::uint16_t version, ZoningState before, ZoningState after) {
  Event event = stamped(core, EventKind::kZoningChanged, raw(before), raw(after), Reason::kNone);
  event.version = version;
  push(core, event);
}

void emit_licence(Core& core, EventKind kind, std::uint16_t subject, OfficeId office,
                  std::uint8_t before, std::uint8_t after, Reason reason) {
  Event event = stamped(core, kind, before, after, reason);
  event.subject = subject;
  event.office = office;
  push(core, event);
}

void emit_case(Core& core, CaseRecord& record, EventKind kind, std::uint8_t before,
               std::uint8_t after, Reason reason) {
  keep(core, record, of_case(core, record, stamped(core, kind, before, after, reason)));
}

void emit_case_zoning(Core& core, CaseRecord& record, EventKind kind, std::uint16_t version,
                      ZoningResult before, ZoningResult after) {
  Event event = of_case(core, record, stamped(core, kind, raw(before), raw(after), Reason::kNone));
  event.version = version;
  keep(core, record, event);
}

void emit_job(Core& core, const JobRecord& job, EventKind kind, std::uint8_t before,
              std::uint8_t after, Reason reason, ExpertId expert) {
  CaseRecord& record = core.cases[job.case_slot];
  Event event = stamped(core, kind, before, after, reason);
  event.case_id = record.id;
  event.job = job.id;
  event.office = core.offices[record.office].id;
  event.expert = expert;
  event.stage = job.stage;
  keep(core, record, event);
}

}  // namespace permitd::scheduler
