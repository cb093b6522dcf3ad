#include "daemon/rpc_licence_convert.h"

#include <algorithm>
#include <string_view>

#include "daemon/rpc_enums.h"
#include "protocol/words.h"
#include "scheduler/members.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr Flaw kSound{};

Flaw out_of_range(Field field) { return {Refusal::kOutOfRange, field}; }
Flaw out_of_range(Field field, std::string_view member, unsigned row = 0) {
  return {Refusal::kOutOfRange, field, static_cast<std::uint8_t>(row),
          scheduler::member_named(field, member)};
}

template <std::size_t N>
Flaw read_text(capnp::Text::Reader in, Field field, scheduler::Text<N>& out) {
  if (in.size() > N) return {Refusal::kTooLarge, field};
  if (!protocol::is_valid_text({in.begin(), in.size()})) return out_of_range(field);
  out.size = static_cast<std::uint8_t>(in.size());
  std::copy_n(in.begin(), in.size(), out.bytes.begin());
  return kSound;
}

template <std::size_t N, class Init>
void write_text(const scheduler::Text<N>& text, Init&& init) {
  capnp::Text::Builder out = init(text.size);
  std::copy_n(text.bytes.begin(), text.size, out.begin());
}

bool read_person_rules(protocol::PersonRules::Reader in, scheduler::PersonRules& out) {
  out.age_min = in.getAgeMin();
  out.age_max = in.getAgeMax();
  out.iranian_only = in.getIranianOnly() ? 1 : 0;
  out.fields = in.getFields();
  out.checks = in.getChecks();
  return to_core(in.getDegreeMin(), out.degree_min);
}

void write_person_rules(const scheduler::PersonRules& rules, protocol::PersonRules::Builder out) {
  out.setAgeMin(rules.age_min);
  out.setAgeMax(rules.age_max);
  out.setDegreeMin(to_wire<protocol::Degree>(rules.degree_min));
  out.setIranianOnly(rules.iranian_only != 0);
  out.setFields(rules.fields);
  out.setChecks(rules.checks);
}

void write_person(const scheduler::LicencePerson& person, protocol::LicencePerson::Builder out) {
  out.setPerson(raw(person.person));
  out.setBirthDay(person.birth_day);
  out.setNationality(to_wire<protocol::Nationality>(person.nationality));
  out.setDegree(to_wire<protocol::Degree>(person.degree));
  out.setField(to_wire<protocol::DegreeField>(person.field));
  out.setExperienceYears(person.experience_years);
}

}  // namespace

Flaw read_code(capnp::Text::Reader in, Field field, scheduler::Code& out) {
  return read_text(in, field, out);
}
Flaw read_label(capnp::Text::Reader in, scheduler::Label& out) {
  return read_text(in, Field::kLabel, out);
}

Flaw read_licence_rules(protocol::LicenceRules::Reader in, scheduler::SetLicenceRules& out) {
  out.version = in.getVersion();
  out.effective_from = {in.getEffectiveFrom()};
  out.validity_days = in.getValidityDays();
  out.points_master = in.getPointsMaster();
  out.points_experience = in.getPointsExperience();
  out.points_venue = in.getPointsVenue();
  out.experience_years = in.getExperienceYears();
  out.exam_max = in.getExamMax();
  out.exam_pass = in.getExamPass();
  out.waitlist_max = in.getWaitlistMax();
  if (!read_person_rules(in.getLicensee(), out.licensee))
    return out_of_range(Field::kRules, "licensee.degreeMin");
  if (!read_person_rules(in.getManager(), out.manager))
    return out_of_range(Field::kRules, "manager.degreeMin");
  const auto equipment = in.getEquipment();
  if (equipment.size() > out.equipment.size()) return {Refusal::kTooLarge, Field::kEquipment};
  for (unsigned i = 0; i < equipment.size(); ++i) {
    if (!to_core(equipment[i], out.equipment[i]))
      return out_of_range(Field::kEquipment, "equipment", i + 1);
  }
  return kSound;
}

Flaw read_licence_person(protocol::LicencePerson::Reader in, Field field,
                         scheduler::LicencePerson& out) {
  out.person = scheduler::PersonId{in.getPerson()};
  out.birth_day = in.getBirthDay();
  out.experience_years = in.getExperienceYears();
  if (!to_core(in.getNationality(), out.nationality)) return out_of_range(field, "nationality");
  if (!to_core(in.getDegree(), out.degree)) return out_of_range(field, "degree");
  return to_core(in.getField(), out.field) ? kSound : out_of_range(field, "field");
}

Flaw read_licence_request(protocol::LicenceRequest::Reader in, scheduler::ApplyForLicence& out) {
  out.round = scheduler::RoundId{in.getRound()};
  out.own_venue = scheduler::VenueId{in.getOwnVenue()};
  out.district = in.getDistrict();
  out.day = in.getDay();
  if (const Flaw flaw = read_licence_person(in.getLicensee(), Field::kLicensee, out.licensee))
    return flaw;
  return read_licence_person(in.getManager(), Field::kManager, out.manager);
}

Flaw read_venue(protocol::Venue::Reader in, scheduler::DefineVenue& out) {
  out.venue = scheduler::VenueId{in.getVenue()};
  out.office = scheduler::OfficeId{in.getOffice()};
  out.district = in.getDistrict();
  out.in_service = in.getInService() ? 1 : 0;
  out.owner = scheduler::PersonId{in.getOwner()};
  out.point = {in.getPoint().getLatE6(), in.getPoint().getLonE6()};
  if (!to_core(in.getKind(), out.kind)) return out_of_range(Field::kState);
  return read_label(in.getLabel(), out.label);
}

void write_licence_rules(const scheduler::LicenceRulesView& view,
                         protocol::LicenceRules::Builder out) {
  const scheduler::SetLicenceRules& rules = view.rules;
  out.setVersion(rules.version);
  out.setEffectiveFrom(rules.effective_from.ms);
  out.setValidityDays(rules.validity_days);
  out.setPointsMaster(rules.points_master);
  out.setPointsExperience(rules.points_experience);
  out.setPointsVenue(rules.points_venue);
  out.setExperienceYears(rules.experience_years);
  out.setExamMax(rules.exam_max);
  out.setExamPass(rules.exam_pass);
  out.setWaitlistMax(rules.waitlist_max);
  write_person_rules(rules.licensee, out.initLicensee());
  write_person_rules(rules.manager, out.initManager());
  auto equipment = out.initEquipment(scheduler::kEquipmentItemCount);
  for (unsigned i = 0; i < scheduler::kEquipmentItemCount; ++i)
    equipment.set(i, to_wire<protocol::EquipmentParty>(rules.equipment[i]));
  out.setRounds(view.rounds);
  out.setInForce(view.in_force);
}

void write_round(const scheduler::RoundView& view, protocol::Round::Builder out) {
  const scheduler::RoundRecord& round = view.record;
  out.setRound(raw(view.id));
  out.setState(to_wire<protocol::RoundState>(round.state));
  out.setPlaces(round.places);
  out.setOpens(round.opens.ms);
  out.setCloses(round.closes.ms);
  out.setApplied(round.applied);
  out.setEligible(round.eligible);
  out.setRoute(to_wire<protocol::SelectionRoute>(round.route));
  out.setRoutedAt(round.routed_at.ms);
  out.setRankedAt(round.ranked_at.ms);
  out.setRulesVersion(view.rules_version);
  write_text(round.label, [&](std::uint8_t size) { return out.initLabel(size); });
}

namespace {

void write_check(scheduler::LicenceSubject subject, scheduler::LicenceCheck which,
                 const scheduler::CheckRecord& check, protocol::CheckState::Builder out) {
  out.setSubject(to_wire<protocol::LicenceSubject>(subject));
  out.setCheck(to_wire<protocol::LicenceCheck>(which));
  out.setResult(to_wire<protocol::CheckResult>(check.result));
  out.setAt(check.at.ms);
  write_text(check.evidence, [&](std::uint8_t size) { return out.initEvidence(size); });
  out.setValue(check.value);
  out.setRulesVersion(check.rules_version);
}

bool is_required(const scheduler::CheckRecord& check) {
  return check.result != scheduler::CheckResult::kNotRequired;
}

void write_checks(const scheduler::ApplicationRecord& record, protocol::Application::Builder out) {
  unsigned count = 0;
  for (const scheduler::SubjectChecks& checks : record.checks)
    count += static_cast<unsigned>(std::count_if(checks.begin(), checks.end(), is_required));
  auto list = out.initChecks(count);
  unsigned row = 0;
  for (std::uint8_t subject = 0; subject < scheduler::kLicenceSubjectCount; ++subject) {
    for (std::uint8_t which = 0; which < scheduler::kLicenceCheckCount; ++which) {
      const scheduler::CheckRecord& check = record.checks[subject][which];
      if (is_required(check))
        write_check(scheduler::LicenceSubject{subject}, scheduler::LicenceCheck{which}, check,
                    list[row++]);
    }
  }
}

void write_equipment(const scheduler::ApplicationView& view, protocol::Application::Builder out) {
  const auto asked = [](scheduler::EquipmentParty party) {
    return party != scheduler::EquipmentParty::kNone;
  };
  auto list = out.initEquipment(
      static_cast<unsigned>(std::count_if(view.parties.begin(), view.parties.end(), asked)));
  unsigned row = 0;
  for (std::uint8_t item = 0; item < scheduler::kEquipmentItemCount; ++item) {
    if (!asked(view.parties[item])) continue;
    const scheduler::EquipmentRecord& record = view.record.equipment[item];
    auto state = list[row++];
    state.setItem(to_wire<protocol::EquipmentItem>(scheduler::EquipmentItem{item}));
    state.setParty(to_wire<protocol::EquipmentParty>(view.parties[item]));
    state.setDone(record.done != 0);
    state.setAt(record.at.ms);
    write_text(record.reference, [&](std::uint8_t size) { return state.initReference(size); });
  }
}

bool leads_to_office(scheduler::LicenceState state) {
  using enum scheduler::LicenceState;
  return state == kSelected || state == kEquipping || state == kActive || state == kSuspended;
}

}  // namespace

void write_manager_checks(const scheduler::SubjectChecks& checks, protocol::Office::Builder out) {
  const auto count = std::count_if(checks.begin(), checks.end(), is_required);
  if (count == 0) return;
  auto list = out.initManagerChecks(static_cast<unsigned>(count));
  unsigned row = 0;
  for (std::uint8_t which = 0; which < scheduler::kLicenceCheckCount; ++which) {
    if (is_required(checks[which]))
      write_check(scheduler::LicenceSubject::kManager, scheduler::LicenceCheck{which},
                  checks[which], list[row++]);
  }
}

void write_application(const scheduler::ApplicationView& view, protocol::Application::Builder out) {
  const scheduler::ApplicationRecord& record = view.record;
  out.setApplication(raw(view.id));
  out.setRound(raw(record.round));
  out.setState(to_wire<protocol::LicenceState>(record.state));
  out.setDistrict(record.district);
  out.setAppliedAt(record.applied_at.ms);
  write_person(record.licensee, out.initLicensee());
  write_person(record.manager, out.initManager());
  out.setManagerState(to_wire<protocol::ManagerState>(view.manager_state));
  out.setRulesVersion(view.rules_version);
  write_checks(record, out);
  out.setPoints(record.points);
  out.setResult(to_wire<protocol::ResultState>(record.result));
  out.setExamScore(record.exam_score);
  write_text(record.result_evidence,
             [&](std::uint8_t size) { return out.initResultEvidence(size); });
  out.setRank(record.rank);
  out.setSelectedAt(record.selected_at.ms);
  out.setOwnVenue(raw(record.own_venue));
  out.setVenue(raw(record.venue));
  out.setQueueAhead(view.queue_ahead);
  out.setQueued(record.queue != 0);
  out.setRentRial(record.rent.amount_rial);
  out.setRentFrom(record.rent.from.ms);
  out.setRentUntil(record.rent.until.ms);
  write_text(record.rent.reference, [&](std::uint8_t size) { return out.initRentReference(size); });
  write_equipment(view, out);
  out.setOffice(raw(record.office));
  out.setLicenceUntil(view.licence_until.ms);
  out.setMissing(view.missing);
  if (!leads_to_office(record.state)) return;
  const std::string missing = protocol::missing_text(view.missing, view.parties);
  out.setMissingText({missing.data(), missing.size()});
}

void write_venue(const scheduler::VenueView& view, protocol::Venue::Builder out) {
  const scheduler::VenueRecord& venue = view.record;
  out.setVenue(raw(view.id));
  out.setDistrict(venue.district);
  out.setKind(to_wire<protocol::VenueKind>(venue.kind));
  out.setInService(venue.in_service != 0);
  out.setOwner(raw(venue.owner));
  out.setOffice(raw(venue.office));
  out.initPoint().setLatE6(venue.point.lat_e6);
  out.getPoint().setLonE6(venue.point.lon_e6);
  write_text(venue.label, [&](std::uint8_t size) { return out.initLabel(size); });
  out.setApplication(raw(venue.application));
}

void write_licensing(const scheduler::LicensingView& view, protocol::Licensing::Builder out) {
  out.setWanted(view.wanted);
  out.setTaken(view.taken);
  out.setApplications(view.applications);
  out.setRounds(view.rounds);
  out.setVenuesMunicipal(view.venues_municipal);
  out.setVenuesFree(view.venues_free);
  out.setVenueQueue(view.venue_queue);
  auto history = out.initHistory(view.history_count);
  for (unsigned i = 0; i < view.history_count; ++i) {
    history[i].setCount(view.history[i].count);
    history[i].setEffectiveFrom(view.history[i].effective_from.ms);
    history[i].setOp(raw(view.history[i].op));
  }
}

}  // namespace permitd::daemon
