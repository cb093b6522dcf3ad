// The zoning plan: which version judges a case, and what it says to what the case asks for. Owned
// by the engine thread.
//
// Invariants: a case keeps the version that was in force when it was registered, until a supervisor
// re-bases it (I17); a version that judges a case in memory is never forgotten; a check asks one
// rule, found by its zone; the finding of a case fits what the case asked for when it was checked.
#pragma once

#include "scheduler/state.h"
#include "scheduler/views.h"

namespace permitd::scheduler {

inline constexpr std::uint16_t kFloorsMax = 200;
inline constexpr std::uint32_t kAreaMax = 10'000'000;     // square metres
inline constexpr std::uint16_t kCoverageMax = 1000;       // permille of the parcel
inline constexpr std::uint16_t kStreetWidthMax = 10'000;  // decimetres

/// Capital letters and digits, a letter first. An empty code fits where it is optional.
bool zone_fits(const ZoneCode& zone, bool optional);

/// Place of a version, kZoningVersionsMax when it is not kept.
std::size_t find_zoning(const Core& core, std::uint16_t version);
/// 1 + place of the version in force at a moment, 0 when there is none. By its moment, whether or
/// not the tick that says so has come.
std::uint8_t zoning_in_force(const Core& core, Tick at);
/// Its rules, sorted by zone once loaded.
std::span<const ZoningRule> rules_of(const Core& core, std::size_t place);
std::span<ZoningRule> rules_of(Core& core, std::size_t place);

/// The number of the version that judges a case, 0: none.
std::uint16_t zoning_version_of(const Core& core, const CaseRecord& record);
/// Has the case judged by another version: 1 + its place, 0: by none.
void pin_zoning(Core& core, CaseRecord& record, std::uint8_t slot);
/// What the version at a place (1 + place, 0: none) says to the case. Changes nothing.
ZoningFinding judge_zoning(const Core& core, std::uint8_t slot, const CaseRecord& record);
/// Asks the version that judges the case, keeps what it says, and tells so. Nothing for a case
/// without a zone that never had one.
void check_zoning(Core& core, CaseRecord& record);

/// When the next notified version comes into force, kNever when none is to.
Tick zoning_due(const Core& core);
/// Sets the city's timer, which the rounds of licensing share.
void set_zoning_timer(Core& core);
void zoning_timer_fired(Core& core);

}  // namespace permitd::scheduler
