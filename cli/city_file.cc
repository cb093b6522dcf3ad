#include "cli/city_file.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/city_calendar.h"
#include "cli/office_client.h"
#include "cli/toml_section.h"

namespace permitd::cli {
namespace {

using namespace scheduler;

constexpr Tick kBeginning{0};
constexpr std::size_t kLabelSize = Label::kCapacity;
constexpr std::int64_t kPersonMax = INT64_MAX;

Label label_of(TomlSection& section) {
  return fixed_text<kLabelSize>(section.text("label", "", kLabelSize));
}

SetPolicy read_policy(TomlSection section) {
  SetPolicy policy;
  auto set = [&section](auto& member, std::string_view key, std::int64_t min, std::int64_t max) {
    using Member = std::remove_reference_t<decltype(member)>;
    member = section.number<Member>(key, member, min, max);
  };
  set(policy.attempts_max, "attempts_max", 1, 100);
  set(policy.lease_minutes, "lease_minutes", 1, 1440);
  set(policy.claim_wait_minutes, "claim_wait_minutes", 1, 1440);
  set(policy.near_equal_count, "near_equal_count", 1, 8);
  set(policy.near_equal_permille, "near_equal_permille", 0, 1000);
  set(policy.capacity_units_per_day, "capacity_units_per_day", 1, 48);
  set(policy.visits_per_day, "visits_per_day", 1, 48);
  set(policy.appointment_lead_minutes, "appointment_lead_minutes", 0, 10'000);
  set(policy.sla_notify_percent, "sla_notify_percent", 1, 100);
  set(policy.sla_amber_minutes, "sla_amber_minutes", 0, 10'000);
  set(policy.sla_district_percent, "sla_district_percent", 100, 1000);
  set(policy.applicant_silent_days, "applicant_silent_days", 1, 3650);
  set(policy.second_review_area_m2, "second_review_area_m2", 0, 10'000'000);
  set(policy.key_retention_minutes, "key_retention_minutes", 1, 525'600);
  set(policy.complex_floors, "complex_floors", 0, 200);
  set(policy.pair_repeat_visits, "pair_repeat_visits", 0, scheduler::kPairRepeatVisitsMax);
  set(policy.pair_repeat_days, "pair_repeat_days", 0, 3650);
  set(policy.confirmation_effort_percent, "confirmation_effort_percent", 1, 100);
  set(policy.near_visits, "near_visits", 0, 16);
  set(policy.near_slack_minutes, "near_slack_minutes", 0, 10'000);
  set(policy.draw_minutes, "draw_minutes", 0, 10'000);
  set(policy.compared_count, "compared_count", 0, 32);
  set(policy.load_weight, "load_weight", 0, 1000);
  set(policy.travel_weight, "travel_weight", 0, 1000);
  set(policy.share_weight, "share_weight", 0, 1000);
  policy.confirmer_fallback =
      section.name<ConfirmerFallback>("confirmer_fallback", policy.confirmer_fallback);
  policy.zoning_review = section.name<ZoningReview>("zoning_review", policy.zoning_review);
  set(policy.reserved_share_percent, "reserved_share_percent", 0, 100);
  policy.homes = section.name<HomePolicy>("homes", policy.homes);
  policy.jobs_in_hand = section.name<scheduler::JobsInHand>("jobs_in_hand", policy.jobs_in_hand);
  set(policy.waiting_alarm_minutes, "waiting_alarm_minutes", 0, 60'000);
  set(policy.lapse_warning_days, "lapse_warning_days", 0, 3650);
  policy.expert_degree = section.name<Degree>("expert_degree", policy.expert_degree);
  section.finish();
  return policy;
}

/// One stage as `section` says it, on top of `base` (a template, when a service overrides parts of
/// one).
StageSpec read_stage(TomlSection& section, Stage stage, std::optional<StageSpec> base) {
  auto given = base.value_or(StageSpec{});
  StageSpec spec{.stage = stage};
  auto set_flag = [&](std::string_view key, std::uint8_t bit) {
    if (section.flag(key, (given.flags & bit) != 0))
      spec.flags = static_cast<std::uint8_t>(spec.flags | bit);
  };
  set_flag("needs_appointment", kStageNeedsAppointment);
  set_flag("sovereign", kStageIsSovereign);
  set_flag("needs_decision", kStageNeedsDecision);
  set_flag("field_lease", kStageFieldLease);
  set_flag("not_mechanised", kStageNotMechanised);
  set_flag("only_if_built", kStageOnlyIfBuilt);
  bool is_sovereign = (spec.flags & kStageIsSovereign) != 0;
  auto or_base = [&](auto value) { return base ? std::optional(value) : std::nullopt; };
  spec.skill = section.name<Skill>(
      "skill", is_sovereign ? std::optional(given.skill) : or_base(given.skill));
  spec.confirmer = section.name<Confirmer>("confirmer", given.confirmer);
  spec.reach = section.name<Reach>("reach", given.reach);
  auto effort = or_base(given.effort_minutes);
  if (is_sovereign) effort = 0;
  spec.effort_minutes =
      section.number<std::uint16_t>("effort_minutes", effort, is_sovereign ? 0 : 1, 1440);
  spec.effort_complex_minutes = section.number<std::uint16_t>(
      "effort_complex_minutes", given.effort_complex_minutes, 0, 1440);
  spec.sla_minutes =
      section.number<std::uint16_t>("sla_minutes", or_base(given.sla_minutes), 1, 60'000);
  return spec;
}

using Templates = std::map<Stage, StageSpec>;

Templates read_templates(TomlSection section) {
  Templates templates;
  for (const auto& key : section.keys()) {
    auto inner = section.section(key);
    auto stage = protocol::parse_name<Stage>(key);
    if (!stage) {
      section.complain(key, fmt::format("there is no such stage; the stages are {}",
                                        fmt::join(protocol::names_of<Stage>(), ", ")));
    } else if (inner) {
      templates[*stage] = read_stage(*inner, *stage, std::nullopt);
      inner->finish();
    }
  }
  return templates;
}

/// One element of a service's `stages`.
std::optional<StageSpec> read_service_stage(TomlSection& service, const toml::node& node,
                                            const Templates& templates) {
  if (auto text = node.value_exact<std::string>()) {
    auto stage = protocol::parse_name<Stage>(*text);
    if (stage && templates.contains(*stage)) return templates.at(*stage);
    service.problems().add(&node, service.name_of_key("stages"),
                           fmt::format("\"{}\" is not a stage with a [stage.…] section", *text));
    return std::nullopt;
  }
  if (const auto* table = node.as_table()) {
    TomlSection section(*table, service.name_of_key("stages"), service.problems());
    auto stage = section.name<Stage>("stage", std::nullopt);
    auto found = templates.find(stage);
    auto base = found != templates.end() ? std::optional(found->second) : std::nullopt;
    auto spec = read_stage(section, stage, base);
    section.finish();
    return spec;
  }
  service.problems().add(&node, service.name_of_key("stages"),
                         "each element must be a name or a table");
  return std::nullopt;
}

DefineService read_service(TomlSection& section, const Templates& templates) {
  DefineService service;
  service.service =
      ServiceId{section.number<std::uint8_t>("id", std::nullopt, 1, kServicesMax - 1)};
  service.version = section.number<std::uint16_t>("version", 1, 1, UINT16_MAX);
  const Tick from = section.moment("effective_from", kBeginning);
  const std::int64_t minute = from.ms / scheduler::kMsPerMinute;
  if (from.ms < 0 || minute > UINT32_MAX) {
    section.complain("effective_from", "it must lie between 1970 and 10135");
  } else {
    service.effective_minute = static_cast<std::uint32_t>(minute);
  }
  service.label = label_of(section);
  const auto* stages = section.node("stages");
  const auto* list = stages != nullptr ? stages->as_array() : nullptr;
  if (list == nullptr || list->empty() || list->size() > kServiceStagesMax) {
    section.complain("stages", fmt::format("it must be a list of 1–{} stages", kServiceStagesMax));
  } else {
    for (const auto& node : *list) {
      auto spec = read_service_stage(section, node, templates);
      if (spec) service.stages[service.stage_count++] = *spec;
    }
  }
  section.finish();
  return service;
}

DefineOrganisation read_organisation(TomlSection& section) {
  DefineOrganisation organisation;
  organisation.organisation =
      OrganisationId{section.number<std::uint8_t>("id", std::nullopt, 1, 255)};
  organisation.priority = section.name<PriorityClass>("priority", PriorityClass::kOther);
  if (organisation.priority == PriorityClass::kExpedited) {
    section.complain("priority", "it must be municipal or other; only single cases are expedited");
  }
  organisation.enabled = section.flag("enabled", true) ? 1 : 0;
  organisation.label = label_of(section);
  section.finish();
  return organisation;
}

/// `services = "all"` or a list of ids.
std::vector<ServiceId> read_services(TomlSection& section, const City& city) {
  std::vector<ServiceId> services;
  const auto* node = section.node("services");
  if (node == nullptr || node->value<std::string>() == "all") {
    for (const auto& service : city.services) services.push_back(service.service);
    return services;
  }
  for (auto id : section.numbers("services", 1, kServicesMax - 1)) {
    services.push_back(ServiceId{static_cast<std::uint8_t>(id)});
  }
  return services;
}

void read_office(TomlSection& section, City& city) {
  DefineOffice office;
  office.office = section.office("code");
  auto by_code = std::clamp(raw(office.office) / 100, 1, static_cast<int>(kDistrictCount) - 1);
  office.district = section.number<std::uint8_t>("district", static_cast<std::uint8_t>(by_code), 1,
                                                 kDistrictCount - 1);
  office.state = section.name<OfficeState>("state", OfficeState::kActive);
  office.licensee = PersonId{section.number<std::uint64_t>("licensee", 0, 0, kPersonMax)};
  office.technical_manager =
      PersonId{section.number<std::uint64_t>("technical_manager", 0, 0, kPersonMax)};
  if (office.state == OfficeState::kActive && raw(office.technical_manager) == 0) {
    section.complain("technical_manager", "is missing; an active office has one");
  }
  office.point = section.point("point");
  office.label = label_of(section);
  auto from = section.moment("services_from", kBeginning);
  auto until = section.moment("services_until", kNever);
  for (auto service : read_services(section, city)) {
    city.activations.push_back(
        {.office = office.office, .service = service, .from = from, .until = until});
  }
  section.finish();
  auto same = [&](const DefineOffice& other) { return other.office == office.office; };
  if (std::any_of(city.offices.begin(), city.offices.end(), same))
    section.complain("code", "another office has this code");
  city.offices.push_back(office);
}

void read_activation(TomlSection& section, City& city) {
  ActivateService activation;
  activation.service =
      ServiceId{section.number<std::uint8_t>("service", std::nullopt, 1, kServicesMax - 1)};
  activation.from = section.moment("from", std::nullopt);
  activation.until = section.moment("until", kNever);
  const auto* office = section.node("office");
  if (office != nullptr && office->value<std::string>() == "all") {
    for (const auto& each : city.offices) {
      activation.office = each.office;
      city.activations.push_back(activation);
    }
  } else {
    activation.office = section.office("office");
    city.activations.push_back(activation);
  }
  section.finish();
}

bool knows_office(const City& city, OfficeId office) {
  auto same = [office](const DefineOffice& other) { return other.office == office; };
  return city.offices.empty() || std::any_of(city.offices.begin(), city.offices.end(), same);
}

void read_expert(TomlSection& section, City& city) {
  constexpr std::int64_t kExpertMax = kLimitsMax.experts_max;
  DefineExpert expert;
  auto id = section.number<std::uint32_t>("id", std::nullopt, 1, kExpertMax);
  auto count = section.number<std::uint32_t>("count", 1, 1, kExpertMax - id + 1);
  expert.office = section.office("office");
  if (!knows_office(city, expert.office))
    section.complain("office", "this file defines no such office");
  auto person = section.number<std::uint64_t>("person", std::nullopt, 1, kPersonMax - kExpertMax);
  auto label = section.text("label", "", kLabelSize);
  expert.state = section.name<ExpertState>("state", ExpertState::kCertified);
  expert.degree = section.name<Degree>("degree", Degree::kNone);
  for (auto district : section.numbers("districts", 1, kDistrictCount - 1))
    expert.districts |= 1U << district;
  const auto relatives = section.numbers("relatives", 1, kPersonMax);
  if (relatives.size() > kRelativesMax || (count > 1 && !relatives.empty())) {
    section.complain("relatives", fmt::format("it must be a list of at most {}, of a single expert",
                                              kRelativesMax));
  } else {
    for (std::size_t i = 0; i < relatives.size(); ++i)
      expert.relatives[i] = PersonId{static_cast<std::uint64_t>(relatives[i])};
  }
  expert.units_per_day = section.number<std::uint16_t>("units_per_day", 0, 0, 48);
  expert.home = section.point("home");
  auto skills = section.names<Skill>("skills");
  if (!skills.empty() && !may_be_certified(expert.state))
    section.complain("skills", "only who is certified, suspended or expired has certificates");
  auto from = section.moment("certified_from", kBeginning);
  auto until = section.moment("certified_until", kNever);
  section.finish();
  for (std::uint32_t index = 0; index < count; ++index) {
    expert.expert = ExpertId{id + index};
    expert.person = PersonId{person + index};
    expert.label =
        fixed_text<kLabelSize>(count > 1 ? fmt::format("{} {}", label, id + index) : label);
    city.experts.push_back(expert);
    for (auto skill : skills) {
      city.certificates.push_back(
          {.expert = expert.expert, .skill = skill, .valid_from = from, .valid_until = until});
    }
  }
}

SetCertificate read_certificate(TomlSection& section) {
  SetCertificate certificate;
  certificate.expert =
      ExpertId{section.number<std::uint32_t>("expert", std::nullopt, 1, kLimitsMax.experts_max)};
  certificate.skill = section.name<Skill>("skill", std::nullopt);
  certificate.valid_from = section.moment("from", std::nullopt);
  certificate.valid_until = section.moment("until", kNever);
  section.finish();
  return certificate;
}

void check_ids(TomlSection& root, const City& city) {
  std::set<std::uint32_t> experts;
  for (const auto& expert : city.experts) {
    if (!experts.insert(raw(expert.expert)).second) {
      root.complain("expert", fmt::format("expert {} is defined twice", raw(expert.expert)));
    }
  }
  std::set<std::uint8_t> services;
  for (const auto& service : city.services) {
    if (!services.insert(raw(service.service)).second) {
      root.complain("service", fmt::format("service {} is defined twice", raw(service.service)));
    }
  }
}

City read_sections(TomlSection& root, const std::string& directory) {
  City city;
  // Dates are local even where the file names no zone.
  (void)use_time_zone(city.time_zone);
  if (auto section = root.section("city")) {
    city.name = section->text("name", "");
    city.time_zone = section->text("time_zone", kDefaultTimeZone);
    if (!use_time_zone(city.time_zone)) {
      section->complain("time_zone",
                        "the system's time zone data has no such zone; e.g. \"Asia/Tehran\"");
    }
    section->finish();
  }
  if (auto section = root.section("policy")) city.policy = read_policy(*section);
  if (auto section = root.section("calendar")) city.calendar = read_calendar(*section, directory);
  Templates templates;
  if (auto section = root.section("stage")) templates = read_templates(*section);
  for (auto& section : root.sections("service"))
    city.services.push_back(read_service(section, templates));
  for (auto& section : root.sections("organisation"))
    city.organisations.push_back(read_organisation(section));
  for (auto& section : root.sections("office")) read_office(section, city);
  for (auto& section : root.sections("activation")) read_activation(section, city);
  for (auto& section : root.sections("expert")) read_expert(section, city);
  for (auto& section : root.sections("certificate"))
    city.certificates.push_back(read_certificate(section));
  check_ids(root, city);
  root.finish();
  return city;
}

}  // namespace

std::string CityErrors::text() const { return fmt::format("{}", fmt::join(lines, "\n")); }

std::expected<City, CityErrors> read_city_text(std::string_view text, const std::string& name,
                                               const std::string& directory) {
  toml::table table;
  try {
    table = toml::parse(text, std::string_view(name));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return std::unexpected(
        CityErrors{{fmt::format("{}:{}:{}: {}", name, at.line, at.column, error.description())}});
  }
  TomlProblems problems(name);
  TomlSection root(table, "", problems);
  auto city = read_sections(root, directory);
  if (!problems.empty()) return std::unexpected(CityErrors{problems.lines()});
  return city;
}

std::expected<City, CityErrors> read_city_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) {
    return std::unexpected(
        CityErrors{{fmt::format("{}: cannot be read; is the path right?", path)}});
  }
  auto slash = path.rfind('/');
  return read_city_text(content.str(), path,
                        slash == std::string::npos ? "" : path.substr(0, slash));
}

}  // namespace permitd::cli
