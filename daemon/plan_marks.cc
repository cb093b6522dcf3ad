#include "daemon/plan_marks.h"

#include <algorithm>
#include <optional>

namespace permitd::daemon {

using scheduler::ActorKind;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;

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
  const bool was_out = before == JobState::kAssigned || before == JobState::kStarted;
  if (was_out && is_waiting(after)) return PlanCauseKind::kCameBack;
  if (before == JobState::kBlocked && is_waiting(after)) return PlanCauseKind::kSubmitted;
  return std::nullopt;
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
    case kCaseChanged:
    case kCaseAmended:
    case kFeesRecorded:
    case kSlaNotified:
    case kSlaBreached:
    case kSlaEscalated:
    case kDeadlineMoved:
    case kCapacityOverridden:
    case kJobMoved:
    case kZoningChanged:
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
