// The words of permitd: one stable name per enumerator, and the sentences in which refusals, events
// and decisions are told. Server and command line say the same thing because both take it from
// here.
//
// Names are those of permit.capnp; they are part of the wire and never change. Everything here is
// pure and may be called from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scheduler/command.h"
#include "scheduler/members.h"
#include "scheduler/outcome.h"
#include "scheduler/types.h"
#include "scheduler/views.h"

namespace permitd::protocol {

/// Names of a closed set in the order of its values. For scheduler::{Skill, PriorityClass, Stage,
/// CaseState, JobState, OfficeState, ExpertState, JobKind, Reach, Confirmer, ConfirmerFallback,
/// HalfDay, SlaBand, ActorKind, Reason, Filter, EventKind, Stuck, Field,
/// ZoningState, ZoningResult, ZoningReview, HomePolicy, JobsInHand, SpanState} and those of
/// licence_types.h.
/// Refusal and CommandKind have gaps and are reached by name_of() alone.
template <class Enum>
std::span<const std::string_view> names_of();

/// Stable name of one value; "unknown" when it is outside the set.
template <class Enum>
std::string_view name_of(Enum value) {
  const auto names = names_of<Enum>();
  const auto index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : std::string_view{"unknown"};
}
std::string_view name_of(scheduler::Refusal value);
std::string_view name_of(scheduler::CommandKind value);

/// True when both say the same, letters' case, '-' and '_' aside: "SITE_INSPECTION" is
/// "siteInspection".
bool is_same_name(std::string_view left, std::string_view right);

/// Value of a name, see is_same_name().
template <class Enum>
std::optional<Enum> parse_name(std::string_view name) {
  const auto names = names_of<Enum>();
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (is_same_name(names[index], name)) return static_cast<Enum>(index);
  }
  return std::nullopt;
}

/// Valid UTF-8 without NUL and other control characters: what notes, labels and codes may hold.
bool is_valid_text(std::string_view text);

/// "2026-03-21 07:30 UTC"; "never" for kNever.
std::string moment_text(scheduler::Tick at);

/// Languages of the sentences; numbers as in the schema.
enum class Language : std::uint8_t { kEnglish, kPersian };

/// What a command acts on, and so whose state its outcome carries.
enum class Subject : std::uint8_t {
  kNothing,
  kCase,
  kJob,
  kOffice,
  kExpert,
  kZoning,
  kApplication,
  kRound
};
Subject subject_of(const scheduler::Outcome& outcome, scheduler::CommandKind kind);

/// What a field may hold, in English; empty where there is no rule to tell.
std::string_view rule_of(scheduler::Field field);

/// The same of one of the values that make up a field: "1 to 1440".
std::string rule_of(const scheduler::MemberRange& range);

/// What is wrong with a version of the zoning plan, where more is to be said than the rule of the
/// field.
enum class ZoningFault : std::uint8_t {
  kNone,
  kIncomplete,
  kRuleCount,
  kPast,
  kNotLast,
  kZoneTwice,
  kEffect,
  kNoPlace,
  kAnnounced,
  kOldVersion
};
inline constexpr std::size_t kZoningFaultCount = 10;
/// The command makes a version of the zoning plan, or ends one.
bool is_of_zoning(scheduler::CommandKind kind);
/// Pre: the outcome is a refusal. kNone for commands that do not make a version.
ZoningFault zoning_fault(const scheduler::Outcome& outcome, scheduler::CommandKind kind);

/// Pre: the outcome is a refusal. A moment of a suspension, of an expert or an
/// office, is at fault; the same field of a licence that is over is not.
bool is_of_suspension(const scheduler::Outcome& outcome, scheduler::CommandKind kind);

/// Pre: the outcome is a refusal. As many versions of the service, or of the licensing rules, are
/// kept as there is room for, so that another one is refused.
bool is_of_versions(const scheduler::Outcome& outcome, scheduler::CommandKind kind);

/// What is wrong, by which rule, and what to do next. `kind` is the command that was refused (kNone
/// for reads): it says whose state `outcome.state` is. Pre: the outcome is a refusal.
std::string refusal_sentence(const scheduler::Outcome& outcome, scheduler::CommandKind kind,
                             Language language = Language::kEnglish);

/// What a supervisor has fixed of a planned job: "person, order"; "nothing".
std::string locks_text(std::uint8_t locks);

/// "job 12 (siteInspection of case 5): assigned -> started, expert 7".
std::string event_sentence(const scheduler::Event& event, std::string_view note,
                           Language language = Language::kEnglish);

/// What a licence still needs to be Active, kMissing… bits, each with who sees to it; "nothing".
std::string missing_text(
    std::uint32_t missing,
    const std::array<scheduler::EquipmentParty, scheduler::kEquipmentItemCount>& parties);

/// Why this person: how many were looked at, what removed the others, what decided among the best.
std::string decision_sentence(const scheduler::DecisionView& decision,
                              Language language = Language::kEnglish);

/// Why the job does not move, and what would move it.
std::string stuck_sentence(const scheduler::StuckView& stuck,
                           Language language = Language::kEnglish);

}  // namespace permitd::protocol
