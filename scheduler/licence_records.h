// What is kept of office licences, record by record: packed values without padding. The core's
// tables hold them (licence_table.h) and its views show them (views.h). Owned by the engine thread.
//
// Invariants: moments that are not set are kNever; numbers that are not set are 0.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "scheduler/command.h"
#include "scheduler/limits.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

struct RulesRecord {
  SetLicenceRules rules;          // version 0 = unused
  std::uint32_t round_count = 0;  // rounds that keep this version
  std::uint32_t reserved = 0;
};
static_assert(std::has_unique_object_representations_v<RulesRecord>);

struct WantedRecord {
  Tick effective_from;
  Op op{};  // of the command that set it
  std::uint32_t count = 0;
  std::uint32_t reserved = 0;
};
static_assert(std::has_unique_object_representations_v<WantedRecord>);

struct RoundRecord {
  Tick opens;
  Tick closes;
  Tick routed_at = kNever;  // when exam or board was chosen
  Tick ranked_at = kNever;
  std::uint32_t applied = 0;   // applications received
  std::uint32_t eligible = 0;  // when the route was chosen
  std::uint16_t places = 0;
  std::uint8_t rules = 0;  // place of its version
  RoundState state = RoundState::kNone;
  SelectionRoute route = SelectionRoute::kNone;
  std::uint8_t reserved[3]{};
  Label label;
};
static_assert(std::has_unique_object_representations_v<RoundRecord>);

struct CheckRecord {
  Tick at;  // meaningless while pending or not required
  Code evidence;
  std::uint32_t value = 0;  // what was found: age in years, degree, field or nationality
  std::uint16_t rules_version = 0;
  CheckResult result = CheckResult::kPending;
  std::uint8_t reserved = 0;
  friend bool operator==(const CheckRecord&, const CheckRecord&) = default;
};
static_assert(sizeof(CheckRecord) == 40);
using SubjectChecks = std::array<CheckRecord, kLicenceCheckCount>;
/// Checks of somebody whom nobody has asked for any.
constexpr SubjectChecks no_checks() {
  SubjectChecks checks{};
  for (CheckRecord& check : checks) check.result = CheckResult::kNotRequired;
  return checks;
}

struct EquipmentRecord {
  Tick at;
  Code reference;
  std::uint8_t done = 0;
  std::uint8_t reserved[7]{};
};

struct RentRecord {
  std::uint64_t amount_rial = 0;  // 0 = none recorded
  Tick from;
  Tick until;
  Code reference;
};

/// What exam or board have said of an application.
enum class ResultState : std::uint8_t { kNone, kPresent, kAbsent, kCompetent, kNotCompetent };

struct ApplicationRecord {
  Tick applied_at;
  Tick selected_at = kNever;
  LicencePerson licensee;
  LicencePerson manager;  // the present one
  std::array<SubjectChecks, kLicenceSubjectCount> checks{};
  std::array<EquipmentRecord, kEquipmentItemCount> equipment{};
  RentRecord rent;
  Code result_evidence;
  std::uint32_t queue = 0;  // place in the queue for a municipal venue; 0: not in it
  std::uint32_t rank = 0;   // in its round, 1 the best; 0: not ranked
  RoundId round{};
  VenueId own_venue{};
  VenueId venue{};  // that it holds or, of an own one, will
  OfficeId office{};
  std::uint16_t exam_score = 0;
  std::uint16_t points = 0;
  District district = 0;
  LicenceState state = LicenceState::kNone;
  ResultState result = ResultState::kNone;
  std::uint8_t reserved = 0;
};
static_assert(std::has_unique_object_representations_v<ApplicationRecord>);

struct VenueRecord {
  PersonId owner{};
  ApplicationId application{};  // that holds it
  OfficeId office{};            // that holds it, when licensed before the rounds
  District district = 0;
  VenueKind kind = VenueKind::kMunicipal;
  std::uint8_t in_service = 0;
  std::uint8_t known = 0;
  std::uint8_t reserved[6]{};
  Point point;
  Label label;
};
static_assert(std::has_unique_object_representations_v<VenueRecord>);

}  // namespace permitd::scheduler
