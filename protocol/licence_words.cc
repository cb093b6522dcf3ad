#include "protocol/licence_words.h"

#include <fmt/format.h>

#include <array>

#include "protocol/words.h"

namespace permitd::protocol {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::Field;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;

namespace {

using namespace std::string_view_literals;

constexpr std::array kNationalityNames{"unknown"sv, "iranian"sv, "other"sv};
constexpr std::array kDegreeNames{"none"sv, "associate"sv, "bachelor"sv, "master"sv, "doctorate"sv};
static_assert(kDegreeNames.size() == scheduler::kDegreeCount);
constexpr std::array kDegreeFieldNames{"none"sv,
                                       "architecture"sv,
                                       "urbanPlanning"sv,
                                       "management"sv,
                                       "informationTechnology"sv,
                                       "urbanDesign"sv,
                                       "regionalPlanning"sv,
                                       "civilEngineering"sv,
                                       "surveying"sv,
                                       "geography"sv,
                                       "other"sv};
static_assert(kDegreeFieldNames.size() == scheduler::kDegreeFieldCount);
constexpr std::array kLicenceSubjectNames{"licensee"sv, "manager"sv};
constexpr std::array kLicenceCheckNames{
    "nationality"sv, "age"sv,        "degreeLevel"sv,     "degreeField"sv, "criminalRecord"sv,
    "moralRecord"sv, "bankruptcy"sv, "otherConditions"sv, "ownVenue"sv};
static_assert(kLicenceCheckNames.size() == scheduler::kLicenceCheckCount);
constexpr std::array kCheckResultNames{"pending"sv, "passed"sv, "failed"sv, "notRequired"sv};
static_assert(kCheckResultNames.size() == scheduler::kCheckResultCount);
constexpr std::array kLicenceStateNames{
    "none"sv,        "applied"sv,      "eligible"sv,    "ineligible"sv,
    "examPending"sv, "boardPending"sv, "selected"sv,    "waitlisted"sv,
    "notSelected"sv, "equipping"sv,    "active"sv,      "suspended"sv,
    "expired"sv,     "revoked"sv,      "surrendered"sv, "withdrawn"sv};
static_assert(kLicenceStateNames.size() == scheduler::kLicenceStateCount);
constexpr std::array kRoundStateNames{"none"sv, "announced"sv, "open"sv,  "checking"sv,
                                      "exam"sv, "board"sv,     "ranked"sv};
static_assert(kRoundStateNames.size() == scheduler::kRoundStateCount);
constexpr std::array kSelectionRouteNames{"none"sv, "exam"sv, "board"sv};
constexpr std::array kEquipmentItemNames{"networkHardware"sv, "furniture"sv, "computers"sv,
                                         "networkLine"sv,     "signboard"sv, "printer"sv,
                                         "scanner"sv,         "archive"sv};
static_assert(kEquipmentItemNames.size() == scheduler::kEquipmentItemCount);
constexpr std::array kEquipmentPartyNames{"none"sv, "municipality"sv, "licensee"sv};
constexpr std::array kVenueKindNames{"municipal"sv, "own"sv};
constexpr std::array kManagerStateNames{"active"sv, "suspended"sv, "unchecked"sv};
constexpr std::array kManagerChangeNames{"suspend"sv, "restore"sv, "leave"sv, "replace"sv};
constexpr std::array kResultStateNames{"none"sv, "present"sv, "absent"sv, "competent"sv,
                                       "notCompetent"sv};

}  // namespace

#define PERMIT_NAMES(Enum)                                        \
  template <>                                                     \
  std::span<const std::string_view> names_of<scheduler::Enum>() { \
    return k##Enum##Names;                                        \
  }
PERMIT_NAMES(Nationality)
PERMIT_NAMES(Degree)
PERMIT_NAMES(DegreeField)
PERMIT_NAMES(LicenceSubject)
PERMIT_NAMES(LicenceCheck)
PERMIT_NAMES(CheckResult)
PERMIT_NAMES(LicenceState)
PERMIT_NAMES(RoundState)
PERMIT_NAMES(SelectionRoute)
PERMIT_NAMES(EquipmentItem)
PERMIT_NAMES(EquipmentParty)
PERMIT_NAMES(VenueKind)
PERMIT_NAMES(ManagerState)
PERMIT_NAMES(ManagerChange)
PERMIT_NAMES(ResultState)
#undef PERMIT_NAMES

std::string missing_text(
    std::uint32_t missing,
    const std::array<scheduler::EquipmentParty, scheduler::kEquipmentItemCount>& parties) {
  std::string text;
  const auto add = [&](std::uint32_t bit, const std::string& what) {
    if ((missing & bit) != 0) text += fmt::format("{}{}", text.empty() ? "" : "; ", what);
  };
  add(scheduler::kMissingOffice, "an office code (licence equip)");
  add(scheduler::kMissingManager, "a technical manager who can act (licence manager)");
  add(scheduler::kMissingVenue, "a venue (it is given when one becomes free)");
  add(scheduler::kMissingRent, "a rent contract in force (licence rent)");
  for (std::uint8_t item = 0; item < scheduler::kEquipmentItemCount; ++item) {
    add(scheduler::kMissingItems << item,
        fmt::format("{} by the {}", name_of(scheduler::EquipmentItem{item}),
                    name_of(parties[item])));
  }
  return text.empty() ? "nothing" : text;
}

namespace licence {

namespace {

std::string condition_sentence(const Outcome& outcome) {
  const auto who = scheduler::LicenceSubject{outcome.state};
  return fmt::format("The {} does not meet the rules in force: {} must be {}. Nothing was changed.",
                     who == scheduler::LicenceSubject::kManager ? "technical manager" : "licensee",
                     name_of(outcome.field), rule_of(outcome.field));
}

std::string_view requirement_sentence(Field field) {
  if (field == Field::kOffice) return "it has no office code yet (licence equip)";
  if (field == Field::kManager)
    return "it has no technical manager who can act: none, suspended, or with checks outstanding "
           "(licence manager, licence check)";
  if (field == Field::kVenue) return "it has no venue yet; it waits in the queue for one";
  if (field == Field::kRent) return "no rent contract in force is recorded (licence rent)";
  if (field == Field::kValidity)
    return "its term is over; a licence from before the rounds is renewed (licence renew), another "
           "one is applied for again (licence apply)";
  return "items of its equipment are not recorded (licence item)";
}

}  // namespace

std::string refusal_sentence(const Outcome& outcome) {
  const Refusal refusal = outcome.refusal;
  if (refusal == Refusal::kUnknownRound) {
    return "There is no such round. Open one, or check its number (licence rounds).";
  }
  if (refusal == Refusal::kUnknownApplication) {
    return "There is no such application. Check its number (licence list).";
  }
  if (refusal == Refusal::kUnknownVenue) {
    return "There is no such venue. Define it first, or check its number (licence venues).";
  }
  if (refusal == Refusal::kNotEnoughPlaces) {
    return "The city does not want so many offices more: what is licensed, selected and offered "
           "in rounds under way counts. Offer fewer places, or raise what is wanted (licence "
           "want).";
  }
  if (refusal == Refusal::kRoundNotOpen) {
    return fmt::format(
        "The round takes no applications now: it is {}. Wait for its opening, or "
        "apply in another one.",
        name_of(scheduler::RoundState{outcome.state}));
  }
  if (refusal == Refusal::kAlreadyApplied) {
    return fmt::format(
        "The {} is named by another application of this round. Withdraw that one "
        "first, or name somebody else.",
        outcome.field == Field::kManager ? "technical manager" : "licensee");
  }
  if (refusal == Refusal::kVenueTaken) {
    return "The venue is held already, or the office has one: one venue holds one office. Choose "
           "another, or end the licence that holds it.";
  }
  if (refusal == Refusal::kConditionNotMet) {
    return condition_sentence(outcome);
  }
  if (refusal == Refusal::kRequirementMissing) {
    return fmt::format("The office cannot be active: {}.", requirement_sentence(outcome.field));
  }
  if (refusal == Refusal::kApplicationsFull) {
    return "The memory for applications is full. Nothing was accepted; the operator raises "
           "limits.applications_max.";
  }
  return "";
}

std::string event_subject(const Event& event) {
  if (event.kind == EventKind::kRoundChanged) return fmt::format("round {}", event.subject);
  if (event.kind == EventKind::kVenueChanged) {
    return raw(event.office) == 0
               ? fmt::format("venue {}", event.subject)
               : fmt::format("venue {} of office {:04}", event.subject, raw(event.office));
  }
  // A manager who came later to an office from before the rounds.
  if (event.subject == 0 && raw(event.office) != 0)
    return fmt::format("office {:04}", raw(event.office));
  return raw(event.office) == 0
             ? fmt::format("application {}", event.subject)
             : fmt::format("application {} (office {:04})", event.subject, raw(event.office));
}

namespace {

std::string recorded(const Event& event) {
  const auto kind = static_cast<scheduler::CommandKind>(event.before);
  if (kind == scheduler::CommandKind::kRecordEquipment) {
    return fmt::format(
        "{} {}", name_of(scheduler::EquipmentItem{static_cast<std::uint8_t>(event.after / 2)}),
        event.after % 2 == 1 ? "is there" : "is not there");
  }
  if (kind == scheduler::CommandKind::kRecordRent) return "rent recorded";
  return fmt::format("{}: {}", kind == scheduler::CommandKind::kRecordExamResult ? "exam" : "board",
                     name_of(scheduler::ResultState{event.after}));
}

}  // namespace

std::string event_act(const Event& event) {
  if (event.kind == EventKind::kRoundChanged) {
    return fmt::format("{} -> {}", name_of(scheduler::RoundState{event.before}),
                       name_of(scheduler::RoundState{event.after}));
  }
  if (event.kind == EventKind::kLicenceChanged) {
    return fmt::format("{} -> {}", name_of(scheduler::LicenceState{event.before}),
                       name_of(scheduler::LicenceState{event.after}));
  }
  if (event.kind == EventKind::kVenueChanged) return event.after != 0 ? "held" : "free";
  if (event.kind == EventKind::kLicenceChecked) {
    return fmt::format(
        "{} of the {} {}",
        name_of(scheduler::LicenceCheck{static_cast<std::uint8_t>(event.before % 16)}),
        event.before >= 16 ? "technical manager" : "licensee",
        name_of(scheduler::CheckResult{event.after}));
  }
  return recorded(event);
}

}  // namespace licence

}  // namespace permitd::protocol
