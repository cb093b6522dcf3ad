// The tables of office licences: versions of the rules, numbers of offices wanted, rounds,
// applications and venues, found by their numbers and written to a state as they lie in memory.
// Owned by the engine thread as a part of the core.
//
// Invariants: application and round numbers have no gap; a venue is held by at most one licence,
// and a licence holds at most one venue; a version of the rules stays while a round keeps it.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/fixed_array.h"
#include "scheduler/licence_records.h"
#include "scheduler/limits.h"
#include "scheduler/scheduler.h"

namespace permitd::scheduler {

struct Licences {
  std::array<RulesRecord, kLicenceRulesMax> rules{};
  std::array<WantedRecord, kOfficesWantedMax> wanted{};  // [wanted_count], oldest first
  FixedArray<RoundRecord> rounds;                        // [round_count], by number − 1
  FixedArray<ApplicationRecord> applications;            // [application_count], by number − 1
  FixedArray<VenueRecord> venues;                        // by number
  FixedArray<std::uint32_t> order;                       // scratch of a ranking
  std::uint32_t wanted_count = 0;
  std::uint32_t round_count = 0;
  std::uint32_t application_count = 0;
  std::uint32_t venue_last = 0;  // greatest number defined
  std::uint32_t queue_last = 0;  // place given last in the queue for venues

  void reserve(const Limits& limits);
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    rounds.visit_memory(visit);
    applications.visit_memory(visit);
    venues.visit_memory(visit);
    order.visit_memory(visit);
  }
  void write_state(StateSink& sink) const;
  /// Replaces everything. Pre: reserved for `limits`. False when the counts are beyond them.
  [[nodiscard]] bool read_state(StateSource& source, const Limits& limits);

  bool knows(ApplicationId id) const { return raw(id) != 0 && raw(id) <= application_count; }
  bool knows(RoundId id) const { return raw(id) != 0 && raw(id) <= round_count; }
  bool knows(VenueId id) const { return raw(id) <= venue_last && venues[raw(id)].known != 0; }
  ApplicationRecord& application(ApplicationId id) { return applications[raw(id) - 1]; }
  const ApplicationRecord& application(ApplicationId id) const { return applications[raw(id) - 1]; }
  RoundRecord& round(RoundId id) { return rounds[raw(id) - 1]; }
  const RoundRecord& round(RoundId id) const { return rounds[raw(id) - 1]; }
  const SetLicenceRules& rules_of(const ApplicationRecord& application) const {
    return rules[round(application.round).rules].rules;
  }
};

/// Place of the version of the rules in force at a moment, kLicenceRulesMax when there is none.
std::size_t rules_in_force(const Licences& licences, Tick at);
/// Offices wanted at a moment; 0 where nothing was set.
std::uint32_t offices_wanted(const Licences& licences, Tick at);

}  // namespace permitd::scheduler
