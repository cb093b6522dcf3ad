// The vocabulary of office licences: rules, rounds, applications, checks, venues, equipment, and
// the bodies of the commands about them (kinds 90–109). Plain values of fixed width like
// everything in command.h, which includes this; enumerators are part of the journal format.
//
// A round offers places; persons apply; named checks make an application eligible or not; exam or
// board and the points rank them; who is selected gets a venue, equips an office and is activated.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/types.h"

namespace permitd::scheduler {

/// Number of an application, in order of receipt; 0 means none.
enum class ApplicationId : std::uint32_t {};
/// Number of a round of licensing, in order; 0 means none.
enum class RoundId : std::uint16_t {};
/// Number of a venue, 1 … Limits::venues_max; 0 means none.
enum class VenueId : std::uint16_t {};

enum class Nationality : std::uint8_t { kUnknown, kIranian, kOther };
enum class Degree : std::uint8_t { kNone, kAssociate, kBachelor, kMaster, kDoctorate };
inline constexpr std::size_t kDegreeCount = 5;
/// Fields of study, a bit each in the masks of the rules.
enum class DegreeField : std::uint8_t {
  kNone,
  kArchitecture,
  kUrbanPlanning,
  kManagement,
  kInformationTechnology,
  kUrbanDesign,
  kRegionalPlanning,
  kCivilEngineering,
  kSurveying,
  kGeography,
  kOther,
};
inline constexpr std::size_t kDegreeFieldCount = 11;

/// Whom a check is about.
enum class LicenceSubject : std::uint8_t { kLicensee, kManager };
inline constexpr std::size_t kLicenceSubjectCount = 2;

/// The named checks. The first kComputedCheckCount are computed from the application; the others
/// are recorded by the municipality with their evidence.
enum class LicenceCheck : std::uint8_t {
  kNationality,
  kAge,
  kDegreeLevel,
  kDegreeField,
  kCriminalRecord,
  kMoralRecord,
  kBankruptcy,
  kOtherConditions,
  kOwnVenue,  // of the licensee's own venue: gives points and a place, never eligibility
};
inline constexpr std::size_t kComputedCheckCount = 4;
inline constexpr std::size_t kLicenceCheckCount = 9;
enum class CheckResult : std::uint8_t { kPending, kPassed, kFailed, kNotRequired };
inline constexpr std::size_t kCheckResultCount = 4;

enum class LicenceState : std::uint8_t {
  kNone,
  kApplied,  // checks are outstanding
  kEligible,
  kIneligible,
  kExamPending,
  kBoardPending,
  kSelected,
  kWaitlisted,
  kNotSelected,
  kEquipping,  // from here on the state of its office
  kActive,
  kSuspended,
  kExpired,
  kRevoked,
  kSurrendered,
  kWithdrawn,  // before it was selected
};
inline constexpr std::size_t kLicenceStateCount = 16;
/// What was an application is a licence: its state is that of an office, or a place given up.
constexpr bool is_licence(LicenceState state) {
  return state >= LicenceState::kEquipping && state <= LicenceState::kSurrendered;
}

enum class RoundState : std::uint8_t {
  kNone,
  kAnnounced,  // opens later
  kOpen,       // takes applications
  kChecking,   // takes none any more; checks are outstanding
  kExam,       // more eligible than places (R7)
  kBoard,      // not more (R8)
  kRanked,
};
inline constexpr std::size_t kRoundStateCount = 7;
enum class SelectionRoute : std::uint8_t { kNone, kExam, kBoard };

/// What an office must have, a place each in the rules' list.
enum class EquipmentItem : std::uint8_t {
  kNetworkHardware,
  kFurniture,
  kComputers,
  kNetworkLine,
  kSignboard,
  kPrinter,
  kScanner,
  kArchive,
};
inline constexpr std::size_t kEquipmentItemCount = 8;
/// Who sees to it; kNone: not asked for.
enum class EquipmentParty : std::uint8_t { kNone, kMunicipality, kLicensee };

enum class VenueKind : std::uint8_t { kMunicipal, kOwn };

/// Whether the technical manager of an office can act. kUnchecked: replaced, checks outstanding.
enum class ManagerState : std::uint8_t { kActive, kSuspended, kUnchecked };
enum class ManagerChange : std::uint8_t { kSuspend, kRestore, kLeave, kReplace };

/// What keeps a licence from being active, a bit each; the equipment's from kMissingItems on.
inline constexpr std::uint32_t kMissingOffice = 1;   // no office code yet
inline constexpr std::uint32_t kMissingManager = 2;  // none, suspended or not checked
inline constexpr std::uint32_t kMissingVenue = 4;
inline constexpr std::uint32_t kMissingRent = 8;
inline constexpr std::uint32_t kMissingItems = 256;

// ---- bodies ----

/// A licensee or technical manager as they apply. A day is days since 1970-01-01.
struct LicencePerson {
  PersonId person{};
  std::int32_t birth_day = 0;
  Nationality nationality = Nationality::kUnknown;
  Degree degree = Degree::kNone;
  DegreeField field = DegreeField::kNone;
  std::uint8_t experience_years = 0;  // related to planning, 0–60
  friend bool operator==(const LicencePerson&, const LicencePerson&) = default;
};
static_assert(sizeof(LicencePerson) == 16);

/// What one of the two persons must be.
struct PersonRules {
  std::uint8_t age_min = 27;  // Jalali years completed on the day of the application, inclusive
  std::uint8_t age_max = 55;  // 18–99
  Degree degree_min = Degree::kBachelor;
  std::uint8_t iranian_only = 1;
  std::uint16_t fields = 0;  // bit per DegreeField that is accepted, at least one
  std::uint16_t checks = 0;  // bit per LicenceCheck that needs evidence
  friend bool operator==(const PersonRules&, const PersonRules&) = default;
};
inline constexpr std::uint16_t check_bit(LicenceCheck check) {
  return static_cast<std::uint16_t>(1U << raw(check));
}
inline constexpr std::uint16_t field_bit(DegreeField field) {
  return static_cast<std::uint16_t>(1U << raw(field));
}
inline constexpr std::uint16_t kGeneralConditions = static_cast<std::uint16_t>(
    check_bit(LicenceCheck::kCriminalRecord) | check_bit(LicenceCheck::kMoralRecord) |
    check_bit(LicenceCheck::kBankruptcy));

/// A version of the licensing rules. A round keeps the version in force when it was opened.
struct SetLicenceRules {
  std::uint16_t version = 0;           // greater than the last
  std::uint16_t validity_days = 1095;  // 1–36,500: of a licence from its activation or renewal
  std::uint16_t points_master = 10;    // 0–1000 each
  std::uint16_t points_experience = 10;
  std::uint16_t points_venue = 10;
  std::uint16_t exam_max = 1000;   // 1–10,000: scores lie within 0 … this
  std::uint16_t exam_pass = 0;     // 0 … exam_max: who is below is not selected
  std::uint16_t waitlist_max = 0;  // so many wait for a place given up; 0: all who passed
  Tick effective_from;
  PersonRules licensee;
  PersonRules manager{25, 55, Degree::kBachelor, 1, 0, 0};
  std::uint8_t experience_years = 1;  // 1–60: from so many years on experience earns its points
  std::uint8_t reserved[7]{};
  std::array<EquipmentParty, kEquipmentItemCount> equipment{};
  friend bool operator==(const SetLicenceRules&, const SetLicenceRules&) = default;
};

/// How many offices the city wants, from a moment on (R1: "50 for now").
struct SetOfficesWanted {
  std::uint16_t count = 0;  // 0–9999
  std::uint8_t reserved[6]{};
  Tick effective_from;  // not before that of the last one
  Note note;
};

/// Announces a round: a number of places, open for applications in [opens, closes).
struct OpenRound {
  std::uint16_t places = 0;  // 1 … what is wanted and neither licensed nor under way
  std::uint8_t reserved[6]{};
  Tick opens;
  Tick closes;
  Label label;
};

/// Takes no more applications from now on, before the round's own time.
struct CloseRound {
  RoundId round{};
  std::uint8_t reserved[6]{};
  Note note;
};

struct ApplyForLicence {
  RoundId round{};
  VenueId own_venue{};  // 0: asks for a municipal one
  District district = 0;
  std::uint8_t reserved[3]{};
  std::int32_t day = 0;  // the local date of the application, within a day of the UTC date
  std::uint32_t reserved2 = 0;
  LicencePerson licensee;
  LicencePerson manager;
};

/// Of an application, or of the technical manager of an office that was licensed before the rounds.
struct RecordLicenceCheck {
  ApplicationId application{};                         // 0: of an office
  OfficeId office{};                                   // 0: of an application
  LicenceSubject subject = LicenceSubject::kLicensee;  // of an office the manager
  LicenceCheck check = LicenceCheck::kCriminalRecord;
  std::uint8_t passed = 0;
  std::uint8_t reserved[3]{};
  Code evidence;  // required
  Note note;
};

struct WithdrawApplication {
  ApplicationId application{};
  std::uint32_t reserved = 0;
  Note note;
};

struct RecordExamResult {
  ApplicationId application{};
  std::uint16_t score = 0;
  std::uint8_t absent = 0;  // 1: did not sit it; the score is 0
  std::uint8_t reserved = 0;
  Code evidence;  // required
};

struct RecordBoardFinding {
  ApplicationId application{};
  std::uint8_t competent = 0;
  std::uint8_t reserved[3]{};
  Code evidence;  // required: the minutes
  Note note;
};

struct RankRound {
  RoundId round{};
  std::uint8_t reserved[6]{};
  Note note;
};

/// Adds a venue or changes its description.
struct DefineVenue {
  VenueId venue{};
  OfficeId office{};  // that was licensed before the rounds and sits there; 0: nobody
  District district = 0;
  VenueKind kind = VenueKind::kMunicipal;
  std::uint8_t in_service = 1;  // 0: given to nobody
  std::uint8_t reserved = 0;
  PersonId owner{};  // of an own venue
  Point point;
  Label label;
};

struct RecordRent {
  ApplicationId application{};
  std::uint32_t reserved = 0;
  std::uint64_t amount_rial = 0;  // a month
  Tick from;
  Tick until;
  Code reference;  // of the contract, required
};

struct RecordEquipment {
  ApplicationId application{};
  EquipmentItem item = EquipmentItem::kNetworkHardware;
  std::uint8_t done = 1;
  std::uint8_t reserved[2]{};
  Code reference;  // of the receipt, required when done
};

/// Selected → Equipping: the licence gets its office.
struct EquipOffice {
  ApplicationId application{};
  OfficeId office{};  // 0: the district's next free serial
  std::uint16_t reserved = 0;
  Point point;
  Label label;
};

/// Another term, counted from the end of the present one. The persons are needed only of an office
/// that was licensed before the rounds: what they stated then is nowhere else.
struct RenewLicence {
  OfficeId office{};
  std::uint16_t reserved = 0;
  std::int32_t day = 0;  // the local date, within a day of the UTC date
  LicencePerson licensee;
  LicencePerson manager;
  Note note;
};

struct SetTechnicalManager {
  OfficeId office{};
  ManagerChange change = ManagerChange::kSuspend;
  std::uint8_t reserved = 0;
  std::int32_t day = 0;  // the local date, within a day of the UTC date
  LicencePerson person;  // of a replacement
  Note note;
};

}  // namespace permitd::scheduler
