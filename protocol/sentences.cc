#include <fmt/format.h>

#include <iterator>

#include "protocol/licence_words.h"
#include "protocol/persian.h"
#include "protocol/words.h"
#include "scheduler/limits.h"

namespace permitd::protocol {

using scheduler::CommandKind;
using scheduler::Field;
using scheduler::Filter;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;

namespace {

Subject usual_subject(CommandKind kind) {
  using enum CommandKind;
  switch (kind) {
    case kSubmitCase:
    case kRegisterCase:
    case kAmendCase:
    case kWithdrawCase:
    case kAnswerCase:
    case kRecordFees:
    case kRecordDecision:
    case kReferCase:
    case kCloseCase:
    case kMoveCase:
    case kExpedite:
    case kRebaseCase:
      return Subject::kCase;
    case kStart:
    case kRenew:
    case kComplete:
    case kReturn:
    case kDecline:
    case kSchedule:
    case kHold:
    case kRelease:
    case kReassign:
    case kCancel:
    case kLockPlan:
      return Subject::kJob;
    case kDefineOffice:
    case kSetOfficeState:
    case kActivateService:
    case kDefineVenue:
    case kRenewLicence:
    case kSetTechnicalManager:
      return Subject::kOffice;
    case kOpenRound:
    case kCloseRound:
    case kApplyForLicence:
    case kRankRound:
      return Subject::kRound;
    case kRecordLicenceCheck:
    case kWithdrawApplication:
    case kRecordExamResult:
    case kRecordBoardFinding:
    case kRecordRent:
    case kRecordEquipment:
    case kEquipOffice:
      return Subject::kApplication;
    case kClaim:
    case kUnclaim:
    case kDefineExpert:
    case kSetExpertState:
    case kSetCertificate:
    case kSetAbsence:
      return Subject::kExpert;
    case kLoadZoning:
    case kValidateZoning:
    case kNotifyZoning:
    case kDropZoning:
      return Subject::kZoning;
    case kNone:
    case kSetLimits:
    case kApplyPlan:
    case kTick:
    case kTurnLottery:
    case kSetPolicy:
    case kSetCalendarDays:
    case kDefineService:
    case kDefineOrganisation:
    case kSetLicenceRules:
    case kSetOfficesWanted:
      return Subject::kNothing;
  }
  return Subject::kNothing;
}

}  // namespace

// The field names the subject where a command concerns more than one.
Subject subject_of(const Outcome& outcome, CommandKind kind) {
  if (outcome.field == Field::kCase) return Subject::kCase;
  if (outcome.field == Field::kJob) return Subject::kJob;
  if (outcome.field == Field::kOffice) return Subject::kOffice;
  if (outcome.field == Field::kExpert) return Subject::kExpert;
  return usual_subject(kind);
}

namespace {

std::string state_phrase(const Outcome& outcome, CommandKind kind) {
  switch (subject_of(outcome, kind)) {
    case Subject::kCase:
      return fmt::format("the case is {}", name_of(scheduler::CaseState{outcome.state}));
    case Subject::kJob:
      return fmt::format("the job is {}", name_of(scheduler::JobState{outcome.state}));
    case Subject::kOffice:
      return fmt::format("the office is {}", name_of(scheduler::OfficeState{outcome.state}));
    case Subject::kExpert:
      return fmt::format("the expert is {}", name_of(scheduler::ExpertState{outcome.state}));
    case Subject::kZoning:
      return fmt::format("the version of the zoning plan is {}",
                         name_of(scheduler::ZoningState{outcome.state}));
    case Subject::kApplication:
      return fmt::format(
          "the {} is {}",
          is_licence(scheduler::LicenceState{outcome.state}) ? "licence" : "application",
          name_of(scheduler::LicenceState{outcome.state}));
    case Subject::kRound:
      return fmt::format("the round is {}", name_of(scheduler::RoundState{outcome.state}));
    case Subject::kNothing:
      break;
  }
  return fmt::format("the present state is {}", outcome.state);
}

}  // namespace

// One phrase each, so that the sentence and the reference manual agree.
std::string_view rule_of(Field field) {
  using enum Field;
  switch (field) {
    case kNone:
      return "";
    case kCase:
      return "a case number as submit gave it";
    case kJob:
      return "a job number as a lease or a list gave it";
    case kToken:
      return "the fencing token of the present lease";
    case kOffice:
      return "1 to 9999, district x 100 + serial";
    case kExpert:
      return "1 up to the number of experts configured";
    case kPerson:
      return "the municipality's number of a person, not 0; relatives are others, four at most";
    case kService:
      return "1 to 63";
    case kOrganisation:
      return "1 to 255";
    case kDistrict:
      return "1 to 31";
    case kParcel:
      return "1 to 23 bytes of UTF-8 without control characters";
    case kReference:
      return "at most 23 bytes of UTF-8 without control characters";
    case kFloors:
      return "0 to 200";
    case kArea:
      return "0 to 10,000,000 square metres";
    case kPoint:
      return "a latitude of -90 to 90 and a longitude of -180 to 180 degrees, in millionths";
    case kReason:
      return "one of the reasons that fit this call";
    case kNote:
      return "at most 79 bytes of UTF-8 without control characters";
    case kState:
      return "one of the states of the schema";
    case kSkill:
      return "one of file, inspect, admin, review, deliver, confirm";
    case kValidity:
      return "two moments, from before until";
    case kVersion:
      return "greater than the version before";
    case kStages:
      return "1 to 6 stages, each with effort of 1 to 1440 and SLA of 1 to 60,000 minutes";
    case kPolicy:
      return "each member within its range in the schema";
    case kDay:
      return "a day of the calendar, days since 1970-01-01";
    case kHalfDay:
      return "morning or afternoon";
    case kLimits:
      return "within the bounds of the program, and never less than before";
    case kKey:
      return "128 bits, not all zero";
    case kLabel:
      return "at most 39 bytes of UTF-8 without control characters";
    case kActor:
      return "somebody whose task this is";
    case kAmount:
      return "1 to 1,000,000,000,000,000 rial";
    case kCount:
      return "1 up to the limit that hello or the schema names";
    case kOwner:
      return "the municipality's number of a person, not 0";
    case kSovereign:
      return "";
    case kMechanised:
      return "";
    case kPriority:
      return "municipal or other";
    case kCommand:
      return "one of the calls of the schema";
    case kLocks:
      return "person 1, start 2, order 4, or a sum of them";
    case kMilliseconds:
      return "0 to 60,000 milliseconds";
    case kIterations:
      return "0 to 10,000,000 steps, and some when there is no time";
    case kBalance:
      return "0 to 100,000 thousandths";
    case kMoveCost:
      return "0 to 10,000 minutes";
    case kRoad:
      return "100 to 1,000 per cent of the straight line";
    case kSpeed:
      return "1 to 200 km/h";
    case kZone:
      return "1 to 7 capital letters and digits, a letter first, such as R122";
    case kCoverage:
      return "0 to 1000 thousandths of the parcel";
    case kStreetWidth:
      return "0 to 10,000 decimetres";
    case kEffect:
      return "1 to 200 floors lost, or 255 for nothing may be built";
    case kRules:
      return "a version of the licensing rules that is in force, its ages 18 to 99, points 0 to "
             "1000, fields of study named";
    case kRound:
      return "a number of a round as licence round gave it";
    case kApplication:
      return "a number of an application as licence apply gave it";
    case kVenue:
      return "1 up to limits.venues_max; an own venue belongs to the licensee";
    case kLicensee:
      return "a person born between 1210 and the day of the application, with degree, field and "
             "nationality of the schema";
    case kManager:
      return "a person as for the licensee, one office each, and one person told in one way; "
             "of a known office only licence manager brings another one";
    case kAge:
      return "Jalali years completed, within the rules' range";
    case kDegree:
      return "the rules' least degree, in one of their fields; of an expert in training the "
             "policy's";
    case kNationality:
      return "Iranian where the rules ask for it";
    case kCheck:
      return "a check that the rules want evidence of; what is computed takes evidence alone, with "
             "the result that it has";
    case kEvidence:
      return "1 to 23 bytes that name the document";
    case kScore:
      return "0 to the rules' most, and one for everybody of the round before it is ranked";
    case kRent:
      return "a contract for the municipal venue that has begun and is not over";
    case kEquipment:
      return "an item that the rules ask for";
  }
  return "";
}

namespace {

// From five digits on in groups, as the rules above have it.
std::string grouped(std::int64_t value) {
  std::string digits = fmt::to_string(value);
  const std::size_t begin = value < 0 ? 1 : 0;
  if (digits.size() - begin <= 4) return digits;
  for (std::size_t end = digits.size(); end > begin + 3;) digits.insert(end -= 3, ",");
  return digits;
}

}  // namespace

std::string rule_of(const scheduler::MemberRange& range) {
  using enum scheduler::MemberKind;
  if (range.kind == kBits) {
    return fmt::format("a sum of the bits of {}{}", grouped(range.most),
                       range.least > 0 ? ", one at least" : ", or 0");
  }
  std::string rule = fmt::format("{} to {}", grouped(range.least), grouped(range.most));
  const auto out = std::back_inserter(rule);
  if (range.kind == kEnumerator || range.kind == kUnique)
    fmt::format_to(out, ", as the schema numbers them");
  if (range.kind == kUnique) fmt::format_to(out, ", each once");
  if (range.kind == kDay) fmt::format_to(out, " days since 1970-01-01");
  if (range.kind == kOpening)
    fmt::format_to(out,
                   " minutes since 1970-01-01 UTC; from opening to closing no more than a day "
                   "away from its date");
  if (!range.floor.empty()) fmt::format_to(out, ", and no less than {}", range.floor);
  if (!range.ceiling.empty()) fmt::format_to(out, ", and no more than {}", range.ceiling);
  return rule;
}

namespace {

// "leaseMinutes of policy", "slaMinutes of stages, number 2,"; the field alone where no member is
// at fault.
std::string name_of_value(const Outcome& outcome, const scheduler::MemberRange* member) {
  std::string name{name_of(outcome.field)};
  if (member != nullptr) {
    const Field owner = scheduler::owner_of_members(outcome.field);
    name = member->name;
    if (owner != Field::kCount) name += fmt::format(" of {}", name_of(owner));
  }
  if (outcome.row != 0) name += fmt::format(", number {},", outcome.row);
  return name;
}

std::string_view filter_phrase(Filter filter) {
  using enum Filter;
  switch (filter) {
    case kNone:
      return "for no recorded reason";
    case kOffice:
      return "because the expert's office is not active for this service";
    case kSkill:
      return "because the expert has not the skill";
    case kCertificate:
      return "because the expert has no certificate valid now";
    case kFourEyes:
      return "because the expert has already acted on this case in another role (four eyes)";
    case kConflict:
      return "because of a conflict of interest with this case";
    case kShift:
      return "because the expert is not on shift";
    case kAbsence:
      return "because the expert is absent";
    case kCapacity:
      return "because the expert's capacity of the day is booked out";
    case kDistrict:
      return "because the parcel lies outside the expert's districts or office";
    case kHeldMost:
      return "because the expert holds as many jobs as one person may";
    case kPairRepeat:
      return "because the expert inspected for this owner lately and another is eligible";
  }
  return "for an unknown reason";
}

std::string missing_sentence(Field field) {
  return fmt::format("{} is required and was empty. Give {}.", name_of(field), rule_of(field));
}
std::string range_sentence(const Outcome& outcome) {
  const auto* member = scheduler::member_range(outcome.field, outcome.member);
  const std::string rule =
      member != nullptr ? rule_of(*member) : std::string(rule_of(outcome.field));
  if (rule.empty()) return "A value is outside its range. Compare the call with the schema.";
  return fmt::format("{} is outside its range: {}. Correct it and send again.",
                     name_of_value(outcome, member), rule);
}

std::string compatible_sentence(const Outcome& outcome) {
  const auto* member = scheduler::member_range(outcome.field, outcome.member);
  if (outcome.field != Field::kDay)
    return fmt::format("{} does not fit what is in force: {}.", name_of_value(outcome, member),
                       rule_of(outcome.field));
  if (outcome.row == 0)
    return fmt::format(
        "The calendar covers {} days at most, from the first that was ever set to "
        "the last. Give days that lie nearer to those.",
        grouped(scheduler::kCalendarDaysMax));
  return fmt::format(
      "{} meets another day: a day opens when the one before has closed at the "
      "earliest, and closes before the next one opens. Correct its hours.",
      name_of_value(outcome, nullptr));
}

// What a field means to one command alone; empty where the usual sentence says it.
std::string_view own_sentence(const Outcome& outcome, CommandKind kind) {
  if (outcome.refusal == Refusal::kNotCompatible && outcome.field == Field::kOwner)
    return "A municipal venue has no owner among the applicants. Leave the owner out, or make it "
           "an own venue.";
  if (outcome.refusal != Refusal::kOutOfRange) return "";
  if (kind == CommandKind::kSchedule && outcome.field == Field::kJob)
    return "Only a visit has an appointment, and this job is none.";
  if (kind == CommandKind::kApplyPlan && outcome.field == Field::kVersion)
    return "The plan names a snapshot that lies ahead of the state. Make it anew and apply that.";
  if (kind == CommandKind::kDefineService && outcome.field == Field::kValidity)
    return "A version of a service comes into force at a moment from 1970 to 10135. Give such a "
           "moment.";
  if (outcome.field != Field::kLimits) return "";
  if (kind == CommandKind::kDefineOffice || kind == CommandKind::kEquipOffice)
    return "As many offices are known as there is memory for. Nothing was accepted; the operator "
           "raises limits.offices_max.";
  if (kind == CommandKind::kOpenRound)
    return "As many rounds are known as are kept, 256, and none is forgotten. No further one can "
           "be opened.";
  if (kind == CommandKind::kSetOfficesWanted)
    return "As many numbers of offices wanted are known as are kept, 64, and none is forgotten. No "
           "further one can be set.";
  return "";
}

std::string not_eligible_sentence(const Outcome& outcome) {
  if (outcome.field == Field::kPriority)
    return "Work of the municipality waits that the expert may take, and goes before work of "
           "others. Claim again, and that comes first.";
  if (outcome.field == Field::kHalfDay)
    return "That half-day is booked out for such visits. Choose another half-day.";
  return fmt::format("The expert may not take this job {}. Choose another expert, or wait.",
                     filter_phrase(outcome.filter));
}

std::string too_large_sentence(Field field) {
  if (field == Field::kNone || field == Field::kCount) {
    return "The call asks for too much at once. Split it; hello names the limits.";
  }
  return fmt::format("{} is too large: {}. Shorten it and send again.", name_of(field),
                     rule_of(field));
}

std::string_view zoning_phrase(ZoningFault fault) {
  using enum ZoningFault;
  switch (fault) {
    case kNone:
      return "";
    case kIncomplete:
      return "it is incomplete: rules that were announced have not come. Load them first";
    case kRuleCount:
      return "1 to 4 rules a call, 1 to 256 in a version, and no more than were announced";
    case kPast:
      return "it can come into force from now on, not before. Give a moment to come";
    case kNotLast:
      return "another version comes into force at that moment or later. Give a later one, or drop "
             "the other";
    case kZoneTwice:
      return "the zone stands in it twice. Drop it and load it anew";
    case kEffect:
      return "each condition needs an effect and each effect a condition, of at most the floors of "
             "the zone. Drop it and load it anew";
    case kNoPlace:
      return "8 versions are kept, and all of them still judge cases or are yet to come. Drop one";
    case kAnnounced:
      return "the number of its rules was announced otherwise. Drop it, or announce the same";
    case kOldVersion:
      return "a later version is known. Give a greater number";
  }
  return "";
}

std::string not_delegable_sentence(const Outcome& outcome) {
  const std::string_view stage = name_of(scheduler::Stage{outcome.state});
  if (outcome.field == Field::kSovereign) {
    return fmt::format(
        "This service begins with a step that is sovereign ({}); it stays with the municipality "
        "and cannot be delegated. Send the applicant to the district.",
        stage);
  }
  return fmt::format(
      "Stage {} of this service is not mechanised, so the service cannot be delegated yet. Send "
      "the applicant to the district.",
      stage);
}

}  // namespace

bool is_of_zoning(CommandKind kind) {
  return kind == CommandKind::kLoadZoning || kind == CommandKind::kValidateZoning ||
         kind == CommandKind::kNotifyZoning || kind == CommandKind::kDropZoning;
}

ZoningFault zoning_fault(const Outcome& outcome, CommandKind kind) {
  using enum ZoningFault;
  if (!is_of_zoning(kind)) return kNone;
  const Field field = outcome.field;
  if (outcome.refusal == Refusal::kMissing) return field == Field::kCount ? kIncomplete : kNone;
  if (outcome.refusal == Refusal::kOutOfRange && field == Field::kCount) return kRuleCount;
  if (field == Field::kValidity) return outcome.refusal == Refusal::kOutOfRange ? kPast : kNotLast;
  if (outcome.refusal != Refusal::kNotCompatible) return kNone;
  if (field == Field::kZone) return kZoneTwice;
  if (field == Field::kEffect) return kEffect;
  if (field == Field::kLimits) return kNoPlace;
  if (field == Field::kCount) return kAnnounced;
  return field == Field::kVersion && kind == CommandKind::kLoadZoning ? kOldVersion : kNone;
}

bool is_of_suspension(const Outcome& outcome, CommandKind kind) {
  const bool suspends =
      kind == CommandKind::kSetExpertState || kind == CommandKind::kSetOfficeState;
  return suspends && outcome.field == Field::kValidity &&
         outcome.refusal != Refusal::kRequirementMissing;
}

// The core refuses all commands with the same two before its limits are set, which no client can
// meet: a daemon sets them before it listens.
bool is_of_versions(const Outcome& outcome, CommandKind kind) {
  return (kind == CommandKind::kDefineService || kind == CommandKind::kSetLicenceRules) &&
         outcome.refusal == Refusal::kNotCompatible && outcome.field == Field::kLimits;
}

std::string refusal_sentence(const Outcome& outcome, CommandKind kind, Language language) {
  if (language == Language::kPersian) return persian::refusal_sentence(outcome, kind);
  if (is_of_zoning(kind)) {
    const std::string_view phrase = zoning_phrase(zoning_fault(outcome, kind));
    const std::string rule =
        outcome.until.ms > 0 ? fmt::format(", rule {}", outcome.until.ms) : std::string{};
    if (!phrase.empty())
      return fmt::format("{} of the zoning plan{}: {}.", name_of(outcome.field), rule, phrase);
    if (!rule.empty() && outcome.refusal == Refusal::kOutOfRange)
      return fmt::format("{} of the zoning plan{} is outside its range: {}. Correct it.",
                         name_of(outcome.field), rule, rule_of(outcome.field));
  }
  if (is_of_suspension(outcome, kind))
    return "Only a suspension has moments: a begin that lies ahead, and an end behind it. Give "
           "later ones, or none.";
  if (is_of_versions(outcome, kind))
    return "No further version can be kept: each one is in force, is yet to come, or still judges "
           "cases or rounds. Wait until one comes into force, or close the cases of an old one.";
  if (const std::string_view own = own_sentence(outcome, kind); !own.empty())
    return std::string(own);
  using enum Refusal;
  switch (outcome.refusal) {
    case kNone:
      return "";
    case kUnknownCase:
      return "There is no such case within your scope. Check the case number.";
    case kUnknownJob:
      return "There is no such job within your scope. Check the job number.";
    case kUnknownOffice:
      return "There is no such office. Define it first, or check its code (district x 100 + "
             "serial).";
    case kUnknownExpert:
      return "There is no such expert. Define the expert first, or check the number.";
    case kUnknownService:
      return "There is no such service in force. Define it first, or check the code (1 to 63).";
    case kUnknownOrganisation:
      return "There is no such organisation. Define it first, or check the number.";
    case kWrongState:
      return fmt::format(
          "{} cannot be done now: {}. Nothing was changed; read it again before the next step.",
          name_of(kind), state_phrase(outcome, kind));
    case kStaleLease:
      return "The token is not the job's present lease: it has expired or the job was given away. "
             "Stop working on "
             "the job and read the worklist.";
    case kNotHolder:
      return "Somebody else holds this job. Read the worklist for what you hold.";
    case kNotAllowed:
      if (outcome.field == Field::kDistrict) {
        return fmt::format(
            "{} concerns the whole city, and your session is for districts of it "
            "alone. A supervisor of the city must do it.",
            kind == CommandKind::kNone ? "This" : name_of(kind));
      }
      return fmt::format("{} is not yours to do here. It must come from somebody whose task it is.",
                         name_of(kind));
    case kOfficeNotActive:
      return fmt::format("The office is not active ({}). A supervisor must set it active first.",
                         state_phrase(outcome, CommandKind::kDefineOffice));
    case kServiceNotActive:
      return "The service has not gone over to this office at this moment. A supervisor activates "
             "it with a date.";
    case kNotDelegable:
      return not_delegable_sentence(outcome);
    case kOrganisationNotEnabled:
      return "The organisation's gate is closed: its requests are not taken yet. A supervisor "
             "enables it.";
    case kOutOfRange:
      return range_sentence(outcome);
    case kMissing:
      return missing_sentence(outcome.field);
    case kKeyMissing:
      return "The idempotency key is all zero. Choose 128 random bits per call and repeat them in "
             "a retry.";
    case kKeyReused:
      return "This idempotency key came before with a different request. Use a new key for a new "
             "request.";
    case kNotEligible:
      return not_eligible_sentence(outcome);
    case kNotMunicipal:
      return "Only municipal cases can be expedited; this one belongs to another organisation.";
    case kFeesNotPaid:
      return "The fees are not recorded as paid. Record them, then send again.";
    case kOutsideCalendar:
      return "No working calendar is set for that moment. A supervisor must set the calendar days "
             "first.";
    case kNothingToDo:
      return "It is already so; nothing was changed.";
    case kCasesFull:
      return "The memory for cases is full. Nothing was accepted; close cases, or the operator "
             "raises limits.cases_max.";
    case kJobsFull:
      return "The memory for jobs is full. Nothing was accepted; finish work, or the operator "
             "raises limits.jobs_max.";
    case kHistoryFull:
      return "The memory for history is full. Nothing was accepted; the operator raises "
             "limits.events_max.";
    case kNotCompatible:
      return compatible_sentence(outcome);
    case kNotPlanned:
      return "No plan reserves this job, so there is nothing to lock. Apply a plan first (replan), "
             "or give the job away (reassign).";
    case kUnknownZoning:
      return "No such version of the zoning plan is kept. List the versions, or load it first.";
    case kUnknownRound:
    case kUnknownApplication:
    case kUnknownVenue:
    case kNotEnoughPlaces:
    case kRoundNotOpen:
    case kAlreadyApplied:
    case kVenueTaken:
    case kConditionNotMet:
    case kRequirementMissing:
    case kApplicationsFull:
      return licence::refusal_sentence(outcome);
    case kAbsencesFull:
      return "Eight absences of the expert are known that are not over, and no more are kept. Take "
             "one away: an absence from and until the moment at which it begins.";
    case kBusy:
      return "The server has as much work waiting as it takes. Send again in a moment with the "
             "same key.";
    case kQuotaExceeded:
      return "Your office has sent more than its share just now. Send again in a second with the "
             "same key.";
    case kTooLarge:
      return too_large_sentence(outcome.field);
    case kDiskFull:
      return "The journal's device is full, so nothing can be made durable. Nothing was accepted; "
             "the operator frees "
             "space.";
    case kDraining:
      return "The server is about to stop and takes no new work; holders of leases may finish. "
             "Connect again in a "
             "while.";
    case kUnauthenticated:
      return "This connection does not prove to be who it asks to be. Use an account that the "
             "access rules name for "
             "this role.";
    case kUnsupported:
      return "This server is not set up for that call (only a rehearsal can advance its clock).";
  }
  return fmt::format("Refused with code {}, which this version does not know.",
                     raw(outcome.refusal));
}

std::string locks_text(std::uint8_t locks) {
  std::string text;
  const auto add = [&](std::uint8_t lock, std::string_view name) {
    if ((locks & lock) != 0) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  };
  add(scheduler::kLockPerson, "person");
  add(scheduler::kLockStart, "start");
  add(scheduler::kLockOrder, "order");
  return text.empty() ? "nothing" : text;
}

namespace {

using scheduler::Event;
using scheduler::EventKind;

std::string event_subject(const Event& event) {
  if (event.subject != 0) return licence::event_subject(event);
  if (raw(event.job) != 0) {
    return fmt::format("job {} ({} of case {})", raw(event.job), name_of(event.stage),
                       raw(event.case_id));
  }
  if (raw(event.case_id) != 0) return fmt::format("case {}", raw(event.case_id));
  if (raw(event.expert) != 0) return fmt::format("expert {}", raw(event.expert));
  if (event.kind == EventKind::kZoningChanged)
    return fmt::format("version {} of the zoning plan", event.version);
  if (raw(event.office) != 0) return fmt::format("office {:04}", raw(event.office));
  return "reference data";
}

template <class State>
std::string event_change(const Event& event) {
  return fmt::format("{} -> {}", name_of(State{event.before}), name_of(State{event.after}));
}

std::string_view zoning_result_phrase(scheduler::ZoningResult result) {
  using enum scheduler::ZoningResult;
  switch (result) {
    case kNotChecked:
      return "not checked";
    case kNoPlan:
      return "not checked, as no zoning plan was in force,";
    case kUnknownZone:
      return "of a zone unknown";
    case kWithin:
      return "within what is allowed";
    case kBeyond:
      return "beyond what is allowed";
  }
  return "checked";
}

std::string event_act(const Event& event) {
  using enum EventKind;
  switch (event.kind) {
    case kCaseChanged:
      return event_change<scheduler::CaseState>(event);
    case kJobChanged:
      return event_change<scheduler::JobState>(event);
    case kJobCreated:
      return fmt::format("created, {}", name_of(scheduler::JobState{event.after}));
    case kCaseAmended:
      return "amended";
    case kFeesRecorded:
      return "fees recorded";
    case kSlaNotified:
      return raw(event.job) == 0 ? "most of the municipality's time is used"
                                 : "most of its time is used";
    case kSlaBreached:
      return raw(event.job) == 0 ? "the municipality is past the deadline of its decision"
                                 : "past its deadline, told to the office head";
    case kSlaEscalated:
      return raw(event.job) == 0 ? "the municipality is far past the deadline of its decision"
                                 : "far past its deadline, told to the district";
    case kExpedited:
      return "expedited";
    case kDeadlineMoved:
      return "deadline moved with the calendar";
    case kOfficeChanged:
      return event_change<scheduler::OfficeState>(event);
    case kExpertChanged:
      return event_change<scheduler::ExpertState>(event);
    case kCertificateChanged:
      return fmt::format("certificate {}: {}", name_of(event.skill),
                         event_change<scheduler::SpanState>(event));
    case kAbsenceChanged:
      return fmt::format("absence: {}", event_change<scheduler::SpanState>(event));
    case kReferenceChanged:
      return "changed";
    case kCapacityOverridden:
      return "capacity overridden";
    case kJobMoved:
      return "goes to the head of another office";
    case kJobPlanned:
      return "reserved by a plan";
    case kPlanEnded:
      return "not reserved any more";
    case kPlanLocked:
      return fmt::format("fixed: {} -> {}", locks_text(event.before), locks_text(event.after));
    case kZoningChanged:
      return event_change<scheduler::ZoningState>(event);
    case kZoningChecked:
      return fmt::format("{} by version {} of the zoning plan",
                         zoning_result_phrase(scheduler::ZoningResult{event.after}), event.version);
    case kCaseRebased:
      return fmt::format("judged by version {} of the zoning plan from now on", event.version);
    case kShareUsed:
      return "started out of the share reserved for other organisations, while municipal work "
             "waited";
    case kLicenceChanged:
    case kRoundChanged:
    case kVenueChanged:
    case kLicenceChecked:
    case kLicenceRecorded:
      return licence::event_act(event);
    case kCaseMoved:
      return fmt::format("now with office {:04}", raw(event.office));
  }
  return "changed";
}

}  // namespace

std::string event_sentence(const Event& event, std::string_view note, Language language) {
  if (language == Language::kPersian) return persian::event_sentence(event, note);
  std::string text = fmt::format("{}: {}", event_subject(event), event_act(event));
  const auto out = std::back_inserter(text);
  if (raw(event.expert) != 0 && raw(event.case_id) != 0)
    fmt::format_to(out, ", expert {}", raw(event.expert));
  if (event.reason != scheduler::Reason::kNone)
    fmt::format_to(out, ", because of {}", name_of(event.reason));
  if (event.actor.kind != scheduler::ActorKind::kEngine) {
    fmt::format_to(out, ", by {} {}", name_of(event.actor.kind), event.actor.id);
  }
  if (!note.empty()) fmt::format_to(out, " ({})", note);
  return text;
}

}  // namespace permitd::protocol
