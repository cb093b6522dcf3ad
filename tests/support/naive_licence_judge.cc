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

bool NaiveLicences::manager_fit(const ModelApplication& one) const {
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

bool NaiveLicences::may_be_active(std::uint16_t number, const World& world) const {
  const ModelOffice& office = world.offices.at(number);
  if (world.now >= office.licence_until) return false;
  if (office.application != 0) return missing(applications_.at(office.application), world) == 0;
  return raw(office.defined.technical_manager) != 0 &&
         office.manager_state == ManagerState::kActive;
}

void NaiveLicences::judge_round(const Command& command, const World& world,
                                Judgement& judgement) const {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSetLicenceRules) {
    const SetLicenceRules& rules = body.set_licence_rules;
    judgement.fault(rules_outside(rules), Refusal::kOutOfRange);
    judgement.fault(
        rules.version == 0 || (!rules_.empty() && rules.version <= rules_.back().version),
        Refusal::kNotCompatible);
    // Versions that rounds still keep may fill all the places there are.
    if (rules_.size() >= kLicenceRulesMax) judgement.allowed.insert(Refusal::kNotCompatible);
  } else if (command.kind == CommandKind::kSetOfficesWanted) {
    const SetOfficesWanted& wanted = body.set_offices_wanted;
    judgement.fault(wanted.count > 9999 || too_long(wanted.note), Refusal::kOutOfRange);
    judgement.fault(wanted_.size() >= kOfficesWantedMax, Refusal::kOutOfRange);
    if (wanted_.empty()) return;
    const SetOfficesWanted& last = wanted_.back();
    judgement.fault(wanted.effective_from < last.effective_from, Refusal::kNotCompatible);
    judgement.fault(wanted.effective_from == last.effective_from && wanted.count == last.count,
                    Refusal::kNothingToDo);
  } else if (command.kind == CommandKind::kOpenRound) {
    const OpenRound& round = body.open_round;
    judgement.fault(rules_at(world.now) == nullptr, Refusal::kMissing);
    judgement.fault(round.places == 0 || round.closes <= round.opens ||
                        round.closes.ms <= world.now || round.opens.ms < 0 ||
                        round.closes.ms > kMomentMax || too_long(round.label) ||
                        rounds_.size() >= kRoundsMax,
                    Refusal::kOutOfRange);
    judgement.fault(taken(world) + round.places > wanted_at(world.now), Refusal::kNotEnoughPlaces);
  } else {
    const bool closes = command.kind == CommandKind::kCloseRound;
    const auto found = rounds_.find(raw(closes ? body.close_round.round : body.rank_round.round));
    judgement.fault(too_long(closes ? body.close_round.note : body.rank_round.note),
                    Refusal::kOutOfRange);
    judgement.fault(found == rounds_.end(), Refusal::kUnknownRound);
    if (found == rounds_.end()) return;
    const RoundState state = found->second.state;
    const bool right = closes ? state == RoundState::kAnnounced || state == RoundState::kOpen
                              : state == RoundState::kExam || state == RoundState::kBoard;
    judgement.fault(!right, Refusal::kWrongState);
    for (const auto& [number, one] : applications_) {
      const bool pending =
          one.state == LicenceState::kExamPending || one.state == LicenceState::kBoardPending;
      judgement.fault(!closes && raw(one.filed.round) == found->first && pending && one.result == 0,
                      Refusal::kMissing);
    }
  }
}

void NaiveLicences::judge_apply(const ApplyForLicence& apply, const World& world,
                                Judgement& judgement) const {
  const auto round = rounds_.find(raw(apply.round));
  judgement.fault(round == rounds_.end(), Refusal::kUnknownRound);
  if (round != rounds_.end()) {
    judgement.fault(round->second.state != RoundState::kOpen || round->second.closes <= world.now,
                    Refusal::kRoundNotOpen);
  }
  judgement.fault(district_outside(apply.district) || day_outside(apply.day, world.now),
                  Refusal::kOutOfRange);
  judgement.fault(raw(apply.licensee.person) == 0 || raw(apply.manager.person) == 0,
                  Refusal::kMissing);
  judgement.fault(
      person_outside(apply.licensee, apply.day) || person_outside(apply.manager, apply.day),
      Refusal::kOutOfRange);
  judgement.fault(
      apply.licensee.person == apply.manager.person && !(apply.licensee == apply.manager),
      Refusal::kNotCompatible);
  judgement.fault(applications_.size() >= world.limits.applications_max,
                  Refusal::kApplicationsFull);
  for (const auto& [number, one] : applications_) {
    const bool out =
        one.state == LicenceState::kWithdrawn || one.state == LicenceState::kIneligible;
    if (out || one.filed.round != apply.round) continue;
    judgement.fault(one.filed.licensee.person == apply.licensee.person ||
                        one.manager.person == apply.manager.person,
                    Refusal::kAlreadyApplied);
  }
  judgement.fault(manages(apply.manager.person, 0, world), Refusal::kNotCompatible);
  if (raw(apply.own_venue) == 0) return;
  const auto venue = venues_.find(raw(apply.own_venue));
  judgement.fault(venue == venues_.end(), Refusal::kUnknownVenue);
  if (venue == venues_.end()) return;
  judgement.fault(venue->second.defined.kind != VenueKind::kOwn ||
                      venue->second.defined.owner != apply.licensee.person ||
                      venue->second.defined.in_service == 0,
                  Refusal::kNotCompatible);
  judgement.fault(venue->second.application != 0 || venue->second.office != 0,
                  Refusal::kVenueTaken);
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
  judgement.fault(raw(record.subject) > 1 || raw(record.check) > 8 || record.passed > 1 ||
                      too_long(record.evidence) || too_long(record.note),
                  Refusal::kOutOfRange);
  judgement.fault(record.evidence.size == 0, Refusal::kMissing);
  const auto found = applications_.find(raw(record.application));
  judgement.fault(found == applications_.end(), Refusal::kUnknownApplication);
  if (judgement.faults.contains(Refusal::kOutOfRange) || found == applications_.end()) return;
  const ModelApplication& one = found->second;
  const bool replaced = one.office != 0 && raw(record.subject) == 1 &&
                        live(world.offices.at(one.office).state) &&
                        world.offices.at(one.office).manager_state == ManagerState::kUnchecked;
  judgement.fault(one.state != LicenceState::kApplied && !replaced, Refusal::kWrongState);
  const std::pair<int, int> key{raw(record.subject), raw(record.check)};
  const CheckResult present = one.checks.at(key);
  judgement.fault(raw(record.check) < 4 || present == CheckResult::kNotRequired,
                  Refusal::kNotCompatible);
  const auto evidence = one.evidence.find(key);
  const bool same = evidence != one.evidence.end() && evidence->second == text_of(record.evidence);
  judgement.fault(
      same && present == (record.passed == 1 ? CheckResult::kPassed : CheckResult::kFailed),
      Refusal::kNothingToDo);
}

void NaiveLicences::judge_application(const Command& command, const World& world,
                                      Judgement& judgement) const {
  const CommandBody& body = command.body;
  const auto found = applications_.find(raw(body.withdraw_application.application));
  const bool known = found != applications_.end();
  judgement.fault(!known, Refusal::kUnknownApplication);
  const LicenceState state = known ? found->second.state : LicenceState::kNone;
  if (command.kind == CommandKind::kWithdrawApplication) {
    const bool right = state == LicenceState::kApplied || state == LicenceState::kEligible ||
                       state == LicenceState::kExamPending ||
                       state == LicenceState::kBoardPending || state == LicenceState::kWaitlisted ||
                       state == LicenceState::kSelected || state == LicenceState::kEquipping;
    judgement.fault(too_long(body.withdraw_application.note), Refusal::kOutOfRange);
    judgement.fault(known && !right, Refusal::kWrongState);
  } else if (command.kind == CommandKind::kRecordExamResult) {
    const RecordExamResult& result = body.record_exam_result;
    judgement.fault(result.evidence.size == 0, Refusal::kMissing);
    judgement.fault(too_long(result.evidence), Refusal::kOutOfRange);
    judgement.fault(known && state != LicenceState::kExamPending, Refusal::kWrongState);
    if (!known) return;
    judgement.fault(result.absent > 1 || (result.absent == 1 && result.score > 0) ||
                        result.score > rules_of(found->second).exam_max,
                    Refusal::kOutOfRange);
  } else if (command.kind == CommandKind::kRecordBoardFinding) {
    const RecordBoardFinding& finding = body.record_board_finding;
    judgement.fault(finding.evidence.size == 0, Refusal::kMissing);
    judgement.fault(too_long(finding.evidence) || too_long(finding.note) || finding.competent > 1,
                    Refusal::kOutOfRange);
    judgement.fault(known && state != LicenceState::kBoardPending, Refusal::kWrongState);
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
    judgement.fault(rent.amount_rial == 0 || rent.amount_rial > 1'000'000'000'000'000 ||
                        rent.until <= rent.from || rent.from.ms < 0 || rent.until.ms > kMomentMax ||
                        too_long(rent.reference),
                    Refusal::kOutOfRange);
    judgement.fault(rent.reference.size == 0, Refusal::kMissing);
    judgement.fault(one.venue == 0 || venues_.at(one.venue).defined.kind != VenueKind::kMunicipal,
                    Refusal::kNotCompatible);
  } else if (command.kind == CommandKind::kRecordEquipment) {
    const RecordEquipment& record = body.record_equipment;
    const bool outside = raw(record.item) > 7 || record.done > 1;
    judgement.fault(outside || too_long(record.reference), Refusal::kOutOfRange);
    judgement.fault(record.done != 0 && record.reference.size == 0, Refusal::kMissing);
    const bool right = one.state == LicenceState::kSelected ||
                       one.state == LicenceState::kEquipping ||
                       one.state == LicenceState::kSuspended;
    judgement.fault(!right, Refusal::kWrongState);
    if (outside) return;
    judgement.fault(rules_of(one).equipment[raw(record.item)] == EquipmentParty::kNone,
                    Refusal::kNotCompatible);
    const auto reference = one.references.find(raw(record.item));
    const std::string told = reference == one.references.end() ? "" : reference->second;
    judgement.fault(one.equipped.contains(raw(record.item)) == (record.done == 1) &&
                        told == text_of(record.reference),
                    Refusal::kNothingToDo);
  } else {
    const EquipOffice& equip = body.equip_office;
    judgement.fault(point_outside(equip.point) || too_long(equip.label) ||
                        world.offices.size() >= world.limits.offices_max,
                    Refusal::kOutOfRange);
    judgement.fault(one.state != LicenceState::kSelected, Refusal::kWrongState);
    const std::uint32_t code = raw(equip.office);
    if (code == 0) return;  // a district of these tests never runs out of serials
    judgement.fault(code / 100 != one.filed.district || code % 100 == 0, Refusal::kOutOfRange);
    judgement.fault(world.offices.contains(raw(equip.office)), Refusal::kNotCompatible);
  }
}

void NaiveLicences::judge_venue(const DefineVenue& venue, const World& world,
                                Judgement& judgement) const {
  judgement.fault(raw(venue.venue) == 0 || raw(venue.venue) > world.limits.venues_max ||
                      district_outside(venue.district) || raw(venue.kind) > 1 ||
                      venue.in_service > 1 || point_outside(venue.point) || too_long(venue.label),
                  Refusal::kOutOfRange);
  judgement.fault((venue.kind == VenueKind::kOwn) != (raw(venue.owner) != 0), Refusal::kMissing);
  const auto known = venues_.find(raw(venue.venue));
  if (known != venues_.end() && known->second.application != 0) {
    judgement.fault(known->second.defined.kind != venue.kind ||
                        known->second.defined.owner != venue.owner || venue.in_service == 0 ||
                        raw(venue.office) != 0,
                    Refusal::kVenueTaken);
  }
  if (raw(venue.office) == 0) return;
  const auto office = world.offices.find(raw(venue.office));
  judgement.fault(office == world.offices.end(), Refusal::kUnknownOffice);
  if (office == world.offices.end()) return;
  judgement.fault(!live(office->second.state), Refusal::kWrongState);
  judgement.fault(office->second.application != 0 || venue.in_service == 0,
                  Refusal::kNotCompatible);
  for (const auto& [number, other] : venues_) {
    judgement.fault(number != raw(venue.venue) && other.office == raw(venue.office),
                    Refusal::kVenueTaken);
  }
}

void NaiveLicences::judge_office(const Command& command, const World& world,
                                 Judgement& judgement) const {
  const bool renews = command.kind == CommandKind::kRenewLicence;
  const RenewLicence& renew = command.body.renew_licence;
  const SetTechnicalManager& change = command.body.set_technical_manager;
  judgement.fault(too_long(renews ? renew.note : change.note), Refusal::kOutOfRange);
  judgement.fault(!renews && raw(change.change) > 3, Refusal::kOutOfRange);
  const auto found = world.offices.find(raw(renews ? renew.office : change.office));
  judgement.fault(found == world.offices.end(), Refusal::kUnknownOffice);
  if (found == world.offices.end()) return;
  const ModelOffice& office = found->second;
  const bool right = renews ? office.state == OfficeState::kActive ||
                                  office.state == OfficeState::kSuspended || returns(office, world)
                            : live(office.state);
  judgement.fault(!right, Refusal::kWrongState);
  const SetLicenceRules* rules = rules_at(world.now);
  const bool none = raw(office.defined.technical_manager) == 0;
  if (renews) {
    const bool day = day_outside(renew.day, world.now);
    judgement.fault(day, Refusal::kOutOfRange);
    judgement.fault(rules == nullptr || none, Refusal::kMissing);
    LicencePerson licensee = renew.licensee;
    LicencePerson manager = renew.manager;
    if (office.application != 0) {
      licensee = applications_.at(office.application).filed.licensee;
      manager = applications_.at(office.application).manager;
    } else {
      judgement.fault(raw(licensee.person) == 0 || raw(manager.person) == 0, Refusal::kMissing);
      judgement.fault(licensee.person != office.defined.licensee ||
                          manager.person != office.defined.technical_manager,
                      Refusal::kNotCompatible);
      judgement.fault(person_outside(licensee, renew.day) || person_outside(manager, renew.day),
                      Refusal::kOutOfRange);
    }
    if (judgement.only_faults()) return;
    if (returns(office, world)) {
      judgement.fault(manages(manager.person, found->first, world), Refusal::kNotCompatible);
      judgement.fault(office.manager_state != ManagerState::kActive, Refusal::kRequirementMissing);
    }
    judgement.fault(office.licence_until != INT64_MAX &&
                        office.licence_until - world.now > rules->validity_days * kDayMs,
                    Refusal::kNothingToDo);
    judgement.fault(!right_person(rules->licensee, licensee, renew.day) ||
                        !right_person(rules->manager, manager, renew.day),
                    Refusal::kConditionNotMet);
    return;
  }
  if (raw(change.change) > 3) return;
  if (change.change == ManagerChange::kSuspend || change.change == ManagerChange::kRestore) {
    const ManagerState needed =
        change.change == ManagerChange::kSuspend ? ManagerState::kActive : ManagerState::kSuspended;
    judgement.fault(none, Refusal::kMissing);
    judgement.fault(office.manager_state != needed, Refusal::kNothingToDo);
  } else if (change.change == ManagerChange::kLeave) {
    judgement.fault(none, Refusal::kNothingToDo);
  } else {
    judgement.fault(raw(change.person.person) == 0 || rules == nullptr, Refusal::kMissing);
    judgement.fault(change.person.person == office.defined.technical_manager,
                    Refusal::kNothingToDo);
    judgement.fault(manages(change.person.person, found->first, world), Refusal::kNotCompatible);
    judgement.fault(day_outside(change.day, world.now) || person_outside(change.person, change.day),
                    Refusal::kOutOfRange);
    if (judgement.only_faults()) return;
    judgement.fault(!right_person(rules->manager, change.person, change.day),
                    Refusal::kConditionNotMet);
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
