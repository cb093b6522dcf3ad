#include "tests/support/city_setup.h"

#include <array>
#include <cstring>

#include "tests/support/command_generator.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::uint32_t kCalendarCommands = 14;
constexpr std::uint32_t kOrganisations = 4;
constexpr auto kOffices = static_cast<std::uint32_t>(kCityOffices.size());
constexpr std::uint32_t kCertificatesPerExpert = 3;

// Where each group of commands begins.
constexpr std::uint32_t kLimitsAt = 0;
constexpr std::uint32_t kPolicyAt = 1;
constexpr std::uint32_t kCalendarAt = 2;
constexpr std::uint32_t kServicesAt = kCalendarAt + kCalendarCommands;
constexpr std::uint32_t kOrganisationsAt = kServicesAt + kCityServices;
constexpr std::uint32_t kOfficesAt = kOrganisationsAt + kOrganisations;
constexpr std::uint32_t kActivationsAt = kOfficesAt + kOffices;
constexpr std::uint32_t kExpertsAt = kActivationsAt + kOffices * kCityServices;
constexpr std::uint32_t kCertificatesAt = kExpertsAt + kCityExperts;
constexpr std::uint32_t kEnd = kCertificatesAt + kCityExperts * kCertificatesPerExpert;

template <class Words>
Words words_of(const char* words) {
  Words text;
  text.size = static_cast<std::uint8_t>(std::strlen(words));
  std::memcpy(text.bytes.data(), words, text.size);
  return text;
}

// Small enough that every limit is met now and then.
Limits random_limits(Chance& chance) {
  Limits limits;
  limits.cases_max = chance.between(12U, 100U);
  limits.jobs_max = limits.cases_max * 2 + chance.below(200U);
  limits.events_max = chance.between(100U, 3000U);
  limits.decisions_max = chance.between(8U, 300U);
  limits.notes_max = chance.between(1U, 64U);
  limits.keys_max = chance.between(8U, 400U);
  limits.experts_max = kCityExperts + 2;
  limits.offices_max = kOffices + 4;
  limits.applications_max = chance.between(4U, 60U);
  limits.venues_max = 7;
  limits.meetings_max = chance.between(2U, 80U);
  return limits;
}

StageSpec stage(Stage stage, Skill skill, Chance& chance) {
  StageSpec spec;
  spec.stage = stage;
  spec.skill = skill;
  spec.effort_minutes = static_cast<std::uint16_t>(chance.between(1, 8) * 15);
  if (chance.chance(400)) {
    spec.effort_complex_minutes = static_cast<std::uint16_t>(spec.effort_minutes * 2);
  }
  spec.sla_minutes = static_cast<std::uint16_t>(chance.between(60, 1700));
  if (chance.chance(200)) spec.reach = Reach::kOffice;
  return spec;
}

StageSpec inspection(Chance& chance) {
  StageSpec spec = stage(Stage::kSiteInspection, Skill::kInspect, chance);
  spec.flags = kStageNeedsAppointment | (chance.chance(700) ? kStageFieldLease : 0);
  if (chance.chance(600)) spec.confirmer = Confirmer::kOfficeHead;
  return spec;
}

StageSpec review(Chance& chance) {
  StageSpec spec = stage(Stage::kPlanReview, Skill::kReview, chance);
  if (chance.chance(600)) spec.confirmer = Confirmer::kSecondReviewerAboveArea;
  return spec;
}

StageSpec decision(Chance& chance) {
  StageSpec spec = stage(Stage::kMunicipalDecision, Skill::kFile, chance);
  spec.flags = kStageIsSovereign;
  spec.effort_minutes = 0;
  spec.effort_complex_minutes = 0;
  spec.reach = Reach::kCity;
  return spec;
}

StageSpec delivery(Chance& chance) {
  StageSpec spec = stage(Stage::kPermitDelivery, Skill::kDeliver, chance);
  spec.flags = kStageNeedsDecision;
  return spec;
}

void certify(std::uint32_t index, Chance& chance, SetCertificate& body) {
  const std::uint32_t number = index / kCertificatesPerExpert + 1;
  const std::uint32_t which = index % kCertificatesPerExpert;
  body.expert = ExpertId{number};
  body.skill = Skill{static_cast<std::uint8_t>((number * 2 + which * 5) % kSkillCount)};
  body.valid_from = Tick{std::int64_t{kCityFirstDay - 100} * 1440 * kMsPerMinute};
  const std::int64_t last_day = kCityFirstDay + (chance.chance(150) ? chance.below(60) : 2000);
  body.valid_until = Tick{last_day * 1440 * kMsPerMinute};
}

void activate(std::uint32_t index, Chance& chance, ActivateService& body) {
  body.office = OfficeId{kCityOffices[index / kCityServices]};
  body.service = ServiceId{static_cast<std::uint8_t>(index % kCityServices + 1)};
  const std::int64_t begin =
      chance.chance(100) ? kCityFirstDay + chance.below(20) : kCityFirstDay - 9;
  body.from = Tick{begin * 1440 * kMsPerMinute};
  body.until =
      chance.chance(100) ? Tick{body.from.ms + chance.below(60) * 1440 * kMsPerMinute} : kNever;
}

}  // namespace

Note note_of(const char* words) { return words_of<Note>(words); }
Label label_of(const char* words) { return words_of<Label>(words); }
Code code_of(const char* words) { return words_of<Code>(words); }
ZoneCode zone_of(const char* words) { return words_of<ZoneCode>(words); }

PersonId person_of_expert(std::uint32_t number) { return PersonId{1000 + std::uint64_t{number}}; }

Point city_point(Chance& chance) {
  Point point;
  point.lat_e6 = 35'600'000 + chance.below(200'000);
  point.lon_e6 = 51'200'000 + chance.below(400'000);
  return point;
}

SetPolicy random_policy(Chance& chance) {
  SetPolicy policy;
  policy.attempts_max = static_cast<std::uint16_t>(chance.between(1, 6));
  policy.lease_minutes = static_cast<std::uint16_t>(chance.between(5, 120));
  policy.claim_wait_minutes = static_cast<std::uint16_t>(chance.between(1, 200));
  policy.near_equal_count = static_cast<std::uint16_t>(chance.between(1, 8));
  policy.near_equal_permille = static_cast<std::uint16_t>(chance.below(1001));
  policy.capacity_units_per_day = static_cast<std::uint16_t>(chance.between(3, 20));
  policy.visits_per_day = static_cast<std::uint16_t>(chance.between(1, 8));
  policy.appointment_lead_minutes = static_cast<std::uint16_t>(chance.below(600));
  policy.applicant_silent_days = static_cast<std::uint16_t>(chance.between(1, 40));
  policy.second_review_area_m2 = chance.below(4000U);
  policy.key_retention_minutes = chance.between(1U, 5000U);
  policy.complex_floors = static_cast<std::uint16_t>(chance.below(10));
  policy.pair_repeat_visits = static_cast<std::uint16_t>(chance.chance(400) ? 0 : chance.below(20));
  policy.pair_repeat_days = static_cast<std::uint16_t>(chance.chance(300) ? 0 : chance.below(200));
  policy.confirmation_effort_percent = static_cast<std::uint16_t>(chance.between(1, 100));
  policy.near_visits = static_cast<std::uint16_t>(chance.chance(500) ? 0 : chance.between(1, 4));
  policy.near_slack_minutes = static_cast<std::uint16_t>(chance.below(1000));
  policy.draw_minutes = static_cast<std::uint16_t>(chance.chance(300) ? 0 : chance.below(3000));
  policy.compared_count = static_cast<std::uint16_t>(chance.chance(500) ? 0 : chance.between(1, 8));
  policy.load_weight = static_cast<std::uint16_t>(chance.below(1001));
  policy.travel_weight = static_cast<std::uint16_t>(chance.chance(300) ? 0 : chance.below(1001));
  policy.share_weight = static_cast<std::uint16_t>(chance.chance(500) ? 0 : chance.below(1001));
  policy.zoning_review = static_cast<ZoningReview>(chance.chance(700) ? 1 : 0);
  policy.reserved_share_percent =
      static_cast<std::uint8_t>(chance.chance(500) ? 0 : chance.between(1, 100));
  policy.confirmer_fallback = static_cast<ConfirmerFallback>(chance.below(3));
  policy.homes = static_cast<HomePolicy>(chance.below(3));
  policy.jobs_in_hand = static_cast<JobsInHand>(chance.below(2));
  policy.waiting_alarm_minutes = static_cast<std::uint16_t>(chance.below(2000));
  policy.expert_degree = static_cast<Degree>(chance.chance(700) ? 1 : chance.below(5));
  return policy;
}

SetCalendarDays random_calendar(Chance& chance, std::int32_t first_day, std::uint16_t count) {
  SetCalendarDays days;
  days.first_day = first_day;
  days.count = count;
  const bool odd_hours = chance.chance(200);
  for (std::size_t index = 0; index < count; ++index) {
    const std::int32_t date = first_day + static_cast<std::int32_t>(index);
    const std::int32_t weekday = (date - kCityFirstDay + 7000) % 7;  // 0 is Saturday
    if (weekday >= 5 || chance.chance(50)) continue;
    days.open_minute[index] = static_cast<std::uint32_t>(date * 1440 + 240);
    days.length_minutes[index] = 420;
    if (!odd_hours) continue;
    days.open_minute[index] += chance.below(200U);
    days.length_minutes[index] = chance.between(std::uint16_t{1}, std::uint16_t{600});
  }
  return days;
}

DefineService city_service(std::uint32_t number, std::uint16_t version, Chance& chance) {
  DefineService body;
  body.service = ServiceId{static_cast<std::uint8_t>(number)};
  body.version = version;
  body.effective_minute = static_cast<std::uint32_t>(kCityFirstDay - 50) * 1440;
  body.label = label_of("service");
  const auto add = [&](const StageSpec& spec) { body.stages[body.stage_count++] = spec; };
  add(stage(Stage::kFileFormation, Skill::kFile, chance));
  if (number != 4) add(inspection(chance));
  if (number <= 3) add(stage(Stage::kAdminProcessing, Skill::kAdmin, chance));
  if (number == 1 || number == 4) add(review(chance));
  if (number == 6) return body;  // ends with the inspection
  // Service 3 may have its decision outside the chain: the delivery itself waits for it.
  if (number != 2 && (number != 3 || chance.chance(500))) add(decision(chance));
  if (number != 2) add(delivery(chance));
  // May not be submitted, for what comes later.
  if (number == 3 && chance.chance(150)) body.stages[2].flags |= kStageNotMechanised;
  if (number == 1 || number == 4) {
    body.stages[1].flags |= static_cast<std::uint8_t>(chance.chance(400) ? kStageOnlyIfBuilt : 0);
  }
  if (number == 5) body.stages[0].flags |= kStageNotMechanised;  // may not be submitted
  return body;
}

DefineOffice city_office(std::uint32_t index, Chance& chance) {
  DefineOffice body;
  body.office = OfficeId{kCityOffices[index]};
  body.district = static_cast<District>(kCityOffices[index] / 100);
  body.state = index == 4 ? OfficeState::kEquipping : OfficeState::kActive;
  // Some licensees and managers are experts too, or owners of parcels: conflicts of interest.
  body.licensee = PersonId{chance.chance(300) ? 1001 + chance.below(kCityExperts) : 2000 + index};
  body.technical_manager = PersonId{chance.chance(300) ? 3000 + index : 2100 + index};
  body.label = label_of("office");
  return body;
}

DefineExpert city_expert(std::uint32_t number, Chance& chance) {
  DefineExpert body;
  body.expert = ExpertId{number};
  body.office = OfficeId{kCityOffices[number <= 8 ? number % 2 : number % kOffices]};
  body.state = chance.chance(930) ? ExpertState::kCertified : ExpertState::kCandidate;
  body.degree = static_cast<Degree>(chance.chance(800) ? chance.between(1, 4) : 0);
  body.person = person_of_expert(number);
  body.districts = chance.chance(600) ? 0 : static_cast<std::uint32_t>(chance.below(16U)) << 1;
  body.units_per_day = static_cast<std::uint16_t>(chance.chance(700) ? 0 : chance.between(1, 20));
  if (chance.chance(500)) body.home = city_point(chance);
  body.label = label_of("expert");
  // Of the owners that file cases.
  for (PersonId& relative : body.relatives) {
    if (chance.chance(60)) relative = PersonId{chance.between<std::uint64_t>(3000, 3012)};
  }
  return body;
}

DefineOrganisation city_organisation(std::uint32_t number) {
  DefineOrganisation body;
  body.organisation = OrganisationId{static_cast<std::uint8_t>(number)};
  body.priority = number == 1 ? PriorityClass::kMunicipal : PriorityClass::kOther;
  body.enabled = number == 4 ? 0 : 1;
  body.label = label_of("organisation");
  return body;
}

std::uint32_t city_setup_count() { return kEnd; }

void make_city_setup(std::uint32_t index, Chance& chance, Command& command) {
  command.actor = {ActorKind::kOperator, 1};
  CommandBody& body = command.body;
  if (index == kLimitsAt) {
    command.actor = {};
    command.kind = CommandKind::kSetLimits;
    body.set_limits.limits = random_limits(chance);
  } else if (index == kPolicyAt) {
    command.kind = CommandKind::kSetPolicy;
    body.set_policy = random_policy(chance);
  } else if (index < kServicesAt) {
    command.kind = CommandKind::kSetCalendarDays;
    const auto first = static_cast<std::int32_t>((index - kCalendarAt) * kCalendarDaysPerCommand);
    body.set_calendar_days =
        random_calendar(chance, kCityFirstDay + first, kCalendarDaysPerCommand);
  } else if (index < kOrganisationsAt) {
    command.kind = CommandKind::kDefineService;
    body.define_service = city_service(index - kServicesAt + 1, 1, chance);
  } else if (index < kOfficesAt) {
    command.kind = CommandKind::kDefineOrganisation;
    body.define_organisation = city_organisation(index - kOrganisationsAt + 1);
  } else if (index < kActivationsAt) {
    command.kind = CommandKind::kDefineOffice;
    body.define_office = city_office(index - kOfficesAt, chance);
  } else if (index < kExpertsAt) {
    command.kind = CommandKind::kActivateService;
    body.activate_service = {};
    activate(index - kActivationsAt, chance, body.activate_service);
  } else if (index < kCertificatesAt) {
    command.kind = CommandKind::kDefineExpert;
    body.define_expert = city_expert(index - kExpertsAt + 1, chance);
  } else {
    command.kind = CommandKind::kSetCertificate;
    body.set_certificate = {};
    certify(index - kCertificatesAt, chance, body.set_certificate);
  }
}

}  // namespace permitd::tests
