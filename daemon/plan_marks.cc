#include "daemon/plan_marks.h"

#include <algorithm>
#include <optional>

namespace permitd::daemon {

using scheduler::ActorKind;
using scheduler::CaseState;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;
using scheduler::ZoningState;

namespace {

bool is_waiting(JobState state) {
  return state == JobState::kReady || state == JobState::kScheduled ||
         state == JobState::kEscalated;
}

/// What a job's change of state means to a plan. Taking and starting work is what plans expect.
std::optional<PlanCauseKind> cause_of_move(const Event& event) {
  const auto before = static_cast<JobState>(event.before);
  const auto after = static_cast<JobState>(event.after);
  if (event.actor.kind == ActorKind::kSupervisor) return PlanCauseKind::kSteered;
  if (after == JobState::kDone || after == JobState::kCancelled) return PlanCauseKind::kDone;
  const bool was_away =
      before == JobState::kAssigned || before == JobState::kStarted || before == JobState::kHeld;
  if (was_away && is_waiting(after)) return PlanCauseKind::kCameBack;
  if (before == JobState::kBlocked && is_waiting(after)) return PlanCauseKind::kSubmitted;
  // A visit with another half-day looks for its place anew, though nobody had it.
  if (is_waiting(before) && after == JobState::kScheduled) return PlanCauseKind::kCameBack;
  return std::nullopt;
}

/// A case goes on that waited for somebody outside. Its job waited as Ready or Scheduled all the
/// while, so that no change of its own tells that it can be done again.
std::optional<PlanCauseKind> cause_of_case(const Event& event) {
  const auto before = static_cast<CaseState>(event.before);
  const auto after = static_cast<CaseState>(event.after);
  const bool has_waited = before == CaseState::kAwaitingApplicant ||
                          before == CaseState::kAwaitingAgency || before == CaseState::kReferred;
  const bool goes_on = after == CaseState::kRegistered || after == CaseState::kInProgress ||
                       after == CaseState::kAwaitingDecision || after == CaseState::kApproved;
  if (!has_waited || !goes_on) return std::nullopt;
  return event.actor.kind == ActorKind::kSupervisor ? PlanCauseKind::kSteered
                                                    : PlanCauseKind::kCameBack;
}

/// The other steps of a version of the zoning plan change nothing yet.
std::optional<PlanCauseKind> cause_of_zoning(const Event& event) {
  const bool is_in_force = static_cast<ZoningState>(event.after) == ZoningState::kInForce;
  return is_in_force ? std::optional{PlanCauseKind::kRules} : std::nullopt;
}

std::optional<PlanCauseKind> cause_of_reference(CommandKind kind) {
  if (kind == CommandKind::kTurnLottery) return std::nullopt;
  return kind == CommandKind::kSetCalendarDays ? PlanCauseKind::kCalendar : PlanCauseKind::kRules;
}

std::optional<PlanCauseKind> cause_of(const Command& command, const Event& event) {
  using enum EventKind;
  switch (event.kind) {
    case kJobCreated:
      return PlanCauseKind::kSubmitted;
    case kJobChanged:
      return cause_of_move(event);
    case kCaseChanged:
      return cause_of_case(event);
    case kZoningChanged:
      return cause_of_zoning(event);
    case kAbsenceChanged:
      return PlanCauseKind::kAbsence;
    case kCertificateChanged:
      return PlanCauseKind::kCertificate;
    case kExpertChanged:
      return PlanCauseKind::kExpert;
    case kOfficeChanged:
      return PlanCauseKind::kOffice;
    case kReferenceChanged:
      return cause_of_reference(command.kind);
    case kExpedited:
    case kPlanLocked:
    case kJobPlanned:
      return PlanCauseKind::kSteered;
    case kCaseMoved:
      return PlanCauseKind::kSteered;
    case kPlanEnded:
      return command.actor.kind == ActorKind::kSupervisor ? PlanCauseKind::kSteered
                                                          : PlanCauseKind::kPlanEnded;
    case kCaseAmended:
    case kFeesRecorded:
    case kSlaNotified:
    case kSlaBreached:
    case kSlaEscalated:
    case kDeadlineMoved:
    case kCapacityOverridden:
    case kJobMoved:
    case kZoningChecked:
    case kCaseRebased:
    case kShareUsed:
    case kLicenceChanged:
    case kRoundChanged:
    case kVenueChanged:
    case kLicenceChecked:
    case kLicenceRecorded:
      break;
  }
  return std::nullopt;
}

}  // namespace

bool is_empty(const PlanCauses& causes) {
  return std::ranges::all_of(causes, [](const PlanCause& cause) { return cause.count == 0; });
}

void add(PlanCauses& to, const PlanCauses& more) {
  for (std::size_t kind = 0; kind < kPlanCauseCount; ++kind) {
    if (more[kind].count == 0) continue;
    const std::uint64_t before = to[kind].count;
    to[kind] = more[kind];
    to[kind].count += before;
  }
}

bool PlanMarks::note(const Command& command, std::span<const Event> events) {
  const bool is_own =
      command.kind == CommandKind::kApplyPlan && command.actor.kind == ActorKind::kEngine;
  if (is_own) return false;
  const bool was_noted = is_noted_;
  for (const Event& event : events) {
    const auto cause = cause_of(command, event);
    if (!cause) continue;
    PlanCause& counted = causes_[static_cast<std::size_t>(*cause)];
    counted = {counted.count + 1, event.op, event.at, event.expert, event.office, event.job};
    is_noted_ = true;
  }
  return is_noted_ && !was_noted;
}

PlanCauses PlanMarks::take() {
  is_noted_ = false;
  PlanCauses taken{};
  std::swap(taken, causes_);
  return taken;
}

}  // namespace permitd::daemon
