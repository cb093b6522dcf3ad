// The values that make up a policy, the limits, the licensing rules, a stage of a service, days of
// the calendar and a person of an application, each with its name in the schema (a limit with that
// of the trail) and its range: one table for those who check and those who tell. A refusal names
// the first of them that is at fault; which one it is follows from the command alone, so it is
// found anew and never stored. Two follow from the state as well: a limit that would shrink, which
// comes without a key and is never answered from memory, and a day that meets another one, whose
// number the outcome keeps. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "scheduler/command.h"
#include "scheduler/outcome.h"

namespace permitd::scheduler {

struct CalendarFault;

enum class MemberKind : std::uint8_t {
  kNumber,
  kEnumerator,
  kUnique,   // an enumerator that no other of the list has
  kBits,     // a sum of the bits of `most`; none only where `least` is 0
  kDay,      // days since 1970-01-01
  kOpening,  // when a day opens, minutes since 1970-01-01 UTC; its hours lie near its date
};

struct MemberRange {
  std::string_view name;  // as the schema has it
  std::int64_t least = 0;
  std::int64_t most = 0;
  MemberKind kind = MemberKind::kNumber;
  // Another member that it may not lie below, or above; empty where there is none.
  std::string_view floor{};
  std::string_view ceiling{};
};

/// Range of a member of the field, counted from 1; null where the field has no such member.
const MemberRange* member_range(Field field, std::uint8_t member);
/// Its number, 0 when the field has no member of that name.
std::uint8_t member_named(Field field, std::string_view name);
/// The field whose members they are: a stage's skill and the equipment of the rules have refusals
/// of their own.
Field owner_of_members(Field field);

/// The first member at fault, 0 when none is.
std::uint8_t policy_fault(const SetPolicy& policy);
std::uint8_t limits_fault(const Limits& limits);
/// The first limit that is less than the one of `least`, 0 when none is.
std::uint8_t limit_that_shrinks(const Limits& limits, const Limits& least);
std::uint8_t licence_rules_fault(const SetLicenceRules& rules);
/// Of a stage as it is kept, its flags completed.
std::uint8_t stage_fault(const StageSpec& stage);
/// Of somebody who is told of on `day`.
std::uint8_t person_fault(const LicencePerson& person, std::int32_t day);

/// A sovereign decision has no effort and nobody to do it; a delivery always needs one (I8).
StageSpec completed_stage(StageSpec stage);
/// Number of the first stage that is out of range or comes twice, 0 when none is.
std::uint8_t stage_at_fault(const DefineService& service);

/// Refuses days of the calendar for what keeps them from being set. Pre: something does.
void refuse_days(const CalendarFault& found, Outcome& outcome);

/// Sets row and member of the outcome. Pre: it is a refusal of the command.
void name_member(const Command& command, Outcome& outcome);

}  // namespace permitd::scheduler
