// Venues, rent, equipment, and the office that a licence becomes: its begin, its term, its
// technical manager.
#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_flow.h"
#include "scheduler/licence_flow.h"
#include "scheduler/ranges.h"

namespace permitd::scheduler {

namespace {

constexpr std::int64_t kDayMs = std::int64_t{1440} * kMsPerMinute;
constexpr std::uint32_t kSerialsPerDistrict = 100;

bool application_known(const Core& core, ApplicationId id, Outcome& outcome) {
  if (core.licences.knows(id)) return true;
  refuse(outcome, Refusal::kUnknownApplication, Field::kApplication);
  return false;
}

bool check_venue_office(const Core& core, const DefineVenue& venue, Outcome& outcome) {
  if (raw(venue.office) == 0) return true;
  const std::uint32_t index = find_office_index(core, venue.office);
  if (index == kNoSlot) {
    refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
    return false;
  }
  const OfficeRecord& office = core.offices[index];
  if (!office_lives(office.state))
    refuse_state(outcome, office.state);
  else if (raw(office.application) != 0 || venue.in_service == 0)
    refuse(outcome, Refusal::kNotCompatible, Field::kOffice);
  else if (raw(office.venue) != 0 && office.venue != venue.venue)
    refuse(outcome, Refusal::kVenueTaken, Field::kOffice);
  return outcome.refusal == Refusal::kNone;
}

bool check_venue(const Core& core, const DefineVenue& venue, Outcome& outcome) {
  if (raw(venue.venue) == 0 || raw(venue.venue) > core.limits.venues_max)
    refuse(outcome, Refusal::kOutOfRange, Field::kVenue);
  else if (venue.district == 0 || venue.district >= kDistrictCount)
    refuse(outcome, Refusal::kOutOfRange, Field::kDistrict);
  else if (!known_value(venue.kind, VenueKind::kOwn) || venue.in_service > 1)
    refuse(outcome, Refusal::kOutOfRange, Field::kState);
  else if (venue.kind == VenueKind::kOwn && raw(venue.owner) == 0)
    refuse(outcome, Refusal::kMissing, Field::kOwner);
  else if (venue.kind == VenueKind::kMunicipal && raw(venue.owner) != 0)
    refuse(outcome, Refusal::kNotCompatible, Field::kOwner);
  else if (!point_in_range(venue.point))
    refuse(outcome, Refusal::kOutOfRange, Field::kPoint);
  else if (!text_fits(venue.label))
    refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  if (outcome.refusal != Refusal::kNone || !check_venue_office(core, venue, outcome)) return false;
  if (!core.licences.knows(venue.venue)) return true;
  // Who holds it does so by a licence: what it rests on stays.
  const VenueRecord& present = core.licences.venues[raw(venue.venue)];
  const bool changes = present.kind != venue.kind || present.owner != venue.owner ||
                       venue.in_service == 0 || raw(venue.office) != 0;
  if (raw(present.application) != 0 && changes)
    refuse(outcome, Refusal::kVenueTaken, Field::kVenue);
  return outcome.refusal == Refusal::kNone;
}

void seat_office(Core& core, const DefineVenue& venue) {
  VenueRecord& record = core.licences.venues[raw(venue.venue)];
  if (record.office == venue.office) return;
  if (raw(record.office) != 0)
    core.offices[find_office_index(core, record.office)].venue = VenueId{};
  record.office = venue.office;
  if (raw(record.office) != 0)
    core.offices[find_office_index(core, record.office)].venue = venue.venue;
}

// 0 when the district has no serial left.
OfficeId free_office_code(const Core& core, District district) {
  for (std::uint32_t serial = 1; serial < kSerialsPerDistrict; ++serial) {
    const OfficeId id{static_cast<std::uint16_t>(district * kSerialsPerDistrict + serial)};
    if (find_office_index(core, id) == kNoSlot) return id;
  }
  return OfficeId{};
}

bool check_equip(const Core& core, const EquipOffice& equip, Outcome& outcome) {
  if (!application_known(core, equip.application, outcome)) return false;
  const ApplicationRecord& application = core.licences.application(equip.application);
  if (application.state != LicenceState::kSelected) {
    refuse_state(outcome, application.state);
    return false;
  }
  const OfficeId code =
      raw(equip.office) != 0 ? equip.office : free_office_code(core, application.district);
  if (raw(code) / kSerialsPerDistrict != application.district ||
      raw(code) % kSerialsPerDistrict == 0)
    refuse(outcome, Refusal::kOutOfRange, Field::kOffice);
  else if (find_office_index(core, code) != kNoSlot)
    refuse(outcome, Refusal::kNotCompatible, Field::kOffice);
  else if (!point_in_range(equip.point))
    refuse(outcome, Refusal::kOutOfRange, Field::kPoint);
  else if (!text_fits(equip.label))
    refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  else if (core.office_count == core.limits.offices_max)
    refuse(outcome, Refusal::kOutOfRange, Field::kLimits);
  return outcome.refusal == Refusal::kNone;
}

void emit_recorded(Core& core, const Command& command, ApplicationId id, std::uint8_t what) {
  emit_licence(core, EventKind::kLicenceRecorded, event_subject(id),
               core.licences.application(id).office, raw(command.kind), what, Reason::kNone);
}

// A licence from before the rounds that may be had back: its term is over.
bool may_come_back(const Core& core, const OfficeRecord& office) {
  return raw(office.application) == 0 && office.licence_until <= core.now &&
         (office.state == OfficeState::kExpired || office.state == OfficeState::kEquipping);
}

// An office from before the rounds whose licence has lapsed may have another manager too: the one
// it had may have gone elsewhere, and without one who may act it does not come back.
bool may_be_managed(const OfficeRecord& office) {
  return office_lives(office.state) ||
         (office.state == OfficeState::kExpired && raw(office.application) == 0);
}

// An office whose manager changes, else one whose licence is renewed.
bool office_under_licence(const Core& core, OfficeId id, bool manager, std::uint32_t& index,
                          Outcome& outcome) {
  index = find_office_index(core, id);
  if (index == kNoSlot) {
    refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
    return false;
  }
  const OfficeRecord& office = core.offices[index];
  const bool works =
      office.state == OfficeState::kActive || office.state == OfficeState::kSuspended;
  const bool right = manager ? may_be_managed(office) : works || may_come_back(core, office);
  if (!right) refuse_state(outcome, office.state);
  return right;
}

// A person of a licence from before the rounds tells everything anew, who applied has told it.
bool check_renewed(const OfficeRecord& office, const RenewLicence& renew, Outcome& outcome) {
  if (raw(office.application) != 0) return true;
  if (raw(renew.licensee.person) == 0)
    refuse(outcome, Refusal::kMissing, Field::kLicensee);
  else if (raw(renew.manager.person) == 0)
    refuse(outcome, Refusal::kMissing, Field::kManager);
  else if (renew.licensee.person != office.licensee)
    refuse(outcome, Refusal::kNotCompatible, Field::kLicensee);
  else if (renew.manager.person != office.technical_manager)
    refuse(outcome, Refusal::kNotCompatible, Field::kManager);
  else if (!person_in_range(renew.licensee, renew.day))
    refuse(outcome, Refusal::kOutOfRange, Field::kLicensee);
  else if (!person_in_range(renew.manager, renew.day))
    refuse(outcome, Refusal::kOutOfRange, Field::kManager);
  return outcome.refusal == Refusal::kNone;
}

// The rule that the person does not meet, and who it is.
bool check_conditions(const PersonRules& rules, const LicencePerson& person, Field who,
                      std::int32_t day, Outcome& outcome) {
  const Field unmet = first_unmet(rules, person, day);
  if (unmet == Field::kNone) return true;
  refuse(outcome, Refusal::kConditionNotMet, unmet);
  outcome.state =
      raw(who == Field::kManager ? LicenceSubject::kManager : LicenceSubject::kLicensee);
  return false;
}

bool check_manager_change(const Core& core, const OfficeRecord& office,
                          const SetTechnicalManager& change, Outcome& outcome) {
  const bool none = raw(office.technical_manager) == 0;
  switch (change.change) {
    case ManagerChange::kSuspend:
      if (none)
        refuse(outcome, Refusal::kMissing, Field::kManager);
      else if (office.manager_state != ManagerState::kActive)
        refuse(outcome, Refusal::kNothingToDo, Field::kManager);
      break;
    case ManagerChange::kRestore:
      if (none)
        refuse(outcome, Refusal::kMissing, Field::kManager);
      else if (office.manager_state != ManagerState::kSuspended)
        refuse(outcome, Refusal::kNothingToDo, Field::kManager);
      break;
    case ManagerChange::kLeave:
      if (none) refuse(outcome, Refusal::kNothingToDo, Field::kManager);
      break;
    case ManagerChange::kReplace: {
      const std::size_t rules = rules_in_force(core.licences, core.now);
      if (raw(change.person.person) == 0)
        refuse(outcome, Refusal::kMissing, Field::kManager);
      else if (change.person.person == office.technical_manager)
        refuse(outcome, Refusal::kNothingToDo, Field::kManager);
      else if (manager_engaged(core, change.person.person, office.id))
        refuse(outcome, Refusal::kNotCompatible, Field::kManager);
      else if (!local_day_plausible(core, change.day))
        refuse(outcome, Refusal::kOutOfRange, Field::kDay);
      else if (!person_in_range(change.person, change.day))
        refuse(outcome, Refusal::kOutOfRange, Field::kManager);
      else if (rules == kLicenceRulesMax)
        refuse(outcome, Refusal::kMissing, Field::kRules);
      else
        check_conditions(core.licences.rules[rules].rules.manager, change.person, Field::kManager,
                         change.day, outcome);
      break;
    }
  }
  return outcome.refusal == Refusal::kNone;
}

// Who managed a lapsed office may have gone to another one, or may not act.
bool check_comes_back(const Core& core, std::uint32_t index, Outcome& outcome) {
  const OfficeRecord& office = core.offices[index];
  const std::uint32_t missing = missing_of_office(core, index);
  if (manager_engaged(core, office.technical_manager, office.id))
    refuse(outcome, Refusal::kNotCompatible, Field::kManager);
  else if (missing != 0)
    refuse(outcome, Refusal::kRequirementMissing, missing_field(missing));
  return outcome.refusal == Refusal::kNone;
}

// Judged by the rules in force today: the round's were for who applied then.
void replace_manager(Core& core, OfficeRecord& office, const SetTechnicalManager& change) {
  const SetLicenceRules& rules = core.licences.rules[rules_in_force(core.licences, core.now)].rules;
  SubjectChecks& checks = manager_checks(core, office);
  office.technical_manager = change.person.person;
  if (raw(office.application) != 0)
    core.licences.application(office.application).manager = change.person;
  checks = first_checks(core, rules, LicenceSubject::kManager, change.person, change.day);
  office.manager_state = checks_passed(checks) ? ManagerState::kActive : ManagerState::kUnchecked;
}

}  // namespace

void apply_define_venue(Core& core, const Command& command, Outcome& outcome) {
  const DefineVenue& venue = command.body.define_venue;
  if (!check_venue(core, venue, outcome)) return;
  VenueRecord& record = core.licences.venues[raw(venue.venue)];
  if (record.known == 0) record = VenueRecord{};
  const bool was_held = raw(record.application) != 0 || raw(record.office) != 0;
  seat_office(core, venue);
  record.owner = venue.owner;
  record.district = venue.district;
  record.kind = venue.kind;
  record.in_service = venue.in_service;
  record.known = 1;
  record.point = venue.point;
  record.label = tidy_text(venue.label);
  core.licences.venue_last = std::max<std::uint32_t>(core.licences.venue_last, raw(venue.venue));
  const bool held = raw(record.application) != 0 || raw(record.office) != 0;
  emit_licence(core, EventKind::kVenueChanged, raw(venue.venue), record.office, was_held ? 1 : 0,
               held ? 1 : 0, Reason::kNone);
  give_venues(core);
  outcome.state = raw(record.application) != 0 || raw(record.office) != 0 ? 1 : 0;
}

void apply_record_rent(Core& core, const Command& command, Outcome& outcome) {
  const RecordRent& rent = command.body.record_rent;
  if (!application_known(core, rent.application, outcome)) return;
  if (rent.amount_rial == 0 || rent.amount_rial > kAmountRialMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kAmount);
  if (rent.until <= rent.from || rent.from.ms < 0 || rent.until > kMomentMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  if (!text_fits(rent.reference)) return refuse(outcome, Refusal::kOutOfRange, Field::kReference);
  if (rent.reference.size == 0) return refuse(outcome, Refusal::kMissing, Field::kReference);
  ApplicationRecord& application = core.licences.application(rent.application);
  if (raw(application.venue) == 0 ||
      core.licences.venues[raw(application.venue)].kind != VenueKind::kMunicipal)
    return refuse(outcome, Refusal::kNotCompatible, Field::kVenue);
  application.rent = {rent.amount_rial, rent.from, rent.until, tidy_text(rent.reference)};
  emit_recorded(core, command, rent.application, 1);
  outcome.case_id = CaseId{raw(rent.application)};
  outcome.state = raw(application.state);
}

void apply_record_equipment(Core& core, const Command& command, Outcome& outcome) {
  const RecordEquipment& record = command.body.record_equipment;
  if (!application_known(core, record.application, outcome)) return;
  if (!known_value(record.item, EquipmentItem::kArchive))
    return refuse(outcome, Refusal::kOutOfRange, Field::kEquipment);
  if (record.done > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!text_fits(record.reference)) return refuse(outcome, Refusal::kOutOfRange, Field::kReference);
  if (record.done != 0 && record.reference.size == 0)
    return refuse(outcome, Refusal::kMissing, Field::kReference);
  ApplicationRecord& application = core.licences.application(record.application);
  const bool under_way = application.state == LicenceState::kSelected ||
                         application.state == LicenceState::kEquipping ||
                         application.state == LicenceState::kSuspended;
  if (!under_way) return refuse_state(outcome, application.state);
  if (core.licences.rules_of(application).equipment[raw(record.item)] == EquipmentParty::kNone)
    return refuse(outcome, Refusal::kNotCompatible, Field::kEquipment);
  EquipmentRecord& item = application.equipment[raw(record.item)];
  outcome.case_id = CaseId{raw(record.application)};
  outcome.state = raw(application.state);
  if (item.done == record.done && item.reference == tidy_text(record.reference))
    return refuse(outcome, Refusal::kNothingToDo, Field::kEquipment);
  item = EquipmentRecord{core.now, tidy_text(record.reference), record.done, {}};
  emit_recorded(core, command, record.application,
                static_cast<std::uint8_t>(raw(record.item) * 2 + record.done));
}

void apply_equip_office(Core& core, const Command& command, Outcome& outcome) {
  const EquipOffice& equip = command.body.equip_office;
  if (!check_equip(core, equip, outcome)) return;
  ApplicationRecord& application = core.licences.application(equip.application);
  const OfficeId code =
      raw(equip.office) != 0 ? equip.office : free_office_code(core, application.district);
  const std::uint32_t index = core.office_count++;
  core.office_index[raw(code)] = static_cast<std::uint16_t>(index + 1);
  OfficeRecord& office = core.offices[index];
  office = OfficeRecord{};
  office.id = code;
  office.district = application.district;
  office.licensee = application.licensee.person;
  office.technical_manager = application.manager.person;
  office.application = equip.application;
  office.point = equip.point;
  office.label = tidy_text(equip.label);
  application.office = code;
  change_office_state(core, index, OfficeState::kEquipping, Reason::kNone);
  outcome.case_id = CaseId{raw(equip.application)};
  outcome.job = JobId{raw(code)};
  outcome.state = raw(application.state);
}

void apply_renew_licence(Core& core, const Command& command, Outcome& outcome) {
  const RenewLicence& renew = command.body.renew_licence;
  std::uint32_t index = 0;
  if (!office_under_licence(core, renew.office, false, index, outcome)) return;
  if (!check_note(renew.note, false, outcome)) return;
  if (!local_day_plausible(core, renew.day))
    return refuse(outcome, Refusal::kOutOfRange, Field::kDay);
  OfficeRecord& office = core.offices[index];
  if (!check_renewed(office, renew, outcome)) return;
  const std::size_t place = rules_in_force(core.licences, core.now);
  if (place == kLicenceRulesMax) return refuse(outcome, Refusal::kMissing, Field::kRules);
  const SetLicenceRules& rules = core.licences.rules[place].rules;
  const bool applied = raw(office.application) != 0;
  const LicencePerson& licensee =
      applied ? core.licences.application(office.application).licensee : renew.licensee;
  const LicencePerson& manager =
      applied ? core.licences.application(office.application).manager : renew.manager;
  if (raw(office.technical_manager) == 0)
    return refuse(outcome, Refusal::kMissing, Field::kManager);
  if (!check_conditions(rules.licensee, licensee, Field::kLicensee, renew.day, outcome) ||
      !check_conditions(rules.manager, manager, Field::kManager, renew.day, outcome))
    return;
  // One term ahead at most: who has more has renewed already.
  const std::int64_t term = rules.validity_days * kDayMs;
  if (office.licence_until != kNever && office.licence_until.ms - core.now.ms > term)
    return refuse(outcome, Refusal::kNothingToDo, Field::kValidity);
  const bool comes_back = may_come_back(core, office);
  if (comes_back && !check_comes_back(core, index, outcome)) return;
  core.note = &renew.note;
  const Tick from = comes_back || office.licence_until == kNever ? core.now : office.licence_until;
  office.licence_until = Tick{from.ms + term};
  if (comes_back) {
    change_office_state(core, index, OfficeState::kActive, Reason::kNone);
  } else {
    emit_reference(core, EventKind::kOfficeChanged, office.id, ExpertId{}, raw(office.state),
                   raw(office.state), Reason::kNone);
    set_office_timer(core, index);
  }
  outcome.until = office.licence_until;
  outcome.state = raw(office.state);
}

void apply_set_technical_manager(Core& core, const Command& command, Outcome& outcome) {
  const SetTechnicalManager& change = command.body.set_technical_manager;
  std::uint32_t index = 0;
  if (!known_value(change.change, ManagerChange::kReplace))
    return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if (!office_under_licence(core, change.office, true, index, outcome)) return;
  if (!check_note(change.note, false, outcome)) return;
  OfficeRecord& office = core.offices[index];
  if (!check_manager_change(core, office, change, outcome)) return;
  core.note = &change.note;
  switch (change.change) {
    case ManagerChange::kSuspend:
      office.manager_state = ManagerState::kSuspended;
      break;
    case ManagerChange::kRestore:
      office.manager_state = ManagerState::kActive;
      break;
    case ManagerChange::kLeave:
      office.technical_manager = PersonId{};
      office.manager_state = ManagerState::kActive;
      office.manager_checks = no_checks();
      if (raw(office.application) != 0)
        core.licences.application(office.application).manager = LicencePerson{};
      break;
    case ManagerChange::kReplace:
      replace_manager(core, office, change);
      break;
  }
  emit_reference(core, EventKind::kOfficeChanged, office.id, ExpertId{}, raw(office.state),
                 raw(office.state), Reason::kNone);
  suspend_without_manager(core, index);
  offer_to_office_soon(core, index);  // other persons behind the office: other conflicts
  outcome.state = raw(office.state);
}

}  // namespace permitd::scheduler
