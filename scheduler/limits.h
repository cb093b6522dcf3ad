// Capacities of the core. All memory is taken when the limits are set; the steady state allocates
// nothing. The limits are the first command of every journal, so a replay has the same ones.
#pragma once

#include <cstdint>

namespace permitd::scheduler {

struct Limits {
  std::uint32_t cases_max = 1U << 16;      // open and retained cases
  std::uint32_t jobs_max = 1U << 17;       // jobs of those cases: work, rework and confirmations
  std::uint32_t events_max = 1U << 20;     // history records kept in memory, 32 bytes each
  std::uint32_t decisions_max = 1U << 17;  // decision records kept in memory
  std::uint32_t notes_max = 1U << 14;      // free-text notes kept in memory
  std::uint32_t keys_max = 1U << 17;       // idempotency keys remembered
  std::uint32_t experts_max = 1U << 11;
  std::uint32_t offices_max = 256;
  std::uint32_t applications_max = 1024;  // for a licence, over all rounds; 1.3 KB each
  std::uint32_t venues_max = 256;
  // inspectors and owners who have met, 45 bytes a pair: 180 days of 600 inspectors × 8 visits ×
  // 5 of 7 days are some 600,000
  std::uint32_t meetings_max = 1'000'000;
  friend constexpr bool operator==(const Limits&, const Limits&) = default;
};

/// Upper bounds of every field of Limits: 2^27 jobs × 128 bytes = 16 GiB, the most one process
/// should hold.
inline constexpr Limits kLimitsMax{1U << 27, 1U << 27, 1U << 28, 1U << 27, 1U << 22, 1U << 26,
                                   1U << 20, 9999,     4096,     9999,     1U << 26};

/// Stages in one service, the municipal decision included: the catalogue's longest chain has 6.
inline constexpr std::uint32_t kServiceStagesMax = 6;
/// Versions of the catalogue kept per service.
inline constexpr std::uint32_t kServiceVersionsMax = 8;
inline constexpr std::uint32_t kServicesMax = 64;
/// Relatives one expert may declare: parents and spouse, brothers or children; the nearest count.
inline constexpr std::uint32_t kRelativesMax = 4;
/// Absences of one expert that are not over: leave is planned for a year, illness comes between.
inline constexpr std::uint32_t kAbsencesMax = 8;
/// Jobs one expert may hold at once (assigned or started): a day is 14 units, the shortest job half
/// a unit.
inline constexpr std::uint32_t kHeldJobsMax = 28;
/// Inspectors remembered to have met one owner: for somebody who has not, no more certified experts
/// are looked at (kPairRepeatScanMax).
inline constexpr std::uint32_t kMeetingsPerOwnerMax = 64;
/// Visits of an inspector that the policy may keep an owner from.
inline constexpr std::uint32_t kPairRepeatVisitsMax = 100;
/// Visits of one district looked at for the nearest, at most: with 31 districts some 500 distances.
inline constexpr std::uint32_t kNearVisitsMax = 16;
/// Visits that a claim is drawn among, at most: as many as people for an offer.
inline constexpr std::uint32_t kDrawnMax = 8;
/// Lines of a plan that one ApplyPlan command carries: what fits into the 200 bytes of a body
/// behind its head, (200 − 16) / 24. A plan of thousands of lines is as many commands, in one
/// batch.
inline constexpr std::uint32_t kPlanLinesPerCommand = 7;
/// Jobs that a plan may reserve for one expert at a time: two full days and a margin.
inline constexpr std::uint32_t kPlannedPerExpertMax = 2 * kHeldJobsMax + 8;
/// Timers that one Tick command may fire; the engine sends further ticks until none is due.
inline constexpr std::uint32_t kTimersPerTickMax = 256;
/// Ready jobs looked at per queue in one decision before it gives up on that queue. See dispatch.h
/// for why municipal-first stays strict all the same.
inline constexpr std::uint32_t kQueueScanMax = 64;
/// Events one command may emit: a tick fires 256 timers, each touching one expert with up to 28
/// jobs, each of which may be re-assigned at once (returned + assigned).
inline constexpr std::uint32_t kEventsPerCommandMax = kTimersPerTickMax * (kHeldJobsMax * 2 + 2);
/// Days one SetCalendarDays command carries, days the calendar spans (40 years), and edits of it
/// whose notes are kept.
inline constexpr std::uint32_t kCalendarDaysPerCommand = 18;
inline constexpr std::uint32_t kCalendarDaysMax = 14'610;
inline constexpr std::uint32_t kCalendarNotesMax = 4'096;
/// Overrides of capacity that are listed: sixteen a working day for a year of 256, at 144 bytes
/// 576 KiB.
inline constexpr std::uint32_t kCapacityOverridesMax = 16 * 256;
/// Half-days for which appointments can be booked ahead.
inline constexpr std::uint32_t kAppointmentHorizon = 128;
/// Versions of the zoning plan that are kept, and zones of one: a detailed plan has some fifty
/// sub-zones.
inline constexpr std::uint32_t kZoningVersionsMax = 8;
inline constexpr std::uint32_t kZoningRulesMax = 256;
/// Rules one LoadZoning command carries: what fits into a body between its head and its note,
/// (120 − 8) / 24.
inline constexpr std::uint32_t kZoningRulesPerCommand = 4;
/// Rolling window of effort that fairness is measured over, in calendar days.
inline constexpr std::uint32_t kLoadWindowDays = 30;

/// Versions of the licensing rules kept, dated numbers of offices wanted, and rounds.
inline constexpr std::uint32_t kLicenceRulesMax = 16;
inline constexpr std::uint32_t kOfficesWantedMax = 64;
inline constexpr std::uint32_t kRoundsMax = 256;

static_assert(kEventsPerCommandMax < (1U << 16));
// Ranking a round moves every applicant and may give each a venue; one event says it of the round.
static_assert(kLimitsMax.applications_max * 3 + 1 < kEventsPerCommandMax);

}  // namespace permitd::scheduler
