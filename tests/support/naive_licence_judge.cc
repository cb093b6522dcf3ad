// Which answers a command of licensing may get, in the model.
#include <algorithm>

#include "tests/support/naive_licence.h"
#include "tests/support/naive_licence_rules.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::int64_t kDayMs = 1440 * kMsPerMinute;
constexpr std::int64_t kMomentMax = 1'125'899'906'842'624;  // 2^50
constexpr std::int32_t kFirstBirth = -50'690;               // 1210-01-01

template <std::size_t N>
bool too_long(const Text<N>& text) {
  return text.size > N;
}
bool point_outside(Point point) {
  return point.lat_e6 < -90'000'000 || point.lat_e6 > 90'000'000 || point.lon_e6 < -180'000'000 ||
         point.lon_e6 > 180'000'000;
}
bool district_outside(District district) { return district < 1 || district > 31; }

bool person_rules_outside(const PersonRules& rules) {
  return rules.age_min < 18 || rules.age_max < rules.age_min || rules.age_max > 99 ||
         raw(rules.degree_min) > 4 || rules.iranian_only > 1 || rules.fields == 0 ||
         (rules.fields & 1U) != 0 || rules.fields >= 2048 || (rules.checks & ~0xF0U) != 0;
}

bool rules_outside(const SetLicenceRules& rules) {
  const bool parties = std::any_of(rules.equipment.begin(), rules.equipment.end(),
                                   [](EquipmentParty party) { return raw(party) > 2; });
  const bool used = std::any_of(std::begin(rules.reserved), std::end(rules.reserved),
                                [](std::uint8_t byte) { return byte != 0; });
  return parties || used || rules.validity_days < 1 || rules.validity_days > 36'500 ||
         rules.points_master > 1000 || rules.points_experience > 1000 ||
         rules.points_venue > 1000 || rules.exam_max < 1 || rules.exam_max > 10'000 ||
         rules.exam_pass > rules.exam_max || rules.experience_years < 1 ||
         rules.experience_years > 60 || person_rules_outside(rules.licensee) ||
         person_rules_outside(rules.manager);
}

bool day_outside(std::int32_t day, std::int64_t now) {
  const std::int64_t today = now / kDayMs;
  return day < today - 1 || day > today + 1;
}

bool person_outside(const LicencePerson& person, std::int32_t day) {
  return person.birth_day < kFirstBirth || person.birth_day > day || raw(person.nationality) > 2 ||
         raw(person.degree) > 4 || raw(person.field) > 10 || person.experience_years > 60;
}

bool live(OfficeState state) {
  return state == OfficeState::kEquipping || state == OfficeState::kActive ||
         state == OfficeState::kSuspended;
}

// A refusal about a person names who it is, and one about a condition which of them; of two persons
// or conditions that are wrong either will do.
void judge_person(const LicencePerson& person, std::int32_t day, Field who, Judgement& judgement) {
  judgement.fault(raw(person.person) == 0, Refusal::kMissing, who);
  judgement.fault(person_outside(person, day), Refusal::kOutOfRange, who);
}

void judge_conditions(const PersonRules& rules, const LicencePerson& person, std::int32_t day,
                      Judgement& judgement) {
  const auto unmet = [&](bool wrong, Field field) {
    judgement.fault(wrong, Refusal::kConditionNotMet, field);
  };
  unmet(!right_nationality(rules, person), Field::kNationality);
  unmet(!right_age(rules, person, day), Field::kAge);
  unmet(!right_degree(rules, person) || !right_field(rules, person), Field::kDegree);
}

// The document behind what is recorded.
void judge_evidence(const Code& document, Field field, Judgement& judgement) {
  judgement.fault(document.size == 0, Refusal::kMissing, field);
  judgement.fault(too_long(document), Refusal::kOutOfRange, field);
}

}  // namespace

const SetLicenceRules* NaiveLicences::rules_at(std::int64_t now) const {
  const SetLicenceRules* found = nullptr;
  for (const SetLicenceRules& rules : rules_) {
    if (rules.effective_from.ms <= now && (found == nullptr || rules.version > found->version))
      found = &rules;
  }
  return found;
}

std::uint32_t NaiveLicences::wanted_at(std::int64_t now) const {
  std::uint32_t count = 0;
  for (const SetOfficesWanted& wanted : wanted_) {
    if (wanted.effective_from.ms <= now) count = wanted.count;
  }
  return count;
}

std::uint32_t NaiveLicences::taken(const World& world) const {
  std::uint32_t count = 0;
  for (const auto& [number, office] : world.offices) count += live(office.state) ? 1U : 0U;
  for (const auto& [number, one] : applications_)
    count += one.state == LicenceState::kSelected ? 1U : 0U;
  for (const auto& [number, round] : rounds_)
    count += round.state == RoundState::kRanked ? 0U : round.opened.places;
  return count;
}

const SetLicenceRules& NaiveLicences::rules_of(const ModelApplication& one) const {
  return rounds_.at(raw(one.filed.round)).rules;
}

std::uint32_t NaiveLicences::points(const ModelApplication& one) const {
  const SetLicenceRules& rules = rules_of(one);
  const bool own = one.checks.at({0, raw(LicenceCheck::kOwnVenue)}) == CheckResult::kPassed;
  const bool master = one.filed.licensee.degree == Degree::kMaster ||
                      one.filed.licensee.degree == Degree::kDoctorate;
  return (master ? rules.points_master : 0U) + (own ? rules.points_venue : 0U) +
         (one.filed.licensee.experience_years >= rules.experience_years ? rules.points_experience
                                                                        : 0U);
}

bool NaiveLicences::fit(const ModelApplication& one) const {
  return std::all_of(one.checks.begin(), one.checks.end(), [](const auto& check) {
    return check.second == CheckResult::kPassed || check.second == CheckResult::kNotRequired ||
           check.first.second == raw(LicenceCheck::kOwnVenue);
  });
}

bool NaiveLicences::manager_fit(const ModelChecks& one) const {
  return std::all_of(one.checks.begin(), one.checks.end(), [](const auto& check) {
    return check.first.first == 0 || check.second == CheckResult::kPassed ||
           check.second == CheckResult::kNotRequired;
  });
}

std::uint32_t NaiveLicences::missing(const ModelApplication& one, const World& world) const {
  std::uint32_t bits = 0;
  const auto office = world.offices.find(one.office);
  if (one.office == 0) bits |= kMissingOffice;
  const bool acts = one.office == 0 || office->second.manager_state == ManagerState::kActive;
  if (raw(one.manager.person) == 0 || !acts || !manager_fit(one)) bits |= kMissingManager;
  if (one.venue == 0) bits |= kMissingVenue;
  const bool rents = one.venue == 0 || venues_.at(one.venue).defined.kind == VenueKind::kMunicipal;
  const bool pays = one.has_rent && world.now >= one.rent_from && world.now < one.rent_until;
  if (rents && !pays) bits |= kMissingRent;
  for (unsigned item = 0; item < kEquipmentItemCount; ++item) {
    if (rules_of(one).equipment[item] != EquipmentParty::kNone &&
        !one.equipped.contains(static_cast<int>(item)))
      bits |= kMissingItems << item;
  }
  return bits;
}

// A licence that nobody applied for and whose time is up can be had anew.
bool NaiveLicences::returns(const ModelOffice& office, const World& world) const {
  if (office.application != 0 || world.now < office.licence_until) return false;
  return office.state == OfficeState::kExpired || office.state == OfficeState::kEquipping;
}

// The end of the term and the first of what is missing: which of the two is told is no rule.
std::set<Field> NaiveLicences::lacks(std::uint16_t number, const World& world) const {
  const ModelOffice& office = world.offices.at(number);
  std::set<Field> fields;
  if (world.now >= office.licence_until) fields.insert(Field::kValidity);
  if (office.application == 0) {
    const bool acts =
        raw(office.defined.technical_manager) != 0 && office.manager_state == ManagerState::kActive;
    if (!acts) fields.insert(Field::kManager);
    return fields;
  }
  const std::uint32_t bits = missing(applications_.at(office.application), world);
  if ((bits & kMissingManager) != 0) {
    fields.insert(Field::kManager);
  } else if ((bits & kMissingVenue) != 0) {
    fields.insert(Field::kVenue);
  } else if ((bits & kMissingRent) != 0) {
    fields.insert(Field::kRent);
  } else if (bits != 0) {
    fields.insert(Field::kEquipment);
  }
  return fields;
}

void NaiveLicences::judge_round(const Command& command, const World& world,
                                Judgement& judgement) const {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSetLicenceRules) {
    const SetLicenceRules& rules = body.set_licence_rules;
    const std::uint16_t last = rules_.empty() ? std::uint16_t{0} : rules_.back().version;
    judgement.fault(rules_outside(rules), Refusal::kOutOfRange, Field::kRules);
    judgement.fault(rules.version <= last, Refusal::kNotCompatible, Field::kVersion);
    // Versions that rounds still keep may fill all the places there are.
    if (rules_.size() >= kLicenceRulesMax) judgement.allow(Refusal::kNotCompatible, Field::kLimits);
  } else if (command.kind == CommandKind::kSetOfficesWanted) {
    const SetOfficesWanted& wanted = body.set_offices_wanted;
    judgement.fault(wanted.count > 9999, Refusal::kOutOfRange, Field::kCount);
    judgement.fault(too_long(wanted.note), Refusal::kOutOfRange, Field::kNote);
    judgement.fault(wanted_.size() >= kOfficesWantedMax, Refusal::kOutOfRange, Field::kLimits);
    if (wanted_.empty()) return;
    const SetOfficesWanted& last = wanted_.back();
    judgement.fault(wanted.effective_from < last.effective_from, Refusal::kNotCompatible,
                    Field::kValidity);
    judgement.fault(wanted.effective_from == last.effective_from && wanted.count == last.count,
                    Refusal::kNothingToDo, Field::kCount);
  } else if (command.kind == CommandKind::kOpenRound) {
    const OpenRound& round = body.open_round;
    judgement.fault(rules_at(world.now) == nullptr, Refusal::kMissing, Field::kRules);
    judgement.fault(round.places == 0, Refusal::kOutOfRange, Field::kCount);
    judgement.fault(round.closes <= round.opens || round.closes.ms <= world.now ||
                        round.opens.ms < 0 || round.closes.ms > kMomentMax,
                    Refusal::kOutOfRange, Field::kValidity);
    judgement.fault(too_long(round.label), Refusal::kOutOfRange, Field::kLabel);
    judgement.fault(rounds_.size() >= kRoundsMax, Refusal::kOutOfRange, Field::kLimits);
    judgement.fault(taken(world) + round.places > wanted_at(world.now), Refusal::kNotEnoughPlaces,
                    Field::kCount);
  } else {
    const bool closes = command.kind == CommandKind::kCloseRound;
    const auto found = rounds_.find(raw(closes ? body.close_round.round : body.rank_round.round));
    judgement.fault(too_long(closes ? body.close_round.note : body.rank_round.note),
                    Refusal::kOutOfRange, Field::kNote);
    judgement.fault(found == rounds_.end(), Refusal::kUnknownRound, Field::kRound);
    if (found == rounds_.end()) return;
    const RoundState state = found->second.state;
    const bool right = closes ? state == RoundState::kAnnounced || state == RoundState::kOpen
                              : state == RoundState::kExam || state == RoundState::kBoard;
    judgement.fault(!right, Refusal::kWrongState, Field::kState);
    for (const auto& [number, one] : applications_) {
      const bool pending =
          one.state == LicenceState::kExamPending || one.state == LicenceState::kBoardPending;
      judgement.fault(!closes && raw(one.filed.round) == found->first && pending && one.result == 0,
                      Refusal::kMissing, Field::kScore);
    }
  }
}

void NaiveLicences::judge_apply(const ApplyForLicence& apply, const World& world,
                                Judgement& judgement) const {
  const auto round = rounds_.find(raw(apply.round));
  judgement.fault(round == rounds_.end(), Refusal::kUnknownRound, Field::kRound);
  if (round != rounds_.end()) {
    judgement.fault(round->second.state != RoundState::kOpen || round->second.closes <= world.now,
                    Refusal::kRoundNotOpen, Field::kRound);
  }
  judgement.fault(district_outside(apply.district), Refusal::kOutOfRange, Field::kDistrict);
  judgement.fault(day_outside(apply.day, world.now), Refusal::kOutOfRange, Field::kDay);
  judge_person(apply.licensee, apply.day, Field::kLicensee, judgement);
  judge_person(apply.manager, apply.day, Field::kManager, judgement);
  judgement.fault(
      apply.licensee.person == apply.manager.person && !(apply.licensee == apply.manager),
      Refusal::kNotCompatible, Field::kManager);
  judgement.fault(applications_.size() >= world.limits.applications_max, Refusal::kApplicationsFull,
                  Field::kLimits);
  for (const auto& [number, one] : applications_) {
    const bool out =
        one.state == LicenceState::kWithdrawn || one.state == LicenceState::kIneligible;
    if (out || one.filed.round != apply.round) continue;
    judgement.fault(one.filed.licensee.person == apply.licensee.person, Refusal::kAlreadyApplied,
                    Field::kLicensee);
    judgement.fault(one.manager.person == apply.manager.person, Refusal::kAlreadyApplied,
                    Field::kManager);
  }
  judgement.fault(manages(apply.manager.person, 0, world), Refusal::kNotCompatible,
                  Field::kManager);
  if (raw(apply.own_venue) == 0) return;
  const auto venue = venues_.find(raw(apply.own_venue));
  judgement.fault(venue == venues_.end(), Refusal::kUnknownVenue, Field::kVenue);
  if (venue == venues_.end()) return;
  judgement.fault(venue->second.defined.kind != VenueKind::kOwn ||
                      venue->second.defined.owner != apply.licensee.person ||
                      venue->second.defined.in_service == 0,
                  Refusal::kNotCompatible, Field::kVenue);
  judgement.fault(venue->second.application != 0 || venue->second.office != 0, Refusal::kVenueTaken,
                  Field::kVenue);
}

bool NaiveLicences::manages(PersonId person, std::uint16_t office, const World& world) const {
  if (raw(person) == 0) return false;
  for (const auto& [number, other] : world.offices) {
    if (number != office && live(other.state) && other.defined.technical_manager == person)
      return true;
  }
  using enum LicenceState;
  for (const auto& [number, one] : applications_) {
    const bool hopes = one.state == kApplied || one.state == kEligible ||
                       one.state == kExamPending || one.state == kBoardPending ||
                       one.state == kWaitlisted;
    const bool chosen = one.state == kSelected;  // and later the office itself counts
    if ((hopes || chosen) && one.manager.person == person) return true;
  }
  return false;
}

void NaiveLicences::judge_check(const RecordLicenceCheck& record, const World& world,
                                Judgement& judgement) const {
  judgement.fault(raw(record.subject) > 1, Refusal::kOutOfRange, Field::kPerson);
  judgement.fault(raw(record.check) > 8 || record.passed > 1, Refusal::kOutOfRange, Field::kCheck);
  judge_evidence(record.evidence, Field::kEvidence, judgement);
  judgement.fault(too_long(record.note), Refusal::kOutOfRange, Field::kNote);
  if (raw(record.office) != 0) return judge_office_check(record, world, judgement);
  const auto found = applications_.find(raw(record.application));
  judgement.fault(found == applications_.end(), Refusal::kUnknownApplication, Field::kApplication);
  if (judgement.faults.contains(Refusal::kOutOfRange) || found == applications_.end()) return;
  const ModelApplication& one = found->second;
  if (raw(record.check) < 4) {
    judgement.fault(raw(record.subject) == 1 && raw(one.manager.person) == 0, Refusal::kMissing,
                    Field::kManager);
    return judge_paper(record, one, judgement);
  }
  const bool replaced = one.office != 0 && raw(record.subject) == 1 &&
                        live(world.offices.at(one.office).state) &&
                        world.offices.at(one.office).manager_state == ManagerState::kUnchecked;
  judgement.fault(one.state != LicenceState::kApplied && !replaced, Refusal::kWrongState,
                  Field::kState);
  judge_recorded(record, one, judgement);
}

// Nobody but a manager who came later to an office that nobody applied for has checks there.
void NaiveLicences::judge_office_check(const RecordLicenceCheck& record, const World& world,
                                       Judgement& judgement) const {
  const auto found = world.offices.find(raw(record.office));
  judgement.fault(raw(record.application) != 0, Refusal::kNotCompatible, Field::kOffice);
  judgement.fault(raw(record.subject) == 0, Refusal::kNotCompatible, Field::kPerson);
  judgement.fault(found == world.offices.end(), Refusal::kUnknownOffice, Field::kOffice);
  if (found == world.offices.end()) return;
  const ModelOffice& office = found->second;
  judgement.fault(office.application != 0, Refusal::kNotCompatible, Field::kOffice);
  if (raw(record.check) < 4) {
    if (!judgement.only_faults()) judge_paper(record, office, judgement);
    return;
  }
  judgement.fault(!live(office.state) || office.manager_state != ManagerState::kUnchecked,
                  Refusal::kWrongState, Field::kState);
  if (!judgement.only_faults()) judge_recorded(record, office, judgement);
}

// What was computed stays as it was found, and takes any paper at any time.
void NaiveLicences::judge_paper(const RecordLicenceCheck& record, const ModelChecks& checks,
                                Judgement& judgement) const {
  const std::pair<int, int> key{raw(record.subject), raw(record.check)};
  const auto found = checks.checks.find(key);
  const CheckResult said = record.passed == 1 ? CheckResult::kPassed : CheckResult::kFailed;
  judgement.fault(found == checks.checks.end() || found->second != said, Refusal::kNotCompatible,
                  Field::kCheck);
  const auto evidence = checks.evidence.find(key);
  judgement.fault(evidence != checks.evidence.end() && evidence->second == text_of(record.evidence),
                  Refusal::kNothingToDo, Field::kCheck);
}

void NaiveLicences::judge_recorded(const RecordLicenceCheck& record, const ModelChecks& checks,
                                   Judgement& judgement) const {
  const std::pair<int, int> key{raw(record.subject), raw(record.check)};
  const CheckResult present = checks.checks.at(key);
  judgement.fault(present == CheckResult::kNotRequired, Refusal::kNotCompatible, Field::kCheck);
  const auto evidence = checks.evidence.find(key);
  const bool same =
      evidence != checks.evidence.end() && evidence->second == text_of(record.evidence);
  judgement.fault(
      same && present == (record.passed == 1 ? CheckResult::kPassed : CheckResult::kFailed),
      Refusal::kNothingToDo, Field::kCheck);
}

void NaiveLicences::judge_application(const Command& command, const World& world,
                                      Judgement& judgement) const {
  const CommandBody& body = command.body;
  const auto found = applications_.find(raw(body.withdraw_application.application));
  const bool known = found != applications_.end();
  judgement.fault(!known, Refusal::kUnknownApplication, Field::kApplication);
  const LicenceState state = known ? found->second.state : LicenceState::kNone;
  if (command.kind == CommandKind::kWithdrawApplication) {
    const bool right = state == LicenceState::kApplied || state == LicenceState::kEligible ||
                       state == LicenceState::kExamPending ||
                       state == LicenceState::kBoardPending || state == LicenceState::kWaitlisted ||
                       state == LicenceState::kSelected || state == LicenceState::kEquipping;
    judgement.fault(too_long(body.withdraw_application.note), Refusal::kOutOfRange, Field::kNote);
    judgement.fault(known && !right, Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kRecordExamResult) {
    const RecordExamResult& result = body.record_exam_result;
    judge_evidence(result.evidence, Field::kEvidence, judgement);
    judgement.fault(known && state != LicenceState::kExamPending, Refusal::kWrongState,
                    Field::kState);
    if (!known) return;
    judgement.fault(result.absent > 1, Refusal::kOutOfRange, Field::kState);
    judgement.fault(
        (result.absent == 1 && result.score > 0) || result.score > rules_of(found->second).exam_max,
        Refusal::kOutOfRange, Field::kScore);
  } else if (command.kind == CommandKind::kRecordBoardFinding) {
    const RecordBoardFinding& finding = body.record_board_finding;
    judge_evidence(finding.evidence, Field::kEvidence, judgement);
    judgement.fault(too_long(finding.note), Refusal::kOutOfRange, Field::kNote);
    judgement.fault(finding.competent > 1, Refusal::kOutOfRange, Field::kState);
    judgement.fault(known && state != LicenceState::kBoardPending, Refusal::kWrongState,
                    Field::kState);
  } else {
    judge_outfit(command, world, judgement);
  }
}

void NaiveLicences::judge_outfit(const Command& command, const World& world,
                                 Judgement& judgement) const {
  const CommandBody& body = command.body;
  const auto found = applications_.find(raw(body.record_rent.application));
  if (found == applications_.end()) return;  // said already
  const ModelApplication& one = found->second;
  if (command.kind == CommandKind::kRecordRent) {
    const RecordRent& rent = body.record_rent;
    judgement.fault(rent.amount_rial == 0 || rent.amount_rial > 1'000'000'000'000'000,
                    Refusal::kOutOfRange, Field::kAmount);
    judgement.fault(rent.until <= rent.from || rent.from.ms < 0 || rent.until.ms > kMomentMax,
                    Refusal::kOutOfRange, Field::kValidity);
    judge_evidence(rent.reference, Field::kReference, judgement);
    judgement.fault(one.venue == 0 || venues_.at(one.venue).defined.kind != VenueKind::kMunicipal,
                    Refusal::kNotCompatible, Field::kVenue);
  } else if (command.kind == CommandKind::kRecordEquipment) {
    const RecordEquipment& record = body.record_equipment;
    const bool outside = raw(record.item) > 7;
    judgement.fault(record.done > 1, Refusal::kOutOfRange, Field::kState);
    judgement.fault(outside, Refusal::kOutOfRange, Field::kEquipment);
    judgement.fault(too_long(record.reference), Refusal::kOutOfRange, Field::kReference);
    judgement.fault(record.done != 0 && record.reference.size == 0, Refusal::kMissing,
                    Field::kReference);
    const bool right = one.state == LicenceState::kSelected ||
                       one.state == LicenceState::kEquipping ||
                       one.state == LicenceState::kSuspended;
    judgement.fault(!right, Refusal::kWrongState, Field::kState);
    if (outside) return;
    judgement.fault(rules_of(one).equipment[raw(record.item)] == EquipmentParty::kNone,
                    Refusal::kNotCompatible, Field::kEquipment);
    const auto reference = one.references.find(raw(record.item));
    const std::string told = reference == one.references.end() ? "" : reference->second;
    judgement.fault(one.equipped.contains(raw(record.item)) == (record.done == 1) &&
                        told == text_of(record.reference),
                    Refusal::kNothingToDo, Field::kEquipment);
  } else {
    const EquipOffice& equip = body.equip_office;
    judgement.fault(point_outside(equip.point), Refusal::kOutOfRange, Field::kPoint);
    judgement.fault(too_long(equip.label), Refusal::kOutOfRange, Field::kLabel);
    judgement.fault(world.offices.size() >= world.limits.offices_max, Refusal::kOutOfRange,
                    Field::kLimits);
    judgement.fault(one.state != LicenceState::kSelected, Refusal::kWrongState, Field::kState);
    const std::uint32_t code = raw(equip.office);
    if (code == 0) return;  // a district of these tests never runs out of serials
    judgement.fault(code / 100 != one.filed.district || code % 100 == 0, Refusal::kOutOfRange,
                    Field::kOffice);
    judgement.fault(world.offices.contains(raw(equip.office)), Refusal::kNotCompatible,
                    Field::kOffice);
  }
}

void NaiveLicences::judge_venue(const DefineVenue& venue, const World& world,
                                Judgement& judgement) const {
  const auto outside_of = [&](bool wrong, Field field) {
    judgement.fault(wrong, Refusal::kOutOfRange, field);
  };
  outside_of(raw(venue.venue) == 0 || raw(venue.venue) > world.limits.venues_max, Field::kVenue);
  outside_of(district_outside(venue.district), Field::kDistrict);
  outside_of(raw(venue.kind) > 1 || venue.in_service > 1, Field::kState);
  outside_of(point_outside(venue.point), Field::kPoint);
  outside_of(too_long(venue.label), Field::kLabel);
  const bool has_owner = raw(venue.owner) != 0;
  judgement.fault(raw(venue.kind) == 1 && !has_owner, Refusal::kMissing, Field::kOwner);
  judgement.fault(raw(venue.kind) == 0 && has_owner, Refusal::kNotCompatible, Field::kOwner);
  const auto known = venues_.find(raw(venue.venue));
  if (known != venues_.end() && known->second.application != 0) {
    judgement.fault(known->second.defined.kind != venue.kind ||
                        known->second.defined.owner != venue.owner || venue.in_service == 0 ||
                        raw(venue.office) != 0,
                    Refusal::kVenueTaken, Field::kVenue);
  }
  if (raw(venue.office) == 0) return;
  const auto office = world.offices.find(raw(venue.office));
  judgement.fault(office == world.offices.end(), Refusal::kUnknownOffice, Field::kOffice);
  if (office == world.offices.end()) return;
  judgement.fault(!live(office->second.state), Refusal::kWrongState, Field::kState);
  judgement.fault(office->second.application != 0 || venue.in_service == 0, Refusal::kNotCompatible,
                  Field::kOffice);
  for (const auto& [number, other] : venues_) {
    judgement.fault(number != raw(venue.venue) && other.office == raw(venue.office),
                    Refusal::kVenueTaken, Field::kOffice);
  }
}

void NaiveLicences::judge_office(const Command& command, const World& world,
                                 Judgement& judgement) const {
  const bool renews = command.kind == CommandKind::kRenewLicence;
  const RenewLicence& renew = command.body.renew_licence;
  const SetTechnicalManager& change = command.body.set_technical_manager;
  judgement.fault(too_long(renews ? renew.note : change.note), Refusal::kOutOfRange, Field::kNote);
  judgement.fault(!renews && raw(change.change) > 3, Refusal::kOutOfRange, Field::kState);
  const auto found = world.offices.find(raw(renews ? renew.office : change.office));
  judgement.fault(found == world.offices.end(), Refusal::kUnknownOffice, Field::kOffice);
  if (found == world.offices.end()) return;
  const ModelOffice& office = found->second;
  const bool right = renews ? office.state == OfficeState::kActive ||
                                  office.state == OfficeState::kSuspended || returns(office, world)
                            : live(office.state) || (office.state == OfficeState::kExpired &&
                                                     office.application == 0);
  judgement.fault(!right, Refusal::kWrongState, Field::kState);
  const SetLicenceRules* rules = rules_at(world.now);
  const bool none = raw(office.defined.technical_manager) == 0;
  if (renews) {
    judgement.fault(day_outside(renew.day, world.now), Refusal::kOutOfRange, Field::kDay);
    judgement.fault(rules == nullptr, Refusal::kMissing, Field::kRules);
    judgement.fault(none, Refusal::kMissing, Field::kManager);
    LicencePerson licensee = renew.licensee;
    LicencePerson manager = renew.manager;
    if (office.application != 0) {
      licensee = applications_.at(office.application).filed.licensee;
      manager = applications_.at(office.application).manager;
    } else {
      judge_person(licensee, renew.day, Field::kLicensee, judgement);
      judge_person(manager, renew.day, Field::kManager, judgement);
      judgement.fault(licensee.person != office.defined.licensee, Refusal::kNotCompatible,
                      Field::kLicensee);
      judgement.fault(manager.person != office.defined.technical_manager, Refusal::kNotCompatible,
                      Field::kManager);
    }
    if (judgement.only_faults()) return;
    if (returns(office, world)) {
      judgement.fault(manages(manager.person, found->first, world), Refusal::kNotCompatible,
                      Field::kManager);
      judgement.fault(office.manager_state != ManagerState::kActive, Refusal::kRequirementMissing,
                      Field::kManager);
    }
    judgement.fault(office.licence_until != INT64_MAX &&
                        office.licence_until - world.now > rules->validity_days * kDayMs,
                    Refusal::kNothingToDo, Field::kValidity);
    // Whose condition is told first is no rule.
    judge_conditions(rules->licensee, licensee, renew.day, judgement);
    judge_conditions(rules->manager, manager, renew.day, judgement);
    return;
  }
  if (raw(change.change) > 3) return;
  if (change.change == ManagerChange::kSuspend || change.change == ManagerChange::kRestore) {
    const ManagerState needed =
        change.change == ManagerChange::kSuspend ? ManagerState::kActive : ManagerState::kSuspended;
    judgement.fault(none, Refusal::kMissing, Field::kManager);
    judgement.fault(office.manager_state != needed, Refusal::kNothingToDo, Field::kManager);
  } else if (change.change == ManagerChange::kLeave) {
    judgement.fault(none, Refusal::kNothingToDo, Field::kManager);
  } else {
    judge_person(change.person, change.day, Field::kManager, judgement);
    judgement.fault(rules == nullptr, Refusal::kMissing, Field::kRules);
    judgement.fault(change.person.person == office.defined.technical_manager, Refusal::kNothingToDo,
                    Field::kManager);
    judgement.fault(manages(change.person.person, found->first, world), Refusal::kNotCompatible,
                    Field::kManager);
    judgement.fault(day_outside(change.day, world.now), Refusal::kOutOfRange, Field::kDay);
    if (judgement.only_faults()) return;
    judge_conditions(rules->manager, change.person, change.day, judgement);
  }
}

void NaiveLicences::judge(const Command& command, const World& world, Judgement& judgement) const {
  const CommandBody& body = command.body;
  const CommandKind kind = command.kind;
  if (kind == CommandKind::kApplyForLicence) {
    judge_apply(body.apply_for_licence, world, judgement);
  } else if (kind == CommandKind::kRecordLicenceCheck) {
    judge_check(body.record_licence_check, world, judgement);
  } else if (kind == CommandKind::kDefineVenue) {
    judge_venue(body.define_venue, world, judgement);
  } else if (kind == CommandKind::kRenewLicence || kind == CommandKind::kSetTechnicalManager) {
    judge_office(command, world, judgement);
  } else if (kind <= CommandKind::kCloseRound || kind == CommandKind::kRankRound) {
    judge_round(command, world, judgement);
  } else {
    judge_application(command, world, judgement);
  }
}

}  // namespace permitd::tests
