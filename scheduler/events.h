// Says what changed: every state change passes through here into the event list of the command and,
// where it concerns a case, into that case's history (I15).
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Room for the events that one more expert may cause, who loses or gets all there is to hold. The
/// events of one command are bounded; what finds no room any more is left to the next tick.
bool events_left(const Core& core);

/// A change that concerns no case.
void emit_reference(Core& core, EventKind kind, OfficeId office, ExpertId expert,
                    std::uint8_t before, std::uint8_t after, Reason reason);
/// The state of an expert moved, by a command or by itself.
void emit_expert(Core& core, OfficeId office, ExpertId expert, ExpertState before,
                 ExpertState after, Actor actor, Reason reason);
/// Where the certificate or absence of an expert stands; `skill` is that of a certificate.
void emit_span(Core& core, EventKind kind, OfficeId office, ExpertId expert, Skill skill,
               SpanState before, SpanState after, Actor actor, Reason reason);
/// A version of the zoning plan moved on.
void emit_zoning(Core& core, std::uint16_t version, ZoningState before, ZoningState after);
/// What concerns a case and the version of the zoning plan that judges it, 0: none.
void emit_case_zoning(Core& core, CaseRecord& record, EventKind kind, std::uint16_t version,
                      ZoningResult before, ZoningResult after);
/// An application as events name it.
inline std::uint16_t event_subject(ApplicationId id) {
  static_assert(kLimitsMax.applications_max <= UINT16_MAX);
  return static_cast<std::uint16_t>(id);
}
/// A change of a licence, round or venue; `subject` is its number.
void emit_licence(Core& core, EventKind kind, std::uint16_t subject, OfficeId office,
                  std::uint8_t before, std::uint8_t after, Reason reason);
void emit_case(Core& core, CaseRecord& record, EventKind kind, std::uint8_t before,
               std::uint8_t after, Reason reason);
/// `expert`: the holder concerned, none = 0.
void emit_job(Core& core, const JobRecord& job, EventKind kind, std::uint8_t before,
              std::uint8_t after, Reason reason, ExpertId expert);

}  // namespace permitd::scheduler
